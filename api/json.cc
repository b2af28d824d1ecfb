#include "api/json.h"

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "api/parse_json.h"

namespace sandboxlet::api {

namespace {

using Json = nlohmann::json;

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public>;

// The JSON's name of a member: C++ keywords carry a trailing underscore.
std::string_view json_name(std::string_view member) {
  if (member.ends_with('_')) member.remove_suffix(1);
  return member;
}

bool asks_for_nothing(const Json& value) {
  if (value.is_boolean()) return !value.get<bool>();
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.is_null() || (value.is_structured() && value.empty());
}

class Reader {
 public:
  explicit Reader(std::vector<Finding>& findings) : findings_(findings) {}

  void read(const Json& from, const std::string& path, std::string& to) {
    if (!from.is_string()) return wrong_type(from, path, "string");
    to = from.get<std::string>();
  }

  void read(const Json& from, const std::string& path, bool& to) {
    if (!from.is_boolean()) return wrong_type(from, path, "boolean");
    to = from.get<bool>();
  }

  void read(const Json& from, const std::string& path, double& to) {
    if (!from.is_number()) return wrong_type(from, path, "number");
    to = from.get<double>();
  }

  template <std::signed_integral T>
  void read(const Json& from, const std::string& path, T& to) {
    if (!from.is_number_integer()) return wrong_type(from, path, "integer");
    using Limits = std::numeric_limits<T>;
    const bool fits = from.is_number_unsigned()
                          ? from.get<uint64_t>() <= static_cast<uint64_t>(Limits::max())
                          : from.get<int64_t>() >= Limits::min();
    if (!fits) {
      findings_.push_back({path, "Invalid value: " + from.dump() + ": is out of range"});
      return;
    }
    to = from.get<T>();
  }

  void read(const Json& from, const std::string& path, IntOrString& to) {
    if (from.is_string()) return read(from, path, to.name);
    read(from, path, to.number.emplace());
  }

  template <class T>
  void read(const Json& from, const std::string& path, std::optional<T>& to) {
    read(from, path, to.emplace());
  }

  template <class T>
  void read(const Json& from, const std::string& path, std::vector<T>& to) {
    if (!from.is_array()) return wrong_type(from, path, "array");
    for (size_t i = 0; i < from.size(); ++i) {
      read(from[i], path + "[" + std::to_string(i) + "]", to.emplace_back());
    }
  }

  void read(const Json& from, const std::string& path, StringMap& to) {
    if (!from.is_object()) return wrong_type(from, path, "object");
    for (const auto& [key, value] : from.items()) {
      read(value, path + "[" + key + "]", to[key]);
    }
  }

  template <class T>
  requires boost::describe::has_describe_members<T>::value void read(const Json& from,
                                                                     const std::string& path,
                                                                     T& to) {
    if (!from.is_object()) return wrong_type(from, path, "object");
    for (const auto& [key, value] : from.items()) {
      const std::string below = path.empty() ? key : path + "." + key;
      if (!read_member(key, value, below, to) && !asks_for_nothing(value)) {
        findings_.push_back({below, "Forbidden: not supported by this agent"});
      }
    }
  }

 private:
  // False where T has no member of that name. null means unset, as everywhere in Kubernetes.
  template <class T>
  bool read_member(std::string_view key, const Json& value, const std::string& path, T& to) {
    bool known = false;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
      if (json_name(member.name) != key) return;
      known = true;
      if (!value.is_null()) read(value, path, to.*member.pointer);
    });
    return known;
  }

  void wrong_type(const Json& from, const std::string& path, std::string_view wanted) {
    std::string message = "Invalid value: \"";
    message.append(from.type_name()).append("\": must be of type ").append(wanted);
    findings_.push_back({path, std::move(message)});
  }

  std::vector<Finding>& findings_;
};

template <class T>
Json write(const T& value);

Json write(const IntOrString& value) {
  return value.number ? Json(*value.number) : Json(value.name);
}

template <class T>
Json write(const std::vector<T>& values) {
  Json list = Json::array();
  for (const T& value : values) list.push_back(write(value));
  return list;
}

// True for what is left out: an unset optional, an empty string, list, map or struct, a zero.
template <class T>
bool is_left_out(const T& value) {
  return value == T{};
}

template <class T>
Json write_value(const std::optional<T>& value) {
  return write(*value);
}

template <class T>
Json write_value(const T& value) {
  return write(value);
}

template <class T>
Json write(const T& value) {
  if constexpr (boost::describe::has_describe_members<T>::value) {
    Json object = Json::object();
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
      const auto& field = value.*member.pointer;
      if (is_left_out(field)) return;
      object[std::string(json_name(member.name))] = write_value(field);
    });
    return object;
  } else {
    return Json(value);
  }
}

}  // namespace

ReadSandbox read_sandbox(std::string_view json) {
  ReadSandbox result;
  if (json.size() > kMaxObjectBytes) {
    result.findings.push_back({"", "Too long: may not be more than 3145728 bytes"});
    return result;
  }
  const Json object = parse_json(json, result.findings);
  if (result.findings.empty()) Reader(result.findings).read(object, "", result.sandbox);
  return result;
}

std::string write_sandbox(const Sandbox& sandbox) {
  return write(sandbox).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sandboxlet::api

#include "api/json.h"

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "api/field.h"
#include "api/known_fields.h"
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

// Reads JSON into the structs that Boost.Describe describes. null means unset, as everywhere in
// Kubernetes.
class Reader {
 public:
  static void read(const Json& from, const Field& field, std::string& to) {
    if (!from.is_string()) return wrong_type(from, field, "string");
    to = from.get<std::string>();
  }

  static void read(const Json& from, const Field& field, QuantityText& to) {
    if (!from.is_string() && !from.is_number()) return wrong_type(from, field, "quantity");
    to = from.is_string() ? from.get<std::string>() : from.dump();
  }

  static void read(const Json& from, const Field& field, bool& to) {
    if (!from.is_boolean()) return wrong_type(from, field, "boolean");
    to = from.get<bool>();
  }

  static void read(const Json& from, const Field& field, double& to) {
    if (!from.is_number()) return wrong_type(from, field, "number");
    to = from.get<double>();
  }

  template <std::signed_integral T>
  static void read(const Json& from, const Field& field, T& to) {
    if (!from.is_number_integer()) return wrong_type(from, field, "integer");
    using Limits = std::numeric_limits<T>;
    const bool fits =
        from.is_number_unsigned()
            ? from.get<uint64_t>() <= static_cast<uint64_t>(Limits::max())
            : from.get<int64_t>() >= Limits::min() && from.get<int64_t>() <= Limits::max();
    if (!fits) return field.add("Invalid value: " + from.dump() + ": is out of range");
    to = from.get<T>();
  }

  static void read(const Json& from, const Field& field, IntOrString& to) {
    if (from.is_string()) return read(from, field, to.name);
    read(from, field, to.number.emplace());
  }

  template <class T>
  static void read(const Json& from, const Field& field, std::optional<T>& to) {
    read(from, field, to.emplace());
  }

  template <class T>
  static void read(const Json& from, const Field& field, std::vector<T>& to) {
    if (!from.is_array()) return wrong_type(from, field, "array");
    for (size_t i = 0; i < from.size(); ++i) read(from[i], field.index(i), to.emplace_back());
  }

  static void read(const Json& from, const Field& field, StringMap& to) {
    if (!from.is_object()) return wrong_type(from, field, "object");
    for (const auto& [key, value] : from.items()) read(value, field.key(key), to[key]);
  }

  static void read(const Json& from, const Field& field, ResourceList& to) {
    if (!from.is_object()) return wrong_type(from, field, "object");
    for (const auto& [key, value] : from.items()) {
      QuantityText quantity;
      read(value, field.key(key), quantity);
      to[key] = std::move(quantity);
    }
  }

  template <class T>
  requires boost::describe::has_describe_members<T>::value static void read(const Json& from,
                                                                            const Field& field,
                                                                            T& to) {
    if (!from.is_object()) return wrong_type(from, field, "object");
    for (const auto& [key, value] : from.items()) {
      if (read_member(key, value, field, to)) continue;
      auto refusal = refuse_field(field.path(), key, value);
      if (refusal) field.child(key).add(*std::move(refusal));
    }
  }

 private:
  // False where T has no member of that name.
  template <class T>
  static bool read_member(std::string_view key, const Json& value, const Field& field, T& to) {
    bool known = false;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
      if (json_name(member.name) != key) return;
      known = true;
      if (!value.is_null()) read(value, field.child(key), to.*member.pointer);
    });
    return known;
  }

  static void wrong_type(const Json& from, const Field& field, std::string_view wanted) {
    field.invalid(from.type_name(), "must be of type " + std::string(wanted));
  }
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

ReadSandbox read_sandbox(std::string_view json, size_t max_bytes) {
  ReadSandbox result;
  if (json.size() > max_bytes) {
    Field(result.findings).too_long(max_bytes);
    return result;
  }
  const Json object = parse_json(json, result.findings);
  if (!result.findings.empty()) return result;
  return read_parsed(object);
}

ReadSandbox read_parsed(const Json& object) {
  ReadSandbox result;
  Reader::read(object, Field(result.findings), result.sandbox);
  return result;
}

std::string write_sandbox(const Sandbox& sandbox) {
  return write(sandbox).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json write_status(const SandboxStatus& status) {
  Json object = write(status);
  if (!object.contains("conditions")) return object;
  for (Json& condition : object["conditions"]) {
    for (const char* required : {"lastTransitionTime", "message", "reason"}) {
      if (!condition.contains(required)) condition[required] = "";
    }
  }
  return object;
}

}  // namespace sandboxlet::api

#include "scheduler-shim/read_selectors.h"

namespace sandboxlet::scheduler {

namespace {

using Operator = Requirement::Operator;

const std::vector<std::string_view> kEffects{"NoSchedule", "PreferNoSchedule", "NoExecute"};

Operator read_operator(JsonReader& reader, const Json& in) {
  // The first word stands for an absent field, which is none of them.
  constexpr auto kName = "operator";
  const auto word =
      reader.word(in, kName, {"", "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"});
  if (word == 0) reader.fail(kName, "Required value");
  return word == 0 ? Operator::kExists : static_cast<Operator>(word - 1);
}

}  // namespace

Selector read_equalities(JsonReader& reader, const Json& in, std::string_view name) {
  Selector selector;
  for (const auto& [key, value] : reader.text_map(in, name)) {
    selector.push_back({key, Operator::kIn, {value}});
  }
  return selector;
}

Selector read_requirements(JsonReader& reader, const Json& in, std::string_view name) {
  Selector selector;
  reader.each(in, name, [&](const Json& one) {
    selector.push_back(
        {reader.text(one, "key"), read_operator(reader, one), reader.texts(one, "values")});
  });
  return selector;
}

PodSelector read_pod_selector(JsonReader& reader, const Json& in, std::string_view name) {
  PodSelector selector;
  reader.object(in, name, [&](const Json& object) {
    selector.nothing = false;
    selector.labels = read_equalities(reader, object, "matchLabels");
    for (auto& one : read_requirements(reader, object, "matchExpressions")) {
      selector.labels.push_back(std::move(one));
    }
  });
  return selector;
}

std::vector<Toleration> read_tolerations(JsonReader& reader, const Json& in,
                                         std::string_view name) {
  std::vector<Toleration> all;
  reader.each(in, name, [&](const Json& one) {
    Toleration toleration;
    toleration.key = reader.text(one, "key");
    toleration.value = reader.text(one, "value");
    toleration.exists = reader.word(one, "operator", {"Equal", "Exists"}) == 1;
    toleration.any_effect = reader.text(one, "effect").empty();
    toleration.effect = static_cast<TaintEffect>(reader.word(one, "effect", kEffects));
    all.push_back(std::move(toleration));
  });
  return all;
}

std::vector<Taint> read_taints(JsonReader& reader, const Json& in, std::string_view name) {
  std::vector<Taint> all;
  reader.each(in, name, [&](const Json& one) {
    all.push_back({reader.text(one, "key"), reader.text(one, "value"),
                   static_cast<TaintEffect>(reader.word(one, "effect", kEffects))});
  });
  return all;
}

}  // namespace sandboxlet::scheduler

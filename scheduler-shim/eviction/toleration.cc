#include "scheduler-shim/eviction/toleration.h"

#include <algorithm>

#include "scheduler-shim/read_selectors.h"

namespace sandboxlet::eviction {

namespace {

using Json = nlohmann::json;
using scheduler::TaintEffect;
using scheduler::Toleration;
using std::chrono::seconds;

constexpr seconds kDefault{300};
// Thirty years, which a clock can still add.
constexpr int64_t kLongest = 1'000'000'000;

bool is_of(const TimedToleration& one, const char* key) {
  const bool effect = one.what.any_effect || one.what.effect == TaintEffect::kNoExecute;
  return effect && (one.what.key.empty() || one.what.key == key);
}

void add_default(std::vector<TimedToleration>& all, const char* key) {
  if (std::ranges::any_of(all, [key](const auto& one) { return is_of(one, key); })) return;
  all.push_back({Toleration{key, true, "", false, TaintEffect::kNoExecute}, kDefault});
}

std::vector<TimedToleration> read(const Json& list) {
  const Json spec{{"tolerations", list}};
  scheduler::JsonReader reader;
  std::vector<TimedToleration> all;
  for (Toleration& one : scheduler::read_tolerations(reader, spec, "tolerations")) {
    all.push_back({std::move(one), std::nullopt});
  }
  if (reader.error()) all.clear();
  for (size_t i = 0; i < all.size(); ++i) {
    const Json& one = list[i];
    const auto lasts = one.find("tolerationSeconds");
    if (lasts == one.end() || !lasts->is_number_integer()) continue;
    all[i].lasts = seconds(std::clamp<int64_t>(lasts->get<int64_t>(), 0, kLongest));
  }
  add_default(all, kNotReady);
  add_default(all, kUnreachable);
  return all;
}

}  // namespace

Tolerations read_tolerations(const Json& sandbox) {
  static const auto defaults =
      std::make_shared<const std::vector<TimedToleration>>(read(Json::array()));
  const Json::json_pointer place("/spec/podTemplate/spec/tolerations");
  if (!sandbox.contains(place) || sandbox[place].empty()) return defaults;
  return std::make_shared<const std::vector<TimedToleration>>(read(sandbox[place]));
}

std::optional<seconds> stays_for(const Tolerations& tolerations, const scheduler::Taint& taint) {
  const auto found = std::ranges::find_if(*tolerations, [&](const TimedToleration& one) {
    return scheduler::tolerates({one.what}, taint);
  });
  return found == tolerations->end() ? seconds(0) : found->lasts;
}

}  // namespace sandboxlet::eviction

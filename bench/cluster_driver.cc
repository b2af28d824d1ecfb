#include "bench/cluster_driver.h"

#include <chrono>

#include "bench/manifest.h"

namespace sandboxlet::bench {

namespace {

using Json = nlohmann::json;
using SteadyClock = std::chrono::steady_clock;

double milliseconds_since(SteadyClock::time_point begun) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - begun).count();
}

kube::ObjectRef ref(const std::string& name) { return {kube::kSandboxes, "default", name, ""}; }

Error late(const std::string& what) {
  return Error(Code::kDeadlineExceeded, what + " was not seen within a minute");
}

}  // namespace

ClusterDriver::ClusterDriver(const kube::ClusterConfig& config)
    : connection_(loop_.io(), loop_.clock(), config, pool_.get_executor()) {}

Result<std::unique_ptr<ClusterDriver>> ClusterDriver::make(const std::string& kubeconfig) {
  TRY(const auto config, kube::load_kubeconfig(kubeconfig));
  std::unique_ptr<ClusterDriver> driver(new ClusterDriver(config));
  CHECK_OK(driver->follow());
  return driver;
}

Result<> ClusterDriver::follow() {
  const kube::Selection selection{kube::kSandboxes, "default", "", ""};
  reflector_ = std::make_unique<kube::Reflector>(loop_.io(), loop_.clock(), connection_.streams(),
                                                 selection, seen_);
  if (!seen_.wait_until([this] { return seen_.syncs > 0; })) return late("the API server");
  return {};
}

bool ClusterDriver::holds(const std::string& name, const std::string& condition) {
  const auto found = seen_.objects.find(name);
  if (found == seen_.objects.end()) return false;
  const Json& object = found->second;
  const Json none = Json::array();
  const Json conditions = object.value(Json::json_pointer("/status/conditions"), none);
  for (const Json& one : conditions) {
    if (one["type"] != condition || one["status"] != "True") continue;
    return one.value("observedGeneration", 0) == object["metadata"]["generation"];
  }
  return false;
}

Result<double> ClusterDriver::create(const std::string& name) {
  TRY(const Samples took, create_all({name}));
  return took.percentile(100);
}

Result<Samples> ClusterDriver::create_all(const std::vector<std::string>& names) {
  std::vector<Json> sandboxes;
  for (const auto& name : names) sandboxes.push_back(sandbox(name));
  return create_all_of(sandboxes);
}

Result<Samples> ClusterDriver::create_all_of(const std::vector<Json>& sandboxes) {
  return create_until(
      sandboxes, [this](const auto& name) { return holds(name, "Ready"); }, "Ready");
}

Result<double> ClusterDriver::create_bound(const std::string& name) {
  const auto is_bound = [this](const std::string& name) {
    const auto found = seen_.objects.find(name);
    return found != seen_.objects.end() &&
           found->second.contains(Json::json_pointer("/status/nodeName"));
  };
  TRY(const Samples took, create_until({sandbox(name)}, is_bound, "a binding"));
  return took.percentile(100);
}

Result<Samples> ClusterDriver::create_until(const std::vector<Json>& sandboxes,
                                            const std::function<bool(const std::string&)>& is_so,
                                            const std::string& what) {
  std::optional<Error> refusal;
  const auto begun = SteadyClock::now();
  std::vector<std::string> waiting;
  for (const Json& sandbox : sandboxes) {
    waiting.push_back(sandbox["metadata"]["name"]);
    auto note = [&refusal](std::exception_ptr failure, Result<Json> answer) {
      die_on_exception(failure);
      if (!answer) refusal = std::move(answer.error());
    };
    const kube::ObjectRef all{kube::kSandboxes, "default", "", ""};
    asio::co_spawn(loop_.io(), connection_.client().create(all, sandbox), note);
  }
  Samples took;
  const bool seen = seen_.wait_until([&] {
    const size_t ended = std::erase_if(waiting, is_so);
    for (size_t i = 0; i < ended; ++i) took.add(milliseconds_since(begun));
    return refusal || waiting.empty();
  });
  if (refusal) return *refusal;
  if (!seen) return late(what);
  return took;
}

Result<double> ClusterDriver::patch(const std::string& name, bool pause,
                                    const std::string& condition) {
  const auto begun = SteadyClock::now();
  const Json body{{"spec", {{"pause", pause}}}};
  TRY(const Json answer, loop_.run(connection_.client().merge_patch(ref(name), body)));
  // What the watch showed before the patch does not count.
  const int64_t generation = answer["metadata"]["generation"];
  const bool seen = seen_.wait_until([&] {
    return seen_.objects[name]["metadata"]["generation"] == generation && holds(name, condition);
  });
  if (!seen) return late(condition);
  return milliseconds_since(begun);
}

Result<double> ClusterDriver::pause(const std::string& name) {
  return patch(name, true, "Suspended");
}

Result<double> ClusterDriver::resume(const std::string& name) {
  return patch(name, false, "Ready");
}

Result<> ClusterDriver::serve(const std::string& name) {
  if (!slice_reflector_) {
    const kube::Selection selection{
        {"discovery.k8s.io", "v1", "endpointslices"}, "default", "", ""};
    slice_reflector_ = std::make_unique<kube::Reflector>(loop_.io(), loop_.clock(),
                                                         connection_.streams(), selection, slices_);
  }
  const Json body{{"spec", {{"service", true}}}};
  auto answer = loop_.run(connection_.client().merge_patch(ref(name), body));
  if (!answer) return std::move(answer.error());
  return wait_for_endpoint(name, true);
}

Result<double> ClusterDriver::endpoint_after_resume(const std::string& name) {
  TRY(const double paused, pause(name));
  CHECK_OK(wait_for_endpoint(name, false));
  TRY(const double resumed, resume(name));
  static_cast<void>(paused + resumed);
  const auto ready = SteadyClock::now();
  CHECK_OK(wait_for_endpoint(name, true));
  return milliseconds_since(ready);
}

Result<> ClusterDriver::wait_for_endpoint(const std::string& name, bool ready) {
  const bool seen = slices_.wait_until([&] {
    const auto found = slices_.objects.find(name + "-ipv4");
    return found != slices_.objects.end() &&
           found->second["endpoints"][0]["conditions"]["ready"] == ready;
  });
  if (!seen) return late("the endpoint");
  return {};
}

Result<> ClusterDriver::remove_all(const std::vector<std::string>& names) {
  for (const auto& name : names) {
    auto removed = loop_.run(connection_.client().remove(ref(name)));
    if (!removed) return std::move(removed.error());
  }
  const bool gone = seen_.wait_until([&] {
    return std::none_of(names.begin(), names.end(),
                        [&](const auto& name) { return seen_.objects.contains(name); });
  });
  if (!gone) return late("the end");
  return {};
}

}  // namespace sandboxlet::bench

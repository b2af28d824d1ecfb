#pragma once

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cri/fake_state.h"
#include "cri/runtime.h"

namespace sandboxlet::cri {

// A call that a FakeRuntime got: CRI's verb ("StartContainer"), and whom it is about: a sandbox's,
// container's or image's id, or the name of what is to be made.
struct FakeCall {
  std::string verb;
  std::string subject;

  bool operator==(const FakeCall&) const = default;
};

// What goes wrong with one call. With done, the runtime does its work and the answer is lost.
struct FakeFault {
  Duration delay{};
  std::optional<Error> error;
  bool done = false;
};

// A command that was run by ExecSync.
struct FakeCommand {
  std::string container_id;
  std::vector<std::string> command;
};

// A container runtime without containers, for unit tests and simulation: FakeState behind the
// timing and the failures of a real one. It lives on the thread of its Clock, which drives every
// call: nothing is answered before that clock has advanced, be it by nothing. Cancellation is not
// looked at; whoever destroys an event loop calls client_died() first.
//
// Freezing a pod's cgroup_parent does what was measured with containerd 1.6 on cgroup v1: calls
// that start, stop or remove processes hang until the thaw or their deadline, all others answer.
class FakeRuntime final : public Runtime {
 public:
  explicit FakeRuntime(Clock& clock, Deadlines deadlines = {});
  ~FakeRuntime() override;

  // ---- What a test looks at.
  FakeState& state() { return state_; }
  const FakeState& state() const { return state_; }
  const std::vector<FakeCall>& calls() const { return calls_; }
  void clear_calls() { calls_.clear(); }
  // How many calls are under way.
  size_t under_way() const { return under_way_.size(); }
  // True while somebody awaits a call that would hang if that cgroup were frozen.
  bool awaits_process(const std::string& cgroup_parent) const;

  // ---- What a test does.
  // Faults of one verb: those for single calls first, in order, then the lasting one.
  void fail_once(const std::string& verb, FakeFault fault) { once_[verb].push_back(fault); }
  void fail_always(const std::string& verb, FakeFault fault) { always_[verb] = fault; }
  // Asked about each call that no fault above is meant for.
  void set_fault_source(std::function<FakeFault(const FakeCall&)> source) { source_ = source; }
  void heal();
  // How commands go; without, they say nothing and exit with 0.
  using Commands = std::function<v1::ExecSyncResponse(const FakeCommand&)>;
  void set_commands(Commands commands) { commands_ = std::move(commands); }

  // The runtime process goes away: calls fail with Unavailable, those under way too. Pods live on.
  void go_away();
  void come_back() { away_ = false; }
  // Whoever called is gone: nobody is answered any more. What was under way is done none the less,
  // or is not.
  void client_died(bool finish);

  // Containers of this name live through their whole grace when they are stopped.
  void ignore_term(const std::string& container_name) { ignoring_term_.insert(container_name); }

  // Its registry gives that image only to who says so.
  void protect_image(const std::string& image, const std::string& username,
                     const std::string& password) {
    protected_images_[image] = {username, password};
  }

  void freeze(const std::string& cgroup_parent) { frozen_.insert(cgroup_parent); }
  void thaw(const std::string& cgroup_parent);

  // ---- The verbs.
  Task<Result<v1::VersionResponse>> version() override;
  Task<Result<v1::StatusResponse>> status(bool verbose) override;
  Task<Result<v1::RuntimeConfigResponse>> runtime_config() override;

  Task<Result<std::string>> run_pod_sandbox(v1::PodSandboxConfig config,
                                            std::string handler) override;
  Task<Result<>> stop_pod_sandbox(std::string id) override;
  Task<Result<>> remove_pod_sandbox(std::string id) override;
  Task<Result<v1::PodSandboxStatusResponse>> pod_sandbox_status(std::string id,
                                                                bool verbose) override;
  Task<Result<std::vector<v1::PodSandbox>>> list_pod_sandbox(v1::PodSandboxFilter filter) override;

  Task<Result<std::string>> create_container(std::string pod_sandbox_id, v1::ContainerConfig config,
                                             v1::PodSandboxConfig sandbox_config) override;
  Task<Result<>> start_container(std::string id) override;
  Task<Result<>> stop_container(std::string id, Duration grace) override;
  Task<Result<>> remove_container(std::string id) override;
  Task<Result<v1::ContainerStatusResponse>> container_status(std::string id, bool verbose) override;
  Task<Result<std::vector<v1::Container>>> list_containers(v1::ContainerFilter filter) override;
  Task<Result<>> update_container_resources(std::string id,
                                            v1::LinuxContainerResources resources) override;
  Task<Result<>> reopen_container_log(std::string id) override;

  Task<Result<v1::ExecSyncResponse>> exec_sync(std::string id, std::vector<std::string> command,
                                               Duration timeout) override;
  // The URL leads nowhere.
  Task<Result<std::string>> exec(v1::ExecRequest request) override;

  Task<Result<v1::ContainerStats>> container_stats(std::string id) override;
  Task<Result<std::vector<v1::ContainerStats>>> list_container_stats(
      v1::ContainerStatsFilter filter) override;
  Task<Result<v1::PodSandboxStats>> pod_sandbox_stats(std::string id) override;
  Task<Result<std::vector<v1::PodSandboxStats>>> list_pod_sandbox_stats(
      v1::PodSandboxStatsFilter filter) override;

  Task<Result<std::vector<v1::Image>>> list_images(v1::ImageFilter filter) override;
  Task<Result<std::optional<v1::Image>>> image_status(v1::ImageSpec image) override;
  Task<Result<std::string>> pull_image(v1::ImageSpec image, v1::AuthConfig auth,
                                       v1::PodSandboxConfig sandbox_config) override;
  Task<Result<>> remove_image(v1::ImageSpec image) override;
  Task<Result<v1::ImageFsInfoResponse>> image_fs_info() override;

 private:
  // One call's way through the runtime.
  struct Trip {
    FakeCall call;
    Duration timeout;
    // Hangs while this cgroup is frozen; empty for calls that touch no process.
    std::string cgroup;
    // How long it takes by itself.
    Duration takes{};
  };
  struct UnderWay;
  template <class T>
  struct Call;

  Trip query(std::string verb, std::string subject = "") const;
  Trip change(std::string verb, std::string subject, std::string cgroup = "") const;
  template <class T>
  Task<Result<T>> travel(Trip trip, std::function<Result<T>()> effect);
  void depart(std::shared_ptr<UnderWay> call, const Trip& trip);
  void arrive(const std::shared_ptr<UnderWay>& call);
  void stopped_now(const std::string& container_id);
  FakeFault fault_of(const FakeCall& call);

  Clock& clock_;
  const Deadlines deadlines_;
  FakeState state_;
  std::vector<FakeCall> calls_;
  std::map<std::string, std::deque<FakeFault>> once_;
  std::map<std::string, FakeFault> always_;
  std::function<FakeFault(const FakeCall&)> source_;
  Commands commands_;
  std::set<std::string> ignoring_term_;
  // Username and password by image.
  std::map<std::string, std::pair<std::string, std::string>> protected_images_;
  std::set<std::string> frozen_;
  bool away_ = false;
  std::list<std::shared_ptr<UnderWay>> under_way_;
};

}  // namespace sandboxlet::cri

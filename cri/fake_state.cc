#include "cri/fake_state.h"

#include <algorithm>
#include <functional>
#include <iomanip>
#include <sstream>
#include <utility>

namespace sandboxlet::cri {

namespace {

using Labels = google::protobuf::Map<std::string, std::string>;

std::string numbered(std::string_view prefix, int number) {
  std::ostringstream out;
  out << prefix << std::setw(4) << std::setfill('0') << number;
  return out.str();
}

// containerd: makeSandboxName.
std::string name_of(const v1::PodSandboxMetadata& pod) {
  return pod.name() + "_" + pod.namespace_() + "_" + pod.uid() + "_" +
         std::to_string(pod.attempt());
}

// containerd: makeContainerName; the attempt is the container's.
std::string name_of(const v1::ContainerMetadata& container, const v1::PodSandboxMetadata& pod) {
  return container.name() + "_" + pod.name() + "_" + pod.namespace_() + "_" + pod.uid() + "_" +
         std::to_string(container.attempt());
}

Error not_found(std::string_view kind, const std::string& id) {
  return Error(Code::kNotFound, "an error occurred when try to find " + std::string(kind) + " \"" +
                                    id + "\": not found");
}

Error wrong_state(const v1::ContainerStatus& status) {
  return Error(Code::kInternal,
               "container is in " + v1::ContainerState_Name(status.state()) + " state");
}

bool selected(const Labels& labels, const Labels& selector) {
  return std::all_of(selector.begin(), selector.end(), [&](const auto& wanted) {
    const auto found = labels.find(wanted.first);
    return found != labels.end() && found->second == wanted.second;
  });
}

bool matches(const std::string& value, const std::string& wanted) {
  return wanted.empty() || value == wanted;
}

std::string pid_info(pid_t pid) { return "{\"pid\":" + std::to_string(pid) + "}"; }

v1::PodSandbox listed(const FakePod& pod) {
  v1::PodSandbox item;
  item.set_id(pod.status.id());
  *item.mutable_metadata() = pod.status.metadata();
  item.set_state(pod.status.state());
  item.set_created_at(pod.status.created_at());
  *item.mutable_labels() = pod.status.labels();
  *item.mutable_annotations() = pod.status.annotations();
  item.set_runtime_handler(pod.status.runtime_handler());
  return item;
}

v1::Container listed(const FakeContainer& container) {
  v1::Container item;
  item.set_id(container.status.id());
  item.set_pod_sandbox_id(container.pod_id);
  *item.mutable_metadata() = container.status.metadata();
  *item.mutable_image() = container.status.image();
  item.set_image_ref(container.status.image_ref());
  item.set_state(container.status.state());
  item.set_created_at(container.status.created_at());
  *item.mutable_labels() = container.status.labels();
  *item.mutable_annotations() = container.status.annotations();
  return item;
}

}  // namespace

// ---- Pod sandboxes

Result<std::string> FakeState::run_pod_sandbox(const v1::PodSandboxConfig& config,
                                               const std::string& handler) {
  const std::string name = name_of(config.metadata());
  if (const auto taken = reserved_.find(name); taken != reserved_.end()) {
    return Error(Code::kAlreadyExists, "failed to reserve sandbox name \"" + name + "\": name \"" +
                                           name + "\" is reserved for \"" + taken->second + "\"");
  }
  const std::string id = numbered("sandbox-", ++sequence_);
  reserved_[name] = id;
  FakePod& pod = pods_[id];
  pod.config = config;
  pod.pid = ++last_pid_;
  pod.status.set_id(id);
  *pod.status.mutable_metadata() = config.metadata();
  pod.status.set_state(v1::SANDBOX_READY);
  pod.status.set_created_at(now());
  *pod.status.mutable_labels() = config.labels();
  *pod.status.mutable_annotations() = config.annotations();
  pod.status.set_runtime_handler(handler);
  const auto& namespaces = config.linux().security_context().namespace_options();
  *pod.status.mutable_linux()->mutable_namespaces()->mutable_options() = namespaces;
  if (namespaces.network() != v1::NODE) {
    pod.status.mutable_network()->set_ip("10.88." + std::to_string(sequence_ / 250) + "." +
                                         std::to_string(sequence_ % 250 + 2));
  }
  return id;
}

Result<> FakeState::stop_pod_sandbox(const std::string& id) {
  FakePod* const found = pod(id);
  if (found == nullptr) return {};
  for (const auto& [container_id, container] : containers_) {
    if (container.pod_id == id) exit(container_id, 137);
  }
  found->status.set_state(v1::SANDBOX_NOTREADY);
  found->status.clear_network();
  found->pid = 0;
  return {};
}

Result<> FakeState::remove_pod_sandbox(const std::string& id) {
  FakePod* const found = pod(id);
  if (found == nullptr) return {};
  CHECK_OK(stop_pod_sandbox(id));
  std::vector<std::string> inside;
  for (const auto& [container_id, container] : containers_) {
    if (container.pod_id == id) inside.push_back(container_id);
  }
  for (const std::string& container_id : inside) CHECK_OK(remove_container(container_id));
  reserved_.erase(name_of(found->config.metadata()));
  pods_.erase(id);
  return {};
}

Result<v1::PodSandboxStatusResponse> FakeState::pod_sandbox_status(const std::string& id,
                                                                   bool verbose) const {
  const auto found = pods_.find(id);
  if (found == pods_.end()) return not_found("sandbox", id);
  v1::PodSandboxStatusResponse response;
  *response.mutable_status() = found->second.status;
  if (verbose) (*response.mutable_info())["info"] = pid_info(found->second.pid);
  return response;
}

std::vector<v1::PodSandbox> FakeState::list_pod_sandbox(const v1::PodSandboxFilter& filter) const {
  std::vector<v1::PodSandbox> items;
  for (const auto& [id, pod] : pods_) {
    const bool state = !filter.has_state() || filter.state().state() == pod.status.state();
    if (matches(id, filter.id()) && state && selected(pod.status.labels(), filter.label_selector()))
      items.push_back(listed(pod));
  }
  return items;
}

// ---- Containers

Result<std::string> FakeState::create_container(const std::string& pod_id,
                                                const v1::ContainerConfig& config) {
  const FakePod* const owner = pod(pod_id);
  if (owner == nullptr) return not_found("sandbox", pod_id);
  if (owner->status.state() != v1::SANDBOX_READY) {
    return Error(Code::kNotFound, "failed to get sandbox container task: no running task found");
  }
  const auto image = find_image(config.image().image());
  if (!image) {
    return Error(Code::kNotFound,
                 "failed to resolve image \"" + config.image().image() + "\": not found");
  }
  const std::string name = name_of(config.metadata(), owner->config.metadata());
  if (const auto taken = reserved_.find(name); taken != reserved_.end()) {
    return Error(Code::kAlreadyExists, "failed to reserve container name \"" + name +
                                           "\": name \"" + name + "\" is reserved for \"" +
                                           taken->second + "\"");
  }
  const std::string id = numbered("container-", ++sequence_);
  reserved_[name] = id;
  FakeContainer& container = containers_[id];
  container.pod_id = pod_id;
  container.config = config;
  v1::ContainerStatus& status = container.status;
  status.set_id(id);
  *status.mutable_metadata() = config.metadata();
  status.set_state(v1::CONTAINER_CREATED);
  status.set_created_at(now());
  *status.mutable_image() = config.image();
  status.set_image_ref(image->id());
  *status.mutable_labels() = config.labels();
  *status.mutable_annotations() = config.annotations();
  *status.mutable_mounts() = config.mounts();
  status.set_log_path(owner->config.log_directory() + "/" + config.log_path());
  *status.mutable_resources()->mutable_linux() = config.linux().resources();
  container.stats.mutable_attributes()->set_id(id);
  *container.stats.mutable_attributes()->mutable_metadata() = config.metadata();
  *container.stats.mutable_attributes()->mutable_labels() = config.labels();
  return id;
}

Result<> FakeState::start_container(const std::string& id) {
  TRY(FakeContainer * found, must_find(id));
  if (found->status.state() != v1::CONTAINER_CREATED) return wrong_state(found->status);
  if (pods_.at(found->pod_id).status.state() != v1::SANDBOX_READY) {
    return Error(Code::kInternal, "sandbox container \"" + found->pod_id + "\" is not running");
  }
  found->status.set_state(v1::CONTAINER_RUNNING);
  found->status.set_started_at(now());
  found->pid = ++last_pid_;
  return {};
}

Result<> FakeState::stop_container(const std::string& id, bool ignores_term) {
  exit(id, ignores_term ? 137 : 143);
  return {};
}

Result<> FakeState::remove_container(const std::string& id) {
  const FakeContainer* const found = container(id);
  if (found == nullptr) return {};
  exit(id, 137);
  reserved_.erase(name_of(found->config.metadata(), pods_.at(found->pod_id).config.metadata()));
  containers_.erase(id);
  return {};
}

Result<v1::ContainerStatusResponse> FakeState::container_status(const std::string& id,
                                                                bool verbose) const {
  TRY(const FakeContainer* found, must_find(id));
  v1::ContainerStatusResponse response;
  *response.mutable_status() = found->status;
  if (verbose) (*response.mutable_info())["info"] = pid_info(found->pid);
  return response;
}

std::vector<v1::Container> FakeState::list_containers(const v1::ContainerFilter& filter) const {
  std::vector<v1::Container> items;
  for (const auto& [id, container] : containers_) {
    const v1::ContainerStatus& status = container.status;
    const bool state = !filter.has_state() || filter.state().state() == status.state();
    if (matches(id, filter.id()) && matches(container.pod_id, filter.pod_sandbox_id()) && state &&
        selected(status.labels(), filter.label_selector()))
      items.push_back(listed(container));
  }
  return items;
}

Result<> FakeState::update_resources(const std::string& id,
                                     const v1::LinuxContainerResources& resources) {
  TRY(FakeContainer * found, must_find(id));
  if (found->status.state() == v1::CONTAINER_EXITED) return wrong_state(found->status);
  *found->status.mutable_resources()->mutable_linux() = resources;
  return {};
}

Result<> FakeState::reopen_log(const std::string& id) {
  CHECK_OK(check_running(id));
  ++containers_.at(id).log_reopens;
  return {};
}

Result<> FakeState::check_running(const std::string& id) const {
  TRY(const FakeContainer* found, must_find(id));
  if (found->status.state() != v1::CONTAINER_RUNNING) return wrong_state(found->status);
  return {};
}

void FakeState::exit(const std::string& id, int code, const std::string& reason) {
  FakeContainer* const found = container(id);
  if (found == nullptr || found->status.state() != v1::CONTAINER_RUNNING) return;
  found->status.set_state(v1::CONTAINER_EXITED);
  found->status.set_finished_at(now());
  found->status.set_exit_code(code);
  found->status.set_reason(reason);
  const pid_t pid = std::exchange(found->pid, 0);
  if (on_exit) on_exit(pid);
}

void FakeState::kill(const std::string& cgroup_parent) {
  for (auto& [pod_id, pod] : pods_) {
    if (pod.config.linux().cgroup_parent() != cgroup_parent) continue;
    for (const auto& [id, container] : containers_) {
      if (container.pod_id == pod_id) exit(id, 137);
    }
    pod.status.set_state(v1::SANDBOX_NOTREADY);
    pod.pid = 0;
  }
}

// ---- Statistics

Result<v1::ContainerStats> FakeState::container_stats(const std::string& id) const {
  TRY(const FakeContainer* found, must_find(id));
  if (found->status.state() != v1::CONTAINER_RUNNING) return wrong_state(found->status);
  return found->stats;
}

std::vector<v1::ContainerStats> FakeState::list_container_stats(
    const v1::ContainerStatsFilter& filter) const {
  std::vector<v1::ContainerStats> items;
  for (const auto& [id, container] : containers_) {
    if (matches(id, filter.id()) && matches(container.pod_id, filter.pod_sandbox_id()) &&
        selected(container.status.labels(), filter.label_selector()))
      items.push_back(container.stats);
  }
  return items;
}

Result<v1::PodSandboxStats> FakeState::pod_sandbox_stats(const std::string& id) const {
  const auto found = pods_.find(id);
  if (found == pods_.end()) return not_found("sandbox", id);
  v1::PodSandboxStats stats;
  stats.mutable_attributes()->set_id(id);
  *stats.mutable_attributes()->mutable_metadata() = found->second.status.metadata();
  *stats.mutable_attributes()->mutable_labels() = found->second.status.labels();
  uint64_t cpu = 0;
  uint64_t memory = 0;
  for (const auto& [container_id, container] : containers_) {
    if (container.pod_id != id) continue;
    cpu += container.stats.cpu().usage_core_nano_seconds().value();
    memory += container.stats.memory().working_set_bytes().value();
    *stats.mutable_linux()->add_containers() = container.stats;
  }
  auto& linux = *stats.mutable_linux();
  linux.mutable_cpu()->mutable_usage_core_nano_seconds()->set_value(cpu);
  linux.mutable_memory()->mutable_working_set_bytes()->set_value(memory);
  return stats;
}

std::vector<v1::PodSandboxStats> FakeState::list_pod_sandbox_stats(
    const v1::PodSandboxStatsFilter& filter) const {
  std::vector<v1::PodSandboxStats> items;
  for (const auto& [id, pod] : pods_) {
    if (matches(id, filter.id()) && selected(pod.status.labels(), filter.label_selector()))
      items.push_back(*pod_sandbox_stats(id));
  }
  return items;
}

// ---- Images

std::string FakeState::add_image(const std::string& tag) {
  v1::Image& image = images_[tag];
  std::ostringstream id;
  id << "sha256:" << std::hex << std::setw(64) << std::setfill('0')
     << std::hash<std::string>()(tag);
  image.set_id(id.str());
  image.clear_repo_tags();
  image.add_repo_tags(tag);
  image.set_size(1 << 20);
  return image.id();
}

std::vector<v1::Image> FakeState::list_images(const v1::ImageFilter& filter) const {
  std::vector<v1::Image> items;
  for (const auto& [tag, image] : images_) {
    const std::string& wanted = filter.image().image();
    if (wanted.empty() || wanted == tag || wanted == image.id()) items.push_back(image);
  }
  return items;
}

std::optional<v1::Image> FakeState::find_image(const std::string& tag_or_id) const {
  v1::ImageFilter filter;
  filter.mutable_image()->set_image(tag_or_id);
  auto found = list_images(filter);
  if (tag_or_id.empty() || found.empty()) return std::nullopt;
  return std::move(found.front());
}

void FakeState::remove_image(const std::string& tag_or_id) {
  std::erase_if(images_, [&](const auto& entry) {
    return entry.first == tag_or_id || entry.second.id() == tag_or_id;
  });
}

// ---- Finding

int64_t FakeState::now() const { return clock_.wall().time_since_epoch().count(); }

FakePod* FakeState::pod(const std::string& id) {
  const auto found = pods_.find(id);
  return found == pods_.end() ? nullptr : &found->second;
}

FakeContainer* FakeState::container(const std::string& id) {
  const auto found = containers_.find(id);
  return found == containers_.end() ? nullptr : &found->second;
}

Result<FakeContainer*> FakeState::must_find(const std::string& id) {
  FakeContainer* const found = container(id);
  if (found == nullptr) return not_found("container", id);
  return found;
}

Result<const FakeContainer*> FakeState::must_find(const std::string& id) const {
  const auto found = containers_.find(id);
  if (found == containers_.end()) return not_found("container", id);
  return &found->second;
}

std::string FakeState::cgroup_of_pod(const std::string& id) const {
  const auto found = pods_.find(id);
  return found == pods_.end() ? "" : found->second.config.linux().cgroup_parent();
}

std::string FakeState::cgroup_of_container(const std::string& id) const {
  const auto found = containers_.find(id);
  return found == containers_.end() ? "" : cgroup_of_pod(found->second.pod_id);
}

}  // namespace sandboxlet::cri

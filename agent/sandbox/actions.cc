#include "agent/sandbox/actions.h"

#include <algorithm>
#include <array>

namespace sandboxlet::agent {

namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

// In the variant's order.
constexpr std::array<const char*, std::variant_size_v<Action>> kKinds{
    "Observe",         "CreateCgroup",     "StageVolume",   "EnsureImage",   "RunPodSandbox",
    "StopPodSandbox",  "RemovePodSandbox", "RunContainer",  "StopContainer", "HastenStop",
    "RemoveContainer", "Freeze",           "WatchTraffic",  "Hibernate",     "Thaw",
    "KillAll",         "UnstageVolumes",   "RemoveVolumes", "RemoveCgroup",  "RemoveLogs",
    "Forget"};

template <class T>
constexpr bool kAboutThePod =
    std::is_same_v<T, RunPodSandbox> || std::is_same_v<T, StopPodSandbox> ||
    std::is_same_v<T, RemovePodSandbox>;
template <class T>
constexpr bool kAboutAContainer =
    std::is_same_v<T, RunContainer> || std::is_same_v<T, StopContainer> ||
    std::is_same_v<T, RemoveContainer>;
template <class T>
constexpr bool kAboutTheCgroup =
    std::is_same_v<T, CreateCgroup> || std::is_same_v<T, Freeze> || std::is_same_v<T, Thaw> ||
    std::is_same_v<T, KillAll> || std::is_same_v<T, RemoveCgroup>;
template <class T>
constexpr bool kAboutAllVolumes =
    std::is_same_v<T, UnstageVolumes> || std::is_same_v<T, RemoveVolumes>;

// Replaces the one of the same id, or adds it.
template <class T>
void put(std::vector<T>& items, const T& item) {
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const T& other) { return other.id == item.id; });
  if (found == items.end()) {
    items.push_back(item);
  } else {
    *found = item;
  }
}

template <class T>
void erase_id(std::vector<T>& items, const std::string& id) {
  std::erase_if(items, [&](const T& item) { return item.id == id; });
}

void pod_stopped(Observed& observed, const std::string& id) {
  for (auto& pod : observed.pods) {
    if (pod.id == id) pod.ready = false, pod.stopped = true;
  }
  // Stopping a pod sandbox kills its containers; how they ended is read with the next Observe.
  observed.known = false;
}

void pod_removed(Observed& observed, const std::string& id) {
  erase_id(observed.pods, id);
  std::erase_if(observed.containers,
                [&](const ObservedContainer& container) { return container.pod_id == id; });
}

void container_seen(Observed& observed, const ObservedContainer& container) {
  put(observed.containers, container);
  uint32_t& next = observed.next_attempt[container.name];
  next = std::max(next, container.attempt + 1);
}

void thawed(Observed& observed) {
  observed.frozen = false;
  observed.hibernated = false;
  observed.watches_traffic = false;
}

// What is not read back is kept: images, because each attempt asks for them again; the paths of
// volumes, because staging is idempotent; that a pod was stopped; what was done to a frozen one.
void observed_anew(Observed& observed, Observed seen) {
  seen.images = std::move(observed.images);
  seen.volumes = std::move(observed.volumes);
  seen.hibernated = observed.hibernated && seen.frozen;
  seen.watches_traffic = observed.watches_traffic && seen.frozen;
  for (auto& pod : seen.pods) {
    for (const auto& before : observed.pods) {
      if (before.id == pod.id) pod.stopped = before.stopped;
    }
  }
  observed = std::move(seen);
}

}  // namespace

std::string kind_of(const Action& action) { return kKinds.at(action.index()); }

std::string subject_of(const Action& action) {
  return std::visit(
      []<class T>(const T& about) -> std::string {
        if constexpr (kAboutThePod<T>) return "pod";
        if constexpr (kAboutAContainer<T>) return "container/" + about.name;
        if constexpr (std::is_same_v<T, HastenStop>) return "hasten/" + about.name;
        if constexpr (kAboutTheCgroup<T>) return "cgroup";
        if constexpr (std::is_same_v<T, Hibernate>) return "memory";
        if constexpr (std::is_same_v<T, WatchTraffic>) return "traffic";
        if constexpr (kAboutAllVolumes<T>) return "volumes";
        if constexpr (std::is_same_v<T, StageVolume>) return "volume/" + about.name;
        if constexpr (std::is_same_v<T, EnsureImage>) return "image/" + about.container;
        if constexpr (std::is_same_v<T, RemoveLogs>) return "logs";
        return "sandbox";
      },
      action);
}

bool starts_processes(const Action& action) {
  return std::holds_alternative<RunPodSandbox>(action) ||
         std::holds_alternative<RunContainer>(action);
}

bool awaits_processes(const Action& action) {
  return starts_processes(action) || std::holds_alternative<StopContainer>(action) ||
         std::holds_alternative<HastenStop>(action) ||
         std::holds_alternative<RemoveContainer>(action) ||
         std::holds_alternative<StopPodSandbox>(action) ||
         std::holds_alternative<RemovePodSandbox>(action);
}

bool thaws(const Action& action) {
  return std::holds_alternative<Thaw>(action) || std::holds_alternative<KillAll>(action);
}

void fold(Observed& observed, const Action& action, const Outcome& outcome) {
  std::visit(Overloaded{
                 [&](const Observe&) { observed_anew(observed, std::get<Observed>(outcome)); },
                 [&](const CreateCgroup&) { observed.cgroup = true; },
                 [&](const StageVolume& stage) {
                   observed.volumes[stage.name] = std::get<StagedVolume>(outcome).path;
                   observed.volumes_staged = true;
                   observed.data_on_disk = true;
                 },
                 [&](const EnsureImage& ensure) {
                   observed.images[ensure.container] =
                       ReadyImage{ensure.attempt, std::get<FoundImage>(outcome).image};
                 },
                 [&](const RunPodSandbox&) {
                   put(observed.pods, std::get<ObservedPod>(outcome));
                   observed.logs = true;
                 },
                 [&](const StopPodSandbox& stop) { pod_stopped(observed, stop.id); },
                 [&](const RemovePodSandbox& remove) { pod_removed(observed, remove.id); },
                 [&](const RunContainer&) {
                   container_seen(observed, std::get<ObservedContainer>(outcome));
                   // Its /etc/hosts.
                   observed.volumes_staged = true;
                   observed.data_on_disk = true;
                 },
                 [&](const StopContainer&) {
                   container_seen(observed, std::get<ObservedContainer>(outcome));
                 },
                 [](const HastenStop&) {},
                 [&](const RemoveContainer& remove) { erase_id(observed.containers, remove.id); },
                 [&](const WatchTraffic&) { observed.watches_traffic = true; },
                 [&](const Freeze&) {
                   observed.frozen = true;
                   observed.watches_traffic = std::get<Frozen>(outcome).watches_traffic;
                 },
                 [&](const Hibernate&) {
                   const bool is_whole = !std::get<GivenBack>(outcome).was_stopped;
                   observed.hibernated = observed.frozen && is_whole;
                 },
                 [&](const Thaw&) { thawed(observed); },
                 [&](const KillAll&) { thawed(observed), observed.known = false; },
                 [&](const UnstageVolumes&) {
                   observed.volumes.clear();
                   observed.volumes_staged = false;
                 },
                 [&](const RemoveVolumes&) {
                   observed.volumes.clear();
                   observed.volumes_staged = false;
                   observed.data_on_disk = false;
                 },
                 [&](const RemoveCgroup&) { observed.cgroup = false; },
                 [&](const RemoveLogs&) { observed.logs = false; },
                 [&](const Forget&) {},
             },
             action);
}

}  // namespace sandboxlet::agent

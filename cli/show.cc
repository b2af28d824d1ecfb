#include "cli/show.h"

#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

#include "api/conditions.h"
#include "api/time.h"
#include "cli/table.h"

namespace sandboxlet::cli {

namespace {

std::string age(const api::Time& since, WallTime now) {
  const auto begun = api::parse_time(since);
  if (!begun) return "<unknown>";
  return human_duration(std::chrono::duration_cast<std::chrono::seconds>(now - *begun).count());
}

std::string or_none(const std::string& text) { return text.empty() ? "<none>" : text; }

int restarts(const api::Sandbox& sandbox) {
  int all = 0;
  for (const auto& container : sandbox.status.containers) all += container.restartCount;
  return all;
}

std::string ready_count(const api::Sandbox& sandbox) {
  int running = 0;
  for (const auto& container : sandbox.status.containers) running += container.state == "Running";
  return std::to_string(running) + "/" +
         std::to_string(sandbox.spec.podTemplate.spec.containers.size());
}

std::string depth(const api::Sandbox& sandbox) {
  return sandbox.status.suspend ? sandbox.status.suspend->depth : "";
}

void emit(YAML::Emitter& out, const nlohmann::ordered_json& value) {
  if (value.is_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, inner] : value.items()) {
      out << YAML::Key << key << YAML::Value;
      emit(out, inner);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    out << YAML::BeginSeq;
    for (const auto& inner : value) emit(out, inner);
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    out << YAML::DoubleQuoted << value.get<std::string>();
  } else {
    out << value.dump();
  }
}

}  // namespace

std::string status_word(const api::Sandbox& sandbox) {
  if (!sandbox.metadata.deletionTimestamp.empty()) return "Terminating";
  const auto& conditions = sandbox.status.conditions;
  const auto* const suspended = api::find_condition(conditions, "Suspended");
  if (suspended != nullptr && suspended->status == "True") return "Suspended";
  if (wants_suspension(sandbox.spec)) return "Suspending";
  const auto* const ready = api::find_condition(conditions, "Ready");
  if (ready == nullptr) return "Pending";
  if (ready->status == "True") return "Running";
  if (ready->reason == "PodSucceeded") return "Completed";
  if (ready->reason == "PodFailed") return "Failed";
  if (ready->reason == "SandboxExpired") return "Expired";
  for (const auto& container : sandbox.status.containers) {
    if (container.state != "Running" && !container.reason.empty()) return container.reason;
  }
  return ready->reason == "ReconcilerError" ? "Error" : "Pending";
}

std::vector<std::string> head(const TableOptions& options) {
  std::vector<std::string> cells;
  if (options.all_namespaces) cells.emplace_back("NAMESPACE");
  for (const char* cell : {"NAME", "READY", "STATUS", "RESTARTS", "AGE"}) cells.emplace_back(cell);
  if (options.wide) {
    for (const char* cell : {"IP", "NODE", "DEPTH"}) cells.emplace_back(cell);
  }
  return cells;
}

std::vector<std::string> row(const api::Sandbox& sandbox, const TableOptions& options,
                             WallTime now) {
  std::vector<std::string> cells;
  if (options.all_namespaces) cells.push_back(sandbox.metadata.namespace_);
  cells.push_back(sandbox.metadata.name);
  cells.push_back(ready_count(sandbox));
  cells.push_back(status_word(sandbox));
  cells.push_back(std::to_string(restarts(sandbox)));
  cells.push_back(age(sandbox.metadata.creationTimestamp, now));
  if (options.wide) {
    const auto& ips = sandbox.status.podIPs;
    cells.push_back(or_none(ips.empty() ? "" : ips.front()));
    cells.push_back(or_none(sandbox.status.nodeName));
    cells.push_back(or_none(depth(sandbox)));
  }
  return cells;
}

std::string describe(const api::Sandbox& sandbox, WallTime now) {
  const auto& meta = sandbox.metadata;
  const auto& status = sandbox.status;
  std::string text = table({{"Name:", meta.name},
                            {"Namespace:", meta.namespace_},
                            {"UID:", meta.uid},
                            {"Node:", or_none(status.nodeName)},
                            {"IP:", or_none(status.podIPs.empty() ? "" : status.podIPs.front())},
                            {"Status:", status_word(sandbox)},
                            {"Created:", age(meta.creationTimestamp, now) + " ago"}});
  for (const auto& [key, value] : meta.labels) text += "Label:   " + key + "=" + value + "\n";
  if (const auto& suspend = status.suspend) {
    if (!suspend->depth.empty()) {
      text += "Suspended:   to depth " + suspend->depth + " (" + suspend->reason + ") for " +
              age(suspend->since, now) + "\n";
    }
    if (suspend->lastResume) {
      std::array<char, 32> took{};
      std::snprintf(took.data(), took.size(), "%.2f", suspend->lastResume->milliseconds);
      text += "Last resume:   " + suspend->lastResume->cause + ", took " + took.data() + " ms\n";
    }
  }
  std::vector<std::vector<std::string>> rows{
      {"  NAME", "STATE", "REASON", "EXIT", "RESTARTS", "IMAGE", "MESSAGE"}};
  for (const auto& container : status.containers) {
    rows.push_back({"  " + container.name, container.state, container.reason,
                    container.exitCode ? std::to_string(*container.exitCode) : "",
                    std::to_string(container.restartCount), container.image, container.message});
  }
  text += "Containers:\n" + table(rows);
  rows = {{"  TYPE", "STATUS", "REASON", "AGE", "MESSAGE"}};
  for (const auto& condition : status.conditions) {
    rows.push_back({"  " + condition.type, condition.status, condition.reason,
                    age(condition.lastTransitionTime, now), condition.message});
  }
  return text + "Conditions:\n" + table(rows);
}

std::string as_yaml(const std::string& json) {
  YAML::Emitter out;
  emit(out, nlohmann::ordered_json::parse(json));
  return std::string(out.c_str()) + "\n";
}

std::string as_json(const std::string& json) {
  return nlohmann::ordered_json::parse(json).dump(4) + "\n";
}

}  // namespace sandboxlet::cli

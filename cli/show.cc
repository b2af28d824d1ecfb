#include "cli/show.h"

#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

#include "api/conditions.h"
#include "api/time.h"

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

void add_usage(Row& cells, const pb::SandboxStats& usage) {
  cells.push_back(usage.has_idle() ? human_duration(usage.idle().seconds()) : "<none>");
  cells.push_back(human_bytes(usage.memory_working_set()));
  cells.push_back(human_bytes(usage.memory_swapped()));
}

// One pair a line, the first beside its title.
void add_pairs(std::vector<Row>& rows, const char* title,
               const std::map<std::string, std::string>& pairs) {
  if (pairs.empty()) rows.push_back({title, "<none>"});
  for (const auto& [key, value] : pairs) {
    Row& row = rows.emplace_back(Row{key == pairs.begin()->first ? title : "", key});
    row.back().append("=").append(value);
  }
}

void add_suspension(std::vector<Row>& rows, const api::SuspendStatus& suspend, WallTime now) {
  if (!suspend.depth.empty()) {
    rows.push_back({"Suspended:", "to depth " + suspend.depth + " (" + suspend.reason + ") for " +
                                      age(suspend.since, now)});
  }
  if (suspend.lastResume) {
    std::array<char, 32> took{};
    std::snprintf(took.data(), took.size(), "%.2f", suspend.lastResume->milliseconds);
    rows.push_back({"Last Resume:", suspend.lastResume->cause + ", took " + took.data() + " ms"});
  }
}

std::vector<Row> container_rows(const api::SandboxStatus& status) {
  std::vector<Row> rows{{"  NAME", "STATE", "REASON", "EXIT", "RESTARTS", "IMAGE", "MESSAGE"}};
  for (const auto& container : status.containers) {
    rows.push_back({"  " + container.name, container.state, container.reason,
                    container.exitCode ? std::to_string(*container.exitCode) : "",
                    std::to_string(container.restartCount), container.image, container.message});
  }
  return rows;
}

std::vector<Row> condition_rows(const api::SandboxStatus& status, WallTime now) {
  std::vector<Row> rows{{"  TYPE", "STATUS", "REASON", "AGE", "MESSAGE"}};
  for (const auto& condition : status.conditions) {
    rows.push_back({"  " + condition.type, condition.status, condition.reason,
                    age(condition.lastTransitionTime, now), condition.message});
  }
  return rows;
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
  } else if (value.is_null()) {
    out << YAML::Null;
  } else {
    out << value.dump();
  }
}

}  // namespace

std::string status_word(const api::Sandbox& sandbox) {
  if (!sandbox.metadata.deletionTimestamp.empty()) return "Terminating";
  const auto& conditions = sandbox.status.conditions;
  if (api::is_true(conditions, "Suspended")) return "Suspended";
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

Row head(const TableOptions& options) {
  Row cells;
  if (options.all_namespaces) cells.emplace_back("NAMESPACE");
  for (const char* cell : {"NAME", "READY", "STATUS", "RESTARTS", "AGE"}) cells.emplace_back(cell);
  if (options.wide) {
    for (const char* cell : {"IP", "NODE", "DEPTH"}) cells.emplace_back(cell);
  }
  if (options.usage) {
    for (const char* cell : {"IDLE", "MEMORY", "GIVEN BACK"}) cells.emplace_back(cell);
  }
  return cells;
}

Row row(const api::Sandbox& sandbox, const TableOptions& options, WallTime now,
        const pb::SandboxStats* usage) {
  Row cells;
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
  if (options.usage) add_usage(cells, usage == nullptr ? pb::SandboxStats() : *usage);
  return cells;
}

std::string describe(const api::Sandbox& sandbox, WallTime now) {
  const auto& meta = sandbox.metadata;
  const auto& status = sandbox.status;
  std::vector<Row> rows{{"Name:", meta.name}, {"Namespace:", meta.namespace_}, {"UID:", meta.uid}};
  add_pairs(rows, "Labels:", meta.labels);
  add_pairs(rows, "Annotations:", meta.annotations);
  rows.push_back({"Node:", or_none(status.nodeName)});
  rows.push_back({"IP:", or_none(status.podIPs.empty() ? "" : status.podIPs.front())});
  rows.push_back({"Status:", status_word(sandbox)});
  rows.push_back({"Created:", age(meta.creationTimestamp, now) + " ago"});
  if (status.suspend) add_suspension(rows, *status.suspend, now);
  return table(rows) + "Containers:\n" + table(container_rows(status)) + "Conditions:\n" +
         table(condition_rows(status, now));
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

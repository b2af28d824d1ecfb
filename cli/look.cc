#include <google/protobuf/util/json_util.h>

#include <iostream>
#include <utility>

#include "api/time.h"
#include "cli/common.h"
#include "cli/show.h"
#include "cli/table.h"

namespace sandboxlet::cli {

namespace {

// By namespace and name.
using Usage = std::map<std::pair<std::string, std::string>, pb::SandboxStats>;

Result<pb::StatsResponse> stats(Connection& connection, const Target& target) {
  pb::StatsRequest request;
  set_ref(*request.mutable_ref(), target);
  pb::StatsResponse response;
  grpc::ClientContext context;
  CHECK_OK(connection.check(connection.agent().Stats(&context, request, &response)));
  return response;
}

Result<Usage> usage_of(Connection& connection, const Target& target) {
  TRY(const pb::StatsResponse response, stats(connection, target));
  Usage usage;
  for (const auto& one : response.sandboxes()) {
    usage[{one.ref().namespace_(), one.ref().name()}] = one;
  }
  return usage;
}

void print_objects(const std::vector<std::string>& objects, const GetOptions& options,
                   const Usage& usage) {
  if (options.output == "name") {
    for (const auto& object : objects) {
      std::cout << "sandbox.agents.x-k8s.io/" << sandbox_of(object).metadata.name << "\n";
    }
    return;
  }
  if (options.output == "json" || options.output == "yaml") {
    std::string all;
    for (const auto& object : objects) all += (all.empty() ? "" : ",") + object;
    if (options.names.size() != 1) {
      all = R"({"apiVersion":"v1","kind":"List","items":[)" + all + "]}";
    }
    std::cout << (options.output == "json" ? as_json(all) : as_yaml(all));
    return;
  }
  const bool wide = options.output == "wide";
  const TableOptions shape{wide, options.all_namespaces, /*usage=*/wide};
  std::vector<Row> rows{head(shape)};
  for (const auto& object : objects) {
    const api::Sandbox sandbox = sandbox_of(object);
    const auto found = usage.find({sandbox.metadata.namespace_, sandbox.metadata.name});
    rows.push_back(
        row(sandbox, shape, wall_now(), found == usage.end() ? nullptr : &found->second));
  }
  std::cout << table(rows);
}

Result<std::vector<std::string>> list(Connection& connection, const GetOptions& options) {
  std::vector<std::string> objects;
  if (options.names.empty()) {
    pb::ListRequest request;
    if (!options.all_namespaces) request.set_namespace_(options.namespace_);
    request.set_label_selector(options.selector);
    pb::ListResponse response;
    grpc::ClientContext context;
    CHECK_OK(connection.check(connection.agent().List(&context, request, &response)));
    return std::vector<std::string>(response.objects().begin(), response.objects().end());
  }
  for (const auto& name : options.names) {
    pb::GetRequest request;
    set_ref(*request.mutable_ref(), {options.namespace_, name});
    pb::GetResponse response;
    grpc::ClientContext context;
    CHECK_OK(connection.check(connection.agent().Get(&context, request, &response)));
    objects.push_back(response.object());
  }
  return objects;
}

// One line for each change, as kubectl get --watch; objects whole with -o json.
Result<int> watch(Connection& connection, const GetOptions& options) {
  if (options.names.size() > 1) {
    return Error(Code::kInvalidArgument, "--watch takes one name, or none for all");
  }
  if (options.output == "yaml" || options.output == "name") {
    return Error(Code::kInvalidArgument, "--watch goes with -o wide and -o json");
  }
  pb::WatchRequest request;
  if (!options.all_namespaces) request.set_namespace_(options.namespace_);
  request.set_label_selector(options.selector);
  if (!options.names.empty()) request.set_name(options.names.front());
  grpc::ClientContext context;
  const auto stream = connection.agent().Watch(&context, request);
  const TableOptions shape{options.output == "wide", options.all_namespaces};
  Table columns;
  // Until all that was there has come, rows wait for each other's widths.
  std::vector<Row> rows{head(shape)};
  bool synced = false;
  pb::WatchEvent event;
  while (stream->Read(&event)) {
    synced = synced || event.type() == pb::WatchEvent::SYNCED;
    const bool has_object = event.type() != pb::WatchEvent::SYNCED;
    if (options.output == "json") {
      if (has_object) std::cout << event.object() << std::endl;
      continue;
    }
    if (has_object) rows.push_back(row(sandbox_of(event.object()), shape, wall_now()));
    if (synced) std::cout << columns.add(std::exchange(rows, {})) << std::flush;
  }
  CHECK_OK(connection.check(stream->Finish()));
  return kDone;
}

std::string wall_text(const google::protobuf::Timestamp& time) {
  return human_duration(std::chrono::duration_cast<std::chrono::seconds>(
                            wall_now() - WallTime(std::chrono::seconds(time.seconds())))
                            .count());
}

Result<> print_events(Connection& connection, const Target& target, bool follow) {
  pb::EventsRequest request;
  set_ref(*request.mutable_ref(), target);
  request.set_follow(follow);
  grpc::ClientContext context;
  const auto stream = connection.agent().Events(&context, request);
  std::vector<Row> rows{{"LAST SEEN", "TYPE", "REASON", "OBJECT", "COUNT", "MESSAGE"}};
  Table columns;
  if (follow) std::cout << columns.add(rows) << std::flush;
  pb::EventsResponse event;
  while (stream->Read(&event)) {
    Row cells{wall_text(event.last()),
              event.type(),
              event.reason(),
              "sandbox/" + event.ref().name(),
              std::to_string(event.count()),
              event.message()};
    if (follow) {
      std::cout << columns.add({cells}) << std::flush;
    } else {
      rows.push_back(std::move(cells));
    }
  }
  CHECK_OK(connection.check(stream->Finish()));
  if (!follow) std::cout << (rows.size() == 1 ? "No events found.\n" : table(rows));
  return {};
}

}  // namespace

std::vector<std::string> sandbox_names(Connection& connection, const std::string& namespace_) {
  // Whoever presses Tab does not wait.
  constexpr auto kPatience = std::chrono::milliseconds(500);
  pb::ListRequest request;
  request.set_namespace_(namespace_);
  pb::ListResponse response;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  std::vector<std::string> names;
  if (!connection.agent().List(&context, request, &response).ok()) return names;
  for (const auto& object : response.objects()) {
    names.push_back(sandbox_of(object).metadata.name);
  }
  return names;
}

Result<int> get(Connection& connection, const GetOptions& options) {
  if (options.watch) return watch(connection, options);
  TRY(const auto objects, list(connection, options));
  if (objects.empty() && (options.output.empty() || options.output == "wide")) {
    std::cerr << "No sandboxes found"
              << (options.all_namespaces ? "" : " in " + options.namespace_ + " namespace")
              << ".\n";
    return kDone;
  }
  Usage usage;
  if (options.output == "wide") {
    const bool is_one = options.names.size() == 1;
    TRY(usage, usage_of(connection, {options.all_namespaces ? "" : options.namespace_,
                                     is_one ? options.names.front() : ""}));
  }
  print_objects(objects, options, usage);
  return kDone;
}

Result<int> describe_one(Connection& connection, const Target& target) {
  pb::GetRequest request;
  set_ref(*request.mutable_ref(), target);
  pb::GetResponse response;
  grpc::ClientContext context;
  CHECK_OK(connection.check(connection.agent().Get(&context, request, &response)));
  std::cout << describe(sandbox_of(response.object()), wall_now()) << "Events:\n";
  CHECK_OK(print_events(connection, target, false));
  return kDone;
}

Result<int> wait(Connection& connection, const WaitOptions& options) {
  const auto& awaited = options.what;
  pb::WatchRequest request;
  request.set_namespace_(options.target.namespace_);
  request.set_name(options.target.name);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + options.timeout);
  const auto stream = connection.agent().Watch(&context, request);
  bool seen = false;
  pb::WatchEvent event;
  while (stream->Read(&event)) {
    const bool gone = event.type() == pb::WatchEvent::DELETED ||
                      (event.type() == pb::WatchEvent::SYNCED && !seen);
    seen = true;
    if (gone && !awaited) {
      std::cout << "sandbox.agents.x-k8s.io/" << options.target.name << " condition met\n";
      return kDone;
    }
    if (gone) {
      return Error(Code::kNotFound,
                   "sandboxes.agents.x-k8s.io \"" + options.target.name + "\" not found");
    }
    if (event.type() == pb::WatchEvent::SYNCED || !awaited) continue;
    if (holds(*awaited, sandbox_of(event.object()))) {
      std::cout << "sandbox.agents.x-k8s.io/" << options.target.name << " condition met\n";
      return kDone;
    }
  }
  const grpc::Status end = stream->Finish();
  if (end.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return Error(Code::kDeadlineExceeded,
                 "timed out waiting for the condition on sandboxes/" + options.target.name);
  }
  CHECK_OK(connection.check(end));
  return Error(Code::kUnavailable, "the agent ended the watch");
}

Result<int> top(Connection& connection, const Target& target, bool json) {
  TRY(const pb::StatsResponse response, stats(connection, target));
  if (json) {
    std::string text;
    static_cast<void>(google::protobuf::util::MessageToJsonString(response, &text));
    std::cout << text << "\n";
    return kDone;
  }
  std::vector<Row> rows{{"NAMESPACE", "NAME", "CPU(seconds)", "MEMORY", "PROCESSES"}};
  for (const auto& one : response.sandboxes()) {
    rows.push_back({one.ref().namespace_(), one.ref().name(),
                    std::to_string(one.cpu_nanoseconds() / 1'000'000'000),
                    human_bytes(one.memory_working_set()), std::to_string(one.processes())});
  }
  std::cout << table(rows);
  return kDone;
}

Result<int> events(Connection& connection, const Target& target, bool follow) {
  CHECK_OK(print_events(connection, target, follow));
  return kDone;
}

Result<int> node(Connection& connection, bool json) {
  pb::NodeResponse response;
  grpc::ClientContext context;
  CHECK_OK(connection.check(connection.agent().Node(&context, pb::NodeRequest(), &response)));
  if (json) {
    std::string text;
    static_cast<void>(google::protobuf::util::MessageToJsonString(response, &text));
    std::cout << text << "\n";
    return kDone;
  }
  std::string depths;
  for (const auto& depth : response.depths()) depths += (depths.empty() ? "" : ", ") + depth;
  std::vector<Row> rows{{"Name:", response.name()},
                        {"Version:", response.version()},
                        {"Runtime:", response.runtime()},
                        {"Cgroups:", response.cgroup()},
                        {"Depths:", depths},
                        {"Sandboxes:", std::to_string(response.sandboxes()) + " (" +
                                           std::to_string(response.running()) + " running, " +
                                           std::to_string(response.suspended()) + " suspended)"}};
  for (const auto& [depth, why] : response.depths_missing()) {
    rows.push_back({"Not " + depth + ":", why});
  }
  for (const auto& [name, value] : response.capacity()) {
    rows.push_back({"Capacity " + name + ":", value});
  }
  for (const auto& condition : response.conditions()) {
    const std::string why = condition.reason().empty() ? "" : " (" + condition.reason() + ")";
    rows.push_back({condition.type() + ":", (condition.status() ? "True" : "False") + why});
  }
  std::cout << table(rows);
  return kDone;
}

}  // namespace sandboxlet::cli

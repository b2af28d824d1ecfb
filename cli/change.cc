#include <iostream>
#include <nlohmann/json.hpp>

#include "api/manifest.h"
#include "cli/common.h"

namespace sandboxlet::cli {

namespace {

const char* word(pb::ApplyResponse::Outcome outcome) {
  switch (outcome) {
    case pb::ApplyResponse::CREATED:
      return "created";
    case pb::ApplyResponse::CONFIGURED:
      return "configured";
    default:
      return "unchanged";
  }
}

// A manifest without a namespace is for the one of the command.
std::string with_namespace(const std::string& json, const std::string& namespace_) {
  if (namespace_.empty()) return json;
  auto object = nlohmann::ordered_json::parse(json, nullptr, false);
  if (!object.is_object() || !object["metadata"].is_object()) return json;
  auto& metadata = object["metadata"];
  if (!metadata.contains("namespace")) metadata["namespace"] = namespace_;
  return object.dump();
}

struct Object {
  std::string from;
  std::string json;
};

Result<> add_objects(const std::string& file, const std::string& namespace_,
                     std::vector<Object>& objects) {
  TRY(const std::string text, read_input(file));
  TRY(const auto manifests, api::read_manifests(text).wrap(file));
  for (const auto& manifest : manifests) {
    objects.push_back(
        {file + ":" + std::to_string(manifest.line), with_namespace(manifest.json, namespace_)});
  }
  return {};
}

Result<std::vector<Object>> read_objects(const std::vector<std::string>& files,
                                         const std::string& namespace_) {
  std::vector<Object> objects;
  for (const auto& path : files) {
    TRY(const auto found, manifest_files(path));
    for (const auto& file : found) CHECK_OK(add_objects(file, namespace_, objects));
  }
  if (objects.empty() && !files.empty()) {
    return Error(Code::kInvalidArgument, "no Sandbox found in what --filename names");
  }
  return objects;
}

Result<> delete_one(Connection& connection, const Target& target, const DeleteOptions& options) {
  pb::DeleteRequest request;
  set_ref(*request.mutable_ref(), target);
  request.set_wait(options.wait);
  if (options.grace_seconds >= 0) request.set_grace_period_seconds(options.grace_seconds);
  pb::DeleteResponse response;
  grpc::ClientContext context;
  CHECK_OK(connection.check(connection.agent().Delete(&context, request, &response)));
  std::cout << "sandbox.agents.x-k8s.io \"" << target.name << "\" deleted\n";
  return {};
}

}  // namespace

// Each object is tried; one that is refused leaves the others as they are.
Result<int> apply(Connection& connection, const ApplyOptions& options) {
  TRY(const auto objects, read_objects(options.files, options.namespace_));
  int code = kDone;
  for (const auto& object : objects) {
    pb::ApplyRequest request;
    request.set_object(object.json);
    request.set_dry_run(options.dry_run);
    pb::ApplyResponse response;
    grpc::ClientContext context;
    const auto status = connection.agent().Apply(&context, request, &response);
    const auto applied = connection.check(status);
    if (!applied && applied.error().code() == Code::kUnavailable) return applied.error();
    if (!applied) {
      std::cerr << object.from << ": " << applied.error().message() << "\n";
      code = kFailed;
      continue;
    }
    std::cout << "sandbox.agents.x-k8s.io/" << sandbox_of(response.object()).metadata.name << " "
              << word(response.outcome()) << (options.dry_run ? " (dry run)" : "") << std::endl;
  }
  return code;
}

Result<int> remove(Connection& connection, const DeleteOptions& options) {
  std::vector<Target> targets;
  for (const auto& name : options.names) targets.push_back({options.namespace_, name});
  TRY(const auto objects, read_objects(options.files, options.namespace_));
  for (const auto& object : objects) {
    const auto meta = sandbox_of(object.json).metadata;
    targets.push_back({meta.namespace_, meta.name});
  }
  int code = kDone;
  for (const auto& target : targets) {
    const auto done = delete_one(connection, target, options);
    if (!done && done.error().code() == Code::kUnavailable) return done.error();
    if (!done) {
      std::cerr << "sandboxctl: " << done.error().message() << "\n";
      code = kFailed;
    }
  }
  return code;
}

Result<int> suspend(Connection& connection, const Target& target, const std::string& depth) {
  pb::SuspendRequest request;
  set_ref(*request.mutable_ref(), target);
  request.set_depth(depth);
  pb::SuspendResponse response;
  grpc::ClientContext context;
  connection.connect();
  const auto begun = std::chrono::steady_clock::now();
  CHECK_OK(connection.check(connection.agent().Suspend(&context, request, &response)));
  const auto sandbox = sandbox_of(response.object());
  std::cout << "sandbox.agents.x-k8s.io/" << target.name << " suspended ("
            << sandbox.status.suspend.value_or(api::SuspendStatus{}).depth << ", "
            << took_since(begun) << ")\n";
  return kDone;
}

Result<int> resume(Connection& connection, const Target& target) {
  pb::ResumeRequest request;
  set_ref(*request.mutable_ref(), target);
  pb::ResumeResponse response;
  grpc::ClientContext context;
  connection.connect();
  const auto begun = std::chrono::steady_clock::now();
  CHECK_OK(connection.check(connection.agent().Resume(&context, request, &response)));
  std::cout << "sandbox.agents.x-k8s.io/" << target.name << " resumed (" << took_since(begun)
            << ")\n";
  return kDone;
}

}  // namespace sandboxlet::cli

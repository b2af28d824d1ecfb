#include "scheduler-shim/read_pod_info.h"

#include <fmt/format.h>

#include "api/time.h"
#include "scheduler-shim/held.h"
#include "scheduler-shim/read_claim_info.h"

namespace sandboxlet::scheduler {

namespace {

// Where a Sandbox's state was left, for one whose binding is gone.
constexpr char kStateNode[] = "sandboxlet.io/state-node";

// What is read before it is shared.
struct Draft {
  PodInfo pod;
  PodTemplateInfo spec;
  PodIdentity identity;
};

void read_metadata(JsonReader& reader, const Json& metadata, Draft& draft) {
  draft.pod.uid = reader.text(metadata, "uid");
  draft.pod.name = reader.text(metadata, "name");
  draft.pod.resource_version = reader.text(metadata, "resourceVersion");
  draft.pod.deleting = !reader.text(metadata, "deletionTimestamp").empty();
  draft.identity.namespace_ = reader.text(metadata, "namespace");
  reader.object(metadata, "annotations", [&](const Json& annotations) {
    draft.pod.state_node = reader.text(annotations, kStateNode);
  });
  const std::string created = reader.text(metadata, "creationTimestamp");
  if (created.empty()) return;
  const auto time = api::parse_time(created);
  if (time) {
    draft.pod.created = *time;
  } else {
    reader.fail("creationTimestamp", time.error().message());
  }
}

void read_priority(JsonReader& reader, const Json& spec, const Classes& classes, Draft& draft) {
  const std::string name = reader.text(spec, "priorityClassName");
  draft.pod.priority = reader.integer(spec, "priority", classes.default_priority());
  if (name.empty() || reader.has(spec, "priority")) return;
  const auto found = classes.priority.find(name);
  if (found != classes.priority.end()) {
    draft.pod.priority = found->second.value;
  } else if (draft.spec.unplaceable.empty()) {
    draft.spec.unplaceable =
        fmt::format("spec.podTemplate.spec.priorityClassName: Not found: \"{}\"", name);
  }
}

void read_template(JsonReader& reader, const Json& pod_template, const Classes& classes,
                   Draft& draft) {
  reader.object(pod_template, "metadata", [&](const Json& metadata) {
    draft.identity.labels = Labels(reader.text_map(metadata, "labels"));
  });
  reader.object(pod_template, "spec", [&](const Json& spec) {
    draft.spec = read_pod_spec(reader, spec, classes);
    read_priority(reader, spec, classes, draft);
  });
}

void read_spec(JsonReader& reader, const Json& spec, const Classes& classes, Draft& draft) {
  reader.object(spec, "podTemplate", [&](const Json& pod_template) {
    read_template(reader, pod_template, classes, draft);
  });
  if (auto claims = read_pod_claims(reader, spec, draft.pod.name); !claims.empty()) {
    draft.pod.claims = std::make_shared<const std::vector<PodClaim>>(std::move(claims));
  }
  draft.pod.wants_suspension =
      reader.text(spec, "operatingMode") == "Suspended" || reader.boolean(spec, "pause");
  reader.object(spec, "suspend", [&](const Json& suspend) {
    const std::string depth = reader.text(suspend, "depth");
    draft.spec.suspend_depth = api::parse_depth(depth);
    if (!depth.empty() && draft.spec.suspend_depth == api::Depth::kRunning) {
      reader.fail("depth", "unknown value \"" + depth + "\"");
    }
  });
}

void read_condition(JsonReader& reader, const Json& condition, PodInfo& pod) {
  const std::string type = reader.text(condition, "type");
  const std::string status = reader.text(condition, "status");
  if (type == "Finished" && status == "True") pod.ended = true;
  if (type == "Ready" && reader.text(condition, "reason") == "SandboxExpired") pod.ended = true;
}

void read_status(JsonReader& reader, const Json& status, PodInfo& pod) {
  pod.node_name = reader.text(status, "nodeName");
  reader.each(status, "conditions",
              [&](const Json& condition) { read_condition(reader, condition, pod); });
  reader.object(status, "suspend", [&](const Json& suspend) {
    pod.depth = depth_held(pod.wants_suspension, api::parse_depth(reader.text(suspend, "depth")),
                           reader.text(suspend, "reason") == "User");
  });
}

}  // namespace

Result<PodInfo> PodReader::read(const Json& sandbox) {
  JsonReader reader;
  Draft draft;
  if (!sandbox.is_object()) return Error(Code::kInvalidArgument, "must be an object");
  reader.object(sandbox, "metadata",
                [&](const Json& metadata) { read_metadata(reader, metadata, draft); });
  reader.object(sandbox, "spec",
                [&](const Json& spec) { read_spec(reader, spec, classes_, draft); });
  reader.object(sandbox, "status",
                [&](const Json& status) { read_status(reader, status, draft.pod); });
  if (draft.pod.uid.empty()) reader.fail("metadata.uid", "Required value");
  if (reader.error()) return *reader.error();
  draft.pod.spec = templates_.share(std::move(draft.spec));
  draft.pod.identity = identities_.share(std::move(draft.identity));
  return std::move(draft.pod);
}

}  // namespace sandboxlet::scheduler

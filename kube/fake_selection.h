#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace sandboxlet::kube {

// Which objects of one kind a list or a watch is about. Pure.
struct FakeSelection {
  // Of the kind: "/apis/agents.x-k8s.io/v1beta1/sandboxes".
  std::string collection;
  // Empty: all.
  std::string namespace_;
  // "status.nodeName=node-1,metadata.name!=one"; a label selector may ask for a key alone.
  std::string field_selector;
  std::string label_selector;
};

// Whether an object of that collection is meant.
bool is_selected(const FakeSelection& selection, const nlohmann::json& object);

// The first field that cannot be selected by: all can by metadata.name and metadata.namespace, a
// custom resource by what its kind declares (selectableFields) besides.
std::optional<std::string> unsupported_field(const FakeSelection& selection,
                                             const std::vector<std::string>& declared);

}  // namespace sandboxlet::kube

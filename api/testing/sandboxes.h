#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/sandbox.h"
#include "api/validation.h"

namespace sandboxlet::api {

// A small Sandbox that validates, its defaults set, for tests to spoil.
Sandbox valid_sandbox();

// What validate() says of a valid Sandbox after the change, one "path: message" a finding.
std::vector<std::string> faults_after(const std::function<void(Sandbox&)>& change);

// The same for a change of its pod and of its only container; "spec.podTemplate.spec" is left off
// the paths, "spec.podTemplate.spec.containers[0]" for a container.
std::vector<std::string> pod_faults_after(const std::function<void(PodSpec&)>& change);
std::vector<std::string> container_faults_after(const std::function<void(Container&)>& change);

std::vector<std::string> to_strings(const std::vector<Finding>& findings);

}  // namespace sandboxlet::api

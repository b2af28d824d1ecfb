#pragma once

#include <string>

namespace sandboxlet::test {

// A Sandbox as JSON with one container "main" that counts, a claim "home" mounted at /home and an
// emptyDir of memory at /scratch. spec is added to its pod's spec and container to its container's,
// as JSON members: R"("restartPolicy":"Never",)".
std::string counter_manifest(const std::string& name, const std::string& spec = "",
                             const std::string& container = "");

// The same with that shell script in the counter's place.
std::string script_manifest(const std::string& name, const std::string& script,
                            const std::string& spec = "");

}  // namespace sandboxlet::test

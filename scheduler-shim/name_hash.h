#pragma once

#include <string>
#include <string_view>

namespace sandboxlet::scheduler {

// Upstream's label of what belongs to a Sandbox: a hash of its name.
inline constexpr char kNameHashLabel[] = "agents.x-k8s.io/sandbox-name-hash";

// FNV-1a of 32 bits in eight hexadecimal digits (agent-sandbox: NameHash).
std::string name_hash(std::string_view name);

}  // namespace sandboxlet::scheduler

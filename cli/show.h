#pragma once

#include <string>
#include <vector>

#include "api/sandbox.h"
#include "base/clock.h"
#include "cli/table.h"

namespace sandboxlet::cli {

// Sandboxes as people read them. Pure; now is what ages are counted from.

struct TableOptions {
  bool wide = false;
  bool all_namespaces = false;
};
Row head(const TableOptions& options);
Row row(const api::Sandbox& sandbox, const TableOptions& options, WallTime now);

// One word: Running, Pending, Suspended, Terminating, CrashLoopBackOff, ...
std::string status_word(const api::Sandbox& sandbox);

// All that describe shows but the Events.
std::string describe(const api::Sandbox& sandbox, WallTime now);

// The object as YAML; json is as write_sandbox writes it.
std::string as_yaml(const std::string& json);
// The same, indented by four as kubectl does.
std::string as_json(const std::string& json);

}  // namespace sandboxlet::cli

#pragma once

#include <string>
#include <vector>

#include "api/sandbox.h"
#include "base/clock.h"
#include "cli/table.h"
#include "proto/sandboxlet/v1/sandboxlet.pb.h"

namespace sandboxlet::cli {

namespace pb = ::sandboxlet::v1;

// Sandboxes as people read them. Pure; now is what ages are counted from.

struct TableOptions {
  bool wide = false;
  bool all_namespaces = false;
  // With what each uses.
  bool usage = false;
};
Row head(const TableOptions& options);
// usage: of this Sandbox, where the table has it.
Row row(const api::Sandbox& sandbox, const TableOptions& options, WallTime now,
        const pb::SandboxStats* usage = nullptr);

// One word: Running, Pending, Suspended, Terminating, CrashLoopBackOff, ...
std::string status_word(const api::Sandbox& sandbox);

// All that describe shows but the Events.
std::string describe(const api::Sandbox& sandbox, WallTime now);

// The object as YAML; json is as write_sandbox writes it.
std::string as_yaml(const std::string& json);
// The same, indented by four as kubectl does.
std::string as_json(const std::string& json);

}  // namespace sandboxlet::cli

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/awaited.h"
#include "cli/connection.h"

namespace sandboxlet::cli {

// What the flags of a command say; each command answers the exit code, or an error to be printed.

struct Target {
  std::string namespace_;
  std::string name;
};

// A Sandbox's name as users give it: bare, or as -o name prints it ("sandbox/dev",
// "sandbox.agents.x-k8s.io/dev").
Result<std::string> parse_name(const std::string& text);

struct ApplyOptions {
  std::vector<std::string> files;
  std::string namespace_;
  bool dry_run = false;
};
Result<int> apply(Connection& connection, const ApplyOptions& options);

struct GetOptions {
  std::string namespace_;
  bool all_namespaces = false;
  std::vector<std::string> names;
  std::string selector;
  // "", wide, json, yaml or name.
  std::string output;
  bool watch = false;
};
Result<int> get(Connection& connection, const GetOptions& options);

// The names in a namespace, for completion; none where no agent answers soon.
std::vector<std::string> sandbox_names(Connection& connection, const std::string& namespace_);

Result<int> describe_one(Connection& connection, const Target& target);

struct DeleteOptions {
  std::string namespace_;
  std::vector<std::string> names;
  std::vector<std::string> files;
  int64_t grace_seconds = -1;
  bool wait = true;
};
Result<int> remove(Connection& connection, const DeleteOptions& options);

Result<int> suspend(Connection& connection, const Target& target, const std::string& depth);
Result<int> resume(Connection& connection, const Target& target);

struct ExecOptions {
  Target target;
  std::string container;
  std::vector<std::string> command;
  bool stdin = false;
  bool tty = false;
};
// Answers the command's own exit code.
Result<int> exec(Connection& connection, const ExecOptions& options);

struct LogsOptions {
  Target target;
  std::string container;
  bool follow = false;
  bool previous = false;
  bool timestamps = false;
  // Lines from the end; below 0: all.
  int64_t tail = -1;
  // How long ago; nothing: from the beginning.
  std::optional<Duration> since;
};
Result<int> logs(Connection& connection, const LogsOptions& options);

struct WaitOptions {
  Target target;
  // Nothing: until it is deleted.
  std::optional<AwaitedCondition> what;
  Duration timeout = std::chrono::seconds(30);
};
Result<int> wait(Connection& connection, const WaitOptions& options);

Result<int> top(Connection& connection, const Target& target, bool json);
Result<int> events(Connection& connection, const Target& target, bool follow);
Result<int> node(Connection& connection, bool json);

}  // namespace sandboxlet::cli

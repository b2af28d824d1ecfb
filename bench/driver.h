#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "api/sandbox.h"
#include "base/result.h"
#include "proto/sandboxlet/v1/sandboxlet.grpc.pb.h"

namespace sandboxlet::bench {

namespace pb = ::sandboxlet::v1;

// The agent as its user meets it: calls over its socket, on one warm connection. Every function
// answers milliseconds from the call to its end.
class Driver {
 public:
  explicit Driver(pb::Sandboxlet::Stub& agent) : agent_(agent) {}

  // From Apply to Ready=True seen on a watch.
  Result<double> create(const std::string& name);
  // All at once, until the last is Ready.
  Result<double> create_all(const std::vector<std::string>& names);
  // The same of these, which are JSON.
  Result<double> create_all_of(const std::vector<std::string>& objects);
  // What it is now.
  Result<api::Sandbox> get(const std::string& name);
  Result<std::string> address(const std::string& name);
  // Waits until the node can bring Sandboxes there.
  Result<> until_possible(const std::string& depth);
  // Waits until all of them are, whatever made them so.
  Result<> until_suspended(const std::vector<std::string>& names);
  // Waits until it is suspended as deep as that reason of its condition says ("Hibernated").
  Result<> until_suspended_as(const std::string& name, const std::string& reason);
  // kFailedPrecondition where it was resumed meanwhile.
  Result<double> suspend(const std::string& name, const std::string& depth);
  Result<double> resume(const std::string& name);
  // Runs `true` in the first container, to its exit code.
  Result<double> exec_true(const std::string& name);
  // From the end of that process, which is killed, to Ready=False seen on a watch.
  Result<double> see_exit(const std::string& name, pid_t pid);
  // From its shutdownTime, which is one to two seconds ahead, until a watch tells that its
  // processes have gone.
  Result<double> shut_down(const std::string& name);
  Result<double> remove(const std::string& name);

 private:
  using Watch = std::unique_ptr<grpc::ClientReader<pb::WatchEvent>>;

  // Of everything, with all that was there read.
  Result<Watch> watch(grpc::ClientContext& context);
  Result<> apply(const std::string& object);
  Result<double> timed(const std::function<grpc::Status(grpc::ClientContext&)>& call);

  pb::Sandboxlet::Stub& agent_;
};

}  // namespace sandboxlet::bench

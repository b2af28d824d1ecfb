#pragma once

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/figure.h"
#include "kube/connection.h"
#include "tests/rig/core_loop.h"
#include "tests/rig/recorder.h"

namespace sandboxlet::bench {

// A cluster as its user meets it: requests to the API server, and a watch on which their outcome is
// seen. Every function answers milliseconds from the request to that.
class ClusterDriver {
 public:
  static Result<std::unique_ptr<ClusterDriver>> make(const std::string& kubeconfig);

  // From the object's creation to Ready=True.
  Result<double> create(const std::string& name);
  // All at once; how long each of them took.
  Result<Samples> create_all(const std::vector<std::string>& names);
  Result<Samples> create_all_of(const std::vector<nlohmann::json>& sandboxes);
  // From the object's creation to its binding to a node.
  Result<double> create_bound(const std::string& name);
  // From the patch of spec.pause to Suspended=True, or to Ready=True.
  Result<double> pause(const std::string& name);
  Result<double> resume(const std::string& name);
  // Gives it a Service, and waits until that leads to it.
  Result<> serve(const std::string& name);
  // Pauses and resumes one that is served; from Ready=True, as the watch shows it, to its endpoint.
  Result<double> endpoint_after_resume(const std::string& name);
  // Until the objects are gone.
  Result<> remove_all(const std::vector<std::string>& names);

 private:
  explicit ClusterDriver(const kube::ClusterConfig& config);
  Result<> follow();
  // Until it is so of each; what says it for an error.
  Result<Samples> create_until(const std::vector<nlohmann::json>& sandboxes,
                               const std::function<bool(const std::string& name)>& is_so,
                               const std::string& what);
  Result<double> patch(const std::string& name, bool pause, const std::string& condition);
  Result<> wait_for_endpoint(const std::string& name, bool ready);
  // Of its newest generation.
  bool holds(const std::string& name, const std::string& condition);

  test::CoreLoop loop_;
  asio::thread_pool pool_{1};
  kube::Connection connection_;
  test::Recorder seen_{loop_};
  test::Recorder slices_{loop_};
  std::unique_ptr<kube::Reflector> reflector_;
  // Of EndpointSlices, from the first Sandbox on that is served.
  std::unique_ptr<kube::Reflector> slice_reflector_;
};

}  // namespace sandboxlet::bench

#pragma once

#include <prometheus/family.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "agent/sandbox/actor.h"
#include "cri/client.h"

namespace sandboxlet::agent {

// What Prometheus is told of this agent. Noted on the core thread; text() may be called on any.
// Labels have few values each: never a Sandbox's name.
class Metrics {
 public:
  explicit Metrics(const std::string& version);

  // One action of an actor; kind as kind_of() has it.
  void operation(const OperationRecord& record);
  // One call to the runtime.
  void runtime_call(const cri::CallRecord& record);
  // One exchange with the API server; status 0 where there was no answer.
  void api_request(const std::string& method, int status);
  // A suspension or a resume that is done.
  void passage(const PassageRecord& record);
  // A hibernation of that Sandbox has taken so many bytes out of memory.
  void gave_back(const std::string& uid, uint64_t bytes);
  // A Sandbox as it is from now on, by its uid: counted by phase and depth, its restarts added up.
  void changed(const api::Sandbox& sandbox);
  void deleted(const std::string& uid);

  // Prometheus' text format, version 0.0.4.
  std::string text() const;

 private:
  // What was told of a Sandbox so far.
  struct Known {
    std::string phase;
    std::string depth;
    int64_t restarts = 0;
    // Until it is thawed.
    double given_back = 0;
  };

  prometheus::Gauge& sandboxes(const Known& known);

  prometheus::Registry registry_;
  prometheus::Family<prometheus::Histogram>& operations_;
  prometheus::Family<prometheus::Counter>& operation_errors_;
  prometheus::Family<prometheus::Histogram>& runtime_operations_;
  prometheus::Family<prometheus::Counter>& runtime_errors_;
  prometheus::Family<prometheus::Counter>& api_requests_;
  prometheus::Family<prometheus::Gauge>& sandboxes_;
  prometheus::Family<prometheus::Histogram>& suspends_;
  prometheus::Family<prometheus::Histogram>& resumes_;
  prometheus::Family<prometheus::Counter>& wakes_;
  prometheus::Counter& given_back_total_;
  prometheus::Gauge& given_back_;
  prometheus::Counter& restarts_;
  std::map<std::string, Known> known_;  // by uid
};

// "Pending", "Running", "Suspending", "Suspended", "Succeeded", "Failed" or "Terminating".
std::string phase_label(const api::Sandbox& sandbox);

}  // namespace sandboxlet::agent

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
  Metrics(const std::string& version, Clock& clock);

  // One action of an actor; kind as kind_of() has it.
  void operation(const OperationRecord& record);
  // One call to the runtime.
  void runtime_call(const cri::CallRecord& record);
  // One exchange with the API server; status 0 where there was no answer.
  void api_request(const std::string& method, int status);
  // A Sandbox as it is from now on, by its uid: counted by phase and depth, its restarts added up,
  // the time of its suspensions and resumes taken.
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
    bool wants_suspension = false;
    // Since when it is to be suspended, or to run, and is not yet; the depth that it was at.
    std::optional<TimePoint> asked;
    std::string from;
  };

  prometheus::Gauge& sandboxes(const Known& known);
  void follow_transition(const api::Sandbox& sandbox, Known& known, bool is_new);

  Clock& clock_;
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Histogram>& operations_;
  prometheus::Family<prometheus::Counter>& operation_errors_;
  prometheus::Family<prometheus::Histogram>& runtime_operations_;
  prometheus::Family<prometheus::Counter>& runtime_errors_;
  prometheus::Family<prometheus::Counter>& api_requests_;
  prometheus::Family<prometheus::Gauge>& sandboxes_;
  prometheus::Family<prometheus::Histogram>& suspends_;
  prometheus::Family<prometheus::Histogram>& resumes_;
  prometheus::Counter& restarts_;
  std::map<std::string, Known> known_;  // by uid
};

// "Pending", "Running", "Suspending", "Suspended", "Succeeded", "Failed" or "Terminating".
std::string phase_label(const api::Sandbox& sandbox);

}  // namespace sandboxlet::agent

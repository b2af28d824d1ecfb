#include "agent/metrics/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/text_serializer.h>

#include <sstream>

#include "api/conditions.h"

namespace sandboxlet::agent {

namespace {

// Seconds: from a freeze (0.3 ms) to a pull of an image.
const prometheus::Histogram::BucketBoundaries kBuckets{0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                       0.025,   0.05,   0.1,   0.25,   0.5,   1,
                                                       2.5,     5,      10,    30,     60,    120};

const std::string kFreeze = to_string(api::Depth::kFreeze);
const std::string kHibernate = to_string(api::Depth::kHibernate);

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

bool holds(const api::Sandbox& sandbox, const char* type) {
  return api::is_true(sandbox.status.conditions, type);
}

int64_t restarts_of(const api::Sandbox& sandbox) {
  int64_t sum = 0;
  for (const auto& container : sandbox.status.containers) sum += container.restartCount;
  return sum;
}

std::string depth_of(const api::Sandbox& sandbox) {
  return sandbox.status.suspend ? sandbox.status.suspend->depth : "";
}

}  // namespace

std::string phase_label(const api::Sandbox& sandbox) {
  if (!sandbox.metadata.deletionTimestamp.empty()) return "Terminating";
  if (holds(sandbox, "Suspended")) return "Suspended";
  if (wants_suspension(sandbox.spec)) return "Suspending";
  if (holds(sandbox, "Finished")) {
    const auto* const finished = api::find_condition(sandbox.status.conditions, "Finished");
    return finished->reason == "PodSucceeded" ? "Succeeded" : "Failed";
  }
  return holds(sandbox, "Ready") ? "Running" : "Pending";
}

Metrics::Metrics(const std::string& version)
    : operations_(prometheus::BuildHistogram()
                      .Name("sandboxlet_operations_duration_seconds")
                      .Help("What the agent did for its Sandboxes, by kind")
                      .Register(registry_)),
      operation_errors_(prometheus::BuildCounter()
                            .Name("sandboxlet_operations_errors_total")
                            .Help("What of it failed, by kind and code")
                            .Register(registry_)),
      runtime_operations_(prometheus::BuildHistogram()
                              .Name("sandboxlet_runtime_operations_duration_seconds")
                              .Help("Calls to the container runtime, by CRI's verb")
                              .Register(registry_)),
      runtime_errors_(prometheus::BuildCounter()
                          .Name("sandboxlet_runtime_operations_errors_total")
                          .Help("Calls to the container runtime that failed, by verb and code")
                          .Register(registry_)),
      api_requests_(prometheus::BuildCounter()
                        .Name("rest_client_requests_total")
                        .Help("Exchanges with the API server, by method and status code")
                        .Register(registry_)),
      sandboxes_(prometheus::BuildGauge()
                     .Name("sandboxlet_sandboxes")
                     .Help("Sandboxes on this node, by phase and by depth of suspension")
                     .Register(registry_)),
      suspends_(prometheus::BuildHistogram()
                    .Name("sandboxlet_suspend_duration_seconds")
                    .Help("From the wish for a suspension to its being so, by depth and reason")
                    .Register(registry_)),
      resumes_(prometheus::BuildHistogram()
                   .Name("sandboxlet_resume_duration_seconds")
                   .Help("From the wish for a resume, or the packet that woke it, to Ready, "
                         "by cause and the depth that it came from")
                   .Register(registry_)),
      wakes_(prometheus::BuildCounter()
                 .Name("sandboxlet_wakes_total")
                 .Help("Sandboxes that slept for want of work and are Ready again, by cause")
                 .Register(registry_)),
      given_back_total_(prometheus::BuildCounter()
                            .Name("sandboxlet_memory_given_back_bytes_total")
                            .Help("What hibernations have taken out of memory")
                            .Register(registry_)
                            .Add({{"depth", kHibernate}})),
      given_back_(prometheus::BuildGauge()
                      .Name("sandboxlet_memory_given_back_bytes")
                      .Help("What of that is given back now, by hibernations of this life of the "
                            "agent")
                      .Register(registry_)
                      .Add({{"depth", kHibernate}})),
      restarts_(prometheus::BuildCounter()
                    .Name("sandboxlet_container_restarts_total")
                    .Help("Containers that were started again, in this life of the agent")
                    .Register(registry_)
                    .Add({})) {
  prometheus::BuildGauge()
      .Name("sandboxlet_build_info")
      .Help("Always 1")
      .Register(registry_)
      .Add({{"version", version}})
      .Set(1);
}

void Metrics::operation(const OperationRecord& record) {
  operations_.Add({{"kind", record.kind}}, kBuckets).Observe(seconds(record.took));
  if (record.error == nullptr) return;
  const std::string code(to_string(record.error->code()));
  operation_errors_.Add({{"kind", record.kind}, {"code", code}}).Increment();
}

void Metrics::runtime_call(const cri::CallRecord& record) {
  const std::string verb(record.verb);
  runtime_operations_.Add({{"operation_type", verb}}, kBuckets).Observe(seconds(record.took));
  if (!record.error) return;
  const std::string code(to_string(*record.error));
  runtime_errors_.Add({{"operation_type", verb}, {"code", code}}).Increment();
}

void Metrics::api_request(const std::string& method, int status) {
  const std::string code = status == 0 ? "<error>" : std::to_string(status);
  api_requests_.Add({{"method", method}, {"code", code}}).Increment();
}

prometheus::Gauge& Metrics::sandboxes(const Known& known) {
  return sandboxes_.Add({{"phase", known.phase}, {"depth", known.depth}});
}

void Metrics::changed(const api::Sandbox& sandbox) {
  const auto [entry, is_new] = known_.try_emplace(sandbox.metadata.uid);
  Known& known = entry->second;
  if (!is_new) sandboxes(known).Decrement();
  known.phase = phase_label(sandbox);
  known.depth = depth_of(sandbox);
  sandboxes(known).Increment();
  const bool is_frozen = known.depth == kFreeze || known.depth == kHibernate;
  if (!is_frozen) given_back_.Decrement(std::exchange(known.given_back, 0));
  const int64_t restarts = restarts_of(sandbox);
  // Those of before this agent's life, and a count that begins anew, are none.
  if (!is_new && restarts > known.restarts) {
    restarts_.Increment(static_cast<double>(restarts - known.restarts));
  }
  known.restarts = restarts;
}

void Metrics::passage(const PassageRecord& record) {
  auto& family = record.is_resume ? resumes_ : suspends_;
  const char* const why = record.is_resume ? "cause" : "reason";
  family.Add({{"depth", record.depth}, {why, record.cause}}, kBuckets)
      .Observe(seconds(record.took));
  if (record.was_asleep) wakes_.Add({{"cause", record.cause}}).Increment();
}

void Metrics::gave_back(const std::string& uid, uint64_t bytes) {
  const auto entry = known_.find(uid);
  if (entry == known_.end()) return;
  const auto more = static_cast<double>(bytes);
  given_back_total_.Increment(more);
  given_back_.Increment(more);
  entry->second.given_back += more;
}

void Metrics::deleted(const std::string& uid) {
  const auto entry = known_.find(uid);
  if (entry == known_.end()) return;
  sandboxes(entry->second).Decrement();
  given_back_.Decrement(entry->second.given_back);
  known_.erase(entry);
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(registry_.Collect());
}

}  // namespace sandboxlet::agent

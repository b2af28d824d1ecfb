#include "tests/simulation/cluster_life.h"

#include <stdexcept>

#include "kube/heartbeat.h"

namespace sandboxlet::simulation {

ClusterLife::ClusterLife(Machine& machine, kube::FakeApiServer& server, const std::string& node,
                         Duration renewed_ago)
    : machine_(machine), server_(server) {
  loop_.clock().advance(machine.clock().now() - loop_.clock().now());
  auto store = agent::Store::open(machine.data_root(), loop_.io().get_executor());
  if (!store) throw std::runtime_error(store.error().message());
  store_ = std::move(*store);
  source_ = std::make_unique<agent::ApiSource>(
      agent::ApiSourceContext{loop_.io(), loop_.clock(), events_, *store_, client_, server_, node,
                              loop_.clock().now() - renewed_ago, kube::Heartbeat::kLasts});
  auto note = [this](const api::Sandbox&, const agent::OperationRecord& record) {
    operations_.push_back(record.kind + (record.error == nullptr ? "" : "!"));
  };
  source_->set_records({std::move(note), {}});
  manager_ = std::make_unique<agent::Manager>(parts_.manager_context(*source_));
  if (auto started = source_->start(*manager_); !started) {
    throw std::runtime_error(started.error().message());
  }
  manager_->start();
}

// Awaited calls go first: their frames need a loop to be destroyed on.
ClusterLife::~ClusterLife() {
  machine_.runtime().client_died(finish_calls_);
  server_.client_died(finish_calls_);
}

}  // namespace sandboxlet::simulation

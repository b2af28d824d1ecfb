#pragma once

#include <boost/asio/post.hpp>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "telemetry/http_server.h"

namespace sandboxlet {

// One thing that must hold; runs on the server's thread, and may block for some seconds.
struct HealthCheck {
  std::string name;
  std::function<Result<>()> check;
};

struct TelemetryContext {
  // In Prometheus' text format.
  std::function<std::string()> metrics;
  // Whether to restart the program.
  std::vector<HealthCheck> health;
  // Whether it can be used; health's are among them.
  std::vector<HealthCheck> ready;
};

// GET /metrics, /healthz and /readyz. The two last answer as the API server's: "ok", or 500 with a
// line for each check; with ?verbose always the lines.
HttpServer::Handler telemetry(TelemetryContext context);

// What ask answers on the core thread; nothing where the core does not come to it for two seconds.
// Blocks, on another thread.
template <class T>
std::optional<T> ask_core(asio::io_context& io, std::function<T()> ask) {
  const auto answer = std::make_shared<std::promise<T>>();
  auto future = answer->get_future();
  asio::post(io, [answer, ask = std::move(ask)] { answer->set_value(ask()); });
  if (future.wait_for(std::chrono::seconds(2)) != std::future_status::ready) return std::nullopt;
  return future.get();
}

// Holds when ask, run on the core thread, holds; fails when the core does not come to it.
HealthCheck core_check(std::string name, asio::io_context& io, std::function<Result<>()> ask);

}  // namespace sandboxlet

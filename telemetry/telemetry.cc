#include "telemetry/telemetry.h"

namespace sandboxlet {

namespace {

HttpAnswer answer_checks(const std::string& name, const std::vector<HealthCheck>& checks,
                         bool verbose) {
  bool well = true;
  std::string lines;
  for (const auto& [what, check] : checks) {
    const Result<> result = check();
    well = well && result.has_value();
    lines += result ? "[+]" + what + " ok\n"
                    : "[-]" + what + " failed: " + result.error().message() + "\n";
  }
  HttpAnswer answer;
  answer.status = well ? 200 : 500;
  answer.body = lines + name + " check " + (well ? "passed\n" : "failed\n");
  if (well && !verbose) answer.body = "ok";
  return answer;
}

}  // namespace

HttpServer::Handler telemetry(TelemetryContext context) {
  return [context = std::move(context)](const std::string& target) -> HttpAnswer {
    const size_t query = target.find('?');
    const std::string path = target.substr(0, query);
    const bool verbose = query != std::string::npos && target.substr(query + 1) == "verbose";
    if (path == "/metrics") {
      return {200, "text/plain; version=0.0.4; charset=utf-8", context.metrics()};
    }
    if (path == "/healthz") return answer_checks("healthz", context.health, verbose);
    if (path == "/readyz") return answer_checks("readyz", context.ready, verbose);
    HttpAnswer unknown;
    unknown.status = 404;
    unknown.body = "there are /metrics, /healthz and /readyz\n";
    return unknown;
  };
}

HealthCheck core_check(std::string name, asio::io_context& io, std::function<Result<>()> ask) {
  auto check = [&io, ask = std::move(ask)]() -> Result<> {
    if (auto answer = ask_core<Result<>>(io, ask)) return *std::move(answer);
    return Error(Code::kDeadlineExceeded, "the core has not answered for 2 s");
  };
  return {std::move(name), std::move(check)};
}

}  // namespace sandboxlet

#include "agent/cluster/registration.h"

#include <spdlog/spdlog.h>

#include "api/time.h"
#include "kube/heartbeat.h"

namespace sandboxlet::agent {

namespace {

using Json = nlohmann::json;

constexpr char kManager[] = "sandboxlet";
constexpr Duration kPeriod = std::chrono::seconds(10);
constexpr Duration kRetry = std::chrono::seconds(1);

}  // namespace

// Kept alive by its own coroutine, which ends soon after stop().
class Registration::Loop : public std::enable_shared_from_this<Loop> {
 public:
  Loop(asio::io_context& io, Clock& clock, kube::Client& client, Observe observe, Renewed renewed)
      : io_(io),
        clock_(clock),
        client_(client),
        observe_(std::move(observe)),
        renewed_(std::move(renewed)) {}

  void start() { asio::co_spawn(io_, run(shared_from_this()), die_on_exception); }

  void stop() {
    stopped_ = true;
    heartbeat_.reset();
  }

 private:
  Task<void> run(std::shared_ptr<Loop> self) {
    while (!stopped_) {
      const NodeFacts facts = co_await observe_();
      if (stopped_) break;
      const auto told = co_await tell(facts);
      if (stopped_) break;
      note(told);
      if (told && !heartbeat_) begin_heartbeat(facts.name);
      const Duration wait = told ? kPeriod : kRetry;
      co_await clock_.sleep(wait);
    }
    static_cast<void>(self);
  }

  Task<Result<>> tell(const NodeFacts& facts) {
    const kube::ObjectRef ref{kube::kSandboxNodes, "", facts.name, ""};
    const kube::ObjectRef status_ref{kube::kSandboxNodes, "", facts.name, "status"};
    if (seen_.is_null()) {
      CO_TRY(seen_, co_await client_.apply(ref, node_object(facts), kManager, /*force=*/true));
    }
    Json status = node_status(facts, seen_, api::format_time(clock_.wall()));
    if (status["status"] == told_) co_return Result<>();
    auto applied = co_await client_.apply(status_ref, status, kManager, /*force=*/true);
    if (!applied) {
      // It may have been removed.
      seen_ = nullptr;
      co_return std::move(applied.error());
    }
    seen_ = std::move(*applied);
    told_ = status["status"];
    co_return Result<>();
  }

  void begin_heartbeat(const std::string& name) {
    kube::HeartbeatOptions options;
    options.namespace_ = kube::kNodeLeaseNamespace;
    options.name = name;
    options.owner = {{"apiVersion", seen_["apiVersion"]},
                     {"kind", seen_["kind"]},
                     {"name", name},
                     {"uid", seen_["metadata"]["uid"]}};
    options.on_renewed = renewed_;
    heartbeat_ = std::make_unique<kube::Heartbeat>(io_, clock_, client_, std::move(options));
  }

  // When it changes.
  void note(const Result<>& told) {
    const std::string trouble = told ? "" : told.error().message();
    if (trouble == trouble_) return;
    trouble_ = trouble;
    if (told) {
      spdlog::info("registration: this node is known to the API server");
    } else {
      spdlog::warn("registration: {}", trouble);
    }
  }

  asio::io_context& io_;
  Clock& clock_;
  kube::Client& client_;
  const Observe observe_;
  const Renewed renewed_;
  // The object as it was last read; null: not known.
  Json seen_;
  // The status that was last written.
  Json told_;
  std::string trouble_ = "not told yet";
  bool stopped_ = false;
  std::unique_ptr<kube::Heartbeat> heartbeat_;
};

Registration::Registration(asio::io_context& io, Clock& clock, kube::Client& client,
                           Observe observe, Renewed renewed)
    : loop_(std::make_shared<Loop>(io, clock, client, std::move(observe), std::move(renewed))) {
  loop_->start();
}

Registration::~Registration() { loop_->stop(); }

}  // namespace sandboxlet::agent

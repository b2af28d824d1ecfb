#include "kube/heartbeat.h"

#include <spdlog/spdlog.h>

#include "api/time.h"
#include "base/jitter.h"

namespace sandboxlet::kube {

namespace {

using Json = nlohmann::json;

constexpr int kTries = 5;
constexpr Duration kFirstWait = std::chrono::milliseconds(100);
constexpr Duration kLongestWait = std::chrono::seconds(7);

}  // namespace

// Kept alive by its own coroutine, which ends soon after stop().
class Heartbeat::Loop : public std::enable_shared_from_this<Loop> {
 public:
  Loop(asio::io_context& io, Clock& clock, Client& client, HeartbeatOptions options)
      : io_(io), clock_(clock), client_(client), options_(std::move(options)) {}

  void start() { asio::co_spawn(io_, run(shared_from_this()), die_on_exception); }
  void stop() { stopped_ = true; }

 private:
  Task<void> run(std::shared_ptr<Loop> self) {
    while (!stopped_) {
      const Duration wait = co_await beat();
      co_await clock_.sleep(wait);
    }
    static_cast<void>(self);
  }

  // One beat; answers how long to wait for the next.
  Task<Duration> beat() {
    Result<> renewed;
    for (int tries = 0; tries < kTries && !stopped_; ++tries) {
      renewed = co_await renew();
      if (renewed) break;
    }
    tell(renewed);
    if (!renewed && lease_.is_null()) {
      first_wait_ = std::min(first_wait_ * 2, kLongestWait);
      co_return first_wait_;
    }
    co_return std::chrono::duration_cast<Duration>(kPeriod * jitter_.between(0.96, 1.04));
  }

  Task<Result<>> renew() {
    const TimePoint asked_at = clock_.now();
    Json next = lease_.is_null() ? fresh() : lease_;
    next["spec"]["renewTime"] = api::format_micro_time(clock_.wall());
    const ObjectRef ref{kLeases, options_.namespace_, options_.name, ""};
    const ObjectRef all{kLeases, options_.namespace_, "", ""};
    auto write = lease_.is_null() ? client_.create(all, next) : client_.update(ref, next);
    auto written = co_await std::move(write);
    if (!written && written.error().code() == Code::kNotFound) lease_ = nullptr;
    const bool changed = !written && (written.error().code() == Code::kFailedPrecondition ||
                                      written.error().code() == Code::kAlreadyExists);
    if (changed) {
      auto now = co_await client_.get(ref);
      if (now) lease_ = std::move(*now);
    }
    if (!written) co_return std::move(written.error());
    lease_ = std::move(*written);
    if (!stopped_ && options_.on_renewed) options_.on_renewed(asked_at);
    co_return Result<>();
  }

  Json fresh() const {
    Json lease{{"apiVersion", "coordination.k8s.io/v1"}, {"kind", "Lease"}};
    lease["metadata"]["name"] = options_.name;
    if (!options_.owner.is_null()) lease["metadata"]["ownerReferences"] = {options_.owner};
    lease["spec"]["holderIdentity"] = options_.name;
    lease["spec"]["leaseDurationSeconds"] =
        std::chrono::duration_cast<std::chrono::seconds>(kLasts).count();
    return lease;
  }

  // When it changes.
  void tell(const Result<>& renewed) {
    const std::string trouble = renewed ? "" : renewed.error().message();
    if (trouble.empty() != trouble_.empty()) {
      if (renewed) {
        spdlog::info("lease {}: renewed again", options_.name);
      } else {
        spdlog::warn("lease {}: {}", options_.name, trouble);
      }
    }
    trouble_ = trouble;
  }

  asio::io_context& io_;
  Clock& clock_;
  Client& client_;
  const HeartbeatOptions options_;
  // As it was last written or read; null: not known.
  Json lease_;
  std::string trouble_;
  Duration first_wait_ = kFirstWait;
  bool stopped_ = false;
  Jitter jitter_{clock_};
};

Heartbeat::Heartbeat(asio::io_context& io, Clock& clock, Client& client, HeartbeatOptions options)
    : loop_(std::make_shared<Loop>(io, clock, client, std::move(options))) {
  loop_->start();
}

Heartbeat::~Heartbeat() { loop_->stop(); }

}  // namespace sandboxlet::kube

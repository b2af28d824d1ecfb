#include "kube/leader_elector.h"

#include <spdlog/spdlog.h>

#include "base/jitter.h"
#include "kube/election.h"
#include "kube/reflector.h"

namespace sandboxlet::kube {

// Kept alive by its own coroutines, which end soon after stop().
class LeaderElector::Loop : public std::enable_shared_from_this<Loop>, private ReflectorHandler {
 public:
  using ReflectorHandler::Json;

  Loop(asio::io_context& io, Clock& clock, Client& client, Http& streams, ElectionOptions options)
      : io_(io), clock_(clock), client_(client), streams_(streams), options_(std::move(options)) {
    election_.identity = options_.identity;
    election_.duration = options_.duration;
  }

  void start() {
    ReflectorHandler& handler = *this;
    const Selection selection{kLeases, options_.namespace_, "metadata.name=" + options_.name, ""};
    watch_ = std::make_unique<Reflector>(io_, clock_, streams_, selection, handler);
    asio::co_spawn(io_, run(shared_from_this()), die_on_exception);
  }

  void stop() {
    stopped_ = true;
    watch_.reset();
    timer_.reset();
  }

  bool leads() const { return election_.leads; }

  Task<void> release() {
    const bool led = election_.leads;
    stop();
    election_.leads = false;
    if (!led) co_return;
    const auto done = co_await client_.update(ref(), released(election_, clock_.wall()));
    if (!done) spdlog::warn("leader election: not released: {}", done.error().message());
  }

 private:
  ObjectRef ref() const { return {kLeases, options_.namespace_, options_.name, ""}; }

  Task<void> run(std::shared_ptr<Loop> self) {
    while (!stopped_) {
      co_await campaign();
      if (!stopped_) co_await clock_.sleep(pause());
    }
    static_cast<void>(self);
  }

  // client-go stretches a candidate's waits by up to 1.2 of themselves.
  Duration pause() {
    const Duration period = retry_period(options_.duration);
    if (election_.leads) return period;
    return std::chrono::duration_cast<Duration>(period * jitter_.between(1, 2.2));
  }

  // Takes or renews the lease where that may be. One at a time.
  Task<void> campaign() {
    if (is_writing_) co_return;
    is_writing_ = true;
    const Result<> done = co_await take();
    is_writing_ = false;
    if (!done && !stopped_) spdlog::warn("leader election: {}", done.error().message());
  }

  Task<Result<>> take() {
    if (!election_.leads) CO_CHECK_OK(co_await look());
    if (stopped_ || !may_take(election_, clock_.now())) co_return Result<>();
    const TimePoint begun = clock_.now();
    Json lease = taken(election_, options_.name, clock_.wall());
    const bool is_new = !election_.lease.is_object();
    const ObjectRef all{kLeases, options_.namespace_, "", ""};
    auto write =
        is_new ? client_.create(all, std::move(lease)) : client_.update(ref(), std::move(lease));
    auto written = co_await std::move(write);
    if (stopped_) co_return Result<>();
    if (!written) {
      const Code code = written.error().code();
      const bool changed = code == Code::kFailedPrecondition || code == Code::kAlreadyExists;
      if (!changed) co_return std::move(written.error());
      // Another was faster, or a write of one's own was taken whose answer was lost.
      CO_CHECK_OK(co_await look());
      const bool ours = holder() == options_.identity;
      if (ours || !election_.leads) co_return Result<>();
      co_return Error(Code::kFailedPrecondition, "the lease is " + holder() + "'s");
    }
    note_lease(election_, std::move(*written), clock_.now());
    // A request may hang for longer than the lease lasts: this does not wait for it.
    timer_ = clock_.call_at(begun + renew_deadline(options_.duration), [this] { lose(); });
    if (!std::exchange(election_.leads, true)) {
      watch_.reset();
      spdlog::info("leader election: {} leads", options_.identity);
      options_.on_elected();
    }
    co_return Result<>();
  }

  void lose() {
    spdlog::error("leader election: the lease could not be renewed");
    election_.leads = false;
    const auto told = options_.on_lost;
    stop();
    told();
  }

  Task<Result<>> look() {
    auto lease = co_await client_.get(ref());
    if (!lease && lease.error().code() != Code::kNotFound) co_return std::move(lease.error());
    Json now = lease ? std::move(*lease) : Json();
    note_lease(election_, std::move(now), clock_.now());
    co_return Result<>();
  }

  std::string holder() const {
    return election_.lease.value(Json::json_pointer("/spec/holderIdentity"), "");
  }

  // ---- The watch, until it leads
  void sync_begun() override {}
  void synced() override {}
  void connected(bool, const std::string&) override {}
  void gone(Json) override { see(nullptr); }
  void seen(Json lease) override { see(std::move(lease)); }

  void see(Json lease) {
    if (stopped_ || election_.leads) return;
    note_lease(election_, std::move(lease), clock_.now());
    const bool is_free = !election_.lease.is_object() || holder().empty();
    if (!is_free) return;
    // Not from within the watch that leading ends.
    timer_ = clock_.call_after(
        {}, [this] { asio::co_spawn(io_, campaign_once(shared_from_this()), die_on_exception); });
  }

  Task<void> campaign_once(std::shared_ptr<Loop> self) {
    co_await campaign();
    static_cast<void>(self);
  }

  asio::io_context& io_;
  Clock& clock_;
  Client& client_;
  Http& streams_;
  const ElectionOptions options_;
  Election election_;
  bool is_writing_ = false;
  bool stopped_ = false;
  std::unique_ptr<Timer> timer_;
  std::unique_ptr<Reflector> watch_;
  Jitter jitter_{clock_};
};

LeaderElector::LeaderElector(asio::io_context& io, Clock& clock, Client& client, Http& streams,
                             ElectionOptions options)
    : loop_(std::make_shared<Loop>(io, clock, client, streams, std::move(options))) {
  loop_->start();
}

LeaderElector::~LeaderElector() { loop_->stop(); }

bool LeaderElector::leads() const { return loop_->leads(); }

Task<void> LeaderElector::release() { return loop_->release(); }

}  // namespace sandboxlet::kube

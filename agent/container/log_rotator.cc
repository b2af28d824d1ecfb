#include "agent/container/log_rotator.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/strand.hpp>

#include "agent/container/rotate_files.h"
#include "base/offload.h"
#include "base/period.h"

namespace sandboxlet::agent {

namespace {

// The kubelet looks every 10 s; a container that writes 100 MB/s has then filled a gigabyte. A look
// at 200 containers takes half a millisecond.
constexpr auto kLookEvery = std::chrono::seconds(1);
// A container that ended between the look and the rotation is no news; it is gone at the next look.
constexpr int kFailuresToTell = 2;

}  // namespace

LogRotator::LogRotator(LogRotatorContext context)
    : context_(std::move(context)), files_(asio::make_strand(context_.pool)) {}

void LogRotator::start() { look_later(); }

void LogRotator::stop() {
  timer_.reset();
  stop_.request_stop();
}

void LogRotator::look_later() {
  const TimePoint when = next_period(context_.clock.now(), kLookEvery);
  timer_ = context_.clock.call_at(
      when, [this] { asio::co_spawn(context_.io, look_and_again(), die_on_exception); });
}

Task<void> LogRotator::look_and_again() {
  co_await look();
  look_later();
}

Task<void> LogRotator::look() {
  std::vector<RunningLog> logs = context_.running();
  std::erase_if(failures_, [&](const auto& failure) {
    return std::none_of(logs.begin(), logs.end(),
                        [&](const RunningLog& log) { return log.container_id == failure.first; });
  });
  std::erase_if(logs, [this](const RunningLog& log) { return busy_.contains(log.container_id); });
  auto find = [logs = std::move(logs), limits = context_.limits]() mutable {
    std::erase_if(logs, [&](const RunningLog& log) {
      return !needs_rotation(log.directory, log.attempt, limits);
    });
    return std::move(logs);
  };
  for (RunningLog& log : co_await offload(files_, std::move(find))) {
    busy_.insert(log.container_id);
    asio::co_spawn(context_.io, rotate(std::move(log)), die_on_exception);
  }
}

Task<void> LogRotator::rotate(RunningLog log) {
  const Result<> done = co_await try_to_rotate(log);
  busy_.erase(log.container_id);
  note(log, done);
}

Task<Result<>> LogRotator::try_to_rotate(const RunningLog& log) {
  auto begin = [log, limits = context_.limits, now = context_.clock.wall()] {
    return begin_rotation(log.directory, log.attempt, limits, now);
  };
  CO_TRY(const auto rotation, co_await offload(files_, begin));
  if (!rotation) co_return Result<>();
  const auto reopened = co_await context_.runtime.reopen_container_log(log.container_id);
  if (!reopened) {
    // The runtime goes on in the file that it has: that must stay the one that is looked at.
    auto undo = [log, rotation = *rotation] {
      return undo_rotation(log.directory, log.attempt, rotation);
    };
    CO_CHECK_OK(co_await offload(files_, undo));
    co_return reopened;
  }
  auto compress = [log, names = rotation->compress, stop = stop_.get_token()] {
    return compress_logs(log.directory, names, stop);
  };
  co_return co_await offload(files_, compress);
}

void LogRotator::note(const RunningLog& log, const Result<>& done) {
  if (done || done.error().code() == Code::kNotFound) {
    failures_.erase(log.container_id);
    return;
  }
  // Once, until it succeeds: it is tried again at every look.
  if (++failures_[log.container_id] != kFailuresToTell) return;
  spdlog::warn("{}: its log is not rotated: {}", log.owner, done.error().message());
}

}  // namespace sandboxlet::agent

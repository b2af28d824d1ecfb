#include "kube/event_recorder.h"

#include <spdlog/spdlog.h>

#include "api/time.h"
#include "kube/resource.h"

namespace sandboxlet::kube {

namespace {

using Json = nlohmann::json;

constexpr Duration kSeriesEnds = std::chrono::minutes(6);
constexpr Duration kSeriesIsTold = std::chrono::minutes(30);
constexpr int kTries = 12;
constexpr size_t kWriters = 4;
const Backoff kBackoff{std::chrono::seconds(10), std::chrono::seconds(10)};
// kubernetes: pkg/apis/core/validation/events.go.
constexpr size_t kMaxNote = 1024;

std::string cut(std::string text) {
  if (text.size() <= kMaxNote) return text;
  size_t end = kMaxNote - 3;
  // Not in the middle of a character.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

// Cluster-scoped subjects have theirs in "default".
std::string namespace_of(const EventSubject& subject) {
  return subject.namespace_.empty() ? "default" : subject.namespace_;
}

}  // namespace

EventRecorder::EventRecorder(asio::io_context& io, Clock& clock, Client& client,
                             std::string controller, std::string instance)
    : clock_(clock),
      client_(client),
      controller_(std::move(controller)),
      instance_(std::move(instance)),
      writes_(io, clock, kWriters, kBackoff,
              [this](std::string key) { return write(std::move(key)); }) {}

Json EventRecorder::event_of(const EventSubject& subject, const EventNote& note) const {
  Json event{{"apiVersion", "events.k8s.io/v1"}, {"kind", "Event"}};
  // A name of its own for each: the time in hexadecimal, as client-go has it.
  const auto nanoseconds = clock_.wall().time_since_epoch().count();
  event["metadata"]["name"] = fmt::format("{}.{:x}", subject.name, nanoseconds);
  event["metadata"]["namespace"] = namespace_of(subject);
  event["eventTime"] = api::format_micro_time(clock_.wall());
  event["type"] = note.warning ? "Warning" : "Normal";
  event["reason"] = note.reason;
  event["action"] = note.action;
  event["note"] = cut(note.note);
  event["reportingController"] = controller_;
  event["reportingInstance"] = instance_;
  Json& regarding = event["regarding"];
  regarding["apiVersion"] = subject.api_version;
  regarding["kind"] = subject.kind;
  if (!subject.namespace_.empty()) regarding["namespace"] = subject.namespace_;
  regarding["name"] = subject.name;
  regarding["uid"] = subject.uid;
  return event;
}

void EventRecorder::record(const EventSubject& subject, const EventNote& note) {
  forget_old();
  const std::string key = subject.uid + '\n' + (note.warning ? "w" : "n") + '\n' + note.reason +
                          '\n' + note.action + '\n' + note.note;
  const auto [found, is_new] = series_.try_emplace(key);
  Series& series = found->second;
  series.last = clock_.now();
  if (is_new) {
    series.event = event_of(subject, note);
  } else {
    ++series.count;
    if (series.told > 1 && clock_.now() - series.written < kSeriesIsTold) return;
  }
  writes_.add(key);
}

void EventRecorder::forget_old() {
  std::erase_if(series_, [this](const auto& entry) {
    const Series& series = entry.second;
    const bool told = series.told == series.count || series.tries >= kTries;
    return told && clock_.now() - series.last > kSeriesEnds;
  });
}

Task<Result<>> EventRecorder::write(std::string key) {
  const auto found = series_.find(key);
  if (found == series_.end() || found->second.told == found->second.count) co_return Result<>();
  Series& series = found->second;
  const int count = series.count;
  const std::string space = series.event["metadata"]["namespace"];
  const std::string name = series.event["metadata"]["name"];
  Json body = series.event;
  if (count > 1) {
    const Json state{{"count", count}, {"lastObservedTime", api::format_micro_time(clock_.wall())}};
    body["series"] = state;
  }
  const Json patch = body.contains("series") ? Json{{"series", body["series"]}} : Json();
  auto send = series.told == 0 ? client_.create({kEvents, space, "", ""}, body)
                               : client_.merge_patch({kEvents, space, name, ""}, patch);
  auto written = co_await std::move(send);
  // Only this removes while it is written: forget_old() leaves what is not told.
  const auto after = series_.find(key);
  if (after == series_.end()) co_return Result<>();
  if (written) {
    after->second.told = count;
    after->second.written = clock_.now();
    after->second.tries = 0;
    co_return Result<>();
  }
  ++after->second.tries;
  const bool again = is_retryable(written.error().code()) && after->second.tries < kTries;
  if (again) co_return std::move(written.error());
  spdlog::warn("event not written: {}", written.error().message());
  series_.erase(after);
  co_return Result<>();
}

}  // namespace sandboxlet::kube

#include "kube/event_recorder.h"

#include <spdlog/spdlog.h>

#include "api/time.h"
#include "kube/resource.h"

namespace sandboxlet::kube {

namespace {

using Json = nlohmann::json;

// What an Event tells of is likely to go on, and is not to wait for the Event.
constexpr Duration kDelay = std::chrono::milliseconds(500);
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
  tend();
  const std::string key = subject.uid + '\n' + (note.warning ? "w" : "n") + '\n' + note.reason +
                          '\n' + note.action + '\n' + note.note;
  const auto [found, is_new] = series_.try_emplace(key);
  Series& series = found->second;
  series.last = clock_.now();
  if (is_new) {
    series.event = event_of(subject, note).dump(-1, ' ', false, Json::error_handler_t::replace);
  } else {
    ++series.count;
  }
  if (series.told <= 1) writes_.add_at(key, clock_.now() + kDelay);
  tend_later();
}

void EventRecorder::hasten() {
  for (const auto& [key, series] : series_) {
    if (series.told == 0) writes_.add(key);
  }
}

// Tells how far the series have come, and forgets those that are over once that is told.
void EventRecorder::tend() {
  const TimePoint now = clock_.now();
  for (auto next = series_.begin(); next != series_.end();) {
    const auto& [key, series] = *next;
    const bool is_over = now - series.last > kSeriesEnds;
    const bool is_told = series.told == series.count;
    const bool is_due = is_over || now - series.written >= kSeriesIsTold;
    if (!is_told && series.told > 1 && is_due) writes_.add(key);
    next = is_told && is_over ? series_.erase(next) : std::next(next);
  }
}

void EventRecorder::tend_later() {
  if (timer_ || series_.empty()) return;
  timer_ = clock_.call_after(kSeriesEnds, [this] {
    timer_.reset();
    tend();
    tend_later();
  });
}

Task<Result<Json>> EventRecorder::send(const Series& series) {
  Json body = Json::parse(series.event);
  const std::string space = body["metadata"]["namespace"];
  const std::string name = body["metadata"]["name"];
  if (series.count > 1) {
    const WallTime last = clock_.wall() - (clock_.now() - series.last);
    body["series"]["count"] = series.count;
    body["series"]["lastObservedTime"] = api::format_micro_time(last);
  }
  if (series.told == 0) return client_.create({kEvents, space, "", ""}, std::move(body));
  return client_.merge_patch({kEvents, space, name, ""}, {{"series", body["series"]}});
}

Task<Result<>> EventRecorder::write(std::string key) {
  auto found = series_.find(key);
  if (found == series_.end() || found->second.told == found->second.count) co_return Result<>();
  const int count = found->second.count;
  const bool is_new = found->second.told == 0;
  auto send = this->send(found->second);
  const auto written = co_await std::move(send);
  // tend() leaves what is not told.
  found = series_.find(key);
  if (found == series_.end()) co_return Result<>();
  Series& series = found->second;
  if (written) {
    series.told = count;
    series.written = clock_.now();
    series.tries = 0;
    co_return Result<>();
  }
  const Code code = written.error().code();
  // An answer was lost, or the server has forgotten it (an Event lives for an hour).
  const bool differs = code == (is_new ? Code::kAlreadyExists : Code::kNotFound);
  if (differs) series.told = is_new ? 1 : 0;
  ++series.tries;
  if ((differs || is_retryable(code)) && series.tries < kTries) {
    if (!differs) co_return written.error();
    writes_.add(key);
    co_return Result<>();
  }
  spdlog::warn("event not written: {}", written.error().message());
  series_.erase(found);
  co_return Result<>();
}

}  // namespace sandboxlet::kube

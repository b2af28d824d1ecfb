#include "kube/reflector.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>

#include "base/jitter.h"
#include "kube/reflection.h"
#include "kube/splitter.h"
#include "kube/status.h"

namespace sandboxlet::kube {

namespace {

using Json = nlohmann::json;

constexpr int kPageSize = 500;
constexpr size_t kMaxRefusal = size_t{64} << 10;
constexpr char kInitialEventsEnd[] = "k8s.io/initial-events-end";

// How a request ended, and what to tell of it.
struct End {
  Ending ending = Ending::kFailed;
  std::string why;
  std::optional<Duration> retry_after;
};

End end_of(const Status& status, Ask asked) {
  End end{Ending::kFailed, status.message, status.retry_after};
  if (is_expired(status)) {
    end.ending = Ending::kExpired;
  } else if (is_too_large(status)) {
    end.ending = Ending::kTooLarge;
  } else if (asked == Ask::kWatchList && status.code != 429) {
    end.ending = Ending::kRefused;
  }
  return end;
}

std::string version_of(const Json& object) {
  const auto meta = object.find("metadata");
  if (meta == object.end() || !meta->is_object()) return "";
  return meta->value("resourceVersion", "");
}

bool ends_initial_events(const Json& bookmark) {
  const Json annotations = bookmark.value(Json::json_pointer("/metadata/annotations"), Json());
  return annotations.is_object() && annotations.value(kInitialEventsEnd, "") == "true";
}

}  // namespace

// Kept alive by its own coroutine, which ends soon after stop().
class Reflector::Loop : public std::enable_shared_from_this<Loop> {
 public:
  Loop(asio::io_context& io, Clock& clock, Http& http, Selection selection,
       ReflectorHandler& handler)
      : io_(io), clock_(clock), http_(http), selection_(std::move(selection)), handler_(handler) {}

  void start() { asio::co_spawn(io_, run(shared_from_this()), die_on_exception); }

  void stop() {
    stopped_ = true;
    watchdog_.reset();
    stream_.reset();
  }

 private:
  using Pieces = std::function<std::optional<End>(std::string_view piece)>;

  Task<void> run(std::shared_ptr<Loop> self) {
    while (!stopped_) {
      const Ask ask = next_ask(state_);
      auto end = ask == Ask::kList ? list() : watch(ask);
      const End ended = co_await std::move(end);
      if (stopped_) break;
      const bool well = ended.ending == Ending::kClosed || ended.ending == Ending::kListed ||
                        ended.ending == Ending::kRefused;
      if (!well) note_connected(false, ended.why);
      const Duration wait =
          note_ending(state_, ended.ending, ended.retry_after, clock_.now(), jitter_.between(0, 1));
      if (wait > Duration()) co_await clock_.sleep(wait);
    }
    static_cast<void>(self);
  }

  // ---- One request

  Task<End> watch(Ask ask) {
    LineSplitter lines;
    bool heard = false;
    const TimePoint begun = clock_.now();
    if (ask == Ask::kWatchList) handler_.sync_begun();
    Pieces take = [&](std::string_view piece) {
      std::optional<End> end;
      lines.feed(piece, [&](std::string_view line) {
        if (stopped_ || end) return;
        heard = true;
        end = take_event(line, ask);
      });
      return end;
    };
    std::string path = path_of({selection_.resource, selection_.namespace_, "", ""}, query(ask));
    End end = co_await follow(std::move(path), ask, std::move(take));
    if (end.ending == Ending::kClosed && !state_.synced) {
      end.ending = Ending::kFailed;
      end.why = "the watch was closed before all was told";
      co_return end;
    }
    const bool early = !heard && clock_.now() - begun < std::chrono::seconds(1);
    if (end.ending == Ending::kClosed && early) {
      end.ending = Ending::kClosedEarly;
      end.why = "the watch was closed at once";
    }
    co_return end;
  }

  // All pages. One that fails begins again with the first.
  Task<End> list() {
    handler_.sync_begun();
    std::string token;
    for (;;) {
      ListSplitter items;
      Pieces take = [&](std::string_view piece) {
        items.feed(piece, [this](std::string_view item) {
          Json object = Json::parse(item, nullptr, /*allow_exceptions=*/false);
          if (!stopped_ && object.is_object()) handler_.seen(std::move(object));
        });
        return std::optional<End>();
      };
      Query page = query(Ask::kList);
      if (!token.empty()) page.emplace_back("continue", token);
      std::string path = path_of({selection_.resource, selection_.namespace_, "", ""}, page);
      End end = co_await follow(std::move(path), Ask::kList, std::move(take));
      if (stopped_ || end.ending != Ending::kClosed) co_return end;
      const Json rest = Json::parse(items.rest(), nullptr, /*allow_exceptions=*/false);
      if (!rest.is_object()) {
        end = End{Ending::kFailed, "the list is not JSON", {}};
        co_return end;
      }
      token = rest.value(Json::json_pointer("/metadata/continue"), "");
      if (!token.empty()) continue;
      note_synced(version_of(rest));
      end.ending = Ending::kListed;
      co_return end;
    }
  }

  // Reads a body to its end, or to where take says how it ended.
  Task<End> follow(std::string path, Ask ask, Pieces take) {
    HttpRequest request;
    request.path = std::move(path);
    request.headers = {"Accept: application/json"};
    auto opened = co_await http_.open(std::move(request));
    End end;
    if (!opened) {
      end.why = opened.error().message();
      co_return end;
    }
    if (stopped_) co_return end;
    stream_ = std::move(*opened);
    const HttpHead head = stream_->head();
    if (head.status < 400 && state_.synced) note_connected(true, "");
    if (stopped_) co_return end;
    std::string refusal;
    for (;;) {
      watch_over();
      auto piece = co_await stream_->read();
      if (stopped_) co_return end;
      if (!piece) {
        end.why = piece.error().message();
        break;
      }
      if (head.status >= 400) {
        refusal += *piece;
        if (!piece->empty() && refusal.size() < kMaxRefusal) continue;
        end = end_of(read_status(head, refusal), ask);
        break;
      }
      if (piece->empty()) {
        end.ending = Ending::kClosed;
        break;
      }
      if (auto told = take(*piece)) {
        end = std::move(*told);
        break;
      }
      if (stopped_) co_return end;
    }
    watchdog_.reset();
    stream_.reset();
    co_return end;
  }

  // A connection over which nothing comes for two bookmarks' time is taken for dead.
  void watch_over() {
    const std::chrono::duration<double> limit(jitter_.between(120, 150));
    watchdog_ = clock_.call_after(std::chrono::duration_cast<Duration>(limit),
                                  [this] { stream_->cancel(); });
  }

  Query query(Ask ask) {
    Query query;
    if (!selection_.field_selector.empty()) {
      query.emplace_back("fieldSelector", selection_.field_selector);
    }
    if (!selection_.label_selector.empty()) {
      query.emplace_back("labelSelector", selection_.label_selector);
    }
    if (ask == Ask::kList) {
      query.emplace_back("limit", std::to_string(kPageSize));
      return query;
    }
    const int seconds = static_cast<int>(jitter_.between(300, 600));
    query.emplace_back("watch", "1");
    query.emplace_back("allowWatchBookmarks", "true");
    query.emplace_back("timeoutSeconds", std::to_string(seconds));
    if (!state_.version.empty()) query.emplace_back("resourceVersion", state_.version);
    if (ask == Ask::kWatchList) {
      query.emplace_back("sendInitialEvents", "true");
      query.emplace_back("resourceVersionMatch", "NotOlderThan");
    }
    return query;
  }

  // ---- One event

  std::optional<End> take_event(std::string_view line, Ask ask) {
    Json event = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!event.is_object() || !event.contains("object") || !event["object"].is_object()) {
      return End{Ending::kFailed, "what came is not a watch event", {}};
    }
    const std::string type = event.value("type", "");
    Json& object = event["object"];
    if (type == "ERROR") return end_of(read_status(object), ask);
    // Before a sync's end a version would say that all up to it is known.
    const std::string version = version_of(object);
    if (state_.synced && !version.empty()) state_.version = version;
    if (type == "BOOKMARK") {
      if (!state_.synced && ends_initial_events(object)) note_synced(version);
    } else if (type == "DELETED") {
      handler_.gone(std::move(object));
    } else if (type == "ADDED" || type == "MODIFIED") {
      handler_.seen(std::move(object));
    }
    return std::nullopt;
  }

  void note_synced(const std::string& version) {
    state_.version = version;
    state_.synced = true;
    handler_.synced();
    if (!stopped_) note_connected(true, "");
  }

  void note_connected(bool is, const std::string& why) {
    if (connected_ == is) return;
    connected_ = is;
    handler_.connected(is, why);
  }

  asio::io_context& io_;
  Clock& clock_;
  Http& http_;
  const Selection selection_;
  ReflectorHandler& handler_;
  Reflection state_;
  std::optional<bool> connected_;
  bool stopped_ = false;
  std::unique_ptr<HttpStream> stream_;
  std::unique_ptr<Timer> watchdog_;
  Jitter jitter_{clock_};
};

Reflector::Reflector(asio::io_context& io, Clock& clock, Http& http, Selection selection,
                     ReflectorHandler& handler)
    : loop_(std::make_shared<Loop>(io, clock, http, std::move(selection), handler)) {
  loop_->start();
}

Reflector::~Reflector() { loop_->stop(); }

}  // namespace sandboxlet::kube

#include "kube/fake_api_server.h"

#include <algorithm>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <deque>
#include <utility>

namespace sandboxlet::kube {

namespace {

using Json = nlohmann::json;

constexpr Duration kBookmarkPeriod = std::chrono::minutes(1);

Error broken() { return Error(Code::kUnavailable, "the connection broke"); }

Json bookmark(int64_t version, bool ends_initial_events) {
  Json metadata{{"resourceVersion", std::to_string(version)}};
  if (ends_initial_events) metadata["annotations"]["k8s.io/initial-events-end"] = "true";
  return {{"type", "BOOKMARK"}, {"object", {{"metadata", std::move(metadata)}}}};
}

}  // namespace

// An answer on its way to who reads it. Shared by the stream and, where more may come, the server.
class FakeApiServer::Body {
 public:
  HttpHead head;
  // Of a watch.
  FakeSelection selection;
  int64_t after = 0;
  bool is_stalled = false;
  std::string untold;
  std::unique_ptr<Timer> delivery;
  std::unique_ptr<Timer> bookmarks;
  std::unique_ptr<Timer> time_is_over;

  bool is_over() const { return end_.has_value(); }

  void push(std::string piece) {
    if (end_ || piece.empty()) return;
    pieces_.push_back(std::move(piece));
    wake();
  }
  void finish(Result<> end) {
    if (end_) return;
    end_ = std::move(end);
    delivery.reset();
    bookmarks.reset();
    time_is_over.reset();
    wake();
  }
  void cancel() {
    pieces_.clear();
    end_.reset();
    finish(Error(Code::kCancelled, "the exchange was given up"));
  }
  // Nobody waits any more.
  void abandon() { const auto dropped = std::exchange(wake_, nullptr); }

  static Task<Result<std::string>> read(BodyPtr body) {
    while (body->pieces_.empty() && !body->end_) co_await wait(body);
    if (body->pieces_.empty()) {
      if (!*body->end_) co_return body->end_->error();
      co_return std::string();
    }
    std::string piece = std::move(body->pieces_.front());
    body->pieces_.pop_front();
    co_return piece;
  }

 private:
  // An ordinary function: g++ 12 miscompiles async_initiate inside a coroutine.
  static Task<void> wait(BodyPtr body) {
    return asio::async_initiate<const asio::use_awaitable_t<>, void()>(
        [body = std::move(body)](auto handler) {
          auto executor = asio::get_associated_executor(handler);
          auto reader = std::make_shared<decltype(handler)>(std::move(handler));
          body->wake_ = [executor, reader] {
            asio::post(executor, [reader] { std::move (*reader)(); });
          };
        },
        asio::use_awaitable);
  }
  void wake() {
    if (const auto wake = std::exchange(wake_, nullptr)) wake();
  }

  std::deque<std::string> pieces_;
  std::optional<Result<>> end_;
  std::function<void()> wake_;
};

class FakeApiServer::Stream final : public HttpStream {
 public:
  explicit Stream(BodyPtr body) : body_(std::move(body)) {}
  ~Stream() override { body_->cancel(); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  const HttpHead& head() const override { return body_->head; }
  Task<Result<std::string>> read() override { return Body::read(body_); }
  void cancel() override { body_->cancel(); }

 private:
  const BodyPtr body_;
};

// A request between its being sent and its answer.
struct FakeApiServer::Call {
  HttpRequest request;
  FakeHttpFault fault;
  std::function<void(Result<BodyPtr>)> answer;
  std::unique_ptr<Timer> due;
  std::unique_ptr<Timer> deadline;
};

FakeApiServer::FakeApiServer(Clock& clock) : clock_(clock), objects_(clock) {
  objects_.on_change = [this](const FakeChange& change) { tell(change); };
}

FakeApiServer::~FakeApiServer() { client_died(/*finish=*/false); }

// ---- A request's way

Task<Result<HttpResponse>> FakeApiServer::send(HttpRequest request) {
  CO_TRY(const BodyPtr body, co_await travel(std::move(request)));
  HttpResponse response;
  response.head = body->head;
  for (;;) {
    CO_TRY(const std::string piece, co_await Body::read(body));
    if (piece.empty()) co_return response;
    response.body += piece;
  }
}

Task<Result<std::unique_ptr<HttpStream>>> FakeApiServer::open(HttpRequest request) {
  CO_TRY(BodyPtr body, co_await travel(std::move(request)));
  std::unique_ptr<HttpStream> stream = std::make_unique<Stream>(std::move(body));
  co_return stream;
}

// An ordinary function: g++ 12 miscompiles async_initiate inside a coroutine.
Task<Result<FakeApiServer::BodyPtr>> FakeApiServer::travel(HttpRequest request) {
  return asio::async_initiate<const asio::use_awaitable_t<>, void(Result<BodyPtr>)>(
      [this, request = std::move(request)](auto handler) {
        auto executor = asio::get_associated_executor(handler);
        auto caller = std::make_shared<decltype(handler)>(std::move(handler));
        auto call = std::make_shared<Call>();
        call->request = request;
        call->answer = [executor, caller](Result<BodyPtr> result) {
          asio::post(executor, [caller, result = std::move(result)]() mutable {
            std::move (*caller)(std::move(result));
          });
        };
        depart(call);
      },
      asio::use_awaitable);
}

void FakeApiServer::depart(const std::shared_ptr<Call>& call) {
  requests_.push_back(call->request);
  if (away_) return call->answer(Error(Code::kUnavailable, "nobody listens"));
  if (fault) call->fault = fault(call->request);
  under_way_.push_back(call);
  // Held by the list alone: a call that was dropped from it takes its timers along.
  const std::weak_ptr<Call> weak = call;
  call->due = clock_.call_after(call->fault.delay, [this, weak] {
    if (const auto due = weak.lock()) arrive(due);
  });
  call->deadline = clock_.call_after(call->request.timeout, [weak] {
    const auto late = weak.lock();
    if (!late || !late->answer) return;
    std::exchange(late->answer, nullptr)(Error(Code::kUnavailable, "Timeout was reached"));
  });
}

void FakeApiServer::arrive(const std::shared_ptr<Call>& call) {
  const FakeHttpFault& fault = call->fault;
  if (fault.lost_before) return finish(call, broken());
  const BodyPtr body = fault.refusal ? whole(*fault.refusal) : perform(call->request);
  if (fault.retry_after_seconds) {
    body->head.headers["retry-after"] = std::to_string(*fault.retry_after_seconds);
  }
  const Result<BodyPtr> answer = fault.lost_after ? Result<BodyPtr>(broken()) : body;
  const std::weak_ptr<Call> weak = call;
  call->due = clock_.call_after(fault.answer_delay, [this, weak, answer] {
    if (const auto due = weak.lock()) finish(due, answer);
  });
}

void FakeApiServer::finish(const std::shared_ptr<Call>& call, Result<BodyPtr> answer) {
  under_way_.remove(call);
  if (call->answer) std::exchange(call->answer, nullptr)(std::move(answer));
}

// ---- What it does

FakeApiServer::BodyPtr FakeApiServer::whole(const FakeAnswer& answer) {
  auto body = std::make_shared<Body>();
  body->head.status = answer.status;
  body->push(answer.body.dump());
  body->finish({});
  return body;
}

FakeApiServer::BodyPtr FakeApiServer::perform(const HttpRequest& request) {
  const auto parsed = parse_fake_request(request);
  if (!parsed) return whole(refuse(404, "NotFound", "404 page not found"));
  return parsed->is_watch() ? begin_watch(*parsed) : whole(answer_to(*parsed, objects_));
}

FakeApiServer::BodyPtr FakeApiServer::begin_watch(const FakeRequest& request) {
  auto watch = std::make_shared<Body>();
  watch->head.status = 200;
  watch->selection = request.selection();
  const std::string version = request.option("resourceVersion");
  const bool begins_with_all = request.option("sendInitialEvents") == "true";
  if (auto refusal = objects_.check(watch->selection)) return whole(*refusal);
  if (begins_with_all && !knows_watch_list) {
    // As a server says it whose etcd cannot.
    tell_end(watch, refuse(500, "InternalError",
                           "a watch stream was requested by the client but the required storage "
                           "feature RequestWatchProgress is disabled"));
    return watch;
  }
  if (begins_with_all) {
    const auto listed = objects_.list(watch->selection, version, /*limit=*/1);
    if (listed.status >= 400) return whole(listed);
  } else if (!version.empty() && version != "0" && std::stoll(version) < objects_.oldest()) {
    const auto expired = refuse(
        410, "Expired",
        "too old resource version: " + version + " (" + std::to_string(objects_.oldest()) + ")");
    if (refuses_expired) return whole(expired);
    tell_end(watch, expired);
    return watch;
  }
  begin_telling(watch, request);
  return watch;
}

void FakeApiServer::begin_telling(const BodyPtr& watch, const FakeRequest& request) {
  const std::string version = request.option("resourceVersion");
  const bool begins_with_all = request.option("sendInitialEvents") == "true";
  watches_.push_back(watch);
  if (begins_with_all || version.empty() || version == "0") {
    watch->after = objects_.version();
    for (const Json& object : objects_.select(watch->selection)) {
      tell(watch, {{"type", "ADDED"}, {"object", object}});
    }
    if (begins_with_all) tell(watch, bookmark(objects_.version(), true));
  } else {
    // One of a version that is yet to come hears nothing until then.
    watch->after = std::stoll(version);
    for (const auto& change : objects_.changes_after(watch->after)) {
      const Json event = watch_event(change, watch->selection);
      if (!event.is_null()) tell(watch, event);
    }
  }
  if (request.option("allowWatchBookmarks") == "true") keep_bookmarks(watch);
  const std::string seconds = request.option("timeoutSeconds");
  if (seconds.empty()) return;
  const std::weak_ptr<Body> weak = watch;
  watch->time_is_over = clock_.call_after(std::chrono::seconds(std::stoi(seconds)), [this, weak] {
    if (const auto over = weak.lock()) end(over, {});
  });
}

void FakeApiServer::keep_bookmarks(const BodyPtr& watch) {
  const std::weak_ptr<Body> weak = watch;
  watch->bookmarks = clock_.call_after(kBookmarkPeriod, [this, weak] {
    const auto due = weak.lock();
    if (!due) return;
    tell(due, bookmark(objects_.version(), false));
    keep_bookmarks(due);
  });
}

size_t FakeApiServer::watches() const {
  return static_cast<size_t>(std::count_if(watches_.begin(), watches_.end(),
                                           [](const BodyPtr& watch) { return !watch->is_over(); }));
}

void FakeApiServer::tell(const FakeChange& change) {
  std::erase_if(watches_, [](const BodyPtr& watch) { return watch->is_over(); });
  const auto watches = watches_;
  for (const BodyPtr& watch : watches) {
    if (change.version <= watch->after) continue;
    const Json event = watch_event(change, watch->selection);
    if (!event.is_null()) tell(watch, event);
  }
}

void FakeApiServer::tell(const BodyPtr& watch, const Json& event) {
  if (watch->is_over() || watch->is_stalled) return;
  watch->untold += event.dump() + '\n';
  if (watch->delivery) return;
  const FakeWatchFault fault = watch_fault ? watch_fault() : FakeWatchFault();
  const std::weak_ptr<Body> weak = watch;
  watch->delivery = clock_.call_after(fault.delay, [this, weak, fault] {
    if (const auto due = weak.lock()) deliver(due, fault);
  });
}

void FakeApiServer::deliver(const BodyPtr& watch, const FakeWatchFault& fault) {
  watch->delivery.reset();
  if (fault.drops) return end(watch, broken());
  watch->is_stalled = watch->is_stalled || fault.stalls;
  const std::string text = std::exchange(watch->untold, "");
  if (!watch->is_stalled) watch->push(text);
}

void FakeApiServer::tell_end(const BodyPtr& watch, const FakeAnswer& error) {
  watch->push(Json{{"type", "ERROR"}, {"object", error.body}}.dump() + '\n');
  watch->finish({});
}

// What was not told yet is not told any more.
void FakeApiServer::end(const BodyPtr& watch, const Result<>& how) {
  watches_.remove(watch);
  watch->finish(how);
}

// ---- What happens to it

void FakeApiServer::end_all(const Result<>& how) {
  for (const BodyPtr& watch : std::exchange(watches_, {})) watch->finish(how);
}

void FakeApiServer::go_away() {
  away_ = true;
  for (const auto& call : std::exchange(under_way_, {})) finish(call, broken());
  drop_watches();
}

void FakeApiServer::drop_watches() { end_all(broken()); }
void FakeApiServer::close_watches() { end_all({}); }

void FakeApiServer::stall_watches() {
  for (const BodyPtr& watch : watches_) watch->is_stalled = true;
}

void FakeApiServer::client_died(bool finish) {
  for (const auto& call : under_way_) {
    const auto dropped = std::exchange(call->answer, nullptr);
  }
  if (!finish) under_way_.clear();
  for (const BodyPtr& watch : std::exchange(watches_, {})) {
    watch->abandon();
    watch->finish(broken());
  }
}

}  // namespace sandboxlet::kube

#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "kube/fake_objects.h"
#include "kube/fake_request.h"
#include "kube/http.h"

namespace sandboxlet::kube {

// What goes wrong with one request.
struct FakeHttpFault {  // NOLINT(bugprone-exception-escape)
  // Until it takes effect, and from then until it is answered.
  Duration delay{};
  Duration answer_delay{};
  // Answered in place of what it asks for.
  std::optional<FakeAnswer> refusal;
  std::optional<int> retry_after_seconds;
  // The connection breaks before it takes effect, or between that and the answer.
  bool lost_before = false;
  bool lost_after = false;
};

// What becomes of the next events of one watch.
struct FakeWatchFault {
  Duration delay{};
  // The connection breaks in place of them.
  bool drops = false;
  // Neither they nor anything after them comes.
  bool stalls = false;
};

// An API server without a cluster, for unit tests and simulation: FakeObjects behind the timing and
// the failures of a real one. It lives on the thread of its Clock, which drives it: nothing is
// answered before that clock has advanced, be it by nothing. Whoever destroys an event loop calls
// client_died() first.
class FakeApiServer final : public Http {
 public:
  explicit FakeApiServer(Clock& clock);
  ~FakeApiServer() override;
  FakeApiServer(const FakeApiServer&) = delete;
  FakeApiServer& operator=(const FakeApiServer&) = delete;

  // ---- What a test looks at, and what others than the client do.
  FakeObjects& objects() { return objects_; }
  const FakeObjects& objects() const { return objects_; }
  // In the order in which they were sent.
  const std::vector<HttpRequest>& requests() const { return requests_; }
  void clear_requests() { requests_.clear(); }
  // That are open.
  size_t watches() const;

  // ---- What a test does.
  // Asked about each request, and each time there is something to tell a watch.
  std::function<FakeHttpFault(const HttpRequest&)> fault;
  std::function<FakeWatchFault()> watch_fault;
  // Not every server begins a watch with all there is.
  bool knows_watch_list = true;
  // A watch from a version too old is refused with a 410, not told so by an ERROR event.
  bool refuses_expired = false;

  // The server ends: what is under way breaks off, later requests fail. It keeps its objects.
  void go_away();
  void come_back() { away_ = false; }
  // The watches that are open: their connections break, their time is over, nothing comes over them
  // any more.
  void drop_watches();
  void close_watches();
  void stall_watches();
  // Whoever asked is gone: nobody is answered any more. What was under way is done none the less,
  // or is not.
  void client_died(bool finish);

  // ---- Http
  Task<Result<HttpResponse>> send(HttpRequest request) override;
  Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest request) override;

 private:
  struct Call;
  class Body;
  class Stream;
  using BodyPtr = std::shared_ptr<Body>;

  Task<Result<BodyPtr>> travel(HttpRequest request);
  void depart(const std::shared_ptr<Call>& call);
  void arrive(const std::shared_ptr<Call>& call);
  void finish(const std::shared_ptr<Call>& call, Result<BodyPtr> answer);
  static BodyPtr whole(const FakeAnswer& answer);
  BodyPtr perform(const HttpRequest& request);
  BodyPtr begin_watch(const FakeRequest& request);
  void begin_telling(const BodyPtr& watch, const FakeRequest& request);
  void keep_bookmarks(const BodyPtr& watch);
  void tell(const FakeChange& change);
  void tell(const BodyPtr& watch, const nlohmann::json& event);
  void deliver(const BodyPtr& watch, const FakeWatchFault& fault);
  static void tell_end(const BodyPtr& watch, const FakeAnswer& error);
  void end(const BodyPtr& watch, const Result<>& how);
  void end_all(const Result<>& how);

  Clock& clock_;
  FakeObjects objects_;
  std::vector<HttpRequest> requests_;
  std::list<std::shared_ptr<Call>> under_way_;
  std::list<BodyPtr> watches_;
  bool away_ = false;
};

}  // namespace sandboxlet::kube

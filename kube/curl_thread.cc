#include "kube/curl_thread.h"

#include <utility>

namespace sandboxlet::kube {

namespace {

CURLM* make_multi() {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(once);
  CURLM* const multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  return multi;
}

}  // namespace

CurlThread::CurlThread() : multi_(make_multi(), curl_multi_cleanup), thread_([this] { loop(); }) {}

CurlThread::~CurlThread() { stop(); }

void CurlThread::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  curl_multi_wakeup(multi_.get());
  if (thread_.joinable()) thread_.join();
}

void CurlThread::run(std::function<void()> work) {
  {
    const std::lock_guard guard(mutex_);
    if (stopped_) return;
    queue_.push_back(std::move(work));
  }
  curl_multi_wakeup(multi_.get());
}

void CurlThread::add(CURL* easy, Done done) {
  transfers_.emplace(easy, std::move(done));
  curl_multi_add_handle(multi_.get(), easy);
}

void CurlThread::abort(CURL* easy) { finish(easy, CURLE_ABORTED_BY_CALLBACK); }

void CurlThread::finish(CURL* easy, CURLcode code) {
  const auto found = transfers_.find(easy);
  if (found == transfers_.end()) return;
  const Done done = std::move(found->second);
  transfers_.erase(found);
  curl_multi_remove_handle(multi_.get(), easy);
  done(code);
}

void CurlThread::run_queue() {
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard guard(mutex_);
    work.swap(queue_);
  }
  for (const auto& each : work) each();
}

void CurlThread::read_messages() {
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg == CURLMSG_DONE) finish(message->easy_handle, message->data.result);
  }
}

void CurlThread::loop() {
  // Longer than anything that curl itself waits for; a wake-up ends it.
  constexpr int kPollMilliseconds = 60'000;
  for (;;) {
    run_queue();
    {
      const std::lock_guard guard(mutex_);
      stopped_ = stopping_ && queue_.empty();
      if (stopped_) break;
    }
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    read_messages();
    curl_multi_poll(multi_.get(), nullptr, 0, kPollMilliseconds, nullptr);
  }
  while (!transfers_.empty()) abort(transfers_.begin()->first);
}

}  // namespace sandboxlet::kube

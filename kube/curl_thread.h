#pragma once

#include <curl/curl.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace sandboxlet::kube {

// One thread that drives all transfers of a curl multi handle. Whatever touches a transfer runs
// there: its callbacks, and what is given to run(). Shared by those whose transfers it drives,
// which may outlive its work.
class CurlThread {
 public:
  // How a transfer ended; runs on this thread, once.
  using Done = std::function<void(CURLcode)>;

  CurlThread();
  ~CurlThread();
  CurlThread(const CurlThread&) = delete;
  CurlThread& operator=(const CurlThread&) = delete;

  // Ends all transfers, each with CURLE_ABORTED_BY_CALLBACK, and the thread. From another thread.
  void stop();
  // From any thread: work runs on this one, in the order of the calls; not at all once stopped.
  void run(std::function<void()> work);
  // On this thread alone.
  void add(CURL* easy, Done done);
  // Ends a transfer early; nothing where it has ended. On this thread alone.
  void abort(CURL* easy);

 private:
  void loop();
  void run_queue();
  void finish(CURL* easy, CURLcode code);
  void read_messages();

  const std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi_;
  std::mutex mutex_;
  std::vector<std::function<void()>> queue_;
  bool stopping_ = false;
  bool stopped_ = false;
  std::map<CURL*, Done> transfers_;
  std::thread thread_;
};

}  // namespace sandboxlet::kube

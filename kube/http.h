#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"

namespace sandboxlet::kube {

struct HttpRequest {
  std::string method = "GET";
  // With its query: "/api/v1/nodes?limit=500".
  std::string path;
  // "Content-Type: application/json".
  std::vector<std::string> headers;
  std::string body;
  // Of the whole exchange; of a stream, to its first byte.
  Duration timeout = std::chrono::seconds(30);
};

struct HttpHead {
  int status = 0;
  // Names in lower case.
  std::map<std::string, std::string> headers;
};

struct HttpResponse {
  HttpHead head;
  std::string body;
};

// One exchange whose head has come, or that had none (status 0); for metrics.
struct HttpRecord {
  std::string method;
  int status = 0;
};
using HttpObserver = std::function<void(const HttpRecord&)>;

// A body that comes piece by piece. Belongs to the core thread and to whoever opened it. Destroying
// it ends the exchange.
class HttpStream {
 public:
  virtual ~HttpStream() = default;
  virtual const HttpHead& head() const = 0;
  // The next piece; empty at the end. kUnavailable where the connection broke. One at a time: what
  // is not asked for waits on the wire.
  virtual Task<Result<std::string>> read() = 0;
  // Ends the exchange: who reads hears kCancelled.
  virtual void cancel() = 0;
};

// Requests to one server. Belongs to the core thread.
class Http {
 public:
  virtual ~Http() = default;
  // Whatever the status; an error where there is no answer. A body of more than 64 MiB is an error.
  virtual Task<Result<HttpResponse>> send(HttpRequest request) = 0;
  // Answers when the head is there.
  virtual Task<Result<std::unique_ptr<HttpStream>>> open(HttpRequest request) = 0;
};

}  // namespace sandboxlet::kube

#pragma once

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "base/clock.h"
#include "base/work_queue.h"
#include "kube/client.h"

namespace sandboxlet::kube {

// What an Event is about.
struct EventSubject {
  std::string api_version;
  std::string kind;
  std::string namespace_;
  std::string name;
  std::string uid;
};

struct EventNote {
  bool warning = false;
  // "Started"; what was done or tried.
  std::string reason;
  std::string action;
  std::string note;
};

// Writes Events (events.k8s.io/v1) as client-go does (tools/events/event_broadcaster.go): one that
// comes again within six minutes becomes a series, whose count goes out with its second occurrence,
// then every half hour, and when it is over. What cannot be written after twelve tries is lost.
// Belongs to the core thread.
class EventRecorder {
 public:
  // controller: "sandboxlet.io/agent"; instance: "agent-node-1".
  EventRecorder(asio::io_context& io, Clock& clock, Client& client, std::string controller,
                std::string instance);

  void record(const EventSubject& subject, const EventNote& note);
  // What is not told yet is written at once: for who ends soon.
  void hasten();

 private:
  using Json = nlohmann::json;

  struct Series {
    // As JSON text, which is a fifth of the tree: all that was told within six minutes is kept.
    std::string event;
    int count = 1;
    TimePoint last;
    TimePoint written;
    // What the server has: nothing, the event, its series with that count.
    int told = 0;
    int tries = 0;
  };

  Json event_of(const EventSubject& subject, const EventNote& note) const;
  void tend();
  void tend_later();
  Task<Result<>> write(std::string key);
  // What is not told of it yet.
  Task<Result<Json>> send(const Series& series);

  Clock& clock_;
  Client& client_;
  const std::string controller_;
  const std::string instance_;
  std::map<std::string, Series> series_;
  std::unique_ptr<Timer> timer_;
  WorkQueue writes_;
};

}  // namespace sandboxlet::kube

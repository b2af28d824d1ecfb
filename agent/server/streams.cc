#include "agent/server/core_call.h"
#include "agent/server/feed.h"
#include "agent/server/service.h"
#include "agent/server/status_code.h"
#include "agent/server/timestamp.h"
#include "api/json.h"
#include "api/label_selector.h"

namespace sandboxlet::agent {

namespace {

struct Change {
  pb::WatchEvent::Type type;
  // One for all who watch.
  SandboxPtr sandbox;
};

pb::WatchEvent::Type type_of(ChangeType type) {
  switch (type) {
    case ChangeType::kAdded:
      return pb::WatchEvent::ADDED;
    case ChangeType::kModified:
      return pb::WatchEvent::MODIFIED;
    case ChangeType::kDeleted:
      return pb::WatchEvent::DELETED;
  }
  return pb::WatchEvent::TYPE_UNSPECIFIED;
}

// What the core does for a stream when it begins; what it returns ends the listening. The stream's
// thread gives it back to the core when it is done.
using Subscription = std::shared_ptr<void>;

bool is_watched(const pb::WatchRequest& request, const api::LabelSelector& selector,
                const api::ObjectMeta& meta) {
  return (request.namespace_().empty() || request.namespace_() == meta.namespace_) &&
         (request.name().empty() || request.name() == meta.name) &&
         api::matches(selector, meta.labels);
}

template <class T>
grpc::Status ended(const Feed<T>& feed) {
  if (!feed.overrun()) return grpc::Status::OK;
  return to_grpc(Error(Code::kResourceExhausted, "the stream was read too slowly: begin it anew"));
}

bool is_about(const pb::Ref& ref, const EventRecord& record) {
  const std::string space =
      ref.namespace_().empty() && !ref.name().empty() ? "default" : ref.namespace_();
  return (space.empty() || space == record.namespace_) &&
         (ref.name().empty() || ref.name() == record.name);
}

pb::EventsResponse response_of(const EventRecord& record) {
  pb::EventsResponse response;
  response.mutable_ref()->set_namespace_(record.namespace_);
  response.mutable_ref()->set_name(record.name);
  response.set_type(record.text.warning ? "Warning" : "Normal");
  response.set_reason(record.text.reason);
  response.set_message(record.text.message);
  response.set_count(record.count);
  set_timestamp(*response.mutable_first(), record.first);
  set_timestamp(*response.mutable_last(), record.last);
  return response;
}

}  // namespace

grpc::Status Service::Watch(grpc::ServerContext* client, const pb::WatchRequest* request,
                            grpc::ServerWriter<pb::WatchEvent>* writer) {
  const auto selector = api::parse_label_selector(request->label_selector());
  if (!selector) return to_grpc(selector.error());
  const auto feed = std::make_shared<Feed<Change>>();
  auto begin = [this, feed, space = request->namespace_()]() -> Task<Result<Subscription>> {
    for (auto& sandbox : context_.source.list(space)) {
      feed->push({pb::WatchEvent::ADDED, std::make_shared<api::Sandbox>(std::move(sandbox))});
    }
    feed->push({pb::WatchEvent::SYNCED, {}});
    co_return context_.source.listen([feed](ChangeType type, const SandboxPtr& sandbox) {
      feed->push({type_of(type), sandbox});
    });
  };
  auto subscription = call_core(context_.io, *client, begin);
  if (!subscription) return to_grpc(subscription.error());
  while (const auto change = feed->pop(*client)) {
    pb::WatchEvent event;
    event.set_type(change->type);
    if (change->sandbox) {
      if (!is_watched(*request, *selector, change->sandbox->metadata)) continue;
      event.set_object(api::write_sandbox(*change->sandbox));
    }
    if (!writer->Write(event)) break;
  }
  asio::post(context_.io, [last = std::move(*subscription)] {});
  return ended(*feed);
}

grpc::Status Service::Events(grpc::ServerContext* client, const pb::EventsRequest* request,
                             grpc::ServerWriter<pb::EventsResponse>* writer) {
  const auto feed = std::make_shared<Feed<EventRecord>>();
  auto begin = [this, feed, follow = request->follow()]() -> Task<Result<Subscription>> {
    for (const auto& record : context_.events.records()) feed->push(record);
    if (follow) {
      co_return context_.events.listen([feed](const EventRecord& record) { feed->push(record); });
    }
    feed->end();
    co_return Subscription();
  };
  auto subscription = call_core(context_.io, *client, begin);
  if (!subscription) return to_grpc(subscription.error());
  while (const auto record = feed->pop(*client)) {
    if (is_about(request->ref(), *record) && !writer->Write(response_of(*record))) break;
  }
  asio::post(context_.io, [last = std::move(*subscription)] {});
  return ended(*feed);
}

}  // namespace sandboxlet::agent

#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "kube/http.h"
#include "kube/resource.h"

namespace sandboxlet::kube {

// What one asks of an API server, one function a verb. Each answers the object as the server has it
// then; errors are those of status.h, with the verb and the object's path before them. What the
// server asks to be tried again later (429, or 5xx with Retry-After) is, up to ten times, as
// client-go does (rest/with_retry.go). Belongs to the core thread.
class Client {
 public:
  using Json = nlohmann::json;

  Client(Http& http, Clock& clock) : http_(http), clock_(clock) {}

  Task<Result<Json>> get(ObjectRef ref);
  // ref has no name: the object's own counts.
  Task<Result<Json>> create(ObjectRef ref, Json object);
  // Holds where metadata.resourceVersion is still the newest.
  Task<Result<Json>> update(ObjectRef ref, Json object);
  // RFC 7396. With metadata.resourceVersion, only where it still is the newest (else
  // kFailedPrecondition); with metadata.uid, only where it is the object's (else kInvalidArgument),
  // but for a status: measured, the server does not look at that one's.
  Task<Result<Json>> merge_patch(ObjectRef ref, Json patch);
  // Server-side apply as that field manager. Makes the object where it is not there; with
  // metadata.uid, nothing is made (kFailedPrecondition), nor another object changed
  // (kInvalidArgument). Takes fields from other managers where force is set.
  Task<Result<Json>> apply(ObjectRef ref, Json object, std::string manager, bool force = false);
  // Only the object of that uid, where one is given.
  Task<Result<Json>> remove(ObjectRef ref, std::string uid = {});

 private:
  Task<Result<Json>> call(HttpRequest request);

  Http& http_;
  Clock& clock_;
};

}  // namespace sandboxlet::kube

#include <google/protobuf/util/time_util.h>

#include <iostream>

#include "cli/common.h"

namespace sandboxlet::cli {

Result<int> logs(Connection& connection, const LogsOptions& options) {
  using google::protobuf::util::TimeUtil;
  pb::LogsRequest request;
  set_ref(*request.mutable_ref(), options.target);
  request.set_container(options.container);
  request.set_follow(options.follow);
  request.set_previous(options.previous);
  if (options.tail >= 0) request.set_tail(options.tail);
  if (options.since) {
    *request.mutable_since() =
        TimeUtil::NanosecondsToTimestamp((wall_now() - *options.since).time_since_epoch().count());
  }
  grpc::ClientContext context;
  const auto stream = connection.agent().Logs(&context, request);
  pb::LogsResponse line;
  while (stream->Read(&line)) {
    std::ostream& to = line.stderr() ? std::cerr : std::cout;
    if (options.timestamps) to << TimeUtil::ToString(line.time()) << ' ';
    to << line.line();
    if (!line.partial()) to << '\n';
    if (options.follow) to.flush();
  }
  CHECK_OK(connection.check(stream->Finish()));
  return kDone;
}

}  // namespace sandboxlet::cli

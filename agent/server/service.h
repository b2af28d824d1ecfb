#pragma once

#include <functional>
#include <string>

#include "agent/source/source.h"
#include "cri/exec_opener.h"
#include "proto/sandboxlet/v1/sandboxlet.grpc.pb.h"

namespace sandboxlet::agent {

namespace pb = ::sandboxlet::v1;

// What the local API answers from; outlives the server.
struct ServiceContext {
  asio::io_context& io;
  Source& source;
  EventLog& events;
  Clock& clock;
  Cgroups& cgroups;
  cri::Runtime& runtime;
  cri::ExecOpener& execs;
  asio::any_io_executor pool;
  // Everything but the counts of Sandboxes.
  std::function<pb::NodeResponse()> node;
  // Where the runtime writes containers' logs.
  std::string log_root;
  // Only what changes nothing, for the observers' socket.
  bool read_only = false;
};

// The local API (proto/sandboxlet/v1). Its methods run on gRPC's threads and ask the core; each
// method's meaning stands in the proto.
class Service final : public pb::Sandboxlet::Service {
 public:
  explicit Service(ServiceContext context) : context_(std::move(context)) {}

  grpc::Status Apply(grpc::ServerContext* client, const pb::ApplyRequest* request,
                     pb::ApplyResponse* response) override;
  grpc::Status Get(grpc::ServerContext* client, const pb::GetRequest* request,
                   pb::GetResponse* response) override;
  grpc::Status List(grpc::ServerContext* client, const pb::ListRequest* request,
                    pb::ListResponse* response) override;
  grpc::Status Watch(grpc::ServerContext* client, const pb::WatchRequest* request,
                     grpc::ServerWriter<pb::WatchEvent>* writer) override;
  grpc::Status Delete(grpc::ServerContext* client, const pb::DeleteRequest* request,
                      pb::DeleteResponse* response) override;
  grpc::Status Suspend(grpc::ServerContext* client, const pb::SuspendRequest* request,
                       pb::SuspendResponse* response) override;
  grpc::Status Resume(grpc::ServerContext* client, const pb::ResumeRequest* request,
                      pb::ResumeResponse* response) override;
  grpc::Status Exec(grpc::ServerContext* client,
                    grpc::ServerReaderWriter<pb::ExecResponse, pb::ExecRequest>* stream) override;
  grpc::Status Logs(grpc::ServerContext* client, const pb::LogsRequest* request,
                    grpc::ServerWriter<pb::LogsResponse>* writer) override;
  grpc::Status Stats(grpc::ServerContext* client, const pb::StatsRequest* request,
                     pb::StatsResponse* response) override;
  grpc::Status Events(grpc::ServerContext* client, const pb::EventsRequest* request,
                      grpc::ServerWriter<pb::EventsResponse>* writer) override;
  grpc::Status Node(grpc::ServerContext* client, const pb::NodeRequest* request,
                    pb::NodeResponse* response) override;

 private:
  // An error on the observers' socket.
  Result<> may_change() const;

  const ServiceContext context_;
};

}  // namespace sandboxlet::agent

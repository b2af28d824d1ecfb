#include "cri/client.h"

#include <gmock/gmock.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

namespace sandboxlet::cri {
namespace {

using std::chrono::milliseconds;

// A runtime that answers Version, fails StartContainer and never answers Status by itself.
class Server : public v1::RuntimeService::Service {
 public:
  explicit Server(const std::string& socket) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket, grpc::InsecureServerCredentials());
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~Server() override { server_->Shutdown(std::chrono::system_clock::now()); }

 private:
  grpc::Status Version(grpc::ServerContext*, const v1::VersionRequest*,
                       v1::VersionResponse* response) override {
    response->set_runtime_name("test");
    // More than gRPC's own limit of 4 MiB.
    response->set_runtime_version(std::string(6 << 20, 'x'));
    return grpc::Status::OK;
  }
  grpc::Status StartContainer(grpc::ServerContext*, const v1::StartContainerRequest* request,
                              v1::StartContainerResponse*) override {
    return {grpc::StatusCode::NOT_FOUND, "no container " + request->container_id()};
  }
  grpc::Status Status(grpc::ServerContext* context, const v1::StatusRequest*,
                      v1::StatusResponse*) override {
    while (!context->IsCancelled()) usleep(1000);
    return grpc::Status::CANCELLED;
  }

  std::unique_ptr<grpc::Server> server_;
};

class ClientTest : public testing::Test {
 protected:
  ClientTest() {
    char name[] = "/tmp/cri-client-XXXXXX";
    directory_ = mkdtemp(name);
    socket_ = directory_ + "/s";
    ClientOptions options{.socket = socket_};
    options.deadlines.query = deadline_;
    options.observer = [this](const CallRecord& record) { verbs_.emplace_back(record.verb); };
    client_ = std::make_unique<Client>(std::move(options));
  }
  ~ClientTest() override {
    unlink(socket_.c_str());
    rmdir(directory_.c_str());
  }

  template <class T>
  Result<T> run(Task<Result<T>> task) {
    std::optional<Result<T>> result;
    asio::co_spawn(io_, std::move(task), [&](std::exception_ptr failure, Result<T> value) {
      die_on_exception(failure);
      result.emplace(std::move(value));
    });
    io_.restart();
    io_.run();
    return std::move(*result);
  }

  const Duration deadline_ = milliseconds(500);
  std::string directory_;
  std::string socket_;
  asio::io_context io_;
  std::vector<std::string> verbs_;
  std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, AnswersMessagesBeyondGrpcsOwnLimit) {
  Server server(socket_);
  auto version = run(client_->version());
  ASSERT_TRUE(version.has_value()) << version.error().message();
  EXPECT_EQ(version->runtime_version().size(), 6U << 20);
  EXPECT_EQ(verbs_, std::vector<std::string>{"Version"});
}

TEST_F(ClientTest, AnErrorNamesItsVerbAndKeepsItsCode) {
  Server server(socket_);
  auto started = run(client_->start_container("c1"));
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().code(), Code::kNotFound);
  EXPECT_EQ(started.error().message(), "start container: no container c1");
}

TEST_F(ClientTest, SaysUnavailableWhileNobodyListens) {
  auto version = run(client_->version());
  ASSERT_FALSE(version.has_value());
  EXPECT_EQ(version.error().code(), Code::kUnavailable);
}

TEST_F(ClientTest, EndsAtItsDeadline) {
  Server server(socket_);
  auto status = run(client_->status(false));
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code(), Code::kDeadlineExceeded);
}

TEST_F(ClientTest, ConnectsAgainWhenTheRuntimeIsBack) {
  {
    Server server(socket_);
    ASSERT_TRUE(run(client_->version()).has_value());
  }
  ASSERT_FALSE(run(client_->version()).has_value());
  Server server(socket_);
  auto clock = make_system_clock(io_);
  auto until_it_answers = [&]() -> Task<Result<v1::VersionResponse>> {
    for (int tries = 0;; ++tries) {
      auto version = co_await client_->version();
      if (version.has_value() || tries == 1000) co_return version;
      co_await clock->sleep(milliseconds(10));
    }
  };
  EXPECT_TRUE(run(until_it_answers()).has_value());
}

TEST_F(ClientTest, DestructionCancelsWhatIsUnderWay) {
  Server server(socket_);
  std::optional<Code> ended;
  asio::co_spawn(io_, client_->status(false),
                 [&](std::exception_ptr failure, Result<v1::StatusResponse> status) {
                   die_on_exception(failure);
                   ended = status.error().code();
                 });
  io_.poll();
  client_.reset();
  io_.run();
  EXPECT_EQ(ended, Code::kCancelled);
}

}  // namespace
}  // namespace sandboxlet::cri

#include <grpcpp/create_channel.h>
#include <sys/stat.h>

#include "tests/scenario/agent_test.h"

namespace sandboxlet::test {
namespace {

using testing::HasSubstr;

class ObserversTest : public AgentTest {
 protected:
  void SetUp() override {
    AgentTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    agent_.reset();
    auto started = AgentProcess::start(
        runtime(), "observerSocket: " + socket() + "\nobserverGroup: nogroup\n");
    ASSERT_TRUE(started) << started.error().message();
    agent_ = std::move(*started);
    observers_ = pb::Sandboxlet::NewStub(
        grpc::CreateChannel("unix:" + socket(), grpc::InsecureChannelCredentials()));
  }

  // In a folder that the agent makes.
  std::string socket() const { return runtime().dir() + "/observers/agent.sock"; }
  static struct stat status_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(lstat(path.c_str(), &status), 0) << path;
    return status;
  }

  std::unique_ptr<pb::Sandboxlet::Stub> observers_;
};

TEST_F(ObserversTest, SeeEverything) {
  ASSERT_TRUE(apply(manifest("box")).ok());
  ASSERT_TRUE(becomes("box", "Ready", "True"));
  {
    grpc::ClientContext context;
    pb::ListResponse response;
    ASSERT_TRUE(observers_->List(&context, pb::ListRequest(), &response).ok());
    EXPECT_EQ(response.objects_size(), 1);
  }
  {
    grpc::ClientContext context;
    pb::StatsResponse response;
    EXPECT_TRUE(observers_->Stats(&context, pb::StatsRequest(), &response).ok());
    EXPECT_EQ(response.sandboxes_size(), 1);
  }
  {
    grpc::ClientContext context;
    pb::NodeResponse response;
    EXPECT_TRUE(observers_->Node(&context, pb::NodeRequest(), &response).ok());
    EXPECT_EQ(response.name(), "node-1");
    EXPECT_THAT(response.runtime(), HasSubstr("containerd://"));
    ASSERT_EQ(response.conditions_size(), 2);
    EXPECT_EQ(response.conditions(0).type(), "RuntimeReady");
    EXPECT_TRUE(response.conditions(0).status());
  }
  {
    grpc::ClientContext context;
    const auto stream = observers_->Watch(&context, pb::WatchRequest());
    pb::WatchEvent event;
    ASSERT_TRUE(stream->Read(&event));
    EXPECT_EQ(event.type(), pb::WatchEvent::ADDED);
    context.TryCancel();
  }
}

TEST_F(ObserversTest, ChangeNothing) {
  ASSERT_TRUE(apply(manifest("box")).ok());
  ASSERT_TRUE(becomes("box", "Ready", "True"));
  auto expect_refused = [](const std::string& verb, const grpc::Status& status) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED)
        << verb << ": " << status.error_message();
  };
  pb::Ref box;
  box.set_name("box");
  {
    grpc::ClientContext context;
    pb::ApplyRequest request;
    request.set_object(manifest("other"));
    pb::ApplyResponse response;
    expect_refused("Apply", observers_->Apply(&context, request, &response));
  }
  {
    grpc::ClientContext context;
    pb::SuspendRequest request;
    *request.mutable_ref() = box;
    pb::SuspendResponse response;
    expect_refused("Suspend", observers_->Suspend(&context, request, &response));
  }
  {
    grpc::ClientContext context;
    pb::ResumeRequest request;
    *request.mutable_ref() = box;
    pb::ResumeResponse response;
    expect_refused("Resume", observers_->Resume(&context, request, &response));
  }
  {
    grpc::ClientContext context;
    pb::DeleteRequest request;
    *request.mutable_ref() = box;
    pb::DeleteResponse response;
    expect_refused("Delete", observers_->Delete(&context, request, &response));
  }
  {
    grpc::ClientContext context;
    const auto stream = observers_->Exec(&context);
    pb::ExecRequest request;
    *request.mutable_start()->mutable_ref() = box;
    request.mutable_start()->add_command("true");
    stream->Write(request);
    pb::ExecResponse response;
    while (stream->Read(&response)) {
    }
    expect_refused("Exec", stream->Finish());
  }
  EXPECT_EQ(get("box")->metadata.generation, 1);
}

TEST_F(ObserversTest, AndOnlyTheirGroupMayConnect) {
  EXPECT_EQ(status_of(agent().socket()).st_mode & 07777, 0600u);
  const struct stat observers = status_of(socket());
  EXPECT_EQ(observers.st_mode & 07777, 0660u);
  EXPECT_EQ(observers.st_gid, 65534u);
}

}  // namespace
}  // namespace sandboxlet::test

#include "tests/rig/agent_process.h"

#include <grpcpp/create_channel.h>

#include <fstream>
#include <sstream>

#include "tests/rig/eventually.h"

namespace sandboxlet::test {

namespace {

namespace pb = ::sandboxlet::v1;

std::string config_text(const PrivateRuntime& runtime, const std::string& folder,
                        const std::string& node_name) {
  std::ostringstream text;
  text << "nodeName: " << node_name << "\n"
       << "dataRoot: " << folder << "/data\n"
       << "logRoot: " << folder << "/logs\n"
       << "socket: " << folder << "/agent.sock\n"
       << "runtimeEndpoint: unix://" << runtime.socket() << "\n"
       << "cgroupRoot: " << runtime.cgroup_root() << "\n";
  return text.str();
}

}  // namespace

Result<std::unique_ptr<AgentProcess>> AgentProcess::start(const PrivateRuntime& runtime,
                                                          const std::string& more,
                                                          const std::string& node_name) {
  const std::string& folder = runtime.dir();
  std::ofstream(folder + "/agent.yaml") << config_text(runtime, folder, node_name) << more;
  if (more.find("metricsAddress:") == std::string::npos) {
    std::ofstream(folder + "/agent.yaml", std::ios::app) << "metricsAddress: \"\"\n";
  }
  std::unique_ptr<AgentProcess> agent(new AgentProcess(folder, folder + "/agent.sock"));
  CHECK_OK(agent->launch());
  return agent;
}

std::unique_ptr<pb::Sandboxlet::Stub> AgentProcess::connect() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 20);
  return pb::Sandboxlet::NewStub(
      grpc::CreateCustomChannel("unix:" + socket_, grpc::InsecureChannelCredentials(), arguments));
}

Result<> AgentProcess::launch() {
  const std::vector<std::string> arguments{SANDBOXLET_AGENT, "--config", config()};
  TRY(process_, ChildProcess::start(arguments, folder_ + "/agent.log"));
  // A new channel each time: an old one would wait out its back-off.
  stub_ = connect();
  bool serves = false;
  eventually([&] {
    grpc::ClientContext context;
    // A call that fails at once leaves nobody to drive the channel's next try.
    context.set_wait_for_ready(true);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(1));
    pb::NodeResponse response;
    serves = stub_->Node(&context, pb::NodeRequest(), &response).ok();
    return serves || process_.ended();
  });
  if (!serves) return Error(Code::kUnavailable, "the agent does not serve:\n" + this->log());
  return {};
}

Result<> AgentProcess::kill_and_restart() {
  process_.kill();
  return launch();
}

std::string AgentProcess::log() const { return read_text(folder_ + "/agent.log"); }

}  // namespace sandboxlet::test

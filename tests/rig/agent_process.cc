#include "tests/rig/agent_process.h"

#include <fcntl.h>
#include <grpcpp/create_channel.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>

#include "tests/rig/eventually.h"

namespace sandboxlet::test {

namespace {

namespace pb = ::sandboxlet::v1;

std::string config_text(const PrivateRuntime& runtime, const std::string& folder) {
  std::ostringstream text;
  text << "nodeName: node-1\n"
       << "dataRoot: " << folder << "/data\n"
       << "logRoot: " << folder << "/logs\n"
       << "socket: " << folder << "/agent.sock\n"
       << "runtimeEndpoint: unix://" << runtime.socket() << "\n"
       << "cgroupRoot: " << runtime.cgroup_root() << "\n";
  return text.str();
}

}  // namespace

Result<std::unique_ptr<AgentProcess>> AgentProcess::start(const PrivateRuntime& runtime,
                                                          const std::string& more) {
  const std::string& folder = runtime.dir();
  std::ofstream(folder + "/agent.yaml") << config_text(runtime, folder) << more;
  if (more.find("metricsAddress:") == std::string::npos) {
    std::ofstream(folder + "/agent.yaml", std::ios::app) << "metricsAddress: \"\"\n";
  }
  std::unique_ptr<AgentProcess> agent(new AgentProcess(folder, folder + "/agent.sock"));
  CHECK_OK(agent->launch());
  return agent;
}

AgentProcess::~AgentProcess() { end(SIGKILL); }

std::unique_ptr<pb::Sandboxlet::Stub> AgentProcess::connect() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 20);
  return pb::Sandboxlet::NewStub(
      grpc::CreateCustomChannel("unix:" + socket_, grpc::InsecureChannelCredentials(), arguments));
}

// Not by fork(): what gRPC does around one may hang where its threads are at work.
Result<> AgentProcess::spawn() {
  const std::string config = folder_ + "/agent.yaml";
  const std::string log = folder_ + "/agent.log";
  const std::array<const char*, 7> arguments{"setpriv",  "--pdeathsig",  "KILL", SANDBOXLET_AGENT,
                                             "--config", config.c_str(), nullptr};
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
  const int failed = posix_spawnp(&pid_, arguments[0], &files, nullptr,
                                  const_cast<char**>(arguments.data()), environ);
  posix_spawn_file_actions_destroy(&files);
  if (failed == 0) return {};
  pid_ = 0;
  return errno_error(arguments[0], failed);
}

Result<> AgentProcess::launch() {
  CHECK_OK(spawn());
  // A new channel each time: an old one would wait out its back-off.
  stub_ = connect();
  bool ended = false;
  bool serves = false;
  eventually([&] {
    grpc::ClientContext context;
    pb::NodeResponse response;
    serves = stub_->Node(&context, pb::NodeRequest(), &response).ok();
    ended = !serves && waitpid(pid_, nullptr, WNOHANG) == pid_;
    return serves || ended;
  });
  if (ended) pid_ = 0;
  if (!serves) return Error(Code::kUnavailable, "the agent does not serve:\n" + this->log());
  return {};
}

void AgentProcess::end(int signal) {
  if (pid_ <= 0) return;
  kill(pid_, signal);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

Result<> AgentProcess::kill_and_restart() {
  end(SIGKILL);
  return launch();
}

Result<int> AgentProcess::stop() {
  kill(pid_, SIGTERM);
  int status = 0;
  if (waitpid(pid_, &status, 0) < 0) return errno_error("wait for the agent");
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string AgentProcess::log() const {
  std::ostringstream text;
  text << std::ifstream(folder_ + "/agent.log").rdbuf();
  return text.str();
}

}  // namespace sandboxlet::test

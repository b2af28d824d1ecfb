#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <latch>
#include <random>
#include <thread>

#include "api/testing/mutate.h"
#include "base/unique_fd.h"
#include "tests/rig/eventually.h"
#include "tests/rig/seed.h"
#include "tests/scenario/agent_test.h"

namespace sandboxlet::test {
namespace {

// Clients that an agent may meet and must outlive; whoever means well is served beside them.
class HostileClientsTest : public AgentTest {
 protected:
  UniqueFd connect() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    agent().socket().copy(address.sun_path, sizeof(address.sun_path) - 1);
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return fd;
  }

  // Writes that much of it over and over; answers how much was taken before the other side ended
  // the connection.
  static size_t pour(int fd, const std::string& piece, size_t size) {
    size_t done = 0;
    while (done < size) {
      pollfd writable{fd, POLLOUT, 0};
      if (poll(&writable, 1, 10'000) != 1) break;
      const ssize_t written = send(fd, piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (written <= 0) break;
      done += written;
    }
    return done;
  }

  size_t open_files() {
    const auto folder = "/proc/" + std::to_string(agent().pid()) + "/fd";
    return std::distance(std::filesystem::directory_iterator(folder), {});
  }

  // The most that it ever had, in KiB.
  size_t memory() {
    std::ifstream status("/proc/" + std::to_string(agent().pid()) + "/status");
    std::string word;
    size_t size = 0;
    while (status >> word && word != "VmHWM:") {
    }
    status >> size;
    return size;
  }

  // In KiB: what all connections together may hold (agent/server/local_server.cc: 32 MiB), and some
  // more for reading it.
  static constexpr size_t kMaxGrowth = size_t{40} << 10;

  void expect_served() {
    ASSERT_TRUE(apply(manifest("another")).ok());
    EXPECT_TRUE(becomes("another", "Ready", "True"));
    EXPECT_TRUE(suspend("another", "Freeze").ok());
    EXPECT_TRUE(resume("another").ok());
  }
};

TEST_F(HostileClientsTest, ManyThatConnectAndSayNothing) {
  const size_t before = open_files();
  std::vector<UniqueFd> silent;
  for (int i = 0; i < 300; ++i) silent.push_back(connect());
  expect_served();
  silent.clear();
  EXPECT_TRUE(eventually([&] { return open_files() < before + 20; }));
}

TEST_F(HostileClientsTest, OneThatSendsAManifestOf64Megabytes) {
  const size_t before = memory();
  const grpc::Status status = apply(std::string(size_t{64} << 20, ' '));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_LT(memory(), before + kMaxGrowth);
  expect_served();
}

TEST_F(HostileClientsTest, OneThatSends64MegabytesOfNoise) {
  const size_t before = memory();
  std::string noise(65536, '\0');
  std::mt19937_64 random(seed_of_this_run());
  for (char& byte : noise) byte = static_cast<char>(random());
  const UniqueFd fd = connect();
  EXPECT_LT(pour(fd.get(), noise, size_t{64} << 20), size_t{64} << 20);
  EXPECT_LT(memory(), before + kMaxGrowth);
  expect_served();
}

TEST_F(HostileClientsTest, TwoHundredAtOnce) {
  constexpr int kClients = 200;
  std::vector<std::unique_ptr<pb::Sandboxlet::Stub>> clients;
  for (int i = 0; i < kClients; ++i) clients.push_back(agent().connect());
  ASSERT_TRUE(apply(manifest("box")).ok());
  std::latch all_ready(kClients);
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (const auto& client : clients) {
    threads.emplace_back([&] {
      all_ready.arrive_and_wait();
      grpc::ClientContext context;
      // The kernel turns away whoever finds the socket's queue full: that one comes again.
      context.set_wait_for_ready(true);
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
      pb::GetRequest request;
      request.mutable_ref()->set_name("box");
      pb::GetResponse response;
      if (client->Get(&context, request, &response).ok()) ++answered;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(answered, kClients);
}

TEST_F(HostileClientsTest, TwoHundredThatWatchAndReadNothing) {
  struct Watcher {
    std::unique_ptr<pb::Sandboxlet::Stub> client;
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<pb::WatchEvent>> stream;
  };
  std::vector<std::unique_ptr<Watcher>> watchers;
  for (int i = 0; i < 200; ++i) {
    auto watcher = std::make_unique<Watcher>();
    watcher->client = agent().connect();
    watcher->stream = watcher->client->Watch(&watcher->context, pb::WatchRequest());
    watchers.push_back(std::move(watcher));
  }
  expect_served();
  for (const auto& watcher : watchers) watcher->context.TryCancel();
}

TEST_F(HostileClientsTest, OneWhoseThousandManifestsAreEachALittleWrong) {
  constexpr int kManifests = 1000;
  std::mt19937_64 random(seed_of_this_run());
  const std::string good = manifest("box", R"("restartPolicy":"Never",)");
  int refused = 0;
  for (int i = 0; i < kManifests; ++i) {
    SCOPED_TRACE("mutation " + std::to_string(i));
    const std::string text = api::mutate(good, random);
    const grpc::Status status = apply(text);
    if (status.ok()) continue;
    ++refused;
    ASSERT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
        << status.error_message() << "\n"
        << text;
    EXPECT_FALSE(status.error_message().empty()) << text;
  }
  EXPECT_GT(refused, kManifests / 2);
  EXPECT_LT(refused, kManifests);
  expect_served();
}

}  // namespace
}  // namespace sandboxlet::test

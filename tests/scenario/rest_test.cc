// Sandboxes that go to sleep when they have nothing to do, and wake when somebody asks.

#include <signal.h>
#include <sys/socket.h>

#include <array>

#include "api/conditions.h"
#include "tests/rig/eventually.h"
#include "tests/rig/http_client.h"
#include "tests/scenario/agent_test.h"
#include "tests/scenario/manifest.h"

namespace sandboxlet::test {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr char kServer[] =
    "mkdir -p /tmp/www; echo hello > /tmp/www/index.html; exec httpd -f -p 80 -h /tmp/www";
// Says back what it is told, over one connection.
constexpr char kEcho[] = "exec nc -ll -p 7 -e cat";
// Besides, tells each of a million numbers, which is more than two sockets hold.
constexpr char kEchoAndNumbers[] = "nc -ll -p 8 -e seq 1000000 & exec nc -ll -p 7 -e cat";
constexpr char kSleepsSoon[] = R"("suspend":{"idleTimeout":"2s"},)";

std::string all_numbers() {
  std::string text;
  for (int number = 1; number <= 1'000'000; ++number) text += std::to_string(number) + "\n";
  return text;
}

bool tell(const UniqueFd& socket, const std::string& text) {
  return send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(text.size());
}

// What came by now, waited for if need be; nothing where nothing comes, or no more.
std::string hear(const UniqueFd& socket) {
  std::array<char, 4096> said{};
  const ssize_t got = recv(socket.get(), said.data(), said.size(), 0);
  return {said.data(), static_cast<size_t>(std::max<ssize_t>(got, 0))};
}

std::string hear_all(const UniqueFd& socket) {
  std::string all;
  for (std::string some = hear(socket); !some.empty(); some = hear(socket)) all += some;
  return all;
}

class RestTest : public AgentTest {
 protected:
  // Ready, with suspend among its spec's members.
  void run(const std::string& script, const std::string& suspend) {
    std::string text = script_manifest("box", script);
    text.insert(text.find(R"("podTemplate")"), suspend);
    const auto applied = apply(text);
    ASSERT_TRUE(applied.ok()) << applied.error_message();
    ASSERT_TRUE(becomes("box", "Ready", "True"));
  }
  std::string address() { return get("box")->status.podIPs.at(0); }
  bool answers() {
    const auto answer = http_get(address(), 80);
    return answer && answer->text.find("hello") != std::string::npos;
  }
  // Once it listens; who waits for data gives up after so long.
  UniqueFd connection(uint16_t port, Duration limit) {
    Result<UniqueFd> socket;
    EXPECT_TRUE(eventually([&] {
      socket = connect_to(address(), port, limit);
      return socket.has_value();
    }));
    return socket ? std::move(*socket) : UniqueFd();
  }
  // Whatever took it there.
  bool falls_asleep() { return becomes("box", "Suspended", "True"); }
  std::string woken_by() {
    const auto suspend = get("box")->status.suspend;
    return suspend && suspend->lastResume ? suspend->lastResume->cause : "";
  }
};

TEST_F(RestTest, OneWithoutWorkIsFrozenAndAnswersItsFirstRequest) {
  run(kServer, kSleepsSoon);
  const pid_t before = pid("box");
  ASSERT_TRUE(falls_asleep());
  EXPECT_TRUE(is_frozen(get("box")->metadata.uid));
  EXPECT_EQ(get("box")->status.suspend->reason, "Idle");
  EXPECT_TRUE(answers());
  EXPECT_TRUE(becomes("box", "Ready", "True"));
  EXPECT_EQ(woken_by(), "Traffic");
  EXPECT_EQ(pid("box"), before);
  EXPECT_TRUE(falls_asleep());
}

TEST_F(RestTest, OneThatIsAskedAgainAndAgainStaysAwake) {
  run(kServer, kSleepsSoon);
  for (const auto end = std::chrono::steady_clock::now() + seconds(6);
       std::chrono::steady_clock::now() < end;) {
    ASSERT_TRUE(answers());
    ASSERT_FALSE(api::is_true(get("box")->status.conditions, "Suspended"));
  }
  EXPECT_TRUE(falls_asleep());
}

TEST_F(RestTest, OneThatWorksStaysAwake) {
  run("while :; do :; done", kSleepsSoon);
  EXPECT_FALSE(eventually([&] { return api::is_true(get("box")->status.conditions, "Suspended"); },
                          seconds(6)));
}

TEST_F(RestTest, WhatTheUserSuspendedWakesOnlyWhereItsSpecSaysSo) {
  run(kServer, R"("suspend":{"wakeOnTraffic":true},)");
  ASSERT_TRUE(suspend("box", "Freeze").ok());
  EXPECT_TRUE(answers());
  EXPECT_TRUE(becomes("box", "Ready", "True"));
  EXPECT_EQ(get("box")->spec.operatingMode, "Running");
}

TEST_F(RestTest, WhatIsNotToWakeLetsItsClientsWait) {
  run(kServer, R"("suspend":{"wakeOnTraffic":false},)");
  ASSERT_TRUE(suspend("box", "Freeze").ok());
  EXPECT_FALSE(http_get(address(), 80, seconds(2)));
  EXPECT_TRUE(is_frozen(get("box")->metadata.uid));
}

// Its process is held up when the request comes, and then frozen before it could read it.
TEST_F(RestTest, WhatCameJustBeforeTheFreezeWakesIt) {
  run(kServer, R"("suspend":{"wakeOnTraffic":true},)");
  ASSERT_TRUE(eventually([this] { return answers(); }));
  const pid_t server = pid("box");
  ASSERT_EQ(kill(server, SIGSTOP), 0);
  const auto socket = connect_to(address(), 80, seconds(30));
  ASSERT_TRUE(socket);
  constexpr std::string_view kRequest = "GET / HTTP/1.0\r\n\r\n";
  ASSERT_GT(send(socket->get(), kRequest.data(), kRequest.size(), 0), 0);
  ASSERT_TRUE(suspend("box", "Freeze").ok());
  EXPECT_TRUE(eventually([this] { return woken_by() == "Traffic"; }));
  EXPECT_EQ(kill(server, SIGCONT), 0);
  std::array<char, 256> answer{};
  EXPECT_GT(recv(socket->get(), answer.data(), answer.size(), 0), 0);
}

TEST_F(RestTest, AConnectionCarriesDataOnBothWaysAfterItsSleep) {
  run(kEcho, kSleepsSoon);
  const UniqueFd echo = connection(7, seconds(30));
  ASSERT_TRUE(tell(echo, "one"));
  EXPECT_EQ(hear(echo), "one");
  ASSERT_TRUE(falls_asleep());
  ASSERT_TRUE(tell(echo, "two"));
  EXPECT_EQ(hear(echo), "two");
  EXPECT_TRUE(becomes("box", "Ready", "True"));
}

TEST_F(RestTest, ConnectionsCarryDataOnBothWaysAfterAMinuteOfFreeze) {
  run(kEchoAndNumbers, R"("suspend":{"wakeOnTraffic":false},)");
  const UniqueFd echo = connection(7, seconds(60));
  ASSERT_TRUE(tell(echo, "before"));
  EXPECT_EQ(hear(echo), "before");
  const UniqueFd numbers = connection(8, seconds(5));
  std::string told = hear(numbers);
  EXPECT_NE(told, "");
  ASSERT_TRUE(suspend("box", "Freeze").ok());
  ASSERT_TRUE(tell(echo, "meanwhile"));
  // The minute.
  EXPECT_EQ(hear(echo), "");
  EXPECT_TRUE(is_frozen(get("box")->metadata.uid));
  // What was under way comes without the server.
  const std::string under_way = hear_all(numbers);
  EXPECT_NE(under_way, "");
  told += under_way;
  EXPECT_LT(told.size(), all_numbers().size());
  ASSERT_TRUE(resume("box").ok());
  EXPECT_EQ(hear(echo), "meanwhile");
  ASSERT_TRUE(tell(echo, "after"));
  EXPECT_EQ(hear(echo), "after");
  told += hear_all(numbers);
  EXPECT_TRUE(told == all_numbers()) << told.size() << " bytes were told";
}

// Design suspend.md, trap 8.
TEST_F(RestTest, TheEndOfAConnectionWakesNobody) {
  run(kEcho, kSleepsSoon);
  UniqueFd echo = connection(7, seconds(30));
  ASSERT_TRUE(tell(echo, "one"));
  EXPECT_EQ(hear(echo), "one");
  ASSERT_TRUE(falls_asleep());
  echo.reset();
  const auto uid = get("box")->metadata.uid;
  EXPECT_FALSE(eventually([&] { return !is_frozen(uid); }, seconds(3)));
  EXPECT_TRUE(tell(connection(7, seconds(30)), "two"));
  EXPECT_TRUE(becomes("box", "Ready", "True"));
}

TEST_F(RestTest, AnExecWakesItAndKeepsItAwake) {
  run(kServer, kSleepsSoon);
  ASSERT_TRUE(falls_asleep());
  grpc::ClientContext context;
  const auto stream = agent().api().Exec(&context);
  pb::ExecRequest request;
  request.mutable_start()->mutable_ref()->set_name("box");
  for (const char* word : {"sh", "-c", "echo here; read line"}) {
    request.mutable_start()->add_command(word);
  }
  request.mutable_start()->set_stdin(true);
  ASSERT_TRUE(stream->Write(request));
  pb::ExecResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.stdout(), "here\n");
  EXPECT_EQ(woken_by(), "Exec");
  EXPECT_FALSE(eventually([&] { return is_frozen(get("box")->metadata.uid); }, seconds(5)));
  request.set_stdin_eof(true);
  stream->Write(request);
  stream->WritesDone();
  while (stream->Read(&response)) {
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_TRUE(falls_asleep());
}

TEST_F(RestTest, AFollowedLogWakesItAndKeepsItAwake) {
  run("echo begun; exec sleep 1000", kSleepsSoon);
  ASSERT_TRUE(falls_asleep());
  grpc::ClientContext context;
  pb::LogsRequest request;
  request.mutable_ref()->set_name("box");
  request.set_follow(true);
  const auto stream = agent().api().Logs(&context, request);
  pb::LogsResponse line;
  ASSERT_TRUE(stream->Read(&line));
  EXPECT_TRUE(becomes("box", "Ready", "True"));
  EXPECT_EQ(woken_by(), "Logs");
  EXPECT_FALSE(eventually([&] { return is_frozen(get("box")->metadata.uid); }, seconds(5)));
  context.TryCancel();
  stream->Finish();
  EXPECT_TRUE(falls_asleep());
}

TEST_F(RestTest, AnAgentThatWasKilledWakesItForWhatCameMeanwhile) {
  run(kServer, kSleepsSoon);
  ASSERT_TRUE(falls_asleep());
  const std::string where = address();
  agent().kill();
  const auto socket = connect_to(where, 80, seconds(30));
  ASSERT_TRUE(socket);
  constexpr std::string_view kRequest = "GET / HTTP/1.0\r\n\r\n";
  ASSERT_GT(send(socket->get(), kRequest.data(), kRequest.size(), 0), 0);
  ASSERT_TRUE(agent().restart());
  std::array<char, 256> answer{};
  EXPECT_GT(recv(socket->get(), answer.data(), answer.size(), 0), 0);
  EXPECT_TRUE(eventually([this] { return woken_by() == "Traffic"; }));
}

TEST_F(RestTest, AnAgentThatWasKilledLetsItSleepOn) {
  run(kServer, kSleepsSoon);
  ASSERT_TRUE(falls_asleep());
  ASSERT_TRUE(agent().kill_and_restart());
  ASSERT_TRUE(falls_asleep());
  EXPECT_TRUE(is_frozen(get("box")->metadata.uid));
  EXPECT_TRUE(answers());
}

TEST_F(RestTest, AResumeWakesWhatSleeps) {
  run(kServer, kSleepsSoon);
  ASSERT_TRUE(falls_asleep());
  ASSERT_TRUE(resume("box").ok());
  EXPECT_EQ(woken_by(), "User");
}

}  // namespace
}  // namespace sandboxlet::test

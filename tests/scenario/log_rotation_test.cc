#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>

#include "tests/rig/eventually.h"
#include "tests/scenario/agent_test.h"

namespace sandboxlet::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

constexpr uintmax_t kMaxSize = 128 << 10;
constexpr size_t kMaxFiles = 5;

// An agent that rotates early.
class LogRotationTest : public AgentTest {
 protected:
  void SetUp() override {
    AgentTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    agent_.reset();
    auto started = AgentProcess::start(runtime(), "containerLogMaxSize: 128Ki\n");
    ASSERT_TRUE(started) << started.error().message();
    agent_ = std::move(*started);
  }

  void start(const std::string& script, const std::string& spec = "") {
    auto text = manifest("box", spec);
    text.replace(text.find(R"("imagePullPolicy")"), 0,
                 R"("command":["sh","-c",")" + script + R"("],)");
    ASSERT_TRUE(apply(text).ok());
    ASSERT_TRUE(becomes("box", "Ready", "True"));
    directory_ = fs::directory_iterator(runtime().dir() + "/logs")->path() / "main";
  }
  // Sizes of the log's files, by name; a rotated one that goes meanwhile counts for nothing.
  std::map<std::string, uintmax_t> files() {
    std::map<std::string, uintmax_t> sizes;
    for (const auto& entry : fs::directory_iterator(directory_)) {
      std::error_code gone;
      const uintmax_t size = fs::file_size(entry.path(), gone);
      if (!gone) sizes[entry.path().filename().string()] = size;
    }
    return sizes;
  }
  bool rotates_again() {
    const auto before = files();
    return eventually([&] {
      const auto now = files();
      return now.size() > 1 && std::any_of(now.begin(), now.end(), [&](const auto& file) {
               return file.first.starts_with("0.log.") && !before.contains(file.first);
             });
    });
  }
  // The numbers at the lines' beginnings.
  std::vector<int> read(pb::LogsRequest request) {
    request.mutable_ref()->set_name("box");
    grpc::ClientContext context;
    const auto stream = agent().api().Logs(&context, request);
    std::vector<int> numbers;
    std::string text;
    for (pb::LogsResponse part; stream->Read(&part); last_ = part) {
      // A rotation may cut a line in two.
      text += part.line();
      if (part.partial()) continue;
      numbers.push_back(std::atoi(text.c_str()));
      text.clear();
    }
    EXPECT_TRUE(stream->Finish().ok());
    return numbers;
  }

  fs::path directory_;
  pb::LogsResponse last_;
};

// first, first + 1, ... last
std::vector<int> numbers(int first, int last) {
  std::vector<int> all(last - first + 1);
  std::iota(all.begin(), all.end(), first);
  return all;
}

// So many lines of 110 bytes, 200 KB a second.
std::string counting_to(int last) {
  return "i=0; while [ $i -lt " + std::to_string(last) + " ]; do i=$((i+1)); echo $i " +
         std::string(50, 'x') + "; [ $((i % 20)) = 0 ] && sleep 0.01; done";
}

TEST_F(LogRotationTest, AContainerThatFillsItsLogFillsNoDisk) {
  start("yes 1 and so on, for ever and ever");
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(rotates_again());
    auto sizes = files();
    EXPECT_LE(sizes.size(), kMaxFiles + 1) << "one may be half compressed";
    // What is written, and what was written last.
    sizes.erase("0.log");
    if (!sizes.empty()) sizes.erase(std::prev(sizes.end()));
    uintmax_t bytes = 0;
    for (const auto& [name, size] : sizes) bytes += size;
    EXPECT_LE(bytes, kMaxSize * kMaxFiles);
  }
  pb::LogsRequest request;
  request.set_tail(3);
  EXPECT_THAT(read(request), testing::Each(1));
  EXPECT_TRUE(becomes("box", "Ready", "True"));
  EXPECT_THAT(agent().log(), Not(HasSubstr("is not rotated")));
}

TEST_F(LogRotationTest, FollowingLosesNoLineAndRepeatsNone) {
  constexpr int kLines = 6000;
  start(counting_to(kLines), R"("restartPolicy":"Never",)");
  pb::LogsRequest request;
  request.set_follow(true);
  EXPECT_EQ(read(request), numbers(1, kLines));
  const auto sizes = files();
  EXPECT_GT(sizes.size(), 2);
  EXPECT_LE(sizes.size(), kMaxFiles);
  EXPECT_TRUE(std::any_of(sizes.begin(), sizes.end(),
                          [](const auto& file) { return file.first.ends_with(".gz"); }));

  // And who comes later, across what is compressed, rotated and current.
  request.set_follow(false);
  EXPECT_EQ(read(request), numbers(1, kLines));
  request.set_tail(4000);
  EXPECT_EQ(read(request), numbers(kLines - 3999, kLines));
  request.clear_tail();
  *request.mutable_since() = last_.time();
  EXPECT_THAT(read(request), testing::Contains(kLines));
}

TEST_F(LogRotationTest, AnAgentKilledBetweenRenamingAndReopeningIsMended) {
  start(counting_to(1'000'000));
  ASSERT_TRUE(rotates_again());
  kill(agent().pid(), SIGSTOP);
  const fs::path renamed = directory_ / "0.log.29991231-235959";
  fs::rename(directory_ / "0.log", renamed);
  ASSERT_TRUE(agent().kill_and_restart());
  EXPECT_TRUE(eventually([&] { return fs::exists(directory_ / "0.log"); }));
  EXPECT_TRUE(rotates_again());
  pb::LogsRequest request;
  const auto all = read(request);
  ASSERT_THAT(all, Not(SizeIs(0)));
  EXPECT_EQ(all, numbers(all.front(), all.back()));
  EXPECT_TRUE(becomes("box", "Ready", "True"));
}

TEST_F(LogRotationTest, AFrozenSandboxKeepsItsLogAndRotatesOnceThawed) {
  start(counting_to(1'000'000));
  ASSERT_TRUE(rotates_again());
  ASSERT_TRUE(suspend("box", "Freeze").ok());
  // The runtime answers all the same, should the freeze come between look and rotation.
  EXPECT_TRUE(loop_.run(runtime_client_->reopen_container_log(container_id("box"))));
  ASSERT_TRUE(resume("box").ok());
  EXPECT_TRUE(rotates_again());
}

}  // namespace
}  // namespace sandboxlet::test

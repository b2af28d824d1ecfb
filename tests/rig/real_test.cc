#include "tests/rig/real_test.h"

namespace sandboxlet::test {

namespace {

class SharedRuntime : public testing::Environment {
 public:
  Result<> start() {
    if (runtime_) return {};
    TRY(runtime_, PrivateRuntime::start());
    return {};
  }
  PrivateRuntime& get() { return *runtime_; }

  void TearDown() override {
    if (!runtime_) return;
    auto stopped = runtime_->stop();
    EXPECT_TRUE(stopped.has_value()) << stopped.error().message();
    runtime_.reset();
  }

 private:
  std::unique_ptr<PrivateRuntime> runtime_;
};

// GoogleTest owns it.
SharedRuntime* const shared = [] {
  auto* environment = new SharedRuntime;
  testing::AddGlobalTestEnvironment(environment);
  return environment;
}();

}  // namespace

void RealTest::SetUp() {
  if (PrivateRuntime::why_not()) GTEST_SKIP() << *PrivateRuntime::why_not();
  auto started = shared->start();
  ASSERT_TRUE(started.has_value()) << started.error().message();
}

PrivateRuntime& RealTest::runtime() { return shared->get(); }

}  // namespace sandboxlet::test

#include "agent/node/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandboxlet::agent {
namespace {

std::string refusal(const char* yaml) {
  const auto config = parse_config(yaml);
  return config ? "" : config.error().message();
}

TEST(Config, EveryKeyHasADefault) {
  const auto config = parse_config("");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->data_root, "/var/lib/sandboxlet");
  EXPECT_EQ(config->container_log_max_size, 10 << 20);
}

TEST(Config, WhatIsPrintedIsReadBack) {
  Config config;
  config.node_name = "node \"1\"";
  config.pool.memory_bytes = 1 << 30;
  config.local_volumes = int64_t{1} << 40;
  config.relist_period = std::chrono::milliseconds(1500);
  const auto again = parse_config(print_config(config));
  ASSERT_TRUE(again) << again.error().message();
  EXPECT_EQ(print_config(*again), print_config(config));
  EXPECT_EQ(again->pool.memory_bytes, 1 << 30);
  EXPECT_EQ(again->local_volumes, int64_t{1} << 40);
  EXPECT_EQ(again->relist_period, config.relist_period);
}

TEST(Config, ReadsQuantitiesAndDurations) {
  const auto config = parse_config("containerLogMaxSize: 1Mi\ncrashLoopBackoff: 1.5s\n");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->container_log_max_size, 1 << 20);
  EXPECT_EQ(config->crash_loop_backoff, std::chrono::milliseconds(1500));
}

TEST(Config, NamesEveryKeyThatIsWrong) {
  EXPECT_EQ(refusal("dataroot: /x\nlogLevel: loud\nrelistPeriod: 0s"),
            "dataroot: unknown key\n"
            "logLevel: Invalid value: \"loud\": must be one of trace, debug, info, warn, error\n"
            "relistPeriod: Invalid value: \"0s\": must be a duration of at least 1ms, like 30s or "
            "5m");
  EXPECT_EQ(refusal("socket: run/x"), "socket: Invalid value: \"run/x\": must be an absolute path");
  EXPECT_EQ(refusal("poolMemoryLimit: -1"),
            "poolMemoryLimit: Invalid value: \"-1\": must be a quantity greater than 0");
  EXPECT_EQ(refusal("containerLogMaxFiles: 1"),
            "containerLogMaxFiles: Invalid value: \"1\": must be at least 2");
  EXPECT_EQ(refusal("[a]"), "must be a mapping of keys to values");
  EXPECT_EQ(refusal("nodeName: [a]"), "nodeName: Invalid value: \"\": must be a single value");
  EXPECT_THAT(refusal("a: ["), testing::HasSubstr("line"));
}

TEST(Config, WhatCouldNotServeIsRefusedBeforeItIsTried) {
  for (const auto& [yaml, said] : std::vector<std::pair<const char*, const char*>>{
           {"cgroupRoot: /a/b", "cgroupRoot: Invalid value: \"/a/b\": must be one level"},
           {"metricsAddress: nonsense", "metricsAddress: Invalid value"},
           {"metricsAddress: a:70000", "metricsAddress: Invalid value"},
           {"runtimeEndpoint: tcp://a:1", "runtimeEndpoint: Invalid value"},
           {"socket: /run/a\nobserverSocket: /run/a", "observerSocket: Invalid value"},
           {"crashLoopBackoff: 10m", "crashLoopBackoffMax: Invalid value: \"5m\": must not be"},
           {"imagePullBackoffMax: 1s", "imagePullBackoffMax: Invalid value: \"1s\": must not be"},
           {"dataRoot: /var/..", "dataRoot: Invalid value"},
           {"logLevel: info\nlogLevel: warn", "logLevel: is there twice"}}) {
    EXPECT_THAT(refusal(yaml), testing::HasSubstr(said)) << yaml;
  }
  const std::string long_path = "socket: /" + std::string(200, 'a');
  EXPECT_THAT(refusal(long_path.c_str()), testing::HasSubstr("longer than"));
}

}  // namespace
}  // namespace sandboxlet::agent

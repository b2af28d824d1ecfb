#include "api/yaml_scalar.h"

#include <gtest/gtest.h>

#include <limits>
#include <utility>

namespace sandboxlet::api {
namespace {

using std::string_literals::operator""s;

// Measured: sigs.k8s.io/yaml 1.6.0 answered so (testdata/yaml_as_kubernetes_reads_it.jsonl has
// these and many more).

void expect(const std::string& text, const YamlValue& wanted) {
  const auto value = resolve_plain(text);
  ASSERT_TRUE(value.has_value()) << text;
  EXPECT_EQ(value->index(), wanted.index()) << text;
  EXPECT_TRUE(*value == wanted) << text;
}

TEST(YamlScalar, WordsOfYaml11AreBooleans) {
  for (const char* text :
       {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"}) {
    expect(text, true);
  }
  for (const char* text :
       {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}) {
    expect(text, false);
  }
  for (const char* text : {"yEs", "tRue", "t", "f", "oN"}) expect(text, std::string(text));
}

TEST(YamlScalar, NothingAndTildeAreNull) {
  for (const char* text : {"", "~", "null", "Null", "NULL"}) expect(text, nullptr);
  for (const char* text : {"nULL", "nil", "none"}) expect(text, std::string(text));
}

TEST(YamlScalar, IntegersHaveSignsBasesAndUnderscores) {
  const std::pair<const char*, int64_t> table[] = {
      {"0", 0},
      {"-0", 0},
      {"+1", 1},
      {"-1", -1},
      {"07", 7},
      {"0755", 493},
      {"-0755", -493},
      {"0o755", 493},
      {"0O755", 493},
      {"0x1F", 31},
      {"-0X1f", -31},
      {"0b101", 5},
      {"-0b11", -3},
      {"1_000", 1000},
      {"0x_1F", 31},
      {"1__0", 10},
      {"1_", 1},
      {"08", 8},
      {"0_7", 7},
      {"9223372036854775807", std::numeric_limits<int64_t>::max()},
      {"-9223372036854775808", std::numeric_limits<int64_t>::min()}};
  for (const auto& [text, value] : table) expect(text, value);
  expect("9223372036854775808", uint64_t{1} << 63);
  expect("0xffffffffffffffff", std::numeric_limits<uint64_t>::max());
}

TEST(YamlScalar, WholeNumbersAreIntegersHoweverWritten) {
  const std::pair<const char*, int64_t> table[] = {{"1.0", 1},       {"1.", 1},    {"1e3", 1000},
                                                   {"1.5E+3", 1500}, {"1.e1", 10}, {"-0.0", 0},
                                                   {"1e-400", 0}};
  for (const auto& [text, value] : table) expect(text, value);
  expect("1e19", uint64_t{10'000'000'000'000'000'000U});
}

TEST(YamlScalar, OtherNumbersAreFloats) {
  const std::pair<const char*, double> table[] = {{".5", 0.5},
                                                  {"-.5", -0.5},
                                                  {"+1.5", 1.5},
                                                  {"1e-3", 0.001},
                                                  {"1_0.5_5", 10.55},
                                                  {"1e20", 1e20},
                                                  {"18446744073709551616", 18446744073709551616.0}};
  for (const auto& [text, value] : table) expect(text, value);
}

TEST(YamlScalar, WhatOnlyLooksLikeANumberIsAString) {
  for (const char* text : {".",
                           "..",
                           "-",
                           "+",
                           "1e",
                           "1e+",
                           "e3",
                           "1.2.3",
                           "--1",
                           "0o8",
                           "0xg",
                           "0b2",
                           "_1",
                           "1,000",
                           "0x1p4",
                           "1:30",
                           "190:20:30",
                           "1e400",
                           "inf",
                           "NaN",
                           "0x1ffffffffffffffff",
                           "1Gi",
                           "500m",
                           "2001-12-14",
                           "2027-01-15T08:00:00Z",
                           ".5_5",
                           "v1",
                           "<<",
                           "="}) {
    expect(text, std::string(text));
  }
}

TEST(YamlScalar, NumbersThatJsonDoesNotHaveAreRefused) {
  for (const char* text : {".inf", "-.Inf", "+.INF", ".nan", ".NaN"}) {
    EXPECT_FALSE(resolve_plain(text).has_value()) << text;
  }
}

TEST(YamlScalar, QuotedOnesAreStrings) {
  for (const std::string& text : {""s, "on"s, "1"s, "~"s}) {
    EXPECT_TRUE(resolve_scalar("!", text).value() == YamlValue(text)) << text;
  }
}

TEST(YamlScalar, ATagDecidesTheType) {
  const auto tagged = [](const char* tag, const char* text) {
    return resolve_scalar("tag:yaml.org,2002:"s + tag, text);
  };
  EXPECT_TRUE(tagged("str", "1").value() == YamlValue("1"s));
  EXPECT_TRUE(tagged("int", "0x10").value() == YamlValue(int64_t{16}));
  EXPECT_TRUE(tagged("float", "1").value() == YamlValue(int64_t{1}));
  EXPECT_TRUE(tagged("bool", "yes").value() == YamlValue(true));
  EXPECT_TRUE(tagged("null", "").value() == YamlValue(nullptr));
  EXPECT_TRUE(tagged("timestamp", "2001-12-14").value() == YamlValue("2001-12-14"s));
  EXPECT_TRUE(resolve_scalar("!mine", "1").value() == YamlValue("1"s));
  for (const auto& [tag, text] :
       {std::pair("int", "1.5"), std::pair("int", "x"), std::pair("float", "x"),
        std::pair("bool", ""), std::pair("null", "x"), std::pair("binary", "aGVsbG8=")}) {
    EXPECT_FALSE(tagged(tag, text).has_value()) << tag << " " << text;
  }
}

}  // namespace
}  // namespace sandboxlet::api

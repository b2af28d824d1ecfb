#include "api/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sandboxlet::api {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// The faults are what apimachinery 0.36 answers for the same texts.

std::string times(size_t count, char c) { return std::string(count, c); }

TEST(Names, ADnsLabelIsLowerCaseAndShort) {
  for (const char* right : {"a", "a-b", "1a", "0"}) {
    EXPECT_THAT(dns1123_label(right), IsEmpty()) << right;
  }
  EXPECT_THAT(dns1123_label(times(63, 'x')), IsEmpty());
  for (const char* wrong : {"", "A", "a_b", "-a", "a-", "a\nb", "\u00e9", "a..b"}) {
    EXPECT_THAT(dns1123_label(wrong), ElementsAre(StartsWith("a lowercase RFC 1123 label must")))
        << wrong;
  }
  EXPECT_THAT(dns1123_label("a.b"), ElementsAre("must not contain dots"));
  EXPECT_THAT(dns1123_label(times(64, 'x')), ElementsAre("must be no more than 63 characters"));
}

TEST(Names, ASubdomainIsLabelsWithDots) {
  for (const char* right : {"a", "a.b", "1.2.3", "a-b.c"}) {
    EXPECT_THAT(dns1123_subdomain(right), IsEmpty()) << right;
  }
  EXPECT_THAT(dns1123_subdomain(times(253, 'x')), IsEmpty());
  for (const char* wrong : {"", ".", "a.", ".a", "a..b", "A", "a.-b", "../x", "a/b"}) {
    EXPECT_THAT(dns1123_subdomain(wrong),
                ElementsAre(StartsWith("a lowercase RFC 1123 subdomain must")))
        << wrong;
  }
  EXPECT_THAT(dns1123_subdomain(times(254, 'x')),
              ElementsAre("must be no more than 253 characters"));
}

TEST(Names, AServiceNameBeginsWithALetter) {
  EXPECT_THAT(dns1035_label("a-1"), IsEmpty());
  for (const char* wrong : {"", "1a", "a.b", "-a", "A"}) {
    EXPECT_THAT(dns1035_label(wrong), ElementsAre(StartsWith("a DNS-1035 label must"))) << wrong;
  }
  EXPECT_THAT(dns1035_label(times(64, 'x')), ElementsAre("must be no more than 63 characters"));
}

TEST(Names, ALabelKeyHasAnOptionalPrefix) {
  for (const char* right : {"a", "A_b.c-1", "example.com/Name"}) {
    EXPECT_THAT(label_key(right), IsEmpty()) << right;
  }
  EXPECT_THAT(label_key(times(64, 'x')), ElementsAre("name part must be no more than 63 bytes"));
  EXPECT_THAT(label_key("/a"), ElementsAre("prefix part must be non-empty"));
  EXPECT_THAT(label_key("a b"), ElementsAre(StartsWith("name part must consist of")));
  EXPECT_THAT(label_key("A.com/b"), ElementsAre(StartsWith("prefix part a lowercase RFC 1123")));
  EXPECT_THAT(label_key("a/b/c"), ElementsAre(StartsWith("a valid label key must consist of")));
  for (const char* empty : {"", "a/"}) {
    EXPECT_THAT(label_key(empty),
                ElementsAre("name part must be non-empty", StartsWith("name part must consist of")))
        << empty;
  }
}

TEST(Names, ALabelValueMayBeEmpty) {
  for (const char* right : {"", "a", "A_b.c-1"})
    EXPECT_THAT(label_value(right), IsEmpty()) << right;
  for (const char* wrong : {"-", "a b", "a/b", "\u00e9"}) {
    EXPECT_THAT(label_value(wrong), ElementsAre(StartsWith("a valid label must be"))) << wrong;
  }
  EXPECT_THAT(label_value(times(64, 'x')), ElementsAre("must be no more than 63 bytes"));
}

TEST(Names, APortNameIsAServiceName) {
  for (const char* right : {"a", "http", "1a", "a-1"}) {
    EXPECT_THAT(port_name(right), IsEmpty()) << right;
  }
  EXPECT_THAT(port_name("HTTP"), ElementsAre(HasSubstr("only alpha-numeric"),
                                             "must contain at least one letter (a-z)"));
  EXPECT_THAT(port_name("1"), ElementsAre("must contain at least one letter (a-z)"));
  EXPECT_THAT(port_name("-a--b-"), ElementsAre("must not contain consecutive hyphens",
                                               "must not begin or end with a hyphen"));
  EXPECT_THAT(port_name(times(16, 'a')), ElementsAre("must be no more than 15 characters"));
  EXPECT_THAT(port_name(""), Contains(HasSubstr("only alpha-numeric")));
}

TEST(Names, AnEnvironmentVariableIsPrintableAndHasNoEqualsSign) {
  for (const char* right : {"A", "1A", "a b", "..x", "~"}) {
    EXPECT_THAT(env_var_name(right), IsEmpty()) << right;
  }
  for (const char* wrong : {"A=B", "a\tb", "\u00e9", "\x7f"}) {
    EXPECT_THAT(env_var_name(wrong), ElementsAre(HasSubstr("printable ASCII"))) << wrong;
  }
}

TEST(Names, EachFaultIsAFinding) {
  std::vector<Finding> findings;
  report(Field(findings, "f"), "1", {"one", "two"});
  EXPECT_THAT(findings, ElementsAre(Finding{"f", "Invalid value: \"1\": one"},
                                    Finding{"f", "Invalid value: \"1\": two"}));
}

}  // namespace
}  // namespace sandboxlet::api

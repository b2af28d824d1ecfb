#include "tests/kube/server_rules.h"

#include "kube/curl_http.h"
#include "tests/kube/crd_test.h"
#include "tests/rig/core_loop.h"

namespace sandboxlet::test {
namespace {

TEST_F(CrdTest, TheRealServerKeepsTheRulesThatTheFakeIsHeldTo) {
  auto config = kube::load_kubeconfig(api().kubeconfig());
  ASSERT_TRUE(config) << config.error().message();
  CoreLoop loop;
  kube::CurlHttp http(loop.io(), loop.clock(), *config);
  ServerRulesCheck([&](kube::HttpRequest request) {
    auto answer = loop.run(http.send(std::move(request)));
    EXPECT_TRUE(answer) << answer.error().message();
    return answer ? *answer : kube::HttpResponse();
  }).run();
}

}  // namespace
}  // namespace sandboxlet::test

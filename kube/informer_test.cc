#include "kube/informer.h"

#include <gmock/gmock.h>

#include "base/manual_loop.h"
#include "kube/fake_api_server.h"

namespace sandboxlet::kube {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Json = nlohmann::json;

class InformerTest : public testing::Test {
 protected:
  ~InformerTest() override {
    informer_.reset();
    server_.client_died(false);
  }

  static ObjectRef box(const std::string& name) { return {kSandboxes, "default", name, ""}; }
  void create(const std::string& name) {
    ASSERT_EQ(server_.objects().create(box(name), Json::object()).status, 201);
  }
  void inform(Informer::Key key) {
    Informer::Callbacks callbacks;
    callbacks.set = [this](const Json& object) { set_.push_back(object["metadata"]["name"]); };
    callbacks.remove = [this](const std::string& gone) { removed_.push_back(gone); };
    callbacks.synced = [] {};
    callbacks.connected = [](bool, const std::string&) {};
    informer_.emplace(loop_.io(), loop_.clock(), server_, Selection{kSandboxes, "", "", ""}, key,
                      std::move(callbacks));
    loop_.run_for(seconds(1));
  }

  ManualLoop loop_;
  FakeApiServer server_{loop_.clock()};
  std::vector<std::string> set_;
  std::vector<std::string> removed_;
  std::optional<Informer> informer_;
};

TEST_F(InformerTest, TellsWhatIsThereAndTheKeysOfWhatIsNotAnyMore) {
  create("one");
  inform(Informer::Key::kName);
  EXPECT_TRUE(informer_->has_synced());
  EXPECT_THAT(set_, ElementsAre("one"));
  server_.objects().remove(box("one"));
  loop_.run_for(seconds(1));
  EXPECT_THAT(removed_, ElementsAre("one"));
}

TEST_F(InformerTest, ARestartTellsAllAnewAndWhatWentMeanwhile) {
  create("stays");
  create("goes");
  inform(Informer::Key::kName);
  set_.clear();
  server_.objects().remove(box("goes"));
  informer_->restart();
  EXPECT_FALSE(informer_->has_synced());
  loop_.run_for(seconds(1));
  EXPECT_TRUE(informer_->has_synced());
  EXPECT_THAT(set_, UnorderedElementsAre("stays"));
  EXPECT_THAT(removed_, ElementsAre("goes"));
}

TEST_F(InformerTest, ByUidOneThatIsMadeAnewIsAnother) {
  create("again");
  inform(Informer::Key::kUid);
  EXPECT_THAT(removed_, IsEmpty());
  server_.objects().remove(box("again"));
  create("again");
  informer_->restart();
  loop_.run_for(seconds(1));
  EXPECT_THAT(set_, ElementsAre("again", "again"));
  EXPECT_EQ(removed_.size(), 1U);
}

}  // namespace
}  // namespace sandboxlet::kube

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/claims/cluster_claims.h"
#include "agent/claims/testing/objects.h"
#include "base/manual_loop.h"
#include "kube/fake_api_server.h"

namespace sandboxlet::agent {

// An API server, whose controllers a test plays, and the disk of a node, whose agent comes and
// goes.
class StorageNode {
 public:
  using Json = nlohmann::json;

  // The folder is the test's.
  explicit StorageNode(std::string folder, std::optional<int64_t> capacity = {});

  // ---- Who talks to the API server, each at once.
  kube::FakeApiServer& server() { return server_; }
  Json create_claim(const Json& patch = Json::object());
  // The claim and the volume of that name; null where there is none.
  Json claim() const;
  Json volume(const std::string& name) const;
  std::vector<Json> volumes() const;
  Json patch_claim(const Json& patch, std::string_view subresource = {});
  Json patch_volume(const std::string& name, const Json& patch, std::string_view subresource = {});
  void remove_claim();
  // Volumes and claims are bound and released, once, as far as that is due.
  void control();
  // Reasons of all Events, and the last one's note.
  std::vector<std::string> events() const;
  std::string last_note() const;

  // ---- The node. kill -9: what was asked of the API server is done none the less, or never.
  void kill_agent(bool finish_calls = true);
  void start_agent();
  LocalVolumes& disk() { return disk_; }
  Volumes& sandboxes() { return sandboxes_; }
  std::vector<std::string> on_disk() const;
  ClusterClaims& claims() { return life_->claims; }
  ManualLoop& loop() { return life_->loop; }

  // ---- Time. Runs one handler, or lets time pass to the next timer and answers false.
  bool step();
  void run_for(Duration time);

 private:
  struct Life {
    explicit Life(StorageNode& node);
    ~Life();
    kube::FakeApiServer& server;
    bool finish_calls = true;
    ManualLoop loop;
    kube::Client client{server, loop.clock()};
    kube::EventRecorder events{loop.io(), loop.clock(), client, "sandboxlet.io/agent", kTestNode};
    NodeStorage storage{loop.io(), loop.clock(), server, kTestNode};
    LocalProvisioner provisioner;
    ClusterClaims claims{client, loop.clock(), storage, provisioner, kTestNode};
  };

  TimePoint next() const;
  void pass_until(TimePoint when);

  ManualClock clock_;
  kube::FakeApiServer server_{clock_};
  LocalVolumes disk_;
  Volumes sandboxes_;
  std::unique_ptr<Life> life_;
};

}  // namespace sandboxlet::agent

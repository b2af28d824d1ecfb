#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace sandboxlet::test {

// A kube-apiserver of the test's own with an etcd of its own (tools/private-apiserver): Node and
// RBAC authorization, a service account issuer, an administrator. No controller runs beside it but
// those asked for. All of it goes with this object, or soon after the process, however that ends.
// All functions block; names, request() and kubectl() are for any thread, the others for one caller
// at a time.
class KubeApiServer {
 public:
  // Why this machine cannot run one, for GTEST_SKIP; nothing where it can.
  static const std::optional<std::string>& why_not();

  // Answers when it is ready: after about five seconds, and after as many minutes where
  // tools/kube-binaries has to build one first.
  static Result<std::unique_ptr<KubeApiServer>> start();
  ~KubeApiServer();
  KubeApiServer(const KubeApiServer&) = delete;
  KubeApiServer& operator=(const KubeApiServer&) = delete;

  // A folder of 0700, the server's alone.
  const std::string& dir() const { return dir_; }
  // "https://127.0.0.1:PORT"; the same after a restart.
  const std::string& url() const { return url_; }
  // Files, in PEM but the kubeconfig. The administrator is in system:masters.
  std::string ca() const { return dir_ + "/ca.crt"; }
  std::string admin_certificate() const { return dir_ + "/admin.crt"; }
  std::string admin_key() const { return dir_ + "/admin.key"; }
  std::string kubeconfig() const { return dir_ + "/admin.kubeconfig"; }

  // The administrator asks. The answer's body; an HTTP status of 400 and more is an error that
  // tells it and the body: "GET /path: HTTP 410: ...". A watch answers when it ends, so give it
  // timeoutSeconds. Any thread.
  Result<std::string> request(const std::string& method, const std::string& path,
                              const std::string& body = "",
                              const std::string& content_type = "application/json") const;

  // What kubectl prints, as the administrator. An exit code other than 0 is an error with what it
  // said on stderr. Any thread.
  Result<std::string> kubectl(const std::vector<std::string>& arguments) const;

  // A kube-controller-manager with these controllers alone ("namespace-controller", as its
  // --controllers names them), in place of one that ran before; answers when they run. What has to
  // find a new kind first takes its time: the garbage collector half a minute.
  Result<> run_controllers(const std::vector<std::string>& names);

  // SIGKILL to kube-apiserver alone.
  Result<> kill();
  // A new one with the same data on the same port; answers when it is ready.
  Result<> restart();
  Result<> kill_etcd();
  // Answers when kube-apiserver, where it runs, is ready with the new etcd.
  Result<> restart_etcd();
  // etcd forgets all revisions that objects have had. What kube-apiserver has in its watch cache it
  // still answers from there, until it is restarted.
  Result<> compact_etcd();
  // What the destructor does, for those who want to hear whether it could. Idempotent.
  Result<> stop();

 private:
  explicit KubeApiServer(std::string dir) : dir_(std::move(dir)) {}

  const std::string dir_;
  std::string url_;
};

}  // namespace sandboxlet::test

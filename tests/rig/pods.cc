#include "tests/rig/pods.h"

namespace sandboxlet::test {

namespace v1 = ::runtime::v1;

v1::PodSandboxConfig pod_config(const PrivateRuntime& runtime, const std::string& name) {
  v1::PodSandboxConfig config;
  config.mutable_metadata()->set_name(name);
  config.mutable_metadata()->set_namespace_("test");
  config.mutable_metadata()->set_uid(name);
  config.set_hostname(name);
  auto& linux_config = *config.mutable_linux();
  linux_config.set_cgroup_parent(runtime.cgroup_root() + "/" + name);
  auto& security = *linux_config.mutable_security_context();
  security.mutable_namespace_options()->set_pid(v1::CONTAINER);
  return config;
}

v1::ContainerConfig container_config(const std::string& name, const std::string& image) {
  v1::ContainerConfig config;
  config.mutable_metadata()->set_name(name);
  config.mutable_image()->set_image(image);
  auto& security = *config.mutable_linux()->mutable_security_context();
  security.mutable_namespace_options()->set_pid(v1::CONTAINER);
  return config;
}

}  // namespace sandboxlet::test

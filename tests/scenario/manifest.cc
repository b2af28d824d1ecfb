#include "tests/scenario/manifest.h"

#include "tests/rig/pods.h"

namespace sandboxlet::test {

std::string counter_manifest(const std::string& name, const std::string& spec,
                             const std::string& container) {
  return R"({"apiVersion":"agents.x-k8s.io/v1beta1","kind":"Sandbox","metadata":{"name":")" + name +
         R"("},"spec":{"podTemplate":{"spec":{"terminationGracePeriodSeconds":1,)" + spec +
         R"("volumes":[{"name":"scratch","emptyDir":{"medium":"Memory","sizeLimit":"8Mi"}}],
            "containers":[{"name":"main",)" +
         container + R"("image":")" + kCounterImage +
         R"(","imagePullPolicy":"IfNotPresent",
             "volumeMounts":[{"name":"home","mountPath":"/home"},
                             {"name":"scratch","mountPath":"/scratch"}]}]}},
           "volumeClaimTemplates":[{"metadata":{"name":"home"},"spec":{
             "accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]}})";
}

std::string script_manifest(const std::string& name, const std::string& script,
                            const std::string& spec) {
  return counter_manifest(name, spec, R"("command":["sh","-c",")" + script + R"("],)");
}

}  // namespace sandboxlet::test

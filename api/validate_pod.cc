#include <limits>

#include "api/names.h"
#include "api/validate.h"

namespace sandboxlet::api {

namespace {

constexpr int64_t kMaxGraceSeconds = std::numeric_limits<int32_t>::max();

NameSet volume_names(const PodSpec& pod, const NameSet& claims) {
  NameSet names = claims;
  for (const Volume& volume : pod.volumes) names.insert(volume.name);
  return names;
}

}  // namespace

void validate_pod(const Field& field, const PodSpec& pod, const NameSet& claims) {
  validate_volumes(field.child("volumes"), pod.volumes, claims);
  validate_containers(field.child("containers"), pod.containers, volume_names(pod, claims));
  validate_choice(field.child("restartPolicy"), pod.restartPolicy,
                  {"Always", "OnFailure", "Never"});
  const Field grace = field.child("terminationGracePeriodSeconds");
  if (!pod.terminationGracePeriodSeconds) {
    grace.required();
  } else {
    validate_range(grace, *pod.terminationGracePeriodSeconds, 0, kMaxGraceSeconds);
  }
  if (!pod.hostname.empty()) {
    report(field.child("hostname"), pod.hostname, dns1123_label(pod.hostname));
  }
  if (pod.securityContext) {
    validate_pod_security(field.child("securityContext"), *pod.securityContext);
  }
}

}  // namespace sandboxlet::api

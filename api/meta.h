#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sandboxlet::api {

// Member names are the JSON's own, word for word: the generic reader and writer (json.h) take them
// from Boost.Describe. An optional that is empty, an empty string, list or map is not written.

using StringMap = std::map<std::string, std::string>;

// RFC 3339 in UTC, as metav1.Time writes it: "2026-01-02T03:04:05Z".
using Time = std::string;

// A number or a name, as intstr.IntOrString.
struct IntOrString {
  std::optional<int64_t> number;
  std::string name;
  bool operator==(const IntOrString&) const = default;
};

struct OwnerReference {
  std::string apiVersion;
  std::string kind;
  std::string name;
  std::string uid;
  std::optional<bool> controller;
  std::optional<bool> blockOwnerDeletion;
  bool operator==(const OwnerReference&) const = default;
};
BOOST_DESCRIBE_STRUCT(OwnerReference, (),
                      (apiVersion, kind, name, uid, controller, blockOwnerDeletion))

struct ObjectMeta {
  std::string name;
  std::string namespace_;  // "namespace" in JSON: a trailing underscore is not written
  std::string uid;
  std::string resourceVersion;
  int64_t generation = 0;
  Time creationTimestamp;
  Time deletionTimestamp;
  std::optional<int64_t> deletionGracePeriodSeconds;
  StringMap labels;
  StringMap annotations;
  std::vector<std::string> finalizers;
  std::vector<OwnerReference> ownerReferences;
  bool operator==(const ObjectMeta&) const = default;
};
BOOST_DESCRIBE_STRUCT(ObjectMeta, (),
                      (name, namespace_, uid, resourceVersion, generation, creationTimestamp,
                       deletionTimestamp, deletionGracePeriodSeconds, labels, annotations,
                       finalizers, ownerReferences))

struct Condition {
  std::string type;
  std::string status;  // True, False or Unknown
  int64_t observedGeneration = 0;
  Time lastTransitionTime;
  std::string reason;
  std::string message;
  bool operator==(const Condition&) const = default;
};
BOOST_DESCRIBE_STRUCT(Condition, (),
                      (type, status, observedGeneration, lastTransitionTime, reason, message))

}  // namespace sandboxlet::api

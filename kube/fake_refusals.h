#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "kube/resource.h"

namespace sandboxlet::kube {

// What a FakeApiServer answers, and how it refuses: in a real one's words, by which clients tell
// one case from another. Pure.

// An answer of the server.
struct FakeAnswer {  // NOLINT(bugprone-exception-escape)
  int status = 200;
  nlohmann::json body;
};

// metav1.Status as the server words it.
FakeAnswer refuse(int code, const std::string& reason, const std::string& message,
                  nlohmann::json details = nullptr);

// Status.details of an object.
nlohmann::json details_of(const ObjectRef& ref);

FakeAnswer no_kind();
FakeAnswer not_found(const ObjectRef& ref);
FakeAnswer already_exists(const ObjectRef& ref, bool is_deleting);
FakeAnswer conflict(const ObjectRef& ref, const std::string& why);
// A conflict of versions.
FakeAnswer was_modified(const ObjectRef& ref);
// reason: of the cause, "FieldValueInvalid".
FakeAnswer invalid(const ObjectRef& ref, const std::string& field, const std::string& reason,
                   const std::string& message);
FakeAnswer immutable_uid(const ObjectRef& ref, const std::string& uid);
FakeAnswer too_large(int64_t asked, int64_t current);
FakeAnswer expired_token();

}  // namespace sandboxlet::kube

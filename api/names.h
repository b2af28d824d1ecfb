#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/field.h"

namespace sandboxlet::api {

// The shapes that Kubernetes gives to names. Each returns what is wrong with the text, in the API
// server's words (apimachinery: util/validation, api/validate/content); nothing where it is right.
using Faults = std::vector<std::string>;

// "my-name": at most 63 of a-z, 0-9 and '-'.
Faults dns1123_label(std::string_view text);
// Labels with dots between them, at most 253 bytes.
Faults dns1123_subdomain(std::string_view text);
// A label that begins with a letter: what a Service may be called.
Faults dns1035_label(std::string_view text);
// "name" or "example.com/name": a key of labels and annotations, a finalizer.
Faults label_key(std::string_view text);
Faults label_value(std::string_view text);
// At most 15 of a-z, 0-9 and '-', a letter among them (IANA_SVC_NAME).
Faults port_name(std::string_view text);
// Printable ASCII but '=', since Kubernetes 1.34.
Faults env_var_name(std::string_view text);

// One finding for each fault.
void report(const Field& field, std::string_view value, const Faults& faults);

}  // namespace sandboxlet::api

#include "api/admit.h"

#include <algorithm>

#include "api/defaults.h"
#include "api/json.h"
#include "api/validation.h"

namespace sandboxlet::api {

namespace {

bool has_path(const std::vector<Finding>& findings, const std::string& path) {
  return std::any_of(findings.begin(), findings.end(),
                     [&](const Finding& one) { return one.path == path; });
}

}  // namespace

Admitted admit(std::string_view json) {
  ReadSandbox read = read_sandbox(json);
  Admitted admitted{std::move(read.sandbox), read.findings};
  set_defaults(admitted.sandbox);
  // Where the text is no object at all, nothing can be said of its fields.
  if (has_path(read.findings, "")) return admitted;
  for (Finding& finding : validate(admitted.sandbox)) {
    // A field that could not be read is unset; that it is required then is no news.
    if (has_path(read.findings, finding.path)) continue;
    if (admitted.findings.size() == kMaxFindings) break;
    admitted.findings.push_back(std::move(finding));
  }
  return admitted;
}

}  // namespace sandboxlet::api

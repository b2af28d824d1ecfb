#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace sandboxlet::test {

// Sandboxes as upstream's documentation shows them (tests/kube/testdata/sandboxes), which use
// between them every part of a pod; by their names, which are the files' too. A file that is not
// one Sandbox of its name fails the test.
std::map<std::string, nlohmann::json> shapes_of_sandboxes();

}  // namespace sandboxlet::test

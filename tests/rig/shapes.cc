#include "tests/rig/shapes.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "api/manifest.h"
#include "tests/rig/child_process.h"

namespace sandboxlet::test {

namespace fs = std::filesystem;

std::map<std::string, nlohmann::json> shapes_of_sandboxes() {
  std::map<std::string, nlohmann::json> shapes;
  for (const auto& entry :
       fs::directory_iterator(SANDBOXLET_SOURCE_DIR "/tests/kube/testdata/sandboxes")) {
    const auto manifests = api::read_manifests(read_text(entry.path()));
    if (!manifests || manifests->size() != 1) {
      ADD_FAILURE() << entry.path() << " is not one manifest";
      continue;
    }
    auto shape = nlohmann::json::parse(manifests->front().json);
    const std::string name = entry.path().stem();
    EXPECT_EQ(shape["metadata"]["name"], name);
    shapes[name] = std::move(shape);
  }
  return shapes;
}

}  // namespace sandboxlet::test

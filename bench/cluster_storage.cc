// Sandboxes with PersistentVolumeClaims of the local provisioner.

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "bench/cluster_bench.h"
#include "bench/manifest.h"
#include "bench/settle.h"
#include "tests/rig/eventually.h"

namespace sandboxlet::bench {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// What a cluster has around claims.
Result<> run_controllers(Bench& bench) {
  return bench.server.run_controllers(
      {"garbage-collector-controller", "persistentvolume-binder-controller",
       "persistentvolume-protection-controller", "persistentvolumeclaim-protection-controller"});
}

Json sandbox_with_claim(const std::string& name, const std::string& storage_class) {
  Json object = sandbox(name);
  const Json claim{{"metadata", {{"name", "data"}}},
                   {"spec",
                    {{"accessModes", {"ReadWriteOnce"}},
                     {"storageClassName", storage_class},
                     {"resources", {{"requests", {{"storage", "64Mi"}}}}}}}};
  Json& spec = object["spec"];
  spec["volumeClaimTemplates"] = Json::array({claim});
  const Json mount{{"name", "data"}, {"mountPath", "/data"}};
  spec["podTemplate"]["spec"]["containers"][0]["volumeMounts"] = Json::array({mount});
  return object;
}

// ---- What is left of them

size_t lines_with(const std::string& text, const std::string& part) {
  size_t count = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.find(part) != std::string::npos) ++count;
  }
  return count;
}

std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

size_t loop_devices_below(const std::string& directory) {
  size_t count = 0;
  for (const auto& device : fs::directory_iterator("/sys/block")) {
    count += lines_with(text_of(device.path() / "loop/backing_file"), directory);
  }
  return count;
}

size_t entries_of(const fs::path& directory) {
  std::error_code error;
  return static_cast<size_t>(std::distance(fs::directory_iterator(directory, error), {}));
}

// Mounts, loop devices and directories of the node; objects of the cluster.
Result<size_t> left_behind(Bench& bench) {
  const std::string data = bench.cluster.nodes().front().runtime->dir() + "/data/";
  TRY(const std::string volumes,
      bench.server.kubectl({"get", "persistentvolumes,persistentvolumeclaims",
                            "--namespace=default", "--output=name"}));
  TRY(const std::string services,
      bench.server.kubectl({"get", "services,endpointslices", "--namespace=default",
                            "--output=name", "--selector=app.kubernetes.io/managed-by"}));
  size_t left = lines_with(text_of("/proc/self/mountinfo"), data) + loop_devices_below(data);
  left += entries_of(data + "local-volumes") + entries_of(data + "sandboxes");
  return left + lines_with(volumes, "/") + lines_with(services, "/");
}

// How much is left once nothing is, or after two minutes.
size_t wait_for_end(Bench& bench) {
  size_t left = 1;
  const auto nothing_is_left = [&] {
    left = left_behind(bench).value_or(1);
    return left == 0;
  };
  static_cast<void>(test::eventually(nothing_is_left, std::chrono::minutes(2)));
  return left;
}

// The end of one, with all that it had, is not to be paid for by the next.
Result<double> create(Bench& bench, const Json& object) {
  settle();
  TRY(const Samples took, bench.driver.create_all_of({object}));
  CHECK_OK(bench.driver.remove_all({object["metadata"]["name"]}));
  if (wait_for_end(bench) != 0) return Error(Code::kDeadlineExceeded, "something is left behind");
  return took.percentile(100);
}

}  // namespace

Result<Figures> create_with_claim(Bench& bench) {
  constexpr int kRounds = 30;
  CHECK_OK(run_controllers(bench));
  Samples plain;
  Samples image;
  Samples directory;
  for (int round = 0; round < kRounds; ++round) {
    const std::string number = std::to_string(round);
    TRY(const double without, create(bench, sandbox("plain-" + number)));
    TRY(const double with_image,
        create(bench, sandbox_with_claim("image-" + number, "sandboxlet-local")));
    TRY(const double with_directory,
        create(bench, sandbox_with_claim("directory-" + number, "sandboxlet-local-directory")));
    plain.add(without);
    image.add(with_image);
    directory.add(with_directory);
  }
  const double floor = plain.percentile(50);
  return Figures{
      {"cluster_create_with_image", "ms", image.percentile(50) - floor, floor, 60, false, image},
      {"cluster_create_with_directory", "ms", directory.percentile(50) - floor, floor, 25, false,
       directory}};
}

Result<Figures> rounds_with_claims(Bench& bench) {
  constexpr int kBatches = 50;
  constexpr int kAtOnce = 10;
  CHECK_OK(run_controllers(bench));
  for (int batch = 0; batch < kBatches; ++batch) {
    const auto all = names("round-" + std::to_string(batch), kAtOnce);
    std::vector<Json> objects;
    for (const auto& name : all) {
      const bool is_even = objects.size() % 2 == 0;
      objects.push_back(
          sandbox_with_claim(name, is_even ? "sandboxlet-local" : "sandboxlet-local-directory"));
      objects.back()["spec"]["service"] = true;
    }
    TRY(const Samples took, bench.driver.create_all_of(objects));
    static_cast<void>(took);
    CHECK_OK(bench.driver.remove_all(all));
    if (batch % 10 == 9) {
      std::cerr << "rounds: " << (batch + 1) * kAtOnce << " of " << kBatches * kAtOnce << "\n";
    }
  }
  const size_t left = wait_for_end(bench);
  const Figure figure = single("cluster_500_rounds_left", "things", static_cast<double>(left), 0);
  return Figures{figure};
}

}  // namespace sandboxlet::bench

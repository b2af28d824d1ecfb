#include "cli/common.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "api/json.h"

namespace sandboxlet::cli {

void set_ref(pb::Ref& ref, const Target& target) {
  ref.set_namespace_(target.namespace_);
  ref.set_name(target.name);
}

api::Sandbox sandbox_of(const std::string& json) { return api::read_sandbox(json).sandbox; }

WallTime wall_now() { return std::chrono::system_clock::now(); }

Result<std::string> read_input(const std::string& file) {
  std::ostringstream text;
  if (file == "-") {
    text << std::cin.rdbuf();
    return text.str();
  }
  std::ifstream stream(file);
  if (!stream) return errno_error(file);
  text << stream.rdbuf();
  return text.str();
}

Result<std::vector<std::string>> manifest_files(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (path == "-" || !fs::is_directory(path, error)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string extension = entry->path().extension();
    if (extension == ".json" || extension == ".yaml" || extension == ".yml") {
      files.push_back(entry->path());
    }
  }
  if (error) return errno_error(path, error.value());
  std::sort(files.begin(), files.end());
  return files;
}

Result<std::string> parse_name(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash == std::string::npos) return text;
  const std::string kind = text.substr(0, slash);
  for (const char* known :
       {"sandbox", "sandboxes", "sbx", "sandbox.agents.x-k8s.io", "sandboxes.agents.x-k8s.io"}) {
    if (kind == known) return text.substr(slash + 1);
  }
  return Error(Code::kInvalidArgument, "\"" + kind + "\" is no kind of this agent: say sandbox/" +
                                           text.substr(slash + 1) + ", or the name alone");
}

std::string took_since(std::chrono::steady_clock::time_point begun) {
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f ms", took.count());
  return text.data();
}

}  // namespace sandboxlet::cli

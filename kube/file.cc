#include "kube/file.h"

#include <fstream>
#include <sstream>

namespace sandboxlet::kube {

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) return errno_error(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace sandboxlet::kube

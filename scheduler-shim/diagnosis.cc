#include "scheduler-shim/diagnosis.h"

#include <algorithm>
#include <vector>

namespace sandboxlet::scheduler {

void Diagnosis::add(const Reasons& reasons) {
  for (const Reason& reason : reasons) {
    ++counts_[reason.text];
    wakes_ |= reason.cured_by;
  }
}

std::string Diagnosis::message(size_t nodes) const {
  std::vector<std::string> parts;
  for (const auto& [text, count] : counts_) parts.push_back(std::to_string(count) + " " + text);
  std::sort(parts.begin(), parts.end());
  std::string message = "0/" + std::to_string(nodes) + " nodes are available";
  const char* separator = ": ";
  for (const auto& part : parts) {
    message.append(separator).append(part);
    separator = ", ";
  }
  return message + ".";
}

}  // namespace sandboxlet::scheduler

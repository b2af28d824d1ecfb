#include "cri/stranded_task.h"

#include <string_view>

namespace sandboxlet::cri {

std::optional<std::string> stranded_task(const Error& error) {
  constexpr std::string_view kComplaint = "cannot delete running task ";
  const std::string& message = error.message();
  const auto complaint = message.find(kComplaint);
  if (complaint == std::string::npos) return std::nullopt;
  const auto begin = complaint + kComplaint.size();
  const auto end = message.find_first_not_of("0123456789abcdef", begin);
  if (end == begin || end == std::string::npos) return std::nullopt;
  return message.substr(begin, end - begin);
}

}  // namespace sandboxlet::cri

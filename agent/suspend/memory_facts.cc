#include "agent/suspend/memory_facts.h"

#include <map>
#include <sstream>

#include "agent/suspend/cgroup_files.h"

namespace sandboxlet::agent {

namespace {

// Of lines like "MemTotal:   16384 kB", in bytes.
std::map<std::string, uint64_t> amounts(const std::string& text) {
  std::map<std::string, uint64_t> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string name;
    uint64_t kilobytes = 0;
    if (fields >> name >> kilobytes) found[name] = kilobytes << 10;
  }
  return found;
}

}  // namespace

Result<MemoryFacts> parse_meminfo(const std::string& text) {
  MemoryFacts facts;
  const auto found = amounts(text);
  for (const auto& [name, amount] : {std::pair("MemTotal:", &facts.total),
                                     {"MemAvailable:", &facts.available},
                                     {"SwapTotal:", &facts.swap_total},
                                     {"SwapFree:", &facts.swap_free}}) {
    const auto one = found.find(name);
    if (one == found.end()) {
      return Error(Code::kInternal, "meminfo does not tell " + std::string(name));
    }
    *amount = one->second;
  }
  return facts;
}

std::optional<double> parse_stall(const std::string& text) {
  constexpr std::string_view kAverage = "avg10=";
  std::istringstream words(text);
  std::string kind, average;
  if (!(words >> kind >> average) || kind != "some" || !average.starts_with(kAverage)) {
    return std::nullopt;
  }
  std::istringstream number(average.substr(kAverage.size()));
  double percent = 0;
  if (!(number >> percent)) return std::nullopt;
  return percent;
}

Result<MemoryFacts> read_memory_facts(const std::string& proc) {
  TRY(const std::string meminfo, read_cgroup_file(proc + "/meminfo"));
  TRY(MemoryFacts facts, parse_meminfo(meminfo));
  // A kernel without it, or with it turned off (EOPNOTSUPP), is none that cannot be read.
  facts.stall_percent = parse_stall(read_cgroup_file(proc + "/pressure/memory").value_or(""));
  return facts;
}

}  // namespace sandboxlet::agent

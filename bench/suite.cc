#include "bench/suite.h"

namespace sandboxlet::bench {

Figures only(Figures figures, const std::regex& wanted) {
  std::erase_if(figures,
                [&](const Figure& figure) { return !std::regex_search(figure.name, wanted); });
  return figures;
}

std::vector<std::string> names(const std::string& prefix, int count) {
  std::vector<std::string> all;
  for (int i = 0; i < count; ++i) all.push_back(prefix + "-" + std::to_string(i));
  return all;
}

int run_bench(CLI::App& app, int argc, char** argv,
              const std::function<Result<Figures>(const std::regex& wanted)>& measure) {
  bool json = false;
  std::string pattern = ".";
  app.add_flag("--json", json, "One JSON object a figure and line");
  app.add_option("NAME-PATTERN", pattern, "Only figures that match this regular expression");
  CLI11_PARSE(app, argc, argv);
  std::regex wanted;
  try {
    wanted = std::regex(pattern);
  } catch (const std::regex_error& error) {
    std::cerr << "bench: " << pattern << ": " << error.what() << "\n";
    return 2;
  }
  const auto figures = measure(wanted);
  if (!figures) {
    std::cerr << "bench: " << figures.error().message() << "\n";
    return 1;
  }
  if (json) {
    for (const auto& figure : *figures) std::cout << as_json(figure) << "\n";
  } else if (!figures->empty()) {
    std::cout << as_table(*figures);
  }
  return 0;
}

}  // namespace sandboxlet::bench

#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <iostream>
#include <regex>
#include <string>
#include <vector>

#include "base/result.h"
#include "bench/figure.h"

namespace sandboxlet::bench {

// What the programs of this folder have in common.

using Figures = std::vector<Figure>;

// Figures that are measured together, in a place of the program's own making.
template <class Place>
struct Entry {
  std::vector<std::string> figures;
  std::function<Result<Figures>(Place&)> measure;
};

// Those with a figure that is wanted.
template <class Place>
std::vector<Entry<Place>> matching(const std::vector<Entry<Place>>& entries,
                                   const std::regex& wanted) {
  const auto is_wanted = [&](const Entry<Place>& entry) {
    return std::any_of(entry.figures.begin(), entry.figures.end(),
                       [&](const auto& name) { return std::regex_search(name, wanted); });
  };
  std::vector<Entry<Place>> chosen;
  std::copy_if(entries.begin(), entries.end(), std::back_inserter(chosen), is_wanted);
  return chosen;
}

Figures only(Figures figures, const std::regex& wanted);

// One after the other, told on standard error; answers the wanted ones.
template <class Place>
Result<Figures> measure_each(const std::vector<Entry<Place>>& chosen, Place& place,
                             const std::regex& wanted) {
  Figures figures;
  for (const auto& entry : chosen) {
    std::cerr << "measuring " << entry.figures.front() << "\n";
    TRY(auto more, entry.measure(place).wrap(entry.figures.front()));
    for (auto& figure : more) figures.push_back(std::move(figure));
  }
  return only(std::move(figures), wanted);
}

// "create-0" and so on.
std::vector<std::string> names(const std::string& prefix, int count);

// A program's whole run: [--json] [NAME-PATTERN], and what app has besides. Prints the figures, or
// nothing where there are none; answers the exit code.
int run_bench(CLI::App& app, int argc, char** argv,
              const std::function<Result<Figures>(const std::regex& wanted)>& measure);

}  // namespace sandboxlet::bench

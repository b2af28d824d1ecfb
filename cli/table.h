#pragma once

#include <string>
#include <vector>

namespace sandboxlet::cli {

using Row = std::vector<std::string>;

// Rows under a head, in columns as wide as their widest cell and three spaces apart (kubectl's).
// What is added later stands below what was there, and widens a column where it must.
class Table {
 public:
  std::string add(const std::vector<Row>& rows);

 private:
  std::vector<size_t> widths_;
};

// All of a table that nothing is added to.
std::string table(const std::vector<Row>& rows);

// An age as kubectl has it: "5s", "3m12s", "4h", "2d3h"; at most two units
// (duration.HumanDuration).
std::string human_duration(int64_t seconds);

// Bytes in binary units, one decimal below ten: "512Ki", "1.5Mi".
std::string human_bytes(uint64_t bytes);

}  // namespace sandboxlet::cli

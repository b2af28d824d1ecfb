#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>

#include "base/result.h"

namespace sandboxlet::agent {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

// What the database says last went wrong; a full disk is kResourceExhausted.
Error sqlite_error(sqlite3* database, std::string_view context);

Result<Database> open_database(const std::string& path);
// Statements without values.
Result<> run_sql(sqlite3* database, const char* sql);

// One prepared statement under way; values are bound in the order of its question marks.
class Statement {
 public:
  static Result<Statement> prepare(sqlite3* database, const char* sql);

  Statement& bind(const std::string& value);
  // True where there is a row to read, false at the end.
  Result<bool> step();
  Result<> run();
  std::string text(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
};

}  // namespace sandboxlet::agent

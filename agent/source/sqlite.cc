#include "agent/source/sqlite.h"

namespace sandboxlet::agent {

Error sqlite_error(sqlite3* database, std::string_view context) {
  const int code = sqlite3_extended_errcode(database) & 0xff;
  const bool full = code == SQLITE_FULL || sqlite3_system_errno(database) == ENOSPC;
  const Code meaning = full                        ? Code::kResourceExhausted
                       : code == SQLITE_CONSTRAINT ? Code::kAlreadyExists
                                                   : Code::kInternal;
  return Error(meaning, std::string(context) + ": " + sqlite3_errmsg(database));
}

Result<Database> open_database(const std::string& path) {
  sqlite3* raw = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &raw,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(raw);
  if (code != SQLITE_OK) return sqlite_error(raw, "open " + path);
  return database;
}

Result<> run_sql(sqlite3* database, const char* sql) {
  if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return sqlite_error(database, sql);
  }
  return {};
}

Result<Statement> Statement::prepare(sqlite3* database, const char* sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(database, sql, -1, &raw, nullptr) != SQLITE_OK) {
    return sqlite_error(database, sql);
  }
  return Statement(raw);
}

Statement& Statement::bind(const std::string& value) {
  sqlite3_bind_text(statement_.get(), ++bound_, value.data(), static_cast<int>(value.size()),
                    SQLITE_TRANSIENT);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return sqlite_error(sqlite3_db_handle(statement_.get()), sqlite3_sql(statement_.get()));
}

Result<> Statement::run() {
  TRY(const bool row, step());
  static_cast<void>(row);
  return {};
}

std::string Statement::text(int column) const {
  const auto* const bytes = sqlite3_column_text(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return bytes == nullptr ? "" : std::string(reinterpret_cast<const char*>(bytes), size);
}

}  // namespace sandboxlet::agent

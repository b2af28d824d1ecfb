#include "agent/source/store.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <boost/asio/post.hpp>

#include "api/json.h"
#include "base/offload.h"

namespace sandboxlet::agent {

namespace {

constexpr char kSchemaVersion[] = "2";
constexpr char kMeta[] =
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);";
// Two of one name, where the one that is gone has not been put down yet.
constexpr char kSchema[] =
    "CREATE TABLE IF NOT EXISTS sandboxes (uid TEXT PRIMARY KEY, namespace TEXT NOT NULL,"
    " name TEXT NOT NULL, object TEXT NOT NULL, status TEXT NOT NULL DEFAULT '',"
    " pending TEXT NOT NULL DEFAULT '');"
    "INSERT OR IGNORE INTO meta VALUES ('schema_version', '2');";
constexpr char kFromVersion1[] =
    "BEGIN; ALTER TABLE sandboxes RENAME TO old;"
    "CREATE TABLE sandboxes (uid TEXT PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL,"
    " object TEXT NOT NULL, status TEXT NOT NULL DEFAULT '', pending TEXT NOT NULL DEFAULT '');"
    "INSERT INTO sandboxes (uid, namespace, name, object, status)"
    " SELECT uid, namespace, name, object, status FROM old;"
    "DROP TABLE old; UPDATE meta SET value = '2' WHERE key = 'schema_version'; COMMIT";

// A status travels as an object that has nothing else.
std::string status_text(const api::Sandbox& sandbox) {
  api::Sandbox only;
  only.status = sandbox.status;
  return api::write_sandbox(only);
}

Result<UniqueFd> lock_data_root(const std::string& data_root) {
  if (mkdir(data_root.c_str(), 0711) != 0 && errno != EEXIST) return errno_error(data_root);
  const std::string path = data_root + "/lock";
  UniqueFd lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return errno_error(path);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return errno_error("lock " + path);
    return Error(Code::kFailedPrecondition,
                 "another sandboxlet runs on the data root " + data_root);
  }
  return lock;
}

// Empty for a store that is new.
Result<std::string> schema_version(sqlite3* database) {
  TRY(Statement version,
      Statement::prepare(database, "SELECT value FROM meta WHERE key = 'schema_version'"));
  TRY(const bool found, version.step());
  return found ? version.text(0) : std::string();
}

Result<> bring_up_to_date(sqlite3* database) {
  CHECK_OK(run_sql(database, kMeta));
  TRY(const std::string version, schema_version(database));
  if (version == "1") return run_sql(database, kFromVersion1);
  if (version.empty() || version == kSchemaVersion) return run_sql(database, kSchema);
  return Error(Code::kFailedPrecondition, "the store has schema version " + version +
                                              "; this sandboxlet knows only " + kSchemaVersion);
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(const std::string& data_root,
                                           asio::any_io_executor pool) {
  TRY(UniqueFd lock, lock_data_root(data_root));
  // SQLite makes its files with this mode less the umask: desired objects may hold secrets.
  const mode_t before = umask(0077);
  auto opened = open_database(data_root + "/sandboxes.db");
  umask(before);
  if (!opened) return opened.error();
  CHECK_OK(run_sql(opened->get(), "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"));
  CHECK_OK(bring_up_to_date(opened->get()));
  return std::unique_ptr<Store>(new Store(std::move(*opened), std::move(lock), std::move(pool)));
}

Store::Store(Database database, UniqueFd lock, asio::any_io_executor pool)
    : lock_(std::move(lock)),
      database_(std::move(database)),
      thread_(pool ? nullptr : std::make_unique<asio::thread_pool>(1)),
      pool_(pool ? std::move(pool) : thread_->get_executor()) {}

Store::~Store() {
  if (thread_) thread_->join();
}

Result<std::vector<StoredSandbox>> Store::load() {
  TRY(Statement rows,
      Statement::prepare(database_.get(), "SELECT object, status, pending FROM sandboxes"));
  std::vector<StoredSandbox> sandboxes;
  for (;;) {
    TRY(const bool more, rows.step());
    if (!more) return sandboxes;
    auto object = api::read_sandbox(rows.text(0), std::string::npos);
    if (!object.findings.empty()) {
      return Error(Code::kInternal,
                   "the store holds what cannot be read: " + object.findings.front().path + ": " +
                       object.findings.front().message);
    }
    // A status that cannot be read is made anew.
    if (auto seen = api::read_sandbox(rows.text(1), std::string::npos); seen.findings.empty()) {
      seen.sandbox.status.eviction = std::move(object.sandbox.status.eviction);
      object.sandbox.status = std::move(seen.sandbox.status);
    }
    sandboxes.push_back({std::move(object.sandbox), rows.text(2)});
  }
}

Task<Result<>> Store::create(api::Sandbox sandbox) {
  auto work = [this, sandbox = std::move(sandbox)]() -> Result<> {
    CHECK_OK(erase_named(sandbox.metadata).wrap("store"));
    return write(sandbox, {}).wrap("store");
  };
  co_return co_await offload(pool_, work);
}

Task<Result<>> Store::put(api::Sandbox sandbox, std::string pending) {
  auto work = [this, sandbox = std::move(sandbox), pending = std::move(pending)] {
    return write(sandbox, pending).wrap("store");
  };
  co_return co_await offload(pool_, work);
}

Task<Result<>> Store::remove(std::string uid) {
  auto work = [this, uid = std::move(uid)] { return erase(uid).wrap("store"); };
  co_return co_await offload(pool_, work);
}

void Store::put_status(const api::Sandbox& sandbox) {
  const std::lock_guard guard(mutex_);
  const bool first = statuses_.empty();
  statuses_[sandbox.metadata.uid] = status_text(sandbox);
  if (first) asio::post(pool_, [this] { write_statuses(); });
}

Result<> Store::write(const api::Sandbox& sandbox, const std::string& pending) {
  api::Sandbox object = sandbox;
  object.status = {};
  // What is wanted of it too.
  object.status.eviction = sandbox.status.eviction;
  TRY(Statement put,
      Statement::prepare(database_.get(),
                         "INSERT INTO sandboxes (uid, namespace, name, object, pending)"
                         " VALUES (?,?,?,?,?) ON CONFLICT (uid)"
                         " DO UPDATE SET object = excluded.object, pending = excluded.pending"));
  put.bind(object.metadata.uid).bind(object.metadata.namespace_).bind(object.metadata.name);
  return put.bind(api::write_sandbox(object)).bind(pending).run();
}

Result<> Store::erase(const std::string& uid) {
  TRY(Statement remove, Statement::prepare(database_.get(), "DELETE FROM sandboxes WHERE uid = ?"));
  return remove.bind(uid).run();
}

Result<> Store::erase_named(const api::ObjectMeta& meta) {
  TRY(Statement remove,
      Statement::prepare(database_.get(),
                         "DELETE FROM sandboxes WHERE namespace = ? AND name = ?"));
  return remove.bind(meta.namespace_).bind(meta.name).run();
}

// Without waiting for the disk: a suspend's own write must not queue behind an fsync of these.
void Store::write_statuses() {
  std::map<std::string, std::string> statuses;
  {
    const std::lock_guard guard(mutex_);
    statuses.swap(statuses_);
  }
  auto write_all = [&]() -> Result<> {
    CHECK_OK(run_sql(database_.get(), "PRAGMA synchronous=NORMAL; BEGIN"));
    for (const auto& [uid, status] : statuses) {
      TRY(Statement update,
          Statement::prepare(database_.get(), "UPDATE sandboxes SET status = ? WHERE uid = ?"));
      CHECK_OK(update.bind(status).bind(uid).run());
    }
    return run_sql(database_.get(), "COMMIT");
  };
  if (const auto written = write_all(); !written) {
    spdlog::warn("store: status not written: {}", written.error().message());
    // Nothing is lost: a status is made anew from what is seen.
    static_cast<void>(run_sql(database_.get(), "ROLLBACK"));
  }
  static_cast<void>(run_sql(database_.get(), "PRAGMA synchronous=FULL"));
}

}  // namespace sandboxlet::agent

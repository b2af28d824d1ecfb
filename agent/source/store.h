#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "agent/source/sqlite.h"
#include "api/sandbox.h"
#include "base/task.h"
#include "base/unique_fd.h"

namespace sandboxlet::agent {

// A Sandbox with its status, and what is still to be written of it to where it came from.
struct StoredSandbox {
  api::Sandbox sandbox;
  std::string pending;
};

// The Sandboxes of this node on disk: <data_root>/sandboxes.db (SQLite, WAL). What is wanted is on
// disk before it is answered; what is seen (status) follows when there is time, and may lose its
// last moments in a power failure. One agent a data root, held by a lock on it.
//
// Belongs to the core thread; writes on a thread of its own, in the order of the calls.
class Store {
 public:
  // kFailedPrecondition where another agent has this data root, or a newer one had. Works on pool
  // where one is given, one thing after the other, in place of a thread of its own.
  static Result<std::unique_ptr<Store>> open(const std::string& data_root,
                                             asio::any_io_executor pool = {});
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // All of them. Blocks; before anything else is called.
  Result<std::vector<StoredSandbox>> load();
  // Answer when it is on disk; kResourceExhausted where the disk is full, and nothing is changed.
  // create takes the place of one of the same name that is gone, though its row may still be there.
  Task<Result<>> create(api::Sandbox sandbox);
  Task<Result<>> put(api::Sandbox sandbox, std::string pending = {});
  Task<Result<>> remove(std::string uid);
  void put_status(const api::Sandbox& sandbox);

 private:
  Store(Database database, UniqueFd lock, asio::any_io_executor pool);

  Result<> write(const api::Sandbox& sandbox, const std::string& pending);
  Result<> erase(const std::string& uid);
  Result<> erase_named(const api::ObjectMeta& meta);
  void write_statuses();

  UniqueFd lock_;
  Database database_;
  std::mutex mutex_;
  std::map<std::string, std::string> statuses_;  // by uid, those not written yet
  // None where it works on another's.
  std::unique_ptr<asio::thread_pool> thread_;
  const asio::any_io_executor pool_;
};

}  // namespace sandboxlet::agent

#include "agent/source/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/use_future.hpp>
#include <filesystem>

namespace sandboxlet::agent {
namespace {

namespace fs = std::filesystem;

class StoreTest : public testing::Test {
 protected:
  ~StoreTest() override { fs::remove_all(root_); }

  static std::string make_root() {
    char name[] = "/tmp/store-XXXXXX";
    return mkdtemp(name);
  }
  static api::Sandbox sandbox(const std::string& uid, const std::string& name) {
    api::Sandbox sandbox;
    sandbox.metadata.uid = uid;
    sandbox.metadata.name = name;
    sandbox.metadata.namespace_ = "default";
    sandbox.spec.podTemplate.spec.containers.emplace_back().name = "main";
    return sandbox;
  }
  Result<> run(Task<Result<>> task) {
    auto done = asio::co_spawn(io_, std::move(task), asio::use_future);
    io_.restart();
    io_.run();
    return done.get();
  }

  const std::string root_ = make_root();
  asio::io_context io_;
};

std::vector<api::Sandbox> loaded(Store& store) {
  std::vector<api::Sandbox> all;
  auto stored = *store.load();
  for (auto& one : stored) all.push_back(std::move(one.sandbox));
  return all;
}

TEST_F(StoreTest, WhatIsPutIsThereAgain) {
  auto box = sandbox("u-1", "box");
  {
    auto store = *Store::open(root_);
    ASSERT_TRUE(run(store->put(box)));
    box.status.nodeName = "node-1";
    store->put_status(box);
  }
  auto store = *Store::open(root_);
  EXPECT_THAT(loaded(*store), testing::ElementsAre(box));
}

TEST_F(StoreTest, PuttingAgainReplacesTheObjectAndKeepsTheStatus) {
  auto store = *Store::open(root_);
  auto box = sandbox("u-1", "box");
  ASSERT_TRUE(run(store->put(box)));
  box.status.nodeName = "node-1";
  store->put_status(box);
  box.spec.operatingMode = "Suspended";
  ASSERT_TRUE(run(store->put(box)));
  store.reset();
  store = *Store::open(root_);
  EXPECT_THAT(loaded(*store), testing::ElementsAre(box));
}

TEST_F(StoreTest, WhatIsRemovedIsGone) {
  auto store = *Store::open(root_);
  ASSERT_TRUE(run(store->put(sandbox("u-1", "box"))));
  ASSERT_TRUE(run(store->remove("u-1")));
  EXPECT_THAT(loaded(*store), testing::IsEmpty());
}

TEST_F(StoreTest, OneThatGoesAndANewOneOfItsNameAreBothKept) {
  auto store = *Store::open(root_);
  ASSERT_TRUE(run(store->put(sandbox("u-1", "box"))));
  ASSERT_TRUE(run(store->put(sandbox("u-2", "box"))));
  EXPECT_EQ(loaded(*store).size(), 2U);
}

TEST_F(StoreTest, ANewOneTakesThePlaceOfOneThatIsGone) {
  auto store = *Store::open(root_);
  ASSERT_TRUE(run(store->put(sandbox("u-1", "box"))));
  ASSERT_TRUE(run(store->create(sandbox("u-2", "box"))));
  const auto all = loaded(*store);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].metadata.uid, "u-2");
}

TEST_F(StoreTest, ASecondAgentIsRefused) {
  const auto first = Store::open(root_);
  ASSERT_TRUE(first);
  const auto second = Store::open(root_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(second.error().message(), testing::HasSubstr("another sandboxlet"));
}

TEST_F(StoreTest, ANewerStoreIsRefused) {
  { const auto store = *Store::open(root_); }
  {
    const auto database = *open_database(root_ + "/sandboxes.db");
    ASSERT_TRUE(run_sql(database.get(), "UPDATE meta SET value = '3'"));
  }
  const auto store = Store::open(root_);
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error().message(), testing::HasSubstr("schema version 3"));
}

TEST_F(StoreTest, AStoreOfTheFirstVersionIsBroughtUpToDate) {
  {
    const auto database = *open_database(root_ + "/sandboxes.db");
    ASSERT_TRUE(run_sql(
        database.get(),
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);"
        "CREATE TABLE sandboxes (uid TEXT PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL,"
        " object TEXT NOT NULL, status TEXT NOT NULL DEFAULT '', UNIQUE (namespace, name));"
        "INSERT INTO meta VALUES ('schema_version', '1');"
        "INSERT INTO sandboxes VALUES ('u-1', 'default', 'box',"
        " '{\"metadata\":{\"uid\":\"u-1\"}}', '{\"status\":{\"nodeName\":\"here\"}}');"));
  }
  for (int times = 0; times < 2; ++times) {
    const auto store = *Store::open(root_);
    const auto all = loaded(*store);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].metadata.uid, "u-1");
    EXPECT_EQ(all[0].status.nodeName, "here");
  }
}

TEST_F(StoreTest, KeepsWhatIsStillToBeWrittenUntilItIs) {
  {
    const auto store = *Store::open(root_);
    ASSERT_TRUE(run(store->put(sandbox("u-1", "box"), "{}")));
  }
  const auto store = *Store::open(root_);
  EXPECT_EQ(store->load()->front().pending, "{}");
  ASSERT_TRUE(run(store->put(sandbox("u-1", "box"))));
  EXPECT_EQ(store->load()->front().pending, "");
}

TEST_F(StoreTest, OnlyRootReadsIt) {
  const auto store = *Store::open(root_);
  for (const char* name : {"/sandboxes.db", "/sandboxes.db-wal", "/lock"}) {
    struct stat status {};
    ASSERT_EQ(stat((root_ + name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 077, 0) << name;
  }
}

TEST_F(StoreTest, AFullDiskRefusesAndLosesNothing) {
  if (geteuid() != 0) GTEST_SKIP() << "mounting a small disk needs root";
  const std::string disk = root_ + "/disk";
  fs::create_directory(disk);
  ASSERT_EQ(mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=512k"), 0);
  {
    auto store = *Store::open(disk);
    ASSERT_TRUE(run(store->put(sandbox("u-1", "box"))));
    auto big = sandbox("u-2", "big");
    big.metadata.annotations["a"] = std::string(1 << 20, 'x');
    EXPECT_EQ(run(store->put(big)).error().code(), Code::kResourceExhausted);
    EXPECT_EQ(store->load()->size(), 1);
    EXPECT_TRUE(run(store->put(sandbox("u-3", "small"))));
  }
  EXPECT_EQ((*Store::open(disk))->load()->size(), 2);
  EXPECT_EQ(umount(disk.c_str()), 0);
}

}  // namespace
}  // namespace sandboxlet::agent

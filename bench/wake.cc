// Sandboxes that sleep and are asked something: from a client's connect to the first byte of its
// answer.

#include <barrier>
#include <cmath>
#include <thread>

#include "bench/agent_bench.h"
#include "bench/manifest.h"
#include "bench/settle.h"
#include "tests/rig/http_client.h"

namespace sandboxlet::bench {

namespace {

constexpr uint16_t kPort = 80;

Result<std::vector<std::string>> create(Driver& driver, const std::vector<std::string>& names) {
  std::vector<std::string> objects;
  for (const auto& name : names) objects.push_back(server(name).dump());
  TRY(const double took, driver.create_all_of(objects));
  static_cast<void>(took);
  std::vector<std::string> addresses;
  for (const auto& name : names) {
    TRY(std::string address, driver.address(name));
    addresses.push_back(std::move(address));
  }
  return addresses;
}

Result<> remove(Driver& driver, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    TRY(const double took, driver.remove(name));
    static_cast<void>(took);
  }
  return {};
}

Result<double> ask(const std::string& address) {
  TRY(const test::HttpAnswer answer, test::http_get(address, kPort));
  return std::chrono::duration<double, std::milli>(answer.first_byte).count();
}

// One after the other.
Result<Samples> ask_each(const std::vector<std::string>& addresses) {
  Samples first_bytes;
  for (const auto& address : addresses) {
    TRY(const double first_byte, ask(address));
    first_bytes.add(first_byte);
  }
  return first_bytes;
}

std::vector<Result<double>> ask_at_once(const std::vector<std::string>& addresses) {
  std::vector<Result<double>> answers(addresses.size());
  std::barrier begin(static_cast<std::ptrdiff_t>(addresses.size()));
  std::vector<std::thread> clients;
  for (size_t i = 0; i < addresses.size(); ++i) {
    clients.emplace_back([&, i] {
      begin.arrive_and_wait();
      answers[i] = ask(addresses[i]);
    });
  }
  for (auto& client : clients) client.join();
  return answers;
}

}  // namespace

Result<Figures> wake(Bench& bench) {
  constexpr int kSandboxes = 100;
  constexpr int kRounds = 3;
  const auto all = names("sleeper", kSandboxes);
  TRY(const auto addresses, create(bench.driver, all));
  Samples awake;
  Samples asleep;
  Samples at_once;
  double failed = 0;
  for (int round = 0; round < kRounds; ++round) {
    CHECK_OK(bench.driver.until_suspended(all));
    settle();
    TRY(const Samples first, ask_each(addresses));
    TRY(const Samples second, ask_each(addresses));
    asleep.add(first);
    awake.add(second);
    CHECK_OK(bench.driver.until_suspended(all));
    settle();
    for (const auto& answer : ask_at_once(addresses)) {
      answer ? at_once.add(*answer) : static_cast<void>(++failed);
    }
  }
  CHECK_OK(remove(bench.driver, all));
  const double floor = awake.percentile(50);
  return Figures{
      {"wake_first_byte", "ms", asleep.percentile(50), floor, 3, false, asleep},
      {"wake_first_byte_p99", "ms", asleep.percentile(99), awake.percentile(99), 20, false, asleep},
      {"wake_100_p99", "ms", at_once.percentile(99), {}, 250, false, at_once},
      single("wake_100_failed", "requests", failed, 0)};
}

Result<Figures> fall_asleep(Bench& bench) {
  using std::chrono::seconds;
  using std::chrono::steady_clock;
  constexpr int kRounds = 10;
  constexpr seconds kTimeout{3};
  const std::string name = "drowsy";
  nlohmann::json object = server(name);
  object["spec"]["suspend"]["idleTimeout"] = "3s";
  TRY(const double took, bench.driver.create_all_of({object.dump()}));
  static_cast<void>(took);
  TRY(const std::string address, bench.driver.address(name));
  Samples wrong;
  for (int round = 0; round < kRounds; ++round) {
    TRY(const double answered, ask(address));
    static_cast<void>(answered);
    const auto begun = steady_clock::now();
    CHECK_OK(bench.driver.until_suspended({name}));
    const std::chrono::duration<double, std::milli> late = steady_clock::now() - begun - kTimeout;
    wrong.add(std::abs(late.count()));
  }
  CHECK_OK(remove(bench.driver, {name}));
  return Figures{{"idle_timeout_error", "ms", wrong.percentile(100), {}, 2000, false, wrong}};
}

}  // namespace sandboxlet::bench

#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace sandboxlet::test {

// A registry of images on this machine that wants to know who asks, and then has nothing. It
// answers on a thread of its own until it is destroyed.
class AskingRegistry {
 public:
  AskingRegistry();
  ~AskingRegistry();
  AskingRegistry(const AskingRegistry&) = delete;
  AskingRegistry& operator=(const AskingRegistry&) = delete;

  // "localhost:PORT"
  std::string host() const;
  // All values of Authorization that came, as they came: "Basic bWU6cA==".
  std::set<std::string> credentials() const;

 private:
  using Tcp = boost::asio::ip::tcp;

  void serve();
  void answer(Tcp::socket& client);

  boost::asio::io_context io_{1};
  Tcp::acceptor acceptor_;
  mutable std::mutex mutex_;
  bool has_ended_ = false;
  std::set<std::string> credentials_;
  std::thread thread_;
};

}  // namespace sandboxlet::test

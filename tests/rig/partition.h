#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <thread>

#include "base/result.h"

namespace sandboxlet::test {

// The way of one node to the API server, which a test can cut: then nothing comes through either
// way, and nobody is told. A port of its own on this machine, and a thread.
class Partition {
 public:
  // server: "https://127.0.0.1:PORT".
  static Result<std::unique_ptr<Partition>> start(const std::string& server);
  ~Partition();
  Partition(const Partition&) = delete;
  Partition& operator=(const Partition&) = delete;

  // Of the same form.
  const std::string& url() const { return url_; }
  void cut();
  // Connections of before are reset.
  void heal();

 private:
  class Way;
  Partition() = default;

  boost::asio::io_context io_{1};
  std::shared_ptr<Way> way_;
  std::string url_;
  std::thread thread_;
};

}  // namespace sandboxlet::test

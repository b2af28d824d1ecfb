#include "tests/rig/asking_registry.h"

#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <istream>
#include <utility>

namespace sandboxlet::test {

namespace asio = boost::asio;

namespace {

constexpr char kWhoAsks[] =
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"test\"\r\n"
    "Content-Length: 0\r\nConnection: close\r\n\r\n";
constexpr char kNothing[] =
    "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
constexpr std::string_view kHeader = "Authorization: ";

}  // namespace

AskingRegistry::AskingRegistry()
    : acceptor_(io_, Tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      thread_([this] { serve(); }) {}

AskingRegistry::~AskingRegistry() {
  {
    const std::lock_guard lock(mutex_);
    has_ended_ = true;
  }
  // The thread waits for one more.
  Tcp::socket last(io_);
  boost::system::error_code ignored;
  last.connect(acceptor_.local_endpoint(), ignored);
  thread_.join();
}

std::string AskingRegistry::host() const {
  return "localhost:" + std::to_string(acceptor_.local_endpoint().port());
}

std::set<std::string> AskingRegistry::credentials() const {
  const std::lock_guard lock(mutex_);
  return credentials_;
}

void AskingRegistry::serve() {
  for (;;) {
    boost::system::error_code error;
    Tcp::socket client = acceptor_.accept(error);
    {
      const std::lock_guard lock(mutex_);
      if (error || has_ended_) return;
    }
    answer(client);
  }
}

void AskingRegistry::answer(Tcp::socket& client) {
  asio::streambuf request;
  boost::system::error_code error;
  asio::read_until(client, request, "\r\n\r\n", error);
  if (error) return;
  std::istream lines(&request);
  bool says_who = false;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(kHeader)) continue;
    says_who = true;
    line.pop_back();
    const std::lock_guard lock(mutex_);
    credentials_.insert(line.substr(kHeader.size()));
  }
  const std::string text = says_who ? kNothing : kWhoAsks;
  asio::write(client, asio::buffer(text), error);
}

}  // namespace sandboxlet::test

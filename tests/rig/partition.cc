#include "tests/rig/partition.h"

#include <fcntl.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <list>

namespace sandboxlet::test {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// A child that inherits a connection would keep it open.
template <class Socket>
void keep_from_children(Socket& socket) {
  fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
}

}  // namespace

// One connection: what either side says is said to the other.
class Pair : public std::enable_shared_from_this<Pair> {
 public:
  explicit Pair(tcp::socket client) : client_(std::move(client)), server_(client_.get_executor()) {
    keep_from_children(client_);
  }

  void begin(const tcp::endpoint& server, const bool& is_cut) {
    is_cut_ = &is_cut;
    server_.open(tcp::v4());
    keep_from_children(server_);
    server_.async_connect(server, [self = shared_from_this()](const auto& error) {
      if (error) return self->close();
      self->pass(self->client_, self->server_, self->up_);
      self->pass(self->server_, self->client_, self->down_);
    });
  }
  void close() {
    boost::system::error_code ignored;
    // A reset, as of a machine that knows nothing of it.
    client_.set_option(asio::socket_base::linger(true, 0), ignored);
    client_.close(ignored);
    server_.close(ignored);
  }

 private:
  using Buffer = std::array<char, 16384>;

  void pass(tcp::socket& from, tcp::socket& to, Buffer& buffer) {
    from.async_read_some(asio::buffer(buffer), [this, self = shared_from_this(), &from, &to,
                                                &buffer](const auto& error, size_t size) {
      if (*is_cut_) return;
      if (error) return close();
      asio::async_write(to, asio::buffer(buffer, size),
                        [this, self, &from, &to, &buffer](const auto& failed, size_t) {
                          if (failed) return close();
                          pass(from, to, buffer);
                        });
    });
  }

  tcp::socket client_;
  tcp::socket server_;
  Buffer up_;
  Buffer down_;
  const bool* is_cut_ = nullptr;
};

class Partition::Way {
 public:
  Way(asio::io_context& io, const tcp::endpoint& server)
      : server_(server), acceptor_(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    keep_from_children(acceptor_);
    accept();
  }

  uint16_t port() const { return acceptor_.local_endpoint().port(); }
  void cut() { is_cut_ = true; }
  void heal() {
    for (const auto& pair : pairs_) {
      if (const auto open = pair.lock()) open->close();
    }
    pairs_.clear();
    for (const auto& held : held_) held->close();
    held_.clear();
    is_cut_ = false;
  }

 private:
  void accept() {
    acceptor_.async_accept([this](const auto& error, tcp::socket client) {
      if (error) return;
      auto pair = std::make_shared<Pair>(std::move(client));
      if (is_cut_) {
        // Nobody answers, and nobody says no.
        held_.push_back(std::move(pair));
      } else {
        pairs_.push_back(pair);
        pair->begin(server_, is_cut_);
      }
      accept();
    });
  }

  const tcp::endpoint server_;
  tcp::acceptor acceptor_;
  std::list<std::weak_ptr<Pair>> pairs_;
  std::list<std::shared_ptr<Pair>> held_;
  bool is_cut_ = false;
};

Result<std::unique_ptr<Partition>> Partition::start(const std::string& server) {
  const auto port = std::stoi(server.substr(server.rfind(':') + 1));
  std::unique_ptr<Partition> partition(new Partition());
  partition->way_ = std::make_shared<Way>(
      partition->io_, tcp::endpoint(asio::ip::address_v4::loopback(), static_cast<uint16_t>(port)));
  partition->url_ = "https://127.0.0.1:" + std::to_string(partition->way_->port());
  partition->thread_ = std::thread([&io = partition->io_] { io.run(); });
  return partition;
}

Partition::~Partition() {
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

void Partition::cut() {
  asio::post(io_, [way = way_] { way->cut(); });
}

void Partition::heal() {
  asio::post(io_, [way = way_] { way->heal(); });
}

}  // namespace sandboxlet::test

#pragma once

#include <grpcpp/server_context.h>

#include <boost/asio/use_future.hpp>
#include <chrono>
#include <future>
#include <utility>

#include "base/result.h"
#include "base/task.h"

namespace sandboxlet::agent {

namespace detail {
template <class Work>
std::invoke_result_t<Work> begin_on_core(std::shared_ptr<Work> work) {
  co_return co_await (*work)();
}
}  // namespace detail

// Runs a coroutine on the core thread and waits for its answer, on a server's thread. Gives up with
// kCancelled when the client has gone: the coroutine then ends by itself, and owns all it uses.
template <class Work>
auto call_core(asio::io_context& io, grpc::ServerContext& client, Work work) ->
    typename std::invoke_result_t<Work>::value_type {
  constexpr auto kLookAtClient = std::chrono::milliseconds(100);
  const auto owned = std::make_shared<Work>(std::move(work));
  auto answer = asio::co_spawn(io, detail::begin_on_core(owned), asio::use_future);
  while (answer.wait_for(kLookAtClient) != std::future_status::ready) {
    if (!client.IsCancelled()) continue;
    // An answer that came just now may hold what belongs to the core.
    asio::post(io, [last = std::move(answer)] {});
    return Error(Code::kCancelled, "the client has gone");
  }
  return answer.get();
}

}  // namespace sandboxlet::agent

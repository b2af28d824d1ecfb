#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <type_traits>
#include <utility>

#include "base/task.h"

namespace sandboxlet {

namespace detail {
template <class Work>
Task<std::invoke_result_t<Work>> as_task(Work work) {
  co_return work();
}
}  // namespace detail

// Runs work, which blocks, on pool and resumes the caller on its own executor with what work
// returned. Cancelling does not stop work that has begun.
template <class Work>
Task<std::invoke_result_t<Work>> offload(asio::any_io_executor pool, Work work) {
  return asio::co_spawn(pool, detail::as_task(std::move(work)), asio::use_awaitable);
}

}  // namespace sandboxlet

#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

namespace sandboxlet {

namespace asio = boost::asio;

// What every asynchronous function of this house returns.
template <class T>
using Task = asio::awaitable<T>;

// Completion for co_spawn of work that reports its own errors as values: an exception that reaches
// it is a bug and ends the process with its trace.
void die_on_exception(const std::exception_ptr& failure);

}  // namespace sandboxlet

#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/task.h"

namespace sandboxlet::agent {

// Whoever starts a process in a Sandbox passes here: a start that meets a frozen cgroup hangs to
// its deadline and the process is lost (design: suspend.md, trap 2). One a Sandbox, on the core
// thread; tickets may outlive it.
class StartGate {
  struct State {
    bool closed = false;
    int inside = 0;
    std::vector<std::function<void()>> waiting;
  };

 public:
  // While it lives, close() waits.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(Ticket&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(state_, other.state_);
      return *this;
    }
    ~Ticket() { release(); }
    void release();

   private:
    friend class StartGate;
    explicit Ticket(std::shared_ptr<State> state) : state_(std::move(state)) { ++state_->inside; }
    std::shared_ptr<State> state_;
  };

  // kFailedPrecondition while it is closed.
  Result<Ticket> enter();
  // Lets nobody in from now on; answers when all are out.
  Task<void> close();
  // The same without waiting.
  void shut() { state_->closed = true; }
  void open() { state_->closed = false; }
  bool closed() const { return state_->closed; }
  int inside() const { return state_->inside; }

 private:
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace sandboxlet::agent

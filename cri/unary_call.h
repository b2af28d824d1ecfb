#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/async_unary_call.h>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/intrusive/list.hpp>
#include <memory>
#include <utility>

#include "base/task.h"
#include "cri/completion_thread.h"

namespace sandboxlet::cri {

// A call as its Client sees it: something to cancel. Unlinks itself when it is destroyed.
struct PendingCall
    : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  // Shared with the cancellation slot, which may outlive the call.
  std::shared_ptr<grpc::ClientContext> context = std::make_shared<grpc::ClientContext>();
};
using PendingCalls =
    boost::intrusive::list<PendingCall, boost::intrusive::constant_time_size<false>>;

// One unary gRPC call as an Asio operation. On the core's thread convert makes what the handler
// gets from (const grpc::Status&, Response&).
//
// It owns all that gRPC writes to while the call is under way, and the handler with the coroutine
// behind it; the completion queue owns it until complete(), the core's event loop from then on. So
// there is no moment at which a frame can go and leave gRPC with a pointer into it.
template <class Response, class Convert, class Handler>
class UnaryCall final : public Completion, public PendingCall {
 public:
  UnaryCall(Convert convert, Handler handler)
      : work_(asio::make_work_guard(handler)),
        convert_(std::move(convert)),
        handler_(std::move(handler)) {
    auto slot = asio::get_associated_cancellation_slot(handler_);
    if (!slot.is_connected()) return;
    slot.assign([weak = std::weak_ptr(context)](asio::cancellation_type) {
      if (auto live = weak.lock()) live->TryCancel();
    });
  }

  // Takes the reader that the stub's Async function answered; self belongs to the queue then.
  static void finish(std::unique_ptr<UnaryCall> self,
                     std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> reader) {
    self->reader_ = std::move(reader);
    auto* call = self.release();
    call->reader_->Finish(&call->response_, &call->status_, static_cast<Completion*>(call));
  }

  void complete() override {
    std::unique_ptr<UnaryCall> self(this);
    auto executor = work_.get_executor();
    asio::post(executor, [self = std::move(self)]() mutable { resume(std::move(self)); });
  }

 private:
  static void resume(std::unique_ptr<UnaryCall> self) {
    auto work = std::move(self->work_);
    auto handler = std::move(self->handler_);
    auto result = self->convert_(self->status_, self->response_);
    self.reset();
    std::move(handler)(std::move(result));
  }

  asio::executor_work_guard<asio::associated_executor_t<Handler>> work_;
  Convert convert_;
  Handler handler_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> reader_;
  Response response_;
  grpc::Status status_;
};

}  // namespace sandboxlet::cri

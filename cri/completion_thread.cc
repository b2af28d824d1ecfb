#include "cri/completion_thread.h"

#include <pthread.h>

namespace sandboxlet::cri {

CompletionThread::CompletionThread() : thread_([this] { drain(); }) {}

CompletionThread::~CompletionThread() {
  queue_.Shutdown();
  thread_.join();
}

void CompletionThread::drain() {
  pthread_setname_np(pthread_self(), "cri-completions");
  void* tag = nullptr;
  // A unary call's ok is always true; how it ended is in its Status.
  for (bool ok = false; queue_.Next(&tag, &ok);) static_cast<Completion*>(tag)->complete();
}

}  // namespace sandboxlet::cri

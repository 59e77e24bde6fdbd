// Threads of the program around the library in place of a pool of its own.
#pragma once

#include "runtime/threads.h"

namespace octet {

struct ThreadRunner {
  using Piece = void (*)(void* argument, std::int64_t piece);

  // Calls piece(argument, i) once for each i in [0, count), on any threads and several at a time, and returns when all
  // calls have. Null: there is none.
  void (*run)(void* context, Piece piece, void* argument, std::int64_t count) = nullptr;
  void* context = nullptr;
};

// What ThreadPool::run does, on the threads of `runner`: it gets up to `threads` pieces, and each takes parts of
// [0, count) as long as there are some, so that a thread that comes late or never leaves its part to the others.
// Allocates nothing.
void run_on(const ThreadRunner& runner, int threads, std::int64_t count, ThreadPool::Body body, void* context);

}  // namespace octet

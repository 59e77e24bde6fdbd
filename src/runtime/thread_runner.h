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

// What ThreadPool::run does, on up to `threads` threads of `runner`, for which it is called once. Allocates nothing.
void run_on(const ThreadRunner& runner, int threads, ThreadPool::Program program, void* context);

}  // namespace octet

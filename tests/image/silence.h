// Finds out whether code under test printed anything.
#pragma once

#include <unistd.h>

#include <cstdio>

namespace octet::test {

// Sends the process's standard error to a file as long as it lives.
class CapturedStderr {
 public:
  CapturedStderr() : file_(std::tmpfile()), saved_(::dup(2)) {
    std::fflush(stderr);
    ::dup2(::fileno(file_), 2);
  }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;
  ~CapturedStderr() {
    restore();
    std::fclose(file_);
  }
  // Ends the capture: how many bytes were printed.
  long printed() {
    restore();
    std::fseek(file_, 0, SEEK_END);
    return std::ftell(file_);
  }

 private:
  void restore() {
    if (saved_ < 0) return;
    std::fflush(stderr);
    ::dup2(saved_, 2);
    ::close(saved_);
    saved_ = -1;
  }

  std::FILE* file_;
  int saved_;
};

}  // namespace octet::test

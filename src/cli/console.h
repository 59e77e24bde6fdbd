// What a command says on stderr while it works: warnings, notes, and on a terminal one line of progress.
#pragma once

#include <octet/octet.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace octet::cli {

class Console {
 public:
  Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;
  ~Console() { clear_progress(); }

  void note(std::string_view message) { line("", message); }
  void warning(std::string_view message) { line("octet: warning: ", message); }
  void error(std::string_view message) { line("octet: error: ", message); }

  // Updates the line of progress; nothing where stderr is no terminal. `seconds_left` negative: not known.
  void progress(std::string_view stage, std::int64_t done, std::int64_t total, double seconds_left);
  void clear_progress();

  // Callbacks of the library; `user` is the Console. Progress asks the library to stop after Ctrl-C.
  static std::int32_t on_progress(void* user, const q_progress* progress);
  static void on_log(void* user, std::int32_t level, q_str message);
  // The message of the call that just failed: the log's, where the error holds no more than a part of it.
  std::string whole_message(const q_error& error);

 private:
  void line(std::string_view prefix, std::string_view message);

  bool terminal_;
  bool shown_ = false;  // a line of progress stands on the terminal
  std::chrono::steady_clock::time_point last_update_{};
  std::string long_message_;  // of a failure, from the log
};

// Progress of a loop of the command itself: the time left is guessed from the time so far.
class LoopProgress {
 public:
  LoopProgress(Console& console, std::string stage, std::int64_t total)
      : console_(console), stage_(std::move(stage)), total_(total), start_(std::chrono::steady_clock::now()) {}
  void show(std::int64_t done);

 private:
  Console& console_;
  std::string stage_;
  std::int64_t total_;
  std::chrono::steady_clock::time_point start_;
};

// "0.8 s", "12 s", "3 min 5 s", "1 h 2 min".
std::string duration_text(double seconds);

}  // namespace octet::cli

// How a long job talks to its caller: progress, log lines, and the wish to stop.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace octet {

enum class LogLevel : std::int32_t { info = 1, warning = 2 };

// Both are called on the thread that started the job. Empty functions are allowed.
struct Hooks {
  // False: stop. `stage` is a literal.
  std::function<bool(const char* stage, std::int64_t done, std::int64_t total)> progress;
  std::function<void(LogLevel level, const std::string& line)> log;

  void info(const std::string& line) const {
    if (log) log(LogLevel::info, line);
  }
  void warn(const std::string& line) const {
    if (log) log(LogLevel::warning, line);
  }
};

}  // namespace octet

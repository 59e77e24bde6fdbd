// Why a command stops. The command is a client of the C ABI alone, so this is its own form of an error: every failure
// ends the command, hence an exception that main.cpp turns into a message and an exit status. It never leaves the
// program.
#pragma once

#include <octet/octet.h>

#include <string>
#include <string_view>
#include <utility>

namespace octet::cli {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitPoor = 3;  // --strict: the quality is below a limit
inline constexpr int kExitInterrupted = 130;

class Failure {
 public:
  // `file` and `node` are what the failure is about; empty where that is not known.
  Failure(q_status code, std::string message, std::string file = {}, std::string node = {})
      : code_(code), message_(std::move(message)), file_(std::move(file)), node_(std::move(node)) {}

  q_status code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::string& file() const { return file_; }
  const std::string& node() const { return node_; }

  int exit_status() const {
    if (code_ == Q_E_CANCELLED) return kExitInterrupted;
    return code_ == Q_E_CONFIG || code_ == Q_E_ARGUMENT || usage_ ? kExitUsage : kExitFailed;
  }

  // The same failure, but caused by how the command was called.
  Failure as_usage() && {
    usage_ = true;
    return std::move(*this);
  }

 private:
  q_status code_;
  std::string message_;
  std::string file_;
  std::string node_;
  bool usage_ = false;
};

// The failure of a call of the library, which was about `file`.
Failure library_failure(q_status status, std::string message, std::string_view file);

// Throws the failure where `status` is one.
inline void check(q_status status, std::string_view message, std::string_view file = {}) {
  if (status != Q_OK) throw library_failure(status, std::string(message), file);
}
inline void check(q_status status, const q_error& error, std::string_view file = {}) {
  check(status, std::string_view(error.message), file);
}

// "reason of the operating system" of errno, for messages.
std::string system_reason(int error_number);

}  // namespace octet::cli

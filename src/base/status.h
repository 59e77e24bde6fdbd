// Outcome of a fallible step: a code that crosses the C ABI unchanged and a message for people.
// Internal code returns Status or Result<T>; only std::bad_alloc travels as an exception, and
// src/abi is the only place that catches it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace octet {

// The values are q_status of octet.h (checked in src/abi).
enum class Code : std::int32_t {
  ok = 0,
  argument = -1,     // the caller's argument is wrong
  memory = -2,       // out of memory
  io = -3,           // a file cannot be opened, read or written
  format = -4,       // a file is truncated, damaged or of another kind
  version = -5,      // a file is newer than this library
  unsupported = -6,  // understood, but not built: operator, option, back end
  shape = -7,        // shapes do not fit
  config = -8,       // the JSON configuration is wrong
  data = -9,         // calibration or evaluation data is missing or unusable
  cancelled = -10,   // the caller asked to stop
  internal = -11,    // a defect of this library
};

class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  bool ok() const { return code_ == Code::ok; }
  Code code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same failure with "where: " put before the message.
  Status within(std::string_view where) const {
    return ok() ? *this : Status(code_, std::string(where) + ": " + message_);
  }

 private:
  Code code_ = Code::ok;
  std::string message_;
};

inline Status fail(Code code, std::string message) { return {code, std::move(message)}; }

// A value, or the Status that says why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Status status) : status_(std::move(status)) {}

  bool ok() const { return value_.has_value(); }
  const Status& status() const { return status_; }
  T& value() & { return *value_; }
  const T& value() const& { return *value_; }
  T&& value() && { return *std::move(value_); }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }
  T& operator*() & { return *value_; }
  const T& operator*() const& { return *value_; }

 private:
  std::optional<T> value_;
  Status status_;
};

// Returns the Status from the calling function when `expression` failed.
#define OCTET_TRY(expression)                                                                    \
  do {                                                                                           \
    if (::octet::Status octet_status_ = (expression); !octet_status_.ok()) return octet_status_; \
  } while (0)

#define OCTET_CONCAT_INNER(a, b) a##b
#define OCTET_CONCAT(a, b) OCTET_CONCAT_INNER(a, b)

// OCTET_ASSIGN(auto x, function()): declares x from a Result, or returns its Status.
#define OCTET_ASSIGN(declaration, expression) \
  OCTET_ASSIGN_INNER(OCTET_CONCAT(octet_result_, __LINE__), declaration, expression)
#define OCTET_ASSIGN_INNER(temporary, declaration, expression) \
  auto temporary = (expression);                               \
  if (!temporary.ok()) return temporary.status();              \
  declaration = std::move(temporary).value()

}  // namespace octet

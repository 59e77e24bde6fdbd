// Assertions that show the message of a Status.
#pragma once

#include <string_view>

#include "base/status.h"
#include "support/cmocka.h"

namespace octet::test {

inline void assert_ok(const Status& status) {
  if (!status.ok()) print_error("%s\n", status.message().c_str());
  assert_true(status.ok());
}

// A failure with this code, and these words in its message.
inline void assert_failed(const Status& status, Code code, std::string_view words) {
  const bool said = status.message().find(words) != std::string::npos;
  if (!said || status.code() != code) {
    print_error("'%s' (%d), not '%s' (%d)\n", status.message().c_str(), static_cast<int>(status.code()),
                std::string(words).c_str(), static_cast<int>(code));
  }
  assert_true(said);
  assert_int_equal(status.code(), code);
}

}  // namespace octet::test

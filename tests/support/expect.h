// Assertions about Status that show the message.
#pragma once

#include <initializer_list>
#include <string_view>

#include "base/status.h"
#include "support/cmocka.h"

namespace octet::test {

inline void expect_ok(const Status& status) {
  if (!status.ok()) print_error("%s\n", status.message().c_str());
  assert_true(status.ok());
}

// A failure with this code whose message contains each of the words.
inline void expect_failure(const Status& status, Code code, std::initializer_list<std::string_view> words) {
  if (status.code() != code) print_error("code %d: %s\n", static_cast<int>(status.code()), status.message().c_str());
  assert_int_equal(status.code(), code);
  for (const std::string_view word : words) {
    const bool said = status.message().find(word) != std::string::npos;
    if (!said)
      print_error("'%.*s' is not in: %s\n", static_cast<int>(word.size()), word.data(), status.message().c_str());
    assert_true(said);
  }
}

}  // namespace octet::test

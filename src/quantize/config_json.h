// JSON text as a small tree that remembers lines: a configuration is written by hand, and its errors
// have to say where.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace octet {

struct JsonMember;

enum class JsonKind : std::uint8_t { null, boolean, number, string, list, object };

struct JsonValue {
  JsonKind kind = JsonKind::null;
  bool boolean = false;
  double number = 0;
  std::string text;
  std::vector<JsonValue> items;     // of a list
  std::vector<JsonMember> members;  // of an object, in the order of the text, no key twice

  // The value of a key of this object, or null.
  const JsonValue* find(std::string_view key) const;
};

struct JsonMember {
  std::string key;
  std::size_t line = 0;  // from 1, of the key
  JsonValue value;
};

inline constexpr std::size_t kMaxJsonBytes = std::size_t{1} << 20;

// Reads one JSON value (RFC 8259; a UTF-8 byte order mark is accepted, comments are not). Everything that is
// not JSON, a key twice in one object, and text beyond the limits (1 MiB, 8 levels, 65536 values, 256 keys in
// one object) is Code::config with line and column.
Result<JsonValue> parse_json(std::string_view text);

// For messages: `the string "320"`, `the number 1.5`, `a list`.
std::string describe(const JsonValue& value);

}  // namespace octet

// How messages show a name that comes from a file or from the file system.
#pragma once

#include <string>
#include <string_view>

#include "base/text.h"

namespace octet {

// 'text', made printable and cut to `limit` bytes.
inline std::string in_quotes(std::string_view text, std::size_t limit = 200) {
  std::string out(1, '\'');
  out += printable(text, limit);
  out += '\'';
  return out;
}

}  // namespace octet

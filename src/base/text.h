// Small helpers for messages.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace octet {

// "1x3x224x224"; "scalar" for no dimension.
std::string shape_text(std::span<const std::int64_t> dims);
// "a, b, c and 4 more" with at most `shown` names.
std::string list_text(std::span<const std::string> names, std::size_t shown = 8);
// All of them: a few in a sentence, more on lines of their own (at most 1000), so that a message that is cut ends with
// a line.
std::string whole_list_text(std::span<const std::string> names);
// The candidate with the least edit distance to `word`, or "" where none is near (distance > length / 2).
std::string nearest_word(std::string_view word, std::span<const std::string_view> candidates);
// `text` with control characters and invalid UTF-8 replaced, cut to `limit` bytes: names from files go into messages.
std::string printable(std::string_view text, std::size_t limit = 200);

}  // namespace octet

// Numbers, names and sizes as people read them. The decimal point is '.' whatever the locale.
#pragma once

#include <octet/octet.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace octet::cli {

inline std::string_view view(q_str text) { return {text.data ? text.data : "", text.size}; }
inline q_str text_of(std::string_view text) { return {text.data(), text.size()}; }

// `digits` after the point; "-" for what is not a finite number.
std::string fixed(double value, int digits);
// The fewest digits that are this number and no other.
std::string shortest(float value);
// "97.3 %" of 0.973.
std::string percent(double share);
// "1.11 MB" (millions of bytes), "316 kB", "12 bytes".
std::string size_text(std::int64_t bytes);
// "1x3x240x320"; "scalar" for no dimension.
std::string shape_text(std::span<const std::int64_t> dims);
std::span<const std::int64_t> dims_of(const q_tensor_info& tensor);
std::string shape_text(const q_tensor_info& tensor);
// "1 image", "2 images".
std::string counted(std::int64_t count, std::string_view noun);

// `text` with control characters and what is not UTF-8 replaced: names from files reach the terminal.
std::string printable(std::string_view text);
// Length of the valid UTF-8 sequence at the start of `text`; 0 where there is none.
std::size_t utf8_length(std::string_view text);

std::string lower(std::string_view text);
// The candidate with the least edit distance to `word`; empty where none is near.
std::string nearest_word(std::string_view word, std::span<const std::string> candidates);

// File name without folder and ending, and the lower-case ending without the dot.
std::string stem_of(std::string_view path);
std::string ending_of(std::string_view path);

}  // namespace octet::cli

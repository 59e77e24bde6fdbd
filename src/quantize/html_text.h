// Text and numbers for HTML and SVG. Names come from files that anybody may have written; the decimal point is '.'
// whatever the locale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace octet::html {

// For content and for quoted attributes: valid UTF-8 without control characters, markup escaped, cut to `limit` bytes.
std::string escaped(std::string_view text, std::size_t limit = 200);
// The same as an element whose writing direction does not leak into what follows.
std::string name(std::string_view text, std::size_t limit = 200);

// Base64 (RFC 4648) of bytes, for a data URI.
std::string base64(std::string_view bytes);

// `digits` after the point; "–" for what is not a finite number.
std::string fixed(double value, int digits);
// Three significant digits: 0.0257, 1.39, 12300, 1.5e-07.
std::string short_number(double value);
// "27.5 %" of 0.275, for content. What is not all or nothing does not look so: "< 0.1 %", "> 99.9 %".
std::string percent(double share);
// "1.10 MB" (millions of bytes), "301 kB", "12 bytes".
std::string size_text(std::int64_t bytes);
// "1.03 G", "98.6 M": of countable things.
std::string count_text(std::int64_t count);
// "12 samples", "1 sample".
std::string counted(std::int64_t count, std::string_view noun);
// "31.4 dB"; "exact" at the 200 dB that stand for no error at all.
std::string sqnr_text(double sqnr_db);

}  // namespace octet::html

#include "quantize/html_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/text.h"

namespace octet::html {
namespace {

constexpr const char* kNothing = "–";
constexpr const char* kMinus = "−";

// A number and its unit stay on one line.
std::string with_unit(const std::string& number, const char* unit) { return number + "\u00A0" + unit; }

// With the sign of typography, not a hyphen that a line may break behind.
std::string with_minus(std::string_view number) {
  if (number.empty() || number[0] != '-') return std::string(number);
  return kMinus + std::string(number.substr(1));
}

// form: "%.*f", "%.*g" or "%.*e". What stands between the digits is the decimal point of the program's locale.
// (std::to_chars knows no locale, but linked into a library it brings 140 kB of tables.)
std::string formatted(double value, const char* form, int digits) {
  if (!std::isfinite(value)) return kNothing;
  char buffer[400];  // 309 digits before the point of the largest double
  const int length = std::snprintf(buffer, sizeof buffer, form, digits, value);
  std::string text;
  for (const char c : std::string_view(buffer, static_cast<std::size_t>(length))) {
    const bool plain = (c >= '0' && c <= '9') || c == '-' || c == '+' || c == 'e';
    if (plain) {
      text += c;
    } else if (!text.ends_with('.')) {
      text += '.';
    }
  }
  std::string_view number = text;
  // "-0.00" says no more than "0.00".
  if (number.find_first_not_of("-0.") == std::string_view::npos && number[0] == '-') number.remove_prefix(1);
  return with_minus(number);
}

}  // namespace

std::string escaped(std::string_view text, std::size_t limit) {
  std::string out;
  for (const char c : printable(text, limit)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string name(std::string_view text, std::size_t limit) { return "<bdi>" + escaped(text, limit) + "</bdi>"; }

std::string base64(std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) text += k <= count ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::string fixed(double value, int digits) { return formatted(value, "%.*f", digits); }

std::string short_number(double value) {
  if (value == 0) return "0";
  const double magnitude = std::fabs(value);
  if (!(magnitude >= 1e-4 && magnitude < 1e6)) return formatted(value, "%.*e", 1);
  const int digits_before = static_cast<int>(std::floor(std::log10(magnitude))) + 1;
  return fixed(value, std::max(0, 3 - digits_before));
}

std::string percent(double share) {
  if (share == 0 || share == 1) return with_unit(fixed(share * 100, 0), "%");
  if (share > 0 && share < 0.001) return with_unit("&lt;\u00A00.1", "%");
  if (share > 0.999 && share < 1) return with_unit("&gt;\u00A099.9", "%");
  return with_unit(fixed(share * 100, 1), "%");
}

std::string size_text(std::int64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes >= 1000000) return with_unit(fixed(value / 1e6, 2), "MB");
  if (bytes >= 10000) return with_unit(fixed(value / 1e3, 0), "kB");
  return counted(bytes, "byte");
}

std::string count_text(std::int64_t count) {
  const auto value = static_cast<double>(count);
  if (count >= 1000000000) return with_unit(fixed(value / 1e9, 2), "G");
  if (count >= 1000000) return with_unit(fixed(value / 1e6, 1), "M");
  if (count >= 10000) return with_unit(fixed(value / 1e3, 0), "k");
  return std::to_string(count);
}

std::string counted(std::int64_t count, std::string_view noun) {
  return with_unit(std::to_string(count), (std::string(noun) + (count == 1 ? "" : "s")).c_str());
}

std::string sqnr_text(double sqnr_db) {
  constexpr double kNoError = 200;
  if (sqnr_db >= kNoError) return "exact";
  return std::isfinite(sqnr_db) ? with_unit(fixed(sqnr_db, 1), "dB") : kNothing;
}

}  // namespace octet::html

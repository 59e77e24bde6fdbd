#include "image/tensor_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/file.h"
#include "base/text.h"
#include "image/in_quotes.h"

namespace octet {
namespace {

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// "nan" and "inf" are numbers here; that they may not stand in a tensor is said later.
bool parse_number(std::string_view word, float* value) {
  if (word.starts_with('+') && word.substr(1, 1) != "-") word.remove_prefix(1);
  double wide = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), wide);
  if (error != std::errc() || end != word.data() + word.size()) return false;
  if (std::isfinite(wide) && std::abs(wide) > std::numeric_limits<float>::max()) return false;
  *value = static_cast<float>(wide);
  return true;
}

Result<FloatArray> parse_text(std::string_view text) {
  FloatArray array;
  std::size_t line = 1;
  std::size_t at = 0;
  while (at < text.size()) {
    if (is_space(text[at])) {
      line += text[at++] == '\n' ? 1 : 0;
      continue;
    }
    const std::size_t begin = at;
    while (at < text.size() && !is_space(text[at])) ++at;
    const std::string_view word = text.substr(begin, at - begin);
    float value = 0;
    if (!parse_number(word, &value)) {
      return fail(Code::format, "line " + std::to_string(line) + ": " + in_quotes(word, 40) +
                                    " is not a number that fits float32; numbers separated by white space are read");
    }
    array.values.push_back(value);
  }
  array.dims = {static_cast<std::int64_t>(array.values.size())};
  return array;
}

Result<FloatArray> parse_raw(std::span<const std::byte> bytes) {
  if (bytes.size() % sizeof(float) != 0) {
    return fail(Code::format, std::to_string(bytes.size()) +
                                  " bytes are no whole number of float32 values: the file is truncated or of another "
                                  "element type");
  }
  FloatArray array;
  array.values.resize(bytes.size() / sizeof(float));
  if (!bytes.empty()) std::memcpy(array.values.data(), bytes.data(), bytes.size());
  array.dims = {static_cast<std::int64_t>(array.values.size())};
  return array;
}

Result<FloatArray> parse(std::span<const std::byte> bytes, std::string_view ending) {
  if (ending == "npy") return read_npy(bytes);
  if (ending == "bin" || ending == "raw") return parse_raw(bytes);
  if (ending == "txt") return parse_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  return fail(Code::format, "tensors are read from files that end in .txt, .npy, .bin or .raw");
}

}  // namespace

Result<FloatArray> read_tensor_file(const std::string& path) {
  const std::string where = in_quotes(path);
  OCTET_ASSIGN(const Bytes bytes, map_file(path));
  auto array = parse(bytes.span(), ending_of(path));
  if (!array.ok()) return array.status().within(where);
  const auto bad =
      std::find_if_not(array->values.begin(), array->values.end(), [](float v) { return std::isfinite(v); });
  if (bad != array->values.end()) {
    return fail(Code::data, where + ": value " + std::to_string(bad - array->values.begin() + 1) +
                                " is not finite (NaN or infinite): correct the data");
  }
  return array;
}

}  // namespace octet

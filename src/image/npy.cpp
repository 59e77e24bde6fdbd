#include "image/npy.h"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/checked.h"
#include "base/text.h"
#include "image/in_quotes.h"

namespace octet {
namespace {

using namespace std::string_view_literals;

static_assert(std::endian::native == std::endian::little, "elements are copied as they are");

constexpr std::string_view kMagic = "\x93NUMPY"sv;
constexpr std::size_t kMaxRank = 32;  // NumPy's own limit

Status bad_header(const char* what) {
  return fail(Code::format, std::string("the .npy header ") + what + "; write the file again with numpy.save");
}

struct Header {
  std::string descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::int64_t>> dims;
};

// The header is a Python dictionary of three entries, written by numpy.save in one of few ways:
// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
 public:
  explicit HeaderParser(std::string_view text) : text_(text) {}

  Result<Header> parse() {
    Header header;
    if (!accept('{')) return bad_header("is not a dictionary");
    while (!accept('}')) {
      const auto key = quoted();
      if (!key || !accept(':')) return bad_header("is not a dictionary");
      OCTET_TRY(value_of(*key, &header));
      if (accept(',')) continue;
      if (!accept('}')) return bad_header("is not a dictionary");
      break;
    }
    if (header.descr.empty() || !header.fortran_order || !header.dims) {
      return bad_header("lacks 'descr', 'fortran_order' or 'shape'");
    }
    return header;
  }

 private:
  Status value_of(std::string_view key, Header* header) {
    if (key == "descr") {
      const auto descr = quoted();
      if (!descr) return fail(Code::format, "a structured .npy array is not read: save a plain array of numbers");
      header->descr = *descr;
    } else if (key == "fortran_order") {
      if (accept_word("False")) {
        header->fortran_order = false;
      } else if (accept_word("True")) {
        header->fortran_order = true;
      } else {
        return bad_header("has a 'fortran_order' that is neither True nor False");
      }
    } else if (key == "shape") {
      header->dims = shape();
      if (!header->dims) return bad_header("has a 'shape' that cannot be read");
    } else {
      return bad_header("has an entry of an unknown name");
    }
    return {};
  }

  void skip_space() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\n' || text_[0] == '\t')) text_.remove_prefix(1);
  }
  bool accept(char c) {
    skip_space();
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool accept_word(std::string_view word) {
    skip_space();
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  std::optional<std::string_view> quoted() {
    skip_space();
    if (text_.empty() || (text_[0] != '\'' && text_[0] != '"')) return std::nullopt;
    const std::size_t end = text_.find(text_[0], 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view content = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return content;
  }
  std::optional<std::vector<std::int64_t>> shape() {
    std::vector<std::int64_t> dims;
    if (!accept('(')) return std::nullopt;
    while (!accept(')')) {
      skip_space();
      std::int64_t dim = 0;
      const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), dim);
      if (error != std::errc() || dim < 0 || dims.size() == kMaxRank) return std::nullopt;
      text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
      accept_word("L");  // Python 2
      dims.push_back(dim);
      if (accept(',')) continue;
      if (!accept(')')) return std::nullopt;
      break;
    }
    return dims;
  }

  std::string_view text_;
};

struct Half {
  std::uint16_t bits;
};

float to_float(Half half) {
  const int exponent = (half.bits >> 10) & 31;
  const int fraction = half.bits & 1023;
  float magnitude = 0;
  if (exponent == 31) {
    magnitude = fraction == 0 ? INFINITY : NAN;
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(fraction), -24);
  } else {
    magnitude = std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  }
  return (half.bits & 0x8000) != 0 ? -magnitude : magnitude;
}

template <class T>
float to_float(T value) {
  return static_cast<float>(value);
}

template <class T>
void convert(const std::byte* from, std::span<float> to) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    T value;
    std::memcpy(&value, from + i * sizeof(T), sizeof(T));
    to[i] = to_float(value);
  }
}

struct ElementType {
  std::string_view name;  // without the byte order
  std::size_t size_bytes;
  void (*convert)(const std::byte* from, std::span<float> to);
};

constexpr ElementType kElementTypes[] = {
    {"f4", 4, convert<float>},         {"f8", 8, convert<double>},        {"f2", 2, convert<Half>},
    {"u1", 1, convert<std::uint8_t>},  {"i1", 1, convert<std::int8_t>},   {"b1", 1, convert<std::uint8_t>},
    {"u2", 2, convert<std::uint16_t>}, {"i2", 2, convert<std::int16_t>},  {"u4", 4, convert<std::uint32_t>},
    {"i4", 4, convert<std::int32_t>},  {"u8", 8, convert<std::uint64_t>}, {"i8", 8, convert<std::int64_t>},
};

Result<const ElementType*> element_type(std::string_view descr) {
  const char byte_order = descr.empty() ? ' ' : descr[0];
  for (const ElementType& type : kElementTypes) {
    if (descr.size() < 2 || descr.substr(1) != type.name) continue;
    if (byte_order == '<' || byte_order == '=' || type.size_bytes == 1) return &type;
    return fail(Code::format, "the .npy elements are of type " + in_quotes(descr) +
                                  ", big-endian: save them little-endian, as array.astype('<" + std::string(type.name) +
                                  "')");
  }
  return fail(Code::format, "the .npy elements are of type " + in_quotes(descr) +
                                ": bool, integers, float16, float32 and float64 are read; save "
                                "array.astype('float32')");
}

// The header's text and what follows it.
struct Parts {
  std::string_view header;
  std::span<const std::byte> elements;
};

Result<Parts> split(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(kMagic)) return fail(Code::format, "it is not a NumPy .npy file");
  if (bytes.size() < 8) return bad_header("is truncated");
  const auto version = std::to_integer<int>(bytes[6]);
  if (version < 1 || version > 3) {
    return fail(Code::format, "it is a .npy file of version " + std::to_string(version) + ": 1 to 3 are read");
  }
  const std::size_t length_bytes = version == 1 ? 2 : 4;
  const std::size_t begin = 8 + length_bytes;
  if (bytes.size() < begin) return bad_header("is truncated");
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) length |= std::to_integer<std::size_t>(bytes[8 + i]) << (8 * i);
  if (length > bytes.size() - begin) return bad_header("is truncated");
  return Parts{text.substr(begin, length), bytes.subspan(begin + length)};
}

}  // namespace

Result<FloatArray> read_npy(std::span<const std::byte> bytes) {
  OCTET_ASSIGN(const Parts parts, split(bytes));
  OCTET_ASSIGN(Header header, HeaderParser(parts.header).parse());
  OCTET_ASSIGN(const ElementType* type, element_type(header.descr));
  if (*header.fortran_order) {
    return fail(Code::format, "the .npy array is in Fortran order: save numpy.ascontiguousarray(array)");
  }
  auto size_bytes = static_cast<std::int64_t>(type->size_bytes);
  std::int64_t count = 1;
  bool fits = true;
  for (const std::int64_t dim : *header.dims) fits = fits && checked_mul(count, dim, &count);
  fits = fits && checked_mul(count, size_bytes, &size_bytes);
  if (!fits || static_cast<std::size_t>(size_bytes) != parts.elements.size()) {
    return fail(Code::format, "the .npy header says " + shape_text(*header.dims) + " elements of " +
                                  std::to_string(type->size_bytes) + " bytes, but " +
                                  std::to_string(parts.elements.size()) +
                                  " bytes follow: the file is truncated or damaged; write it again");
  }
  FloatArray array{std::move(*header.dims), std::vector<float>(static_cast<std::size_t>(count))};
  type->convert(parts.elements.data(), array.values);
  return array;
}

}  // namespace octet

#include "cli/npy.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <string_view>

#include "cli/failure.h"
#include "cli/files.h"
#include "cli/text.h"

namespace octet::cli {
namespace {

static_assert(std::endian::native == std::endian::little, "arrays are read and written as they lie in memory");

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxHeaderBytes = 1 << 16;  // the real ones have about a hundred
constexpr std::size_t kAlignment = 64;            // of the data in the file, by the format

struct Header {
  std::string type;  // "<f4"
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
  std::size_t data_offset = 0;
};

[[noreturn]] void fail_npy(const std::string& path, const std::string& what) {
  throw Failure(Q_E_FORMAT, path + ": " + what, path);
}

// The text behind 'key': in a header, which is a literal of a Python dictionary.
std::string_view value_of(std::string_view header, std::string_view key, const std::string& path) {
  for (const char quote : {'\'', '"'}) {
    const std::string quoted = quote + std::string(key) + quote;
    const std::size_t start = header.find(quoted);
    if (start == std::string_view::npos) continue;
    std::string_view rest = header.substr(start + quoted.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(" :"), rest.size()));
    return rest;
  }
  fail_npy(path, "damaged .npy header: it has no '" + std::string(key) + "'");
}

std::vector<std::int64_t> parse_shape(std::string_view text, const std::string& path) {
  const std::size_t end = text.find(')');
  if (!text.starts_with('(') || end == std::string_view::npos)
    fail_npy(path, "damaged .npy header: its shape is no tuple");
  std::vector<std::int64_t> shape;
  text = text.substr(1, end - 1);
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(" ,L"), text.size()));  // Python 2 wrote 3L
    if (text.empty()) return shape;
    std::int64_t dim = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), dim);
    if (parsed.ec != std::errc() || dim < 0) fail_npy(path, "damaged .npy header: its shape is not made of sizes");
    shape.push_back(dim);
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  }
}

Header read_header(std::ifstream& file, const std::string& path) {
  unsigned char start[12] = {};
  file.read(reinterpret_cast<char*>(start), 10);
  if (!file || std::memcmp(start, kMagic.data(), kMagic.size()) != 0) {
    fail_npy(path, "not a .npy file (NumPy's numpy.save writes them)");
  }
  const int version = start[6];
  if (version < 1 || version > 3)
    fail_npy(path, "a .npy file of version " + std::to_string(version) + "; 1 to 3 are known");
  std::size_t size = start[8] | static_cast<std::size_t>(start[9]) << 8;
  std::size_t offset = 10;
  if (version >= 2) {
    file.read(reinterpret_cast<char*>(start) + 10, 2);
    size |= static_cast<std::size_t>(start[10]) << 16 | static_cast<std::size_t>(start[11]) << 24;
    offset = 12;
  }
  if (size > kMaxHeaderBytes) fail_npy(path, "damaged .npy header: " + std::to_string(size) + " bytes long");
  std::string text(size, '\0');
  file.read(text.data(), static_cast<std::streamsize>(size));
  if (!file) fail_npy(path, "truncated: it ends in its header");

  Header header;
  header.data_offset = offset + size;
  const std::string_view type = value_of(text, "descr", path);
  if (type.empty() || (type[0] != '\'' && type[0] != '"')) fail_npy(path, "an array of records; a plain one is needed");
  header.type = std::string(type.substr(1, type.substr(1).find(type[0])));
  header.fortran_order = value_of(text, "fortran_order", path).starts_with("True");
  header.shape = parse_shape(value_of(text, "shape", path), path);
  return header;
}

std::span<const std::int64_t> without_leading_ones(std::span<const std::int64_t> dims) {
  while (!dims.empty() && dims[0] == 1) dims = dims.subspan(1);
  return dims;
}

void check_shape(const Header& header, const q_tensor_info& tensor, const std::string& path) {
  const auto found = without_leading_ones(header.shape);
  const auto wanted = without_leading_ones(dims_of(tensor));
  const bool same = std::equal(found.begin(), found.end(), wanted.begin(), wanted.end());
  const bool flat = header.shape.size() == 1 && header.shape[0] == tensor.element_count;
  if (same || flat) return;
  throw Failure(Q_E_SHAPE,
                path + ": shape " + shape_text(header.shape) + " does not fit input '" + printable(view(tensor.name)) +
                    "', which is " + shape_text(tensor),
                path);
}

template <class T>
float to_float(T value) {
  return static_cast<float>(value);
}

// A double beyond float's range has no defined conversion; infinity is what rounding by IEEE 754 gives.
template <>
float to_float(double value) {
  if (std::abs(value) > std::numeric_limits<float>::max()) {
    return std::copysign(std::numeric_limits<float>::infinity(), static_cast<float>(value > 0 ? 1 : -1));
  }
  return static_cast<float>(value);
}

template <class T>
void read_values(std::ifstream& file, std::span<float> values, const std::string& path) {
  std::vector<T> block(std::min<std::size_t>(values.size(), 1 << 16));
  while (!values.empty()) {
    const std::size_t count = std::min(block.size(), values.size());
    file.read(reinterpret_cast<char*>(block.data()), static_cast<std::streamsize>(count * sizeof(T)));
    if (!file) fail_npy(path, "truncated: it ends before its last element");
    std::transform(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(count), values.begin(),
                   [](T value) { return to_float(value); });
    values = values.subspan(count);
  }
}

}  // namespace

void read_npy(const std::string& path, const q_tensor_info& tensor, std::span<float> values) {
  if (is_folder(path)) throw Failure(Q_E_IO, path + ": is a folder; a .npy file is needed", path);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Failure(Q_E_IO, path + ": cannot be read: " + system_reason(errno), path);
  const Header header = read_header(file, path);
  if (header.fortran_order) {
    fail_npy(path, "stored in Fortran order; save numpy.ascontiguousarray(array) instead");
  }
  check_shape(header, tensor, path);
  if (header.type == "<f4") {
    read_values<float>(file, values, path);
  } else if (header.type == "<f8") {
    read_values<double>(file, values, path);
  } else if (header.type == "|u1") {
    read_values<std::uint8_t>(file, values, path);
  } else if (header.type == "|i1") {
    read_values<std::int8_t>(file, values, path);
  } else if (header.type == "<i4") {
    read_values<std::int32_t>(file, values, path);
  } else {
    throw Failure(Q_E_UNSUPPORTED,
                  path + ": elements of type '" + printable(header.type) +
                      "'; float32, float64, uint8, int8 and int32 (little-endian) are read",
                  path);
  }
  if (file.peek() != std::ifstream::traits_type::eof()) fail_npy(path, "damaged: data follow its last element");
}

void write_npy(const std::string& path, std::span<const std::int64_t> dims, std::span<const float> values) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  for (std::size_t i = 0; i < dims.size(); ++i) header += (i > 0 ? ", " : "") + std::to_string(dims[i]);
  header += dims.size() == 1 ? ",), }" : "), }";
  const std::size_t unpadded = 10 + header.size() + 1;
  header.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
  header += '\n';

  std::string content(kMagic);
  content += '\x01';
  content += '\0';
  content += static_cast<char>(header.size() & 0xFF);
  content += static_cast<char>(header.size() >> 8);
  content += header;
  content.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  write_file(path, content);
}

}  // namespace octet::cli

#include "import/onnx/tensor.h"

#include <bit>
#include <charconv>
#include <cstring>
#include <limits>

#include "base/file.h"
#include "base/text.h"
#include "import/import.h"

namespace octet::onnx {
namespace {

std::size_t size_of_element(ElementType type) {
  switch (type) {
    case ElementType::i64:
    case ElementType::f64:
      return 8;
    case ElementType::f32:
    case ElementType::i32:
    case ElementType::u32:
      return 4;
    case ElementType::f16:
    case ElementType::bf16:
      return 2;
    default:
      return 1;  // i8, u8, boolean
  }
}

// Copies of `count` elements through a function; the result is aligned.
template <class To, class F>
Bytes convert(std::size_t count, F element) {
  auto memory = allocate_aligned(count * sizeof(To));
  auto* out = reinterpret_cast<To*>(memory.get());
  for (std::size_t i = 0; i < count; ++i) out[i] = element(i);
  const std::byte* begin = memory.get();
  return {std::shared_ptr<const void>(std::move(memory), begin), begin, count * sizeof(To)};
}

template <class T>
T load(const std::byte* data, std::size_t index) {
  T value;
  std::memcpy(&value, data + index * sizeof(T), sizeof(T));
  return value;
}

float bfloat16_to_float(std::uint16_t value) { return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16); }

// Little-endian elements as they lie in a file.
Bytes from_raw(const Bytes& raw, ElementType type, std::size_t count) {
  const std::byte* data = raw.data();
  switch (type) {
    case ElementType::f16:
      return convert<float>(count, [&](auto i) { return half_to_float(load<std::uint16_t>(data, i)); });
    case ElementType::bf16:
      return convert<float>(count, [&](auto i) { return bfloat16_to_float(load<std::uint16_t>(data, i)); });
    case ElementType::f64:
      return convert<float>(count, [&](auto i) { return static_cast<float>(load<double>(data, i)); });
    case ElementType::boolean:  // a bool is 0 or 1 to whoever reads it, whatever the file says
      return convert<std::uint8_t>(count, [&](auto i) { return load<std::uint8_t>(data, i) != 0 ? 1 : 0; });
    default:
      break;
  }
  const bool aligned = reinterpret_cast<std::uintptr_t>(data) % kAlignment == 0;
  return aligned && count != 0 ? raw : Bytes::copy_of(data, raw.size());
}

Result<Bytes> from_typed(const TensorProto& tensor, std::size_t count) {
  const bool is_float = tensor.type == ElementType::f32;
  const bool is_double = tensor.type == ElementType::f64;
  const std::size_t stored = is_float ? tensor.floats.size() : is_double ? tensor.doubles.size() : tensor.ints.size();
  if (stored != count) {
    return fail(Code::format, "it has " + std::to_string(stored) + " elements where its shape " +
                                  shape_text(tensor.dims) + " needs " + std::to_string(count));
  }
  const auto& ints = tensor.ints;
  switch (tensor.type) {
    case ElementType::f32:
      return Bytes::from(tensor.floats);
    case ElementType::f64:
      return convert<float>(count, [&](auto i) { return static_cast<float>(tensor.doubles[i]); });
    case ElementType::f16:
      return convert<float>(count, [&](auto i) { return half_to_float(static_cast<std::uint16_t>(ints[i])); });
    case ElementType::bf16:
      return convert<float>(count, [&](auto i) { return bfloat16_to_float(static_cast<std::uint16_t>(ints[i])); });
    case ElementType::i64:
      return Bytes::from(ints);
    case ElementType::i32:
    case ElementType::u32:
      return convert<std::uint32_t>(count, [&](auto i) { return static_cast<std::uint32_t>(ints[i]); });
    case ElementType::boolean:
      return convert<std::uint8_t>(count, [&](auto i) { return ints[i] != 0 ? 1 : 0; });
    default:
      return convert<std::uint8_t>(count, [&](auto i) { return static_cast<std::uint8_t>(ints[i]); });
  }
}

// True for a relative path that never climbs above the folder that it starts in.
bool stays_inside(std::string_view path) {
  if (path.empty() || path.front() == '/' || path.find('\0') != std::string_view::npos) return false;
  int depth = 0;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (part == "..") --depth;
    if (part != ".." && part != "." && !part.empty()) ++depth;
    if (depth < 0) return false;
  }
  return true;
}

bool parse_number(std::string_view text, std::size_t* out) {
  if (text.empty()) return true;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), *out);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

}  // namespace

Result<DType> storage_type(ElementType type) {
  switch (type) {
    case ElementType::f32:
    case ElementType::f16:
    case ElementType::bf16:
    case ElementType::f64:
      return DType::f32;
    case ElementType::i8:
      return DType::i8;
    case ElementType::u8:
      return DType::u8;
    case ElementType::i32:
      return DType::i32;
    case ElementType::i64:
      return DType::i64;
    case ElementType::u32:
      return DType::u32;
    case ElementType::boolean:
      return DType::boolean;
    default:
      return fail(Code::unsupported, "elements of type " + name_of(type) + " are not supported");
  }
}

Result<Bytes> TensorReader::external(const ExternalData& where, std::size_t size) {
  const std::string location = printable(where.location);
  if (path_.empty()) {
    return fail(Code::unsupported, "its data lies in the external file '" + location +
                                       "', which a model in memory does not have; load the model by its path");
  }
  if (!stays_inside(where.location)) {
    return fail(Code::format, "its external file '" + location + "' does not lie in the folder of the model");
  }
  std::size_t offset = 0, length = size;
  if (!parse_number(where.offset, &offset) || !parse_number(where.length, &length)) {
    return fail(Code::format, "offset or length in external file '" + location + "' is not a number");
  }
  auto found = external_files_.find(where.location);
  if (found == external_files_.end()) {
    const std::string file = join_path(folder_of(path_), where.location);
    // Anything but a regular file (a pipe, a device) could keep the reader waiting for ever.
    if (!is_file(file)) return fail(Code::io, "its external file '" + printable(file) + "' is missing");
    OCTET_ASSIGN(Bytes bytes, map_file(file));
    found = external_files_.emplace(std::string(where.location), std::move(bytes)).first;
  }
  const Bytes& bytes = found->second;
  if (length != size) {
    return fail(Code::format, "its external data has " + std::to_string(length) + " bytes where its shape needs " +
                                  std::to_string(size));
  }
  if (offset > bytes.size() || size > bytes.size() - offset) {
    return fail(Code::format, "its external file '" + location + "' is too short: " + std::to_string(bytes.size()) +
                                  " bytes, needed are " + std::to_string(size) + " from " + std::to_string(offset));
  }
  return bytes.slice(offset, size);
}

Result<Constant> TensorReader::read(std::string_view message) {
  OCTET_ASSIGN(TensorProto tensor, parse_tensor(message));
  Constant constant;
  OCTET_ASSIGN(constant.dtype, storage_type(tensor.type));
  if (tensor.has_segment) return fail(Code::unsupported, "tensors in segments are not supported");
  const std::int64_t elements = element_count(tensor.dims);
  if (elements < 0) return fail(Code::format, "its shape " + shape_text(tensor.dims) + " is impossible or too large");
  const auto count = static_cast<std::size_t>(elements);
  const std::size_t size = count * size_of_element(tensor.type);

  if (tensor.is_external) {
    OCTET_ASSIGN(const Bytes raw, external(tensor.external, size));
    constant.data = from_raw(raw, tensor.type, count);
  } else if (tensor.has_raw_data) {
    if (tensor.raw_data.size() != size) {
      return fail(Code::format, "it has " + std::to_string(tensor.raw_data.size()) + " bytes where its shape " +
                                    shape_text(tensor.dims) + " needs " + std::to_string(size));
    }
    const auto* begin = reinterpret_cast<const std::byte*>(tensor.raw_data.data());
    const auto offset = static_cast<std::size_t>(begin - file_.data());
    constant.data = from_raw(file_.slice(offset, size), tensor.type, count);
  } else {
    OCTET_ASSIGN(constant.data, from_typed(tensor, count));
  }
  constant.dims = std::move(tensor.dims);
  return constant;
}

}  // namespace octet::onnx

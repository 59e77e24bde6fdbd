#include "import/mnn/packed_weights.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/checked.h"
#include "graph/types.h"
#include "import/import.h"

namespace octet::mnn {
namespace {

// One stored weight may stand for at most this many zeros around it: what writers of sparse weights need, and what
// keeps a small file from asking for much memory.
constexpr std::uint64_t kZerosPerWeight = 1024;
constexpr std::uint64_t kFreeZeros = 65536;

Status truncated() { return fail(Code::format, "its packed weights are truncated"); }

// A cursor over the packed buffer. Fields of several bits are stored from the most significant bit on.
class PackedReader {
 public:
  explicit PackedReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  bool bytes(std::size_t count, std::span<const std::byte>* out) {
    if (count > bytes_.size() - at_) return false;
    *out = bytes_.subspan(at_, count);
    at_ += count;
    return true;
  }
  template <class T>
  bool number(T* out) {
    std::span<const std::byte> raw;
    if (!bytes(sizeof(T), &raw)) return false;
    std::memcpy(out, raw.data(), sizeof(T));
    return true;
  }

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

unsigned bit_field(std::span<const std::byte> packed, std::uint64_t index, unsigned bits) {
  const std::uint64_t first = index * bits;
  const std::size_t byte = static_cast<std::size_t>(first / 8);
  unsigned window = std::to_integer<unsigned>(packed[byte]) << 8;
  if (byte + 1 < packed.size()) window |= std::to_integer<unsigned>(packed[byte + 1]);
  return (window >> (16 - bits - first % 8)) & ((1u << bits) - 1);
}

// The shape in front of the buffer; only the number of weights matters here, and the first dimension for sparse ones.
Status read_shape(PackedReader& reader, bool wide, std::uint64_t* count, std::uint64_t* rows) {
  std::uint8_t rank = 0;
  if (!reader.number(&rank)) return truncated();
  if (rank == 0 || rank > 4) {
    return fail(Code::format, "its packed weights have " + std::to_string(rank) + " dimensions");
  }
  *count = 1;
  for (unsigned i = 0; i < rank; ++i) {
    std::uint32_t size = 0;
    std::uint16_t narrow = 0;
    if (wide ? !reader.number(&size) : !reader.number(&narrow)) return truncated();
    if (!wide) size = narrow;
    if (i == 0) *rows = size;
    if (!checked_mul<std::uint64_t>(*count, size, count) || *count > static_cast<std::uint64_t>(kMaxElements)) {
      return fail(Code::format, "its packed weights are too many");
    }
  }
  if (*count == 0) return fail(Code::format, "its packed weights are none");
  return {};
}

// The sorted table of integers that the fields index.
Status read_table(PackedReader& reader, std::vector<std::int8_t>* table) {
  std::uint8_t stored = 0;
  std::span<const std::byte> raw;
  if (!reader.number(&stored)) return truncated();
  if (!reader.bytes(stored == 0 ? 256 : stored, &raw)) return truncated();
  table->resize(raw.size());
  std::memcpy(table->data(), raw.data(), raw.size());
  std::sort(table->begin(), table->end());
  return {};
}

unsigned bits_for(std::size_t entries) { return std::max(1u, static_cast<unsigned>(std::bit_width(entries - 1))); }

Status bad_table_index() { return fail(Code::format, "its packed weights point behind their table of values"); }

Result<std::vector<std::int8_t>> read_dense(const PackedView& packed) {
  PackedReader reader(packed.buffer);
  std::uint64_t count = 0, rows = 0;
  OCTET_TRY(read_shape(reader, packed.wide_shape, &count, &rows));
  std::vector<std::int8_t> table;
  OCTET_TRY(read_table(reader, &table));
  const unsigned bits = bits_for(table.size());
  std::span<const std::byte> fields;
  if (!reader.bytes(static_cast<std::size_t>((count * bits + 7) / 8), &fields)) return truncated();
  std::vector<std::int8_t> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const unsigned index = bit_field(fields, i, bits);
    if (index >= table.size()) return bad_table_index();
    values[i] = table[index];
  }
  return values;
}

// What an asymmetric group of weights has where nothing is stored: the integer that stands for zero.
std::int8_t zero_of(float minimum, float scale, unsigned bits) {
  const int lowest = -(1 << (bits - 1));
  if (!(scale > 1e-6f)) return static_cast<std::int8_t>(lowest);
  const float zero = std::round(-minimum / scale) + static_cast<float>(lowest);
  return static_cast<std::int8_t>(std::clamp(zero, -128.0f, 127.0f));
}

Result<std::vector<std::int8_t>> read_sparse(const PackedView& packed) {
  PackedReader reader(packed.buffer);
  std::uint64_t count = 0, rows = 0;
  OCTET_TRY(read_shape(reader, packed.wide_shape, &count, &rows));
  std::uint32_t stored = 0;
  std::uint8_t step_bits = 0;
  if (!reader.number(&stored) || !reader.number(&step_bits)) return truncated();
  if (step_bits == 0 || step_bits > 8) {
    return fail(Code::format, "its sparse weights have steps of " + std::to_string(step_bits) + " bits");
  }
  std::span<const std::byte> steps, fields;
  if (!reader.bytes((std::size_t{stored} * step_bits + 7) / 8, &steps)) return truncated();
  std::vector<std::int8_t> table;
  OCTET_TRY(read_table(reader, &table));
  const unsigned bits = bits_for(table.size());
  table.erase(std::unique(table.begin(), table.end()), table.end());
  if (!reader.bytes((std::size_t{stored} * bits + 7) / 8, &fields)) return truncated();
  if (count > kFreeZeros + kZerosPerWeight * stored) {
    return fail(Code::format, "its sparse weights are " + std::to_string(count) + ", of which only " +
                                  std::to_string(stored) + " are stored");
  }
  std::vector<std::int8_t> values(static_cast<std::size_t>(count), std::int8_t{0});
  if (packed.alpha.size() == 2 * rows) {
    const std::size_t row = values.size() / static_cast<std::size_t>(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(i * row), row,
                  zero_of(packed.alpha[2 * i], packed.alpha[2 * i + 1], bits));
    }
  }
  std::uint64_t at = 0;
  for (std::uint32_t i = 0; i < stored; ++i) {
    at += bit_field(steps, i, step_bits);
    const unsigned index = bit_field(fields, i, bits);
    if (at >= count) return fail(Code::format, "its sparse weights lie behind their end");
    if (index >= table.size()) return bad_table_index();
    values[static_cast<std::size_t>(at)] = table[index];
  }
  return values;
}

Result<Unpacked> unpack_half(std::span<const std::byte> buffer) {
  if (buffer.size() % 2 != 0) return fail(Code::format, "its half-precision weights have an odd number of bytes");
  std::vector<float> values(buffer.size() / 2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, buffer.data() + 2 * i, 2);
    values[i] = half_to_float(half);
  }
  return Unpacked{std::move(values), {}, {}};
}

Result<Unpacked> unpack_indexed(const PackedView& packed) {
  if (packed.alpha.size() != packed.index.size()) {
    return fail(Code::format, "its sparse weights have " + std::to_string(packed.index.size()) + " places and " +
                                  std::to_string(packed.alpha.size()) + " values");
  }
  if (packed.dense_size > kFreeZeros + kZerosPerWeight * packed.index.size()) {
    return fail(Code::format, "its sparse weights are " + std::to_string(packed.dense_size) + ", of which only " +
                                  std::to_string(packed.index.size()) + " are stored");
  }
  std::vector<float> values(packed.dense_size, 0.0f);
  for (std::size_t i = 0; i < packed.index.size(); ++i) {
    if (packed.index[i] >= values.size()) return fail(Code::format, "its sparse weights lie behind their end");
    values[packed.index[i]] = packed.alpha[i];
  }
  return Unpacked{std::move(values), {}, {}};
}

// real = scale * integer [+ offset], one scale for each run of weights of equal length.
Result<Unpacked> dequantize(const PackedView& packed, std::vector<std::int8_t> integers) {
  // The first files with plain int8 weights are asymmetric and carry neither minimum nor factor.
  const bool first_int8 =
      packed.type == static_cast<std::int32_t>(Packing::int8) && packed.minimum == 0 && std::abs(packed.factor) < 1e-6f;
  const bool asymmetric = packed.asymmetric || first_int8;
  const float factor = first_int8 ? 1.0f : packed.factor;
  if (factor == 0) return fail(Code::format, "the factor of its packed weights is 0");
  const std::size_t groups = packed.alpha.size() / (asymmetric ? 2 : 1);
  if (groups == 0 || integers.size() % groups != 0) {
    return fail(Code::format, "its packed weights are " + std::to_string(integers.size()) + " with " +
                                  std::to_string(packed.alpha.size()) + " scales, which do not fit together");
  }
  const float lowest = packed.minimum == 0 ? -128.0f : static_cast<float>(packed.minimum);
  const std::size_t length = integers.size() / groups;
  std::vector<float> values(integers.size()), scales;
  for (std::size_t g = 0; g < groups; ++g) {
    float scale = packed.alpha[asymmetric ? 2 * g + 1 : g];
    float offset = 0;
    if (asymmetric) {
      offset = packed.alpha[2 * g];
      if (lowest < 0) offset -= lowest * scale;
    }
    scale *= factor;
    offset *= factor;
    if (!asymmetric) scales.push_back(scale);
    for (std::size_t i = g * length; i < (g + 1) * length; ++i) {
      values[i] = static_cast<float>(integers[i]) * scale + offset;
    }
  }
  if (asymmetric) integers.clear();
  return Unpacked{std::move(values), std::move(integers), std::move(scales)};
}

}  // namespace

Result<Unpacked> unpack_weights(const PackedView& packed) {
  if (!packed.index.empty()) return unpack_indexed(packed);
  switch (static_cast<Packing>(packed.type)) {
    case Packing::half:
      return unpack_half(packed.buffer);
    case Packing::table: {
      OCTET_ASSIGN(std::vector<std::int8_t> integers, read_dense(packed));
      return dequantize(packed, std::move(integers));
    }
    case Packing::sparse_table: {
      OCTET_ASSIGN(std::vector<std::int8_t> integers, read_sparse(packed));
      return dequantize(packed, std::move(integers));
    }
    case Packing::int8: {
      std::vector<std::int8_t> integers(packed.buffer.size());
      if (!integers.empty()) std::memcpy(integers.data(), packed.buffer.data(), integers.size());
      return dequantize(packed, std::move(integers));
    }
  }
  return fail(Code::unsupported, "its weights are packed as type " + std::to_string(packed.type) +
                                     ", which is not known (1 to 4 are); convert the model again without packing");
}

}  // namespace octet::mnn

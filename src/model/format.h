// What reader and writer of .octet files agree on, besides the schema.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"

namespace octet::format {

static_assert(std::endian::native == std::endian::little, "weights are stored little-endian and used in place");

inline constexpr std::uint32_t kVersion = 2;  // written, and the newest that is read

// The oldest reader that understands all that the network uses: version 2 added weight zero points, and int8 weights
// of -128. Precondition: validate(graph).
std::uint32_t minimum_version(const Graph& graph);

// Limits of what a file holds. They bound what a reader allocates for a file that was made to hurt, where few bytes
// can stand for much: many tensors may share one list, one long name may be part of many.
inline constexpr std::size_t kMaxItems = 65535;                     // tensors; nodes; lists; different attributes
inline constexpr std::size_t kMaxOperands = std::size_t{1} << 22;   // of all nodes together
inline constexpr std::size_t kMaxListed = std::size_t{1} << 22;     // elements of all shapes and attributes together
inline constexpr std::size_t kMaxNameBytes = std::size_t{1} << 24;  // of all names together
// FlatBuffers end at 2 GiB; the limits above leave the structure well below 128 MiB.
inline constexpr std::size_t kMaxWeightBytes = (std::size_t{1} << 31) - (std::size_t{1} << 27);

inline constexpr std::uint16_t kNoOperand = 65535;
inline constexpr std::uint8_t kConstant = 1;  // tensor_flags
inline constexpr std::uint8_t kQuantized = 2;

// A constant of so many bytes begins at a multiple of so many.
inline constexpr std::size_t kLargeConstant = 1024;
inline constexpr std::size_t kSmallAlignment = 16;
inline std::size_t alignment_of(std::size_t size) { return size >= kLargeConstant ? kAlignment : kSmallAlignment; }

// "<node>/weight" and so on: the name of a constant that is stored without one. `index` is its place among the
// node's inputs.
std::string derived_name(const Node& node, std::size_t index);

// Per tensor the first node that reads it, and where; node -1 where none does.
struct Reading {
  std::int32_t node = -1;
  std::uint32_t index = 0;
};
std::vector<Reading> first_readings(const Graph& graph);

// A stored recipe is one that an image can be prepared with.
Status check_recipe(const ImageRecipe& recipe);

// 64-bit FNV-1a of the structure, that is all bytes before the weights, the 8 bytes of the checksum itself left out.
std::uint64_t checksum(std::span<const std::byte> structure, std::size_t checksum_offset);

// Numbers of variable length (LEB128, signed ones as zigzag) and text behind its length.
class ByteSink {
 public:
  void number(std::uint64_t value);
  void signed_number(std::int64_t value) {
    number((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  // A number, length + 1, then the bytes.
  void name(std::string_view text);
  void no_name() { number(0); }
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

// Reads what ByteSink wrote. Each function returns false where the bytes end early or make no sense.
class ByteSource {
 public:
  explicit ByteSource(std::span<const std::uint8_t> bytes) : rest_(bytes) {}
  bool number(std::uint64_t* value);
  bool signed_number(std::int64_t* value);
  bool name(std::string_view* text, bool* present);
  std::size_t left() const { return rest_.size(); }

 private:
  std::span<const std::uint8_t> rest_;
};

}  // namespace octet::format

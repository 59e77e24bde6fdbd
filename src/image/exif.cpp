#include "image/exif.h"

#include <cstdint>
#include <optional>

namespace octet {
namespace {

constexpr std::uint16_t kOrientationTag = 0x0112;
constexpr std::uint16_t kTypeShort = 3;
constexpr std::uint16_t kTypeLong = 4;
constexpr std::size_t kEntryBytes = 12;

// Reads integers of the block's own byte order; nothing outside the block.
class TiffReader {
 public:
  TiffReader(std::span<const std::byte> bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}

  std::optional<std::uint16_t> u16(std::size_t offset) const {
    const auto value = number(offset, 2);
    if (!value) return std::nullopt;
    return static_cast<std::uint16_t>(*value);
  }
  std::optional<std::uint32_t> u32(std::size_t offset) const { return number(offset, 4); }

 private:
  std::optional<std::uint32_t> number(std::size_t offset, std::size_t size) const {
    if (offset > bytes_.size() || bytes_.size() - offset < size) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t at = big_endian_ ? i : size - 1 - i;
      value = (value << 8) | std::to_integer<std::uint32_t>(bytes_[offset + at]);
    }
    return value;
  }

  std::span<const std::byte> bytes_;
  bool big_endian_;
};

}  // namespace

int exif_orientation(std::span<const std::byte> tiff) {
  if (tiff.size() < 8) return 1;
  const bool big_endian = tiff[0] == std::byte{'M'} && tiff[1] == std::byte{'M'};
  const bool little_endian = tiff[0] == std::byte{'I'} && tiff[1] == std::byte{'I'};
  if (!big_endian && !little_endian) return 1;
  const TiffReader reader(tiff, big_endian);
  if (reader.u16(2) != 42) return 1;

  const std::size_t directory = reader.u32(4).value_or(0);
  const std::size_t entries = reader.u16(directory).value_or(0);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntryBytes;
    const auto tag = reader.u16(entry);
    if (!tag) return 1;
    if (*tag != kOrientationTag) continue;
    const auto type = reader.u16(entry + 2);
    if (type != kTypeShort && type != kTypeLong) return 1;
    const std::uint32_t value =
        type == kTypeShort ? reader.u16(entry + 8).value_or(1) : reader.u32(entry + 8).value_or(1);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace octet

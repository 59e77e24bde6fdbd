// Image files from anywhere: JPEG, PNG, and the orientation of EXIF in them or by itself. Checksums of PNG are made
// right: nobody who makes a file to hurt leaves them wrong.
#include <zlib.h>

#include <cstring>
#include <vector>

#include "fuzz.h"
#include "image/exif.h"
#include "image/image.h"
#include "image/preprocess.h"

namespace octet::fuzz {
namespace {

constexpr std::size_t kSignature = 8;  // bytes
constexpr std::size_t kChunkHead = 8;  // length and name
constexpr std::uint64_t kManyPixels = 1 << 18;

std::uint32_t big_endian(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}

void repair_png(std::vector<std::uint8_t>& file) {
  if (file.size() < kSignature || std::memcmp(file.data() + 1, "PNG", 3) != 0) return;
  for (std::size_t at = kSignature; file.size() - at >= kChunkHead + 4;) {
    const std::size_t length = big_endian(file.data() + at);
    if (length > file.size() - at - kChunkHead - 4) return;
    const auto sum = static_cast<std::uint32_t>(crc32(0, file.data() + at + 4, static_cast<uInt>(length + 4)));
    at += kChunkHead + length;
    for (int shift = 24; shift >= 0; shift -= 8) file[at++] = static_cast<std::uint8_t>(sum >> shift);
  }
}

// What a header of either format, or what looks like one, says of the size.
bool says_many_pixels(const std::vector<std::uint8_t>& file) {
  if (file.size() > 24 && file[1] == 'P') {
    return std::uint64_t{big_endian(file.data() + 16)} * big_endian(file.data() + 20) > kManyPixels;
  }
  for (std::size_t at = 0; at + 9 <= file.size(); ++at) {
    if (file[at] != 0xFF || (file[at + 1] & 0xF0) != 0xC0) continue;
    const std::uint32_t sides = big_endian(file.data() + at + 5);
    if (std::uint64_t{sides >> 16} * (sides & 0xFFFF) > kManyPixels) return true;
  }
  return false;
}

}  // namespace
}  // namespace octet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  std::vector<std::uint8_t> file(data, data + size);
  fuzz::repair_png(file);
  const std::span<const std::byte> bytes = std::as_bytes(std::span(file));
  if (size % 16 != 0 && fuzz::says_many_pixels(file)) return 0;  // each takes a second: not all of them
  (void)looks_like_image(bytes);
  const int orientation = exif_orientation(bytes);
  fuzz::require(orientation >= 1 && orientation <= 8, "an orientation is 1 to 8");
  static constexpr PixelFormat kFormats[] = {PixelFormat::rgb, PixelFormat::bgr, PixelFormat::rgba, PixelFormat::bgra,
                                             PixelFormat::gray};
  const PixelFormat format = kFormats[size % std::size(kFormats)];
  const auto image = decode_image(bytes, format, "a.jpg");
  if (!image.ok()) {
    fuzz::require_message(image.status());
    return 0;
  }
  const auto pixels = static_cast<std::size_t>(image->width) * static_cast<std::size_t>(image->height);
  fuzz::require(image->pixels.size() == pixels * static_cast<std::size_t>(image->channels), "an image is whole");
  return 0;
}

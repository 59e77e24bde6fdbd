// Images: 8-bit pixels decoded from JPEG and PNG files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/recipe.h"
#include "base/status.h"

namespace octet {

// A file whose header names a larger size is refused before memory is taken for it.
inline constexpr std::int64_t kMaxImageSide = 65535;
inline constexpr std::int64_t kMaxImagePixels = 100'000'000;

struct Image {
  int width = 0;
  int height = 0;
  int channels = 0;
  std::vector<std::uint8_t> pixels;  // interleaved rows from the top: pixels[(y * width + x) * channels + c]
};

// Pixels that lie somewhere: decoded ones, or the caller's.
struct PixelView {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;  // bytes
  int width = 0;
  int height = 0;
  PixelFormat format = PixelFormat::rgb;
  std::int64_t row_stride = 0;  // bytes from a row to the next
};

// `format`: the one that the image was decoded to.
inline PixelView view_of(const Image& image, PixelFormat format) {
  return {image.pixels.data(),
          image.pixels.size(),
          image.width,
          image.height,
          format,
          std::int64_t{image.width} * image.channels};
}

// Decodes a whole JPEG (baseline, progressive, arithmetic; grey, YCbCr, RGB, CMYK, YCCK) or PNG (all depths
// and colour types, interlaced or not) to `format`:
//  - the EXIF orientation is applied, so that the result stands as a viewer shows it;
//  - 16 bits are rounded to 8; CMYK becomes ink times black; colour profiles and gamma are ignored;
//  - grey from colour is (299 R + 587 G + 114 B + 500) / 1000; colour from grey repeats it;
//  - alpha is dropped where `format` has none (nothing is blended) and is 255 where the file has none.
// Truncated or damaged files are errors (Code::format), never half a picture. `name` stands in messages.
Result<Image> decode_image(std::span<const std::byte> bytes, PixelFormat format, const std::string& name);

// The same from a file.
Result<Image> load_image(const std::string& path, PixelFormat format);

// Whether the first bytes are those of an image file of any usual kind, also of one that cannot be decoded here.
// The first 16 bytes of the file are enough.
bool looks_like_image(std::span<const std::byte> bytes);

}  // namespace octet

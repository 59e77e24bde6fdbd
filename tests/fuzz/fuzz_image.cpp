// Image files from anywhere: JPEG, PNG, and the orientation of EXIF in them or by itself.
#include "fuzz.h"
#include "image/exif.h"
#include "image/image.h"
#include "image/preprocess.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
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

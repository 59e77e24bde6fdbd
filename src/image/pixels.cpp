#include "image/pixels.h"

#include <utility>

namespace octet {
namespace {

struct Pixel {
  std::uint8_t r, g, b, a;
};

Pixel read_pixel(const std::uint8_t* from, int channels) {
  switch (channels) {
    case 1:
      return {from[0], from[0], from[0], 255};
    case 2:
      return {from[0], from[0], from[0], from[1]};
    case 3:
      return {from[0], from[1], from[2], 255};
    default:
      return {from[0], from[1], from[2], from[3]};
  }
}

void write_pixel(Pixel p, PixelFormat format, std::uint8_t* to) {
  switch (format) {
    case PixelFormat::gray:
      to[0] = static_cast<std::uint8_t>((299 * p.r + 587 * p.g + 114 * p.b + 500) / 1000);
      return;
    case PixelFormat::rgba:
      to[3] = p.a;
      [[fallthrough]];
    case PixelFormat::rgb:
      to[0] = p.r;
      to[1] = p.g;
      to[2] = p.b;
      return;
    case PixelFormat::bgra:
      to[3] = p.a;
      [[fallthrough]];
    case PixelFormat::bgr:
      to[0] = p.b;
      to[1] = p.g;
      to[2] = p.r;
      return;
  }
}

bool same_channels(int channels, PixelFormat format) {
  return (channels == 1 && format == PixelFormat::gray) || (channels == 3 && format == PixelFormat::rgb) ||
         (channels == 4 && format == PixelFormat::rgba);
}

void swap_red_and_blue(Image& image) {
  const auto step = static_cast<std::size_t>(image.channels);
  for (std::size_t i = 0; i < image.pixels.size(); i += step) std::swap(image.pixels[i], image.pixels[i + 2]);
}

}  // namespace

Image to_format(Image image, PixelFormat format) {
  const int channels = channels_of(format);
  if (same_channels(image.channels, format)) return image;
  if (channels == image.channels && channels >= 3) {
    swap_red_and_blue(image);
    return image;
  }
  Image converted{image.width, image.height, channels, {}};
  const std::size_t count = image.pixels.size() / static_cast<std::size_t>(image.channels);
  converted.pixels.resize(count * static_cast<std::size_t>(channels));
  const std::uint8_t* from = image.pixels.data();
  std::uint8_t* to = converted.pixels.data();
  for (std::size_t i = 0; i < count; ++i, from += image.channels, to += channels) {
    write_pixel(read_pixel(from, image.channels), format, to);
  }
  return converted;
}

Image oriented(Image image, int orientation) {
  if (orientation <= 1 || orientation > 8) return image;
  const bool transposed = orientation >= 5;
  // A step to the right and a step down in the result, in stored pixels; and where the result's first pixel is stored.
  // Stored column 0 is the right edge for 2, 3 and the lower edge for 7, 8; stored row 0 is the lower edge for 3, 4
  // and the right edge for 6, 7.
  const bool flip_columns = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool flip_rows = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const std::ptrdiff_t channels = image.channels;
  const std::ptrdiff_t row_bytes = image.width * channels;
  const std::ptrdiff_t column_step = flip_columns ? -channels : channels;
  const std::ptrdiff_t row_step = flip_rows ? -row_bytes : row_bytes;
  const std::ptrdiff_t first =
      (flip_columns ? row_bytes - channels : 0) + (flip_rows ? (image.height - 1) * row_bytes : 0);

  Image upright{transposed ? image.height : image.width, transposed ? image.width : image.height, image.channels, {}};
  upright.pixels.resize(image.pixels.size());
  const std::ptrdiff_t right = transposed ? row_step : column_step;
  const std::ptrdiff_t down = transposed ? column_step : row_step;
  std::uint8_t* to = upright.pixels.data();
  for (int y = 0; y < upright.height; ++y) {
    std::ptrdiff_t from = first + y * down;
    for (int x = 0; x < upright.width; ++x, from += right) {
      for (std::ptrdiff_t c = 0; c < channels; ++c) *to++ = image.pixels[static_cast<std::size_t>(from + c)];
    }
  }
  return upright;
}

}  // namespace octet

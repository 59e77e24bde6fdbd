// How an image becomes the input of a network. Stored in the model file, so that whoever runs the int8
// network prepares images exactly as the calibration did.
#pragma once

#include <array>
#include <cstdint>

namespace octet {

enum class PixelFormat : std::uint8_t { rgb = 0, bgr = 1, rgba = 2, bgra = 3, gray = 4 };
enum class FitMode : std::uint8_t {
  stretch = 0,    // the whole image (after the centre crop) to width x height
  crop = 1,       // shorter side to `shorter_side`, then the centre width x height
  letterbox = 2,  // scaled to fit, aspect ratio kept, borders filled with the mean (value 0 after normalisation)
};

// value = (pixel - mean) * normal, per channel in the order of `format`.
struct ImageRecipe {
  bool present = false;  // false: the model carries no recipe
  PixelFormat format = PixelFormat::bgr;
  FitMode fit = FitMode::stretch;
  std::array<float, 4> mean{0, 0, 0, 0};
  std::array<float, 4> normal{1, 1, 1, 1};
  std::int32_t width = 0;  // pixels; 0: the network input's own size
  std::int32_t height = 0;
  std::int32_t shorter_side = 0;  // pixels, FitMode::crop; 0: the shorter of width and height
  float center_crop_h = 1;        // (0, 1], part of the image kept before resizing
  float center_crop_w = 1;

  friend bool operator==(const ImageRecipe&, const ImageRecipe&) = default;
};

inline int channels_of(PixelFormat format) {
  return format == PixelFormat::gray ? 1 : format == PixelFormat::rgba || format == PixelFormat::bgra ? 4 : 3;
}

}  // namespace octet

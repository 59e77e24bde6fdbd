// From an image to the input tensor of a network, as an ImageRecipe says.
#pragma once

#include <span>

#include "base/recipe.h"
#include "base/status.h"
#include "image/image.h"

namespace octet {

enum class TensorOrder : std::uint8_t { nchw, nhwc };

// Crops, resizes, normalises: fills `out` with one image, channels_of(recipe.format) x recipe.height x recipe.width
// values in `order`. The recipe's width and height must be set (0, "the network's own", is resolved by the caller),
// and `image` must have been decoded to the recipe's format.
//
// 1. Centre crop: of each side the part center_crop_w, center_crop_h is kept, rounded to whole pixels (at least
//    one), the odd pixel of the margin going to the right and to the bottom.
// 2. Resize of what is kept, by FitMode:
//    stretch    to width x height;
//    crop       so that the shorter side is shorter_side pixels and the longer one follows (rounded down); where that
//               would not cover width x height, to the least size that does. Of the result the centre is used;
//    letterbox  to the largest size of the same aspect ratio (rounded to nearest) inside width x height, centred.
//    Centres are at odd margins rounded towards the left and the top.
// 3. value = (pixel - mean) * normal in float32. The borders of a letterbox are 0, the value of the mean.
//
// The resize is bilinear with half-pixel centres, without antialias, clamped at the edges of the part that is kept.
// For the output pixel p of an axis resized from s to r pixels, the position is ((2p + 1) s - r) / 2r: its integer
// part (floor) and its remainder over 2r, exact as integers, give two neighbours and a weight w in float32. Then
// a + (b - a) w along the row, and the same between the rows, in float32 without fused operations: the result is
// the same on every machine, and it is the pixels themselves where sizes are equal. Values are not rounded
// to 8 bits in between (MNN's ImageProcess does).
Status preprocess(const Image& image, const ImageRecipe& recipe, TensorOrder order, std::span<float> out);

// Where a point of the network input lies in the image: image_x = offset_x + scale_x * input_x, likewise y. Both in
// pixels from the outer left (upper) edge, so that the centre of the first pixel is at 0.5 and the right edge is
// at the width. For coordinates 0..1 of the input multiply them by the recipe's width and height first.
struct InputToImage {
  double scale_x = 1;
  double scale_y = 1;
  double offset_x = 0;
  double offset_y = 0;
};
Result<InputToImage> input_to_image(int image_width, int image_height, const ImageRecipe& recipe);

}  // namespace octet

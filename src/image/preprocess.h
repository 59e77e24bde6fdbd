// From a picture to the input tensor of a network, as an ImageRecipe says.
#pragma once

#include <span>

#include "base/recipe.h"
#include "base/status.h"
#include "image/image.h"
#include "image/placement.h"
#include "kernels/image.h"

namespace octet {

enum class TensorOrder : std::uint8_t { nchw, nhwc };

// The order in which an image most probably lies in an input of these dimensions: N, H, W, C where only the last one is
// a number of channels (1, 3 or 4), else N, C, H, W.
TensorOrder image_order(std::span<const std::int64_t> dims);

// `recipe` with the input's own size where it names none. Code::shape, with a message about the input, when it is no
// image of the recipe's channels or the recipe names another size.
Result<ImageRecipe> resolve_recipe(const ImageRecipe& recipe, std::string_view input_name,
                                   std::span<const std::int64_t> dims, TensorOrder order);

// Makes the network's input of one picture, row by row:
//
// 1. Pixels of another format than the recipe's are converted: grey of colour is (299 R + 587 G + 114 B + 500) / 1000,
//    colour of grey repeats it, an alpha that is not there is 255.
// 2. Centre crop: of each side the part center_crop_w, center_crop_h is kept, rounded to whole pixels (at least
//    one), the odd pixel of the margin going to the right and to the bottom.
// 3. Resize of what is kept, by FitMode:
//    stretch    to width x height;
//    crop       so that the shorter side is shorter_side pixels and the longer one follows (rounded down); where that
//               would not cover width x height, to the least size that does. Of the result the centre is used;
//    letterbox  to the largest size of the same aspect ratio (rounded to nearest) inside width x height, centred.
//    Centres are at odd margins rounded towards the left and the top.
// 4. value = (pixel - mean) * normal in float32. The borders of a letterbox are 0, the value of the mean.
//
// The resize is bilinear with half-pixel centres, without antialias, clamped at the edges of the part that is kept.
// For the output pixel p of an axis resized from s to r pixels, the position is ((2p + 1) s - r) / 2r: its integer
// part (floor) and its remainder over 2r, exact as integers, give two neighbours and a weight w in float32. Then
// a + (b - a) w along the row, and the same between the rows, in float32 without fused operations: the result is
// the same on every machine, and it is the pixels themselves where sizes are equal. Values are not rounded
// to 8 bits in between (MNN's ImageProcess does).
//
// Takes no memory of its own: some is shared by all calls of rows(), some belongs to each thread.
class Preprocessor {
 public:
  // The recipe's width and height must be set (resolve_recipe). `pixels` and its memory must outlive the result.
  static Result<Preprocessor> create(const PixelView& pixels, const ImageRecipe& recipe, Isa isa);

  // Bytes of the memory below, aligned to 64 bytes, for a recipe of this width and format.
  static std::size_t shared_bytes(std::int64_t width);
  static std::size_t own_bytes(std::int64_t width, int channels);

  std::int64_t width() const { return recipe_.width; }

  // Fills the shared memory. To be called once, before rows().
  void start(std::byte* shared) const;
  // Row `row` of the input: for each channel recipe.width values at out + channel * plane_step. `own` keeps resized
  // rows of the picture from call to call: `first` says that it holds none yet.
  void make_row(Index row, bool first, std::byte* shared, std::byte* own, float* out, Index plane_step) const;

 private:
  Preprocessor(const PixelView& pixels, const ImageRecipe& recipe, const Placement& placement, const ImageRow* kernels);
  const float* resized_row(Index row, std::byte* shared, std::byte* own) const;
  void resize_as_grey(const ResizeRowArgs& args) const;

  PixelView pixels_;
  ImageRecipe recipe_;
  Placement placement_;
  const ImageRow* kernels_;
  Index columns_begin_ = 0, columns_ = 0;  // columns of the input that the resized picture covers
  Index rows_begin_ = 0, rows_end_ = 0;
};

// Fills `out` with one picture, on the best instruction set here, channels_of(recipe.format) x recipe.height x
// recipe.width values in `order`.
Status preprocess(const PixelView& pixels, const ImageRecipe& recipe, TensorOrder order, std::span<float> out);

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

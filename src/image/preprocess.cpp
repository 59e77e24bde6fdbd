#include "image/preprocess.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"

namespace octet {
namespace {

using Index = std::int64_t;

// What happens along one axis, in pixels.
struct AxisPlacement {
  Index crop = 0;     // first image pixel that is kept
  Index kept = 0;     // how many
  Index resized = 0;  // their number after the resize
  Index target = 0;   // size of the network input
  Index margin = 0;   // where the first resized pixel comes in the input; negative: the result is cut
};

struct Placement {
  AxisPlacement x, y;
};

void center_crop(Index size, float part, AxisPlacement* axis) {
  axis->kept = std::clamp<Index>(std::llround(static_cast<double>(size) * static_cast<double>(part)), 1, size);
  axis->crop = (size - axis->kept) / 2;
}

// The shorter side to `shorter_side`; more where that leaves a part of the target uncovered.
void resize_to_cover(Index shorter_side, AxisPlacement* x, AxisPlacement* y) {
  const Index shorter = std::min(x->kept, y->kept);
  x->resized = std::max<Index>(1, x->kept * shorter_side / shorter);
  y->resized = std::max<Index>(1, y->kept * shorter_side / shorter);
  if (x->resized >= x->target && y->resized >= y->target) return;
  // The axis that needs the larger scale fits exactly, and the other one follows.
  const bool x_decides = x->target * y->kept >= y->target * x->kept;
  AxisPlacement* tight = x_decides ? x : y;
  AxisPlacement* loose = x_decides ? y : x;
  tight->resized = tight->target;
  loose->resized = std::max(loose->target, loose->kept * tight->target / tight->kept);
}

void resize_to_fit(AxisPlacement* x, AxisPlacement* y) {
  const bool x_decides = x->target * y->kept <= y->target * x->kept;
  AxisPlacement* tight = x_decides ? x : y;
  AxisPlacement* loose = x_decides ? y : x;
  tight->resized = tight->target;
  const Index rounded = (2 * loose->kept * tight->target + tight->kept) / (2 * tight->kept);
  loose->resized = std::clamp<Index>(rounded, 1, loose->target);
}

// Half of the free (or excess) pixels, rounded down in both cases.
Index half_margin(const AxisPlacement& axis) {
  const Index free = axis.target - axis.resized;
  return free >= 0 ? free / 2 : -(-free / 2);
}

bool valid_part(float part) { return part > 0 && part <= 1; }

Status check(Index image_width, Index image_height, const ImageRecipe& recipe) {
  const std::array<Index, 2> image{image_height, image_width};
  if (image_width < 1 || image_height < 1 || image_width > kMaxImageSide || image_height > kMaxImageSide) {
    return fail(Code::argument, "an image of (height x width) " + shape_text(image) + " cannot be prepared: 1 to " +
                                    std::to_string(kMaxImageSide) + " pixels a side are possible");
  }
  const std::array<Index, 2> target{recipe.height, recipe.width};
  if (recipe.width < 1 || recipe.height < 1 || recipe.width > kMaxImageSide || recipe.height > kMaxImageSide) {
    return fail(Code::argument, "an input of (height x width) " + shape_text(target) +
                                    " cannot be made of an image: 1 to " + std::to_string(kMaxImageSide) +
                                    " pixels a side are possible");
  }
  if (recipe.shorter_side < 0 || recipe.shorter_side > kMaxImageSide) {
    return fail(Code::argument, "shorter_side is " + std::to_string(recipe.shorter_side) + ": 0 to " +
                                    std::to_string(kMaxImageSide) + " pixels are possible");
  }
  if (!valid_part(recipe.center_crop_h) || !valid_part(recipe.center_crop_w)) {
    return fail(Code::argument, "center_crop_h and center_crop_w are " + std::to_string(recipe.center_crop_h) +
                                    " and " + std::to_string(recipe.center_crop_w) + ": parts in (0, 1] are possible");
  }
  return {};
}

Result<Placement> place(Index image_width, Index image_height, const ImageRecipe& recipe) {
  OCTET_TRY(check(image_width, image_height, recipe));
  Placement placement;
  AxisPlacement& x = placement.x;
  AxisPlacement& y = placement.y;
  center_crop(image_width, recipe.center_crop_w, &x);
  center_crop(image_height, recipe.center_crop_h, &y);
  x.target = recipe.width;
  y.target = recipe.height;
  switch (recipe.fit) {
    case FitMode::stretch:
      x.resized = x.target;
      y.resized = y.target;
      break;
    case FitMode::crop:
      resize_to_cover(recipe.shorter_side != 0 ? recipe.shorter_side : std::min(x.target, y.target), &x, &y);
      break;
    case FitMode::letterbox:
      resize_to_fit(&x, &y);
      break;
  }
  x.margin = half_margin(x);
  y.margin = half_margin(y);
  return placement;
}

// Two neighbouring image pixels and the weight of the second.
struct Tap {
  Index first;
  Index second;
  float weight;
};

Tap tap_of(const AxisPlacement& axis, Index target_position) {
  const Index position = target_position - axis.margin;
  const Index numerator = (2 * position + 1) * axis.kept - axis.resized;
  const Index denominator = 2 * axis.resized;
  // Only the first pixels of an enlarged axis lie before the centre of the first image pixel.
  const Index whole = numerator >= 0 ? numerator / denominator : -1;
  const Index remainder = numerator - whole * denominator;
  return {axis.crop + std::clamp<Index>(whole, 0, axis.kept - 1),
          axis.crop + std::clamp<Index>(whole + 1, 0, axis.kept - 1),
          static_cast<float>(remainder) / static_cast<float>(denominator)};
}

// Target positions that the resized image covers.
struct Range {
  Index begin, end;
};
Range covered(const AxisPlacement& axis) {
  return {std::max<Index>(0, axis.margin), std::min(axis.target, axis.margin + axis.resized)};
}

template <int kChannels>
void resize_row(const std::uint8_t* row, std::span<const Tap> taps, float* out) {
  const std::size_t count = taps.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* const first = row + taps[i].first * kChannels;
    const std::uint8_t* const second = row + taps[i].second * kChannels;
    for (int c = 0; c < kChannels; ++c) {
      const auto a = static_cast<float>(first[c]);
      const auto b = static_cast<float>(second[c]);
      out[static_cast<std::size_t>(c) * count + i] = a + (b - a) * taps[i].weight;
    }
  }
}

// Image rows resized to the columns of the input, channel after channel. Keeps the last two: enlarging asks for
// the same ones again and again.
class ResizedRows {
 public:
  ResizedRows(const Image& image, std::vector<Tap> columns) : image_(image), columns_(std::move(columns)) {
    for (auto& values : values_) values.resize(columns_.size() * static_cast<std::size_t>(image.channels));
  }

  // The pointer stays valid until the second call after this one for other rows.
  const float* get(Index row) {
    for (std::size_t i = 0; i < 2; ++i) {
      if (rows_[i] == row) {
        oldest_ = 1 - i;
        return values_[i].data();
      }
    }
    const std::size_t slot = oldest_;
    oldest_ = 1 - slot;
    rows_[slot] = row;
    fill(row, values_[slot].data());
    return values_[slot].data();
  }

 private:
  void fill(Index row, float* out) const {
    const std::uint8_t* const pixels = image_.pixels.data() + row * image_.width * image_.channels;
    if (image_.channels == 1) {
      resize_row<1>(pixels, columns_, out);
    } else if (image_.channels == 3) {
      resize_row<3>(pixels, columns_, out);
    } else {
      resize_row<4>(pixels, columns_, out);
    }
  }

  const Image& image_;
  std::vector<Tap> columns_;
  std::array<std::vector<float>, 2> values_;
  std::array<Index, 2> rows_{-1, -1};
  std::size_t oldest_ = 0;
};

// One channel of an output row, `step` values apart.
void blend_rows(const float* top, const float* bottom, float weight, float mean, float normal, Index count, Index step,
                float* out) {
  for (Index i = 0; i < count; ++i) {
    const float pixel = top[i] + (bottom[i] - top[i]) * weight;
    out[i * step] = (pixel - mean) * normal;
  }
}

}  // namespace

Status preprocess(const Image& image, const ImageRecipe& recipe, TensorOrder order, std::span<float> out) {
  OCTET_ASSIGN(const Placement placement, place(image.width, image.height, recipe));
  const Index channels = channels_of(recipe.format);
  if (image.channels != channels) {
    return fail(Code::argument, "the image has " + std::to_string(image.channels) + " channels and the recipe wants " +
                                    std::to_string(channels) + ": decode it to the recipe's format");
  }
  if (static_cast<Index>(image.pixels.size()) != channels * image.width * image.height) {
    return fail(Code::argument, "the image holds " + std::to_string(image.pixels.size()) + " bytes, not " +
                                    std::to_string(channels * image.width * image.height));
  }
  const Index plane = Index{recipe.width} * recipe.height;
  if (static_cast<Index>(out.size()) != channels * plane) {
    return fail(Code::argument, "the tensor has room for " + std::to_string(out.size()) + " values, not " +
                                    std::to_string(channels * plane));
  }

  const Range columns = covered(placement.x);
  const Range rows = covered(placement.y);
  const Index count = columns.end - columns.begin;
  if (count * (rows.end - rows.begin) != plane) std::fill(out.begin(), out.end(), 0.0f);
  std::vector<Tap> taps;
  taps.reserve(static_cast<std::size_t>(count));
  for (Index x = columns.begin; x < columns.end; ++x) taps.push_back(tap_of(placement.x, x));
  ResizedRows resized(image, std::move(taps));

  const bool planar = order == TensorOrder::nchw;
  for (Index y = rows.begin; y < rows.end; ++y) {
    const Tap tap = tap_of(placement.y, y);
    const float* const top = resized.get(tap.first);
    const float* const bottom = resized.get(tap.second);
    const Index first = y * recipe.width + columns.begin;
    for (Index c = 0; c < channels; ++c) {
      const auto k = static_cast<std::size_t>(c);
      float* const target = out.data() + (planar ? c * plane + first : first * channels + c);
      const Index from = c * count;
      if (planar) {  // a constant step lets the compiler vectorise
        blend_rows(top + from, bottom + from, tap.weight, recipe.mean[k], recipe.normal[k], count, 1, target);
      } else {
        blend_rows(top + from, bottom + from, tap.weight, recipe.mean[k], recipe.normal[k], count, channels, target);
      }
    }
  }
  return {};
}

Result<InputToImage> input_to_image(int image_width, int image_height, const ImageRecipe& recipe) {
  OCTET_ASSIGN(const Placement placement, place(image_width, image_height, recipe));
  const auto scale = [](const AxisPlacement& axis) {
    return static_cast<double>(axis.kept) / static_cast<double>(axis.resized);
  };
  const auto offset = [&scale](const AxisPlacement& axis) {
    return static_cast<double>(axis.crop) - scale(axis) * static_cast<double>(axis.margin);
  };
  return InputToImage{scale(placement.x), scale(placement.y), offset(placement.x), offset(placement.y)};
}

}  // namespace octet

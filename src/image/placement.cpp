#include "image/placement.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "image/image.h"

namespace octet {
namespace {

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

}  // namespace

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

}  // namespace octet

// Where the pixels of a picture come in the input of a network: crop, resize and fit of an ImageRecipe (preprocess.h).
#pragma once

#include <cstdint>

#include "base/recipe.h"
#include "base/status.h"

namespace octet {

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

// Code::argument where a size of the image or the recipe is impossible.
Result<Placement> place(Index image_width, Index image_height, const ImageRecipe& recipe);

}  // namespace octet

// Rearranging decoded pixels: channels and orientation.
#pragma once

#include "image/image.h"

namespace octet {

// `image` as a file has it (1: grey, 2: grey and alpha, 3: RGB, 4: RGBA) in the channels of `format`.
Image to_format(Image image, PixelFormat format);

// `image` turned upright; `orientation` is EXIF's 1..8.
Image oriented(Image image, int orientation);

}  // namespace octet

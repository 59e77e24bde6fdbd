// Small pictures for pages that people read.
#pragma once

#include <string>

#include "image/image.h"

namespace octet {

// `image` in at most `side` x `side` pixels, its aspect ratio kept: each pixel is the mean of a block of whole pixels.
// An image that is small enough stays as it is. Precondition: side > 0, and the image is not empty.
Image shrink(const Image& image, int side);

// The bytes of a baseline JPEG. Precondition: 1 (grey) or 3 (RGB) channels, not empty, sides up to kMaxImageSide.
// Errors: Code::memory, Code::internal with the encoder's words.
Result<std::string> encode_jpeg(const Image& image);

}  // namespace octet

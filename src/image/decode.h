// What the decoders hand to decode_image.
#pragma once

#include <string>

#include "image/image.h"

namespace octet {

struct Decoded {
  Image image;          // as stored; channels 1: grey, 2: grey and alpha, 3: RGB, 4: RGBA
  int orientation = 1;  // EXIF's 1..8, not applied yet
};

// `bytes` begin with the signature of the format. Messages do not name the file: the caller puts its name before.
Result<Decoded> decode_jpeg(std::span<const std::byte> bytes);
// keep_alpha false saves the memory for it.
Result<Decoded> decode_png(std::span<const std::byte> bytes, bool keep_alpha);

// Refuses what is larger than kMaxImageSide or kMaxImagePixels.
Status check_image_size(std::int64_t width, std::int64_t height);

// The failures that both decoders know.
Status truncated_image(const char* kind);
Status damaged_image(const char* kind, const char* detail);
// A header that promises more pixels than `bytes` bytes can hold in this format.
Status impossible_image(const char* kind, std::int64_t width, std::int64_t height, std::size_t bytes);

}  // namespace octet

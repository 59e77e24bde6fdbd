// Arrays in NumPy's .npy format, as float32.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"

namespace octet {

struct FloatArray {
  std::vector<std::int64_t> dims;
  std::vector<float> values;  // C order
};

// Format versions 1 to 3; C order; elements bool, (unsigned) integers of 1 to 8 bytes, float16, float32, float64, all
// little-endian, each converted to the nearest float32 (beyond 2^24 integers are rounded). NaN and infinity pass.
// Anything else is an error of Code::format; the caller adds the file's name.
Result<FloatArray> read_npy(std::span<const std::byte> bytes);

}  // namespace octet

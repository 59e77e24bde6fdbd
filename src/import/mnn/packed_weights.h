// Weights that the MNN converter stores packed: 1 to 8 bits with a table of values, sparse, 16-bit floats.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"

namespace octet::mnn {

// Values of the field "type".
enum class Packing : std::int32_t { table = 1, sparse_table = 2, half = 3, int8 = 4 };

struct PackedView {
  std::int32_t type = 0;
  std::span<const std::byte> buffer;
  std::vector<float> alpha;              // per group of weights: scale, or minimum and scale
  std::span<const std::uint32_t> index;  // of the weights that are not zero; `alpha` holds their values
  std::uint32_t dense_size = 0;          // of the weights that `index` points into
  float factor = 0;                      // of every scale
  std::int32_t minimum = 0;              // of the integers of asymmetric weights, 0: -128
  bool asymmetric = false;
  bool wide_shape = false;  // the buffer's shape is written with 32 bits
};

struct Unpacked {
  std::vector<float> values;  // all weights, in the order of the file
  // Of integers that are symmetric to zero; else empty. One scale for each run of weights of equal length.
  std::vector<std::int8_t> integers;
  std::vector<float> scales;
};

// What is allocated is bounded by the size of the file.
Result<Unpacked> unpack_weights(const PackedView& packed);

}  // namespace octet::mnn

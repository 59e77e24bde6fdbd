// What the weights of each convolution and fully connected layer are multiplied with: input patches at some of its
// output positions, taken from the float network.
#pragma once

#include "quantize/sample_runner.h"

namespace octet {

// Rows of one layer: row r holds, for each group, the group's input channels x kernel_h x kernel_w, in the order in
// which the weights lie. Empty for layers that were not looked at.
struct Patches {
  std::size_t groups = 1;
  std::size_t depth = 0;      // of one group: the length of an output channel's weights
  std::vector<float> values;  // rows x groups x depth

  std::size_t width() const { return groups * depth; }
  std::size_t rows() const { return width() == 0 ? 0 : values.size() / width(); }
};

// Patches of conv, conv_transpose and gemm by node. At most about kMaxPatchValues values a layer, spread evenly over
// positions and samples; positions are fixed, so the result depends on nothing but graph and samples.
inline constexpr std::size_t kMaxPatchValues = std::size_t{1} << 21;
Result<std::vector<Patches>> collect_patches(const std::shared_ptr<const Plan>& plan, const SampleSource& source,
                                             std::vector<std::size_t> samples, int threads, const Hooks& hooks);

}  // namespace octet

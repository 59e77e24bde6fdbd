// Constants of a .tflite file become constants of a Graph: any type, quantized or not, their dimensions in any order.
#pragma once

#include <vector>

#include "graph/graph.h"
#include "import/tflite/file.h"

namespace octet::tflite {

// Scale and zero point of an activation, both of int8: those of a uint8 tensor are moved by 128. Errors name the
// tensor.
Result<Quant> activation_quant(const File& file, std::int32_t index);
// Whether a tensor holds scaled integers; int8 and uint8 without a scale hold plain ones.
bool is_quantized(const fb::Tensor& tensor);

class Constants {
 public:
  explicit Constants(const File& file);

  // Tensor `index` with dimension permutation[i] in the place i. `leading` dimensions of 1 are put before its own; the
  // permutation counts them. Float32 for numbers and for scaled integers, which keep their scales; int64 for integers.
  Result<TensorId> add(Graph& graph, std::int32_t index, const std::vector<std::int64_t>& permutation,
                       std::size_t leading = 0);

  // The int32 bias `index` of an operator whose sums have the scales input_scale * scales of the weights.
  Result<TensorId> add_bias(Graph& graph, std::int32_t index, float input_scale, std::int32_t weights);

  // Integers of a shape, a list of axes, ...
  Result<std::vector<std::int64_t>> integers(std::int32_t index) const;

 private:
  // A file whose tensors share a buffer could make more of it than it holds: what is made is counted.
  Status take(std::int32_t index, std::size_t elements);

  const File& file_;
  std::size_t left_;  // elements that may still be made
};

}  // namespace octet::tflite

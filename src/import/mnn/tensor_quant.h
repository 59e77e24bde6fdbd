// The int8 networks of today's MNN: float operators, with a scale and a zero point at the tensors that may be int8, and
// packed int8 weights. Which operators compute in int8 the file does not say; the rule of MNN's CPU back end does.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "base/status.h"
#include "graph/types.h"
#include "import/mnn/emitter.h"

namespace octet::mnn {

struct TensorQuant {
  Quant quant;
  std::int32_t least = -128, most = 127;  // values that MNN limits the integers to
};

// Limits what becomes integers to those that the tensor may hold.
void limit(Clamp* clamp, const TensorQuant& tensor);

class TensorQuants {
 public:
  // From the descriptions of the tensors. Errors (Code::format) name the tensor: a scale that is not positive and
  // finite, a zero point that is no int8 integer, limits that exclude it.
  static Result<TensorQuants> read(const fb::Net& net);

  const TensorQuant* find(std::int32_t tensor) const;
  bool empty() const { return by_tensor_.empty(); }
  // Whether MNN computes the operator in int8: everything that it reads and its first output have int8 scales, it has
  // an int8 form, and, for a convolution, int8 weights.
  bool in_int8(const fb::Op& op) const;

 private:
  std::unordered_map<std::int32_t, TensorQuant> by_tensor_;
};

}  // namespace octet::mnn

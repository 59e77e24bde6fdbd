#include "ops/op.h"

#include "base/text.h"

namespace octet {

Status Prepare::check_sides() const {
  constexpr std::int64_t kMaxSide = std::int64_t{1} << 29;
  for (const TensorView* view : {&inputs_[0], &outputs_[0]}) {
    for (const std::int64_t dim : view->dims) {
      if (dim > kMaxSide) return unsupported("a dimension of " + shape_text(view->dims) + " is too large");
    }
  }
  return {};
}

}  // namespace octet

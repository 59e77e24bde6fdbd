// Operators that compute from many elements along some axes.
#include <algorithm>
#include <iterator>
#include <string>

#include "import/tflite/convert.h"

namespace octet::tflite {
namespace {

ReduceKind reduce_kind(fb::BuiltinOperator kind) {
  switch (kind) {
    case fb::BuiltinOperator::SUM:
      return ReduceKind::sum;
    case fb::BuiltinOperator::REDUCE_MAX:
      return ReduceKind::max;
    case fb::BuiltinOperator::REDUCE_MIN:
      return ReduceKind::min;
    case fb::BuiltinOperator::REDUCE_PROD:
      return ReduceKind::prod;
    default:
      return ReduceKind::mean;
  }
}

// The axes of input 0 in an order, each once.
Result<std::vector<std::int64_t>> places(const Emitter& e, const std::vector<std::int64_t>& axes, Order order) {
  std::vector<std::int64_t> found;
  for (const std::int64_t axis : axes) {
    OCTET_ASSIGN(const std::int64_t place, e.place(axis, e.rank(0), order));
    if (std::find(found.begin(), found.end(), place) == found.end()) found.push_back(place);
  }
  return found;
}

// Whether an image without these axes has its remaining dimensions in the file's order: not if channels stay among
// rows or columns.
bool rest_in_order(const std::vector<std::int64_t>& axes) {
  const auto gone = [&](std::int64_t axis) { return std::find(axes.begin(), axes.end(), axis) != axes.end(); };
  return gone(1) || (gone(2) && gone(3));
}

}  // namespace

Status convert_reduction(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 2));
  OCTET_ASSIGN(const auto* options, e.options<fb::ReducerOptions>());
  OCTET_ASSIGN(const std::vector<std::int64_t> axes, e.integers(1, "its list of axes"));
  Attributes attrs;
  attrs.reduce = reduce_kind(e.kind());
  attrs.keep_dims = options != nullptr && options->keep_dims();
  if (axes.empty()) {  // of nothing: every element alone
    OCTET_ASSIGN(const TensorId x, e.input(0));
    return e.finish(x);
  }
  Order order = e.input_order(0);
  OCTET_ASSIGN(attrs.axes, places(e, axes, order));
  if (order == Order::image && !attrs.keep_dims && !rest_in_order(attrs.axes)) {
    order = Order::file;
    OCTET_ASSIGN(attrs.axes, places(e, axes, order));
  }
  OCTET_ASSIGN(const TensorId x, e.input(0, order));
  const TensorId y = e.emit(octet::Op::reduce, {x}, attrs);
  return e.finish(y, attrs.keep_dims ? order : Order::file);
}

Status convert_softmax(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 1));
  OCTET_ASSIGN(const auto* options, e.required_options<fb::SoftmaxOptions>());
  const Order order = e.preferred_order();
  Attributes attrs;
  OCTET_ASSIGN(attrs.axis, e.place(-1, e.rank(0), order));
  OCTET_ASSIGN(TensorId x, e.input(0, order));
  if (options->beta() != 1) x = e.binary(BinaryKind::mul, x, e.constant(options->beta()));
  return e.finish(e.emit(octet::Op::softmax, {x}, attrs), order);
}

Status convert_log_softmax(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 1));
  const Order order = e.preferred_order();
  Attributes attrs;
  attrs.log = true;
  OCTET_ASSIGN(attrs.axis, e.place(-1, e.rank(0), order));
  OCTET_ASSIGN(const TensorId x, e.input(0, order));
  return e.finish(e.emit(octet::Op::softmax, {x}, attrs), order);
}

// x / max(sqrt(sum of x squared), 1e-6) along the last axis.
Status convert_l2_normalization(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 1));
  OCTET_ASSIGN(const auto* options, e.options<fb::L2NormOptions>());
  const Order order = e.preferred_order();
  Attributes attrs;
  attrs.reduce = ReduceKind::sum;
  attrs.axes.resize(1);
  OCTET_ASSIGN(attrs.axes[0], e.place(-1, e.rank(0), order));
  OCTET_ASSIGN(const TensorId x, e.input(0, order));
  const TensorId sum = e.emit(octet::Op::reduce, {e.unary(UnaryKind::square, x)}, attrs);
  const TensorId norm = e.binary(BinaryKind::max, e.unary(UnaryKind::sqrt, sum), e.constant(1e-6F));
  const auto activation = options == nullptr ? fb::Activation::NONE : options->fused_activation_function();
  OCTET_ASSIGN(const TensorId y, e.activated(e.binary(BinaryKind::div, x, norm), activation));
  return e.finish(y, order);
}

}  // namespace octet::tflite

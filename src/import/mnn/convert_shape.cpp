// Operators that give the same elements another shape or order, and that ask for a shape.
#include <algorithm>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "base/text.h"
#include "import/mnn/convert.h"

namespace octet::mnn {
namespace {

constexpr std::size_t kMaxRank = 8;

// No sizes: to a scalar.
Result<TensorId> reshape_to(Emitter& e, TensorId x, std::vector<std::int64_t> sizes, bool allow_zero) {
  if (sizes.size() > kMaxRank) {
    return fail(Code::unsupported, "its result has " + std::to_string(sizes.size()) + " dimensions");
  }
  Attributes attrs;
  attrs.allow_zero = allow_zero;
  attrs.sizes = std::move(sizes);
  const int rank = static_cast<int>(attrs.sizes.size());
  const TensorId result = e.emit(octet::Op::reshape, {x}, attrs);
  e.set_rank(result, rank);
  return result;
}

// The file means the order N, H, W, C although it keeps the tensor as N, C, H, W: out to that order and back.
Status reshape_by_nhwc(Emitter& e, std::vector<std::int64_t> sizes) {
  const TensorId x = e.input(0);
  const int rank = e.rank(x);
  if (rank == kUnknownRank) {
    return fail(Code::unsupported, "the number of dimensions of what it reshapes is not known");
  }
  const TensorId moved = rank > 2 ? e.transpose(x, nchw_to_nhwc(rank)) : x;
  const int result_rank = static_cast<int>(sizes.size());
  if (result_rank > 2) std::rotate(sizes.begin() + 1, sizes.begin() + 2, sizes.end());
  OCTET_ASSIGN(TensorId result, reshape_to(e, moved, std::move(sizes), false));
  if (result_rank > 2) result = e.transpose(result, nhwc_to_nchw(result_rank));
  e.set_layout(result, Layout::nc4hw4);
  e.finish(result);
  return {};
}

// Shape entries [start, end) of x, as a tensor.
TensorId shape_part(Emitter& e, TensorId shape, std::int64_t start, std::int64_t end) {
  return e.slice(shape, 0, start, end);
}

TensorId shape_of(Emitter& e, TensorId x) {
  const TensorId shape = e.emit(octet::Op::shape, {x});
  e.set_rank(shape, 1);
  e.set_layout(shape, Layout::nchw);
  e.set_dtype(shape, DType::i64);
  return shape;
}

// The axes of squeeze and unsqueeze: a list in the file, or a second input.
Result<std::vector<std::int64_t>> read_axes(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::SqueezeParam>());
  if (parameters->dims() != nullptr && parameters->dims()->size() > 0) return widened(parameters->dims());
  if (e.input(1) == kNoTensor) return std::vector<std::int64_t>();
  return e.integers(e.input(1), "its list of axes");
}

Status finish_unsqueeze(Emitter& e, std::vector<std::int64_t> axes) {
  const int rank = e.rank(e.input(0));
  const int added = static_cast<int>(axes.size());
  if (axes.size() > kMaxRank) return fail(Code::format, "it adds " + std::to_string(axes.size()) + " dimensions");
  Attributes attrs;
  attrs.axes = std::move(axes);
  const TensorId result = e.emit(octet::Op::unsqueeze, {e.input(0)}, attrs);
  e.set_rank(result, rank == kUnknownRank ? kUnknownRank : rank + added);
  e.finish(result);
  return {};
}

Status finish_permutation(Emitter& e, std::vector<std::int64_t> permutation) {
  const int rank = static_cast<int>(permutation.size());
  const TensorId result = e.transpose(e.input(0), std::move(permutation));
  e.set_rank(result, rank);
  e.finish(result);
  return {};
}

}  // namespace

Status convert_reshape(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::Reshape>());
  OCTET_TRY(e.expect_inputs(1, 2));
  const TensorId x = e.input(0), shape = e.input(1);
  const bool by_nhwc = e.layout(x) == Layout::nc4hw4 && parameters->dim_type() == fb::DataFormat::NHWC;
  if (shape == kNoTensor) {
    std::vector<std::int64_t> sizes = widened(parameters->dims());
    if (by_nhwc) return reshape_by_nhwc(e, std::move(sizes));
    OCTET_ASSIGN(const TensorId result, reshape_to(e, x, std::move(sizes), false));
    e.finish(result);
    return {};
  }
  if (by_nhwc) {  // the sizes are N, H, W, C
    OCTET_ASSIGN(std::vector<std::int64_t> sizes, e.integers(shape, "its new shape"));
    if (sizes.size() > 2) std::rotate(sizes.begin() + 1, sizes.end() - 1, sizes.end());
    return reshape_by_nhwc(e, std::move(sizes));
  }
  const bool allow_zero = e.layout(shape) == Layout::nhwc;  // from TensorFlow, where 0 is a size
  if (e.graph().is_constant(shape)) {
    OCTET_ASSIGN(std::vector<std::int64_t> sizes, e.integers(shape, "its new shape"));
    OCTET_ASSIGN(const TensorId result, reshape_to(e, x, std::move(sizes), allow_zero));
    e.finish(result);
    return {};
  }
  Attributes attrs;
  attrs.allow_zero = allow_zero;
  const TensorId result = e.emit(octet::Op::reshape, {x, shape}, attrs);
  e.set_rank(result, kUnknownRank);
  e.finish(result);
  return {};
}

Status convert_flatten(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::Flatten>());
  OCTET_TRY(e.expect_inputs(1, 1));
  const TensorId x = e.input(0);
  const int rank = e.rank(x);
  std::int64_t first = parameters->axis(), last = parameters->end_axis();
  if (last == 0) {  // to two dimensions
    Attributes attrs;
    attrs.axis = first;
    const TensorId result = e.emit(octet::Op::flatten, {x}, attrs);
    e.set_rank(result, 2);
    e.finish(result);
    return {};
  }
  if (rank == kUnknownRank && (first < 0 || last != -1)) {
    return fail(Code::unsupported, "the number of dimensions of what it flattens is not known");
  }
  if (first < 0) first += rank;
  if (last < 0 && rank != kUnknownRank) last += rank;
  const bool to_the_end = last == -1 || last + 1 == rank;
  if (first < 0 || first >= static_cast<std::int64_t>(kMaxRank) || (!to_the_end && (last < first || last >= rank))) {
    return fail(Code::format, "it flattens dimensions " + std::to_string(first) + " to " + std::to_string(last));
  }
  if (to_the_end) {
    std::vector<std::int64_t> sizes(static_cast<std::size_t>(first), 0);  // 0: as it is
    sizes.push_back(-1);
    OCTET_ASSIGN(const TensorId result, reshape_to(e, x, std::move(sizes), false));
    e.finish(result);
    return {};
  }
  const TensorId shape = shape_of(e, x);
  const TensorId target =
      e.emit(octet::Op::concat, {shape_part(e, shape, 0, first), e.constant(std::vector<std::int64_t>{-1}),
                                 shape_part(e, shape, last + 1, rank)});
  const TensorId result = e.emit(octet::Op::reshape, {x, target});
  e.set_rank(result, rank - static_cast<int>(last - first));
  e.finish(result);
  return {};
}

Status convert_squeeze(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 2));
  Attributes attrs;
  OCTET_ASSIGN(attrs.axes, read_axes(e));
  const int rank = e.rank(e.input(0)), removed = static_cast<int>(attrs.axes.size());
  const TensorId result = e.emit(octet::Op::squeeze, {e.input(0)}, attrs);
  e.set_rank(result, rank == kUnknownRank || removed == 0 || removed > rank ? kUnknownRank : rank - removed);
  e.finish(result);
  return {};
}

Status convert_unsqueeze(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 2));
  OCTET_ASSIGN(std::vector<std::int64_t> axes, read_axes(e));
  if (axes.empty()) return fail(Code::format, "it names no axis");
  return finish_unsqueeze(e, std::move(axes));
}

Status convert_expand_dims(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 2));
  std::vector<std::int64_t> axes;
  if (e.input(1) != kNoTensor) {
    OCTET_ASSIGN(axes, e.integers(e.input(1), "its axis"));
    if (axes.empty()) return fail(Code::format, "it names no axis");
    axes.resize(1);
  } else {
    OCTET_ASSIGN(const auto* parameters, e.parameters<fb::ExpandDims>());
    axes = {parameters->axis()};
  }
  return finish_unsqueeze(e, std::move(axes));
}

Status convert_permute(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::Permute>());
  OCTET_TRY(e.expect_inputs(1, 1));
  std::vector<std::int64_t> permutation = widened(parameters->dims());
  if (parameters->dims() == nullptr) {  // the reverse order
    const int rank = e.rank(e.input(0));
    if (rank == kUnknownRank) {
      return fail(Code::unsupported, "the number of dimensions of what it reverses is not known");
    }
    permutation.resize(static_cast<std::size_t>(rank));
    std::iota(permutation.rbegin(), permutation.rend(), 0);
  }
  return finish_permutation(e, std::move(permutation));
}

Status convert_transpose(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 2));
  OCTET_ASSIGN(std::vector<std::int64_t> permutation, e.integers(e.input(1), "its permutation"));
  return finish_permutation(e, std::move(permutation));
}

Status convert_tensor_layout(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::TensorConvertInfo>());
  OCTET_TRY(e.expect_inputs(1, 1));
  const TensorId x = e.input(0);
  const Layout wanted = layout_of(parameters->target());
  TensorId result = kNoTensor;
  if ((e.layout(x) == Layout::nhwc) == (wanted == Layout::nhwc)) {
    result = e.emit(octet::Op::identity, {x});
  } else {
    const int rank = e.rank(x);
    if (rank == kUnknownRank) {
      return fail(Code::unsupported, "the number of dimensions of what it reorders is not known");
    }
    result = e.transpose(x, wanted == Layout::nhwc ? nchw_to_nhwc(rank) : nhwc_to_nchw(rank));
  }
  e.set_layout(result, wanted);
  e.finish(result);
  return {};
}

Status convert_shape(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 1));
  const TensorId x = e.input(0);
  TensorId shape = shape_of(e, x);
  const bool as_nhwc = e.op().default_format() == fb::DataFormat::NHWC;
  if (e.layout(x) == Layout::nc4hw4 && as_nhwc) {  // of an image, told in the order N, H, W, C
    Attributes attrs;
    shape = e.emit(octet::Op::gather, {shape, e.constant(nchw_to_nhwc(4))}, attrs);
  }
  if (e.op().main() != nullptr) {
    OCTET_ASSIGN(const auto* part, e.parameters<fb::ShapeParam>());
    const std::int64_t start = part->has_start() ? part->start() : 0;
    const std::int64_t end = part->has_end() ? part->end() : std::numeric_limits<std::int64_t>::max();
    shape = shape_part(e, shape, start, end);
  }
  e.set_layout(shape, layout_of(e.op().default_format()));
  e.finish(shape);
  return {};
}

Status convert_rank(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 1));
  const TensorId rank = shape_of(e, shape_of(e, e.input(0)));
  OCTET_ASSIGN(const TensorId result, reshape_to(e, rank, {}, false));
  e.finish(result);
  return {};
}

Status convert_size(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 1));
  Attributes attrs;
  attrs.reduce = ReduceKind::prod;
  attrs.keep_dims = false;
  const TensorId result = e.emit(octet::Op::reduce, {shape_of(e, e.input(0))}, attrs);
  e.set_rank(result, 0);
  e.finish(result);
  return {};
}

}  // namespace octet::mnn

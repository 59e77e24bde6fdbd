// Operators that join, cut, pad and pick parts of tensors.
#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "base/checked.h"
#include "import/tflite/convert.h"

namespace octet::tflite {
namespace {

constexpr std::int64_t kToTheEnd = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kPastTheStart = std::numeric_limits<std::int64_t>::min();

Status expect_some_inputs(Emitter& e) {
  if (e.input_count() == 0) return fail(Code::format, "it has no input");
  return e.expect_inputs(e.input_count(), e.input_count());
}

// One axis from a constant operand.
Result<std::int64_t> read_axis(Emitter& e, std::size_t i) {
  OCTET_ASSIGN(const std::vector<std::int64_t> axis, e.integers(i, "its axis"));
  if (axis.size() != 1) return fail(Code::format, "it has " + std::to_string(axis.size()) + " axes; one is needed");
  return axis[0];
}

// `sizes` empty: equal parts.
Status split(Emitter& e, std::size_t x, std::int64_t axis, std::vector<std::int64_t> sizes) {
  const Order order = e.input_order(x);
  Attributes attrs;
  OCTET_ASSIGN(attrs.axis, e.place(axis, e.rank(x), order));
  attrs.sizes = std::move(sizes);
  OCTET_ASSIGN(const TensorId whole, e.input(x, order));
  const std::vector<TensorId> parts = e.emit_many(octet::Op::split, {whole}, attrs, e.output_count());
  for (std::size_t i = 0; i < parts.size(); ++i) OCTET_TRY(e.finish(parts[i], order, i));
  return {};
}

// Before and behind each dimension, in the Graph's way: all that come before, then all behind.
Status read_pads(Emitter& e, Order order, std::vector<std::int64_t>* sizes) {
  OCTET_ASSIGN(const std::vector<std::int64_t> given, e.integers(1, "its list of pads"));
  const auto rank = static_cast<std::size_t>(e.rank(0));
  if (given.size() != 2 * rank) {
    return fail(Code::shape,
                "it has " + std::to_string(given.size()) + " pads for " + std::to_string(rank) + " dimensions");
  }
  sizes->assign(2 * rank, 0);
  for (std::size_t d = 0; d < rank; ++d) {
    OCTET_ASSIGN(const std::int64_t place, e.place(static_cast<std::int64_t>(d), e.rank(0), order));
    (*sizes)[static_cast<std::size_t>(place)] = given[2 * d];
    (*sizes)[static_cast<std::size_t>(place) + rank] = given[2 * d + 1];
  }
  return {};
}

}  // namespace

Status convert_concatenation(Emitter& e) {
  OCTET_TRY(expect_some_inputs(e));
  OCTET_ASSIGN(const auto* options, e.required_options<fb::ConcatenationOptions>());
  const Order order = e.preferred_order();
  Attributes attrs;
  OCTET_ASSIGN(attrs.axis, e.place(options->axis(), order == Order::image ? 4 : e.rank(0), order));
  std::vector<TensorId> inputs;
  for (std::size_t i = 0; i < e.input_count(); ++i) {
    OCTET_ASSIGN(const TensorId x, e.input(i, order));
    inputs.push_back(x);
  }
  OCTET_ASSIGN(const TensorId y,
               e.activated(e.emit(octet::Op::concat, std::move(inputs), attrs), options->fused_activation_function()));
  return e.finish(y, order);
}

Status convert_pack(Emitter& e) {
  OCTET_TRY(expect_some_inputs(e));
  OCTET_ASSIGN(const auto* options, e.required_options<fb::PackOptions>());
  Attributes attrs, join;
  OCTET_ASSIGN(join.axis, e.place(options->axis(), e.rank(0) + 1, Order::file));
  attrs.axes = {join.axis};
  std::vector<TensorId> inputs;
  for (std::size_t i = 0; i < e.input_count(); ++i) {
    OCTET_ASSIGN(const TensorId x, e.input(i));
    inputs.push_back(e.emit(octet::Op::unsqueeze, {x}, attrs));
  }
  return e.finish(e.emit(octet::Op::concat, std::move(inputs), join));
}

Status convert_unpack(Emitter& e) {
  OCTET_TRY(e.expect_inputs(1, 1));
  OCTET_ASSIGN(const auto* options, e.required_options<fb::UnpackOptions>());
  Attributes cut, drop;
  OCTET_ASSIGN(cut.axis, e.place(options->axis(), e.rank(0), Order::file));
  cut.sizes.assign(e.output_count(), 1);
  drop.axes = {cut.axis};
  OCTET_ASSIGN(const TensorId x, e.input(0));
  const std::vector<TensorId> parts = e.emit_many(octet::Op::split, {x}, cut, e.output_count());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    OCTET_TRY(e.finish(e.emit(octet::Op::squeeze, {parts[i]}, drop), Order::file, i));
  }
  return {};
}

Status convert_split(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 2));
  OCTET_ASSIGN(const std::int64_t axis, read_axis(e, 0));
  return split(e, 1, axis, {});
}

Status convert_split_v(Emitter& e) {
  OCTET_TRY(e.expect_inputs(3, 3));
  OCTET_ASSIGN(std::vector<std::int64_t> sizes, e.integers(1, "its list of sizes"));
  OCTET_ASSIGN(const std::int64_t axis, read_axis(e, 2));
  // One part may take what the others leave.
  const auto rest = std::find(sizes.begin(), sizes.end(), -1);
  if (rest != sizes.end()) {
    OCTET_ASSIGN(const std::int64_t place, e.place(axis, e.rank(0), Order::file));
    *rest = 0;
    std::int64_t others = 0;
    for (const std::int64_t size : sizes) {
      if (!checked_add(others, size, &others)) return fail(Code::shape, "its parts are too large");
    }
    const Dims dims = e.dims(0);
    if (static_cast<std::size_t>(place) >= dims.size() || others < 0 ||
        others > dims[static_cast<std::size_t>(place)]) {
      return fail(Code::shape, "its parts do not fit its input");
    }
    *rest = dims[static_cast<std::size_t>(place)] - others;
  }
  return split(e, 0, axis, std::move(sizes));
}

Status convert_slice(Emitter& e) {
  OCTET_TRY(e.expect_inputs(3, 3));
  OCTET_ASSIGN(const std::vector<std::int64_t> begin, e.integers(1, "its list of begins"));
  OCTET_ASSIGN(const std::vector<std::int64_t> size, e.integers(2, "its list of sizes"));
  if (begin.size() != size.size() || static_cast<int>(begin.size()) != e.rank(0)) {
    return fail(Code::shape, "it has " + std::to_string(begin.size()) + " begins and " + std::to_string(size.size()) +
                                 " sizes for " + std::to_string(e.rank(0)) + " dimensions");
  }
  const Order order = e.input_order(0);
  Attributes attrs;
  for (std::size_t i = 0; i < begin.size(); ++i) {
    OCTET_ASSIGN(const std::int64_t place, e.place(static_cast<std::int64_t>(i), e.rank(0), order));
    std::int64_t end = kToTheEnd;
    if (begin[i] < 0 || size[i] < -1 || (size[i] >= 0 && !checked_add(begin[i], size[i], &end))) {
      return fail(Code::shape, "it cuts from " + std::to_string(begin[i]) + " on " + std::to_string(size[i]));
    }
    attrs.axes.push_back(place);
    attrs.starts.push_back(begin[i]);
    attrs.sizes.push_back(end);
    attrs.steps.push_back(1);
  }
  OCTET_ASSIGN(const TensorId x, e.input(0, order));
  return e.finish(e.emit(octet::Op::slice, {x}, attrs), order);
}

// PAD, and PADV2 with the value that it pads with.
Status convert_pad(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 3));
  const Order order = e.input_order(0);
  OCTET_ASSIGN(const TensorId x, e.input(0, order));
  Attributes attrs;
  OCTET_TRY(read_pads(e, order, &attrs.sizes));
  std::vector<TensorId> inputs{x};
  if (e.has_input(2)) {
    OCTET_ASSIGN(const TensorId value, e.input(2));
    inputs = {x, kNoTensor, value};
  }
  return e.finish(e.emit(octet::Op::pad, inputs, attrs), order);
}

Status convert_mirror_pad(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 2));
  OCTET_ASSIGN(const auto* options, e.required_options<fb::MirrorPadOptions>());
  const Order order = e.input_order(0);
  OCTET_ASSIGN(const TensorId x, e.input(0, order));
  Attributes attrs;
  OCTET_TRY(read_pads(e, order, &attrs.sizes));
  attrs.pad = PadKind::reflect;
  if (options->mode() == fb::MirrorPadMode::SYMMETRIC) {
    // Mirrored with the edge: of one element that is the edge itself.
    attrs.pad = PadKind::edge;
    if (std::any_of(attrs.sizes.begin(), attrs.sizes.end(), [](std::int64_t pad) { return pad > 1; })) {
      return fail(Code::unsupported, "a symmetric pad of more than one element");
    }
  }
  return e.finish(e.emit(octet::Op::pad, {x}, attrs), order);
}

Status convert_gather(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 2));
  OCTET_ASSIGN(const auto* options, e.required_options<fb::GatherOptions>());
  if (options->batch_dims() != 0) return fail(Code::unsupported, "batch dimensions");
  OCTET_ASSIGN(const TensorId x, e.input(0));
  OCTET_ASSIGN(const TensorId indices, e.input(1));
  Attributes attrs;
  OCTET_ASSIGN(attrs.axis, e.place(options->axis(), e.rank(0), Order::file));
  return e.finish(e.emit(octet::Op::gather, {x, indices}, attrs));
}

Status convert_reverse(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 2));
  OCTET_ASSIGN(const std::vector<std::int64_t> axes, e.integers(1, "its list of axes"));
  const Order order = e.input_order(0);
  Attributes attrs;
  for (const std::int64_t axis : axes) {
    OCTET_ASSIGN(const std::int64_t place, e.place(axis, e.rank(0), order));
    attrs.axes.push_back(place);
    attrs.starts.push_back(kToTheEnd);
    attrs.sizes.push_back(kPastTheStart);
    attrs.steps.push_back(-1);
  }
  OCTET_ASSIGN(const TensorId x, e.input(0, order));
  return e.finish(axes.empty() ? x : e.emit(octet::Op::slice, {x}, attrs), order);
}

}  // namespace octet::tflite

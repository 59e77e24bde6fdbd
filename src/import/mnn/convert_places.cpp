// Operators that join, cut, repeat and pick parts of tensors.
#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "base/checked.h"
#include "base/text.h"
#include "import/mnn/convert.h"

namespace octet::mnn {
namespace {

constexpr std::int64_t kToTheEnd = std::numeric_limits<std::int64_t>::max();

Status expect_some_inputs(Emitter& e) {
  if (e.input_count() == 0) return fail(Code::format, "it has no input");
  return e.expect_inputs(e.input_count(), e.input_count());
}

std::vector<TensorId> all_inputs(const Emitter& e) {
  std::vector<TensorId> inputs;
  for (std::size_t i = 0; i < e.input_count(); ++i) inputs.push_back(e.input(i));
  return inputs;
}

TensorId unsqueeze(Emitter& e, TensorId x, std::int64_t axis) {
  Attributes attrs;
  attrs.axes = {axis};
  const TensorId result = e.emit(octet::Op::unsqueeze, {x}, attrs);
  e.set_rank(result, e.rank(x) == kUnknownRank ? kUnknownRank : e.rank(x) + 1);
  return result;
}

// The sizes of the parts into which a Slice cuts. Empty: equal parts. -1: the rest.
Result<std::vector<std::int64_t>> part_sizes(Emitter& e, const fb::Slice& slice) {
  const std::vector<std::int64_t> points = widened(slice.points());
  const std::size_t parts = e.output_count();
  std::vector<std::int64_t> sizes;
  if (slice.source() == fb::NetSource::Caffe) {  // places to cut; the last part is what remains
    std::int64_t before = 0;
    for (const std::int64_t point : points) {
      sizes.push_back(point - before);
      before = point;
    }
    if (sizes.size() + 1 == parts) sizes.push_back(-1);
  } else if (e.input(1) != kNoTensor) {
    OCTET_ASSIGN(sizes, e.integers(e.input(1), "its list of part sizes"));
  } else if (points.size() > 1) {
    sizes = points;
  } else if (slice.source() == fb::NetSource::Torch && points.size() == 1 && parts > 1) {
    sizes.assign(parts, points[0]);
    sizes.back() = -1;
  } else if (slice.source() == fb::NetSource::TensorFlow && points.size() == 1 &&
             points[0] != static_cast<std::int64_t>(parts)) {
    return fail(Code::unsupported, "it cuts into " + std::to_string(points[0]) + " parts, of which only " +
                                       std::to_string(parts) + " are named");
  }
  return sizes;
}

// Cuts that the Graph's split cannot do: parts that do not cover the dimension. One slice for each part.
void finish_slices(Emitter& e, const std::vector<std::int64_t>& sizes, std::int64_t axis) {
  std::int64_t start = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::int64_t end = sizes[i] == -1 ? kToTheEnd : start + sizes[i];
    e.finish(e.slice(e.input(0), axis, start, end), i);
    start = end;
  }
}

}  // namespace

Status convert_concat(Emitter& e) {
  OCTET_TRY(expect_some_inputs(e));
  Attributes attrs;
  if (e.op().main() != nullptr) {
    OCTET_ASSIGN(const auto* parameters, e.parameters<fb::Axis>());
    attrs.axis = parameters->axis();
  }
  e.finish(e.emit(octet::Op::concat, all_inputs(e), attrs));
  return {};
}

Status convert_pack(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::PackParam>());
  OCTET_TRY(expect_some_inputs(e));
  std::vector<TensorId> inputs = all_inputs(e);
  for (TensorId& input : inputs) input = unsqueeze(e, input, parameters->axis());
  Attributes attrs;
  attrs.axis = parameters->axis();
  e.finish(e.emit(octet::Op::concat, std::move(inputs), attrs));
  return {};
}

Status convert_unpack(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::Axis>());
  OCTET_TRY(e.expect_inputs(1, 1));
  Attributes cut, drop;
  cut.axis = parameters->axis();
  cut.sizes.assign(e.output_count(), 1);
  drop.axes = {cut.axis};
  const std::vector<TensorId> parts = e.emit_many(octet::Op::split, {e.input(0)}, cut, e.output_count());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const TensorId part = e.emit(octet::Op::squeeze, {parts[i]}, drop);
    e.set_rank(part, e.rank(parts[i]) == kUnknownRank ? kUnknownRank : e.rank(parts[i]) - 1);
    e.finish(part, i);
  }
  return {};
}

Status convert_slice(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::Slice>());
  OCTET_TRY(e.expect_inputs(1, 2));
  OCTET_ASSIGN(const std::vector<std::int64_t> sizes, part_sizes(e, *parameters));
  const std::size_t parts = e.output_count();
  if (!sizes.empty() && sizes.size() != parts) {
    return fail(Code::format, "it cuts into " + std::to_string(sizes.size()) + " parts, but has " +
                                  std::to_string(parts) + " outputs");
  }
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const bool rest = sizes[i] == -1;
    if (rest && i + 1 != sizes.size()) {
      return fail(Code::unsupported, "the size of a part other than the last is left open");
    }
    if (!rest && (sizes[i] < 0 || sizes[i] > kMaxElements)) {
      return fail(Code::format, "a part has the size " + std::to_string(sizes[i]));
    }
  }
  if (!sizes.empty() && sizes.back() == -1) {
    finish_slices(e, sizes, parameters->axis());
    return {};
  }
  Attributes attrs;
  attrs.axis = parameters->axis();
  attrs.sizes = sizes;
  const std::vector<TensorId> made = e.emit_many(octet::Op::split, {e.input(0)}, attrs, parts);
  for (std::size_t i = 0; i < parts; ++i) e.finish(made[i], i);
  return {};
}

Status convert_slice_tf(Emitter& e) {
  OCTET_TRY(e.expect_inputs(3, 3));
  OCTET_ASSIGN(const std::vector<std::int64_t> begins, e.integers(e.input(1), "its list of begins"));
  OCTET_ASSIGN(const std::vector<std::int64_t> sizes, e.integers(e.input(2), "its list of sizes"));
  if (begins.size() != sizes.size()) {
    return fail(Code::format,
                "it has " + std::to_string(begins.size()) + " begins and " + std::to_string(sizes.size()) + " sizes");
  }
  Attributes attrs;
  for (std::size_t i = 0; i < begins.size(); ++i) {
    std::int64_t end = kToTheEnd;
    if (sizes[i] != -1 && !checked_add(begins[i], sizes[i], &end)) return fail(Code::format, "a size is too large");
    if (begins[i] < 0 && end == 0) end = kToTheEnd;  // counted from the end, up to it
    attrs.axes.push_back(static_cast<std::int64_t>(i));
    attrs.starts.push_back(begins[i]);
    attrs.sizes.push_back(end);
    attrs.steps.push_back(1);
  }
  e.finish(e.emit(octet::Op::slice, {e.input(0)}, attrs));
  return {};
}

// As large as the second input from dimension `axis` on. Its size is taken from its shape, which folds away.
Status convert_crop(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::Crop>());
  OCTET_TRY(e.expect_inputs(2, 2));
  const std::vector<std::int64_t> offsets = widened(parameters->offset());
  OCTET_ASSIGN(const TensorId x, e.as_nchw(e.input(0), 4));
  OCTET_ASSIGN(const TensorId model, e.as_nchw(e.input(1), 4));
  const std::int64_t axis = parameters->axis() < 0 ? parameters->axis() + 4 : parameters->axis();
  if (axis < 0 || axis > 3) return fail(Code::format, "it crops from dimension " + std::to_string(axis));
  const auto count = static_cast<std::size_t>(4 - axis);
  if (offsets.size() > 1 && offsets.size() != count) {
    return fail(Code::format,
                "it has " + std::to_string(offsets.size()) + " offsets for " + std::to_string(count) + " dimensions");
  }
  std::vector<std::int64_t> starts(count, offsets.empty() ? 0 : offsets[0]), axes;
  if (offsets.size() > 1) starts = offsets;
  for (std::int64_t i = axis; i < 4; ++i) axes.push_back(i);
  const TensorId shape = e.emit(octet::Op::shape, {model});
  e.set_dtype(shape, DType::i64);
  e.set_rank(shape, 1);
  const TensorId begin = e.constant(starts);
  const TensorId end = e.binary(BinaryKind::add, e.slice(shape, 0, axis, 4), begin);
  const TensorId result = e.emit(octet::Op::slice, {x, begin, end, e.constant(axes)});
  e.set_rank(result, 4);
  e.finish(e.like(e.input(0), result));
  return {};
}

Status convert_padding(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 3));
  Attributes attrs;
  if (e.op().main() != nullptr) {
    OCTET_ASSIGN(const auto* parameters, e.parameters<fb::PadParam>());
    switch (parameters->mode()) {
      case fb::PadValueMode::Constant:
        break;
      case fb::PadValueMode::Reflect:
        attrs.pad = PadKind::reflect;
        break;
      case fb::PadValueMode::Edge:
        attrs.pad = PadKind::edge;
        break;
      default:
        return fail(Code::unsupported, "it pads by mirroring with the border repeated; use reflection or the border");
    }
  }
  std::vector<TensorId> inputs{e.input(0)};
  // The file has begin and end of each dimension side by side, the Graph all begins first.
  if (e.graph().is_constant(e.input(1))) {
    OCTET_ASSIGN(const std::vector<std::int64_t> pads, e.integers(e.input(1), "its list of pads"));
    if (pads.size() % 2 != 0) return fail(Code::format, "it has " + std::to_string(pads.size()) + " pads");
    for (std::size_t i = 0; i < pads.size(); i += 2) attrs.sizes.push_back(pads[i]);
    for (std::size_t i = 1; i < pads.size(); i += 2) attrs.sizes.push_back(pads[i]);
  } else {
    Attributes pairs, flat;
    pairs.sizes = {-1, 2};
    flat.sizes = {-1};
    TensorId pads = e.emit(octet::Op::reshape, {e.input(1)}, pairs);
    e.set_rank(pads, 2);
    pads = e.emit(octet::Op::reshape, {e.transpose(pads, {1, 0})}, flat);
    inputs.push_back(pads);
  }
  if (e.input(2) != kNoTensor) {
    const TensorId value = e.input(2);
    if (!e.graph().is_constant(value) || e.dtype(value) != DType::f32 || e.graph().at(value).data.size() < 4) {
      return fail(Code::unsupported, "the value that it pads with is no constant number");
    }
    attrs.alpha = e.graph().at(value).data.as<float>()[0];
  }
  const TensorId result = e.emit(octet::Op::pad, std::move(inputs), attrs);
  e.finish(result);
  return {};
}

Status convert_gather(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 3));
  Attributes attrs;
  if (e.input(2) != kNoTensor) {
    OCTET_ASSIGN(const std::vector<std::int64_t> axis, e.integers(e.input(2), "its axis"));
    if (axis.size() != 1) return fail(Code::format, "it has " + std::to_string(axis.size()) + " axes");
    attrs.axis = axis[0];
  }
  if (e.op().main_type() == fb::OpParameter::Axis) {
    OCTET_ASSIGN(const auto* parameters, e.parameters<fb::Axis>());
    attrs.axis = parameters->axis();
  }
  const TensorId x = e.input(0), indices = e.input(1);
  const TensorId result = e.emit(octet::Op::gather, {x, indices}, attrs);
  const bool known = e.rank(x) != kUnknownRank && e.rank(indices) != kUnknownRank;
  e.set_rank(result, known ? e.rank(x) + e.rank(indices) - 1 : kUnknownRank);
  e.finish(result);
  return {};
}

Status convert_broadcast_to(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 2));
  const TensorId result = e.emit(octet::Op::expand, {e.input(0), e.input(1)});
  e.set_rank(result, kUnknownRank);
  if (e.graph().is_constant(e.input(1)) && e.rank(e.input(0)) != kUnknownRank) {
    OCTET_ASSIGN(const std::vector<std::int64_t> shape, e.integers(e.input(1), "its new shape"));
    e.set_rank(result, std::max(e.rank(e.input(0)), static_cast<int>(std::min<std::size_t>(shape.size(), 64))));
  }
  e.finish(result);
  return {};
}

Status convert_tile(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 2));
  e.finish(e.emit(octet::Op::tile, {e.input(0), e.input(1)}));
  return {};
}

Status convert_fill(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 2));
  const TensorId result = e.emit(octet::Op::expand, {e.input(1), e.input(0)});
  e.set_rank(result, kUnknownRank);
  e.finish(result);
  return {};
}

Status convert_range(Emitter& e) {
  OCTET_TRY(e.expect_inputs(3, 3));
  const TensorId result = e.emit(octet::Op::range, {e.input(0), e.input(1), e.input(2)});
  e.set_rank(result, 1);
  e.finish(result);
  return {};
}

}  // namespace octet::mnn

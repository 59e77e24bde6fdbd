// Operators that move values.
#include <algorithm>
#include <cmath>

#include "export/tflite/operators.h"

namespace octet::to_tflite {
namespace {

using Kind = fb::BuiltinOperator;

bool int8_of(const Emitter& e, const Node& node) { return e.tensor(node.inputs[0]).dtype == DType::i8; }

const Quant* quant_of(const Emitter& e, TensorId id) {
  return e.tensor(id).dtype == DType::i8 ? &e.tensor(id).quant : nullptr;
}

Status emit_concat(Emitter& e, const Node& node) {
  Order order = same_order(e.rank(node.outputs[0]));
  for (const TensorId id : node.inputs) {
    if (e.tensor(id).constant) continue;
    order = e.order_of(id);
    break;
  }
  std::vector<FileTensor> inputs;
  for (const TensorId id : node.inputs) inputs.push_back(e.read(id, order));
  const std::int32_t axis = place_of(node.attrs.axis, order);
  e.op(Kind::CONCATENATION, int8_of(e, node), std::move(inputs), {e.write(node.outputs[0], order)},
       options(fb::BuiltinOptions::ConcatenationOptions,
               [axis](auto& builder) { return fb::CreateConcatenationOptions(builder, axis); }));
  return {};
}

void emit_part(Emitter& e, const Node& node, FileTensor x, const Order& order, const Dims& begin, TensorId output) {
  const std::string& name = e.tensor(output).name;
  const Dims& in = e.tensor(node.inputs[0]).dims;
  Dims size = e.tensor(output).dims;
  for (std::size_t d = 0; d < size.size(); ++d) {
    if (e.is_open(node.inputs[0], d) && begin[d] + size[d] == in[d]) size[d] = -1;  // what is left
  }
  e.op(Kind::SLICE, int8_of(e, node),
       {x, e.ints(name + "/begin", permuted(begin, order)), e.ints(name + "/size", permuted(size, order))},
       {e.write(output, order)});
}

Status emit_split(Emitter& e, const Node& node) {
  const Order order = e.order_of(node.inputs[0]);
  const FileTensor x = e.read(node.inputs[0], order);
  Dims begin(order.size(), 0);
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    emit_part(e, node, x, order, begin, node.outputs[i]);
    begin[static_cast<std::size_t>(node.attrs.axis)] += node.attrs.sizes[i];
  }
  return {};
}

Status emit_slice(Emitter& e, const Node& node) {
  const Attributes& attrs = node.attrs;
  const Dims& dims = e.tensor(node.inputs[0]).dims;
  const Order order = e.order_of(node.inputs[0]);
  const FileTensor x = e.read(node.inputs[0], order);
  Dims begin(dims.size(), 0);
  Dims end = dims;
  Dims step(dims.size(), 1);
  // Dimensions, as a bit each: those that begin with the last element, and those that end beyond the first, or the
  // last.
  std::int32_t from_the_end = 0, to_the_edge = 0;
  for (std::size_t i = 0; i < attrs.axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(attrs.axes[i]);
    begin[axis] = attrs.starts[i];
    end[axis] = attrs.sizes[i];
    step[axis] = attrs.steps[i];
  }
  for (std::size_t axis = 0; axis < dims.size(); ++axis) {
    const std::int32_t bit = 1 << place_of(static_cast<std::int64_t>(axis), order);
    const bool open = e.is_open(node.inputs[0], axis);
    if (open && step[axis] < 0 && begin[axis] == dims[axis] - 1) {
      begin[axis] = 0;
      from_the_end |= bit;
    }
    if (end[axis] >= 0 && !(open && end[axis] == dims[axis])) continue;
    end[axis] = 0;
    to_the_edge |= bit;
  }
  if (std::all_of(step.begin(), step.end(), [](std::int64_t s) { return s == 1; })) {
    emit_part(e, node, x, order, begin, node.outputs[0]);
    return {};
  }
  e.op(Kind::STRIDED_SLICE, int8_of(e, node),
       {x, e.ints(node.name + "/begin", permuted(begin, order)), e.ints(node.name + "/end", permuted(end, order)),
        e.ints(node.name + "/strides", permuted(step, order))},
       {e.write(node.outputs[0], order)}, options(fb::BuiltinOptions::StridedSliceOptions, [=](auto& builder) {
         return fb::CreateStridedSliceOptions(builder, from_the_end, to_the_edge);
       }));
  return {};
}

Status emit_pad(Emitter& e, const Node& node) {
  const Attributes& attrs = node.attrs;
  const auto rank = static_cast<std::int64_t>(e.rank(node.inputs[0]));
  const Order order = e.order_of(node.inputs[0]);
  if (attrs.pad == PadKind::edge) return unsupported(node, "TFLite repeats no edges");
  std::vector<std::int32_t> list;
  for (const std::int64_t d : order) {
    list.push_back(static_cast<std::int32_t>(attrs.sizes[static_cast<std::size_t>(d)]));
    list.push_back(static_cast<std::int32_t>(attrs.sizes[static_cast<std::size_t>(d + rank)]));
  }
  const FileTensor pads = e.constant(node.name + "/pads", fb::TensorType::INT32, {rank, 2}, Bytes::from(list), {});
  const FileTensor x = e.read(node.inputs[0], order);
  const bool int8 = int8_of(e, node);
  if (attrs.pad == PadKind::reflect) {
    e.op(Kind::MIRROR_PAD, int8, {x, pads}, {e.write(node.outputs[0], order)},
         options(fb::BuiltinOptions::MirrorPadOptions,
                 [](auto& builder) { return fb::CreateMirrorPadOptions(builder, fb::MirrorPadMode::REFLECT); }));
    return {};
  }
  if (attrs.alpha == 0) {
    e.op(Kind::PAD, int8, {x, pads}, {e.write(node.outputs[0], order)});
    return {};
  }
  FileTensor value = kAbsent;
  if (const Quant* quant = quant_of(e, node.inputs[0])) {
    const float q =
        std::clamp(std::nearbyint(attrs.alpha / quant->scale) + static_cast<float>(quant->zero_point), -128.0F, 127.0F);
    const auto byte = static_cast<std::int8_t>(q);
    value = e.constant(node.name + "/value", fb::TensorType::INT8, {}, Bytes::copy_of(&byte, 1), per_tensor(*quant));
  } else {
    value = e.scalar(node.name + "/value", attrs.alpha);
  }
  e.op(Kind::PADV2, int8, {x, pads, value}, {e.write(node.outputs[0], order)});
  return {};
}

// The elements come in the graph's order on both sides; where only dimensions of 1 stand elsewhere, that of the file is
// as good.
Status emit_reshape(Emitter& e, const Node& node) {
  const FileTensor x = e.read(node.inputs[0]);
  e.reshape(x, e.write(node.outputs[0]));
  return {};
}

Status emit_gather(Emitter& e, const Node& node) {
  const Tensor& indices = e.tensor(node.inputs[1]);
  if (indices.dtype != DType::i64) return unsupported(node, "its indices are not constant");
  const FileTensor x = e.read(node.inputs[0]);
  const auto axis = static_cast<std::int32_t>(node.attrs.axis);
  e.op(Kind::GATHER, int8_of(e, node), {x, e.read(node.inputs[1])}, {e.write(node.outputs[0])},
       options(fb::BuiltinOptions::GatherOptions,
               [axis](auto& builder) { return fb::CreateGatherOptions(builder, axis); }));
  return {};
}

Status emit_blocks(Emitter& e, const Node& node) {
  if (node.attrs.crd) return unsupported(node, "TFLite's channels are in depth-column-row order (DCR), not CRD");
  const auto block = static_cast<std::int32_t>(node.attrs.block);
  const FileTensor x = e.read(node.inputs[0], kImageOrder);
  const FileTensor y = e.write(node.outputs[0], kImageOrder);
  if (node.op == Op::depth_to_space) {
    e.op(Kind::DEPTH_TO_SPACE, int8_of(e, node), {x}, {y},
         options(fb::BuiltinOptions::DepthToSpaceOptions,
                 [block](auto& builder) { return fb::CreateDepthToSpaceOptions(builder, block); }));
  } else {
    e.op(Kind::SPACE_TO_DEPTH, int8_of(e, node), {x}, {y},
         options(fb::BuiltinOptions::SpaceToDepthOptions,
                 [block](auto& builder) { return fb::CreateSpaceToDepthOptions(builder, block); }));
  }
  return {};
}

}  // namespace

Status emit_move(Emitter& e, const Node& node) {
  switch (node.op) {
    case Op::concat:
      return emit_concat(e, node);
    case Op::split:
      return emit_split(e, node);
    case Op::slice:
      return emit_slice(e, node);
    case Op::pad:
      return emit_pad(e, node);
    case Op::reshape:
      return emit_reshape(e, node);
    case Op::transpose:
      if (e.tensor(node.inputs[0]).constant)
        e.read(node.inputs[0]);  // so that there is something to be another name of
      e.alias(node.outputs[0], node.inputs[0], node.attrs.axes);
      return {};
    case Op::expand:
      e.op(Kind::BROADCAST_TO, int8_of(e, node),
           {e.read(node.inputs[0]), e.ints(node.name + "/shape", e.tensor(node.outputs[0]).dims)},
           {e.write(node.outputs[0])});
      return {};
    case Op::gather:
      return emit_gather(e, node);
    case Op::depth_to_space:
    case Op::space_to_depth:
      return emit_blocks(e, node);
    default:
      return fail(Code::internal, describe(node) + " moves no values");
  }
}

}  // namespace octet::to_tflite

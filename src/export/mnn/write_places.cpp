// Operators that join, cut, reorder and pick.
#include <algorithm>
#include <string>

#include "export/mnn/write.h"
#include "export/open_shapes.h"

namespace octet::mnn {
namespace {

constexpr fb::DataFormat kImage = fb::DataFormat::NC4HW4;
constexpr fb::DataFormat kPlain = fb::DataFormat::NCHW;

std::int32_t small(std::int64_t value) { return static_cast<std::int32_t>(value); }

std::int32_t plain(Writer& w, TensorId id) { return w.as(w.read(id), kPlain); }

}  // namespace

Status write_concat(Writer& w, const Node& node) {
  std::vector<std::int32_t> inputs;
  for (const TensorId id : node.inputs) inputs.push_back(w.read(id));
  const bool image = std::all_of(inputs.begin(), inputs.end(), [&](std::int32_t i) { return w.format(i) == kImage; });
  const fb::DataFormat format = image ? kImage : kPlain;
  for (std::int32_t& input : inputs) input = w.as(input, format);
  w.op(fb::OpType::Concat, w.op_name(node.name), inputs, {w.make(node.outputs[0], format)},
       Writer::main(fb::CreateAxis(w.builder(), small(node.attrs.axis))));
  return {};
}

Status write_split(Writer& w, const Node& node) {
  const std::int32_t from = plain(w, node.input(0));
  std::vector<std::int32_t> outputs;
  std::vector<std::int32_t> sizes;
  for (const TensorId id : node.outputs) {
    outputs.push_back(w.make(id, kPlain));
    sizes.push_back(small(w.tensor(id).dims[static_cast<std::size_t>(node.attrs.axis)]));
  }
  if (outputs.size() == 1) {  // a list of one size would mean "in so many parts"
    return fail(Code::unsupported, "a split into one part");
  }
  const auto table = fb::CreateSliceDirect(w.builder(), small(node.attrs.axis), &sizes, fb::NetSource::ONNX);
  w.op(fb::OpType::Slice, w.op_name(node.name), {from}, outputs, Writer::main(table));
  return {};
}

Status write_slice(Writer& w, const Node& node) {
  const Attributes& attrs = node.attrs;
  const std::int32_t from = plain(w, node.input(0));
  std::vector<std::int64_t> axes = attrs.axes, steps = attrs.steps;
  for (std::size_t i = 0; attrs.axes.empty() && i < attrs.starts.size(); ++i) axes.push_back(small(i));
  if (steps.empty()) steps.assign(attrs.starts.size(), 1);
  const SliceLists lists = open_slice(attrs, w.tensor(node.input(0)).dims, w.other(node.input(0)).dims);
  const std::vector<std::int32_t> inputs{
      from, w.constant(lists.starts, node.name + "/starts"), w.constant(lists.ends, node.name + "/ends"),
      w.constant(axes, node.name + "/axes"), w.constant(steps, node.name + "/steps")};
  fb::StridedSliceParamBuilder table(w.builder());
  table.add_from_type(1);  // ONNX' meaning of the lists
  const auto parameters = table.Finish();
  w.op(fb::OpType::StridedSlice, w.op_name(node.name), inputs, {w.make(node.outputs[0], kPlain)},
       Writer::main(parameters));
  return {};
}

Status write_pad(Writer& w, const Node& node) {
  const Attributes& attrs = node.attrs;
  const std::size_t rank = attrs.sizes.size() / 2;
  std::vector<std::int64_t> pairs;  // begin and end of each dimension side by side
  for (std::size_t i = 0; i < rank; ++i) {
    pairs.push_back(attrs.sizes[i]);
    pairs.push_back(attrs.sizes[rank + i]);
  }
  if (std::any_of(pairs.begin(), pairs.end(), [](std::int64_t pad) { return pad < 0; })) {
    return fail(Code::unsupported, "padding that cuts");
  }
  std::vector<std::int32_t> inputs{plain(w, node.input(0)), w.constant(pairs, node.name + "/pads")};
  fb::PadValueMode mode = fb::PadValueMode::Constant;
  if (attrs.pad == PadKind::reflect) mode = fb::PadValueMode::Reflect;
  if (attrs.pad == PadKind::edge) mode = fb::PadValueMode::Edge;
  if (attrs.pad == PadKind::constant && attrs.alpha != 0) {
    inputs.push_back(w.constant(Dims{}, std::vector<float>{attrs.alpha}, node.name + "/value"));
  }
  const auto table = fb::CreatePadParam(w.builder(), mode);
  w.op(fb::OpType::Padding, w.op_name(node.name), inputs, {w.make(node.outputs[0], kPlain)}, Writer::main(table));
  return {};
}

Status write_reshape(Writer& w, const Node& node) {
  const std::int32_t from = plain(w, node.input(0));
  const TensorId x = node.input(0), y = node.outputs[0];
  const auto list = open_reshape(w.tensor(x).dims, w.other(x).dims, w.tensor(y).dims, w.other(y).dims, true);
  if (!list) return fail(Code::unsupported, "a shape of more than one computed size");
  const std::vector<std::int32_t> dims = narrowed(*list);
  w.op(fb::OpType::Reshape, w.op_name(node.name), {from}, {w.make(node.outputs[0], kPlain)},
       Writer::main(fb::CreateReshapeDirect(w.builder(), &dims, kPlain)));
  return {};
}

Status write_transpose(Writer& w, const Node& node) {
  const std::int32_t from = plain(w, node.input(0));
  const std::vector<std::int32_t> permutation = narrowed(node.attrs.axes);
  w.op(fb::OpType::Permute, w.op_name(node.name), {from}, {w.make(node.outputs[0], kPlain)},
       Writer::main(fb::CreatePermuteDirect(w.builder(), &permutation)));
  return {};
}

Status write_gather(Writer& w, const Node& node) {
  const Tensor& indices = w.tensor(node.input(1));
  if (indices.dims.size() != 1) return fail(Code::unsupported, "indices of other than one dimension");
  const auto values = indices.data.as<std::int64_t>();
  const std::int32_t from = plain(w, node.input(0));
  const std::int32_t list = w.constant(std::vector<std::int64_t>(values.begin(), values.end()), indices.name);
  const std::int32_t axis = w.constant(std::vector<std::int64_t>{node.attrs.axis}, node.name + "/axis");
  w.op(fb::OpType::GatherV2, w.op_name(node.name), {from, list, axis}, {w.make(node.outputs[0], kPlain)});
  return {};
}

Status write_expand(Writer& w, const Node& node) {
  const std::int32_t from = plain(w, node.input(0));
  const std::int32_t shape = w.constant(w.tensor(node.outputs[0]).dims, node.name + "/shape");
  w.op(fb::OpType::BroadcastTo, w.op_name(node.name), {from, shape}, {w.make(node.outputs[0], kPlain)});
  return {};
}

}  // namespace octet::mnn

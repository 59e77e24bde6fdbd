// Convolution and pooling. The engine's windows are two-dimensional: rank-3 operands get a height of 1 and lose it
// behind the operator.
#include "base/text.h"
#include "import/onnx/operators.h"

namespace octet::onnx {
namespace {

constexpr std::int64_t kMaxExtent = 1 << 20;  // of kernels, strides, dilations and pads: beyond it is nonsense

Result<AutoPad> parse_auto_pad(NodeContext& node) {
  const auto text = node.string_attr("auto_pad", "NOTSET");
  if (text == "NOTSET" || text.empty()) return AutoPad::none;
  if (text == "SAME_UPPER") return AutoPad::same_upper;
  if (text == "SAME_LOWER") return AutoPad::same_lower;
  if (text == "VALID") return AutoPad::valid;
  return NodeContext::invalid("attribute 'auto_pad' is '" + printable(text) + "'");
}

// A list of `count` numbers in [low, kMaxExtent], or empty where the attribute is absent.
Result<std::vector<std::int64_t>> extents(NodeContext& node, const char* name, std::size_t count, std::int64_t low) {
  std::vector<std::int64_t> values = node.ints_attr(name);
  if (values.empty()) return values;
  const auto where = "attribute '" + std::string(name) + "' ";
  if (values.size() != count) {
    return NodeContext::invalid(where + "has " + std::to_string(values.size()) + " values where " +
                                std::to_string(count) + " are needed");
  }
  for (const auto value : values) {
    if (value < low || value > kMaxExtent)
      return NodeContext::invalid(where + "has the value " + std::to_string(value));
  }
  return values;
}

// 1 or 2; what the engine has no window for is an error.
Status check_spatial(std::int64_t spatial) {
  if (spatial == 1 || spatial == 2) return {};
  if (spatial < 1) return NodeContext::invalid("it has no spatial dimension");
  return NodeContext::unsupported(std::to_string(spatial) + "-D windows are not supported, only 1-D and 2-D");
}

// The window's attributes. `kernel` has one or two values; a single one is the width.
Result<Window> parse_window(NodeContext& node, const std::vector<std::int64_t>& kernel) {
  const std::size_t spatial = kernel.size();
  Window window;
  const auto place = [&](const std::vector<std::int64_t>& values, std::array<std::int64_t, 2>& out) {
    for (std::size_t i = 0; i < values.size(); ++i) out[2 - spatial + i] = values[i];
  };
  OCTET_ASSIGN(window.auto_pad, parse_auto_pad(node));
  OCTET_ASSIGN(const auto strides, extents(node, "strides", spatial, 1));
  OCTET_ASSIGN(const auto dilations, extents(node, "dilations", spatial, 1));
  OCTET_ASSIGN(const auto pads, extents(node, "pads", 2 * spatial, 0));
  place(kernel, window.kernel);
  place(strides, window.stride);
  place(dilations, window.dilation);
  if (window.auto_pad == AutoPad::none && !pads.empty()) {
    for (std::size_t i = 0; i < spatial; ++i) {
      window.pads[2 - spatial + i] = pads[i];
      window.pads[4 - spatial + i] = pads[spatial + i];
    }
  }
  return window;
}

// The operator on [N, C, 1, L] where its operand is [N, C, L].
Status window_result(NodeContext& node, std::size_t spatial, Op op, std::vector<TensorId> inputs,
                     const Attributes& attrs) {
  if (spatial == 2) return node.result(op, std::move(inputs), attrs);
  Attributes height;
  height.axes = {2};
  inputs[0] = node.emit(Op::unsqueeze, {inputs[0]}, height);
  return node.result(Op::squeeze, {node.emit(op, std::move(inputs), attrs)}, height);
}

struct Convolution {
  Attributes attrs;
  std::size_t spatial = 2;
  std::vector<TensorId> inputs;
};

// What Conv and ConvTranspose share: operands, window, groups.
Result<Convolution> parse_convolution(NodeContext& node) {
  Convolution conv;
  const TensorId weight = node.input(1);
  std::vector<std::int64_t> kernel = node.ints_attr("kernel_shape");
  const Tensor* constant = node.constant(1);
  if (constant != nullptr) {
    const Dims& dims = constant->dims;
    if (constant->dtype != DType::f32) {
      return NodeContext::unsupported(std::string("weights of type ") + name_of(constant->dtype));
    }
    if (dims.size() < 3) return NodeContext::invalid("its weight has the shape " + shape_text(dims));
    if (kernel.empty()) kernel.assign(dims.begin() + 2, dims.end());
    if (!std::equal(kernel.begin(), kernel.end(), dims.begin() + 2, dims.end())) {
      return NodeContext::invalid("kernel_shape is " + shape_text(kernel) + " where the weight has the shape " +
                                  shape_text(dims));
    }
  }
  if (kernel.empty()) return NodeContext::unsupported("its weight is computed and it has no kernel_shape");
  OCTET_TRY(check_spatial(static_cast<std::int64_t>(kernel.size())));
  for (const auto extent : kernel) {
    if (extent < 1 || extent > kMaxExtent) return NodeContext::invalid("its kernel is " + shape_text(kernel));
  }
  conv.spatial = kernel.size();
  OCTET_ASSIGN(conv.attrs.window, parse_window(node, kernel));
  conv.attrs.groups = node.int_attr("group", 1);
  if (conv.attrs.groups < 1) return NodeContext::invalid("group is " + std::to_string(conv.attrs.groups));

  conv.inputs = {node.input(0), weight};
  if (conv.spatial == 1) {
    if (constant != nullptr) {
      const Dims& dims = constant->dims;
      conv.inputs[1] = node.builder().reshaped(weight, {dims[0], dims[1], 1, dims[2]});
    } else {
      Attributes height;
      height.axes = {2};
      conv.inputs[1] = node.emit(Op::unsqueeze, {weight}, height);
    }
  }
  if (node.input(2) != kNoTensor) conv.inputs.push_back(node.input(2));
  return conv;
}

Status convert_conv(NodeContext& node) {
  OCTET_ASSIGN(Convolution conv, parse_convolution(node));
  return window_result(node, conv.spatial, Op::conv, std::move(conv.inputs), conv.attrs);
}

Status convert_conv_transpose(NodeContext& node) {
  OCTET_ASSIGN(Convolution conv, parse_convolution(node));
  const std::size_t spatial = conv.spatial;
  OCTET_ASSIGN(const auto padding, extents(node, "output_padding", spatial, 0));
  OCTET_ASSIGN(const auto size, extents(node, "output_shape", spatial, 1));
  for (std::size_t i = 0; i < padding.size(); ++i) conv.attrs.output_padding[2 - spatial + i] = padding[i];
  if (!size.empty()) {
    conv.attrs.output_size = {1, 1};
    for (std::size_t i = 0; i < spatial; ++i) conv.attrs.output_size[2 - spatial + i] = size[i];
  }
  return window_result(node, spatial, Op::conv_transpose, std::move(conv.inputs), conv.attrs);
}

Status convert_pool(NodeContext& node, Op op) {
  const std::vector<std::int64_t> kernel = node.ints_attr("kernel_shape");
  OCTET_TRY(check_spatial(static_cast<std::int64_t>(kernel.size())));
  OCTET_TRY(extents(node, "kernel_shape", kernel.size(), 1).status());
  Attributes attrs;
  OCTET_ASSIGN(attrs.window, parse_window(node, kernel));
  attrs.ceil_mode = node.flag_attr("ceil_mode");
  attrs.count_include_pad = node.flag_attr("count_include_pad");
  return window_result(node, kernel.size(), op, {node.input(0)}, attrs);
}

Status convert_average_pool(NodeContext& node) { return convert_pool(node, Op::average_pool); }

Status convert_max_pool(NodeContext& node) {
  node.ignore({"storage_order"});  // orders the indices only
  if (node.output_used(1)) return NodeContext::unsupported("its output of indices is used");
  return convert_pool(node, Op::max_pool);
}

// Over all dimensions behind N and C; images where the rank is not known.
template <ReduceKind kind>
Status convert_global_pool(NodeContext& node) {
  const int rank = node.rank(0) == kUnknownRank ? 4 : node.rank(0);
  if (rank < 3) return NodeContext::invalid("its input has " + std::to_string(rank) + " dimensions");
  Attributes attrs;
  attrs.reduce = kind;
  for (int axis = 2; axis < rank; ++axis) attrs.axes.push_back(axis);
  return node.result(Op::reduce, {node.input(0)}, attrs);
}

constexpr Operator kOperators[] = {
    {"AveragePool", 7, kNewestOpset, 1, 1, convert_average_pool},
    {"Conv", 1, kNewestOpset, 2, 3, convert_conv},
    {"ConvTranspose", 1, kNewestOpset, 2, 3, convert_conv_transpose},
    {"GlobalAveragePool", 1, kNewestOpset, 1, 1, convert_global_pool<ReduceKind::mean>},
    {"GlobalMaxPool", 1, kNewestOpset, 1, 1, convert_global_pool<ReduceKind::max>},
    {"MaxPool", 1, kNewestOpset, 1, 1, convert_max_pool},
};

}  // namespace

std::span<const Operator> window_operators() { return kOperators; }

}  // namespace octet::onnx

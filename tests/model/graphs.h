// Graphs for the tests of the model file, and the comparison of two of them to the last bit.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "graph/graph.h"
#include "model/assert_status.h"

namespace octet::test {

class GraphBuilder {
 public:
  Graph graph;

  TensorId input(std::string name, Dims dims, DType dtype = DType::f32, Quant quant = {}) {
    const TensorId id = graph.add_tensor(std::move(name), dtype, std::move(dims));
    graph.at(id).quant = quant;
    graph.inputs.push_back(id);
    return id;
  }

  // Constants with values that differ from element to element and from constant to constant.
  TensorId floats(std::string name, Dims dims) {
    std::vector<float> values(static_cast<std::size_t>(element_count(dims)));
    for (float& value : values) value = static_cast<float>(static_cast<int>(next() % 2001) - 1000) / 512.0F;
    return graph.add_constant(std::move(name), DType::f32, std::move(dims), values);
  }
  TensorId bytes(std::string name, Dims dims) {
    std::vector<std::int8_t> values(static_cast<std::size_t>(element_count(dims)));
    for (std::int8_t& value : values) value = static_cast<std::int8_t>(static_cast<int>(next() % 255) - 127);
    return graph.add_constant(std::move(name), DType::i8, std::move(dims), values);
  }
  template <class T>
  TensorId integers(std::string name, DType dtype, Dims dims, std::uint32_t most) {
    std::vector<T> values(static_cast<std::size_t>(element_count(dims)));
    for (T& value : values) value = static_cast<T>(1 + next() % most);
    return graph.add_constant(std::move(name), dtype, std::move(dims), values);
  }

  // A node, with its shapes inferred and its attributes resolved. It makes int8 where a scale is given.
  TensorId node(Op op, const std::string& name, std::vector<TensorId> inputs, const Attributes& attrs = {},
                Quant quant = {}, std::size_t outputs = 1) {
    Node made;
    made.op = op;
    made.name = name;
    made.inputs = std::move(inputs);
    made.attrs = attrs;
    for (std::size_t i = 0; i < outputs; ++i) {
      const std::string suffix = i == 0 ? "" : ":" + std::to_string(i);
      const TensorId id = graph.add_tensor(name + suffix, quant.scale != 0 ? DType::i8 : DType::f32, {});
      graph.at(id).quant = quant;
      made.outputs.push_back(id);
    }
    assert_ok(infer_node(graph, made));
    graph.nodes.push_back(made);
    return made.outputs[0];
  }

  TensorId int8_conv(const std::string& name, TensorId x, std::int64_t outputs, std::int64_t kernel,
                     const Attributes& attrs, Quant quant) {
    const std::int64_t inputs = graph.at(x).dims[1] / attrs.groups;
    const TensorId weight = bytes(name + "/weight", {outputs, inputs, kernel, kernel});
    const TensorId bias = integers<std::int32_t>(name + "/bias", DType::i32, {outputs}, 5000);
    std::vector<float> factors(static_cast<std::size_t>(outputs));
    for (float& factor : factors) factor = static_cast<float>(1 + next() % 1000) / 65536.0F;
    const TensorId multiplier = graph.add_constant(name + "/multiplier", DType::f32, {outputs}, factors);
    return node(Op::conv, name, {x, weight, bias, multiplier}, attrs, quant);
  }

 private:
  std::uint32_t next() {
    state_ = state_ * 1664525U + 1013904223U;
    return state_ >> 16;
  }
  std::uint32_t state_ = 1;
};

inline Attributes window_of(std::int64_t kernel, std::int64_t stride, std::int64_t pad) {
  Attributes attrs;
  attrs.window.kernel = {kernel, kernel};
  attrs.window.stride = {stride, stride};
  attrs.window.pads = {pad, pad, pad, pad};
  return attrs;
}

inline void use_layouts(GraphBuilder& b, TensorId x) {
  Attributes attrs;
  attrs.axis = 1;
  attrs.sizes = {1, 3};
  const TensorId part = b.node(Op::split, "split", {x}, attrs, {}, 2);
  attrs = {};
  attrs.axes = {2, 3};
  attrs.starts = {6, 0};
  attrs.sizes = {-9, 8};
  attrs.steps = {-2, 3};
  const TensorId sliced = b.node(Op::slice, "slice", {part + 1}, attrs);
  attrs = {};
  attrs.sizes = {0, 0, 1, 2, 0, 0, 3, 4};
  attrs.alpha = -0.0F;
  const TensorId padded = b.node(Op::pad, "pad", {sliced}, attrs);
  attrs = {};
  attrs.axes = {0, 2, 3, 1};
  const TensorId turned = b.node(Op::transpose, "transpose", {padded}, attrs);
  attrs = {};
  attrs.sizes = {1, -1};
  b.graph.outputs.push_back(b.node(Op::reshape, "reshape", {turned}, attrs));
  attrs = {};
  attrs.scales = {1.5F, 2.25F};
  attrs.resize = ResizeKind::cubic;
  attrs.coordinate = CoordinateKind::pytorch_half_pixel;
  attrs.cubic_a = -0.5F;
  const TensorId resized = b.node(Op::resize, "resize", {x}, attrs);
  attrs = {};
  attrs.block = 2;
  attrs.crd = true;
  const TensorId deep = b.node(Op::depth_to_space, "depth_to_space", {resized}, attrs);
  b.graph.outputs.push_back(b.node(Op::space_to_depth, "space_to_depth", {deep}, attrs));
  attrs = {};
  attrs.axis = 3;
  const TensorId indices = b.integers<std::int64_t>("indices", DType::i64, {3}, 7);
  const TensorId gathered = b.node(Op::gather, "gather", {part, indices}, attrs);
  attrs = {};
  attrs.sizes = {2, 1, 8, 3};
  b.graph.outputs.push_back(b.node(Op::expand, "expand", {gathered}, attrs));
}

// Layers whose weights have zero points, and one with weights of -128: what format version 2 added. Stored in
// tests/golden, as the next two are.
inline Graph zero_point_graph() {
  GraphBuilder b;
  b.graph.name = "zero points";
  b.graph.source_format = "tflite";
  const Quant quant{0.05F, 3};
  TensorId x = b.node(Op::quantize, "image/int8", {b.input("image", {1, 4, 8, 8})}, {}, quant);
  const auto with_zero_points = [&](Op op, const std::string& name, const Dims& weight, std::int64_t outputs,
                                    const Attributes& attrs) {
    const std::vector<TensorId> inputs = {
        x, b.bytes(name + "/weight", weight), b.integers<std::int32_t>(name + "/bias", DType::i32, {outputs}, 900),
        b.graph.add_constant(name + "/multiplier", DType::f32, {outputs},
                             std::vector<float>(static_cast<std::size_t>(outputs), 0.001F)),
        b.integers<std::int32_t>(name + "/weight_zero_point", DType::i32, {outputs}, 255)};
    x = b.node(op, name, inputs, attrs, quant);
  };
  Attributes attrs = window_of(3, 1, 1);
  with_zero_points(Op::conv, "conv", {6, 4, 3, 3}, 6, attrs);
  attrs.groups = 6;
  with_zero_points(Op::conv, "depthwise", {6, 1, 3, 3}, 6, attrs);
  attrs = window_of(2, 2, 0);
  with_zero_points(Op::conv_transpose, "up", {6, 3, 2, 2}, 3, attrs);
  with_zero_points(Op::gemm, "rows", {5, 16}, 5, {});
  const TensorId lowest =
      b.graph.add_constant("last/weight", DType::i8, {2, 3, 1, 1}, std::vector<std::int8_t>{-128, 0, 127, 1, -128, 5});
  const std::vector<TensorId> inputs = {
      x, lowest, b.integers<std::int32_t>("last/bias", DType::i32, {2}, 900),
      b.graph.add_constant("last/multiplier", DType::f32, {2}, std::vector<float>{0.002F, 0.001F})};
  x = b.node(Op::conv, "last", inputs, window_of(1, 1, 0), quant);
  b.graph.outputs.push_back(b.node(Op::dequantize, "y", {x}));
  return b.graph;
}

// Every executable operator in float. It and the next are stored in tests/golden: they cannot change any more.
inline Graph float_graph() {
  GraphBuilder b;
  b.graph.name = "every operator";
  b.graph.source_format = "onnx";
  const TensorId x = b.input("image", {1, 4, 8, 8});
  Attributes attrs = window_of(3, 1, 1);
  attrs.clamp.low = 0;
  attrs.groups = 2;
  const TensorId weight = b.floats("conv.weight", {4, 2, 3, 3});
  TensorId y = b.node(Op::conv, "conv", {x, weight, b.floats("conv.bias", {4})}, attrs);
  attrs = window_of(2, 2, 0);
  attrs.output_padding = {1, 0};
  y = b.node(Op::conv_transpose, "conv_transpose", {y, b.floats("up.weight", {4, 4, 2, 2}), kNoTensor}, attrs);
  attrs = window_of(3, 2, 1);
  attrs.ceil_mode = true;
  y = b.node(Op::max_pool, "max_pool", {y}, attrs);
  attrs = window_of(2, 1, 0);
  attrs.count_include_pad = true;
  y = b.node(Op::average_pool, "average_pool", {y}, attrs);
  attrs = {};
  attrs.unary = UnaryKind::clip;
  attrs.alpha = -std::numeric_limits<float>::infinity();
  attrs.beta = 6;
  y = b.node(Op::unary, "unary", {y}, attrs);
  y = b.node(Op::prelu, "prelu", {y, b.floats("slope", {4, 1, 1})});
  attrs = {};
  attrs.binary = BinaryKind::mul;
  attrs.clamp.high = 1e30F;
  y = b.node(Op::binary, "binary", {y, b.floats("factor", {1})}, attrs);
  attrs = {};
  attrs.axis = 1;
  const std::vector<TensorId> norm = {y, b.floats("scale", {4}), b.floats("shift", {4}), b.floats("mean", {4}),
                                      b.floats("variance", {4})};
  attrs.alpha = 1e-5F;
  y = b.node(Op::batch_norm, "batch_norm", norm, attrs);
  attrs = {};
  attrs.axis = 1;
  const TensorId both = b.node(Op::concat, "concat", {y, y}, attrs);
  attrs = {};
  attrs.reduce = ReduceKind::l2;
  attrs.axes = {2, 3};
  attrs.keep_dims = false;
  const TensorId reduced = b.node(Op::reduce, "reduce", {both}, attrs);
  const TensorId dense = b.node(Op::gemm, "gemm", {reduced, b.floats("dense", {5, 8}), b.floats("", {5})});
  const TensorId product = b.node(Op::mat_mul, "mat_mul", {dense, b.floats("matrix", {5, 6})});
  attrs = {};
  attrs.axis = 1;
  attrs.log = true;
  b.graph.outputs.push_back(b.node(Op::softmax, "softmax", {product}, attrs));
  use_layouts(b, x);
  const TensorId small = b.node(Op::quantize, "quantize", {x}, {}, {0.5F, 3});
  b.graph.outputs.push_back(b.node(Op::dequantize, "dequantize", {small}));
  return b.graph;
}

// An int8 network with all the tables that int8 operators read, and a recipe.
inline Graph int8_graph() {
  GraphBuilder b;
  b.graph.name = "int8";
  b.graph.source_format = "mnn";
  TensorId x = b.input("image", {1, 3, 16, 16});
  x = b.node(Op::quantize, "image/int8", {x}, {}, {1.0F / 127, -1});
  Attributes attrs = window_of(3, 2, 1);
  attrs.clamp.low = 0;
  x = b.int8_conv("features.0", x, 16, 3, attrs, {0.031F, -128});
  attrs.groups = 16;
  attrs.window.stride = {1, 1};
  x = b.int8_conv("features.1", x, 16, 3, attrs, {0.017F, -128});
  x = b.int8_conv("features.2", x, 20, 1, {}, {0.05F, 7});
  attrs = {};
  attrs.unary = UnaryKind::hard_swish;
  x = b.node(Op::unary, "swish", {x, b.bytes("swish/table", {256})}, attrs, {0.04F, -100});
  x = b.node(Op::prelu, "prelu", {x, b.bytes("prelu/table", {20, 256})}, {}, {0.03F, 0});
  const TensorId same = b.node(Op::requantize, "requantize", {x}, {}, {0.02F, 1});
  x = b.node(Op::binary, "add", {x, same}, {}, {0.06F, 2});
  attrs = {};
  attrs.axes = {2, 3};
  x = b.node(Op::reduce, "mean", {x}, attrs, {0.01F, 127});
  attrs = {};
  attrs.sizes = {1, 20};
  x = b.node(Op::reshape, "flat", {x}, attrs, {0.01F, 127});
  const std::vector<TensorId> gemm = {
      x, b.bytes("dense/weight", {10, 20}), b.integers<std::int32_t>("dense/bias", DType::i32, {10}, 5000),
      b.graph.add_constant("dense/multiplier", DType::f32, {10}, std::vector<float>(10, 0.001F))};
  x = b.node(Op::gemm, "dense", gemm, {}, {0.1F, -3});
  attrs = {};
  attrs.axis = 1;
  x = b.node(Op::softmax, "scores", {x, b.integers<std::uint32_t>("scores/table", DType::u32, {256}, 1U << 15)}, attrs);
  b.graph.outputs = {x};
  ImageRecipe& recipe = b.graph.recipe;
  recipe.present = true;
  recipe.format = PixelFormat::rgb;
  recipe.fit = FitMode::letterbox;
  recipe.mean = {127, 126.5F, -0.0F, 1};
  recipe.normal = {1.0F / 128, 0.3F, 2, 3};
  recipe.width = 320;
  recipe.height = 240;
  recipe.shorter_side = 256;
  recipe.center_crop_h = 0.875F;
  recipe.center_crop_w = 0.9F;
  return b.graph;
}

inline Graph open_sizes_graph() {
  Graph graph = int8_graph();
  graph.open_sizes = {{"N", "", "?", "width"}};
  return graph;
}

inline void assert_same_bits(float a, float b) {
  assert_int_equal(std::bit_cast<std::uint32_t>(a), std::bit_cast<std::uint32_t>(b));
}

inline void assert_same_attributes(const Attributes& a, const Attributes& b) {
  assert_true(a == b);
  // Equal floats may still differ in the sign of zero.
  assert_same_bits(a.clamp.low, b.clamp.low);
  assert_same_bits(a.clamp.high, b.clamp.high);
  assert_same_bits(a.alpha, b.alpha);
  assert_same_bits(a.beta, b.beta);
  assert_same_bits(a.cubic_a, b.cubic_a);
}

inline void assert_same_tensor(const Tensor& a, const Tensor& b) {
  assert_string_equal(a.name.c_str(), b.name.c_str());
  assert_int_equal(a.dtype, b.dtype);
  assert_true(a.dims == b.dims);
  assert_int_equal(a.constant, b.constant);
  assert_same_bits(a.quant.scale, b.quant.scale);
  assert_int_equal(a.quant.zero_point, b.quant.zero_point);
  assert_int_equal(a.data.size(), b.data.size());
  if (!a.data.empty()) assert_memory_equal(a.data.data(), b.data.data(), a.data.size());
}

inline void assert_same_recipe(const ImageRecipe& a, const ImageRecipe& b) {
  assert_true(a == b);
  for (std::size_t i = 0; i < 4; ++i) {
    assert_same_bits(a.mean[i], b.mean[i]);
    assert_same_bits(a.normal[i], b.normal[i]);
  }
}

inline void assert_same_graph(const Graph& a, const Graph& b) {
  assert_string_equal(a.name.c_str(), b.name.c_str());
  assert_string_equal(a.source_format.c_str(), b.source_format.c_str());
  assert_true(a.inputs == b.inputs);
  assert_true(a.outputs == b.outputs);
  assert_true(a.open_sizes == b.open_sizes);
  assert_same_recipe(a.recipe, b.recipe);
  assert_int_equal(a.tensors.size(), b.tensors.size());
  for (std::size_t i = 0; i < a.tensors.size(); ++i) assert_same_tensor(a.tensors[i], b.tensors[i]);
  assert_int_equal(a.nodes.size(), b.nodes.size());
  for (std::size_t i = 0; i < a.nodes.size(); ++i) {
    assert_int_equal(a.nodes[i].op, b.nodes[i].op);
    assert_string_equal(a.nodes[i].name.c_str(), b.nodes[i].name.c_str());
    assert_true(a.nodes[i].inputs == b.nodes[i].inputs);
    assert_true(a.nodes[i].outputs == b.nodes[i].outputs);
    assert_same_attributes(a.nodes[i].attrs, b.nodes[i].attrs);
  }
}

}  // namespace octet::test

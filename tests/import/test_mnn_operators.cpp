// What operators of .mnn files compute becomes nodes of the Graph with the right attributes.
#include <cmath>

#include "import/mnn/network.h"

namespace octet::test {
namespace {

struct Geometry {
  Ints pads;
  fb::PadMode mode = fb::PadMode::Explicit;
  std::int32_t pad_x = 0, pad_y = 0, group = 1, dilate = 1;
  bool relu = false, relu6 = false;
  Ints out_pads;
  bool has_shape = false;
};

// kernel 3x2 (h, w), stride 2x1.
Graph convolved(fb::OpType type, std::int32_t channels, std::int32_t outputs, const Geometry& g, std::size_t weights) {
  Network n;
  n.input("x", {1, channels, 8, 9});
  const auto common = fb::CreateConvolution2DCommonDirect(
      n.builder, g.pad_x, g.pad_y, 2, 3, 1, 2, g.dilate, g.dilate, g.mode, g.group, outputs, channels, g.relu, g.relu6,
      g.pads.empty() ? nullptr : &g.pads, g.out_pads.empty() ? nullptr : &g.out_pads, g.has_shape);
  const Floats weight(weights, 0.5f), bias(static_cast<std::size_t>(outputs), 1.0f);
  Names inputs{"x"};
  if (g.has_shape) {
    n.ints("size", {1, 17, 12, outputs});
    inputs.emplace_back("size");
  }
  n.op(type, inputs, {"y"}, Network::main(fb::CreateConvolution2DDirect(n.builder, common, &weight, &bias)));
  return folded(n);
}

const Attributes& attributes(const Graph& graph) { return maker_of(graph, "y").attrs; }
const Dims& shape(const Graph& graph) { return tensor_named(graph, "y").dims; }
const Dims& weight_shape(const Graph& graph) { return graph.at(maker_of(graph, "y").inputs.at(1)).dims; }

void test_convolution_window(void**) {
  Geometry g;
  g.pads = {1, 0, 2, 3};
  g.dilate = 2;
  g.relu6 = true;
  const Graph graph = convolved(fb::OpType::Convolution, 4, 6, g, 4 * 6 * 6);
  const Window& window = attributes(graph).window;
  assert_true(window.kernel == (std::array<std::int64_t, 2>{3, 2}));
  assert_true(window.stride == (std::array<std::int64_t, 2>{2, 1}));
  assert_true(window.dilation == (std::array<std::int64_t, 2>{2, 2}));
  assert_true(window.pads == (std::array<std::int64_t, 4>{1, 0, 2, 3}));
  assert_true(attributes(graph).clamp == (Clamp{0, 6}));
  assert_true(weight_shape(graph) == Dims({6, 4, 3, 2}));
  assert_true(shape(graph) == Dims({1, 6, 4, 10}));
}

void test_convolution_padding_modes(void**) {
  Geometry symmetric;
  symmetric.pad_x = 1;
  symmetric.pad_y = 2;
  symmetric.relu = true;
  const Graph both = convolved(fb::OpType::Convolution, 1, 1, symmetric, 6);
  assert_true(attributes(both).window.pads == (std::array<std::int64_t, 4>{2, 1, 2, 1}));
  assert_true(attributes(both).clamp == (Clamp{0, INFINITY}));
  Geometry same;
  same.mode = fb::PadMode::Same;
  const Graph rounded = convolved(fb::OpType::Convolution, 1, 1, same, 6);
  assert_true(shape(rounded) == Dims({1, 1, 4, 9}));
  assert_true(attributes(rounded).window.pads == (std::array<std::int64_t, 4>{0, 0, 1, 1}));
  Geometry valid;
  valid.mode = fb::PadMode::Valid;
  valid.pad_x = 5;
  assert_true(shape(convolved(fb::OpType::Convolution, 1, 1, valid, 6)) == Dims({1, 1, 3, 8}));
}

void test_groups(void**) {
  Geometry g;
  g.group = 2;
  const Graph grouped = convolved(fb::OpType::Convolution, 4, 6, g, 6 * 2 * 6);
  assert_int_equal(attributes(grouped).groups, 2);
  assert_true(weight_shape(grouped) == Dims({6, 2, 3, 2}));
  Geometry old;  // the operator's kind tells, not the number of groups
  const Graph depthwise = convolved(fb::OpType::ConvolutionDepthwise, 4, 4, old, 4 * 6);
  assert_int_equal(attributes(depthwise).groups, 4);
  assert_true(weight_shape(depthwise) == Dims({4, 1, 3, 2}));
  Network dense;
  dense.input("x", {1, 2, 4, 4});
  const auto common =
      fb::CreateConvolution2DCommon(dense.builder, 0, 0, 1, 1, 1, 1, 1, 1, fb::PadMode::Explicit, 2, 2, 2);
  const Floats weight{1, 2, 3, 4};
  dense.op(fb::OpType::ConvolutionDepthwise, {"x"}, {"y"},
           Network::main(fb::CreateConvolution2DDirect(dense.builder, common, &weight)));
  assert_import_fails(dense, Code::format, "2 channels per output");
}

void test_transposed_convolution(void**) {
  Geometry g;
  g.pads = {1, 0, 1, 0};
  g.out_pads = {1, 0};
  g.group = 2;
  const Graph graph = convolved(fb::OpType::Deconvolution, 4, 6, g, 4 * 3 * 6);
  assert_true(maker_of(graph, "y").op == Op::conv_transpose);
  assert_true(weight_shape(graph) == Dims({4, 3, 3, 2}));
  assert_true(shape(graph) == Dims({1, 6, 16, 10}));
  Geometry same;
  same.mode = fb::PadMode::Same;
  assert_true(shape(convolved(fb::OpType::DeconvolutionDepthwise, 4, 4, same, 24)) == Dims({1, 4, 16, 9}));
  same.has_shape = true;
  assert_true(shape(convolved(fb::OpType::Deconvolution, 4, 6, same, 144)) == Dims({1, 6, 17, 12}));
}

void test_bad_windows(void**) {
  for (const int field : {0, 1, 2}) {
    Network n;
    n.input("x", {1, 1, 4, 4});
    const auto common = fb::CreateConvolution2DCommon(n.builder, 0, 0, 1, 1, field == 0 ? 0 : 1, 1, field == 1 ? -1 : 1,
                                                      1, fb::PadMode::Explicit, field == 2 ? 0 : 1, 1, 1);
    const Floats weight{1};
    n.op(fb::OpType::Convolution, {"x"}, {"y"},
         Network::main(fb::CreateConvolution2DDirect(n.builder, common, &weight)));
    assert_import_fails(n, Code::format, "'y' (Convolution)");
  }
}

void test_weights_as_inputs(void**) {
  Network n;
  n.input("x", {1, 2, 4, 4});
  n.floats("w", {3, 2, 1, 1}, {1, 2, 3, 4, 5, 6});
  n.floats("b", {3}, {1, 2, 3});
  const auto common = fb::CreateConvolution2DCommon(n.builder);
  n.op(fb::OpType::Convolution, {"x", "w", "b"}, {"y"},
       Network::main(fb::CreateConvolution2DDirect(n.builder, common)));
  const Graph graph = folded(n);
  assert_true(shape(graph) == Dims({1, 3, 4, 4}));
}

Graph pooled(flatbuffers::Offset<fb::Pool> (*make)(flatbuffers::FlatBufferBuilder&)) {
  Network n;
  n.input("x", {1, 2, 7, 7});
  n.op(fb::OpType::Pooling, {"x"}, {"y"}, Network::main(make(n.builder)));
  return folded(n);
}

void test_pooling(void**) {
  using B = flatbuffers::FlatBufferBuilder;
  const Graph up = pooled(
      [](B& b) { return fb::CreatePool(b, 0, 0, false, 2, 2, 2, 2, fb::PoolType::Max, fb::PadMode::Explicit, true); });
  assert_true(maker_of(up, "y").op == Op::max_pool);
  assert_true(shape(up) == Dims({1, 2, 4, 4}));
  const Graph down = pooled(
      [](B& b) { return fb::CreatePool(b, 0, 0, false, 2, 3, 2, 1, fb::PoolType::Max, fb::PadMode::Explicit, false); });
  assert_true(shape(down) == Dims({1, 2, 5, 3}));
  const Graph same =
      pooled([](B& b) { return fb::CreatePool(b, 0, 0, false, 3, 3, 2, 2, fb::PoolType::Average, fb::PadMode::Same); });
  assert_true(maker_of(same, "y").op == Op::average_pool);
  assert_true(shape(same) == Dims({1, 2, 4, 4}));
  assert_false(attributes(same).count_include_pad);
  const Graph caffe = pooled([](B& b) {
    return fb::CreatePool(b, 1, 1, false, 3, 3, 2, 2, fb::PoolType::Average, fb::PadMode::Explicit, false);
  });
  assert_true(attributes(caffe).count_include_pad);
  const Graph each_side = pooled([](B& b) {
    const Ints pads{1, 0, 0, 1};
    return fb::CreatePoolDirect(b, 0, 0, false, 3, 3, 2, 2, fb::PoolType::Average, fb::PadMode::Explicit, false, &pads);
  });
  assert_true(attributes(each_side).window.pads == (std::array<std::int64_t, 4>{1, 0, 0, 1}));
  assert_false(attributes(each_side).count_include_pad);
  const Graph counted = pooled([](B& b) {
    const Ints pads{1, 1, 1, 1};
    return fb::CreatePoolDirect(b, 0, 0, false, 3, 3, 2, 2, fb::PoolType::Average, fb::PadMode::Explicit, false, &pads,
                                fb::CountType::IncludePadding);
  });
  assert_true(attributes(counted).count_include_pad);
  const Graph global = pooled([](B& b) { return fb::CreatePool(b, 0, 0, true, 0, 0, 0, 0, fb::PoolType::Average); });
  assert_true(maker_of(global, "y").op == Op::reduce);
  assert_true(attributes(global).reduce == ReduceKind::mean);
  assert_true(shape(global) == Dims({1, 2, 1, 1}));
}

Graph resized(const Names& inputs, std::int32_t width, std::int32_t height, float scale, std::int32_t type, bool align,
              bool half, fb::Coordinates coordinates = fb::Coordinates::NotSet) {
  Network n;
  n.input("x", {1, 2, 4, 6});
  n.ints("hw", {8, 18});
  n.ints("nchw", {1, 2, 8, 18});
  n.floats("scales", {4}, {1, 1, 2, 3});
  n.op(fb::OpType::Interp, inputs, {"y"},
       Network::main(fb::CreateInterp(n.builder, scale, scale, width, height, type, align, half, coordinates)));
  return folded(n);
}

void test_resizing(void**) {
  const Graph fixed = resized({"x"}, 18, 8, 0, 2, true, false);
  assert_true(shape(fixed) == Dims({1, 2, 8, 18}));
  assert_true(attributes(fixed).resize == ResizeKind::linear);
  assert_true(attributes(fixed).coordinate == CoordinateKind::align_corners);
  const Graph scaled = resized({"x"}, 0, 0, 2, 1, false, true);
  assert_true(shape(scaled) == Dims({1, 2, 8, 12}));
  assert_true(attributes(scaled).resize == ResizeKind::nearest);
  assert_true(attributes(scaled).nearest == NearestKind::floor);
  assert_true(attributes(scaled).coordinate == CoordinateKind::asymmetric);
  for (const char* size : {"hw", "nchw", "scales"}) {
    const Graph graph = resized({"x", size}, 0, 0, 0, 3, false, true);
    assert_true(shape(graph) == Dims({1, 2, 8, 18}));
    assert_true(attributes(graph).resize == ResizeKind::cubic);
    assert_true(attributes(graph).coordinate == CoordinateKind::half_pixel);
  }
  const Graph rounded = resized({"x", "hw"}, 0, 0, 0, 4, false, false, fb::Coordinates::HalfPixels);
  assert_true(attributes(rounded).nearest == NearestKind::round_prefer_floor);
  assert_true(attributes(rounded).coordinate == CoordinateKind::half_pixel);
  const Graph torch = resized({"x", "hw"}, 0, 0, 0, 2, false, false, fb::Coordinates::PyTorchHalfPixels);
  assert_true(attributes(torch).coordinate == CoordinateKind::pytorch_half_pixel);
  const Graph tensorflow = resized({"x", "hw"}, 0, 0, 0, 1, false, false, fb::Coordinates::TensorFlowHalfPixels);
  assert_true(attributes(tensorflow).nearest == NearestKind::round_prefer_ceil);
  assert_true(attributes(tensorflow).coordinate == CoordinateKind::half_pixel);
}

void test_resizing_like_another_tensor(void**) {
  Network n;
  n.input("x", {1, 2, 4, 6}, fb::DataFormat::NCHW);
  n.input("z", {1, 2, 12, 18}, fb::DataFormat::NCHW);
  n.op(fb::OpType::Shape, {"z"}, {"size"}, {}, fb::DataFormat::NCHW);
  n.op(fb::OpType::Interp, {"x", "size"}, {"y"}, Network::main(fb::CreateInterp(n.builder, 0, 0, 0, 0, 2)));
  assert_true(shape(folded(n)) == Dims({1, 2, 12, 18}));
}

// The operator on a constant of numbers, computed.
Floats function_of(const Floats& x, fb::OpType type,
                   std::pair<fb::OpParameter, flatbuffers::Offset<void>> (*make)(flatbuffers::FlatBufferBuilder&)) {
  Network n;
  n.input("unused", {1});
  n.floats("c", {static_cast<std::int32_t>(x.size())}, x);
  n.op(type, {"c"}, {"y"}, make(n.builder));
  n.outputs = {"y"};
  return computed<float>(folded(n), "y");
}

void assert_near(const Floats& actual, const Floats& expected) {
  assert_int_equal(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (!(std::abs(actual[i] - expected[i]) < 1e-5f)) {
      fail_msg("element %zu is %g, not %g", i, static_cast<double>(actual[i]), static_cast<double>(expected[i]));
    }
  }
}

void test_activations(void**) {
  using B = flatbuffers::FlatBufferBuilder;
  const Floats x{-2, -0.5f, 0, 3, 9};
  assert_near(function_of(x, fb::OpType::ReLU, [](B& b) { return Network::main(fb::CreateRelu(b)); }), {0, 0, 0, 3, 9});
  assert_near(function_of(x, fb::OpType::ReLU, [](B& b) { return Network::main(fb::CreateRelu(b, 0.1f)); }),
              {-0.2f, -0.05f, 0, 3, 9});
  assert_near(function_of(x, fb::OpType::ReLU6, [](B& b) { return Network::main(fb::CreateRelu6(b)); }),
              {0, 0, 0, 3, 6});
  assert_near(function_of(x, fb::OpType::ReLU6, [](B& b) { return Network::main(fb::CreateRelu6(b, -1, 1)); }),
              {-1, -0.5f, 0, 1, 1});
  assert_near(function_of(x, fb::OpType::ELU, [](B& b) { return Network::main(fb::CreateELU(b, 2)); }),
              {2 * std::expm1(-2.0f), 2 * std::expm1(-0.5f), 0, 3, 9});
  assert_near(function_of(x, fb::OpType::Selu, [](B& b) { return Network::main(fb::CreateSelu(b, 3, 2)); }),
              {6 * std::expm1(-2.0f), 6 * std::expm1(-0.5f), 0, 9, 27});
}

void test_unary_functions(void**) {
  const auto unary = [](fb::UnaryType type, const Floats& x) {
    Network n;
    n.input("unused", {1});
    n.floats("c", {static_cast<std::int32_t>(x.size())}, x);
    n.op(fb::OpType::UnaryOp, {"c"}, {"y"}, Network::main(fb::CreateUnaryOp(n.builder, type)));
    n.outputs = {"y"};
    return computed<float>(folded(n), "y");
  };
  assert_near(unary(fb::UnaryType::Square, {-3, 2}), {9, 4});
  assert_near(unary(fb::UnaryType::Rsqrt, {4, 16}), {0.5f, 0.25f});
  assert_near(unary(fb::UnaryType::Reciprocal, {4}), {0.25f});
  assert_near(unary(fb::UnaryType::Expm1, {1}), {std::expm1(1.0f)});
  assert_near(unary(fb::UnaryType::Log1p, {1}), {std::log(2.0f)});
  assert_near(unary(fb::UnaryType::Bnll, {0}), {std::log(2.0f)});
  assert_near(unary(fb::UnaryType::HardSwish, {-4, 0, 1, 4}), {0, 0, 4.0f / 6, 4});
  assert_near(unary(fb::UnaryType::Silu, {1}), {1 / (1 + std::exp(-1.0f))});
  assert_near(unary(fb::UnaryType::GeluStandard, {1}), {0.5f * (1 + std::erf(std::sqrt(0.5f)))});
  Network n;
  n.input("x", {1});
  n.op(fb::OpType::UnaryOp, {"x"}, {"y"}, Network::main(fb::CreateUnaryOp(n.builder, fb::UnaryType::Atan)));
  assert_import_fails(n, Code::unsupported, "Atan");
}

void test_prelu(void**) {
  Network n;
  n.input("x", {1, 3, 2, 2});
  const Floats slopes{0.1f, 0.2f, 0.3f}, one{0.5f};
  n.op(fb::OpType::PReLU, {"x"}, {"a"}, Network::main(fb::CreatePReluDirect(n.builder, 3, &slopes)));
  n.op(fb::OpType::PReLU, {"a"}, {"y"}, Network::main(fb::CreatePReluDirect(n.builder, 1, &one)));
  const Graph graph = folded(n);
  assert_true(graph.at(maker_of(graph, "a").inputs.at(1)).dims == Dims({3, 1, 1}));
  assert_true(shape(graph) == Dims({1, 3, 2, 2}));
}

Floats binary(fb::BinaryType type, const Floats& a, const Floats& b, std::int32_t activation = 0) {
  Network n;
  n.input("unused", {1});
  n.floats("a", {static_cast<std::int32_t>(a.size())}, a);
  n.floats("b", {static_cast<std::int32_t>(b.size())}, b);
  n.op(fb::OpType::BinaryOp, {"a", "b"}, {"y"}, Network::main(fb::CreateBinaryOp(n.builder, type, activation)));
  n.outputs = {"y"};
  return computed<float>(folded(n), "y");
}

void test_binary_operations(void**) {
  const Floats a{6, -8}, b{4, 2};
  assert_near(binary(fb::BinaryType::Add, a, b), {10, -6});
  assert_near(binary(fb::BinaryType::Add, a, b, 1), {10, 0});
  assert_near(binary(fb::BinaryType::Sub, a, b), {2, -10});
  assert_near(binary(fb::BinaryType::Mul, a, {2}), {12, -16});
  assert_near(binary(fb::BinaryType::RealDiv, a, b), {1.5f, -4});
  assert_near(binary(fb::BinaryType::MaxTemp, a, b), {6, 2});
  assert_near(binary(fb::BinaryType::Minimum, a, b), {4, -8});
  assert_near(binary(fb::BinaryType::Pow, {2, 3}, {3, 2}), {8, 9});
  assert_near(binary(fb::BinaryType::FloorDiv, {7, -7}, {2, 2}), {3, -4});
  assert_near(binary(fb::BinaryType::SquaredDifference, a, b), {4, 100});
  Network n;
  n.input("x", {1});
  n.op(fb::OpType::BinaryOp, {"x", "x"}, {"y"}, Network::main(fb::CreateBinaryOp(n.builder, fb::BinaryType::Atan2)));
  assert_import_fails(n, Code::unsupported, "Atan2");
  Network act;
  act.input("x", {1});
  act.op(fb::OpType::BinaryOp, {"x", "x"}, {"y"},
         Network::main(fb::CreateBinaryOp(act.builder, fb::BinaryType::Add, 7)));
  assert_import_fails(act, Code::unsupported, "activation 7");
}

void test_comparison_and_choice(void**) {
  Network n;
  n.input("unused", {1});
  n.ints("a", {1, 5, 3});
  n.ints("b", {2, 5, 1});
  n.op(fb::OpType::BinaryOp, {"a", "b"}, {"c"}, Network::main(fb::CreateBinaryOp(n.builder, fb::BinaryType::NotEqual)));
  n.floats("p", {3}, {1, 2, 3});
  n.floats("q", {1}, {9});
  n.op(fb::OpType::Select, {"c", "p", "q"}, {"y"});
  n.outputs = {"y"};
  assert_near(computed<float>(folded(n), "y"), {1, 9, 3});
}

void test_eltwise(void**) {
  const auto eltwise = [](fb::EltwiseType type, const Floats& coefficients) {
    Network n;
    n.input("unused", {1});
    n.floats("a", {2}, {1, 2});
    n.floats("b", {2}, {10, -20});
    n.floats("c", {2}, {100, 200});
    n.op(fb::OpType::Eltwise, {"a", "b", "c"}, {"y"},
         Network::main(fb::CreateEltwiseDirect(n.builder, type, coefficients.empty() ? nullptr : &coefficients)));
    n.outputs = {"y"};
    return computed<float>(folded(n), "y");
  };
  assert_near(eltwise(fb::EltwiseType::Sum, {}), {111, 182});
  assert_near(eltwise(fb::EltwiseType::Sum, {1, -1, 2}), {191, 422});
  assert_near(eltwise(fb::EltwiseType::Prod, {}), {1000, -8000});
  assert_near(eltwise(fb::EltwiseType::Maximum, {}), {100, 200});
  assert_near(eltwise(fb::EltwiseType::Sub, {}), {-109, -178});
}

void test_per_channel_arithmetic(void**) {
  Network n;
  n.input("x", {1, 2, 1, 1});
  const Floats scale{2, 3}, bias{10, 20}, mean{1, 2}, variance{4, 9}, slope{1, 2};
  n.op(fb::OpType::Scale, {"x"}, {"a"}, Network::main(fb::CreateScaleDirect(n.builder, 2, &scale, &bias)));
  n.op(fb::OpType::BatchNorm, {"a"}, {"y"},
       Network::main(fb::CreateBatchNormDirect(n.builder, 2, &slope, &mean, &variance, &bias, 0.5f)));
  const Graph graph = folded(n);
  const Node &first = maker_of(graph, "a"), &second = maker_of(graph, "y");
  assert_true(first.op == Op::batch_norm && second.op == Op::batch_norm);
  assert_near(values_of<float>(graph.at(first.inputs.at(1))), scale);
  assert_near(values_of<float>(graph.at(first.inputs.at(2))), bias);
  assert_near(values_of<float>(graph.at(first.inputs.at(3))), {0, 0});
  assert_near(values_of<float>(graph.at(first.inputs.at(4))), {1, 1});
  assert_true(first.attrs.alpha == 0 && second.attrs.alpha == 0.5f);
  assert_near(values_of<float>(graph.at(second.inputs.at(1))), slope);
  assert_near(values_of<float>(graph.at(second.inputs.at(4))), variance);
  Network short_bias;
  short_bias.input("x", {1, 2, 1, 1});
  const Floats one{1};
  short_bias.op(fb::OpType::Scale, {"x"}, {"y"},
                Network::main(fb::CreateScaleDirect(short_bias.builder, 2, &scale, &one)));
  assert_import_fails(short_bias, Code::format, "biases (1)");
}

void test_reduction(void**) {
  const auto reduced = [](fb::ReductionType type, const Ints& axes, bool keep, const Ints& second = {}) {
    Network n;
    n.input("x", {2, 3, 4});
    Names inputs{"x"};
    if (!second.empty()) {
      n.ints("axes", second);
      inputs.emplace_back("axes");
    }
    n.op(fb::OpType::Reduction, inputs, {"y"},
         Network::main(fb::CreateReductionParamDirect(n.builder, type, axes.empty() ? nullptr : &axes, keep)));
    return folded(n);
  };
  assert_true(shape(reduced(fb::ReductionType::Mean, {1, 2}, true)) == Dims({2, 1, 1}));
  assert_true(shape(reduced(fb::ReductionType::Mean, {-1}, false)) == Dims({2, 3}));
  assert_true(shape(reduced(fb::ReductionType::Sum, {}, false, {0})) == Dims({3, 4}));
  assert_true(attributes(reduced(fb::ReductionType::AbsSum, {}, true)).reduce == ReduceKind::l1);
  assert_true(shape(reduced(fb::ReductionType::Maximum, {}, true)) == Dims({1, 1, 1}));
}

void test_fully_connected(void**) {
  Network n;
  n.input("x", {2, 3, 1, 2});
  const Floats weight(24, 1.0f), bias{1, 2, 3, 4};
  n.op(fb::OpType::InnerProduct, {"x"}, {"y"},
       Network::main(fb::CreateInnerProductDirect(n.builder, 4, 1, 24, &weight, &bias, 1)));
  const Graph graph = folded(n);
  assert_true(maker_of(graph, "y").op == Op::gemm);
  assert_true(shape(graph) == Dims({2, 4}));
  Network wrong;
  wrong.input("x", {2, 6});
  const Floats odd(25, 1.0f);
  wrong.op(fb::OpType::InnerProduct, {"x"}, {"y"},
           Network::main(fb::CreateInnerProductDirect(wrong.builder, 4, 1, 25, &odd)));
  assert_import_fails(wrong, Code::format, "25 weights for 4");
}

void test_products(void**) {
  Network n;
  n.input("x", {2, 3});
  n.floats("w", {3, 2}, {1, 2, 3, 4, 5, 6});
  n.floats("b", {2}, {7, 8});
  n.op(fb::OpType::MatMul, {"x", "w", "b"}, {"a"}, Network::main(fb::CreateMatMul(n.builder)));
  n.op(fb::OpType::BatchMatMul, {"a", "x"}, {"y"}, Network::main(fb::CreateBatchMatMulParam(n.builder, true, false)));
  const Graph graph = imported(n);
  const Node* gemm = nullptr;
  for (const Node& node : graph.nodes) {
    if (node.op == Op::gemm) gemm = &node;
  }
  assert_non_null(gemm);
  assert_near(values_of<float>(graph.at(gemm->inputs.at(1))), {1, 3, 5, 2, 4, 6});
  Network dynamic;
  dynamic.input("x", {2, 3});
  dynamic.input("z", {2, 5});
  dynamic.op(fb::OpType::MatMul, {"x", "z"}, {"y"}, Network::main(fb::CreateMatMul(dynamic.builder, true, false)));
  const Graph known = folded(dynamic);
  assert_true(shape(known) == Dims({3, 5}));
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_convolution_window),
      cmocka_unit_test(test_convolution_padding_modes),
      cmocka_unit_test(test_groups),
      cmocka_unit_test(test_transposed_convolution),
      cmocka_unit_test(test_bad_windows),
      cmocka_unit_test(test_weights_as_inputs),
      cmocka_unit_test(test_pooling),
      cmocka_unit_test(test_resizing),
      cmocka_unit_test(test_resizing_like_another_tensor),
      cmocka_unit_test(test_activations),
      cmocka_unit_test(test_unary_functions),
      cmocka_unit_test(test_prelu),
      cmocka_unit_test(test_binary_operations),
      cmocka_unit_test(test_comparison_and_choice),
      cmocka_unit_test(test_eltwise),
      cmocka_unit_test(test_per_channel_arithmetic),
      cmocka_unit_test(test_reduction),
      cmocka_unit_test(test_fully_connected),
      cmocka_unit_test(test_products),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

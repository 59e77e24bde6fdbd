// What a quantized file says, float operators between dequantize and quantize nodes, and the int8 operators made of it:
// the same answers to a quantum, the same integers in weights and biases, and nothing left between them.
#include <algorithm>
#include <cstdlib>

#include "ops/run_graph.h"
#include "passes/passes.h"

namespace octet::test {
namespace {

constexpr Quant kIn{0.05F, 3};
constexpr Quant kOut{0.11F, -7};

// Networks as importers write them.
class QuantizedFile {
 public:
  GraphBuilder b;

  TensorId quantize(TensorId x, const Quant& quant) {
    const std::string name = "q" + std::to_string(++count_);
    const TensorId id = b.add(Op::quantize, name, {x});
    b.graph.at(id).quant = quant;
    b.graph.at(id).dtype = DType::i8;
    return id;
  }
  TensorId dequantize(TensorId q) { return b.add(Op::dequantize, "d" + std::to_string(++count_), {q}); }
  TensorId through(TensorId x, const Quant& quant) { return dequantize(quantize(x, quant)); }

  // Weights scale[axis] * (integer + offset).
  TensorId weights(const std::string& name, Dims dims, const std::vector<float>& scales, std::size_t axis,
                   int least = -127, int most = 127, int offset = 0) {
    const auto count = static_cast<std::size_t>(element_count(dims));
    std::size_t inner = 1;
    for (std::size_t d = axis + 1; d < dims.size(); ++d) inner *= static_cast<std::size_t>(dims[d]);
    std::vector<float> values(count);
    const ByteVector integers = random_bytes(count, 7, least, most);
    for (std::size_t i = 0; i < count; ++i) {
      values[i] = scales[i / inner % scales.size()] * static_cast<float>(integers[i] + offset);
    }
    const TensorId id = b.floats(name, std::move(dims), values);
    b.graph.at(id).scales = scales;
    b.graph.at(id).scale_axis = axis;
    return id;
  }

 private:
  int count_ = 0;
};

FloatVector run(const Graph& graph) {
  Graph copy = graph;
  expect_ok(validate(copy));
  const auto session = session_of(plan_of(std::make_shared<const Graph>(copy)), {1, false, {}});
  std::vector<Binding> in;
  std::vector<FloatVector> inputs;
  for (const TensorId id : copy.inputs) inputs.push_back(interpreter_input(copy.at(id).dims));
  for (FloatVector& input : inputs) in.push_back({input.data(), input.size() * sizeof(float), nullptr, DType::f32});
  FloatVector output(static_cast<std::size_t>(element_count(copy.at(copy.outputs[0]).dims)));
  const Binding out{output.data(), output.size() * sizeof(float), nullptr, DType::f32};
  expect_ok(session->run(in, {&out, 1}));
  return output;
}

// The fused graph, of which at most one value in a hundred is a quantum away from what the file says.
Graph fused(QuantizedFile& file, float quantum) {
  expect_ok(infer_shapes(file.b.graph));
  Graph after = file.b.graph;
  expect_ok(fuse_quantized(after));
  expect_ok(infer_shapes(after));
  const FloatVector expected = run(file.b.graph);
  const FloatVector actual = run(after);
  std::size_t apart = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const float distance = std::fabs(expected[i] - actual[i]);
    assert_true(distance <= quantum * 1.001F);
    apart += distance > quantum / 2 ? 1 : 0;
  }
  assert_true(apart * 100 <= expected.size() + 99);
  return after;
}

// One operator between its conversions, which is all that is left of the network.
void expect_int8(QuantizedFile& file, TensorId result, Op op, std::size_t requantizes = 0) {
  file.b.output(file.through(result, kOut));
  const Graph graph = fused(file, kOut.scale);
  assert_int_equal(graph.nodes.size(), 1 + requantizes);
  assert_int_equal(count_nodes(graph, op), 1);
  assert_int_equal(count_nodes(graph, Op::requantize), requantizes);
  assert_true(graph.at(graph.inputs[0]).dtype == DType::i8 && graph.at(graph.inputs[0]).quant == kIn);
  assert_true(graph.at(graph.outputs[0]).dtype == DType::i8 && graph.at(graph.outputs[0]).quant == kOut);
  for (const Tensor& tensor : graph.tensors) assert_true(tensor.scales.empty());
}

TensorId input(QuantizedFile& file, Dims dims = {1, 4, 6, 5}) {
  return file.through(file.b.input("x", std::move(dims)), kIn);
}

void test_conv_keeps_its_integers(void**) {
  for (const bool channels : {false, true}) {
    QuantizedFile file;
    const TensorId x = input(file);
    const std::vector<float> scales = channels ? std::vector<float>{0.01F, 0.02F, 0.003F} : std::vector<float>{0.01F};
    const TensorId weight = file.weights("w", {3, 4, 3, 3}, scales, 0);
    const float bias_scale = kIn.scale * 0.01F;
    const TensorId bias = file.b.floats("b", {3}, {bias_scale * 100, bias_scale * -2000, 0});
    const TensorId y = file.b.add(Op::conv, "conv", {x, weight, bias}, [](Attributes& a) {
      a.window.kernel = {3, 3};
      a.clamp.low = 0;
    });
    const auto floats = file.b.graph.at(weight).data;  // kept alive while it is compared
    file.b.output(file.through(y, kOut));
    const Graph graph = fused(file, kOut.scale);
    const Node* conv = find_node(graph, "conv");
    assert_non_null(conv);
    assert_int_equal(graph.nodes.size(), 1);
    const auto integers = graph.at(conv->inputs[1]).data.as<std::int8_t>();
    for (std::size_t i = 0; i < integers.size(); ++i) {
      const float scale = scales[channels ? i / 36 : 0];
      assert_true(scale * static_cast<float>(integers[i]) == floats.as<float>()[i]);
    }
    assert_int_equal(graph.at(conv->inputs[2]).data.as<std::int32_t>()[0], 100);
    assert_true(conv->attrs.clamp.low == 0);
  }
}

void test_other_layers(void**) {
  QuantizedFile up;
  const TensorId x = input(up);
  expect_int8(up,
              up.b.add(Op::conv_transpose, "up", {x, up.weights("w", {4, 3, 2, 2}, {0.01F, 0.02F, 0.03F}, 1)},
                       [](Attributes& a) {
                         a.window.kernel = {2, 2};
                         a.window.stride = {2, 2};
                       }),
              Op::conv_transpose);
  QuantizedFile full;
  const TensorId row = input(full, {2, 20});
  expect_int8(full, full.b.add(Op::gemm, "fc", {row, full.weights("w", {6, 20}, {0.004F}, 0)}), Op::gemm);
  QuantizedFile depthwise;
  const TensorId image = input(depthwise);
  expect_int8(depthwise,
              depthwise.b.add(Op::conv, "dw", {image, depthwise.weights("w", {4, 1, 3, 3}, {0.02F}, 0)},
                              [](Attributes& a) {
                                a.window.kernel = {3, 3};
                                a.groups = 4;
                              }),
              Op::conv);
}

// Weights as uint8 files have them: int8 with a zero point where a channel needs it, which is an operand of the layer.
void test_weights_beyond_int8(void**) {
  for (const int offset : {-127, -60, -1, 0, 1, 50, 128}) {
    for (const Op op : {Op::conv, Op::conv_transpose, Op::gemm}) {
      QuantizedFile file;
      const TensorId x = input(file, op == Op::gemm ? Dims{2, 20} : Dims{1, 4, 6, 5});
      const Dims dims = op == Op::conv ? Dims{6, 4, 5, 5} : op == Op::gemm ? Dims{6, 20} : Dims{4, 6, 3, 3};
      const TensorId weight = file.weights("w", dims, {0.01F}, 0, -128, 127, offset);
      const TensorId y = file.b.add(op, "layer", {x, weight}, [&](Attributes& a) {
        if (op != Op::gemm) a.window.kernel = {dims[2], dims[3]};
      });
      const auto floats = file.b.graph.at(weight).data;
      file.b.output(file.through(y, kOut));
      const Graph graph = fused(file, kOut.scale);
      assert_int_equal(graph.nodes.size(), 1);
      const Node& layer = graph.nodes[0];
      const auto integers = graph.at(layer.inputs[1]).data.as<std::int8_t>();
      std::vector<std::int32_t> zeros(6);
      if (layer.inputs.size() == 5) {
        const auto operand = graph.at(layer.inputs[4]).data.as<std::int32_t>();
        zeros.assign(operand.begin(), operand.end());
        assert_true(std::ranges::any_of(zeros, [](int zero) { return zero != 0; }));
      }
      for (const int zero : zeros) assert_true(zero * offset <= 0 && std::abs(zero) <= std::abs(offset));
      const std::size_t taps = op == Op::conv_transpose ? 9 : integers.size() / 6;
      for (std::size_t i = 0; i < integers.size(); ++i) {
        const float centred = static_cast<float>(integers[i] - zeros[i / taps % 6]);
        assert_true(0.01F * centred == floats.as<float>()[i]);
      }
    }
  }
  QuantizedFile wide;  // -200..200 have no int8
  const TensorId x = input(wide, {1, 2});
  const TensorId weight = wide.b.floats("w", {1, 2}, {0.5F * -200, 0.5F * 200});
  wide.b.graph.at(weight).scales = {0.5F};
  wide.b.output(wide.through(wide.b.add(Op::gemm, "fc", {x, weight}), kOut));
  const Graph kept = fused(wide, kOut.scale);
  assert_true(kept.at(find_node(kept, "fc")->inputs[0]).dtype == DType::f32);
}

// 255 * 255 * 33025 is above 2^31, 255 * 127 * 33030 is not.
void test_long_sums_of_weights_beyond_int8(void**) {
  for (const int offset : {0, 128}) {
    QuantizedFile file;
    const TensorId x = input(file, {1, 33030});
    const TensorId weight = file.weights("w", {2, 33030}, {0.01F}, 0, offset == 0 ? -127 : -128, 127, offset);
    file.b.output(file.through(file.b.add(Op::gemm, "fc", {x, weight}), {90.0F, 0}));
    const Graph graph = fused(file, 90.0F);
    assert_true((graph.at(find_node(graph, "fc")->inputs[0]).dtype == DType::i8) == (offset == 0));
  }
}

void test_arithmetic_and_functions(void**) {
  for (const BinaryKind kind : {BinaryKind::add, BinaryKind::sub, BinaryKind::mul}) {
    QuantizedFile file;
    const TensorId x = input(file);
    const TensorId y = file.through(file.b.unary(UnaryKind::sigmoid, "s", x), {1.0F / 256, -128});
    file.b.output(file.through(file.b.binary(kind, "op", x, y), kOut));
    const Graph graph = fused(file, kOut.scale);
    assert_int_equal(graph.nodes.size(), 2);
  }
  QuantizedFile constant;  // integers of -3..252 in their own scale
  const TensorId x = input(constant, {1, 4});
  const TensorId values = constant.b.floats("c", {4}, {-0.03F, 2.52F, 0.01F, 1.0F});
  constant.b.graph.at(values).scales = {0.01F};
  const Graph& tensors = constant.b.graph;
  for (const float value : tensors.at(values).data.as<float>()) {
    assert_true(value == 0.01F * std::nearbyint(value / 0.01F));
  }
  expect_int8(constant, constant.b.binary(BinaryKind::add, "op", x, values), Op::binary);
  QuantizedFile relu;
  const TensorId z = input(relu);
  expect_int8(relu, relu.b.unary(UnaryKind::relu, "relu", z), Op::unary);
  QuantizedFile mean;
  const TensorId m = input(mean);
  expect_int8(mean, mean.b.add(Op::reduce, "mean", {m}, [](Attributes& a) { a.axes = {2, 3}; }), Op::reduce);
  QuantizedFile pool;
  const TensorId p = input(pool);
  expect_int8(pool,
              pool.b.add(Op::average_pool, "pool", {p},
                         [](Attributes& a) {
                           a.window.kernel = {2, 2};
                         }),
              Op::average_pool);
}

void test_moves(void**) {
  QuantizedFile same;  // no conversion between: the reshape moves bytes
  const TensorId x = input(same);
  const TensorId flat = same.b.add(Op::reshape, "flat", {x}, [](Attributes& a) { a.sizes = {1, 120}; });
  const TensorId y = same.b.add(Op::gemm, "fc", {flat, same.weights("w", {5, 120}, {0.002F}, 0)});
  same.b.output(same.through(y, kOut));
  const Graph graph = fused(same, kOut.scale);
  assert_int_equal(graph.nodes.size(), 2);
  assert_true(graph.at(find_node(graph, "flat")->inputs[0]).dtype == DType::i8);
}

// As ONNX writes it: weights [inputs, outputs] with a scale for each output, here behind a transpose too.
void test_weights_that_are_turned(void**) {
  for (const bool turned : {false, true}) {
    QuantizedFile file;
    const TensorId x = input(file, {2, 6});
    const std::vector<float> scales{0.01F, 0.02F, 0.003F};
    TensorId weight = turned ? file.weights("w", {3, 6}, scales, 0) : file.weights("w", {6, 3}, scales, 1);
    if (turned) weight = file.b.add(Op::transpose, "t", {weight}, [](Attributes& a) { a.axes = {1, 0}; });
    file.b.output(file.through(file.b.add(Op::mat_mul, "fc", {x, weight}), kOut));
    Graph graph = file.b.graph;
    expect_ok(prepare_graph(graph));
    assert_int_equal(graph.nodes.size(), 1);
    assert_true(graph.nodes[0].op == Op::gemm && graph.at(graph.nodes[0].inputs[1]).dtype == DType::i8);
  }
}

void test_concat_of_several_scales(void**) {
  QuantizedFile file;
  const TensorId image = file.b.input("x", {1, 2, 3, 3});
  const TensorId a = file.through(image, {0.05F, 3});
  const TensorId b = file.through(image, {0.02F, -5});
  file.b.output(
      file.through(file.b.add(Op::concat, "cat", {a, b}, [](Attributes& attrs) { attrs.axis = 1; }), {0.05F, 3}));
  const Graph graph = fused(file, 0.05F);
  assert_int_equal(count_nodes(graph, Op::concat), 1);
  assert_int_equal(count_nodes(graph, Op::requantize), 1);
  assert_int_equal(count_nodes(graph, Op::quantize), 2);  // two quantizations of one input
  assert_int_equal(count_nodes(graph, Op::dequantize), 0);
}

void test_split_into_several_scales(void**) {
  QuantizedFile file;
  const TensorId x = input(file, {1, 4, 3, 3});
  const TensorId part = file.b.add(
      Op::split, "split", {x},
      [](Attributes& a) {
        a.axis = 1;
        a.sizes = {1, 3};
      },
      2);
  const TensorId second = file.b.graph.nodes.back().outputs[1];
  file.b.output(file.through(second, kOut));
  file.b.output(file.through(part, kIn));
  expect_ok(infer_shapes(file.b.graph));
  Graph after = file.b.graph;
  expect_ok(fuse_quantized(after));
  expect_ok(validate(after));
  assert_int_equal(count_nodes(after, Op::split), 1);
  assert_int_equal(count_nodes(after, Op::requantize), 1);
  assert_int_equal(count_nodes(after, Op::dequantize) + count_nodes(after, Op::quantize), 0);
}

void test_softmax(void**) {
  for (const bool quantized : {false, true}) {
    QuantizedFile file;
    const TensorId x = input(file, {1, 10});
    const TensorId y = file.b.add(Op::softmax, "softmax", {x}, [](Attributes& a) { a.axis = 1; });
    file.b.output(quantized ? file.through(y, {1.0F / 256, -128}) : y);
    const Graph graph = fused(file, 1.0F / 256);
    assert_int_equal(graph.nodes.size(), 1);
    assert_true(graph.at(graph.outputs[0]).dtype == (quantized ? DType::i8 : DType::f32));
  }
}

void test_what_does_not_match_stays_as_it_is(void**) {
  QuantizedFile floats;  // weights without integers
  const TensorId x = input(floats);
  floats.b.output(floats.through(floats.b.add(Op::conv, "conv", {x, floats.b.noise("w", {3, 4, 1, 1})}), kOut));
  const Graph conv = fused(floats, kOut.scale);
  assert_true(conv.at(find_node(conv, "conv")->inputs[0]).dtype == DType::f32);
  assert_int_equal(count_nodes(conv, Op::dequantize), 1);
  QuantizedFile changed;  // values that are no longer scale times an integer
  const TensorId y = input(changed);
  const TensorId weight = changed.b.noise("w", {3, 4, 1, 1});
  changed.b.graph.at(weight).scales = {0.01F};
  changed.b.output(changed.through(changed.b.add(Op::conv, "conv", {y, weight}), kOut));
  const Graph kept = fused(changed, kOut.scale);
  assert_true(kept.at(find_node(kept, "conv")->inputs[0]).dtype == DType::f32);
  QuantizedFile read;  // the float result is read as well
  const TensorId z = input(read);
  const TensorId sum = read.b.binary(BinaryKind::add, "sum", z, z);
  read.b.output(read.through(sum, kOut));
  read.b.output(read.b.unary(UnaryKind::exp, "exp", sum));
  expect_ok(infer_shapes(read.b.graph));
  Graph graph = read.b.graph;
  expect_ok(fuse_quantized(graph));
  expect_ok(validate(graph));
  assert_true(graph.at(find_node(graph, "sum")->outputs[0]).dtype == DType::f32);
}

void test_numbers_of_damaged_files(void**) {
  for (const float scale : {NAN, 0.0F, -1.0F, INFINITY, 1e-30F}) {
    QuantizedFile file;
    const TensorId x = input(file, {1, 4});
    const TensorId y = file.b.add(Op::gemm, "fc", {x, file.weights("w", {2, 4}, {0.01F}, 0)});
    file.b.output(file.through(y, {scale, 0}));
    expect_ok(infer_shapes(file.b.graph));
    expect_ok(fuse_quantized(file.b.graph));
    expect_failure(validate(file.b.graph), Code::format, {"scale"});
  }
  QuantizedFile file;
  const TensorId x = input(file, {1, 4});
  const TensorId weight = file.weights("w", {2, 4}, {0.01F}, 0);
  file.b.output(file.through(file.b.add(Op::gemm, "fc", {x, weight, file.b.floats("b", {2}, {NAN, 1})}), kOut));
  expect_ok(infer_shapes(file.b.graph));
  expect_ok(fuse_quantized(file.b.graph));
  expect_failure(validate(file.b.graph), Code::format, {"'b'"});
}

void test_an_input_that_goes_straight_to_an_output(void**) {
  QuantizedFile file;
  file.b.output(file.through(file.b.input("x", {1, 4}), kIn));
  const Graph graph = fused(file, kIn.scale);
  assert_int_equal(count_nodes(graph, Op::dequantize), 1);
}

void test_a_bias_beyond_32_bits(void**) {
  QuantizedFile file;  // a dead channel: tiny weights, and a bias that is the answer
  const TensorId x = input(file, {1, 4});
  const TensorId weight = file.weights("w", {2, 4}, {1e-12F, 0.01F}, 0);
  file.b.output(file.through(file.b.add(Op::gemm, "fc", {x, weight, file.b.floats("b", {2}, {3.0F, 1.0F})}), kOut));
  assert_int_equal(fused(file, kOut.scale).nodes.size(), 1);
  QuantizedFile beyond;  // the same with weights beyond int8: those of the dead channel no longer are
  const TensorId y = input(beyond, {1, 400});
  const TensorId wide = beyond.weights("w", {2, 400}, {1e-12F, 0.001F}, 0, -128, 127, 100);
  beyond.b.output(
      beyond.through(beyond.b.add(Op::gemm, "fc", {y, wide, beyond.b.floats("b", {2}, {3.0F, 1.0F})}), kOut));
  const Graph graph = fused(beyond, kOut.scale);
  assert_int_equal(graph.nodes.size(), 1);
  const auto zeros = graph.at(graph.nodes[0].inputs[4]).data.as<std::int32_t>();
  assert_int_equal(zeros[0], 0);
  assert_true(zeros[1] < 0);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_conv_keeps_its_integers),
      cmocka_unit_test(test_other_layers),
      cmocka_unit_test(test_weights_beyond_int8),
      cmocka_unit_test(test_long_sums_of_weights_beyond_int8),
      cmocka_unit_test(test_arithmetic_and_functions),
      cmocka_unit_test(test_moves),
      cmocka_unit_test(test_weights_that_are_turned),
      cmocka_unit_test(test_concat_of_several_scales),
      cmocka_unit_test(test_split_into_several_scales),
      cmocka_unit_test(test_softmax),
      cmocka_unit_test(test_what_does_not_match_stays_as_it_is),
      cmocka_unit_test(test_numbers_of_damaged_files),
      cmocka_unit_test(test_an_input_that_goes_straight_to_an_output),
      cmocka_unit_test(test_a_bias_beyond_32_bits),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

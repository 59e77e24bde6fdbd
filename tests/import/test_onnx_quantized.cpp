// Quantized ONNX: what QuantizeLinear, DequantizeLinear and the operators on integers become.
#include <cmath>

#include "import/onnx/expect.h"
#include "import/onnx/model_writer.h"
#include "passes/passes.h"
#include "support/cmocka.h"

namespace octet::test {
namespace {

using Ints = std::vector<std::int64_t>;
using Bytes8 = std::vector<std::int8_t>;

std::string int8(const std::string& name, const Ints& dims, const Bytes8& values) {
  return tensor(name, dims, kInt8, raw(values));
}
std::string uint8(const std::string& name, const Ints& dims, const std::vector<std::uint8_t>& values) {
  return tensor(name, dims, kUint8, raw(values));
}
std::string int32(const std::string& name, const Ints& dims, const std::vector<std::int32_t>& values) {
  return tensor(name, dims, kInt32, raw(values));
}

// x [1, 2, 4, 4] and the scales s 0.5, s2 0.25 with the zero points z 128 (uint8), z2 3 (int8).
OnnxModel start(int opset = 13, int input_type = kFloat) {
  OnnxModel model(opset);
  model.input("x", {1, 2, 4, 4}, input_type).output("y");
  model.floats("s", {}, {0.5f}).floats("s2", {}, {0.25f});
  model.initializer(uint8("z", {}, {130})).initializer(int8("z2", {}, {3}));
  return model;
}

const Tensor& named(const Graph& graph, const std::string& name) {
  for (const Tensor& tensor : graph.tensors) {
    if (tensor.name == name) return tensor;
  }
  fail_msg("there is no tensor '%s'", name.c_str());
  std::abort();
}

void expect_quant(const Graph& graph, const std::string& name, float scale, int zero_point) {
  const Tensor& tensor = named(graph, name);
  assert_true(tensor.dtype == DType::i8);
  assert_float_equal(tensor.quant.scale, scale, 0);
  assert_int_equal(tensor.quant.zero_point, zero_point);
}

void expect_values(const Tensor& tensor, const std::vector<float>& expected) {
  assert_true(tensor.constant && tensor.dtype == DType::f32);
  const auto values = tensor.data.as<float>();
  assert_int_equal(values.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) assert_float_equal(values[i], expected[i], 0);
}

// The finished graph is one that the rest of Octet takes.
Graph prepared(const OnnxModel& model) {
  Graph graph = import_ok(model);
  const Status status = prepare_graph(graph);
  if (!status.ok()) print_error("%s\n", status.message().c_str());
  assert_true(status.ok());
  return graph;
}

void test_quantize_dequantize(void**) {
  OnnxModel model = start();
  model.node("QuantizeLinear", {"x", "s", "z"}, {"q"}, {}, "quantizer")
      .node("DequantizeLinear", {"q", "s", "z"}, {"y"});
  const Graph graph = import_ok(model);
  expect_ops(graph, "quantize, dequantize");
  expect_quant(graph, "q", 0.5f, 130 - 128);
  assert_string_equal(graph.nodes[0].name.c_str(), "quantizer");
  assert_true(named(graph, "y").dtype == DType::f32);
  prepared(model);
}

void test_signed_and_default_types(void**) {
  OnnxModel model = start();
  model.node("QuantizeLinear", {"x", "s", "z2"}, {"q"}).node("DequantizeLinear", {"q", "s", "z2"}, {"f"});
  model.node("QuantizeLinear", {"f", "s2"}, {"p"}).node("DequantizeLinear", {"p", "s2"}, {"y"});
  const Graph graph = import_ok(model);
  expect_quant(graph, "q", 0.5f, 3);
  expect_quant(graph, "p", 0.25f, -128);  // uint8 with zero point 0
  OnnxModel typed = start(21);
  typed.node("QuantizeLinear", {"x", "s"}, {"q"}, {attr("output_dtype", kInt8)});
  typed.node("DequantizeLinear", {"q", "s"}, {"y"});
  expect_quant(import_ok(typed), "q", 0.5f, 0);
}

void test_constants_keep_their_scales(void**) {
  OnnxModel model = start();
  model.initializer(int8("w", {2, 2, 1, 1}, {1, -2, 3, -127})).floats("ws", {2}, {0.5f, 2.0f});
  model.initializer(int8("wz", {2}, {0, 0}));
  model.initializer(int32("b", {2}, {100, -7})).floats("bs", {2}, {0.25f, 1.0f});
  model.node("DequantizeLinear", {"w", "ws", "wz"}, {"wf"}, {attr("axis", 0)});
  model.node("DequantizeLinear", {"b", "bs"}, {"bf"}, {attr("axis", 0)});
  model.node("Conv", {"x", "wf", "bf"}, {"y"});
  const Graph graph = import_ok(model);
  expect_ops(graph, "conv");
  const Tensor& weight = named(graph, "wf");
  expect_values(weight, {0.5f, -1, 6, -254});
  assert_true((weight.scales == std::vector<float>{0.5f, 2.0f}));
  assert_int_equal(weight.scale_axis, 0);
  expect_values(named(graph, "bf"), {25, -7});
}

void test_zero_points_of_constants(void**) {
  OnnxModel model = start();
  model.initializer(uint8("w", {2, 2, 1, 1}, {130, 0, 255, 129}));
  model.node("DequantizeLinear", {"w", "s", "z"}, {"wf"}).node("Conv", {"x", "wf"}, {"y"});
  const Graph graph = import_ok(model);
  expect_values(named(graph, "wf"), {0, -65, 62.5f, -0.5f});
  assert_true((named(graph, "wf").scales == std::vector<float>{0.5f}));
}

// Weights that were exported as floats behind QuantizeLinear: rounded to even and limited, as the file says.
void test_fake_quantized_weight(void**) {
  OnnxModel model = start();
  model.floats("w", {2, 2, 1, 1}, {0.25f, 0.75f, -1000, 0.5f});
  model.node("QuantizeLinear", {"w", "s", "z2"}, {"q"}).node("DequantizeLinear", {"q", "s", "z2"}, {"wf"});
  model.node("Conv", {"x", "wf"}, {"y"});
  const Graph graph = import_ok(model);
  expect_ops(graph, "conv");
  expect_values(named(graph, "wf"), {0, 1, -131 * 0.5f, 0.5f});
}

// A weight that is transposed behind DequantizeLinear: the scales go with their dimension.
void test_transposed_weight(void**) {
  OnnxModel model(13);
  model.input("x", {1, 2}).output("y").floats("ws", {3}, {1, 2, 3});
  model.initializer(int8("w", {3, 2}, {1, 2, 3, 4, 5, 6})).initializer(int8("wz", {3}, {0, 0, 0}));
  model.node("DequantizeLinear", {"w", "ws", "wz"}, {"wf"}, {attr("axis", 0)});
  model.node("Transpose", {"wf"}, {"wt"}, {attr("perm", Ints{1, 0})}).node("MatMul", {"x", "wt"}, {"y"});
  const Graph graph = import_ok(model);
  expect_ops(graph, "gemm");
  const Tensor& weight = graph.at(graph.nodes[0].inputs[1]);
  expect_values(weight, {1, 2, 6, 8, 15, 18});  // [N, K] again
  assert_true((weight.scales == std::vector<float>{1, 2, 3}));
  assert_int_equal(weight.scale_axis, 0);
}

void test_integer_inputs_and_outputs(void**) {
  // The scale is known only behind the Transpose; the output is of the file's type uint8.
  OnnxModel model = start(13, kUint8);
  model.node("Transpose", {"x"}, {"t"}, {attr("perm", Ints{0, 2, 3, 1})});
  model.node("DequantizeLinear", {"t", "s", "z"}, {"f"}).node("Relu", {"f"}, {"r"});
  model.node("QuantizeLinear", {"r", "s2", "z"}, {"y"});
  const Graph graph = import_ok(model);
  expect_ops(graph, "quantize, dequantize, transpose, quantize, dequantize, unary, quantize, dequantize");
  assert_true(named(graph, "x").dtype == DType::f32);
  expect_quant(graph, "x/quantized", 0.5f, 2);
  expect_quant(graph, "t", 0.5f, 2);
  expect_quant(graph, "y/quantized", 0.25f, 2);
  assert_string_equal(graph.at(graph.outputs[0]).name.c_str(), "y");
  assert_true(graph.at(graph.outputs[0]).dtype == DType::f32);
  prepared(model);
}

// Pixels: whole numbers that nobody dequantizes.
void test_pixels(void**) {
  OnnxModel model = start(13, kUint8);
  model.node("Cast", {"x"}, {"f"}, {attr("to", kFloat)}).node("Mul", {"f", "s"}, {"y"});
  const Graph graph = import_ok(model);
  expect_ops(graph, "quantize, dequantize, binary");
  expect_quant(graph, "x/quantized", 1, -128);
  OnnxModel moved = start(13, kInt8);
  moved.node("Identity", {"x"}, {"y"});
  expect_quant(import_ok(moved), "x/quantized", 1, 0);
}

void test_moved_integers(void**) {
  OnnxModel model = start();
  model.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  model.node("MaxPool", {"q"}, {"p"}, {attr("kernel_shape", Ints{2, 2})});
  model.node("Concat", {"p", "p"}, {"c"}, {attr("axis", 1)}).node("DequantizeLinear", {"c", "s", "z"}, {"y"});
  const Graph graph = import_ok(model);
  expect_ops(graph, "quantize, dequantize, max_pool, quantize, dequantize, concat, quantize, dequantize");
  expect_quant(graph, "p", 0.5f, 2);
  expect_quant(graph, "c", 0.5f, 2);

  // Padding with the file's 0, which is no real 0.
  OnnxModel padded = start();
  padded.ints("pads", {0, 0, 1, 1, 0, 0, 1, 1}).node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  padded.node("Pad", {"q", "pads"}, {"p"}).node("DequantizeLinear", {"p", "s", "z"}, {"y"});
  const Graph pads = import_ok(padded);
  expect_values(pads.at(pads.nodes[2].inputs[2]), {-65});
}

void test_other_scale(void**) {
  OnnxModel model = start();
  model.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  model.initializer(uint8("z3", {}, {126})).node("DequantizeLinear", {"q", "s2", "z3"}, {"y"});
  const Graph graph = import_ok(model);
  expect_ops(graph, "quantize, dequantize, binary, binary");  // times 0.5, plus 0.25 * (130 - 126)
  expect_values(graph.at(graph.nodes[2].inputs[1]), {0.5f});
  expect_values(graph.at(graph.nodes[3].inputs[1]), {1});
}

void test_qlinear_conv(void**) {
  OnnxModel model = start(10);
  model.initializer(int8("w", {2, 2, 1, 1}, {1, -2, 3, -4})).floats("ws", {2}, {0.5f, 2.0f});
  model.initializer(int8("wz", {2}, {0, 0})).initializer(int32("b", {2}, {8, -8}));
  model.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  model.node("QLinearConv", {"q", "s", "z", "w", "ws", "wz", "s2", "z2", "b"}, {"c"}, {}, "layer");
  model.node("DequantizeLinear", {"c", "s2", "z2"}, {"y"});
  const Graph graph = import_ok(model);
  expect_ops(graph, "quantize, dequantize, conv, quantize, dequantize");
  assert_string_equal(graph.nodes[2].name.c_str(), "layer");
  expect_quant(graph, "c", 0.25f, 3);
  const Node& conv = graph.nodes[2];
  expect_values(graph.at(conv.inputs[1]), {0.5f, -1, 6, -8});
  expect_values(graph.at(conv.inputs[2]), {8 * 0.25f, -8});  // in units of 0.5 * 0.5 and 0.5 * 2
  prepared(model);
}

void test_qlinear_of_onnx_runtime(void**) {
  const std::vector<std::string> two{"q", "s", "z", "q", "s", "z", "s2", "z2"};
  const std::vector<std::string> one{"q", "s", "z", "s2", "z2"};
  struct Form {
    const char* op;
    std::vector<std::string> inputs, attributes;
    const char* ops;
  };
  const Form forms[] = {{"QLinearAdd", two, {}, "binary"},
                        {"QLinearMul", two, {}, "binary"},
                        {"QLinearConcat", {"s2", "z2", "q", "s", "z", "q", "s", "z"}, {attr("axis", 1)}, "concat"},
                        {"QLinearAveragePool", one, {attr("kernel_shape", Ints{2, 2})}, "average_pool"},
                        {"QLinearGlobalAveragePool", one, {attr("channels_last", 0)}, "reduce"},
                        {"QLinearSigmoid", one, {}, "unary"},
                        {"QLinearLeakyRelu", one, {attr("alpha", 0.1f)}, "unary"},
                        {"QLinearSoftmax", one, {attr("opset", 13), attr("axis", 1)}, "softmax"}};
  for (const Form& form : forms) {
    OnnxModel model = start();
    model.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
    model.node(form.op, form.inputs, {"c"}, form.attributes, "", "com.microsoft");
    model.node("DequantizeLinear", {"c", "s2", "z2"}, {"y"});
    const Graph graph = import_ok(model);
    expect_ops(graph, std::string("quantize, dequantize, ") + form.ops + ", quantize, dequantize");
    expect_quant(graph, "c", 0.25f, 3);
    prepared(model);
  }
}

void test_qgemm_without_result_scale(void**) {
  OnnxModel model(13);
  model.input("x", {1, 2}).output("y").floats("s", {}, {0.5f}).initializer(uint8("z", {}, {128}));
  model.initializer(int8("w", {3, 2}, {1, 2, 3, 4, 5, 6})).initializer(int8("wz", {}, {0}));
  model.initializer(int32("c", {3}, {4, 8, 12}));
  model.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  model.node("QGemm", {"q", "s", "z", "w", "s", "wz", "c"}, {"y"}, {attr("transB", 1)}, "", "com.microsoft");
  const Graph graph = import_ok(model);
  expect_ops(graph, "quantize, dequantize, gemm");
  expect_values(graph.at(graph.nodes[2].inputs[2]), {1, 2, 3});
}

// DynamicQuantizeLinear -> ConvInteger -> Cast -> Mul: a float convolution with the file's weights.
void test_dynamic_quantization(void**) {
  OnnxModel model = start();
  model.initializer(int8("w", {2, 2, 1, 1}, {1, -2, 3, -4}));
  model.node("DynamicQuantizeLinear", {"x"}, {"q", "qs", "qz"});
  model.node("ConvInteger", {"q", "w", "qz"}, {"i"}).node("Cast", {"i"}, {"f"}, {attr("to", kFloat)});
  model.node("Mul", {"qs", "s"}, {"scale"}).node("Mul", {"f", "scale"}, {"y"});
  Graph graph = prepared(model);
  expect_ops(graph, "conv");
  expect_values(graph.at(graph.nodes[0].inputs[1]), {0.5f, -1, 1.5f, -2});
}

void test_dynamic_scale_must_come_back(void**) {
  OnnxModel none = start();
  none.initializer(int8("w", {2, 2, 1, 1}, {1, -2, 3, -4})).node("DynamicQuantizeLinear", {"x"}, {"q", "qs", "qz"});
  none.node("ConvInteger", {"q", "w", "qz"}, {"i"}).node("Cast", {"i"}, {"y"}, {attr("to", kFloat)});
  expect_error(none, Code::unsupported, {"'y'", "DynamicQuantizeLinear"});
  OnnxModel added = start();
  added.node("DynamicQuantizeLinear", {"x"}, {"q", "qs", "qz"}).node("Add", {"x", "qs"}, {"y"}, {}, "adds");
  expect_error(added, Code::unsupported, {"Add", "'adds'", "DynamicQuantizeLinear"});
  OnnxModel other = start();
  other.initializer(int8("w", {2, 2, 1, 1}, {1, -2, 3, -4})).node("DynamicQuantizeLinear", {"x"}, {"q", "qs", "qz"});
  other.node("ConvInteger", {"q", "w", "z"}, {"i"}).node("Mul", {"i", "qs"}, {"y"});
  expect_error(other, Code::unsupported, {"ConvInteger", "zero point"});
}

void test_integer_layers_behind_a_fixed_scale(void**) {
  OnnxModel model = start();
  model.initializer(int8("w", {2, 2, 1, 1}, {1, -2, 3, -4})).node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  model.node("ConvInteger", {"q", "w", "z"}, {"i"}).node("Cast", {"i"}, {"f"}, {attr("to", kFloat)});
  model.node("Mul", {"f", "s2"}, {"y"});
  const Graph graph = prepared(model);
  const Node& conv = graph.nodes.back();
  assert_true(conv.op == Op::conv && graph.at(conv.inputs[0]).dtype == DType::f32);
  // The integers of x are x / 0.5.
  expect_values(graph.at(conv.inputs[1]), {0.5f, -1, 1.5f, -2});
}

void test_refused(void**) {
  const auto quantizer = [](const std::string& zero_point, const std::string& attribute = "") {
    OnnxModel model = start(21);
    model.initializer(zero_point);
    model.node("QuantizeLinear", {"x", "s", "zp"}, {"q"},
               attribute.empty() ? std::vector<std::string>() : std::vector<std::string>{attribute}, "first");
    model.node("DequantizeLinear", {"q", "s", "zp"}, {"y"});
    return model;
  };
  constexpr int kInt16 = 5, kFloat8 = 17, kInt4 = 22;
  expect_error(quantizer(tensor("zp", {}, kInt16, std::string(2, '\0'))), Code::unsupported,
               {"QuantizeLinear", "'first'", "INT16"});
  expect_error(quantizer(tensor("zp", {}, kFloat8, std::string(1, '\0'))), Code::unsupported, {"FLOAT8E4M3FN"});
  expect_error(quantizer(tensor("zp", {}, kInt4, std::string(1, '\0'))), Code::unsupported, {"INT4"});
  expect_error(quantizer(int32("zp", {}, {0})), Code::unsupported, {"int32"});
  expect_error(quantizer(int8("zp", {}, {0}), attr("block_size", 2)), Code::unsupported, {"block_size"});
  expect_error(quantizer(int8("zp", {1, 1}, {0})), Code::unsupported, {"blocks"});

  OnnxModel computed = start();
  computed.input("scale", {1}).node("QuantizeLinear", {"x", "scale", "z"}, {"q"});
  computed.node("DequantizeLinear", {"q", "scale", "z"}, {"y"});
  expect_error(computed, Code::unsupported, {"QuantizeLinear", "not a float constant"});
  OnnxModel negative = start();
  negative.floats("bad", {}, {-1}).node("QuantizeLinear", {"x", "bad", "z"}, {"y"}, {}, "first");
  expect_error(negative, Code::format, {"net.onnx", "QuantizeLinear", "'first'", "scale", "-1"});
  OnnxModel types = start();
  types.node("QuantizeLinear", {"x", "s", "z"}, {"q"}).node("DequantizeLinear", {"q", "s", "z2"}, {"y"});
  expect_error(types, Code::format, {"DequantizeLinear", "int8", "uint8"});
  OnnxModel last = start();
  last.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
  last.node("QLinearGlobalAveragePool", {"q", "s", "z", "s2", "z2"}, {"y"}, {attr("channels_last", 1)}, "",
            "com.microsoft");
  expect_error(last, Code::unsupported, {"com.microsoft.QLinearGlobalAveragePool", "channels_last"});
}

// Float operators have no meaning for integers; those that join them need one scale.
void test_float_operators_on_integers(void**) {
  OnnxModel model = start();
  model.node("QuantizeLinear", {"x", "s", "z"}, {"q"}).node("Sigmoid", {"q"}, {"y"}, {}, "wrong");
  expect_error(model, Code::unsupported, {"Sigmoid", "'wrong'", "DequantizeLinear"});
  OnnxModel joined = start();
  joined.node("QuantizeLinear", {"x", "s", "z"}, {"q"}).node("QuantizeLinear", {"x", "s2", "z"}, {"p"});
  joined.node("Concat", {"q", "p"}, {"y"}, {attr("axis", 1)});
  expect_error(joined, Code::unsupported, {"Concat", "different scales"});
  OnnxModel operand = start();
  operand.node("QLinearAdd", {"x", "s", "z", "x", "s", "z", "s2", "z2"}, {"y"}, {}, "", "com.microsoft");
  expect_error(operand, Code::unsupported, {"QLinearAdd", "'x'", "QuantizeLinear"});
}

void test_mismatched_lists(void**) {
  const auto conv = [](const Ints& scale_dims, const std::vector<float>& scales, int axis) {
    OnnxModel model = start();
    model.initializer(int8("w", {2, 2, 1, 1}, {1, -2, 3, -4})).floats("ws", scale_dims, scales);
    model.node("DequantizeLinear", {"w", "ws"}, {"wf"}, {attr("axis", axis)}, "weights")
        .node("Conv", {"x", "wf"}, {"y"});
    return model;
  };
  expect_error(conv({3}, {1, 1, 1}, 0), Code::format, {"'weights'", "3 scales", "axis 0"});
  expect_error(conv({2}, {1, 1}, 9), Code::format, {"'weights'", "axis 9"});
  expect_error(conv({2}, {1, 1}, 2), Code::format, {"'weights'", "2 scales", "axis 2"});
  expect_error(conv({0}, {}, 0), Code::format, {"empty"});
  OnnxModel points = start();
  points.initializer(int8("many", {3}, {1, 2, 3})).node("QuantizeLinear", {"x", "s", "many"}, {"y"});
  expect_error(points, Code::format, {"3 zero points for 1"});
  OnnxModel overflow = start();
  overflow.initializer(int32("b", {1}, {-2147483647 - 1})).initializer(int32("bz", {}, {1}));
  overflow.node("DequantizeLinear", {"b", "s", "bz"}, {"bf"}).node("Add", {"x", "bf"}, {"y"});
  expect_error(overflow, Code::format, {"32 bits"});
}

// A small file that names its one large constant a thousand times.
void test_constants_read_again_and_again(void**) {
  constexpr std::int64_t kSize = 1 << 20;
  OnnxModel model = start();
  model.initializer(int8("w", {kSize}, Bytes8(kSize, 1)));
  for (int i = 0; i < 1000; ++i) model.node("DequantizeLinear", {"w", "s"}, {"f" + std::to_string(i)});
  expect_error(model.node("Identity", {"f999"}, {"y"}), Code::unsupported, {"DequantizeLinear", "memory"});
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_quantize_dequantize),
      cmocka_unit_test(test_signed_and_default_types),
      cmocka_unit_test(test_constants_keep_their_scales),
      cmocka_unit_test(test_zero_points_of_constants),
      cmocka_unit_test(test_fake_quantized_weight),
      cmocka_unit_test(test_transposed_weight),
      cmocka_unit_test(test_integer_inputs_and_outputs),
      cmocka_unit_test(test_pixels),
      cmocka_unit_test(test_moved_integers),
      cmocka_unit_test(test_other_scale),
      cmocka_unit_test(test_qlinear_conv),
      cmocka_unit_test(test_qlinear_of_onnx_runtime),
      cmocka_unit_test(test_qgemm_without_result_scale),
      cmocka_unit_test(test_dynamic_quantization),
      cmocka_unit_test(test_dynamic_scale_must_come_back),
      cmocka_unit_test(test_integer_layers_behind_a_fixed_scale),
      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_float_operators_on_integers),
      cmocka_unit_test(test_mismatched_lists),
      cmocka_unit_test(test_constants_read_again_and_again),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

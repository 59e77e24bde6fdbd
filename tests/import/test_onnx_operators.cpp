// What the nodes of ONNX become, with their forms by opset.
#include <cmath>

#include "import/onnx/expect.h"
#include "import/onnx/model_writer.h"
#include "support/cmocka.h"

namespace octet::test {
namespace {

using Ints = std::vector<std::int64_t>;
using Floats = std::vector<float>;

// x [1, 3, 8, 8] -> one node -> y
OnnxModel one_node(int opset, const std::string& op, const std::vector<std::string>& more_inputs = {},
                   const std::vector<std::string>& attributes = {}) {
  OnnxModel model(opset);
  std::vector<std::string> inputs{"x"};
  inputs.insert(inputs.end(), more_inputs.begin(), more_inputs.end());
  model.input("x", {1, 3, 8, 8}).output("y").node(op, inputs, {"y"}, attributes);
  return model;
}

Node only_node(const Graph& graph) {
  assert_int_equal(graph.nodes.size(), 1);
  return graph.nodes[0];
}

Node import_node(const OnnxModel& model) { return only_node(import_ok(model)); }

void test_conv_attributes(void**) {
  OnnxModel model = one_node(
      11, "Conv", {"w"},
      {attr("strides", Ints{2, 1}), attr("dilations", Ints{1, 2}), attr("pads", Ints{1, 2, 3, 4}), attr("group", 3)});
  model.weight("w", {6, 1, 3, 5});
  const Node node = import_node(model);
  assert_true(node.op == Op::conv);
  assert_true((node.attrs.window.kernel == std::array<std::int64_t, 2>{3, 5}));  // from the weight
  assert_true((node.attrs.window.stride == std::array<std::int64_t, 2>{2, 1}));
  assert_true((node.attrs.window.dilation == std::array<std::int64_t, 2>{1, 2}));
  assert_true((node.attrs.window.pads == std::array<std::int64_t, 4>{1, 2, 3, 4}));
  assert_int_equal(node.attrs.groups, 3);
  assert_int_equal(node.inputs.size(), 2);
}

void test_conv_auto_pad(void**) {
  const std::pair<const char*, AutoPad> cases[] = {{"SAME_UPPER", AutoPad::same_upper},
                                                   {"SAME_LOWER", AutoPad::same_lower},
                                                   {"VALID", AutoPad::valid},
                                                   {"NOTSET", AutoPad::none}};
  for (const auto& [text, kind] : cases) {
    OnnxModel model = one_node(11, "Conv", {"w"}, {attr("auto_pad", text)});
    model.weight("w", {6, 3, 3, 3});
    assert_true(import_node(model).attrs.window.auto_pad == kind);
  }
}

void test_conv_errors(void**) {
  OnnxModel kernel = one_node(11, "Conv", {"w"}, {attr("kernel_shape", Ints{5, 5})});
  expect_error(kernel.weight("w", {6, 3, 3, 3}), Code::format, {"Conv", "5x5", "6x3x3x3"});
  OnnxModel stride = one_node(11, "Conv", {"w"}, {attr("strides", Ints{0, 1})});
  expect_error(stride.weight("w", {6, 3, 3, 3}), Code::format, {"strides"});
  OnnxModel pads = one_node(11, "Conv", {"w"}, {attr("pads", Ints{0, 1})});
  expect_error(pads.weight("w", {6, 3, 3, 3}), Code::format, {"pads", "4"});
  OnnxModel volume = one_node(11, "Conv", {"w"});
  expect_error(volume.weight("w", {6, 3, 3, 3, 3}), Code::unsupported, {"3-D"});
  OnnxModel computed(11);
  computed.input("x", {1, 3, 8, 8}).input("w", {6, 3, 3, 3}).output("y").node("Conv", {"x", "w"}, {"y"});
  expect_error(computed, Code::unsupported, {"kernel_shape"});
}

void test_conv_1d(void**) {
  OnnxModel model(11);
  model.input("x", {1, 3, 16}).output("y").weight("w", {4, 3, 5});
  model.node("Conv", {"x", "w"}, {"y"}, {attr("pads", Ints{1, 2}), attr("strides", Ints{2})});
  const Graph graph = import_ok(model);
  expect_ops(graph, "unsqueeze, conv, squeeze");
  const Node& conv = graph.nodes[1];
  assert_true((conv.attrs.window.kernel == std::array<std::int64_t, 2>{1, 5}));
  assert_true((conv.attrs.window.stride == std::array<std::int64_t, 2>{1, 2}));
  assert_true((conv.attrs.window.pads == std::array<std::int64_t, 4>{0, 1, 0, 2}));
  assert_true(graph.at(conv.inputs[1]).dims == (Dims{4, 3, 1, 5}));
}

void test_conv_transpose(void**) {
  OnnxModel model =
      one_node(11, "ConvTranspose", {"w"}, {attr("output_padding", Ints{1, 0}), attr("output_shape", Ints{17, 16})});
  const Node node = import_node(model.weight("w", {3, 2, 2, 2}));
  assert_true(node.op == Op::conv_transpose);
  assert_true((node.attrs.output_padding == std::array<std::int64_t, 2>{1, 0}));
  assert_true((node.attrs.output_size == std::array<std::int64_t, 2>{17, 16}));
}

void test_pools(void**) {
  const Node average = import_node(one_node(19, "AveragePool", {},
                                            {attr("kernel_shape", Ints{3, 2}), attr("ceil_mode", 1),
                                             attr("count_include_pad", 1), attr("dilations", Ints{2, 1})}));
  assert_true(average.op == Op::average_pool);
  assert_true(average.attrs.ceil_mode && average.attrs.count_include_pad);
  assert_int_equal(average.attrs.window.dilation[0], 2);
  assert_true(
      import_node(one_node(8, "MaxPool", {}, {attr("kernel_shape", Ints{2, 2}), attr("storage_order", 1)})).op ==
      Op::max_pool);
  expect_error(one_node(8, "MaxPool"), Code::format, {"MaxPool"});
  expect_error(one_node(8, "MaxPool", {}, {attr("kernel_shape", Ints{2, 2, 2})}), Code::unsupported, {"3-D"});

  OnnxModel indices(12);
  indices.input("x", {1, 3, 8, 8}).output("y").output("i");
  indices.node("MaxPool", {"x"}, {"y", "i"}, {attr("kernel_shape", Ints{2, 2})});
  expect_error(indices, Code::unsupported, {"MaxPool", "indices"});
  OnnxModel unused(12);
  unused.input("x", {1, 3, 8, 8}).output("y");
  unused.node("MaxPool", {"x"}, {"y", "i"}, {attr("kernel_shape", Ints{2, 2})});
  assert_int_equal(import_node(unused).outputs.size(), 1);

  OnnxModel line(12);
  line.input("x", {1, 3, 8}).output("y").node("MaxPool", {"x"}, {"y"}, {attr("kernel_shape", Ints{2})});
  expect_ops(import_ok(line), "unsqueeze, max_pool, squeeze");
}

void test_global_pools(void**) {
  const Node average = import_node(one_node(8, "GlobalAveragePool"));
  assert_true(average.op == Op::reduce && average.attrs.reduce == ReduceKind::mean && average.attrs.keep_dims);
  assert_true(average.attrs.axes == (Ints{2, 3}));
  OnnxModel line(12);
  line.input("x", {1, 3, 8}).output("y").node("Relu", {"x"}, {"r"}).node("GlobalMaxPool", {"r"}, {"y"});
  const Graph graph = import_ok(line);
  assert_true(graph.nodes[1].attrs.axes == (Ints{2}));
  assert_true(graph.nodes[1].attrs.reduce == ReduceKind::max);
}

void test_gemm(void**) {
  OnnxModel plain(11);
  plain.input("x", {1, 3}).output("y").weight("w", {2, 3}).weight("b", {2});
  plain.node("Gemm", {"x", "w", "b"}, {"y"}, {attr("transB", 1)});
  const Graph direct = import_ok(plain);
  expect_ops(direct, "gemm");
  assert_string_equal(direct.at(direct.nodes[0].inputs[1]).name.c_str(), "w");

  OnnxModel turned(11);
  turned.input("x", {1, 3}).output("y").weight("w", {3, 2}).weight("b", {1, 2});
  turned.node("Gemm", {"x", "w", "b"}, {"y"});
  const Graph graph = import_ok(turned);
  expect_ops(graph, "gemm");
  const Tensor& weight = graph.at(graph.nodes[0].inputs[1]);
  assert_true(weight.dims == (Dims{2, 3}));
  assert_true(weight.data.as<float>()[1] == 2 * 0.125f && weight.data.as<float>()[3] == 0.125f);
  assert_true(graph.at(graph.nodes[0].inputs[2]).dims == (Dims{2}));

  OnnxModel scaled(11);
  scaled.input("x", {3, 1}).output("y").weight("w", {3, 2}).weight("b", {2});
  scaled.node("Gemm", {"x", "w", "b"}, {"y"}, {attr("alpha", 2.0f), attr("beta", 0.5f), attr("transA", 1)});
  expect_ops(import_ok(scaled), "transpose, gemm, binary, binary, binary");

  OnnxModel computed(11);
  computed.input("x", {1, 3}).input("z", {2, 3}).output("y").weight("b", {1});
  computed.node("Gemm", {"x", "z", "b"}, {"y"}, {attr("transB", 1)});
  expect_ops(import_ok(computed), "transpose, mat_mul, binary");
}

void test_mat_mul(void**) {
  OnnxModel constant(13);
  constant.input("x", {1, 5, 3}).output("y").weight("w", {3, 2}).node("MatMul", {"x", "w"}, {"y"});
  expect_ops(import_ok(constant), "gemm");
  OnnxModel turned(13);  // the exporter left the transposition of the weight in the graph
  turned.input("x", {1, 5, 3}).output("y").weight("w", {2, 3}).node("Transpose", {"w"}, {"t"});
  turned.node("MatMul", {"x", "t"}, {"y"});
  const Graph graph = import_ok(turned);
  expect_ops(graph, "gemm");
  const auto weight = graph.at(graph.nodes[0].inputs[1]).data.as<float>();
  assert_true(weight[0] == 0 && weight[1] == 0.125f);
  OnnxModel both(13);
  both.input("x", {1, 5, 3}).input("z", {1, 3, 5}).output("y").node("MatMul", {"x", "z"}, {"y"});
  expect_ops(import_ok(both), "mat_mul");
  OnnxModel vector(13);
  vector.input("x", {2, 5, 3}).output("y").weight("w", {5}).node("MatMul", {"w", "x"}, {"y"});
  expect_ops(import_ok(vector), "unsqueeze, mat_mul, squeeze");
}

void test_batch_norm(void**) {
  const auto model = [](int opset, const std::vector<std::string>& attributes) {
    OnnxModel made(opset);
    made.input("x", {1, 3, 8, 8}).output("y");
    for (const char* name : {"s", "b", "m", "v"}) made.weight(name, {3});
    made.node("BatchNormalization", {"x", "s", "b", "m", "v"}, {"y"}, attributes);
    return made;
  };
  const Node node = import_node(model(9, {attr("epsilon", 0.25f), attr("momentum", 0.5f)}));
  assert_true(node.op == Op::batch_norm && node.attrs.alpha == 0.25f && node.inputs.size() == 5);
  assert_true(import_node(model(7, {attr("spatial", 1)})).attrs.alpha == 1e-5f);
  expect_error(model(7, {attr("spatial", 0)}), Code::unsupported, {"spatial"});
  expect_error(model(14, {attr("training_mode", 1)}), Code::unsupported, {"training_mode"});
}

void test_activations(void**) {
  const Node leaky = import_node(one_node(7, "LeakyRelu"));
  assert_true(leaky.attrs.unary == UnaryKind::leaky_relu && leaky.attrs.alpha == 0.01f);
  const Node hard = import_node(one_node(7, "HardSigmoid", {}, {attr("alpha", 0.25f)}));
  assert_true(hard.attrs.unary == UnaryKind::hard_sigmoid && hard.attrs.alpha == 0.25f && hard.attrs.beta == 0.5f);
  assert_true(import_node(one_node(14, "HardSwish")).attrs.unary == UnaryKind::hard_swish);
  assert_true(import_node(one_node(18, "Mish")).attrs.unary == UnaryKind::mish);
  assert_true(import_node(one_node(20, "Gelu")).attrs.unary == UnaryKind::gelu);
  assert_true(import_node(one_node(20, "Gelu", {}, {attr("approximate", "tanh")})).attrs.unary == UnaryKind::gelu_tanh);
  expect_error(one_node(20, "Gelu", {}, {attr("approximate", "sinh")}), Code::format, {"approximate"});
  const Node selu = import_node(one_node(7, "Selu"));
  assert_true(std::abs(selu.attrs.alpha - 1.6732632f) < 1e-6f && std::abs(selu.attrs.beta - 1.050701f) < 1e-6f);
}

void test_clip_forms(void**) {
  const Node old = import_node(one_node(7, "Clip", {}, {attr("min", 0.0f), attr("max", 6.0f)}));
  assert_true(old.attrs.unary == UnaryKind::clip && old.attrs.alpha == 0 && old.attrs.beta == 6);
  OnnxModel inputs = one_node(11, "Clip", {"low", "high"});
  inputs.floats("low", {}, {-1}).floats("high", {}, {1});
  const Node modern = import_node(inputs);
  assert_true(modern.attrs.unary == UnaryKind::clip && modern.attrs.alpha == -1 && modern.attrs.beta == 1);
  assert_int_equal(modern.inputs.size(), 1);
  OnnxModel high_only = one_node(11, "Clip", {"", "high"});
  const Node half = import_node(high_only.floats("high", {}, {1}));
  assert_true(std::isinf(half.attrs.alpha) && half.attrs.alpha < 0 && half.attrs.beta == 1);
  assert_true(import_node(one_node(11, "Clip")).op == Op::identity);
  OnnxModel computed = one_node(13, "Clip", {"low", "high"});
  computed.input("low", {}).input("high", {});
  expect_ops(import_ok(computed), "binary, binary");
  OnnxModel nan = one_node(11, "Clip", {"low"});
  expect_error(nan.floats("low", {}, {NAN}), Code::format, {"Clip", "not a number"});
}

void test_softmax_by_opset(void**) {
  const Node modern = import_node(one_node(13, "Softmax"));
  assert_int_equal(modern.attrs.axis, -1);
  const Graph old = import_ok(one_node(11, "Softmax"));
  expect_ops(old, "flatten, softmax, shape, reshape");
  assert_int_equal(old.nodes[0].attrs.axis, 1);
  assert_int_equal(old.nodes[1].attrs.axis, -1);
  expect_ops(import_ok(one_node(11, "LogSoftmax", {}, {attr("axis", 3)})), "softmax");
  assert_true(import_node(one_node(13, "LogSoftmax")).attrs.log);
}

void test_chains(void**) {
  OnnxModel model(8);
  model.input("a", {4}).input("b", {4}).input("c", {4}).output("y").node("Max", {"a", "b", "c"}, {"y"});
  const Graph graph = import_ok(model);
  expect_ops(graph, "binary, binary");
  assert_true(graph.nodes[1].attrs.binary == BinaryKind::max);
  expect_ops(import_ok(one_node(8, "Sum")), "identity");
  OnnxModel mean(8);
  mean.input("a", {4}).input("b", {4}).output("y").node("Mean", {"a", "b"}, {"y"});
  expect_ops(import_ok(mean), "binary, binary");
}

void test_pow_of_integer_exponent(void**) {
  OnnxModel model = one_node(13, "Pow", {"e"});
  const Graph graph = import_ok(model.initializer(tensor("e", {}, kInt32, raw(std::vector<std::int32_t>{2}))));
  const Tensor& exponent = graph.at(only_node(graph).inputs[1]);
  assert_true(exponent.dtype == DType::f32 && exponent.data.as<float>()[0] == 2);
}

// The result is of the base's type, whatever the exponent's.
void test_pow_of_integer_base(void**) {
  OnnxModel model(13);
  model.input("x", {1, 4}).output("y").ints("base", {3}).floats("e", {}, {0.5f});
  model.node("Pow", {"base", "e"}, {"p"}).node("Cast", {"p"}, {"f"}, {attr("to", kFloat)});
  model.node("Mul", {"x", "f"}, {"y"});
  const Graph graph = import_ok(model);
  expect_ops(graph, "cast, binary, cast, cast, binary");
  assert_true(graph.nodes[0].attrs.to == DType::f32 && graph.nodes[2].attrs.to == DType::i64);
}

void test_axes_as_attribute_and_input(void**) {
  OnnxModel old(11);
  old.input("x", {1, 1, 4}).output("y").node("Squeeze", {"x"}, {"y"}, {attr("axes", Ints{1})});
  assert_true(import_node(old).attrs.axes == (Ints{1}));
  OnnxModel modern(13);
  modern.input("x", {1, 1, 4}).output("y").ints("a", {1}).node("Unsqueeze", {"x", "a"}, {"y"});
  assert_int_equal(import_node(modern).inputs.size(), 2);
  OnnxModel none(13);
  none.input("x", {1, 1, 4}).output("y").node("Unsqueeze", {"x"}, {"y"});
  expect_error(none, Code::format, {"Unsqueeze", "axes"});
}

void test_reductions(void**) {
  const Node attribute = import_node(one_node(11, "ReduceMean", {}, {attr("axes", Ints{2, 3}), attr("keepdims", 0)}));
  assert_true(attribute.attrs.axes == (Ints{2, 3}) && !attribute.attrs.keep_dims);
  OnnxModel input = one_node(18, "ReduceMax", {"a"});
  assert_int_equal(import_node(input.ints("a", {-1})).inputs.size(), 2);
  OnnxModel sum = one_node(13, "ReduceSum", {"a"});
  assert_int_equal(import_node(sum.ints("a", {1})).inputs.size(), 2);
  assert_true(import_node(one_node(18, "ReduceMean", {}, {attr("noop_with_empty_axes", 1)})).op == Op::identity);
  assert_true(import_node(one_node(18, "ReduceMean")).attrs.axes.empty());
}

void test_slice_pad_split_forms(void**) {
  const Node slice =
      import_node(one_node(9, "Slice", {}, {attr("starts", Ints{1}), attr("ends", Ints{-1}), attr("axes", Ints{2})}));
  assert_true(slice.attrs.starts == (Ints{1}) && slice.attrs.sizes == (Ints{-1}) && slice.attrs.axes == (Ints{2}));
  OnnxModel narrow = one_node(10, "Slice", {"s", "e"});  // int32 indices become int64
  narrow.initializer(tensor("s", {1}, kInt32, raw(std::vector<std::int32_t>{1})));
  narrow.initializer(tensor("e", {1}, kInt32, raw(std::vector<std::int32_t>{-1})));
  const Graph graph = import_ok(narrow);
  assert_true(graph.at(only_node(graph).inputs[2]).data.as<std::int64_t>()[0] == -1);

  const Node pad = import_node(one_node(
      10, "Pad", {}, {attr("pads", Ints{0, 0, 1, 1, 0, 0, 2, 2}), attr("mode", "reflect"), attr("value", 0.0f)}));
  assert_true(pad.attrs.pad == PadKind::reflect && pad.attrs.sizes.size() == 8);
  OnnxModel pads = one_node(13, "Pad", {"p"});
  assert_int_equal(import_node(pads.ints("p", {0, 0, 1, 1, 0, 0, 1, 1})).inputs.size(), 2);
  OnnxModel wrap = one_node(19, "Pad", {"p"}, {attr("mode", "wrap")});
  expect_error(wrap.ints("p", {0, 0, 1, 1, 0, 0, 1, 1}), Code::unsupported, {"wrap"});

  OnnxModel split(18);
  split.input("x", {1, 5}).output("a").output("b");
  split.node("Split", {"x"}, {"a", "b"}, {attr("axis", 1), attr("num_outputs", 2)});
  assert_int_equal(import_node(split).outputs.size(), 2);
}

void test_resize_forms(void**) {
  const Node seven =
      import_node(one_node(7, "Upsample", {}, {attr("mode", "linear"), attr("scales", Floats{1, 1, 2, 2})}));
  assert_true(seven.op == Op::resize && seven.attrs.resize == ResizeKind::linear);
  assert_true(seven.attrs.coordinate == CoordinateKind::asymmetric && seven.attrs.scales.size() == 4);
  OnnxModel nine = one_node(9, "Upsample", {"s"});
  assert_int_equal(import_node(nine.floats("s", {4}, {1, 1, 2, 2})).inputs.size(), 3);
  OnnxModel ten = one_node(10, "Resize", {"s"});
  assert_true(import_node(ten.floats("s", {4}, {1, 1, 2, 2})).attrs.nearest == NearestKind::floor);
  OnnxModel sizes = one_node(13, "Resize", {"", "", "s"}, {attr("coordinate_transformation_mode", "align_corners")});
  const Node modern = import_node(sizes.ints("s", {1, 3, 16, 16}));
  assert_int_equal(modern.inputs.size(), 4);
  assert_int_equal(modern.inputs[2], kNoTensor);
  assert_true(modern.attrs.coordinate == CoordinateKind::align_corners);
  OnnxModel empty = one_node(11, "Resize", {"r", "s"});  // empty lists mean "not given"
  empty.floats("r", {0}, {}).floats("s", {4}, {1, 1, 2, 2});
  assert_int_equal(import_node(empty).inputs.size(), 3);
  expect_error(one_node(13, "Resize"), Code::format, {"scales"});
  OnnxModel antialias = one_node(18, "Resize", {"", "s"}, {attr("antialias", 1), attr("mode", "linear")});
  expect_error(antialias.floats("s", {4}, {1, 1, 0.5f, 0.5f}), Code::unsupported, {"antialias"});
  OnnxModel aspect = one_node(18, "Resize", {"", "", "s"}, {attr("keep_aspect_ratio_policy", "not_larger")});
  expect_error(aspect.ints("s", {1, 3, 4, 4}), Code::unsupported, {"keep_aspect_ratio_policy"});
  OnnxModel gone = one_node(10, "Upsample", {"s"});
  expect_error(gone.floats("s", {4}, {1, 1, 2, 2}), Code::unsupported, {"Upsample", "opset 9"});
}

void test_constants(void**) {
  OnnxModel model(13);
  model.input("x", {1, 4}).output("y");
  model.node("Constant", {}, {"a"}, {attr("value_float", 2.0f)});
  model.node("Constant", {}, {"b"}, {tensor_attr("value", tensor("", {4}, kFloat, raw(Floats{1, 2, 3, 4})))});
  model.node("Constant", {}, {"c"}, {attr("value_floats", Floats{5})});
  model.node("Constant", {}, {"d"}, {attr("value_ints", Ints{1, 4})});
  model.node("Constant", {}, {"e"}, {attr("value_int", 1)});
  model.node("Mul", {"x", "a"}, {"p"}).node("Add", {"p", "b"}, {"q"}).node("Add", {"q", "c"}, {"r"});
  model.node("Reshape", {"r", "d"}, {"s"}).node("Gather", {"s", "e"}, {"y"}, {attr("axis", 1)});
  const Graph graph = import_ok(model);
  expect_ops(graph, "binary, binary, binary, reshape, gather");
  assert_true(graph.at(graph.nodes[0].inputs[1]).data.as<float>()[0] == 2);
  assert_true(graph.at(graph.nodes[0].inputs[1]).dims.empty());
  assert_true(graph.at(graph.nodes[1].inputs[1]).data.as<float>()[3] == 4);
  assert_true(graph.at(graph.nodes[3].inputs[1]).dtype == DType::i64);
  OnnxModel text(13);
  text.input("x", {1}).output("y").node("Constant", {}, {"y"}, {attr("value_string", "s")});
  expect_error(text, Code::unsupported, {"value_string"});
}

void test_shape_and_fill(void**) {
  const Node shape = import_node(one_node(15, "Shape", {}, {attr("start", 1), attr("end", -1)}));
  assert_true(shape.op == Op::shape && shape.attrs.starts == (Ints{1}) && shape.attrs.sizes == (Ints{-1}));
  OnnxModel fill(11);
  fill.input("x", {1, 4}).output("y").ints("s", {1, 4});
  fill.node("ConstantOfShape", {"s"}, {"f"}, {tensor_attr("value", tensor("", {1}, kInt64, raw(Ints{7})))})
      .node("Cast", {"f"}, {"g"}, {attr("to", 1)});
  fill.node("Add", {"x", "g"}, {"y"});
  const Graph graph = import_ok(fill);
  expect_ops(graph, "constant_of_shape, cast, binary");
  assert_true(graph.nodes[0].attrs.to == DType::i64 && graph.nodes[0].attrs.alpha == 7);
  assert_true(graph.nodes[1].attrs.to == DType::f32);
}

void test_dropout_and_identity(void**) {
  assert_true(import_node(one_node(7, "Dropout", {}, {attr("ratio", 0.5f)})).op == Op::identity);
  OnnxModel mask(10);
  mask.input("x", {1, 4}).output("y").output("m").node("Dropout", {"x"}, {"y", "m"});
  expect_error(mask, Code::unsupported, {"mask"});
  OnnxModel training = one_node(12, "Dropout", {"r", "t"});
  training.floats("r", {}, {0.5f}).initializer(tensor("t", {}, kBool, std::string(1, '\1')));
  expect_error(training, Code::unsupported, {"training_mode"});
  OnnxModel model(13);
  model.input("x", {1, 3, 8, 8}).output("y").weight("w", {2, 3, 3, 3});
  model.node("Identity", {"w"}, {"v"}).node("Conv", {"x", "v"}, {"y"});
  assert_true(import_node(model).op == Op::conv);
}

void test_compositions(void**) {
  expect_ops(import_ok(one_node(13, "LRN", {}, {attr("size", 5)})),
             "unary, transpose, average_pool, transpose, binary, binary, binary, binary");
  OnnxModel instance = one_node(13, "InstanceNormalization", {"s", "b"});
  instance.weight("s", {3}).weight("b", {3});
  expect_ops(import_ok(instance),
             "reduce, binary, unary, reduce, binary, unary, binary, unsqueeze, binary, unsqueeze, binary");
  OnnxModel layer = one_node(17, "LayerNormalization", {"s"}, {attr("axis", 2)});
  const Graph graph = import_ok(layer.weight("s", {8, 8}));
  assert_true(graph.nodes[0].attrs.axes == (Ints{-2, -1}));
  OnnxModel further(17);
  further.input("x", {1, 4}).output("y").output("mean").output("inverse").weight("s", {4});
  further.node("LayerNormalization", {"x", "s"}, {"y", "mean", "inverse"});
  const Graph three = import_ok(further);
  assert_int_equal(three.outputs.size(), 3);
  assert_string_equal(three.at(three.outputs[1]).name.c_str(), "mean");
  assert_string_equal(three.at(three.outputs[2]).name.c_str(), "inverse");
  OnnxModel range = one_node(17, "LayerNormalization", {"s"}, {attr("axis", 4)});
  expect_error(range.weight("s", {8, 8}), Code::format, {"axis 4"});
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_conv_attributes),
      cmocka_unit_test(test_conv_auto_pad),
      cmocka_unit_test(test_conv_errors),
      cmocka_unit_test(test_conv_1d),
      cmocka_unit_test(test_conv_transpose),
      cmocka_unit_test(test_pools),
      cmocka_unit_test(test_global_pools),
      cmocka_unit_test(test_gemm),
      cmocka_unit_test(test_mat_mul),
      cmocka_unit_test(test_batch_norm),
      cmocka_unit_test(test_activations),
      cmocka_unit_test(test_clip_forms),
      cmocka_unit_test(test_softmax_by_opset),
      cmocka_unit_test(test_chains),
      cmocka_unit_test(test_pow_of_integer_exponent),
      cmocka_unit_test(test_pow_of_integer_base),
      cmocka_unit_test(test_axes_as_attribute_and_input),
      cmocka_unit_test(test_reductions),
      cmocka_unit_test(test_slice_pad_split_forms),
      cmocka_unit_test(test_resize_forms),
      cmocka_unit_test(test_constants),
      cmocka_unit_test(test_shape_and_fill),
      cmocka_unit_test(test_dropout_and_identity),
      cmocka_unit_test(test_compositions),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

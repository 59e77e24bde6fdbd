// What .onnx files say: opsets, types of integers, names; and what is refused.
#include "export/through_file.h"
#include "import/onnx/proto.h"

namespace octet::test {
namespace {

const Quant kIn{0.03F, -7};
const Quant kOut{0.05F, 11};

std::int64_t opset_of(const Graph& graph) {
  const auto bytes = exported(graph, "onnx");
  expect_ok(bytes.status());
  const auto model = onnx::parse_model(*bytes);
  expect_ok(model.status());
  assert_int_equal(model->opsets.size(), 1);
  return model->opsets[0].version;
}

void test_oldest_opset(void**) {
  const auto unary = [](UnaryKind kind) {
    return float_network({{1, 2}},
                         [&](GraphBuilder& b, std::vector<TensorId> in) { return b.unary(kind, "y", in[0]); });
  };
  assert_int_equal(opset_of(unary(UnaryKind::sigmoid)), 13);
  assert_int_equal(opset_of(unary(UnaryKind::hard_swish)), 14);
  const Graph dilated = float_network({{1, 2, 9, 9}}, [](GraphBuilder& b, std::vector<TensorId> in) {
    const TensorId y = b.add(Op::average_pool, "y", {in[0]}, [](Attributes& a) { a = window(3, 1, {}, 1, 2); });
    return b.add(Op::reduce, "r", {y}, [](Attributes& a) { a.axes = {1}; });  // whose axes are an input by then
  });
  assert_int_equal(opset_of(dilated), 19);
  check_round_trip(dilated, "onnx", Same::nearly, "a dilated average pool");
}

// The initializer of this name.
onnx::TensorProto initializer(const std::string& bytes, std::string_view name) {
  const auto model = onnx::parse_model(bytes);
  expect_ok(model.status());
  const auto graph = onnx::parse_graph(model->graph);
  expect_ok(graph.status());
  for (const std::string_view message : graph->initializers) {
    const auto tensor = onnx::parse_tensor(message);
    expect_ok(tensor.status());
    if (tensor->name == name) return *tensor;
  }
  fail_msg("there is no initializer '%.*s'", static_cast<int>(name.size()), name.data());
  return {};
}

void test_types_of_integers(void**) {
  const Graph graph = int8_network({{1, 2, 4, 4}}, kIn, kOut, [](GraphBuilder& b, std::vector<TensorId> in) {
    return int8_linear(b, Op::conv, in[0], {3, 2, 1, 1}, window(1, 1, {}));
  });
  const auto bytes = exported(graph, "onnx");
  expect_ok(bytes.status());
  const auto zero_point = initializer(*bytes, "y:0/zero_point");
  assert_true(zero_point.type == onnx::ElementType::u8);
  assert_true(zero_point.dims.empty());
  assert_int_equal(static_cast<unsigned char>(zero_point.raw_data[0]), kOut.zero_point + 128);
  const auto weight = initializer(*bytes, "w/quantized");
  assert_true(weight.type == onnx::ElementType::i8);
  assert_true(weight.dims == (Dims{3, 2, 1, 1}));
  assert_true(initializer(*bytes, "bias/quantized").type == onnx::ElementType::i32);
  // From the scales the file's reader computes the factors that the graph has.
  const auto scales = initializer(*bytes, "w/scale").raw_data;
  const auto factors = graph.at(graph.nodes[1].inputs[3]).data.as<float>();
  for (std::size_t o = 0; o < factors.size(); ++o) {
    float scale = 0;
    std::memcpy(&scale, scales.data() + o * sizeof scale, sizeof scale);
    assert_true(std::fabs(kIn.scale * scale / kOut.scale - factors[o]) <= 1e-7F * factors[o]);
  }
}

// A clamp that the range of int8 holds already is not written: other runtimes then have no operator to fuse.
void test_clamps_of_int8(void**) {
  const auto nodes = [](const Clamp& clamp, const Quant& out) {
    const Graph graph = int8_network({{1, 2, 4, 4}}, kIn, out, [&](GraphBuilder& b, std::vector<TensorId> in) {
      Attributes attrs = window(1, 1, {});
      attrs.clamp = clamp;
      return int8_linear(b, Op::conv, in[0], {3, 2, 1, 1}, attrs);
    });
    const auto bytes = exported(graph, "onnx");
    expect_ok(bytes.status());
    std::string kinds;
    const auto messages = onnx::parse_graph(onnx::parse_model(*bytes)->graph)->nodes;
    for (const std::string_view message : messages) {
      const auto node = onnx::parse_node(message);
      expect_ok(node.status());
      if (node->op_type == "Relu" || node->op_type == "Clip") kinds += std::string(node->op_type) + " ";
    }
    return kinds;
  };
  assert_string_equal(nodes({0, INFINITY}, {0.05F, -128}).c_str(), "");
  assert_string_equal(nodes({0, 6}, {6.0F / 255, -128}).c_str(), "");
  assert_string_equal(nodes({0, INFINITY}, {0.05F, 0}).c_str(), "Relu ");
  assert_string_equal(nodes({0, 6}, {0.05F, -128}).c_str(), "Clip ");
}

void test_names_that_no_file_may_have(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 4, 4});
  const TensorId q = int8_result(b, b.add(Op::quantize, "", {x}), kIn);
  const TensorId y = int8_result(b, int8_linear(b, Op::conv, q, {3, 2, 1, 1}, window(1, 1, {})), kOut);
  const TensorId z = b.add(Op::dequantize, "\xff\xfe", {y});
  for (const TensorId id : {q, y}) b.graph.at(id).name = "x";  // as the input, whose name stays
  for (const TensorId id : b.graph.nodes[1].inputs) {
    if (id != q) b.graph.at(id).name = "";
  }
  b.graph.at(z).name = "y";
  b.output(z);
  expect_ok(infer_shapes(b.graph));
  expect_ok(validate(b.graph));
  check_round_trip(b.graph, "onnx", Same::bytes, "names twice, empty and not UTF-8");
  check_round_trip(b.graph, "tflite", Same::bytes, "names twice, empty and not UTF-8");
}

// Inputs and outputs that are int8 in the graph are float32 in the file; a tensor may be input and output at once.
void test_interfaces(void**) {
  GraphBuilder b;
  const TensorId x = int8_input(b, "x", {1, 2, 4, 4}, kIn);
  const TensorId y = int8_result(b, int8_linear(b, Op::conv, x, {3, 2, 1, 1}, window(1, 1, {})), kOut);
  b.output(y);
  b.output(int8_result(b, b.add(Op::requantize, "again", {y}), kIn));
  expect_ok(infer_shapes(b.graph));
  expect_ok(validate(b.graph));
  check_round_trip(b.graph, "onnx", Same::bytes, "int8 interface");
  check_round_trip(b.graph, "tflite", Same::bytes, "int8 interface");
  GraphBuilder c;
  const TensorId in = c.input("in", {2, 3});
  const TensorId turned = c.add(Op::transpose, "turned", {in}, [](Attributes& a) { a.axes = {1, 0}; });
  c.output(turned);
  c.output(c.unary(UnaryKind::relu, "relu", turned));
  expect_ok(prepare_graph(c.graph));
  check_round_trip(c.graph, "onnx", Same::bytes, "an output that is read");
  check_round_trip(c.graph, "tflite", Same::bytes, "an output that is read");
}

// Tables that are not those of the functions that the nodes name: nothing in the file would mean the same.
void test_tables_of_no_function(void**) {
  const Graph graph = int8_network({{1, 3, 8}}, kIn, kOut, [](GraphBuilder& b, std::vector<TensorId> in) {
    const auto noise = [&](const char* name, DType dtype, Dims dims) {
      const auto count = static_cast<std::size_t>(element_count(dims)) * size_of(dtype);
      return b.graph.add_constant(name, dtype, std::move(dims), Bytes::from(random_bytes(count, 3, 1)));
    };
    const TensorId first = b.unary(UnaryKind::sigmoid, "first", in[0]);
    b.graph.nodes.back().inputs.push_back(noise("t1", DType::i8, {256}));
    int8_result(b, first, kIn);
    const TensorId second = int8_result(b, b.add(Op::prelu, "second", {first, noise("t2", DType::i8, {3, 256})}), kIn);
    return b.add(Op::softmax, "third", {second, noise("t3", DType::u32, {256})}, [](Attributes& a) { a.axis = 2; });
  });
  for (const char* format : {"onnx", "tflite"}) {
    expect_failure(exported(graph, format).status(), Code::unsupported,
                   {"node 'first' (unary): its table is not that of sigmoid", "node 'second' (prelu): no slope",
                    "node 'third' (softmax): its table is not that of exp", std::string_view(format)});
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_oldest_opset),   cmocka_unit_test(test_types_of_integers),
      cmocka_unit_test(test_clamps_of_int8), cmocka_unit_test(test_names_that_no_file_may_have),
      cmocka_unit_test(test_interfaces),     cmocka_unit_test(test_tables_of_no_function),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// The int8 forms of the operators, as validate wants them.
#include <cmath>

#include "graph/graph.h"
#include "support/expect.h"
#include "support/graph_builder.h"

namespace octet::test {
namespace {

// x -> quantize -> conv -> sigmoid (table) -> softmax (table) -> float
struct Int8Network : GraphBuilder {
  TensorId x, q, weight, bias, factor, conv, sigmoid, table, softmax, exponents;

  explicit Int8Network(std::int64_t channels = 2) {
    x = input("x", {1, channels, 3, 3});
    q = marked(add(Op::quantize, "quantize", {x}));
    weight = graph.add_constant("w", DType::i8, {4, channels, 3, 3},
                                std::vector<std::int8_t>(static_cast<std::size_t>(36 * channels), 127));
    bias = graph.add_constant("b", DType::i32, {4}, std::vector<std::int32_t>(4, -7));
    factor = floats("m", {4}, {0.1F, 0.2F, 0.3F, 0});
    conv = marked(add(Op::conv, "conv", {q, weight, bias, factor}));
    table = graph.add_constant("t", DType::i8, {256}, std::vector<std::int8_t>(256, 5));
    sigmoid = marked(add(Op::unary, "sigmoid", {conv, table}, [](Attributes& a) { a.unary = UnaryKind::sigmoid; }));
    exponents = graph.add_constant("e", DType::u32, {256}, std::vector<std::uint32_t>(256, 9));
    softmax = add(Op::softmax, "softmax", {sigmoid, exponents}, [](Attributes& a) { a.axis = 1; });
    output(softmax);
  }
  TensorId marked(TensorId id) {
    graph.at(id).dtype = DType::i8;
    graph.at(id).quant = {0.5F, 3};
    return id;
  }
  Status check() {
    const Status inferred = infer_shapes(graph);
    return inferred.ok() ? validate(graph) : inferred;
  }
};

void test_the_whole(void**) {
  Int8Network b;
  expect_ok(b.check());
  assert_true(b.graph.at(b.softmax).dtype == DType::f32);
}

void test_quantization_in_range(void**) {
  const Quant bad[] = {{0, 0}, {-1, 0}, {NAN, 0}, {INFINITY, 0}, {0x1p65F, 0}, {0x1p-65F, 0}, {1, 128}, {1, -129}};
  for (const Quant& quant : bad) {
    Int8Network b;
    b.graph.at(b.conv).quant = quant;
    expect_failure(b.check(), Code::format, {"'conv'", "'conv:0'"});
  }
  Int8Network b;
  b.graph.at(b.conv).quant = {0x1p64F, -128};
  b.graph.at(b.q).quant = {0x1p-64F, 127};
  expect_ok(b.check());
}

void test_int8_inputs_are_quantized(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {2}, DType::i8);
  b.output(b.add(Op::dequantize, "d", {x}));
  expect_ok(infer_shapes(b.graph));
  expect_failure(validate(b.graph), Code::format, {"'x'", "scale"});
  b.graph.at(x).quant = {1, 0};
  expect_ok(validate(b.graph));
}

void test_parameters(void**) {
  const auto broken = [](const std::function<void(Int8Network&, Node&)>& change) {
    Int8Network b;
    change(b, b.graph.nodes[1]);
    return b.check();
  };
  expect_failure(broken([](Int8Network&, Node& conv) { conv.inputs.pop_back(); }), Code::format, {"'conv'", "missing"});
  expect_failure(broken([](Int8Network&, Node& conv) { conv.inputs[2] = kNoTensor; }), Code::format, {"'conv'"});
  expect_failure(broken([](Int8Network& b, Node& conv) {
                   conv.inputs[1] = b.noise("wf", {4, 2, 3, 3});
                 }),
                 Code::format, {"'conv'", "'wf'", "int8"});
  expect_failure(broken([](Int8Network& b, Node& conv) { conv.inputs[2] = b.noise("bf", {4}); }), Code::format,
                 {"'conv'", "'bf'", "int32"});
  expect_failure(broken([](Int8Network& b, Node& conv) { conv.inputs[3] = b.noise("short", {3}); }), Code::format,
                 {"'conv'", "'short'"});
  expect_failure(broken([](Int8Network& b, Node& conv) {
                   conv.inputs[3] = b.floats("m", {4}, {1, 1, 1, NAN});
                 }),
                 Code::format, {"'conv'", "'m'"});
  expect_failure(broken([](Int8Network& b, Node& conv) {
                   conv.inputs[3] = b.floats("m", {4}, {1, 1, 1, -1});
                 }),
                 Code::format, {"'conv'", "negative"});
}

void test_weight_zero_points(void**) {
  const auto with = [](const std::vector<std::int32_t>& zero_points, const Dims& dims) {
    Int8Network b;
    b.graph.nodes[1].inputs.push_back(b.graph.add_constant("zeros", DType::i32, dims, zero_points));
    return b.check();
  };
  expect_ok(with({-255, 0, 7, 255}, {4}));
  expect_failure(with({-256, 0, 7, 255}, {4}), Code::format, {"'conv'", "-256", "-255..255"});
  expect_failure(with({0, 0, 7, 256}, {4}), Code::format, {"'conv'", "256", "-255..255"});
  expect_failure(with({INT32_MIN, 0, INT32_MAX, 0}, {4}), Code::format, {"'conv'", "-2147483648"});
  expect_failure(with({0, 7, 255}, {3}), Code::format, {"'conv'", "'zeros'", "4"});
  expect_failure(with({0, 7, 255, 4}, {1, 4}), Code::format, {"'conv'", "'zeros'"});
  Int8Network b;
  b.graph.nodes[1].inputs.push_back(b.noise("reals", {4}));
  expect_failure(b.check(), Code::format, {"'conv'", "'reals'", "int32"});
  Int8Network varies;
  const TensorId id = varies.graph.add_tensor("varies", DType::i32, {4});
  varies.graph.inputs.push_back(id);
  varies.graph.nodes[1].inputs.push_back(id);
  assert_false(varies.check().ok());
  Int8Network six;
  for (int i = 0; i < 2; ++i) {
    six.graph.nodes[1].inputs.push_back(
        six.graph.add_constant("z" + std::to_string(i), DType::i32, {4}, std::vector<std::int32_t>(4)));
  }
  expect_failure(six.check(), Code::format, {"'conv'", "6 inputs"});
  GraphBuilder floats;
  const TensorId x = floats.input("x", {1, 2, 3, 3});
  const TensorId zeros = floats.graph.add_constant("zeros", DType::i32, {4}, std::vector<std::int32_t>(4));
  floats.output(
      floats.add(Op::conv, "conv", {x, floats.noise("w", {4, 2, 3, 3}), floats.noise("b", {4}), kNoTensor, zeros}));
  expect_ok(infer_shapes(floats.graph));
  expect_failure(validate(floats.graph), Code::format, {"'conv'", "5 operands"});
}

void test_sums_fit_into_32_bits(void**) {
  // 7368 channels of 9 weights: 66312 * 255 * 127 is just above 2^31.
  Int8Network small(7366);
  expect_ok(small.check());
  Int8Network large(7368);
  expect_failure(large.check(), Code::unsupported, {"'conv'", "66312"});
  // Weights of 127 and zero points of -128: 255 * 255 * 33025 is just above 2^31.
  Int8Network with_zeros(3669);
  with_zeros.graph.nodes[1].inputs.push_back(
      with_zeros.graph.add_constant("zeros", DType::i32, {4}, std::vector<std::int32_t>{0, -128, 0, 0}));
  expect_ok(with_zeros.check());
  Int8Network too_many(3670);
  too_many.graph.nodes[1].inputs.push_back(
      too_many.graph.add_constant("zeros", DType::i32, {4}, std::vector<std::int32_t>{0, -128, 0, 0}));
  expect_failure(too_many.check(), Code::unsupported, {"'conv'", "33030"});
  Int8Network lowest(7366);  // 66294 * 255 * 128 is above 2^31
  std::vector<std::int8_t> weights(static_cast<std::size_t>(36 * 7366), 0);
  weights[40] = -128;
  lowest.graph.at(lowest.weight).data = Bytes::from(weights);
  expect_failure(lowest.check(), Code::unsupported, {"'conv'", "66294"});
  Int8Network fits;
  weights.resize(72);
  fits.graph.at(fits.weight).data = Bytes::from(weights);
  expect_ok(fits.check());
  Int8Network biased;
  const std::int32_t most = INT32_MAX - 2 * 9 * 255 * 127;
  biased.graph.at(biased.bias).data = Bytes::from(std::vector<std::int32_t>{0, -most, 0, most});
  expect_ok(biased.check());
  biased.graph.at(biased.bias).data = Bytes::from(std::vector<std::int32_t>{0, 0, INT32_MIN, 0});
  expect_failure(biased.check(), Code::unsupported, {"'conv'"});
}

void test_sums_of_pools(void**) {
  for (const Op op : {Op::average_pool, Op::reduce}) {
    GraphBuilder b;
    const TensorId x = b.input("x", {1, 1, 2100, 4100}, DType::i8);
    b.graph.at(x).quant = {1, 0};
    const TensorId pool = b.add(op, "pool", {x}, [](Attributes& a) {
      a.window.kernel = {2100, 4100};
      a.axes = {};
    });
    b.graph.at(pool).quant = {1, 0};
    b.output(pool);
    expect_ok(infer_shapes(b.graph));
    expect_failure(validate(b.graph), Code::unsupported, {"'pool'", "8610000"});
  }
}

void test_tables(void**) {
  Int8Network none;
  none.graph.nodes[2].inputs.pop_back();
  expect_failure(none.check(), Code::format, {"'sigmoid'", "missing"});
  Int8Network short_table;
  short_table.graph.nodes[2].inputs[1] =
      short_table.graph.add_constant("t", DType::i8, {255}, std::vector<std::int8_t>(255));
  expect_failure(short_table.check(), Code::format, {"'sigmoid'", "255"});
  Int8Network zero;
  std::vector<std::uint32_t> values(256, 9);
  values[0] = 0;
  zero.graph.at(zero.exponents).data = Bytes::from(values);
  expect_failure(zero.check(), Code::format, {"'softmax'", "0"});
  Int8Network log;
  log.graph.nodes[3].attrs.log = true;
  expect_failure(log.check(), Code::unsupported, {"'softmax'", "int8"});
}

void test_prelu_table(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 3, 2, 2}, DType::i8);
  b.graph.at(x).quant = {1, 0};
  const TensorId table = b.graph.add_constant("t", DType::i8, {3, 256}, std::vector<std::int8_t>(768, 1));
  const TensorId y = b.add(Op::prelu, "prelu", {x, table});
  b.graph.at(y).quant = {1, 0};
  b.output(y);
  expect_ok(infer_shapes(b.graph));
  expect_ok(validate(b.graph));
  b.graph.at(table).dims = {256, 3};
  expect_failure(validate(b.graph), Code::shape, {"'prelu'"});
}

void test_operators_without_an_int8_form(void**) {
  const auto two_inputs = [](Op op, const GraphBuilder::Change& change) {
    GraphBuilder b;
    const TensorId x = b.input("x", {4, 4}, DType::i8);
    const TensorId y = b.input("y", {4, 4}, DType::i8);
    b.graph.at(x).quant = b.graph.at(y).quant = {1, 0};
    const TensorId z = b.add(op, "node", {x, y}, change);
    b.graph.at(z).quant = {1, 0};
    b.output(z);
    expect_ok(infer_shapes(b.graph));
    return validate(b.graph);
  };
  expect_ok(two_inputs(Op::binary, [](Attributes& a) { a.binary = BinaryKind::mul; }));
  expect_ok(two_inputs(Op::concat, {}));
  expect_failure(two_inputs(Op::binary, [](Attributes& a) { a.binary = BinaryKind::div; }), Code::unsupported,
                 {"'node'", "div"});
  expect_failure(two_inputs(Op::mat_mul, {}), Code::unsupported, {"'node'", "int8"});
}

void test_float_and_int8_do_not_mix(void**) {
  Int8Network b;
  b.graph.outputs[0] = b.binary(BinaryKind::add, "sum", b.softmax, b.sigmoid);
  expect_failure(b.check(), Code::format, {"'sum'", "different types"});
}

void test_conversions(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {4});
  b.output(b.add(Op::dequantize, "d", {x}));
  expect_ok(infer_shapes(b.graph));
  expect_failure(validate(b.graph), Code::format, {"'d'", "int8"});
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_the_whole),
      cmocka_unit_test(test_quantization_in_range),
      cmocka_unit_test(test_int8_inputs_are_quantized),
      cmocka_unit_test(test_parameters),
      cmocka_unit_test(test_weight_zero_points),
      cmocka_unit_test(test_sums_fit_into_32_bits),
      cmocka_unit_test(test_sums_of_pools),
      cmocka_unit_test(test_tables),
      cmocka_unit_test(test_prelu_table),
      cmocka_unit_test(test_operators_without_an_int8_form),
      cmocka_unit_test(test_float_and_int8_do_not_mix),
      cmocka_unit_test(test_conversions),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

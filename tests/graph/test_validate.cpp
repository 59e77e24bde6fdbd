// What validate lets through: graphs that a runtime may rely on, and nothing else.
#include <cmath>

#include "graph/graph.h"
#include "support/expect.h"
#include "support/graph_builder.h"

namespace octet::test {
namespace {

// conv -> relu -> softmax, finished.
GraphBuilder network() {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 6, 6});
  const TensorId conv =
      b.add(Op::conv, "conv", {x, b.noise("w", {4, 2, 3, 3}), b.noise("bias", {4})}, [](Attributes& attrs) {
        attrs.window.pads = {1, 1, 1, 1};
      });
  const TensorId relu = b.unary(UnaryKind::relu, "relu", conv);
  b.output(b.add(Op::softmax, "softmax", {relu}, [](Attributes& attrs) { attrs.axis = 1; }));
  expect_ok(infer_shapes(b.graph));
  return b;
}

constexpr TensorId kInput = 0, kWeight = 1, kBias = 2;

Status broken(const std::function<void(Graph&)>& change) {
  GraphBuilder b = network();
  change(b.graph);
  return validate(b.graph);
}

void test_a_finished_graph_is_valid(void**) {
  expect_ok(broken([](Graph&) {}));
  expect_ok(broken([](Graph& g) { g.inputs.push_back(g.add_tensor("unread", DType::f32, {3})); }));
}

void test_ids(void**) {
  expect_failure(broken([](Graph& g) { g.nodes[0].inputs[0] = 99; }), Code::format, {"'conv'", "99"});
  expect_failure(broken([](Graph& g) { g.nodes[0].inputs[0] = -2; }), Code::format, {"'conv'", "-2"});
  expect_failure(broken([](Graph& g) { g.nodes[0].outputs[0] = kNoTensor; }), Code::format, {"'conv'"});
  expect_failure(broken([](Graph& g) { g.outputs[0] = 1000; }), Code::format, {"outputs", "1000"});
  expect_failure(broken([](Graph& g) { g.inputs[0] = -1; }), Code::format, {"inputs"});
}

void test_every_tensor_is_made_once_and_before_it_is_read(void**) {
  expect_failure(broken([](Graph& g) { g.nodes[1].outputs = g.nodes[0].outputs; }), Code::format, {"'relu'", "exists"});
  expect_failure(broken([](Graph& g) { g.nodes[0].outputs[0] = kWeight; }), Code::format, {"'conv'", "'w'"});
  expect_failure(broken([](Graph& g) { g.nodes[0].outputs[0] = kInput; }), Code::format, {"'conv'", "'x'"});
  expect_failure(broken([](Graph& g) { std::swap(g.nodes[0], g.nodes[1]); }), Code::format, {"'relu'", "conv:0"});
  expect_failure(broken([](Graph& g) { g.nodes.pop_back(); }), Code::format, {"softmax:0"});
  expect_failure(broken([](Graph& g) { g.inputs.push_back(kInput); }), Code::format, {"'x'"});
  expect_failure(broken([](Graph& g) { g.inputs.push_back(kWeight); }), Code::format, {"'w'"});
}

void test_interface(void**) {
  expect_failure(broken([](Graph& g) { g.outputs.clear(); }), Code::format, {"no output"});
  expect_failure(broken([](Graph& g) { g.outputs.push_back(g.outputs[0]); }), Code::format, {"softmax:0", "twice"});
  expect_failure(broken([](Graph& g) { g.outputs.push_back(kWeight); }), Code::format, {"'w'"});
  expect_failure(broken([](Graph& g) { g.at(kInput).dtype = DType::i64; }), Code::unsupported, {"'x'", "int64"});
}

void test_constants(void**) {
  expect_failure(broken([](Graph& g) { g.at(kWeight).data = g.at(kWeight).data.slice(0, 8); }), Code::format,
                 {"'w'", "8 bytes"});
  expect_failure(broken([](Graph& g) { g.at(kWeight).dims = {4, 2, 3, INT64_MAX}; }), Code::format, {"'w'"});
  expect_failure(broken([](Graph& g) { g.at(kWeight).dims = {-4, -2, 3, 3}; }), Code::format, {"'w'"});
  expect_failure(broken([](Graph& g) { g.at(kWeight).dtype = static_cast<DType>(77); }), Code::format, {"'w'"});
  expect_failure(broken([](Graph& g) { g.at(kWeight).dtype = DType::i32; }), Code::format, {"'conv'", "int32"});
  expect_failure(broken([](Graph& g) {
                   Tensor& weight = g.at(kWeight);
                   const Bytes longer = Bytes::copy_of(std::vector<char>(1000, 0).data(), 1000);
                   weight.data = longer.slice(2, weight.data.size());
                 }),
                 Code::format, {"'w'", "aligned"});
  for (const float value : {NAN, INFINITY, -INFINITY}) {
    expect_failure(broken([=](Graph& g) {
                     g.at(kBias).data = Bytes::from(std::vector<float>{0, value, 0, 0});
                   }),
                   Code::format, {"'conv'", "'bias'"});
  }
  expect_failure(broken([](Graph& g) {
                   g.at(kWeight).constant = false;
                   g.inputs.push_back(kWeight);
                 }),
                 Code::unsupported, {"'conv'", "'w'", "constant"});
}

void test_stored_shapes_are_those_of_the_operators(void**) {
  expect_failure(broken([](Graph& g) {
                   g.at(g.outputs[0]).dims = {1, 4, 6, 7};
                 }),
                 Code::shape, {"'softmax'", "1x4x6x6", "1x4x6x7"});
  expect_failure(broken([](Graph& g) { g.at(g.nodes[0].outputs[0]).dims = {}; }), Code::shape, {"'conv'"});
  expect_failure(broken([](Graph& g) { g.at(g.nodes[1].outputs[0]).dtype = DType::i8; }), Code::shape, {"'relu'"});
  expect_failure(broken([](Graph& g) { g.at(kInput).dims = {1, 2, 0, 6}; }), Code::shape, {"'x'"});
  expect_failure(broken([](Graph& g) { g.at(kInput).dims = {1, 2, -1, 6}; }), Code::shape, {"'x'"});
  expect_failure(broken([](Graph& g) { g.at(kInput).dims = {1, 3, 6, 6}; }), Code::shape, {"'conv'"});
}

void test_attributes_are_resolved(void**) {
  expect_failure(broken([](Graph& g) { g.nodes[0].attrs.window.kernel = {1, 1}; }), Code::format, {"'conv'"});
  expect_failure(broken([](Graph& g) { g.nodes[2].attrs.axis = -3; }), Code::format, {"'softmax'"});
  expect_failure(broken([](Graph& g) { g.nodes[0].attrs.window.auto_pad = AutoPad::same_upper; }), Code::format,
                 {"'conv'"});
  expect_failure(broken([](Graph& g) { g.nodes[0].attrs.clamp.low = NAN; }), Code::format, {"'conv'"});
  expect_failure(broken([](Graph& g) { g.nodes[0].attrs.clamp = {2, 1}; }), Code::format, {"'conv'", "limits"});
  expect_failure(broken([](Graph& g) { g.nodes[0].attrs.window.stride = {0, 1}; }), Code::shape, {"'conv'", "stride"});
  expect_failure(broken([](Graph& g) { g.nodes[1].attrs.unary = static_cast<UnaryKind>(99); }), Code::unsupported,
                 {"'relu'"});
  expect_failure(broken([](Graph& g) {
                   g.nodes[1].attrs.unary = UnaryKind::elu;
                   g.nodes[1].attrs.alpha = INFINITY;
                 }),
                 Code::format, {"'relu'", "infinite"});
  expect_ok(broken([](Graph& g) {
    g.nodes[1].attrs.unary = UnaryKind::clip;
    g.nodes[1].attrs.beta = INFINITY;
  }));
  expect_failure(broken([](Graph& g) { g.nodes[1].attrs.pad = static_cast<PadKind>(9); }), Code::format, {"'relu'"});
}

void test_operators_that_never_run(void**) {
  expect_failure(broken([](Graph& g) { g.nodes[1].op = Op::identity; }), Code::unsupported, {"'relu'", "identity"});
  expect_failure(broken([](Graph& g) { g.nodes[1].op = static_cast<Op>(200); }), Code::format, {"'relu'", "200"});
  expect_failure(broken([](Graph& g) { g.nodes[1].attrs.unary = UnaryKind::logical_not; }), Code::unsupported,
                 {"'relu'", "logical_not"});
}

void test_operands_left_to_resolve(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {2, 3});
  b.output(b.add(Op::reshape, "r", {x, b.integers("to", {1}, {6})}, [](Attributes& attrs) { attrs.sizes = {6}; }));
  expect_ok(infer_shapes(b.graph));
  expect_failure(validate(b.graph), Code::format, {"'r'", "2 operands"});
}

void test_gather_stays_inside(void**) {
  for (const std::int64_t index : {std::int64_t{3}, std::int64_t{-1}, INT64_MAX}) {
    GraphBuilder b;
    const TensorId x = b.input("x", {3});
    b.output(b.add(Op::gather, "g", {x, b.integers("i", {1}, {index})}));
    expect_ok(infer_shapes(b.graph));
    expect_failure(validate(b.graph), Code::format, {"'g'", "outside"});
  }
}

void test_mixed_types(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {3});
  b.output(b.binary(BinaryKind::add, "sum", x, b.integers("i", {3}, {1, 2, 3})));
  expect_ok(infer_shapes(b.graph));
  expect_failure(validate(b.graph), Code::unsupported, {"'sum'", "int64"});
}

void test_many_outputs_are_checked_quickly(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1 << 18});
  Node split;
  split.op = Op::split;
  split.name = "split";
  split.inputs = {x};
  for (int i = 0; i < 1 << 18; ++i) split.outputs.push_back(b.graph.add_tensor("part", DType::f32, {}));
  b.graph.outputs = split.outputs;
  b.graph.nodes.push_back(split);
  expect_ok(infer_shapes(b.graph));
  expect_ok(validate(b.graph));
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_a_finished_graph_is_valid),
      cmocka_unit_test(test_ids),
      cmocka_unit_test(test_every_tensor_is_made_once_and_before_it_is_read),
      cmocka_unit_test(test_interface),
      cmocka_unit_test(test_constants),
      cmocka_unit_test(test_stored_shapes_are_those_of_the_operators),
      cmocka_unit_test(test_attributes_are_resolved),
      cmocka_unit_test(test_operators_that_never_run),
      cmocka_unit_test(test_operands_left_to_resolve),
      cmocka_unit_test(test_gather_stays_inside),
      cmocka_unit_test(test_mixed_types),
      cmocka_unit_test(test_many_outputs_are_checked_quickly),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

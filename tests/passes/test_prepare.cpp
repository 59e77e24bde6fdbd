// All rewrites together, on networks as exporters write them.
#include "passes/same_values.h"

namespace octet::test {
namespace {

TensorId batch_norm(GraphBuilder& b, const std::string& name, TensorId x, std::int64_t channels) {
  return b.add(Op::batch_norm, name,
               {x, b.noise(name + "/s", {channels}), b.noise(name + "/b", {channels}), b.noise(name + "/m", {channels}),
                b.floats(name + "/v", {channels}, std::vector<float>(static_cast<std::size_t>(channels), 0.7F))},
               [](Attributes& a) { a.alpha = 1e-5F; });
}

// pad, conv, batch norm, scale, relu6; a depthwise block with hard swish; flatten by shape arithmetic; MatMul + Add.
GraphBuilder mobile() {
  GraphBuilder b;
  const TensorId x = b.input("image", {1, 3, 9, 9});
  const TensorId padded = b.add(Op::pad, "pad", {x, b.integers("pads", {8}, {0, 0, 1, 1, 0, 0, 1, 1})});
  TensorId y = b.add(Op::conv, "conv1", {padded, b.noise("w1", {4, 3, 3, 3})}, [](Attributes& a) {
    a.window.stride = {2, 2};
  });
  y = batch_norm(b, "bn1", y, 4);
  y = b.binary(BinaryKind::mul, "scale1", y, b.noise("gamma", {1, 4, 1, 1}));
  y = b.unary(UnaryKind::clip, "relu6", y, 0, 6);
  const TensorId shortcut = y;
  y = b.add(Op::conv, "depthwise", {y, b.noise("w2", {4, 1, 3, 3})}, [](Attributes& a) {
    a.groups = 4;
    a.window.auto_pad = AutoPad::same_upper;
  });
  y = batch_norm(b, "bn2", y, 4);
  const TensorId gate = b.unary(UnaryKind::clip, "gate", b.binary(BinaryKind::add, "plus3", y, b.scalar(3)), 0, 6);
  y = b.binary(BinaryKind::div, "swish", b.binary(BinaryKind::mul, "product", y, gate), b.scalar(6));
  y = b.unary(UnaryKind::relu, "relu", b.binary(BinaryKind::add, "residual", y, shortcut));
  const TensorId mean = b.add(Op::reduce, "mean", {y}, [](Attributes& a) { a.axes = {2, 3}; });
  const TensorId flat = b.add(Op::flatten, "flatten", {mean}, [](Attributes& a) { a.axis = 1; });
  y = b.add(Op::mat_mul, "fc", {b.add(Op::identity, "dropout", {flat}), b.noise("w3", {4, 5})});
  b.output(b.binary(BinaryKind::add, "scores", y, b.noise("bias", {5})));
  return b;
}

void test_a_mobile_network(void**) {
  GraphBuilder b = mobile();
  Graph before = b.graph;
  expect_ok(fold_constants(before));  // what the interpreter needs, and no more
  Graph after = b.graph;
  expect_ok(prepare_graph(after));
  assert_true(largest_difference(before, after) < 1e-5);
  assert_int_equal(after.nodes.size(), 7);
  const char* const names[] = {"conv1", "depthwise", "swish", "residual", "mean", "flatten", "fc"};
  for (std::size_t i = 0; i < 7; ++i) assert_string_equal(after.nodes[i].name.c_str(), names[i]);
  assert_string_equal(output_name(after, after.nodes[0]).c_str(), "relu6:0");
  assert_string_equal(output_name(after, after.nodes[3]).c_str(), "relu:0");
  assert_string_equal(output_name(after, after.nodes[6]).c_str(), "scores:0");
  assert_true((after.nodes[0].attrs.clamp == Clamp{0, 6}));
  assert_true((after.nodes[0].attrs.window.pads == std::array<std::int64_t, 4>{1, 1, 1, 1}));
}

void test_preparing_twice_changes_nothing(void**) {
  GraphBuilder b = mobile();
  expect_ok(prepare_graph(b.graph));
  Graph again = b.graph;
  expect_ok(prepare_graph(again));
  assert_int_equal(again.nodes.size(), b.graph.nodes.size());
  assert_int_equal(again.tensors.size(), b.graph.tensors.size());
  for (std::size_t i = 0; i < again.nodes.size(); ++i) {
    assert_true(again.nodes[i].op == b.graph.nodes[i].op);
    assert_true(again.nodes[i].inputs == b.graph.nodes[i].inputs);
    assert_true(again.nodes[i].attrs == b.graph.nodes[i].attrs);
  }
}

// A gate of squeeze and excitation: one activation, although the sum could go into the bias before it.
void test_hard_sigmoid_behind_a_conv(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 1, 1});
  const TensorId conv = b.add(Op::conv, "conv", {x, b.noise("w", {2, 2, 1, 1})});
  const TensorId clip = b.unary(UnaryKind::clip, "clip", b.binary(BinaryKind::add, "plus", conv, b.scalar(3)), 0, 6);
  b.output(b.binary(BinaryKind::div, "gate", clip, b.scalar(6)));
  const Graph graph = rewritten(b.graph, prepare_graph);
  assert_int_equal(graph.nodes.size(), 2);
  assert_true(graph.nodes[1].attrs.unary == UnaryKind::hard_sigmoid);
}

void test_errors_name_the_node(void**) {
  GraphBuilder weights;
  weights.output(weights.add(Op::conv, "conv", {weights.input("x", {1, 2, 4, 4}), weights.input("w", {2, 2, 1, 1})}));
  expect_failure(prepare_graph(weights.graph), Code::unsupported, {"'conv'", "'w'", "constant"});
  GraphBuilder numbers;
  numbers.output(
      numbers.add(Op::conv, "conv", {numbers.input("x", {1, 1, 2, 2}), numbers.floats("w", {1, 1, 1, 1}, {NAN})}));
  expect_failure(prepare_graph(numbers.graph), Code::format, {"'conv'", "'w'"});
  GraphBuilder integers;
  integers.output(integers.integers("i", {1}, {1}));
  integers.input("x", {1});
  expect_failure(prepare_graph(integers.graph), Code::unsupported, {"'i'", "int64"});
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_a_mobile_network),
      cmocka_unit_test(test_preparing_twice_changes_nothing),
      cmocka_unit_test(test_hard_sigmoid_behind_a_conv),
      cmocka_unit_test(test_errors_name_the_node),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

#include "passes/same_values.h"

namespace octet::test {
namespace {

TensorId conv(GraphBuilder& b) {
  return b.add(Op::conv, "conv", {b.input("x", {1, 2, 4, 4}), b.noise("w", {3, 2, 1, 1})});
}

const Clamp kRelu{0, std::numeric_limits<float>::infinity()};

void expect_fused(GraphBuilder& b, const char* name, Clamp clamp) {
  const Graph graph = rewritten(b.graph, fuse_activation);
  assert_int_equal(graph.nodes.size(), 1);
  assert_string_equal(graph.nodes[0].name.c_str(), name);
  assert_string_equal(output_name(graph, graph.nodes[0]).c_str(), "act:0");
  assert_true(graph.nodes[0].attrs.clamp == clamp);
}

void test_into_each_operator_that_takes_one(void**) {
  GraphBuilder a;
  a.output(a.unary(UnaryKind::relu, "act", conv(a)));
  expect_fused(a, "conv", kRelu);
  GraphBuilder t;
  t.output(t.unary(UnaryKind::relu, "act",
                   t.add(Op::conv_transpose, "up", {t.input("x", {1, 2, 4, 4}), t.noise("w", {2, 3, 2, 2})})));
  expect_fused(t, "up", kRelu);
  GraphBuilder g;
  g.output(g.unary(UnaryKind::clip, "act", g.add(Op::gemm, "fc", {g.input("x", {2, 4}), g.noise("w", {3, 4})}), 0, 6));
  expect_fused(g, "fc", {0, 6});
  for (const BinaryKind kind : {BinaryKind::add, BinaryKind::sub, BinaryKind::mul}) {
    GraphBuilder b;
    b.output(b.unary(UnaryKind::clip, "act", b.binary(kind, "op", b.input("x", {4}), b.input("y", {4})), -0.5F, 0.5F));
    expect_fused(b, "op", {-0.5F, 0.5F});
  }
}

void test_one_limit_after_another(void**) {
  GraphBuilder b;
  const TensorId relu = b.unary(UnaryKind::relu, "relu", conv(b));
  b.output(b.unary(UnaryKind::clip, "act", relu, -1, 0.5F));
  expect_fused(b, "conv", {0, 0.5F});
  GraphBuilder crossed;  // everything becomes the upper limit
  crossed.output(crossed.unary(UnaryKind::clip, "act", conv(crossed), 1, -1));
  expect_fused(crossed, "conv", {-1, -1});
}

void expect_unchanged(GraphBuilder& b) {
  const std::size_t nodes = b.graph.nodes.size();
  assert_int_equal(rewritten(b.graph, fuse_activation).nodes.size(), nodes);
}

void test_a_result_that_others_read(void**) {
  GraphBuilder b;
  const TensorId x = conv(b);
  b.output(b.unary(UnaryKind::relu, "act", x));
  b.output(b.unary(UnaryKind::neg, "neg", x));
  expect_unchanged(b);
  GraphBuilder output;
  const TensorId y = conv(output);
  output.output(y);
  output.output(output.unary(UnaryKind::relu, "act", y));
  expect_unchanged(output);
}

void test_operators_and_activations_that_do_not_fit(void**) {
  GraphBuilder div;
  div.output(div.unary(UnaryKind::relu, "act", div.binary(BinaryKind::div, "div", div.input("x", {4}), div.scalar(3))));
  expect_unchanged(div);
  GraphBuilder sigmoid;
  sigmoid.output(sigmoid.unary(UnaryKind::sigmoid, "act", conv(sigmoid)));
  expect_unchanged(sigmoid);
}

void test_a_residual_block(void**) {
  GraphBuilder b;
  const TensorId x = b.unary(UnaryKind::relu, "relu1", conv(b));
  const TensorId y = b.add(Op::conv, "conv2", {x, b.noise("w2", {3, 3, 1, 1})});
  b.output(b.unary(UnaryKind::relu, "relu2", b.binary(BinaryKind::add, "sum", y, x)));
  const Graph graph = rewritten(b.graph, fuse_activation);
  assert_int_equal(graph.nodes.size(), 3);
  assert_true(find_node(graph, "conv")->attrs.clamp == kRelu);
  assert_false(find_node(graph, "conv2")->attrs.clamp.active());
  assert_true(find_node(graph, "sum")->attrs.clamp == kRelu);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_into_each_operator_that_takes_one),
      cmocka_unit_test(test_one_limit_after_another),
      cmocka_unit_test(test_a_result_that_others_read),
      cmocka_unit_test(test_operators_and_activations_that_do_not_fit),
      cmocka_unit_test(test_a_residual_block),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

#include "passes/same_values.h"

namespace octet::test {
namespace {

// conv of x [1, 2, 4, 4] with 3 output channels.
TensorId conv(GraphBuilder& b, bool biased = true) {
  std::vector<TensorId> operands = {b.input("x", {1, 2, 4, 4}), b.noise("w", {3, 2, 3, 3})};
  if (biased) operands.push_back(b.noise("bias", {3}));
  return b.add(Op::conv, "conv", operands);
}

void test_every_operation_on_both_sides(void**) {
  for (const BinaryKind kind : {BinaryKind::add, BinaryKind::sub, BinaryKind::mul, BinaryKind::div}) {
    for (const bool constant_first : {false, true}) {
      for (const Dims& dims : {Dims{3, 1, 1}, Dims{1, 3, 1, 1}, Dims{}, Dims{1}}) {
        GraphBuilder b;
        const TensorId x = conv(b, kind != BinaryKind::add);
        const TensorId c = element_count(dims) == 3 ? b.floats("c", dims, {0.5F, -2, 3}) : b.floats("c", dims, {-1.5F});
        b.output(constant_first ? b.binary(kind, "op", c, x) : b.binary(kind, "op", x, c));
        const Graph graph = rewritten(b.graph, fold_scale_shift);
        const bool folds = !(kind == BinaryKind::div && constant_first);
        assert_int_equal(graph.nodes.size(), folds ? 1 : 2);
        if (folds) assert_string_equal(output_name(graph, graph.nodes[0]).c_str(), "op:0");
      }
    }
  }
}

void test_scale_then_shift(void**) {
  GraphBuilder b;
  const TensorId scaled = b.binary(BinaryKind::mul, "mul", conv(b), b.noise("s", {3, 1, 1}));
  b.output(b.binary(BinaryKind::add, "add", b.noise("t", {1, 3, 1, 1}), scaled));
  const Graph graph = rewritten(b.graph, fold_scale_shift);
  assert_int_equal(graph.nodes.size(), 1);
  assert_string_equal(graph.nodes[0].name.c_str(), "conv");
}

void test_the_bias_of_a_gemm(void**) {
  GraphBuilder b;
  const TensorId gemm = b.add(Op::gemm, "fc", {b.input("x", {2, 4, 5}), b.noise("w", {3, 5})});
  b.output(b.binary(BinaryKind::add, "bias", gemm, b.noise("b", {3})));
  const Graph graph = rewritten(b.graph, fold_scale_shift);
  assert_int_equal(graph.nodes.size(), 1);
  assert_int_equal(graph.nodes[0].inputs.size(), 3);
}

void test_the_activation_of_the_operation_moves(void**) {
  GraphBuilder b;
  const TensorId sum = b.binary(BinaryKind::add, "add", conv(b), b.noise("t", {3, 1, 1}));
  b.graph.nodes.back().attrs.clamp = {0, 1};
  b.output(sum);
  const Graph graph = rewritten(b.graph, fold_scale_shift);
  assert_int_equal(graph.nodes.size(), 1);
  assert_true(graph.nodes[0].attrs.clamp.high == 1);
}

void expect_unchanged(GraphBuilder& b, std::size_t nodes) {
  assert_int_equal(rewritten(b.graph, fold_scale_shift).nodes.size(), nodes);
}

void test_values_that_differ_within_a_channel(void**) {
  GraphBuilder b;
  b.output(b.binary(BinaryKind::mul, "mul", conv(b), b.noise("s", {1, 2})));
  expect_unchanged(b, 2);
}

void test_values_that_broaden_the_result(void**) {
  GraphBuilder b;
  b.output(b.binary(BinaryKind::mul, "mul", conv(b), b.noise("s", {5, 1, 1, 1})));
  expect_unchanged(b, 2);
}

void test_values_that_are_not_constant(void**) {
  GraphBuilder b;
  b.output(b.binary(BinaryKind::mul, "mul", conv(b), b.input("s", {3, 1, 1})));
  expect_unchanged(b, 2);
}

void test_an_activation_between(void**) {
  GraphBuilder b;
  const TensorId x = conv(b);
  b.graph.nodes.back().attrs.clamp.low = 0;
  b.output(b.binary(BinaryKind::add, "add", x, b.scalar(1)));
  expect_unchanged(b, 2);
}

void test_a_result_that_others_read(void**) {
  GraphBuilder b;
  const TensorId x = conv(b);
  b.output(b.binary(BinaryKind::add, "add", x, b.scalar(1)));
  b.output(b.unary(UnaryKind::relu, "relu", x));
  expect_unchanged(b, 3);
}

void test_division_by_zero_and_overflow(void**) {
  for (const float value : {0.0F, 1e-39F}) {
    GraphBuilder b;
    b.output(b.binary(BinaryKind::div, "div", conv(b), b.scalar(value)));
    expect_ok(infer_shapes(b.graph));
    expect_ok(fold_scale_shift(b.graph));
    assert_int_equal(b.graph.nodes.size(), 2);
  }
}

// Each of many nodes that share their weights would make weights of its own of them.
void test_weights_that_too_many_share(void**) {
  GraphBuilder b;
  TensorId x = b.input("x", {1, 512, 1, 1});
  const TensorId weight = b.noise("w", {512, 512, 1, 1});  // 1 MiB
  const TensorId scale = b.scalar(0.5F);
  for (int i = 0; i < 330; ++i) x = b.binary(BinaryKind::mul, "mul", b.add(Op::conv, "conv", {x, weight}), scale);
  b.output(x);
  expect_ok(infer_shapes(b.graph));
  expect_failure(fold_scale_shift(b.graph), Code::unsupported, {"too many nodes share", "'conv'"});
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_every_operation_on_both_sides),
      cmocka_unit_test(test_scale_then_shift),
      cmocka_unit_test(test_the_bias_of_a_gemm),
      cmocka_unit_test(test_the_activation_of_the_operation_moves),
      cmocka_unit_test(test_values_that_differ_within_a_channel),
      cmocka_unit_test(test_values_that_broaden_the_result),
      cmocka_unit_test(test_values_that_are_not_constant),
      cmocka_unit_test(test_an_activation_between),
      cmocka_unit_test(test_a_result_that_others_read),
      cmocka_unit_test(test_division_by_zero_and_overflow),
      cmocka_unit_test(test_weights_that_too_many_share),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

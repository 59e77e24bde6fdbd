#include "passes/same_values.h"

namespace octet::test {
namespace {

void expect_gemm(const Dims& a, const Dims& weight, bool becomes) {
  GraphBuilder b;
  b.output(b.add(Op::mat_mul, "m", {b.input("x", a), b.noise("w", weight)}));
  const Graph graph = rewritten(b.graph, lower_mat_mul);
  assert_int_equal(graph.nodes.size(), 1);
  assert_true((graph.nodes[0].op == Op::gemm) == becomes);
}

void test_constant_matrices(void**) {
  expect_gemm({2, 3}, {3, 4}, true);
  expect_gemm({5, 2, 3}, {3, 4}, true);
  expect_gemm({5, 2, 3}, {1, 3, 4}, true);
  expect_gemm({2, 3}, {1, 3, 4}, false);  // the result has three dimensions
  expect_gemm({5, 2, 3}, {5, 3, 4}, false);
}

void test_two_computed_matrices_stay(void**) {
  GraphBuilder b;
  b.output(b.add(Op::mat_mul, "m", {b.input("x", {2, 3}), b.input("y", {3, 2})}));
  assert_true(rewritten(b.graph, lower_mat_mul).nodes[0].op == Op::mat_mul);
}

void test_gemm_of_computed_weights(void**) {
  for (const bool biased : {false, true}) {
    for (const bool limited : {false, true}) {
      GraphBuilder b;
      std::vector<TensorId> operands = {b.input("x", {2, 3}), b.input("w", {4, 3})};
      if (biased) operands.push_back(b.noise("bias", {4}));
      b.output(b.add(Op::gemm, "fc", operands, [&](Attributes& a) {
        if (limited) a.clamp.low = 0;
      }));
      const Graph graph = rewritten(b.graph, lower_mat_mul);
      assert_int_equal(graph.nodes.size(), biased || limited ? 3 : 2);
      assert_int_equal(count_nodes(graph, Op::mat_mul), 1);
      assert_string_equal(output_name(graph, graph.nodes.back()).c_str(), "fc:0");
    }
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_constant_matrices),
      cmocka_unit_test(test_two_computed_matrices_stay),
      cmocka_unit_test(test_gemm_of_computed_weights),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

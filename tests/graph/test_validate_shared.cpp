// A file may let tens of thousands of nodes share one large weight: validation reads it once, not once for each node.
#include <chrono>
#include <cmath>

#include "support/expect.h"
#include "support/graph_builder.h"

namespace octet::test {
namespace {

constexpr int kNodes = 30000;

// Gemm after gemm with the same 512 x 512 weights: 32 GB if each of them read it.
Graph chain_of_gemms(float last_weight) {
  GraphBuilder b;
  std::vector<float> values(512 * 512, 0.5F);
  values.back() = last_weight;
  const TensorId weight = b.floats("w", {512, 512}, values);
  TensorId x = b.input("x", {1, 512});
  for (int i = 0; i < kNodes; ++i) x = b.add(Op::gemm, "g" + std::to_string(i), {x, weight});
  b.output(x);
  expect_ok(infer_shapes(b.graph));
  return b.graph;
}

void test_one_weight_for_many_nodes(void**) {
  const Graph graph = chain_of_gemms(1);
  const auto start = std::chrono::steady_clock::now();
  expect_ok(validate(graph));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  assert_true(seconds.count() < 2);
}

void test_shared_weight_that_is_no_number(void**) {
  expect_failure(validate(chain_of_gemms(INFINITY)), Code::format, {"'g0'", "'w'", "infinite"});
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {cmocka_unit_test(test_one_weight_for_many_nodes),
                              cmocka_unit_test(test_shared_weight_that_is_no_number)};
  return cmocka_run_group_tests_name("shared constants", tests, nullptr, nullptr);
}

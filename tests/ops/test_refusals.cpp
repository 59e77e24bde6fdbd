// What cannot be executed is refused when the plan is made, by a message that names the node.
#include "ops/run_graph.h"

namespace octet::test {
namespace {

Status plan_status(GraphBuilder& b) {
  expect_ok(infer_shapes(b.graph));
  return make_plan(std::make_shared<const Graph>(b.graph), Isa::ref).status();
}

void test_operators_that_passes_resolve(void**) {
  GraphBuilder b;
  b.output(b.add(Op::flatten, "flat", {b.input("x", {1, 2, 3})}, [](Attributes& a) { a.axis = 1; }));
  expect_failure(plan_status(b), Code::unsupported, {"'flat'", "flatten", "cannot be executed"});
}

void test_cubic_int8_resize(void**) {
  GraphBuilder b;
  const TensorId y = b.add(Op::resize, "big", {int8_input(b, "x", {1, 1, 4, 4}, {1, 0})}, [](Attributes& a) {
    a.resize = ResizeKind::cubic;
    a.sizes = {8, 8};
  });
  b.output(int8_result(b, y, {1, 0}));
  expect_failure(plan_status(b), Code::unsupported, {"'big'", "cubic"});
}

void test_int8_functions_without_a_form(void**) {
  GraphBuilder b;
  const TensorId x = int8_input(b, "x", {4}, {1, 0});
  b.output(int8_result(b, b.binary(BinaryKind::div, "quotient", x, x), {1, 0}));
  expect_failure(plan_status(b), Code::unsupported, {"'quotient'", "int8"});
}

void test_gather_by_computed_indices(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {4});
  const TensorId i = b.input("i", {2}, DType::i64);
  b.output(b.add(Op::gather, "pick", {x, i}));
  expect_failure(plan_status(b), Code::unsupported, {"'pick'", "not constant"});
}

// Kernels count pixels in 32 bits.
void test_sides_that_are_too_large(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 1, std::int64_t{1} << 30, 1});
  b.output(b.add(Op::max_pool, "long", {x}));
  expect_failure(plan_status(b), Code::unsupported, {"'long'", "1073741824", "too large"});
}

// Tens of thousands of layers that share one weight cannot each have a packed copy of it.
void test_weights_shared_by_too_many(void**) {
  GraphBuilder b;
  TensorId x = b.input("x", {1, 256, 1, 1});
  const TensorId w = b.noise("w", {256, 256, 1, 1});
  for (int i = 0; i < 1400; ++i) x = b.add(Op::conv, "layer" + std::to_string(i), {x, w});
  b.output(x);
  expect_failure(plan_status(b), Code::unsupported, {"'layer", "share the same weights"});
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_operators_that_passes_resolve), cmocka_unit_test(test_cubic_int8_resize),
      cmocka_unit_test(test_int8_functions_without_a_form), cmocka_unit_test(test_gather_by_computed_indices),
      cmocka_unit_test(test_sides_that_are_too_large),      cmocka_unit_test(test_weights_shared_by_too_many),
  };
  return cmocka_run_group_tests_name("refused operators", tests, nullptr, nullptr);
}

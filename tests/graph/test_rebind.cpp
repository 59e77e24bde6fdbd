// Networks for inputs of other sizes than those that they were made with.
#include "graph/rebind.h"
#include "support/expect.h"
#include "support/graph_builder.h"

namespace octet::test {
namespace {

Graph rebound(GraphBuilder& b, const std::vector<Dims>& inputs) {
  expect_ok(infer_shapes(b.graph));
  expect_ok(validate(b.graph));
  Graph graph = b.graph;
  expect_ok(rebind(graph, inputs));
  return graph;
}

Dims output_dims(const Graph& graph) { return graph.at(graph.outputs[0]).dims; }

TensorId conv(GraphBuilder& b, TensorId x, AutoPad pad = AutoPad::none) {
  return b.add(Op::conv, "conv", {x, b.noise("w", {4, 3, 3, 3})}, [&](Attributes& a) {
    a.window.stride = {2, 2};
    a.window.auto_pad = pad;
  });
}

void test_batch_and_image(void**) {
  GraphBuilder b;
  b.output(conv(b, b.input("x", {1, 3, 9, 9})));
  assert_true((output_dims(rebound(b, {{1, 3, 9, 9}})) == Dims{1, 4, 4, 4}));
  assert_true((output_dims(rebound(b, {{5, 3, 9, 9}})) == Dims{5, 4, 4, 4}));
  assert_true((output_dims(rebound(b, {{2, 3, 31, 17}})) == Dims{2, 4, 15, 8}));
  assert_true((output_dims(rebound(b, {{}})) == Dims{1, 4, 4, 4}));
}

void test_pads_of_same_are_found_again(void**) {
  GraphBuilder b;
  b.output(conv(b, b.input("x", {1, 3, 8, 8}), AutoPad::same_upper));
  const Graph odd = rebound(b, {{1, 3, 9, 9}});
  assert_true((output_dims(odd) == Dims{1, 4, 5, 5}));
  assert_true((b.graph.nodes[0].attrs.window.pads == std::array<std::int64_t, 4>{0, 0, 1, 1}));
  assert_true((odd.nodes[0].attrs.window.pads == std::array<std::int64_t, 4>{1, 1, 1, 1}));
}

void test_reshape_follows_its_pattern(void**) {
  GraphBuilder b;
  b.output(b.add(Op::reshape, "flat", {b.input("x", {1, 4, 2, 2})}, [](Attributes& a) {
    a.sizes = {1, 16};
    a.starts = {0, -1};
  }));
  assert_true((output_dims(rebound(b, {{3, 4, 2, 2}})) == Dims{3, 16}));
  assert_true((output_dims(rebound(b, {{3, 4, 5, 2}})) == Dims{3, 40}));
}

void test_slices_that_reach_to_the_end(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 3, 10, 10});
  const TensorId tail = b.add(Op::slice, "tail", {x}, [](Attributes& a) {
    a.axes = {2};
    a.starts = {4};
    a.sizes = {10};
  });
  b.output(b.add(Op::slice, "turned", {tail}, [](Attributes& a) {
    a.axes = {3};
    a.starts = {-1};
    a.sizes = {INT64_MIN};
    a.steps = {-1};
  }));
  assert_true((output_dims(rebound(b, {{1, 3, 20, 30}})) == Dims{1, 3, 16, 30}));
  GraphBuilder inside;
  inside.output(inside.add(Op::slice, "s", {inside.input("x", {1, 3, 10, 10})}, [](Attributes& a) {
    a.axes = {2};
    a.starts = {0};
    a.sizes = {4};
  }));
  assert_true((output_dims(rebound(inside, {{1, 3, 20, 10}})) == Dims{1, 3, 4, 10}));
}

void test_split_and_expand(void**) {
  GraphBuilder b;
  b.output(b.add(
      Op::split, "halves", {b.input("x", {1, 4, 6, 6})}, [](Attributes& a) { a.axis = 2; }, 2));
  assert_true((output_dims(rebound(b, {{1, 4, 10, 6}})) == Dims{1, 4, 5, 6}));
  GraphBuilder e;
  e.output(e.add(Op::expand, "rows", {e.input("x", {1, 1, 6})}, [](Attributes& a) { a.sizes = {1, 4, 6}; }));
  assert_true((output_dims(rebound(e, {{2, 1, 9}})) == Dims{2, 4, 9}));
}

void test_resize_keeps_its_scale(void**) {
  GraphBuilder b;
  b.output(b.add(Op::resize, "up", {b.input("x", {1, 2, 4, 6})}, [](Attributes& a) { a.scales = {1, 1, 2, 2}; }));
  assert_true((output_dims(rebound(b, {{1, 2, 5, 7}})) == Dims{1, 2, 10, 14}));
}

void test_what_cannot_follow_is_named(void**) {
  GraphBuilder b;
  const TensorId flat = b.add(Op::reshape, "flat", {b.input("x", {1, 4, 2, 2})}, [](Attributes& a) {
    a.sizes = {1, 16};
  });
  b.output(b.add(Op::gemm, "fc", {flat, b.noise("w", {3, 16})}));
  expect_ok(infer_shapes(b.graph));
  const auto refused = [&](const std::vector<Dims>& inputs, std::initializer_list<std::string_view> words) {
    Graph graph = b.graph;
    expect_failure(rebind(graph, inputs), Code::shape, words);
  };
  refused({{1, 4, 3, 2}}, {"'x' 1x4x3x2", "'flat'"});
  refused({{1, 4, 2}}, {"'x'", "4 dimensions", "3 are given"});
  refused({{1, 4, 2, 0}}, {"'x'", "1x4x2x0"});
  refused({{1, 4, 2, -1}}, {"'x'"});
  refused({{1 << 20, 1 << 20, 1 << 20, 1 << 20}}, {"'x'"});
  refused({}, {"1 inputs", "0 are given"});
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_batch_and_image),
      cmocka_unit_test(test_pads_of_same_are_found_again),
      cmocka_unit_test(test_reshape_follows_its_pattern),
      cmocka_unit_test(test_slices_that_reach_to_the_end),
      cmocka_unit_test(test_split_and_expand),
      cmocka_unit_test(test_resize_keeps_its_scale),
      cmocka_unit_test(test_what_cannot_follow_is_named),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

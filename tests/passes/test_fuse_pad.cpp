#include <cmath>

#include "passes/same_values.h"

namespace octet::test {
namespace {

TensorId pad(GraphBuilder& b, TensorId x, std::vector<std::int64_t> sizes = {0, 0, 1, 0, 0, 0, 0, 1}, float value = 0) {
  return b.add(Op::pad, "pad", {x}, [&](Attributes& a) {
    a.sizes = sizes;
    a.alpha = value;
  });
}

TensorId conv(GraphBuilder& b, TensorId x) {
  return b.add(Op::conv, "conv", {x, b.noise("w", {3, 2, 3, 3})}, [](Attributes& a) { a.window.pads = {0, 1, 2, 0}; });
}

TensorId pool(GraphBuilder& b, TensorId x, Op op, const GraphBuilder::Change& change = {}) {
  return b.add(op, "pool", {x}, [&](Attributes& a) {
    a.window.kernel = {3, 3};
    if (change) change(a);
  });
}

void test_into_a_conv(void**) {
  GraphBuilder b;
  b.output(conv(b, pad(b, b.input("x", {1, 2, 6, 6}))));
  const Graph graph = rewritten(b.graph, fuse_pad);
  assert_int_equal(graph.nodes.size(), 1);
  assert_true((graph.nodes[0].attrs.window.pads == std::array<std::int64_t, 4>{1, 1, 2, 1}));
}

void test_into_each_of_two_readers(void**) {
  GraphBuilder b;
  const TensorId padded = pad(b, b.input("x", {1, 2, 6, 6}));
  b.output(conv(b, padded));
  b.output(b.unary(UnaryKind::relu, "relu", padded));
  const Graph graph = rewritten(b.graph, fuse_pad);
  assert_int_equal(graph.nodes.size(), 3);
  assert_int_equal(find_node(graph, "conv")->inputs[0], graph.inputs[0]);
}

void expect_unchanged(GraphBuilder& b) {
  const std::size_t nodes = b.graph.nodes.size();
  assert_int_equal(rewritten(b.graph, fuse_pad).nodes.size(), nodes);
}

void test_pads_that_a_conv_does_not_have(void**) {
  GraphBuilder value;
  value.output(conv(value, pad(value, value.input("x", {1, 2, 6, 6}), {0, 0, 1, 1, 0, 0, 1, 1}, 2)));
  expect_unchanged(value);
  GraphBuilder channels;
  channels.output(conv(channels, pad(channels, channels.input("x", {1, 1, 6, 6}), {0, 1, 1, 1, 0, 0, 1, 1})));
  expect_unchanged(channels);
  GraphBuilder edge;
  const TensorId x = edge.input("x", {1, 2, 6, 6});
  const TensorId padded = pad(edge, x);
  edge.graph.nodes.back().attrs.pad = PadKind::edge;
  edge.output(conv(edge, padded));
  expect_ok(infer_shapes(edge.graph));
  expect_ok(fuse_pad(edge.graph));
  assert_int_equal(edge.graph.nodes.size(), 2);
}

void test_into_an_average_pool(void**) {
  GraphBuilder b;
  b.output(pool(b, pad(b, b.input("x", {1, 2, 6, 6})), Op::average_pool));
  const Graph graph = rewritten(b.graph, fuse_pad);
  assert_int_equal(graph.nodes.size(), 1);
  assert_true(graph.nodes[0].attrs.count_include_pad);
  GraphBuilder own;  // its own pads do not count, the pad's would
  own.output(pool(own, pad(own, own.input("x", {1, 2, 6, 6})), Op::average_pool, [](Attributes& a) {
    a.window.pads = {1, 1, 1, 1};
  }));
  expect_unchanged(own);
}

void test_into_a_max_pool(void**) {
  const std::vector<std::int64_t> sizes = {0, 0, 1, 1, 0, 0, 1, 1};
  GraphBuilder lowest;
  lowest.output(pool(lowest, pad(lowest, lowest.input("x", {1, 2, 6, 6}), sizes, -INFINITY), Op::max_pool));
  assert_int_equal(rewritten(lowest.graph, fuse_pad).nodes.size(), 1);
  GraphBuilder zero;  // x may be negative: then the pad is the maximum
  zero.output(pool(zero, pad(zero, zero.input("x", {1, 2, 6, 6}), sizes), Op::max_pool));
  expect_unchanged(zero);
  GraphBuilder positive;
  const TensorId relu = positive.unary(UnaryKind::relu, "relu", positive.input("x", {1, 2, 6, 6}));
  positive.output(pool(positive, pad(positive, relu, sizes), Op::max_pool));
  assert_int_equal(rewritten(positive.graph, fuse_pad).nodes.size(), 2);
}

void test_pads_as_large_as_the_window(void**) {
  GraphBuilder b;
  const TensorId relu = b.unary(UnaryKind::relu, "relu", b.input("x", {1, 2, 6, 6}));
  b.output(pool(b, pad(b, relu, {0, 0, 3, 0, 0, 0, 0, 0}), Op::max_pool));
  expect_unchanged(b);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_into_a_conv),
      cmocka_unit_test(test_into_each_of_two_readers),
      cmocka_unit_test(test_pads_that_a_conv_does_not_have),
      cmocka_unit_test(test_into_an_average_pool),
      cmocka_unit_test(test_into_a_max_pool),
      cmocka_unit_test(test_pads_as_large_as_the_window),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

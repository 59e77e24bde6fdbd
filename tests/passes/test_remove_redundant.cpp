#include "passes/same_values.h"

namespace octet::test {
namespace {

TensorId reshape(GraphBuilder& b, const std::string& name, TensorId x, const Dims& to) {
  return b.add(Op::reshape, name, {x}, [&](Attributes& a) { a.sizes = to; });
}
TensorId transpose(GraphBuilder& b, const std::string& name, TensorId x, const Dims& permutation) {
  return b.add(Op::transpose, name, {x}, [&](Attributes& a) { a.axes = permutation; });
}

Graph clean(GraphBuilder& b) { return rewritten(b.graph, remove_redundant); }

void test_reshape_of_reshape(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {2, 3, 4});
  b.output(reshape(b, "c", reshape(b, "b", reshape(b, "a", x, {6, 4}), {24}), {4, 6}));
  const Graph graph = clean(b);
  assert_int_equal(graph.nodes.size(), 1);
  assert_string_equal(graph.nodes[0].name.c_str(), "c");
}

void test_there_and_back(void**) {
  GraphBuilder b;
  const TensorId x = b.unary(UnaryKind::relu, "relu", b.input("x", {2, 3, 4}));
  const TensorId flat = reshape(b, "b", reshape(b, "a", x, {24}), {2, 3, 4});
  const TensorId turned = transpose(b, "t2", transpose(b, "t1", flat, {1, 2, 0}), {2, 0, 1});
  b.output(b.unary(UnaryKind::exp, "exp", turned));
  assert_int_equal(clean(b).nodes.size(), 2);
}

void test_transposes_combine(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {2, 3, 4, 5});
  b.output(transpose(b, "t2", transpose(b, "t1", x, {0, 2, 3, 1}), {3, 0, 1, 2}));
  const Graph graph = clean(b);
  assert_int_equal(graph.nodes.size(), 1);
  assert_true((graph.nodes[0].attrs.axes == Dims{1, 0, 2, 3}));
}

void test_a_transpose_of_ones_is_a_reshape(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 7, 1, 1});
  b.output(reshape(b, "r", transpose(b, "t", x, {0, 2, 3, 1}), {7}));
  const Graph graph = clean(b);
  assert_int_equal(graph.nodes.size(), 1);
  assert_true(graph.nodes[0].op == Op::reshape);
}

void test_nodes_that_do_nothing(void**) {
  GraphBuilder b;
  TensorId x = b.unary(UnaryKind::neg, "neg", b.input("x", {1, 2, 4, 4}));
  x = b.add(Op::concat, "concat", {x}, [](Attributes& a) { a.axis = 1; });
  x = b.add(Op::slice, "slice", {x}, [](Attributes& a) {
    a.axes = {2};
    a.starts = {0};
    a.sizes = {4};
    a.steps = {1};
  });
  x = b.add(Op::pad, "pad", {x}, [](Attributes& a) { a.sizes.assign(8, 0); });
  x = b.unary(UnaryKind::clip, "clip", x, -std::numeric_limits<float>::infinity(),
              std::numeric_limits<float>::infinity());
  x = b.add(Op::expand, "expand", {x}, [](Attributes& a) { a.sizes = {4, 4}; });
  b.output(x);
  const Graph graph = clean(b);
  assert_int_equal(graph.nodes.size(), 1);
  assert_string_equal(graph.nodes[0].name.c_str(), "neg");
  assert_string_equal(output_name(graph, graph.nodes[0]).c_str(), "expand:0");
}

void test_operators_that_the_interpreter_does_not_know(void**) {
  GraphBuilder b;
  TensorId x = b.unary(UnaryKind::neg, "neg", b.input("x", {1, 2, 4, 4}));
  x = b.add(Op::resize, "resize", {x}, [](Attributes& a) { a.scales = {1, 1}; });
  x = b.add(Op::depth_to_space, "d2s", {x});
  x = b.add(Op::split, "split", {x});
  b.output(x);
  expect_ok(infer_shapes(b.graph));
  expect_ok(remove_redundant(b.graph));
  expect_ok(validate(b.graph));
  assert_int_equal(b.graph.nodes.size(), 1);
}

void test_what_does_something_stays(void**) {
  GraphBuilder b;
  TensorId x = b.input("x", {1, 2, 4, 4});
  x = b.add(Op::slice, "reverse", {x}, [](Attributes& a) {
    a.axes = {3};
    a.starts = {3};
    a.sizes = {-5};
    a.steps = {-1};
  });
  x = transpose(b, "t", x, {0, 1, 3, 2});
  x = b.unary(UnaryKind::clip, "clip", x, -1, 1);
  b.output(x);
  assert_int_equal(clean(b).nodes.size(), 3);
}

void test_an_intermediate_that_others_read(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {2, 6});
  const TensorId a = reshape(b, "a", x, {12});
  b.output(reshape(b, "b", a, {3, 4}));
  b.output(b.unary(UnaryKind::relu, "relu", a));
  const Graph graph = clean(b);
  assert_int_equal(graph.nodes.size(), 3);
  assert_int_equal(find_node(graph, "b")->inputs[0], graph.inputs[0]);
}

void test_an_input_that_is_the_output(void**) {
  GraphBuilder b;
  b.output(reshape(b, "r", b.input("x", {2, 6}), {2, 6}));
  const Graph graph = clean(b);
  assert_int_equal(graph.nodes.size(), 1);
  assert_string_equal(output_name(graph, graph.nodes[0]).c_str(), "r:0");
}

// The result of relu is an output under the name of what did nothing to it; the reshapes before it were emitted with
// the old name.
void test_outputs_that_take_over_what_was_read_before(void**) {
  GraphBuilder b;
  const TensorId relu = b.unary(UnaryKind::relu, "relu", b.input("x", {2, 6}));
  const TensorId flat = reshape(b, "flat", relu, {12});
  b.output(reshape(b, "same", relu, {2, 6}));
  b.output(reshape(b, "back", flat, {2, 6}));
  b.output(reshape(b, "other", flat, {3, 4}));
  const Graph graph = clean(b);
  assert_int_equal(count_nodes(graph, Op::reshape), 2);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_reshape_of_reshape),
      cmocka_unit_test(test_there_and_back),
      cmocka_unit_test(test_transposes_combine),
      cmocka_unit_test(test_a_transpose_of_ones_is_a_reshape),
      cmocka_unit_test(test_nodes_that_do_nothing),
      cmocka_unit_test(test_operators_that_the_interpreter_does_not_know),
      cmocka_unit_test(test_what_does_something_stays),
      cmocka_unit_test(test_an_intermediate_that_others_read),
      cmocka_unit_test(test_an_input_that_is_the_output),
      cmocka_unit_test(test_outputs_that_take_over_what_was_read_before),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

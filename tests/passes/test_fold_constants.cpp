// What remains of a network after constant folding: executable operators, resolved attributes, names kept.
#include <cmath>

#include "passes/same_values.h"

namespace octet::test {
namespace {

Graph folded(GraphBuilder& b) {
  expect_ok(fold_constants(b.graph));
  expect_ok(validate(b.graph));
  return b.graph;
}

// Flattening as exporters write it: reshape(x, concat(shape(x)[0:1], [-1])).
void test_shape_arithmetic_becomes_a_constant_shape(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {2, 3, 4});
  const TensorId shape = b.add(Op::shape, "shape", {x});
  const TensorId first = b.add(Op::gather, "gather", {shape, b.integers("0", {}, {0})});
  const TensorId row = b.add(Op::unsqueeze, "unsqueeze", {first, b.integers("axes", {1}, {0})});
  const TensorId to = b.add(Op::concat, "concat", {row, b.integers("-1", {1}, {-1})});
  b.output(b.add(Op::reshape, "reshape", {x, to}));
  const Graph graph = folded(b);
  assert_int_equal(graph.nodes.size(), 1);
  assert_int_equal(graph.tensors.size(), 2);  // x and the result
  assert_true((graph.nodes[0].attrs.sizes == Dims{2, 12}));
  assert_string_equal(output_name(graph, graph.nodes[0]).c_str(), "reshape:0");
}

void test_operands_move_into_attributes(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 4, 6, 6});
  const TensorId cut =
      b.add(Op::slice, "slice",
            {x, b.integers("s", {1}, {-3}), b.integers("e", {1}, {INT64_MAX}), b.integers("a", {1}, {-3}), kNoTensor});
  const TensorId padded =
      b.add(Op::pad, "pad", {cut, b.integers("p", {4}, {1, 0, 2, 3}), b.scalar(5), b.integers("pa", {2}, {-1, 2})});
  const TensorId large = b.add(Op::resize, "resize", {padded, kNoTensor, b.floats("scales", {4}, {1, 1, 2, 0.5F})});
  b.output(b.add(Op::reduce, "mean", {large, b.integers("axes", {2}, {-1, -2})}));
  const Graph graph = folded(b);
  assert_int_equal(graph.nodes.size(), 4);
  for (const Node& node : graph.nodes) assert_int_equal(node.inputs.size(), 1);
  assert_true((graph.nodes[0].attrs.starts == Dims{1}));
  assert_true((graph.nodes[0].attrs.sizes == Dims{4}));
  assert_true((graph.nodes[0].attrs.axes == Dims{1}));
  assert_true((graph.nodes[1].attrs.sizes == Dims{0, 0, 0, 1, 0, 0, 3, 2}));
  assert_true(graph.nodes[1].attrs.alpha == 5);
  assert_true((graph.nodes[2].attrs.sizes == Dims{18, 4}));
  assert_true((graph.nodes[3].attrs.axes == Dims{2, 3}));
  assert_true((graph.at(graph.outputs[0]).dims == Dims{1, 3, 1, 1}));
}

void test_empty_scales_of_a_resize_mean_sizes(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 3, 3});
  b.output(b.add(Op::resize, "resize",
                 {x, b.floats("roi", {0}, {}), b.floats("scales", {0}, {}), b.integers("sizes", {4}, {1, 2, 5, 7})}));
  const Graph graph = folded(b);
  assert_true((graph.at(graph.outputs[0]).dims == Dims{1, 2, 5, 7}));
}

void test_what_does_nothing_vanishes(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {2, 3});
  const TensorId first = b.unary(UnaryKind::relu, "relu", x);
  const TensorId dropout = b.add(Op::identity, "dropout", {first, b.scalar(0.5F)}, {}, 2);
  const TensorId cast = b.add(Op::cast, "cast", {dropout}, [](Attributes& a) { a.to = DType::f32; });
  const TensorId expand = b.add(Op::expand, "expand", {cast, b.integers("to", {2}, {2, 3})});
  const TensorId tile = b.add(Op::tile, "tile", {expand, b.integers("times", {2}, {1, 1})});
  const TensorId last = b.unary(UnaryKind::exp, "exp", tile);
  b.output(b.add(Op::identity, "identity", {last}));
  const Graph graph = folded(b);
  assert_int_equal(graph.nodes.size(), 2);
  assert_string_equal(output_name(graph, graph.nodes[0]).c_str(), "relu:0");
  assert_string_equal(graph.nodes[1].name.c_str(), "exp");
  assert_string_equal(output_name(graph, graph.nodes[1]).c_str(), "identity:0");  // the network's output
}

void test_an_output_that_others_read_too(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {2, 3});
  const TensorId a = b.unary(UnaryKind::relu, "a", x);
  const TensorId before = b.unary(UnaryKind::neg, "before", a);
  b.output(b.add(Op::identity, "y", {a}));
  b.output(b.binary(BinaryKind::add, "z", b.unary(UnaryKind::exp, "behind", a), before));
  const Graph graph = rewritten(b.graph, fold_constants);
  assert_int_equal(graph.nodes.size(), 4);
  assert_string_equal(output_name(graph, graph.nodes[0]).c_str(), "y:0");
}

void test_one_value_as_two_outputs(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {2, 3});
  const TensorId a = b.unary(UnaryKind::relu, "a", x);
  b.output(a);
  b.output(b.add(Op::identity, "y", {a}));
  b.output(b.add(Op::identity, "z", {x}));  // an input of the network
  const Graph graph = rewritten(b.graph, fold_constants);
  assert_int_equal(graph.nodes.size(), 3);
  assert_int_equal(count_nodes(graph, Op::reshape), 2);
}

void test_a_constant_output(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {2});
  const TensorId boxes = b.binary(BinaryKind::mul, "boxes", b.noise("p", {2}), b.noise("q", {2}));
  b.output(boxes);
  b.output(b.binary(BinaryKind::add, "sum", x, boxes));
  const Graph graph = rewritten(b.graph, fold_constants);
  assert_int_equal(graph.nodes.size(), 2);
}

void test_changes_of_rank_become_reshapes(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 4, 1, 1});
  const TensorId a = b.add(Op::squeeze, "squeeze", {x, b.integers("axes", {2}, {2, 3})});
  const TensorId c = b.add(Op::unsqueeze, "unsqueeze", {a, b.integers("axis", {1}, {0})});
  b.output(b.add(Op::flatten, "flatten", {c}, [](Attributes& attrs) { attrs.axis = 2; }));
  const Graph graph = folded(b);
  assert_int_equal(count_nodes(graph, Op::reshape), 3);
  assert_true((graph.at(graph.outputs[0]).dims == Dims{1, 4}));
  assert_string_equal(graph.nodes[0].name.c_str(), "squeeze");
}

// tile is not known to the interpreter: the expected values are written out.
std::vector<double> tiled(const Dims& dims, const std::vector<std::int64_t>& times, Graph* graph) {
  GraphBuilder b;
  const TensorId x = b.input("x", dims);
  b.output(b.add(Op::tile, "tile", {x, b.integers("times", {static_cast<std::int64_t>(times.size())}, times)}));
  *graph = folded(b);
  return Interpreter(*graph).run().begin()->second.values;
}

void test_tile(void**) {
  Graph graph;
  const std::vector<double> both = tiled({2, 2}, {2, 3}, &graph);
  assert_int_equal(count_nodes(graph, Op::concat), 2);
  GraphBuilder b;
  b.output(b.unary(UnaryKind::abs, "a", b.input("x", {2, 2})));
  expect_ok(infer_shapes(b.graph));
  const std::vector<double> x = Interpreter(b.graph).run().begin()->second.values;  // magnitudes of the same input
  assert_int_equal(both.size(), 24);
  for (std::size_t i = 0; i < 24; ++i) {
    assert_true(std::abs(both[i]) == x[i / 6 % 2 * 2 + i % 2]);
  }
  tiled({1, 3, 1}, {4, 1, 5}, &graph);
  assert_int_equal(count_nodes(graph, Op::expand), 1);
  assert_true((graph.at(graph.outputs[0]).dims == Dims{4, 3, 5}));
}

void test_tile_has_a_limit(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {2, 2});
  b.output(b.add(Op::tile, "tile", {x, b.integers("times", {2}, {1, 100000})}));
  expect_failure(fold_constants(b.graph), Code::shape, {"'tile'", "100000"});
}

void test_negative_pads_cut(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 5, 6});
  b.output(b.add(Op::pad, "pad", {x}, [](Attributes& a) { a.sizes = {0, 0, -1, 2, 0, 0, 1, -3}; }));
  b.output(b.add(Op::pad, "crop", {x}, [](Attributes& a) { a.sizes = {0, 0, 0, -2, 0, 0, -1, 0}; }));
  const Graph graph = rewritten(b.graph, fold_constants);
  assert_int_equal(count_nodes(graph, Op::slice), 2);
  assert_int_equal(count_nodes(graph, Op::pad), 1);
}

void test_gather_counts_from_the_start(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {2, 5});
  const TensorId indices = b.graph.add_constant("i", DType::i32, {2}, std::vector<std::int32_t>{-1, 2});
  b.output(b.add(Op::gather, "gather", {x, indices}, [](Attributes& a) { a.axis = -1; }));
  const Graph graph = folded(b);
  const auto values = graph.at(graph.nodes[0].inputs[1]).data.as<std::int64_t>();
  assert_int_equal(values[0], 4);
  assert_int_equal(values[1], 2);
  assert_int_equal(graph.nodes[0].attrs.axis, 1);
}

void test_where_with_one_answer(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {2, 3});
  const TensorId condition = b.graph.add_constant("c", DType::boolean, {3}, std::vector<std::uint8_t>{1, 1, 1});
  const TensorId chosen = b.add(Op::where, "where", {condition, x, b.scalar(0)});
  b.output(b.unary(UnaryKind::relu, "relu", chosen));
  const Graph graph = folded(b);
  assert_int_equal(graph.nodes.size(), 1);
  assert_int_equal(graph.nodes[0].inputs[0], graph.inputs[0]);
}

void test_float_branches_are_computed(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2});
  const TensorId weight = b.add(Op::transpose, "t", {b.noise("w", {2, 3})});
  const TensorId scaled = b.binary(BinaryKind::mul, "scaled", weight, b.scalar(0.5F));
  b.output(b.add(Op::gemm, "gemm", {x, scaled}));
  const Graph graph = rewritten(b.graph, fold_constants);
  assert_int_equal(graph.nodes.size(), 1);
  assert_true(graph.is_constant(graph.nodes[0].inputs[1]));
}

void test_unknown_input_sizes(void**) {
  for (const std::int64_t dim : {-1, 0}) {
    GraphBuilder b;
    b.output(b.unary(UnaryKind::relu, "relu", b.input("data", {dim, 3})));
    expect_failure(fold_constants(b.graph), Code::shape, {"'data'", "give its shape"});
  }
}

void test_what_cannot_be_resolved(void**) {
  const auto failure = [](const std::function<TensorId(GraphBuilder&, TensorId)>& build, Code code,
                          std::initializer_list<std::string_view> words) {
    GraphBuilder b;
    b.output(build(b, b.input("x", {2, 3})));
    expect_failure(fold_constants(b.graph), code, words);
  };
  failure([](GraphBuilder& b, TensorId x) { return b.add(Op::cast, "c", {x}, [](auto& a) { a.to = DType::i64; }); },
          Code::unsupported, {"'c'", "cast", "'x'"});
  failure(
      [](GraphBuilder& b, TensorId x) {
        return b.add(Op::compare, "less", {x, x});
      },
      Code::unsupported, {"'less'", "compare"});
  failure(
      [](GraphBuilder& b, TensorId) {
        return b.add(Op::reshape, "r", {0, b.input("to", {1}, DType::i64)});
      },
      Code::unsupported, {"'r'", "'to'"});
  failure(
      [](GraphBuilder& b, TensorId) {
        const TensorId ids = b.input("ids", {2}, DType::i64);
        return b.binary(BinaryKind::add, "sum", ids, ids);
      },
      Code::unsupported, {"'sum'", "int64"});
  failure(
      [](GraphBuilder& b, TensorId x) {
        return b.add(Op::gather, "g", {x, b.input("i", {1}, DType::i64)});
      },
      Code::unsupported, {"'g'", "'i'"});
  failure(
      [](GraphBuilder& b, TensorId x) {
        return b.add(Op::reshape, "r", {x, b.integers("to", {1}, {7})});
      },
      Code::shape, {"'r'", "2x3", "7"});
  failure(
      [](GraphBuilder& b, TensorId x) {
        return b.add(Op::reshape, "r", {x, b.noise("to", {1})});
      },
      Code::format, {"'r'", "float32"});
  failure(
      [](GraphBuilder& b, TensorId x) {
        return b.add(Op::range, "range", {x, x, x});
      },
      Code::unsupported, {"'range'"});
}

void test_a_mask_of_dropout_is_not_made(void**) {
  GraphBuilder b;
  b.add(Op::identity, "dropout", {b.input("x", {2})}, {}, 2);
  b.output(b.graph.nodes[0].outputs[1]);
  expect_failure(fold_constants(b.graph), Code::unsupported, {"'dropout'", "second"});
}

void test_broken_structure_is_refused(void**) {
  GraphBuilder b;
  b.output(b.unary(UnaryKind::relu, "relu", b.input("x", {2})));
  b.graph.nodes[0].inputs[0] = 50;
  expect_failure(fold_constants(b.graph), Code::format, {"'relu'", "50"});
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_shape_arithmetic_becomes_a_constant_shape),
      cmocka_unit_test(test_operands_move_into_attributes),
      cmocka_unit_test(test_empty_scales_of_a_resize_mean_sizes),
      cmocka_unit_test(test_what_does_nothing_vanishes),
      cmocka_unit_test(test_an_output_that_others_read_too),
      cmocka_unit_test(test_one_value_as_two_outputs),
      cmocka_unit_test(test_a_constant_output),
      cmocka_unit_test(test_changes_of_rank_become_reshapes),
      cmocka_unit_test(test_tile),
      cmocka_unit_test(test_tile_has_a_limit),
      cmocka_unit_test(test_negative_pads_cut),
      cmocka_unit_test(test_gather_counts_from_the_start),
      cmocka_unit_test(test_where_with_one_answer),
      cmocka_unit_test(test_float_branches_are_computed),
      cmocka_unit_test(test_unknown_input_sizes),
      cmocka_unit_test(test_what_cannot_be_resolved),
      cmocka_unit_test(test_a_mask_of_dropout_is_not_made),
      cmocka_unit_test(test_broken_structure_is_refused),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// The graph as a structure: types, uses, order, dead parts.
#include <cstring>

#include "graph/graph.h"
#include "support/expect.h"
#include "support/graph_builder.h"

namespace octet::test {
namespace {

void test_element_count(void**) {
  assert_int_equal(element_count({}), 1);
  assert_int_equal(element_count({2, 3, 4}), 24);
  assert_int_equal(element_count({2, 0, 4}), 0);
  assert_int_equal(element_count({2, -1}), -1);
  assert_int_equal(element_count({0, -1}), -1);
  assert_int_equal(element_count({kMaxElements}), kMaxElements);
  assert_int_equal(element_count({kMaxElements, 2}), -1);
  assert_int_equal(element_count({INT64_MAX, INT64_MAX}), -1);
  assert_int_equal(element_count({INT64_MAX, 0}), -1);  // no product on the way may overflow either
}

void test_names_and_sizes(void**) {
  assert_string_equal(name_of(Op::conv_transpose), "conv_transpose");
  assert_string_equal(name_of(Op::tile), "tile");
  assert_string_equal(name_of(UnaryKind::relu), "relu");
  assert_string_equal(name_of(UnaryKind::logical_not), "logical_not");
  assert_string_equal(name_of(UnaryKind::gelu_tanh), "gelu_tanh");
  assert_string_equal(name_of(BinaryKind::pow), "pow");
  assert_string_equal(name_of(static_cast<UnaryKind>(200)), "unknown function");
  assert_string_equal(name_of(static_cast<Op>(60)), "unknown operator");
  assert_int_equal(size_of(DType::i64), 8);
  assert_int_equal(size_of(DType::boolean), 1);
  assert_int_equal(size_of(static_cast<DType>(99)), 0);
}

void test_describe(void**) {
  Node node;
  node.op = Op::gemm;
  node.name = "fc\n1";
  const std::string text = describe(node);
  assert_non_null(strstr(text.c_str(), "(gemm)"));
  assert_null(strchr(text.c_str(), '\n'));
}

// x -> a -> b -> out, and a side branch nobody reads.
GraphBuilder branch() {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2});
  const TensorId a = b.unary(UnaryKind::relu, "a", x);
  const TensorId c = b.noise("unused", {3});
  b.binary(BinaryKind::mul, "dead1", a, c);
  b.unary(UnaryKind::exp, "dead2", b.graph.nodes.back().outputs[0]);
  b.output(b.binary(BinaryKind::add, "b", a, x));
  return b;
}

void test_uses_and_producers(void**) {
  const GraphBuilder b = branch();
  const std::vector<int> uses = count_uses(b.graph);
  const std::vector<int> producers = find_producers(b.graph);
  const Node& relu = b.graph.nodes[0];
  assert_int_equal(uses[static_cast<std::size_t>(relu.inputs[0])], 2);
  assert_int_equal(uses[static_cast<std::size_t>(relu.outputs[0])], 2);
  assert_int_equal(uses[static_cast<std::size_t>(b.graph.outputs[0])], 1);  // the network's output
  assert_int_equal(producers[static_cast<std::size_t>(relu.outputs[0])], 0);
  assert_int_equal(producers[static_cast<std::size_t>(relu.inputs[0])], -1);
  assert_int_equal(producers[static_cast<std::size_t>(b.graph.outputs[0])], 3);
}

void test_remove_dead(void**) {
  GraphBuilder b = branch();
  b.input("unread", {4});
  remove_dead(b.graph);
  assert_int_equal(b.graph.nodes.size(), 2);
  assert_int_equal(b.graph.tensors.size(), 4);  // x, unread, a, b
  assert_string_equal(b.graph.nodes[1].name.c_str(), "b");
  assert_string_equal(b.graph.at(b.graph.nodes[1].inputs[0]).name.c_str(), "a:0");
  assert_string_equal(b.graph.at(b.graph.nodes[1].inputs[1]).name.c_str(), "x");
  assert_string_equal(b.graph.at(b.graph.outputs[0]).name.c_str(), "b:0");
  assert_string_equal(b.graph.at(b.graph.inputs[1]).name.c_str(), "unread");
}

void test_remove_dead_keeps_all_outputs_of_a_live_node(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 4});
  const TensorId first = b.add(
      Op::split, "s", {x}, [](Attributes& attrs) { attrs.axis = 1; }, 2);
  b.output(first);
  remove_dead(b.graph);
  assert_int_equal(b.graph.nodes[0].outputs.size(), 2);
  assert_int_equal(b.graph.tensors.size(), 3);
  assert_string_equal(b.graph.at(b.graph.nodes[0].outputs[1]).name.c_str(), "s:1");
}

void test_sort_is_stable(void**) {
  GraphBuilder b = branch();
  std::vector<std::string> before;
  for (const Node& node : b.graph.nodes) before.push_back(node.name);
  expect_ok(sort_nodes(b.graph));
  for (std::size_t i = 0; i < before.size(); ++i) assert_true(b.graph.nodes[i].name == before[i]);
}

void test_sort_brings_makers_before_readers(void**) {
  GraphBuilder b = branch();
  std::reverse(b.graph.nodes.begin(), b.graph.nodes.end());
  expect_failure(validate_structure(b.graph), Code::format, {"'b'", "a:0"});
  expect_ok(sort_nodes(b.graph));
  expect_ok(validate_structure(b.graph));
  assert_string_equal(b.graph.nodes[0].name.c_str(), "a");
  assert_string_equal(b.graph.nodes[1].name.c_str(), "b");  // came first among those that could follow
}

void test_sort_names_a_node_of_the_cycle(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1});
  const TensorId y = b.binary(BinaryKind::add, "loop1", x, x);
  const TensorId z = b.unary(UnaryKind::relu, "loop2", y);
  b.graph.nodes[0].inputs[1] = z;
  b.output(b.unary(UnaryKind::exp, "behind", z));
  std::swap(b.graph.nodes[0], b.graph.nodes[2]);  // the first that cannot be placed is not on the cycle
  expect_failure(sort_nodes(b.graph), Code::format, {"loop", "cycle"});
}

void test_macs(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 4, 5, 5});
  const TensorId conv = b.add(Op::conv, "c", {x, b.noise("w", {6, 2, 3, 3})}, [](Attributes& attrs) {
    attrs.groups = 2;
    attrs.window.pads = {1, 1, 1, 1};
  });
  const TensorId up = b.add(Op::conv_transpose, "t", {conv, b.noise("wt", {6, 3, 2, 2})}, [](Attributes& attrs) {
    attrs.window.stride = {2, 2};
  });
  const TensorId flat = b.add(Op::reshape, "r", {up}, [](Attributes& attrs) { attrs.sizes = {3, 100}; });
  b.output(b.add(Op::gemm, "g", {flat, b.noise("wg", {7, 100})}));
  expect_ok(infer_shapes(b.graph));
  assert_int_equal(count_macs(b.graph, b.graph.nodes[0]), 6 * 25 * 2 * 9);
  assert_int_equal(count_macs(b.graph, b.graph.nodes[1]), 6 * 25 * 3 * 4);
  assert_int_equal(count_macs(b.graph, b.graph.nodes[2]), 0);
  assert_int_equal(count_macs(b.graph, b.graph.nodes[3]), 3 * 7 * 100);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_element_count),
      cmocka_unit_test(test_names_and_sizes),
      cmocka_unit_test(test_describe),
      cmocka_unit_test(test_uses_and_producers),
      cmocka_unit_test(test_remove_dead),
      cmocka_unit_test(test_remove_dead_keeps_all_outputs_of_a_live_node),
      cmocka_unit_test(test_sort_is_stable),
      cmocka_unit_test(test_sort_brings_makers_before_readers),
      cmocka_unit_test(test_sort_names_a_node_of_the_cycle),
      cmocka_unit_test(test_macs),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

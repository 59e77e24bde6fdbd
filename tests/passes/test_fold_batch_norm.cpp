#include "passes/same_values.h"

namespace octet::test {
namespace {

TensorId batch_norm(GraphBuilder& b, const std::string& name, TensorId x, std::int64_t channels) {
  std::vector<float> variance(static_cast<std::size_t>(channels));
  for (std::size_t i = 0; i < variance.size(); ++i) variance[i] = 0.1F + static_cast<float>(i);
  return b.add(Op::batch_norm, name,
               {x, b.noise(name + "/s", {channels}), b.noise(name + "/b", {channels}), b.noise(name + "/m", {channels}),
                b.floats(name + "/v", {channels}, variance)},
               [](Attributes& a) { a.alpha = 1e-3F; });
}

void test_after_conv(void**) {
  for (const bool biased : {false, true}) {
    GraphBuilder b;
    const TensorId x = b.input("x", {1, 4, 5, 5});
    std::vector<TensorId> operands = {x, b.noise("w", {6, 2, 3, 3})};
    if (biased) operands.push_back(b.noise("bias", {6}));
    const TensorId conv = b.add(Op::conv, "conv", operands, [](Attributes& a) { a.groups = 2; });
    b.output(batch_norm(b, "bn", conv, 6));
    const Graph graph = rewritten(b.graph, fold_batch_norm);
    assert_int_equal(graph.nodes.size(), 1);
    assert_string_equal(graph.nodes[0].name.c_str(), "conv");
    assert_string_equal(output_name(graph, graph.nodes[0]).c_str(), "bn:0");
  }
}

void test_after_conv_transpose_with_groups(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 4, 5, 5});
  const TensorId conv = b.add(Op::conv_transpose, "up", {x, b.noise("w", {4, 3, 3, 3})}, [](Attributes& a) {
    a.groups = 2;
    a.window.stride = {2, 2};
  });
  b.output(batch_norm(b, "bn", conv, 6));
  assert_int_equal(rewritten(b.graph, fold_batch_norm).nodes.size(), 1);
}

void test_after_gemm(void**) {
  GraphBuilder b;
  const TensorId gemm = b.add(Op::gemm, "fc", {b.input("x", {2, 5}), b.noise("w", {3, 5}), b.noise("bias", {3})});
  b.output(batch_norm(b, "bn", gemm, 3));
  assert_int_equal(rewritten(b.graph, fold_batch_norm).nodes.size(), 1);
}

// Channels of a batch norm are dimension 1, outputs of this gemm dimension 2.
void test_after_gemm_of_three_dimensions(void**) {
  GraphBuilder b;
  const TensorId gemm = b.add(Op::gemm, "fc", {b.input("x", {2, 3, 5}), b.noise("w", {3, 5})});
  b.output(batch_norm(b, "bn", gemm, 3));
  assert_int_equal(count_nodes(rewritten(b.graph, fold_batch_norm), Op::binary), 2);
}

void test_a_result_that_others_read_stays(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 4, 4});
  const TensorId conv = b.add(Op::conv, "conv", {x, b.noise("w", {3, 2, 1, 1})});
  b.output(batch_norm(b, "bn", conv, 3));
  b.output(b.unary(UnaryKind::relu, "relu", conv));
  const Graph graph = rewritten(b.graph, fold_batch_norm);
  const Node* alone = find_node(graph, "bn");
  assert_non_null(alone);
  assert_true(alone->op == Op::conv);
  assert_int_equal(alone->attrs.groups, 3);
}

void test_an_output_of_the_network_stays(void**) {
  GraphBuilder b;
  const TensorId conv = b.add(Op::conv, "conv", {b.input("x", {1, 2, 4, 4}), b.noise("w", {3, 2, 1, 1})});
  b.output(conv);
  b.output(batch_norm(b, "bn", conv, 3));
  assert_int_equal(rewritten(b.graph, fold_batch_norm).nodes.size(), 2);
}

void test_weights_that_are_shared_are_copied(void**) {
  GraphBuilder b;
  const TensorId weight = b.noise("w", {2, 2, 1, 1});
  const TensorId first = b.add(Op::conv, "first", {b.input("x", {1, 2, 4, 4}), weight});
  const TensorId bn = batch_norm(b, "bn", first, 2);
  b.output(b.add(Op::conv, "second", {bn, weight}));
  const Graph graph = rewritten(b.graph, fold_batch_norm);
  assert_int_equal(graph.nodes.size(), 2);
  assert_int_not_equal(graph.nodes[0].inputs[1], graph.nodes[1].inputs[1]);
}

void test_alone(void**) {
  for (const Dims& dims : {Dims{2, 3, 4, 5}, Dims{2, 3}, Dims{2, 3, 4}}) {
    GraphBuilder b;
    b.output(batch_norm(b, "bn", b.input("x", dims), 3));
    const Graph graph = rewritten(b.graph, fold_batch_norm);
    assert_int_equal(count_nodes(graph, dims.size() == 4 ? Op::conv : Op::binary), dims.size() == 4 ? 1 : 2);
  }
}

void test_behind_an_activation_of_the_conv(void**) {
  GraphBuilder b;
  const TensorId conv = b.add(Op::conv, "conv", {b.input("x", {1, 2, 4, 4}), b.noise("w", {3, 2, 1, 1})},
                              [](Attributes& a) { a.clamp.low = 0; });
  b.output(batch_norm(b, "bn", conv, 3));
  assert_int_equal(rewritten(b.graph, fold_batch_norm).nodes.size(), 2);
}

void test_two_in_a_row(void**) {
  GraphBuilder b;
  const TensorId conv = b.add(Op::conv, "conv", {b.input("x", {1, 2, 4, 4}), b.noise("w", {3, 2, 1, 1})});
  b.output(batch_norm(b, "bn2", batch_norm(b, "bn1", conv, 3), 3));
  assert_int_equal(rewritten(b.graph, fold_batch_norm).nodes.size(), 1);
}

void test_impossible_parameters(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 4, 4});
  b.output(b.add(Op::batch_norm, "bn",
                 {x, b.noise("s", {2}), b.noise("b", {2}), b.noise("m", {2}), b.floats("v", {2}, {1, -1})}));
  expect_ok(infer_shapes(b.graph));
  expect_failure(fold_batch_norm(b.graph), Code::format, {"'bn'", "channel 1"});
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_after_conv),
      cmocka_unit_test(test_after_conv_transpose_with_groups),
      cmocka_unit_test(test_after_gemm),
      cmocka_unit_test(test_after_gemm_of_three_dimensions),
      cmocka_unit_test(test_a_result_that_others_read_stays),
      cmocka_unit_test(test_an_output_of_the_network_stays),
      cmocka_unit_test(test_weights_that_are_shared_are_copied),
      cmocka_unit_test(test_alone),
      cmocka_unit_test(test_behind_an_activation_of_the_conv),
      cmocka_unit_test(test_two_in_a_row),
      cmocka_unit_test(test_impossible_parameters),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

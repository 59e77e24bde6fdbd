// What runs in int8, and what shares a quantization.
#include "quantize/assign.h"
#include "quantize/networks.h"

using namespace octet;
using namespace octet::test;

namespace {

// An assignment and the questions that tests ask.
struct Assigned {
  Graph graph;
  Assignment assignment;

  bool int8(const std::string& node) const { return assignment.int8_node[index_of_node(graph, node)]; }
  bool int8_tensor(const std::string& name) const { return assignment.int8_tensor[index_of_tensor(graph, name)]; }
  int group(const std::string& name) const { return assignment.group[index_of_tensor(graph, name)]; }
};

Assigned assigned(GraphBuilder& b, const std::vector<std::string>& skip = {}) {
  Assigned result{finished(b), {}};
  auto assignment = assign_types(result.graph, skip);
  expect_ok(assignment.status());
  result.assignment = std::move(*assignment);
  return result;
}

void set_axis(Attributes& attrs) { attrs.axis = 1; }

void test_what_lies_between_convolutions_is_int8(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 3, 4, 4});
  const TensorId a = conv1x1(b, "first", x, 3, 4);
  const TensorId s = b.unary(UnaryKind::sigmoid, "sigmoid", a);
  const TensorId m = b.binary(BinaryKind::mul, "gate", a, s);
  b.output(conv1x1(b, "last", m, 4, 2));
  const Assigned result = assigned(b);
  for (const char* node : {"first", "sigmoid", "gate", "last"}) assert_true(result.int8(node));
  assert_true(result.int8_tensor("x"));
  assert_true(result.int8_tensor("last:0"));
  // Each has values of its own.
  assert_int_equal(result.assignment.group_count, 5);
}

void test_arithmetic_with_constants_at_the_end_is_float(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 4, 4});
  TensorId t = conv1x1(b, "conv", x, 2, 2);
  t = b.binary(BinaryKind::mul, "variance", t, b.scalar(0.1F));
  t = b.unary(UnaryKind::exp, "exp", t);
  t = b.binary(BinaryKind::sub, "corner", t, b.scalar(0.5F));
  b.output(t);
  const Assigned result = assigned(b);
  assert_true(result.int8("conv"));
  for (const char* node : {"variance", "exp", "corner"}) assert_false(result.int8(node));
}

void test_arithmetic_with_constants_inside_is_int8(void**) {
  GraphBuilder b;
  TensorId t = conv1x1(b, "first", b.input("x", {1, 2, 4, 4}), 2, 2);
  t = b.binary(BinaryKind::mul, "scale", t, b.scalar(0.1F));
  b.output(conv1x1(b, "last", t, 2, 2));
  assert_true(assigned(b).int8("scale"));
}

void test_moves_to_the_outputs_are_float(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 4, 4});
  const TensorId large = b.add(Op::reshape, "flat", {conv1x1(b, "large", x, 2, 2)}, [](Attributes& a) {
    a.sizes = {1, 32};
  });
  const TensorId small = b.add(Op::reshape, "flat2", {conv1x1(b, "small", x, 2, 2)}, [](Attributes& a) {
    a.sizes = {1, 32};
  });
  b.output(b.add(Op::concat, "join", {large, small}, set_axis));
  const Assigned result = assigned(b);
  for (const char* node : {"flat", "flat2", "join"}) assert_false(result.int8(node));
  // So what is joined keeps a scale for each.
  assert_int_not_equal(result.group("large:0"), result.group("small:0"));
}

void test_what_is_joined_inside_shares_a_quantization(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 4, 4});
  const TensorId left = conv1x1(b, "left", x, 2, 2);
  const TensorId pooled = b.add(Op::max_pool, "pool", {conv1x1(b, "right", x, 2, 2)}, [](Attributes& a) {
    a.window.kernel = {3, 3};
    a.window.pads = {1, 1, 1, 1};
  });
  const TensorId joined = b.add(Op::concat, "join", {left, pooled}, set_axis);
  b.output(conv1x1(b, "last", joined, 4, 2));
  const Assigned result = assigned(b);
  assert_true(result.int8("join"));
  for (const char* name : {"left:0", "right:0", "pool:0"}) {
    assert_int_equal(result.group(name), result.group("join:0"));
  }
  assert_int_not_equal(result.group("x"), result.group("join:0"));
  assert_int_not_equal(result.group("last:0"), result.group("join:0"));
}

void test_averages_have_a_quantization_of_their_own(void**) {
  GraphBuilder b;
  const TensorId c = conv1x1(b, "conv", b.input("x", {1, 2, 4, 4}), 2, 2);
  const TensorId p = b.add(Op::average_pool, "pool", {c}, [](Attributes& a) { a.window.kernel = {2, 2}; });
  b.output(conv1x1(b, "last", p, 2, 2));
  const Assigned result = assigned(b);
  assert_true(result.int8("pool"));
  assert_int_not_equal(result.group("conv:0"), result.group("pool:0"));
}

void test_moves_of_the_input_are_int8(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 4, 4, 3});
  const TensorId t = b.add(Op::transpose, "to_nchw", {x}, [](Attributes& a) { a.axes = {0, 3, 1, 2}; });
  b.output(conv1x1(b, "conv", t, 3, 2));
  const Assigned result = assigned(b);
  assert_true(result.int8("to_nchw"));
  assert_int_equal(result.group("x"), result.group("to_nchw:0"));
}

void test_moves_of_the_input_that_float_reads_are_float(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 4, 4, 3});
  const TensorId t = b.add(Op::transpose, "to_nchw", {x}, [](Attributes& a) { a.axes = {0, 3, 1, 2}; });
  b.output(conv1x1(b, "conv", t, 3, 2));
  b.output(b.unary(UnaryKind::exp, "exp", t));
  const Assigned result = assigned(b);
  assert_false(result.int8("to_nchw"));
  assert_true(result.int8_tensor("to_nchw:0"));
  assert_false(result.int8_tensor("x"));
}

void test_nothing_without_a_heavy_layer(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 4, 4});
  b.output(b.unary(UnaryKind::sigmoid, "sigmoid", b.add(Op::max_pool, "pool", {x})));
  const Assigned result = assigned(b);
  assert_false(result.int8("pool"));
  assert_false(result.int8("sigmoid"));
  assert_int_equal(result.assignment.group_count, 0);
}

void test_what_has_no_int8_form_is_float_with_what_follows(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 4, 4});
  const TensorId d = b.binary(BinaryKind::div, "ratio", conv1x1(b, "a", x, 2, 2), conv1x1(b, "b", x, 2, 2));
  const TensorId r = b.unary(UnaryKind::relu, "relu", d);
  b.output(conv1x1(b, "last", r, 2, 2));
  const Assigned result = assigned(b);
  assert_false(result.int8("ratio"));
  assert_false(result.int8("relu"));
  assert_true(result.int8("last"));
  assert_true(result.int8_tensor("relu:0"));  // read as int8
  assert_false(result.int8_tensor("ratio:0"));
}

void test_sum_with_one_float_side_is_float(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 4, 4});
  const TensorId side = conv1x1(b, "side", x, 2, 2);
  const TensorId sum = b.binary(BinaryKind::add, "sum", conv1x1(b, "main", x, 2, 2), side);
  b.output(conv1x1(b, "last", sum, 2, 2));
  assert_true(assigned(b).int8("sum"));
  assert_false(assigned(b, {"side"}).int8("sum"));
}

void test_softmax_at_the_end_reads_int8_and_gives_float(void**) {
  GraphBuilder b;
  const TensorId c = conv1x1(b, "conv", b.input("x", {1, 2, 1, 1}), 2, 5);
  const TensorId s = b.add(Op::softmax, "softmax", {c}, set_axis);
  b.output(b.add(Op::reshape, "flat", {s}, [](Attributes& a) { a.sizes = {1, 5}; }));
  const Assigned result = assigned(b);
  assert_true(result.int8("softmax"));
  assert_true(result.int8_tensor("conv:0"));
  assert_false(result.int8_tensor("softmax:0"));
  assert_false(result.int8("flat"));
}

void test_softmax_inside_keeps_its_own_quantization(void**) {
  GraphBuilder b;
  const TensorId c = conv1x1(b, "conv", b.input("x", {1, 2, 4, 4}), 2, 4);
  const TensorId s = b.add(Op::softmax, "softmax", {c}, set_axis);
  const TensorId joined = b.add(Op::concat, "join", {s, c}, set_axis);
  b.output(conv1x1(b, "last", joined, 8, 2));
  const Assigned result = assigned(b);
  assert_true(result.int8_tensor("softmax:0"));
  assert_int_equal(result.group("conv:0"), result.group("join:0"));
  assert_int_not_equal(result.group("softmax:0"), result.group("join:0"));
}

void test_mean_at_the_end_reads_int8_and_gives_float(void**) {
  const auto over_image = [](Attributes& a) { a.axes = {2, 3}; };
  GraphBuilder b;
  const TensorId c = conv1x1(b, "conv", b.input("x", {1, 2, 4, 4}), 2, 5);
  const TensorId m = b.add(Op::reduce, "mean", {c}, over_image);
  b.output(b.unary(UnaryKind::exp, "exp", m));
  const Assigned result = assigned(b);
  assert_true(result.int8("mean"));
  assert_false(result.int8_tensor("mean:0"));
  assert_false(result.int8("exp"));
  GraphBuilder classes;  // also where a softmax reads it
  const TensorId e = conv1x1(classes, "conv", classes.input("x", {1, 2, 4, 4}), 2, 5);
  classes.output(classes.add(Op::softmax, "softmax", {classes.add(Op::reduce, "mean", {e}, over_image)}, set_axis));
  assert_false(assigned(classes).int8_tensor("mean:0"));
  assert_false(assigned(classes).int8("softmax"));
  GraphBuilder inside;  // another layer reads it
  const TensorId d = conv1x1(inside, "conv", inside.input("x", {1, 2, 4, 4}), 2, 5);
  inside.output(conv1x1(inside, "last", inside.add(Op::reduce, "mean", {d}, over_image), 5, 2));
  assert_true(assigned(inside).int8_tensor("mean:0"));
}

void test_log_softmax_is_float(void**) {
  GraphBuilder b;
  const TensorId c = conv1x1(b, "conv", b.input("x", {1, 2, 1, 1}), 2, 5);
  b.output(b.add(Op::softmax, "log", {c}, [](Attributes& a) {
    a.axis = 1;
    a.log = true;
  }));
  assert_false(assigned(b).int8("log"));
}

void test_prelu_by_channel_is_int8_by_pixel_float(void**) {
  for (const bool by_channel : {true, false}) {
    GraphBuilder b;
    const TensorId c = conv1x1(b, "first", b.input("x", {1, 2, 4, 4}), 2, 3);
    const TensorId slope = by_channel ? b.noise("slope", {3, 1, 1}) : b.noise("slope", {1, 4, 4});
    b.output(conv1x1(b, "last", b.add(Op::prelu, "prelu", {c, slope}), 3, 2));
    assert_int_equal(assigned(b).int8("prelu"), by_channel);
  }
}

void test_border_of_zeros_is_int8_of_other_values_float(void**) {
  for (const float value : {0.0F, 7.0F}) {
    GraphBuilder b;
    const TensorId c = conv1x1(b, "first", b.input("x", {1, 2, 4, 4}), 2, 3);
    const TensorId p = b.add(Op::pad, "pad", {c}, [&](Attributes& a) {
      a.sizes = {0, 0, 1, 1, 0, 0, 1, 1};
      a.alpha = value;
    });
    b.output(conv1x1(b, "last", p, 3, 2));
    assert_int_equal(assigned(b).int8("pad"), value == 0);
  }
}

void test_sum_that_int32_cannot_hold_is_float(void**) {
  // 255 x 127 x depth must leave room for a bias.
  for (const auto& [depth, expected] : {std::pair<std::int64_t, bool>{60000, true}, {66000, false}, {70000, false}}) {
    GraphBuilder b;
    const TensorId x = b.input("x", {1, depth});
    b.output(b.add(Op::gemm, "gemm", {x, b.noise("w", {2, depth}), b.noise("b", {2})}));
    assert_int_equal(assigned(b).int8("gemm"), expected);
  }
}

void test_layer_with_computed_weights_is_float(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 8});
  b.output(b.add(Op::mat_mul, "product", {x, b.input("w", {8, 4})}));
  assert_false(assigned(b).int8("product"));
}

// Scales end at 2^64.
void test_layer_with_enormous_weights_is_float(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 1, 2, 2});
  b.output(scale_by(b, "small", scale_by(b, "enormous", x, 1, 1e20F), 1, 1e19F));
  const Assigned result = assigned(b);
  assert_false(result.int8("enormous"));
  assert_true(result.int8("small"));
}

void test_skipped_by_the_name_of_node_or_output(void**) {
  for (const char* name : {"second", "second:0"}) {
    GraphBuilder b;
    TensorId t = conv1x1(b, "first", b.input("x", {1, 2, 4, 4}), 2, 2);
    t = conv1x1(b, "second", t, 2, 2);
    b.output(conv1x1(b, "third", t, 2, 2));
    const Assigned result = assigned(b, {name});
    assert_true(result.int8("first"));
    assert_false(result.int8("second"));
    assert_true(result.int8("third"));
  }
}

void test_unknown_name_is_an_error_with_the_nearest(void**) {
  GraphBuilder b;
  b.output(conv1x1(b, "features/conv1", b.input("x", {1, 2, 4, 4}), 2, 2));
  const Graph graph = finished(b);
  expect_failure(assign_types(graph, {"features/conv2"}).status(), Code::config,
                 {"skip_quant_op_names", "features/conv2", "did you mean", "features/conv1"});
  const Status far = assign_types(graph, {"something quite different"}).status();
  expect_failure(far, Code::config, {"something quite different"});
  assert_true(far.message().find("did you mean") == std::string::npos);
  // The input is no operator that could stay float.
  expect_failure(assign_types(graph, {"x"}).status(), Code::config, {"'x'"});
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_what_lies_between_convolutions_is_int8),
      cmocka_unit_test(test_arithmetic_with_constants_at_the_end_is_float),
      cmocka_unit_test(test_arithmetic_with_constants_inside_is_int8),
      cmocka_unit_test(test_moves_to_the_outputs_are_float),
      cmocka_unit_test(test_what_is_joined_inside_shares_a_quantization),
      cmocka_unit_test(test_averages_have_a_quantization_of_their_own),
      cmocka_unit_test(test_moves_of_the_input_are_int8),
      cmocka_unit_test(test_moves_of_the_input_that_float_reads_are_float),
      cmocka_unit_test(test_nothing_without_a_heavy_layer),
      cmocka_unit_test(test_what_has_no_int8_form_is_float_with_what_follows),
      cmocka_unit_test(test_sum_with_one_float_side_is_float),
      cmocka_unit_test(test_softmax_at_the_end_reads_int8_and_gives_float),
      cmocka_unit_test(test_softmax_inside_keeps_its_own_quantization),
      cmocka_unit_test(test_mean_at_the_end_reads_int8_and_gives_float),
      cmocka_unit_test(test_log_softmax_is_float),
      cmocka_unit_test(test_prelu_by_channel_is_int8_by_pixel_float),
      cmocka_unit_test(test_border_of_zeros_is_int8_of_other_values_float),
      cmocka_unit_test(test_sum_that_int32_cannot_hold_is_float),
      cmocka_unit_test(test_layer_with_computed_weights_is_float),
      cmocka_unit_test(test_layer_with_enormous_weights_is_float),
      cmocka_unit_test(test_skipped_by_the_name_of_node_or_output),
      cmocka_unit_test(test_unknown_name_is_an_error_with_the_nearest),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// Int8 networks through .onnx and .tflite: the integers are kept, so that the answers are the same bytes.
#include "export/through_file.h"

namespace octet::test {
namespace {

const Quant kIn{0.03F, -7};
const Quant kOut{0.05F, 11};

void check(const Graph& graph, const char* what, const std::vector<std::string>& formats = {"onnx", "tflite"}) {
  for (const std::string& format : formats) {
    const Graph again = check_round_trip(graph, format, Same::bytes, what);
    assert_true(is_int8(again));
  }
}

void check_linear(Op op, const Dims& x, const Dims& weight, const Attributes& attrs, const char* what,
                  bool one_scale = false) {
  check(int8_network({x}, kIn, kOut,
                     [&](GraphBuilder& b, std::vector<TensorId> in) {
                       return int8_linear(b, op, in[0], weight, attrs, one_scale);
                     }),
        what);
}

void test_convolutions(void**) {
  check_linear(Op::conv, {1, 3, 7, 6}, {5, 3, 3, 3}, window(3, 1, {1, 1, 1, 1}), "conv, pads as SAME");
  check_linear(Op::conv, {2, 4, 5, 5}, {6, 4, 1, 1}, window(1, 1, {}), "conv 1x1");
  check_linear(Op::conv, {1, 3, 8, 8}, {4, 3, 3, 3}, window(3, 2, {1, 1, 1, 1}), "conv, pads of its own");
  check_linear(Op::conv, {1, 4, 9, 9}, {4, 2, 3, 3}, window(3, 1, {2, 2, 2, 2}, 2, 2), "conv, dilated, two groups");
  check_linear(Op::conv, {1, 6, 6, 5}, {6, 1, 3, 3}, window(3, 1, {1, 1, 1, 1}, 6), "depthwise conv");
  check_linear(Op::conv, {1, 3, 6, 5}, {6, 1, 3, 3}, window(3, 1, {1, 1, 1, 1}, 3), "two outputs a channel");
  Attributes attrs = window(3, 1, {1, 1, 1, 1});
  attrs.clamp = {0, 6};
  check_linear(Op::conv, {1, 3, 7, 6}, {5, 3, 3, 3}, attrs, "conv to 6");
  attrs.clamp = {-1.5F, 2.25F};
  check_linear(Op::conv, {1, 3, 7, 6}, {5, 3, 3, 3}, attrs, "conv within other limits");
}

void test_transposed_convolutions(void**) {
  check_linear(Op::conv_transpose, {1, 3, 4, 5}, {3, 4, 3, 3}, window(3, 2, {1, 1, 1, 1}), "transposed, cut");
  check_linear(Op::conv_transpose, {1, 3, 4, 5}, {3, 4, 2, 2}, window(2, 2, {}), "transposed");
  Attributes attrs = window(3, 2, {0, 0, 1, 1});
  attrs.clamp = {0, std::numeric_limits<float>::infinity()};
  check_linear(Op::conv_transpose, {1, 3, 4, 5}, {3, 4, 3, 3}, attrs, "transposed, pads as SAME, relu");
}

void test_matrices(void**) {
  check_linear(Op::gemm, {3, 8}, {5, 8}, {}, "gemm");
  check_linear(Op::gemm, {3, 8}, {5, 8}, {}, "gemm of one scale", true);
  check_linear(Op::gemm, {2, 3, 8}, {5, 8}, {}, "gemm of rank 3");
}

void test_arithmetic(void**) {
  for (const BinaryKind kind : {BinaryKind::add, BinaryKind::sub, BinaryKind::mul}) {
    check(int8_network({{1, 3, 4, 5}, {1, 3, 4, 5}}, kIn, kOut,
                       [&](GraphBuilder& b, std::vector<TensorId> in) { return b.binary(kind, "y", in[0], in[1]); }),
          name_of(kind));
  }
  check(int8_network({{1, 3, 4, 5}}, kIn, kOut,
                     [](GraphBuilder& b, std::vector<TensorId> in) {
                       const TensorId c = b.graph.add_constant("c", DType::i8, {3, 1, 1}, random_bytes(3, 9));
                       b.graph.at(c).quant = {0.01F, 4};
                       return b.binary(BinaryKind::mul, "y", in[0], c);
                     }),
        "mul by a constant of each channel");
}

void test_functions(void**) {
  struct Case {
    UnaryKind kind;
    float alpha, beta;
  };
  const Case cases[] = {{UnaryKind::sigmoid, 0, 0},
                        {UnaryKind::tanh, 0, 0},
                        {UnaryKind::silu, 0, 0},
                        {UnaryKind::hard_swish, 0, 0},
                        {UnaryKind::leaky_relu, 0.1F, 0},
                        {UnaryKind::elu, 1, 0},
                        {UnaryKind::hard_sigmoid, 0.2F, .5F},
                        {UnaryKind::gelu, 0, 0},
                        {UnaryKind::exp, 0, 0},
                        {UnaryKind::relu, 0, 0}};
  for (const Case& c : cases) {
    check(int8_network({{1, 3, 4, 5}}, kIn, kOut,
                       [&](GraphBuilder& b, std::vector<TensorId> in) {
                         const TensorId y = b.unary(c.kind, "y", in[0], c.alpha, c.beta);
                         Node& node = b.graph.nodes.back();
                         const TensorId table = add_unary_table(b.graph, node, kIn, kOut);
                         node.inputs.push_back(table);
                         return y;
                       }),
          name_of(c.kind));
  }
  check(int8_network({{1, 3, 4, 5}}, kIn, kOut,
                     [&](GraphBuilder& b, std::vector<TensorId> in) {
                       const TensorId slope = b.floats("slope", {3, 1, 1}, {0.25F, -0.5F, 1.25F});
                       const TensorId y = b.add(Op::prelu, "y", {in[0], slope});
                       b.graph.at(in[0]).dims = {1, 3, 4, 5};
                       Node& node = b.graph.nodes.back();
                       node.inputs[1] = add_prelu_table(b.graph, node, kIn, kOut);
                       return y;
                     }),
        "prelu");
}

TensorId softmax(GraphBuilder& b, TensorId x, DType to) {
  const TensorId y = b.add(Op::softmax, "y", {x}, [](Attributes& attrs) { attrs.axis = 1; });
  Node& node = b.graph.nodes.back();
  const TensorId table = add_softmax_table(b.graph, node, kIn.scale);
  node.inputs.push_back(table);
  b.graph.at(y).dtype = to;
  return y;
}

void test_softmax(void**) {
  check(int8_network({{1, 3, 4, 5}}, kIn, kSoftmaxQuant,
                     [](GraphBuilder& b, std::vector<TensorId> in) { return softmax(b, in[0], DType::i8); }),
        "softmax inside");
  GraphBuilder b;
  const TensorId q = int8_result(b, b.add(Op::quantize, "q", {b.input("x", {2, 9})}), kIn);
  b.output(softmax(b, q, DType::f32));
  expect_ok(infer_shapes(b.graph));
  expect_ok(validate(b.graph));
  check_round_trip(b.graph, "onnx", Same::nearly, "softmax at the end");
  check_round_trip(b.graph, "tflite", Same::nearly, "softmax at the end");
}

void test_windows(void**) {
  const auto pool = [](Op op, Attributes attrs) {
    return int8_network({{1, 3, 7, 6}}, kIn, op == Op::max_pool ? kIn : kOut,
                        [&](GraphBuilder& b, std::vector<TensorId> in) {
                          return b.add(op, "y", {in[0]}, [&](Attributes& a) { a = attrs; });
                        });
  };
  check(pool(Op::max_pool, window(2, 2, {})), "max_pool");
  check(pool(Op::max_pool, window(3, 2, {1, 1, 1, 1})), "max_pool with pads");
  check(pool(Op::average_pool, window(3, 1, {1, 1, 1, 1})), "average_pool as SAME");
  check(pool(Op::average_pool, window(2, 2, {})), "average_pool");
  check(pool(Op::average_pool, window(3, 2, {0, 1, 2, 0})), "average_pool with pads");
  check(int8_network({{2, 3, 4, 5}}, kIn, kOut,
                     [](GraphBuilder& b, std::vector<TensorId> in) {
                       return b.add(Op::reduce, "y", {in[0]}, [](Attributes& a) { a.axes = {2, 3}; });
                     }),
        "global average");
  check(int8_network({{2, 3, 4, 5}}, kIn, kOut,
                     [](GraphBuilder& b, std::vector<TensorId> in) {
                       return b.add(Op::reduce, "y", {in[0]}, [](Attributes& a) {
                         a.axes = {1};
                         a.keep_dims = false;
                       });
                     }),
        "mean of channels");
  check(int8_network({{1, 3, 4, 5}}, kIn, kIn,
                     [](GraphBuilder& b, std::vector<TensorId> in) {
                       return b.add(Op::resize, "y", {in[0]}, [](Attributes& a) {
                         a.sizes = {8, 10};
                         a.resize = ResizeKind::linear;
                       });
                     }),
        "resize");
}

void test_moves(void**) {
  check(int8_network({{1, 3, 4, 5}, {1, 2, 4, 5}}, kIn, kIn,
                     [](GraphBuilder& b, std::vector<TensorId> in) {
                       return b.add(Op::concat, "y", {in[0], in[1]}, [](Attributes& a) { a.axis = 1; });
                     }),
        "concat");
  check(int8_network({{1, 3, 4, 5}}, kIn, kOut,
                     [](GraphBuilder& b, std::vector<TensorId> in) { return b.add(Op::requantize, "y", {in[0]}); }),
        "requantize");
  check(int8_network({{1, 3, 4, 5}}, kIn, kIn,
                     [](GraphBuilder& b, std::vector<TensorId> in) {
                       return b.add(Op::pad, "y", {in[0]}, [](Attributes& a) {
                         a.sizes = {0, 0, 1, 0, 0, 0, 0, 2};
                         a.alpha = 0.3F;
                       });
                     }),
        "pad by a value");
  check(int8_network({{1, 3, 4, 5}}, kIn, kIn,
                     [](GraphBuilder& b, std::vector<TensorId> in) {
                       return b.add(Op::transpose, "y", {in[0]}, [](Attributes& a) { a.axes = {0, 2, 1, 3}; });
                     }),
        "transpose");
}

// A factor of zero: the channel's answer is that of zero, whatever its weights and its bias are.
void test_dead_channel(void**) {
  check(int8_network({{1, 2, 4, 4}}, kIn, kOut,
                     [](GraphBuilder& b, std::vector<TensorId> in) {
                       const TensorId y = int8_linear(b, Op::conv, in[0], {3, 2, 1, 1}, window(1, 1, {}));
                       FloatVector factors = {0.01F, 0, 0.02F};
                       b.graph.nodes.back().inputs[3] = b.graph.add_constant("factors", DType::f32, {3}, factors);
                       return y;
                     }),
        "a factor of zero");
}

void test_weight_zero_points(void**) {
  const Graph graph = int8_network({{1, 2, 5, 5}}, kIn, kOut, [](GraphBuilder& b, std::vector<TensorId> in) {
    const TensorId y = int8_linear(b, Op::conv, in[0], {3, 2, 3, 3}, window(3, 1, {1, 1, 1, 1}));
    const std::vector<std::int32_t> zero_points = {-60, 90, 0};
    b.graph.nodes.back().inputs.push_back(b.graph.add_constant("zero_points", DType::i32, {3}, zero_points));
    return y;
  });
  // Weights of more than 256 values, which neither format has: float32 in the file, the same within a step.
  for (const char* format : {"onnx", "tflite"}) {
    const auto expected = answers(graph);
    const auto bytes = exported(graph, format);
    expect_ok(bytes.status());
    const auto found = answers(imported(*bytes, format));
    for (std::size_t i = 0; i < expected[0].size(); ++i) {
      assert_true(std::fabs(expected[0][i] - found[0][i]) <= kOut.scale * 1.001F);
    }
  }
}

// MNN has grouped convolutions as floats alone: what the integers between two of them cut off, all below zero here, is
// cut off there, too.
void test_layers_that_mnn_has_as_floats(void**) {
  const Graph graph =
      int8_network({{1, 4, 6, 6}}, {0.02F, 3}, {0.05F, -4}, [](GraphBuilder& b, const std::vector<TensorId>& in) {
        const Attributes attrs = window(3, 1, {1, 1, 1, 1}, 2);
        const TensorId middle = int8_linear(b, Op::conv, in[0], {4, 2, 3, 3}, attrs);
        int8_result(b, middle, {0.02F, -128});
        return int8_linear(b, Op::conv, middle, {4, 2, 3, 3}, attrs);
      });
  const auto bytes = exported(graph, "mnn");
  expect_ok(bytes.status());
  const FloatVector expected = answers(graph)[0], found = answers(imported(*bytes, "mnn"))[0];
  assert_int_equal(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) assert_true(std::fabs(found[i] - expected[i]) < 0.11F);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_layers_that_mnn_has_as_floats),
      cmocka_unit_test(test_convolutions),
      cmocka_unit_test(test_transposed_convolutions),
      cmocka_unit_test(test_matrices),
      cmocka_unit_test(test_arithmetic),
      cmocka_unit_test(test_functions),
      cmocka_unit_test(test_softmax),
      cmocka_unit_test(test_windows),
      cmocka_unit_test(test_moves),
      cmocka_unit_test(test_dead_channel),
      cmocka_unit_test(test_weight_zero_points),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

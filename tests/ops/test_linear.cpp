// conv, conv_transpose, gemm and mat_mul.
#include "ops/run_graph.h"

namespace octet::test {
namespace {

Attributes window(std::int64_t kernel, std::int64_t stride, std::array<std::int64_t, 4> pads, std::int64_t dilation = 1,
                  std::int64_t groups = 1) {
  Attributes attrs;
  attrs.window.kernel = {kernel, kernel};
  attrs.window.stride = {stride, stride};
  attrs.window.dilation = {dilation, dilation};
  attrs.window.pads = pads;
  attrs.groups = groups;
  return attrs;
}

void check_conv(Op op, const Dims& x, const Dims& weight, const Attributes& attrs, bool bias, const char* what) {
  check_float(
      {x},
      [&](GraphBuilder& b, std::vector<TensorId> in) {
        std::vector<TensorId> operands{in[0], b.noise("w", weight)};
        const std::int64_t outputs = op == Op::conv ? weight[0] : weight[1] * attrs.groups;
        if (bias) operands.push_back(b.noise("bias", {outputs}));
        return b.add(op, "y", operands, [&](Attributes& a) { a = attrs; });
      },
      what);
}

void test_conv(void**) {
  check_conv(Op::conv, {2, 3, 7, 6}, {5, 3, 3, 3}, window(3, 1, {1, 1, 1, 1}), true, "3x3");
  check_conv(Op::conv, {1, 4, 5, 5}, {6, 4, 1, 1}, window(1, 1, {}), false, "1x1");
  check_conv(Op::conv, {1, 3, 8, 9}, {4, 3, 3, 3}, window(3, 2, {0, 1, 2, 0}), true, "stride and uneven pads");
  check_conv(Op::conv, {1, 4, 9, 9}, {4, 2, 3, 3}, window(3, 1, {2, 2, 2, 2}, 2, 2), true, "dilated in two groups");
  check_conv(Op::conv, {1, 6, 6, 5}, {6, 1, 3, 3}, window(3, 1, {1, 1, 1, 1}, 1, 6), true, "depthwise");
  check_conv(Op::conv, {1, 3, 6, 5}, {6, 1, 3, 3}, window(3, 1, {1, 1, 1, 1}, 1, 3), true, "two outputs a channel");
  check_conv(Op::conv, {1, 70, 2, 2}, {70, 1, 1, 1}, window(1, 1, {}, 1, 70), false, "depthwise 1x1");
}

void test_conv_transpose(void**) {
  check_conv(Op::conv_transpose, {2, 3, 4, 5}, {3, 4, 3, 3}, window(3, 2, {1, 1, 1, 1}), true, "stride 2");
  check_conv(Op::conv_transpose, {1, 4, 3, 3}, {4, 2, 2, 2}, window(2, 2, {}, 1, 2), false, "two groups");
  check_conv(Op::conv_transpose, {1, 2, 3, 4}, {2, 3, 3, 3}, window(3, 1, {0, 1, 1, 0}, 2), true, "dilated");
}

void test_fused_clamp(void**) {
  Attributes attrs = window(3, 1, {1, 1, 1, 1});
  attrs.clamp = {0, 1.5F};
  check_conv(Op::conv, {1, 3, 5, 5}, {4, 3, 3, 3}, attrs, true, "clamped conv");
  check_float(
      {{3, 8}},
      [](GraphBuilder& b, std::vector<TensorId> in) {
        return b.add(Op::gemm, "y", {in[0], b.noise("w", {5, 8}), b.noise("bias", {5})}, [](Attributes& a) {
          a.clamp = {-0.5F, 0.5F};
        });
      },
      "clamped gemm");
}

void test_gemm_of_any_rank(void**) {
  for (const Dims& x : {Dims{7}, Dims{3, 7}, Dims{2, 3, 7}, Dims{2, 2, 3, 7}}) {
    check_float(
        {x},
        [](GraphBuilder& b, std::vector<TensorId> in) {
          return b.add(Op::gemm, "y", {in[0], b.noise("w", {4, 7}), b.noise("bias", {4})});
        },
        "gemm");
  }
}

// As numpy.matmul: a vector is a row on the left and a column on the right.
void test_mat_mul_of_any_rank(void**) {
  struct Case {
    Dims a, b, out;
  };
  const Case cases[] = {{{3, 4}, {4, 5}, {3, 5}},
                        {{2, 3, 4}, {2, 4, 5}, {2, 3, 5}},
                        {{2, 1, 3, 4}, {6, 4, 5}, {2, 6, 3, 5}},
                        {{4}, {4, 5}, {5}},
                        {{3, 4}, {4}, {3}},
                        {{4}, {4}, {}},
                        {{4}, {2, 4, 5}, {2, 5}},
                        {{2, 3, 4}, {4}, {2, 3}},
                        {{1, 4}, {4, 1}, {1, 1}}};
  for (const Case& c : cases) {
    GraphBuilder b;
    const TensorId a = b.input("a", c.a);
    b.output(b.add(Op::mat_mul, "y", {a, b.input("b", c.b)}));
    const FloatVector left = interpreter_input(c.a, 1);
    const FloatVector right = interpreter_input(c.b, 2);
    const auto found = run_graph(b, {left, right}, 2);
    assert_true(b.graph.at(b.graph.outputs[0]).dims == c.out);
    // Rows of a, and matrices of b, repeat where leading dimensions broadcast.
    const std::int64_t k = c.a.back();
    const std::int64_t m = c.a.size() > 1 ? c.a[c.a.size() - 2] : 1;
    const std::int64_t n = c.b.size() > 1 ? c.b.back() : 1;
    Array a_stack(c.a.size() > 2 ? Dims(c.a.begin(), c.a.end() - 2) : Dims{});
    Array b_stack(c.b.size() > 2 ? Dims(c.b.begin(), c.b.end() - 2) : Dims{});
    for (std::size_t i = 0; i < a_stack.values.size(); ++i) a_stack.values[i] = static_cast<double>(i);
    for (std::size_t i = 0; i < b_stack.values.size(); ++i) b_stack.values[i] = static_cast<double>(i);
    Dims stack = c.out;
    stack.resize(stack.size() - (c.a.size() > 1 ? 1 : 0) - (c.b.size() > 1 ? 1 : 0));
    std::vector<double> expected;
    for_each(stack, [&](const Dims& position, std::size_t) {
      const auto a_at = static_cast<std::int64_t>(a_stack.at(position)) * m * k;
      const auto b_at = static_cast<std::int64_t>(b_stack.at(position)) * k * n;
      for (std::int64_t row = 0; row < m; ++row) {
        for (std::int64_t column = 0; column < n; ++column) {
          double sum = 0;
          for (std::int64_t i = 0; i < k; ++i) {
            sum += static_cast<double>(left[static_cast<std::size_t>(a_at + row * k + i)]) *
                   static_cast<double>(right[static_cast<std::size_t>(b_at + i * n + column)]);
          }
          expected.push_back(sum);
        }
      }
    });
    expect_near(expected, found[0].reals, 1e-5, "mat_mul");
  }
}

// An int8 layer: random weights, bias and factors, and a fused clamp in real numbers.
void check_int8_linear(Op op, const Dims& x, const Dims& weight, std::int64_t outputs, Attributes attrs,
                       const char* what, const std::vector<std::int32_t>& zero_points = {}) {
  const Quant in{0.05F, -7};
  const Quant out{0.125F, 11};
  attrs.clamp = {0, 6};  // 6 / 0.125 + 11 = 59
  const auto x_values = random_bytes(static_cast<std::size_t>(element_count(x)), 3);
  const auto w_values = random_bytes(static_cast<std::size_t>(element_count(weight)), 4);
  FloatVector w_centred = centred(w_values, 0);
  // All weights of one output channel lie together, save those of a transposed convolution.
  const std::size_t taps = op == Op::gemm ? 1 : static_cast<std::size_t>(weight[2] * weight[3]);
  const std::size_t of_channel = w_values.size() / static_cast<std::size_t>(outputs);
  for (std::size_t i = 0; i < w_centred.size() && !zero_points.empty(); ++i) {
    const std::size_t o = op == Op::conv_transpose ? i / taps % static_cast<std::size_t>(outputs) : i / of_channel;
    w_centred[i] -= static_cast<float>(zero_points[o]);
  }
  std::vector<std::int32_t> bias;
  FloatVector bias_values, factors;
  for (std::int64_t o = 0; o < outputs; ++o) {
    bias.push_back(static_cast<std::int32_t>(o * 1000 - 2500));
    bias_values.push_back(static_cast<float>(bias.back()));
    factors.push_back(0.0011F + 0.0003F * static_cast<float>(o));
  }
  Attributes plain = attrs;
  plain.clamp = {};
  const auto sums =
      exact(op, plain, {{x, centred(x_values, in.zero_point)}, {weight, w_centred}, {{outputs}, bias_values}});
  const std::size_t inner = op == Op::gemm ? 1 : sums.size() / static_cast<std::size_t>(x[0] * outputs);
  ByteVector expected;
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const float factor = factors[i / inner % static_cast<std::size_t>(outputs)];
    const float y = fl(static_cast<double>(fl(sums[i])) * static_cast<double>(factor));
    expected.push_back(to_int8(y, out, 11, 59));
  }
  check_int8(
      {{x, in}}, {x_values},
      [&](GraphBuilder& b, std::vector<TensorId> ids) {
        std::vector<TensorId> operands{ids[0], b.graph.add_constant("w", DType::i8, weight, w_values),
                                       b.graph.add_constant("bias", DType::i32, {outputs}, bias),
                                       b.floats("factor", {outputs}, factors)};
        if (!zero_points.empty()) {
          operands.push_back(b.graph.add_constant("zeros", DType::i32, {outputs}, zero_points));
        }
        return int8_result(b, b.add(op, "y", operands, [&](Attributes& a) { a = attrs; }), out);
      },
      expected, what);
}

void test_int8_layers(void**) {
  check_int8_linear(Op::conv, {2, 3, 6, 5}, {5, 3, 3, 3}, 5, window(3, 1, {1, 1, 1, 1}), "int8 conv");
  check_int8_linear(Op::conv, {1, 6, 6, 5}, {6, 1, 3, 3}, 6, window(3, 2, {1, 1, 1, 1}, 1, 6), "int8 depthwise");
  check_int8_linear(Op::conv_transpose, {1, 3, 3, 4}, {3, 4, 3, 3}, 4, window(3, 2, {1, 1, 1, 1}), "int8 transposed");
  check_int8_linear(Op::gemm, {4, 9}, {7, 9}, 7, {}, "int8 gemm");
}

// Centred weights need one int8, two, three and four of them.
void test_int8_layers_with_weight_zero_points(void**) {
  for (const std::int32_t most : {0, 100, 200, 255}) {
    const std::vector<std::int32_t> zeros{most, 0, -most, most / 2, -most / 3, 1, most};
    const auto some = [&](std::size_t count) { return std::vector(zeros.begin(), zeros.begin() + count); };
    check_int8_linear(Op::conv, {2, 3, 6, 5}, {5, 3, 3, 3}, 5, window(3, 1, {1, 1, 1, 1}), "conv", some(5));
    check_int8_linear(Op::conv, {1, 6, 6, 5}, {6, 1, 3, 3}, 6, window(3, 1, {1, 1, 1, 1}, 1, 6), "3x3", some(6));
    check_int8_linear(Op::conv, {1, 6, 6, 5}, {6, 1, 5, 5}, 6, window(5, 1, {2, 2, 2, 2}, 1, 6), "5x5", some(6));
    check_int8_linear(Op::conv_transpose, {1, 3, 3, 4}, {3, 4, 3, 3}, 4, window(3, 2, {1, 1, 1, 1}), "transposed",
                      some(4));
    check_int8_linear(Op::gemm, {4, 9}, {7, 9}, 7, {}, "gemm", some(7));
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_conv),
      cmocka_unit_test(test_conv_transpose),
      cmocka_unit_test(test_fused_clamp),
      cmocka_unit_test(test_gemm_of_any_rank),
      cmocka_unit_test(test_mat_mul_of_any_rank),
      cmocka_unit_test(test_int8_layers),
      cmocka_unit_test(test_int8_layers_with_weight_zero_points),
  };
  return cmocka_run_group_tests_name("linear operators", tests, nullptr, nullptr);
}

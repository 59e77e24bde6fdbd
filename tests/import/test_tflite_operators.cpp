// Operators of .tflite files that are not of images alone: answers beside naive ones in TensorFlow's order of
// dimensions.
#include <numeric>

#include "import/tflite/image.h"

namespace octet::test {
namespace {

const Image kX({1, 3, 4, 2});  // most tests use it; of four dimensions, it runs in the order of images

Image mapped(const Image& x, const std::function<float(float)>& f) {
  Image y = x;
  for (float& value : y.values) value = f(value);
  return y;
}

void test_unary(void**) {
  const auto check = [](Kind kind, const std::function<float(float)>& f, bool positive = false) {
    const Image x = positive ? mapped(kX, [](float v) { return std::fabs(v) + 0.1F; }) : kX;
    check_operator(kind, x, mapped(x, f), fb::EnumNameBuiltinOperator(kind));
  };
  check(Kind::RELU, [](float v) { return std::max(v, 0.0F); });
  check(Kind::RELU6, [](float v) { return std::clamp(v, 0.0F, 6.0F); });
  check(Kind::RELU_N1_TO_1, [](float v) { return std::clamp(v, -1.0F, 1.0F); });
  check(Kind::RELU_0_TO_1, [](float v) { return std::clamp(v, 0.0F, 1.0F); });
  check(Kind::ELU, [](float v) { return v < 0 ? std::expm1(v) : v; });
  check(Kind::LOGISTIC, [](float v) { return 1 / (1 + std::exp(-v)); });
  check(Kind::TANH, [](float v) { return std::tanh(v); });
  check(Kind::HARD_SWISH, [](float v) { return v * std::clamp(v + 3, 0.0F, 6.0F) / 6; });
  check(Kind::EXP, [](float v) { return std::exp(v); });
  check(
      Kind::LOG, [](float v) { return std::log(v); }, true);
  check(
      Kind::SQRT, [](float v) { return std::sqrt(v); }, true);
  check(
      Kind::RSQRT, [](float v) { return 1 / std::sqrt(v); }, true);
  check(Kind::ABS, [](float v) { return std::fabs(v); });
  check(Kind::NEG, [](float v) { return -v; });
  check(Kind::SQUARE, [](float v) { return v * v; });
  check(Kind::SIN, [](float v) { return std::sin(v); });
  check(Kind::COS, [](float v) { return std::cos(v); });
  check(Kind::FLOOR, [](float v) { return std::floor(v); });
  check(Kind::CEIL, [](float v) { return std::ceil(v); });
  check(Kind::ROUND, [](float v) { return std::nearbyint(v); });
  check(Kind::SIGN, [](float v) { return v > 0 ? 1.0F : v < 0 ? -1.0F : 0.0F; });
  check(Kind::GELU, [](float v) { return v * 0.5F * (1 + std::erf(v / std::sqrt(2.0F))); });
  check_operator(Kind::LEAKY_RELU, kX, mapped(kX, [](float v) { return v < 0 ? v * 0.3F : v; }), "leaky",
                 [](Network& n) { return Network::options(fb::CreateLeakyReluOptions(n.builder, 0.3F)); });
  check_operator(Kind::PRELU, kX,
                 made(kX.dims,
                      [](int n, int h, int w, int c) {
                        const float v = kX.at(n, h, w, c);
                        return v < 0 ? v * (c == 0 ? 0.5F : 2.0F) : v;
                      }),
                 "prelu", {}, [](Network& n) {
                   return Indices{n.floats({1, 1, 2}, {0.5F, 2})};
                 });
}

// The second operand: a scalar, one value for each channel, each column, or each element.
void test_binary(void**) {
  struct Case {
    Ints dims;
    std::function<std::size_t(int h, int w, int c)> index;
  };
  const std::vector<Case> operands{{{}, [](int, int, int) { return 0U; }},
                                   {{2}, [](int, int, int c) { return static_cast<std::size_t>(c); }},
                                   {{4, 1}, [](int, int w, int) { return static_cast<std::size_t>(w); }},
                                   {{1, 3, 4, 2}, [](int h, int w, int c) { return kX.index(0, h, w, c); }}};
  const auto check = [&](Kind kind, const std::function<float(float, float)>& f, auto create) {
    for (const Case& operand : operands) {
      Floats values = some_values(count_of(operand.dims), 5);
      for (float& value : values) value = std::fabs(value) + 0.5F;
      const Image y = made(
          kX.dims, [&](int n, int h, int w, int c) { return f(kX.at(n, h, w, c), values[operand.index(h, w, c)]); });
      check_operator(kind, kX, y, fb::EnumNameBuiltinOperator(kind), create,
                     [&](Network& n) { return Indices{n.floats(operand.dims, values)}; });
    }
  };
  const auto none = [](Network&) { return Network::Options{}; };
  check(
      Kind::ADD, [](float a, float b) { return std::max(a + b, 0.0F); },
      [](Network& n) { return Network::options(fb::CreateAddOptions(n.builder, fb::Activation::RELU)); });
  check(
      Kind::SUB, [](float a, float b) { return std::clamp(a - b, -1.0F, 1.0F); },
      [](Network& n) { return Network::options(fb::CreateSubOptions(n.builder, fb::Activation::RELU_N1_TO_1)); });
  check(
      Kind::MUL, [](float a, float b) { return std::tanh(a * b); },
      [](Network& n) { return Network::options(fb::CreateMulOptions(n.builder, fb::Activation::TANH)); });
  check(
      Kind::DIV, [](float a, float b) { return a / b; }, none);
  check(
      Kind::FLOOR_DIV, [](float a, float b) { return std::floor(a / b); }, none);
  check(
      Kind::MAXIMUM, [](float a, float b) { return std::max(a, b); }, none);
  check(
      Kind::MINIMUM, [](float a, float b) { return std::min(a, b); }, none);
  check(
      Kind::SQUARED_DIFFERENCE, [](float a, float b) { return (a - b) * (a - b); }, none);
  check_operator(Kind::POW, kX, mapped(kX, [](float v) { return v * v; }), "power", {},
                 [](Network& n) { return Indices{n.floats({}, {2})}; });
  Network n;
  const auto x = n.input("x", {1, 2}), y = n.input("y", {1, 2}), z = n.output("z", {1, 2});
  n.op(Kind::ADD_N, {x, y, x}, {z});
  expect_values(answer(n.bytes(), {{1, 2}, {10, 20}}), {12, 24}, "sum of many");
}

// An image with something of fewer dimensions that is not constant: as NumPy broadcasts, in the file's order.
void test_broadcast_between_ranks(void**) {
  Network n;
  const auto x = n.input("x", kX.dims), s = n.input("s", {4, 2}), y = n.output("y", kX.dims);
  n.op(Kind::ADD, {x, s}, {y}, Network::options(fb::CreateAddOptions(n.builder)));
  const Floats added = some_values(8, 9);
  const Image expected = made(kX.dims, [&](int b, int h, int w, int c) {
    return kX.at(b, h, w, c) + added[static_cast<std::size_t>(2 * w + c)];
  });
  expect_values(answer(n.bytes(), {kX.values, added}), expected.values, "broadcast");
}

void test_reductions(void**) {
  // Every set of axes: kept dimensions, and dropped ones, where the order of what stays matters.
  for (int set = 1; set < 16; ++set) {
    Ints axes, kept{1, 3, 4, 2};
    for (int axis = 0; axis < 4; ++axis) {
      if ((set >> axis & 1) == 0) continue;
      axes.push_back(axis % 2 == 0 ? axis : axis - 4);
      kept[static_cast<std::size_t>(axis)] = 1;
    }
    Ints dropped;
    for (int axis = 0; axis < 4; ++axis) {
      if ((set >> axis & 1) == 0) dropped.push_back(kX.dims[static_cast<std::size_t>(axis)]);
    }
    Image sum(kept, Floats(count_of(kept))), most(kept, Floats(count_of(kept), -10)),
        least(kept, Floats(count_of(kept), 10));
    for (int h = 0; h < 3; ++h) {
      for (int w = 0; w < 4; ++w) {
        for (int c = 0; c < 2; ++c) {
          const std::size_t to = sum.index(0, h % kept[1], w % kept[2], c % kept[3]);
          const float v = kX.at(0, h, w, c);
          sum.values[to] += v;
          most.values[to] = std::max(most.values[to], v);
          least.values[to] = std::min(least.values[to], v);
        }
      }
    }
    const auto share = static_cast<float>(sum.values.size()) / static_cast<float>(kX.values.size());
    for (const bool keep : {true, false}) {
      const auto check = [&](Kind kind, Image expected) {
        if (!keep) expected.dims = dropped;
        check_operator(
            kind, kX, expected, fb::EnumNameBuiltinOperator(kind),
            [&](Network& n) { return Network::options(fb::CreateReducerOptions(n.builder, keep)); },
            [&](Network& n) { return Indices{n.ints(axes)}; });
      };
      check(Kind::SUM, sum);
      check(Kind::MEAN, mapped(sum, [&](float v) { return v * share; }));
      check(Kind::REDUCE_MAX, most);
      check(Kind::REDUCE_MIN, least);
    }
  }
  Network n;
  n.op(Kind::REDUCE_PROD, {n.input("x", {2, 3}), n.scalar(1)}, {n.output("y", {2})});
  expect_values(answer(n.bytes(), {{1, 2, 3, 4, 5, 6}}), {6, 120}, "product");
}

void test_softmax_and_norms(void**) {
  const auto row = [&](const Image& x, const std::function<void(float*)>& f) {
    Image y = x;
    for (std::size_t i = 0; i < y.values.size(); i += 2) f(&y.values[i]);
    return y;
  };
  check_operator(Kind::SOFTMAX, kX,
                 row(kX,
                     [](float* v) {
                       const float a = std::exp(0.5F * v[0]), b = std::exp(0.5F * v[1]);
                       v[0] = a / (a + b), v[1] = b / (a + b);
                     }),
                 "softmax", [](Network& n) { return Network::options(fb::CreateSoftmaxOptions(n.builder, 0.5F)); });
  check_operator(Kind::LOG_SOFTMAX, kX,
                 row(kX,
                     [](float* v) {
                       const float sum = std::log(std::exp(v[0]) + std::exp(v[1]));
                       v[0] -= sum, v[1] -= sum;
                     }),
                 "log softmax");
  check_operator(Kind::L2_NORMALIZATION, kX,
                 row(kX,
                     [](float* v) {
                       const float norm = std::sqrt(v[0] * v[0] + v[1] * v[1]);
                       v[0] /= norm, v[1] /= norm;
                     }),
                 "norm");
  Network zero;
  zero.op(Kind::L2_NORMALIZATION, {zero.input("x", {1, 2})}, {zero.output("y", {1, 2})});
  expect_values(answer(zero.bytes(), {{0, 0}}), {0, 0}, "norm of zeros");
}

void test_fully_connected(void**) {
  // The image is flattened in the file's order, whatever order its maker works in.
  const Image weight({1, 1, 3, 24}, 4);
  Floats expected(3);
  for (std::size_t o = 0; o < 3; ++o) {
    for (std::size_t i = 0; i < 24; ++i) expected[o] += std::max(kX.values[i], 0.0F) * weight.values[24 * o + i];
  }
  Network n;
  const auto x = n.input("x", kX.dims), a = n.tensor("a", kX.dims), y = n.output("y", {1, 3});
  n.op(Kind::RELU, {x}, {a});
  n.op(Kind::FULLY_CONNECTED, {a, n.floats({3, 24}, weight.values), -1}, {y},
       Network::options(fb::CreateFullyConnectedOptions(n.builder)));
  expect_values(answer(n.bytes(), {kX.values}), expected, "fully connected");

  Network rows;
  const auto in = rows.input("x", {2, 2, 2}), out = rows.output("y", {2, 2, 1});
  rows.op(Kind::FULLY_CONNECTED, {in, rows.floats({1, 2}, {1, 10}), rows.floats({1}, {0.5F})}, {out},
          Network::options(
              fb::CreateFullyConnectedOptions(rows.builder, fb::Activation::NONE, fb::WeightsFormat::DEFAULT, true)));
  expect_values(answer(rows.bytes(), {{1, 2, 3, 4, 5, 6, 7, 8}}), {21.5F, 43.5F, 65.5F, 87.5F}, "rows");

  Network shuffled;
  shuffled.op(Kind::FULLY_CONNECTED, {shuffled.input("x", {1, 2}), shuffled.floats({1, 2}, {1, 1})},
              {shuffled.output("y", {1, 1})},
              Network::options(fb::CreateFullyConnectedOptions(shuffled.builder, fb::Activation::NONE,
                                                               fb::WeightsFormat::SHUFFLED4x16INT8)));
  expect_import_failure(shuffled, Code::unsupported, {"shuffled"});
}

void test_batch_mat_mul(void**) {
  Network n;
  const auto a = n.input("a", {2, 2}), b = n.input("b", {2, 2}), y = n.output("y", {2, 2}), z = n.output("z", {2, 2});
  n.op(Kind::BATCH_MATMUL, {a, b}, {y}, Network::options(fb::CreateBatchMatMulOptions(n.builder)));
  n.op(Kind::BATCH_MATMUL, {a, b}, {z}, Network::options(fb::CreateBatchMatMulOptions(n.builder, true, true)));
  expect_values(answer(n.bytes(), {{1, 2, 3, 4}, {5, 6, 7, 8}}), {19, 22, 43, 50, 23, 31, 34, 46}, "matrices");
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_unary),
      cmocka_unit_test(test_binary),
      cmocka_unit_test(test_broadcast_between_ranks),
      cmocka_unit_test(test_reductions),
      cmocka_unit_test(test_softmax_and_norms),
      cmocka_unit_test(test_fully_connected),
      cmocka_unit_test(test_batch_mat_mul),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

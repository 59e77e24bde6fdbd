// Pooling, resizing, reductions and softmax.
#include "ops/run_graph.h"

namespace octet::test {
namespace {

void test_pool(void**) {
  struct Case {
    std::int64_t kernel, stride;
    std::array<std::int64_t, 4> pads;
    bool ceil, include;
  };
  const Case cases[] = {{2, 2, {}, false, false},          {3, 2, {1, 1, 1, 1}, false, false},
                        {3, 2, {1, 1, 1, 1}, false, true}, {3, 1, {0, 2, 1, 0}, false, false},
                        {2, 2, {}, true, false},           {3, 3, {1, 0, 0, 1}, true, false}};
  for (const Case& c : cases) {
    for (const Op op : {Op::max_pool, Op::average_pool}) {
      check_float(
          {{2, 3, 7, 6}},
          [&](GraphBuilder& b, std::vector<TensorId> in) {
            return b.add(op, "y", in, [&](Attributes& a) {
              a.window.kernel = {c.kernel, c.kernel};
              a.window.stride = {c.stride, c.stride};
              a.window.pads = c.pads;
              a.ceil_mode = c.ceil;
              a.count_include_pad = c.include;
            });
          },
          name_of(op));
    }
  }
}

void test_int8_pool(void**) {
  const Dims dims{1, 3, 4, 4};
  const Quant in{0.05F, -9};
  const Quant out{0.04F, 3};
  const auto x = random_bytes(48);
  ByteVector most, mean;
  for (std::size_t c = 0; c < 3; ++c) {
    for (std::size_t y = 0; y < 2; ++y) {
      for (std::size_t at = 0; at < 2; ++at) {
        int sum = 0;
        std::int8_t largest = -128;
        for (const std::size_t i : {0, 1, 4, 5}) {
          const std::int8_t q = x[c * 16 + y * 8 + at * 2 + i];
          sum += q - in.zero_point;
          largest = std::max(largest, q);
        }
        most.push_back(largest);
        mean.push_back(to_int8(static_cast<float>(sum) * (in.scale / (out.scale * 4.0F)), out));
      }
    }
  }
  const auto pool = [&](Op op, Quant quant) {
    return [=](GraphBuilder& b, std::vector<TensorId> ids) {
      return int8_result(b,
                         b.add(op, "y", ids,
                               [](Attributes& a) {
                                 a.window.kernel = a.window.stride = {2, 2};
                               }),
                         quant);
    };
  };
  check_int8({{dims, in}}, {x}, pool(Op::max_pool, in), most, "int8 max_pool");
  check_int8({{dims, in}}, {x}, pool(Op::average_pool, out), mean, "int8 average_pool");
}

void test_reduce(void**) {
  for (const std::vector<std::int64_t>& axes : {std::vector<std::int64_t>{2, 3}, {1}, {0, 1, 2, 3}, {3}, {-2}}) {
    for (const bool keep : {true, false}) {
      for (const ReduceKind kind : {ReduceKind::mean, ReduceKind::sum}) {
        check_float(
            {{2, 3, 4, 5}},
            [&](GraphBuilder& b, std::vector<TensorId> in) {
              return b.add(Op::reduce, "y", in, [&](Attributes& a) {
                for (const auto axis : axes) a.axes.push_back(axis < 0 ? axis + 4 : axis);
                a.keep_dims = keep;
                a.reduce = kind;
              });
            },
            "reduce");
      }
    }
  }
}

void test_int8_reduce(void**) {
  const Quant in{0.05F, -9};
  const Quant out{0.02F, 3};
  const auto x = random_bytes(60);
  ByteVector expected;
  for (std::size_t c = 0; c < 3; ++c) {
    int sum = 0;
    for (std::size_t i = 0; i < 20; ++i) sum += x[c * 20 + i] - in.zero_point;
    expected.push_back(to_int8(static_cast<float>(sum) * (in.scale / (out.scale * 20.0F)), out));
  }
  for (const bool keep : {true, false}) {
    check_int8(
        {{{1, 3, 4, 5}, in}}, {x},
        [&](GraphBuilder& b, std::vector<TensorId> ids) {
          const TensorId y = b.add(Op::reduce, "y", ids, [&](Attributes& a) {
            a.axes = {2, 3};
            a.keep_dims = keep;
          });
          return int8_result(b, y, out);
        },
        expected, "int8 mean");
  }
}

void test_int8_reduce_to_float(void**) {
  const Quant in{0.05F, -9};
  const auto x = random_bytes(60);
  GraphBuilder b;
  b.output(b.add(Op::reduce, "y", {int8_input(b, "x", {1, 3, 4, 5}, in)}, [](Attributes& a) { a.axes = {2, 3}; }));
  const FloatVector actual = run_graph(b, {x})[0].reals;
  assert_int_equal(actual.size(), 3);
  for (std::size_t c = 0; c < 3; ++c) {
    int sum = 0;
    for (std::size_t i = 0; i < 20; ++i) sum += x[c * 20 + i] - in.zero_point;
    assert_true(actual[c] == static_cast<float>(sum) * (in.scale / 20.0F));
  }
}

// Output and input pixels of a resize along one axis of `in` pixels that hold their own number.
FloatVector resized_line(std::int64_t in, float scale, ResizeKind kind, CoordinateKind coordinate,
                         NearestKind nearest = NearestKind::round_prefer_floor, std::int64_t out = 0,
                         float cubic_a = -0.75F) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 1, 1, in});
  b.output(b.add(Op::resize, "y", {x}, [&](Attributes& a) {
    a.resize = kind;
    a.coordinate = coordinate;
    a.nearest = nearest;
    a.cubic_a = cubic_a;
    if (out > 0) {
      a.sizes = {1, out};
    } else {
      a.scales = {1, scale};
    }
  }));
  FloatVector pixels;
  for (std::int64_t i = 0; i < in; ++i) pixels.push_back(static_cast<float>(i));
  return run_graph(b, {pixels})[0].reals;
}

// Which pixel is nearest hangs on the last bit at 5 / 3 and 1.7: float32 decides, as in ONNX Runtime. The expected
// indices are what it gives.
void test_nearest_rounds_in_float32(void**) {
  const auto asymmetric = CoordinateKind::asymmetric;
  const auto half = CoordinateKind::half_pixel;
  // 0.6 in float32 is a little more than 3/5: 3 / 0.6f is 5 exactly after rounding, not 4.9999998.
  assert_true(resized_line(10, 0.6F, ResizeKind::nearest, asymmetric, NearestKind::floor) ==
              FloatVector({0, 1, 3, 5, 6, 8}));
  assert_true(resized_line(10, 0.6F, ResizeKind::nearest, asymmetric, NearestKind::ceil) ==
              FloatVector({0, 2, 4, 5, 7, 9}));
  // (8 + 0.5) / 1.7f - 0.5 is 4.5 in float32: a tie.
  const FloatVector up = resized_line(10, 1.7F, ResizeKind::nearest, half, NearestKind::round_prefer_ceil);
  const FloatVector down = resized_line(10, 1.7F, ResizeKind::nearest, half, NearestKind::round_prefer_floor);
  assert_true(up.size() == 17);
  assert_true(up[8] == 5);
  assert_true(down[8] == 4);
  // (4 + 0.5) / 0.3f - 0.5 is 14.499999 in float32; (19 + 0.5) / 1.3f - 0.5 is 14.500001: both count as ties.
  assert_true(resized_line(20, 0.3F, ResizeKind::nearest, half, NearestKind::round_prefer_ceil) ==
              FloatVector({1, 5, 8, 11, 15, 18}));
  assert_true(resized_line(20, 1.3F, ResizeKind::nearest, half, NearestKind::round_prefer_floor)[19] == 14);
  assert_true(resized_line(4, 2, ResizeKind::nearest, asymmetric, NearestKind::floor) ==
              FloatVector({0, 0, 1, 1, 2, 2, 3, 3}));
  assert_true(resized_line(2, 2, ResizeKind::nearest, half, NearestKind::round_prefer_floor) ==
              FloatVector({0, 0, 1, 1}));
}

void test_linear_and_cubic(void**) {
  const auto linear = ResizeKind::linear;
  expect_near({0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3}, resized_line(4, 2, linear, CoordinateKind::half_pixel), 1e-6,
              "half pixel");
  expect_near({0, 0.5, 1, 1.5, 2, 2.5, 3, 3}, resized_line(4, 2, linear, CoordinateKind::asymmetric), 1e-6,
              "asymmetric");
  expect_near({0, 0.75, 1.5, 2.25, 3}, resized_line(4, 1, linear, CoordinateKind::align_corners, NearestKind::floor, 5),
              1e-6, "align corners");
  expect_near({0}, resized_line(4, 1, linear, CoordinateKind::pytorch_half_pixel, NearestKind::floor, 1), 1e-6,
              "PyTorch's half pixel at size 1");
  // With a = -0.5, Keys' kernel keeps a straight line where all four taps lie inside.
  auto cubic = resized_line(8, 2, ResizeKind::cubic, CoordinateKind::half_pixel, NearestKind::floor, 0, -0.5F);
  for (std::size_t i = 4; i < 12; ++i) {
    assert_true(std::fabs(static_cast<double>(cubic[i]) - ((static_cast<double>(i) + 0.5) / 2 - 0.5)) < 1e-5);
  }
  cubic = resized_line(8, 2, ResizeKind::cubic, CoordinateKind::half_pixel);
  // Pixel 0.25 before the first one, a = -0.75: weights of taps -2, -1 | 0, 1 at distances 1.75, 0.75, 0.25, 1.25.
  auto weight = [](double t) {
    const double a = -0.75;
    return t <= 1 ? (a + 2) * t * t * t - (a + 3) * t * t + 1 : a * t * t * t - 5 * a * t * t + 8 * a * t - 4 * a;
  };
  assert_true(std::fabs(static_cast<double>(cubic[0]) - weight(1.25)) < 1e-6);  // the others hold the value 0
}

void test_resize_in_both_layouts(void**) {
  for (const ResizeKind kind : {ResizeKind::nearest, ResizeKind::linear, ResizeKind::cubic}) {
    const Dims dims{2, 3, 4, 5};
    const FloatVector x = interpreter_input(dims);
    std::vector<Values> found[2];
    for (const bool plain : {false, true}) {
      GraphBuilder b;
      TensorId in = b.input("x", dims);
      if (plain) in = contiguous(b, in);
      b.output(b.add(Op::resize, "y", {in}, [&](Attributes& a) {
        a.resize = kind;
        a.sizes = {7, 9};
      }));
      found[plain] = run_graph(b, {x}, 2);
    }
    assert_true(found[0][0].reals == found[1][0].reals);
    // A constant image stays constant.
    GraphBuilder b;
    b.output(b.add(Op::resize, "y", {b.input("x", dims)}, [&](Attributes& a) {
      a.resize = kind;
      a.sizes = {7, 9};
    }));
    const auto flat = run_graph(b, {FloatVector(x.size(), 0.75F)});
    for (const float value : flat[0].reals) assert_true(std::fabs(static_cast<double>(value) - 0.75) < 1e-6);
  }
}

void test_int8_resize(void**) {
  const Quant in{0.05F, -9};
  const Quant out{0.05F, -9};
  const auto x = random_bytes(24);
  const Build build = [&](GraphBuilder& b, std::vector<TensorId> ids) {
    const TensorId y = b.add(Op::resize, "y", ids, [](Attributes& a) {
      a.resize = ResizeKind::linear;
      a.sizes = {4, 6};
    });
    return int8_result(b, y, out);
  };
  // Twice the size: the weights are 512 and 1536 of 2048 on each axis.
  ByteVector expected;
  const Dims dims{1, 4, 2, 3};
  for (std::int64_t c = 0; c < 4; ++c) {
    for (std::int64_t y = 0; y < 4; ++y) {
      for (std::int64_t column = 0; column < 6; ++column) {
        std::int64_t sum = 0;
        auto taps = [](std::int64_t i, std::int64_t size) {
          const double at =
              std::fmin(std::fmax((static_cast<double>(i) + 0.5) / 2 - 0.5, 0), static_cast<double>(size - 1));
          const auto first = static_cast<std::int64_t>(at);
          const auto second_weight = static_cast<std::int64_t>((at - static_cast<double>(first)) * 2048);
          return std::array<std::int64_t, 4>{first, std::min(first + 1, size - 1), 2048 - second_weight, second_weight};
        };
        const auto v = taps(y, 2);
        const auto h = taps(column, 3);
        for (std::size_t i = 0; i < 2; ++i) {
          for (std::size_t j = 0; j < 2; ++j) {
            const auto q = x[static_cast<std::size_t>((c * 2 + v[i]) * 3 + h[j])];
            sum += (q - in.zero_point) * v[i + 2] * h[j + 2];
          }
        }
        expected.push_back(to_int8(static_cast<float>(sum) * (in.scale / (out.scale * 4194304.0F)), out));
      }
    }
  }
  check_int8({{dims, in}}, {x}, build, expected, "int8 linear resize");
}

void test_softmax(void**) {
  const Dims dims{2, 3, 4, 5};
  const FloatVector x = interpreter_input(dims);
  for (const std::int64_t axis : {0, 1, 2, 3, -1}) {
    for (const bool log : {false, true}) {
      for (const bool plain : {false, true}) {
        GraphBuilder b;
        TensorId in = b.input("x", dims);
        if (plain) in = contiguous(b, in);
        b.output(b.add(Op::softmax, "y", {in}, [&](Attributes& a) {
          a.axis = axis < 0 ? axis + 4 : axis;
          a.log = log;
        }));
        const FloatVector y = run_graph(b, {x}, 3)[0].reals;
        std::size_t stride = 1;
        for (std::size_t d = 3; d > static_cast<std::size_t>(axis < 0 ? 3 : axis); --d)
          stride *= static_cast<std::size_t>(dims[d]);
        const auto count = static_cast<std::size_t>(dims[static_cast<std::size_t>(axis < 0 ? 3 : axis)]);
        std::vector<double> expected(x.size());
        for (std::size_t i = 0; i < x.size(); ++i) {
          const std::size_t first = i - i / stride % count * stride;
          double sum = 0;
          for (std::size_t j = 0; j < count; ++j) sum += std::exp(static_cast<double>(x[first + j * stride]));
          const double p = std::exp(static_cast<double>(x[i])) / sum;
          expected[i] = log ? std::log(p) : p;
        }
        expect_near(expected, y, 1e-5, "softmax");
      }
    }
  }
}

void test_int8_softmax(void**) {
  const auto x = random_bytes(40);
  const Quant in{0.05F, 4};
  std::vector<std::uint32_t> table;
  for (int i = 0; i < 256; ++i) {
    table.push_back(static_cast<std::uint32_t>(std::nearbyint(std::exp(-0.05 * i) * 1073741824.0)));
  }
  for (const bool to_float : {false, true}) {
    GraphBuilder b;
    const TensorId id = int8_input(b, "x", {4, 10}, in);
    const TensorId t = b.graph.add_constant("table", DType::u32, {256}, table);
    const TensorId y = b.add(Op::softmax, "y", {id, t}, [](Attributes& a) { a.axis = 1; });
    if (!to_float) int8_result(b, y, {1.0F / 256, -128});
    b.output(y);
    const auto found = run_graph(b, {x}, 2);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t row = i / 10 * 10;
      const std::int8_t most = *std::max_element(x.begin() + static_cast<std::ptrdiff_t>(row),
                                                 x.begin() + static_cast<std::ptrdiff_t>(row + 10));
      std::uint64_t sum = 0;
      for (std::size_t j = row; j < row + 10; ++j) sum += table[static_cast<std::size_t>(most - x[j])];
      const std::uint64_t e = table[static_cast<std::size_t>(most - x[i])];
      if (to_float) {
        assert_true(found[0].reals[i] == static_cast<float>(e) / static_cast<float>(sum));
      } else {
        assert_int_equal(found[0].bytes[i],
                         static_cast<int>(std::min<std::uint64_t>(255, (256 * e + sum / 2) / sum)) - 128);
      }
    }
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_pool),
      cmocka_unit_test(test_int8_pool),
      cmocka_unit_test(test_reduce),
      cmocka_unit_test(test_int8_reduce),
      cmocka_unit_test(test_int8_reduce_to_float),
      cmocka_unit_test(test_nearest_rounds_in_float32),
      cmocka_unit_test(test_linear_and_cubic),
      cmocka_unit_test(test_resize_in_both_layouts),
      cmocka_unit_test(test_int8_resize),
      cmocka_unit_test(test_softmax),
      cmocka_unit_test(test_int8_softmax),
  };
  return cmocka_run_group_tests_name("window operators", tests, nullptr, nullptr);
}

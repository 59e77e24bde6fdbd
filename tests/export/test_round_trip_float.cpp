// Float networks through .onnx and .tflite.
#include "export/through_file.h"

namespace octet::test {
namespace {

const std::vector<std::string> kBoth = {"onnx", "tflite"};

void check(const std::vector<Dims>& shapes, const Build& build, const char* what,
           const std::vector<std::string>& formats = kBoth) {
  const Graph graph = float_network(shapes, build);
  for (const std::string& format : formats) check_round_trip(graph, format, Same::nearly, what);
}

void check_one(const Dims& x, Op op, const GraphBuilder::Change& change, const char* what,
               const std::vector<std::string>& formats = kBoth) {
  check(
      {x}, [&](GraphBuilder& b, std::vector<TensorId> in) { return b.add(op, "y", {in[0]}, change); }, what, formats);
}

void check_conv(Op op, const Dims& x, const Dims& weight, const Attributes& attrs, bool bias, const char* what,
                const std::vector<std::string>& formats = kBoth) {
  check(
      {x},
      [&](GraphBuilder& b, std::vector<TensorId> in) {
        std::vector<TensorId> operands = {in[0], b.noise("w", weight)};
        const std::int64_t outputs = op == Op::conv ? weight[0] : weight[1] * attrs.groups;
        if (bias) operands.push_back(b.noise("bias", {outputs}));
        return b.add(op, "y", operands, [&](Attributes& a) { a = attrs; });
      },
      what, formats);
}

void test_convolutions(void**) {
  check_conv(Op::conv, {2, 3, 7, 6}, {5, 3, 3, 3}, window(3, 1, {1, 1, 1, 1}), true, "conv");
  check_conv(Op::conv, {1, 3, 8, 9}, {4, 3, 3, 3}, window(3, 2, {0, 1, 2, 0}), false, "uneven pads, no bias");
  check_conv(Op::conv, {1, 4, 9, 9}, {4, 2, 3, 3}, window(3, 1, {2, 2, 2, 2}, 2, 2), true, "dilated, two groups");
  check_conv(Op::conv, {1, 6, 6, 5}, {6, 1, 3, 3}, window(3, 2, {1, 1, 1, 1}, 6), true, "depthwise");
  Attributes attrs = window(3, 1, {1, 1, 1, 1});
  for (const Clamp& clamp : {Clamp{0, INFINITY}, Clamp{0, 6}, Clamp{-1, 1}, Clamp{-0.25F, 0.5F}, Clamp{-INFINITY, 0}}) {
    attrs.clamp = clamp;
    check_conv(Op::conv, {1, 3, 5, 5}, {4, 3, 3, 3}, attrs, true, "clamped conv");
  }
  check_conv(Op::conv_transpose, {1, 3, 4, 5}, {3, 4, 3, 3}, window(3, 2, {1, 1, 1, 1}), true, "transposed");
  check_conv(Op::conv_transpose, {1, 4, 3, 3}, {4, 2, 2, 2}, window(2, 2, {}, 2), false, "transposed in groups",
             {"onnx"});
}

void test_matrices(void**) {
  for (const Dims& x : {Dims{3, 7}, Dims{2, 3, 7}}) {
    check(
        {x},
        [](GraphBuilder& b, std::vector<TensorId> in) {
          return b.add(Op::gemm, "y", {in[0], b.noise("w", {4, 7}), b.noise("bias", {4})});
        },
        "gemm");
  }
  check(
      {{2, 3, 4}, {2, 4, 5}},
      [](GraphBuilder& b, std::vector<TensorId> in) {
        return b.add(Op::mat_mul, "y", {in[0], in[1]});
      },
      "mat_mul");
}

void test_windows(void**) {
  for (const Op op : {Op::max_pool, Op::average_pool}) {
    const auto pool = [&](const Attributes& attrs, const char* what) {
      check_one(
          {1, 3, 7, 6}, op, [&](Attributes& a) { a = attrs; }, what);
    };
    pool(window(2, 2, {}), "pool");
    pool(window(3, 1, {1, 1, 1, 1}), "pool with pads as SAME");
    pool(window(3, 2, {1, 1, 0, 1}), "pool with pads");
    Attributes attrs = window(3, 2, {});
    attrs.ceil_mode = true;
    pool(attrs, "pool with a last window beyond");
    attrs = window(3, 2, {1, 1, 1, 1});
    attrs.count_include_pad = true;
    pool(attrs, "pool whose pads count");
  }
}

void test_reductions(void**) {
  for (int kind = 0; kind <= static_cast<int>(ReduceKind::log_sum_exp); ++kind) {
    for (const bool keep_dims : {true, false}) {
      check(
          {{2, 3, 4, 5}},
          [&](GraphBuilder& b, std::vector<TensorId> in) {
            const TensorId positive = b.unary(UnaryKind::exp, "e", in[0]);
            return b.add(Op::reduce, "y", {positive}, [&](Attributes& a) {
              a.reduce = static_cast<ReduceKind>(kind);
              a.axes = {1, 2};
              a.keep_dims = keep_dims;
            });
          },
          "reduce");
    }
  }
}

void test_functions(void**) {
  for (int kind = 0; kind < static_cast<int>(UnaryKind::logical_not); ++kind) {
    const auto unary = static_cast<UnaryKind>(kind);
    // Of x in [-2, 2]; functions of positive values get exp(x).
    const bool positive = unary == UnaryKind::log || unary == UnaryKind::sqrt || unary == UnaryKind::rsqrt ||
                          unary == UnaryKind::reciprocal;
    const std::vector<std::string> formats = unary == UnaryKind::erf ? std::vector<std::string>{"onnx"} : kBoth;
    check(
        {{1, 3, 4, 5}},
        [&](GraphBuilder& b, std::vector<TensorId> in) {
          const TensorId x = positive ? b.unary(UnaryKind::exp, "e", in[0]) : in[0];
          return b.unary(unary, "y", x, unary == UnaryKind::clip ? -0.5F : 0.3F, 0.6F);
        },
        name_of(unary), formats);
  }
  check(
      {{1, 3, 4, 5}},
      [](GraphBuilder& b, std::vector<TensorId> in) {
        return b.add(Op::prelu, "y", {in[0], b.floats("slope", {3, 1, 1}, {0.25F, -0.5F, 1.25F})});
      },
      "prelu");
  check_one(
      {2, 9, 4, 5}, Op::softmax, [](Attributes& a) { a.axis = 1; }, "softmax of channels");
  check_one(
      {2, 9}, Op::softmax, [](Attributes& a) { a.log = true, a.axis = 1; }, "log-softmax");
}

void test_arithmetic(void**) {
  for (int kind = 0; kind <= static_cast<int>(BinaryKind::pow); ++kind) {
    const auto binary = static_cast<BinaryKind>(kind);
    check(
        {{1, 3, 4, 5}, {1, 3, 4, 5}},
        [&](GraphBuilder& b, std::vector<TensorId> in) {
          return b.binary(binary, "y", b.unary(UnaryKind::exp, "e", in[0]), in[1]);
        },
        name_of(binary));
  }
  // Operands of fewer dimensions, beside an image that TFLite has with its channels last.
  const auto beside_conv = [](const Dims& constant) {
    return [constant](GraphBuilder& b, std::vector<TensorId> in) {
      const TensorId x = b.add(Op::conv, "c", {in[0], b.noise("w", {3, 3, 1, 1})});
      return b.binary(BinaryKind::max, "y", x, b.noise("constant", constant));
    };
  };
  check({{2, 3, 4, 5}}, beside_conv({3, 1, 1}), "an operand of the channels");
  check({{2, 3, 4, 5}}, beside_conv({5}), "an operand of the width");
  check({{2, 3, 4, 5}}, beside_conv({4, 5}), "an operand of height and width");
  check({{2, 3, 4, 5}}, beside_conv({}), "a scalar");
  check(
      {{2, 3, 4, 5}, {4, 5}},
      [](GraphBuilder& b, std::vector<TensorId> in) {
        const TensorId x = b.add(Op::conv, "c", {in[0], b.noise("w", {3, 3, 1, 1})});
        return b.binary(BinaryKind::sub, "y", x, in[1]);
      },
      "an input of height and width");
}

void test_moves(void**) {
  check_one(
      {2, 6, 4, 5}, Op::split, [](Attributes& a) { a.axis = 1, a.sizes = {6}; }, "split");
  check(
      {{2, 6, 4, 5}},
      [](GraphBuilder& b, std::vector<TensorId> in) {
        const TensorId part = b.add(
            Op::split, "s", {in[0]},
            [](Attributes& a) {
              a.axis = 1, a.sizes = {1, 2, 3};
            },
            3);
        return b.add(Op::concat, "y", {part + 2, part, in[0]}, [](Attributes& a) { a.axis = 1; });
      },
      "parts in another sequence");
  check_one(
      {1, 3, 8, 9}, Op::slice,
      [](Attributes& a) {
        a.axes = {3, 2}, a.starts = {1, 6}, a.sizes = {8, -9}, a.steps = {3, -2};
      },
      "slice");
  check_one(
      {1, 3, 8, 9}, Op::slice,
      [](Attributes& a) {
        a.axes = {1, 2}, a.starts = {1, 2}, a.sizes = {3, 7}, a.steps = {1, 1};
      },
      "slice of 1");
  check_one(
      {1, 3, 4, 5}, Op::pad, [](Attributes& a) { a.sizes = {0, 1, 0, 2, 0, 0, 3, 0}, a.alpha = 2; }, "pad");
  check_one(
      {1, 3, 4, 5}, Op::pad, [](Attributes& a) { a.sizes = {0, 0, 1, 2, 0, 0, 3, 0}, a.pad = PadKind::reflect; },
      "reflecting pad");
  check_one(
      {2, 3, 4, 5}, Op::reshape,
      [](Attributes& a) {
        a.sizes = {6, 20};
      },
      "reshape");
  check_one(
      {2, 3, 4, 5}, Op::transpose,
      [](Attributes& a) {
        a.axes = {3, 1, 0, 2};
      },
      "transpose");
  check_one(
      {2, 3, 1, 5}, Op::expand,
      [](Attributes& a) {
        a.sizes = {2, 3, 4, 5};
      },
      "expand");
  check_one(
      {1, 8, 3, 4}, Op::depth_to_space, [](Attributes& a) { a.block = 2; }, "depth_to_space");
  check_one({1, 8, 3, 4}, Op::depth_to_space, [](Attributes& a) { a.block = 2, a.crd = true; }, "in CRD order",
            {"onnx"});
  check_one(
      {1, 3, 4, 6}, Op::space_to_depth, [](Attributes& a) { a.block = 2; }, "space_to_depth");
  check(
      {{2, 5, 3}},
      [](GraphBuilder& b, std::vector<TensorId> in) {
        return b.add(Op::gather, "y", {in[0], b.integers("i", {2}, {3, 0})}, [](Attributes& a) { a.axis = 1; });
      },
      "gather");
}

void test_resize(void**) {
  const auto resize = [](ResizeKind kind, CoordinateKind coordinate, NearestKind nearest, const char* what,
                         const std::vector<std::string>& formats = kBoth) {
    check_one(
        {1, 3, 4, 5}, Op::resize,
        [&](Attributes& a) {
          a.sizes = {8, 10};
          a.resize = kind;
          a.coordinate = coordinate;
          a.nearest = nearest;
        },
        what, formats);
  };
  const auto down = NearestKind::floor;
  resize(ResizeKind::linear, CoordinateKind::half_pixel, down, "linear");
  resize(ResizeKind::linear, CoordinateKind::align_corners, down, "linear, corners aligned");
  resize(ResizeKind::linear, CoordinateKind::asymmetric, down, "linear, asymmetric");
  resize(ResizeKind::nearest, CoordinateKind::asymmetric, down, "nearest");
  resize(ResizeKind::nearest, CoordinateKind::half_pixel, NearestKind::round_prefer_floor, "nearest, half pixels");
  resize(ResizeKind::cubic, CoordinateKind::half_pixel, down, "cubic", {"onnx"});
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_convolutions), cmocka_unit_test(test_matrices),  cmocka_unit_test(test_windows),
      cmocka_unit_test(test_reductions),   cmocka_unit_test(test_functions), cmocka_unit_test(test_arithmetic),
      cmocka_unit_test(test_moves),        cmocka_unit_test(test_resize),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

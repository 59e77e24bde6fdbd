// Small networks for the tests of sessions.
#pragma once

#include "ops/run_graph.h"

namespace octet::test {

// Two inputs, two outputs; convolutions, a residual add, layouts that change, a head as of a detector.
inline GraphBuilder float_network() {
  GraphBuilder b;
  const TensorId image = b.input("image", {1, 3, 9, 10});
  const TensorId bias = b.input("offset", {1, 8, 1, 1});
  const auto padded = [](Attributes& a) {
    a.window.kernel = {3, 3};
    a.window.pads = {1, 1, 1, 1};
  };
  TensorId x = b.add(Op::conv, "first", {image, b.noise("w1", {8, 3, 3, 3}), b.noise("b1", {8})}, padded);
  const TensorId shortcut = b.binary(BinaryKind::add, "shifted", x, bias);
  x = b.unary(UnaryKind::silu, "act", shortcut);
  x = b.add(Op::conv, "depthwise", {x, b.noise("w2", {8, 1, 3, 3})}, [&](Attributes& a) {
    padded(a);
    a.groups = 8;
  });
  x = b.binary(BinaryKind::add, "sum", x, shortcut);
  const TensorId pooled = b.add(Op::max_pool, "pool", {x}, [](Attributes& a) {
    a.window.kernel = {2, 2};
    a.window.stride = {2, 2};
  });
  const TensorId turned = b.add(Op::transpose, "turned", {pooled}, [](Attributes& a) { a.axes = {0, 2, 3, 1}; });
  const TensorId rows = b.add(Op::reshape, "rows", {turned}, [](Attributes& a) { a.sizes = {-1, 8}; });
  const TensorId scores = b.add(Op::gemm, "scores", {rows, b.noise("w3", {4, 8}), b.noise("b3", {4})});
  b.output(b.add(Op::softmax, "probabilities", {scores}, [](Attributes& a) { a.axis = 1; }));
  b.output(x);
  return b;
}

// int8 in, int8 out: a convolution and an add of its input.
inline GraphBuilder int8_network() {
  GraphBuilder b;
  const Quant quant{0.05F, -3};
  const TensorId x = int8_input(b, "x", {1, 4, 5, 6}, quant);
  const TensorId y = b.add(Op::conv, "conv",
                           {x, b.graph.add_constant("w", DType::i8, {4, 4, 3, 3}, random_bytes(144, 9, -127, 127)),
                            b.graph.add_constant("bias", DType::i32, {4}, std::vector<std::int32_t>{0, 100, -100, 7}),
                            b.floats("factor", {4}, {0.001F, 0.002F, 0.0015F, 0.0005F})},
                           [](Attributes& a) {
                             a.window.kernel = {3, 3};
                             a.window.pads = {1, 1, 1, 1};
                           });
  const TensorId sum = b.binary(BinaryKind::add, "sum", int8_result(b, y, {0.1F, 4}), x);
  b.output(int8_result(b, sum, {0.08F, 11}));
  return b;
}

}  // namespace octet::test

// Float networks as .mnn: every operator comes back with the same answers, and what the format cannot carry is named.
#include <limits>

#include "base/file.h"
#include "export/mnn_round_trip.h"

namespace octet::test {
namespace {

constexpr float kExact = 1e-6F;

// The network of the builder, through a .mnn file.
Graph through(GraphBuilder& b) {
  expect_ok(infer_shapes(b.graph));
  expect_ok(prepare_graph(b.graph));
  const Graph after = read_back(kMnnImporter, written(kMnnExporter, b.graph));
  expect_same(b.graph, after, kExact);
  return after;
}

void check(const std::function<TensorId(GraphBuilder&, TensorId)>& build, const Dims& dims = {1, 6, 8, 10}) {
  GraphBuilder b;
  b.output(build(b, b.input("x", dims)));
  through(b);
}

void test_convolutions(void**) {
  struct Case {
    Dims weight;
    Window window;
    std::int64_t groups;
    Clamp clamp;
  };
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const Case cases[] = {
      {{4, 6, 3, 3}, {{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}}, 1, {}},
      {{4, 6, 3, 2}, {{3, 2}, {2, 1}, {1, 1}, {0, 1, 1, 0}}, 1, {0, kInfinity}},
      {{6, 1, 3, 3}, {{3, 3}, {1, 2}, {2, 2}, {2, 2, 2, 2}}, 6, {0, 6}},
      {{4, 3, 1, 1}, {}, 2, {-0.5F, 0.25F}},
  };
  for (const Case& c : cases) {
    for (const bool bias : {false, true}) {
      check([&](GraphBuilder& b, TensorId x) {
        std::vector<TensorId> inputs{x, b.noise("w", c.weight)};
        if (bias) inputs.push_back(b.noise("b", {c.weight[0]}));
        return b.add(Op::conv, "conv", inputs, [&](Attributes& attrs) {
          attrs.window = c.window;
          attrs.window.kernel = {c.weight[2], c.weight[3]};
          attrs.groups = c.groups;
          attrs.clamp = c.clamp;
        });
      });
    }
  }
}

void test_transposed_convolutions(void**) {
  for (const bool depthwise : {false, true}) {
    check([&](GraphBuilder& b, TensorId x) {
      const Dims dims{6, depthwise ? 1 : 4, 3, 3};
      return b.add(Op::conv_transpose, "up", {x, b.noise("w", dims), b.noise("b", {depthwise ? 6 : 4})},
                   [&](Attributes& attrs) {
                     attrs.window = {{3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}};
                     attrs.output_padding = {1, 1};
                     attrs.groups = depthwise ? 6 : 1;
                   });
    });
  }
}

void test_matrices(void**) {
  for (const Dims& dims : {Dims{3, 7}, Dims{2, 3, 7}}) {
    check(
        [](GraphBuilder& b, TensorId x) {
          return b.add(Op::gemm, "fc", {x, b.noise("w", {5, 7}), b.noise("b", {5})},
                       [](Attributes& attrs) { attrs.clamp.low = 0; });
        },
        dims);
  }
  GraphBuilder b;
  b.output(b.add(Op::mat_mul, "product", {b.input("x", {2, 3, 4}), b.input("y", {2, 4, 5})}));
  through(b);
}

void test_pools(void**) {
  for (const Op op : {Op::max_pool, Op::average_pool}) {
    for (const bool ceil : {false, true}) {
      for (const bool count : {false, true}) {
        if (ceil && count) continue;
        check([&](GraphBuilder& b, TensorId x) {
          return b.add(op, "pool", {x}, [&](Attributes& attrs) {
            attrs.window = {{3, 2}, {2, 2}, {1, 1}, {1, 0, 1, 1}};
            attrs.ceil_mode = ceil;
            attrs.count_include_pad = count;
          });
        });
      }
    }
  }
}

void test_reductions(void**) {
  for (const ReduceKind kind : {ReduceKind::mean, ReduceKind::max, ReduceKind::min, ReduceKind::sum}) {
    for (const bool keep : {true, false}) {
      for (const std::vector<std::int64_t>& axes : {std::vector<std::int64_t>{2, 3}, {1}, {0, 1, 2, 3}}) {
        if (axes.size() == 4 && !keep) continue;
        check([&](GraphBuilder& b, TensorId x) {
          return b.add(Op::reduce, "r", {x}, [&](Attributes& attrs) {
            attrs.reduce = kind;
            attrs.axes = axes;
            attrs.keep_dims = keep;
          });
        });
      }
    }
  }
}

void test_functions(void**) {
  struct Case {
    UnaryKind kind;
    float alpha, beta;
  };
  const Case cases[] = {
      {UnaryKind::relu, 0, 0},       {UnaryKind::clip, -0.25F, 0.5F}, {UnaryKind::leaky_relu, 0.1F, 0},
      {UnaryKind::sigmoid, 0, 0},    {UnaryKind::tanh, 0, 0},         {UnaryKind::hard_sigmoid, 0.25F, 0.4F},
      {UnaryKind::hard_swish, 0, 0}, {UnaryKind::silu, 0, 0},         {UnaryKind::gelu, 0, 0},
      {UnaryKind::gelu_tanh, 0, 0},  {UnaryKind::elu, 0.7F, 0},       {UnaryKind::exp, 0, 0},
      {UnaryKind::neg, 0, 0},        {UnaryKind::abs, 0, 0},          {UnaryKind::floor, 0, 0},
      {UnaryKind::ceil, 0, 0},       {UnaryKind::erf, 0, 0},          {UnaryKind::softsign, 0, 0},
      {UnaryKind::sin, 0, 0},        {UnaryKind::cos, 0, 0},          {UnaryKind::sign, 0, 0},
      {UnaryKind::square, 0, 0},     {UnaryKind::selu, 1.5F, 1.1F},
  };
  for (const Case& c : cases) {
    check([&](GraphBuilder& b, TensorId x) { return b.unary(c.kind, "f", x, c.alpha, c.beta); });
    check([&](GraphBuilder& b, TensorId x) { return b.unary(c.kind, "f", x, c.alpha, c.beta); }, {3, 5});
  }
  for (const UnaryKind kind : {UnaryKind::sqrt, UnaryKind::log, UnaryKind::rsqrt, UnaryKind::reciprocal}) {
    check([&](GraphBuilder& b, TensorId x) {
      return b.unary(kind, "f", b.binary(BinaryKind::add, "above", b.unary(UnaryKind::abs, "abs", x), b.scalar(0.5F)));
    });
  }
  check([](GraphBuilder& b, TensorId x) { return b.add(Op::prelu, "p", {x, b.noise("s", {6, 1, 1})}); });
}

void test_operations(void**) {
  for (const BinaryKind kind : {BinaryKind::add, BinaryKind::sub, BinaryKind::mul, BinaryKind::min, BinaryKind::max}) {
    for (const Dims& other : {Dims{1, 6, 8, 10}, Dims{6, 1, 1}, Dims{}, Dims{10}}) {
      check([&](GraphBuilder& b, TensorId x) { return b.binary(kind, "f", x, b.noise("c", other)); });
      check([&](GraphBuilder& b, TensorId x) { return b.binary(kind, "f", b.noise("c", other), x); });
    }
  }
  for (const Clamp clamp : {Clamp{0, std::numeric_limits<float>::infinity()}, Clamp{-0.5F, 0.5F}}) {
    GraphBuilder b;
    const TensorId sum = b.binary(BinaryKind::add, "f", b.input("x", {1, 4, 3, 3}), b.input("y", {1, 4, 3, 3}));
    b.graph.nodes.back().attrs.clamp = clamp;
    b.output(sum);
    through(b);
  }
}

void test_softmax(void**) {
  for (const bool log : {false, true}) {
    for (const std::int64_t axis : {1, 3}) {
      check([&](GraphBuilder& b, TensorId x) {
        return b.add(Op::softmax, "s", {x}, [&](Attributes& attrs) {
          attrs.axis = axis;
          attrs.log = log;
        });
      });
    }
  }
}

void test_places(void**) {
  check([](GraphBuilder& b, TensorId x) {
    return b.add(Op::concat, "c", {x, b.unary(UnaryKind::abs, "a", x)}, [](Attributes& attrs) { attrs.axis = 1; });
  });
  check([](GraphBuilder& b, TensorId x) {
    const TensorId first = b.add(
        Op::split, "cut", {x},
        [](Attributes& attrs) {
          attrs.axis = 1;
          attrs.sizes = {2, 4};
        },
        2);
    b.output(b.graph.nodes.back().outputs[1]);
    return b.unary(UnaryKind::neg, "n", first);
  });
  check([](GraphBuilder& b, TensorId x) {
    return b.add(Op::slice, "s", {x}, [](Attributes& attrs) {
      attrs.axes = {1, 3};
      attrs.starts = {1, 8};
      attrs.sizes = {6, -11};
      attrs.steps = {2, -3};
    });
  });
  for (const PadKind kind : {PadKind::constant, PadKind::reflect, PadKind::edge}) {
    check([&](GraphBuilder& b, TensorId x) {
      return b.add(Op::pad, "p", {x}, [&](Attributes& attrs) {
        attrs.sizes = {0, 0, 1, 2, 0, 0, 3, 0};
        attrs.pad = kind;
        attrs.alpha = kind == PadKind::constant ? 1.5F : 0;
      });
    });
  }
  check([](GraphBuilder& b, TensorId x) {
    const TensorId moved = b.add(Op::transpose, "t", {x}, [](Attributes& attrs) { attrs.axes = {0, 2, 3, 1}; });
    return b.add(Op::reshape, "r", {moved}, [](Attributes& attrs) { attrs.sizes = {1, 40, 12}; });
  });
  for (const Op op : {Op::depth_to_space, Op::space_to_depth}) {
    check([&](GraphBuilder& b, TensorId x) { return b.add(op, "d", {x}, [](Attributes& attrs) { attrs.block = 2; }); },
          {1, 8, 4, 6});
  }
  check([](GraphBuilder& b, TensorId x) {
    return b.add(Op::gather, "g", {x, b.integers("i", {3}, {2, 0, 2})}, [](Attributes& attrs) { attrs.axis = 1; });
  });
  check(
      [](GraphBuilder& b, TensorId x) {
        return b.add(Op::expand, "e", {x}, [](Attributes& attrs) { attrs.sizes = {2, 3, 4}; });
      },
      {1, 3, 1});
}

void test_resizing(void**) {
  struct Case {
    ResizeKind kind;
    CoordinateKind coordinate;
    NearestKind nearest;
  };
  const Case cases[] = {
      {ResizeKind::nearest, CoordinateKind::asymmetric, NearestKind::floor},
      {ResizeKind::nearest, CoordinateKind::half_pixel, NearestKind::round_prefer_floor},
      {ResizeKind::nearest, CoordinateKind::half_pixel, NearestKind::round_prefer_ceil},
      {ResizeKind::linear, CoordinateKind::half_pixel, NearestKind::floor},
      {ResizeKind::linear, CoordinateKind::align_corners, NearestKind::floor},
      {ResizeKind::linear, CoordinateKind::pytorch_half_pixel, NearestKind::floor},
      {ResizeKind::cubic, CoordinateKind::half_pixel, NearestKind::floor},
  };
  for (const Case& c : cases) {
    check([&](GraphBuilder& b, TensorId x) {
      return b.add(Op::resize, "z", {x}, [&](Attributes& attrs) {
        attrs.resize = c.kind;
        attrs.coordinate = c.coordinate;
        attrs.nearest = c.nearest;
        attrs.sizes = {16, 15};
      });
    });
  }
}

// Outputs that are an input, a constant or each other have tensors of their own.
void test_outputs_of_their_own(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2});
  const TensorId y = b.unary(UnaryKind::relu, "y", x);
  b.output(y);
  b.output(b.unary(UnaryKind::neg, "z", y));
  const Graph after = through(b);
  assert_int_equal(after.outputs.size(), 2);
}

// Names that the writer makes up are none of the network's.
void test_names(void**) {
  GraphBuilder b;
  const TensorId x = b.input("fc:0", {2, 3});
  const TensorId y = b.add(Op::gemm, "fc", {x, b.noise("w", {4, 3})});
  b.graph.at(y).name = "fc:0/1";
  b.output(y);
  const Graph after = through(b);
  assert_string_equal(after.at(after.outputs[0]).name.c_str(), "fc:0/1");
}

// Outputs are found by their names in the file, also where two have the same one in the network.
void test_outputs_of_one_name(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {2, 3});
  const TensorId y = b.unary(UnaryKind::neg, "y", x);
  const TensorId z = b.unary(UnaryKind::relu, "z", x);
  b.graph.at(z).name = b.graph.at(y).name;
  for (const TensorId id : {y, x, z}) b.output(id);
  expect_ok(infer_shapes(b.graph));
  const Graph after = read_back(kMnnImporter, written(kMnnExporter, b.graph));
  const std::vector<FloatVector> expected = answers(b.graph), actual = answers(after);
  assert_true(expected == actual);
}

void test_scalar_inputs(void**) {
  GraphBuilder b;
  b.output(b.binary(BinaryKind::add, "sum", b.input("x", {2, 3}), b.input("offset", {})));
  expect_ok(infer_shapes(b.graph));
  expect_failure(kMnnExporter.write(b.graph).status(), Code::unsupported, {"'offset'", "1 dimension"});
}

void test_what_cannot_be_carried(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 4, 4});
  const TensorId mish = b.unary(UnaryKind::mish, "first", x);
  const TensorId pool = b.add(Op::max_pool, "second", {mish}, [](Attributes& attrs) {
    attrs.window.kernel = {2, 2};
    attrs.window.dilation = {2, 2};
  });
  b.output(b.add(Op::reduce, "third", {pool}, [](Attributes& attrs) { attrs.reduce = ReduceKind::log_sum_exp; }));
  expect_ok(infer_shapes(b.graph));
  const Result<std::string> file = kMnnExporter.write(b.graph);
  expect_failure(file.status(), Code::unsupported, {"first", "mish", "second", "dilated", "third", "reduction"});
}

// The published float network comes back with the same bytes of meaning: written again it is the same file.
void test_published_network(void**) {
  const std::string path = std::string(OCTET_SOURCE_DIR) + "/../shared/models/ultraface/RFB-320.mnn";
  if (!is_file(path)) {
    print_message("skipped: %s is not there\n", path.c_str());
    return;
  }
  const Result<Bytes> bytes = map_file(path);
  expect_ok(bytes.status());
  Result<Graph> graph = kMnnImporter.import(*bytes, path);
  expect_ok(graph.status());
  expect_ok(prepare_graph(*graph));
  const std::string once = written(kMnnExporter, *graph);
  const Graph after = read_back(kMnnImporter, once);
  expect_same(*graph, after, 0);
  assert_true(written(kMnnExporter, after) == once);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_convolutions),
      cmocka_unit_test(test_transposed_convolutions),
      cmocka_unit_test(test_matrices),
      cmocka_unit_test(test_pools),
      cmocka_unit_test(test_reductions),
      cmocka_unit_test(test_functions),
      cmocka_unit_test(test_operations),
      cmocka_unit_test(test_softmax),
      cmocka_unit_test(test_places),
      cmocka_unit_test(test_resizing),
      cmocka_unit_test(test_outputs_of_their_own),
      cmocka_unit_test(test_outputs_of_one_name),
      cmocka_unit_test(test_scalar_inputs),
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_what_cannot_be_carried),
      cmocka_unit_test(test_published_network),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// Networks whose inputs have open sizes, through every format: the file leaves the same sizes open, and what is read
// again follows other sizes as the network does.
#include "export/through_file.h"
#include "graph/open_sizes.h"
#include "graph/rebind.h"

namespace octet::test {
namespace {

const std::vector<std::string> kAll = {"onnx", "mnn", "tflite"};

struct Case {
  const char* what;
  Dims shape;
  std::vector<std::string> names;  // of the sizes of the input; "": fixed
  Build build;
  Dims other;  // not a multiple of `shape`
  std::vector<std::string> formats = kAll;
};

Graph network(const Case& c) {
  GraphBuilder b;
  const TensorId x = b.input("x", c.shape);
  for (std::size_t d = 0; d < c.names.size(); ++d) {
    if (!c.names[d].empty()) set_open(b.graph, 0, d, c.names[d]);
  }
  b.output(c.build(b, {x}));
  expect_ok(prepare_graph(b.graph));
  assert_true(has_open_sizes(b.graph));
  return b.graph;
}

Graph rebound(Graph graph, const Dims& dims) {
  expect_ok(rebind(graph, {&dims, 1}));
  return graph;
}

// The file as it is read where the sizes are given that the network has.
Graph through(const Graph& graph, const std::string& format) {
  const auto bytes = exported(graph, format);
  expect_ok(bytes.status());
  Graph again = imported(*bytes, format, false);
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    again.at(again.inputs[i]).dims = graph.at(graph.inputs[i]).dims;
  }
  expect_ok(prepare_graph(again));
  return again;
}

void expect_same_answers(const Graph& expected, const Graph& found, const char* what) {
  assert_true(found.at(found.outputs[0]).dims == expected.at(expected.outputs[0]).dims);
  const FloatVector a = answers(expected)[0], b = answers(found)[0];
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::fabs(a[i] - b[i]) > 1e-5F) {
      fail_msg("%s: element %zu is %.9g, not %.9g", what, i, static_cast<double>(b[i]), static_cast<double>(a[i]));
    }
  }
}

void check(const Case& c) {
  const Graph graph = network(c);
  for (const std::string& format : c.formats) {
    print_message("  %s as .%s\n", c.what, format.c_str());
    const Graph again = through(graph, format);
    for (std::size_t d = 0; d < c.names.size(); ++d) {
      const std::string_view name = open_name(again, 0, d);
      assert_int_equal(name.empty(), c.names[d].empty());
      if (format == "onnx") assert_true(name == c.names[d]);
    }
    expect_same_answers(graph, again, c.what);
    expect_same_answers(rebound(graph, c.other), rebound(again, c.other), c.what);
  }
}

Build one(Op op, const GraphBuilder::Change& change) {
  return [op, change](GraphBuilder& b, std::vector<TensorId> in) { return b.add(op, "y", {in[0]}, change); };
}

Build conv(const Attributes& attrs) {
  return [attrs](GraphBuilder& b, std::vector<TensorId> in) {
    return b.add(Op::conv, "y", {in[0], b.noise("w", {4, 3, 3, 3}), b.noise("bias", {4})},
                 [&](Attributes& a) { a = attrs; });
  };
}

const std::vector<std::string> kBatch = {"N", "", "", ""}, kImage = {"", "", "height", "width"},
                               kBoth = {"N", "", "height", "width"};

void test_windows(void**) {
  check({"conv", {1, 3, 8, 8}, kBoth, conv(window(3, 1, {1, 1, 1, 1})), {3, 3, 9, 5}});
  check({"striding conv", {1, 3, 8, 8}, kBoth, conv(window(3, 2, {1, 1, 1, 1})), {2, 3, 9, 7}});
  check({"valid conv", {1, 3, 8, 8}, kImage, conv(window(3, 2, {0, 0, 0, 0})), {1, 3, 9, 12}});
  Attributes same = window(3, 2, {0, 0, 0, 0});
  same.window.auto_pad = AutoPad::same_upper;
  check({"conv of same size", {1, 3, 8, 8}, kBoth, conv(same), {1, 3, 9, 13}});
  same.window.auto_pad = AutoPad::same_lower;
  check({"conv, more pads before", {1, 3, 8, 8}, kImage, conv(same), {1, 3, 9, 13}, {"onnx"}});
  const auto pool = [](Op op, const Attributes& attrs) { return one(op, [attrs](Attributes& a) { a = attrs; }); };
  check({"maximum", {1, 3, 8, 8}, kBoth, pool(Op::max_pool, window(2, 2, {0, 0, 0, 0})), {2, 3, 9, 10}});
  check({"padded maximum", {1, 3, 8, 8}, kImage, pool(Op::max_pool, window(3, 2, {1, 1, 1, 1})), {1, 3, 9, 11}});
  check({"average", {1, 3, 8, 8}, kImage, pool(Op::average_pool, window(2, 2, {0, 0, 0, 0})), {1, 3, 10, 7}});
  Attributes up = window(3, 2, {0, 0, 0, 0});
  up.ceil_mode = true;
  check({"rounded up", {1, 3, 8, 8}, kImage, pool(Op::max_pool, up), {1, 3, 9, 12}, {"onnx"}});
  check({"rounded up, open batch", {1, 3, 8, 8}, kBatch, pool(Op::max_pool, up), {3, 3, 8, 8}});
  check({"transposed conv",
         {1, 3, 4, 4},
         kBoth,
         [](GraphBuilder& b, std::vector<TensorId> in) {
           return b.add(Op::conv_transpose, "y", {in[0], b.noise("w", {3, 4, 3, 3})}, [](Attributes& a) {
             a = window(3, 2, {1, 1, 1, 1});
           });
         },
         {2, 3, 5, 7},
         {"onnx", "mnn"}});
}

void test_resizes(void**) {
  const auto resize = [](std::vector<float> scales, std::vector<std::int64_t> sizes) {
    return one(Op::resize, [=](Attributes& a) {
      a.scales = scales;
      a.sizes = sizes;
      a.resize = ResizeKind::linear;
    });
  };
  check({"twice as large", {1, 3, 4, 6}, kBoth, resize({2, 2}, {}), {2, 3, 5, 3}});
  check({"half as large", {1, 3, 4, 6}, kImage, resize({0.5F, 0.5F}, {}), {1, 3, 8, 10}, {"onnx", "mnn"}});
  check({"to a size, open batch", {1, 3, 4, 6}, kBatch, resize({}, {7, 5}), {3, 3, 4, 6}});
}

void test_shapes(void**) {
  const auto reshape = [](std::vector<std::int64_t> shape) {
    return one(Op::reshape, [shape](Attributes& a) { a.sizes = shape; });
  };
  check({"flatten", {1, 3, 4, 6}, kBatch, reshape({0, -1}), {3, 3, 4, 6}});
  check({"rows", {1, 3, 4, 6}, kImage, reshape({1, 3, -1}), {1, 3, 5, 5}});
  check({"rows of samples", {1, 3, 4, 6}, kBoth, reshape({0, 3, -1}), {2, 3, 5, 5}, {"onnx", "mnn"}});
  check({"fully connected",
         {1, 5},
         {"N", ""},
         [](GraphBuilder& b, std::vector<TensorId> in) {
           return b.add(Op::gemm, "y", {in[0], b.noise("w", {4, 5}), b.noise("bias", {4})});
         },
         {7, 5}});
  check({"rows fully connected",
         {1, 2, 5},
         {"N", "", ""},
         [](GraphBuilder& b, std::vector<TensorId> in) {
           return b.add(Op::gemm, "y", {in[0], b.noise("w", {4, 5}), b.noise("bias", {4})});
         },
         {3, 2, 5}});
}

void test_moves(void**) {
  const auto slice = [](std::int64_t axis, std::int64_t start, std::int64_t end, std::int64_t step) {
    return one(Op::slice, [=](Attributes& a) {
      a.axes = {axis};
      a.starts = {start};
      a.sizes = {end};
      a.steps = {step};
    });
  };
  check({"the rest", {1, 3, 8, 8}, kImage, slice(2, 2, INT64_MAX, 1), {1, 3, 9, 5}});
  check({"every second", {1, 3, 8, 8}, kImage, slice(3, 1, INT64_MAX, 2), {1, 3, 4, 11}});
  check({"turned", {1, 3, 8, 8}, kImage, slice(3, -1, INT64_MIN, -1), {1, 3, 4, 11}});
  check({"the first four", {1, 3, 8, 8}, kBoth, slice(2, 0, 4, 1), {2, 3, 5, 6}});
  check({"halves",
         {1, 3, 8, 8},
         kImage,
         [](GraphBuilder& b, std::vector<TensorId> in) {
           const TensorId half = b.add(
               Op::split, "split", {in[0]}, [](Attributes& a) { a.axis = 2; }, 2);
           return b.binary(BinaryKind::add, "y", half, half + 1);
         },
         {1, 3, 6, 5},
         {"onnx"}});
  check({"transposed",
         {1, 3, 4, 6},
         kBoth,
         one(Op::transpose,
             [](Attributes& a) {
               a.axes = {0, 2, 3, 1};
             }),
         {2, 3, 5, 7}});
  check({"one channel last",
         {1, 1, 4, 6},
         kBoth,
         one(Op::transpose,
             [](Attributes& a) {
               a.axes = {0, 2, 3, 1};
             }),
         {2, 1, 5, 7}});
  check({"blocks of pixels",
         {1, 4, 4, 6},
         kBoth,
         one(Op::depth_to_space, [](Attributes& a) { a.block = 2; }),
         {2, 4, 5, 3}});
  check({"mean of the image",
         {1, 3, 4, 6},
         kBoth,
         one(Op::reduce,
             [](Attributes& a) {
               a.axes = {2, 3};
             }),
         {2, 3, 5, 3}});
}

// What the file fixes, or computes as a number of the size, is fixed: the size is open no longer.
void test_what_does_not_follow(void**) {
  const auto open_after = [](const Dims& dims, const std::vector<std::string>& names, const Build& build) {
    GraphBuilder b;
    const TensorId x = b.input("x", dims);
    for (std::size_t d = 0; d < names.size(); ++d) {
      if (!names[d].empty()) set_open(b.graph, 0, d, names[d]);
    }
    b.output(build(b, {x}));
    expect_ok(prepare_graph(b.graph));
    return open_names(b.graph);
  };
  using Names = std::vector<std::string>;
  const auto dense = [](GraphBuilder& b, std::vector<TensorId> in) {
    const TensorId flat = b.add(Op::reshape, "flat", {in[0]}, [](Attributes& a) { a.sizes = {0, -1}; });
    return b.add(Op::gemm, "y", {flat, b.noise("w", {4, 72})});
  };
  assert_true(open_after({1, 3, 4, 6}, kBoth, dense) == Names{"N"});
  const auto fixed = [](GraphBuilder& b, std::vector<TensorId> in) {
    return b.add(Op::reshape, "y", {in[0]}, [](Attributes& a) { a.sizes = {1, 72}; });
  };
  assert_true(open_after({1, 3, 4, 6}, kBatch, fixed) == Names{});
  // x divided by its own height: the quotient is right for this height alone.
  const auto divided = [](GraphBuilder& b, std::vector<TensorId> in) {
    const TensorId shape = b.add(Op::shape, "shape", {in[0]});
    const TensorId height = b.add(Op::gather, "height", {shape, b.integers("two", {}, {2})});
    const TensorId real = b.add(Op::cast, "real", {height}, [](Attributes& a) { a.to = DType::f32; });
    return b.binary(BinaryKind::div, "y", in[0], real);
  };
  assert_true((open_after({1, 3, 4, 6}, kBoth, divided) == Names{"N", "width"}));
  // A shape that the network computes from its input follows it.
  const auto computed = [](GraphBuilder& b, std::vector<TensorId> in) {
    const TensorId shape = b.add(Op::shape, "shape", {in[0]});
    const TensorId batch = b.add(Op::gather, "batch", {shape, b.integers("zero", {1}, {0})});
    const TensorId wanted = b.add(Op::concat, "wanted", {batch, b.integers("rest", {2}, {3, -1})});
    return b.add(Op::reshape, "y", {in[0], wanted});
  };
  assert_true((open_after({1, 3, 4, 6}, kBoth, computed) == Names{"N", "height", "width"}));
}

// What a format cannot say for every size is refused, with the layer and the way out; fixed, it is written.
void test_refusals(void**) {
  const auto refused = [](const Case& c, const std::string& format, const char* word) {
    Graph graph = network(c);
    const auto bytes = exported(graph, format);
    if (!bytes.ok()) print_message("%s\n", bytes.status().message().c_str());
    expect_failure(bytes.status(), Code::unsupported, {word, "'y"});
    graph.open_sizes.clear();
    expect_ok(exported(graph, format).status());
  };
  const auto rows = one(Op::reshape, [](Attributes& a) { a.sizes = {0, 3, -1}; });
  refused({"", {1, 3, 4, 6}, kBoth, rows, {}}, "tflite", "RESHAPE");
  refused({"", {1, 3, 4, 6}, kBoth, rows, {}}, "tflite", "'x' Nx3xheightxwidth");
  refused({"", {1, 3, 4, 6}, kBoth, rows, {}}, "tflite", "--fix-sizes");
  const auto halves = [](GraphBuilder& b, std::vector<TensorId> in) {
    const TensorId half = b.add(
        Op::split, "y", {in[0]}, [](Attributes& a) { a.axis = 2; }, 2);
    return b.binary(BinaryKind::add, "sum", half, half + 1);
  };
  refused({"", {1, 3, 4, 6}, kImage, halves, {}}, "mnn", "written for one size");
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_windows),
      cmocka_unit_test(test_resizes),
      cmocka_unit_test(test_shapes),
      cmocka_unit_test(test_moves),
      cmocka_unit_test(test_what_does_not_follow),
      cmocka_unit_test(test_refusals),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// Shapes and resolved attributes of each operator.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "graph/graph.h"
#include "support/expect.h"
#include "support/graph_builder.h"

namespace octet::test {
namespace {

using Change = GraphBuilder::Change;

// Infers one node over inputs (and constants) of these shapes. Inferring again must change nothing.
struct Inferred {
  Status status;
  std::vector<Dims> outputs;
  Attributes attrs;
};
Inferred infer(Op op, const std::vector<Dims>& inputs, const Change& change = {}, std::size_t outputs = 1) {
  GraphBuilder b;
  std::vector<TensorId> ids;
  for (const Dims& dims : inputs) ids.push_back(b.input("x" + std::to_string(ids.size()), dims));
  b.add(op, "node", ids, change, outputs);
  Node& node = b.graph.nodes[0];
  Inferred result;
  result.status = infer_node(b.graph, node);
  if (!result.status.ok()) return result;
  for (const TensorId id : node.outputs) result.outputs.push_back(b.graph.at(id).dims);
  result.attrs = node.attrs;
  expect_ok(infer_node(b.graph, node));
  assert_true(node.attrs == result.attrs);
  for (std::size_t i = 0; i < node.outputs.size(); ++i)
    assert_true(b.graph.at(node.outputs[i]).dims == result.outputs[i]);
  return result;
}

void expect_dims(const Inferred& result, const Dims& expected) {
  expect_ok(result.status);
  if (result.outputs[0] != expected) {
    print_error("%s, not %s\n", shape_text(result.outputs[0]).c_str(), shape_text(expected).c_str());
  }
  assert_true(result.outputs[0] == expected);
}

void expect_shape_error(const Inferred& result) { expect_failure(result.status, Code::shape, {"'node'"}); }

Change window(std::array<std::int64_t, 2> kernel, std::array<std::int64_t, 2> stride, std::array<std::int64_t, 4> pads,
              AutoPad automatic = AutoPad::none) {
  return [=](Attributes& attrs) {
    attrs.window.kernel = kernel;
    attrs.window.stride = stride;
    attrs.window.pads = pads;
    attrs.window.auto_pad = automatic;
  };
}

void test_conv(void**) {
  const auto strided = infer(Op::conv, {{2, 3, 11, 8}, {5, 3, 3, 2}, {5}}, window({1, 1}, {2, 3}, {1, 0, 2, 1}));
  expect_dims(strided, {2, 5, 6, 3});
  assert_true((strided.attrs.window.kernel == std::array<std::int64_t, 2>{3, 2}));  // from the weights
  expect_dims(infer(Op::conv, {{1, 4, 9, 9}, {6, 2, 3, 3}},
                    [](Attributes& attrs) {
                      attrs.groups = 2;
                      attrs.window.dilation = {2, 3};
                    }),
              {1, 6, 5, 3});
}

void test_conv_automatic_padding(void**) {
  const auto upper = infer(Op::conv, {{1, 1, 6, 7}, {1, 1, 3, 3}}, window({3, 3}, {2, 2}, {}, AutoPad::same_upper));
  expect_dims(upper, {1, 1, 3, 4});
  assert_true((upper.attrs.window.pads == std::array<std::int64_t, 4>{0, 1, 1, 1}));
  assert_true(upper.attrs.window.auto_pad == AutoPad::same_upper);  // for inputs of other sizes
  const auto steady = infer(Op::conv, {{1, 1, 6, 7}, {1, 1, 3, 3}}, window({3, 3}, {1, 1}, {}, AutoPad::same_upper));
  assert_true((steady.attrs.window.pads == std::array<std::int64_t, 4>{1, 1, 1, 1}));
  assert_true(steady.attrs.window.auto_pad == AutoPad::none);
  const auto lower = infer(Op::conv, {{1, 1, 6, 7}, {1, 1, 3, 3}}, window({3, 3}, {2, 2}, {}, AutoPad::same_lower));
  assert_true((lower.attrs.window.pads == std::array<std::int64_t, 4>{1, 1, 0, 1}));
  const auto valid =
      infer(Op::conv, {{1, 1, 6, 7}, {1, 1, 3, 3}}, window({3, 3}, {2, 2}, {9, 9, 9, 9}, AutoPad::valid));
  expect_dims(valid, {1, 1, 2, 3});
  assert_true((valid.attrs.window.pads == std::array<std::int64_t, 4>{0, 0, 0, 0}));
  // A stride beyond the kernel needs no padding.
  expect_dims(infer(Op::conv, {{1, 1, 7, 7}, {1, 1, 1, 1}}, window({1, 1}, {3, 3}, {}, AutoPad::same_upper)),
              {1, 1, 3, 3});
}

void test_conv_errors(void**) {
  expect_shape_error(infer(Op::conv, {{1, 3, 8, 8}, {4, 2, 3, 3}}));       // channels
  expect_shape_error(infer(Op::conv, {{1, 3, 8, 8}, {4, 3, 3, 3}, {3}}));  // bias
  expect_shape_error(infer(Op::conv, {{1, 3, 8, 8}, {4, 3, 9, 3}}));       // kernel beyond input
  expect_shape_error(infer(Op::conv, {{1, 3, 8}, {4, 3, 3}}));             // one-dimensional
  expect_shape_error(infer(Op::conv, {{1, 4, 8, 8}, {5, 2, 3, 3}}, [](auto& a) { a.groups = 2; }));
  expect_shape_error(infer(Op::conv, {{1, 4, 8, 8}, {4, 4, 3, 3}}, [](auto& a) { a.groups = 0; }));
  expect_shape_error(infer(Op::conv, {{1, 4, 8, 8}, {4, 4, 3, 3}}, [](auto& a) { a.groups = -1; }));
  expect_shape_error(infer(Op::conv, {{1, 4, 8, 8}, {4, 4, 3, 3}}, [](auto& a) { a.groups = INT64_MAX; }));
  expect_shape_error(infer(Op::conv, {{1, 4, 8, 8}, {4, 4, 3, 3}}, window({3, 3}, {0, 1}, {})));
  expect_shape_error(infer(Op::conv, {{1, 4, 8, 8}, {4, 4, 3, 3}}, window({3, 3}, {1, 1}, {0, 0, -1, 0})));
  expect_shape_error(infer(Op::conv, {{1, 4, 8, 8}, {4, 4, 3, 3}}, window({3, 3}, {1, 1}, {0, 0, INT64_MAX, 0})));
  expect_shape_error(infer(Op::conv, {{1, 4, 8, 8}, {4, 4, 3, 3}}, [](auto& a) { a.window.dilation = {1, 1 << 20}; }));
  expect_shape_error(infer(Op::conv, {{-1, 3, 8, 8}, {4, 3, 3, 3}}));
}

void test_conv_transpose(void**) {
  expect_dims(infer(Op::conv_transpose, {{1, 4, 5, 6}, {4, 3, 3, 4}, {3}}, window({3, 4}, {2, 3}, {1, 0, 1, 2})),
              {1, 3, 9, 17});
  expect_dims(infer(Op::conv_transpose, {{1, 4, 5, 5}, {4, 3, 3, 3}, {6}},
                    [](Attributes& attrs) {
                      attrs.groups = 2;
                      attrs.window.stride = {2, 2};
                      attrs.window.dilation = {2, 1};
                      attrs.output_padding = {1, 0};
                    }),
              {1, 6, 14, 11});
}

void test_conv_transpose_output_size(void**) {
  const auto sized = infer(Op::conv_transpose, {{1, 1, 4, 4}, {1, 1, 3, 3}}, [](Attributes& attrs) {
    attrs.window.stride = {2, 2};
    attrs.output_size = {8, 11};  // by the formula 9
  });
  expect_dims(sized, {1, 1, 8, 11});
  assert_true((sized.attrs.window.pads == std::array<std::int64_t, 4>{1, 0, 0, 0}));
  assert_true((sized.attrs.output_padding == std::array<std::int64_t, 2>{0, 2}));
  assert_true((sized.attrs.output_size == std::array<std::int64_t, 2>{0, 0}));
  const auto sized_same = infer(Op::conv_transpose, {{1, 1, 4, 4}, {1, 1, 3, 3}}, [](Attributes& attrs) {
    attrs.window.stride = {2, 2};
    attrs.window.auto_pad = AutoPad::same_upper;
    attrs.output_size = {7, 7};
  });
  expect_dims(sized_same, {1, 1, 7, 7});
  assert_true(sized_same.attrs.window.auto_pad == AutoPad::none);  // by which it would be 8
  const auto same =
      infer(Op::conv_transpose, {{1, 1, 4, 4}, {1, 1, 3, 3}}, window({3, 3}, {2, 2}, {}, AutoPad::same_upper));
  expect_dims(same, {1, 1, 8, 8});
  assert_true((same.attrs.window.pads == std::array<std::int64_t, 4>{0, 0, 1, 1}));
  expect_shape_error(infer(Op::conv_transpose, {{1, 1, 1, 1}, {1, 1, 3, 3}}, window({3, 3}, {1, 1}, {2, 0, 2, 0})));
}

void test_pool(void**) {
  const auto pool = [](std::int64_t size, std::int64_t kernel, std::int64_t stride, std::int64_t before,
                       std::int64_t after, bool ceil) {
    const auto result = infer(Op::max_pool, {{1, 2, size, size}}, [&](Attributes& attrs) {
      attrs.window.kernel = {kernel, kernel};
      attrs.window.stride = {stride, stride};
      attrs.window.pads = {before, before, after, after};
      attrs.ceil_mode = ceil;
    });
    expect_ok(result.status);
    return result.outputs[0][3];
  };
  assert_int_equal(pool(112, 3, 2, 1, 1, false), 56);
  assert_int_equal(pool(112, 3, 2, 0, 0, false), 55);
  assert_int_equal(pool(112, 3, 2, 0, 0, true), 56);
  assert_int_equal(pool(5, 2, 2, 0, 0, true), 3);
  assert_int_equal(pool(5, 1, 2, 0, 0, true), 3);
  // By the formula 4 windows, of which the last would begin behind the input, in the padding.
  assert_int_equal(pool(5, 2, 2, 1, 1, true), 3);
  assert_int_equal(pool(2, 3, 2, 0, 0, true), 1);  // larger than its input, but begins in it
}

void test_pool_automatic_padding(void**) {
  const auto same = infer(Op::average_pool, {{1, 2, 7, 8}}, [](Attributes& attrs) {
    attrs.window.kernel = {3, 3};
    attrs.window.stride = {2, 2};
    attrs.window.auto_pad = AutoPad::same_lower;
    attrs.ceil_mode = true;
  });
  expect_dims(same, {1, 2, 4, 4});
  assert_true((same.attrs.window.pads == std::array<std::int64_t, 4>{1, 1, 1, 0}));
  assert_false(same.attrs.ceil_mode);
}

void test_pool_errors(void**) {
  expect_shape_error(infer(Op::max_pool, {{1, 2, 4, 4}}, window({2, 2}, {1, 1}, {2, 0, 0, 0})));
  expect_shape_error(infer(Op::max_pool, {{1, 2, 4, 4}}, window({5, 5}, {1, 1}, {})));
  expect_shape_error(infer(Op::max_pool, {{1, 2, 4}}, window({2, 2}, {1, 1}, {})));
  // Both pixels of the first window lie beside the only row.
  expect_shape_error(infer(Op::average_pool, {{1, 1, 1, 4}}, [](Attributes& attrs) {
    attrs.window.kernel = {2, 1};
    attrs.window.dilation = {3, 1};
    attrs.window.pads = {2, 0, 2, 0};
  }));
}

void test_resize(void**) {
  const auto scaled = infer(Op::resize, {{1, 3, 5, 10}}, [](auto& a) { a.scales = {1, 1, 2.5F, 0.7F}; });
  expect_dims(scaled, {1, 3, 12, 7});
  assert_true((scaled.attrs.scales == std::vector<float>{2.5F, 0.7F}));
  assert_true((scaled.attrs.sizes == Dims{12, 7}));
  const auto sized = infer(Op::resize, {{1, 3, 5, 10}}, [](auto& a) { a.sizes = {1, 3, 7, 20}; });
  expect_dims(sized, {1, 3, 7, 20});
  assert_true(sized.attrs.scales.empty());
  expect_shape_error(infer(Op::resize, {{1, 3, 5, 10}}, [](auto& a) { a.scales = {1, 2, 2, 2}; }));
  expect_shape_error(infer(Op::resize, {{1, 3, 5, 10}}, [](auto& a) { a.sizes = {1, 4, 7, 20}; }));
  expect_shape_error(infer(Op::resize, {{1, 3, 5, 10}}, [](auto& a) { a.scales = {NAN, 1}; }));
  expect_shape_error(infer(Op::resize, {{1, 3, 5, 10}}, [](auto& a) { a.scales = {1e30F, 1}; }));
  expect_shape_error(infer(Op::resize, {{1, 3, 5, 10}}, [](auto& a) { a.scales = {0.1F, 1}; }));
  expect_shape_error(infer(Op::resize, {{1, 3, 5, 10}}));
}

void test_products(void**) {
  expect_dims(infer(Op::gemm, {{2, 5, 7}, {3, 7}, {3}}), {2, 5, 3});
  expect_dims(infer(Op::gemm, {{7}, {3, 7}}), {3});
  expect_shape_error(infer(Op::gemm, {{2, 6}, {3, 7}}));
  expect_shape_error(infer(Op::gemm, {{2, 7}, {3, 7}, {7}}));
  expect_dims(infer(Op::mat_mul, {{5, 1, 2, 3}, {4, 3, 6}}), {5, 4, 2, 6});
  expect_dims(infer(Op::mat_mul, {{3}, {4, 3, 6}}), {4, 6});
  expect_dims(infer(Op::mat_mul, {{4, 2, 3}, {3}}), {4, 2});
  expect_dims(infer(Op::mat_mul, {{3}, {3}}), {});
  expect_shape_error(infer(Op::mat_mul, {{2, 3}, {2, 3}}));
  expect_shape_error(infer(Op::mat_mul, {{2, 2, 3}, {3, 3, 3}}));
}

void test_elementwise(void**) {
  expect_dims(infer(Op::binary, {{2, 1, 4}, {3, 1}}), {2, 3, 4});
  expect_dims(infer(Op::binary, {{}, {3, 1}}), {3, 1});
  expect_shape_error(infer(Op::binary, {{2, 3}, {2, 4}}));
  expect_dims(infer(Op::prelu, {{1, 3, 4, 4}, {3, 1, 1}}), {1, 3, 4, 4});
  expect_shape_error(infer(Op::prelu, {{1, 3, 4, 4}, {2, 3, 1, 1}}));
  expect_dims(infer(Op::where, {{2, 1}, {3}, {}}), {2, 3});
  expect_dims(infer(Op::batch_norm, {{2, 3, 5}, {3}, {3}, {3}, {3}}), {2, 3, 5});
  expect_shape_error(infer(Op::batch_norm, {{2, 3, 5}, {3}, {3}, {5}, {3}}));
  const auto softmax = infer(Op::softmax, {{2, 3, 5}}, [](auto& a) { a.axis = -2; });
  expect_dims(softmax, {2, 3, 5});
  assert_int_equal(softmax.attrs.axis, 1);
  expect_shape_error(infer(Op::softmax, {{2, 3}}, [](auto& a) { a.axis = 2; }));
}

void test_reduce(void**) {
  const auto kept = infer(Op::reduce, {{2, 3, 4}}, [](auto& a) { a.axes = {-1, 0}; });
  expect_dims(kept, {1, 3, 1});
  assert_true((kept.attrs.axes == Dims{0, 2}));
  expect_dims(infer(Op::reduce, {{2, 3, 4}},
                    [](auto& a) {
                      a.axes = {1};
                      a.keep_dims = false;
                    }),
              {2, 4});
  expect_dims(infer(Op::reduce, {{2, 3, 4}}, [](auto& a) { a.keep_dims = false; }), {});
  expect_shape_error(infer(Op::reduce, {{2, 3, 4}}, [](auto& a) { a.axes = {1, -2}; }));
}

void test_concat_and_split(void**) {
  expect_dims(infer(Op::concat, {{2, 3}, {2, 4}, {2, 1}}, [](auto& a) { a.axis = -1; }), {2, 8});
  expect_shape_error(infer(Op::concat, {{2, 3}, {1, 4}}, [](auto& a) { a.axis = 1; }));
  expect_shape_error(infer(Op::concat, {{2, 3}, {2}}, [](auto& a) { a.axis = 0; }));
  const auto equal = infer(
      Op::split, {{2, 7}}, [](auto& a) { a.axis = 1; }, 3);
  expect_ok(equal.status);
  assert_true((equal.attrs.sizes == Dims{3, 3, 1}));
  assert_true((equal.outputs[2] == Dims{2, 1}));
  const auto given = infer(
      Op::split, {{2, 7}},
      [](auto& a) {
        a.axis = -1;
        a.sizes = {5, 2};
      },
      2);
  assert_true((given.outputs[0] == Dims{2, 5}));
  expect_shape_error(infer(
      Op::split, {{2, 7}},
      [](auto& a) {
        a.sizes = {1, 2};
      },
      2));
  expect_shape_error(infer(
      Op::split, {{2, 7}},
      [](auto& a) {
        a.sizes = {3, -1};
      },
      2));
  expect_shape_error(infer(
      Op::split, {{2, 7}}, [](auto& a) { a.sizes = {2}; }, 2));
}

Inferred slice(const Dims& x, Dims starts, Dims ends, Dims axes = {}, Dims steps = {}) {
  return infer(Op::slice, {x}, [&](Attributes& attrs) {
    attrs.starts = std::move(starts);
    attrs.sizes = std::move(ends);
    attrs.axes = std::move(axes);
    attrs.steps = std::move(steps);
  });
}

void test_slice(void**) {
  const auto open = slice({4, 10}, {1, -3}, {INT64_MAX, -1});
  expect_dims(open, {3, 2});
  assert_true((open.attrs.starts == Dims{1, 7}));
  assert_true((open.attrs.sizes == Dims{4, 9}));
  assert_true((open.attrs.axes == Dims{0, 1}));
  assert_true((open.attrs.steps == Dims{1, 1}));
  expect_dims(slice({4, 10}, {0}, {10}, {-1}, {3}), {4, 4});
  const auto reversed = slice({4, 10}, {INT64_MAX}, {INT64_MIN}, {1}, {-1});
  expect_dims(reversed, {4, 10});
  assert_true((reversed.attrs.starts == Dims{9}));
  assert_true((reversed.attrs.sizes == Dims{-11}));  // before the first element
  expect_dims(slice({10}, {8}, {2}, {0}, {-4}), {2});
  expect_dims(slice({10}, {-1}, {0}, {0}, {INT64_MIN}), {1});
  expect_dims(slice({10}, {5}, {5}), {0});
  expect_dims(slice({10}, {7}, {3}), {0});
  expect_dims(slice({0}, {0}, {5}), {0});
  expect_shape_error(slice({10}, {0}, {1}, {0}, {0}));
  expect_shape_error(slice({10}, {0}, {1, 2}));
  expect_shape_error(slice({10, 10}, {0, 0}, {1, 1}, {0, -2}));
  expect_shape_error(slice({10}, {0, 0}, {1, 1}));
}

void test_pad(void**) {
  expect_dims(infer(Op::pad, {{2, 3}}, [](auto& a) { a.sizes = {1, 0, 2, -1}; }), {5, 2});
  expect_shape_error(infer(Op::pad, {{2, 3}}, [](auto& a) { a.sizes = {1, 0}; }));
  expect_shape_error(infer(Op::pad, {{2, 3}}, [](auto& a) { a.sizes = {0, -2, 0, -2}; }));
  expect_shape_error(infer(Op::pad, {{2, 3}}, [](auto& a) { a.sizes = {0, INT64_MAX, 0, INT64_MAX}; }));
  const auto reflect = [](std::int64_t pad) {
    return infer(Op::pad, {{2, 3}}, [=](auto& a) {
      a.sizes = {0, pad, 0, 0};
      a.pad = PadKind::reflect;
    });
  };
  expect_dims(reflect(2), {2, 5});
  expect_shape_error(reflect(3));
}

void test_reshape(void**) {
  const auto reshape = [](const Dims& x, const Dims& to, bool allow_zero = false) {
    return infer(Op::reshape, {x}, [&](Attributes& attrs) {
      attrs.sizes = to;
      attrs.allow_zero = allow_zero;
    });
  };
  const auto resolved = reshape({2, 3, 4}, {0, -1});
  expect_dims(resolved, {2, 12});
  assert_true((resolved.attrs.sizes == Dims{2, 12}));
  expect_dims(reshape({2, 3}, {3, 2, 1}), {3, 2, 1});
  expect_dims(reshape({1}, {}), {});
  // The pattern, where there is one, is what counts: for an input of another size too.
  const auto pattern = infer(Op::reshape, {{3, 2, 5, 5}}, [](Attributes& attrs) {
    attrs.sizes = {1, 50};
    attrs.starts = {0, -1};
  });
  expect_dims(pattern, {3, 50});
  expect_dims(reshape({0, 3}, {0, 7}, true), {0, 7});
  expect_dims(reshape({0, 3}, {0, 5}), {0, 5});
  expect_shape_error(reshape({2, 3}, {4, -1}));
  expect_shape_error(reshape({2, 3}, {-1, -1}));
  expect_shape_error(reshape({2, 3}, {-2, -3}));
  expect_shape_error(reshape({2, 3}, {7}));
  expect_shape_error(reshape({2, 3}, {2, 3, 0}));
  expect_shape_error(reshape({2, 3}, {INT64_MAX, INT64_MAX, -1}));
  expect_shape_error(reshape({2, 3}, {1, 1, 1, 1, 1, 1, 1, 2, 3}));
}

void test_rearrangements(void**) {
  expect_dims(infer(Op::transpose, {{2, 3, 4}}, [](auto& a) { a.axes = {0, -1, 1}; }), {2, 4, 3});
  expect_dims(infer(Op::transpose, {{2, 3, 4}}), {4, 3, 2});
  expect_shape_error(infer(Op::transpose, {{2, 3, 4}}, [](auto& a) { a.axes = {0, 1, 1}; }));
  expect_shape_error(infer(Op::transpose, {{2, 3, 4}}, [](auto& a) { a.axes = {0, 1}; }));
  expect_dims(infer(Op::depth_to_space, {{1, 8, 3, 5}}, [](auto& a) { a.block = 2; }), {1, 2, 6, 10});
  expect_dims(infer(Op::space_to_depth, {{1, 2, 6, 10}}, [](auto& a) { a.block = 2; }), {1, 8, 3, 5});
  for (const std::int64_t block : {std::int64_t{3}, std::int64_t{0}, std::int64_t{-2}, INT64_MAX}) {
    expect_shape_error(infer(Op::depth_to_space, {{1, 8, 3, 5}}, [=](auto& a) { a.block = block; }));
    expect_shape_error(infer(Op::space_to_depth, {{1, 2, 4, 10}}, [=](auto& a) { a.block = block; }));
  }
  expect_dims(infer(Op::gather, {{2, 5, 3}, {4, 6}}, [](auto& a) { a.axis = -2; }), {2, 4, 6, 3});
  expect_dims(infer(Op::gather, {{2, 5, 3}, {}}, [](auto& a) { a.axis = 0; }), {5, 3});
  expect_dims(infer(Op::expand, {{3, 1}}, [](auto& a) { a.sizes = {2, 1, 6}; }), {2, 3, 6});
  expect_shape_error(infer(Op::expand, {{3, 1}}, [](auto& a) { a.sizes = {2, 4, 6}; }));
  expect_dims(infer(Op::tile, {{3, 2}}, [](auto& a) { a.sizes = {1, 4}; }), {3, 8});
}

void test_changes_of_rank(void**) {
  expect_dims(infer(Op::squeeze, {{1, 3, 1}}), {3});
  expect_dims(infer(Op::squeeze, {{1, 3, 1}}, [](auto& a) { a.axes = {-1}; }), {1, 3});
  expect_shape_error(infer(Op::squeeze, {{1, 3, 1}}, [](auto& a) { a.axes = {1}; }));
  expect_dims(infer(Op::unsqueeze, {{3}}, [](auto& a) { a.axes = {-1, 0}; }), {1, 3, 1});
  expect_shape_error(infer(Op::unsqueeze, {{3}}, [](auto& a) { a.axes = {0, -3}; }));
  expect_dims(infer(Op::flatten, {{2, 3, 4}}, [](auto& a) { a.axis = -1; }), {6, 4});
  expect_dims(infer(Op::flatten, {{2, 3, 4}}, [](auto& a) { a.axis = 3; }), {24, 1});
  expect_dims(infer(Op::flatten, {{2, 3, 4}}), {1, 24});
  expect_dims(infer(Op::shape, {{2, 3, 4}}), {3});
  expect_dims(infer(Op::shape, {{2, 3, 4}},
                    [](auto& a) {
                      a.starts = {-2};
                      a.sizes = {-1};
                    }),
              {1});
}

void test_results_have_a_limit(void**) {
  expect_shape_error(infer(Op::expand, {{1}}, [](auto& a) { a.sizes = {1 << 20, 1 << 20}; }));
  expect_shape_error(infer(Op::binary, {{1 << 20, 1}, {1, 1 << 20}}));
  expect_shape_error(infer(Op::gemm, {{1 << 30, 1}, {1 << 20, 1}}));
  expect_shape_error(infer(Op::gather, {{2, 2, 2, 2, 2}, {2, 2, 2, 2, 2}}));  // nine dimensions
  expect_shape_error(infer(Op::tile, {{3, 2}}, [](auto& a) { a.sizes = {INT64_MAX, 4}; }));
}

void test_operand_counts(void**) {
  expect_failure(infer(Op::conv, {{1, 3, 8, 8}}).status, Code::format, {"'node'", "2 inputs"});
  expect_failure(infer(Op::transpose, {{1}, {1}}).status, Code::format, {"'node'", "at most 1"});
  expect_failure(infer(Op::transpose, {{1}}, {}, 2).status, Code::format, {"'node'", "2 outputs"});
  expect_failure(infer(static_cast<Op>(50), {{1}}).status, Code::format, {"'node'", "50"});
}

void test_types(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 4, 4});
  const TensorId q = b.add(Op::quantize, "q", {x});
  const TensorId pool = b.add(Op::max_pool, "pool", {q});
  const TensorId inner = b.add(Op::softmax, "inner", {pool});
  b.graph.at(inner).dtype = DType::i8;
  const TensorId last = b.add(Op::softmax, "last", {inner});
  const TensorId real = b.add(Op::dequantize, "d", {inner});
  const TensorId dims = b.add(Op::shape, "shape", {x});
  const TensorId cast = b.add(Op::cast, "cast", {dims}, [](auto& a) { a.to = DType::i32; });
  const TensorId less = b.add(Op::compare, "less", {cast, cast});
  const TensorId chosen = b.add(Op::where, "where", {less, dims, dims});
  expect_ok(infer_shapes(b.graph));
  assert_true(b.graph.at(q).dtype == DType::i8);
  assert_true(b.graph.at(pool).dtype == DType::i8);
  assert_true(b.graph.at(inner).dtype == DType::i8);
  assert_true(b.graph.at(last).dtype == DType::f32);  // as it was marked
  assert_true(b.graph.at(real).dtype == DType::f32);
  assert_true(b.graph.at(dims).dtype == DType::i64);
  assert_true(b.graph.at(cast).dtype == DType::i32);
  assert_true(b.graph.at(less).dtype == DType::boolean);
  assert_true(b.graph.at(chosen).dtype == DType::i64);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_conv),
      cmocka_unit_test(test_conv_automatic_padding),
      cmocka_unit_test(test_conv_errors),
      cmocka_unit_test(test_conv_transpose),
      cmocka_unit_test(test_conv_transpose_output_size),
      cmocka_unit_test(test_pool),
      cmocka_unit_test(test_pool_automatic_padding),
      cmocka_unit_test(test_pool_errors),
      cmocka_unit_test(test_resize),
      cmocka_unit_test(test_products),
      cmocka_unit_test(test_elementwise),
      cmocka_unit_test(test_reduce),
      cmocka_unit_test(test_concat_and_split),
      cmocka_unit_test(test_slice),
      cmocka_unit_test(test_pad),
      cmocka_unit_test(test_reshape),
      cmocka_unit_test(test_rearrangements),
      cmocka_unit_test(test_changes_of_rank),
      cmocka_unit_test(test_results_have_a_limit),
      cmocka_unit_test(test_operand_counts),
      cmocka_unit_test(test_types),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

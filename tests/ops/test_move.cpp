// Operators that move values: the same rules for float32 and int8, in both layouts.
#include "ops/run_graph.h"

namespace octet::test {
namespace {

// Element numbers: the input is 0, 1, 2, ..., so that the output says where each of its elements came from.
struct Moved {
  Dims dims;
  std::vector<std::int64_t> from;  // -1: a constant
};

// Runs the operator on the element numbers, in both layouts and both element types, and compares.
void check_moves(const std::vector<Dims>& shapes, const Build& build, const Moved& expected, const char* what) {
  for (const bool plain : {false, true}) {
    for (const bool int8 : {false, true}) {
      GraphBuilder b;
      std::vector<TensorId> ids;
      std::vector<Values> inputs;
      std::int64_t next = 0;
      for (const Dims& dims : shapes) {
        const auto count = element_count(dims);
        FloatVector reals;
        ByteVector bytes;
        for (std::int64_t i = 0; i < count; ++i) {
          reals.push_back(static_cast<float>(next + i));
          bytes.push_back(static_cast<std::int8_t>(next + i));
        }
        next += count;
        const std::string name = "x" + std::to_string(ids.size());
        TensorId id = int8 ? int8_input(b, name, dims, {1, 0}) : b.input(name, dims);
        if (plain) id = contiguous(b, id);
        if (int8) b.graph.at(id).quant = {1, 0};
        ids.push_back(id);
        inputs.push_back(int8 ? Values(bytes) : Values(reals));
      }
      const TensorId out = build(b, ids);
      b.output(out);
      for (const Node& node : b.graph.nodes) {
        for (const TensorId id : node.outputs) b.graph.at(id).quant = {1, 0};
      }
      const auto found = run_graph(b, inputs, 2);
      assert_true(b.graph.at(out).dims == expected.dims);
      for (std::size_t i = 0; i < expected.from.size(); ++i) {
        const auto value = static_cast<std::int64_t>(int8 ? static_cast<float>(found[0].bytes[i]) : found[0].reals[i]);
        const auto wanted = int8 ? static_cast<std::int8_t>(expected.from[i]) : expected.from[i];
        if (value != wanted) {
          fail_msg("%s, %s, %s: element %zu is %ld, not %ld", what, plain ? "contiguous" : "channels-last",
                   int8 ? "int8" : "float32", i, static_cast<long>(value), static_cast<long>(wanted));
        }
      }
    }
  }
}

// Moves whose source is a function of the output's position.
void check_by_position(const Dims& shape, const Dims& out, const Build& build,
                       const std::function<std::int64_t(const Dims&)>& source, const char* what) {
  Moved expected{out, {}};
  for_each(out, [&](const Dims& position, std::size_t) { expected.from.push_back(source(position)); });
  check_moves({shape}, build, expected, what);
}

std::int64_t at(const Dims& dims, const Dims& position) {
  std::int64_t index = 0;
  for (std::size_t d = 0; d < dims.size(); ++d) index = index * dims[d] + position[d];
  return index;
}

const Dims kShape{1, 4, 3, 5};  // 60 elements: numbers fit int8

void test_concat_and_split(void**) {
  for (const std::size_t axis : {std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
    Dims small = kShape;
    small[axis] = 2;
    Dims out = kShape;
    out[axis] += 2;
    Moved expected{out, {}};
    for_each(out, [&](Dims position, std::size_t) {
      const bool second = position[axis] >= kShape[axis];
      if (second) position[axis] -= kShape[axis];
      expected.from.push_back(second ? 60 + at(small, position) : at(kShape, position));
    });
    check_moves(
        {kShape, small},
        [&](GraphBuilder& b, std::vector<TensorId> in) {
          return b.add(Op::concat, "y", in, [&](Attributes& a) { a.axis = static_cast<std::int64_t>(axis); });
        },
        expected, "concat");
    // Split, of which the second part is looked at.
    Dims part = kShape;
    part[axis] = kShape[axis] - 1;
    check_by_position(
        kShape, part,
        [&](GraphBuilder& b, std::vector<TensorId> in) {
          return 1 + b.add(
                         Op::split, "y", in,
                         [&](Attributes& a) {
                           a.axis = static_cast<std::int64_t>(axis);
                           a.sizes = {1, kShape[axis] - 1};
                         },
                         2);
        },
        [&](Dims position) {
          ++position[axis];
          return at(kShape, position);
        },
        "split");
  }
}

void test_concat_of_two_layouts(void**) {
  check_float(
      {kShape, kShape},
      [](GraphBuilder& b, std::vector<TensorId> in) {
        return b.add(Op::concat, "y", {in[0], contiguous(b, in[1]), in[0]}, [](Attributes& a) { a.axis = 1; });
      },
      "concat of two layouts", 0);
}

void test_slice(void**) {
  check_by_position(
      kShape, {1, 2, 3, 2},
      [](GraphBuilder& b, std::vector<TensorId> in) {
        return b.add(Op::slice, "y", in, [](Attributes& a) {
          a.axes = {1, 3};
          a.starts = {1, 4};
          a.sizes = {4, 0};
          a.steps = {2, -2};
        });
      },
      [](const Dims& p) {
        return at(kShape, {p[0], 1 + 2 * p[1], p[2], 4 - 2 * p[3]});
      },
      "slice");
  check_by_position(
      {7}, {7},
      [](GraphBuilder& b, std::vector<TensorId> in) {
        return b.add(Op::slice, "y", in, [](Attributes& a) {
          a.axes = {0};
          a.starts = {6};
          a.sizes = {-8};
          a.steps = {-1};
        });
      },
      [](const Dims& p) { return 6 - p[0]; }, "reversed");
}

void test_pad(void**) {
  const Dims out{1, 6, 6, 6};
  for (const PadKind kind : {PadKind::constant, PadKind::reflect, PadKind::edge}) {
    const auto source = [&](std::int64_t i, std::int64_t size) -> std::int64_t {
      if (i >= 0 && i < size) return i;
      if (kind == PadKind::constant) return -1;
      if (kind == PadKind::edge) return i < 0 ? 0 : size - 1;
      return i < 0 ? -i : 2 * (size - 1) - i;
    };
    check_by_position(
        kShape, out,
        [&](GraphBuilder& b, std::vector<TensorId> in) {
          return b.add(Op::pad, "y", in, [&](Attributes& a) {
            a.pad = kind;
            a.sizes = {0, 2, 1, 0, 0, 0, 2, 1};
            a.alpha = -1;
          });
        },
        [&](const Dims& p) {
          const std::int64_t c = source(p[1] - 2, 4), y = source(p[2] - 1, 3), x = source(p[3], 5);
          return c < 0 || y < 0 || x < 0 ? -1 : at(kShape, {0, c, y, x});
        },
        "pad");
  }
}

// The border of an int8 pad is its value as Quantize makes it: rounded to even before the zero point is added.
void test_int8_pad_value(void**) {
  struct Case {
    float value, scale;
    std::int32_t zero_point;
    std::int8_t expected;
  };
  const Case cases[] = {{0, 0.1F, -7, -7}, {0.5F, 1, 1, 1},   {1.5F, 1, 1, 3},
                        {-0.5F, 1, 3, 3},  {1e9F, 1, 3, 127}, {-1e9F, 1, 3, -128}};
  for (const Case& c : cases) {
    GraphBuilder b;
    const TensorId x = int8_input(b, "x", {2}, {c.scale, c.zero_point});
    const TensorId y = b.add(Op::pad, "y", {x}, [&](Attributes& a) {
      a.sizes = {1, 2};
      a.alpha = c.value;
    });
    b.output(int8_result(b, y, {c.scale, c.zero_point}));
    const auto found = run_graph(b, {ByteVector{10, 20}})[0].bytes;
    assert_true(found == ByteVector({c.expected, 10, 20, c.expected, c.expected}));
  }
}

void test_transpose(void**) {
  const std::vector<std::int64_t> orders[] = {{0, 2, 3, 1}, {0, 3, 1, 2}, {3, 2, 1, 0}, {0, 1, 3, 2}, {0, 1, 2, 3}};
  for (const auto& order : orders) {
    Dims out;
    for (const auto axis : order) out.push_back(kShape[static_cast<std::size_t>(axis)]);
    check_by_position(
        kShape, out,
        [&](GraphBuilder& b, std::vector<TensorId> in) {
          return b.add(Op::transpose, "y", in, [&](Attributes& a) { a.axes = order; });
        },
        [&](const Dims& p) {
          Dims from(4);
          for (std::size_t d = 0; d < 4; ++d) from[static_cast<std::size_t>(order[d])] = p[d];
          return at(kShape, from);
        },
        "transpose");
  }
}

// Transposes and reshapes one after another, as exporters write the heads of detectors.
void test_chains_of_moves(void**) {
  check_by_position(
      kShape, {15, 4},
      [](GraphBuilder& b, std::vector<TensorId> in) {
        const TensorId t = b.add(Op::transpose, "t", in, [](Attributes& a) { a.axes = {0, 2, 3, 1}; });
        return b.add(Op::reshape, "y", {t}, [](Attributes& a) { a.sizes = {-1, 4}; });
      },
      [](const Dims& p) {
        return at(kShape, {0, p[1], p[0] / 5, p[0] % 5});
      },
      "head");
  check_by_position(
      kShape, kShape,
      [](GraphBuilder& b, std::vector<TensorId> in) {
        const TensorId t = b.add(Op::transpose, "t", in, [](Attributes& a) { a.axes = {0, 2, 3, 1}; });
        return b.add(Op::transpose, "y", {t}, [](Attributes& a) { a.axes = {0, 3, 1, 2}; });
      },
      [](const Dims& p) { return at(kShape, p); }, "there and back");
}

void test_expand_and_gather(void**) {
  check_by_position(
      {4, 1, 5}, {2, 4, 3, 5},
      [](GraphBuilder& b, std::vector<TensorId> in) {
        return b.add(Op::expand, "y", in, [](Attributes& a) { a.sizes = {2, 4, 3, 5}; });
      },
      [](const Dims& p) { return p[1] * 5 + p[3]; }, "expand");
  const std::vector<std::int64_t> indices{2, 0, 1, 2};
  check_by_position(
      kShape, {1, 4, 2, 2, 5},
      [&](GraphBuilder& b, std::vector<TensorId> in) {
        return b.add(Op::gather, "y", {in[0], b.integers("i", {2, 2}, indices)}, [](Attributes& a) { a.axis = 2; });
      },
      [&](const Dims& p) {
        return at(kShape, {p[0], p[1], indices[static_cast<std::size_t>(p[2] * 2 + p[3])], p[4]});
      },
      "gather");
}

void test_depth_and_space(void**) {
  const Dims deep{1, 8, 2, 3};
  const Dims wide{1, 2, 4, 6};
  for (const bool crd : {false, true}) {
    const auto channel = [&](std::int64_t c, std::int64_t y, std::int64_t x) {
      return crd ? c * 4 + y % 2 * 2 + x % 2 : (y % 2 * 2 + x % 2) * 2 + c;
    };
    check_by_position(
        deep, wide,
        [&](GraphBuilder& b, std::vector<TensorId> in) {
          return b.add(Op::depth_to_space, "y", in, [&](Attributes& a) {
            a.block = 2;
            a.crd = crd;
          });
        },
        [&](const Dims& p) {
          return at(deep, {0, channel(p[1], p[2], p[3]), p[2] / 2, p[3] / 2});
        },
        "depth_to_space");
  }
  check_by_position(
      wide, deep,
      [&](GraphBuilder& b, std::vector<TensorId> in) {
        return b.add(Op::space_to_depth, "y", in, [](Attributes& a) { a.block = 2; });
      },
      [&](const Dims& p) {
        const std::int64_t by = p[1] / 2 / 2, bx = p[1] / 2 % 2;
        return at(wide, {0, p[1] % 2, p[2] * 2 + by, p[3] * 2 + bx});
      },
      "space_to_depth");
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_concat_and_split),
      cmocka_unit_test(test_concat_of_two_layouts),
      cmocka_unit_test(test_slice),
      cmocka_unit_test(test_pad),
      cmocka_unit_test(test_int8_pad_value),
      cmocka_unit_test(test_transpose),
      cmocka_unit_test(test_chains_of_moves),
      cmocka_unit_test(test_expand_and_gather),
      cmocka_unit_test(test_depth_and_space),
  };
  return cmocka_run_group_tests_name("moving operators", tests, nullptr, nullptr);
}

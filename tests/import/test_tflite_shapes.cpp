// Operators of .tflite files that move, cut and join, and the arithmetic on shapes that converters write.
#include "import/tflite/image.h"

namespace octet::test {
namespace {

const Image kX({1, 3, 4, 2});  // of four dimensions: it runs in the order of images where an operator can

using Make = std::function<Network::Options(Network&)>;

Image flat(const Ints& dims, Floats values) { return {dims, std::move(values)}; }

void test_reshapes(void**) {
  check_operator(Kind::RESHAPE, kX, flat({4, 6}, kX.values), "reshape", {}, [](Network& n) {
    return Indices{n.ints({4, -1})};
  });
  check_operator(Kind::RESHAPE, kX, flat({2, 12}, kX.values), "reshape by options", [](Network& n) {
    const Ints shape{-1, 12};
    return Network::options(fb::CreateReshapeOptionsDirect(n.builder, &shape));
  });
  check_operator(Kind::SQUEEZE, kX, flat({3, 4, 2}, kX.values), "squeeze", [](Network& n) {
    const Ints axes{0};
    return Network::options(fb::CreateSqueezeOptionsDirect(n.builder, &axes));
  });
  check_operator(Kind::SQUEEZE, kX, flat({3, 4, 2}, kX.values), "squeeze all");
  check_operator(Kind::EXPAND_DIMS, kX, flat({1, 3, 4, 1, 2}, kX.values), "expand dims", {},
                 [](Network& n) { return Indices{n.scalar(-2)}; });
  Network scalar;
  const auto one = scalar.input("x", {1, 1}), none = scalar.output("y", {});
  scalar.op(Kind::RESHAPE, {one, scalar.constant("shape", {0}, Ints{}, Type::INT32)}, {none});
  expect_values(answer(scalar.bytes(), {{5}}), {5}, "reshape to a scalar");
  // A second image operator behind a reshape to an image.
  Network n;
  const auto x = n.input("x", {2, 6}), image = n.tensor("image", {1, 2, 2, 3}), y = n.output("y", {1, 1, 1, 3});
  n.op(Kind::RESHAPE, {x, n.ints({1, 2, 2, 3})}, {image});
  n.op(Kind::MAX_POOL_2D, {image}, {y},
       Network::options(fb::CreatePool2DOptions(n.builder, fb::Padding::VALID, 2, 2, 2, 2)));
  expect_values(answer(n.bytes(), {{1, 8, 3, 4, 5, 6, 7, 2, 9, 0, 1, 2}}), {7, 8, 9}, "image of a matrix");
}

void test_transposes(void**) {
  check_operator(Kind::TRANSPOSE, kX, made({2, 4, 1, 3}, [](int n, int h, int w, int c) { return kX.at(w, c, h, n); }),
                 "transpose", {}, [](Network& n) {
                   return Indices{n.ints({3, 2, 0, 1})};
                 });
  Network wrong;
  wrong.op(Kind::TRANSPOSE, {wrong.input("x", {1, 2}), wrong.ints({0, 1, 2})}, {wrong.output("y", {1, 2})});
  expect_import_failure(wrong, Code::shape, {"permutation", "3 entries for 2 dimensions"});
}

// Along each axis of an image.
void test_concatenation(void**) {
  for (int axis = 0; axis < 4; ++axis) {
    Ints dims = kX.dims;
    const int size = dims[static_cast<std::size_t>(axis)];
    dims[static_cast<std::size_t>(axis)] += size;
    const Image y = made(dims, [&](int n, int h, int w, int c) {
      int at[4] = {n, h, w, c};
      const bool second = at[axis] >= size;
      if (second) at[axis] -= size;
      const float v = kX.at(at[0], at[1], at[2], at[3]);
      return std::max(second ? v + 10 : v, 0.0F);
    });
    Floats more = kX.values;
    for (float& value : more) value += 10;
    check_operator(
        Kind::CONCATENATION, kX, y, "concatenation",
        [&](Network& n) {
          return Network::options(
              fb::CreateConcatenationOptions(n.builder, axis == 3 ? -1 : axis, fb::Activation::RELU));
        },
        [&](Network& n) { return Indices{n.floats(kX.dims, more)}; });
  }
}

void test_splits(void**) {
  // Two channels, one after the other.
  Floats channels;
  for (std::size_t c = 0; c < 2; ++c) {
    for (std::size_t i = c; i < kX.values.size(); i += 2) channels.push_back(kX.values[i]);
  }
  Network n;
  const auto x = n.input("x", kX.dims), a = n.output("a", {1, 3, 4, 1}), b = n.output("b", {1, 3, 4, 1});
  n.op(Kind::SPLIT, {n.scalar(3), x}, {a, b});
  expect_values(answer(n.bytes(), {kX.values}), channels, "split");
  Network v;
  const auto in = v.input("x", kX.dims), c = v.output("c", {1, 1, 4, 2}), d = v.output("d", {1, 2, 4, 2});
  v.op(Kind::SPLIT_V, {in, v.ints({1, -1}), v.scalar(-3)}, {c, d});
  expect_values(answer(v.bytes(), {kX.values}), kX.values, "split by sizes");
  Network u;
  const auto whole = u.input("x", kX.dims), e = u.output("e", {1, 3, 4}), f = u.output("f", {1, 3, 4});
  u.op(Kind::UNPACK, {whole}, {e, f}, Network::options(fb::CreateUnpackOptions(u.builder, 2, -1)));
  expect_values(answer(u.bytes(), {kX.values}), channels, "unpack");
  Network p;
  const auto one = p.input("x", {2, 2}), packed = p.output("y", {2, 2, 2});
  p.op(Kind::PACK, {one, one}, {packed}, Network::options(fb::CreatePackOptions(p.builder, 2, 1)));
  expect_values(answer(p.bytes(), {{1, 2, 3, 4}}), {1, 2, 1, 2, 3, 4, 3, 4}, "pack");
  Network wrong;
  wrong.op(Kind::SPLIT_V, {wrong.input("x", {1, 2}), wrong.ints({5, -1}), wrong.scalar(1)},
           {wrong.output("a", {1, 5}), wrong.output("b", {1, 1})});
  expect_import_failure(wrong, Code::shape, {"parts do not fit"});
}

void test_slices(void**) {
  check_operator(Kind::SLICE, kX,
                 made({1, 2, 3, 1}, [](int n, int h, int w, int c) { return kX.at(n, h + 1, w, c + 1); }), "slice", {},
                 [](Network& n) {
                   return Indices{n.ints({0, 1, 0, 1}), n.ints({1, -1, 3, 1})};
                 });
  check_operator(Kind::REVERSE_V2, kX, made(kX.dims, [](int n, int h, int w, int c) { return kX.at(n, 2 - h, w, c); }),
                 "reverse", {}, [](Network& n) { return Indices{n.ints({1})}; });
}

void check_strided(const Ints& begin, const Ints& end, const Ints& step, const Image& expected, const char* what,
                   const std::array<int, 5>& masks, bool offset = false) {
  check_operator(
      Kind::STRIDED_SLICE, kX, expected, what,
      [&](Network& n) {
        return Network::options(
            fb::CreateStridedSliceOptions(n.builder, masks[0], masks[1], masks[2], masks[3], masks[4], offset));
      },
      [&](Network& n) {
        return Indices{n.ints(begin), n.ints(end), n.ints(step)};
      });
}

void test_strided_slices(void**) {
  check_strided({0, 1, 3, 0}, {1, 3, 0, 2}, {1, 1, -2, 1},
                made({1, 2, 2, 2}, [](int n, int h, int w, int c) { return kX.at(n, h + 1, 3 - 2 * w, c); }), "steps",
                {0, 0, 0, 0, 0});
  check_strided({9, 9, 9, 1}, {9, 9, 9, 2}, {1, -1, 1, 1},
                made({1, 3, 4, 1}, [](int n, int h, int w, int) { return kX.at(n, 2 - h, w, 1); }),
                "begin and end masks", {7, 7, 0, 0, 0});
  check_strided({0, 0, 1}, {0, 0, 2}, {1, 1, 1},
                flat({3, 4, 1}, made({1, 3, 4, 1}, [](int n, int h, int w, int) { return kX.at(n, h, w, 1); }).values),
                "ellipsis, shrink", {0, 0, 2, 0, 1});
  check_strided(
      {0, 0, -1}, {1, 0, 0}, {1, 1, 1},
      flat({1, 1, 4, 2}, made({1, 1, 4, 2}, [](int n, int, int w, int c) { return kX.at(n, 2, w, c); }).values),
      "new axis", {0, 0, 0, 2, 4});
  check_strided({0, 1, 0, 0}, {1, 2, 4, 2}, {1, 1, 1, 1},
                made({1, 2, 4, 2}, [](int n, int h, int w, int c) { return kX.at(n, h + 1, w, c); }), "ends as lengths",
                {0, 0, 0, 0, 0}, true);
}

void test_pads(void**) {
  const auto pads = [](Network& n, const Ints& values) { return n.constant("pads", {4, 2}, values, Type::INT32); };
  const auto padded = [&](float value) {
    return made({1, 4, 6, 3}, [value](int n, int h, int w, int c) {
      return kX.inside(h - 1, w) && c < 2 ? kX.at(n, h - 1, w, c) : value;
    });
  };
  const Ints around{0, 0, 1, 0, 0, 2, 0, 1};
  check_operator(Kind::PAD, kX, padded(0), "pad", {}, [&](Network& n) { return Indices{pads(n, around)}; });
  check_operator(Kind::PADV2, kX, padded(5), "pad with a value", {}, [&](Network& n) {
    return Indices{pads(n, around), n.floats({1}, {5})};
  });
  const auto mirrored = [&](fb::MirrorPadMode mode, int first) {
    check_operator(
        Kind::MIRROR_PAD, kX,
        made({1, 4, 4, 2}, [first](int n, int h, int w, int c) { return kX.at(n, h == 0 ? first : h - 1, w, c); }),
        "mirrored", [mode](Network& n) { return Network::options(fb::CreateMirrorPadOptions(n.builder, mode)); },
        [&](Network& n) {
          return Indices{pads(n, {0, 0, 1, 0, 0, 0, 0, 0})};
        });
  };
  mirrored(fb::MirrorPadMode::REFLECT, 1);
  mirrored(fb::MirrorPadMode::SYMMETRIC, 0);
}

void test_picking_and_repeating(void**) {
  check_operator(
      Kind::GATHER, kX, made({1, 2, 4, 2}, [](int n, int h, int w, int c) { return kX.at(n, 2 - 2 * h, w, c); }),
      "gather", [](Network& n) { return Network::options(fb::CreateGatherOptions(n.builder, 1)); },
      [](Network& n) {
        return Indices{n.ints({2, 0})};
      });
  check_operator(Kind::TILE, kX, made({1, 6, 4, 2}, [](int n, int h, int w, int c) { return kX.at(n, h % 3, w, c); }),
                 "tile", {}, [](Network& n) {
                   return Indices{n.ints({1, 2, 1, 1})};
                 });
  check_operator(Kind::BROADCAST_TO, kX, made({2, 3, 4, 2}, [](int, int h, int w, int c) { return kX.at(0, h, w, c); }),
                 "broadcast", {}, [](Network& n) {
                   return Indices{n.ints({2, 3, 4, 2})};
                 });
  Network batches;
  batches.op(Kind::GATHER, {batches.input("x", {2, 2}), batches.ints({0, 1})}, {batches.output("y", {2})},
             Network::options(fb::CreateGatherOptions(batches.builder, 1, 1)));
  expect_import_failure(batches, Code::unsupported, {"GATHER", "batch dimensions"});
}

// [shape(x)[0], rank * 6] of what converters write for "flatten": Shape, StridedSlice, Pack, Reshape.
void test_shape_arithmetic(void**) {
  Network n;
  auto& b = n.builder;
  const auto x = n.input("x", kX.dims);
  const auto shape = n.tensor("shape", {4}, Type::INT32), batch = n.tensor("batch", {}, Type::INT32),
             rank = n.tensor("rank", {}, Type::INT32), rest = n.tensor("rest", {}, Type::INT32),
             target = n.tensor("target", {2}, Type::INT32), y = n.tensor("y", {1, 24});
  n.op(Kind::SHAPE, {x}, {shape});
  n.op(Kind::STRIDED_SLICE, {shape, n.ints({0}), n.ints({1}), n.ints({1})}, {batch},
       Network::options(fb::CreateStridedSliceOptions(b, 0, 0, 0, 0, 1)));
  n.op(Kind::RANK, {x}, {rank});
  n.op(Kind::MUL, {rank, n.scalar(6)}, {rest}, Network::options(fb::CreateMulOptions(b)));
  n.op(Kind::PACK, {batch, rest}, {target}, Network::options(fb::CreatePackOptions(b, 2, 0)));
  n.op(Kind::RESHAPE, {x, target}, {y});
  // Filled with 2 where 24 > 3, and a range 0, 1, ... as floats.
  const auto large = n.tensor("large", {}, Type::BOOL), chosen = n.tensor("chosen", {}),
             filled = n.tensor("filled", {1, 24}), zeros = n.tensor("zeros", {1, 24}),
             steps = n.tensor("steps", {24}, Type::INT32), reals = n.tensor("reals", {24}),
             sum = n.tensor("sum", {1, 24}), more = n.tensor("more", {1, 24}), all = n.output("all", {1, 24});
  n.op(Kind::GREATER, {rest, n.scalar(3)}, {large});
  n.op(Kind::SELECT_V2, {large, n.floats({}, {2}), n.floats({}, {-2})}, {chosen});
  n.op(Kind::FILL, {target, chosen}, {filled});
  n.op(Kind::ZEROS_LIKE, {y}, {zeros});
  n.op(Kind::RANGE, {n.scalar(0), rest, n.scalar(1)}, {steps});
  n.op(Kind::CAST, {steps}, {reals});
  n.op(Kind::ADD, {y, filled}, {sum}, Network::options(fb::CreateAddOptions(b)));
  n.op(Kind::ADD, {sum, zeros}, {more}, Network::options(fb::CreateAddOptions(b)));
  n.op(Kind::ADD, {more, reals}, {all}, Network::options(fb::CreateAddOptions(b)));
  Floats expected = kX.values;
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += 2 + static_cast<float>(i);
  expect_values(answer(n.bytes(), {kX.values}), expected, "shape arithmetic");
}

void test_comparisons(void**) {
  const auto check = [](Kind kind, std::int32_t a, std::int32_t b, bool expected) {
    Network n;
    const auto x = n.input("x", {1}), holds = n.tensor("holds", {}, Type::BOOL), factor = n.tensor("factor", {}),
               y = n.output("y", {1});
    n.op(kind, {n.scalar(a), n.scalar(b)}, {holds});
    n.op(Kind::SELECT, {holds, n.floats({}, {1}), n.floats({}, {-1})}, {factor});
    n.op(Kind::MUL, {x, factor}, {y}, Network::options(fb::CreateMulOptions(n.builder)));
    expect_values(answer(n.bytes(), {{3}}), {expected ? 3.0F : -3.0F}, fb::EnumNameBuiltinOperator(kind));
  };
  check(Kind::EQUAL, 2, 2, true);
  check(Kind::NOT_EQUAL, 2, 2, false);
  check(Kind::LESS, 1, 2, true);
  check(Kind::LESS_EQUAL, 3, 2, false);
  check(Kind::GREATER_EQUAL, 2, 2, true);
}

// Outputs: an input passed on, one tensor twice, a constant; each under the file's name where it can.
void test_outputs(void**) {
  Network n;
  const auto x = n.input("x", {1, 2}), y = n.output("y", {1, 2});
  n.op(Kind::NEG, {x}, {y});
  n.outputs.push_back(y);
  n.outputs.push_back(x);
  expect_values(answer(n.bytes(), {{1, 2}}), {-1, -2, -1, -2, 1, 2}, "outputs");
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_reshapes),
      cmocka_unit_test(test_transposes),
      cmocka_unit_test(test_concatenation),
      cmocka_unit_test(test_splits),
      cmocka_unit_test(test_slices),
      cmocka_unit_test(test_strided_slices),
      cmocka_unit_test(test_pads),
      cmocka_unit_test(test_picking_and_repeating),
      cmocka_unit_test(test_shape_arithmetic),
      cmocka_unit_test(test_comparisons),
      cmocka_unit_test(test_outputs),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

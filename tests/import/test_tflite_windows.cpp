// Operators of .tflite files on images: answers beside naive ones in TensorFlow's order of dimensions.
#include "import/tflite/image.h"

namespace octet::test {
namespace {

fb::Padding padding_of(bool same) { return same ? fb::Padding::SAME : fb::Padding::VALID; }

void check_conv(const Slide& rows, const Slide& columns, int inputs, int outputs, int groups, const char* what) {
  const Image x({2, rows.size, columns.size, inputs});
  const Image weight({outputs, rows.kernel, columns.kernel, inputs / groups}, 2);
  const Floats bias = some_values(static_cast<std::size_t>(outputs), 3);
  const Image y = made({2, rows.count(), columns.count(), outputs}, [&](int n, int h, int w, int o) {
    float sum = bias[static_cast<std::size_t>(o)];
    visit_window(x, rows, columns, h, w, [&](int row, int column, int i, int j) {
      for (int c = 0; c < inputs / groups; ++c) {
        sum += x.at(n, row, column, o / (outputs / groups) * (inputs / groups) + c) * weight.at(o, i, j, c);
      }
    });
    return std::min(std::max(sum, 0.0F), 6.0F);
  });
  check_operator(
      Kind::CONV_2D, x, y, what,
      [&](Network& n) {
        return Network::options(fb::CreateConv2DOptions(n.builder, padding_of(rows.same), columns.stride, rows.stride,
                                                        fb::Activation::RELU6, columns.dilation, rows.dilation));
      },
      [&](Network& n) {
        return Indices{n.floats(weight.dims, weight.values), n.floats({outputs}, bias)};
      });
}

void test_conv(void**) {
  check_conv({7, 3, 2}, {6, 3, 2}, 3, 4, 1, "SAME, stride 2");
  check_conv({6, 2, 1}, {5, 4, 3}, 2, 3, 1, "SAME, even kernels");
  check_conv({9, 3, 1, 2}, {8, 3, 1, 2}, 2, 2, 1, "SAME, dilated");
  check_conv({7, 3, 2, 1, false}, {8, 2, 3, 1, false}, 3, 4, 1, "VALID");
  check_conv({5, 3, 1}, {5, 3, 1}, 4, 6, 2, "two groups");
}

void test_depthwise_conv(void**) {
  for (const int multiplier : {1, 3}) {
    const Slide rows{7, 3, 2}, columns{6, 3, 1};
    const int inputs = 2, outputs = inputs * multiplier;
    const Image x({1, 7, 6, inputs}), weight({1, 3, 3, outputs}, 2);
    const Image y = made({1, rows.count(), columns.count(), outputs}, [&](int n, int h, int w, int o) {
      float sum = 0;
      visit_window(x, rows, columns, h, w, [&](int row, int column, int i, int j) {
        sum += x.at(n, row, column, o / multiplier) * weight.at(0, i, j, o);
      });
      return std::max(sum, 0.0F);
    });
    check_operator(
        Kind::DEPTHWISE_CONV_2D, x, y, "depthwise",
        [&](Network& n) {
          return Network::options(
              fb::CreateDepthwiseConv2DOptions(n.builder, fb::Padding::SAME, 1, 2, multiplier, fb::Activation::RELU));
        },
        [&](Network& n) { return Indices{n.floats(weight.dims, weight.values)}; });
  }
}

void test_transpose_conv(void**) {
  for (const bool same : {true, false}) {
    const Image x({1, 3, 4, 2}), weight({3, 3, 2, 2}, 2);
    // Each pixel is written, weighted, around its place; SAME cuts what is more than stride times the size, half
    // before.
    const int height = same ? 6 : 7, width = 8;
    Image y({1, height, width, 3}, Floats(count_of({1, height, width, 3})));
    for (int h = 0; h < 3; ++h) {
      for (int w = 0; w < 4; ++w) {
        for (int i = 0; i < 3; ++i) {
          for (int j = 0; j < 2; ++j) {
            const int row = 2 * h + i, column = 2 * w + j;
            if (!y.inside(row, column)) continue;
            for (int o = 0; o < 3; ++o) {
              for (int c = 0; c < 2; ++c)
                y.values[y.index(0, row, column, o)] += x.at(0, h, w, c) * weight.at(o, i, j, c);
            }
          }
        }
      }
    }
    Network n;
    const auto in = n.input("x", x.dims);
    n.op(Kind::TRANSPOSE_CONV, {n.ints(y.dims), n.floats(weight.dims, weight.values), in}, {n.output("y", y.dims)},
         Network::options(fb::CreateTransposeConvOptions(n.builder, padding_of(same), 2, 2)));
    expect_values(answer(n.bytes(), {x.values}), y.values, same ? "transposed, SAME" : "transposed, VALID");
  }
}

void test_pools(void**) {
  for (const bool same : {true, false}) {
    const Slide rows{5, 3, 2, 1, same}, columns{6, 2, 2, 1, same};
    const Image x({1, 5, 6, 3});
    const Ints dims{1, rows.count(), columns.count(), 3};
    const auto options = [&](Network& n) {
      return Network::options(fb::CreatePool2DOptions(n.builder, padding_of(same), 2, 2, 2, 3));
    };
    const auto pooled = [&](bool squares) {
      return made(dims, [&, squares](int n, int h, int w, int c) {
        float sum = 0, count = 0;
        visit_window(x, rows, columns, h, w, [&](int row, int column, int, int) {
          const float value = x.at(n, row, column, c);
          sum += squares ? value * value : value;
          count += 1;
        });
        return squares ? std::sqrt(sum / count) : sum / count;
      });
    };
    check_operator(Kind::AVERAGE_POOL_2D, x, pooled(false), "average", options);
    check_operator(Kind::L2_POOL_2D, x, pooled(true), "root of squares", options);
    const Image most = made(dims, [&](int n, int h, int w, int c) {
      float value = -10;
      visit_window(x, rows, columns, h, w,
                   [&](int row, int column, int, int) { value = std::max(value, x.at(n, row, column, c)); });
      return value;
    });
    check_operator(Kind::MAX_POOL_2D, x, most, "maximum", options);
  }
}

// Where a pixel of the result lies in the input.
float source_place(int place, int in, int out, bool corners, bool centres) {
  if (corners && out > 1) return static_cast<float>(place) * static_cast<float>(in - 1) / static_cast<float>(out - 1);
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  return centres ? (static_cast<float>(place) + 0.5F) * scale - 0.5F : static_cast<float>(place) * scale;
}

void test_resizes(void**) {
  const Image x({1, 4, 3, 2});
  const Ints dims{1, 7, 8, 2};
  for (const auto& [corners, centres] : {std::pair{false, false}, {true, false}, {false, true}}) {
    const Image smooth = made(dims, [&, corners = corners, centres = centres](int n, int h, int w, int c) {
      const auto split = [&](int place, int in, int out) {
        const float at = std::max(0.0F, source_place(place, in, out, corners, centres));
        const int low = std::min(static_cast<int>(at), in - 1);
        return std::tuple{low, std::min(low + 1, in - 1), at - static_cast<float>(low)};
      };
      const auto [top, bottom, down] = split(h, 4, 7);
      const auto [left, right, along] = split(w, 3, 8);
      const float upper = x.at(n, top, left, c) * (1 - along) + x.at(n, top, right, c) * along;
      const float lower = x.at(n, bottom, left, c) * (1 - along) + x.at(n, bottom, right, c) * along;
      return upper * (1 - down) + lower * down;
    });
    const Image nearest = made(dims, [&, corners = corners, centres = centres](int n, int h, int w, int c) {
      const auto pick = [&](int place, int in, int out) {
        const float at = source_place(place, in, out, corners, centres);
        const float whole = corners || centres ? std::floor(at + 0.5F) : std::floor(at);
        return std::clamp(static_cast<int>(whole), 0, in - 1);
      };
      return x.at(n, pick(h, 4, 7), pick(w, 3, 8), c);
    });
    const auto size = [](Network& n) { return Indices{n.ints({7, 8})}; };
    check_operator(
        Kind::RESIZE_BILINEAR, x, smooth, "bilinear",
        [&, corners = corners, centres = centres](Network& n) {
          return Network::options(fb::CreateResizeBilinearOptions(n.builder, corners, centres));
        },
        size);
    check_operator(
        Kind::RESIZE_NEAREST_NEIGHBOR, x, nearest, "nearest",
        [&, corners = corners, centres = centres](Network& n) {
          return Network::options(fb::CreateResizeNearestNeighborOptions(n.builder, corners, centres));
        },
        size);
  }
}

void test_blocks(void**) {
  const Image wide({1, 4, 6, 2}), deep({1, 2, 3, 8}, 2);
  check_operator(Kind::SPACE_TO_DEPTH, wide,
                 made({1, 2, 3, 8},
                      [&](int n, int h, int w, int c) { return wide.at(n, 2 * h + c / 4, 2 * w + c / 2 % 2, c % 2); }),
                 "space to depth",
                 [](Network& n) { return Network::options(fb::CreateSpaceToDepthOptions(n.builder, 2)); });
  check_operator(
      Kind::DEPTH_TO_SPACE, deep,
      made({1, 4, 6, 2},
           [&](int n, int h, int w, int c) { return deep.at(n, h / 2, w / 2, (h % 2 * 2 + w % 2) * 2 + c); }),
      "depth to space", [](Network& n) { return Network::options(fb::CreateDepthToSpaceOptions(n.builder, 2)); });
}

void test_batches(void**) {
  const Image x({2, 3, 4, 2});
  const auto pads = [](Network& n, const Ints& values) {
    return Indices{n.ints({2, 2}), n.constant("edges", {2, 2}, values, Type::INT32)};
  };
  const Image batches = made({8, 2, 2, 2}, [&](int n, int h, int w, int c) {
    const int row = 2 * h + n / 4 - 1, column = 2 * w + n / 2 % 2;
    return x.inside(row, column) ? x.at(n % 2, row, column, c) : 0;
  });
  check_operator(Kind::SPACE_TO_BATCH_ND, x, batches, "space to batch", {}, [&](Network& n) {
    return pads(n, {1, 0, 0, 0});
  });
  const Image back = made({2, 3, 4, 2}, [&](int n, int h, int w, int c) { return x.at(n, h, w, c); });
  check_operator(Kind::BATCH_TO_SPACE_ND, batches, back, "batch to space", {}, [&](Network& n) {
    return pads(n, {1, 0, 0, 0});
  });
}

// A chain of image operators needs one change of order at each end.
void test_order_changes_at_the_ends_alone(void**) {
  Network n;
  auto& b = n.builder;
  const auto x = n.input("x", {1, 8, 8, 2}), a = n.tensor("a", {1, 8, 8, 2}), c = n.tensor("c", {1, 4, 4, 2}),
             d = n.tensor("d", {1, 4, 4, 4}), e = n.tensor("e", {1, 6, 4, 4}), y = n.output("y", {1, 6, 4, 4});
  n.op(Kind::CONV_2D, {x, n.floats({2, 1, 1, 2}, {1, 2, 3, 4})}, {a},
       Network::options(fb::CreateConv2DOptions(b, fb::Padding::SAME, 1, 1)));
  n.op(Kind::MAX_POOL_2D, {a}, {c}, Network::options(fb::CreatePool2DOptions(b, fb::Padding::VALID, 2, 2, 2, 2)));
  n.op(Kind::CONCATENATION, {c, c}, {d}, Network::options(fb::CreateConcatenationOptions(b, -1)));
  n.op(Kind::PAD, {d, n.constant("pads", {4, 2}, Ints{0, 0, 1, 1, 0, 0, 0, 0}, Type::INT32)}, {e});
  n.op(Kind::MUL, {e, n.floats({4}, {1, 2, 3, 4})}, {y}, Network::options(fb::CreateMulOptions(b)));
  Result<Graph> graph = import_tflite(n.bytes());
  expect_ok(graph.status());
  assert_int_equal(nodes_of(*graph, Op::transpose).size(), 2);
  assert_string_equal(graph->at(graph->outputs[0]).name.c_str(), "y");
  expect_ok(prepare_graph(*graph));
  assert_true(graph->at(graph->outputs[0]).dims == Dims({1, 6, 4, 4}));
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_conv),           cmocka_unit_test(test_depthwise_conv),
      cmocka_unit_test(test_transpose_conv), cmocka_unit_test(test_pools),
      cmocka_unit_test(test_resizes),        cmocka_unit_test(test_blocks),
      cmocka_unit_test(test_batches),        cmocka_unit_test(test_order_changes_at_the_ends_alone),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

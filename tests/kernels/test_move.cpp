// Copies between strided index spaces, and resizing.
#include "kernels/row_checks.h"

namespace octet::test {
namespace {

struct Box {
  Loops in{}, out{};
  std::int64_t in_size = 0, out_size = 0, rows = 1, count = 1;
  std::int64_t in_first = 0;  // offset of the element where the walk begins; not 0 with negative strides
};

// Dimensions in a random order of memory on either side; input strides may be 0, negative, or leave gaps.
Box random_box(Random& random) {
  Box box;
  const int rank = random.between(1, 5);
  box.in.rank = box.out.rank = rank;
  std::vector<int> order;
  for (int d = 0; d < rank; ++d) {
    box.in.dims[d] = box.out.dims[d] = random.between(1, d == rank - 1 ? 40 : 4);
    order.insert(order.begin() + random.between(0, d), d);
    box.count *= box.in.dims[d];
    if (d + 1 < rank) box.rows *= box.in.dims[d];
  }
  std::int64_t stride = 1;
  for (const int d : order) {
    box.in.strides[d] = stride;
    stride *= box.in.dims[d] + (random.chance(3) ? 1 : 0);
  }
  box.in_size = stride;
  for (int d = 0; d < rank; ++d) {
    if (random.chance(5)) box.in.strides[d] = 0;
    if (!random.chance(5)) continue;
    box.in_first += box.in.strides[d] * (box.in.dims[d] - 1);
    box.in.strides[d] = -box.in.strides[d];
  }
  stride = 1;
  for (int d = rank - 1; d >= 0; --d) {
    const int at = random.chance(2) ? d : order[static_cast<std::size_t>(d)];
    if (box.out.strides[at] == 0) {
      box.out.strides[at] = stride;
      stride *= box.out.dims[at];
    }
  }
  for (int d = 0; d < rank; ++d) {
    if (box.out.strides[d] == 0) {
      box.out.strides[d] = stride;
      stride *= box.out.dims[d];
    }
  }
  box.out_size = stride;
  return box;
}

template <class T>
void check_copies(std::uint32_t first_seed) {
  for (std::uint32_t seed = first_seed; seed < first_seed + 200; ++seed) {
    Random random(seed);
    const Box box = random_box(random);
    std::vector<T> values(static_cast<std::size_t>(box.in_size));
    for (auto& value : values) value = static_cast<T>(random.next() * 2654435761U);
    const GuardedArray<T> input(values);
    GuardedArray<T> expected(static_cast<std::size_t>(box.out_size)), output(expected.size());
    for (std::int64_t i = 0; i < box.count; ++i) {
      std::int64_t from = box.in_first, to = 0, rest = i;
      for (int d = box.in.rank - 1; d >= 0; --d) {
        from += rest % box.in.dims[d] * box.in.strides[d];
        to += rest % box.in.dims[d] * box.out.strides[d];
        rest /= box.in.dims[d];
      }
      expected[static_cast<std::size_t>(to)] = input[static_cast<std::size_t>(from)];
    }
    const CopyArgs args{box.in, box.out, sizeof(T), input.data() + box.in_first, output.data()};
    for_rows(copy_rows(), [&](const CopyRow& row, bool) {
      output.reset();
      run_tiles(box.rows, seed % 2 == 0, [&](std::int64_t begin, std::int64_t end) { row.run(args, begin, end); });
      const std::string what =
          std::string(row.name) + ": " + std::to_string(sizeof(T)) + " bytes, seed " + std::to_string(seed);
      expect_equal(expected.span(), output.span(), 0, what);
      expect_guard(output, what);
    });
  }
}

// Two dimensions that exchange places, around the sizes of blocks; rows may lie apart on either side.
template <class T>
void check_exchange(std::uint32_t seed) {
  Random random(seed);
  const std::int64_t outer = random.between(1, 2), rows = random.between(1, 40), columns = random.between(1, 40);
  const std::int64_t in_step = columns + random.between(0, 3), out_step = rows + random.between(0, 3);
  Loops from{3, {outer, rows, columns}, {rows * in_step, in_step, 1}};
  Loops to{3, {outer, rows, columns}, {columns * out_step, 1, out_step}};
  if (random.chance(2)) {  // the other loop is the innermost
    for (Loops* loops : {&from, &to}) {
      std::swap(loops->dims[1], loops->dims[2]);
      std::swap(loops->strides[1], loops->strides[2]);
    }
  }
  std::vector<T> values(static_cast<std::size_t>((outer * rows - 1) * in_step + columns));
  for (auto& value : values) value = static_cast<T>(random.next() * 2654435761U);
  const GuardedArray<T> input(values);
  GuardedArray<T> output(static_cast<std::size_t>((outer * columns - 1) * out_step + rows));
  GuardedArray<T> expected(output.size());
  for (std::int64_t o = 0; o < outer; ++o) {
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < columns; ++c) {
        expected[static_cast<std::size_t>((o * columns + c) * out_step + r)] =
            input[static_cast<std::size_t>((o * rows + r) * in_step + c)];
      }
    }
  }
  const CopyArgs args{from, to, sizeof(T), input.data(), output.data()};
  for_rows(copy_rows(), [&](const CopyRow& row, bool) {
    output.reset();
    run_tiles(outer * from.dims[1], seed % 3 == 0, [&](std::int64_t b, std::int64_t e) { row.run(args, b, e); });
    const std::string what = std::string(row.name) + ": " + std::to_string(sizeof(T)) + " bytes, " +
                             std::to_string(rows) + "x" + std::to_string(columns) + ", seed " + std::to_string(seed);
    expect_equal(expected.span(), output.span(), 0, what);
    expect_guard(output, what);
  });
}

void test_exchange(void**) {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    check_exchange<std::int8_t>(seed);
    check_exchange<std::int32_t>(seed);
    check_exchange<std::int64_t>(seed);
  }
}

void test_copy(void**) {
  name_skipped_rows("copy", copy_rows());
  check_copies<std::int8_t>(1);
  check_copies<std::int32_t>(1001);
  check_copies<std::int64_t>(2001);
}

// Tables of one axis: for each output index, `taps` input indices and weights.
template <class Weight>
struct Axis {
  std::vector<std::int32_t> index;
  std::vector<Weight> weight;
};

template <class Weight>
Axis<Weight> random_axis(Random& random, std::int32_t in, std::int32_t out, std::int32_t taps) {
  Axis<Weight> axis;
  for (std::int32_t i = 0; i < out; ++i) {
    std::int32_t left = 2048;
    for (std::int32_t t = 0; t < taps; ++t) {
      axis.index.push_back(random.between(0, in - 1));
      const std::int32_t fixed = t + 1 == taps ? left : random.between(0, left);
      left -= fixed;
      if constexpr (std::is_same_v<Weight, float>) {
        axis.weight.push_back(static_cast<float>(fixed) / 2048 - (taps == 4 ? 0.1F : 0.0F));
      } else {
        axis.weight.push_back(fixed);
      }
    }
  }
  return axis;
}

template <class Value, class Weight>
void check_resize(RowList<ResizeRow> list, std::uint32_t seed, std::int32_t taps) {
  Random random(seed);
  ResizeArgs args{};
  args.batch = random.between(1, 2), args.channels = random.chance(2) ? random.between(1, 5) : random.between(1, 70);
  args.in_h = random.between(1, 8), args.in_w = random.between(1, 8);
  args.out_h = random.between(1, 12), args.out_w = random.between(1, 12);
  args.taps = taps;
  const auto rows = random_axis<Weight>(random, args.in_h, args.out_h, taps);
  const auto columns = random_axis<Weight>(random, args.in_w, args.out_w, taps);
  args.rows = rows.index.data(), args.columns = columns.index.data();
  args.row_weights = rows.weight.data(), args.column_weights = columns.weight.data();
  constexpr bool is_float = std::is_same_v<Value, float>;
  const auto in_count = static_cast<std::size_t>(args.batch * args.in_h * args.in_w * args.channels);
  std::vector<Value> values(in_count);
  for (auto& value : values)
    value = static_cast<Value>(is_float ? random.real(-3, 3) : static_cast<float>(random.between(-128, 127)));
  const GuardedArray<Value> input(values);
  GuardedArray<Value> output(static_cast<std::size_t>(args.batch * args.out_h * args.out_w * args.channels));
  args.input = input.data(), args.output = output.data();
  args.in_zero_point = is_float ? 0 : random.between(-128, 127);
  args.factor = random.real(0.5F, 2) / 4194304.0F;
  args.range = random_range(random);
  std::vector<Value> expected;
  for (std::int32_t n = 0; n < args.batch; ++n) {
    for (std::int32_t y = 0; y < args.out_h; ++y) {
      for (std::int32_t x = 0; x < args.out_w; ++x) {
        for (std::int32_t c = 0; c < args.channels; ++c) {
          double sum = 0;
          Value moved{};
          for (std::int32_t i = 0; i < taps; ++i) {
            for (std::int32_t j = 0; j < taps; ++j) {
              const auto row = static_cast<std::size_t>(y * taps + i), column = static_cast<std::size_t>(x * taps + j);
              moved = input[static_cast<std::size_t>(
                  ((n * args.in_h + rows.index[row]) * args.in_w + columns.index[column]) * args.channels + c)];
              sum += (static_cast<double>(moved) - args.in_zero_point) * static_cast<double>(rows.weight[row]) *
                     static_cast<double>(columns.weight[column]);
            }
          }
          if (taps == 1) {
            expected.push_back(moved);
          } else if constexpr (is_float) {
            expected.push_back(static_cast<float>(sum));
          } else {
            expected.push_back(requantize_by_contract(static_cast<std::int64_t>(sum), args.factor, args.range));
          }
        }
      }
    }
  }
  for_rows(list, [&](const ResizeRow& row, bool) {
    output.reset();
    run_tiles(std::int64_t{args.batch} * args.out_h, seed % 2 == 0,
              [&](std::int64_t begin, std::int64_t end) { row.run(args, begin, end); });
    const std::string what =
        std::string(row.name) + ": taps " + std::to_string(taps) + ", seed " + std::to_string(seed);
    expect_equal<Value>(expected, output.span(), taps == 1 ? 0 : 2e-6, what);
    expect_guard(output, what);
  });
}

void test_resize(void**) {
  name_skipped_rows("resize_f32", resize_f32_rows());
  name_skipped_rows("resize_i8", resize_i8_rows());
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    for (const std::int32_t taps : {1, 2, 4}) check_resize<float, float>(resize_f32_rows(), seed, taps);
    for (const std::int32_t taps : {1, 2}) check_resize<std::int8_t, std::int32_t>(resize_i8_rows(), seed, taps);
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {cmocka_unit_test(test_copy), cmocka_unit_test(test_exchange),
                              cmocka_unit_test(test_resize)};
  return cmocka_run_group_tests_name("copy and resize kernels", tests, nullptr, nullptr);
}

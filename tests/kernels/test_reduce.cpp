// Reductions, softmax and the product of two matrices.
#include "kernels/row_checks.h"

namespace octet::test {
namespace {

Loops loops_of(const std::vector<std::int64_t>& dims, const std::vector<std::int64_t>& strides) {
  Loops loops{};
  loops.rank = static_cast<std::int32_t>(dims.size());
  std::copy(dims.begin(), dims.end(), loops.dims);
  std::copy(strides.begin(), strides.end(), loops.strides);
  return loops;
}

// Shapes [a, b, c, d] of which some dimensions are reduced.
struct Reduction {
  Loops kept, reduced;
  std::int64_t results = 1, count = 1, elements = 1;
};

Reduction random_reduction(Random& random) {
  std::vector<std::int64_t> dims, kept_dims, kept_strides, reduced_dims, reduced_strides;
  for (int d = 0; d < 4; ++d) dims.push_back(random.between(1, d == 3 ? 40 : 6));
  const int mask = random.between(1, 15);
  Reduction r;
  for (int d = 3; d >= 0; --d) {
    const std::int64_t dim = dims[static_cast<std::size_t>(d)];
    const bool reduced = (mask >> d & 1) != 0;
    (reduced ? reduced_dims : kept_dims).insert((reduced ? reduced_dims : kept_dims).begin(), dim);
    (reduced ? reduced_strides : kept_strides).insert((reduced ? reduced_strides : kept_strides).begin(), r.elements);
    (reduced ? r.count : r.results) *= dim;
    r.elements *= dim;
  }
  r.kept = loops_of(kept_dims, kept_strides);
  r.reduced = loops_of(reduced_dims, reduced_strides);
  return r;
}

std::size_t element_of(const Reduction& r, std::int64_t result, std::int64_t j) {
  return static_cast<std::size_t>(offset_of(r.kept, result) + offset_of(r.reduced, j));
}

double exact_reduce(ReduceKind kind, const std::vector<double>& values) {
  double sum = 0, absolute = 0, squares = 0, product = 1, exponentials = 0;
  double least = values[0], most = values[0];
  for (const double v : values) {
    sum += v, absolute += std::fabs(v), squares += v * v, product *= v, exponentials += std::exp(v);
    least = std::fmin(least, v), most = std::fmax(most, v);
  }
  switch (kind) {
    case ReduceKind::mean:
      return sum / static_cast<double>(values.size());
    case ReduceKind::sum:
      return sum;
    case ReduceKind::max:
      return most;
    case ReduceKind::min:
      return least;
    case ReduceKind::prod:
      return product;
    case ReduceKind::l1:
      return absolute;
    case ReduceKind::l2:
      return std::sqrt(squares);
    case ReduceKind::sum_square:
      return squares;
    case ReduceKind::log_sum:
      return std::log(sum);
    case ReduceKind::log_sum_exp:
      return std::log(exponentials);
  }
  return 0;
}

void test_reduce_f32(void**) {
  name_skipped_rows("reduce_f32", reduce_f32_rows());
  for (std::uint32_t seed = 1; seed <= 150; ++seed) {
    Random random(seed);
    const Reduction r = random_reduction(random);
    const GuardedArray<float> input(random.reals(static_cast<std::size_t>(r.elements), 0.25F, 2));
    GuardedArray<float> output(static_cast<std::size_t>(r.results));
    for (int k = 0; k <= static_cast<int>(ReduceKind::log_sum_exp); ++k) {
      const ReduceF32Args args{r.kept, r.reduced, r.count, static_cast<ReduceKind>(k), input.data(), output.data()};
      std::vector<float> expected;
      for (std::int64_t i = 0; i < r.results; ++i) {
        std::vector<double> values;
        for (std::int64_t j = 0; j < r.count; ++j) values.push_back(static_cast<double>(input[element_of(r, i, j)]));
        expected.push_back(static_cast<float>(exact_reduce(args.kind, values)));
      }
      for_rows(reduce_f32_rows(), [&](const ReduceF32Row& row, bool) {
        output.reset();
        run_tiles(r.results, seed % 2 == 0, [&](std::int64_t b, std::int64_t e) { row.run(args, b, e); });
        const std::string what =
            std::string(row.name) + ": kind " + std::to_string(k) + ", seed " + std::to_string(seed);
        expect_equal<float>(expected, output.span(), 2e-6, what);
        expect_guard(output, what);
      });
    }
  }
}

void test_reduce_i8(void**) {
  name_skipped_rows("reduce_i8", reduce_i8_rows());
  for (std::uint32_t seed = 1; seed <= 150; ++seed) {
    Random random(seed);
    const Reduction r = random_reduction(random);
    const GuardedArray<std::int8_t> input(random.bytes(static_cast<std::size_t>(r.elements)));
    GuardedArray<std::int8_t> output(static_cast<std::size_t>(r.results));
    ReduceI8Args args{};
    args.kept = r.kept, args.reduced = r.reduced, args.count = r.count;
    args.input = input.data(), args.output = output.data();
    args.in_zero_point = random.between(-128, 127);
    args.factor = random.real(0.5F, 2) / static_cast<float>(r.count);
    args.range = random_range(random);
    std::vector<std::int8_t> expected;
    for (std::int64_t i = 0; i < r.results; ++i) {
      std::int64_t sum = 0;
      for (std::int64_t j = 0; j < r.count; ++j) sum += input[element_of(r, i, j)] - args.in_zero_point;
      expected.push_back(requantize_by_contract(sum, args.factor, args.range));
    }
    for_rows(reduce_i8_rows(), [&](const ReduceI8Row& row, bool) {
      output.reset();
      run_tiles(r.results, seed % 2 == 0, [&](std::int64_t b, std::int64_t e) { row.run(args, b, e); });
      const std::string what = std::string(row.name) + ": seed " + std::to_string(seed);
      expect_equal<std::int8_t>(expected, output.span(), 0, what);
      expect_guard(output, what);
    });
  }
}

void test_reduce_i8_to_float(void**) {
  name_skipped_rows("reduce_i8_f32", reduce_i8_f32_rows());
  for (std::uint32_t seed = 1; seed <= 150; ++seed) {
    Random random(seed);
    const Reduction r = random_reduction(random);
    const GuardedArray<std::int8_t> input(random.bytes(static_cast<std::size_t>(r.elements)));
    GuardedArray<float> output(static_cast<std::size_t>(r.results));
    ReduceI8F32Args args{};
    args.kept = r.kept, args.reduced = r.reduced, args.count = r.count;
    args.input = input.data(), args.output = output.data();
    args.in_zero_point = random.between(-128, 127);
    args.factor = random.real(0.5F, 2) / static_cast<float>(r.count);
    std::vector<float> expected;
    for (std::int64_t i = 0; i < r.results; ++i) {
      std::int64_t sum = 0;
      for (std::int64_t j = 0; j < r.count; ++j) sum += input[element_of(r, i, j)] - args.in_zero_point;
      expected.push_back(static_cast<float>(sum) * args.factor);
    }
    for_rows(reduce_i8_f32_rows(), [&](const ReduceI8F32Row& row, bool) {
      output.reset();
      run_tiles(r.results, seed % 2 == 0, [&](std::int64_t b, std::int64_t e) { row.run(args, b, e); });
      const std::string what = std::string(row.name) + ": seed " + std::to_string(seed);
      expect_equal<float>(expected, output.span(), 0, what);
      expect_guard(output, what);
    });
  }
}

// Vectors of `count` elements at `stride`, as softmax over a dimension in the middle has them.
struct Vectors {
  std::int64_t outer, count, inner;
  Loops first() const { return loops_of({outer, inner}, {count * inner, 1}); }
  std::size_t size() const { return static_cast<std::size_t>(outer * count * inner); }
  std::size_t at(std::int64_t vector, std::int64_t i) const {
    return static_cast<std::size_t>(vector / inner * count * inner + vector % inner + i * inner);
  }
};

Vectors random_vectors(Random& random) {
  return {random.between(1, 4), random.chance(3) ? random.between(1, 300) : random.between(1, 20),
          random.chance(2) ? 1 : random.between(1, 20)};
}

void test_softmax_f32(void**) {
  name_skipped_rows("softmax_f32", softmax_f32_rows());
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    const Vectors v = random_vectors(random);
    const float width = random.chance(4) ? 200.0F : 5.0F;  // far from zero: nothing overflows
    const GuardedArray<float> input(random.reals(v.size(), -width, width));
    GuardedArray<float> output(v.size());
    SoftmaxArgs args{};
    args.vectors = v.first(), args.count = v.count, args.stride = v.inner;
    args.log = random.chance(2);
    args.input = input.data(), args.output = output.data();
    std::vector<float> expected(v.size());
    for (std::int64_t i = 0; i < v.outer * v.inner; ++i) {
      double most = -INFINITY, sum = 0;
      for (std::int64_t j = 0; j < v.count; ++j) most = std::fmax(most, input[v.at(i, j)]);
      for (std::int64_t j = 0; j < v.count; ++j) sum += std::exp(input[v.at(i, j)] - most);
      for (std::int64_t j = 0; j < v.count; ++j) {
        const double shifted = input[v.at(i, j)] - most;
        expected[v.at(i, j)] = static_cast<float>(args.log ? shifted - std::log(sum) : std::exp(shifted) / sum);
      }
    }
    std::vector<float> reference;
    for_rows(softmax_f32_rows(), [&](const SoftmaxRow& row, bool is_reference) {
      output.reset();
      run_tiles(v.outer * v.inner, seed % 2 == 0, [&](std::int64_t b, std::int64_t e) { row.run(args, b, e); });
      const std::string what = std::string(row.name) + ": seed " + std::to_string(seed);
      if (is_reference) reference = output.values();
      expect_equal<float>(expected, output.span(), 1e-6, what);
      expect_equal<float>(reference, output.span(), 0, what + ", beside the reference");
      expect_guard(output, what);
    });
  }
}

// Two classes, as many detectors have them: vectors of two, one behind the other, in one piece or in several.
void test_softmax_of_two(void**) {
  for (std::int64_t count = 1; count <= 40; ++count) {
    Random random(static_cast<std::uint32_t>(count));
    const GuardedArray<float> input(random.reals(static_cast<std::size_t>(2 * count), -30, 30));
    GuardedArray<float> output(input.size());
    SoftmaxArgs args{};
    args.vectors = loops_of({count}, {2}), args.count = 2, args.stride = 1;
    args.input = input.data(), args.output = output.data();
    std::vector<float> expected(input.size());
    for (std::size_t i = 0; i < input.size(); ++i) {
      expected[i] = static_cast<float>(1 / (1 + std::exp(static_cast<double>(input[i ^ 1]) - input[i])));
    }
    std::vector<float> reference;
    for_rows(softmax_f32_rows(), [&](const SoftmaxRow& row, bool is_reference) {
      const std::string what = std::string(row.name) + ": " + std::to_string(count) + " vectors of two";
      output.reset();
      row.run(args, 0, count);
      if (is_reference) reference = output.values();
      expect_equal<float>(expected, output.span(), 1e-6, what);
      expect_equal<float>(reference, output.span(), 0, what + ", beside the reference");
      expect_guard(output, what);
      const std::vector<float> whole = output.values();
      output.reset();
      run_tiles(count, true, [&](std::int64_t b, std::int64_t e) { row.run(args, b, e); });
      expect_equal<float>(whole, output.span(), 0, what + ", in pieces");
    });
  }
}

void test_softmax_i8(void**) {
  name_skipped_rows("softmax_i8", softmax_i8_rows());
  name_skipped_rows("softmax_i8_f32", softmax_i8_f32_rows());
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    Random random(seed);
    Vectors v = random_vectors(random);
    if (seed % 4 == 0) v.outer = random.between(200, 700), v.count = 2, v.inner = 1;  // two classes, many boxes
    if (seed % 4 == 1) v.outer = random.between(1, 3), v.count = random.between(30, 1100), v.inner = 1;
    if (seed == 5) v.count = 9000;
    std::vector<std::uint32_t> table(256);
    const double scale = random.real(0.01F, 0.3F);
    for (int i = 0; i < 256; ++i) {
      table[static_cast<std::size_t>(i)] =
          static_cast<std::uint32_t>(std::nearbyint(std::exp(-scale * i) * 4294967295.0));
    }
    if (random.chance(8)) std::fill(table.begin(), table.end(), 0xFFFFFFFFU);  // the largest sums
    const GuardedArray<std::int8_t> input(random.bytes(v.size()));
    GuardedArray<std::int8_t> bytes(v.size());
    GuardedArray<float> reals(v.size());
    SoftmaxArgs args{};
    args.vectors = v.first(), args.count = v.count, args.stride = v.inner;
    args.table = table.data(), args.input = input.data();
    std::vector<std::int8_t> expected_bytes(v.size());
    std::vector<float> expected_reals(v.size());
    for (std::int64_t i = 0; i < v.outer * v.inner; ++i) {
      int most = -128;
      unsigned __int128 sum = 0;
      for (std::int64_t j = 0; j < v.count; ++j) most = std::max<int>(most, input[v.at(i, j)]);
      for (std::int64_t j = 0; j < v.count; ++j) sum += table[static_cast<std::size_t>(most - input[v.at(i, j)])];
      for (std::int64_t j = 0; j < v.count; ++j) {
        const unsigned __int128 e = table[static_cast<std::size_t>(most - input[v.at(i, j)])];
        const auto q = static_cast<std::int64_t>((256 * e + sum / 2) / sum);
        expected_bytes[v.at(i, j)] = static_cast<std::int8_t>(std::min<std::int64_t>(255, q) - 128);
        expected_reals[v.at(i, j)] =
            static_cast<float>(static_cast<double>(static_cast<float>(static_cast<double>(e))) /
                               static_cast<double>(static_cast<float>(static_cast<std::uint64_t>(sum))));
      }
    }
    const std::int64_t vectors = v.outer * v.inner;
    for_rows(softmax_i8_rows(), [&](const SoftmaxRow& row, bool) {
      args.output = bytes.data();
      run_tiles(vectors, seed % 2 == 0, [&](std::int64_t b, std::int64_t e) { row.run(args, b, e); });
      expect_equal<std::int8_t>(expected_bytes, bytes.span(), 0,
                                std::string(row.name) + ": seed " + std::to_string(seed));
      expect_guard(bytes, row.name);
    });
    for_rows(softmax_i8_f32_rows(), [&](const SoftmaxRow& row, bool) {
      args.output = reals.data();
      run_tiles(vectors, seed % 2 == 0, [&](std::int64_t b, std::int64_t e) { row.run(args, b, e); });
      expect_equal<float>(expected_reals, reals.span(), 0, std::string(row.name) + ": seed " + std::to_string(seed));
      expect_guard(reals, row.name);
    });
  }
}

void test_mat_mul_f32(void**) {
  name_skipped_rows("mat_mul_f32", mat_mul_f32_rows());
  for (std::uint32_t seed = 1; seed <= 120; ++seed) {
    Random random(seed);
    MatMulF32Args args{};
    args.m = random.between(1, 20), args.n = random.between(1, 40), args.k = random.between(1, 60);
    const GuardedArray<float> a(random.reals(static_cast<std::size_t>(args.m * args.k)));
    const GuardedArray<float> b(random.reals(static_cast<std::size_t>(args.k * args.n)));
    GuardedArray<float> c(static_cast<std::size_t>(args.m * args.n));
    args.a = a.data(), args.b = b.data(), args.c = c.data();
    std::vector<float> expected;
    for (std::int64_t m = 0; m < args.m; ++m) {
      for (std::int64_t n = 0; n < args.n; ++n) {
        double sum = 0;
        for (std::int64_t k = 0; k < args.k; ++k) {
          sum += static_cast<double>(a[static_cast<std::size_t>(m * args.k + k)]) *
                 b[static_cast<std::size_t>(k * args.n + n)];
        }
        expected.push_back(static_cast<float>(sum));
      }
    }
    for_rows(mat_mul_f32_rows(), [&](const MatMulF32Row& row, bool) {
      c.reset();
      run_tiles(args.m, seed % 2 == 0, [&](std::int64_t begin, std::int64_t end) { row.run(args, begin, end); });
      const std::string what = std::string(row.name) + ": " + std::to_string(args.m) + "x" + std::to_string(args.k) +
                               " by " + std::to_string(args.k) + "x" + std::to_string(args.n) + ", seed " +
                               std::to_string(seed);
      expect_equal<float>(expected, c.span(), 5e-6, what);
      expect_guard(c, what);
    });
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {cmocka_unit_test(test_reduce_f32),         cmocka_unit_test(test_reduce_i8),
                              cmocka_unit_test(test_reduce_i8_to_float), cmocka_unit_test(test_softmax_f32),
                              cmocka_unit_test(test_softmax_of_two),     cmocka_unit_test(test_softmax_i8),
                              cmocka_unit_test(test_mat_mul_f32)};
  return cmocka_run_group_tests_name("reduction kernels", tests, nullptr, nullptr);
}

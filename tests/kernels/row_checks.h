// The walk over the rows of a family, and the comparisons: int8 to the last bit, float32 within a tolerance.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

#include "kernels/families.h"
#include "kernels/guarded_array.h"
#include "kernels/random.h"
#include "support/cmocka.h"

namespace octet::test {

// Names the rows of a family that this machine cannot run, so that nobody takes them for tested.
template <class Row>
void name_skipped_rows(const char* family, RowList<Row> list) {
  assert_true(list.count >= 1);
  assert_true(list.rows[0]->isa == Isa::ref);
  for (int i = 1; i < list.count; ++i) {
    if (is_available(list.rows[i]->isa)) continue;
    print_message("SKIPPED: %s: %s needs %s, which this CPU does not have\n", family, list.rows[i]->name,
                  name_of(list.rows[i]->isa));
  }
}

// Calls check(row, is_reference) for the rows that can run here and that `supports` accepts, the reference first.
template <class Row, class Supports, class Check>
void for_rows(RowList<Row> list, Supports supports, Check check) {
  for (int i = 0; i < list.count; ++i) {
    const Row& row = *list.rows[i];
    if (!is_available(row.isa) || !supports(row)) {
      if (i == 0) fail_msg("the reference %s does not take a case of its family", row.name);
      continue;
    }
    check(row, i == 0);
  }
}
template <class Row, class Check>
void for_rows(RowList<Row> list, Check check) {
  for_rows(
      list, [](const Row&) { return true; }, check);
}

// Runs [0, count) in one piece, or in uneven pieces from the last to the first.
template <class Run>
void run_tiles(std::int64_t count, bool in_pieces, Run run) {
  if (!in_pieces) return run(std::int64_t{0}, count);
  std::int64_t piece = 1;
  for (std::int64_t end = count; end > 0; end -= piece, piece = piece % 3 + 1) {
    if (piece > end) piece = end;
    run(end - piece, end);
  }
}

inline bool same(std::int8_t a, std::int8_t b, double) { return a == b; }
inline bool same(std::int32_t a, std::int32_t b, double) { return a == b; }
inline bool same(std::int64_t a, std::int64_t b, double) { return a == b; }
inline bool same(float a, float b, double tolerance) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (std::isinf(a) || std::isinf(b)) return a == b;
  return std::fabs(static_cast<double>(a) - static_cast<double>(b)) <= tolerance;
}

// float32: `relative` of the largest magnitude among the expected values.
template <class T>
void expect_equal(std::span<const T> expected, std::span<const T> actual, double relative, const std::string& what) {
  assert_int_equal(expected.size(), actual.size());
  double scale = 0;
  for (const T value : expected) {
    const double magnitude = std::fabs(static_cast<double>(value));
    if (std::isfinite(magnitude)) scale = std::max(scale, magnitude);
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (same(expected[i], actual[i], relative * scale)) continue;
    fail_msg("%s\n  element %zu is %.9g, not %.9g", what.c_str(), i, static_cast<double>(actual[i]),
             static_cast<double>(expected[i]));
  }
}

template <class T>
void expect_guard(const GuardedArray<T>& array, const std::string& what) {
  if (!array.guard_intact()) fail_msg("%s\n  the memory before the output was written", what.c_str());
}

// The integer contract's last step, in double: the product of two float32 values is exact there, so that converting it
// to float32 is the one rounding that fl() stands for.
inline std::int8_t round_by_contract(float y, const OutputRange& range) {
  double limited = y;
  if (limited < range.low) limited = range.low;
  if (limited > range.high) limited = range.high;
  return static_cast<std::int8_t>(std::nearbyint(limited) + range.zero_point);
}
inline std::int8_t requantize_by_contract(std::int64_t sum, float factor, const OutputRange& range) {
  const auto value = static_cast<double>(static_cast<float>(sum));
  return round_by_contract(static_cast<float>(value * static_cast<double>(factor)), range);
}

// The full range of int8, or a part of it as a fused activation leaves.
inline OutputRange random_range(Random& random) {
  if (random.chance(4)) return {0, 255, -128};  // of a layer with ReLU, which rows may treat by itself
  const std::int32_t zero_point = random.between(-128, 127);
  std::int32_t low = -128;
  std::int32_t high = 127;
  if (random.chance(3)) low = zero_point;
  if (random.chance(4)) high = random.between(low, 127);
  return {static_cast<float>(low - zero_point), static_cast<float>(high - zero_point), zero_point};
}

}  // namespace octet::test

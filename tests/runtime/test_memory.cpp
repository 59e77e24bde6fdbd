// The memory planner: buffers that live at the same time never share a byte, and the arena is small.
#include <algorithm>
#include <vector>

#include "base/bytes.h"
#include "base/checked.h"
#include "kernels/random.h"
#include "runtime/memory.h"
#include "support/cmocka.h"

namespace octet::test {
namespace {

void expect_sound(const std::vector<Buffer>& buffers, std::size_t arena) {
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    const Buffer& a = buffers[i];
    assert_int_equal(a.offset % kAlignment, 0);
    assert_true(a.offset + a.bytes <= arena);
    for (std::size_t j = i + 1; j < buffers.size(); ++j) {
      const Buffer& b = buffers[j];
      const bool both_live = a.first <= b.last && b.first <= a.last;
      const bool apart = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
      if (both_live && !apart) fail_msg("buffers %zu and %zu live together and overlap", i, j);
    }
  }
}

std::size_t sum_of(const std::vector<Buffer>& buffers) {
  std::size_t sum = 0;
  for (const Buffer& buffer : buffers) sum += align_up(buffer.bytes, kAlignment);
  return sum;
}

// The most bytes that are live in one step: no plan can take less.
std::size_t most_live(const std::vector<Buffer>& buffers, int steps) {
  std::size_t most = 0;
  for (int step = -1; step < steps; ++step) {
    std::size_t live = 0;
    for (const Buffer& buffer : buffers) {
      if (buffer.first <= step && step <= buffer.last) live += align_up(buffer.bytes, kAlignment);
    }
    most = std::max(most, live);
  }
  return most;
}

void test_random_lifetimes(void**) {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    const int steps = random.between(1, 60);
    std::vector<Buffer> buffers(static_cast<std::size_t>(random.between(0, 80)));
    for (Buffer& buffer : buffers) {
      buffer.bytes = static_cast<std::size_t>(random.chance(10) ? 0 : random.between(1, 5000));
      buffer.first = random.between(-1, steps - 1);
      buffer.last = random.chance(4) ? buffer.first : random.between(buffer.first, steps - 1);
    }
    const std::size_t arena = place_buffers(buffers);
    expect_sound(buffers, arena);
    assert_true(arena >= most_live(buffers, steps));
    assert_true(arena <= sum_of(buffers));
  }
}

// A chain needs room for two neighbours, however long it is.
void test_chain(void**) {
  std::vector<Buffer> buffers;
  for (int i = 0; i < 50; ++i) buffers.push_back({1000, i - 1, i, 0});
  const std::size_t arena = place_buffers(buffers);
  expect_sound(buffers, arena);
  assert_int_equal(arena, 2 * 1024);
}

// Networks that shrink towards their end, with shortcuts over several layers.
void test_residual_network(void**) {
  std::vector<Buffer> buffers;
  for (int i = 0; i < 40; ++i) {
    const auto bytes = static_cast<std::size_t>(64000 >> (i / 8));
    buffers.push_back({bytes, i, i % 4 == 0 ? i + 4 : i + 1, 0});
  }
  const std::size_t arena = place_buffers(buffers);
  expect_sound(buffers, arena);
  assert_true(arena <= most_live(buffers, 45) * 5 / 4);
}

void test_same_result_each_time(void**) {
  std::vector<Buffer> first;
  for (int i = 0; i < 30; ++i) first.push_back({static_cast<std::size_t>(100 * (i % 3 + 1)), i / 2, i / 2 + 2, 0});
  std::vector<Buffer> second = first;
  assert_int_equal(place_buffers(first), place_buffers(second));
  for (std::size_t i = 0; i < first.size(); ++i) assert_int_equal(first[i].offset, second[i].offset);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {cmocka_unit_test(test_random_lifetimes), cmocka_unit_test(test_chain),
                              cmocka_unit_test(test_residual_network), cmocka_unit_test(test_same_result_each_time)};
  return cmocka_run_group_tests_name("memory planner", tests, nullptr, nullptr);
}

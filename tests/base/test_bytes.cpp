// Bytes, status and checked arithmetic.
#include <limits>
#include <new>

#include "base/bytes.h"
#include "base/checked.h"
#include "support/expect.h"

namespace octet::test {
namespace {

bool is_aligned(const void* p) { return reinterpret_cast<std::uintptr_t>(p) % kAlignment == 0; }

void test_memory_is_aligned_and_zero(void**) {
  for (const std::size_t size : {0, 1, 63, 64, 65, 100000}) {
    const auto memory = allocate_aligned(size);
    assert_true(memory != nullptr && is_aligned(memory.get()));
    for (std::size_t i = 0; i < size; ++i) assert_true(memory[i] == std::byte{0});
  }
}

void test_sizes_that_no_memory_has(void**) {
  for (const std::size_t size : {SIZE_MAX, SIZE_MAX - 10, SIZE_MAX / 2 + 1}) {
    bool thrown = false;
    try {
      allocate_aligned(size);
    } catch (const std::bad_alloc&) {
      thrown = true;
    }
    assert_true(thrown);
  }
}

void test_copies_and_slices_share_their_memory(void**) {
  Bytes part;
  {
    const std::vector<std::int32_t> values{1, 2, 3, 4};
    const Bytes whole = Bytes::from(values);
    assert_true(is_aligned(whole.data()));
    assert_int_equal(whole.size(), 16);
    part = whole.slice(4, 8);
  }
  const auto values = part.as<std::int32_t>();  // the owner lives on in the slice
  assert_int_equal(values.size(), 2);
  assert_int_equal(values[0], 2);
  assert_int_equal(values[1], 3);
  assert_true(Bytes().empty());
  assert_true(Bytes::copy_of(nullptr, 0).empty());
}

void test_bytes_keep_a_foreign_owner(void**) {
  const auto owner = std::make_shared<int>(7);
  {
    const Bytes bytes(owner, reinterpret_cast<const std::byte*>(owner.get()), sizeof(int));
    const Bytes other = bytes;
    assert_int_equal(owner.use_count(), 3);
    assert_int_equal(other.as<int>()[0], 7);
  }
  assert_int_equal(owner.use_count(), 1);
}

void test_checked_arithmetic(void**) {
  std::int64_t result = 0;
  assert_true(checked_mul(std::int64_t{3}, std::int64_t{-4}, &result) && result == -12);
  assert_false(checked_mul(std::int64_t{1} << 40, std::int64_t{1} << 40, &result));
  assert_true(checked_add(std::int64_t{3}, std::int64_t{4}, &result) && result == 7);
  assert_false(checked_add(std::numeric_limits<std::int64_t>::max(), std::int64_t{1}, &result));
  std::size_t size = 0;
  assert_false(checked_mul(SIZE_MAX, std::size_t{2}, &size));
  assert_int_equal(ceil_div(7, 3), 3);
  assert_int_equal(ceil_div(6, 3), 2);
  assert_int_equal(align_up(1, 64), 64);
  assert_int_equal(align_up(64, 64), 64);
  assert_int_equal(align_up(0, 64), 0);
}

Result<int> half_of(int value) {
  if (value % 2 != 0) return fail(Code::argument, std::to_string(value) + " is odd");
  return value / 2;
}

Status quarter_of(int value, int* out) {
  OCTET_ASSIGN(const int half, half_of(value));
  OCTET_ASSIGN(*out, half_of(half));
  OCTET_TRY(Status());
  return {};
}

void test_status_and_result(void**) {
  int quarter = -1;
  expect_ok(quarter_of(12, &quarter));
  assert_int_equal(quarter, 3);
  expect_failure(quarter_of(7, &quarter), Code::argument, {"7 is odd"});
  expect_failure(quarter_of(6, &quarter).within("here"), Code::argument, {"here: 3 is odd"});
  assert_int_equal(quarter, 3);
  assert_true(Status().within("anywhere").message().empty());
  assert_true(*half_of(4) == 2 && half_of(4).ok() && !half_of(5).ok());
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_memory_is_aligned_and_zero),
      cmocka_unit_test(test_sizes_that_no_memory_has),
      cmocka_unit_test(test_copies_and_slices_share_their_memory),
      cmocka_unit_test(test_bytes_keep_a_foreign_owner),
      cmocka_unit_test(test_checked_arithmetic),
      cmocka_unit_test(test_status_and_result),
  };
  return cmocka_run_group_tests_name("bytes and results", tests, nullptr, nullptr);
}

#include "export/names.h"
#include "support/cmocka.h"

namespace octet::test {
namespace {

void expect_name(UniqueNames& names, const char* wanted, const char* expected) {
  assert_string_equal(names.take(wanted).c_str(), expected);
}

void test_each_name_once(void**) {
  UniqueNames names;
  expect_name(names, "x", "x");
  expect_name(names, "x", "x_2");
  expect_name(names, "x", "x_3");
  expect_name(names, "y_2", "y_2");
  expect_name(names, "y", "y");
  expect_name(names, "y", "y_3");  // "y_2" is somebody's
}

void test_names_that_no_file_may_have(void**) {
  UniqueNames names;
  expect_name(names, "", "unnamed");
  expect_name(names, "", "unnamed_2");
  expect_name(names,
              "a\xff"
              "b",
              "a?b");
  expect_name(names, "a\n", "a?");
  expect_name(names, "caf\xc3\xa9", "caf\xc3\xa9");
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_each_name_once),
      cmocka_unit_test(test_names_that_no_file_may_have),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// Texts of messages.
#include "base/text.h"
#include "support/cmocka.h"

namespace octet::test {
namespace {

void test_shapes(void**) {
  assert_string_equal(shape_text(std::vector<std::int64_t>{1, 3, 224, 224}).c_str(), "1x3x224x224");
  assert_string_equal(shape_text(std::vector<std::int64_t>{}).c_str(), "scalar");
  assert_string_equal(shape_text(std::vector<std::int64_t>{-1, 0}).c_str(), "?x0");
}

void test_lists(void**) {
  const std::vector<std::string> names{"a", "b", "c", "d"};
  assert_string_equal(list_text(names).c_str(), "a, b, c and d");
  assert_string_equal(list_text(names, 2).c_str(), "a, b and 2 more");
  assert_string_equal(list_text(std::vector<std::string>{"a"}).c_str(), "a");
  assert_string_equal(list_text(std::vector<std::string>{"a", "b"}).c_str(), "a and b");
  assert_string_equal(list_text(std::vector<std::string>{}).c_str(), "");
}

void test_nearest_word(void**) {
  const std::string_view words[] = {"KL", "ADMM", "MINMAX", "feature_quantize_method", "weight_quantize_method"};
  assert_string_equal(nearest_word("MINMAXX", words).c_str(), "MINMAX");
  assert_string_equal(nearest_word("feature_quantise_method", words).c_str(), "feature_quantize_method");
  assert_string_equal(nearest_word("something else", words).c_str(), "");
  assert_string_equal(nearest_word("", words).c_str(), "");
  assert_string_equal(nearest_word(std::string(100000, 'x'), words).c_str(), "");
}

// Names of files and tensors go into messages: nothing in them reaches a terminal as a command.
void test_printable(void**) {
  assert_string_equal(printable("plain name").c_str(), "plain name");
  assert_string_equal(printable("a\x1b[31mb\n\x7f").c_str(), "a?[31mb??");
  assert_string_equal(printable("gr\xC3\xBC\xC3\x9F").c_str(), "gr\xC3\xBC\xC3\x9F");
  assert_string_equal(printable("cut\xC3").c_str(), "cut?");
  assert_string_equal(printable("\xFF\xFE\xC0\x80").c_str(), "????");
  assert_string_equal(printable("long name", 4).c_str(), "long...");
  assert_string_equal(printable(std::string_view("a\0b", 3)).c_str(), "a?b");
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {cmocka_unit_test(test_shapes), cmocka_unit_test(test_lists),
                              cmocka_unit_test(test_nearest_word), cmocka_unit_test(test_printable)};
  return cmocka_run_group_tests_name("texts", tests, nullptr, nullptr);
}

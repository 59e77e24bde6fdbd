// Labels: which line belongs to which image.
#include "quantize/labels.h"
#include "quantize/listed_source.h"
#include "support/expect.h"
#include "support/temporary.h"

using namespace octet;
using namespace octet::test;

namespace {

Result<std::vector<std::int64_t>> labels_of(const std::string& text, const std::vector<std::string>& paths,
                                            std::int64_t offset = 0) {
  const TemporaryFolder folder;
  ListedSource source(std::vector<std::vector<float>>(paths.size(), {0}));
  source.paths = paths;
  return load_labels(folder.write("labels.tsv", text), source, offset);
}

void expect_labels(const Result<std::vector<std::int64_t>>& labels, const std::vector<std::int64_t>& expected) {
  expect_ok(labels.status());
  assert_int_equal(labels.value().size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) assert_int_equal(labels.value()[i], expected[i]);
}

void test_each_image_gets_the_class_of_its_line(void**) {
  expect_labels(labels_of("file\tclass_index\tname\nb.jpg\t7\ta cat\na.jpg\t3\ta dog\n", {"a.jpg", "b.jpg", "c.jpg"}),
                {3, 7, -1});
}

void test_columns_are_found_by_the_header(void**) {
  expect_labels(labels_of("name\tclass_index\tx\tfile\ncat\t4\t\ta.jpg\n", {"a.jpg"}), {4});
}

void test_files_match_by_the_end_of_their_paths(void**) {
  const std::string text = "file\tclass_index\nval/cats/1.jpg\t1\nval/dogs/1.jpg\t2\n";
  expect_labels(labels_of(text, {"/data/val/dogs/1.jpg", "/data/val/cats/1.jpg"}), {2, 1});
  expect_labels(labels_of(text, {"dogs/1.jpg"}), {2});
  // Whole names only, and one must be the whole end of the other.
  expect_labels(labels_of(text, {"cats/1.jpg", "hotdogs/1.jpg", "11.jpg"}), {1, -1, -1});
}

void test_longest_match_counts(void**) {
  expect_labels(labels_of("file\tclass_index\n1.jpg\t1\ndogs/1.jpg\t2\n", {"cats/1.jpg", "x/dogs/1.jpg"}), {1, 2});
}

void test_offset_is_added(void**) {
  const std::string text = "file\tclass_index\na.jpg\t0\nb.jpg\t999\n";
  expect_labels(labels_of(text, {"a.jpg", "b.jpg"}, 1), {1, 1000});
  expect_labels(labels_of(text, {"a.jpg", "b.jpg"}, -1), {-1, 998});  // below the first class there is none
}

void test_files_of_other_systems(void**) {
  expect_labels(labels_of("\xEF\xBB\xBF"
                          "file\tclass_index\r\na.jpg\t5\r\n\r\n",
                          {"a.jpg"}),
                {5});
  expect_labels(labels_of("file\tclass_index\na.jpg\t5", {"a.jpg"}), {5});
}

void test_bad_lines_are_named(void**) {
  const auto expect_bad = [](const std::string& text, std::initializer_list<std::string_view> words) {
    expect_failure(labels_of(text, {"a.jpg"}).status(), Code::data, words);
  };
  expect_bad("a.jpg\t1\n", {"labels.tsv", "line 1", "'file'", "'class_index'"});
  expect_bad("", {"line 1", "header"});
  expect_bad("file\tclass_index\na.jpg\t1\nb.jpg\n", {"line 3", "1 columns"});
  expect_bad("file\tclass_index\na.jpg\tcat\n", {"line 2", "'cat'"});
  expect_bad("file\tclass_index\na.jpg\t-1\n", {"line 2", "'-1'"});
  expect_bad("file\tclass_index\na.jpg\t1.5\n", {"line 2", "'1.5'"});
  expect_bad("file\tclass_index\na.jpg\t99999999999999999999\n", {"line 2"});
}

void test_offset_that_leaves_64_bits_is_an_error(void**) {
  expect_failure(labels_of("file\tclass_index\na.jpg\t9223372036854775807\n", {"a.jpg"}, 1).status(), Code::data,
                 {"line 2", "offset"});
}

void test_labels_of_other_images_are_an_error(void**) {
  expect_failure(labels_of("file\tclass_index\nx.jpg\t1\n", {"a.jpg", "b.jpg"}).status(), Code::data,
                 {"labels.tsv", "none of the 2", "sample-0"});
}

void test_missing_file(void**) {
  const ListedSource source(std::vector<std::vector<float>>(1, {0}));
  expect_failure(load_labels("/nowhere/labels.tsv", source, 0).status(), Code::io, {"/nowhere/labels.tsv"});
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_each_image_gets_the_class_of_its_line),
      cmocka_unit_test(test_columns_are_found_by_the_header),
      cmocka_unit_test(test_files_match_by_the_end_of_their_paths),
      cmocka_unit_test(test_longest_match_counts),
      cmocka_unit_test(test_offset_is_added),
      cmocka_unit_test(test_files_of_other_systems),
      cmocka_unit_test(test_bad_lines_are_named),
      cmocka_unit_test(test_offset_that_leaves_64_bits_is_an_error),
      cmocka_unit_test(test_labels_of_other_images_are_an_error),
      cmocka_unit_test(test_missing_file),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

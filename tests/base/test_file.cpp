// Files: mapped or read whole, written beside their target and renamed.
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "base/file.h"
#include "support/expect.h"
#include "support/temporary.h"

namespace octet::test {
namespace {

std::string content(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

void test_files_of_all_sizes(void**) {
  const TemporaryFolder folder;
  for (const std::size_t size : {0, 1, 16 * 1024 - 1, 16 * 1024, 100001}) {
    std::string written(size, 'x');
    for (std::size_t i = 0; i < size; ++i) written[i] = static_cast<char>(i * 7);
    const auto bytes = map_file(folder.write("file", written));
    expect_ok(bytes.status());
    assert_true(content(*bytes) == written);
  }
}

// A mapped model stays as it was loaded when a new one is written over it.
void test_mapping_survives_a_new_version(void**) {
  const TemporaryFolder folder;
  const std::string path = folder.write("model", std::string(50000, 'a'));
  const auto bytes = map_file(path);
  expect_ok(write_file_atomically(path, std::string(50000, 'b')));
  assert_true(content(*bytes) == std::string(50000, 'a'));
  assert_true(content(*map_file(path)) == std::string(50000, 'b'));
}

void test_what_cannot_be_read(void**) {
  const TemporaryFolder folder;
  expect_failure(map_file(folder.path("none")).status(), Code::io, {"none", "No such file"});
  expect_failure(map_file(folder.path()).status(), Code::io, {"folder"});
  expect_failure(map_file("").status(), Code::io, {"cannot open"});
}

void test_what_cannot_be_written(void**) {
  const TemporaryFolder folder;
  expect_failure(write_file_atomically(folder.path("none/file"), "text"), Code::io, {"none/file"});
  std::filesystem::create_directory(folder.path("taken"));
  expect_failure(write_file_atomically(folder.path("taken"), "text"), Code::io, {"taken"});
  const auto files = list_files(folder.path());
  expect_ok(files.status());
  assert_true(files->empty());  // no temporary file is left
}

void test_pieces_are_joined(void**) {
  const TemporaryFolder folder;
  const char a[] = "first ";
  const char b[] = "second";
  const std::span<const std::byte> pieces[] = {std::as_bytes(std::span(a, 6)), {}, std::as_bytes(std::span(b, 6))};
  expect_ok(write_file_atomically(folder.path("joined"), pieces));
  assert_true(content(*map_file(folder.path("joined"))) == "first second");
}

void test_lists(void**) {
  const TemporaryFolder folder;
  folder.write("b.png", "");
  folder.write("a.png", "");
  folder.write("C.png", "");
  std::filesystem::create_directory(folder.path("sub"));
  std::filesystem::create_symlink(folder.path("a.png"), folder.path("link"));
  std::filesystem::create_symlink(folder.path("gone"), folder.path("broken"));
  const auto files = list_files(folder.path());
  expect_ok(files.status());
  assert_true(*files == std::vector<std::string>({"C.png", "a.png", "b.png", "link"}));
  const auto folders = list_folders(folder.path());
  expect_ok(folders.status());
  assert_true(*folders == std::vector<std::string>({"sub"}));
  expect_failure(list_files(folder.path("none")).status(), Code::io, {"none"});
}

void test_names(void**) {
  assert_string_equal(folder_of("/a/b/c.onnx").c_str(), "/a/b/");
  assert_string_equal(folder_of("c.onnx").c_str(), "");
  assert_string_equal(join_path("/a", "b").c_str(), "/a/b");
  assert_string_equal(join_path("/a/", "b").c_str(), "/a/b");
  assert_string_equal(join_path("/a", "/b").c_str(), "/b");
  assert_string_equal(join_path("", "b").c_str(), "b");
  assert_string_equal(ending_of("x/y.tar.ONNX").c_str(), "onnx");
  assert_string_equal(ending_of("a.b/name").c_str(), "");
  assert_true(is_folder("/") && !is_file("/") && !is_folder("/none") && !is_file("/none"));
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_files_of_all_sizes),
      cmocka_unit_test(test_mapping_survives_a_new_version),
      cmocka_unit_test(test_what_cannot_be_read),
      cmocka_unit_test(test_what_cannot_be_written),
      cmocka_unit_test(test_pieces_are_joined),
      cmocka_unit_test(test_lists),
      cmocka_unit_test(test_names),
  };
  return cmocka_run_group_tests_name("files", tests, nullptr, nullptr);
}

// Arrays in .npy files, good ones and damaged ones.
#include <cmath>

#include "cli/failure.h"
#include "cli/npy.h"
#include "cli/text.h"
#include "support/cmocka.h"
#include "support/temporary.h"

namespace octet::cli {
namespace {

q_tensor_info tensor_of(std::initializer_list<std::int64_t> dims) {
  q_tensor_info tensor{};
  tensor.name = text_of("x");
  tensor.element_count = 1;
  for (const std::int64_t dim : dims) {
    tensor.dims[tensor.rank++] = dim;
    tensor.element_count *= dim;
  }
  return tensor;
}

std::string npy(const std::string& header, const std::string& data, int version = 1) {
  std::string text = std::string("\x93NUMPY") + static_cast<char>(version) + '\0';
  const auto size = static_cast<std::uint32_t>(header.size());
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) text += static_cast<char>(size >> (8 * i));
  return text + header + data;
}

std::string header(const std::string& type, const std::string& shape, const char* fortran = "False") {
  return "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}

template <class T>
std::string raw(std::initializer_list<T> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T)};
}

// Reads the bytes as the tensor 1x2x2.
std::vector<float> read(const std::string& bytes) {
  const test::TemporaryFolder folder;
  std::vector<float> values(4, -1);
  read_npy(folder.write("a.npy", bytes), tensor_of({1, 2, 2}), values);
  return values;
}

void expect_refused(const std::string& bytes, q_status code, const char* part) {
  try {
    read(bytes);
  } catch (const Failure& failure) {
    if (failure.message().find(part) == std::string::npos) print_error("%s\n", failure.message().c_str());
    assert_true(failure.message().find(part) != std::string::npos);
    assert_true(failure.message().find("a.npy") != std::string::npos);
    assert_int_equal(failure.code(), code);
    return;
  }
  fail_msg("no failure");
}

void all_types_are_read(void**) {
  const std::vector<float> expected = {1, 2, 3, 4};
  assert_true(read(npy(header("<f4", "(1, 2, 2)"), raw<float>({1, 2, 3, 4}))) == expected);
  assert_true(read(npy(header("<f8", "(1, 2, 2)"), raw<double>({1, 2, 3, 4}))) == expected);
  assert_true(read(npy(header("|u1", "(1, 2, 2)"), raw<std::uint8_t>({1, 2, 3, 4}))) == expected);
  assert_true(read(npy(header("|i1", "(1, 2, 2)"), raw<std::int8_t>({1, 2, 3, 4}))) == expected);
  assert_true(read(npy(header("<i4", "(1, 2, 2)"), raw<std::int32_t>({1, 2, 3, 4}))) == expected);
  assert_true(read(npy(header("|i1", "(2, 2)"), raw<std::int8_t>({-128, 127, 0, -1})))[0] == -128);
  assert_true(std::isinf(read(npy(header("<f8", "(2, 2)"), raw<double>({1e300, -1e300, 0, 0})))[0]));
}

void shapes_may_lack_the_batch_or_be_flat(void**) {
  for (const char* shape : {"(2, 2)", "(1, 1, 2, 2)", "(4,)", "( 2L , 2L )"}) {
    assert_true(read(npy(header("<f4", shape), raw<float>({1, 2, 3, 4})))[3] == 4);
  }
  for (const int version : {2, 3})
    assert_true(read(npy(header("<f4", "(4,)"), raw<float>({1, 2, 3, 4}), version))[3] == 4);
}

void other_shapes_are_refused(void**) {
  for (const char* shape : {"(2, 3)", "(1, 4, 1)", "()", "(2, 2, 2)", "(0,)", "(9223372036854775807, 2)"}) {
    expect_refused(npy(header("<f4", shape), raw<float>({1, 2, 3, 4})), Q_E_SHAPE, "does not fit input 'x'");
  }
}

void what_is_not_understood_is_refused(void**) {
  const std::string data = raw<float>({1, 2, 3, 4});
  expect_refused(npy(header(">f4", "(2, 2)"), data), Q_E_UNSUPPORTED, "'>f4'");
  expect_refused(npy(header("<c8", "(2, 2)"), data), Q_E_UNSUPPORTED, "'<c8'");
  expect_refused(npy(header("<f4", "(2, 2)", "True"), data), Q_E_FORMAT, "Fortran");
  expect_refused(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (4,), }", data), Q_E_FORMAT,
                 "records");
  expect_refused(npy(header("<f4", "(2, 2)"), data, 9), Q_E_FORMAT, "version 9");
}

void damage_is_refused(void**) {
  const std::string good = npy(header("<f4", "(2, 2)"), raw<float>({1, 2, 3, 4}));
  for (std::size_t size = 0; size < good.size(); ++size) expect_refused(good.substr(0, size), Q_E_FORMAT, "");
  expect_refused(good + "x", Q_E_FORMAT, "follow");
  expect_refused("PK\3\4 not an array", Q_E_FORMAT, "not a .npy file");
  expect_refused(npy(header("<f4", "(2, -2)"), ""), Q_E_FORMAT, "shape");
  expect_refused(npy(header("<f4", "(99999999999999999999,)"), ""), Q_E_FORMAT, "shape");
  expect_refused(npy("{'descr': '<f4', 'fortran_order': False}", ""), Q_E_FORMAT, "'shape'");
  expect_refused(npy("{'descr': '<f4", ""), Q_E_FORMAT, "");
  expect_refused(std::string("\x93NUMPY\2\0\xff\xff\xff\xff", 12), Q_E_FORMAT, "header");
}

void what_is_written_can_be_read(void**) {
  const test::TemporaryFolder folder;
  const std::int64_t dims[] = {2, 3};
  const std::vector<float> values = {1, -2, 3.5f, NAN, INFINITY, 6};
  write_npy(folder.path("b.npy"), dims, values);
  std::vector<float> back(6);
  read_npy(folder.path("b.npy"), tensor_of({2, 3}), back);
  assert_true(back[2] == 3.5f && std::isnan(back[3]) && std::isinf(back[4]));
  const auto size = std::filesystem::file_size(folder.path("b.npy"));
  assert_int_equal((size - 24) % 64, 0);
}

void files_that_cannot_be_opened_are_named(void**) {
  const test::TemporaryFolder folder;
  std::vector<float> values(4);
  for (const std::string& path : {folder.path(), folder.path("missing.npy")}) {
    try {
      read_npy(path, tensor_of({4}), values);
      fail_msg("no failure");
    } catch (const Failure& failure) {
      assert_int_equal(failure.code(), Q_E_IO);
      assert_true(failure.message().find(path) != std::string::npos);
    }
  }
}

}  // namespace
}  // namespace octet::cli

int main() {
  using namespace octet::cli;
  const CMUnitTest tests[] = {
      cmocka_unit_test(all_types_are_read),
      cmocka_unit_test(shapes_may_lack_the_batch_or_be_flat),
      cmocka_unit_test(other_shapes_are_refused),
      cmocka_unit_test(what_is_not_understood_is_refused),
      cmocka_unit_test(damage_is_refused),
      cmocka_unit_test(what_is_written_can_be_read),
      cmocka_unit_test(files_that_cannot_be_opened_are_named),
  };
  return cmocka_run_group_tests_name("cli/npy", tests, nullptr, nullptr);
}

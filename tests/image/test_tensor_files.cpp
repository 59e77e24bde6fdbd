// Tensors from .npy, text and raw files; every damaged one is an error that says what is wrong.
#include <bit>
#include <cmath>
#include <cstring>

#include "image/tensor_file.h"
#include "support/cmocka.h"
#include "support/keep_file.h"
#include "support/temporary.h"

namespace {

using namespace octet;
using namespace octet::test;

std::string npy_file(const std::string& dictionary, const std::string& elements, int version = 1) {
  std::string header = dictionary + "\n";
  std::string file = "\x93NUMPY";
  file += static_cast<char>(version);
  file += '\0';
  for (std::size_t i = 0; i < (version == 1 ? 2u : 4u); ++i) file += static_cast<char>(header.size() >> (8 * i));
  return file + header + elements;
}

template <class T>
std::string bytes_of(std::initializer_list<T> values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), values.begin(), bytes.size());
  return bytes;
}

std::string dictionary(const std::string& descr, const std::string& shape, const char* fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

Result<FloatArray> read(const std::string& file) {
  return read_npy(std::as_bytes(std::span(file.data(), file.size())));
}

void assert_array(const std::string& file, const std::vector<std::int64_t>& dims, const std::vector<float>& values) {
  keep_file("tensor", file);
  const auto array = read(file);
  if (!array.ok()) fail_msg("%s", array.status().message().c_str());
  assert_true(array->dims == dims);
  assert_true(array->values == values);
}

void assert_error(const std::string& file, const char* part) {
  keep_file("tensor", file);
  const auto array = read(file);
  assert_false(array.ok());
  assert_int_equal(static_cast<int>(array.status().code()), static_cast<int>(Code::format));
  if (array.status().message().find(part) == std::string::npos) {
    fail_msg("'%s' is not in '%s'", part, array.status().message().c_str());
  }
}

void npy_element_types_become_float(void**) {
  assert_array(npy_file(dictionary("<f4", "(2, 3)"), bytes_of({1.5f, -2.f, 3.f, 4.f, 5.f, 6.25f})), {2, 3},
               {1.5f, -2, 3, 4, 5, 6.25f});
  assert_array(npy_file(dictionary("<f8", "(2,)"), bytes_of({0.1, -1e-3})), {2}, {0.1f, -1e-3f});
  assert_array(npy_file(dictionary("|u1", "(2, 1)"), bytes_of<std::uint8_t>({0, 255})), {2, 1}, {0, 255});
  assert_array(npy_file(dictionary("|i1", "(2,)"), bytes_of<std::int8_t>({-128, 127})), {2}, {-128, 127});
  assert_array(npy_file(dictionary("|b1", "(2,)"), bytes_of<std::uint8_t>({1, 0})), {2}, {1, 0});
  assert_array(npy_file(dictionary("<u2", "(1,)"), bytes_of<std::uint16_t>({65535})), {1}, {65535});
  assert_array(npy_file(dictionary("<i2", "(1,)"), bytes_of<std::int16_t>({-2})), {1}, {-2});
  assert_array(npy_file(dictionary("<i4", "(1,)"), bytes_of<std::int32_t>({-70000})), {1}, {-70000});
  assert_array(npy_file(dictionary("<u4", "(1,)"), bytes_of<std::uint32_t>({4294967295u})), {1}, {4294967296.f});
  assert_array(npy_file(dictionary("<i8", "(1,)"), bytes_of<std::int64_t>({-5})), {1}, {-5});
  assert_array(npy_file(dictionary("<u8", "(1,)"), bytes_of<std::uint64_t>({7})), {1}, {7});
  // float16: 1, -2, 65504, the smallest subnormal, 0.333...
  assert_array(npy_file(dictionary("<f2", "(5,)"), bytes_of<std::uint16_t>({0x3C00, 0xC000, 0x7BFF, 1, 0x3555})), {5},
               {1, -2, 65504, 0x1p-24f, 0x1.554p-2f});
}

void npy_headers_of_all_versions_and_shapes_are_read(void**) {
  assert_array(npy_file(dictionary("<f4", "()"), bytes_of({4.f})), {}, {4});
  assert_array(npy_file(dictionary("<f4", "(0, 5)"), ""), {0, 5}, {});
  assert_array(npy_file(dictionary("<f4", "(1L, 1L)"), bytes_of({4.f}), 2), {1, 1}, {4});
  assert_array(npy_file("{\"shape\":(1,),\"fortran_order\":False,\"descr\":\"<f4\"}   ", bytes_of({4.f}), 3), {1}, {4});
}

void npy_files_that_cannot_be_read_say_why(void**) {
  const std::string one = bytes_of({1.f});
  assert_error(npy_file(dictionary("<f4", "(1,)", "True"), one), "Fortran");
  assert_error(npy_file(dictionary(">f4", "(1,)"), one), "big-endian");
  assert_error(npy_file(dictionary("<c8", "(1,)"), one), "'<c8'");
  assert_error(npy_file(dictionary("O", "(1,)"), one), "'O'");
  assert_error(npy_file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", one), "structured");
  assert_error(npy_file(dictionary("<f4", "(2,)"), one), "truncated");
  assert_error(npy_file(dictionary("<f4", "(1,)"), one + "x"), "damaged");
  assert_error(npy_file(dictionary("<f4", "(4611686018427387904, 4)"), one), "truncated");
  assert_error(npy_file(dictionary("<f4", "(-1,)"), one), "shape");
  assert_error(npy_file(dictionary("<f4", "(1"), one), "shape");
  assert_error(npy_file("{'descr': '<f4', 'shape': (1,)}", one), "fortran_order");
  assert_error(npy_file(dictionary("<f4", "(1,)"), one, 9), "version 9");
  assert_error("no array", "not a NumPy");
}

void damaged_npy_files_never_do_harm(void**) {
  const std::string file = npy_file(dictionary("<f4", "(2, 2)"), bytes_of({1.f, 2.f, 3.f, 4.f}));
  for (std::size_t length = 0; length < file.size(); ++length) assert_false(read(file.substr(0, length)).ok());
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string damaged = file;
      damaged[at] = static_cast<char>(value);
      const auto array = read(damaged);
      if (array.ok()) assert_true(array->values.size() <= 16);
    }
  }
}

void text_raw_and_npy_files_are_told_apart_by_their_ending(void**) {
  const TemporaryFolder folder;
  const auto values = [](const std::string& path) {
    const auto array = read_tensor_file(path);
    if (!array.ok()) fail_msg("%s", array.status().message().c_str());
    return array->values;
  };
  const std::vector<float> expected{1, -2.5f, 300, 0.125f};
  assert_true(values(folder.write("a.txt", "1 -2.5\n+3e2\t\r\n.125\n")) == expected);
  assert_true(values(folder.write("a.raw", bytes_of({1.f, -2.5f, 300.f, 0.125f}))) == expected);
  assert_true(values(folder.write("a.BIN", bytes_of({1.f, -2.5f, 300.f, 0.125f}))) == expected);
  assert_true(values(folder.write("a.npy", npy_file(dictionary("<f8", "(4,)"), bytes_of({1., -2.5, 300., .125})))) ==
              expected);
  assert_true(values(folder.write("empty.txt", "")).empty());
}

void unusable_values_are_errors_that_name_the_file(void**) {
  const TemporaryFolder folder;
  const auto error = [&](const char* name, const std::string& content, Code code, const char* part) {
    keep_file("tensor", content);
    const auto array = read_tensor_file(folder.write(name, content));
    assert_false(array.ok());
    assert_int_equal(static_cast<int>(array.status().code()), static_cast<int>(code));
    for (const char* needed : {part, name}) {
      if (array.status().message().find(needed) == std::string::npos) {
        fail_msg("'%s' is not in '%s'", needed, array.status().message().c_str());
      }
    }
  };
  error("a.txt", "1 2\n3 four", Code::format, "line 2: 'four'");
  error("b.txt", "1e39", Code::format, "1e39");
  error("c.txt", "1e999", Code::format, "1e999");
  error("d.txt", "1,2", Code::format, "1,2");
  error("e.txt", "+-1", Code::format, "+-1");
  error("f.txt", "1 nan", Code::data, "value 2");
  error("g.txt", "-inf", Code::data, "value 1");
  error("h.raw", "12345", Code::format, "5 bytes");
  error("i.raw", bytes_of({1.f, INFINITY}), Code::data, "value 2");
  error("j.npy", npy_file(dictionary("<f4", "(1,)"), bytes_of({NAN})), Code::data, "value 1");
  error("k.npy", npy_file(dictionary("<f8", "(1,)"), bytes_of({1e300})), Code::data, "value 1");
  error("l.csv", "1", Code::format, ".npy");
  const auto missing = read_tensor_file(folder.path("missing.txt"));
  assert_int_equal(static_cast<int>(missing.status().code()), static_cast<int>(Code::io));
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(npy_element_types_become_float),
      cmocka_unit_test(npy_headers_of_all_versions_and_shapes_are_read),
      cmocka_unit_test(npy_files_that_cannot_be_read_say_why),
      cmocka_unit_test(damaged_npy_files_never_do_harm),
      cmocka_unit_test(text_raw_and_npy_files_are_told_apart_by_their_ending),
      cmocka_unit_test(unusable_values_are_errors_that_name_the_file),
  };
  return cmocka_run_group_tests_name("tensor files", tests, nullptr, nullptr);
}

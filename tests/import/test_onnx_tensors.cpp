// Every way in which ONNX stores the elements of a tensor.
#include <cmath>

#include "import/onnx/expect.h"
#include "import/onnx/model_writer.h"
#include "support/cmocka.h"
#include "support/temporary.h"

namespace octet::test {
namespace {

using Fill = void (*)(protozero::pbf_writer&);

// A model that adds initializer "w" to its input.
OnnxModel model_with(const std::string& tensor_message) {
  OnnxModel model;
  model.input("x", {1, 4}).output("y").initializer(tensor_message).node("Add", {"x", "w"}, {"y"});
  return model;
}

std::string tensor_of(int type, const std::vector<std::int64_t>& dims, Fill fill) {
  return message([&](protozero::pbf_writer& out) {
    for (const auto dim : dims) out.add_int64(1, dim);
    out.add_int32(2, type);
    out.add_string(8, "w");
    fill(out);
  });
}

const Tensor& constant_of(const Graph& graph) {
  const Tensor& tensor = graph.at(graph.nodes[0].inputs[1]);
  assert_true(tensor.constant);
  assert_int_equal(reinterpret_cast<std::uintptr_t>(tensor.data.data()) % kAlignment, 0);
  return tensor;
}

template <class T>
void expect_values(const std::string& tensor_message, DType dtype, const std::vector<T>& expected) {
  const Graph graph = import_ok(model_with(tensor_message));
  const Tensor& tensor = constant_of(graph);
  assert_true(tensor.dtype == dtype);
  const auto values = tensor.data.as<T>();
  assert_int_equal(values.size(), expected.size());
  assert_memory_equal(values.data(), expected.data(), expected.size() * sizeof(T));
}

void test_raw(void**) {
  const std::vector<float> floats{1, -2, 0.5f, 8};
  expect_values(tensor("w", {4}, kFloat, raw(floats)), DType::f32, floats);
  const std::vector<std::int64_t> longs{1, -2, 1LL << 40};
  expect_values(tensor("w", {3}, kInt64, raw(longs)), DType::i64, longs);
  const std::vector<std::int8_t> bytes{1, -128};
  expect_values(tensor("w", {2}, kInt8, raw(bytes)), DType::i8, bytes);
  expect_values(tensor("w", {2}, kDouble, raw(std::vector<double>{0.25, -1e300})), DType::f32,
                std::vector<float>{0.25f, -INFINITY});
  expect_values(tensor("w", {3}, kHalf, raw(std::vector<std::uint16_t>{0x3C00, 0xC000, 0x0001})), DType::f32,
                std::vector<float>{1, -2, 0x1p-24f});
  expect_values(tensor("w", {2}, kBfloat16, raw(std::vector<std::uint16_t>{0x3F80, 0xC040})), DType::f32,
                std::vector<float>{1, -3});
  expect_values(tensor("w", {3}, kBool, std::string("\0\1\2", 3)), DType::boolean, std::vector<std::uint8_t>{0, 1, 1});
}

void test_typed_fields(void**) {
  const std::vector<float> floats{1, -2, 3};
  expect_values(tensor_of(kFloat, {3},
                          [](auto& out) {
                            const std::vector<float> values{1, -2, 3};
                            out.add_packed_float(4, values.begin(), values.end());
                          }),
                DType::f32, floats);
  expect_values(tensor_of(kFloat, {3},
                          [](auto& out) {
                            for (const float value : {1.0f, -2.0f, 3.0f}) out.add_float(4, value);
                          }),
                DType::f32, floats);
  expect_values(tensor_of(kInt32, {2},
                          [](auto& out) {
                            const std::vector<std::int32_t> values{-7, 9};
                            out.add_packed_int32(5, values.begin(), values.end());
                          }),
                DType::i32, std::vector<std::int32_t>{-7, 9});
  expect_values(tensor_of(kInt8, {2},
                          [](auto& out) {
                            const std::vector<std::int32_t> values{-7, 9};
                            out.add_packed_int32(5, values.begin(), values.end());
                          }),
                DType::i8, std::vector<std::int8_t>{-7, 9});
  expect_values(tensor_of(kInt64, {2},
                          [](auto& out) {
                            const std::vector<std::int64_t> values{-7, 1LL << 50};
                            out.add_packed_int64(7, values.begin(), values.end());
                          }),
                DType::i64, std::vector<std::int64_t>{-7, 1LL << 50});
  expect_values(tensor_of(kHalf, {1}, [](auto& out) { out.add_int32(5, 0x3C00); }), DType::f32, std::vector<float>{1});
  expect_values(tensor_of(kDouble, {1}, [](auto& out) { out.add_double(10, 0.5); }), DType::f32,
                std::vector<float>{0.5f});
}

void test_halves(void**) {
  assert_true(half_to_float(0x0000) == 0.0f && !std::signbit(half_to_float(0x0000)));
  assert_true(half_to_float(0x8000) == 0.0f && std::signbit(half_to_float(0x8000)));
  assert_true(half_to_float(0x7BFF) == 65504.0f);
  assert_true(half_to_float(0x0400) == 0x1p-14f);
  assert_true(half_to_float(0x03FF) == 1023 * 0x1p-24f);
  assert_true(half_to_float(0x83FF) == -1023 * 0x1p-24f);
  assert_true(half_to_float(0x3555) == 0.333251953125f);
  assert_true(std::isinf(half_to_float(0x7C00)) && half_to_float(0xFC00) < 0);
  assert_true(std::isnan(half_to_float(0x7E00)));
}

void test_wrong_sizes(void**) {
  expect_error(model_with(tensor("w", {5}, kFloat, raw(std::vector<float>{1, 2, 3, 4}))), Code::format,
               {"net.onnx", "'w'", "16 bytes", "20"});
  expect_error(model_with(tensor("w", {1LL << 40, 1LL << 40}, kFloat, "")), Code::format, {"'w'", "too large"});
  expect_error(model_with(tensor("w", {-4}, kFloat, "")), Code::format, {"'w'"});
  expect_error(model_with(tensor_of(kFloat, {1 << 30}, [](auto& out) { out.add_float(4, 1); })), Code::format,
               {"'w'", "1 elements"});
}

void test_unsupported_types(void**) {
  expect_error(model_with(tensor("w", {1}, 5, std::string(2, '\0'))), Code::unsupported, {"'w'", "INT16"});
  expect_error(model_with(tensor("w", {1}, 999, std::string(2, '\0'))), Code::unsupported, {"'w'", "type 999"});
  OnnxModel unused = model_with(tensor("w", {1}, kFloat, std::string(4, '\0')));
  unused.initializer(tensor("never_read", {1}, kString, ""));
  import_ok(unused);  // what no node reads cannot hurt
}

std::string external_tensor(const std::string& location, const std::string& offset, const std::string& length) {
  return message([&](protozero::pbf_writer& out) {
    out.add_int64(1, 4);
    out.add_int32(2, kFloat);
    out.add_string(8, "w");
    const auto entry = [&](const char* key, const std::string& value) {
      if (value.empty()) return;
      out.add_message(13, message([&](protozero::pbf_writer& pair) {
                        pair.add_string(1, key);
                        pair.add_string(2, value);
                      }));
    };
    entry("location", location);
    entry("offset", offset);
    entry("length", length);
    out.add_int32(14, 1);
  });
}

void test_external_data(void**) {
  const TemporaryFolder folder;
  std::vector<float> values(40, 0.0f);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  folder.write("weights.bin", raw(values));
  std::filesystem::create_directory(folder.path("model"));
  folder.write("model/inside.bin", raw(values));
  const auto import = [&](const std::string& tensor_message) {
    return model_with(tensor_message).import(folder.path("model/net.onnx"));
  };
  const auto first_value = [&](const std::string& tensor_message) {
    const auto graph = import(tensor_message);
    if (!graph.ok()) print_error("%s\n", graph.status().message().c_str());
    assert_true(graph.ok());
    return constant_of(*graph).data.as<float>()[0];
  };
  assert_true(first_value(external_tensor("inside.bin", "", "")) == 0);
  assert_true(first_value(external_tensor("inside.bin", "64", "16")) == 16);
  assert_true(first_value(external_tensor("./inside.bin", "12", "16")) == 3);

  expect_error(import(external_tensor("../weights.bin", "", "")), Code::format, {"net.onnx", "'w'", "folder"});
  expect_error(import(external_tensor("a/../../weights.bin", "", "")), Code::format, {"folder"});
  expect_error(import(external_tensor(folder.path("weights.bin"), "", "")), Code::format, {"folder"});
  expect_error(import(external_tensor("", "", "")), Code::format, {"'w'"});
  expect_error(import(external_tensor("missing.bin", "", "")), Code::io, {"missing.bin"});
  expect_error(import(external_tensor("..", "", "")), Code::format, {"folder"});
  expect_error(import(external_tensor("inside.bin", "148", "")), Code::format, {"too short"});
  expect_error(import(external_tensor("inside.bin", "18446744073709551612", "")), Code::format, {"too short"});
  expect_error(import(external_tensor("inside.bin", "-1", "")), Code::format, {"not a number"});
  expect_error(import(external_tensor("inside.bin", "0", "20")), Code::format, {"20 bytes", "16"});
  expect_error(model_with(external_tensor("inside.bin", "", "")).import(""), Code::unsupported, {"inside.bin", "path"});
}

void test_weights_are_used_in_place(void**) {
  const std::string content = model_with(tensor("w", {1024}, kFloat, std::string(4096, 'a'))).bytes();
  // Both positions of the file in memory, aligned or not, must give an aligned constant; one of 64 gives it in place.
  int in_place = 0;
  for (std::size_t shift = 0; shift < kAlignment; ++shift) {
    const Bytes padded = Bytes::copy_of((std::string(shift, ' ') + content).data(), shift + content.size());
    const Bytes file = padded.slice(shift, content.size());
    const auto graph = kOnnxImporter.import(file, "");
    assert_true(graph.ok());
    const Tensor& weight = constant_of(*graph);
    if (weight.data.data() >= file.data() && weight.data.data() < file.data() + file.size()) ++in_place;
  }
  assert_int_equal(in_place, 1);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_raw),
      cmocka_unit_test(test_typed_fields),
      cmocka_unit_test(test_halves),
      cmocka_unit_test(test_wrong_sizes),
      cmocka_unit_test(test_unsupported_types),
      cmocka_unit_test(test_external_data),
      cmocka_unit_test(test_weights_are_used_in_place),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// Damaged files: every outcome is a graph or an error with a message; nothing crashes, hangs or grows without bound.
// Its worth shows under AddressSanitizer and UndefinedBehaviorSanitizer.
#include <random>

#include "import/damaged.h"
#include "import/onnx/expect.h"
#include "import/onnx/model_writer.h"

namespace octet::test {
namespace {

using Ints = std::vector<std::int64_t>;

// A model that reaches most of the importer.
std::string rich_model() {
  OnnxModel model(13);
  model.input("x", {"batch", 3, 8, 8}).output("y").info("c", {1, 4, 8, 8});
  model.weight("w", {4, 3, 3, 3}).weight("b", {4}).weight("v", {4}).weight("m", {256, 10});
  model.ints("shape", {0, -1}).ints("axes", {2, 3}).floats("scales", {4}, {1, 1, 2, 2}).floats("six", {}, {6});
  model.initializer(tensor("half", {4}, kHalf, raw(std::vector<std::uint16_t>{1, 2, 3, 0x3C00})));
  model.node("Conv", {"x", "w", "b"}, {"c"}, {attr("pads", Ints{1, 1, 1, 1}), attr("auto_pad", "NOTSET")});
  model.node("BatchNormalization", {"c", "b", "half", "v", "v"}, {"n"}, {attr("epsilon", 0.5f)});
  model.node("Clip", {"n", "", "six"}, {"r"}).node("Resize", {"r", "", "scales"}, {"u"}, {attr("mode", "linear")});
  model.node("MaxPool", {"u"}, {"p"}, {attr("kernel_shape", Ints{2, 2}), attr("strides", Ints{2, 2})});
  model.node("Split", {"p"}, {"s0", "s1"}, {attr("axis", 1)}).node("Concat", {"s1", "s0"}, {"k"}, {attr("axis", 1)});
  model.node("Transpose", {"k"}, {"t"}, {attr("perm", Ints{0, 2, 3, 1})});
  model.node("Shape", {"t"}, {"d"}).node("Constant", {}, {"zero"}, {attr("value_int", 0)});
  model.node("Gather", {"d", "zero"}, {"g"}).node("Reshape", {"t", "shape"}, {"f"});
  model.node("MatMul", {"f", "m"}, {"l"}).node("Softmax", {"l"}, {"y"}, {attr("axis", 1)});
  return model.bytes();
}

// Every way in which integers come in: both forms, constants, dynamic quantization.
std::string quantized_model() {
  OnnxModel model(13);
  model.input("x", {1, 3, 8, 8}, kUint8).output("y").output("d").weight("b", {4});
  model.floats("s", {}, {0.5f}).floats("ws", {4}, {0.5f, 0.25f, 1, 2});
  model.initializer(tensor("z", {}, kUint8, "\x81")).initializer(tensor("wz", {4}, kInt8, std::string(4, '\0')));
  model.initializer(tensor("w", {4, 3, 1, 1}, kInt8, "abcdefghijkl"));
  model.initializer(tensor("c", {4}, kInt32, raw(std::vector<std::int32_t>{1, -2, 300, -40000})));
  model.node("DequantizeLinear", {"w", "ws", "wz"}, {"wf"}, {attr("axis", 0)});
  model.node("Transpose", {"x"}, {"t"}, {attr("perm", Ints{0, 1, 3, 2})});
  model.node("DequantizeLinear", {"t", "s", "z"}, {"f"}).node("Conv", {"f", "wf", "b"}, {"a"});
  model.node("QuantizeLinear", {"a", "s", "z"}, {"q"});
  model.node("QLinearConv", {"t", "s", "z", "w", "ws", "wz", "s", "z", "c"}, {"r"});
  model.node("QLinearAdd", {"q", "s", "z", "r", "s", "z", "s", "z"}, {"y"}, {}, "", "com.microsoft");
  model.node("DynamicQuantizeLinear", {"f"}, {"g", "gs", "gz"}).node("ConvInteger", {"g", "w", "gz"}, {"i"});
  model.node("Cast", {"i"}, {"k"}, {attr("to", kFloat)}).node("Mul", {"k", "gs"}, {"d"});
  return model.bytes();
}

Result<Graph> import_onnx(const std::string& content, const std::string& name) {
  return kOnnxImporter.import(Bytes::copy_of(content.data(), content.size()), name);
}

void expect_good(const std::string& content) {
  auto graph = import_onnx(content, "");
  if (!graph.ok()) print_error("%s\n", graph.status().message().c_str());
  assert_true(graph.ok());
  const Status status = prepare_graph(*graph);
  if (!status.ok()) print_error("%s\n", status.message().c_str());
  assert_true(status.ok());
}

void test_the_models_are_good(void**) {
  expect_good(rich_model());
  expect_good(quantized_model());
}

void test_truncations(void**) {
  const std::string content = rich_model();
  for (std::size_t size = 0; size < content.size(); size += (size < 2048 ? 1 : 7)) {
    expect_error(import_onnx(content.substr(0, size), "cut.onnx"), Code::format, {"cut.onnx"});
  }
}

void flip_bytes(const std::string& content) {
  std::mt19937 random(1);
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = content;
    for (int flips = 1 + static_cast<int>(random() % 4); flips > 0; --flips) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    expect_survives(import_onnx, damaged);
  }
}

void test_flipped_bytes(void**) {
  flip_bytes(rich_model());
  flip_bytes(quantized_model());
}

// The weights are most of the file; here only the structure is hit.
void test_flipped_structure(void**) {
  const std::string content = rich_model();
  const std::size_t structure = content.find("Conv");
  std::mt19937 random(2);
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = content;
    const std::size_t at = structure + random() % (content.size() - structure);
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (random() % 8)));
    expect_survives(import_onnx, damaged);
  }
}

void test_inserted_and_removed_pieces(void**) {
  const std::string content = rich_model();
  std::mt19937 random(3);
  for (int round = 0; round < 1000; ++round) {
    std::string damaged = content;
    const std::size_t at = random() % damaged.size();
    if (round % 2 == 0) {
      damaged.erase(at, 1 + random() % 40);
    } else {
      damaged.insert(at, content, random() % content.size(), 1 + random() % 40);
    }
    expect_survives(import_onnx, damaged);
  }
}

void test_random_bytes(void**) {
  std::mt19937 random(4);
  for (int round = 0; round < 2000; ++round) {
    std::string noise = round % 2 == 0 ? "" : std::string("\x08\x08", 2);
    for (std::size_t i = random() % 200; i > 0; --i) noise += static_cast<char>(random());
    assert_false(import_onnx(noise, "noise.onnx").ok());
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_the_models_are_good),
      cmocka_unit_test(test_truncations),
      cmocka_unit_test(test_flipped_bytes),
      cmocka_unit_test(test_flipped_structure),
      cmocka_unit_test(test_inserted_and_removed_pieces),
      cmocka_unit_test(test_random_bytes),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

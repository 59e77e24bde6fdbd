// The published networks that the project is measured with, where they are at hand.
#include "base/file.h"
#include "import/onnx/expect.h"
#include "passes/passes.h"
#include "support/cmocka.h"

namespace octet::test {
namespace {

const std::string kModels = std::string(OCTET_SOURCE_DIR) + "/../shared/models/";

struct Expected {
  const char* file;
  Dims input;
  std::vector<std::pair<const char*, Dims>> outputs;
};

void check_file(const Expected& expected) {
  const std::string path = kModels + expected.file;
  if (!is_file(path)) {
    print_message("skipped: %s is not there\n", path.c_str());
    return;
  }
  auto bytes = map_file(path);
  assert_true(bytes.ok());
  assert_true(kOnnxImporter.probe(bytes->span(), ""));
  auto graph = kOnnxImporter.import(*bytes, path);
  if (!graph.ok()) print_error("%s\n", graph.status().message().c_str());
  assert_true(graph.ok());
  const Status status = prepare_graph(*graph);
  if (!status.ok()) print_error("%s: %s\n", expected.file, status.message().c_str());
  assert_true(status.ok());
  assert_int_equal(graph->inputs.size(), 1);
  assert_true(graph->at(graph->inputs[0]).dims == expected.input);
  assert_int_equal(graph->outputs.size(), expected.outputs.size());
  for (std::size_t i = 0; i < expected.outputs.size(); ++i) {
    const Tensor& output = graph->at(graph->outputs[i]);
    assert_string_equal(output.name.c_str(), expected.outputs[i].first);
    assert_true(output.dims == expected.outputs[i].second);
  }
}

void test_ultraface(void**) {
  const std::vector<std::pair<const char*, Dims>> outputs{{"scores", {1, 4420, 2}}, {"boxes", {1, 4420, 4}}};
  check_file({"ultraface/version-RFB-320.onnx", {1, 3, 240, 320}, outputs});
  check_file({"ultraface/version-RFB-320_simplified.onnx", {1, 3, 240, 320}, outputs});
  check_file({"ultraface/version-slim-320_simplified.onnx", {1, 3, 240, 320}, outputs});
}

void test_imagenet(void**) {
  check_file({"imagenet/mobilenet_v2_1.0_224_float.onnx", {1, 3, 224, 224}, {{"output", {1, 1001}}}});
  check_file({"imagenet/squeezenet_v1.1.onnx", {1, 3, 227, 227}, {{"prob", {1, 1000, 1, 1}}}});
}

// The activations of the file become int8 and its weights keep their scales.
void test_quantized(void**) {
  check_file(
      {"ultraface/version-RFB-320_qdq.onnx", {1, 3, 240, 320}, {{"scores", {1, 4420, 2}}, {"boxes", {1, 4420, 4}}}});
  check_file({"imagenet/mobilenet_v2_1.0_224_qdq.onnx", {1, 3, 224, 224}, {{"output", {1, 1001}}}});
  check_file({"imagenet/squeezenet_v1.1_qdq.onnx", {1, 3, 227, 227}, {{"prob", {1, 1000, 1, 1}}}});
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_ultraface),
      cmocka_unit_test(test_imagenet),
      cmocka_unit_test(test_quantized),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

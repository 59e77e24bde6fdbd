// octet convert, and octet quantize into the files of other tools.
#include "cli/npy.h"
#include "cli/workspace.h"

namespace octet::test {
namespace {

std::string answers(const Workspace& workspace, const std::string& model) {
  const std::string y = workspace.path("y.npy");
  expect_status(Command({"run", model, "--image", workspace.path("images/good0.png"), "--config", workspace.config(),
                         "--output", y})
                    .run(),
                0);
  return read_file(y);
}

void a_float_model_there_and_back(void**) {
  const Workspace workspace;
  const std::string expected = answers(workspace, workspace.model());
  for (const char* name : {"copy.octet", "copy.onnx", "copy.tflite"}) {
    const std::string copy = workspace.path(name);
    const CommandResult result = Command({"convert", workspace.model(), copy}).run();
    expect_status(result, 0);
    expect_contains(result.out, "float (");
    expect_contains(result.out, "size");
    assert_true(answers(workspace, copy) == expected);
  }
}

void an_int8_model_keeps_its_integers(void**) {
  const Workspace workspace;
  const std::string int8 = workspace.quantized();
  const std::string expected = answers(workspace, int8);
  for (const char* name : {"int8.onnx", "int8.tflite"}) {
    const std::string copy = workspace.path(name);
    const CommandResult result = Command({"convert", int8, copy, "--json"}).run();
    expect_status(result, 0);
    for (const char* member : {R"("command": "convert")", R"("ok": true)", R"("source_format": "octet")",
                               R"("target_format": ")", R"("int8_layer_count": )", R"("target_bytes": )"}) {
      expect_contains(result.out, member);
    }
    assert_true(answers(workspace, copy) == expected);
    expect_contains(Command({"inspect", copy}).run().out, "int8 (");
  }
}

void quantize_writes_what_the_ending_says(void**) {
  const Workspace workspace;
  const std::string expected = answers(workspace, workspace.quantized());
  for (const char* name : {"direct.onnx", "direct.tflite"}) {
    const std::string target = workspace.path(name);
    expect_status(Command({"quantize", workspace.model(), target, workspace.config()}).run(), 0);
    assert_true(answers(workspace, target) == expected);
  }
}

void sizes_of_inputs(void**) {
  const Workspace workspace;
  const std::string batch = workspace.path("batch.octet");
  expect_status(Command({"convert", workspace.model(), batch, "--shape", "5x?x?x?"}).run(), 0);
  expect_contains(Command({"inspect", batch}).run().out, "5x3x16x16");
  expect_contains(Command({"inspect", batch, "--shape", "2x3x16x16"}).run().out, "2x3x16x16");
  for (const char* shape : {"", "1x", "axb", "1x3x16x16x", "1,3,16,16", "99999999999x3x16x16"}) {
    expect_failure(Command({"inspect", batch, "--shape", shape}).run(), 2, {"--shape", "1x3x224x224"});
  }
  expect_failure(Command({"inspect", batch, "--shape", "1x3x16"}).run(), 1, {"'x'", "4 dimensions"});
  expect_failure(Command({"inspect", batch, "--shape", "1x?x?x?", "--shape", "1x?x?x?"}).run(), 2, {"1 inputs"});
}

void what_cannot_be_done_is_said(void**) {
  const Workspace workspace;
  expect_failure(Command({"convert", workspace.model(), workspace.model()}).run(), 2, {"net.onnx"});
  expect_failure(Command({"convert", workspace.path("none.onnx"), workspace.path("x.onnx")}).run(), 1, {"none.onnx"});
  expect_failure(Command({"convert", workspace.model()}).run(), 2, {"target is required"});
  OnnxModel model;
  model.input("x", {1, 8, 4, 4}).output("y");
  model.node("DepthToSpace", {"x"}, {"d"}, {attr("blocksize", 2), attr("mode", "CRD")}, "places");
  model.node("Erf", {"d"}, {"y"}, {}, "error");
  const std::string path = workspace.write("crd.onnx", model.bytes());
  const std::string target = workspace.path("crd.tflite");
  expect_failure(Command({"convert", path, target}).run(), 1,
                 {"crd.tflite", ".tflite cannot carry", "'places'", "'error'"});
  assert_false(file_exists(target));
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(a_float_model_there_and_back),         cmocka_unit_test(an_int8_model_keeps_its_integers),
      cmocka_unit_test(quantize_writes_what_the_ending_says), cmocka_unit_test(sizes_of_inputs),
      cmocka_unit_test(what_cannot_be_done_is_said),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

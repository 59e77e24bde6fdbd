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

void open_sizes_stay_open(void**) {
  const Workspace workspace;
  OnnxModel model;
  model.input("x", {"", 3, "", 8}).output("y");
  model.node("GlobalAveragePool", {"x"}, {"y"}, {}, "mean");
  const std::string path = workspace.write("open.onnx", model.bytes());
  for (const char* name : {"open.octet", "again.onnx", "open.mnn", "open.tflite"}) {
    const std::string target = workspace.path(name);
    expect_status(Command({"convert", path, target, "--shape", "?x3x6x8"}).run(), 0);
    const CommandResult open = Command({"inspect", target, "--shape", "?x3x6x8"}).run();
    expect_status(open, 0);
    expect_contains(open.out, "? (1), ? (6)");
    expect_contains(Command({"inspect", target, "--json", "--shape", "2x3x9x8"}).run().out, R"("open_sizes": [)");
    expect_status(Command({"bench", target, "1", "--shape", "4x3x7x8"}).run(), 0);
    expect_status(Command({"convert", path, target, "--shape", "?x3x6x8", "--fix-sizes"}).run(), 0);
    const std::string fixed = Command({"inspect", target}).run().out;
    expect_contains(fixed, "1x3x6x8");
    assert_true(fixed.find("open sizes") == std::string::npos);
  }
  expect_failure(Command({"bench", path, "1"}).run(), 1, {"open.onnx", "'x'", "--shape"});
}

// What the network does with a size does not follow it: a note says so, and the size is written as it is.
void sizes_that_are_not_followed_are_told(void**) {
  const Workspace workspace;
  OnnxModel model;
  model.input("x", {1, 3, "", 8}).output("y");
  model.ints("shape", {1, 3, 48, 1});
  model.node("Reshape", {"x", "shape"}, {"y"}, {}, "fixed");
  const std::string path = workspace.write("fixed.onnx", model.bytes());
  const CommandResult result = Command({"convert", path, workspace.path("fixed.tflite"), "--shape", "1x3x6x8"}).run();
  expect_status(result, 0);
  for (const char* word : {"dimension 2", "'x'", "fixed at 6"}) expect_contains(result.err, word);
}

// What people have at hand instead of a model.
void other_files_are_told_by_their_names(void**) {
  const Workspace workspace;
  const auto refused = [&](const char* name, const std::string& content, const char* word) {
    const std::string path = workspace.write(name, content);
    const std::string target = workspace.path("none.octet");
    expect_failure(Command({"convert", path, target}).run(), 1, {name, word});
    assert_false(file_exists(target));
  };
  refused("zipped.onnx", "\x1f\x8b\x08\x00 and more", "gzip; unpack it");
  refused("network.pt", "PK\x03\x04 and more", "zip archive");
  refused("weights.h5", "\x89HDF\r\n and more", "Keras");
  refused("pointer.onnx", "version https://git-lfs.github.com/spec/v1\noid", "git lfs pull");
  refused("page.tflite", "<!DOCTYPE html>", "web page");
  refused("nothing.mnn", "", "is empty");
  refused("folder.txt", "hello", "no model");
  expect_failure(Command({"convert", "/dev/zero", workspace.path("x.octet")}).run(), 1, {"a device"});
  expect_failure(Command({"convert", workspace.model(), workspace.path("no/x.octet")}).run(), 1,
                 {"no/x.octet", "folder does not exist"});
  expect_failure(Command({"convert", workspace.model(), ""}).run(), 2, {"name of an output file is empty"});
}

// The content decides what a file is, not its name.
void a_wrong_ending_does_no_harm(void**) {
  const Workspace workspace;
  const std::string expected = answers(workspace, workspace.model());
  for (const char* format : {"onnx", "mnn", "tflite"}) {
    const std::string right = workspace.path(std::string("right.") + format);
    expect_status(Command({"convert", workspace.model(), right}).run(), 0);
    for (const char* ending : {"onnx", "mnn", "tflite", "octet", "bin"}) {
      const std::string wrong = workspace.write((std::string("wrong.") + ending).c_str(), read_file(right));
      assert_true(answers(workspace, wrong) == expected);
    }
  }
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
      cmocka_unit_test(a_float_model_there_and_back),
      cmocka_unit_test(an_int8_model_keeps_its_integers),
      cmocka_unit_test(quantize_writes_what_the_ending_says),
      cmocka_unit_test(sizes_of_inputs),
      cmocka_unit_test(open_sizes_stay_open),
      cmocka_unit_test(sizes_that_are_not_followed_are_told),
      cmocka_unit_test(other_files_are_told_by_their_names),
      cmocka_unit_test(a_wrong_ending_does_no_harm),
      cmocka_unit_test(what_cannot_be_done_is_said),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

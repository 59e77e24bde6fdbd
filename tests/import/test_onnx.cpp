// Models as a whole: interface, versions, structure, and what unusable files get.
#include "import/onnx/expect.h"
#include "import/onnx/model_writer.h"
#include "passes/passes.h"
#include "support/cmocka.h"

namespace octet::test {
namespace {

OnnxModel small_model(int opset = 13) {
  OnnxModel model(opset);
  model.input("x", {1, 3, 8, 8}).output("y").weight("w", {4, 3, 3, 3}).weight("b", {4});
  model.node("Conv", {"x", "w", "b"}, {"c"}, {attr("pads", std::vector<std::int64_t>{1, 1, 1, 1})}, "first");
  model.node("Relu", {"c"}, {"y"}, {}, "second");
  return model;
}

bool probe(const std::string& content, const std::string& path) {
  return kOnnxImporter.probe({reinterpret_cast<const std::byte*>(content.data()), content.size()}, path);
}

Result<Graph> import(const std::string& content, const std::string& path) {
  return kOnnxImporter.import(Bytes::copy_of(content.data(), content.size()), path);
}

void test_graph(void**) {
  const Graph graph = import_ok(small_model());
  expect_ops(graph, "conv, unary");
  assert_string_equal(graph.source_format.c_str(), "onnx");
  assert_int_equal(graph.inputs.size(), 1);
  assert_int_equal(graph.outputs.size(), 1);
  const Tensor& x = graph.at(graph.inputs[0]);
  assert_string_equal(x.name.c_str(), "x");
  assert_true(x.dims == (Dims{1, 3, 8, 8}));
  assert_string_equal(graph.at(graph.outputs[0]).name.c_str(), "y");
  assert_string_equal(graph.nodes[0].name.c_str(), "first");
  const Tensor& w = graph.at(graph.nodes[0].inputs[1]);
  assert_true(w.constant);
  assert_true(w.dims == (Dims{4, 3, 3, 3}));
  assert_int_equal(reinterpret_cast<std::uintptr_t>(w.data.data()) % kAlignment, 0);
  assert_true(w.data.as<float>()[5] == 0.625f);
}

void test_weights_among_inputs(void**) {
  OnnxModel model = small_model();
  model.input("w", {4, 3, 3, 3}).input("b", {4});
  const Graph graph = import_ok(model);
  assert_int_equal(graph.inputs.size(), 1);
  assert_true(graph.is_constant(graph.nodes[0].inputs[1]));
}

void test_open_batch(void**) {
  OnnxModel model;
  model.input("x", {"batch", 3, 8, 8}).output("y").node("Relu", {"x"}, {"y"});
  const Graph graph = import_ok(model);
  assert_true(graph.at(graph.inputs[0]).dims == (Dims{1, 3, 8, 8}));

  OnnxModel unnamed;
  unnamed.input("x", {"", 3}).output("y").node("Relu", {"x"}, {"y"});
  assert_true(import_ok(unnamed).tensors[0].dims == (Dims{1, 3}));
}

void test_open_dimension(void**) {
  OnnxModel model;
  model.input("image", {1, 3, "height", 8}).output("y").node("Relu", {"image"}, {"y"});
  Graph graph = import_ok(model);  // whoever loads the model may give the size
  assert_true(graph.at(graph.inputs[0]).dims == (Dims{1, 3, -1, 8}));
  const Status status = prepare_graph(graph);
  assert_true(status.code() == Code::shape);
  expect_contains(status.message(), "'image'");
}

void test_input_types(void**) {
  OnnxModel half;
  half.input("x", {1, 4}, kHalf).output("y").node("Relu", {"x"}, {"y"});
  assert_true(import_ok(half).tensors[0].dtype == DType::f32);
  OnnxModel text;
  text.input("x", {1, 4}, kString).output("y").node("Relu", {"x"}, {"y"});
  expect_error(text, Code::unsupported, {"'x'", "STRING"});
}

void test_versions(void**) {
  import_ok(small_model(7));
  import_ok(small_model(23));
  expect_error(small_model(24), Code::version, {"net.onnx", "opset 24", "7 to 23"});
  expect_error(small_model(6), Code::unsupported, {"net.onnx", "opset 6"});
  OnnxModel model = small_model();
  model.ir_version = 99;
  expect_error(model, Code::version, {"net.onnx", "ir_version 99"});
  model.ir_version = 2;
  expect_error(model, Code::unsupported, {"ir_version 2"});
}

void test_no_opset(void**) {
  const OnnxModel model = small_model();
  const std::string whole = model.bytes();
  const std::string opset = message([](protozero::pbf_writer& out) {
    out.add_message(8, message([](protozero::pbf_writer& id) { id.add_int64(2, 13); }));
  });
  assert_true(whole.ends_with(opset));
  expect_error(import(whole.substr(0, whole.size() - opset.size()), "net.onnx"), Code::format, {"operator set"});
}

void test_unsupported_operators_in_one_message(void**) {
  OnnxModel model(12);
  model.input("x", {1, 8}).output("y");
  model.node("TopK", {"x"}, {"a"}, {}, "pick");
  model.node("TopK", {"a"}, {"b"}, {}, "pick_again");
  model.node("Relu", {"b"}, {"c"});
  model.node("Magic", {"c"}, {"d"}, {}, "wand", "com.example");
  model.node("Mish", {"d"}, {"e"}, {}, "early");
  model.node("Resize", {"e"}, {"y"}, {attr("coordinate_transformation_mode", "tf_crop_and_resize")}, "crop");
  expect_error(model, Code::unsupported,
               {"net.onnx", "opset 12", "TopK", "'pick' and 1 more", "com.example.Magic", "'wand'",
                "Mish: exists since opset 18", "'early'", "Resize", "tf_crop_and_resize", "'crop'"});
}

void test_many_unsupported_operators(void**) {
  OnnxModel model;
  model.input("x", {1, 8}).output("y");
  std::string last = "x";
  for (int i = 0; i < 20; ++i) {
    const std::string next = i == 19 ? "y" : "v" + std::to_string(i);
    model.node("Unknown" + std::to_string(i), {last}, {next});
    last = next;
  }
  expect_error(model, Code::unsupported, {"\n  Unknown0 (", "\n  Unknown7 (", "\n  Unknown19 ("});
}

void test_control_flow(void**) {
  const std::string body = message([](protozero::pbf_writer& out) {
    out.add_string(1, "body");
    out.add_message(6, std::string());
    out.add_int32(20, 5);
  });
  OnnxModel model;
  model.input("x", {1, 8}).output("y").node("Loop", {"", "", "x"}, {"y"}, {body}, "again");
  expect_error(model, Code::unsupported, {"Loop", "'again'"});
}

void test_unknown_attribute(void**) {
  OnnxModel model;
  model.input("x", {1, 8}).output("y").node("Relu", {"x"}, {"y"}, {attr("slope", 0.5f)}, "act");
  expect_error(model, Code::unsupported, {"Relu", "'act'", "'slope'"});
}

void test_attribute_of_wrong_type(void**) {
  OnnxModel model;
  model.input("x", {1, 8}).output("y").node("LeakyRelu", {"x"}, {"y"}, {attr("alpha", 1)}, "act");
  expect_error(model, Code::format, {"LeakyRelu", "'act'", "'alpha'", "float"});
}

void test_structure_errors(void**) {
  OnnxModel missing;
  missing.input("x", {1, 8}).output("y").node("Add", {"x", "nowhere"}, {"y"}, {}, "sum");
  expect_error(missing, Code::format, {"'sum'", "'nowhere'"});

  OnnxModel twice;
  twice.input("x", {1, 8}).output("y").node("Relu", {"x"}, {"y"}).node("Abs", {"x"}, {"y"}, {}, "again");
  expect_error(twice, Code::format, {"'again'", "'y'", "twice"});

  OnnxModel unmade;
  unmade.input("x", {1, 8}).output("result").node("Relu", {"x"}, {"y"});
  expect_error(unmade, Code::format, {"'result'"});

  OnnxModel silent;
  silent.input("x", {1, 8}).node("Relu", {"x"}, {"y"});
  expect_error(silent, Code::format, {"no outputs"});

  OnnxModel cycle;
  cycle.input("x", {1, 8}).output("y").node("Add", {"x", "y"}, {"z"}).node("Relu", {"z"}, {"y"});
  expect_error(cycle, Code::format, {"'y'"});

  OnnxModel few;
  few.input("x", {1, 8}).output("y").node("Add", {"x", ""}, {"y"}, {}, "half");
  expect_error(few, Code::format, {"'half'", "inputs"});
}

void test_constant_outputs_stay(void**) {
  OnnxModel model;
  model.input("x", {1, 8}).output("y").output("k").weight("w", {3});
  model.node("Relu", {"x"}, {"y"}).node("Identity", {"w"}, {"k"});
  const Graph graph = import_ok(model);
  assert_string_equal(graph.at(graph.outputs[1]).name.c_str(), "k");
}

void test_not_a_model(void**) {
  expect_error(import("", "empty.onnx"), Code::format, {"empty.onnx", "empty"});
  expect_error(import("this is text, not a network", "text.onnx"), Code::format, {"text.onnx", "not an ONNX model"});
  expect_error(import(std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16), "picture.onnx"), Code::format,
               {"picture.onnx"});
  expect_error(import(std::string(4096, '\0'), "zeros.onnx"), Code::format, {"zeros.onnx"});
  const std::string whole = small_model().bytes();
  expect_error(import(whole.substr(0, whole.size() / 2), "half.onnx"), Code::format, {"half.onnx", "truncated"});
}

void test_probe(void**) {
  const std::string content = small_model().bytes();
  assert_true(probe(content, ""));
  assert_true(probe(content, "model.bin"));
  assert_true(probe(content.substr(0, 64), ""));
  assert_true(probe("anything", "Model.ONNX"));
  assert_false(probe("", ""));
  assert_false(probe("plain text", "notes.txt"));
  assert_false(probe(std::string("\x18\0\0\0TFL3", 8), "model"));
  assert_false(probe(std::string("\x08\0\0\0\x04\0\x04\0\x04\0\0\0", 12), "model"));
}

void test_names_from_the_file_are_printable(void**) {
  OnnxModel model;
  model.input("x", {1, 8}).output("y").node("Bad\x1b[31m\n", {"x"}, {"y"}, {}, std::string(5000, 'n'));
  const auto graph = model.import("net.onnx");
  assert_false(graph.ok());
  assert_true(graph.status().message().find('\x1b') == std::string::npos);
  assert_true(graph.status().message().size() < 1000);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_graph),
      cmocka_unit_test(test_weights_among_inputs),
      cmocka_unit_test(test_open_batch),
      cmocka_unit_test(test_open_dimension),
      cmocka_unit_test(test_input_types),
      cmocka_unit_test(test_versions),
      cmocka_unit_test(test_no_opset),
      cmocka_unit_test(test_unsupported_operators_in_one_message),
      cmocka_unit_test(test_many_unsupported_operators),
      cmocka_unit_test(test_control_flow),
      cmocka_unit_test(test_unknown_attribute),
      cmocka_unit_test(test_attribute_of_wrong_type),
      cmocka_unit_test(test_structure_errors),
      cmocka_unit_test(test_constant_outputs_stay),
      cmocka_unit_test(test_not_a_model),
      cmocka_unit_test(test_probe),
      cmocka_unit_test(test_names_from_the_file_are_printable),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// Models and configurations that cannot be used: a message that names the file and the node, an exit status, no output.
#include <cmath>
#include <cstring>

#include "cli/workspace.h"

namespace octet::test {
namespace {

// The model `bytes` is given to every command that loads one.
void expect_refused(const std::string& bytes, std::initializer_list<std::string_view> parts) {
  const Workspace workspace;
  workspace.write("net.onnx", bytes);
  workspace.expect_quantize_fails(1, parts);
  expect_failure(Command({"inspect", workspace.model()}).run(), 1, parts);
  const CommandResult bench = Command({"bench", workspace.model(), "1"}).run();
  expect_status(bench, 1);
  for (const auto part : parts) expect_contains(bench.err, part);
}

void a_truncated_model_is_refused(void**) {
  const std::string bytes = classifier().bytes();
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, bytes.size() / 3, bytes.size() - 1}) {
    expect_refused(bytes.substr(0, size), {"net.onnx"});
  }
  const Workspace workspace;
  const std::string int8 = read_file(workspace.quantized());
  std::filesystem::remove(workspace.target());
  for (const std::size_t size : {int8.size() - 64, int8.size() / 2, std::size_t{20}}) {
    expect_refused(int8.substr(0, size), {"net.onnx"});
  }
}

void a_damaged_byte_never_crashes(void**) {
  const Workspace workspace;
  const std::string good = classifier().bytes();
  for (std::size_t i = 0; i < good.size(); i += 7) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0xFF);
    const std::string path = workspace.write("bad.onnx", bad);
    const int status = Command({"inspect", path}).run().status;
    assert_true(status == 0 || status == 1);  // a changed weight is a fine model
  }
}

void another_kind_of_file_is_refused(void**) {
  expect_refused("hello, this is a text\n", {"net.onnx"});
  expect_refused(as_text(encode_png(noisy_pixels(8, 8, 3, 1), 8, 8)), {"net.onnx"});
  const Workspace workspace;
  expect_failure(Command({"inspect", workspace.path("images")}).run(), 1, {"images"});
}

// Sets the field minimum_reader_version, number 1 of the root table, as FlatBuffers lays it out.
std::string with_reader_version(std::string bytes, std::uint32_t version) {
  std::uint32_t root = 0;
  std::memcpy(&root, bytes.data(), sizeof root);
  std::int32_t to_vtable = 0;
  std::memcpy(&to_vtable, bytes.data() + root, sizeof to_vtable);
  std::uint16_t field = 0;
  std::memcpy(&field, bytes.data() + (static_cast<std::int64_t>(root) - to_vtable) + 4 + 2, sizeof field);
  assert_true(field != 0);
  std::memcpy(bytes.data() + root + field, &version, sizeof version);
  return bytes;
}

void a_newer_model_says_so(void**) {
  const Workspace workspace;
  const std::string newer = workspace.write("newer.octet", with_reader_version(read_file(workspace.quantized()), 7));
  expect_failure(Command({"inspect", newer}).run(), 1, {"newer.octet", "version 7", "update"});
  expect_contains(Command({"inspect", newer, "--json"}).run().out, R"("code": "Q_E_VERSION")");
}

void unknown_operators_are_named_with_node_and_file(void**) {
  OnnxModel model;
  model.input("x", {1, 3, kSide, kSide}).output("y");
  model.node("Frobnicate", {"x"}, {"a"}, {}, "strange_node").node("Relu", {"a"}, {"y"}, {}, "relu_1");
  expect_refused(model.bytes(), {"net.onnx", "Frobnicate", "strange_node"});
}

void shapes_that_do_not_fit_name_the_node(void**) {
  OnnxModel model;
  model.input("x", {1, 5, kSide, kSide}).output("y");  // five channels, weights for three
  model.floats("w", {4, 3, 3, 3}, varied(108));
  model.node("Conv", {"x", "w"}, {"y"}, {}, "conv_of_three");
  expect_refused(model.bytes(), {"net.onnx", "conv_of_three"});
  const Workspace workspace;
  workspace.write("net.onnx", model.bytes());
  expect_contains(Command({"inspect", workspace.model(), "--json"}).run().out, R"("node": "conv_of_three")");
}

void weights_that_are_not_finite_are_refused(void**) {
  for (const float value : {NAN, INFINITY, -INFINITY}) {
    const Workspace workspace;
    std::vector<float> weights = varied(108);
    weights[50] = value;
    workspace.write("net.onnx", classifier(weights).bytes());
    const CommandResult result = workspace.quantize();
    expect_status(result, 1);
    expect_contains(result.err, "conv_1");
    workspace.expect_nothing_written();
  }
}

void activations_that_are_not_finite_are_refused(void**) {
  const Workspace workspace;
  std::vector<float> weights = varied(108);
  for (float& weight : weights) weight *= 1e38f;
  workspace.write("net.onnx", classifier(weights).bytes());
  const CommandResult result = workspace.quantize();
  expect_status(result, 1);
  workspace.expect_nothing_written();
}

void an_int8_model_is_not_quantized_again(void**) {
  const Workspace workspace;
  const std::string int8 = workspace.path("int8.octet");
  std::filesystem::rename(workspace.quantized(), int8);
  expect_failure(Command({"quantize", int8, workspace.target(), workspace.config()}).run(), 2,
                 {"int8.octet", "already quantized"});
  assert_false(file_exists(workspace.target()));
}

void a_wrong_configuration_names_file_and_line(void**) {
  const Workspace workspace;
  workspace.write("net.json", "{\"format\": \"RGB\",\n \"path\": images}");
  workspace.expect_quantize_fails(2, {"net.json", "line 2"});
  workspace.write("net.json", "");
  workspace.expect_quantize_fails(2, {"net.json"});
  workspace.write_config(R"(, "feature_quantise_method": "KL")");
  workspace.expect_quantize_fails(2, {"net.json", "feature_quantise_method", "feature_quantize_method"});
  workspace.write_config(R"(, "width": "wide")");
  workspace.expect_quantize_fails(2, {"net.json", "width"});
  workspace.write_config(R"(, "skip_quant_op_names": ["no_such_node"])");
  const CommandResult result = workspace.quantize();
  assert_int_not_equal(result.status, 0);
  expect_contains(result.err, "no_such_node");
  workspace.expect_nothing_written();
}

void an_unknown_method_is_wrong_usage(void**) {
  const Workspace workspace;
  expect_failure(workspace.quantize({"--method", "KLL"}), 2, {"KLL"});
  expect_failure(workspace.quantize({"--weight-method", "BEST"}), 2, {"BEST"});
  workspace.expect_nothing_written();
}

void models_of_different_shapes_are_not_compared(void**) {
  const Workspace workspace;
  OnnxModel model;
  model.input("x", {1, 3, kSide, kSide}).output("y").node("GlobalAveragePool", {"x"}, {"y"});
  const std::string other = workspace.write("other.onnx", model.bytes());
  expect_failure(Command({"compare", workspace.model(), other, workspace.config()}).run(), 1, {});
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(a_truncated_model_is_refused),
      cmocka_unit_test(a_damaged_byte_never_crashes),
      cmocka_unit_test(another_kind_of_file_is_refused),
      cmocka_unit_test(a_newer_model_says_so),
      cmocka_unit_test(unknown_operators_are_named_with_node_and_file),
      cmocka_unit_test(shapes_that_do_not_fit_name_the_node),
      cmocka_unit_test(weights_that_are_not_finite_are_refused),
      cmocka_unit_test(activations_that_are_not_finite_are_refused),
      cmocka_unit_test(an_int8_model_is_not_quantized_again),
      cmocka_unit_test(a_wrong_configuration_names_file_and_line),
      cmocka_unit_test(an_unknown_method_is_wrong_usage),
      cmocka_unit_test(models_of_different_shapes_are_not_compared),
  };
  return cmocka_run_group_tests_name("cli/bad_models", tests, nullptr, nullptr);
}

// What run, bench, compare and inspect print for models that work.
#include <cstring>

#include "cli/workspace.h"

namespace octet::test {
namespace {

// The same answers whatever the picture: scores and boxes of the priors of a 64x64 input, one face of 0.9 with its
// prior as box. With `decoded`, the network ends in corners, which need an exponential.
OnnxModel detector(bool decoded) {
  static constexpr int kCount = 235;
  static constexpr int kFace = 192 + (1 * 4 + 2) * 2;  // stride 16, row 1, column 2: 24, 8, 56, 40
  std::vector<float> scores(2 * kCount, 0), boxes(4 * kCount, 0);
  for (int i = 0; i < kCount; ++i) scores[static_cast<std::size_t>(2 * i)] = 1;
  scores[2 * kFace] = 0.1f;
  scores[2 * kFace + 1] = 0.9f;
  if (decoded) {
    // The network takes the exponential of these.
    const float corners[] = {std::log(0.25f), std::log(0.5f), std::log(0.75f), 0};
    std::copy(std::begin(corners), std::end(corners), boxes.begin() + 4 * kFace);
  }
  OnnxModel model;
  model.input("x", {1, 3, 64, 64}).output("scores").output("boxes");
  model.floats("s_w", {2 * kCount, 3}, std::vector<float>(6 * kCount, 0)).floats("s_b", {2 * kCount}, scores);
  model.floats("b_w", {4 * kCount, 3}, std::vector<float>(12 * kCount, 0)).floats("b_b", {4 * kCount}, boxes);
  model.ints("s_shape", {1, kCount, 2}).ints("b_shape", {1, kCount, 4});
  model.node("GlobalAveragePool", {"x"}, {"p"}).node("Flatten", {"p"}, {"f"}, {attr("axis", 1)});
  model.node("Gemm", {"f", "s_w", "s_b"}, {"s"}, {attr("transB", 1)}, "score_fc");
  model.node("Gemm", {"f", "b_w", "b_b"}, {"b"}, {attr("transB", 1)}, "box_fc");
  model.node("Reshape", {"s", "s_shape"}, {"scores"}, {}, "reshape_scores");
  model.node("Reshape", {"b", "b_shape"}, {decoded ? "logs" : "boxes"}, {}, "reshape_boxes");
  if (decoded) model.node("Exp", {"logs"}, {"boxes"}, {}, "exp_1");
  return model;
}

CommandResult run_on_image(const Workspace& workspace, const std::vector<std::string>& more,
                           const std::string& image = "images/good0.png") {
  std::vector<std::string> words = {"run",      workspace.model(), "--image", workspace.path(image),
                                    "--config", workspace.config()};
  words.insert(words.end(), more.begin(), more.end());
  return Command(words).run();
}

void run_prints_the_likeliest_classes(void**) {
  const Workspace workspace;
  const std::string names = workspace.write("names.txt", "apple\r\nbirch\ncedar\n");
  const CommandResult result = run_on_image(workspace, {"--labels", names, "--top", "2"});
  expect_status(result, 0);
  expect_contains(result.out, "class  probability  name\n");
  assert_int_equal(std::count(result.out.begin(), result.out.end(), '\n'), 3);
  const CommandResult json = run_on_image(workspace, {"--labels", names, "--json"});
  for (const char* part : {R"("name": "apple")", R"("name": "birch")", R"("name": "cedar")", R"("probability": 0.)"}) {
    expect_contains(json.out, part);
  }
}

void run_uses_the_stored_recipe(void**) {
  const Workspace workspace;
  const std::string image = workspace.path("images/good1.png");
  expect_failure(Command({"run", workspace.model(), "--image", image}).run(), 1, {"net.onnx", "--config"});
  const std::string int8 = workspace.quantized();
  const CommandResult stored = Command({"run", int8, "--image", image}).run();
  expect_status(stored, 0);
  const CommandResult given = Command({"run", int8, "--image", image, "--config", workspace.config()}).run();
  assert_string_equal(stored.out.c_str(), given.out.c_str());
}

void run_finds_and_draws_faces(void**) {
  for (const bool decoded : {false, true}) {
    const Workspace workspace;
    workspace.write("net.onnx", detector(decoded).bytes());
    workspace.write("wide.png", as_text(encode_png(noisy_pixels(256, 128, 3, 5), 256, 128)));
    const std::string drawing = workspace.path("faces.png");
    const CommandResult result = run_on_image(workspace, {"--draw", drawing}, "wide.png");
    expect_status(result, 0);
    expect_contains(result.out, decoded ? "face 0.9000 64.0 64.0 192.0 128.0\n" : "face 0.9000 96.0 16.0 224.0 80.0\n");
    expect_contains(read_file(drawing), std::string_view("\x89PNG", 4));
    expect_contains(run_on_image(workspace, {"--json"}, "wide.png").out,
                    decoded ? R"("boxes": "decoded")" : R"("boxes": "raw")");
    expect_contains(run_on_image(workspace, {"--score-threshold", "0.95"}, "wide.png").out, "no face\n");
  }
}

void only_a_detector_can_be_drawn(void**) {
  const Workspace workspace;
  expect_failure(run_on_image(workspace, {"--draw", workspace.path("a.png")}), 2, {"--draw", "detector"});
  expect_failure(run_on_image(workspace, {"--boxes", "raw"}), 2, {"--boxes", "detector"});
  workspace.expect_nothing_written();
}

std::string npy_of_input(const std::string& type, const std::string& shape, std::size_t bytes) {
  std::string header = "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  std::string text("\x93NUMPY\1\0", 8);
  text += static_cast<char>(header.size());
  text += static_cast<char>(header.size() >> 8);
  return text + header + std::string(bytes, '\0');
}

void run_takes_and_writes_arrays(void**) {
  const Workspace workspace;
  const std::string array = workspace.write("a.npy", npy_of_input("|u1", "(3, 16, 16)", 3 * kSide * kSide));
  const std::string output = workspace.path("y.npy");
  for (const std::string& word : {array, "x=" + array}) {
    const CommandResult result = Command({"run", workspace.model(), "--input", word, "--output", output}).run();
    expect_status(result, 0);
    expect_contains(result.out, "wrote " + output);
    expect_contains(read_file(output), "'shape': (1, 3)");
    std::filesystem::remove(output);
  }
  expect_failure(Command({"run", workspace.model(), "--input", "z=" + array}).run(), 2, {"'z'", "'x' (1x3x16x16)"});
  expect_failure(Command({"run", workspace.model(), "--input", array, "--input", array}).run(), 2,
                 {"2 arrays", "1 input"});
  const std::string wrong = workspace.write("b.npy", npy_of_input("|u1", "(3, 16, 17)", 3 * 16 * 17));
  expect_failure(Command({"run", workspace.model(), "--input", wrong, "--output", output}).run(), 1,
                 {"b.npy", "3x16x17", "1x3x16x16"});
  expect_failure(Command({"run", workspace.model(), "--input", array, "--output", workspace.path("y.csv")}).run(), 2,
                 {"y.csv", ".npy"});
  assert_false(file_exists(output));
}

void several_outputs_get_their_names(void**) {
  const Workspace workspace;
  workspace.write("net.onnx", detector(false).bytes());
  const CommandResult result = run_on_image(workspace, {"--output", workspace.path("o.npy")});
  expect_status(result, 0);
  const std::size_t scores = result.out.find("wrote " + workspace.path("o_scores.npy"));
  const std::size_t boxes = result.out.find("wrote " + workspace.path("o_boxes.npy"));
  assert_true(scores != std::string::npos && boxes != std::string::npos && scores < boxes);
  expect_contains(read_file(workspace.path("o_boxes.npy")), "'shape': (1, 235, 4)");
}

void bench_puts_an_int8_model_beside_its_float_one(void**) {
  const Workspace workspace;
  std::filesystem::create_directory(workspace.path("models"));
  std::filesystem::rename(workspace.quantized(), workspace.path("models/net-int8.octet"));
  std::filesystem::copy(workspace.model(), workspace.path("models/net.onnx"));
  workspace.write("models/notes.txt", "not a model");
  const CommandResult plain = Command({"bench", workspace.path("models"), "5", "0"}).run();
  expect_status(plain, 0);
  expect_contains(plain.out, "5 runs of each after 3 to warm up, 1 thread");
  const std::size_t int8 = plain.out.find("net-int8.octet"), real = plain.out.find("net.onnx");
  assert_true(int8 != std::string::npos && real != std::string::npos && int8 < real);  // sorted
  expect_contains(plain.out, "x\n");                                                   // the speedup
  const CommandResult json = Command({"bench", workspace.path("models"), "3", "--json"}).run();
  for (const char* part : {"\"bytes\"", "\"int8_mac_share\"", "\"load_ms\"", "\"min_ms\"", "\"median_ms\"",
                           "\"p95_ms\"", "\"max_ms\"", "\"speedup\"", "models/net.onnx\""}) {
    expect_contains(json.out, part);
  }
}

void bench_takes_the_numbers_of_mnn(void**) {
  const Workspace workspace;
  expect_contains(Command({"bench", workspace.model(), "4", "1", "0", "2", "1"}).run().out,
                  "4 runs of each after 1 to warm up, 2 threads");
  const struct {
    const char* number;
    const char* name;
  } kBackEnds[] = {{"1", "Metal"}, {"2", "CUDA"}, {"3", "OpenCL"}, {"6", "OpenGL"}, {"7", "Vulkan"}};
  for (const auto& back_end : kBackEnds) {
    expect_failure(Command({"bench", workspace.model(), "4", back_end.number}).run(), 2, {back_end.name});
    expect_failure(Command({"bench", workspace.model(), "4", "1", back_end.number}).run(), 2, {back_end.name});
  }
  expect_failure(Command({"bench", workspace.model(), "0"}).run(), 2, {"loop_count"});
  expect_failure(Command({"bench", workspace.model(), "1", "1", "0", "2", "--threads", "2"}).run(), 2, {"twice"});
}

void bench_times_layers_in_all_forms(void**) {
  const Workspace workspace;
  const CommandResult plain = Command({"bench", workspace.model(), "2", "--layers"}).run();
  for (const char* part : {"conv_1", "fc_1", "kernel", "GMAC/s"}) expect_contains(plain.out, part);
  const CommandResult csv = Command({"bench", workspace.model(), "2", "--layers", "--csv"}).run();
  expect_contains(csv.out,
                  "file,layer,op,int8,kernel,macs,median_ms,gmacs_per_s,share,peak_share,float_ms,speedup,slower\n");
  expect_contains(Command({"bench", workspace.model(), "2", "--csv"}).run().out, "file,bytes,int8_mac_share,load_ms");
  expect_contains(Command({"bench", workspace.model(), "2", "--md"}).run().out, "| model | size |");
  expect_contains(Command({"bench", workspace.model(), "2", "--layers", "--json"}).run().out, "\"gmacs_per_s\"");
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

void bench_puts_layers_of_twins_side_by_side(void**) {
  const Workspace workspace;
  const std::vector<std::string> pair = {"bench", workspace.model(), workspace.quantized(), "3", "--layers"};
  const auto with = [&](std::initializer_list<std::string> more) {
    std::vector<std::string> words = pair;
    words.insert(words.end(), more);
    const CommandResult result = Command(words).run();
    expect_status(result, 0);
    return result.out;
  };
  const std::string plain = with({});
  for (const char* part :
       {"net.onnx beside ", "out.octet\n", "float ms", "int8 ms", "float kernel", "int8 kernel",
        "layers in all, float: ", "layers in all, int8: ", " of the median run (", "int8 is slower than float in "}) {
    expect_contains(plain, part);
  }
  assert_int_equal(count_of(plain, "conv_1 "), 1);  // one line for both
  const std::string markdown = with({"--md"});
  for (const char* part : {"### ", "| float ms | int8 ms |"}) expect_contains(markdown, part);
  const std::string json = with({"--json"});
  for (const char* part : {"\"peak\"", "\"int8_gmacs_per_s\"", "\"float_gmacs_per_s\"", "\"layers_ms\"",
                           "\"float_layer\": \"conv_1\"", "\"float_ms\"", "\"slower\"", "\"peak_share\""}) {
    expect_contains(json, part);
  }
  // Of the reference there is no peak, and no share of it.
  const std::string reference = with({"--isa", "ref"});
  assert_int_equal(count_of(reference, "multipliers at their peak"), 0);
}

void quantize_tells_what_stays_float_for_speed(void**) {
  const Workspace workspace;
  const CommandResult result = workspace.quantize({"--float-where-faster"});
  expect_status(result, 0);
  expect_contains(result.out, "kept in float for speed");
  assert_int_equal(count_of(workspace.quantize().out, "kept in float for speed"), 0);
  expect_contains(Command({"quantize", "--help"}).run().out, "--float-where-faster");
}

void a_poor_quantization_is_a_warning(void**) {
  std::vector<float> weights = varied(108);
  for (std::size_t i = 0; i < weights.size(); i += 7) weights[i] *= 1e37f;
  const Workspace workspace;
  workspace.write("net.onnx", classifier(weights).bytes());
  const CommandResult result = workspace.quantize({"--method", "MINMAX", "--json"});
  expect_status(result, 0);
  for (const std::string& text : {result.err, result.out}) {
    expect_contains(text, "output 'y' is far from the float network's");
    expect_contains(text, "the worst layer is '");
  }
}

void bench_runs_the_others_when_one_fails(void**) {
  const Workspace workspace;
  const std::string bad = workspace.write("bad.onnx", "hello");
  const CommandResult result = Command({"bench", bad, workspace.model(), "2"}).run();
  expect_status(result, 1);
  expect_contains(result.err, "bad.onnx");
  expect_contains(result.out, "net.onnx");
  const CommandResult json = Command({"bench", bad, workspace.model(), "2", "--json"}).run();
  expect_contains(json.out, R"("ok": false)");
  expect_contains(json.out, R"("median_ms")");
  expect_failure(Command({"bench", workspace.path("images")}).run(), 1, {"images", "no model"});
}

void an_unknown_instruction_set_is_an_error(void**) {
  const Workspace workspace;
  assert_int_not_equal(Command({"bench", workspace.model(), "1", "--isa", "abacus"}).run().status, 0);
  const CommandResult reference = Command({"bench", workspace.model(), "1", "--isa", "ref"}).run();
  expect_status(reference, 0);
  expect_contains(reference.out, "instruction set ref");
}

void compare_prints_accuracy_and_errors(void**) {
  const Workspace workspace;
  const std::string int8 = workspace.quantized();
  const std::string labels =
      workspace.write("labels.tsv",
                      "file\tclass_index\nimages/good0.png\t0\nimages/good1.png\t1\nimages/good2.png\t1\n"
                      "images/good3.png\t2\n");
  const std::vector<std::string> words = {"compare", workspace.model(), int8, workspace.config(), "--labels", labels};
  const CommandResult plain = Command(words).run();
  expect_status(plain, 0);
  for (const char* part : {"top-1", "top-5", "100.0 %", "agreement", "SQNR dB", "worst layers", "fc_1"}) {
    expect_contains(plain.out, part);
  }
  std::vector<std::string> json_words = words;
  json_words.insert(json_words.end(), {"--json", "--report", workspace.path("report.html")});
  const CommandResult json = Command(json_words).run();
  for (const char* part : {"\"float_top1\"", "\"int8_top1\"", "\"float_top5\": 1", "\"int8_top5\"", "\"agreement\"",
                           "\"cosine\"", "\"sqnr_db\"", "\"max_abs_error\"", "\"labelled_samples\": 4"}) {
    expect_contains(json.out, part);
  }
  assert_true(file_exists(workspace.path("report.html")));
  expect_failure(Command({"compare", workspace.model(), int8, workspace.config(), "--images", "/no/such"}).run(), 1,
                 {"/no/such"});
  expect_failure(Command({"compare", workspace.model(), int8, workspace.config(), "--labels", "/no/labels.tsv"}).run(),
                 1, {"/no/labels.tsv"});
}

void compare_marks_what_equalization_scaled(void**) {
  const Workspace workspace;
  const std::string even = workspace.write_config(R"(, "equalize": true)");
  expect_status(Command({"quantize", workspace.model(), workspace.target(), even, "--json"}).run(), 0);
  const CommandResult plain = Command({"compare", workspace.model(), workspace.target(), even}).run();
  for (const char* part : {"conv_1", "int8, scaled", "scaled: by equalization"}) expect_contains(plain.out, part);
  const CommandResult json = Command({"compare", workspace.model(), workspace.target(), even, "--json"}).run();
  expect_contains(json.out, R"("equalized": true)");
}

void inspect_shows_what_is_inside(void**) {
  const Workspace workspace;
  const CommandResult real = Command({"inspect", workspace.model(), "--layers"}).run();
  expect_status(real, 0);
  for (const char* part : {"onnx", "1x3x16x16", "float32", "conv_1", "recipe      none", "MACs"}) {
    expect_contains(real.out, part);
  }
  const CommandResult int8 = Command({"inspect", workspace.quantized()}).run();
  for (const char* part : {"int8", "scale", "RGB", "127", "0.0078"}) expect_contains(int8.out, part);
  const CommandResult json = Command({"inspect", workspace.target(), "--layers", "--json"}).run();
  for (const char* part : {R"("source_format": "octet")", R"("shape": [1, 3, 16, 16])", R"("format": "RGB")",
                           R"("layers": [)", R"("int8_mac_share": )"}) {
    expect_contains(json.out, part);
  }
}

void quantize_says_what_came_out(void**) {
  const Workspace workspace;
  const CommandResult plain = workspace.quantize();
  expect_status(plain, 0);
  for (const char* part : {"size", "int8", "calibrated on", "SQNR dB", "worst layers", "time"}) {
    expect_contains(plain.out, part);
  }
  const CommandResult json = workspace.quantize({"--json", "--method", "MINMAX"});
  for (const char* part : {R"("ok": true)", R"("int8_bytes": )", R"("layers": [)", R"("method": "MINMAX")"}) {
    expect_contains(json.out, part);
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(run_prints_the_likeliest_classes),
      cmocka_unit_test(run_uses_the_stored_recipe),
      cmocka_unit_test(run_finds_and_draws_faces),
      cmocka_unit_test(only_a_detector_can_be_drawn),
      cmocka_unit_test(run_takes_and_writes_arrays),
      cmocka_unit_test(several_outputs_get_their_names),
      cmocka_unit_test(bench_puts_an_int8_model_beside_its_float_one),
      cmocka_unit_test(bench_takes_the_numbers_of_mnn),
      cmocka_unit_test(bench_times_layers_in_all_forms),
      cmocka_unit_test(bench_puts_layers_of_twins_side_by_side),
      cmocka_unit_test(bench_runs_the_others_when_one_fails),
      cmocka_unit_test(an_unknown_instruction_set_is_an_error),
      cmocka_unit_test(compare_prints_accuracy_and_errors),
      cmocka_unit_test(compare_marks_what_equalization_scaled),
      cmocka_unit_test(inspect_shows_what_is_inside),
      cmocka_unit_test(quantize_says_what_came_out),
      cmocka_unit_test(quantize_tells_what_stays_float_for_speed),
      cmocka_unit_test(a_poor_quantization_is_a_warning),
  };
  return cmocka_run_group_tests_name("cli/commands", tests, nullptr, nullptr);
}

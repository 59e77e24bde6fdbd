// --strict, --boxes and what a report holds, by the command.
#include "cli/workspace.h"

namespace octet::test {
namespace {

// Calibrated on one black picture alone: what noise makes lies far outside the ranges.
void calibrate_on_darkness(const Workspace& workspace) {
  workspace.write_image("a.png",
                        encode_png(std::vector<std::uint8_t>(std::size_t{kSide} * kSide * 3, 0), kSide, kSide));
  workspace.write_config(R"(, "used_image_num": 1, "feature_quantize_method": "MINMAX")");
}

void poor_quality_is_a_failure_with_strict_alone(void**) {
  const Workspace workspace;
  calibrate_on_darkness(workspace);
  const CommandResult warned = workspace.quantize();
  expect_status(warned, 0);
  expect_contains(warned.err, "is far from the float network's");
  expect_contains(warned.err, "skip_quant_op_names");
  assert_true(file_exists(workspace.target()));
  std::filesystem::remove(workspace.target());
  const CommandResult refused = workspace.quantize({"--strict", "--report", workspace.path("report.html")});
  expect_status(refused, 3);
  expect_contains(refused.err, "octet: error: --strict");
  expect_contains(refused.out, "not written");
  assert_false(file_exists(workspace.target()));
  assert_true(file_exists(workspace.path("report.html")));
  const CommandResult json = workspace.quantize({"--strict", "--json"});
  expect_status(json, 3);
  for (const char* part : {R"("ok": false)", R"("code": "quality")", R"("int8_bytes": null)", R"("poor": true)"}) {
    expect_contains(json.out, part);
  }
}

void good_quality_passes_strict(void**) {
  const Workspace workspace;
  const CommandResult good = workspace.quantize({"--strict", "--json"});
  expect_status(good, 0);
  expect_contains(good.out, R"("ok": true)");
  expect_contains(good.out, R"("poor": false)");
  assert_true(file_exists(workspace.target()));
  expect_status(Command({"compare", workspace.model(), workspace.target(), workspace.config(), "--strict"}).run(), 0);
}

void compare_knows_strict_too(void**) {
  const Workspace workspace;
  calibrate_on_darkness(workspace);
  const std::string int8 = workspace.quantized();
  const std::vector<std::string> words = {"compare", workspace.model(), int8, workspace.config()};
  expect_status(Command(words).run(), 0);
  std::vector<std::string> strict = words;
  strict.push_back("--strict");
  const CommandResult refused = Command(strict).run();
  expect_status(refused, 3);
  expect_contains(refused.out, "agreement");
  strict.push_back("--json");
  expect_contains(Command(strict).run().out, R"("code": "quality")");
}

void a_report_holds_causes_values_and_pictures(void**) {
  const Workspace workspace;
  expect_status(workspace.quantize({"--report", workspace.path("r.json")}), 0);
  const std::string json = read_file(workspace.path("r.json"));
  for (const char* part : {"\"histogram\"", "\"float_ms\"", "\"own_sqnr_db\"", "\"float_class\"", "\"int8_run_ms\""}) {
    expect_contains(json, part);
  }
  expect_status(workspace.quantize({"--report", workspace.path("r.html")}), 0);
  expect_contains(read_file(workspace.path("r.html")), "src=\"data:image/jpeg;base64,");
  // Without a report nothing is timed.
  assert_true(workspace.quantize({"--json"}).out.find("float_ms") == std::string::npos);
}

void boxes_are_for_detectors(void**) {
  const Workspace workspace;
  expect_failure(workspace.quantize({"--boxes", "raw"}), 2, {"no detector"});
  expect_failure(workspace.quantize({"--boxes", "round"}), 2, {"--boxes"});
  const std::string faces = std::string(OCTET_SOURCE_DIR) + "/examples/models/faces/";
  const std::string int8 = workspace.path("faces.octet");
  workspace.write(
      "faces.json",
      R"({"format": "RGB", "mean": [127, 127, 127], "normal": [0.0078, 0.0078, 0.0078], "used_image_num": 4, "path": ")" +
          faces + R"(calibration", "feature_quantize_method": "MINMAX"})");
  const CommandResult made =
      Command({"quantize", faces + "faces.onnx", int8, workspace.path("faces.json"), "--json"}).run();
  expect_status(made, 0);
  for (const char* part : {R"("detections": {)", R"("boxes": "decoded")", R"("matched": )", R"("mean_iou": 0.)"}) {
    expect_contains(made.out, part);
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(poor_quality_is_a_failure_with_strict_alone),
      cmocka_unit_test(good_quality_passes_strict),
      cmocka_unit_test(compare_knows_strict_too),
      cmocka_unit_test(a_report_holds_causes_values_and_pictures),
      cmocka_unit_test(boxes_are_for_detectors),
  };
  return cmocka_run_group_tests_name("cli/strict", tests, nullptr, nullptr);
}

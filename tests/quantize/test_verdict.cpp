// When a network is poor: each limit alone, and that what keeps them all is not.
#include <cmath>
#include <functional>

#include "quantize/verdict.h"
#include "support/expect.h"

using namespace octet;
using namespace octet::test;

namespace {

Report good() {
  Report report;
  report.outputs = {{"scores", {0.95, 0.9, 0.93, 12, 0.1}}};
  report.agreement = 0.92;
  report.labelled_samples = 100;
  report.float_top1 = 0.8;
  report.int8_top1 = 0.78;
  report.detections = DetectionReport{};
  report.detections->float_boxes = report.detections->int8_boxes = 100;
  report.detections->matched = 98;
  report.mixed = MixedReport{};
  for (const auto& [name, sqnr] : {std::pair<const char*, double>{"a", 30}, {"b", 5}, {"c", 9}, {"d", 20}, {"e", 1}}) {
    LayerError layer;
    layer.name = name;
    layer.op = "conv";
    layer.is_int8 = name[0] != 'e';
    layer.error.sqnr_db = sqnr;
    report.layers.push_back(layer);
  }
  return report;
}

void expect_poor(const std::function<void(Report&)>& spoil, std::initializer_list<const char*> parts) {
  Report report = good();
  spoil(report);
  judge(report);
  assert_true(report.poor);
  assert_int_equal(report.warnings.size(), 1);
  for (const char* part : parts) {
    if (report.warnings[0].find(part) == std::string::npos)
      fail_msg("'%s' lacks '%s'", report.warnings[0].c_str(), part);
  }
}

void test_good_is_not_poor(void**) {
  Report report = good();
  judge(report);
  assert_true(!report.poor && report.warnings.empty());
  Report nothing;
  judge(nothing);
  assert_false(nothing.poor);
}

void test_each_limit(void**) {
  expect_poor([](Report& r) { r.outputs[0].error.sqnr_db = 9.9; }, {"'scores'", "SQNR 9.9 dB", "cosine 0.950"});
  expect_poor([](Report& r) { r.outputs[0].error.cosine = 0.89; }, {"'scores'", "cosine 0.890"});
  expect_poor([](Report& r) { r.outputs[0].error.cosine = r.outputs[0].error.sqnr_db = std::nan(""); }, {"'scores'"});
  expect_poor([](Report& r) { r.agreement = 0.89; }, {"89.0 %", "limit 90 %"});
  expect_poor([](Report& r) { r.int8_top1 = 0.76; }, {"falls by 4.0 points"});
  expect_poor([](Report& r) { r.detections->matched = 94; }, {"both find 88.7 %"});
}

void test_the_worst_int8_layers_are_named_once(void**) {
  expect_poor(
      [](Report& r) {
        r.agreement = 0.5;
        r.layers[1].cause.kind = "clipping";
      },
      {"'b' (conv, 5.0 dB: clipping), 'c' (conv, 9.0 dB), 'd'", "\"skip_quant_op_names\": [\"b\", \"c\", \"d\"]"});
  Report report = good();
  report.agreement = 0.5;
  report.int8_top1 = 0;
  judge(report);
  assert_int_equal(report.warnings.size(), 2);
  assert_true(report.warnings[0].find("'e'") == std::string::npos);  // it is float
  assert_true(report.warnings[1].find("skip_quant_op_names") == std::string::npos);
}

void test_a_budget_that_is_not_reached(void**) {
  Report report = good();
  report.mixed->reached = false;
  judge(report);
  assert_true(report.poor && report.warnings.empty());  // the search has warned already
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_good_is_not_poor),
      cmocka_unit_test(test_each_limit),
      cmocka_unit_test(test_the_worst_int8_layers_are_named_once),
      cmocka_unit_test(test_a_budget_that_is_not_reached),
  };
  return cmocka_run_group_tests_name("quantize/verdict", tests, nullptr, nullptr);
}

// A quantization that went wrong is a warning that says where, not a success that nobody hears of.
#include "quantize/listed_source.h"
#include "quantize/memory_source.h"
#include "quantize/networks.h"
#include "quantize/quantizer.h"

using namespace octet;
using namespace octet::test;

namespace {

// Three convolutions; one value of the second's weights is `largest`, the others are at most 1.
Graph network(float largest) {
  GraphBuilder b;
  TensorId x = conv1x1(b, "first", b.input("x", {1, 3, 8, 8}), 3, 8);
  std::vector<float> weights(64, 0.01F);
  weights[5] = largest;
  x = b.add(Op::conv, "second", {x, b.floats("w", {8, 8, 1, 1}, weights)});
  b.output(conv1x1(b, "third", x, 8, 2));
  return finished(b);
}

struct Heard {
  std::vector<std::string> warnings;
  Hooks hooks;
  Heard() {
    hooks.log = [this](LogLevel level, const std::string& line) {
      if (level == LogLevel::warning) warnings.push_back(line);
    };
  }
};

QuantizeConfig plain() {
  QuantizeConfig config;
  config.activation_method = ActivationMethod::MINMAX;
  return config;
}

// Calibrated on values that are a hundredth of those that are measured.
Samples unlike_samples() {
  std::vector<std::vector<float>> values;
  for (int i = 0; i < 8; ++i) {
    std::vector<float> sample(192);
    for (std::size_t j = 0; j < sample.size(); ++j) {
      sample[j] = (i < 4 ? 0.01F : 1.0F) * std::sin(0.37F * static_cast<float>(j) + static_cast<float>(i));
    }
    values.push_back(std::move(sample));
  }
  return divide_samples(std::make_shared<const ListedSource>(values), 4);
}

void test_a_good_quantization_has_no_warning(void**) {
  Heard heard;
  const auto samples = divide_samples(std::make_shared<const MemorySource>(8), 0);
  const auto result = quantize_graph(std::make_shared<const Graph>(network(1)), plain(), samples, 1, heard.hooks);
  expect_ok(result.status());
  assert_true(result.value().report.outputs[0].error.sqnr_db > 10);
  assert_true(result.value().report.warnings.empty() && heard.warnings.empty());
}

void test_a_poor_one_names_output_and_layer(void**) {
  Heard heard;
  const auto result =
      quantize_graph(std::make_shared<const Graph>(network(1)), plain(), unlike_samples(), 1, heard.hooks);
  expect_ok(result.status());
  const Report& report = result.value().report;
  assert_true(report.outputs[0].error.sqnr_db < 10);
  assert_int_equal(report.warnings.size(), 1);
  assert_true(heard.warnings == report.warnings);
  const std::string& warning = report.warnings[0];
  const auto worst =
      std::min_element(report.layers.begin(), report.layers.end(),
                       [](const LayerError& a, const LayerError& b) { return a.error.sqnr_db < b.error.sqnr_db; });
  for (const std::string& part :
       {std::string("'third:0'"), std::string("dB"), "'" + worst->name + "'", std::string("skip_quant_op_names")}) {
    if (warning.find(part) == std::string::npos) fail_msg("'%s' does not say %s", warning.c_str(), part.c_str());
  }
  assert_true(report_json(report).find("skip_quant_op_names") != std::string::npos);
  assert_true(report_html(report).find("far from the float") != std::string::npos);
}

void test_one_weight_that_is_enormous(void**) {
  Heard heard;
  const auto samples = divide_samples(std::make_shared<const MemorySource>(8), 0);
  const auto result = quantize_graph(std::make_shared<const Graph>(network(1e37F)), plain(), samples, 1, heard.hooks);
  expect_ok(result.status());
  const OutputError& output = result.value().report.outputs[0];
  const bool poor = !(output.error.sqnr_db >= 10 && output.error.cosine >= 0.9);
  assert_true(poor == !heard.warnings.empty());
}

void test_a_comparison_warns_as_well(void**) {
  Heard heard;
  CompareRequest request;
  request.reference = std::make_shared<const Graph>(network(1));
  const auto result = quantize_graph(request.reference, plain(), unlike_samples(), 1, {});
  expect_ok(result.status());
  request.model = std::make_shared<const Graph>(result.value().graph);
  request.source = std::make_shared<const MemorySource>(4);
  const auto report = compare_graphs(request, heard.hooks);
  expect_ok(report.status());
  assert_int_equal(heard.warnings.size(), 1);
  assert_true(heard.warnings[0].find("'third:0'") != std::string::npos);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_a_good_quantization_has_no_warning),
      cmocka_unit_test(test_a_poor_one_names_output_and_layer),
      cmocka_unit_test(test_one_weight_that_is_enormous),
      cmocka_unit_test(test_a_comparison_warns_as_well),
  };
  return cmocka_run_group_tests_name("quantize/poor_outputs", tests, nullptr, nullptr);
}

// Mixed precision: which layers stay float under a budget.
#include <algorithm>
#include <cmath>

#include "model/model.h"
#include "quantize/memory_source.h"
#include "quantize/networks.h"
#include "quantize/quantizer.h"

using namespace octet;
using namespace octet::test;

namespace {

// Weights of one channel so different in size that 8 bits for both say little of the small ones: only one large weight,
// for an input channel that is nearly silent.
TensorId hard_conv(GraphBuilder& b, const std::string& name, TensorId x, std::int64_t channels) {
  std::vector<float> weights;
  for (std::int64_t o = 0; o < channels; ++o) {
    for (std::int64_t i = 0; i < channels; ++i) {
      weights.push_back(i == channels - 1 ? 40.0F : 0.1F * std::sin(static_cast<float>(3 * o + 7 * i)));
    }
  }
  return b.add(Op::conv, name, {x, b.floats(name + "/w", {channels, channels, 1, 1}, weights)});
}

// The last channel is silent, so that hard_conv is hard.
TensorId silence_last(GraphBuilder& b, const std::string& name, TensorId x, std::int64_t channels) {
  std::vector<float> weights(static_cast<std::size_t>(channels * channels), 0);
  for (std::int64_t c = 0; c + 1 < channels; ++c) weights[static_cast<std::size_t>(c * channels + c)] = 1;
  return b.add(Op::conv, name, {x, b.floats(name + "/w", {channels, channels, 1, 1}, weights)});
}

Graph network(bool classifier) {
  GraphBuilder b;
  b.graph.name = "mixed";
  TensorId t = b.input("x", {1, 4, 8, 8});
  t = conv1x1(b, "first", t, 4, 8);
  t = silence_last(b, "silence", t, 8);
  t = hard_conv(b, "hard", t, 8);
  t = conv1x1(b, "wide", t, 8, 32);
  t = conv1x1(b, "last", t, 32, 6);
  if (classifier) {
    t = b.add(Op::reduce, "mean", {t}, [](Attributes& a) { a.axes = {2, 3}; });
    t = b.add(Op::reshape, "flat", {t}, [](Attributes& a) { a.sizes = {1, 6}; });
    t = b.add(Op::softmax, "probabilities", {t}, [](Attributes& a) { a.axis = 1; });
  }
  b.output(t);
  return finished(b);
}

Result<Quantized> quantized(const Graph& graph, const std::optional<MixedBudget>& budget, int threads = 1,
                            const Hooks& hooks = {}) {
  QuantizeConfig config;
  config.activation_method = ActivationMethod::MINMAX;
  config.mixed = budget;
  return quantize_graph(std::make_shared<const Graph>(graph), config,
                        divide_samples(std::make_shared<const MemorySource>(24), 16), threads, hooks);
}

MixedBudget at_least(double sqnr, double macs = 0.5) {
  MixedBudget budget;
  budget.min_sqnr = sqnr;
  budget.max_float_macs = macs;
  return budget;
}

std::vector<std::string> float_convolutions(const Graph& graph) {
  std::vector<std::string> names;
  for (const Node& node : graph.nodes) {
    if (node.op == Op::conv && graph.at(node.inputs[0]).dtype == DType::f32) names.push_back(node.name);
  }
  return names;
}

double output_sqnr(const Quantized& result) { return result.report.outputs.at(0).error.sqnr_db; }

void test_the_hard_layer_stays_float(void**) {
  const Graph graph = network(false);
  const auto plain = quantized(graph, std::nullopt);
  expect_ok(plain.status());
  assert_false(plain->report.mixed.has_value());
  assert_true(float_convolutions(plain->graph).empty());
  const double wanted = output_sqnr(*plain) + 6;
  const auto mixed = quantized(graph, at_least(wanted));
  expect_ok(mixed.status());
  const MixedReport& report = *mixed->report.mixed;
  assert_true(report.reached);
  assert_true(report.sqnr_db >= wanted && report.all_int8_sqnr_db < wanted);
  const std::vector<std::string> kept = float_convolutions(mixed->graph);
  assert_true(std::find(kept.begin(), kept.end(), "hard") != kept.end());
  assert_true(kept.size() == report.layers.size() && kept.size() < 3);
  assert_true(output_sqnr(*mixed) > output_sqnr(*plain) + 4);  // on other samples than those of the search
  expect_ok(validate(mixed->graph));
  double macs = 0;
  for (const MixedLayer& layer : report.layers) macs += static_cast<double>(layer.macs);
  assert_true(std::fabs(macs / static_cast<double>(mixed->report.macs) - report.float_mac_share) < 1e-12);
  assert_int_equal(mixed->report.macs - mixed->report.int8_macs, static_cast<std::int64_t>(macs));
}

void test_a_budget_that_holds_keeps_nothing(void**) {
  const Graph graph = network(false);
  const auto plain = quantized(graph, std::nullopt);
  const auto mixed = quantized(graph, at_least(1));
  expect_ok(mixed.status());
  assert_true(mixed->report.mixed->layers.empty() && mixed->report.mixed->reached);
  const auto a = octet_bytes(plain->graph);
  const auto b = octet_bytes(mixed->graph);
  assert_int_equal(a->size(), b->size());
  assert_memory_equal(a->data(), b->data(), a->size());
  assert_true(float_convolutions(mixed->graph).empty());
}

void test_a_budget_out_of_reach_is_a_warning(void**) {
  const auto mixed = quantized(network(false), at_least(190, 0.3));
  expect_ok(mixed.status());
  const MixedReport& report = *mixed->report.mixed;
  assert_false(report.reached);
  assert_true(report.float_mac_share <= 0.3);
  assert_false(report.layers.empty());
  assert_true(report.sqnr_db > report.all_int8_sqnr_db);
  const auto& warnings = mixed->report.warnings;
  assert_true(std::any_of(warnings.begin(), warnings.end(), [](const std::string& warning) {
    return warning.find("\"max_float_macs\"") != std::string::npos;
  }));
}

void test_answers_of_a_classifier(void**) {
  MixedBudget budget;
  budget.max_drop = 0;  // never reached: an expected share is above 0
  budget.max_float_macs = 1;
  const auto mixed = quantized(network(true), budget);
  expect_ok(mixed.status());
  const MixedReport& report = *mixed->report.mixed;
  assert_true(report.all_int8_drop > 0 && report.all_int8_drop <= 0.5);
  assert_true(report.drop < report.all_int8_drop);
  expect_failure(quantized(network(false), budget).status(), Code::config, {"max_drop", "min_sqnr"});
}

void test_threads_do_not_change_the_choice(void**) {
  const Graph graph = network(true);
  const auto one = quantized(graph, at_least(40));
  const auto three = quantized(graph, at_least(40), 3);
  expect_ok(one.status());
  expect_ok(three.status());
  const auto a = octet_bytes(one->graph);
  const auto b = octet_bytes(three->graph);
  assert_int_equal(a->size(), b->size());
  assert_memory_equal(a->data(), b->data(), a->size());
}

void test_cancelling(void**) {
  Hooks hooks;
  hooks.progress = [](const char* stage, std::int64_t, std::int64_t) {
    return std::string(stage).find("sensitivity") == std::string::npos;
  };
  expect_failure(quantized(network(false), at_least(100), 1, hooks).status(), Code::cancelled, {"cancelled"});
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_the_hard_layer_stays_float),
      cmocka_unit_test(test_a_budget_that_holds_keeps_nothing),
      cmocka_unit_test(test_a_budget_out_of_reach_is_a_warning),
      cmocka_unit_test(test_answers_of_a_classifier),
      cmocka_unit_test(test_threads_do_not_change_the_choice),
      cmocka_unit_test(test_cancelling),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

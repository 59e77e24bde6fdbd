// Who names a method is told where AUTO would do clearly better, and not otherwise.
#include "quantize/auto_advice.h"
#include "quantize/memory_source.h"
#include "quantize/networks.h"
#include "quantize/quantizer.h"
#include "quantize/report_times.h"
#include "quantize/rewrite.h"

using namespace octet;
using namespace octet::test;

namespace {

Graph network(bool softmax = false) {
  GraphBuilder b;
  TensorId x = conv1x1(b, "first", b.input("x", {1, 3, 4, 4}), 3, 8);
  x = conv1x1(b, "second", x, 8, 2);
  if (softmax) x = b.add(Op::softmax, "answer", {x}, [](Attributes& attrs) { attrs.axis = 1; });
  b.output(x);
  return finished(b);
}

// With a scale of `scale` for everything.
std::shared_ptr<const Graph> int8(const Graph& graph, float scale) {
  const auto assignment = assign_types(graph, {});
  expect_ok(assignment.status());
  const std::vector<Quant> quants(static_cast<std::size_t>(assignment->group_count), Quant{scale, 0});
  auto made = rewrite_int8(graph, *assignment, quants, {});
  expect_ok(made.status());
  return std::make_shared<const Graph>(std::move(*made));
}

std::string advice(const Graph& graph, float named, float automatic, std::size_t samples = 4) {
  const MemorySource source(samples);
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < samples; ++i) all.push_back(i);
  const auto text =
      advise_auto({plan_of(graph), int8(graph, named), int8(graph, automatic), &source, all, "KL", Isa::ref, 1}, {});
  expect_ok(text.status());
  return *text;
}

void test_clearly_better_is_told(void**) {
  for (const bool softmax : {false, true}) {
    const std::string text = advice(network(softmax), 0.2F, 0.04F);
    for (const char* part :
         {"AUTO would do clearly better than KL", "dB instead of", "(4 samples)", "\"feature_quantize_method\""}) {
      if (text.find(part) == std::string::npos) fail_msg("'%s' does not say %s", text.c_str(), part);
    }
  }
}

void test_no_better_is_not(void**) {
  assert_string_equal(advice(network(), 0.04F, 0.2F).c_str(), "");
  assert_string_equal(advice(network(), 0.04F, 0.04F).c_str(), "");
  assert_string_equal(advice(network(true), 0.04F, 0.038F).c_str(), "");
}

void test_a_few_samples_are_enough(void**) {
  assert_true(advice(network(), 0.2F, 0.04F, 40).find("(8 samples)") != std::string::npos);
}

void test_auto_itself_is_told_nothing(void**) {
  QuantizeConfig config;
  for (const auto method : {ActivationMethod::AUTO, ActivationMethod::MINMAX}) {
    config.activation_method = method;
    config.activation_method_given = true;
    const auto result = quantize_graph(std::make_shared<const Graph>(network()), config,
                                       divide_samples(std::make_shared<const MemorySource>(6), 0), 1, {});
    expect_ok(result.status());
    assert_true(result->report.warnings.empty());
  }
}

// Each layer of the first network takes 3 ms, of the second 1 ms, and of a third name nothing is known.
class MadeUpClock : public Stopwatch {
 public:
  Result<std::vector<LayerTimes>> time_layers(const std::vector<Network>& networks) override {
    assert_int_equal(networks.size(), 2);
    return std::vector<LayerTimes>{{{"first:0", 3}, {"second:0", 3}}, {{"first:0/equalized", 1}}};
  }
  Result<Duel> duel(const Network&, const Network&) override { return Duel{9, 4, 1, 6, 2}; }
};

void test_times_go_to_their_layers(void**) {
  Report report;
  report.layers.resize(2);
  report.layers[0].output = "first:0";
  report.layers[0].model_output = "first:0/equalized";
  report.layers[1].output = report.layers[1].model_output = "second:0";
  MadeUpClock clock;
  expect_ok(add_times(nullptr, nullptr, clock, {}, report));
  assert_true(report.layers[0].float_ms == 3 && report.layers[0].int8_ms == 1);
  assert_true(report.layers[1].float_ms == 3 && report.layers[1].int8_ms == 0);
  assert_true(report.float_run_ms == 6 && report.int8_run_ms == 2);
  Hooks stop;
  stop.progress = [](const char*, std::int64_t done, std::int64_t) { return done < 1; };
  expect_failure(add_times(nullptr, nullptr, clock, stop, report), Code::cancelled, {"cancelled"});
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_clearly_better_is_told),   cmocka_unit_test(test_no_better_is_not),
      cmocka_unit_test(test_a_few_samples_are_enough), cmocka_unit_test(test_auto_itself_is_told_nothing),
      cmocka_unit_test(test_times_go_to_their_layers),
  };
  return cmocka_run_group_tests_name("quantize/auto_advice", tests, nullptr, nullptr);
}

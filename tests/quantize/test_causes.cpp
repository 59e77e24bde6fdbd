// Why layers differ: networks with one thing wrong with them, which must be named.
#include <array>
#include <cmath>

#include "quantize/causes.h"
#include "quantize/equalize.h"
#include "quantize/listed_source.h"
#include "quantize/measure.h"
#include "quantize/networks.h"
#include "quantize/observe.h"
#include "quantize/rewrite.h"

using namespace octet;
using namespace octet::test;

namespace {

// Values between -1 and 1 without a pattern.
std::vector<float> sample(std::size_t count, unsigned seed) {
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i) {
    seed = seed * 1664525U + 1013904223U;
    values.push_back(static_cast<float>(seed >> 8) * 0x1p-23F - 1.0F);
  }
  return values;
}

ListedSource samples(std::size_t count = 4) {
  std::vector<std::vector<float>> list;
  for (unsigned i = 0; i < count; ++i) list.push_back(sample(4 * 8 * 8, i + 1));
  return ListedSource(list);
}

struct Wrong {
  std::map<std::string, float> widened;  // factor of the range of a tensor
  RewriteOptions weights;
  std::function<void(Graph&)> change;  // of the int8 network
  const QuantizeConfig* config = nullptr;
  const Graph* reference = nullptr;  // NULL: what was quantized
};

Report measured(const Graph& graph, const SampleSource& source, const Wrong& wrong = {}, int threads = 1) {
  const auto assignment = assign_types(graph, {});
  expect_ok(assignment.status());
  const auto observation = observe(plan_of(graph), *assignment, source, first(source.count()), {}, {});
  expect_ok(observation.status());
  std::vector<Quant> quants;
  for (const GroupStatistics& group : observation.value().groups) {
    quants.push_back(quant_from_range(group.histogram.min(), group.histogram.max()));
  }
  for (const auto& [name, factor] : wrong.widened) {
    quants[static_cast<std::size_t>(assignment->group[index_of_tensor(graph, name)])].scale *= factor;
  }
  auto int8 = rewrite_int8(graph, *assignment, quants, wrong.weights);
  expect_ok(int8.status());
  if (wrong.change) wrong.change(*int8);
  MeasureOptions options{threads, {}};
  options.details = true;
  options.config = wrong.config;
  Report report;
  const Graph& reference = wrong.reference == nullptr ? graph : *wrong.reference;
  expect_ok(measure(plan_of(reference), plan_of(*int8), source, first(source.count()), options, {}, report));
  return report;
}

const LayerCause& cause_of(const Report& report, const std::string& layer) {
  for (const LayerError& each : report.layers) {
    if (each.name == layer) return each.cause;
  }
  fail_msg("there is no layer '%s'", layer.c_str());
  return report.layers[0].cause;
}

void expect_cause(const Report& report, const std::string& layer, const std::string& kind,
                  std::initializer_list<const char*> parts) {
  const LayerCause& cause = cause_of(report, layer);
  if (cause.kind != kind) fail_msg("'%s': %s", cause.kind.c_str(), cause.text.c_str());
  for (const char* part : parts) {
    if ((cause.text + "|" + cause.advice).find(part) == std::string::npos) {
      fail_msg("'%s' | '%s' does not say %s", cause.text.c_str(), cause.advice.c_str(), part);
    }
  }
}

// Two convolutions of four channels, the outputs of the first times `factors`.
Graph chain(const std::vector<float>& factors = {1, 1, 1, 1}) {
  GraphBuilder b;
  std::vector<float> weights(16, 0);
  for (std::size_t c = 0; c < 4; ++c) weights[5 * c] = factors[c];
  TensorId x = b.add(Op::conv, "first", {b.input("x", {1, 4, 8, 8}), b.floats("w", {4, 4, 1, 1}, weights)});
  b.output(conv1x1(b, "second", x, 4, 4));
  return finished(b);
}

void test_good_layers_have_none(void**) {
  const Report report = measured(chain(), samples());
  for (const LayerError& layer : report.layers) {
    assert_true(layer.cause.kind.empty() && layer.cause.text.empty() && layer.cause.advice.empty());
    assert_true(layer.cause.own_sqnr_db > 40 && layer.cause.own_sqnr_db < 70);
    assert_int_equal(layer.values.counts.size(), 96);
  }
}

void test_clipping_and_who_inherits_it(void**) {
  const Report report = measured(chain(), samples(), {{{"first:0", 0.25F}}, {}, {}, nullptr});
  expect_cause(report, "first", "clipping", {"of the values lie outside", "4.0 times as far", "AUTO", "MINMAX"});
  assert_true(std::fabs(report.layers[0].clipped_share - 0.75) < 0.05);
  expect_cause(report, "second", "inherited", {"'first' adds most", "start with 'first'"});
  QuantizeConfig config;
  config.activation_method = ActivationMethod::MINMAX;
  expect_cause(measured(chain(), samples(), {{{"first:0", 0.25F}}, {}, {}, &config}), "first", "clipping",
               {"calibrate with more samples"});
}

void test_a_range_that_nothing_fills(void**) {
  expect_cause(measured(chain(), samples(), {{{"first:0", 8}}, {}, {}, nullptr}), "first", "wide_range",
               {"8.0 times as wide", "calibrate"});
}

void test_one_channel_far_larger(void**) {
  const Graph graph = chain({40, 1, 1, 1});
  // Beside the large channel the error is small; where its values are gone, it is not.
  std::vector<std::vector<float>> list;
  for (unsigned i = 0; i < 24; ++i) {
    std::vector<float> values = sample(256, i + 1);
    for (std::size_t k = 0; k < 64; ++k) values[k] *= i == 0 ? 1.0F : 0.001F;
    list.push_back(values);
  }
  const Report report = measured(graph, ListedSource(list));
  expect_cause(report, "first", "uneven_channels", {"channel 0 reaches", "\"equalize\": true", "[\"first\"]"});
  QuantizeConfig config;
  config.equalize = true;
  const Report equalized = measured(graph, ListedSource(list), {{}, {}, {}, &config});
  assert_true(cause_of(equalized, "first").advice.find("equalize") == std::string::npos);
}

void test_channels_that_die(void**) {
  std::vector<std::vector<float>> list;
  for (unsigned i = 0; i < 40; ++i) {
    std::vector<float> values = sample(256, i + 1);
    for (std::size_t k = 0; k < 64; ++k) values[k] *= i == 0 ? 1.0F : 0.00001F;
    list.push_back(values);
  }
  expect_cause(measured(chain({400, 1, 1, 1}), ListedSource(list)), "first", "dead_channels",
               {"3 of 4 channels have one value only"});
}

void test_inputs_far_apart(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 4, 8, 8});
  const TensorId small = scale_by(b, "small", x, 4, 1);
  const TensorId large = scale_by(b, "large", x, 4, 100);
  b.output(b.add(Op::concat, "joined", {small, large}, [](Attributes& attrs) { attrs.axis = 1; }));
  b.output(conv1x1(b, "after", b.graph.outputs[0], 8, 2));
  b.graph.outputs.erase(b.graph.outputs.begin());
  expect_cause(measured(finished(b), samples()), "small", "far_inputs",
               {"'small' (up to 0.99", "'large' (up to 99.", "[\"joined\"]"});
}

void test_weights_that_are_rounded_much(void**) {
  QuantizeConfig config;
  config.activation_method = ActivationMethod::KL;
  config.weight_clamp_value = 7;
  RewriteOptions coarse;
  coarse.weight_clamp_value = 7;
  const Report report = measured(chain(), samples(), {{}, coarse, {}, &config});
  expect_cause(report, "second", "weights", {"rounding of the weights", "\"adaptive_rounding\": true"});
  config.adaptive_rounding = config.bias_correction = config.equalize = true;
  expect_cause(measured(chain(), samples(), {{}, coarse, {}, &config}), "second", "weights", {"[\"second\"]"});
}

// Three convolutions; between them 32 channels, each times a factor of its own, at most `reach` or its inverse.
Graph scaled_chain(float reach) {
  constexpr std::int64_t kChannels = 32;
  GraphBuilder b;
  const auto factor = [&](std::size_t channel, std::size_t multiple) {
    return std::pow(reach, static_cast<float>(channel * multiple % 7) / 3 - 1);
  };
  const auto layer = [&](const std::string& name, TensorId x, unsigned seed, std::int64_t in, std::int64_t out) {
    std::vector<float> weights = sample(static_cast<std::size_t>(in * out), seed);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (out == kChannels) weights[i] *= factor(i / static_cast<std::size_t>(in), seed);
      if (in == kChannels) weights[i] /= factor(i % kChannels, seed - 1);
    }
    return b.add(Op::conv, name, {x, b.floats(name + "/w", {out, in, 1, 1}, weights)});
  };
  const TensorId t = layer("first", b.input("x", {1, 4, 8, 8}), 4, 4, kChannels);
  b.output(layer("third", layer("second", t, 5, kChannels, kChannels), 6, kChannels, 4));
  return finished(b);
}

// What a comparison of files finds is what one with the equalized float network finds.
void test_weights_of_equalized_layers(void**) {
  const Graph reference = scaled_chain(1);
  const Graph equalized = scaled_chain(3);
  Wrong renamed;
  renamed.reference = &reference;
  renamed.change = [](Graph& graph) {
    for (Tensor& tensor : graph.tensors) {
      if (tensor.name == "first:0" || tensor.name == "second:0") tensor.name += kEqualizedSuffix;
    }
  };
  for (const int clamp_value : {127, 7}) {
    QuantizeConfig config;
    config.weight_clamp_value = renamed.weights.weight_clamp_value = clamp_value;
    renamed.config = &config;
    Wrong itself;
    itself.weights.weight_clamp_value = clamp_value;
    itself.config = &config;
    const Report exact = measured(equalized, samples(), itself);
    const Report found = measured(equalized, samples(), renamed);
    assert_int_equal(found.layers.size(), 3);
    for (std::size_t i = 0; i < 3; ++i) {
      assert_true(found.layers[i].is_equalized == (i < 2) && !exact.layers[i].is_equalized);
      // An output channel of "first" has four weights: what looks like a factor takes a quarter of their error, 1.2 dB.
      assert_true(std::fabs(found.layers[i].cause.own_sqnr_db - exact.layers[i].cause.own_sqnr_db) < 1.6);
      assert_true(std::fabs(found.layers[i].error.sqnr_db - exact.layers[i].error.sqnr_db) < 1.6);
      if (clamp_value == 7) assert_string_equal(found.layers[i].cause.kind.c_str(), "weights");
    }
  }
}

void test_a_bias_that_takes_the_levels(void**) {
  // As if the scale had been raised for the bias: 3 levels are left of 127.
  Wrong wrong;
  wrong.change = [](Graph& graph) {
    for (Tensor& tensor : graph.tensors) {
      if (tensor.name == "second/weight") {
        std::vector<std::int8_t> values;
        for (const std::int8_t value : tensor.data.as<std::int8_t>()) {
          values.push_back(static_cast<std::int8_t>(std::lround(value / 42.0)));
        }
        tensor.data = Bytes::from(values);
      } else if (tensor.name == "second/multiplier") {
        std::vector<float> values;
        for (const float value : tensor.data.as<float>()) values.push_back(value * 42);
        tensor.data = Bytes::from(values);
      } else if (tensor.name == "second/bias") {
        std::vector<std::int32_t> values;
        for (const std::int32_t value : tensor.data.as<std::int32_t>()) values.push_back(value / 42);
        tensor.data = Bytes::from(values);
      }
    }
  };
  expect_cause(measured(chain(), samples(), wrong), "second", "bias_saturation", {"4 of 4 channels", "equalize"});
}

void test_rare_large_values(void**) {
  std::vector<std::vector<float>> list;
  for (unsigned i = 0; i < 12; ++i) {
    list.push_back(sample(256, i + 1));
    for (float& value : list.back()) value *= 0.02F;
  }
  for (std::size_t c = 0; c < 4; ++c) list[0][64 * c] = 1;  // in every channel, so that none is larger
  expect_cause(measured(chain(), ListedSource(list)), "first", "rare_large_values",
               {"times the root mean square", "AUTO", "[\"first\"]"});
}

void test_ties_of_a_softmax(void**) {
  GraphBuilder b;
  std::vector<float> identity(16, 0);
  for (std::size_t i = 0; i < 4; ++i) identity[5 * i] = 1;
  const TensorId x = b.add(Op::gemm, "scores", {b.input("x", {1, 4}), b.floats("w", {4, 4}, identity)});
  b.output(b.add(Op::softmax, "answer", {x}, [](Attributes& attrs) { attrs.axis = 1; }));
  const ListedSource source({{4, 4.001F, 0, 0}, {1, 0, 0, 0}, {0, 2, 0, 0}});
  expect_cause(measured(finished(b), source), "answer", "softmax_ties", {"1 of 3 samples", "[\"answer\"]"});
}

void test_threads_change_nothing(void**) {
  const Wrong wrong{{{"first:0", 0.25F}}, {}, {}, nullptr};
  assert_string_equal(report_json(measured(chain(), samples(9), wrong, 4)).c_str(),
                      report_json(measured(chain(), samples(9), wrong, 1)).c_str());
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_good_layers_have_none),
      cmocka_unit_test(test_clipping_and_who_inherits_it),
      cmocka_unit_test(test_a_range_that_nothing_fills),
      cmocka_unit_test(test_one_channel_far_larger),
      cmocka_unit_test(test_channels_that_die),
      cmocka_unit_test(test_inputs_far_apart),
      cmocka_unit_test(test_weights_that_are_rounded_much),
      cmocka_unit_test(test_weights_of_equalized_layers),
      cmocka_unit_test(test_a_bias_that_takes_the_levels),
      cmocka_unit_test(test_rare_large_values),
      cmocka_unit_test(test_ties_of_a_softmax),
      cmocka_unit_test(test_threads_change_nothing),
  };
  return cmocka_run_group_tests_name("quantize/causes", tests, nullptr, nullptr);
}

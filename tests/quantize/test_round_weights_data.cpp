// Rounding of weights and the shift of the bias against data/rounded.txt (NumPy, make_network_data.py).
#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "quantize/generated.h"
#include "quantize/listed_source.h"
#include "quantize/networks.h"
#include "quantize/quantizer.h"
#include "quantize/round_weights.h"

using namespace octet;
using namespace octet::test;

namespace {

// The lines of one kind by what follows it.
std::map<std::string, std::vector<double>> numpy_lines(const std::string& kind) {
  std::ifstream file(OCTET_SOURCE_DIR "/tests/quantize/data/rounded.txt");
  std::map<std::string, std::vector<double>> lines;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    std::string word, name;
    fields >> word >> name;
    if (word != kind) continue;
    for (double value = 0; fields >> value;) lines[name].push_back(value);
  }
  return lines;
}

// biased_weights(): every weight but the first of its channel lies 0.3 steps above a level. `inner`: weights between
// two of one channel that follow each other; 1 where they lie together.
TensorId biased_weights(GraphBuilder& b, std::uint32_t seed, const Dims& dims, std::size_t channel_axis = 0) {
  const auto count = static_cast<std::size_t>(element_count(dims));
  Generator g(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>((std::nearbyint(g.next() * 120) + 0.3) / 128);
  std::size_t step = count;  // from one channel to the next
  for (std::size_t d = 0; d <= channel_axis; ++d) step /= static_cast<std::size_t>(dims[d]);
  for (std::int64_t c = 0; c < dims[channel_axis]; ++c) values[static_cast<std::size_t>(c) * step] = 127.0F / 128;
  return b.floats("w", dims, values);
}

// The layers of make_network_data.py, each a network.
std::map<std::string, Graph> layers() {
  std::map<std::string, Graph> graphs;
  const auto add = [&](const std::string& name, Op op, std::uint32_t seed, const Dims& weights,
                       const GraphBuilder::Change& change = {}) {
    GraphBuilder b;
    const bool dense = op == Op::gemm;
    const TensorId x = b.input("x", dense ? Dims{1, 108} : Dims{1, 3, 6, 6});
    const TensorId w = biased_weights(b, seed, weights, op == Op::conv_transpose ? 1 : 0);
    b.output(b.add(op, name, {x, w}, [&](Attributes& a) {
      if (!dense) a.window.kernel = {weights[2], weights[3]};
      if (change) change(a);
    }));
    graphs.emplace(name, finished(b));
  };
  add("strided", Op::conv, 41, {4, 3, 3, 3}, [](Attributes& a) {
    a.window.stride = {2, 2};
    a.window.pads = {1, 1, 1, 1};
  });
  add("depthwise", Op::conv, 42, {3, 1, 3, 3}, [](Attributes& a) {
    a.window.pads = {1, 1, 1, 1};
    a.groups = 3;
  });
  add("pointwise", Op::conv, 43, {5, 3, 1, 1});
  add("transposed", Op::conv_transpose, 44, {3, 2, 2, 2}, [](Attributes& a) { a.window.stride = {2, 2}; });
  add("dense", Op::gemm, 45, {4, 108});
  return graphs;
}

std::shared_ptr<const SampleSource> positive_samples() {
  auto samples = generate_samples(3 * 6 * 6);
  for (auto& sample : samples) {
    for (float& value : sample) value = std::fabs(value);
  }
  return std::make_shared<ListedSource>(samples);
}

// What both networks make differs in the mean by this: NumPy computed both outputs.
void test_the_bias_takes_what_rounding_changes_in_the_mean(void**) {
  const auto expected = numpy_lines("shift");
  const auto graphs = layers();
  assert_int_equal(expected.size(), graphs.size());
  const auto source = positive_samples();
  for (const auto& [name, graph] : graphs) {
    const auto patches = collect_patches(plan_of(graph), *source, first(source->count()), 1, {});
    expect_ok(patches.status());
    const auto rounded = round_network(graph, *patches, {WeightMethod::MAX_ABS, 127, false, true}, 1, {});
    expect_ok(rounded.status());
    const std::vector<float>& shift = (*rounded)[0].bias_shift;
    const std::vector<double>& wanted = expected.at(name);
    assert_int_equal(shift.size(), wanted.size());
    for (std::size_t o = 0; o < shift.size(); ++o) {
      // Sums are in double; weights, and with them what rounding changes, are float32: 2^-24 of 1 beside 0.3 / 128.
      if (std::fabs(shift[o] - wanted[o]) > 3e-5 * wanted[o]) {
        fail_msg("%s, channel %zu: %.9g, not %.9g", name.c_str(), o, static_cast<double>(shift[o]), wanted[o]);
      }
    }
  }
}

// And it reaches the int8 network: these layers have no bias of their own.
void test_the_int8_network_carries_the_shift(void**) {
  const auto expected = numpy_lines("shift");
  QuantizeConfig config;
  config.activation_method = ActivationMethod::MINMAX;
  config.activation_method_given = true;
  config.bias_correction = true;
  const Samples samples = divide_samples(positive_samples(), 0);
  for (const auto& [name, graph] : layers()) {
    const auto made = quantize_graph(std::make_shared<const Graph>(graph), config, samples, 1, {});
    expect_ok(made.status());
    const Node& node = made->graph.nodes[index_of_node(made->graph, name)];
    const auto bias = made->graph.at(node.input(2)).data.as<std::int32_t>();
    const double step = static_cast<double>(made->graph.at(node.input(0)).quant.scale) / 128;
    const std::vector<double>& wanted = expected.at(name);
    assert_int_equal(bias.size(), wanted.size());
    for (std::size_t o = 0; o < bias.size(); ++o) {
      assert_true(bias[o] != 0);
      assert_true(std::fabs(bias[o] * step - wanted[o]) <= 0.501 * step);
    }
  }
}

// Error of the output over the rows of `x`, which have a mean of 0: sum of ((s q - w)^T x)^2.
double output_error(std::span<const float> weights, const QuantizedWeights& made, const std::vector<double>& x) {
  double sum = 0;
  for (std::size_t r = 0; r < x.size(); r += weights.size()) {
    double error = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      error += (static_cast<double>(made.scales[0]) * made.values[k] - weights[k]) * x[r + k];
    }
    sum += error * error;
  }
  return sum;
}

// NumPy tried every combination of levels beside the nearest, at every scale that is tried. The search from the nearest
// ends in a minimum that may not be the least; over all channels it gets nearly all that there is to be had.
void test_adapted_levels_are_near_the_best_of_all(void**) {
  constexpr std::size_t kDepth = 6;
  constexpr std::size_t kRows = 300;
  const auto common = generate_noise(51, kRows);
  const auto own = generate_noise(52, kRows * kDepth);
  Patches patches{1, kDepth, {}};
  std::vector<double> mean(kDepth, 0);
  for (std::size_t i = 0; i < own.size(); ++i) {
    patches.values.push_back(static_cast<float>(1 + double{common[i / kDepth]} + double{own[i]} / 8));
    mean[i % kDepth] += static_cast<double>(patches.values.back()) / kRows;
  }
  std::vector<double> centered;
  for (std::size_t i = 0; i < own.size(); ++i) {
    centered.push_back(static_cast<double>(patches.values[i]) - mean[i % kDepth]);
  }
  double nearest_sum = 0, least_sum = 0, adapted_sum = 0;
  const auto expected = numpy_lines("adapted");
  assert_int_equal(expected.size(), 8);
  for (const auto& [channel, errors] : expected) {
    const auto weights = generate_noise(static_cast<std::uint32_t>(1000 * std::stoi(channel) + 60), kDepth);
    const auto nearest = round_weights(weights, 1, patches, {WeightMethod::MAX_ABS, 127, false, true});
    const auto adapted = round_weights(weights, 1, patches, {});
    const double error = output_error(weights, nearest.weights, centered);
    assert_true(std::fabs(error - errors[0]) <= 1e-3 * errors[0]);
    nearest_sum += errors[0];
    least_sum += errors[1];
    adapted_sum += output_error(weights, adapted.weights, centered);
  }
  print_message("nearest %g, least %g, adapted %g\n", nearest_sum, least_sum, adapted_sum);
  assert_true(adapted_sum - least_sum <= 0.05 * (nearest_sum - least_sum));
}

// Inputs at right angles: the best levels and the best scale are known exactly.
void test_levels_of_independent_inputs_are_those_of_numpy(void**) {
  constexpr std::size_t kDepth = 7;
  Patches patches{1, kDepth, {}};
  for (unsigned r = 0; r < 8; ++r) {
    for (unsigned k = 0; k < kDepth; ++k) {  // a Hadamard matrix without its first column
      const bool odd = std::popcount(r & (k + 1)) % 2 == 1;
      patches.values.push_back(std::ldexp(odd ? -1.0F : 1.0F, static_cast<int>(k) - 3));
    }
  }
  const auto expected = numpy_lines("independent");
  assert_int_equal(expected.size(), 8);
  for (const auto& [channel, numbers] : expected) {
    const auto weights = generate_noise(static_cast<std::uint32_t>(1000 * std::stoi(channel) + 70), kDepth);
    const auto made = round_weights(weights, 1, patches, {}).weights;
    assert_true(std::fabs(made.scales[0] - numbers[0]) <= 1e-6 * numbers[0]);
    for (std::size_t k = 0; k < kDepth; ++k) assert_int_equal(made.values[k], static_cast<int>(numbers[k + 1]));
  }
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_the_bias_takes_what_rounding_changes_in_the_mean),
      cmocka_unit_test(test_the_int8_network_carries_the_shift),
      cmocka_unit_test(test_adapted_levels_are_near_the_best_of_all),
      cmocka_unit_test(test_levels_of_independent_inputs_are_those_of_numpy),
  };
  return cmocka_run_group_tests_name("quantize/round_weights_data", tests, nullptr, nullptr);
}

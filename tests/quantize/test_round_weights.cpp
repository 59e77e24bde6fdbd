// Rounding of weights by the error of the output.
#include <algorithm>
#include <cmath>

#include "quantize/memory_source.h"
#include "quantize/round_weights.h"
#include "support/cmocka.h"
#include "support/graph_builder.h"

using namespace octet;
using namespace octet::test;

namespace {

float noise(std::uint32_t& state) {
  state = state * 1664525U + 1013904223U;
  return static_cast<float>(state >> 8) / static_cast<float>(1 << 23) - 1.0F;
}

// Inputs that move together, as neighbouring pixels and channels do, around a mean of `mean`.
Patches related_patches(std::size_t depth, std::size_t rows, float mean, std::size_t groups = 1) {
  Patches patches{groups, depth, {}};
  std::uint32_t state = 7;
  for (std::size_t r = 0; r < rows; ++r) {
    const float common = noise(state);
    for (std::size_t k = 0; k < depth * groups; ++k) patches.values.push_back(mean + common + 0.1F * noise(state));
  }
  return patches;
}

std::vector<float> some_weights(std::size_t count) {
  std::uint32_t state = 3;
  std::vector<float> weights(count);
  for (float& weight : weights) weight = noise(state);
  return weights;
}

// Mean square of the output's error over the patches, the shift of the bias included.
double output_error(const std::vector<float>& weights, const RoundedWeights& rounded, const Patches& patches) {
  const std::size_t depth = patches.depth;
  const std::size_t channels = weights.size() / depth;
  double error = 0;
  for (std::size_t r = 0; r < patches.rows(); ++r) {
    for (std::size_t o = 0; o < channels; ++o) {
      const float* x = patches.values.data() + r * patches.width() + o / (channels / patches.groups) * depth;
      double e = rounded.bias_shift.empty() ? 0 : rounded.bias_shift[o];
      for (std::size_t k = 0; k < depth; ++k) {
        e += (rounded.weights.values[o * depth + k] * static_cast<double>(rounded.weights.scales[o]) -
              weights[o * depth + k]) *
             x[k];
      }
      error += e * e;
    }
  }
  return error / static_cast<double>(patches.rows() * channels);
}

void test_nearest_levels_without_adapting(void**) {
  const auto weights = some_weights(4 * 9);
  const Patches patches = related_patches(9, 50, 1);
  const RoundedWeights rounded = round_weights(weights, 4, patches, {WeightMethod::MAX_ABS, 127, false, false});
  const auto nearest = quantize_weights(weights, WeightLayout::contiguous(4, 9), WeightMethod::MAX_ABS);
  assert_true(rounded.weights.values == nearest->values);
  assert_true(rounded.weights.scales == nearest->scales);
  assert_true(rounded.bias_shift.empty());
}

void test_output_error_shrinks(void**) {
  const auto weights = some_weights(6 * 32);
  const Patches patches = related_patches(32, 400, 0.5F);
  const double nearest =
      output_error(weights, round_weights(weights, 6, patches, {WeightMethod::MAX_ABS, 127, false, false}), patches);
  const double adapted =
      output_error(weights, round_weights(weights, 6, patches, {WeightMethod::MAX_ABS, 127, true, false}), patches);
  const double both = output_error(weights, round_weights(weights, 6, patches, {}), patches);
  assert_true(adapted < nearest / 4);
  assert_true(both < nearest / 4);
}

void test_bias_takes_the_mean(void**) {
  const auto weights = some_weights(3 * 5);
  const Patches patches = related_patches(5, 100, 2);
  const RoundedWeights rounded = round_weights(weights, 3, patches, {WeightMethod::MAX_ABS, 127, false, true});
  for (std::size_t o = 0; o < 3; ++o) {
    double mean_error = rounded.bias_shift[o];
    for (std::size_t r = 0; r < patches.rows(); ++r) {
      for (std::size_t k = 0; k < 5; ++k) {
        mean_error +=
            (rounded.weights.values[o * 5 + k] * static_cast<double>(rounded.weights.scales[o]) - weights[o * 5 + k]) *
            patches.values[r * 5 + k] / static_cast<double>(patches.rows());
      }
    }
    assert_true(std::fabs(mean_error) < 1e-5);
  }
}

void test_levels_stay_within_the_clamp(void**) {
  const auto weights = some_weights(4 * 16);
  const Patches patches = related_patches(16, 64, 1);
  for (const int clamp : {127, 20, 1}) {
    const RoundedWeights rounded = round_weights(weights, 4, patches, {WeightMethod::MAX_ABS, clamp, true, true});
    for (const std::int8_t level : rounded.weights.values) assert_true(level >= -clamp && level <= clamp);
    for (const float scale : rounded.weights.scales) assert_true(scale > 0 && std::isfinite(scale));
  }
}

// One patch says nothing of how inputs move together: levels stay next to the nearest ones.
void test_few_patches_change_little(void**) {
  const auto weights = some_weights(2 * 64);
  const Patches patches = related_patches(64, 1, 0.5F);
  const RoundedWeights rounded = round_weights(weights, 2, patches, {});
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const float scale = rounded.weights.scales[i / 64];
    const float clipped = std::clamp(weights[i] / scale, -127.0F, 127.0F);
    assert_true(std::fabs(static_cast<float>(rounded.weights.values[i]) - clipped) <= 1.5F);
  }
}

void test_groups_have_their_own_inputs(void**) {
  const auto weights = some_weights(4 * 9);
  const Patches patches = related_patches(9, 100, 0.5F, 4);  // depthwise
  const double nearest =
      output_error(weights, round_weights(weights, 4, patches, {WeightMethod::MAX_ABS, 127, false, false}), patches);
  assert_true(output_error(weights, round_weights(weights, 4, patches, {}), patches) < nearest);
}

void test_dead_and_constant_inputs(void**) {
  const auto weights = some_weights(2 * 8);
  Patches patches{1, 8, std::vector<float>(8 * 10, 0)};
  for (std::size_t r = 0; r < 10; ++r) patches.values[r * 8] = 3;  // one constant input, seven that are always zero
  const RoundedWeights rounded = round_weights(weights, 2, patches, {});
  for (const float scale : rounded.weights.scales) assert_true(scale > 0 && std::isfinite(scale));
  for (const float shift : rounded.bias_shift) assert_true(std::isfinite(shift));
}

Graph small_network() {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 3, 8, 8});
  const TensorId t = b.add(Op::conv, "first", {x, b.noise("w1", {8, 3, 3, 3}), b.noise("b1", {8})}, [](Attributes& a) {
    a.window.kernel = {3, 3};
    a.window.stride = {2, 2};
    a.window.pads = {1, 1, 1, 1};
  });
  b.output(b.add(Op::conv, "second", {t, b.noise("w2", {8, 1, 3, 3})}, [](Attributes& a) {
    a.window.kernel = {3, 3};
    a.groups = 8;
  }));
  assert_true(infer_shapes(b.graph).ok());
  return b.graph;
}

std::vector<Patches> patches_of(const Graph& graph, int threads) {
  const auto plan = make_plan(std::make_shared<const Graph>(graph), Isa::ref, PlanUse::observe);
  const MemorySource source(3);
  auto patches = collect_patches(*plan, source, {0, 1, 2}, threads, {});
  if (!patches.ok()) fail_msg("%s", patches.status().message().c_str());
  return std::move(*patches);
}

// The product of patches and weights is what the network computes at those positions.
void test_patches_are_what_the_layer_sees(void**) {
  const Graph graph = small_network();
  const auto patches = patches_of(graph, 1);
  assert_int_equal(patches[0].depth, 27);
  assert_int_equal(patches[0].rows(), 3 * 4 * 4);
  assert_int_equal(patches[1].groups, 8);
  assert_int_equal(patches[1].rows(), 3 * 2 * 2);
  // The centre of the first 3x3 window with stride 2 and pad 1 is pixel (0, 0); what lies outside is 0.
  const MemorySource source(3);
  std::vector<float> pixels(3 * 64);
  const Dims dims{1, 3, 8, 8};
  const SampleInput input{"x", dims, TensorOrder::nchw, pixels};
  assert_true(source.load(0, {&input, 1}).ok());
  assert_true(patches[0].values[0] == 0);
  assert_true(patches[0].values[4] == pixels[0]);
  assert_true(patches[0].values[9 + 4] == pixels[64]);
}

Graph transposed_network(std::int64_t groups) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 4, 3, 4});
  b.output(
      b.add(Op::conv_transpose, "up", {x, b.noise("w", {4, 6 / groups, 3, 2}), b.noise("b", {6})}, [&](Attributes& a) {
        a.window.kernel = {3, 2};
        a.window.stride = {2, 3};
        a.window.pads = {1, 0, 0, 1};
        a.groups = groups;
      }));
  assert_true(infer_shapes(b.graph).ok());
  return b.graph;
}

// All positions are taken: the sums of products, in some order, are what the layer makes.
void test_patches_of_a_transposed_convolution(void**) {
  for (const std::int64_t groups : {1, 2}) {
    const Graph graph = transposed_network(groups);
    const auto plan = make_plan(std::make_shared<const Graph>(graph), Isa::ref, PlanUse::observe);
    const MemorySource source(1);
    const auto collected = collect_patches(*plan, source, {0}, 1, {});
    assert_true(collected.ok());
    const Patches& patches = collected.value()[0];
    const auto weights = graph.at(graph.nodes[0].input(1)).data.as<float>();
    const auto bias = graph.at(graph.nodes[0].input(2)).data.as<float>();
    const WeightLayout layout = weight_layout(graph.nodes[0], graph.at(graph.nodes[0].input(1)).dims);
    std::vector<float> made;
    for (std::size_t r = 0; r < patches.rows(); ++r) {
      for (std::size_t o = 0; o < 6; ++o) {
        const float* x = patches.values.data() + r * patches.width() + o / layout.channels * patches.depth;
        float sum = bias[o];
        for (std::size_t k = 0; k < patches.depth; ++k) {
          sum += x[k] * weights[layout.start_of(o, k / layout.block_size) + k % layout.block_size];
        }
        made.push_back(sum);
      }
    }
    const auto session = Session::create(*plan, {});
    assert_true(session.ok());
    const Dims in{1, 4, 3, 4};
    std::vector<float> input(48);
    const SampleInput sample{"x", in, TensorOrder::nchw, input};
    assert_true(source.load(0, {&sample, 1}).ok());
    std::vector<float> expected(static_cast<std::size_t>(element_count(graph.at(graph.outputs[0]).dims)));
    const Binding from{input.data(), input.size() * sizeof(float), nullptr, DType::f32};
    const Binding to{expected.data(), expected.size() * sizeof(float), nullptr, DType::f32};
    assert_true(session.value()->run({&from, 1}, {&to, 1}).ok());
    assert_int_equal(made.size(), expected.size());
    std::sort(made.begin(), made.end());
    std::sort(expected.begin(), expected.end());
    for (std::size_t i = 0; i < made.size(); ++i) assert_true(std::fabs(made[i] - expected[i]) < 1e-5F);
  }
}

// Weights of a channel do not lie together, and come back to where they were.
void test_a_transposed_convolution_is_rounded(void**) {
  const Graph graph = transposed_network(2);
  const auto patches = patches_of(graph, 1);
  const auto rounded = round_network(graph, patches, {}, 1, {});
  assert_true(rounded.ok());
  const auto weights = graph.at(graph.nodes[0].input(1)).data.as<float>();
  const WeightLayout layout = weight_layout(graph.nodes[0], graph.at(graph.nodes[0].input(1)).dims);
  const QuantizedWeights& made = (*rounded)[0].weights;
  assert_int_equal(made.values.size(), weights.size());
  assert_int_equal(made.scales.size(), 6);
  bool any_moved = false;
  for (std::size_t o = 0; o < 6; ++o) {
    for (std::size_t k = 0; k < layout.blocks * layout.block_size; ++k) {
      const std::size_t at = layout.start_of(o, k / layout.block_size) + k % layout.block_size;
      const float wanted = std::clamp(weights[at] / made.scales[o], -127.0F, 127.0F);
      const float off = std::fabs(static_cast<float>(made.values[at]) - wanted);
      assert_true(off < 6);
      any_moved = any_moved || off > 0.5F;
    }
  }
  assert_true(any_moved);
}

void test_threads_do_not_matter(void**) {
  const Graph graph = small_network();
  const auto one = patches_of(graph, 1);
  const auto three = patches_of(graph, 3);
  const auto a = round_network(graph, one, {}, 1, {});
  const auto b = round_network(graph, three, {}, 3, {});
  assert_true(a.ok() && b.ok());
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    assert_true(one[n].values == three[n].values);
    assert_true((*a)[n].weights.values == (*b)[n].weights.values);
    assert_true((*a)[n].bias_shift == (*b)[n].bias_shift);
  }
}

void test_cancel(void**) {
  const Graph graph = small_network();
  Hooks hooks;
  hooks.progress = [](const char*, std::int64_t, std::int64_t) { return false; };
  const auto rounded = round_network(graph, patches_of(graph, 1), {}, 2, hooks);
  assert_false(rounded.ok());
  assert_true(rounded.status().code() == Code::cancelled);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_nearest_levels_without_adapting),
      cmocka_unit_test(test_output_error_shrinks),
      cmocka_unit_test(test_bias_takes_the_mean),
      cmocka_unit_test(test_levels_stay_within_the_clamp),
      cmocka_unit_test(test_few_patches_change_little),
      cmocka_unit_test(test_groups_have_their_own_inputs),
      cmocka_unit_test(test_dead_and_constant_inputs),
      cmocka_unit_test(test_patches_are_what_the_layer_sees),
      cmocka_unit_test(test_patches_of_a_transposed_convolution),
      cmocka_unit_test(test_a_transposed_convolution_is_rounded),
      cmocka_unit_test(test_threads_do_not_matter),
      cmocka_unit_test(test_cancel),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// Networks made to be hard to quantize: the whole quantizer keeps them within stated bounds, or says that it does not.
#include <cmath>

#include "quantize/memory_source.h"
#include "quantize/networks.h"
#include "quantize/quantizer.h"

using namespace octet;
using namespace octet::test;

namespace {

void relu(Attributes& attrs) { attrs.clamp.low = 0; }

constexpr ActivationMethod kMethods[] = {ActivationMethod::AUTO, ActivationMethod::KL,     ActivationMethod::ADMM,
                                         ActivationMethod::EMA,  ActivationMethod::MINMAX, ActivationMethod::PERCENTILE,
                                         ActivationMethod::MSE};

Quantized quantized(const Graph& graph, ActivationMethod method, std::shared_ptr<const SampleSource> source) {
  QuantizeConfig config;
  config.activation_method = method;
  auto result =
      quantize_graph(std::make_shared<const Graph>(graph), config, divide_samples(std::move(source), 12), 2, {});
  expect_ok(result.status());
  expect_ok(validate(result.value().graph));
  return std::move(*result);
}

Quantized quantized(const Graph& graph, ActivationMethod method) {
  return quantized(graph, method, std::make_shared<const MemorySource>(20));
}

double decibels(const Graph& graph, ActivationMethod method) {
  return quantized(graph, method).report.outputs.at(0).error.sqnr_db;
}

// Every sample holds one value everywhere.
class ConstantSource : public SampleSource {
 public:
  explicit ConstantSource(float value) : value_(value) {}
  std::size_t count() const override { return 14; }
  std::string name(std::size_t index) const override { return "constant " + std::to_string(index); }
  const std::vector<std::string>& warnings() const override { return none_; }
  Status load(std::size_t, std::span<const SampleInput> inputs) const override {
    for (const SampleInput& input : inputs) std::fill(input.values.begin(), input.values.end(), value_);
    return {};
  }

 private:
  float value_;
  std::vector<std::string> none_;
};

// In a layer of its own, and as one channel beside others.
void test_tiny_weights_with_a_large_bias(void**) {
  for (const std::size_t tiny : {std::size_t{1}, std::size_t{4}}) {
    GraphBuilder b;
    const TensorId x = b.input("x", {1, 3, 6, 6});
    std::vector<float> weights(12, 0.5F);
    std::vector<float> bias(4, 0.25F);
    std::fill_n(weights.begin(), 3 * tiny, 1e-9F);
    std::fill_n(bias.begin(), tiny, 5.0F);
    const TensorId t =
        b.add(Op::conv, "tiny", {x, b.floats("w", {4, 3, 1, 1}, weights), b.floats("b", {4}, bias)}, relu);
    b.output(conv1x1(b, "last", t, 4, 3));
    const Graph graph = finished(b);
    for (const ActivationMethod method : kMethods) assert_true(decibels(graph, method) > 28);
  }
}

// Read with a thousandth of the weight, the channel matters as much as the others.
Graph with_one_large_channel(float high) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 3, 8, 8});
  std::vector<float> first{500, -300, 400};
  std::vector<float> last{0.001F};
  for (int i = 0; i < 7; ++i) {
    first.insert(first.end(), {0.5F - 0.1F * static_cast<float>(i), 0.2F, 0.1F * static_cast<float>(i) - 0.2F});
    last.push_back(0.7F - 0.15F * static_cast<float>(i));
  }
  const TensorId t = b.add(Op::conv, "first", {x, b.floats("w1", {8, 3, 1, 1}, first)}, [&](Attributes& a) {
    a.clamp.low = 0;
    a.clamp.high = high;
  });
  const TensorId d =
      b.add(Op::conv, "depthwise", {t, b.noise("w2", {8, 1, 3, 3}), b.noise("b2", {8})}, [](Attributes& a) {
        a.groups = 8;
        a.window.kernel = {3, 3};
        a.window.pads = {1, 1, 1, 1};
        a.clamp.low = 0;
      });
  b.output(b.add(Op::conv, "last", {d, b.floats("w3", {1, 8, 1, 1}, last)}));
  return finished(b);
}

void test_one_channel_a_thousand_times_its_neighbours(void**) {
  for (const float high : {INFINITY, 1e6F}) {  // the second limits nothing that is seen
    const Graph graph = with_one_large_channel(high);
    assert_true(decibels(graph, ActivationMethod::AUTO) > 30);
    // What it is equalized for: the neighbours vanish below one step without.
    assert_true(decibels(graph, ActivationMethod::MINMAX) < 15);
  }
}

// Branches of [0, 640] and [0, 1], of the same weight for the answer.
Graph with_a_lopsided_concat() {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 3, 8, 8});
  const TensorId large =
      b.add(Op::conv, "large", {x, b.floats("w1", {2, 3, 1, 1}, {200, 100, 150, -100, 180, 220})}, relu);
  const TensorId small =
      b.add(Op::conv, "small", {x, b.floats("w2", {2, 3, 1, 1}, {0.2F, 0.3F, 0.25F, 0.4F, -0.1F, 0.2F})}, relu);
  const TensorId joined = b.add(Op::concat, "joined", {large, small}, [](Attributes& a) { a.axis = 1; });
  b.output(b.add(Op::conv, "last", {joined, b.floats("w3", {1, 4, 1, 1}, {0.001F, 0.0005F, 0.9F, 0.5F})}));
  return finished(b);
}

void test_concat_of_ranges_far_apart(void**) {
  const Graph graph = with_a_lopsided_concat();
  assert_true(decibels(graph, ActivationMethod::AUTO) > 30);
  // One scale of 2.5 leaves nothing of [0, 1]; that is said.
  const Quantized plain = quantized(graph, ActivationMethod::MINMAX);
  assert_true(plain.report.outputs.at(0).error.sqnr_db < 10);
  assert_false(plain.report.warnings.empty());
}

// Two channels of four are always 0: made by no weights, cut off by a bias.
Graph with_dead_channels() {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 3, 6, 6});
  const TensorId w = b.floats("w", {4, 3, 1, 1}, {1, 0.5F, -0.5F, 0, 0, 0, 0.1F, 0.1F, 0.1F, -0.5F, 1, 0.25F});
  const TensorId t = b.add(Op::conv, "first", {x, w, b.floats("b", {4}, {0.1F, 0, -1000, 0.2F})}, relu);
  b.output(conv1x1(b, "last", t, 4, 3));
  return finished(b);
}

void test_dead_channels(void**) {
  for (const ActivationMethod method : kMethods) assert_true(decibels(with_dead_channels(), method) > 35);
}

// Every range ends at the one value that is seen, so three tensors are rounded by little.
void test_constant_input(void**) {
  const Graph graph = with_dead_channels();
  for (const float value : {0.0F, 0.5F, -3.0F, 1e-20F, 1e18F}) {
    for (const ActivationMethod method : kMethods) {
      const Quantized result = quantized(graph, method, std::make_shared<const ConstantSource>(value));
      const double found = result.report.outputs.at(0).error.sqnr_db;
      if (!(found > 35)) fail_msg("%g, method %d: %g dB", static_cast<double>(value), static_cast<int>(method), found);
    }
  }
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_tiny_weights_with_a_large_bias),
      cmocka_unit_test(test_one_channel_a_thousand_times_its_neighbours),
      cmocka_unit_test(test_concat_of_ranges_far_apart),
      cmocka_unit_test(test_dead_channels),
      cmocka_unit_test(test_constant_input),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

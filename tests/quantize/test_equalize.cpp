// Equalization: the network means the same, and channels of comparable ranges meet the quantizer.
#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "quantize/equalize.h"
#include "quantize/generated.h"
#include "quantize/listed_source.h"
#include "quantize/memory_source.h"
#include "support/cmocka.h"
#include "support/graph_builder.h"
#include "support/interpreter.h"

using namespace octet;
using namespace octet::test;

namespace {

void relu(Attributes& attrs) { attrs.clamp.low = 0; }

// conv (relu) -> depthwise (relu) -> conv, with one channel of the first far larger than the others.
Graph uneven_network(float high = INFINITY) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 6, 6});
  std::vector<float> first(4 * 2, 0.1F);
  first[0] = 50;
  const TensorId w1 = b.floats("w1", {4, 2, 1, 1}, first);
  const TensorId b1 = b.floats("b1", {4}, {1, 0.5F, 0.25F, 0});
  const TensorId t = b.add(Op::conv, "expand", {x, w1, b1}, [&](Attributes& a) {
    a.clamp.low = 0;
    a.clamp.high = high;
  });
  const TensorId d =
      b.add(Op::conv, "depthwise", {t, b.noise("w2", {4, 1, 3, 3}), b.noise("b2", {4})}, [](Attributes& a) {
        a.window.kernel = {3, 3};
        a.window.pads = {1, 1, 1, 1};
        a.groups = 4;
        relu(a);
      });
  b.output(b.add(Op::conv, "project", {d, b.noise("w3", {3, 4, 1, 1}), b.noise("b3", {3})}));
  assert_true(infer_shapes(b.graph).ok());
  return b.graph;
}

Equalized equalized_with_names(const Graph& graph, int threads = 1) {
  const auto plan = make_plan(std::make_shared<const Graph>(graph), Isa::ref, PlanUse::observe);
  assert_true(plan.ok());
  const MemorySource source(5);
  auto result = equalize(*plan, source, {0, 1, 2, 3, 4}, {threads}, {});
  if (!result.ok()) fail_msg("%s", result.status().message().c_str());
  return std::move(*result);
}

Graph equalized(const Graph& graph, int threads = 1) { return equalized_with_names(graph, threads).graph; }

// Largest weight of each output channel of a node.
std::vector<float> channel_maxima(const Graph& graph, const std::string& node) {
  const Tensor& weight = graph.at(find_node(graph, node)->inputs[1]);
  const auto values = weight.data.as<float>();
  const std::size_t depth = values.size() / static_cast<std::size_t>(weight.dims[0]);
  std::vector<float> maxima(static_cast<std::size_t>(weight.dims[0]), 0);
  for (std::size_t i = 0; i < values.size(); ++i) {
    maxima[i / depth] = std::max(maxima[i / depth], std::fabs(values[i]));
  }
  return maxima;
}

void test_network_means_the_same(void**) {
  const Graph before = uneven_network();
  const Graph after = equalized(before);
  const auto expected = Interpreter(before).run().begin()->second.values;
  const auto actual = Interpreter(after).run().begin()->second.values;
  assert_int_equal(expected.size(), actual.size());
  double largest = 0;
  for (const double value : expected) largest = std::max(largest, std::fabs(value));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    assert_true(std::fabs(expected[i] - actual[i]) <= 1e-5 * largest);
  }
}

void test_ranges_come_together(void**) {
  const Graph before = uneven_network();
  const auto maxima = channel_maxima(equalized(before), "expand");
  // Read by a depthwise layer alone, channels get one range: weights 500 times as large shrink to a few times.
  assert_true(channel_maxima(before, "expand")[0] / channel_maxima(before, "expand")[1] >= 400);
  assert_true(maxima[0] / maxima[1] < 10);
}

void test_changed_tensors_are_named(void**) {
  const auto result = equalized_with_names(uneven_network());
  assert_int_equal(result.changed.size(), 2);
  assert_string_equal(result.changed[0].c_str(), "expand:0");
  assert_string_equal(result.changed[1].c_str(), "depthwise:0");
  assert_string_equal(result.graph.at(find_node(result.graph, "expand")->outputs[0]).name.c_str(), "expand:0");
}

// Values reach 6 in the first layer: its channels would each need a limit of their own. The second is free.
void test_channels_that_meet_an_upper_limit_keep_their_size(void**) {
  const auto result = equalized_with_names(uneven_network(6));
  assert_int_equal(result.changed.size(), 1);
  assert_string_equal(result.changed[0].c_str(), "depthwise:0");
  assert_true(find_node(result.graph, "expand")->attrs.clamp.high == 6);
}

void test_a_limit_that_nothing_comes_near_is_dropped(void**) {
  const Graph before = uneven_network(1e6F);
  const auto result = equalized_with_names(before);
  assert_int_equal(result.changed.size(), 2);
  assert_true(find_node(result.graph, "expand")->attrs.clamp.high == INFINITY);
  assert_true(find_node(result.graph, "expand")->attrs.clamp.low == 0);
  const auto expected = Interpreter(before).run().begin()->second.values;
  const auto actual = Interpreter(result.graph).run().begin()->second.values;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    assert_true(std::fabs(expected[i] - actual[i]) <= 1e-5 * std::max(1.0, std::fabs(expected[i])));
  }
}

// A pool, a concat and a residual addition between the layers: channels of one kind have one factor everywhere.
Graph branching_network() {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 8, 8});
  const TensorId narrow = b.add(Op::conv, "narrow", {x, b.floats("w1", {2, 2, 1, 1}, {40, 30, 0.02F, 0.01F})}, relu);
  const TensorId wide =
      b.add(Op::conv, "wide", {x, b.noise("w2", {3, 2, 3, 3}), b.noise("b2", {3})}, [](Attributes& a) {
        a.window.kernel = {3, 3};
        a.window.pads = {1, 1, 1, 1};
        relu(a);
      });
  const TensorId joined = b.add(Op::concat, "joined", {narrow, wide}, [](Attributes& a) { a.axis = 1; });
  const TensorId pooled = b.add(Op::max_pool, "pooled", {joined}, [](Attributes& a) {
    a.window.kernel = {2, 2};
    a.window.stride = {2, 2};
  });
  const TensorId body = b.add(Op::conv, "body", {pooled, b.noise("w3", {5, 5, 1, 1}), b.noise("b3", {5})}, relu);
  const TensorId sum = b.binary(BinaryKind::add, "sum", pooled, body);
  b.output(b.add(Op::conv, "last", {sum, b.noise("w4", {2, 5, 1, 1})}));
  assert_true(infer_shapes(b.graph).ok());
  return b.graph;
}

void test_branches_are_scaled_together(void**) {
  const Graph before = branching_network();
  const auto result = equalized_with_names(before);
  const auto expected = Interpreter(before).run().begin()->second.values;
  const auto actual = Interpreter(result.graph).run().begin()->second.values;
  double largest = 0;
  for (const double value : expected) largest = std::max(largest, std::fabs(value));
  for (std::size_t i = 0; i < expected.size(); ++i) assert_true(std::fabs(expected[i] - actual[i]) <= 1e-5 * largest);
  const std::vector<std::string> scaled{"narrow:0", "wide:0", "joined:0", "pooled:0", "body:0", "sum:0"};
  for (const std::string& name : scaled) {
    if (std::find(result.changed.begin(), result.changed.end(), name) == result.changed.end()) {
      fail_msg("'%s' is not scaled", name.c_str());
    }
  }
  const auto was = channel_maxima(before, "narrow");
  const auto is = channel_maxima(result.graph, "narrow");
  assert_true(is[0] / is[1] < was[0] / was[1] / 10);
}

void test_shared_weights_are_copied(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 4, 4});
  const TensorId w = b.floats("w", {2, 2, 1, 1}, {9, 1, 0.1F, 0.2F});
  const TensorId t = b.add(Op::conv, "first", {x, w}, relu);
  b.output(b.add(Op::conv, "second", {t, w}));
  assert_true(infer_shapes(b.graph).ok());
  const Graph after = equalized(b.graph);
  const auto expected = Interpreter(b.graph).run().begin()->second.values;
  const auto actual = Interpreter(after).run().begin()->second.values;
  for (std::size_t i = 0; i < expected.size(); ++i) assert_true(std::fabs(expected[i] - actual[i]) < 1e-4);
  assert_int_not_equal(find_node(after, "first")->inputs[1], find_node(after, "second")->inputs[1]);
}

void test_threads_do_not_matter(void**) {
  const Graph one = equalized(uneven_network(), 1);
  const Graph three = equalized(uneven_network(), 3);
  for (std::size_t i = 0; i < one.tensors.size(); ++i) {
    if (!one.tensors[i].constant) continue;
    assert_int_equal(one.tensors[i].data.size(), three.tensors[i].data.size());
    assert_memory_equal(one.tensors[i].data.data(), three.tensors[i].data.data(), one.tensors[i].data.size());
  }
}

// For weights, along an axis: of output channels, then for the bias too, or of input channels.
struct Powers {
  std::size_t axis = 0;
  std::vector<int> exponents;  // of two; none: 1
};

// The networks of make_network_data.py.
class MadeUp {
 public:
  GraphBuilder b;

  TensorId input(std::int64_t side) { return b.input("x", {1, 2, side, side}); }
  // Bias: the next seed.
  TensorId layer(const std::string& name, TensorId x, std::uint32_t seed, const Dims& weights, std::int64_t outputs,
                 const GraphBuilder::Change& change = {}, const Powers& powers = {}, double more_bias = 0) {
    std::vector<float> w = generate_noise(seed, static_cast<std::size_t>(element_count(weights)));
    std::vector<float> bias = generate_noise(seed + 1, static_cast<std::size_t>(outputs));
    if (!powers.exponents.empty()) {
      const std::size_t inner = w.size() / static_cast<std::size_t>(weights[0] * (powers.axis == 1 ? weights[1] : 1));
      const std::size_t count = powers.exponents.size();
      for (std::size_t i = 0; i < w.size(); ++i) w[i] = std::ldexp(w[i], powers.exponents[i / inner % count]);
      for (std::size_t o = 0; o < bias.size() && powers.axis == 0; ++o) {
        bias[o] = std::ldexp(bias[o], powers.exponents[o]);
      }
    }
    for (std::size_t o = 0; o + 1 < bias.size(); ++o) bias[o] += static_cast<float>(more_bias);
    const Op op = weights.size() == 2 ? Op::gemm : name == "up" ? Op::conv_transpose : Op::conv;
    const TensorId operands[] = {b.floats(name + ".weights", weights, w), b.floats(name + ".bias", {outputs}, bias)};
    return b.add(op, name, {x, operands[0], operands[1]}, [&](Attributes& a) {
      if (weights.size() == 4) a.window.kernel = {weights[2], weights[3]};
      if (change) change(a);
    });
  }
  Graph finish(TensorId y) {
    b.output(y);
    assert_true(infer_shapes(b.graph).ok());
    return std::move(b.graph);
  }
};

Graph chain(float limit) {
  MadeUp m;
  TensorId t = m.layer("expand", m.input(6), 11, {4, 2, 1, 1}, 4,
                       [&](Attributes& a) {
                         a.clamp = {0, limit};
                       },
                       {0, {4, 0, -3, -14}});
  const auto depthwise = [](Attributes& a) {
    a.window.pads = {1, 1, 1, 1};
    a.groups = 4;
    relu(a);
  };
  t = m.layer("depthwise", t, 13, {4, 1, 3, 3}, 4, depthwise, {}, 1);
  return m.finish(m.layer("project", t, 15, {3, 4, 1, 1}, 3, {}, {1, {-2, 0, 1, -3}}));
}

Graph branches() {
  MadeUp m;
  const TensorId x = m.input(8);
  const TensorId narrow = m.layer("narrow", x, 21, {2, 2, 1, 1}, 2, relu, {0, {5, 5}});
  const auto padded = [](Attributes& a) {
    a.window.pads = {1, 1, 1, 1};
    relu(a);
  };
  const TensorId wide = m.layer("wide", x, 23, {3, 2, 3, 3}, 3, padded, {0, {-3, -3, -3}});
  const TensorId joined = m.b.add(Op::concat, "joined", {narrow, wide}, [](Attributes& a) { a.axis = 1; });
  const TensorId pooled = m.b.add(Op::max_pool, "pooled", {joined}, [](Attributes& a) {
    a.window.kernel = {2, 2};
    a.window.stride = {2, 2};
  });
  const TensorId body = m.layer("body", pooled, 25, {5, 5, 1, 1}, 5, relu, {1, {0, -2, -1, -3, 0}});
  const TensorId sum = m.b.binary(BinaryKind::add, "sum", pooled, body);
  return m.finish(m.layer("last", sum, 27, {2, 5, 1, 1}, 2, {}, {1, {0, -1, -4, -2, -2}}));
}

Graph upwards() {
  MadeUp m;
  const TensorId first = m.layer("first", m.input(4), 31, {4, 2, 1, 1}, 4, relu, {0, {3, -2, 0, -5}});
  const TensorId up = m.layer("up", first, 33, {4, 3, 3, 3}, 6, [](Attributes& a) {
    a.window.stride = {2, 2};
    a.groups = 2;
    relu(a);
  });
  const TensorId mean = m.b.add(Op::reduce, "mean", {up}, [](Attributes& a) {
    a.reduce = ReduceKind::mean;
    a.axes = {2, 3};
    a.keep_dims = false;
  });
  return m.finish(m.layer("classes", mean, 35, {3, 6}, 3));
}

// "network layer.operand" to its values.
std::map<std::string, std::vector<double>> numpy_operands() {
  std::ifstream file(OCTET_SOURCE_DIR "/tests/quantize/data/equalized.txt");
  std::map<std::string, std::vector<double>> operands;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    std::string network, name;
    fields >> network >> name;
    std::vector<double>& values = operands[network + " " + name];
    for (double value = 0; fields >> value;) values.push_back(value);
  }
  return operands;
}

void test_operands_are_those_of_numpy(void**) {
  const std::map<std::string, Graph> networks{{"chain", chain(INFINITY)},
                                              {"limited", chain(1)},
                                              {"freed", chain(1000)},
                                              {"branches", branches()},
                                              {"upwards", upwards()}};
  const auto expected = numpy_operands();
  std::size_t compared = 0;
  for (const auto& [name, graph] : networks) {
    const auto plan = make_plan(std::make_shared<const Graph>(graph), Isa::ref, PlanUse::observe);
    assert_true(plan.ok());
    const ListedSource source(
        generate_samples(static_cast<std::size_t>(element_count(graph.at(graph.inputs[0]).dims))));
    const auto result = equalize(*plan, source, first(source.count()), {1}, {});
    assert_true(result.ok());
    for (const Node& node : result->graph.nodes) {
      for (const auto& [input, operand] : {std::pair{1, ".weights"}, std::pair{2, ".bias"}}) {
        if (node.input(input) == kNoTensor || !result->graph.is_constant(node.input(input))) continue;
        const auto actual = result->graph.at(node.input(input)).data.as<float>();
        const std::vector<double>& wanted = expected.at(name + " " + node.name + operand);
        assert_int_equal(actual.size(), wanted.size());
        for (std::size_t i = 0; i < actual.size(); ++i) {
          // Ranges come from sums of at most 27 products in float32, each rounded by 2^-24.
          if (std::fabs(actual[i] - wanted[i]) <= 4e-6 * std::fabs(wanted[i])) continue;
          fail_msg("%s %s%s, element %zu: %.9g, not %.9g", name.c_str(), node.name.c_str(), operand, i,
                   static_cast<double>(actual[i]), wanted[i]);
        }
        ++compared;
      }
    }
  }
  assert_int_equal(compared, expected.size());
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_operands_are_those_of_numpy),
      cmocka_unit_test(test_network_means_the_same),
      cmocka_unit_test(test_ranges_come_together),
      cmocka_unit_test(test_changed_tensors_are_named),
      cmocka_unit_test(test_channels_that_meet_an_upper_limit_keep_their_size),
      cmocka_unit_test(test_a_limit_that_nothing_comes_near_is_dropped),
      cmocka_unit_test(test_branches_are_scaled_together),
      cmocka_unit_test(test_shared_weights_are_copied),
      cmocka_unit_test(test_threads_do_not_matter),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// Equalization: the network means the same, and channels of comparable ranges meet the quantizer.
#include <algorithm>

#include "quantize/equalize.h"
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

void test_upper_bound_is_left_alone(void**) {
  const Graph before = uneven_network(6);
  const auto tensors = equalizable_tensors(before);
  assert_int_equal(tensors.size(), 1);
  assert_string_equal(before.at(tensors[0]).name.c_str(), "depthwise:0");
}

void test_other_readers_prevent_it(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 4, 4});
  const TensorId t = b.add(Op::conv, "first", {x, b.noise("w1", {2, 2, 1, 1})}, relu);
  const TensorId u = b.add(Op::conv, "second", {t, b.noise("w2", {2, 2, 1, 1})});
  b.output(b.binary(BinaryKind::add, "sum", t, u));
  assert_true(infer_shapes(b.graph).ok());
  assert_true(equalizable_tensors(b.graph).empty());
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

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_network_means_the_same),    cmocka_unit_test(test_ranges_come_together),
      cmocka_unit_test(test_changed_tensors_are_named), cmocka_unit_test(test_upper_bound_is_left_alone),
      cmocka_unit_test(test_other_readers_prevent_it),  cmocka_unit_test(test_shared_weights_are_copied),
      cmocka_unit_test(test_threads_do_not_matter),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

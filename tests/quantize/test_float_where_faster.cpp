// Which layers stay float for speed, decided by times that the test makes up; and the clock that really measures.
#include <functional>

#include "quantize/assign.h"
#include "quantize/float_where_faster.h"
#include "quantize/memory_source.h"
#include "quantize/networks.h"
#include "quantize/quantizer.h"
#include "support/isa.h"

using namespace octet;
using namespace octet::test;

namespace {

// A layer takes what `cost` says; a duel is won by the network whose layers take less in all.
class MadeUpTimes : public Stopwatch {
 public:
  double boundary_ms = 0.5;                                  // of a change of types
  std::map<std::string, std::pair<double, double>> cost_ms;  // float, int8; of others 4 and 1
  int duels = 0;

  Result<std::vector<LayerTimes>> time_layers(const std::vector<Network>& networks) override {
    std::vector<LayerTimes> times;
    for (const Network& network : networks) times.push_back(times_of(*network));
    return times;
  }
  Result<Duel> duel(const Network& first, const Network& second) override {
    ++duels;
    const Duel duel{total(*first), total(*second), 0};
    return Duel{duel.first_ms, duel.second_ms, duel.second_ms < duel.first_ms ? 1.0 : 0.0};
  }

 private:
  LayerTimes times_of(const Graph& graph) const {
    LayerTimes times;
    for (const Node& node : graph.nodes) {
      const bool boundary = node.op == Op::quantize || node.op == Op::dequantize || node.op == Op::requantize;
      const bool int8 = graph.at(node.inputs[0]).dtype == DType::i8;
      const auto found = cost_ms.find(node.name);
      const auto cost = found == cost_ms.end() ? std::pair{4.0, 1.0} : found->second;
      times[graph.at(node.outputs[0]).name] = boundary ? boundary_ms : int8 ? cost.second : cost.first;
    }
    return times;
  }
  double total(const Graph& graph) const {
    double sum = 0;
    for (const auto& [name, ms] : times_of(graph)) sum += ms;
    return sum;
  }
};

// Four convolutions in a row with a max pool in the middle; `names` in the order of execution.
Stopwatch::Network row(const std::vector<std::string>& names = {"a", "b", "pool", "c", "d"}) {
  GraphBuilder b;
  TensorId x = b.input("x", {1, 4, 6, 6});
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i == 2) {
      x = b.add(Op::max_pool, names[i], {x}, [](Attributes& a) { a.window.kernel = {2, 2}; });
    } else {
      x = conv1x1(b, names[i], x, 4, 4);
    }
    b.graph.at(x).name = "out" + std::to_string(i);
  }
  b.output(x);
  return std::make_shared<const Graph>(finished(b));
}

FloatLayers chosen(MadeUpTimes& times, const Stopwatch::Network& network = row(),
                   const std::vector<std::string>& skip = {}) {
  auto result = find_float_layers(network, skip, times, {});
  expect_ok(result.status());
  return std::move(result).value();
}

void expect_names(const FloatLayers& layers, const std::vector<std::string>& names) {
  assert_int_equal(layers.layers.size(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    assert_string_equal(layers.layers[i].name.c_str(), names[i].c_str());
  }
}

void test_nothing_is_kept_where_int8_is_faster(void**) {
  MadeUpTimes times;
  const FloatLayers layers = chosen(times);
  expect_names(layers, {});
  assert_true(layers.skip.empty() && layers.warning.empty() && layers.mixed_ms == 0);
  assert_int_equal(times.duels, 0);
}

void test_a_layer_that_pays_for_its_borders_is_kept(void**) {
  MadeUpTimes times;
  times.cost_ms["c"] = {1, 3};
  const FloatLayers layers = chosen(times);
  expect_names(layers, {"c"});
  assert_true(layers.layers[0].float_ms == 1 && layers.layers[0].int8_ms == 3);
  assert_string_equal(layers.layers[0].op.c_str(), "conv");
  assert_true(layers.int8_ms == 7 && layers.mixed_ms == 6);  // two less, two borders more
}

void test_a_layer_that_does_not_is_not(void**) {
  MadeUpTimes times;
  times.cost_ms["c"] = {1, 1.9};
  expect_names(chosen(times), {});
}

void test_neighbours_share_their_borders(void**) {
  MadeUpTimes times;
  times.cost_ms["c"] = {1, 1.4};
  times.cost_ms["d"] = {1, 1.4};  // the network's end: one border in all
  expect_names(chosen(times), {"c", "d"});
  times.cost_ms.erase("d");
  expect_names(chosen(times), {});
}

void test_what_lies_between_comes_along(void**) {
  MadeUpTimes times;
  times.cost_ms["b"] = {1, 2};
  times.cost_ms["pool"] = {1.2, 1};
  times.cost_ms["c"] = {1, 2};
  const FloatLayers layers = chosen(times);
  expect_names(layers, {"b", "pool", "c"});
  // The names that were found are what the configuration would have to say.
  const auto network = row();
  const auto assignment = assign_types(*network, layers.skip);
  expect_ok(assignment.status());
  for (std::size_t n = 0; n < network->nodes.size(); ++n) {
    assert_true(assignment.value().int8_node[n] == (n == 0 || n == 4));
  }
}

// What heavy layers lose in float is more than the change of types.
void test_a_heavy_layer_between_stays_int8(void**) {
  MadeUpTimes times;
  times.cost_ms["a"] = times.cost_ms["d"] = {1, 3};
  times.cost_ms["c"] = {4, 1};
  expect_names(chosen(times), {"a", "d"});
}

void test_parts_are_judged_each_for_itself(void**) {
  MadeUpTimes times;
  times.cost_ms["a"] = {1, 3};    // pays
  times.cost_ms["c"] = {1, 1.3};  // does not
  expect_names(chosen(times), {"a"});
}

void test_an_int8_network_stays_one(void**) {
  MadeUpTimes times;
  for (const char* name : {"a", "b", "pool", "c", "d"}) times.cost_ms[name] = {1, 2};
  const FloatLayers layers = chosen(times);
  expect_names(layers, {});
  assert_true(layers.warning.find("use the float network") != std::string::npos);
}

void test_layers_that_are_float_anyway_are_not_named(void**) {
  MadeUpTimes times;
  times.cost_ms["c"] = times.cost_ms["d"] = {1, 3};
  const FloatLayers layers = chosen(times, row(), {"d"});
  expect_names(layers, {"c"});
  assert_true(layers.skip == std::vector<std::string>{"c"});
}

void test_a_name_that_two_nodes_have_is_not_used(void**) {
  MadeUpTimes times;
  times.cost_ms["d"] = {1, 3};
  const FloatLayers layers = chosen(times, row({"a", "", "pool", "b", "d"}));
  expect_names(layers, {"d"});
  times.cost_ms["twin"] = {1, 3};
  expect_names(chosen(times, row({"twin", "a", "pool", "b", "twin"})), {"out0", "out4"});
}

void test_cancelling(void**) {
  for (int at = 0; at < 4; ++at) {
    MadeUpTimes times;
    times.cost_ms["c"] = {1, 3};
    int calls = 0;
    std::int64_t last = -1;
    Hooks hooks;
    hooks.progress = [&](const char*, std::int64_t done, std::int64_t total) {
      assert_true(done > last && done <= total);
      last = done;
      return calls++ != at;
    };
    const auto result = find_float_layers(row(), {}, times, hooks);
    expect_failure(result.status(), Code::cancelled, {});
    assert_int_equal(calls, at + 1);
  }
}

void test_the_real_clock(void**) {
  const auto stopwatch = system_stopwatch(tested_isa());
  const auto network = row();
  const auto times = stopwatch->time_layers({network, network});
  expect_ok(times.status());
  assert_int_equal(times->size(), 2);
  for (const LayerTimes& layers : *times) {
    assert_int_equal(layers.size(), 5);
    assert_int_equal(layers.count("out3"), 1);
    for (const auto& [name, ms] : layers) assert_true(ms >= 0 && ms < 1e4);
  }
  const auto duel = stopwatch->duel(network, network);
  expect_ok(duel.status());
  assert_true(duel->first_ms > 0 && duel->second_ms > 0 && duel->second_wins >= 0 && duel->second_wins <= 1);
}

// The whole way: whatever this machine finds, the report says which layers are float, and the names give that network.
void test_the_quantizer_reports_what_it_kept(void**) {
  QuantizeConfig config;
  config.activation_method = ActivationMethod::MINMAX;
  const auto samples = divide_samples(std::make_shared<const MemorySource>(6), 0);
  config.float_where_faster = true;
  const auto result = quantize_graph(row(), config, samples, 1, {});
  expect_ok(result.status());
  config.float_where_faster = false;
  for (const KeptFloat& layer : result.value().report.kept_float) config.skip_quant_op_names.push_back(layer.name);
  const auto again = quantize_graph(row(), config, samples, 1, {});
  expect_ok(again.status());
  const Graph& first = result.value().graph;
  const Graph& second = again.value().graph;
  assert_int_equal(first.nodes.size(), second.nodes.size());
  for (std::size_t n = 0; n < first.nodes.size(); ++n) {
    assert_true(first.at(first.nodes[n].outputs[0]).dtype == second.at(second.nodes[n].outputs[0]).dtype);
  }
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_nothing_is_kept_where_int8_is_faster),
      cmocka_unit_test(test_a_layer_that_pays_for_its_borders_is_kept),
      cmocka_unit_test(test_a_layer_that_does_not_is_not),
      cmocka_unit_test(test_neighbours_share_their_borders),
      cmocka_unit_test(test_what_lies_between_comes_along),
      cmocka_unit_test(test_a_heavy_layer_between_stays_int8),
      cmocka_unit_test(test_parts_are_judged_each_for_itself),
      cmocka_unit_test(test_an_int8_network_stays_one),
      cmocka_unit_test(test_layers_that_are_float_anyway_are_not_named),
      cmocka_unit_test(test_a_name_that_two_nodes_have_is_not_used),
      cmocka_unit_test(test_cancelling),
      cmocka_unit_test(test_the_real_clock),
      cmocka_unit_test(test_the_quantizer_reports_what_it_kept),
  };
  return cmocka_run_group_tests_name("quantize/float_where_faster", tests, nullptr, nullptr);
}

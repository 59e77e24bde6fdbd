// Which layers of two networks are the same, and by what the channels of one differ from those of the other.
#include <cmath>

#include "quantize/layer_pairs.h"
#include "quantize/listed_source.h"
#include "quantize/networks.h"

using namespace octet;
using namespace octet::test;

namespace {

// Two layers; the first makes a tensor of this name, its channels times `factors`.
Graph network(const std::string& name, const std::vector<float>& factors = {1, 1}) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 1, 4});
  const TensorId first = b.add(Op::conv, "first", {x, b.floats("w1", {2, 2, 1, 1}, {factors[0], 0, 0, factors[1]})});
  b.graph.tensors[static_cast<std::size_t>(first)].name = name;
  b.output(b.add(Op::conv, "second", {first, b.floats("w2", {2, 2, 1, 1}, {1, 0, 0, 1})}));
  return finished(b);
}

std::vector<LayerPair> pairs(const Graph& reference, const Graph& model) {
  const ListedSource source({{1, -1, 2, -2, 3, -3, 1, -1}, {2, -2, 2, -2, 1, -1, 3, -3}});
  const auto found = pair_layers(plan_of(reference), plan_of(model), source, first(source.count()), 1, {});
  expect_ok(found.status());
  return *found;
}

void test_names(void**) {
  const auto expect = [](std::string_view name, std::string_view source, bool is_equalized) {
    assert_true(source_name(name).name == source && source_name(name).is_equalized == is_equalized);
  };
  expect("a", "a", false);
  expect("a/b", "a/b", false);
  expect("a/int8", "a", false);
  expect("a/integers", "a", false);
  expect("a/int8/requantized", "a", false);
  expect("a/equalized", "a", true);
  expect("a/equalized/int8", "a", true);
  expect("/equalized", "", true);
  expect("equalized", "equalized", false);
  expect("", "", false);
}

void test_int8_forms_of_a_tensor_are_found(void**) {
  for (const char* name : {"a", "a/int8", "a/integers", "a/requantized"}) {
    for (const bool backwards : {false, true}) {
      const auto found = backwards ? pairs(network(name), network("a")) : pairs(network("a"), network(name));
      assert_int_equal(found.size(), 2);
      assert_true(found[0].factors.empty() && found[1].factors.empty());
      assert_true(found[0].low == -INFINITY && found[0].high == INFINITY);
    }
  }
  assert_int_equal(pairs(network("a"), network("b")).size(), 1);
  assert_int_equal(pairs(network("a"), network("a/float")).size(), 1);
}

void test_the_same_name_goes_before_another_form(void**) {
  Graph model = network("a/int8");
  model.tensors[index_of_tensor(model, "second:0")].name = "a";
  const auto found = pairs(network("a"), model);
  assert_int_equal(found.size(), 1);
  assert_string_equal(model.at(found[0].model).name.c_str(), "a");
}

void test_other_shapes_are_no_pair(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 1, 4});
  const TensorId wide = b.add(Op::conv, "a", {x, b.noise("w1", {5, 2, 1, 1})});
  b.output(b.add(Op::conv, "second", {wide, b.noise("w2", {2, 5, 1, 1})}));
  const auto found = pairs(network("a:0"), finished(b));
  assert_int_equal(found.size(), 1);
  assert_int_equal(found[0].node, 1);
}

void test_factors_of_equalized_channels(void**) {
  const auto expect = [](const std::vector<LayerPair>& found, const std::vector<float>& factors) {
    assert_int_equal(found.size(), 2);
    assert_int_equal(found[0].factors.size(), 2);
    for (std::size_t c = 0; c < 2; ++c) assert_true(std::fabs(found[0].factors[c] - factors[c]) < 1e-6F);
    assert_true(found[1].factors.empty());
  };
  expect(pairs(network("a"), network("a/equalized", {8, 0.5F})), {8, 0.5F});
  expect(pairs(network("a/equalized", {8, 0.5F}), network("a")), {0.125F, 2});
  // Of two quantizations each has its own.
  expect(pairs(network("a/equalized", {8, 0.5F}), network("a/equalized", {4, 4})), {0.5F, 8});
  // A channel of the reference that is always 0, and one that is turned around: no factor of equalization does that.
  expect(pairs(network("a", {0, 1}), network("a/equalized", {1, -3})), {0, 1});
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_names),
      cmocka_unit_test(test_int8_forms_of_a_tensor_are_found),
      cmocka_unit_test(test_the_same_name_goes_before_another_form),
      cmocka_unit_test(test_other_shapes_are_no_pair),
      cmocka_unit_test(test_factors_of_equalized_channels),
  };
  return cmocka_run_group_tests_name("quantize/layer_pairs", tests, nullptr, nullptr);
}

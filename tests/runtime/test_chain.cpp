// Chains: steps that run band by band give the bytes that they give one after the other, for every number of threads.
#include "runtime/layers.h"

namespace octet::test {
namespace {

// chains: how many steps each of them has.
void check_chains(Layers& layers, const std::vector<std::size_t>& chains) {
  layers.check([&](const Plan& plan) {
    std::vector<std::size_t> found;
    for (const Chain& chain : plan.chains) found.push_back(chain.parts.size());
    assert_true(found == chains);
  });
}

void test_expand_depthwise_project(void**) {
  for (const bool int8 : {false, true}) {
    for (const std::int64_t height : {120, 131}) {
      Layers layers(int8, {1, 12, height, 100});
      check_chains(layers.conv(96, {}).depthwise(k3x3).conv(12, {}), {3});
    }
  }
}

void test_weight_zero_points(void**) {
  Layers layers(true, {1, 12, 131, 100}, true);
  const TensorId shortcut = layers.conv(16, k3x3).last();
  check_chains(layers.conv(96, {}).depthwise(k3x3).conv(16, {}).add(shortcut), {4});
}

void test_residual_add_joins(void**) {
  for (const bool int8 : {false, true}) {
    Layers layers(int8, {1, 16, 110, 110});
    const TensorId shortcut = layers.conv(16, k3x3).last();
    check_chains(layers.conv(96, {}).depthwise(k3x3).conv(16, {}).add(shortcut), {4});
  }
}

void test_strides_dilation_and_pools(void**) {
  for (const bool int8 : {false, true}) {
    Layers strides(int8, {1, 8, 343, 260});
    strides.conv(64, {}).depthwise({3, 2, 1, 0, 1}).conv(80, {}).depthwise({3, 1, 2, 2, 2}).conv(8, {});
    check_chains(strides, {5});
    Layers pool(int8, {1, 3, 600, 560});
    check_chains(pool.conv(64, {3, 2, 1, 0, 0}).max_pool({3, 2, 1, 0, 0}).conv(16, {}), {3});
    Layers large(int8, {1, 6, 300, 280});
    large.conv(60, {}).depthwise({5, 1, 1, 2, 2}).max_pool({2, 2, 1, 0, 0}).conv(9, {});
    check_chains(large, {4});
  }
}

// Two windows in a row that overlap: rows are kept from band to band in both.
void test_depthwise_after_depthwise(void**) {
  for (const bool int8 : {false, true}) {
    Layers layers(int8, {1, 64, 140, 140});
    check_chains(layers.depthwise(k3x3).depthwise(k3x3).depthwise({3, 2, 1, 1, 1}), {3});
  }
}

// A tensor that something else reads, too, or that is an output of the network, must be whole.
void test_tensors_that_others_read_stay_whole(void**) {
  Layers layers(true, {1, 16, 110, 110});
  const TensorId wide = layers.conv(96, {}).last();
  layers.depthwise(k3x3).add(wide);
  check_chains(layers.conv(8, {}), {3});
}

void test_heavy_layers_do_not_overlap(void**) {
  Layers layers(true, {1, 64, 140, 140});
  layers.conv(64, k3x3).conv(64, {}).depthwise(k3x3);  // 576 products for an element of the first
  check_chains(layers, {2});
}

// The first step of the chain writes over a tensor that was made before the chain.
void test_a_chain_that_begins_in_place(void**) {
  for (const bool int8 : {false, true}) {
    Layers layers(int8, {1, 16, 140, 140});
    const TensorId shortcut = layers.conv(64, {}).last();
    layers.conv(64, k3x3).add(shortcut).conv(8, {});
    check_chains(layers, {2});
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_expand_depthwise_project),    cmocka_unit_test(test_weight_zero_points),
      cmocka_unit_test(test_residual_add_joins),          cmocka_unit_test(test_strides_dilation_and_pools),
      cmocka_unit_test(test_depthwise_after_depthwise),   cmocka_unit_test(test_tensors_that_others_read_stay_whole),
      cmocka_unit_test(test_heavy_layers_do_not_overlap), cmocka_unit_test(test_a_chain_that_begins_in_place),
  };
  return cmocka_run_group_tests_name("chains", tests, nullptr, nullptr);
}

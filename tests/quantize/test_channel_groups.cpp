// Which channels have to be scaled together, and which not at all.
#include <set>

#include "quantize/channel_groups.h"
#include "quantize/networks.h"
#include "support/cmocka.h"

using namespace octet;
using namespace octet::test;

namespace {

struct Found {
  Graph graph;
  ChannelGroups groups;

  const std::vector<int>& of(const std::string& tensor) const { return groups.group[index_of_tensor(graph, tensor)]; }
  bool fixed(const std::string& tensor) const {
    const std::vector<int>& all = of(tensor);
    return !all.empty() && std::all_of(all.begin(), all.end(), [](int g) { return g == kFixedChannel; });
  }
  bool free(const std::string& tensor) const {
    const std::vector<int>& all = of(tensor);
    return !all.empty() && std::none_of(all.begin(), all.end(), [](int g) { return g == kFixedChannel; });
  }
};

// x -> "made" (4 channels) -> between -> "last".
template <class Between>
Found with(Between between, std::int64_t channels = 4) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 3, 8, 8});
  const TensorId made = conv1x1(b, "made", x, 3, 4);
  const TensorId read = between(b, made);
  conv1x1(b, "last", read, channels, 2);
  b.output(static_cast<TensorId>(b.graph.tensors.size() - 1));
  Found found{finished(b), {}};
  found.groups = find_channel_groups(found.graph);
  return found;
}

TensorId unary(GraphBuilder& b, const std::string& name, TensorId x, UnaryKind kind) {
  return b.add(Op::unary, name, {x}, [&](Attributes& a) { a.unary = kind; });
}

void test_layer_after_layer(void**) {
  const Found found = with([](GraphBuilder&, TensorId x) { return x; });
  assert_true(found.fixed("x"));
  assert_true(found.free("made:0"));
  assert_int_equal(std::set<int>(found.of("made:0").begin(), found.of("made:0").end()).size(), 4);
  assert_true(found.fixed("last:0"));
}

void test_functions_that_let_factors_through(void**) {
  for (const UnaryKind kind : {UnaryKind::relu, UnaryKind::leaky_relu, UnaryKind::abs, UnaryKind::neg}) {
    const Found found = with([&](GraphBuilder& b, TensorId x) { return unary(b, "f", x, kind); });
    assert_true(found.free("made:0"));
    assert_true(found.of("made:0") == found.of("f:0"));
  }
}

void test_functions_that_do_not(void**) {
  for (const UnaryKind kind : {UnaryKind::sigmoid, UnaryKind::tanh, UnaryKind::hard_swish, UnaryKind::exp}) {
    const Found found = with([&](GraphBuilder& b, TensorId x) { return unary(b, "f", x, kind); });
    assert_true(found.fixed("made:0"));
    assert_true(found.fixed("f:0"));
  }
}

void test_addition_ties_and_a_constant_fixes(void**) {
  const Found sum = with(
      [](GraphBuilder& b, TensorId x) { return b.binary(BinaryKind::add, "sum", x, conv1x1(b, "other", x, 4, 4)); });
  assert_true(sum.free("sum:0"));
  assert_true(sum.of("made:0") == sum.of("sum:0") && sum.of("other:0") == sum.of("sum:0"));
  const Found shifted = with([](GraphBuilder& b, TensorId x) {
    return b.binary(BinaryKind::add, "sum", x, b.noise("c", {1, 4, 1, 1}));
  });
  assert_true(shifted.fixed("made:0"));
  const Found scaled = with([](GraphBuilder& b, TensorId x) {
    return b.binary(BinaryKind::mul, "product", x, b.noise("c", {1, 4, 1, 1}));
  });
  assert_true(scaled.free("made:0") && scaled.of("made:0") == scaled.of("product:0"));
}

void test_a_gate_carries_no_factor(void**) {
  for (const bool gate_first : {false, true}) {
    const Found found = with([&](GraphBuilder& b, TensorId x) {
      const TensorId mean = b.add(Op::reduce, "mean", {conv1x1(b, "other", x, 4, 4)}, [](Attributes& a) {
        a.axes = {2, 3};
      });
      const TensorId gate = unary(b, "gate", mean, UnaryKind::sigmoid);
      return gate_first ? b.binary(BinaryKind::mul, "gated", gate, x) : b.binary(BinaryKind::mul, "gated", x, gate);
    });
    assert_true(found.fixed("gate:0"));
    assert_true(found.free("gated:0"));
    assert_true(found.of("made:0") == found.of("gated:0"));
  }
}

void test_concat_joins_channels_and_takes_them_on(void**) {
  const Found found = with(
      [](GraphBuilder& b, TensorId x) {
        const TensorId other = conv1x1(b, "other", x, 4, 2);
        return b.add(Op::concat, "joined", {other, x}, [](Attributes& a) { a.axis = 1; });
      },
      6);
  const std::vector<int>& joined = found.of("joined:0");
  assert_int_equal(joined.size(), 6);
  assert_true(std::vector<int>(joined.begin(), joined.begin() + 2) == found.of("other:0"));
  assert_true(std::vector<int>(joined.begin() + 2, joined.end()) == found.of("made:0"));
  // All of one tensor are compared with each other.
  assert_int_equal(std::set<int>(found.groups.part.begin(), found.groups.part.end()).size(), 1);
}

void test_what_leaves_the_network_is_fixed(void**) {
  const Found found = with([](GraphBuilder& b, TensorId x) {
    b.output(x);
    return x;
  });
  assert_true(found.fixed("made:0"));
}

void test_limits(void**) {
  const auto limited = [](float low, float high) {
    return with([&](GraphBuilder& b, TensorId x) {
      return b.add(Op::unary, "clip", {x}, [&](Attributes& a) {
        a.unary = UnaryKind::clip;
        a.alpha = low;
        a.beta = high;
      });
    });
  };
  const Found relu6 = limited(0, 6);
  assert_true(relu6.free("clip:0"));
  assert_true(relu6.groups.bound[index_of_tensor(relu6.graph, "clip:0")] == 6);
  const Found two_sided = limited(-2, 6);
  assert_true(two_sided.groups.bound[index_of_tensor(two_sided.graph, "clip:0")] == 2);
  assert_true(limited(1, 6).fixed("clip:0"));
  assert_true(limited(-6, -1).fixed("clip:0"));
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_layer_after_layer),
      cmocka_unit_test(test_functions_that_let_factors_through),
      cmocka_unit_test(test_functions_that_do_not),
      cmocka_unit_test(test_addition_ties_and_a_constant_fixes),
      cmocka_unit_test(test_a_gate_carries_no_factor),
      cmocka_unit_test(test_concat_joins_channels_and_takes_them_on),
      cmocka_unit_test(test_what_leaves_the_network_is_fixed),
      cmocka_unit_test(test_limits),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

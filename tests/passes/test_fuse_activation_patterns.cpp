// Activations that exporters spell out in several nodes.
#include <cmath>
#include <functional>

#include "passes/same_values.h"

namespace octet::test {
namespace {

using Build = std::function<TensorId(GraphBuilder&, TensorId x)>;
using B = BinaryKind;
using U = UnaryKind;

// Rewrites build(x), compares the values and returns the graph. x is made by a node, so that it can be read twice.
Graph rewrite_of(const Build& build) {
  GraphBuilder b;
  const TensorId x = b.unary(U::tanh, "x", b.unary(U::square, "input", b.input("in", {1, 3, 4, 5})));
  b.output(build(b, b.binary(B::sub, "centred", b.binary(B::mul, "wide", x, b.scalar(9)), b.scalar(4))));
  return rewritten(b.graph, fuse_activation_patterns, 2e-6);
}

constexpr std::size_t kBefore = 4;  // nodes that make x

void expect_one(const Build& build, UnaryKind kind) {
  const Graph graph = rewrite_of(build);
  const Node& last = graph.nodes.back();
  if (graph.nodes.size() != kBefore + 1 || last.op != Op::unary || last.attrs.unary != kind) {
    print_error("%zu nodes, the last: %s, not %s\n", graph.nodes.size() - kBefore, name_of(last.attrs.unary),
                name_of(kind));
  }
  assert_int_equal(graph.nodes.size(), kBefore + 1);
  assert_true(last.op == Op::unary && last.attrs.unary == kind);
}

void expect_more(const Build& build) { assert_true(rewrite_of(build).nodes.size() > kBefore + 1); }

void test_silu(void**) {
  expect_one([](GraphBuilder& b, TensorId x) { return b.binary(B::mul, "y", x, b.unary(U::sigmoid, "s", x)); },
             U::silu);
  expect_one([](GraphBuilder& b, TensorId x) { return b.binary(B::mul, "y", b.unary(U::sigmoid, "s", x), x); },
             U::silu);
  const Build quotient = [](GraphBuilder& b, TensorId x) {
    const TensorId power = b.unary(U::exp, "e", b.unary(U::neg, "n", x));
    return b.binary(B::div, "y", x, b.binary(B::add, "a", power, b.scalar(1)));
  };
  expect_one(quotient, U::silu);
}

void test_a_gate_from_elsewhere_is_no_silu(void**) {
  expect_more([](GraphBuilder& b, TensorId x) {
    return b.binary(B::mul, "y", x, b.unary(U::sigmoid, "s", b.unary(U::neg, "n", x)));
  });
}

void test_a_gate_that_others_read_stays(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {4});
  const TensorId gate = b.unary(U::sigmoid, "s", x);
  b.output(b.binary(B::mul, "y", x, gate));
  b.output(gate);
  const Graph graph = rewritten(b.graph, fuse_activation_patterns);
  assert_true(find_node(graph, "y")->op == Op::binary);
}

TensorId relu6_of_x_plus_3(GraphBuilder& b, TensorId x) {
  return b.unary(U::clip, "relu6", b.binary(B::add, "plus3", x, b.scalar(3)), 0, 6);
}

void test_hard_swish(void**) {
  const Build forms[] = {
      [](GraphBuilder& b, TensorId x) {
        return b.binary(B::div, "y", b.binary(B::mul, "m", x, relu6_of_x_plus_3(b, x)), b.scalar(6));
      },
      [](GraphBuilder& b, TensorId x) {
        return b.binary(B::mul, "y", x, b.binary(B::div, "d", relu6_of_x_plus_3(b, x), b.scalar(6)));
      },
      [](GraphBuilder& b, TensorId x) {
        return b.binary(B::mul, "y", b.scalar(1.0F / 6), b.binary(B::mul, "m", relu6_of_x_plus_3(b, x), x));
      },
      [](GraphBuilder& b, TensorId x) {
        return b.binary(B::mul, "y", b.binary(B::mul, "d", x, b.scalar(1.0F / 6)), relu6_of_x_plus_3(b, x));
      },
      [](GraphBuilder& b, TensorId x) {
        return b.binary(B::mul, "y", x, b.unary(U::hard_sigmoid, "h", x, 1.0F / 6, 0.5F));
      },
      [](GraphBuilder& b, TensorId x) {  // limits as min and max
        const TensorId low = b.binary(B::max, "max", b.binary(B::add, "plus3", b.scalar(3), x), b.scalar(0));
        const TensorId gate = b.binary(B::div, "d", b.binary(B::min, "min", low, b.scalar(6)), b.scalar(6));
        return b.binary(B::mul, "y", x, gate);
      },
  };
  for (const Build& form : forms) expect_one(form, U::hard_swish);
}

void test_nearly_hard_swish(void**) {
  expect_more([](GraphBuilder& b, TensorId x) {  // another slope
    return b.binary(B::mul, "y", x, b.unary(U::hard_sigmoid, "h", x, 0.2F, 0.5F));
  });
  expect_more([](GraphBuilder& b, TensorId x) {  // another divisor
    return b.binary(B::div, "y", b.binary(B::mul, "m", x, relu6_of_x_plus_3(b, x)), b.scalar(6.01F));
  });
  expect_more([](GraphBuilder& b, TensorId x) {  // 6 / ..., not ... / 6
    const TensorId sum = b.binary(B::add, "one", b.binary(B::mul, "m", x, relu6_of_x_plus_3(b, x)), b.scalar(99));
    return b.binary(B::div, "y", b.scalar(6), sum);
  });
}

void test_hard_sigmoid(void**) {
  const Build divided = [](GraphBuilder& b, TensorId x) {
    return b.binary(B::div, "y", relu6_of_x_plus_3(b, x), b.scalar(6));
  };
  expect_one(divided, U::hard_sigmoid);
  const Node node = rewrite_of(divided).nodes.back();
  assert_true(node.attrs.alpha == 1.0F / 6 && node.attrs.beta == 0.5F);
}

void test_gelu(void**) {
  const auto gate = [](GraphBuilder& b, TensorId x, bool divides) {
    const TensorId scaled = divides ? b.binary(B::div, "d", x, b.scalar(std::sqrt(2.0F)))
                                    : b.binary(B::mul, "d", x, b.scalar(std::sqrt(0.5F)));
    return b.binary(B::add, "a", b.unary(U::erf, "erf", scaled), b.scalar(1));
  };
  const Build forms[] = {
      [&](GraphBuilder& b, TensorId x) {
        return b.binary(B::mul, "y", b.binary(B::mul, "m", x, gate(b, x, true)), b.scalar(0.5F));
      },
      [&](GraphBuilder& b, TensorId x) {
        return b.binary(B::mul, "y", b.binary(B::mul, "m", b.scalar(0.5F), x), gate(b, x, false));
      },
      [&](GraphBuilder& b, TensorId x) {
        return b.binary(B::mul, "y", x, b.binary(B::div, "m", gate(b, x, true), b.scalar(2)));
      },
  };
  for (const Build& form : forms) expect_one(form, U::gelu);
}

void test_gelu_by_tanh(void**) {
  const auto gelu = [](const Build& cube) {
    return [=](GraphBuilder& b, TensorId x) {
      const TensorId sum = b.binary(B::add, "sum", x, b.binary(B::mul, "k", cube(b, x), b.scalar(0.044715F)));
      const TensorId tanh = b.unary(U::tanh, "tanh", b.binary(B::mul, "c", sum, b.scalar(0.79788456F)));
      const TensorId gate = b.binary(B::add, "gate", tanh, b.scalar(1));
      return b.binary(B::mul, "y", b.binary(B::mul, "h", x, b.scalar(0.5F)), gate);
    };
  };
  expect_one(gelu([](GraphBuilder& b, TensorId x) { return b.binary(B::pow, "p", x, b.scalar(3)); }), U::gelu_tanh);
  expect_one(gelu([](GraphBuilder& b, TensorId x) { return b.binary(B::mul, "p", b.binary(B::mul, "q", x, x), x); }),
             U::gelu_tanh);
}

void test_mish_softplus_softsign_sigmoid(void**) {
  const Build softplus = [](GraphBuilder& b, TensorId x) {
    return b.unary(U::log, "y", b.binary(B::add, "a", b.scalar(1), b.unary(U::exp, "e", x)));
  };
  expect_one(softplus, U::softplus);
  expect_one(
      [&](GraphBuilder& b, TensorId x) { return b.binary(B::mul, "z", x, b.unary(U::tanh, "t", softplus(b, x))); },
      U::mish);
  expect_one(
      [](GraphBuilder& b, TensorId x) {
        return b.binary(B::div, "y", x, b.binary(B::add, "a", b.unary(U::abs, "abs", x), b.scalar(1)));
      },
      U::softsign);
  expect_one(
      [](GraphBuilder& b, TensorId x) {
        const TensorId power = b.unary(U::exp, "e", b.binary(B::mul, "n", x, b.scalar(-1)));
        return b.binary(B::div, "y", b.scalar(1), b.binary(B::add, "a", power, b.scalar(1)));
      },
      U::sigmoid);
}

void test_limits(void**) {
  const auto clip = [](B first, float a, B second, float c) {
    const Graph graph = rewrite_of([=](GraphBuilder& b, TensorId x) {
      return b.binary(second, "y", b.binary(first, "l", x, b.scalar(a)), b.scalar(c));
    });
    assert_int_equal(graph.nodes.size(), kBefore + 1);
    return graph.nodes.back().attrs;
  };
  const Attributes ordered = clip(B::min, 2, B::max, -1);
  assert_true(ordered.unary == U::clip && ordered.alpha == -1 && ordered.beta == 2);
  const Attributes crossed = clip(B::max, 2, B::min, -1);
  assert_true(crossed.alpha == -1 && crossed.beta == -1);
  expect_one([](GraphBuilder& b, TensorId x) { return b.binary(B::max, "y", b.scalar(0), x); }, U::relu);
  expect_one([](GraphBuilder& b, TensorId x) { return b.unary(U::clip, "y", b.unary(U::relu, "r", x), -1, 6); },
             U::clip);
}

void test_leaky_relu(void**) {
  expect_one(
      [](GraphBuilder& b, TensorId x) { return b.binary(B::max, "y", x, b.binary(B::mul, "m", x, b.scalar(0.1F))); },
      U::leaky_relu);
  expect_one(
      [](GraphBuilder& b, TensorId x) {
        return b.add(Op::prelu, "y", {x, b.floats("s", {3, 1, 1}, {2, 2, 2})});
      },
      U::leaky_relu);
  expect_more([](GraphBuilder& b, TensorId x) {  // a slope above 1 makes the maximum another function
    return b.binary(B::max, "y", x, b.binary(B::mul, "m", x, b.scalar(1.5F)));
  });
}

void test_prelu(void**) {
  for (const B kind : {B::add, B::sub}) {
    const Graph graph = rewrite_of([=](GraphBuilder& b, TensorId x) {
      const TensorId minus = b.unary(U::relu, "rm", b.unary(U::neg, "n", x));
      const TensorId scaled = b.binary(B::mul, "m", b.noise("slope", {3, 1, 1}), minus);
      return b.binary(kind, "y", b.unary(U::relu, "rp", x), scaled);
    });
    assert_int_equal(graph.nodes.size(), kBefore + 1);
    assert_true(graph.nodes.back().op == Op::prelu);
  }
}

void test_powers(void**) {
  expect_one([](GraphBuilder& b, TensorId x) { return b.binary(B::pow, "y", x, b.scalar(2)); }, U::square);
  expect_one([](GraphBuilder& b, TensorId x) { return b.binary(B::mul, "y", x, x); }, U::square);
  expect_one([](GraphBuilder& b, TensorId x) { return b.binary(B::pow, "y", x, b.scalar(-1)); }, U::reciprocal);
  expect_one([](GraphBuilder& b, TensorId x) { return b.binary(B::div, "y", b.scalar(1), x); }, U::reciprocal);
  const Graph base = rewrite_of([](GraphBuilder& b, TensorId x) { return b.binary(B::pow, "y", b.scalar(2), x); });
  assert_true(base.nodes.back().op == Op::binary);
}

void test_the_node_keeps_its_name_and_output(void**) {
  const Graph graph =
      rewrite_of([](GraphBuilder& b, TensorId x) { return b.binary(B::mul, "y", x, b.unary(U::sigmoid, "s", x)); });
  assert_string_equal(graph.nodes.back().name.c_str(), "y");
  assert_string_equal(output_name(graph, graph.nodes.back()).c_str(), "y:0");
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_silu),
      cmocka_unit_test(test_a_gate_from_elsewhere_is_no_silu),
      cmocka_unit_test(test_a_gate_that_others_read_stays),
      cmocka_unit_test(test_hard_swish),
      cmocka_unit_test(test_nearly_hard_swish),
      cmocka_unit_test(test_hard_sigmoid),
      cmocka_unit_test(test_gelu),
      cmocka_unit_test(test_gelu_by_tanh),
      cmocka_unit_test(test_mish_softplus_softsign_sigmoid),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_leaky_relu),
      cmocka_unit_test(test_prelu),
      cmocka_unit_test(test_powers),
      cmocka_unit_test(test_the_node_keeps_its_name_and_output),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

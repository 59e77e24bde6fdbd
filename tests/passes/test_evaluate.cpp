// Constant folding, operator by operator: what the network would compute from constants alone.
#include <cmath>
#include <functional>

#include "passes/passes.h"
#include "support/expect.h"
#include "support/graph_builder.h"

namespace octet::test {
namespace {

using Ints = std::vector<std::int64_t>;
using Floats = std::vector<float>;
using Change = GraphBuilder::Change;

// A graph of constants, one node "node", and its first output as the network's.
class Constants : public GraphBuilder {
 public:
  TensorId i64(Dims dims, const Ints& values) {
    return integers("i" + std::to_string(count_++), std::move(dims), values);
  }
  TensorId i64(const Ints& values) { return i64({static_cast<std::int64_t>(values.size())}, values); }
  TensorId f32(Dims dims, const Floats& values) {
    return floats("f" + std::to_string(count_++), std::move(dims), values);
  }
  TensorId f32(const Floats& values) { return f32({static_cast<std::int64_t>(values.size())}, values); }
  TensorId bools(const std::vector<std::uint8_t>& values) {
    return graph.add_constant("b", DType::boolean, {static_cast<std::int64_t>(values.size())}, values);
  }

  Status fold() {
    input("unread", {1});
    for (const TensorId id : graph.nodes.back().outputs) output(id);
    return fold_constants(graph);
  }
  // The constant that output `index` became.
  const Tensor& folded(std::size_t index = 0) {
    expect_ok(fold());
    const std::string name = graph.at(graph.outputs[index]).name + "/constant";
    for (const Tensor& tensor : graph.tensors) {
      if (tensor.name == name) return tensor;
    }
    fail_msg("%s is not constant", name.c_str());
    return graph.tensors[0];
  }
  void expect(const Ints& values, const Dims& dims) {
    const Tensor& tensor = folded();
    assert_true(tensor.dtype == DType::i64);
    assert_true(tensor.dims == dims);
    const auto found = tensor.data.as<std::int64_t>();
    assert_true(Ints(found.begin(), found.end()) == values);
  }
  void expect(const Ints& values) { expect(values, {static_cast<std::int64_t>(values.size())}); }
  void expect_floats(const Floats& values, const Dims& dims) {
    const Tensor& tensor = folded();
    assert_true(tensor.dtype == DType::f32);
    assert_true(tensor.dims == dims);
    const auto found = tensor.data.as<float>();
    assert_true(Floats(found.begin(), found.end()) == values);
  }

 private:
  int count_ = 0;
};

void test_integer_arithmetic(void**) {
  struct Case {
    BinaryKind kind;
    Ints a, b, expected;
  };
  const Case cases[] = {
      {BinaryKind::add, {1, INT64_MAX}, {2, 1}, {3, INT64_MIN}},
      {BinaryKind::sub, {1, INT64_MIN}, {2, 1}, {-1, INT64_MAX}},
      {BinaryKind::mul, {-3, (std::int64_t{1} << 53) + 1}, {4, 1}, {-12, (std::int64_t{1} << 53) + 1}},
      {BinaryKind::div, {7, -7, INT64_MIN}, {2, 2, -1}, {3, -3, INT64_MIN}},
      {BinaryKind::min, {1, 5}, {2, -5}, {1, -5}},
      {BinaryKind::max, {1, 5}, {2, -5}, {2, 5}},
      {BinaryKind::pow, {2, -3, -1, 5, 2}, {10, 3, -3, -1, 64}, {1024, -27, -1, 0, 0}},
  };
  for (const Case& c : cases) {
    Constants b;
    b.binary(c.kind, "node", b.i64(c.a), b.i64(c.b));
    b.expect(c.expected);
  }
}

void test_division_by_zero(void**) {
  Constants b;
  b.binary(BinaryKind::div, "node", b.i64({1, 2}), b.i64({1, 0}));
  expect_failure(b.fold(), Code::shape, {"'node'", "zero"});
}

void test_broadcasting(void**) {
  Constants b;
  b.binary(BinaryKind::sub, "node", b.i64({2, 1}, {10, 20}), b.i64({3}, {1, 2, 3}));
  b.expect({9, 8, 7, 19, 18, 17}, {2, 3});
  Constants scalar;
  scalar.binary(BinaryKind::div, "node", scalar.f32({}, {1}), scalar.f32({2}, {4, 0}));
  scalar.expect_floats({0.25F, INFINITY}, {2});
}

void test_floats_round_once(void**) {
  Constants b;
  b.binary(BinaryKind::mul, "node", b.f32({0.1F}), b.f32({0.3F}));
  b.expect_floats({0.1F * 0.3F}, {1});
}

void test_types_must_agree(void**) {
  Constants b;
  b.binary(BinaryKind::mul, "node", b.f32({0.1F}), b.i64({3}));
  expect_failure(b.fold(), Code::shape, {"'node'", "float32", "int64"});
}

void test_unary(void**) {
  struct Case {
    UnaryKind kind;
    Ints expected;
  };
  const Case cases[] = {{UnaryKind::neg, {3, 0, INT64_MIN}}, {UnaryKind::abs, {3, 0, INT64_MIN}},
                        {UnaryKind::sign, {-1, 0, -1}},      {UnaryKind::relu, {0, 0, 0}},
                        {UnaryKind::square, {9, 0, 0}},      {UnaryKind::floor, {-3, 0, INT64_MIN}}};
  for (const Case& c : cases) {
    Constants b;
    b.unary(c.kind, "node", b.i64({-3, 0, INT64_MIN}));
    b.expect(c.expected);
  }
  Constants b;
  b.unary(UnaryKind::round, "node", b.f32({0.5F, 1.5F, -2.5F, 2.6F}));
  b.expect_floats({0, 2, -2, 3}, {4});
  Constants root;
  root.unary(UnaryKind::sqrt, "node", root.i64({4}));
  expect_failure(root.fold(), Code::unsupported, {"'node'", "sqrt"});
}

// Values computed independently, in Python.
void test_functions(void**) {
  struct Case {
    UnaryKind kind;
    float alpha, beta;
    double low, high;  // of -0.75 and 1.25
  };
  const Case cases[] = {
      {UnaryKind::leaky_relu, 0.1F, 0, -0.075, 1.25},
      {UnaryKind::clip, -0.5F, 1, -0.5, 1},
      {UnaryKind::sigmoid, 0, 0, 0.320821301, 0.777299861},
      {UnaryKind::tanh, 0, 0, -0.635148952, 0.848283640},
      {UnaryKind::hard_sigmoid, 0.2F, 0.5F, 0.35, 0.75},
      {UnaryKind::hard_swish, 0, 0, -0.28125, 0.885416667},
      {UnaryKind::silu, 0, 0, -0.240615976, 0.971624826},
      {UnaryKind::gelu, 0, 0, -0.169970514, 1.117937783},
      {UnaryKind::gelu_tanh, 0, 0, -0.170039445, 1.117714203},
      {UnaryKind::elu, 0.5F, 0, -0.263816724, 1.25},
      {UnaryKind::exp, 0, 0, 0.472366553, 3.490342957},
      {UnaryKind::reciprocal, 0, 0, -1.333333333, 0.8},
      {UnaryKind::erf, 0, 0, -0.711155634, 0.922900128},
      {UnaryKind::softplus, 0, 0, 0.386871006, 1.501929081},
      {UnaryKind::softsign, 0, 0, -0.428571429, 0.555555556},
      {UnaryKind::selu, 1.67326324F, 1.05070098F, -0.927632008, 1.313376225},
      {UnaryKind::mish, 0, 0, -0.276494715, 1.131870304},
      {UnaryKind::sin, 0, 0, -0.681638760, 0.948984619},
      {UnaryKind::cos, 0, 0, 0.731688869, 0.315322362},
      {UnaryKind::sign, 0, 0, -1, 1},
      {UnaryKind::square, 0, 0, 0.5625, 1.5625},
      {UnaryKind::ceil, 0, 0, 0, 2},
      {UnaryKind::floor, 0, 0, -1, 1},
  };
  for (const Case& c : cases) {
    Constants b;
    b.unary(c.kind, "node", b.f32({-0.75F, 1.25F}), c.alpha, c.beta);
    const auto found = b.folded().data.as<float>();
    if (std::abs(found[0] - c.low) > 2e-7 || std::abs(found[1] - c.high) > 2e-7) {
      fail_msg("%s: %.9f %.9f", name_of(c.kind), static_cast<double>(found[0]), static_cast<double>(found[1]));
    }
  }
}

void test_compare_and_where(void**) {
  Constants b;
  const TensorId less = b.add(Op::compare, "less", {b.i64({1, 5, 3}), b.i64({3})},
                              [](Attributes& a) { a.compare = CompareKind::less_equal; });
  b.add(Op::where, "node", {less, b.i64({10, 20, 30}), b.i64({-1})});
  b.expect({10, -1, 30});
  Constants logic;
  const TensorId both = logic.add(Op::compare, "both", {logic.bools({1, 1, 0}), logic.bools({1, 0, 0})},
                                  [](Attributes& a) { a.compare = CompareKind::logical_and; });
  const TensorId neither = logic.unary(UnaryKind::logical_not, "not", both);
  logic.add(Op::cast, "node", {neither}, [](Attributes& a) { a.to = DType::i64; });
  logic.expect({0, 1, 1});
}

void test_cast(void**) {
  Constants b;
  b.add(Op::cast, "node", {b.f32({-1.9F, 2.9F, NAN, 1e30F})}, [](Attributes& a) { a.to = DType::i64; });
  b.expect({-1, 2, 0, INT64_MAX});
  Constants to_bool;
  const TensorId flags =
      to_bool.add(Op::cast, "flags", {to_bool.f32({0.5F, 0, -3})}, [](Attributes& a) { a.to = DType::boolean; });
  to_bool.add(Op::cast, "node", {flags}, [](Attributes& a) { a.to = DType::f32; });
  to_bool.expect_floats({1, 0, 1}, {3});
  Constants narrow;
  const TensorId half = narrow.add(Op::cast, "narrow", {narrow.i64({(std::int64_t{1} << 32) + 5, -1})},
                                   [](Attributes& a) { a.to = DType::i32; });
  narrow.add(Op::cast, "node", {half}, [](Attributes& a) { a.to = DType::i64; });
  narrow.expect({5, -1});
}

void test_reduce(void**) {
  const auto reduce = [](ReduceKind kind, const Ints& axes, bool keep, const Ints& expected, const Dims& dims) {
    Constants b;
    b.add(Op::reduce, "node", {b.i64({2, 3}, {1, -2, 3, 4, 5, -6}), b.i64(axes)}, [&](Attributes& a) {
      a.reduce = kind;
      a.keep_dims = keep;
    });
    b.expect(expected, dims);
  };
  reduce(ReduceKind::prod, {1}, false, {-6, -120}, {2});
  reduce(ReduceKind::sum, {0}, true, {5, 3, -3}, {1, 3});
  reduce(ReduceKind::max, {-1}, false, {3, 5}, {2});
  reduce(ReduceKind::min, {0, 1}, false, {-6}, {});
  reduce(ReduceKind::mean, {}, false, {0}, {});
  reduce(ReduceKind::l1, {1}, false, {6, 15}, {2});
  reduce(ReduceKind::sum_square, {0}, false, {17, 29, 45}, {3});
  Constants b;
  b.add(Op::reduce, "node", {b.f32({2, 2}, {3, -4, 0, 1})}, [](Attributes& a) {
    a.reduce = ReduceKind::l2;
    a.axes = {1};
  });
  b.expect_floats({5, 1}, {2, 1});
  Constants logs;
  logs.add(Op::reduce, "node", {logs.f32({1000, 1000})}, [](Attributes& a) { a.reduce = ReduceKind::log_sum_exp; });
  logs.expect_floats({static_cast<float>(1000 + std::log(2.0))}, {1});
}

void test_shape(void**) {
  Constants b;
  const TensorId x = b.input("x", {2, 3, 4, 5});
  b.add(Op::shape, "node", {x});
  b.expect({2, 3, 4, 5});
  Constants part;
  part.add(Op::shape, "node", {part.input("x", {2, 3, 4, 5})}, [](Attributes& a) {
    a.starts = {-3};
    a.sizes = {-1};
  });
  part.expect({3, 4});
}

void test_moves(void**) {
  const auto expect = [](Op op, const Dims& dims, const std::vector<Ints>& more, const Change& change,
                         const Ints& expected, const Dims& out) {
    Constants b;
    Ints values(static_cast<std::size_t>(element_count(dims)));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int64_t>(i);
    std::vector<TensorId> inputs = {b.i64(dims, values)};
    for (const Ints& operand : more) inputs.push_back(b.i64(operand));
    b.add(op, "node", inputs, change);
    b.expect(expected, out);
  };
  expect(Op::gather, {2, 3}, {{-1, 0}}, [](Attributes& a) { a.axis = 1; }, {2, 0, 5, 3}, {2, 2});
  expect(Op::slice, {2, 5}, {{-1, 1}, {INT64_MIN, INT64_MAX}, {0, 1}, {-1, 2}}, {}, {6, 8, 1, 3}, {2, 2});
  expect(Op::slice, {4}, {{2}, {2}}, {}, {}, {0});
  expect(Op::concat, {2}, {{7, 8, 9}}, {}, {0, 1, 7, 8, 9}, {5});
  expect(Op::transpose, {2, 3}, {}, {}, {0, 3, 1, 4, 2, 5}, {3, 2});
  expect(Op::transpose, {2, 1, 3, 2}, {},
         [](Attributes& a) {
           a.axes = {3, 0, 2, 1};
         },
         {0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11}, {2, 2, 3, 1});
  expect(Op::reshape, {2, 3}, {{3, -1}}, {}, {0, 1, 2, 3, 4, 5}, {3, 2});
  expect(Op::expand, {2, 1}, {{2, 1, 2}}, {}, {0, 0, 1, 1, 0, 0, 1, 1}, {2, 2, 2});
  expect(Op::tile, {2, 2}, {{2, 2}}, {}, {0, 1, 0, 1, 2, 3, 2, 3, 0, 1, 0, 1, 2, 3, 2, 3}, {4, 4});
  expect(Op::squeeze, {1, 2}, {{0}}, {}, {0, 1}, {2});
  expect(Op::unsqueeze, {2}, {{1}}, {}, {0, 1}, {2, 1});
  expect(Op::flatten, {2, 1, 2}, {}, [](Attributes& a) { a.axis = 2; }, {0, 1, 2, 3}, {2, 2});
  expect(Op::pad, {3}, {{1, 2}}, {}, {0, 0, 1, 2, 0, 0}, {6});
  expect(Op::pad, {3}, {{2, 2}}, [](Attributes& a) { a.pad = PadKind::reflect; }, {2, 1, 0, 1, 2, 1, 0}, {7});
  expect(Op::pad, {3}, {{1, 2}}, [](Attributes& a) { a.pad = PadKind::edge; }, {0, 0, 1, 2, 2, 2}, {6});
  expect(Op::pad, {3}, {{-1, 1}}, {}, {1, 2, 0}, {3});
}

void test_pad_with_value_and_axes(void**) {
  Constants b;
  b.add(Op::pad, "node", {b.f32({1, 2}, {1, 2}), b.i64({1, 0}), b.f32({}, {9}), b.i64({-1})});
  b.expect_floats({9, 1, 2}, {1, 3});
}

void test_split(void**) {
  Constants b;
  b.add(
      Op::split, "node", {b.i64({1, 5}, {1, 2, 3, 4, 5}), b.i64({2, 3})}, [](Attributes& a) { a.axis = 1; }, 2);
  const Tensor& second = b.folded(1);
  assert_true((second.dims == Dims{1, 3}));
  assert_int_equal(second.data.as<std::int64_t>()[0], 3);
}

void test_range_and_constant_of_shape(void**) {
  Constants up;
  up.add(Op::range, "node", {up.i64({}, {3}), up.i64({}, {10}), up.i64({}, {3})});
  up.expect({3, 6, 9});
  Constants down;
  down.add(Op::range, "node", {down.i64({}, {3}), down.i64({}, {0}), down.i64({}, {-1})});
  down.expect({3, 2, 1});
  Constants none;
  none.add(Op::range, "node", {none.i64({}, {3}), none.i64({}, {0}), none.i64({}, {1})});
  none.expect({}, {0});
  Constants real;
  real.add(Op::range, "node", {real.f32({}, {0}), real.f32({}, {1}), real.f32({}, {0.25F})});
  real.expect_floats({0, 0.25F, 0.5F, 0.75F}, {4});
  Constants endless;
  endless.add(Op::range, "node", {endless.i64({}, {0}), endless.i64({}, {1}), endless.i64({}, {0})});
  expect_failure(endless.fold(), Code::shape, {"'node'"});
  Constants filled;
  filled.add(Op::constant_of_shape, "node", {filled.i64({2, 1})}, [](Attributes& a) {
    a.alpha = 7;
    a.to = DType::i64;
  });
  filled.expect({7, 7}, {2, 1});
}

void test_indices_outside(void**) {
  for (const std::int64_t index : {std::int64_t{2}, std::int64_t{-3}, INT64_MIN}) {
    Constants b;
    b.add(Op::gather, "node", {b.i64({1, 2}), b.i64({index})});
    expect_failure(b.fold(), Code::shape, {"'node'", "outside"});
  }
}

void test_results_have_a_limit(void**) {
  Constants one;
  one.add(Op::constant_of_shape, "node", {one.i64({1 << 15, 1 << 15})});
  expect_failure(one.fold(), Code::shape, {"'node'", "too large"});
  Constants range;
  range.add(Op::range, "node", {range.i64({}, {0}), range.i64({}, {INT64_MAX}), range.i64({}, {1})});
  expect_failure(range.fold(), Code::shape, {"'node'"});
  // A byte each, but computed in eight.
  Constants wide;
  wide.add(Op::compare, "node", {wide.f32({8192, 1}, Floats(8192)), wide.f32({1, 8192}, Floats(8192))});
  expect_failure(wide.fold(), Code::shape, {"'node'", "too large"});
  // Many that are large together.
  Constants many;
  TensorId sum = many.f32({1}, {0});
  for (int i = 0; i < 10; ++i) {
    const TensorId part = many.add(Op::expand, "expand", {sum, many.i64({1 << 24})});
    sum = many.add(Op::slice, "slice", {part, many.i64({0}), many.i64({1})});
  }
  expect_failure(many.fold(), Code::shape, {"'expand'", "too large"});
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_integer_arithmetic),
      cmocka_unit_test(test_division_by_zero),
      cmocka_unit_test(test_broadcasting),
      cmocka_unit_test(test_floats_round_once),
      cmocka_unit_test(test_types_must_agree),
      cmocka_unit_test(test_unary),
      cmocka_unit_test(test_functions),
      cmocka_unit_test(test_compare_and_where),
      cmocka_unit_test(test_cast),
      cmocka_unit_test(test_reduce),
      cmocka_unit_test(test_shape),
      cmocka_unit_test(test_moves),
      cmocka_unit_test(test_pad_with_value_and_axes),
      cmocka_unit_test(test_split),
      cmocka_unit_test(test_range_and_constant_of_shape),
      cmocka_unit_test(test_indices_outside),
      cmocka_unit_test(test_results_have_a_limit),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

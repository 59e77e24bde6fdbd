// unary, prelu, binary, quantize, dequantize, requantize.
#include "ops/run_graph.h"

namespace octet::test {
namespace {

void test_unary(void**) {
  for (const UnaryKind kind : {UnaryKind::relu, UnaryKind::sigmoid, UnaryKind::tanh, UnaryKind::hard_swish,
                               UnaryKind::silu, UnaryKind::gelu, UnaryKind::exp, UnaryKind::abs, UnaryKind::square}) {
    for (const Dims& dims : {Dims{1, 3, 4, 5}, Dims{7}, Dims{2, 70, 70}, Dims{}}) {
      check_float(
          {dims}, [&](GraphBuilder& b, std::vector<TensorId> in) { return b.unary(kind, "y", in[0]); }, name_of(kind));
    }
  }
  check_float(
      {{1, 3, 4, 5}},
      [](GraphBuilder& b, std::vector<TensorId> in) {
        return b.unary(UnaryKind::hard_sigmoid, "y", b.unary(UnaryKind::leaky_relu, "l", in[0], 0.1F), 0.2F, 0.5F);
      },
      "functions with parameters");
}

void test_prelu(void**) {
  for (const Dims& slope : {Dims{3, 1, 1}, Dims{1}, Dims{1, 3, 4, 5}, Dims{5}, Dims{}}) {
    check_float(
        {{1, 3, 4, 5}},
        [&](GraphBuilder& b, std::vector<TensorId> in) {
          return b.add(Op::prelu, "y", {in[0], b.noise("slope", slope)});
        },
        "prelu");
  }
}

void test_binary_broadcasts(void**) {
  struct Case {
    Dims a, b;
  };
  const Case cases[] = {{{1, 3, 4, 5}, {1, 3, 4, 5}},
                        {{2, 3, 4, 5}, {1, 3, 1, 1}},
                        {{2, 3, 4, 5}, {5}},
                        {{1, 1, 4, 1}, {2, 3, 1, 5}},
                        {{3, 1, 1}, {2, 3, 4, 5}},
                        {{}, {1, 3, 4, 5}},
                        {{2, 3}, {3}},
                        {{128, 128}, {128, 128}},
                        {{4, 1}, {1, 6}}};
  for (const Case& c : cases) {
    for (const BinaryKind kind : {BinaryKind::add, BinaryKind::sub, BinaryKind::mul, BinaryKind::max}) {
      check_float(
          {c.a, c.b}, [&](GraphBuilder& b, std::vector<TensorId> in) { return b.binary(kind, "y", in[0], in[1]); },
          name_of(kind));
      // The second operand as a constant: it stays contiguous while the first may be channels-last.
      const auto common = static_cast<std::int64_t>(std::max(c.a.size(), c.b.size()));
      if (static_cast<std::int64_t>(c.a.size()) != common) continue;
      check_float(
          {c.a},
          [&](GraphBuilder& b, std::vector<TensorId> in) { return b.binary(kind, "y", in[0], b.noise("c", c.b)); },
          "with a constant");
    }
  }
  check_float(
      {{1, 3, 4, 5}, {1, 3, 4, 5}},
      [](GraphBuilder& b, std::vector<TensorId> in) {
        return b.add(Op::binary, "y", {in[0], in[1]}, [](Attributes& a) { a.clamp = {0, 1}; });
      },
      "clamped add");
}

// Operands in two different layouts.
void test_binary_of_two_layouts(void**) {
  check_float(
      {{1, 3, 4, 5}, {1, 3, 4, 5}},
      [](GraphBuilder& b, std::vector<TensorId> in) {
        return b.binary(BinaryKind::sub, "y", in[0], contiguous(b, in[1]));
      },
      "two layouts");
}

void test_int8_binary(void**) {
  const Dims big{1, 3, 4, 5};
  const Dims small{3, 1, 1};
  const Quant qa{0.05F, -3};
  const Quant qb{0.02F, 17};
  const Quant qy{0.0625F, 5};
  const auto a = random_bytes(60, 1);
  const auto b_values = random_bytes(3, 2);
  for (const BinaryKind kind : {BinaryKind::add, BinaryKind::sub, BinaryKind::mul}) {
    ByteVector expected;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const int ca = a[i] - qa.zero_point;
      const int cb = b_values[i / 20] - qb.zero_point;
      float y = 0;
      if (kind == BinaryKind::mul) {
        y = static_cast<float>(ca * cb) * (qa.scale * qb.scale / qy.scale);
      } else {
        const float left = static_cast<float>(ca) * (qa.scale / qy.scale);
        const float right = static_cast<float>(cb) * (qb.scale / qy.scale);
        y = kind == BinaryKind::add ? left + right : left - right;
      }
      expected.push_back(to_int8(y, qy, 5));  // clamped at zero below
    }
    check_int8(
        {{big, qa}, {small, qb}}, {a, b_values},
        [&](GraphBuilder& b, std::vector<TensorId> in) {
          const TensorId y = b.add(Op::binary, "y", {in[0], in[1]}, [&](Attributes& attrs) {
            attrs.binary = kind;
            attrs.clamp.low = 0;
          });
          return int8_result(b, y, qy);
        },
        expected, name_of(kind));
  }
}

void test_int8_tables(void**) {
  const auto x = random_bytes(60, 5);
  const auto table = random_bytes(256, 6);
  ByteVector expected;
  for (const std::int8_t q : x) expected.push_back(table[static_cast<std::size_t>(q + 128)]);
  check_int8(
      {{{1, 3, 4, 5}, {0.1F, 3}}}, {x},
      [&](GraphBuilder& b, std::vector<TensorId> in) {
        const TensorId t = b.graph.add_constant("table", DType::i8, {256}, table);
        return int8_result(b, b.add(Op::unary, "y", {in[0], t}), {0.2F, 1});
      },
      expected, "unary table");
  const auto tables = random_bytes(3 * 256, 7);
  expected.clear();
  for (std::size_t i = 0; i < x.size(); ++i) {
    expected.push_back(tables[i / 20 * 256 + static_cast<std::size_t>(x[i] + 128)]);
  }
  const Build prelu = [&](GraphBuilder& b, std::vector<TensorId> in) {
    const TensorId t = b.graph.add_constant("tables", DType::i8, {3, 256}, tables);
    return int8_result(b, b.add(Op::prelu, "y", {in[0], t}), {0.2F, 1});
  };
  check_int8({{{1, 3, 4, 5}, {0.1F, 3}}}, {x}, prelu, expected, "prelu tables");
  check_int8({{{1, 3, 20}, {0.1F, 3}}}, {x}, prelu, expected, "prelu tables of rank 3");
}

void test_conversions(void**) {
  const Quant first{0.03F, -20};
  const Quant second{0.07F, 44};
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 3, 40, 50});
  const TensorId q = int8_result(b, b.add(Op::quantize, "q", {x}), first);
  const TensorId r = int8_result(b, b.add(Op::requantize, "r", {q}), second);
  b.output(b.add(Op::dequantize, "d", {r}));
  b.output(q);
  b.output(r);
  const FloatVector values = interpreter_input({1, 3, 40, 50});
  const auto found = run_graph(b, {values}, 2);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::int8_t quantized =
        to_int8(fl(static_cast<double>(values[i]) * static_cast<double>(1.0F / first.scale)), first);
    const float factor = first.scale / second.scale;
    const std::int8_t again = to_int8(static_cast<float>(quantized - first.zero_point) * factor, second);
    assert_int_equal(found[1].bytes[i], quantized);
    assert_int_equal(found[2].bytes[i], again);
    assert_true(found[0].reals[i] == second.scale * static_cast<float>(again - second.zero_point));
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_unary),
      cmocka_unit_test(test_prelu),
      cmocka_unit_test(test_binary_broadcasts),
      cmocka_unit_test(test_binary_of_two_layouts),
      cmocka_unit_test(test_int8_binary),
      cmocka_unit_test(test_int8_tables),
      cmocka_unit_test(test_conversions),
  };
  return cmocka_run_group_tests_name("elementwise operators", tests, nullptr, nullptr);
}

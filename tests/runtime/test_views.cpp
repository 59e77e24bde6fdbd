// Concat, split and slice without copies, and elementwise steps in place: the same bytes in less memory.
#include "ops/run_graph.h"
#include "support/expect.h"

namespace octet::test {
namespace {

constexpr Quant kQuant{0.05F, 4};

// A network in int8 or float32 whose tensors all have the same quantization.
struct Network {
  explicit Network(bool is_int8) : int8(is_int8) {}

  TensorId input(Dims dims) {
    return int8 ? int8_input(b, "x", std::move(dims), kQuant) : b.input("x", std::move(dims));
  }
  TensorId made(TensorId id) { return int8 ? int8_result(b, id, kQuant) : id; }
  TensorId conv(TensorId x, std::int64_t in, std::int64_t out, std::int64_t kernel) {
    const std::string name = "conv" + std::to_string(b.graph.nodes.size());
    const Dims weight{out, in, kernel, kernel};
    std::vector<TensorId> inputs{x};
    const auto channels = static_cast<std::size_t>(out);
    if (int8) {
      const auto size = static_cast<std::size_t>(element_count(weight));
      inputs.push_back(b.graph.add_constant(name + "w", DType::i8, weight, random_bytes(size, 3, -127, 127)));
      inputs.push_back(b.graph.add_constant(name + "b", DType::i32, {out}, std::vector<std::int32_t>(channels, -90)));
      inputs.push_back(b.floats(name + "m", {out}, std::vector<float>(channels, 0.002F)));
    } else {
      inputs.push_back(b.noise(name + "w", weight));
    }
    return made(b.add(Op::conv, name, std::move(inputs), [&](Attributes& a) {
      a.window.kernel = {kernel, kernel};
      a.window.pads = {kernel / 2, kernel / 2, kernel / 2, kernel / 2};
    }));
  }
  TensorId pool(TensorId x) {
    return made(b.add(Op::max_pool, "pool" + std::to_string(b.graph.nodes.size()), {x}, [](Attributes& a) {
      a.window.kernel = {3, 3};
      a.window.pads = {1, 1, 1, 1};
    }));
  }
  TensorId concat(std::vector<TensorId> parts) {
    return made(b.add(Op::concat, "concat" + std::to_string(b.graph.nodes.size()), std::move(parts),
                      [](Attributes& a) { a.axis = 1; }));
  }

  GraphBuilder b;
  bool int8;
};

// The names of the steps that move bytes only.
std::size_t count_moves(const Plan& plan) {
  std::size_t count = 0;
  for (const PlannedStep& step : plan.steps) {
    count += std::string_view(step.step.kernel).starts_with("copy") && step.step.node >= 0 ? 1 : 0;
  }
  return count;
}

std::vector<Values> run_plan(const std::shared_ptr<const Plan>& plan, int threads) {
  const Tensor& tensor = plan->graph->at(plan->graph->inputs[0]);
  const auto count = static_cast<std::size_t>(element_count(tensor.dims));
  const Values input = tensor.dtype == DType::i8 ? Values(random_bytes(count)) : Values(interpreter_input(tensor.dims));
  return run_session(*session_of(plan, {threads, false, {}}), {input});
}

// The plan gives what the one with every tensor in its own memory gives, with `moves` steps that copy.
void check(Network& network, std::size_t moves) {
  const auto graph = finish(network.b);
  for (const Isa isa : {Isa::ref, tested_isa()}) {
    const auto plain = make_plan(graph, isa, PlanUse::observe);
    const auto plan = make_plan(graph, isa);
    expect_ok(plain.status());
    expect_ok(plan.status());
    assert_int_equal(count_moves(**plan), moves);
    assert_true((*plan)->arena_bytes <= (*plain)->arena_bytes);
    const auto expected = run_plan(*plain, 1);
    for (const int threads : {1, 3}) {
      const auto actual = run_plan(*plan, threads);
      for (std::size_t i = 0; i < expected.size(); ++i) {
        assert_true(actual[i].bytes == expected[i].bytes);
        assert_true(actual[i].reals == expected[i].reals);
      }
    }
  }
}

void test_concat_of_what_kernels_write(void**) {
  for (const bool int8 : {false, true}) {
    for (const std::int64_t batch : {1, 2}) {
      Network n(int8);
      const TensorId x = n.input({batch, 5, 9, 11});
      const TensorId a = n.conv(x, 5, 7, 1);
      const TensorId joined = n.concat({a, n.conv(x, 5, 33, 3), n.pool(x)});
      n.b.output(n.conv(joined, 45, 6, 3));
      n.b.output(n.pool(joined));
      check(n, 0);
    }
  }
}

// What others read too, or twice, or what is an input, is copied; the rest is not.
void test_concat_copies_what_it_must(void**) {
  for (const bool int8 : {false, true}) {
    Network n(int8);
    const TensorId x = n.input({1, 4, 8, 9});
    const TensorId shared = n.conv(x, 4, 6, 3);
    const TensorId joined = n.concat({shared, n.conv(shared, 6, 5, 1), x, shared});
    n.b.output(joined);
    n.b.output(n.conv(n.concat({n.conv(joined, 21, 3, 1), joined}), 24, 4, 1));
    check(n, 2);
  }
}

void test_split_that_convolutions_read(void**) {
  for (const bool int8 : {false, true}) {
    Network n(int8);
    const TensorId x = n.conv(n.input({1, 4, 10, 7}), 4, 20, 3);
    const TensorId first = n.made(n.b.add(
        Op::split, "split", {x},
        [](Attributes& a) {
          a.axis = 1;
          a.sizes = {8, 12};
        },
        2));
    const TensorId second = n.made(n.b.graph.nodes.back().outputs[1]);
    const TensorId part = n.made(n.b.add(Op::slice, "slice", {second}, [](Attributes& a) {
      a.axes = {1};
      a.starts = {3};
      a.sizes = {9};  // the end
      a.steps = {1};
    }));
    n.b.output(n.concat({n.conv(first, 8, 9, 3), n.pool(part), part, n.conv(part, 6, 2, 3)}));
    check(n, 2);  // the split, since a slice reads it, and the slice into the concat
  }
}

void test_split_that_others_read_is_copied(void**) {
  Network n(false);
  const TensorId x = n.conv(n.input({1, 4, 10, 7}), 4, 20, 3);
  const TensorId first = n.b.add(
      Op::split, "split", {x},
      [](Attributes& a) {
        a.axis = 1;
        a.sizes = {8, 12};
      },
      2);
  const TensorId second = n.b.graph.nodes.back().outputs[1];
  n.b.output(n.conv(first, 8, 8, 3));
  n.b.output(n.b.unary(UnaryKind::tanh, "tanh", second));
  check(n, 1);
}

void test_elementwise_steps_in_place(void**) {
  Network n(false);
  const TensorId x = n.conv(n.input({1, 4, 30, 30}), 4, 8, 3);
  const TensorId y = n.b.unary(UnaryKind::silu, "silu", x);
  const TensorId z = n.b.binary(BinaryKind::mul, "scaled", n.b.noise("slope", {1, 8, 1, 1}), y);
  const TensorId kept = n.conv(z, 8, 8, 1);
  const TensorId turned = n.b.unary(UnaryKind::abs, "abs", kept);
  n.b.output(n.b.binary(BinaryKind::sub, "difference", turned, kept));
  n.b.output(kept);
  check(n, 0);
  const auto plan = make_plan(finish(n.b), tested_isa());
  expect_ok(plan.status());
  const auto place = [&](TensorId id) { return (*plan)->places[static_cast<std::size_t>(id)].index; };
  assert_int_equal(place(x), place(y));
  assert_int_equal(place(y), place(z));
  assert_int_not_equal(place(kept), place(turned));  // kept is read once more, and an output
}

// The bytes that a reshape shares with its input are not written over while that is needed.
void test_shared_bytes_are_not_written_over(void**) {
  Network n(false);
  const TensorId x = n.conv(n.input({1, 4, 6, 6}), 4, 8, 3);
  const TensorId flat = n.b.add(Op::reshape, "flat", {x}, [](Attributes& a) { a.sizes = {8, 36}; });
  const TensorId y = n.b.unary(UnaryKind::neg, "neg", flat);
  n.b.output(n.b.unary(UnaryKind::abs, "abs", y));
  n.b.output(n.conv(x, 8, 3, 1));
  check(n, 0);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_concat_of_what_kernels_write), cmocka_unit_test(test_concat_copies_what_it_must),
      cmocka_unit_test(test_split_that_convolutions_read), cmocka_unit_test(test_split_that_others_read_is_copied),
      cmocka_unit_test(test_elementwise_steps_in_place),   cmocka_unit_test(test_shared_bytes_are_not_written_over),
  };
  return cmocka_run_group_tests_name("views", tests, nullptr, nullptr);
}

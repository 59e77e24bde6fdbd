// Running allocates nothing; making a plan and a session survives every allocation that fails.
#include "runtime/networks.h"
#include "support/allocations.h"

namespace octet::test {
namespace {

struct Run {
  std::vector<FloatVector> memory;
  std::vector<Binding> inputs, outputs;

  explicit Run(const Graph& graph) {
    memory.reserve(16);
    for (const TensorId id : graph.inputs) bind(graph.at(id), inputs);
    for (const TensorId id : graph.outputs) bind(graph.at(id), outputs);
  }
  void bind(const Tensor& tensor, std::vector<Binding>& list) {
    memory.push_back(interpreter_input(tensor.dims));
    list.push_back({memory.back().data(), memory.back().size() * sizeof(float), nullptr, DType::f32});
  }
};

void test_run_allocates_nothing(void**) {
  if (!Allocations::kCounted) skip();
  for (GraphBuilder (*network)() : {float_network, int8_network}) {
    for (const int threads : {1, 3}) {
      GraphBuilder b = network();
      const auto graph = finish(b);
      auto session = Session::create(plan_of(graph), {threads, true});
      expect_ok(session.status());
      Run run(*graph);
      for (int i = 0; i < 3; ++i) {
        const long before = Allocations::count;
        const bool ok = (*session)->run(run.inputs, run.outputs).ok();
        const long after = Allocations::count;
        assert_true(ok);
        assert_int_equal(after - before, 0);
      }
    }
  }
}

void test_every_failing_allocation(void**) {
  if (!Allocations::kCounted) skip();
  GraphBuilder b = float_network();
  const auto graph = finish(b);
  int failures = 0;
  for (long allowed = 0;; ++allowed) {
    assert_true(allowed < 100000);
    bool failed = false;
    Allocations::left = allowed;
    try {
      auto plan = make_plan(graph, tested_isa());
      if (plan.ok()) {
        auto session = Session::create(*plan, {2, false});
        failed = !session.ok() && session.status().code() == Code::memory;
      }
    } catch (const std::bad_alloc&) {
      failed = true;
    }
    Allocations::left = -1;
    if (!failed) break;
    ++failures;
  }
  assert_true(failures > 50);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {cmocka_unit_test(test_run_allocates_nothing),
                              cmocka_unit_test(test_every_failing_allocation)};
  return cmocka_run_group_tests_name("allocations of the runtime", tests, nullptr, nullptr);
}

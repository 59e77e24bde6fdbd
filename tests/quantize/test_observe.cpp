// What the float network's tensors are seen to hold.
#include <malloc.h>

#include <cmath>
#include <cstdlib>

#include "quantize/listed_source.h"
#include "quantize/memory_source.h"
#include "quantize/networks.h"
#include "quantize/observe.h"
#include "support/sanitizers.h"

namespace {

// Bytes in use and the most that were, over all allocations of this program.
std::atomic<std::int64_t> g_bytes{0};
std::atomic<std::int64_t> g_most{0};

#if !OCTET_SANITIZED_MEMORY
void* counted_allocation(std::size_t size, std::size_t alignment) {
  void* memory = nullptr;
  if (posix_memalign(&memory, std::max(alignment, sizeof(void*)), std::max<std::size_t>(size, 1)) != 0) {
    throw std::bad_alloc();
  }
  const std::int64_t now = g_bytes += static_cast<std::int64_t>(malloc_usable_size(memory));
  for (std::int64_t most = g_most; now > most && !g_most.compare_exchange_weak(most, now);) {
  }
  return memory;
}

void counted_release(void* memory) noexcept {
  if (memory == nullptr) return;
  g_bytes -= static_cast<std::int64_t>(malloc_usable_size(memory));
  std::free(memory);
}
#endif

}  // namespace

#if !OCTET_SANITIZED_MEMORY

void* operator new(std::size_t size) { return counted_allocation(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted_allocation(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  try {
    return operator new(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void operator delete(void* memory) noexcept { counted_release(memory); }
void operator delete(void* memory, std::size_t) noexcept { counted_release(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { counted_release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { counted_release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { counted_release(memory); }
#endif

using namespace octet;
using namespace octet::test;

namespace {

Assignment assignment_of(const Graph& graph) {
  auto assignment = assign_types(graph, {});
  expect_ok(assignment.status());
  return *assignment;
}

Result<Observation> observed(const Graph& graph, const SampleSource& source, int threads = 1,
                             std::int64_t ema_batch = 32) {
  return observe(plan_of(graph), assignment_of(graph), source, first(source.count()), {threads, ema_batch}, {});
}

const GroupStatistics& group_of(const Graph& graph, const Observation& observation, const std::string& tensor) {
  const int group = assignment_of(graph).group[index_of_tensor(graph, tensor)];
  assert_true(group >= 0);
  return observation.groups[static_cast<std::size_t>(group)];
}

// x [1, 1, 2, 2] -> double -> minus -> y
Graph chain() {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 1, 2, 2});
  b.output(scale_by(b, "minus", scale_by(b, "double", x, 1, 2), 1, -1));
  return finished(b);
}

void test_every_value_of_every_sample_is_counted(void**) {
  const Graph graph = chain();
  const ListedSource source(std::vector<std::vector<float>>{{0, 1, 2, 3}, {-1, 0.5F, 0, 0}, {10, 0, 0, 0}});
  const auto observation = observed(graph, source);
  expect_ok(observation.status());
  const Histogram& x = group_of(graph, observation.value(), "x").histogram;
  assert_int_equal(x.count(), 12);
  assert_int_equal(x.zeros(), 6);
  assert_true(x.min() == -1 && x.max() == 10);
  const Histogram& twice = group_of(graph, observation.value(), "double:0").histogram;
  assert_true(twice.min() == -2 && twice.max() == 20);
  const Histogram& minus = group_of(graph, observation.value(), "minus:0").histogram;
  assert_true(minus.min() == -20 && minus.max() == 2);
  assert_int_equal(observation.value().samples.used.size(), 3);
}

// Two convolutions of different ranges, joined, pooled, and read by a third.
Graph joined() {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 1, 2, 2});
  const TensorId t = b.add(Op::concat, "join", {scale_by(b, "small", x, 1, 0.5F), scale_by(b, "large", x, 1, -4)},
                           [](Attributes& a) { a.axis = 1; });
  b.output(scale_by(b, "last", b.add(Op::max_pool, "pool", {t}), 2, 1));
  return finished(b);
}

void test_a_group_holds_the_values_of_all_its_tensors_once(void**) {
  const Graph graph = joined();
  const ListedSource source(std::vector<std::vector<float>>{{1, 2, 3, 4}});
  const auto observation = observed(graph, source);
  expect_ok(observation.status());
  const Histogram& group = group_of(graph, observation.value(), "join:0").histogram;
  assert_int_equal(group.count(), 8);  // of small and large, not again of what moves them
  assert_true(group.min() == -16 && group.max() == 2);
}

void test_only_computed_tensors_are_looked_at(void**) {
  const Graph graph = joined();
  std::vector<std::string> names;
  for (const TensorId id : observed_tensors(graph, assignment_of(graph))) names.push_back(graph.at(id).name);
  std::sort(names.begin(), names.end());
  const std::vector<std::string> expected{"large:0", "last:0", "small:0", "x"};
  assert_true(names == expected);
}

void test_moving_average_follows_the_samples_in_their_order(void**) {
  const Graph graph = chain();
  std::vector<std::vector<float>> samples;
  EmaRange expected(2);
  for (int i = 0; i < 7; ++i) {
    const float high = static_cast<float>(i % 3 + 1);
    samples.push_back({-0.5F, high, 0, 0});
    expected.add({-0.5F, high});
  }
  for (const int threads : {1, 3}) {
    const auto observation = observed(graph, ListedSource(samples), threads, 2);
    expect_ok(observation.status());
    assert_true(group_of(graph, observation.value(), "x").ema == expected.range());
    const MinMax twice{2 * expected.range().low, 2 * expected.range().high};
    assert_true(group_of(graph, observation.value(), "double:0").ema == twice);
  }
}

void expect_same(const Observation& a, const Observation& b) {
  assert_int_equal(a.groups.size(), b.groups.size());
  for (std::size_t g = 0; g < a.groups.size(); ++g) {
    const Histogram& x = a.groups[g].histogram;
    const Histogram& y = b.groups[g].histogram;
    assert_true(x.min() == y.min() && x.max() == y.max() && x.bin_width() == y.bin_width());
    assert_true(x.count() == y.count() && x.zeros() == y.zeros());
    for (int i = 0; i < Histogram::kBins; ++i) {
      assert_true(x.positive(i) == y.positive(i) && x.negative(i) == y.negative(i));
    }
    assert_true(a.groups[g].ema == b.groups[g].ema);
  }
}

void test_threads_do_not_matter(void**) {
  const Graph graph = joined();
  const MemorySource source(37);
  const auto one = observed(graph, source, 1, 4);
  expect_ok(one.status());
  for (const int threads : {2, 5}) {
    const auto several = observed(graph, source, threads, 4);
    expect_ok(several.status());
    expect_same(one.value(), several.value());
  }
}

void test_input_that_is_not_finite_is_named(void**) {
  ListedSource source(std::vector<std::vector<float>>{{1, 2, 3, 4}, {1, NAN, NAN, 4}, {INFINITY, 0, 0, 0}});
  for (const int threads : {1, 4}) {
    expect_failure(observed(chain(), source, threads).status(), Code::data,
                   {"sample-1", "2 values", "'x'", "network's input", "mean"});
  }
}

void test_activation_that_is_not_finite_is_named_with_its_node(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 1, 2, 2});
  const TensorId huge = scale_by(b, "huger", scale_by(b, "huge", x, 1, 1e19F), 1, 1e19F);
  b.output(scale_by(b, "overflow", huge, 1, 1e3F));
  const ListedSource source(std::vector<std::vector<float>>{{0, 0, 0, 0}, {0, 1, 1, 1}});
  expect_failure(observed(finished(b), source).status(), Code::data,
                 {"sample-1", "3 values", "'overflow:0'", "node 'overflow' (conv)", "NaN or infinite"});
}

void test_unreadable_samples_are_left_out_and_named(void**) {
  const Graph graph = chain();
  ListedSource source(std::vector<std::vector<float>>{{1, 1, 1, 1}, {100, 100, 100, 100}, {2, 2, 2, 2}});
  source.failures[1] = fail(Code::format, "'sample-1' is truncated");
  const auto observation = observed(graph, source, 2);
  expect_ok(observation.status());
  assert_true(group_of(graph, observation.value(), "x").histogram.max() == 2);
  assert_int_equal(observation.value().samples.used.size(), 2);
  assert_int_equal(observation.value().samples.skipped.size(), 1);
  assert_string_equal(observation.value().samples.skipped[0].c_str(), "'sample-1' is truncated");
}

// The most memory that observing `count` samples needs.
std::int64_t memory_for(std::size_t count) {
  const Graph graph = joined();
  const MemorySource source(count);
  g_most = g_bytes.load();
  const std::int64_t before = g_bytes;
  expect_ok(observed(graph, source).status());
  return g_most - before;
}

void test_memory_does_not_grow_with_the_samples(void**) {
  if (OCTET_SANITIZED_MEMORY) skip();  // its memory is not counted
  memory_for(4);                       // what is allocated once for all
  const std::int64_t few = memory_for(4);
  const std::int64_t many = memory_for(1000);
  assert_true(few > 100000);               // histograms: the measure measures
  assert_true(many - few < 1000 * 8 * 8);  // lists of indices aside
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_every_value_of_every_sample_is_counted),
      cmocka_unit_test(test_a_group_holds_the_values_of_all_its_tensors_once),
      cmocka_unit_test(test_only_computed_tensors_are_looked_at),
      cmocka_unit_test(test_moving_average_follows_the_samples_in_their_order),
      cmocka_unit_test(test_threads_do_not_matter),
      cmocka_unit_test(test_input_that_is_not_finite_is_named),
      cmocka_unit_test(test_activation_that_is_not_finite_is_named_with_its_node),
      cmocka_unit_test(test_unreadable_samples_are_left_out_and_named),
      cmocka_unit_test(test_memory_does_not_grow_with_the_samples),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// Chains: steps that run band by band give the bytes that they give one after the other, for every number of threads.
#include "ops/run_graph.h"
#include "support/expect.h"

namespace octet::test {
namespace {

std::vector<Values> run_plan(const std::shared_ptr<const Plan>& plan, const Values& input, int threads,
                             bool profile = false) {
  const auto session = session_of(plan, {threads, profile, {}});
  run_session(*session, {input});
  auto outputs = run_session(*session, {input});  // finds what the first run has left
  double sum = 0;
  for (const StepTime& time : session->times()) sum += time.total_ms;
  assert_true((sum > 0) == profile);
  return outputs;
}

struct Window {
  std::int64_t kernel = 1, stride = 1, dilation = 1, top = 0, bottom = 0;
};

void set_window(Attributes& a, const Window& w) {
  a.window.kernel = {w.kernel, w.kernel};
  a.window.stride = {w.stride, w.stride};
  a.window.dilation = {w.dilation, w.dilation};
  a.window.pads = {w.top, w.top, w.bottom, w.bottom};
}

// A network of layers on a tensor that is large from the start; int8 or float32.
class Layers {
 public:
  Layers(bool int8, Dims dims) : int8_(int8) {
    channels_ = dims[1];
    last_ = int8 ? int8_input(b_, "x", dims, kQuant) : b_.input("x", dims);
  }

  Layers& conv(std::int64_t channels, const Window& window, std::int64_t groups = 1) {
    const std::string name = "conv" + std::to_string(++count_);
    const Dims weight{channels, channels_ / groups, window.kernel, window.kernel};
    std::vector<TensorId> inputs{last_};
    if (int8_) {
      const auto size = static_cast<std::size_t>(element_count(weight));
      const float factor = 0.6F / (60.0F * static_cast<float>(channels_ / groups * window.kernel));
      inputs.push_back(b_.graph.add_constant(name + "w", DType::i8, weight, random_bytes(size, 7, -127, 127)));
      inputs.push_back(b_.graph.add_constant(name + "b", DType::i32, {channels},
                                             std::vector<std::int32_t>(static_cast<std::size_t>(channels), 300)));
      inputs.push_back(
          b_.floats(name + "m", {channels}, std::vector<float>(static_cast<std::size_t>(channels), factor)));
    } else {
      inputs.push_back(b_.noise(name + "w", weight));
      inputs.push_back(b_.noise(name + "b", {channels}));
    }
    channels_ = channels;
    return step(b_.add(Op::conv, name, std::move(inputs), [&](Attributes& a) {
      set_window(a, window);
      a.groups = groups;
    }));
  }
  Layers& depthwise(const Window& window) { return conv(channels_, window, channels_); }
  Layers& max_pool(const Window& window) {
    return step(b_.add(Op::max_pool, "pool" + std::to_string(++count_), {last_},
                       [&](Attributes& a) { set_window(a, window); }));
  }
  Layers& add(TensorId other) {
    return step(b_.binary(BinaryKind::add, "sum" + std::to_string(++count_), last_, other));
  }
  TensorId last() const { return last_; }

  // The bytes of the observed plan are those of the chained one; chains: how many steps each of them has.
  void check(const std::vector<std::size_t>& chains) {
    b_.output(last_);
    const auto graph = finish(b_);
    for (const Isa isa : {Isa::ref, tested_isa()}) {
      const auto whole = make_plan(graph, isa, PlanUse::observe);
      const auto chained = make_plan(graph, isa);
      expect_ok(whole.status());
      expect_ok(chained.status());
      assert_true((*whole)->chains.empty());
      std::vector<std::size_t> found;
      for (const Chain& chain : (*chained)->chains) found.push_back(chain.parts.size());
      assert_true(found == chains);
      assert_true((*chained)->arena_bytes <= (*whole)->arena_bytes);
      const Dims& dims = graph->at(graph->inputs[0]).dims;
      const auto count = static_cast<std::size_t>(element_count(dims));
      const Values input = int8_ ? Values(random_bytes(count)) : Values(interpreter_input(dims));
      const auto expected = run_plan(*whole, input, 1);
      for (const int threads : {1, 2, 3}) {
        const auto actual = run_plan(*chained, input, threads, threads == 2);
        assert_true(actual[0].bytes == expected[0].bytes);
        assert_true(actual[0].reals == expected[0].reals);
      }
    }
  }

 private:
  static constexpr Quant kQuant{0.05F, -3};

  Layers& step(TensorId id) {
    last_ = int8_ ? int8_result(b_, id, kQuant) : id;
    return *this;
  }

  bool int8_;
  GraphBuilder b_;
  TensorId last_ = kNoTensor;
  std::int64_t channels_ = 0;
  int count_ = 0;
};

const Window k3x3{3, 1, 1, 1, 1};

void test_expand_depthwise_project(void**) {
  for (const bool int8 : {false, true}) {
    for (const std::int64_t height : {120, 131}) {
      Layers layers(int8, {1, 12, height, 100});
      layers.conv(96, {}).depthwise(k3x3).conv(12, {}).check({3});
    }
  }
}

void test_residual_add_joins(void**) {
  for (const bool int8 : {false, true}) {
    Layers layers(int8, {1, 16, 110, 110});
    const TensorId shortcut = layers.conv(16, k3x3).last();
    layers.conv(96, {}).depthwise(k3x3).conv(16, {}).add(shortcut).check({4});
  }
}

void test_strides_dilation_and_pools(void**) {
  for (const bool int8 : {false, true}) {
    Layers(int8, {1, 8, 343, 260})
        .conv(64, {})
        .depthwise({3, 2, 1, 0, 1})
        .conv(80, {})
        .depthwise({3, 1, 2, 2, 2})
        .conv(8, {})
        .check({5});
    Layers(int8, {1, 3, 600, 560}).conv(64, {3, 2, 1, 0, 0}).max_pool({3, 2, 1, 0, 0}).conv(16, {}).check({3});
    Layers(int8, {1, 6, 300, 280})
        .conv(60, {})
        .depthwise({5, 1, 1, 2, 2})
        .max_pool({2, 2, 1, 0, 0})
        .conv(9, {})
        .check({4});
  }
}

// Two windows in a row that overlap: rows are kept from band to band in both.
void test_depthwise_after_depthwise(void**) {
  for (const bool int8 : {false, true}) {
    Layers(int8, {1, 64, 140, 140}).depthwise(k3x3).depthwise(k3x3).depthwise({3, 2, 1, 1, 1}).check({3});
  }
}

// A tensor that something else reads, too, or that is an output of the network, must be whole.
void test_tensors_that_others_read_stay_whole(void**) {
  Layers layers(true, {1, 16, 110, 110});
  const TensorId wide = layers.conv(96, {}).last();
  layers.depthwise(k3x3).add(wide);
  layers.conv(8, {}).check({3});
}

void test_heavy_layers_do_not_overlap(void**) {
  Layers layers(true, {1, 64, 140, 140});
  layers.conv(64, k3x3).conv(64, {}).depthwise(k3x3).check({2});  // 576 products for an element of the first
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_expand_depthwise_project),
      cmocka_unit_test(test_residual_add_joins),
      cmocka_unit_test(test_strides_dilation_and_pools),
      cmocka_unit_test(test_depthwise_after_depthwise),
      cmocka_unit_test(test_tensors_that_others_read_stay_whole),
      cmocka_unit_test(test_heavy_layers_do_not_overlap),
  };
  return cmocka_run_group_tests_name("chains", tests, nullptr, nullptr);
}

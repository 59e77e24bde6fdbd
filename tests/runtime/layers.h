// Networks of layers one after the other, and the check that a plan for runs gives the bytes of an observed one.
#pragma once

#include "ops/run_graph.h"
#include "support/expect.h"

namespace octet::test {

inline std::vector<Values> run_plan(const std::shared_ptr<const Plan>& plan, const Values& input, int threads,
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

inline void set_window(Attributes& a, const Window& w) {
  a.window.kernel = {w.kernel, w.kernel};
  a.window.stride = {w.stride, w.stride};
  a.window.dilation = {w.dilation, w.dilation};
  a.window.pads = {w.top, w.top, w.bottom, w.bottom};
}

// A network of layers on a tensor that is large from the start; int8 or float32.
class Layers {
 public:
  // weight_zero_points: of int8 layers.
  Layers(bool int8, Dims dims, bool weight_zero_points = false) : int8_(int8), weight_zero_points_(weight_zero_points) {
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
      if (weight_zero_points_) {
        std::vector<std::int32_t> zeros(static_cast<std::size_t>(channels));
        for (std::size_t o = 0; o < zeros.size(); ++o) zeros[o] = static_cast<std::int32_t>(o * 37 % 240) - 120;
        inputs.push_back(b_.graph.add_constant(name + "z", DType::i32, {channels}, zeros));
      }
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

  Layers& unary(UnaryKind kind) {
    const std::string name = "unary" + std::to_string(++count_);
    if (!int8_) return step(b_.unary(kind, name, last_));
    const TensorId table = b_.graph.add_constant(name + "t", DType::i8, {256}, random_bytes(256, 5));
    return step(b_.add(Op::unary, name, {last_, table}, [&](Attributes& a) { a.unary = kind; }));
  }
  Layers& concat(TensorId first, std::int64_t channels) {
    const TensorId id =
        b_.add(Op::concat, "concat" + std::to_string(++count_), {first, last_}, [](Attributes& a) { a.axis = 1; });
    channels_ = channels;
    return step(id);
  }
  // What comes next reads `id`, which has so many channels.
  Layers& from(TensorId id, std::int64_t channels) {
    last_ = id;
    channels_ = channels;
    return *this;
  }
  bool int8() const { return int8_; }
  std::shared_ptr<const Graph> finish_graph() {
    b_.output(last_);
    return finish(b_);
  }

  // The bytes of the plan for runs are those of the one that is observed, for every number of threads. `look` is called
  // with the plan for runs of each instruction set.
  template <class Look>
  void check(const Look& look) {
    const auto graph = finish_graph();
    for (const Isa isa : {Isa::ref, tested_isa()}) {
      const auto whole = make_plan(graph, isa, PlanUse::observe);
      const auto joined = make_plan(graph, isa);
      expect_ok(whole.status());
      expect_ok(joined.status());
      assert_true((*whole)->chains.empty());
      assert_int_equal((*whole)->phases.size(), (*whole)->steps.size());
      look(**joined);
      assert_true((*joined)->arena_bytes <= (*whole)->arena_bytes);
      const Dims& dims = graph->at(graph->inputs[0]).dims;
      const auto count = static_cast<std::size_t>(element_count(dims));
      const Values input = int8_ ? Values(random_bytes(count)) : Values(interpreter_input(dims));
      const auto expected = run_plan(*whole, input, 1);
      for (const int threads : {1, 2, 3}) {
        const auto actual = run_plan(*joined, input, threads, threads == 2);
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
  bool weight_zero_points_;
  GraphBuilder b_;
  TensorId last_ = kNoTensor;
  std::int64_t channels_ = 0;
  int count_ = 0;
};

inline const Window k3x3{3, 1, 1, 1, 1};

}  // namespace octet::test

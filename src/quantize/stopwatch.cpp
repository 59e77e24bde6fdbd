#include "quantize/stopwatch.h"

#include <algorithm>
#include <chrono>

#include "runtime/session.h"

namespace octet {
namespace {

using Clock = std::chrono::steady_clock;

double milliseconds_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Whether one more round is due.
class Rounds {
 public:
  bool next() {
    constexpr int kFewest = 8, kMost = 60;
    constexpr double kEnoughMs = 500;
    if (done_ >= kMost || (done_ >= kFewest && milliseconds_since(start_) > kEnoughMs)) return false;
    ++done_;
    return true;
  }
  bool is_odd() const { return done_ % 2 == 1; }

 private:
  int done_ = 0;
  Clock::time_point start_ = Clock::now();
};

class TimedSession {
 public:
  static Result<TimedSession> create(const Stopwatch::Network& network, Isa isa, bool layers) {
    OCTET_ASSIGN(auto plan, make_plan(network, isa));
    TimedSession timed;
    SessionOptions options;
    options.profile = layers;
    OCTET_ASSIGN(timed.session_, Session::create(std::move(plan), options));
    std::uint32_t state = 1;
    bind(*network, network->inputs, timed.values_, timed.inputs_);
    for (auto& input : timed.values_) {
      for (float& value : input) {
        state = state * 1664525U + 1013904223U;
        value = static_cast<float>(state >> 8) * 0x1p-23F - 1.0F;
      }
    }
    bind(*network, network->outputs, timed.values_, timed.outputs_);
    constexpr int kWarmUp = 2;
    for (int i = 0; i < kWarmUp; ++i) OCTET_TRY(timed.run().status());
    return timed;
  }

  Result<double> run() {
    const auto start = Clock::now();
    OCTET_TRY(session_->run(inputs_, outputs_));
    return milliseconds_since(start);
  }

  const Plan& plan() const { return session_->plan(); }
  std::span<const StepTime> times() const { return session_->times(); }

 private:
  // The vectors move with their memory where it is.
  static void bind(const Graph& graph, const std::vector<TensorId>& ids, std::vector<std::vector<float>>& values,
                   std::vector<Binding>& bindings) {
    for (const TensorId id : ids) {
      auto& memory = values.emplace_back(static_cast<std::size_t>(element_count(graph.at(id).dims)));
      bindings.push_back({memory.data(), memory.size() * sizeof(float), nullptr, DType::f32});
    }
  }

  std::unique_ptr<Session> session_;
  std::vector<std::vector<float>> values_;
  std::vector<Binding> inputs_, outputs_;
};

class SystemStopwatch : public Stopwatch {
 public:
  explicit SystemStopwatch(Isa isa) : isa_(isa) {}

  Result<std::vector<LayerTimes>> time_layers(const std::vector<Network>& networks) override {
    std::vector<TimedSession> sessions;
    std::vector<std::vector<std::vector<double>>> samples;  // [network][step][round]
    for (const Network& network : networks) {
      OCTET_ASSIGN(auto session, TimedSession::create(network, isa_, true));
      samples.emplace_back(session.times().size());
      sessions.push_back(std::move(session));
    }
    for (Rounds rounds; rounds.next();) {
      for (std::size_t n = 0; n < sessions.size(); ++n) {
        OCTET_TRY(sessions[n].run().status());
        for (std::size_t i = 0; i < samples[n].size(); ++i) samples[n][i].push_back(sessions[n].times()[i].last_ms);
      }
    }
    std::vector<LayerTimes> result(networks.size());
    for (std::size_t n = 0; n < sessions.size(); ++n) {
      for (std::size_t i = 0; i < samples[n].size(); ++i) {
        const int node = sessions[n].plan().steps[i].step.node;
        if (node < 0) continue;  // a change of layout belongs to no layer
        const Graph& graph = *networks[n];
        const TensorId output = graph.nodes[static_cast<std::size_t>(node)].outputs[0];
        result[n][graph.at(output).name] += median_of(samples[n][i]);
      }
    }
    return result;
  }

  Result<Duel> duel(const Network& first, const Network& second) override {
    OCTET_ASSIGN(auto a, TimedSession::create(first, isa_, false));
    OCTET_ASSIGN(auto b, TimedSession::create(second, isa_, false));
    std::vector<double> a_ms, b_ms;
    int wins = 0;
    for (Rounds rounds; rounds.next();) {
      const bool a_begins = rounds.is_odd();  // who runs second finds the cache of the other
      OCTET_ASSIGN(const double one, (a_begins ? a : b).run());
      OCTET_ASSIGN(const double two, (a_begins ? b : a).run());
      a_ms.push_back(a_begins ? one : two);
      b_ms.push_back(a_begins ? two : one);
      wins += b_ms.back() < a_ms.back() ? 1 : 0;
    }
    return Duel{median_of(a_ms), median_of(b_ms), wins / static_cast<double>(a_ms.size()),
                *std::min_element(a_ms.begin(), a_ms.end()), *std::min_element(b_ms.begin(), b_ms.end())};
  }

 private:
  Isa isa_;
};

}  // namespace

std::unique_ptr<Stopwatch> system_stopwatch(Isa isa) { return std::make_unique<SystemStopwatch>(isa); }

}  // namespace octet

#include "quantize/equalize.h"

#include <algorithm>
#include <cmath>

namespace octet {
namespace {

constexpr float kLargestFactor = 1024;  // a channel's factor lies within 1/1024 and 1024 of the largest channel's

using ChannelRanges = std::vector<std::vector<float>>;  // [tensor of the list][channel]: greatest magnitude

struct SampleRanges : SampleResult {
  ChannelRanges ranges;
};

class RangeWorker : public SampleWorker {
 public:
  static Result<std::unique_ptr<RangeWorker>> create(std::shared_ptr<const Plan> plan,
                                                     const std::vector<TensorId>& tensors) {
    std::unique_ptr<RangeWorker> worker(new RangeWorker(tensors));
    const Graph& graph = *plan->graph;
    worker->slot_.assign(graph.tensors.size(), -1);
    for (std::size_t i = 0; i < tensors.size(); ++i)
      worker->slot_[static_cast<std::size_t>(tensors[i])] = static_cast<int>(i);
    OCTET_ASSIGN(worker->session_, Session::create(std::move(plan), {}));
    worker->session_->set_observer([raw = worker.get()](const Observed& observed) { raw->look(observed); });
    return worker;
  }

  Result<std::unique_ptr<SampleResult>> run(std::size_t, std::span<const Binding> inputs) override {
    auto result = std::make_unique<SampleRanges>();
    result->ranges.resize(tensors_.size());
    current_ = result.get();
    const std::vector<Binding> no_outputs(session_->plan().graph->outputs.size());
    OCTET_TRY(session_->run(inputs, no_outputs));
    return std::unique_ptr<SampleResult>(std::move(result));
  }

  void cancel() override { session_->cancel(true); }

 private:
  explicit RangeWorker(const std::vector<TensorId>& tensors) : tensors_(tensors) {}

  // Tensors in question are made by convolutions, so that channels are innermost.
  void look(const Observed& observed) {
    const int slot = slot_[static_cast<std::size_t>(observed.id)];
    if (slot < 0) return;
    const Dims& dims = session_->plan().graph->at(observed.id).dims;
    std::vector<float>& range = current_->ranges[static_cast<std::size_t>(slot)];
    const auto channels = static_cast<std::size_t>(dims[1]);
    range.assign(channels, 0);
    const auto* value = static_cast<const float*>(observed.data);
    for (std::int64_t pixel = 0; pixel < dims[0] * dims[2] * dims[3]; ++pixel) {
      for (std::size_t c = 0; c < channels; ++c) range[c] = std::max(range[c], std::fabs(*value++));
    }
  }

  const std::vector<TensorId>& tensors_;
  std::vector<int> slot_;
  std::unique_ptr<Session> session_;
  SampleRanges* current_ = nullptr;
};

// A view of a layer's weights by the channels that it makes or reads: calls function(channel, weight) for each weight.
template <class Function>
void for_weights(const Graph& graph, const Node& node, bool by_output, std::span<float> weights, Function function) {
  const Dims& dims = graph.at(node.input(1)).dims;
  const std::int64_t first = dims[0] / node.attrs.groups;  // channels of one group along the first dimension
  const std::int64_t area = dims[2] * dims[3];
  const bool first_is_output = node.op == Op::conv;
  auto* weight = weights.data();
  for (std::int64_t a = 0; a < dims[0]; ++a) {
    for (std::int64_t b = 0; b < dims[1]; ++b) {
      const std::int64_t channel = by_output == first_is_output ? a : a / first * dims[1] + b;
      for (std::int64_t i = 0; i < area; ++i) function(static_cast<std::size_t>(channel), *weight++);
    }
  }
}

class Equalizer {
 public:
  explicit Equalizer(const Graph& graph)
      : graph_(graph), producers_(find_producers(graph)), weights_(graph.nodes.size()), biases_(graph.nodes.size()) {}

  void apply(TensorId tensor, const std::vector<float>& range) {
    const auto producer = static_cast<std::size_t>(producers_[static_cast<std::size_t>(tensor)]);
    std::vector<std::size_t> readers;
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (graph_.nodes[n].input(0) == tensor) readers.push_back(n);
    }
    const std::vector<float> factors = choose_factors(range, readers);
    changed_.push_back(graph_.at(tensor).name);
    scale(producer, true, factors, true);
    for (const std::size_t reader : readers) scale(reader, false, factors, false);
  }

  Equalized finish() {
    Graph result = graph_;
    for (std::size_t n = 0; n < weights_.size(); ++n) {
      if (weights_[n].empty()) continue;
      Node& node = result.nodes[n];
      const Tensor weight = result.at(node.inputs[1]);
      node.inputs[1] = result.add_constant(weight.name, DType::f32, weight.dims, weights_[n]);
      if (biases_[n].empty()) continue;
      const Tensor bias = result.at(node.inputs[2]);
      node.inputs[2] = result.add_constant(bias.name, DType::f32, bias.dims, biases_[n]);
    }
    remove_dead(result);
    return {std::move(result), std::move(changed_)};
  }

 private:
  std::vector<float>& weights(std::size_t n) {
    if (weights_[n].empty()) {
      const auto values = graph_.at(graph_.nodes[n].input(1)).data.as<float>();
      weights_[n].assign(values.begin(), values.end());
    }
    return weights_[n];
  }

  std::vector<float>& bias(std::size_t n) {
    const TensorId id = graph_.nodes[n].input(2);
    if (biases_[n].empty() && id != kNoTensor) {
      const auto values = graph_.at(id).data.as<float>();
      biases_[n].assign(values.begin(), values.end());
    }
    return biases_[n];
  }

  // Greatest share that the weights reading each channel have of the range of their output channel: what has room to
  // grow.
  std::vector<float> weight_shares(std::size_t n, std::size_t channels) {
    const Node& node = graph_.nodes[n];
    std::span<float> values = weights(n);
    std::vector<float> largest;
    for_weights(graph_, node, true, values, [&](std::size_t o, float w) {
      if (o >= largest.size()) largest.resize(o + 1, 0);
      largest[o] = std::max(largest[o], std::fabs(w));
    });
    std::vector<float> shares(channels, 0);
    std::vector<std::size_t> output_of;
    for_weights(graph_, node, true, values, [&](std::size_t o, float) { output_of.push_back(o); });
    std::size_t i = 0;
    for_weights(graph_, node, false, values, [&](std::size_t c, float w) {
      const float most = largest[output_of[i++]];
      if (most > 0) shares[c] = std::max(shares[c], std::fabs(w) / most);
    });
    return shares;
  }

  bool is_depthwise(std::size_t n) const {
    const Node& node = graph_.nodes[n];
    const Dims& weight = graph_.at(node.input(1)).dims;
    return weight[1] == 1 && node.attrs.groups == weight[0];
  }

  std::vector<float> choose_factors(const std::vector<float>& range, const std::vector<std::size_t>& readers) {
    std::vector<float> shares(range.size(), 0);
    bool mixes = false;
    for (const std::size_t reader : readers) {
      if (is_depthwise(reader)) continue;
      mixes = true;
      const auto own = weight_shares(reader, range.size());
      for (std::size_t c = 0; c < range.size(); ++c) shares[c] = std::max(shares[c], own[c]);
    }
    std::vector<float> factors(range.size(), 0);
    float largest = 0;
    for (std::size_t c = 0; c < range.size(); ++c) {
      factors[c] = !mixes ? range[c] : shares[c] > 0 ? std::sqrt(range[c] / shares[c]) : 0;
      largest = std::max(largest, factors[c]);
    }
    for (float& factor : factors) {
      factor = largest > 0 ? std::clamp(factor / largest, 1 / kLargestFactor, 1.0F) : 1;
    }
    // A channel that was never seen to move keeps its size.
    for (std::size_t c = 0; c < range.size(); ++c) factors[c] = range[c] > 0 ? factors[c] : 1;
    return factors;
  }

  void scale(std::size_t n, bool by_output, const std::vector<float>& factors, bool divide) {
    for_weights(graph_, graph_.nodes[n], by_output, weights(n),
                [&](std::size_t c, float& w) { w = divide ? w / factors[c] : w * factors[c]; });
    if (!divide) return;
    std::vector<float>& values = bias(n);
    for (std::size_t c = 0; c < values.size(); ++c) values[c] /= factors[c];
  }

  const Graph& graph_;
  std::vector<int> producers_;
  std::vector<std::string> changed_;
  // By node, where changed: each layer has weights of its own, since two may share a constant.
  std::vector<std::vector<float>> weights_, biases_;
};

bool scales_freely(const Graph& graph, const Node& node) {
  if (node.op != Op::conv && node.op != Op::conv_transpose) return false;
  const Clamp& clamp = node.attrs.clamp;
  const bool open = clamp.high == std::numeric_limits<float>::infinity() && (clamp.low == 0 || !clamp.active());
  return open && graph.is_constant(node.input(1)) && (node.input(2) == kNoTensor || graph.is_constant(node.input(2)));
}

}  // namespace

std::vector<TensorId> equalizable_tensors(const Graph& graph) {
  std::vector<TensorId> tensors;
  for (const Node& node : graph.nodes) {
    if (!scales_freely(graph, node)) continue;
    const TensorId made = node.outputs[0];
    bool free = std::find(graph.outputs.begin(), graph.outputs.end(), made) == graph.outputs.end();
    for (const Node& reader : graph.nodes) {
      const auto uses = std::count(reader.inputs.begin(), reader.inputs.end(), made);
      if (uses == 0) continue;
      const bool linear = (reader.op == Op::conv || reader.op == Op::conv_transpose) && uses == 1 &&
                          reader.input(0) == made && graph.is_constant(reader.input(1));
      free = free && linear;
    }
    if (free) tensors.push_back(made);
  }
  return tensors;
}

Result<Equalized> equalize(const std::shared_ptr<const Plan>& plan, const SampleSource& source,
                           std::vector<std::size_t> samples, const EqualizeOptions& options, const Hooks& hooks) {
  const Graph& graph = *plan->graph;
  const std::vector<TensorId> tensors = equalizable_tensors(graph);
  if (tensors.empty()) return Equalized{graph, {}};
  ChannelRanges ranges(tensors.size());
  SampleJob job;
  job.stage = "equalize";
  job.graph = &graph;
  job.source = &source;
  job.samples = std::move(samples);
  job.threads = options.threads;
  job.make_worker = [&]() -> Result<std::unique_ptr<SampleWorker>> {
    OCTET_ASSIGN(auto worker, RangeWorker::create(plan, tensors));
    return std::unique_ptr<SampleWorker>(std::move(worker));
  };
  job.merge = [&](std::size_t, SampleResult& result) -> Status {
    const auto& seen = static_cast<const SampleRanges&>(result).ranges;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      ranges[i].resize(seen[i].size(), 0);
      for (std::size_t c = 0; c < seen[i].size(); ++c) ranges[i][c] = std::max(ranges[i][c], seen[i][c]);
    }
    return {};
  };
  OCTET_ASSIGN(const SampleOutcome outcome, run_samples(job, hooks));
  Equalizer equalizer(graph);
  for (std::size_t i = 0; i < tensors.size(); ++i) equalizer.apply(tensors[i], ranges[i]);
  return equalizer.finish();
}

}  // namespace octet

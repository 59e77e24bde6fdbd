#include "quantize/equalize.h"

#include <algorithm>
#include <cmath>

#include "ops/loops.h"
#include "quantize/channel_groups.h"

namespace octet {
namespace {

constexpr float kLargestFactor = 1024;  // a channel's factor lies within 1/1024 and 1024 of the largest channel's
constexpr float kFarBelow = 0.5F;       // of an activation's limit: what lies below never meets it

using ChannelRanges = std::vector<std::vector<float>>;  // [tensor][channel]: greatest magnitude; empty: not seen

struct SampleRanges : SampleResult {
  ChannelRanges ranges;
};

class RangeWorker : public SampleWorker {
 public:
  static Result<std::unique_ptr<RangeWorker>> create(std::shared_ptr<const Plan> plan,
                                                     const std::vector<bool>& wanted) {
    std::unique_ptr<RangeWorker> worker(new RangeWorker(wanted));
    OCTET_ASSIGN(worker->session_, Session::create(std::move(plan), {}));
    worker->session_->set_observer([raw = worker.get()](const Observed& observed) { raw->look(observed); });
    return worker;
  }

  Result<std::unique_ptr<SampleResult>> run(std::size_t, std::span<const Binding> inputs) override {
    auto result = std::make_unique<SampleRanges>();
    result->ranges.resize(wanted_.size());
    current_ = result.get();
    const std::vector<Binding> no_outputs(session_->plan().graph->outputs.size());
    OCTET_TRY(session_->run(inputs, no_outputs));
    return std::unique_ptr<SampleResult>(std::move(result));
  }

  void cancel() override { session_->cancel(true); }

 private:
  explicit RangeWorker(const std::vector<bool>& wanted) : wanted_(wanted) {}

  void look(const Observed& observed) {
    if (!wanted_[static_cast<std::size_t>(observed.id)]) return;
    const Dims& dims = session_->plan().graph->at(observed.id).dims;
    std::vector<float>& range = current_->ranges[static_cast<std::size_t>(observed.id)];
    const auto channels = static_cast<std::size_t>(dims[1]);
    range.assign(channels, 0);
    const auto* value = static_cast<const float*>(observed.data);
    const auto stride = static_cast<std::size_t>(strides_of(dims, observed.layout)[1]);
    const auto count = static_cast<std::size_t>(element_count(dims));
    if (stride == 1) {
      for (std::size_t i = 0; i < count; i += channels) {
        for (std::size_t c = 0; c < channels; ++c) range[c] = std::max(range[c], std::fabs(*value++));
      }
      return;
    }
    for (std::size_t i = 0; i < count; i += channels * stride) {
      for (std::size_t c = 0; c < channels; ++c) {
        for (std::size_t k = 0; k < stride; ++k) range[c] = std::max(range[c], std::fabs(*value++));
      }
    }
  }

  const std::vector<bool>& wanted_;
  std::unique_ptr<Session> session_;
  SampleRanges* current_ = nullptr;
};

// A view of a layer's weights by the channels that it makes or reads: calls function(channel, weight) for each weight.
template <class Function>
void for_weights(const Graph& graph, const Node& node, bool by_output, std::span<float> weights, Function function) {
  const Dims& dims = graph.at(node.input(1)).dims;
  const std::int64_t first = dims[0] / node.attrs.groups;  // channels of one group along the first dimension
  const std::int64_t area = static_cast<std::int64_t>(weights.size()) / (dims[0] * dims[1]);
  const bool first_is_output = node.op != Op::conv_transpose;
  auto* weight = weights.data();
  for (std::int64_t a = 0; a < dims[0]; ++a) {
    for (std::int64_t b = 0; b < dims[1]; ++b) {
      const std::int64_t channel = by_output == first_is_output ? a : a / first * dims[1] + b;
      for (std::int64_t i = 0; i < area; ++i) function(static_cast<std::size_t>(channel), *weight++);
    }
  }
}

bool is_depthwise(const Graph& graph, const Node& node) {
  const Dims& weight = graph.at(node.input(1)).dims;
  return node.op != Op::gemm && weight[1] == 1 && node.attrs.groups == weight[0];
}

// Greatest share that the weights reading each channel have of the range of their output channel: what has room to
// grow.
std::vector<float> weight_shares(const Graph& graph, const Node& node, std::size_t channels) {
  const auto constant = graph.at(node.input(1)).data.as<float>();
  std::vector<float> values(constant.begin(), constant.end());
  std::vector<float> largest;
  std::vector<std::size_t> output_of;
  for_weights(graph, node, true, values, [&](std::size_t o, float w) {
    if (o >= largest.size()) largest.resize(o + 1, 0);
    largest[o] = std::max(largest[o], std::fabs(w));
    output_of.push_back(o);
  });
  std::vector<float> shares(channels, 0);
  std::size_t i = 0;
  for_weights(graph, node, false, values, [&](std::size_t c, float w) {
    const float most = largest[output_of[i++]];
    if (most > 0) shares[c] = std::max(shares[c], std::fabs(w) / most);
  });
  return shares;
}

// The factor of each group.
class Factors {
 public:
  Factors(const Graph& graph, const ChannelGroups& groups, const ChannelRanges& ranges)
      : groups_(groups),
        range_(static_cast<std::size_t>(groups.count), 0),
        share_(range_.size(), 0),
        mixed_(range_.size(), false),
        limited_(range_.size(), false),
        usable_(static_cast<std::size_t>(groups.part_count), true) {
    for (std::size_t t = 0; t < ranges.size(); ++t) look_at_tensor(t, ranges[t]);
    for (const Node& node : graph.nodes) look_at_reader(graph, node);
  }

  std::vector<float> choose() const {
    const std::size_t count = range_.size();
    std::vector<float> factors(count, 1);
    std::vector<float> largest(usable_.size(), 0);  // by part
    const auto wanted = [&](std::size_t g) { return mixed_[g] ? std::sqrt(range_[g] / share_[g]) : range_[g]; };
    // A channel that was never seen to move, that nobody reads, or that an activation limits keeps its size.
    const auto counts = [&](std::size_t g) {
      return usable_[part(g)] && !limited_[g] && range_[g] > 0 && (!mixed_[g] || share_[g] > 0);
    };
    for (std::size_t g = 0; g < count; ++g) {
      if (counts(g)) largest[part(g)] = std::max(largest[part(g)], wanted(g));
    }
    for (std::size_t g = 0; g < count; ++g) {
      if (!counts(g)) continue;
      factors[g] = std::clamp(wanted(g) / largest[part(g)], 1 / kLargestFactor, 1.0F);
    }
    return factors;
  }

 private:
  std::size_t part(std::size_t group) const { return static_cast<std::size_t>(groups_.part[group]); }

  void look_at_tensor(std::size_t tensor, const std::vector<float>& range) {
    const std::vector<int>& group = groups_.group[tensor];
    const float most = range.empty() ? 0 : *std::max_element(range.begin(), range.end());
    const float bound = groups_.bound[tensor];
    for (std::size_t c = 0; c < group.size(); ++c) {
      if (group[c] == kFixedChannel) continue;
      const auto g = static_cast<std::size_t>(group[c]);
      const bool near = range.empty() ? std::isfinite(bound) : most > kFarBelow * bound;
      limited_[g] = limited_[g] || near;
      if (range.empty()) continue;
      // Who observes for ranges says which sample gave values that are infinite.
      if (!std::isfinite(most)) usable_[part(g)] = false;
      if (most > 0) range_[g] = std::max(range_[g], range[c] / most);
    }
  }

  void look_at_reader(const Graph& graph, const Node& node) {
    if (!takes_channel_factors(graph, node) || is_depthwise(graph, node)) return;
    const std::vector<int>& group = groups_.group[static_cast<std::size_t>(node.input(0))];
    const std::vector<float> shares = weight_shares(graph, node, group.size());
    for (std::size_t c = 0; c < group.size(); ++c) {
      if (group[c] == kFixedChannel) continue;
      const auto g = static_cast<std::size_t>(group[c]);
      mixed_[g] = true;
      share_[g] = std::max(share_[g], shares[c]);
    }
  }

  const ChannelGroups& groups_;
  // By group: greatest range of its channels, as a share of that of the whole tensor; greatest weight_shares of its
  // readers; whether a reader mixes channels; whether an activation limits what was seen.
  std::vector<float> range_, share_;
  std::vector<bool> mixed_, limited_;
  std::vector<bool> usable_;  // by part
};

// Layers get weights of their own, since two may share a constant.
class Scaler {
 public:
  Scaler(const Graph& graph, const ChannelGroups& groups, const std::vector<float>& factors)
      : graph_(graph), result_(graph), groups_(groups), factors_(factors) {}

  Equalized run() {
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      if (takes_channel_factors(graph_, graph_.nodes[n])) scale(graph_.nodes[n], result_.nodes[n]);
      drop_limit(result_.nodes[n]);
    }
    std::vector<std::string> changed;
    for (std::size_t t = 0; t < graph_.tensors.size(); ++t) {
      if (is_scaled(factors_of(static_cast<TensorId>(t)))) changed.push_back(graph_.tensors[t].name);
    }
    remove_dead(result_);
    return {std::move(result_), std::move(changed)};
  }

 private:
  std::vector<float> factors_of(TensorId tensor) const {
    std::vector<float> factors;
    for (const int group : groups_.group[static_cast<std::size_t>(tensor)]) {
      factors.push_back(group == kFixedChannel ? 1 : factors_[static_cast<std::size_t>(group)]);
    }
    return factors;
  }

  static bool is_scaled(const std::vector<float>& factors) {
    return std::any_of(factors.begin(), factors.end(), [](float factor) { return factor != 1; });
  }

  void scale(const Node& node, Node& changed) {
    const std::vector<float> in = factors_of(node.input(0));
    const std::vector<float> out = factors_of(node.outputs[0]);
    if (!is_scaled(in) && !is_scaled(out)) return;
    const Tensor& weight = graph_.at(node.input(1));
    std::vector<float> values(weight.data.as<float>().begin(), weight.data.as<float>().end());
    for_weights(graph_, node, false, values, [&](std::size_t c, float& w) { w *= in[c]; });
    for_weights(graph_, node, true, values, [&](std::size_t c, float& w) { w /= out[c]; });
    changed.inputs[1] = result_.add_constant(weight.name, DType::f32, weight.dims, values);
    if (node.input(2) == kNoTensor || !is_scaled(out)) return;
    const Tensor& bias = graph_.at(node.input(2));
    values.assign(bias.data.as<float>().begin(), bias.data.as<float>().end());
    for (std::size_t c = 0; c < values.size(); ++c) values[c] /= out[c];
    changed.inputs[2] = result_.add_constant(bias.name, DType::f32, bias.dims, values);
  }

  // A limit that no value came near is gone where channels were scaled: it would cut off those that grew. The range of
  // the int8 tensor cuts off below it.
  void drop_limit(Node& node) const {
    constexpr float kNone = std::numeric_limits<float>::infinity();
    const TensorId y = node.outputs[0];
    if (groups_.bound[static_cast<std::size_t>(y)] == kNone || !is_scaled(factors_of(y))) return;
    node.attrs.clamp.high = kNone;
    if (node.attrs.clamp.low < 0) node.attrs.clamp.low = -kNone;
    if (node.op == Op::unary && node.attrs.unary == UnaryKind::clip) {
      node.attrs.beta = kNone;
      if (node.attrs.alpha < 0) node.attrs.alpha = -kNone;
    }
  }

  const Graph& graph_;
  Graph result_;
  const ChannelGroups& groups_;
  const std::vector<float>& factors_;
};

}  // namespace

Result<Equalized> equalize(const std::shared_ptr<const Plan>& plan, const SampleSource& source,
                           std::vector<std::size_t> samples, const EqualizeOptions& options, const Hooks& hooks) {
  const Graph& graph = *plan->graph;
  const ChannelGroups groups = find_channel_groups(graph);
  if (groups.count == 0) return Equalized{graph, {}};
  std::vector<bool> wanted;
  for (const std::vector<int>& group : groups.group) {
    wanted.push_back(std::any_of(group.begin(), group.end(), [](int g) { return g != kFixedChannel; }));
  }
  ChannelRanges ranges(graph.tensors.size());
  SampleJob job;
  job.stage = "equalize";
  job.graph = &graph;
  job.source = &source;
  job.samples = std::move(samples);
  job.threads = options.threads;
  job.make_worker = [&]() -> Result<std::unique_ptr<SampleWorker>> {
    OCTET_ASSIGN(auto worker, RangeWorker::create(plan, wanted));
    return std::unique_ptr<SampleWorker>(std::move(worker));
  };
  job.merge = [&](std::size_t, SampleResult& result) -> Status {
    const auto& seen = static_cast<const SampleRanges&>(result).ranges;
    for (std::size_t t = 0; t < ranges.size(); ++t) {
      ranges[t].resize(seen[t].size(), 0);
      for (std::size_t c = 0; c < seen[t].size(); ++c) ranges[t][c] = std::max(ranges[t][c], seen[t][c]);
    }
    return {};
  };
  OCTET_ASSIGN(const SampleOutcome outcome, run_samples(job, hooks));
  return Scaler(graph, groups, Factors(graph, groups, ranges).choose()).run();
}

}  // namespace octet

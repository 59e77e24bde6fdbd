#include "passes/rewrite.h"

#include <algorithm>
#include <numeric>

namespace octet {

namespace {

std::size_t index_of(TensorId id) { return static_cast<std::size_t>(id); }

}  // namespace

Rewriter::Rewriter(Graph& graph) : graph_(graph), uses_(count_uses(graph)) {
  emitted_.reserve(graph.nodes.size());
  grow();
  given_ = std::exchange(made_, 0);
  for (const TensorId id : graph.outputs) is_output_[index_of(id)] = true;
}

void Rewriter::grow() {
  const std::size_t known = forwarded_.size();
  for (std::size_t i = known; i < graph_.tensors.size(); ++i) made_ += graph_.tensors[i].data.size();
  producers_.resize(graph_.tensors.size(), -1);
  uses_.resize(graph_.tensors.size(), 0);
  is_output_.resize(graph_.tensors.size(), false);
  forwarded_.resize(graph_.tensors.size());
  std::iota(forwarded_.begin() + static_cast<std::ptrdiff_t>(known), forwarded_.end(), static_cast<TensorId>(known));
}

// Weights that many nodes share become as many when each node changes its own: a small file could fill the memory.
Status Rewriter::check_growth() const {
  constexpr std::size_t kFree = std::size_t{256} << 20;
  constexpr std::size_t kCopies = 64;
  if (made_ <= kFree || (made_ - kFree) / kCopies <= given_) return {};
  return fail(Code::unsupported,
              "preparing the network takes " + std::to_string(made_) + " bytes for its " + std::to_string(given_) +
                  " bytes of constants, which too many nodes share" +
                  (emitted_.empty() ? std::string() : "; the last was " + describe(emitted_.back())));
}

TensorId Rewriter::current(TensorId id) {
  TensorId last = id;
  while (forwarded_[index_of(last)] != last) last = forwarded_[index_of(last)];
  while (forwarded_[index_of(id)] != last) id = std::exchange(forwarded_[index_of(id)], last);
  return last;
}

void Rewriter::follow(std::vector<TensorId>& ids) {
  for (TensorId& id : ids) {
    if (id != kNoTensor) id = current(id);
  }
}

Node* Rewriter::producer(TensorId id) {
  if (id == kNoTensor || index_of(id) >= producers_.size()) return nullptr;
  const int index = producers_[index_of(id)];
  return index < 0 ? nullptr : &emitted_[static_cast<std::size_t>(index)];
}

Node* Rewriter::producer(TensorId id, Op op) {
  Node* node = producer(id);
  return node != nullptr && node->op == op ? node : nullptr;
}

void Rewriter::set_input(Node& node, std::size_t index, TensorId id) {
  grow();
  id = current(id);
  --uses_[index_of(node.inputs[index])];
  ++uses_[index_of(id)];
  node.inputs[index] = id;
}

void Rewriter::emit(Node node) {
  grow();
  for (const TensorId id : node.outputs) producers_[index_of(id)] = static_cast<int>(emitted_.size());
  emitted_.push_back(std::move(node));
}

void Rewriter::forward(const Node& node, TensorId value) {
  const TensorId output = node.outputs[0];
  value = current(value);
  if (!is_output_[index_of(output)]) {
    forwarded_[index_of(output)] = value;
    uses_[index_of(value)] += uses_[index_of(output)] - 1;
    return;
  }
  Node* maker = producer(value);
  if (maker == nullptr || is_output_[index_of(value)]) {
    Node copy;
    copy.op = Op::reshape;
    copy.name = node.name;
    copy.inputs = {value};
    copy.outputs = {output};
    copy.attrs.sizes = graph_.at(value).dims;
    graph_.at(output).dtype = graph_.at(value).dtype;
    graph_.at(output).quant = graph_.at(value).quant;
    emit(std::move(copy));
    return;
  }
  const Tensor& source = graph_.at(value);
  Tensor& target = graph_.at(output);
  target.dtype = source.dtype;
  target.dims = source.dims;
  target.quant = source.quant;
  std::replace(maker->outputs.begin(), maker->outputs.end(), value, output);
  producers_[index_of(output)] = producers_[index_of(value)];
  forwarded_[index_of(value)] = output;
  uses_[index_of(output)] += uses_[index_of(value)] - 1;
  uses_[index_of(value)] = uses_[index_of(output)];  // emitted nodes name it until the end
}

void Rewriter::absorb(Node& earlier, const Node& node) {
  const TensorId before = earlier.outputs[0];
  const TensorId after = node.outputs[0];
  earlier.outputs[0] = after;
  producers_[index_of(after)] = producers_[index_of(before)];
  producers_[index_of(before)] = -1;
  uses_[index_of(before)] = 0;
}

void Rewriter::finish() {
  for (Node& node : emitted_) follow(node.inputs);
  graph_.nodes = std::move(emitted_);
  remove_dead(graph_);
}

std::optional<double> uniform_value(const Graph& graph, TensorId id) {
  if (!graph.is_constant(id) || graph.at(id).dtype != DType::f32) return std::nullopt;
  const auto values = graph.at(id).data.as<float>();
  constexpr std::size_t kMost = 1 << 16;  // many nodes may share a constant, and each would read all of it
  if (values.empty() || values.size() > kMost) return std::nullopt;
  const bool uniform = std::all_of(values.begin(), values.end(), [&](float value) { return value == values[0]; });
  return uniform ? std::optional<double>(values[0]) : std::nullopt;
}

std::optional<std::vector<double>> channel_values(const Graph& graph, TensorId id, const Dims& dims, std::size_t axis) {
  if (!graph.is_constant(id) || graph.at(id).dtype != DType::f32) return std::nullopt;
  const Dims& own = graph.at(id).dims;
  if (own.size() > dims.size() || element_count(own) == 0) return std::nullopt;
  const std::size_t missing = dims.size() - own.size();
  for (std::size_t i = 0; i < own.size(); ++i) {
    const bool channel = i + missing == axis;
    if (own[i] != 1 && !(channel && own[i] == dims[axis])) return std::nullopt;
  }
  const auto values = graph.at(id).data.as<float>();
  std::vector<double> result(static_cast<std::size_t>(dims[axis]), values[0]);
  if (values.size() > 1) std::copy(values.begin(), values.end(), result.begin());
  return result;
}

std::optional<Clamp> clamp_of(const Node& node) {
  if (node.op != Op::unary) return std::nullopt;
  Clamp clamp;
  if (node.attrs.unary == UnaryKind::relu) {
    clamp.low = 0;
    return clamp;
  }
  if (node.attrs.unary != UnaryKind::clip) return std::nullopt;
  return combine(clamp, {node.attrs.alpha, node.attrs.beta});
}

Clamp combine(const Clamp& first, const Clamp& second) {
  // Limits in the wrong order give the upper one, as min(max(x, low), high) does.
  const auto limit = [&](float value) { return std::min(std::max(value, second.low), second.high); };
  return {limit(first.low), limit(first.high)};
}

}  // namespace octet

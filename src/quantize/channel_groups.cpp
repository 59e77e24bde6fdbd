#include "quantize/channel_groups.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace octet {
namespace {

constexpr float kNoBound = std::numeric_limits<float>::infinity();

// Disjoint sets of numbers.
class Sets {
 public:
  explicit Sets(std::size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), std::size_t{0}); }
  std::size_t root(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  // The lower root stays, so that numbering does not depend on the order of the calls.
  void join(std::size_t a, std::size_t b) {
    a = root(a), b = root(b);
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::size_t> parent_;
};

std::vector<std::size_t> number_channels(const Graph& graph) {
  std::vector<std::size_t> first{0};
  for (const Tensor& tensor : graph.tensors) {
    const bool has_channels = !tensor.constant && tensor.dims.size() >= 2;
    first.push_back(first.back() + (has_channels ? static_cast<std::size_t>(tensor.dims[1]) : 0));
  }
  return first;
}

class Finder {
 public:
  explicit Finder(const Graph& graph)
      : graph_(graph), first_(number_channels(graph)), sets_(first_.back()), fixed_(first_.back(), false) {
    result_.bound.assign(graph.tensors.size(), kNoBound);
  }

  ChannelGroups run() {
    for (const TensorId id : graph_.inputs) fix(id);
    for (const TensorId id : graph_.outputs) fix(id);
    for (const Node& node : graph_.nodes) visit(node);
    number_groups();
    number_parts();
    return std::move(result_);
  }

 private:
  std::size_t first(TensorId id) const { return first_[static_cast<std::size_t>(id)]; }
  std::size_t channels(TensorId id) const { return first_[static_cast<std::size_t>(id) + 1] - first(id); }

  void fix(TensorId id) {
    if (id == kNoTensor) return;
    std::fill_n(fixed_.begin() + static_cast<std::ptrdiff_t>(first(id)), channels(id), true);
  }

  void fix_all(const Node& node) {
    for (const TensorId id : node.inputs) fix(id);
    for (const TensorId id : node.outputs) fix(id);
  }

  void join(TensorId a, std::size_t a_begin, TensorId b, std::size_t b_begin, std::size_t count) {
    for (std::size_t c = 0; c < count; ++c) sets_.join(first(a) + a_begin + c, first(b) + b_begin + c);
  }

  // What one channel holds goes to the same channel of the other, and nowhere else.
  bool join(TensorId a, TensorId b) {
    if (channels(a) == 0 || channels(a) != channels(b)) return false;
    join(a, 0, b, 0, channels(a));
    return true;
  }

  // Limits the tensor to [low, high]. A factor goes through where 0 stays inside.
  bool limit(TensorId id, float low, float high) {
    if (!(low <= 0) || !(high > 0)) return false;
    const float down = low < 0 ? -low : kNoBound;  // nothing is below a bound of 0
    float& bound = result_.bound[static_cast<std::size_t>(id)];
    bound = std::min({bound, down, high});
    return true;
  }

  void visit(const Node& node) {
    if (!lets_factors_through(node)) fix_all(node);
  }

  bool lets_factors_through(const Node& node) {
    const TensorId x = node.input(0);
    const TensorId y = node.outputs[0];
    switch (node.op) {
      case Op::conv:
      case Op::conv_transpose:
      case Op::gemm:
        return takes_channel_factors(graph_, node) && limit(y, node.attrs.clamp.low, node.attrs.clamp.high);
      case Op::max_pool:
      case Op::average_pool:
      case Op::resize:
        return join(x, y);
      case Op::prelu:
        return graph_.is_constant(node.input(1)) && join(x, y);
      case Op::unary:
        return visit_unary(node);
      case Op::binary:
        return visit_binary(node) && limit(y, node.attrs.clamp.low, node.attrs.clamp.high);
      case Op::reduce:
        return node.attrs.reduce <= ReduceKind::min &&
               std::all_of(node.attrs.axes.begin(), node.attrs.axes.end(),
                           [](std::int64_t axis) { return axis > 1; }) &&
               !node.attrs.axes.empty() && join(x, y);
      case Op::reshape:
        return channels(x) > 0 && channels(y) > 0 && graph_.at(x).dims[0] == graph_.at(y).dims[0] && join(x, y);
      case Op::pad:
        return visit_pad(node);
      case Op::concat:
        return visit_pieces(node.inputs, y, node.attrs.axis);
      case Op::split:
        return visit_pieces(node.outputs, x, node.attrs.axis);
      default:
        return false;
    }
  }

  bool visit_unary(const Node& node) {
    const TensorId y = node.outputs[0];
    switch (node.attrs.unary) {
      case UnaryKind::relu:
      case UnaryKind::leaky_relu:
      case UnaryKind::abs:
      case UnaryKind::neg:
        return join(node.input(0), y);
      case UnaryKind::clip:
        return join(node.input(0), y) && limit(y, node.attrs.alpha, node.attrs.beta);
      default:
        return false;
    }
  }

  bool visit_binary(const Node& node) {
    TensorId a = node.input(0);
    TensorId b = node.input(1);
    const TensorId y = node.outputs[0];
    const bool product = node.attrs.binary == BinaryKind::mul || node.attrs.binary == BinaryKind::div;
    const auto fills = [&](TensorId id) { return graph_.at(id).dims == graph_.at(y).dims; };
    if (graph_.is_constant(b)) return product && fills(a) && join(a, y);
    if (graph_.is_constant(a)) return node.attrs.binary == BinaryKind::mul && fills(b) && join(b, y);
    if (product) {  // with a gate of one value a channel, say, that carries no factor
      if (node.attrs.binary == BinaryKind::mul && !fills(a)) std::swap(a, b);
      fix(b);
      return fills(a) && a != b && join(a, y);
    }
    return node.attrs.binary != BinaryKind::pow && fills(a) && fills(b) && join(a, y) && join(b, y);
  }

  bool visit_pad(const Node& node) {
    const std::vector<std::int64_t>& sizes = node.attrs.sizes;  // begins, then ends
    const std::size_t rank = sizes.size() / 2;
    const bool zeros = node.attrs.pad != PadKind::constant || node.attrs.alpha == 0;
    return zeros && rank >= 2 && sizes[1] == 0 && sizes[rank + 1] == 0 && join(node.input(0), node.outputs[0]);
  }

  // Tensors that together make another, or that it falls into.
  bool visit_pieces(const std::vector<TensorId>& pieces, TensorId whole, std::int64_t axis) {
    std::size_t begin = 0;
    for (const TensorId piece : pieces) {
      if (channels(piece) == 0 || channels(whole) == 0) return false;
      if (axis != 1) {
        if (!join(piece, whole)) return false;
        continue;
      }
      if (begin + channels(piece) > channels(whole)) return false;
      join(piece, 0, whole, begin, channels(piece));
      begin += channels(piece);
    }
    return true;
  }

  void number_groups() {
    for (std::size_t i = 0; i < fixed_.size(); ++i) {
      if (fixed_[i]) fixed_[sets_.root(i)] = true;
    }
    std::vector<int> number(fixed_.size(), kFixedChannel);
    result_.group.resize(graph_.tensors.size());
    for (std::size_t t = 0; t < graph_.tensors.size(); ++t) {
      for (std::size_t i = first_[t]; i < first_[t + 1]; ++i) {
        const std::size_t root = sets_.root(i);
        if (!fixed_[root] && number[root] == kFixedChannel) number[root] = result_.count++;
        result_.group[t].push_back(number[root]);
      }
    }
  }

  void number_parts() {
    Sets parts(static_cast<std::size_t>(result_.count));
    for (const std::vector<int>& groups : result_.group) {
      int before = kFixedChannel;
      for (const int group : groups) {
        if (group == kFixedChannel) continue;
        if (before != kFixedChannel) parts.join(static_cast<std::size_t>(before), static_cast<std::size_t>(group));
        before = group;
      }
    }
    std::vector<int> number(static_cast<std::size_t>(result_.count), -1);
    for (std::size_t g = 0; g < number.size(); ++g) {
      int& part = number[parts.root(g)];
      if (part < 0) part = result_.part_count++;
      result_.part.push_back(part);
    }
  }

  const Graph& graph_;
  std::vector<std::size_t> first_;  // by tensor: the number of its first channel
  Sets sets_;
  std::vector<bool> fixed_;
  ChannelGroups result_;
};

}  // namespace

bool takes_channel_factors(const Graph& graph, const Node& node) {
  if (node.op != Op::conv && node.op != Op::conv_transpose && node.op != Op::gemm) return false;
  const bool channels_are_dimension_1 = node.op != Op::gemm || graph.at(node.input(0)).dims.size() == 2;
  return channels_are_dimension_1 && !graph.is_constant(node.input(0)) && graph.is_constant(node.input(1)) &&
         (node.input(2) == kNoTensor || graph.is_constant(node.input(2)));
}

ChannelGroups find_channel_groups(const Graph& graph) { return Finder(graph).run(); }

}  // namespace octet

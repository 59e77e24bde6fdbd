#include "quantize/assign.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/text.h"
#include "quantize/ranges.h"

namespace octet {
namespace {

// Behind the last heavy layer these stay float: a scale for the whole tensor would cost accuracy, and they cost no
// time.
bool is_float_in_tail(const Graph& graph, const Node& node) {
  if (node.op == Op::unary) {
    return node.attrs.unary == UnaryKind::exp || node.attrs.unary == UnaryKind::log ||
           node.attrs.unary == UnaryKind::sqrt || node.attrs.unary == UnaryKind::reciprocal ||
           node.attrs.unary == UnaryKind::square || node.attrs.unary == UnaryKind::neg;
  }
  return node.op == Op::binary && (graph.is_constant(node.input(0)) || graph.is_constant(node.input(1)));
}

class Assigner {
 public:
  explicit Assigner(const Graph& graph)
      : graph_(graph), producer_(find_producers(graph)), readers_(graph.tensors.size()) {
    for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
      for (const TensorId id : graph.nodes[n].inputs) {
        if (id != kNoTensor) readers_[static_cast<std::size_t>(id)].push_back(n);
      }
    }
    result_.int8_node.assign(graph.nodes.size(), false);
    result_.int8_tensor.assign(graph.tensors.size(), false);
  }

  Status skip(const std::vector<std::string>& names) {
    skipped_.assign(graph_.nodes.size(), false);
    for (const std::string& name : names) {
      bool found = false;
      for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
        const Node& node = graph_.nodes[n];
        const bool matches = node.name == name || std::any_of(node.outputs.begin(), node.outputs.end(),
                                                              [&](TensorId id) { return graph_.at(id).name == name; });
        if (matches) skipped_[n] = found = true;
      }
      if (!found) return unknown_name(name);
    }
    return {};
  }

  Assignment run() {
    find_tail();
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) result_.int8_node[n] = decide(n);
    pull_back_moves();
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) mark_tensors(n);
    make_groups();
    return std::move(result_);
  }

 private:
  Status unknown_name(const std::string& name) const {
    std::vector<std::string_view> known;
    for (const Node& node : graph_.nodes) {
      known.push_back(node.name);
      for (const TensorId id : node.outputs) known.push_back(graph_.at(id).name);
    }
    const std::string nearest = nearest_word(name, known);
    return fail(Code::config, "skip_quant_op_names: the network has no operator or output '" + printable(name) + "'" +
                                  (nearest.empty() ? "" : "; did you mean '" + printable(nearest) + "'?"));
  }

  // tail_: no heavy node reads what the node makes, directly or through others. only_moves_: behind it are only moves.
  void find_tail() {
    tail_.assign(graph_.nodes.size(), true);
    only_moves_.assign(graph_.nodes.size(), true);
    for (std::size_t n = graph_.nodes.size(); n-- > 0;) {
      for (const TensorId id : graph_.nodes[n].outputs) {
        for (const std::size_t reader : readers_[static_cast<std::size_t>(id)]) {
          const bool move = is_move(graph_.nodes[reader].op);
          tail_[n] = tail_[n] && tail_[reader] && !is_heavy(graph_.nodes[reader].op);
          only_moves_[n] = only_moves_[n] && move && only_moves_[reader];
        }
      }
    }
  }

  bool made_as_int8(TensorId id) const {
    const int n = producer_[static_cast<std::size_t>(id)];
    return n >= 0 && result_.int8_node[static_cast<std::size_t>(n)] && !gives_float(static_cast<std::size_t>(n));
  }

  // A softmax whose result only leaves the network gives float32, so that classes do not tie; so does a mean behind the
  // last heavy layer, which knows its result to a fraction of a level.
  bool gives_float(std::size_t n) const {
    const Op op = graph_.nodes[n].op;
    return (op == Op::softmax && only_moves_[n]) || (op == Op::reduce && tail_[n]);
  }

  bool decide(std::size_t n) const {
    const Node& node = graph_.nodes[n];
    if (skipped_[n] || !has_int8_form(graph_, node)) return false;
    if (is_heavy(node.op)) return true;
    if (tail_[n] && is_float_in_tail(graph_, node)) return false;
    if (is_move(node.op) && only_moves_[n]) return false;
    const std::size_t data_inputs = node.op == Op::binary || node.op == Op::concat ? node.inputs.size() : 1;
    bool any = false;
    for (std::size_t i = 0; i < data_inputs; ++i) {
      if (graph_.is_constant(node.inputs[i])) continue;
      if (!made_as_int8(node.inputs[i])) return false;
      any = true;
    }
    return any;
  }

  // Moves of the network's inputs are int8 where all that reads them is.
  void pull_back_moves() {
    for (std::size_t n = graph_.nodes.size(); n-- > 0;) {
      const Node& node = graph_.nodes[n];
      if (result_.int8_node[n] || skipped_[n] || !keeps_values(node) || !has_int8_form(graph_, node)) continue;
      bool all = true;
      bool any = false;
      for (const TensorId id : node.outputs) {
        all = all && std::find(graph_.outputs.begin(), graph_.outputs.end(), id) == graph_.outputs.end();
        for (const std::size_t reader : readers_[static_cast<std::size_t>(id)]) {
          any = true;
          all = all && result_.int8_node[reader];
        }
      }
      for (const TensorId id : node.inputs) {
        if (id != kNoTensor && !graph_.is_constant(id)) all = all && producer_[static_cast<std::size_t>(id)] < 0;
      }
      result_.int8_node[n] = all && any;
    }
  }

  void mark_tensors(std::size_t n) {
    if (!result_.int8_node[n]) return;
    const Node& node = graph_.nodes[n];
    const std::size_t data_inputs = node.op == Op::binary || node.op == Op::concat ? node.inputs.size() : 1;
    for (std::size_t i = 0; i < data_inputs; ++i) result_.int8_tensor[static_cast<std::size_t>(node.inputs[i])] = true;
    if (gives_float(n)) return;
    for (const TensorId id : node.outputs) result_.int8_tensor[static_cast<std::size_t>(id)] = true;
  }

  // A softmax inside the network has the quantization that the contract gives it.
  bool is_fixed(TensorId id) const {
    const int n = producer_[static_cast<std::size_t>(id)];
    return n >= 0 && graph_.nodes[static_cast<std::size_t>(n)].op == Op::softmax;
  }

  std::size_t root(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }

  void make_groups() {
    parent_.resize(graph_.tensors.size());
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      if (!result_.int8_node[n] || !keeps_values(node)) continue;
      const std::size_t inputs = node.op == Op::concat ? node.inputs.size() : 1;
      for (std::size_t i = 0; i < inputs; ++i) {
        if (is_fixed(node.inputs[i])) continue;  // requantized on the way instead
        for (const TensorId out : node.outputs) {
          parent_[root(static_cast<std::size_t>(node.inputs[i]))] = root(static_cast<std::size_t>(out));
        }
      }
    }
    result_.group.assign(graph_.tensors.size(), -1);
    std::vector<int> number(graph_.tensors.size(), -1);
    for (std::size_t i = 0; i < graph_.tensors.size(); ++i) {
      if (!result_.int8_tensor[i]) continue;
      int& group = number[root(i)];
      if (group < 0) group = result_.group_count++;
      result_.group[i] = group;
    }
  }

  const Graph& graph_;
  std::vector<int> producer_;
  std::vector<std::vector<std::size_t>> readers_;
  std::vector<bool> skipped_, tail_, only_moves_;
  std::vector<std::size_t> parent_;
  Assignment result_;
};

}  // namespace

Result<Assignment> assign_types(const Graph& graph, const std::vector<std::string>& skip) {
  Assigner assigner(graph);
  OCTET_TRY(assigner.skip(skip));
  return assigner.run();
}

}  // namespace octet

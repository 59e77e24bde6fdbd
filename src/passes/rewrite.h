// The common walk of all rewrites. The nodes are visited in order and emitted, changed or not, into a new list; a
// rewrite looks back at what has been emitted (where the operands of the visited node come from), never forward.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"

namespace octet {

class Rewriter {
 public:
  explicit Rewriter(Graph& graph);

  Graph& graph() { return graph_; }

  // The emitted node that makes a tensor, nullptr where there is none (input, constant). Valid until the next emit.
  Node* producer(TensorId id);
  // The same where it is of the operator asked for.
  Node* producer(TensorId id, Op op);
  // True where one node reads the tensor and it is no output: what makes it may then be changed together with it.
  bool used_once(TensorId id) const { return uses_[static_cast<std::size_t>(id)] == 1; }
  bool used(TensorId id) const { return uses_[static_cast<std::size_t>(id)] > 0; }
  // `node` now reads `id` at `index`.
  void set_input(Node& node, std::size_t index, TensorId id);

  void emit(Node node);
  // In place of `node`, whose first output equals `value`: readers of the output read `value`. Where the output is one
  // of the network, the node that makes `value` makes the output instead; where that cannot be (an input of the
  // network goes straight to an output), a reshape to the same shape stays.
  void forward(const Node& node, TensorId value);
  // In place of `node`: `earlier`, which made what `node` reads, makes the first output of `node`.
  void absorb(Node& earlier, const Node& node);

 private:
  template <class Visit>
  friend Status rewrite(Graph& graph, Visit visit);

  TensorId current(TensorId id);  // follows forwarded tensors
  void follow(std::vector<TensorId>& ids);
  void grow();  // after tensors were added to the graph
  Status check_growth() const;
  void finish();

  Graph& graph_;
  std::vector<Node> emitted_;
  std::vector<int> producers_;       // index into emitted_
  std::vector<int> uses_;            // of tensors that the walk began with; never fewer than there are
  std::vector<TensorId> forwarded_;  // itself where it is not
  std::vector<bool> is_output_;
  std::size_t given_ = 0;  // bytes of constants that the walk began with
  std::size_t made_ = 0;   // and of those that it has added
};

// Calls visit(Rewriter&, Node&) -> Status for each node of the graph, then drops what nobody reads any more. After a
// failure the graph is not usable.
template <class Visit>
Status rewrite(Graph& graph, Visit visit) {
  Rewriter rewriter(graph);
  std::vector<Node> nodes = std::move(graph.nodes);
  for (Node& node : nodes) {
    rewriter.follow(node.inputs);
    OCTET_TRY(visit(rewriter, node));
    rewriter.grow();
    OCTET_TRY(rewriter.check_growth());
  }
  rewriter.finish();
  return {};
}

// The value of a float32 constant of at most 65536 elements that are all equal.
std::optional<double> uniform_value(const Graph& graph, TensorId id);

// A float32 constant as one value for each of `channels`, where broadcasting it to `dims` varies along `axis` alone.
std::optional<std::vector<double>> channel_values(const Graph& graph, TensorId id, const Dims& dims, std::size_t axis);

// The limits of relu and clip, and of one clamp after another.
std::optional<Clamp> clamp_of(const Node& node);
Clamp combine(const Clamp& first, const Clamp& second);

}  // namespace octet

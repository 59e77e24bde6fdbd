// What converters of operators work with: the graph being built and the ONNX node being converted.
#pragma once

#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "graph/graph.h"
#include "import/onnx/proto.h"
#include "import/onnx/quantization.h"
#include "import/onnx/tensor.h"

namespace octet::onnx {

inline constexpr int kUnknownRank = -1;

// The graph so far. Types and ranks of tensors are followed as far as they are known without shape inference, which
// runs later: what depends on them here says so where they are unknown.
class Builder {
 public:
  Builder(TensorReader reader, int opset) : opset_(opset), reader_(std::move(reader)) {}

  int opset() const { return opset_; }
  Graph& graph() { return graph_; }
  const Tensor& tensor(TensorId id) const { return graph_.at(id); }
  int rank(TensorId id) const { return ranks_[static_cast<std::size_t>(id)]; }
  TensorReader& reader() { return reader_; }
  Quantization& quantization() { return quantization_; }
  const Quantization& quantization() const { return quantization_; }
  DynamicScales& dynamic_scales() { return dynamic_scales_; }

  // Facts about named values, announced before the nodes are converted.
  void announce_initializer(std::string_view name, std::string_view message) { initializers_.emplace(name, message); }
  void announce_value(const ValueInfo& info);
  void announce_use(std::string_view name) { used_.insert(name); }
  void announce_output(std::string_view name) { graph_outputs_.insert(name); }
  bool is_initializer(std::string_view name) const { return initializers_.contains(name); }
  bool is_used(std::string_view name) const { return used_.contains(name); }
  bool is_graph_output(std::string_view name) const { return graph_outputs_.contains(name); }

  // The tensor of a named value; initializers are decoded when they are first asked for. Fails where nothing makes it.
  Result<TensorId> find(std::string_view name);
  // Gives `name` to a tensor. Fails where the name is taken: a value is made once.
  Status define(std::string_view name, TensorId id);

  TensorId add_tensor(std::string_view name, DType dtype, int rank);
  TensorId add_constant(std::string_view name, Constant constant);
  // What constants that are computed from others may take together: a file that names one constant many times must not
  // fill the memory. `justify`: bytes that the file itself holds; `spend` fails where they do not suffice.
  void justify(std::size_t bytes) { budget_ += kCopies * bytes; }
  Status spend(std::size_t bytes);
  // For tensors that were added to the graph itself.
  void note_rank(TensorId id, int rank) {
    ranks_.resize(graph_.tensors.size(), kUnknownRank);
    ranks_[static_cast<std::size_t>(id)] = rank;
  }

  // Adds a node with `outputs` new tensors of these names and returns the first; type and rank follow from the inputs.
  TensorId add_node(Op op, std::string_view name, std::vector<TensorId> inputs,
                    std::span<const std::string_view> outputs, Attributes attrs);

  // Elements of a constant; nothing for other tensors and other types.
  std::optional<std::span<const std::int64_t>> ints_of(TensorId id) const;
  std::optional<std::span<const float>> floats_of(TensorId id) const;

  // A constant derived from another, made once however many nodes ask for it.
  TensorId transposed(TensorId matrix);  // a constant matrix
  TensorId as_i64(TensorId id);          // constant or not
  TensorId as_f32(TensorId id);          // constant integers; others come back as they are
  // The same elements under another shape. Precondition: constant, as many elements.
  TensorId reshaped(TensorId id, Dims dims);

 private:
  static constexpr std::size_t kCopies = 8;  // an int8 weight becomes float32, and perhaps is used twice
  struct TypeInfo {
    std::optional<DType> dtype;
    int rank = kUnknownRank;
  };

  int infer_rank(Op op, const std::vector<TensorId>& inputs, const Attributes& attrs) const;
  DType infer_dtype(Op op, const std::vector<TensorId>& inputs, const Attributes& attrs) const;

  int opset_;
  TensorReader reader_;
  Graph graph_;
  std::vector<int> ranks_;  // by TensorId
  std::unordered_map<std::string_view, TensorId> values_;
  std::unordered_map<std::string_view, std::string_view> initializers_;
  std::unordered_map<std::string_view, TypeInfo> infos_;
  std::unordered_set<std::string_view> used_, graph_outputs_;
  Quantization quantization_{*this};
  DynamicScales dynamic_scales_;
  std::size_t budget_ = std::size_t{64} << 20;  // bytes; more than this comes from justify
  std::unordered_map<TensorId, TensorId> transposed_, as_i64_, as_f32_;
};

// One ONNX node: its operands and attributes, and the nodes that it becomes. Attribute getters return the fallback and
// remember the error where the type is wrong; finish() reports it.
class NodeContext {
 public:
  NodeContext(Builder& builder, const NodeProto& node, std::vector<TensorId> inputs)
      : builder_(builder), node_(node), inputs_(std::move(inputs)), attribute_used_(node.attributes.size()) {}

  int opset() const { return builder_.opset(); }
  Builder& builder() { return builder_; }
  Quantization& quantization() { return builder_.quantization(); }
  std::string_view op_type() const { return node_.op_type; }
  // The node's name, or its first output's where it has none.
  std::string_view label() const { return node_.name.empty() ? node_.outputs.front() : node_.name; }
  std::span<const std::string_view> outputs() const { return node_.outputs; }
  std::string_view output_name() const { return node_.outputs.front(); }
  std::size_t input_count() const { return inputs_.size(); }
  TensorId input(std::size_t i) const { return i < inputs_.size() ? inputs_[i] : kNoTensor; }
  const std::vector<TensorId>& inputs() const { return inputs_; }
  std::size_t output_count() const { return node_.outputs.size(); }
  bool output_used(std::size_t i) const { return i < node_.outputs.size() && builder_.is_used(node_.outputs[i]); }
  bool first_output_is_graph_output() const { return builder_.is_graph_output(node_.outputs.front()); }
  int rank(std::size_t i) const { return input(i) == kNoTensor ? kUnknownRank : builder_.rank(input(i)); }
  // The constant behind an input, or nullptr.
  const Tensor* constant(std::size_t i) const;

  bool has(std::string_view name) const { return lookup(name) != nullptr; }
  std::int64_t int_attr(std::string_view name, std::int64_t fallback);
  bool flag_attr(std::string_view name, bool fallback = false) { return int_attr(name, fallback ? 1 : 0) != 0; }
  float float_attr(std::string_view name, float fallback);
  std::string_view string_attr(std::string_view name, std::string_view fallback);
  std::vector<std::int64_t> ints_attr(std::string_view name);
  std::vector<float> floats_attr(std::string_view name);
  // A TensorProto message; empty where absent.
  std::string_view tensor_attr(std::string_view name);
  // Attributes that do not change the result.
  void ignore(std::initializer_list<std::string_view> names);

  // A new intermediate tensor.
  TensorId emit(Op op, std::vector<TensorId> inputs, Attributes attrs = {});
  TensorId emit_binary(BinaryKind kind, TensorId a, TensorId b);
  TensorId emit_unary(UnaryKind kind, TensorId x);
  TensorId scalar(float value);
  TensorId ints(const std::vector<std::int64_t>& values);
  // The last node: makes the output of the ONNX node; the further ones that some operators have must be unused.
  // Op::split makes all outputs.
  Status result(Op op, std::vector<TensorId> inputs, Attributes attrs = {});
  Status result_binary(BinaryKind kind, TensorId a, TensorId b);
  // Output `i` behind the first, where somebody reads it. Before the result.
  Status further_output(std::size_t i, TensorId id);
  // The output is this constant, or this tensor.
  Status result_constant(Constant constant);
  Status result_alias(TensorId id);

  // Errors that only an attribute's or operand's value shows.
  static Status unsupported(std::string message) { return fail(Code::unsupported, std::move(message)); }
  static Status invalid(std::string message) { return fail(Code::format, std::move(message)); }

  // For operators on integers that another converter goes on with, in real numbers: its operands, and the group of
  // integers that its results are rounded to.
  void set_inputs(std::vector<TensorId> inputs) { inputs_ = std::move(inputs); }
  void quantize_result(int group) { result_group_ = group; }

  // An attribute of a wrong type.
  const Status& attribute_status() const { return error_; }
  // That, or an attribute that nobody asked for: it could change the result.
  Status finish() const;

 private:
  const Attribute* lookup(std::string_view name) const;
  Status only_first_output() const;
  const Attribute* typed(std::string_view name, AttributeType type);

  Builder& builder_;
  const NodeProto& node_;
  std::vector<TensorId> inputs_;
  std::vector<bool> attribute_used_;
  int intermediates_ = 0;
  std::size_t further_outputs_ = 0;  // made by further_output, from 1 on
  std::optional<int> result_group_;
  Status error_;
};

}  // namespace octet::onnx

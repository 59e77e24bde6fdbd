// Turns one .mnn operator after another into nodes of a Graph. It knows which tensor of the graph a tensor index of
// the file stands for, and what the file's operators need besides: the order of the dimensions (an MNN operator on
// images takes NHWC tensors as well as NCHW ones, the Graph's takes N, C, H, W) and the rank.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "import/justified.h"
#include "import/mnn/external_data.h"
#include "mnn_generated.h"

namespace octet::mnn {

namespace fb = octet::mnn_file;

// Order of a tensor's dimensions in the file. nc4hw4 has the dimensions of nchw (its memory layout does not matter
// here), but a few operators of old files treat the two differently.
enum class Layout : std::uint8_t { nchw, nc4hw4, nhwc };
Layout layout_of(fb::DataFormat format);

inline constexpr int kUnknownRank = -1;

// Permutations between the two orders for tensors of `rank` dimensions.
std::vector<std::int64_t> nhwc_to_nchw(int rank);
std::vector<std::int64_t> nchw_to_nhwc(int rank);

// Text of an optional FlatBuffers string.
std::string text_of(const flatbuffers::String* text);
template <class T>
std::span<const T> span_of(const flatbuffers::Vector<T>* vector) {
  return vector == nullptr ? std::span<const T>() : std::span<const T>(vector->data(), vector->size());
}
std::vector<std::int64_t> widened(const flatbuffers::Vector<std::int32_t>* values);

class TensorQuants;
struct TensorQuant;

class Emitter {
 public:
  // `net` is that of a file of `file_bytes` bytes.
  Emitter(const fb::Net& net, std::size_t file_bytes, const std::string& path);

  // Around each operator: begin finds its inputs, end checks that every output has been made. Where MNN computes the
  // operator in int8 (`int8` is not nullptr) its inputs and outputs pass through int8.
  Status begin(const fb::Op& op, const TensorQuants* int8 = nullptr);
  Status end();
  // After the last one: names the outputs of the network.
  Result<Graph> finish_network();

  Graph& graph() { return graph_; }
  const Graph& graph() const { return graph_; }
  const fb::Net& net() const { return net_; }
  ExternalData& external() { return external_; }
  // Old int8 networks: the scale that a reader of the tensor states for it, 0 where none does (convert_int8.cpp).
  float stated_scale(std::int32_t tensor) const;

  // The operator at hand.
  const fb::Op& op() const { return *op_; }
  std::size_t input_count() const { return inputs_.size(); }
  std::size_t output_count() const { return op_->outputs()->size(); }
  TensorId input(std::size_t i) const { return i < inputs_.size() ? inputs_[i] : kNoTensor; }
  Status expect_inputs(std::size_t least, std::size_t most) const;
  // Its parameters as table T; an error where the file has others.
  template <class T>
  Result<const T*> parameters() const {
    const T* table = op_->template main_as<T>();
    if (table == nullptr) return wrong_parameters();
    return table;
  }
  std::string output_name(std::size_t i) const;

  // Of the first input and the first output, where the operator is computed in int8; else nullptr.
  const TensorQuant* int8_input() const;
  const TensorQuant* int8_output() const;

  // A node with one output, described like its first input until told otherwise.
  TensorId emit(octet::Op kind, std::vector<TensorId> inputs, const Attributes& attrs = {});
  std::vector<TensorId> emit_many(octet::Op kind, std::vector<TensorId> inputs, const Attributes& attrs,
                                  std::size_t outputs);
  TensorId source(DType dtype, Dims dims, Layout layout);
  TensorId constant(DType dtype, Dims dims, Bytes data, Layout layout);
  TensorId constant(const std::vector<float>& values, Dims dims);
  TensorId constant(const std::vector<std::int64_t>& values);  // one dimension
  TensorId constant_scalar(float value);
  // See import/quantized_constant.h; the scales are those of dimension 0.
  Result<TensorId> quantized_constant(Dims dims, std::span<const std::int32_t> values,
                                      const std::vector<float>& scales);
  TensorId transpose(TensorId x, std::vector<std::int64_t> permutation);
  TensorId unary(UnaryKind kind, TensorId x, float alpha = 0, float beta = 0);
  TensorId binary(BinaryKind kind, TensorId a, TensorId b, const Clamp& clamp = {});
  TensorId cast(TensorId x, DType to);
  // x, rounded to integers and back to what they mean, of that name.
  TensorId through_int8(TensorId x, const Quant& quant, const std::string& name);
  TensorId slice(TensorId x, std::int64_t axis, std::int64_t start, std::int64_t end);
  // Rank and order of dimensions of a result that is made by broadcasting a and b.
  void describe_broadcast(TensorId result, TensorId a, TensorId b);
  // x in the order N, C, H, W; `rank` is assumed where it is not known. An error where it is needed and not known.
  Result<TensorId> as_nchw(TensorId x, int assumed_rank);
  // y, made from as_nchw(x), in the order of x.
  TensorId like(TensorId x, TensorId y);

  // The tensor becomes output `i` of the operator; through int8 where the operator is computed in int8.
  void finish(TensorId tensor, std::size_t i = 0);
  // Old int8 operators: what the operator at hand finishes is rounded to these integers, and known to be integers.
  void round_outputs(const Quant& quant) { rounded_ = quant; }
  // An input of the network, and which of its dimensions the file leaves open.
  void finish_input(TensorId tensor, std::span<const std::size_t> open);

  Layout layout(TensorId id) const { return notes_[static_cast<std::size_t>(id)].layout; }
  int rank(TensorId id) const { return notes_[static_cast<std::size_t>(id)].rank; }
  void set_layout(TensorId id, Layout layout) { note(id).layout = layout; }
  void set_rank(TensorId id, int rank) { note(id).rank = rank; }
  // Of a tensor that the old int8 operators made: it holds the meaning of int8 integers. Scale 0: it does not.
  const Quant& quant(TensorId id) const { return notes_[static_cast<std::size_t>(id)].quant; }
  void set_quant(TensorId id, const Quant& quant) { note(id).quant = quant; }
  DType dtype(TensorId id) const { return graph_.at(id).dtype; }
  void set_dtype(TensorId id, DType dtype) { graph_.at(id).dtype = dtype; }

  // The integers of a constant; an error that names `what` where the tensor is not one.
  Result<std::vector<std::int64_t>> integers(TensorId id, const char* what) const;

 private:
  struct Note {
    Layout layout = Layout::nchw;
    int rank = kUnknownRank;
    Quant quant;
  };

  Status wrong_parameters() const;
  std::string tensor_name(std::int32_t index) const;
  Note& note(TensorId id) { return notes_[static_cast<std::size_t>(id)]; }
  TensorId add(std::string name, DType dtype, const Note& note);
  std::string fresh_name();

  const fb::Net& net_;
  ExternalData external_;
  Graph graph_;
  std::vector<Note> notes_;                             // of the graph's tensors
  std::unordered_map<std::int32_t, TensorId> current_;  // what a tensor index of the file stands for now
  std::unordered_map<std::int32_t, float> stated_scales_;
  std::unordered_map<std::int32_t, TensorId> as_int8_;  // float tensors of the file, through int8
  std::unordered_set<std::int32_t> int8_;               // tensor indices that an operator in int8 has made
  std::vector<std::int32_t> made_;                      // tensor indices in the order of being made
  std::unordered_set<TensorId> read_;                   // by any operator
  JustifiedSize size_;

  const fb::Op* op_ = nullptr;
  const TensorQuants* quants_ = nullptr;  // where the operator at hand is computed in int8
  Quant rounded_;                         // of round_outputs
  std::string base_name_;
  std::vector<TensorId> inputs_;
  std::unordered_set<std::int32_t> finished_;  // outputs of the operator at hand
  TensorId first_tensor_ = 0;                  // the operator's own tensors begin here
  std::size_t first_node_ = 0;
  std::unordered_set<TensorId> named_;  // own tensors that are an output already
};

}  // namespace octet::mnn

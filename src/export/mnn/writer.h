// Writes the operators of a .mnn file one after another. It knows the tensor index of the file that stands for a tensor
// of the graph, and in which of MNN's two orders each tensor lies: operators on images take and make NC4HW4, most
// others NCHW, and a ConvertTensor operator goes between, as MNN's converter has it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "mnn_generated.h"

namespace octet::mnn {

namespace fb = octet::mnn_file;

// Scale and zero point of a tensor that MNN may hold as int8, and what it limits the integers to.
struct TensorRange {
  Quant quant;
  std::int32_t least = -128, most = 127;
};

class Names {
 public:
  // `name` where it is not taken yet, else with "/1", "/2", ... behind it.
  std::string unused(const std::string& name);

 private:
  std::unordered_set<std::string> taken_;
  std::unordered_map<std::string, int> next_;  // number to try for a name that is taken
};

class Writer {
 public:
  using Main = std::pair<fb::OpParameter, flatbuffers::Offset<void>>;

  // `other`: the same graph at other open sizes, by which those that are fixed are told from those that are not; null
  // where all are fixed.
  Writer(const Graph& graph, const Graph* other);

  const Graph& graph() const { return graph_; }
  // The tensor at other sizes.
  const Tensor& other(TensorId id) const { return other_ == nullptr ? graph_.at(id) : other_->at(id); }
  // Whether a size of the tensor depends on open sizes.
  bool is_open(TensorId id, std::size_t dimension) const {
    return graph_.at(id).dims[dimension] != other(id).dims[dimension];
  }
  bool is_open_image(TensorId id) const { return is_open(id, 2) || is_open(id, 3); }
  const Tensor& tensor(TensorId id) const { return graph_.at(id); }
  // How many nodes read it, and outputs are it.
  int uses(TensorId id) const { return uses_[static_cast<std::size_t>(id)]; }
  flatbuffers::FlatBufferBuilder& builder() { return builder_; }

  // The index that stands for a tensor of the graph that an operator reads; float constants are written where needed.
  std::int32_t read(TensorId id);
  // The index of a tensor that the operator at hand makes, in the order of `format`. An int8 one keeps its scale.
  std::int32_t make(TensorId id, fb::DataFormat format);
  // A tensor between two operators that stand for one node: like `id`, of other dims.
  std::int32_t between(TensorId id, const Dims& dims, fb::DataFormat format);
  // A tensor like `index`, without a scale.
  std::int32_t add_float(std::int32_t index);
  // From here on `id` is what `index` holds.
  void stands_for(TensorId id, std::int32_t index) { current_[id] = index; }

  fb::DataFormat format(std::int32_t index) const { return tensors_[at(index)].format; }
  // The tensor in that order, converted where it is not.
  std::int32_t as(std::int32_t index, fb::DataFormat format);
  void set_range(std::int32_t index, const TensorRange& range) { tensors_[at(index)].range = range; }
  const std::optional<TensorRange>& range(std::int32_t index) const { return tensors_[at(index)].range; }
  // Values of a clamp as limits of the integers of an int8 output.
  void limit(std::int32_t index, const Clamp& clamp);

  std::int32_t constant(const Dims& dims, const std::vector<float>& values, const std::string& name);
  std::int32_t constant(const std::vector<std::int64_t>& values, const std::string& name);

  template <class T>
  static Main main(flatbuffers::Offset<T> table) {
    constexpr fb::OpParameter kKind = fb::OpParameterTraits<T>::enum_value;
    return {kKind, table.Union()};
  }
  void op(fb::OpType type, const std::string& name, const std::vector<std::int32_t>& inputs,
          const std::vector<std::int32_t>& outputs, Main main = {});
  // A name for an operator that no other has.
  std::string op_name(const std::string& name) { return op_names_.unused(name); }

  void input(TensorId id);
  // The file. `outputs` in the order of the network.
  std::string finish(const std::vector<std::int32_t>& outputs);

 private:
  struct Entry {
    std::string name;
    Dims dims;
    fb::DataFormat format = fb::DataFormat::NCHW;
    std::optional<TensorRange> range;
  };

  std::string fresh(const std::string& name) { return names_.unused(name); }  // for a tensor
  std::string name_of(TensorId id);  // of the tensor of the file that is now made for it
  static std::size_t at(std::int32_t index) { return static_cast<std::size_t>(index); }
  std::int32_t add(const std::string& name, const Dims& dims, fb::DataFormat format);

  const Graph& graph_;
  const Graph* other_;
  std::vector<int> uses_;
  flatbuffers::FlatBufferBuilder builder_;
  std::vector<Entry> tensors_;
  std::vector<flatbuffers::Offset<fb::Op>> ops_;
  std::unordered_map<TensorId, std::int32_t> current_;
  std::map<std::pair<std::int32_t, fb::DataFormat>, std::int32_t> converted_;
  Names names_, op_names_;                              // of tensors, of operators
  std::unordered_map<TensorId, std::string> reserved_;  // names of inputs and outputs that are still to be made
};

// 32-bit integers, as the format has them. The values of a validated graph fit, or mean "to the end".
std::vector<std::int32_t> narrowed(const std::vector<std::int64_t>& values);

}  // namespace octet::mnn

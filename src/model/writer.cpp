#include <cstring>
#include <map>
#include <string_view>

#include "base/checked.h"
#include "base/file.h"
#include "base/text.h"
#include "graph/open_sizes.h"
#include "model/attributes.h"
#include "model/format.h"
#include "model/model.h"
#include "octet_generated.h"

namespace octet {

namespace {

using namespace format;
using Builder = flatbuffers::FlatBufferBuilder;

std::string_view content(const Tensor& constant) {
  return {reinterpret_cast<const char*>(constant.data.data()), constant.data.size()};
}

Status check_count(std::size_t count, std::size_t limit, const char* what) {
  if (count <= limit) return {};
  return fail(Code::unsupported, "the network has " + std::to_string(count) + " " + what +
                                     "; a .octet file holds at most " + std::to_string(limit));
}

// Where each constant lies. Constants of equal content share one place.
class WeightLayout {
 public:
  Status arrange(const Graph& graph) {
    std::map<std::string_view, std::size_t> places;
    for (const Tensor& tensor : graph.tensors) {
      if (!tensor.constant) continue;
      const std::size_t start = align_up(size_, alignment_of(tensor.data.size()));
      if (tensor.data.size() > kMaxWeightBytes - start) {
        return fail(Code::unsupported, "the weights are larger than the " + std::to_string(kMaxWeightBytes) +
                                           " bytes that a .octet file holds");
      }
      const auto [place, is_new] = places.try_emplace(content(tensor), start);
      if (is_new) {
        size_ = start + tensor.data.size();
        pieces_.push_back({start, &tensor});
      }
      offsets_.push_back(static_cast<std::uint32_t>(place->second));
    }
    return {};
  }

  const std::vector<std::uint32_t>& offsets() const { return offsets_; }  // in the order of the constants
  std::size_t size() const { return size_; }

  flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> write(Builder& builder) const {
    builder.ForceVectorAlignment(size_, 1, kAlignment);
    std::uint8_t* blob = nullptr;
    const auto vector = builder.CreateUninitializedVector(size_, &blob);
    if (size_ == 0) return vector;
    std::memset(blob, 0, size_);
    for (const Piece& piece : pieces_) {
      const Bytes& data = piece.constant->data;
      if (!data.empty()) std::memcpy(blob + piece.start, data.data(), data.size());
    }
    return vector;
  }

 private:
  struct Piece {
    std::size_t start;
    const Tensor* constant;
  };
  std::vector<std::uint32_t> offsets_;
  std::vector<Piece> pieces_;
  std::size_t size_ = 0;
};

bool reads_int8(const Graph& graph, const Node& node) {
  const TensorId x = node.input(0);
  return x != kNoTensor && graph.at(x).dtype == DType::i8;
}

// Names of all tensors, then of all nodes. Left out where the reader knows them: a node named as its first result, a
// constant named after the node that reads it, and constants of int8 nodes, whatever they are called.
class NameWriter {
 public:
  explicit NameWriter(const Graph& graph) : graph_(graph), readings_(first_readings(graph)) {}

  Status write() {
    for (std::size_t i = 0; i < graph_.tensors.size(); ++i) {
      const Tensor& tensor = graph_.tensors[i];
      add(tensor.name, is_derived(i));
    }
    for (const Node& node : graph_.nodes) add(node.name, node.name == graph_.at(node.outputs[0]).name);
    return check_count(length_, kMaxNameBytes, "bytes of names");
  }

  const std::vector<std::uint8_t>& bytes() const { return sink_.bytes(); }

 private:
  bool is_derived(std::size_t tensor) {
    const Reading reading = readings_[tensor];
    if (!graph_.tensors[tensor].constant || reading.node < 0) return false;
    const Node& node = graph_.nodes[static_cast<std::size_t>(reading.node)];
    const std::string derived = derived_name(node, reading.index);
    const bool is_dropped = reads_int8(graph_, node);
    if (is_dropped) length_ += derived.size();
    return is_dropped || graph_.tensors[tensor].name == derived;
  }

  void add(const std::string& name, bool derived) {
    length_ += name.size();
    if (derived) {
      sink_.no_name();
    } else {
      sink_.name(name);
    }
  }

  const Graph& graph_;
  std::vector<Reading> readings_;
  std::size_t length_ = 0;
  ByteSink sink_;
};

std::vector<std::uint16_t> ids_of(const std::vector<TensorId>& ids) {
  std::vector<std::uint16_t> stored;
  for (const TensorId id : ids) stored.push_back(id == kNoTensor ? kNoOperand : static_cast<std::uint16_t>(id));
  return stored;
}

struct TensorColumns {
  std::vector<std::uint8_t> dtypes, flags;
  std::vector<std::uint16_t> shapes;
  std::vector<float> scales;
  std::vector<std::int32_t> zero_points;

  void add(const Tensor& tensor, std::uint32_t shape) {
    const bool quantized = !(tensor.quant == Quant{});
    dtypes.push_back(static_cast<std::uint8_t>(tensor.dtype));
    flags.push_back(static_cast<std::uint8_t>((tensor.constant ? kConstant : 0) | (quantized ? kQuantized : 0)));
    shapes.push_back(static_cast<std::uint16_t>(shape));
    if (!quantized) return;
    scales.push_back(tensor.quant.scale);
    zero_points.push_back(tensor.quant.zero_point);
  }
};

struct NodeColumns {
  std::vector<std::uint8_t> ops;
  std::vector<std::uint16_t> attributes, input_counts, output_counts, operands;

  void add(const Node& node, std::uint32_t attributes_number) {
    ops.push_back(static_cast<std::uint8_t>(node.op));
    attributes.push_back(static_cast<std::uint16_t>(attributes_number));
    input_counts.push_back(static_cast<std::uint16_t>(node.inputs.size()));
    output_counts.push_back(static_cast<std::uint16_t>(node.outputs.size()));
    for (const auto* ids : {&node.inputs, &node.outputs}) {
      const std::vector<std::uint16_t> stored = ids_of(*ids);
      operands.insert(operands.end(), stored.begin(), stored.end());
    }
  }
};

flatbuffers::Offset<Recipe> write_recipe(Builder& builder, const ImageRecipe& recipe) {
  const ImageRecipe usual;
  if (!recipe.present && recipe == usual) return 0;
  const auto values = [&builder](const std::array<float, 4>& array) { return builder.CreateVector(array.data(), 4); };
  const auto mean = values(recipe.mean);
  const auto normal = values(recipe.normal);
  RecipeBuilder table(builder);
  table.add_mean(mean);
  table.add_normal(normal);
  table.add_width(recipe.width);
  table.add_height(recipe.height);
  table.add_shorter_side(recipe.shorter_side);
  table.add_center_crop_h(recipe.center_crop_h);
  table.add_center_crop_w(recipe.center_crop_w);
  table.add_format(static_cast<std::uint8_t>(recipe.format));
  table.add_fit(static_cast<std::uint8_t>(recipe.fit));
  table.add_present(recipe.present);
  return table.Finish();
}

// Of each dimension of each input a name, or that there is none.
std::vector<std::uint8_t> open_sizes_of(const Graph& graph) {
  if (!has_open_sizes(graph)) return {};
  ByteSink sink;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    for (std::size_t d = 0; d < graph.at(graph.inputs[i]).dims.size(); ++d) {
      const std::string_view name = open_name(graph, i, d);
      name.empty() ? sink.no_name() : sink.name(name);
    }
  }
  return sink.bytes();
}

class ModelWriter {
 public:
  explicit ModelWriter(const Graph& graph) : graph_(graph) {}

  // Limits first, then the weights, which so come to lie at the end of the file, then all else.
  Result<Builder> write() {
    OCTET_TRY(validate(graph_));
    OCTET_TRY(check_recipe(graph_.recipe));
    OCTET_TRY(check_limits());
    WeightLayout weights;
    OCTET_TRY(weights.arrange(graph_));
    NameWriter names(graph_);
    OCTET_TRY(names.write());

    Builder builder(weights.size() + kExpectedStructure);
    const auto blob = weights.write(builder);
    ListWriter lists;
    AttributesWriter attributes(builder, lists);
    TensorColumns tensors;
    for (const Tensor& tensor : graph_.tensors) tensors.add(tensor, lists.number_of(tensor.dims));
    NodeColumns nodes;
    for (const Node& node : graph_.nodes) nodes.add(node, attributes.number_of(node.attrs));
    OCTET_TRY(check_count(lists.size(), kMaxItems, "different shapes and lists of attributes"));
    OCTET_TRY(check_count(lists.listed(), kMaxListed, "elements in shapes and attributes"));

    const auto name = builder.CreateString(graph_.name);
    const auto source_format = builder.CreateString(graph_.source_format);
    const auto recipe = write_recipe(builder, graph_.recipe);
    const auto inputs = builder.CreateVector(ids_of(graph_.inputs));
    const auto outputs = builder.CreateVector(ids_of(graph_.outputs));
    const auto dtypes = builder.CreateVector(tensors.dtypes);
    const auto flags = builder.CreateVector(tensors.flags);
    const auto shapes = builder.CreateVector(tensors.shapes);
    const auto offsets = builder.CreateVector(weights.offsets());
    const auto scales = builder.CreateVector(tensors.scales);
    const auto zero_points = builder.CreateVector(tensors.zero_points);
    const auto ops = builder.CreateVector(nodes.ops);
    const auto attribute_numbers = builder.CreateVector(nodes.attributes);
    const auto input_counts = builder.CreateVector(nodes.input_counts);
    const auto output_counts = builder.CreateVector(nodes.output_counts);
    const auto operands = builder.CreateVector(nodes.operands);
    const auto tables = builder.CreateVector(attributes.tables());
    const auto name_bytes = builder.CreateVector(names.bytes());
    const auto list_bytes = builder.CreateVector(lists.bytes());
    const std::vector<std::uint8_t> open_sizes = open_sizes_of(graph_);
    const auto open_bytes = open_sizes.empty() ? 0 : builder.CreateVector(open_sizes);
    const Checksum not_yet(0);
    FinishModelBuffer(
        builder, CreateModel(builder, kVersion, minimum_version(graph_), &not_yet, name, source_format, recipe, inputs,
                             outputs, dtypes, flags, shapes, offsets, scales, zero_points, ops, attribute_numbers,
                             input_counts, output_counts, operands, tables, name_bytes, list_bytes, blob, open_bytes));
    set_checksum(builder);
    return builder;
  }

 private:
  static constexpr std::size_t kExpectedStructure = 64 * 1024;  // the builder grows where it is more

  Status check_limits() const {
    OCTET_TRY(check_count(graph_.tensors.size(), kMaxItems, "tensors"));
    OCTET_TRY(check_count(graph_.nodes.size(), kMaxItems, "nodes"));
    std::size_t operands = 0;
    for (const Node& node : graph_.nodes) {
      OCTET_TRY(check_count(node.inputs.size(), kMaxItems, "inputs of one node"));
      operands += node.inputs.size() + node.outputs.size();
    }
    OCTET_TRY(check_count(operands, kMaxOperands, "inputs and outputs of nodes"));
    return check_count(graph_.name.size() + graph_.source_format.size(), kMaxNameBytes, "bytes of names");
  }

  static void set_checksum(Builder& builder) {
    std::uint8_t* file = builder.GetBufferPointer();
    const Model* model = GetModel(file);
    const auto position = static_cast<std::size_t>(reinterpret_cast<const std::uint8_t*>(model->checksum()) - file);
    const auto structure = static_cast<std::size_t>(model->weights()->data() - file);
    const std::uint64_t sum = checksum(std::as_bytes(std::span(file, structure)), position);
    std::memcpy(file + position, &sum, sizeof sum);
  }

  const Graph& graph_;
};

std::span<const std::byte> bytes_of(const Builder& builder) {
  return std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
}

}  // namespace

Status write_octet(const Graph& graph, const std::string& path) {
  auto file = ModelWriter(graph).write();
  if (!file.ok()) return file.status().within("cannot write '" + printable(path) + "'");
  const std::span<const std::byte> piece = bytes_of(file.value());
  return write_file_atomically(path, {&piece, 1});
}

Result<Bytes> octet_bytes(const Graph& graph) {
  OCTET_ASSIGN(const Builder file, ModelWriter(graph).write());
  return Bytes::copy_of(bytes_of(file).data(), bytes_of(file).size());
}

}  // namespace octet

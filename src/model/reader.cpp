#include <cstring>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "graph/open_sizes.h"
#include "graph/operands.h"
#include "model/attributes.h"
#include "model/format.h"
#include "model/model.h"
#include "octet_generated.h"

namespace octet {

namespace {

using namespace format;
using flatbuffers::Vector;

constexpr std::size_t kIdentifierAt = 4;  // bytes from the start of a FlatBuffers file

Status damaged(const std::string& message) { return fail(Code::format, "is damaged: " + message); }

template <class T>
std::size_t size_of_column(const Vector<T>* column) {
  return column == nullptr ? 0 : column->size();
}

template <class T>
Status require_size(const Vector<T>* column, std::size_t size, const char* what) {
  if (size_of_column(column) == size) return {};
  return damaged("it has " + std::to_string(size_of_column(column)) + " " + what + " where " + std::to_string(size) +
                 " are needed");
}

// Turns the verified tables into a Graph. Verified means that every vector lies inside the file and no more: every
// number in them is checked here.
class GraphReader {
 public:
  GraphReader(const Model& model, const Bytes& file) : model_(model), file_(file) {}

  Result<Graph> read() {
    OCTET_TRY(lists_.read(model_.lists()));
    OCTET_TRY(read_tensors());
    OCTET_TRY(read_nodes());
    OCTET_TRY(read_names());
    OCTET_TRY(check_operators());
    OCTET_TRY(read_attributes_of_nodes());
    OCTET_TRY(read_ids(model_.inputs(), &graph_.inputs));
    OCTET_TRY(read_ids(model_.outputs(), &graph_.outputs));
    OCTET_TRY(read_open_sizes());
    if (model_.recipe() != nullptr) OCTET_TRY(read_recipe(*model_.recipe()));
    if (model_.name() != nullptr) graph_.name = model_.name()->str();
    if (model_.source_format() != nullptr) graph_.source_format = model_.source_format()->str();
    return std::move(graph_);
  }

 private:
  Status read_tensors() {
    const std::size_t count = size_of_column(model_.tensor_dtypes());
    if (count > kMaxItems) return damaged("it has " + std::to_string(count) + " tensors");
    OCTET_TRY(require_size(model_.tensor_flags(), count, "flags of tensors"));
    OCTET_TRY(require_size(model_.tensor_shapes(), count, "shapes of tensors"));
    graph_.tensors.resize(count);
    std::size_t constants = 0;
    std::size_t quantized = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto index = static_cast<flatbuffers::uoffset_t>(i);
      Tensor& tensor = graph_.tensors[i];
      OCTET_TRY(read_tensor(index, &tensor));
      if (tensor.constant) OCTET_TRY(read_constant(constants++, &tensor));
      if ((model_.tensor_flags()->Get(index) & kQuantized) != 0) OCTET_TRY(read_quant(quantized++, &tensor.quant));
    }
    OCTET_TRY(require_size(model_.constant_offsets(), constants, "offsets of constants"));
    OCTET_TRY(require_size(model_.scales(), quantized, "scales"));
    return require_size(model_.zero_points(), quantized, "zero points");
  }

  Status read_tensor(flatbuffers::uoffset_t index, Tensor* tensor) {
    const std::string where = "tensor " + std::to_string(index);
    const std::uint8_t flags = model_.tensor_flags()->Get(index);
    if ((flags & ~(kConstant | kQuantized)) != 0) return damaged(where + " has unknown flags");
    tensor->dtype = static_cast<DType>(model_.tensor_dtypes()->Get(index));
    if (size_of(tensor->dtype) == 0) return damaged(where + " has an unknown element type");
    tensor->constant = (flags & kConstant) != 0;
    OCTET_TRY(lists_.get(model_.tensor_shapes()->Get(index), &tensor->dims));
    if (tensor->dims.size() > kMaxRank || element_count(tensor->dims) < 0) {
      return damaged(where + " has an impossible shape");
    }
    return {};
  }

  Status read_constant(std::size_t index, Tensor* tensor) {
    if (index >= size_of_column(model_.constant_offsets())) return damaged("the offset of a constant is missing");
    const std::size_t offset = model_.constant_offsets()->Get(static_cast<flatbuffers::uoffset_t>(index));
    const std::size_t size = static_cast<std::size_t>(element_count(tensor->dims)) * size_of(tensor->dtype);
    const std::size_t room = size_of_column(model_.weights());
    if (offset > room || size > room - offset) {
      return damaged("a constant of " + std::to_string(size) + " bytes lies outside the weights");
    }
    if (offset % alignment_of(size) != 0) return damaged("a constant is not aligned");
    if (size == 0) return {};
    const auto* blob = reinterpret_cast<const std::byte*>(model_.weights()->data());
    tensor->data = file_.slice(static_cast<std::size_t>(blob - file_.data()) + offset, size);
    return {};
  }

  Status read_quant(std::size_t index, Quant* quant) {
    if (index >= size_of_column(model_.scales()) || index >= size_of_column(model_.zero_points())) {
      return damaged("the scale or zero point of a tensor is missing");
    }
    quant->scale = model_.scales()->Get(static_cast<flatbuffers::uoffset_t>(index));
    quant->zero_point = model_.zero_points()->Get(static_cast<flatbuffers::uoffset_t>(index));
    return {};
  }

  Status read_nodes() {
    const std::size_t count = size_of_column(model_.node_ops());
    if (count > kMaxItems) return damaged("it has " + std::to_string(count) + " nodes");
    OCTET_TRY(require_size(model_.node_attributes(), count, "attributes of nodes"));
    OCTET_TRY(require_size(model_.node_input_counts(), count, "numbers of inputs"));
    OCTET_TRY(require_size(model_.node_output_counts(), count, "numbers of outputs"));
    graph_.nodes.resize(count);
    std::size_t next = 0;  // operand
    for (std::size_t i = 0; i < count; ++i) {
      const auto index = static_cast<flatbuffers::uoffset_t>(i);
      Node& node = graph_.nodes[i];
      node.op = static_cast<Op>(model_.node_ops()->Get(index));
      OCTET_TRY(read_operands(model_.node_input_counts()->Get(index), true, &next, &node.inputs));
      OCTET_TRY(read_operands(model_.node_output_counts()->Get(index), false, &next, &node.outputs));
      if (node.outputs.empty()) return damaged("node " + std::to_string(i) + " has no output");
    }
    return require_size(model_.operands(), next, "operands");
  }

  Status read_operands(std::size_t count, bool optional, std::size_t* next, std::vector<TensorId>* ids) {
    if (count > size_of_column(model_.operands()) - *next) return damaged("operands of a node are missing");
    ids->reserve(count);
    for (std::size_t i = 0; i < count; ++i, ++*next) {
      const std::uint16_t id = model_.operands()->Get(static_cast<flatbuffers::uoffset_t>(*next));
      if (id >= graph_.tensors.size() && !(optional && id == kNoOperand)) {
        return damaged("a node names tensor " + std::to_string(id) + ", which does not exist");
      }
      ids->push_back(id < graph_.tensors.size() ? TensorId{id} : kNoTensor);
    }
    return {};
  }

  Status read_ids(const Vector<std::uint16_t>* stored, std::vector<TensorId>* ids) const {
    if (stored == nullptr) return {};
    if (stored->size() > graph_.tensors.size()) return damaged("it has more inputs or outputs than tensors");
    for (const std::uint16_t id : *stored) {
      if (id >= graph_.tensors.size()) {
        return damaged("an input or output is tensor " + std::to_string(id) + ", which does not exist");
      }
      ids->push_back(id);
    }
    return {};
  }

  Status take_name(std::string_view name, std::string* out) {
    if (name.size() > name_bytes_left_) return damaged("its names are too long");
    name_bytes_left_ -= name.size();
    *out = name;
    return {};
  }

  // Stored names, then those of nodes that are called like their first output, then those of constants that are
  // called after the node that reads them.
  Status read_names() {
    const Vector<std::uint8_t>* stored = model_.names();
    ByteSource source(stored == nullptr ? std::span<const std::uint8_t>() : std::span(stored->data(), stored->size()));
    std::vector<bool> named(graph_.tensors.size());
    std::string_view name;
    bool present = false;
    for (std::size_t i = 0; i < graph_.tensors.size(); ++i) {
      if (!source.name(&name, &present)) return damaged("names of tensors are missing");
      named[i] = present;
      OCTET_TRY(take_name(name, &graph_.tensors[i].name));
    }
    for (Node& node : graph_.nodes) {
      if (!source.name(&name, &present)) return damaged("names of nodes are missing");
      OCTET_TRY(take_name(present ? name : std::string_view(graph_.at(node.outputs[0]).name), &node.name));
    }
    if (source.left() != 0) return damaged("it has more names than tensors and nodes");
    const std::vector<Reading> readings = first_readings(graph_);
    for (std::size_t i = 0; i < graph_.tensors.size(); ++i) {
      if (named[i] || !graph_.tensors[i].constant || readings[i].node < 0) continue;
      const Node& reader = graph_.nodes[static_cast<std::size_t>(readings[i].node)];
      OCTET_TRY(take_name(derived_name(reader, readings[i].index), &graph_.tensors[i].name));
    }
    return {};
  }

  Status read_open_sizes() {
    const Vector<std::uint8_t>* stored = model_.open_sizes();
    if (stored == nullptr) return {};
    ByteSource source(std::span(stored->data(), stored->size()));
    for (std::size_t i = 0; i < graph_.inputs.size(); ++i) {
      for (std::size_t d = 0; d < graph_.at(graph_.inputs[i]).dims.size(); ++d) {
        std::string_view name;
        bool open = false;
        if (!source.name(&name, &open)) return damaged("names of open sizes are missing");
        if (name.size() > kLongestSizeName) return damaged("the name of an open size is too long");
        if (open) set_open(graph_, i, d, name);
      }
    }
    return source.left() == 0 ? Status() : damaged("it has more open sizes than its inputs have dimensions");
  }

  Status check_operators() const {
    for (const Node& node : graph_.nodes) {
      if (operand_rule(node.op) != nullptr) continue;
      return fail(Code::unsupported, "node '" + printable(node.name) + "' has the operator number " +
                                         std::to_string(static_cast<int>(node.op)) +
                                         ", which this version of Octet does not know; update Octet");
    }
    return {};
  }

  Status read_attributes_of_nodes() {
    const std::size_t tables = size_of_column(model_.attributes());
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      Node& node = graph_.nodes[i];
      const std::uint16_t number = model_.node_attributes()->Get(static_cast<flatbuffers::uoffset_t>(i));
      if (number >= tables) return damaged(describe(node) + " has attributes that do not exist");
      OCTET_TRY(read_attributes(*model_.attributes()->Get(number), lists_, &node.attrs).within(describe(node)));
    }
    return {};
  }

  Status read_recipe(const Recipe& stored) {
    ImageRecipe& recipe = graph_.recipe;
    recipe.present = stored.present();
    recipe.format = static_cast<PixelFormat>(stored.format());
    recipe.fit = static_cast<FitMode>(stored.fit());
    for (const auto& [values, array] : {std::pair(stored.mean(), &recipe.mean), {stored.normal(), &recipe.normal}}) {
      if (values == nullptr) continue;
      OCTET_TRY(require_size(values, array->size(), "values for the channels of an image"));
      std::copy(values->begin(), values->end(), array->begin());
    }
    recipe.width = stored.width();
    recipe.height = stored.height();
    recipe.shorter_side = stored.shorter_side();
    if (stored.center_crop_h().has_value()) recipe.center_crop_h = *stored.center_crop_h();
    if (stored.center_crop_w().has_value()) recipe.center_crop_w = *stored.center_crop_w();
    return check_recipe(recipe);
  }

  const Model& model_;
  const Bytes& file_;
  Graph graph_;
  ListReader lists_;
  std::size_t name_bytes_left_ = kMaxNameBytes;
};

flatbuffers::Verifier verifier_of(const Bytes& file) {
  constexpr flatbuffers::uoffset_t kMaxDepth = 4;  // the model, and a recipe or attributes in it
  return {reinterpret_cast<const std::uint8_t*>(file.data()), file.size(), kMaxDepth, kMaxItems + 8};
}

// The first two fields of the root table tell whether the rest can be understood, in files of every version.
Status check_version(const Bytes& file) {
  if (!verifier_of(file).VerifyBuffer<Version>(nullptr)) return damaged("it is truncated or was changed");
  const Version* version = flatbuffers::GetRoot<Version>(file.data());
  if (version->minimum_reader_version() > kVersion) {
    return fail(Code::version, "needs a reader of format version " + std::to_string(version->minimum_reader_version()) +
                                   " (it was written with version " + std::to_string(version->format_version()) +
                                   "), but this library reads up to version " + std::to_string(kVersion) +
                                   "; update Octet");
  }
  if (version->minimum_reader_version() == 0 || version->format_version() < version->minimum_reader_version()) {
    return damaged("its format version is not possible");
  }
  return {};
}

Status check_structure(const Bytes& file) {
  if (!verifier_of(file).VerifyBuffer<Model>(nullptr)) return damaged("it is truncated or was changed");
  const Model* model = GetModel(file.data());
  if (model->weights() == nullptr || model->checksum() == nullptr)
    return damaged("its weights or checksum are missing");
  const auto place = [&file](const void* p) { return static_cast<const std::byte*>(p) - file.data(); };
  const auto structure = static_cast<std::size_t>(place(model->weights()->data()));
  const auto position = static_cast<std::size_t>(place(model->checksum()));
  if (model->weights()->size() != 0 && structure % kAlignment != 0) return damaged("its weights are not aligned");
  const bool whole = model->weights()->size() == 0 || file.size() % kAlignment == 0;  // padding is the end
  if (!whole) return damaged("it is truncated or was changed");
  if (position > structure || structure - position < sizeof(Checksum) ||
      checksum(file.span().first(structure), position) != model->checksum()->value()) {
    return damaged("its checksum does not match its content");
  }
  return {};
}

Result<Graph> read_file(const Bytes& file) {
  if (!is_octet(file.span())) return fail(Code::format, "is not a .octet file");
  if (file.size() >= FLATBUFFERS_MAX_BUFFER_SIZE) return damaged("it is larger than 2 GiB");
  OCTET_TRY(check_version(file));
  OCTET_TRY(check_structure(file));
  OCTET_ASSIGN(Graph graph, GraphReader(*GetModel(file.data()), file).read());
  OCTET_TRY(validate(graph));
  let_pages_go(file);  // weights that were looked at, and will be when they are packed
  return graph;
}

}  // namespace

bool is_octet(std::span<const std::byte> bytes) {
  const std::string_view identifier = ModelIdentifier();
  return bytes.size() >= kIdentifierAt + identifier.size() &&
         std::memcmp(bytes.data() + kIdentifierAt, identifier.data(), identifier.size()) == 0;
}

Result<Graph> read_octet(const Bytes& bytes, const std::string& path) {
  const bool aligned = reinterpret_cast<std::uintptr_t>(bytes.data()) % kAlignment == 0;
  const bool copies = !aligned && is_octet(bytes.span());  // only what can be a model is worth a copy
  auto graph = read_file(copies ? Bytes::copy_of(bytes.data(), bytes.size()) : bytes);
  if (!graph.ok()) return graph.status().within(path.empty() ? "the model" : "'" + printable(path) + "'");
  return graph;
}

}  // namespace octet

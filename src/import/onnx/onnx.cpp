// ONNX: ModelProto -> Graph, node by node. Everything that one operator means stands in the ops_*.cpp files.
#include <algorithm>
#include <array>
#include <map>

#include "base/file.h"
#include "base/text.h"
#include "graph/open_sizes.h"
#include "import/import.h"
#include "import/onnx/operators.h"
#include "import/onnx/quantized_operands.h"

namespace octet {
namespace onnx {
namespace {

constexpr std::int64_t kOldestIrVersion = 3;             // operator sets are declared since
constexpr std::int64_t kNewestIrVersion = 13;            // versions 11 to 13 add only what this importer has no use for
constexpr std::size_t kMaxItems = std::size_t{1} << 20;  // nodes, initializers, inputs: beyond it is no network

std::string quoted(std::string_view name) { return "'" + printable(name) + "'"; }

bool is_default_domain(std::string_view domain) { return domain.empty() || domain == "ai.onnx"; }

Result<int> check_versions(const ModelProto& model) {
  if (model.ir_version < 1 || !model.has_graph) {
    return fail(Code::format, "it is not an ONNX model, or truncated: it has no format version or no graph");
  }
  if (model.ir_version < kOldestIrVersion) {
    return fail(Code::unsupported, "its format (ir_version " + std::to_string(model.ir_version) +
                                       ") is older than 3; export the model anew");
  }
  if (model.ir_version > kNewestIrVersion) {
    return fail(Code::version, "its format (ir_version " + std::to_string(model.ir_version) +
                                   ") is newer than this library reads (" + std::to_string(kNewestIrVersion) +
                                   "); update Octet or export for an older version");
  }
  const auto opset = std::find_if(model.opsets.begin(), model.opsets.end(),
                                  [](const OpsetId& id) { return is_default_domain(id.domain); });
  if (opset == model.opsets.end()) return fail(Code::format, "it declares no operator set (opset_import)");
  const std::string readable = "opset " + std::to_string(opset->version) + "; this library reads " +
                               std::to_string(kOldestOpset) + " to " + std::to_string(kNewestOpset) + ": ";
  if (opset->version > kNewestOpset) {
    return fail(Code::version,
                "it uses " + readable + "update Octet or export with opset_version=" + std::to_string(kNewestOpset));
  }
  if (opset->version < kOldestOpset) {
    return fail(Code::unsupported, "it uses " + readable + "export it anew, or convert it with onnx.version_converter");
  }
  return static_cast<int>(opset->version);
}

// Operators that cannot be imported, gathered so that one message names them all.
class Unsupported {
 public:
  void add(const std::string& what, std::string_view node_name) {
    const auto [entry, is_new] = index_.emplace(what, entries_.size());
    if (is_new) entries_.push_back({what, std::string(node_name), 0});
    ++entries_[entry->second].count;
  }
  bool empty() const { return entries_.empty(); }
  Status status(int opset) const {
    std::vector<std::string> texts;
    for (const Entry& entry : entries_) {
      const std::string more = entry.count > 1 ? " and " + std::to_string(entry.count - 1) + " more" : "";
      texts.push_back(entry.what + " (node " + quoted(entry.first_node) + more + ")");
    }
    return fail(Code::unsupported, "export the model without the operators that are not supported (opset " +
                                       std::to_string(opset) + "): " + whole_list_text(texts));
  }

 private:
  struct Entry {
    std::string what, first_node;
    int count;
  };
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t> index_;
};

std::string operator_name(const NodeProto& node) {
  return is_default_domain(node.domain) ? printable(node.op_type)
                                        : printable(node.domain) + "." + printable(node.op_type);
}

std::string_view label(const NodeProto& node) {
  if (!node.name.empty() || node.outputs.empty()) return node.name;
  return node.outputs.front();
}

class ModelConverter {
 public:
  ModelConverter(const Bytes& bytes, const std::string& path, int opset) : builder_(TensorReader(bytes, path), opset) {}

  Result<Graph> run(const GraphProto& proto) {
    OCTET_TRY(announce(proto));
    OCTET_TRY(add_inputs(proto));
    for (const auto message : proto.nodes) OCTET_TRY(add(message));
    if (!unsupported_.empty()) return unsupported_.status(builder_.opset());
    OCTET_TRY(add_outputs());
    Graph& graph = builder_.graph();
    graph.name = proto.name;
    graph.source_format = "onnx";
    return std::move(graph);
  }

 private:
  // What must be known before the first node is converted.
  Status announce(const GraphProto& proto) {
    if (proto.nodes.size() > kMaxItems || proto.initializers.size() > kMaxItems || proto.inputs.size() > kMaxItems) {
      return fail(Code::unsupported, "it has more than a million nodes, weights or inputs");
    }
    if (proto.has_sparse_initializers) return fail(Code::unsupported, "sparse initializers are not supported");
    for (const auto message : proto.initializers) {
      OCTET_ASSIGN(const auto name, parse_tensor_name(message));
      if (name.empty()) return fail(Code::format, "an initializer has no name");
      builder_.announce_initializer(name, message);
    }
    for (const auto message : proto.value_infos) {
      OCTET_ASSIGN(const ValueInfo info, parse_value_info(message));
      builder_.announce_value(info);
    }
    for (const auto message : proto.outputs) {
      OCTET_ASSIGN(const ValueInfo info, parse_value_info(message));
      builder_.announce_value(info);
      builder_.announce_output(info.name);
      builder_.announce_use(info.name);
      output_names_.push_back(info.name);
    }
    return scan_nodes(proto);
  }

  Status scan_nodes(const GraphProto& proto) {
    for (const auto message : proto.nodes) {
      OCTET_ASSIGN(const NodeProto node, parse_node(message));
      for (const auto input : node.inputs) {
        if (!input.empty()) builder_.announce_use(input);
      }
    }
    return {};
  }

  Status add_inputs(const GraphProto& proto) {
    for (const auto message : proto.inputs) {
      OCTET_ASSIGN(const ValueInfo info, parse_value_info(message));
      if (builder_.is_initializer(info.name)) continue;  // a weight, listed among the inputs as old files do
      OCTET_TRY(add_input(info).within("input " + quoted(info.name)));
    }
    return {};
  }

  Status add_input(const ValueInfo& info) {
    if (info.name.empty()) return fail(Code::format, "it has no name");
    if (!info.is_tensor) return fail(Code::unsupported, "it is not a tensor");
    OCTET_ASSIGN(const DType dtype, storage_type(info.type));
    if (!info.has_shape) return fail(Code::shape, "its shape is not known; export the model with fixed sizes");
    Dims dims;
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < info.dims.size(); ++i) {
      const Dimension& dimension = info.dims[i];
      // An open batch is one sample; other open sizes are given when the model is loaded.
      dims.push_back(dimension.value > 0 ? dimension.value : i == 0 ? 1 : -1);
      if (dimension.value <= 0) open.push_back(i);
    }
    const bool known = std::all_of(dims.begin(), dims.end(), [](std::int64_t dim) { return dim > 0; });
    if (known && element_count(dims) < 0) return fail(Code::shape, "its shape " + shape_text(dims) + " is too large");
    const bool quantized = dtype == DType::i8 || dtype == DType::u8;
    const TensorId id = builder_.add_tensor(info.name, quantized ? DType::f32 : dtype, static_cast<int>(dims.size()));
    builder_.graph().at(id).dims = std::move(dims);
    builder_.graph().inputs.push_back(id);
    for (const std::size_t i : open) {
      set_open(builder_.graph(), builder_.graph().inputs.size() - 1, i, info.dims[i].parameter);
    }
    if (!quantized) return builder_.define(info.name, id);
    // The network is given real numbers; whoever reads the integers says by which scale.
    Quantization& quantization = builder_.quantization();
    const std::string name = std::string(info.name) + "/quantized";
    return builder_.define(info.name,
                           quantization.quantize(id, quantization.add_group(dtype == DType::u8), name, name));
  }

  Status add_outputs() {
    if (output_names_.empty()) return fail(Code::format, "its graph has no outputs");
    for (const auto name : output_names_) {
      auto id = builder_.find(name);
      if (!id.ok()) return fail(Code::format, "output " + quoted(name) + " is made by no node");
      if (!builder_.dynamic_scales().of(*id).empty() || builder_.dynamic_scales().zero_point_of(*id) >= 0) {
        return fail(Code::unsupported, "output " + quoted(name) + " depends on the scale that DynamicQuantizeLinear " +
                                           "chooses, which Octet leaves out; quantize the model statically");
      }
      builder_.graph().outputs.push_back(builder_.quantization().is_integer(*id) ? real_output(*id, name) : *id);
    }
    builder_.quantization().settle();
    return {};
  }

  // The output has the file's name; the integers behind it get another one.
  TensorId real_output(TensorId integers, std::string_view name) {
    const TensorId real = builder_.quantization().dequantize(integers);
    if (builder_.tensor(integers).name == name) {
      builder_.graph().at(integers).name = std::string(name) + "/quantized";
      builder_.graph().at(real).name = name;
    }
    return real;
  }

  Status add(std::string_view message) {
    OCTET_ASSIGN(NodeProto node, parse_node(message));
    const Status status = convert(node);
    if (status.ok()) return {};
    if (status.code() == Code::unsupported) {
      unsupported_.add(operator_name(node) + (status.message().empty() ? "" : ": " + status.message()), label(node));
      return define_missing(node);
    }
    // After an unsupported operator further errors may only follow from it.
    if (!unsupported_.empty()) return unsupported_.status(builder_.opset());
    return status.within("node " + quoted(label(node)) + " (" + operator_name(node) + ", opset " +
                         std::to_string(builder_.opset()) + ")");
  }

  Status convert(NodeProto& node) {
    if (node.op_type.empty()) return fail(Code::format, "a node has no operator");
    while (!node.inputs.empty() && node.inputs.back().empty()) node.inputs.pop_back();
    while (!node.outputs.empty() && node.outputs.back().empty()) node.outputs.pop_back();
    if (node.outputs.empty()) return fail(Code::format, "it has no outputs");
    const Operator* row =
        find_operator(is_default_domain(node.domain) ? std::string(node.op_type)
                                                     : std::string(node.domain) + "." + std::string(node.op_type));
    if (row == nullptr) return fail(Code::unsupported, "");
    if (builder_.opset() < row->since) {
      return fail(Code::unsupported, "exists since opset " + std::to_string(row->since));
    }
    if (builder_.opset() > row->until) {
      return fail(Code::unsupported, "was removed behind opset " + std::to_string(row->until));
    }
    std::vector<TensorId> inputs;
    for (const auto name : node.inputs) {
      inputs.push_back(kNoTensor);
      if (name.empty()) continue;
      OCTET_ASSIGN(inputs.back(), builder_.find(name));
    }
    const std::size_t required = std::min(row->min_inputs, inputs.size());
    if (inputs.size() < row->min_inputs || inputs.size() > row->max_inputs ||
        std::find(inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(required), kNoTensor) !=
            inputs.begin() + static_cast<std::ptrdiff_t>(required)) {
      return fail(Code::format, "it has " + std::to_string(inputs.size()) + " inputs, or one that it needs is missing");
    }
    OCTET_ASSIGN(const auto powers, powers_of_result(node, inputs));
    NodeContext context(builder_, node, std::move(inputs));
    if (!is_quantized_operator(*row)) OCTET_TRY(prepare_integers(node, context));
    const Status converted = row->convert(context);
    if (converted.ok() && !powers.empty()) {
      for (const auto output : node.outputs) {
        if (output.empty()) continue;
        OCTET_ASSIGN(const TensorId id, builder_.find(output));
        builder_.dynamic_scales().set(id, powers);
      }
    }
    // A wrong attribute is the better message: its fallback may be what the converter complains about.
    OCTET_TRY(converted.ok() ? context.finish() : context.attribute_status());
    return converted;
  }

  // The powers of DynamicQuantizeLinear's scales that the results contain. An operator that would neither keep them nor
  // multiply them cannot be converted.
  Result<DynamicScales::Powers> powers_of_result(const NodeProto& node, const std::vector<TensorId>& inputs) {
    static constexpr std::array<std::string_view, 4> kProducts = {"ConvInteger", "DequantizeLinear", "MatMulInteger",
                                                                  "Mul"};
    static constexpr std::array<std::string_view, 7> kKeep = {"Cast",    "Flatten",   "Identity", "Reshape",
                                                              "Squeeze", "Transpose", "Unsqueeze"};
    const auto is_in = [&](const auto& names) {
      return std::find(names.begin(), names.end(), node.op_type) != names.end();
    };
    DynamicScales& scales = builder_.dynamic_scales();
    DynamicScales::Powers powers;
    bool reads_zero_point = false;
    std::size_t carriers = 0;
    for (const TensorId id : inputs) {
      if (id == kNoTensor) continue;
      reads_zero_point |= scales.zero_point_of(id) >= 0;
      carriers += scales.of(id).empty() ? 0 : 1;
      powers = DynamicScales::product(powers, scales.of(id));
    }
    if (carriers == 0 && !reads_zero_point) return powers;
    const bool to_float = node.op_type == "MatMulIntegerToFloat";  // whose product it contains
    const bool multiplies = is_in(kProducts) || to_float;
    if (multiplies ? (!reads_zero_point || node.op_type != "Mul") : (is_in(kKeep) && !reads_zero_point)) return powers;
    return fail(Code::unsupported,
                "reads the integers or the scale of DynamicQuantizeLinear, which Octet leaves out where ConvInteger or "
                "MatMulInteger is followed by Cast and by Mul with that scale, and nowhere else; quantize the model "
                "statically");
  }

  // Operators for real numbers that read integers.
  Status prepare_integers(const NodeProto& node, NodeContext& context) {
    const auto& inputs = context.inputs();
    const bool integers = std::any_of(inputs.begin(), inputs.end(), [&](TensorId id) {
      return id != kNoTensor && builder_.quantization().is_integer(id);
    });
    // Their results are no integers of the same scale.
    if (!integers || node.op_type == "Cast" || node.op_type == "Shape" || node.op_type == "Size") return {};
    if (is_default_domain(node.domain) && moves_values(node.op_type)) return move_integers(context);
    return fail(Code::unsupported,
                "reads integers (int8 or uint8); only quantized operators and those that move values "
                "do that. Put DequantizeLinear before it");
  }

  // Stands in for the outputs of an operator that cannot be imported, so that the rest can be looked through.
  Status define_missing(const NodeProto& node) {
    for (const auto output : node.outputs) {
      if (!output.empty() && builder_.find(output).ok()) continue;
      OCTET_TRY(builder_.define(output, builder_.add_tensor(output, DType::f32, kUnknownRank)));
    }
    return {};
  }

  Builder builder_;
  std::vector<std::string_view> output_names_;
  Unsupported unsupported_;
};

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Result<Graph> import_model(const Bytes& bytes, const std::string& path) {
  if (bytes.empty()) return fail(Code::format, "the file is empty");
  const std::string_view text = text_of(bytes.span());
  if (!looks_like_model(text)) return fail(Code::format, "it is not an ONNX model");
  OCTET_ASSIGN(const ModelProto model, parse_model(text));
  OCTET_ASSIGN(const int opset, check_versions(model));
  OCTET_ASSIGN(const GraphProto graph, parse_graph(model.graph));
  return ModelConverter(bytes, path, opset).run(graph);
}

}  // namespace
}  // namespace onnx

namespace {

bool probe_onnx(std::span<const std::byte> bytes, const std::string& path) {
  return ending_of(path) == "onnx" || onnx::looks_like_model(onnx::text_of(bytes));
}

Result<Graph> import_onnx(const Bytes& bytes, const std::string& path) {
  auto graph = onnx::import_model(bytes, path);
  if (graph.ok()) return graph;
  return graph.status().within(path.empty() ? "the ONNX model" : "'" + printable(path) + "'");
}

}  // namespace

const Importer kOnnxImporter{"onnx", probe_onnx, import_onnx};

}  // namespace octet

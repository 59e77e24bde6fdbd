#include <algorithm>
#include <string>

#include "base/text.h"
#include "graph/graph.h"
#include "graph/open_sizes.h"
#include "graph/operands.h"
#include "graph/validate_operands.h"

namespace octet {

namespace {

std::string tensor_text(const Tensor& tensor) { return "tensor '" + printable(tensor.name) + "'"; }

Status check_ids(const Graph& graph, const std::vector<TensorId>& ids, bool optional, const std::string& where) {
  for (const TensorId id : ids) {
    if (optional && id == kNoTensor) continue;
    if (id < 0 || static_cast<std::size_t>(id) >= graph.tensors.size()) {
      return fail(Code::format, where + " names tensor number " + std::to_string(id) + ", which does not exist");
    }
  }
  return {};
}

Status check_tensor(const Tensor& tensor) {
  if (size_of(tensor.dtype) == 0) {
    return fail(Code::format, tensor_text(tensor) + " has an element type that this version does not know");
  }
  if (!tensor.constant) return {};
  const std::int64_t count = element_count(tensor.dims);
  if (count < 0 || tensor.dims.size() > kMaxRank) {
    return fail(Code::format,
                "constant " + tensor_text(tensor) + " has the impossible shape " + shape_text(tensor.dims));
  }
  if (tensor.data.size() != static_cast<std::size_t>(count) * size_of(tensor.dtype)) {
    return fail(Code::format, "constant " + tensor_text(tensor) + " of shape " + shape_text(tensor.dims) +
                                  " and type " + name_of(tensor.dtype) + " has " + std::to_string(tensor.data.size()) +
                                  " bytes of data");
  }
  if (reinterpret_cast<std::uintptr_t>(tensor.data.data()) % size_of(tensor.dtype) != 0) {
    return fail(Code::format, "constant " + tensor_text(tensor) + " is not aligned");
  }
  return {};
}

// Every tensor is made once, and before it is read.
Status check_order(const Graph& graph) {
  std::vector<bool> made(graph.tensors.size());
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) made[i] = graph.tensors[i].constant;
  const auto make = [&](TensorId id) {
    const bool first = !made[static_cast<std::size_t>(id)];
    made[static_cast<std::size_t>(id)] = true;
    return first;
  };
  for (const TensorId id : graph.inputs) {
    if (!make(id)) return fail(Code::format, "input '" + printable(graph.at(id).name) + "' is made twice");
  }
  for (const Node& node : graph.nodes) {
    for (const TensorId id : node.inputs) {
      if (id != kNoTensor && !made[static_cast<std::size_t>(id)]) {
        return fail(Code::format,
                    describe(node) + " reads " + tensor_text(graph.at(id)) + ", which is made after it or not at all");
      }
    }
    for (const TensorId id : node.outputs) {
      if (!make(id)) {
        return fail(Code::format, describe(node) + " makes " + tensor_text(graph.at(id)) + ", which exists already");
      }
    }
  }
  for (const TensorId id : graph.outputs) {
    if (!made[static_cast<std::size_t>(id)]) {
      return fail(Code::format, "output '" + printable(graph.at(id).name) + "' is made by no node");
    }
  }
  return {};
}

// The inputs and outputs of the network as a runtime can offer them.
Status check_interface(const Graph& graph, const std::vector<TensorId>& ids, const char* kind) {
  if (ids.empty()) return fail(Code::format, std::string("the network has no ") + kind);
  std::vector<bool> listed(graph.tensors.size(), false);
  for (const TensorId id : ids) {
    const Tensor& tensor = graph.at(id);
    if (tensor.constant) {
      return fail(Code::format, std::string(kind) + " '" + printable(tensor.name) + "' is a constant");
    }
    if (tensor.dtype != DType::f32 && tensor.dtype != DType::i8) {
      return fail(Code::unsupported, std::string(kind) + " '" + printable(tensor.name) + "' is " +
                                         name_of(tensor.dtype) + "; inputs and outputs must be float32 or int8");
    }
    if (listed[static_cast<std::size_t>(id)]) {
      return fail(Code::format, std::string(kind) + " '" + printable(tensor.name) + "' is listed twice");
    }
    listed[static_cast<std::size_t>(id)] = true;
  }
  return {};
}

Status check_dims(const Tensor& tensor) {
  const bool empty = std::any_of(tensor.dims.begin(), tensor.dims.end(), [](std::int64_t dim) { return dim < 1; });
  if (empty || tensor.dims.size() > kMaxRank || element_count(tensor.dims) < 1) {
    return fail(Code::shape, tensor_text(tensor) + " has the shape " + shape_text(tensor.dims) +
                                 ", with a dimension that is zero, unknown or too large");
  }
  return {};
}

// Infers each node again and compares: what was stored is what the operators make of their inputs.
Status check_inference(const Graph& graph) {
  Graph inferred;
  inferred.tensors = graph.tensors;
  for (const Node& node : graph.nodes) {
    Node resolved = node;
    OCTET_TRY(infer_node(inferred, resolved));
    for (const TensorId id : node.outputs) {
      const Tensor& stored = graph.at(id);
      const Tensor& expected = inferred.at(id);
      if (stored.dims != expected.dims || stored.dtype != expected.dtype) {
        return fail(Code::shape, describe(node) + " makes " + shape_text(expected.dims) + " of " +
                                     name_of(expected.dtype) + ", but " + tensor_text(stored) + " is " +
                                     shape_text(stored.dims) + " of " + name_of(stored.dtype));
      }
    }
    if (!(resolved.attrs == node.attrs)) {
      return fail(Code::format, describe(node) + " has an attribute that is not resolved, or not a number");
    }
  }
  return {};
}

// The names of open sizes are those of dimensions that inputs have, and few.
Status check_open_sizes(const Graph& graph) {
  bool fits = graph.open_sizes.size() <= graph.inputs.size();
  for (std::size_t i = 0; fits && i < graph.open_sizes.size(); ++i) {
    fits = graph.open_sizes[i].size() <= graph.at(graph.inputs[i]).dims.size();
  }
  const std::vector<std::string> names = fits ? open_names(graph) : std::vector<std::string>();
  fits = fits && names.size() <= kMostOpenSizes &&
         std::all_of(names.begin(), names.end(), [](const auto& name) { return name.size() <= kLongestSizeName; });
  if (fits) return {};
  return fail(Code::format, "its open sizes are not those of its inputs, more than " + std::to_string(kMostOpenSizes) +
                                ", or have names that are too long");
}

}  // namespace

Status validate_structure(const Graph& graph) {
  for (const Tensor& tensor : graph.tensors) OCTET_TRY(check_tensor(tensor));
  OCTET_TRY(check_ids(graph, graph.inputs, false, "the list of inputs"));
  OCTET_TRY(check_ids(graph, graph.outputs, false, "the list of outputs"));
  OCTET_TRY(check_open_sizes(graph));
  for (const Node& node : graph.nodes) {
    OCTET_TRY(check_ids(graph, node.inputs, true, describe(node)));
    OCTET_TRY(check_ids(graph, node.outputs, false, describe(node)));
    OCTET_TRY(check_operand_counts(node));
  }
  return check_order(graph);
}

Status validate(const Graph& graph) {
  OCTET_TRY(validate_structure(graph));
  OCTET_TRY(check_interface(graph, graph.inputs, "input"));
  OCTET_TRY(check_interface(graph, graph.outputs, "output"));
  for (const Tensor& tensor : graph.tensors) OCTET_TRY(check_dims(tensor));
  for (const Node& node : graph.nodes) {
    if (!is_executable(node.op)) {
      return fail(Code::unsupported, describe(node) + " cannot be executed: it was not resolved into constants");
    }
  }
  OCTET_TRY(check_inference(graph));
  ConstantFacts facts(graph);
  for (const Node& node : graph.nodes) OCTET_TRY(validate_operands(graph, facts, node));
  for (const TensorId id : graph.inputs) OCTET_TRY(validate_activation(graph.at(id)));
  return {};
}

}  // namespace octet

// The nodes of a Graph as nodes of ONNX. Each function reads its inputs and makes its outputs by the Emitter. Errors
// (Code::unsupported) name the node.
#pragma once

#include "export/onnx/emitter.h"

namespace octet::to_onnx {

// The oldest opset that says everything in `graph`: 13 (scales by channel), 14 for HardSwish, 19 for dilated average
// pools, 18 for a resize to a size of an image whose other sizes are open (`other` as in Emitter).
int opset_for(const Graph& graph, const Graph& other);

Status emit_node(Emitter& e, const Node& node);

Status emit_linear(Emitter& e, const Node& node);  // conv, conv_transpose, gemm
Status emit_unary(Emitter& e, const Node& node);
Status emit_prelu(Emitter& e, const Node& node);
Status emit_binary(Emitter& e, const Node& node);
Status emit_softmax(Emitter& e, const Node& node);
Status emit_reduce(Emitter& e, const Node& node);
Status emit_pool(Emitter& e, const Node& node);
Status emit_resize(Emitter& e, const Node& node);
Status emit_move(Emitter& e, const Node& node);  // concat, split, slice, pad, reshape, transpose, expand, gather, ...

// The pads of a window: by name where they follow the size of the image, which is open.
Attribute pads_of(const Emitter& e, const Node& node);

// One operator that reads the node's first input, then `operands`, and makes its first output.
Status emit_single(Emitter& e, const Node& node, std::string_view op_type, std::vector<std::string> operands = {},
                   std::vector<Attribute> attributes = {});

// `op_type` of `inputs`, limited to `clamp`, is the node's first output.
void emit_clamped(Emitter& e, const Node& node, std::string_view op_type, std::vector<std::string> inputs,
                  std::vector<Attribute> attributes, const Clamp& clamp);
// Relu or Clip.
void emit_clamp(Emitter& e, const Node& node, const std::string& input, const std::string& output, const Clamp& clamp);
// The clamp of a node as far as its output's quantization does not hold it already.
Clamp clamp_of(const Emitter& e, const Node& node);

}  // namespace octet::to_onnx

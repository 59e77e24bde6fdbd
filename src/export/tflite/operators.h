// The nodes of a Graph as operators of TFLite. Each function reads its inputs and makes its outputs by the Emitter.
// Errors (Code::unsupported) name the node.
//
// Where TFLite's operator has an int8 form that means the same, int8 nodes become that. Else they become a DEQUANTIZE,
// the float32 operator and a QUANTIZE, which give the same integers: functions whose int8 form has a fixed output scale
// (LOGISTIC, TANH) or none, averages into another scale, weights that are not symmetric.
#pragma once

#include "export/tflite/emitter.h"

namespace octet::to_tflite {

Status emit_node(Emitter& e, const Node& node);

Status emit_conv(Emitter& e, const Node& node);
Status emit_conv_transpose(Emitter& e, const Node& node);
Status emit_gemm(Emitter& e, const Node& node);
Status emit_mat_mul(Emitter& e, const Node& node);
Status emit_unary(Emitter& e, const Node& node);
Status emit_prelu(Emitter& e, const Node& node);
Status emit_binary(Emitter& e, const Node& node);
Status emit_softmax(Emitter& e, const Node& node);
Status emit_reduce(Emitter& e, const Node& node);
Status emit_pool(Emitter& e, const Node& node);
Status emit_resize(Emitter& e, const Node& node);
Status emit_move(Emitter& e, const Node& node);  // concat, split, slice, pad, reshape, transpose, expand, gather, ...

inline Status unsupported(const Node& node, const std::string& why) {
  return fail(Code::unsupported, describe(node) + ": " + why);
}

// A fused clamp as TFLite has it: one of its activations, or limits that operators behind it apply.
struct Limits {
  fb::Activation activation = fb::Activation::NONE;
  Clamp rest;
};
// Of the node; as float32 where `as_float`.
Limits limits_of(const Emitter& e, const Node& node, bool as_float);
// MAXIMUM and MINIMUM from `from` to `to`; `quant` of both where they are int8. Precondition: clamp.active().
void emit_limits(Emitter& e, const Node& node, FileTensor from, FileTensor to, const Clamp& clamp, const Quant* quant);

// What an operator that has an activation writes: the node's output, or a tensor before its limits.
class Target {
 public:
  Target(Emitter& e, const Node& node, const Order& order, bool as_float);

  FileTensor tensor() const { return before_; }
  fb::Activation activation() const { return limits_.activation; }
  void done();  // after the operator

 private:
  Emitter& e_;
  const Node& node_;
  Order order_;
  bool as_float_;
  Limits limits_;
  FileTensor output_, before_;
};

// Pads of an image [N, H, W, C], by a value that counts as zero, or as the least (of max_pool).
struct ImagePads {
  std::int64_t top = 0, left = 0, bottom = 0, right = 0;
};
enum class PadValue { zero, least };
FileTensor emit_image_pad(Emitter& e, const std::string& name, FileTensor image, const ImagePads& pads, PadValue value,
                          const Quant* quant);

// How TFLite says the pads of a window: SAME, VALID, or VALID of an image that is padded before.
struct Padding {
  fb::Padding kind = fb::Padding::VALID;
  ImagePads before;
  bool pads() const { return before.top + before.left + before.bottom + before.right > 0; }
};
// Of the node's window. Errors: the pads of an image of open size that cannot be said for every size.
Result<Padding> padding_of(const Emitter& e, const Node& node);

}  // namespace octet::to_tflite

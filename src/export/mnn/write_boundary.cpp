// Where int8 and float parts meet. A .mnn file has no operators for it: a tensor that may be int8 has a scale, and MNN
// converts where an operator that computes in one type reads what is of the other.
#include <algorithm>

#include "export/mnn/write.h"

namespace octet::mnn {
namespace {

// A product with 1 is what MNN neither takes for a move of bytes, which would hand the scale of its output to its input
// and back, nor computes in int8, for 1 has no scale.
void write_times_one(Writer& w, std::int32_t from, std::int32_t to, const std::string& name) {
  const std::int32_t one = w.constant(Dims{}, std::vector<float>{1}, name + "/one");
  w.op(fb::OpType::BinaryOp, w.op_name(name), {from, one}, {to},
       Writer::main(fb::CreateBinaryOp(w.builder(), fb::BinaryType::Mul)));
}

}  // namespace

std::int32_t read_floats(Writer& w, const Node& node, std::int32_t index) {
  if (!w.range(index) || w.tensor(node.outputs[0]).dtype != DType::f32) return index;
  const std::int32_t result = w.add_float(index);
  write_times_one(w, index, result, node.name);
  return result;
}

std::int32_t write_copy(Writer& w, std::int32_t index, TensorId id, const std::string& name) {
  const std::int32_t result = w.make(id, w.format(index));
  write_times_one(w, index, result, name);
  return result;
}

Status write_quantize(Writer& w, const Node& node) {
  const TensorId from = node.inputs[0], to = node.outputs[0];
  const std::int32_t index = w.read(from);
  // The float tensor becomes one of a scale, unless others read its floats, or it has another scale.
  const bool of_network = std::count(w.graph().outputs.begin(), w.graph().outputs.end(), to) > 0;
  if (!w.range(index) && w.uses(from) == 1 && !of_network) {
    w.set_range(index, {w.tensor(to).quant});
    w.stands_for(to, index);
  } else if (w.range(index) && w.range(index)->quant == w.tensor(to).quant && !of_network) {
    w.stands_for(to, index);
  } else {
    write_copy(w, index, to, node.name);
  }
  return {};
}

Status write_dequantize(Writer& w, const Node& node) {
  const TensorId from = node.inputs[0], to = node.outputs[0];
  // An output of the network is a tensor of its own name; the copy of a scale is none of it.
  if (std::count(w.graph().outputs.begin(), w.graph().outputs.end(), to) > 0) {
    write_copy(w, w.read(from), to, node.name);
  } else {
    w.stands_for(to, w.read(from));
  }
  return {};
}

Status write_requantize(Writer& w, const Node& node) {
  write_copy(w, w.read(node.inputs[0]), node.outputs[0], node.name);
  return {};
}

}  // namespace octet::mnn

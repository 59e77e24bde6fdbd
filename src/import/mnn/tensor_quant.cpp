#include "import/mnn/tensor_quant.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/text.h"
#include "import/mnn/convert.h"

namespace octet::mnn {
namespace {

bool has_int8_weights(const fb::Convolution2D* convolution) {
  if (convolution == nullptr || convolution->weight() != nullptr) return false;
  const fb::PackedWeights* packed = convolution->packed();
  if (packed == nullptr || (packed->buffer() == nullptr && convolution->external() == nullptr)) return false;
  return packed->index() == nullptr && packed->type() != 3;  // sparse and half-precision floats
}

bool is_integer(float value, float least, float most) {
  return value >= least && value <= most && value == std::nearbyint(value);
}

Result<TensorQuant> read_quant(const fb::TensorQuantInfo& info, const std::string& name) {
  if (!std::isfinite(info.scale()) || info.scale() < 0) {
    return fail(Code::format, "tensor '" + printable(name) + "' has the scale " + std::to_string(info.scale()) +
                                  "; scales are positive and finite");
  }
  // -128 to 127 where a file has the defaults; a limit beyond int8 limits nothing.
  const float least = std::max(info.min(), -128.0f), most = std::min(info.max(), 127.0f);
  if (!is_integer(info.zero(), -128, 127) || !is_integer(least, -128, 127) || !is_integer(most, -128, 127) ||
      least > most) {
    return fail(Code::format, "tensor '" + printable(name) + "' has the zero point " + std::to_string(info.zero()) +
                                  " and the limits " + std::to_string(info.min()) + " and " +
                                  std::to_string(info.max()) + "; they are integers of int8, the lesser limit first");
  }
  return TensorQuant{{info.scale(), static_cast<std::int32_t>(info.zero())},
                     static_cast<std::int32_t>(least),
                     static_cast<std::int32_t>(most)};
}

}  // namespace

void limit(Clamp* clamp, const TensorQuant& tensor) {
  const auto real = [&](std::int32_t q) {
    return tensor.quant.scale * static_cast<float>(q - tensor.quant.zero_point);
  };
  if (tensor.least > -128) clamp->low = std::max(clamp->low, real(tensor.least));
  if (tensor.most < 127) clamp->high = std::min(clamp->high, real(tensor.most));
}

Result<TensorQuants> TensorQuants::read(const fb::Net& net) {
  TensorQuants result;
  if (net.extra_describe() == nullptr) return result;
  for (const fb::TensorDescribe* describe : *net.extra_describe()) {
    const fb::TensorQuantInfo* info = describe->quant();
    if (info == nullptr || info->type() != fb::DataType::Int8 || info->scale() == 0) continue;
    std::string name = text_of(describe->name());
    const auto* names = net.tensor_names();
    const std::int32_t index = describe->index();
    if (name.empty() && names != nullptr && index >= 0 && static_cast<std::uint32_t>(index) < names->size()) {
      name = text_of(names->Get(static_cast<std::uint32_t>(index)));
    }
    OCTET_ASSIGN(result.by_tensor_[index], read_quant(*info, name));
  }
  result.join_pools(net);
  return result;
}

// Exporters give the output of a pool the next scale, so that MNN computes it in float (its int8 pools fail on x86).
// Scales that differ in the last bit are one scale.
void TensorQuants::join_pools(const fb::Net& net) {
  if (net.ops() == nullptr) return;
  for (const fb::Op* op : *net.ops()) {
    const std::span<const std::int32_t> inputs = span_of(op->inputs()), outputs = span_of(op->outputs());
    if (op->type() != fb::OpType::Pooling || inputs.size() != 1 || outputs.empty()) continue;
    const TensorQuant* input = find(inputs[0]);
    const auto output = by_tensor_.find(outputs[0]);
    if (input == nullptr || output == by_tensor_.end()) continue;
    Quant& quant = output->second.quant;
    if (quant.zero_point == input->quant.zero_point &&
        quant.scale == std::nextafter(input->quant.scale, 2 * quant.scale)) {
      quant.scale = input->quant.scale;
    }
  }
}

const TensorQuant* TensorQuants::find(std::int32_t tensor) const {
  const auto found = by_tensor_.find(tensor);
  return found == by_tensor_.end() ? nullptr : &found->second;
}

bool TensorQuants::in_int8(const fb::Op& op) const {
  const std::span<const std::int32_t> inputs = span_of(op.inputs()), outputs = span_of(op.outputs());
  if (inputs.empty() || outputs.empty()) return false;
  // Lists of sizes and the like, behind the first input of what moves values, have none.
  const bool moves = moves_integers(op.type());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool list = moves && i > 0 && op.type() != fb::OpType::Concat && op.type() != fb::OpType::Pack;
    if (!list && find(inputs[i]) == nullptr) return false;
  }
  const TensorQuant* output = find(outputs[0]);
  if (output == nullptr) return false;
  switch (op.type()) {
    case fb::OpType::Convolution:
    case fb::OpType::ConvolutionDepthwise:
      return inputs.size() == 1 && has_int8_weights(op.main_as_Convolution2D());
    case fb::OpType::Pooling:
      return find(inputs[0])->quant == output->quant;
    case fb::OpType::UnaryOp: {
      const fb::UnaryOp* unary = op.main_as_UnaryOp();
      return unary != nullptr && (unary->table_int8() != nullptr || unary->type() == fb::UnaryType::Neg ||
                                  unary->type() == fb::UnaryType::Abs || unary->type() == fb::UnaryType::Sign);
    }
    case fb::OpType::BinaryOp:
    case fb::OpType::Scale:
    case fb::OpType::Interp:
    case fb::OpType::Softmax:
    case fb::OpType::PReLU:
      return true;
    default:
      break;
  }
  // What moves values moves integers where all are of one scale: floats among them are rounded first.
  return moves && std::all_of(inputs.begin(), inputs.end(), [&](std::int32_t input) {
           return find(input) == nullptr || find(input)->quant == output->quant;
         });
}

}  // namespace octet::mnn

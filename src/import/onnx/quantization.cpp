#include "import/onnx/quantization.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/text.h"
#include "import/onnx/context.h"
#include "import/quantized_constant.h"

namespace octet::onnx {
namespace {

constexpr int kUnsignedOffset = 128;  // from the file's uint8 to int8

std::string numbers(float scale, std::int64_t zero_point) {
  return "scale " + std::to_string(scale) + ", zero point " + std::to_string(zero_point);
}

// Element i of int8, uint8 or int32 data.
std::int64_t integer_at(const std::byte* data, DType dtype, std::size_t i) {
  if (dtype == DType::i8) return static_cast<std::int8_t>(data[i]);
  if (dtype == DType::u8) return static_cast<std::uint8_t>(data[i]);
  std::int32_t value = 0;
  std::memcpy(&value, data + i * sizeof value, sizeof value);
  return value;
}

}  // namespace

int Quantization::add_group(bool is_unsigned) {
  groups_.push_back({is_unsigned, false, {}, {}});
  return static_cast<int>(groups_.size()) - 1;
}

Result<int> Quantization::add_group(bool is_unsigned, float scale, std::int64_t zero_point) {
  OCTET_ASSIGN(const Quant quant, quant_of(is_unsigned, scale, zero_point));
  groups_.push_back({is_unsigned, true, quant, {}});
  return static_cast<int>(groups_.size()) - 1;
}

Result<Quant> Quantization::quant_of(bool is_unsigned, float scale, std::int64_t zero_point) const {
  const std::int64_t shifted = is_unsigned ? zero_point - kUnsignedOffset : zero_point;
  if (!std::isfinite(scale) || scale <= 0 || shifted < -128 || shifted > 127) {
    return NodeContext::invalid(numbers(scale, zero_point) + " cannot be those of " + (is_unsigned ? "UINT8" : "INT8"));
  }
  return Quant{scale, static_cast<std::int32_t>(shifted)};
}

TensorId Quantization::quantize(TensorId x, int group_index, std::string_view name, std::string_view node_name) {
  const TensorId id = builder_.add_node(Op::quantize, node_name, {x}, {&name, 1}, {});
  builder_.graph().at(id).dtype = DType::i8;
  groups_[static_cast<std::size_t>(group_index)].members.push_back(id);
  group_of_.emplace(id, group_index);
  return id;
}

TensorId Quantization::add_dequantize(TensorId integers, std::string_view name, std::string_view node_name) {
  const TensorId id = builder_.add_node(Op::dequantize, node_name, {integers}, {&name, 1}, {});
  builder_.graph().at(id).dtype = DType::f32;
  return id;
}

TensorId Quantization::dequantize(TensorId integers) {
  if (const auto found = dequantized_.find(integers); found != dequantized_.end()) return found->second;
  const std::string name = builder_.tensor(integers).name + "/float32";
  const TensorId id = add_dequantize(integers, name, name);
  dequantized_.emplace(integers, id);
  return id;
}

Result<TensorId> Quantization::read(TensorId integers, float scale, std::int64_t zero_point, std::string_view name,
                                    std::string_view node_name) {
  Group& owner = groups_[static_cast<std::size_t>(group_of_.at(integers))];
  OCTET_ASSIGN(const Quant wanted, quant_of(owner.is_unsigned, scale, zero_point));
  if (!owner.known) {
    owner.known = true;
    owner.quant = wanted;
  }
  if (owner.quant == wanted) return name.empty() ? dequantize(integers) : add_dequantize(integers, name, node_name);

  // real = made / own scale * wanted scale, and the distance of the zero points.
  const std::string base = name.empty() ? builder_.tensor(integers).name + "/read" : std::string(name);
  const auto emit = [&](BinaryKind kind, TensorId x, float value, const std::string& output) {
    Attributes attrs;
    attrs.binary = kind;
    const TensorId operand = builder_.add_constant("", {DType::f32, {}, Bytes::copy_of(&value, sizeof value)});
    const std::string_view view = output;
    return builder_.add_node(Op::binary, node_name.empty() ? view : node_name, {x, operand}, {&view, 1}, attrs);
  };
  const double ratio = static_cast<double>(wanted.scale) / owner.quant.scale;
  const double shift = static_cast<double>(wanted.scale) * (owner.quant.zero_point - wanted.zero_point);
  TensorId real = emit(BinaryKind::mul, dequantize(integers), static_cast<float>(ratio), base + "/rescaled");
  return emit(BinaryKind::add, real, static_cast<float>(shift), base);
}

bool Quantization::join(int first, int second) {
  if (first == second) return true;
  Group& into = groups_[static_cast<std::size_t>(first)];
  Group& from = groups_[static_cast<std::size_t>(second)];
  if (into.is_unsigned != from.is_unsigned || (into.known && from.known && into.quant != from.quant)) return false;
  if (into.known != from.known) {
    // The one with the scale gives it; later reads find both alike.
    const Quant quant = into.known ? into.quant : from.quant;
    into.known = from.known = true;
    into.quant = from.quant = quant;
    return true;
  }
  if (into.known) return true;
  for (const TensorId id : from.members) {
    group_of_[id] = first;
    into.members.push_back(id);
  }
  from.members.clear();
  return true;
}

Result<TensorId> Quantization::constant_of_group(TensorId constant, int group_index) {
  const Group& owner = groups_[static_cast<std::size_t>(group_index)];
  const DType expected = owner.is_unsigned ? DType::u8 : DType::i8;
  if (builder_.tensor(constant).dtype != expected) {
    return NodeContext::invalid(std::string("it joins integers of the types ") + name_of(expected) + " and " +
                                name_of(builder_.tensor(constant).dtype));
  }
  if (!owner.known)
    return NodeContext::unsupported("it joins a constant with integers whose scale is not given before");
  const std::int64_t zero_point = owner.quant.zero_point + (owner.is_unsigned ? kUnsignedOffset : 0);
  const Scaling scaling{{owner.quant.scale}, {zero_point}, expected};
  const std::string name = builder_.tensor(constant).name + "/float32";
  return add_real_constant(builder_, constant, scaling, 0, name);
}

std::optional<float> Quantization::real_zero(int group_index) const {
  const Group& owner = groups_[static_cast<std::size_t>(group_index)];
  if (!owner.known) return std::nullopt;
  const int zero = (owner.is_unsigned ? -kUnsignedOffset : 0) - owner.quant.zero_point;
  return owner.quant.scale * static_cast<float>(zero);
}

void Quantization::settle() {
  for (Group& owner : groups_) {
    if (!owner.known) owner.quant = {1, owner.is_unsigned ? -kUnsignedOffset : 0};
    owner.known = true;
    for (const TensorId id : owner.members) builder_.graph().at(id).quant = owner.quant;
  }
}

std::optional<std::vector<std::int64_t>> integers_of(const Tensor& tensor) {
  const bool integers = tensor.dtype == DType::i8 || tensor.dtype == DType::u8 || tensor.dtype == DType::i32;
  if (!tensor.constant || !integers) return std::nullopt;
  std::vector<std::int64_t> values(static_cast<std::size_t>(element_count(tensor.dims)));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = integer_at(tensor.data.data(), tensor.dtype, i);
  return values;
}

Result<TensorId> add_real_constant(Builder& builder, TensorId integers, const Scaling& scaling, std::int64_t axis,
                                   std::string_view name) {
  const Tensor& source = builder.tensor(integers);
  if (source.dtype != DType::i8 && source.dtype != DType::u8 && source.dtype != DType::i32) {
    return NodeContext::unsupported("quantized constants of type " + std::string(name_of(source.dtype)));
  }
  if (scaling.dtype.has_value() && *scaling.dtype != source.dtype) {
    return NodeContext::invalid(std::string("it has a zero point of type ") + name_of(*scaling.dtype) +
                                " for integers of type " + name_of(source.dtype));
  }
  const auto rank = static_cast<std::int64_t>(source.dims.size());
  const std::int64_t resolved = axis < 0 ? axis + rank : axis;
  const std::size_t channels = std::max(scaling.scales.size(), scaling.zero_points.size());
  std::size_t inner = 1;
  if (channels != 1) {
    if (resolved < 0 || resolved >= rank ||
        source.dims[static_cast<std::size_t>(resolved)] != static_cast<std::int64_t>(channels)) {
      return NodeContext::invalid("it has " + std::to_string(channels) + " scales or zero points for axis " +
                                  std::to_string(axis) + " of a tensor of shape " + shape_text(source.dims));
    }
    for (auto d = static_cast<std::size_t>(resolved) + 1; d < source.dims.size(); ++d) {
      inner *= static_cast<std::size_t>(source.dims[d]);
    }
  }
  const auto count = static_cast<std::size_t>(element_count(source.dims));
  OCTET_TRY(builder.spend(count * sizeof(float)));
  std::vector<std::int32_t> centred(count);
  const std::byte* data = source.data.data();
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t zero_point = scaling.zero_points[i / inner % scaling.zero_points.size()];
    const std::int64_t value = integer_at(data, source.dtype, i);
    const std::int64_t difference = value - zero_point;
    if (difference < std::numeric_limits<std::int32_t>::min() ||
        difference > std::numeric_limits<std::int32_t>::max()) {
      return NodeContext::invalid("the integer " + std::to_string(value) + " less its zero point " +
                                  std::to_string(zero_point) + " does not fit 32 bits");
    }
    centred[i] = static_cast<std::int32_t>(difference);
  }
  // A zero point for each channel beside one scale: that scale for each.
  std::vector<float> scales = scaling.scales;
  if (scales.size() == 1 && channels != 1) scales.assign(channels, scales[0]);
  const Dims dims = source.dims;
  OCTET_ASSIGN(const TensorId id, add_quantized_constant(builder.graph(), std::string(name), dims, centred, scales,
                                                         channels == 1 ? 0 : static_cast<std::size_t>(resolved)));
  builder.note_rank(id, static_cast<int>(dims.size()));
  return id;
}

}  // namespace octet::onnx

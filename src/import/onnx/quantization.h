// How the integers of a quantized file stand in the float Graph. Its 8-bit activations are made by Op::quantize and
// left by Op::dequantize, its 8- and 32-bit constants are float32 constants that keep their scales.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "graph/graph.h"

namespace octet::onnx {

class Builder;

// What the operands `scale` and `zero_point` of an operator say: real = scale * (q - zero_point), in the file's type.
struct Scaling {
  std::vector<float> scales;              // positive and finite; one: of the whole tensor
  std::vector<std::int64_t> zero_points;  // as many as scales, or one
  std::optional<DType> dtype;             // of the zero point; nothing where the file gives none
  bool per_tensor() const { return scales.size() == 1 && zero_points.size() == 1; }
};

// The 8-bit activations. One whose scale no operator has given yet (an input of the network that is transposed first,
// say) shares a group with everything that only moves its values; who first reads it as numbers decides for all.
class Quantization {
 public:
  explicit Quantization(Builder& builder) : builder_(builder) {}

  bool is_integer(TensorId id) const { return group_of_.contains(id); }
  // Precondition of all that take `integers`: is_integer.
  bool is_unsigned(TensorId integers) const { return group(integers).is_unsigned; }
  int group_of(TensorId integers) const { return group_of_.at(integers); }
  // Nothing where it is not known yet.
  std::optional<float> scale_of(TensorId integers) const {
    return group(integers).known ? std::optional(group(integers).quant.scale) : std::nullopt;
  }

  int add_group(bool is_unsigned);
  // Code::format where the zero point does not fit the type.
  Result<int> add_group(bool is_unsigned, float scale, std::int64_t zero_point);

  // The 8-bit activation that float32 `x` becomes.
  TensorId quantize(TensorId x, int group_index, std::string_view name, std::string_view node_name);
  // The real values by the scale that the integers have, whatever it will be; made once a tensor.
  TensorId dequantize(TensorId integers);
  // The real values by the given scale: where they were made with another one, the difference is computed in float32.
  // `name`: of the tensor and its node, "" for one that is shared by everyone who asks.
  Result<TensorId> read(TensorId integers, float scale, std::int64_t zero_point, std::string_view name,
                        std::string_view node_name);
  // Makes the members of both groups one, so that their values can be joined. False where their scales differ.
  bool join(int first, int second);
  // The real values of a constant of the file's 8-bit type beside activations of this group.
  Result<TensorId> constant_of_group(TensorId constant, int group_index);
  // What the file's value 0 means in this group; nothing where its scale is not known yet.
  std::optional<float> real_zero(int group_index) const;
  // Behind the last node. Groups without a scale hold plain whole numbers: scale 1.
  void settle();

 private:
  struct Group {
    bool is_unsigned = false;
    bool known = false;
    Quant quant;  // of the int8 values, which are the file's less 128 where those are unsigned
    std::vector<TensorId> members;
  };

  const Group& group(TensorId integers) const { return groups_[static_cast<std::size_t>(group_of_.at(integers))]; }
  Result<Quant> quant_of(bool is_unsigned, float scale, std::int64_t zero_point) const;
  TensorId add_dequantize(TensorId integers, std::string_view name, std::string_view node_name);

  Builder& builder_;
  std::vector<Group> groups_;
  std::unordered_map<TensorId, int> group_of_;
  std::unordered_map<TensorId, TensorId> dequantized_;
};

// DynamicQuantizeLinear chooses a scale for each input when the network runs. Octet leaves its rounding out: the
// integers stand for the real values divided by that scale, which is taken to be 1, so that ConvInteger and
// MatMulInteger become float layers whose weights are those of the file. That holds where the scale is multiplied back;
// so each tensor carries the power with which each such scale is contained in it, and what neither keeps nor cancels it
// is an error.
class DynamicScales {
 public:
  using Powers = std::map<int, int>;  // by scale; never 0

  int add() { return count_++; }
  void set(TensorId id, Powers powers) {
    if (!powers.empty()) powers_[id] = std::move(powers);
  }
  const Powers& of(TensorId id) const {
    static const Powers kNone;
    const auto found = powers_.find(id);
    return found == powers_.end() ? kNone : found->second;
  }
  static Powers product(const Powers& a, const Powers& b) {
    Powers result = a;
    for (const auto& [scale, power] : b) {
      if ((result[scale] += power) == 0) result.erase(scale);
    }
    return result;
  }
  void mark_zero_point(TensorId id, int scale) { zero_points_[id] = scale; }
  // The scale whose zero point this is; -1 for everything else.
  int zero_point_of(TensorId id) const {
    const auto found = zero_points_.find(id);
    return found == zero_points_.end() ? -1 : found->second;
  }

 private:
  int count_ = 0;
  std::unordered_map<TensorId, Powers> powers_;
  std::unordered_map<TensorId, int> zero_points_;
};

// The elements of a constant of type int8, uint8 or int32; nothing for other tensors.
std::optional<std::vector<std::int64_t>> integers_of(const Tensor& tensor);

// A float32 constant of the values scale * (q - zero_point) that keeps the scales. `axis`: the dimension of which each
// element has its own scale, counted from the end where negative; not read for a single one.
Result<TensorId> add_real_constant(Builder& builder, TensorId integers, const Scaling& scaling, std::int64_t axis,
                                   std::string_view name);

}  // namespace octet::onnx

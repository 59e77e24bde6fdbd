// Reads the operands of operators on integers: scales, zero points, and values as real numbers.
#pragma once

#include "import/onnx/context.h"

namespace octet::onnx {

// Operands `scale` and `zero_point` (absent: 0), which must be constant. Errors: computed ones; other types and shapes;
// a scale that is not positive and finite.
Result<Scaling> read_scaling(NodeContext& node, std::size_t scale, std::size_t zero_point);
// The same where the whole tensor has one scale.
Result<Scaling> read_tensor_scaling(NodeContext& node, std::size_t scale, std::size_t zero_point);

// Operand `i` with its scale and zero point as real numbers: an 8-bit activation or a constant. `axis`: see
// add_real_constant.
Result<TensorId> read_real(NodeContext& node, std::size_t i, std::size_t scale, std::size_t zero_point,
                           std::int64_t axis = 1);
// An int32 constant (a bias) in units of the product of the operands' scales.
Result<TensorId> read_bias(NodeContext& node, std::size_t i, const std::vector<float>& scales, float factor);

// The group of the result of operands `scale` and `zero_point`: uint8 where there is no zero point.
Result<int> result_group(NodeContext& node, std::size_t scale, std::size_t zero_point);

// What the row of a float operator makes of the node, whose operands have been replaced.
Status convert_as(NodeContext& node, std::string_view float_operator);

// x combined with one value, or with one for each element of dimension `axis` of x (of `rank` dimensions).
Result<TensorId> emit_per_axis(NodeContext& node, BinaryKind kind, TensorId x, const std::vector<float>& values,
                               std::int64_t axis, int rank);

// Whether an operator moves or compares values without regard to their scale, so that it may work on integers as well
// as on the real numbers that they stand for.
bool moves_values(std::string_view op_type);
// Makes such a node work on the real numbers behind its integers and its results integers of the same scale.
Status move_integers(NodeContext& node);

}  // namespace octet::onnx

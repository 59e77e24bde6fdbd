// The table of operators.
#include "import/tflite/convert.h"

#include <algorithm>
#include <iterator>

namespace octet::tflite {
namespace {

using Kind = fb::BuiltinOperator;

struct Row {
  Kind kind;
  Convert convert;
};

constexpr Row kRows[] = {
    {Kind::CONV_2D, convert_conv_2d},
    {Kind::DEPTHWISE_CONV_2D, convert_depthwise_conv_2d},
    {Kind::TRANSPOSE_CONV, convert_transpose_conv},
    {Kind::AVERAGE_POOL_2D, convert_average_pool_2d},
    {Kind::MAX_POOL_2D, convert_max_pool_2d},
    {Kind::L2_POOL_2D, convert_l2_pool_2d},
    {Kind::RESIZE_BILINEAR, convert_resize_bilinear},
    {Kind::RESIZE_NEAREST_NEIGHBOR, convert_resize_nearest_neighbor},
    {Kind::SPACE_TO_DEPTH, convert_space_to_depth},
    {Kind::DEPTH_TO_SPACE, convert_depth_to_space},
    {Kind::FULLY_CONNECTED, convert_fully_connected},
    {Kind::BATCH_MATMUL, convert_batch_mat_mul},
    {Kind::ADD, convert_add},
    {Kind::SUB, convert_sub},
    {Kind::MUL, convert_mul},
    {Kind::DIV, convert_div},
    {Kind::FLOOR_DIV, convert_floor_div},
    {Kind::MAXIMUM, convert_maximum},
    {Kind::MINIMUM, convert_minimum},
    {Kind::POW, convert_pow},
    {Kind::SQUARED_DIFFERENCE, convert_squared_difference},
    {Kind::ADD_N, convert_add_n},
    {Kind::RELU, convert_unary},
    {Kind::RELU6, convert_unary},
    {Kind::RELU_N1_TO_1, convert_unary},
    {Kind::RELU_0_TO_1, convert_unary},
    {Kind::ELU, convert_unary},
    {Kind::LOGISTIC, convert_unary},
    {Kind::TANH, convert_unary},
    {Kind::HARD_SWISH, convert_unary},
    {Kind::EXP, convert_unary},
    {Kind::LOG, convert_unary},
    {Kind::SQRT, convert_unary},
    {Kind::RSQRT, convert_unary},
    {Kind::ABS, convert_unary},
    {Kind::NEG, convert_unary},
    {Kind::SQUARE, convert_unary},
    {Kind::SIN, convert_unary},
    {Kind::COS, convert_unary},
    {Kind::FLOOR, convert_unary},
    {Kind::CEIL, convert_unary},
    {Kind::ROUND, convert_unary},
    {Kind::SIGN, convert_unary},
    {Kind::LOGICAL_NOT, convert_unary},
    {Kind::LEAKY_RELU, convert_leaky_relu},
    {Kind::GELU, convert_gelu},
    {Kind::PRELU, convert_prelu},
    {Kind::QUANTIZE, convert_pass_on},
    {Kind::DEQUANTIZE, convert_dequantize},
    {Kind::CAST, convert_cast},
    {Kind::EQUAL, convert_compare},
    {Kind::NOT_EQUAL, convert_compare},
    {Kind::LESS, convert_compare},
    {Kind::LESS_EQUAL, convert_compare},
    {Kind::GREATER, convert_compare},
    {Kind::GREATER_EQUAL, convert_compare},
    {Kind::LOGICAL_AND, convert_compare},
    {Kind::LOGICAL_OR, convert_compare},
    {Kind::SELECT, convert_select},
    {Kind::SELECT_V2, convert_select},
    {Kind::MEAN, convert_reduction},
    {Kind::SUM, convert_reduction},
    {Kind::REDUCE_MAX, convert_reduction},
    {Kind::REDUCE_MIN, convert_reduction},
    {Kind::REDUCE_PROD, convert_reduction},
    {Kind::SOFTMAX, convert_softmax},
    {Kind::LOG_SOFTMAX, convert_log_softmax},
    {Kind::L2_NORMALIZATION, convert_l2_normalization},
    {Kind::RESHAPE, convert_reshape},
    {Kind::SQUEEZE, convert_squeeze},
    {Kind::EXPAND_DIMS, convert_expand_dims},
    {Kind::TRANSPOSE, convert_transpose},
    {Kind::SHAPE, convert_shape},
    {Kind::RANK, convert_rank},
    {Kind::FILL, convert_fill},
    {Kind::ZEROS_LIKE, convert_zeros_like},
    {Kind::RANGE, convert_range},
    {Kind::BROADCAST_TO, convert_broadcast_to},
    {Kind::TILE, convert_tile},
    {Kind::SPACE_TO_BATCH_ND, convert_space_to_batch_nd},
    {Kind::BATCH_TO_SPACE_ND, convert_batch_to_space_nd},
    {Kind::CONCATENATION, convert_concatenation},
    {Kind::PACK, convert_pack},
    {Kind::UNPACK, convert_unpack},
    {Kind::SPLIT, convert_split},
    {Kind::SPLIT_V, convert_split_v},
    {Kind::SLICE, convert_slice},
    {Kind::STRIDED_SLICE, convert_strided_slice},
    {Kind::PAD, convert_pad},
    {Kind::PADV2, convert_pad},
    {Kind::MIRROR_PAD, convert_mirror_pad},
    {Kind::GATHER, convert_gather},
    {Kind::REVERSE_V2, convert_reverse},
};

}  // namespace

Convert find_convert(fb::BuiltinOperator kind) {
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return r.kind == kind; });
  return row == std::end(kRows) ? nullptr : row->convert;
}

}  // namespace octet::tflite

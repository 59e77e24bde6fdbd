// One function for each kind of .tflite operator: reads its options, emits nodes, finishes its outputs.
#pragma once

#include "base/status.h"
#include "import/tflite/emitter.h"

namespace octet::tflite {

using Convert = Status (*)(Emitter&);

// nullptr: the operator is not supported.
Convert find_convert(fb::BuiltinOperator kind);

// convert_window.cpp
Status convert_conv_2d(Emitter& e);
Status convert_depthwise_conv_2d(Emitter& e);
Status convert_transpose_conv(Emitter& e);
Status convert_average_pool_2d(Emitter& e);
Status convert_max_pool_2d(Emitter& e);
Status convert_l2_pool_2d(Emitter& e);
Status convert_resize_bilinear(Emitter& e);
Status convert_resize_nearest_neighbor(Emitter& e);
Status convert_space_to_depth(Emitter& e);
Status convert_depth_to_space(Emitter& e);

// convert_matrix.cpp
Status convert_fully_connected(Emitter& e);
Status convert_batch_mat_mul(Emitter& e);

// convert_elementwise.cpp
Status convert_add(Emitter& e);
Status convert_sub(Emitter& e);
Status convert_mul(Emitter& e);
Status convert_div(Emitter& e);
Status convert_floor_div(Emitter& e);
Status convert_maximum(Emitter& e);
Status convert_minimum(Emitter& e);
Status convert_pow(Emitter& e);
Status convert_squared_difference(Emitter& e);
Status convert_add_n(Emitter& e);
Status convert_unary(Emitter& e);
Status convert_leaky_relu(Emitter& e);
Status convert_gelu(Emitter& e);
Status convert_prelu(Emitter& e);
Status convert_pass_on(Emitter& e);
Status convert_dequantize(Emitter& e);
Status convert_cast(Emitter& e);
Status convert_compare(Emitter& e);
Status convert_select(Emitter& e);

// convert_reduction.cpp
Status convert_reduction(Emitter& e);
Status convert_softmax(Emitter& e);
Status convert_log_softmax(Emitter& e);
Status convert_l2_normalization(Emitter& e);

// convert_shape.cpp
Status convert_reshape(Emitter& e);
Status convert_squeeze(Emitter& e);
Status convert_expand_dims(Emitter& e);
Status convert_transpose(Emitter& e);
Status convert_shape(Emitter& e);
Status convert_rank(Emitter& e);
Status convert_fill(Emitter& e);
Status convert_zeros_like(Emitter& e);
Status convert_range(Emitter& e);
Status convert_broadcast_to(Emitter& e);
Status convert_tile(Emitter& e);
Status convert_space_to_batch_nd(Emitter& e);
Status convert_batch_to_space_nd(Emitter& e);

// convert_places.cpp
Status convert_concatenation(Emitter& e);
Status convert_pack(Emitter& e);
Status convert_unpack(Emitter& e);
Status convert_split(Emitter& e);
Status convert_split_v(Emitter& e);
Status convert_slice(Emitter& e);
Status convert_pad(Emitter& e);
Status convert_mirror_pad(Emitter& e);
Status convert_gather(Emitter& e);
Status convert_reverse(Emitter& e);

// convert_strided_slice.cpp
Status convert_strided_slice(Emitter& e);

}  // namespace octet::tflite

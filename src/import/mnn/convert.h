// One function for each kind of .mnn operator: reads its parameters, emits nodes, finishes its outputs.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "base/status.h"
#include "import/mnn/emitter.h"

namespace octet::mnn {

using Convert = Status (*)(Emitter&);

// nullptr: the operator is not supported.
Convert find_convert(fb::OpType type);
// An int8 operator of 2019 to 2021: what it reads and makes are integers.
bool is_old_int8(fb::OpType type);
// An operator that moves what it reads, integers or not.
bool moves_integers(fb::OpType type);

// convert_source.cpp
Status convert_input(Emitter& e);
Status convert_const(Emitter& e);
Status convert_identity(Emitter& e);
Status convert_cast(Emitter& e);

// convert_convolution.cpp
Status convert_convolution(Emitter& e);
Status convert_deconvolution(Emitter& e);

// convert_matrix.cpp
Status convert_inner_product(Emitter& e);
Status convert_mat_mul(Emitter& e);
Status convert_batch_mat_mul(Emitter& e);

// convert_spatial.cpp
Status convert_pooling(Emitter& e);
Status convert_interp(Emitter& e);
Status convert_resize(Emitter& e);
Status convert_depth_to_space(Emitter& e);
Status convert_space_to_depth(Emitter& e);

// convert_activation.cpp
Status convert_relu(Emitter& e);
Status convert_relu6(Emitter& e);
Status convert_prelu(Emitter& e);
Status convert_elu(Emitter& e);
Status convert_selu(Emitter& e);
Status convert_sigmoid(Emitter& e);
Status convert_tanh(Emitter& e);
Status convert_unary(Emitter& e);
Status convert_softmax(Emitter& e);

// convert_arithmetic.cpp
Status convert_binary(Emitter& e);
Status convert_eltwise(Emitter& e);
Status convert_scale(Emitter& e);
Status convert_batch_norm(Emitter& e);
Status convert_reduction(Emitter& e);
Status convert_select(Emitter& e);

// convert_shape.cpp
Status convert_reshape(Emitter& e);
Status convert_flatten(Emitter& e);
Status convert_squeeze(Emitter& e);
Status convert_unsqueeze(Emitter& e);
Status convert_expand_dims(Emitter& e);
Status convert_permute(Emitter& e);
Status convert_transpose(Emitter& e);
Status convert_tensor_layout(Emitter& e);
Status convert_shape(Emitter& e);
Status convert_rank(Emitter& e);
Status convert_size(Emitter& e);

// convert_places.cpp
Status convert_concat(Emitter& e);
Status convert_pack(Emitter& e);
Status convert_unpack(Emitter& e);
Status convert_slice(Emitter& e);
Status convert_slice_tf(Emitter& e);
Status convert_crop(Emitter& e);
Status convert_padding(Emitter& e);
Status convert_gather(Emitter& e);
Status convert_broadcast_to(Emitter& e);
Status convert_tile(Emitter& e);
Status convert_fill(Emitter& e);
Status convert_range(Emitter& e);

// convert_strided_slice.cpp
Status convert_strided_slice(Emitter& e);

// convert_int8.cpp
Status convert_float_to_int8(Emitter& e);
Status convert_int8_to_float(Emitter& e);
Status convert_conv_int8(Emitter& e);
Status convert_eltwise_int8(Emitter& e);
Status convert_pool_int8(Emitter& e);
// The scales that the readers of int8 tensors state for them.
std::unordered_map<std::int32_t, float> stated_scales(const fb::Net& net);

}  // namespace octet::mnn

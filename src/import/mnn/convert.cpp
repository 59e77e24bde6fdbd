#include "import/mnn/convert.h"

#include <algorithm>

namespace octet::mnn {
namespace {

struct Row {
  fb::OpType type;
  Convert convert;
};

constexpr Row kRows[] = {
    {fb::OpType::Input, convert_input},
    {fb::OpType::Const, convert_const},
    {fb::OpType::TrainableParam, convert_const},
    {fb::OpType::Identity, convert_identity},
    {fb::OpType::Dropout, convert_identity},
    {fb::OpType::Copy, convert_identity},
    {fb::OpType::Cast, convert_cast},
    {fb::OpType::Convolution, convert_convolution},
    {fb::OpType::ConvolutionDepthwise, convert_convolution},
    {fb::OpType::Deconvolution, convert_deconvolution},
    {fb::OpType::DeconvolutionDepthwise, convert_deconvolution},
    {fb::OpType::InnerProduct, convert_inner_product},
    {fb::OpType::MatMul, convert_mat_mul},
    {fb::OpType::BatchMatMul, convert_batch_mat_mul},
    {fb::OpType::Pooling, convert_pooling},
    {fb::OpType::Interp, convert_interp},
    {fb::OpType::Resize, convert_resize},
    {fb::OpType::DepthToSpace, convert_depth_to_space},
    {fb::OpType::SpaceToDepth, convert_space_to_depth},
    {fb::OpType::ReLU, convert_relu},
    {fb::OpType::ReLU6, convert_relu6},
    {fb::OpType::PReLU, convert_prelu},
    {fb::OpType::ELU, convert_elu},
    {fb::OpType::Selu, convert_selu},
    {fb::OpType::Sigmoid, convert_sigmoid},
    {fb::OpType::TanH, convert_tanh},
    {fb::OpType::UnaryOp, convert_unary},
    {fb::OpType::Softmax, convert_softmax},
    {fb::OpType::BinaryOp, convert_binary},
    {fb::OpType::Eltwise, convert_eltwise},
    {fb::OpType::Scale, convert_scale},
    {fb::OpType::BatchNorm, convert_batch_norm},
    {fb::OpType::Reduction, convert_reduction},
    {fb::OpType::Select, convert_select},
    {fb::OpType::Reshape, convert_reshape},
    {fb::OpType::Flatten, convert_flatten},
    {fb::OpType::Squeeze, convert_squeeze},
    {fb::OpType::Unsqueeze, convert_unsqueeze},
    {fb::OpType::ExpandDims, convert_expand_dims},
    {fb::OpType::Permute, convert_permute},
    {fb::OpType::Transpose, convert_transpose},
    {fb::OpType::ConvertTensor, convert_tensor_layout},
    {fb::OpType::Shape, convert_shape},
    {fb::OpType::Rank, convert_rank},
    {fb::OpType::Size, convert_size},
    {fb::OpType::Concat, convert_concat},
    {fb::OpType::Pack, convert_pack},
    {fb::OpType::Unpack, convert_unpack},
    {fb::OpType::Slice, convert_slice},
    {fb::OpType::SliceTf, convert_slice_tf},
    {fb::OpType::StridedSlice, convert_strided_slice},
    {fb::OpType::Crop, convert_crop},
    {fb::OpType::Padding, convert_padding},
    {fb::OpType::Gather, convert_gather},
    {fb::OpType::GatherV2, convert_gather},
    {fb::OpType::BroadcastTo, convert_broadcast_to},
    {fb::OpType::Tile, convert_tile},
    {fb::OpType::Fill, convert_fill},
    {fb::OpType::Range, convert_range},
    {fb::OpType::FloatToInt8, convert_float_to_int8},
    {fb::OpType::Int8ToFloat, convert_int8_to_float},
    {fb::OpType::ConvInt8, convert_conv_int8},
    {fb::OpType::DepthwiseConvInt8, convert_conv_int8},
    {fb::OpType::EltwiseInt8, convert_eltwise_int8},
    {fb::OpType::PoolInt8, convert_pool_int8},
};

constexpr fb::OpType kOldInt8[] = {
    fb::OpType::ConvInt8,    fb::OpType::DepthwiseConvInt8, fb::OpType::Int8ToFloat,
    fb::OpType::FloatToInt8, fb::OpType::EltwiseInt8,       fb::OpType::PoolInt8,
};

constexpr fb::OpType kMoves[] = {
    fb::OpType::Concat,        fb::OpType::Pack,     fb::OpType::Unpack,  fb::OpType::DepthToSpace,
    fb::OpType::SpaceToDepth,  fb::OpType::Identity, fb::OpType::Dropout, fb::OpType::Copy,
    fb::OpType::ConvertTensor, fb::OpType::Reshape,  fb::OpType::Flatten, fb::OpType::Squeeze,
    fb::OpType::Unsqueeze,     fb::OpType::Permute,  fb::OpType::Slice,   fb::OpType::ExpandDims,
    fb::OpType::StridedSlice,  fb::OpType::Crop,     fb::OpType::SliceTf, fb::OpType::Transpose,
};

}  // namespace

Convert find_convert(fb::OpType type) {
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return r.type == type; });
  return row == std::end(kRows) ? nullptr : row->convert;
}

bool is_old_int8(fb::OpType type) {
  return std::find(std::begin(kOldInt8), std::end(kOldInt8), type) != std::end(kOldInt8);
}

bool moves_integers(fb::OpType type) {
  return std::find(std::begin(kMoves), std::end(kMoves), type) != std::end(kMoves);
}

}  // namespace octet::mnn

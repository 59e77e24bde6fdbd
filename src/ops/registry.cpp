// The operators and the runners, one row each.
#include "ops/op.h"
#include "ops/runners.h"

namespace octet {
namespace {

constexpr Operator kOperators[] = {
    {Op::conv, LayoutRule::channels_last, prepare_conv, true},
    {Op::conv_transpose, LayoutRule::channels_last, prepare_conv_transpose},
    {Op::gemm, LayoutRule::contiguous, prepare_gemm},
    {Op::mat_mul, LayoutRule::contiguous, prepare_mat_mul},
    {Op::max_pool, LayoutRule::channels_last, prepare_pool, true},
    {Op::average_pool, LayoutRule::channels_last, prepare_pool, true},
    {Op::reduce, LayoutRule::follow, prepare_reduce},
    {Op::unary, LayoutRule::follow, prepare_unary, false, true},
    {Op::prelu, LayoutRule::follow, prepare_prelu, false, true},
    {Op::binary, LayoutRule::follow, prepare_binary, false, true},
    {Op::concat, LayoutRule::follow, prepare_concat},
    {Op::split, LayoutRule::follow, prepare_split},
    {Op::slice, LayoutRule::follow, prepare_slice},
    {Op::pad, LayoutRule::follow, prepare_pad},
    {Op::reshape, LayoutRule::contiguous, prepare_reshape},
    {Op::transpose, LayoutRule::transpose, prepare_transpose},
    {Op::resize, LayoutRule::channels_last, prepare_resize},
    {Op::depth_to_space, LayoutRule::channels_last, prepare_depth_to_space},
    {Op::space_to_depth, LayoutRule::channels_last, prepare_space_to_depth},
    {Op::softmax, LayoutRule::follow, prepare_softmax},
    {Op::gather, LayoutRule::contiguous, prepare_gather},
    {Op::expand, LayoutRule::follow, prepare_expand},
    {Op::quantize, LayoutRule::follow, prepare_quantize},
    {Op::dequantize, LayoutRule::follow, prepare_dequantize},
    {Op::requantize, LayoutRule::follow, prepare_requantize},
};

constexpr Runner kRunners[] = {
#define OCTET_RUNNER(runner) runner,
#include "ops/runners.inc"
#undef OCTET_RUNNER
};

// Runners whose steps can have a RowWindow.
constexpr std::pair<Runner, const BandRunner*> kBandRunners[] = {
    {run_conv_f32, &kConvF32Bands},      {run_conv_i8, &kConvI8Bands},        {run_pool_f32, &kPoolF32Bands},
    {run_pool_i8, &kPoolI8Bands},        {run_binary_f32, &kBinaryF32Bands},  {run_binary_i8, &kBinaryI8Bands},
    {run_unary_f32, &kUnaryF32Bands},    {run_table_i8, &kTableI8Bands},      {run_quantize, &kQuantizeBands},
    {run_dequantize, &kDequantizeBands}, {run_requantize, &kRequantizeBands},
};

}  // namespace

const BandRunner* band_runner_of(const Step& step) {
  if (step.rows.span == 0) return nullptr;
  for (const auto& [runner, bands] : kBandRunners) {
    if (runner == kRunners[step.runner]) return bands;
  }
  return nullptr;
}

const Operator* find_operator(Op op) {
  for (const Operator& candidate : kOperators) {
    if (candidate.op == op) return &candidate;
  }
  return nullptr;
}

Runner runner_of(const Step& step) { return kRunners[step.runner]; }

std::uint8_t index_of(Runner runner) {
  std::uint8_t index = 0;
  while (kRunners[index] != runner) ++index;
  return index;
}

}  // namespace octet

// Windows, reductions, resizing, blocks of pixels and channels.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "export/mnn/write.h"

namespace octet::mnn {
namespace {

constexpr fb::DataFormat kImage = fb::DataFormat::NC4HW4;
constexpr fb::DataFormat kPlain = fb::DataFormat::NCHW;

std::int32_t small(std::int64_t value) { return static_cast<std::int32_t>(value); }

// Writes the pool, with its window or global. MNN's int8 pools are not to be had: on x86 they compare bytes that stand
// for integers less 128 as if they were signed, and averages are rounded down. They serve where input and output have
// one scale; with the next one a pool computes in float, and gives what the first would.
void write_pooling(Writer& w, const Node& node, flatbuffers::Offset<fb::Pool> table) {
  const std::int32_t from = read_floats(w, node, w.as(w.read(node.input(0)), kImage));
  const std::int32_t to = w.make(node.outputs[0], kImage);
  if (w.range(from) && w.range(to) && w.range(from)->quant == w.range(to)->quant) {
    TensorRange range = *w.range(to);
    range.quant.scale = std::nextafter(range.quant.scale, std::numeric_limits<float>::infinity());
    w.set_range(to, range);
  }
  w.op(fb::OpType::Pooling, w.op_name(node.name), {from}, {to}, Writer::main(table));
}

void write_global_pool(Writer& w, const Node& node) {
  fb::PoolBuilder pool(w.builder());
  pool.add_is_global(true);
  pool.add_type(node.attrs.reduce == ReduceKind::mean ? fb::PoolType::Average : fb::PoolType::Max);
  write_pooling(w, node, pool.Finish());
}

std::optional<fb::ReductionType> reduction_of(ReduceKind kind) {
  switch (kind) {
    case ReduceKind::mean:
      return fb::ReductionType::Mean;
    case ReduceKind::sum:
      return fb::ReductionType::Sum;
    case ReduceKind::max:
      return fb::ReductionType::Maximum;
    case ReduceKind::min:
      return fb::ReductionType::Minimum;
    case ReduceKind::prod:
      return fb::ReductionType::Prod;
    default:
      return std::nullopt;  // the others MNN's own runtime does not compute
  }
}

struct Sampling {
  std::int32_t type = 0;
  fb::Coordinates coordinates = fb::Coordinates::NotSet;
};

// Numbers of the field that names the method.
constexpr std::int32_t kNearest = 1, kLinear = 2, kCubic = 3, kNearestRound = 4;

Result<Sampling> sampling_of(const Attributes& attrs) {
  Sampling result;
  switch (attrs.coordinate) {
    case CoordinateKind::half_pixel:
      result.coordinates = fb::Coordinates::HalfPixels;
      break;
    case CoordinateKind::asymmetric:
      result.coordinates = fb::Coordinates::Asymmetric;
      break;
    case CoordinateKind::align_corners:
      result.coordinates = fb::Coordinates::AlignCorners;
      break;
    case CoordinateKind::pytorch_half_pixel:
      result.coordinates = fb::Coordinates::PyTorchHalfPixels;
      break;
  }
  if (attrs.resize == ResizeKind::linear) {
    result.type = kLinear;
  } else if (attrs.resize == ResizeKind::cubic) {
    if (attrs.cubic_a != -0.75f) return fail(Code::unsupported, "a cubic coefficient other than -0.75");
    result.type = kCubic;
  } else if (attrs.nearest == NearestKind::floor) {
    result.type = kNearest;
  } else if (attrs.nearest == NearestKind::round_prefer_floor) {
    result.type = kNearestRound;
  } else if (attrs.nearest == NearestKind::round_prefer_ceil && attrs.coordinate == CoordinateKind::half_pixel) {
    result = {kNearest, fb::Coordinates::TensorFlowHalfPixels};
  } else {
    return fail(Code::unsupported, "a nearest neighbour that rounds up");
  }
  return result;
}

Status write_blocks(Writer& w, const Node& node, fb::OpType type) {
  const auto table = fb::CreateDepthSpaceParam(w.builder(), small(node.attrs.block),
                                               node.attrs.crd ? fb::DepthMode::CRD : fb::DepthMode::DCR);
  const std::int32_t from = w.as(w.read(node.input(0)), kPlain);
  w.op(type, w.op_name(node.name), {from}, {w.make(node.outputs[0], kPlain)}, Writer::main(table));
  return {};
}

}  // namespace

Status write_pool(Writer& w, const Node& node) {
  const Window& window = node.attrs.window;
  const bool average = node.op == Op::average_pool;
  if (window.dilation != std::array<std::int64_t, 2>{1, 1}) return fail(Code::unsupported, "a dilated window");
  const Dims &in = w.tensor(node.input(0)).dims, &out = w.tensor(node.outputs[0]).dims;
  const bool open = w.is_open_image(node.input(0));
  if (open && (window.auto_pad == AutoPad::same_lower || node.attrs.ceil_mode)) {
    return fail(Code::unsupported,
                "windows over an image of open size that are rounded up, or padded at the beginning");
  }
  // The windows as they are, said in pads: a last one that reaches over the border pads so much more.
  std::array<std::int64_t, 4> pads = window.pads;  // top, left, bottom, right
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t reach = (out[2 + i] - 1) * window.stride[i] + window.kernel[i] - in[2 + i] - pads[i];
    if (reach > pads[2 + i] && average && node.attrs.count_include_pad) {
      return fail(Code::unsupported, "averages that count some of the padding, but not all");
    }
    pads[2 + i] = std::max(reach, pads[2 + i]);
  }
  const auto list = w.builder().CreateVector(narrowed({pads.begin(), pads.end()}));
  fb::PoolBuilder pool(w.builder());
  pool.add_pad_x(small(pads[1]));
  pool.add_pad_y(small(pads[0]));
  pool.add_kernel_x(small(window.kernel[1]));
  pool.add_kernel_y(small(window.kernel[0]));
  pool.add_stride_x(small(window.stride[1]));
  pool.add_stride_y(small(window.stride[0]));
  pool.add_type(average ? fb::PoolType::Average : fb::PoolType::Max);
  if (open && window.auto_pad == AutoPad::same_upper) pool.add_pad_type(fb::PadMode::Same);
  pool.add_ceil_mode(false);
  pool.add_pads(list);
  if (average) {
    pool.add_count_type(node.attrs.count_include_pad ? fb::CountType::IncludePadding : fb::CountType::ExcludePadding);
  }
  write_pooling(w, node, pool.Finish());
  return {};
}

Status write_reduce(Writer& w, const Node& node) {
  const std::size_t rank = w.tensor(node.input(0)).dims.size();
  std::vector<std::int64_t> axes = node.attrs.axes;
  for (std::size_t i = 0; axes.size() < rank && node.attrs.axes.empty(); ++i) axes.push_back(small(i));
  std::sort(axes.begin(), axes.end());
  const bool image = rank == 4 && axes == std::vector<std::int64_t>{2, 3} && node.attrs.keep_dims;
  if (image && (node.attrs.reduce == ReduceKind::mean || node.attrs.reduce == ReduceKind::max)) {
    write_global_pool(w, node);
    return {};
  }
  const auto kind = reduction_of(node.attrs.reduce);
  if (!kind) return fail(Code::unsupported, "this reduction (mean, sum, max, min and prod are)");
  const std::vector<std::int32_t> dims = narrowed(axes);
  const auto table = fb::CreateReductionParamDirect(w.builder(), *kind, &dims, node.attrs.keep_dims);
  const std::int32_t from = w.as(w.read(node.input(0)), kPlain);
  w.op(fb::OpType::Reduction, w.op_name(node.name), {from}, {w.make(node.outputs[0], kPlain)}, Writer::main(table));
  return {};
}

Status write_resize(Writer& w, const Node& node) {
  OCTET_ASSIGN(const Sampling sampling, sampling_of(node.attrs));
  const Dims &in = w.tensor(node.input(0)).dims, &out = w.tensor(node.outputs[0]).dims;
  // The file has the size alone, and MNN divides by it.
  for (std::size_t i = 0; i < node.attrs.scales.size() && i < 2; ++i) {
    const float exact = node.attrs.scales[i] * static_cast<float>(in[2 + i]);
    if (std::fabs(exact - static_cast<float>(out[2 + i])) > 1e-3f * static_cast<float>(out[2 + i])) {
      return fail(Code::unsupported, "a factor that gives no whole size");
    }
  }
  fb::InterpBuilder interp(w.builder());
  if (w.is_open_image(node.input(0)) && node.attrs.scales.size() == 2) {
    interp.add_width_scale(node.attrs.scales[1]);
    interp.add_height_scale(node.attrs.scales[0]);
  } else {
    interp.add_output_width(small(out[3]));
    interp.add_output_height(small(out[2]));
  }
  interp.add_resize_type(sampling.type);
  interp.add_align_corners(sampling.coordinates == fb::Coordinates::AlignCorners);
  interp.add_half_pixel_centers(sampling.coordinates == fb::Coordinates::HalfPixels);
  interp.add_coordinates(sampling.coordinates);
  const auto table = interp.Finish();
  const std::int32_t from = read_floats(w, node, w.as(w.read(node.input(0)), kImage));
  w.op(fb::OpType::Interp, w.op_name(node.name), {from}, {w.make(node.outputs[0], kImage)}, Writer::main(table));
  return {};
}

Status write_depth_to_space(Writer& w, const Node& node) { return write_blocks(w, node, fb::OpType::DepthToSpace); }
Status write_space_to_depth(Writer& w, const Node& node) { return write_blocks(w, node, fb::OpType::SpaceToDepth); }

}  // namespace octet::mnn

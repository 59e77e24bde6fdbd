// Operators on images: pooling, resizing, blocks of pixels and channels.
#include <cmath>
#include <string>
#include <utility>

#include "base/text.h"
#include "import/mnn/convert.h"

namespace octet::mnn {
namespace {

constexpr std::int64_t kMaxWindow = 65536;
constexpr std::int64_t kMaxSide = 65536;

void finish_image(Emitter& e, TensorId result) {
  e.set_rank(result, 4);
  e.finish(e.like(e.input(0), result));
}

Status convert_global_pooling(Emitter& e, bool average) {
  OCTET_ASSIGN(const TensorId x, e.as_nchw(e.input(0), 4));
  Attributes attrs;
  attrs.reduce = average ? ReduceKind::mean : ReduceKind::max;
  attrs.axes = {2, 3};
  finish_image(e, e.emit(octet::Op::reduce, {x}, attrs));
  return {};
}

Status read_window(const fb::Pool& pool, Window* window) {
  window->kernel = {pool.kernel_y(), pool.kernel_x()};
  window->stride = {pool.stride_y(), pool.stride_x()};
  for (std::size_t i = 0; i < 2; ++i) {
    if (window->kernel[i] < 1 || window->kernel[i] > kMaxWindow || window->stride[i] < 1 ||
        window->stride[i] > kMaxWindow) {
      return fail(Code::format,
                  "its window has kernel " + shape_text(window->kernel) + " and stride " + shape_text(window->stride));
    }
  }
  if (pool.pad_type() == fb::PadMode::Same) {
    window->auto_pad = AutoPad::same_upper;
    return {};
  }
  if (pool.pad_type() == fb::PadMode::Valid) return {};
  const std::span<const std::int32_t> pads = span_of(pool.pads());
  if (pads.size() == 4) {
    window->pads = {pads[0], pads[1], pads[2], pads[3]};
  } else if (pads.size() == 2) {
    window->pads = {pads[0], 0, pads[1], 0};
  } else {
    window->pads = {pool.pad_y(), pool.pad_x(), pool.pad_y(), pool.pad_x()};
  }
  for (const std::int64_t pad : window->pads) {
    if (pad < 0 || pad > kMaxWindow) return fail(Code::format, "it pads by " + std::to_string(pad));
  }
  return {};
}

// Padding given for both sides alike counts in an average, as Caffe has it; padding given for each side, or found by
// the operator, does not.
bool counts_padding(const fb::Pool& pool) {
  if (pool.count_type() != fb::CountType::Default) return pool.count_type() == fb::CountType::IncludePadding;
  return pool.pad_type() == fb::PadMode::Explicit && pool.pads() == nullptr;
}

enum ResizeType : std::int32_t { kNearest = 1, kBilinear = 2, kCubic = 3, kNearestRound = 4 };

Status read_sampling(const fb::Interp& interp, Attributes* attrs) {
  switch (interp.resize_type()) {
    case kNearest:
      attrs->resize = ResizeKind::nearest;
      attrs->nearest = NearestKind::floor;
      break;
    case kBilinear:
      attrs->resize = ResizeKind::linear;
      break;
    case kCubic:
      attrs->resize = ResizeKind::cubic;
      break;
    case kNearestRound:
      attrs->resize = ResizeKind::nearest;
      attrs->nearest = NearestKind::round_prefer_floor;
      break;
    default:
      return fail(Code::unsupported,
                  "it resizes by method " + std::to_string(interp.resize_type()) + ", which is not known (1 to 4 are)");
  }
  switch (interp.coordinates()) {
    case fb::Coordinates::NotSet:
      // Before there was a field for it. The nearest neighbour never had centres at a half.
      if (interp.half_pixel_centers() && interp.resize_type() != kNearest) {
        attrs->coordinate = CoordinateKind::half_pixel;
      } else {
        attrs->coordinate = interp.align_corners() ? CoordinateKind::align_corners : CoordinateKind::asymmetric;
      }
      return {};
    case fb::Coordinates::AlignCorners:
      attrs->coordinate = CoordinateKind::align_corners;
      return {};
    case fb::Coordinates::HalfPixels:
      attrs->coordinate = CoordinateKind::half_pixel;
      return {};
    case fb::Coordinates::PyTorchHalfPixels:
      attrs->coordinate = CoordinateKind::pytorch_half_pixel;
      return {};
    case fb::Coordinates::TensorFlowHalfPixels:
      // floor((x + 0.5) * scale), said in the Graph's terms.
      if (interp.resize_type() == kNearest) {
        attrs->coordinate = CoordinateKind::half_pixel;
        attrs->nearest = NearestKind::round_prefer_ceil;
        return {};
      }
      return fail(Code::unsupported, "half pixels as TensorFlow has them, in other than the nearest neighbour");
    case fb::Coordinates::Asymmetric:
      attrs->coordinate = CoordinateKind::asymmetric;
      return {};
    default:
      return fail(Code::unsupported, "it resizes with coordinates of kind " +
                                         std::to_string(static_cast<int>(interp.coordinates())) +
                                         ", which is not supported");
  }
}

Status check_scales(float height, float width) {
  if (!(height > 0) || !(width > 0) || !std::isfinite(height) || !std::isfinite(width)) {
    return fail(Code::format, "it resizes by factors of " + std::to_string(height) + " and " + std::to_string(width));
  }
  return {};
}

// The second input, a constant: H and W, or N, C, H and W; sizes where integers, factors where floats of four.
Status read_constant_size(Emitter& e, Attributes* attrs) {
  const TensorId size = e.input(1);
  const std::size_t height = e.layout(e.input(0)) == Layout::nhwc ? 1 : 2;
  if (e.dtype(size) == DType::f32) {
    const std::span<const float> values = e.graph().at(size).data.as<float>();
    if (values.size() == 4) {
      attrs->scales = {values[height], values[height + 1]};
      return check_scales(values[height], values[height + 1]);
    }
    if (values.size() != 2 || !(std::abs(values[0]) < kMaxSide) || !(std::abs(values[1]) < kMaxSide)) {
      return fail(Code::format, "its output size is " + std::to_string(values.size()) + " numbers, or out of range");
    }
    attrs->sizes = {static_cast<std::int64_t>(values[0]), static_cast<std::int64_t>(values[1])};
    return {};
  }
  OCTET_ASSIGN(const std::vector<std::int64_t> values, e.integers(size, "its output size"));
  if (values.size() == 2) {
    attrs->sizes = values;
  } else if (values.size() == 4) {
    attrs->sizes = {values[height], values[height + 1]};
  } else {
    return fail(Code::format, "its output size is " + shape_text(values));
  }
  return {};
}

Status convert_blocks(Emitter& e, octet::Op kind) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::DepthSpaceParam>());
  OCTET_TRY(e.expect_inputs(1, 1));
  Attributes attrs;
  attrs.block = parameters->block_size();
  attrs.crd = parameters->mode() == fb::DepthMode::CRD;
  if (attrs.block < 1 || attrs.block > kMaxWindow) {
    return fail(Code::format, "its block size is " + std::to_string(attrs.block));
  }
  if (attrs.crd && kind == octet::Op::space_to_depth) {
    return fail(Code::unsupported, "blocks of pixels to channels in column-row-depth order");
  }
  OCTET_ASSIGN(const TensorId x, e.as_nchw(e.input(0), 4));
  finish_image(e, e.emit(kind, {x}, attrs));
  return {};
}

}  // namespace

Status convert_pooling(Emitter& e) {
  OCTET_ASSIGN(const auto* pool, e.parameters<fb::Pool>());
  OCTET_TRY(e.expect_inputs(1, 1));
  if (e.output_count() != 1) return fail(Code::unsupported, "a pooling that gives the places of the maxima, too");
  const bool average = pool->type() == fb::PoolType::Average;
  if (pool->is_global()) return convert_global_pooling(e, average);
  Attributes attrs;
  OCTET_TRY(read_window(*pool, &attrs.window));
  attrs.ceil_mode = pool->ceil_mode() && pool->pad_type() == fb::PadMode::Explicit;
  attrs.count_include_pad = average && counts_padding(*pool);
  OCTET_ASSIGN(const TensorId x, e.as_nchw(e.input(0), 4));
  finish_image(e, e.emit(average ? octet::Op::average_pool : octet::Op::max_pool, {x}, attrs));
  return {};
}

Status convert_interp(Emitter& e) {
  OCTET_ASSIGN(const auto* interp, e.parameters<fb::Interp>());
  OCTET_TRY(e.expect_inputs(1, 2));
  Attributes attrs;
  OCTET_TRY(read_sampling(*interp, &attrs));
  const TensorId size = e.input(1);
  const bool computed = size != kNoTensor && !e.graph().is_constant(size);
  if (computed) {
    // From the shape of another tensor: known once all shapes are.
  } else if (size != kNoTensor) {
    OCTET_TRY(read_constant_size(e, &attrs));
  } else if (interp->output_width() != 0 && interp->output_height() != 0) {
    attrs.sizes = {interp->output_height(), interp->output_width()};
  } else {
    attrs.scales = {interp->height_scale(), interp->width_scale()};
    OCTET_TRY(check_scales(attrs.scales[0], attrs.scales[1]));
  }
  for (const std::int64_t side : attrs.sizes) {
    if (side < 1 || side > kMaxSide) return fail(Code::format, "it resizes to " + shape_text(attrs.sizes));
  }
  OCTET_ASSIGN(const TensorId x, e.as_nchw(e.input(0), 4));
  std::vector<TensorId> inputs{x};
  if (computed) inputs.insert(inputs.end(), {kNoTensor, kNoTensor, e.cast(size, DType::i64)});
  finish_image(e, e.emit(octet::Op::resize, std::move(inputs), attrs));
  return {};
}

Status convert_resize(Emitter& e) {
  OCTET_ASSIGN(const auto* resize, e.parameters<fb::Resize>());
  OCTET_TRY(e.expect_inputs(1, 1));
  OCTET_TRY(check_scales(resize->y_scale(), resize->x_scale()));
  Attributes attrs;
  attrs.resize = ResizeKind::linear;
  attrs.coordinate = CoordinateKind::asymmetric;
  attrs.scales = {resize->y_scale(), resize->x_scale()};
  OCTET_ASSIGN(const TensorId x, e.as_nchw(e.input(0), 4));
  finish_image(e, e.emit(octet::Op::resize, {x}, attrs));
  return {};
}

Status convert_depth_to_space(Emitter& e) { return convert_blocks(e, octet::Op::depth_to_space); }
Status convert_space_to_depth(Emitter& e) { return convert_blocks(e, octet::Op::space_to_depth); }

}  // namespace octet::mnn

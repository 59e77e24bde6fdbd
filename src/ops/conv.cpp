// conv, conv_transpose and gemm: multiply-accumulates with constant weights, float32 and int8.
#include <algorithm>
#include <limits>

#include "kernels/families.h"
#include "ops/loops.h"
#include "ops/runners.h"

namespace octet {
namespace {

enum class Family : std::uint8_t { conv, depthwise, conv_transpose };

template <class Args>
struct ConvParams {
  Args args;  // pointers are null until run
  Family family;
  bool has_bias;
  std::int32_t row;
};

RowList<ConvF32Row> rows_of(Family family, const ConvF32Args*) {
  return family == Family::conv        ? conv_f32_rows()
         : family == Family::depthwise ? depthwise_f32_rows()
                                       : conv_transpose_f32_rows();
}

RowList<ConvI8Row> rows_of(Family family, const ConvI8Args*) {
  return family == Family::conv        ? conv_i8_rows()
         : family == Family::depthwise ? depthwise_i8_rows()
                                       : conv_transpose_i8_rows();
}

}  // namespace

// Inputs: x, weight, [bias], and for int8 multiplier and [weight zero point], which is in the packed weights; output:
// y. Pointers of absent inputs are null.

void run_conv_f32(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  const auto& params = io.as<ConvParams<ConvF32Args>>();
  ConvF32Args args = params.args;
  args.input = io.in<float>(0);
  args.bias = params.has_bias ? io.in<float>(2) : nullptr;
  args.output = io.out<float>(0);
  args.packed = io.packed;
  args.scratch = io.scratch;
  rows_of(params.family, &args).rows[params.row]->run(args, begin, end);
}

void run_conv_i8(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  const auto& params = io.as<ConvParams<ConvI8Args>>();
  ConvI8Args args = params.args;
  args.input = io.in<std::int8_t>(0);
  args.bias = params.has_bias ? io.in<std::int32_t>(2) : nullptr;
  args.multiplier = io.in<float>(3);
  args.output = io.out<std::int8_t>(0);
  args.packed = io.packed;
  args.scratch = io.scratch;
  rows_of(params.family, &args).rows[params.row]->run(args, begin, end);
}

namespace {

ConvGeometry geometry_of(ConvGeometry whole, const Band& band) {
  whole.in_h = band.in_rows;
  whole.out_h = band.out_rows;
  whole.pad_top = band.pad_top;
  if (band.pixels) whole.in_w = whole.out_w = 1;
  return whole;
}

template <class Args>
std::size_t band_scratch(const std::byte* bytes, const Band& band) {
  const auto& params = *reinterpret_cast<const ConvParams<Args>*>(bytes);
  return rows_of(params.family, &params.args).rows[params.row]->scratch_bytes(geometry_of(params.args.geometry, band));
}

// Runs the same kernel, with the same packed weights, on an image of fewer rows.
template <class Args>
void run_band(const Io& io, const Band& band, Runner runner) noexcept {
  ConvParams<Args> params = io.as<ConvParams<Args>>();
  params.args.geometry = geometry_of(params.args.geometry, band);
  Io banded = io;
  banded.params = reinterpret_cast<const std::byte*>(&params);
  runner(banded, 0, rows_of(params.family, &params.args).rows[params.row]->tiles(params.args.geometry));
}

}  // namespace

extern const BandRunner kConvF32Bands = {
    [](const Io& io, const Band& band) noexcept { run_band<ConvF32Args>(io, band, run_conv_f32); },
    band_scratch<ConvF32Args>};
extern const BandRunner kConvI8Bands = {
    [](const Io& io, const Band& band) noexcept { run_band<ConvI8Args>(io, band, run_conv_i8); },
    band_scratch<ConvI8Args>};

namespace {

template <class Args, class Constants>
void finish(Prepare& p, ConvParams<Args>& params, const Constants& constants, Runner runner) {
  const ConvGeometry& geometry = params.args.geometry;
  const auto list = rows_of(params.family, &params.args);
  params.row = choose_row(list, p.isa(), [&](const auto& r) { return r.supports(geometry); });
  const auto* row = list.rows[params.row];
  const std::size_t size = row->packed_bytes(geometry);
  auto packed = allocate_aligned(size, p.allocator);
  row->pack(geometry, constants, packed.get());
  const std::byte* begin = packed.get();
  p.step.packed = Bytes(std::shared_ptr<const void>(packed, begin), begin, size);
  p.step.scratch_bytes = row->scratch_bytes(geometry);
  p.step.tiles = row->tiles(geometry);
  p.step.kernel = row->name;
  p.step.runner = index_of(runner);
  p.set_params(params);
}

// ConvGeometry::extra_weights of a layer with weight zero points.
std::int32_t extra_weights(const Prepare& p, const ConvGeometry& g) {
  const auto weights =
      std::span(reinterpret_cast<const std::int8_t*>(p.in(1).data), static_cast<std::size_t>(p.in(1).count()));
  const auto* zero_points = reinterpret_cast<const std::int32_t*>(p.in(4).data);
  const std::size_t taps = static_cast<std::size_t>(g.kernel_h) * static_cast<std::size_t>(g.kernel_w);
  const auto inputs = static_cast<std::size_t>(g.in_c / g.groups),
             outputs = static_cast<std::size_t>(g.out_c / g.groups);
  const bool transposed = p.node().op == Op::conv_transpose;  // weights by input, then by output channel of its group
  const std::size_t run = transposed ? taps : taps * inputs;  // weights of one output channel that lie together
  std::int32_t least = 0, most = 0;
  for (std::size_t i = 0; i * run < weights.size(); ++i) {
    const std::size_t channel = transposed ? i / outputs / inputs * outputs + i % outputs : i;
    const auto [low, high] = std::ranges::minmax(weights.subspan(i * run, run));
    least = std::min(least, low - zero_points[channel]);
    most = std::max(most, high - zero_points[channel]);
  }
  return std::max({1, (127 - least) / 128, (126 + most) / 127}) - 1;
}

Status prepare_with(Prepare& p, Family family, const ConvGeometry& geometry) {
  const bool has_bias = p.has_input(2);
  if (p.in(0).dtype == DType::f32) {
    ConvParams<ConvF32Args> params{};
    params.args.geometry = geometry;
    params.args.low = p.attrs().clamp.low;
    params.args.high = p.attrs().clamp.high;
    params.family = family;
    params.has_bias = has_bias;
    const ConvF32Constants constants{reinterpret_cast<const float*>(p.in(1).data),
                                     has_bias ? reinterpret_cast<const float*>(p.in(2).data) : nullptr, nullptr, 0};
    finish(p, params, constants, run_conv_f32);
    return {};
  }
  ConvParams<ConvI8Args> params{};
  params.args.geometry = geometry;
  if (p.has_input(4)) params.args.geometry.extra_weights = extra_weights(p, geometry);
  params.args.in_zero_point = p.in(0).quant.zero_point;
  params.args.range = output_range(p.out(0).quant, p.attrs().clamp);
  params.family = family;
  params.has_bias = has_bias;
  const ConvI8Constants constants{reinterpret_cast<const std::int8_t*>(p.in(1).data),
                                  has_bias ? reinterpret_cast<const std::int32_t*>(p.in(2).data) : nullptr,
                                  reinterpret_cast<const float*>(p.in(3).data), p.in(0).quant.zero_point,
                                  p.has_input(4) ? reinterpret_cast<const std::int32_t*>(p.in(4).data) : nullptr};
  finish(p, params, constants, run_conv_i8);
  return {};
}

ConvGeometry geometry_of(const Prepare& p) {
  const Dims& in = p.in(0).dims;
  const Dims& out = p.out(0).dims;
  const Window& w = p.attrs().window;
  ConvGeometry g{};
  auto narrow = [](std::int64_t value) { return static_cast<std::int32_t>(value); };
  g.batch = narrow(in[0]);
  g.in_c = narrow(in[1]), g.in_h = narrow(in[2]), g.in_w = narrow(in[3]);
  g.out_c = narrow(out[1]), g.out_h = narrow(out[2]), g.out_w = narrow(out[3]);
  g.kernel_h = narrow(w.kernel[0]), g.kernel_w = narrow(w.kernel[1]);
  g.stride_h = narrow(w.stride[0]), g.stride_w = narrow(w.stride[1]);
  g.dilation_h = narrow(w.dilation[0]), g.dilation_w = narrow(w.dilation[1]);
  g.pad_top = narrow(w.pads[0]), g.pad_left = narrow(w.pads[1]);
  g.groups = narrow(p.attrs().groups);
  g.in_pixel_stride = p.in(0).pixel_stride > 0 ? p.in(0).pixel_stride : g.in_c;
  g.out_pixel_stride = p.out(0).pixel_stride > 0 ? p.out(0).pixel_stride : g.out_c;
  return g;
}

// A layer may run on some of its rows where packing is the same for an image of these rows alone. This is so for int8,
// and for float32 where a 1x1 convolution, whose rows the kernels join to one, has kSteadyPackingWidth pixels.
RowWindow row_window(const ConvGeometry& g, DType dtype) {
  RowWindow rows;
  const bool pointwise = g.kernel_h == 1 && g.kernel_w == 1 && g.stride_h == 1 && g.stride_w == 1 && g.pad_top == 0 &&
                         g.pad_left == 0 && g.in_h == g.out_h && g.in_w == g.out_w;
  const bool steady = dtype == DType::i8 || !pointwise || g.out_w >= kSteadyPackingWidth;
  if (g.batch == 1 && steady) rows.span = RowWindow::span_of(g.kernel_h, g.dilation_h);
  rows.pixels = pointwise && dtype == DType::i8 && rows.span > 0;
  rows.stride = g.stride_h;
  rows.pad_top = g.pad_top;
  rows.macs_per_element = std::int64_t{g.in_c} / g.groups * g.kernel_h * g.kernel_w;
  return rows;
}

}  // namespace

Status prepare_conv(Prepare& p) {
  OCTET_TRY(p.check_sides());
  const ConvGeometry g = geometry_of(p);
  const bool depthwise = g.groups == g.in_c && g.groups == g.out_c && g.groups > 1;
  OCTET_TRY(prepare_with(p, depthwise ? Family::depthwise : Family::conv, g));
  p.step.rows = row_window(g, p.in(0).dtype);
  return {};
}

Status prepare_conv_transpose(Prepare& p) {
  OCTET_TRY(p.check_sides());
  return prepare_with(p, Family::conv_transpose, geometry_of(p));
}

// x [rows, K] times weight [N, K]: a 1x1 convolution over `rows` pixels.
Status prepare_gemm(Prepare& p) {
  const std::int64_t depth = p.in(0).dims.back();
  const std::int64_t columns = p.out(0).dims.back();
  if (p.in(0).count() > std::numeric_limits<std::int32_t>::max()) return p.unsupported("its matrix is too large");
  ConvGeometry g{};
  g.batch = 1;
  g.in_h = g.out_h = static_cast<std::int32_t>(p.in(0).count() / depth);
  g.in_w = g.out_w = 1;
  g.in_c = static_cast<std::int32_t>(depth);
  g.out_c = static_cast<std::int32_t>(columns);
  g.kernel_h = g.kernel_w = g.stride_h = g.stride_w = g.dilation_h = g.dilation_w = g.groups = 1;
  g.in_pixel_stride = g.in_c;
  g.out_pixel_stride = g.out_c;
  return prepare_with(p, Family::conv, g);
}

}  // namespace octet

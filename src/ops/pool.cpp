// max_pool and average_pool.
#include "kernels/families.h"
#include "ops/loops.h"
#include "ops/runners.h"

namespace octet {
namespace {

template <class Args>
struct PoolParams {
  Args args;
  std::int32_t row;
  bool average;
};

}  // namespace

void run_pool_f32(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  const auto& params = io.as<PoolParams<PoolF32Args>>();
  PoolF32Args args = params.args;
  args.input = io.in<float>(0);
  args.output = io.out<float>(0);
  const auto rows = params.average ? average_pool_f32_rows() : max_pool_f32_rows();
  rows.rows[params.row]->run(args, begin, end);
}

void run_pool_i8(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  const auto& params = io.as<PoolParams<PoolI8Args>>();
  PoolI8Args args = params.args;
  args.input = io.in<std::int8_t>(0);
  args.output = io.out<std::int8_t>(0);
  const auto rows = params.average ? average_pool_i8_rows() : max_pool_i8_rows();
  rows.rows[params.row]->run(args, begin, end);
}

namespace {

// Padding below follows from the rows that are there; windows that reach over it find no row either way, since bands
// are made only of pools that count no padding.
template <class Args>
void run_band(const Io& io, const Band& band, Runner runner) noexcept {
  PoolParams<Args> params = io.as<PoolParams<Args>>();
  PoolGeometry& g = params.args.geometry;
  g.in_h = band.in_rows;
  g.out_h = band.out_rows;
  g.pad_top = band.pad_top;
  Io banded = io;
  banded.params = reinterpret_cast<const std::byte*>(&params);
  runner(banded, 0, band.out_rows);
}

}  // namespace

extern const BandRunner kPoolF32Bands = {
    [](const Io& io, const Band& band) noexcept { run_band<PoolF32Args>(io, band, run_pool_f32); }, nullptr};
extern const BandRunner kPoolI8Bands = {
    [](const Io& io, const Band& band) noexcept { run_band<PoolI8Args>(io, band, run_pool_i8); }, nullptr};

namespace {

PoolGeometry geometry_of(const Prepare& p) {
  const Dims& in = p.in(0).dims;
  const Dims& out = p.out(0).dims;
  const Window& w = p.attrs().window;
  auto narrow = [](std::int64_t value) { return static_cast<std::int32_t>(value); };
  PoolGeometry g{};
  g.batch = narrow(in[0]), g.channels = narrow(in[1]);
  g.in_h = narrow(in[2]), g.in_w = narrow(in[3]);
  g.out_h = narrow(out[2]), g.out_w = narrow(out[3]);
  g.kernel_h = narrow(w.kernel[0]), g.kernel_w = narrow(w.kernel[1]);
  g.stride_h = narrow(w.stride[0]), g.stride_w = narrow(w.stride[1]);
  g.dilation_h = narrow(w.dilation[0]), g.dilation_w = narrow(w.dilation[1]);
  g.pad_top = narrow(w.pads[0]), g.pad_left = narrow(w.pads[1]);
  g.pad_bottom = narrow(w.pads[2]), g.pad_right = narrow(w.pads[3]);
  g.count_include_pad = p.attrs().count_include_pad ? 1 : 0;
  g.in_pixel_stride = p.in(0).pixel_stride > 0 ? p.in(0).pixel_stride : g.channels;
  g.out_pixel_stride = p.out(0).pixel_stride > 0 ? p.out(0).pixel_stride : g.channels;
  return g;
}

template <class Args, class Row>
void finish(Prepare& p, PoolParams<Args>& params, RowList<Row> list, Runner runner) {
  const PoolGeometry& g = params.args.geometry;
  params.row = choose_row(list, p.isa(), [&](const Row& r) { return r.supports(g); });
  p.step.kernel = list.rows[params.row]->name;
  p.step.tiles = static_cast<std::int64_t>(g.batch) * g.out_h;
  p.step.runner = index_of(runner);
  if (g.batch == 1 && g.count_include_pad == 0) p.step.rows.span = RowWindow::span_of(g.kernel_h, g.dilation_h);
  p.step.rows.stride = g.stride_h;
  p.step.rows.pad_top = g.pad_top;
  p.set_params(params);
}

}  // namespace

Status prepare_pool(Prepare& p) {
  OCTET_TRY(p.check_sides());
  const bool average = p.node().op == Op::average_pool;
  if (p.in(0).dtype == DType::f32) {
    PoolParams<PoolF32Args> params{};
    params.args.geometry = geometry_of(p);
    params.average = average;
    finish(p, params, average ? average_pool_f32_rows() : max_pool_f32_rows(), run_pool_f32);
    return {};
  }
  PoolParams<PoolI8Args> params{};
  params.args.geometry = geometry_of(p);
  params.args.in_zero_point = p.in(0).quant.zero_point;
  params.args.in_scale = p.in(0).quant.scale;
  params.args.out_scale = p.out(0).quant.scale;
  params.args.range = output_range(p.out(0).quant);
  params.average = average;
  finish(p, params, average ? average_pool_i8_rows() : max_pool_i8_rows(), run_pool_i8);
  return {};
}

}  // namespace octet

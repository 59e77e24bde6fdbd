// unary and prelu: functions of one value. int8 looks the result up in a table that the model file holds.
#include "kernels/families.h"
#include "ops/loops.h"
#include "ops/runners.h"

namespace octet {
namespace {

constexpr std::int64_t kChunk = 4096;  // elements of a tile

struct UnaryParams {
  std::int64_t count;
  std::int32_t row;
  UnaryKind kind;
  float alpha, beta;
  ValueRows rows;
};

struct PreluParams {
  Loops x, slope, out;  // without the innermost dimension
  std::int64_t inner, slope_step, x_step;
  std::int32_t row;
};

struct ChannelTableParams {
  std::int64_t outer, channels, inner;  // inner: elements of one channel in a row
  std::int32_t row;
};

std::int64_t chunks(std::int64_t count) { return (count + kChunk - 1) / kChunk; }

std::int64_t chunk_end(std::int64_t end, std::int64_t count) { return end * kChunk < count ? end * kChunk : count; }

}  // namespace

void run_unary_f32(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  const auto& params = io.as<UnaryParams>();
  const std::int64_t first = begin * kChunk;
  unary_f32_rows().rows[params.row]->run(params.kind, params.alpha, params.beta, io.in<float>(0) + first,
                                         io.out<float>(0) + first, chunk_end(end, params.count) - first);
}

void run_table_i8(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  const auto& params = io.as<UnaryParams>();
  const std::int64_t first = begin * kChunk;
  table_i8_rows().rows[params.row]->run(io.in<std::int8_t>(1), io.in<std::int8_t>(0) + first,
                                        io.out<std::int8_t>(0) + first, chunk_end(end, params.count) - first);
}

extern const BandRunner kUnaryF32Bands = {[](const Io& io, const Band& band) noexcept {
                                            const auto& params = io.as<UnaryParams>();
                                            unary_f32_rows().rows[params.row]->run(
                                                params.kind, params.alpha, params.beta, io.in<float>(0),
                                                io.out<float>(0), params.rows.elements(band));
                                          },
                                          nullptr};
extern const BandRunner kTableI8Bands = {[](const Io& io, const Band& band) noexcept {
                                           const auto& params = io.as<UnaryParams>();
                                           table_i8_rows().rows[params.row]->run(
                                               io.in<std::int8_t>(1), io.in<std::int8_t>(0), io.out<std::int8_t>(0),
                                               params.rows.elements(band));
                                         },
                                         nullptr};

void run_prelu_f32(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  const auto& params = io.as<PreluParams>();
  BinaryF32Args args{};
  args.a_step = params.x_step;
  args.b_step = params.slope_step;
  args.count = params.inner;
  for (std::int64_t row = begin; row < end; ++row) {
    args.a = io.in<float>(0) + offset_of(params.x, row);
    args.b = io.in<float>(1) + offset_of(params.slope, row);
    args.output = io.out<float>(0) + offset_of(params.out, row);
    prelu_f32_rows().rows[params.row]->run(args);
  }
}

// Table c is for channel c: table [C, 256].
void run_channel_table_i8(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  const auto& params = io.as<ChannelTableParams>();
  const auto* row = table_i8_rows().rows[params.row];
  for (std::int64_t i = begin * params.channels; i < end * params.channels; ++i) {
    row->run(io.in<std::int8_t>(1) + i % params.channels * 256, io.in<std::int8_t>(0) + i * params.inner,
             io.out<std::int8_t>(0) + i * params.inner, params.inner);
  }
}

Status prepare_unary(Prepare& p) {
  UnaryParams params{p.in(0).count(), 0, p.attrs().unary, p.attrs().alpha, p.attrs().beta, value_rows(p)};
  if (p.in(0).dtype == DType::f32) {
    const auto list = unary_f32_rows();
    params.row = choose_row(list, p.isa(), [&](const UnaryF32Row& r) { return r.supports(params.kind); });
    p.step.kernel = list.rows[params.row]->name;
    p.step.runner = index_of(run_unary_f32);
  } else {
    const auto list = table_i8_rows();
    params.row = choose_row(list, p.isa());
    p.step.kernel = list.rows[params.row]->name;
    p.step.runner = index_of(run_table_i8);
  }
  p.step.tiles = chunks(params.count);
  p.set_params(params);
  return {};
}

Status prepare_prelu(Prepare& p) {
  const TensorView& x = p.in(0);
  if (x.dtype == DType::f32) {
    const auto out_strides = strides_of(x.dims, x.layout);
    const Walk walk = make_walk(x.dims, x.layout,
                                {out_strides, broadcast_strides(p.in(1).dims, p.in(1).layout, x.dims), out_strides});
    const auto list = prelu_f32_rows();
    const PreluParams params{walk.outer(0),
                             walk.outer(1),
                             walk.outer(2),
                             walk.inner(),
                             walk.inner_stride(1),
                             walk.inner_stride(0),
                             choose_row(list, p.isa())};
    p.step.kernel = list.rows[params.row]->name;
    p.step.runner = index_of(run_prelu_f32);
    p.step.tiles = walk.outer_count();
    p.set_params(params);
    return {};
  }
  const std::int64_t channels = x.dims.size() > 1 ? x.dims[1] : x.dims[0];
  ChannelTableParams params{};
  params.channels = channels;
  params.outer = x.dims.size() > 1 ? x.dims[0] : 1;
  params.inner = x.count() / (params.outer * channels);
  if (x.layout == Layout::channels_last) {  // channels are innermost
    params.outer = x.count() / channels;
    params.inner = 1;
  }
  const auto list = table_i8_rows();
  params.row = choose_row(list, p.isa());
  p.step.kernel = list.rows[params.row]->name;
  p.step.runner = index_of(run_channel_table_i8);
  p.step.tiles = params.outer;
  p.set_params(params);
  return {};
}

}  // namespace octet

// binary: functions of two tensors with NumPy broadcasting. int8: add, sub and mul.
#include "kernels/families.h"
#include "ops/loops.h"
#include "ops/runners.h"

namespace octet {
namespace {

// Loops are without the innermost dimension; a tile is one run over it.
template <class Args>
struct BinaryParams {
  Args args;
  Loops a, b, out;
  std::int32_t row;
  bool multiply;
  std::int64_t row_elements, channels;  // of an image row, where both operands have the output's shape; else 0
};

template <class T, class Args, class Row>
void run_rows(const Io& io, const BinaryParams<Args>& params, RowList<Row> list, std::int64_t begin,
              std::int64_t end) noexcept {
  Args args = params.args;
  for (std::int64_t i = begin; i < end; ++i) {
    args.a = io.in<T>(0) + offset_of(params.a, i);
    args.b = io.in<T>(1) + offset_of(params.b, i);
    args.output = io.out<T>(0) + offset_of(params.out, i);
    list.rows[params.row]->run(args);
  }
}

}  // namespace

void run_binary_f32(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  run_rows<float>(io, io.as<BinaryParams<BinaryF32Args>>(), binary_f32_rows(), begin, end);
}

void run_binary_i8(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  const auto& params = io.as<BinaryParams<BinaryI8Args>>();
  run_rows<std::int8_t>(io, params, params.multiply ? mul_i8_rows() : add_i8_rows(), begin, end);
}

namespace {

template <class T, class Args, class Row>
void run_band(const Io& io, const BinaryParams<Args>& params, RowList<Row> list, const Band& band) noexcept {
  Args args = params.args;
  args.a = io.in<T>(0);
  args.b = io.in<T>(1);
  args.output = io.out<T>(0);
  args.a_step = args.b_step = 1;
  args.count = band.out_rows * (band.pixels ? params.channels : params.row_elements);
  list.rows[params.row]->run(args);
}

}  // namespace

extern const BandRunner kBinaryF32Bands = {[](const Io& io, const Band& band) noexcept {
                                             run_band<float>(io, io.as<BinaryParams<BinaryF32Args>>(),
                                                             binary_f32_rows(), band);
                                           },
                                           nullptr};
extern const BandRunner kBinaryI8Bands = {[](const Io& io, const Band& band) noexcept {
                                            const auto& params = io.as<BinaryParams<BinaryI8Args>>();
                                            run_band<std::int8_t>(
                                                io, params, params.multiply ? mul_i8_rows() : add_i8_rows(), band);
                                          },
                                          nullptr};

namespace {

template <class Args>
void set_walk(Prepare& p, BinaryParams<Args>& params) {
  const TensorView& out = p.out(0);
  const Walk walk =
      make_walk(out.dims, out.layout,
                {broadcast_strides(p.in(0).dims, p.in(0).layout, out.dims),
                 broadcast_strides(p.in(1).dims, p.in(1).layout, out.dims), strides_of(out.dims, out.layout)});
  params.a = walk.outer(0);
  params.b = walk.outer(1);
  params.out = walk.outer(2);
  params.args.a_step = walk.inner_stride(0);
  params.args.b_step = walk.inner_stride(1);
  params.args.count = walk.inner();
  // One long run is cut into pieces, so that threads can share it.
  constexpr std::int64_t kPiece = 4096;
  if (walk.dims.size() == 1 && walk.inner() % kPiece == 0 && walk.inner() > kPiece) {
    params.args.count = kPiece;
    for (auto [loops, step] : {std::pair{&params.a, walk.inner_stride(0)},
                               {&params.b, walk.inner_stride(1)},
                               {&params.out, std::int64_t{1}}}) {
      loops->rank = 1;
      loops->dims[0] = walk.inner() / kPiece;
      loops->strides[0] = kPiece * step;
    }
    p.step.tiles = walk.inner() / kPiece;
  } else {
    p.step.tiles = walk.outer_count();
  }
  const bool alike = p.in(0).dims == out.dims && p.in(1).dims == out.dims && p.in(0).layout == out.layout &&
                     p.in(1).layout == out.layout && out.layout == Layout::channels_last;
  if (alike && p.in(0).data == nullptr && p.in(1).data == nullptr && out.dims[0] == 1) {
    params.row_elements = out.dims[1] * out.dims[3];
    params.channels = out.dims[1];
    p.step.rows = {.span = 1, .stride = 1, .pad_top = 0, .inputs = 3, .pixels = true, .macs_per_element = 0};
  }
}

}  // namespace

Status prepare_binary(Prepare& p) {
  const BinaryKind kind = p.attrs().binary;
  if (p.out(0).dtype == DType::f32) {
    BinaryParams<BinaryF32Args> params{};
    params.args.kind = kind;
    params.args.low = p.attrs().clamp.low;
    params.args.high = p.attrs().clamp.high;
    set_walk(p, params);
    params.row = choose_row(binary_f32_rows(), p.isa());
    p.step.kernel = binary_f32_rows().rows[params.row]->name;
    p.step.runner = index_of(run_binary_f32);
    p.set_params(params);
    return {};
  }
  if (kind != BinaryKind::add && kind != BinaryKind::sub && kind != BinaryKind::mul) {
    return p.unsupported("this function of two tensors has no int8 form");
  }
  const Quant a = p.in(0).quant;
  const Quant b = p.in(1).quant;
  const Quant y = p.out(0).quant;
  BinaryParams<BinaryI8Args> params{};
  params.multiply = kind == BinaryKind::mul;
  params.args.a_zero_point = a.zero_point;
  params.args.b_zero_point = b.zero_point;
  params.args.range = output_range(y, p.attrs().clamp);
  params.args.a_factor = params.multiply ? a.scale * b.scale / y.scale : a.scale / y.scale;
  params.args.b_factor = (kind == BinaryKind::sub ? -b.scale : b.scale) / y.scale;
  set_walk(p, params);
  const auto list = params.multiply ? mul_i8_rows() : add_i8_rows();
  params.row = choose_row(list, p.isa());
  p.step.kernel = list.rows[params.row]->name;
  p.step.runner = index_of(run_binary_i8);
  p.set_params(params);
  return {};
}

}  // namespace octet

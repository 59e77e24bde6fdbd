// resize of H and W: nearest, linear and cubic (float32 only), with the coordinate rules of ONNX Resize.
#include <algorithm>
#include <cmath>

#include "kernels/families.h"
#include "ops/loops.h"
#include "ops/runners.h"

namespace octet {
namespace {

struct ResizeParams {
  ResizeArgs args;
  std::int32_t row;
  DType dtype;
  // Offsets of the tables in the step's packed bytes.
  std::int64_t rows, columns, row_weights, column_weights;
};

RowList<ResizeRow> rows_of(DType dtype) { return dtype == DType::f32 ? resize_f32_rows() : resize_i8_rows(); }

}  // namespace

void run_resize(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  const auto& params = io.as<ResizeParams>();
  ResizeArgs args = params.args;
  args.rows = reinterpret_cast<const std::int32_t*>(io.packed + params.rows);
  args.columns = reinterpret_cast<const std::int32_t*>(io.packed + params.columns);
  args.row_weights = io.packed + params.row_weights;
  args.column_weights = io.packed + params.column_weights;
  args.input = io.in<void>(0);
  args.output = io.out<void>(0);
  rows_of(params.dtype).rows[params.row]->run(args, begin, end);
}

namespace {

// Where output index i lies in the input, in units of input pixels. In float32 like the tools that networks are
// trained with: which pixel is nearest can hang on the last bit.
float source_of(CoordinateKind kind, std::int64_t i, std::int64_t in, std::int64_t out, float scale) {
  const auto x = static_cast<float>(i);
  switch (kind) {
    case CoordinateKind::half_pixel:
      return (x + 0.5f) / scale - 0.5f;
    case CoordinateKind::pytorch_half_pixel:
      return out > 1 ? (x + 0.5f) / scale - 0.5f : 0.0f;
    case CoordinateKind::asymmetric:
      return x / scale;
    case CoordinateKind::align_corners:
      return out > 1 ? x * static_cast<float>(in - 1) / static_cast<float>(out - 1) : 0.0f;
  }
  return x;
}

// The two kinds that round take what lies this close to the middle of two pixels for the middle, since division has
// moved it there: ONNX Runtime does so (found by measuring: 1e-6 to 1e-3 give its results, 3e-7 and 1e-2 do not).
constexpr float kTie = 1e-5f;

float nearest(NearestKind kind, float x) {
  const float below = std::floor(x);
  switch (kind) {
    case NearestKind::round_prefer_floor:
      return x - below > 0.5f + kTie ? below + 1 : below;
    case NearestKind::round_prefer_ceil:
      return x - below >= 0.5f - kTie ? below + 1 : below;
    case NearestKind::floor:
      return below;
    case NearestKind::ceil:
      return std::ceil(x);
  }
  return x;
}

// Keys' cubic weight (R. Keys, 1981) at distance t with parameter a.
float cubic(float a, float t) {
  t = std::fabs(t);
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (t < 2) return (((t - 5) * t + 8) * t - 4) * a;
  return 0;
}

// Taps of one axis: input index and weight of each.
struct Taps {
  std::vector<std::int32_t> index;
  std::vector<float> weight;
};

Taps taps_of(const Attributes& attrs, std::int64_t in, std::int64_t out, float scale) {
  Taps taps;
  const int count = attrs.resize == ResizeKind::nearest ? 1 : attrs.resize == ResizeKind::linear ? 2 : 4;
  const auto last = static_cast<float>(in - 1);
  for (std::int64_t i = 0; i < out; ++i) {
    float x = source_of(attrs.coordinate, i, in, out, scale);
    if (count == 2) x = std::clamp(x, 0.0f, last);
    const float base = count == 1 ? nearest(attrs.nearest, x) : std::floor(x) - (count == 4 ? 1.0f : 0.0f);
    for (int t = 0; t < count; ++t) {
      const float position = base + static_cast<float>(t);
      // `last` is rounded where a side has more than 2^24 pixels.
      const auto index = std::min(static_cast<std::int64_t>(std::clamp(position, 0.0f, last)), in - 1);
      taps.index.push_back(static_cast<std::int32_t>(index));
      taps.weight.push_back(count == 1   ? 1.0f
                            : count == 2 ? 1.0f - std::fabs(x - position)
                                         : cubic(attrs.cubic_a, x - position));
    }
  }
  return taps;
}

// Appends the values to the tables; returns their offset.
template <class T>
std::int64_t append(std::vector<std::byte>& tables, const std::vector<T>& values) {
  const std::size_t offset = tables.size();
  tables.resize(offset + values.size() * sizeof(T));
  std::memcpy(tables.data() + offset, values.data(), values.size() * sizeof(T));
  return static_cast<std::int64_t>(offset);
}

std::int64_t append_weights(std::vector<std::byte>& tables, const Taps& taps, DType dtype) {
  if (dtype == DType::f32) return append(tables, taps.weight);
  // 11 fraction bits; the two weights of a point sum to 2048 exactly.
  std::vector<std::int32_t> fixed(taps.weight.size());
  for (std::size_t i = 0; i + 1 < fixed.size(); i += 2) {
    fixed[i + 1] = static_cast<std::int32_t>(std::nearbyintf(taps.weight[i + 1] * 2048.0f));
    fixed[i] = 2048 - fixed[i + 1];
  }
  return append(tables, fixed);
}

}  // namespace

Status prepare_resize(Prepare& p) {
  const TensorView& in = p.in(0);
  const TensorView& out = p.out(0);
  const Attributes& attrs = p.attrs();
  OCTET_TRY(p.check_sides());
  if (in.dtype != DType::f32 && attrs.resize == ResizeKind::cubic) {
    return p.unsupported("cubic resize has no int8 form");
  }
  auto scale = [&](std::size_t axis) {
    if (attrs.scales.size() == 2) return attrs.scales[axis - 2];
    return static_cast<float>(out.dims[axis]) / static_cast<float>(in.dims[axis]);
  };
  const Taps rows = taps_of(attrs, in.dims[2], out.dims[2], scale(2));
  const Taps columns = taps_of(attrs, in.dims[3], out.dims[3], scale(3));
  std::vector<std::byte> tables;
  ResizeParams params{};
  params.dtype = in.dtype;
  params.rows = append(tables, rows.index);
  params.columns = append(tables, columns.index);
  params.row_weights = append_weights(tables, rows, in.dtype);
  params.column_weights = append_weights(tables, columns, in.dtype);
  p.step.packed = Bytes::from(tables);
  auto narrow = [](std::int64_t value) { return static_cast<std::int32_t>(value); };
  params.args.batch = narrow(in.dims[0]);
  params.args.channels = narrow(in.dims[1]);
  params.args.in_h = narrow(in.dims[2]), params.args.in_w = narrow(in.dims[3]);
  params.args.out_h = narrow(out.dims[2]), params.args.out_w = narrow(out.dims[3]);
  params.args.taps = narrow(static_cast<std::int64_t>(rows.index.size()) / out.dims[2]);
  params.args.in_zero_point = in.quant.zero_point;
  if (in.dtype != DType::f32) {
    params.args.factor = in.quant.scale / (out.quant.scale * 4194304.0f);
    params.args.range = output_range(out.quant);
  }
  const auto list = rows_of(in.dtype);
  params.row = choose_row(list, p.isa());
  p.step.kernel = list.rows[params.row]->name;
  p.step.tiles = in.dims[0] * out.dims[2];
  p.step.runner = index_of(run_resize);
  p.set_params(params);
  return {};
}

}  // namespace octet

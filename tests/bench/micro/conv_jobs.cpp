// Convolutions: general, depthwise and transposed.
#include <limits>
#include <memory>
#include <type_traits>
#include <vector>

#include "micro/conv_shapes.h"
#include "micro/rows.h"

namespace octet::bench {
namespace {

ConvKind kind_of(const std::string& family) {
  if (family.starts_with("depthwise")) return ConvKind::depthwise;
  return family.starts_with("conv_transpose") ? ConvKind::transposed : ConvKind::general;
}

std::string operation_of(ConvKind kind) {
  if (kind == ConvKind::depthwise) return "depthwise";
  return kind == ConvKind::transposed ? "conv_transpose" : "conv";
}

std::int64_t pixels(std::int32_t batch, std::int32_t h, std::int32_t w) { return std::int64_t{batch} * h * w; }

std::int64_t weight_count(const ConvGeometry& g) {
  return std::int64_t{g.out_c} * (g.in_c / g.groups) * g.kernel_h * g.kernel_w;
}

// Every input pixel of a transposed convolution meets every weight; of others every output pixel does.
double macs_of(const ConvGeometry& g, ConvKind kind) {
  const std::int64_t positions =
      kind == ConvKind::transposed ? pixels(g.batch, g.in_h, g.in_w) : pixels(g.batch, g.out_h, g.out_w);
  return static_cast<double>(positions) * static_cast<double>(weight_count(g));
}

template <class Row>
struct Data;

template <>
struct Data<ConvF32Row> {
  using Value = float;
  static constexpr bool kInt8 = false;
  Array<float> weight, bias, input, output;
  Array<std::byte> packed, scratch;

  Data(const ConvF32Row& row, const ConvGeometry& g)
      : weight(random_array<float>(static_cast<std::size_t>(weight_count(g)), 0.1F)),
        bias(random_array<float>(static_cast<std::size_t>(g.out_c))),
        input(random_array<float>(static_cast<std::size_t>(pixels(g.batch, g.in_h, g.in_w) * g.in_c))),
        output(static_cast<std::size_t>(pixels(g.batch, g.out_h, g.out_w) * g.out_c)),
        packed(row.packed_bytes(g)),
        scratch(row.scratch_bytes(g)) {
    row.pack(g, {weight.data(), bias.data(), nullptr, 0}, packed.data());
  }
  ConvF32Args arguments(const ConvGeometry& g) const {
    ConvF32Args args{};
    args.geometry = g;
    args.input = input.data(), args.packed = packed.data(), args.bias = bias.data();
    args.output = output.data(), args.scratch = scratch.data();
    args.low = 0, args.high = std::numeric_limits<float>::infinity();
    return args;
  }
};

template <>
struct Data<ConvI8Row> {
  using Value = std::int8_t;
  static constexpr bool kInt8 = true;
  static constexpr std::int32_t kZeroPoint = -11;
  static constexpr std::int32_t kWeightZeroPoint = 20;  // centred weights reach -147: two int8 values
  Array<std::int8_t> weight;
  Array<std::int32_t> bias;
  Array<float> multiplier;
  Array<std::int8_t> input, output;
  Array<std::byte> packed, scratch;

  Data(const ConvI8Row& row, const ConvGeometry& g)
      : weight(random_array<std::int8_t>(static_cast<std::size_t>(weight_count(g)))),
        bias(static_cast<std::size_t>(g.out_c)),
        multiplier(static_cast<std::size_t>(g.out_c)),
        input(random_array<std::int8_t>(static_cast<std::size_t>(pixels(g.batch, g.in_h, g.in_w) * g.in_c))),
        output(static_cast<std::size_t>(pixels(g.batch, g.out_h, g.out_w) * g.out_c)),
        packed(row.packed_bytes(g)),
        scratch(row.scratch_bytes(g)) {
    for (std::int32_t c = 0; c < g.out_c; ++c) bias.data()[c] = c * 7 - 100, multiplier.data()[c] = 0.0005F;
    const std::vector<std::int32_t> zero_points(static_cast<std::size_t>(g.out_c), kWeightZeroPoint);
    const std::int32_t* weight_zero_point = g.extra_weights > 0 ? zero_points.data() : nullptr;
    row.pack(g, {weight.data(), bias.data(), multiplier.data(), kZeroPoint, weight_zero_point}, packed.data());
  }
  ConvI8Args arguments(const ConvGeometry& g) const {
    ConvI8Args args{};
    args.geometry = g;
    args.input = input.data(), args.packed = packed.data(), args.bias = bias.data();
    args.multiplier = multiplier.data(), args.output = output.data(), args.scratch = scratch.data();
    args.in_zero_point = kZeroPoint;
    args.range = {0, 255, -128};
    return args;
  }
};

template <class Row>
void add_conv_jobs(const std::string& family, RowList<Row> rows, JobList& list) {
  const ConvKind kind = kind_of(family);
  list.for_rows(family, rows, [&](const Row& row) {
    for (const ConvGeometry& g : conv_shapes(kind)) {
      if (!row.supports(g) || (g.extra_weights > 0 && !Data<Row>::kInt8)) continue;
      using Value = typename Data<Row>::Value;
      const double elements = static_cast<double>(pixels(g.batch, g.in_h, g.in_w) * g.in_c + weight_count(g) +
                                                  pixels(g.batch, g.out_h, g.out_w) * g.out_c);
      list.add({operation_of(kind), name_of(g), Data<Row>::kInt8, family, row.name, row.isa, macs_of(g, kind),
                elements * sizeof(Value), [&row, &g]() -> std::function<void()> {
                  const auto data = std::make_shared<Data<Row>>(row, g);
                  return [&row, data, args = data->arguments(g), tiles = row.tiles(g)] { row.run(args, 0, tiles); };
                }});
    }
  });
}

}  // namespace

void add_jobs(const std::string& family, RowList<ConvF32Row> rows, JobList& list) { add_conv_jobs(family, rows, list); }
void add_jobs(const std::string& family, RowList<ConvI8Row> rows, JobList& list) { add_conv_jobs(family, rows, list); }

}  // namespace octet::bench

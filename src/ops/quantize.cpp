// quantize, dequantize and requantize: the explicit steps between float32 and int8 and between two scales.
#include "kernels/families.h"
#include "ops/loops.h"
#include "ops/runners.h"

namespace octet {
namespace {

constexpr std::int64_t kChunk = 4096;  // elements of a tile

struct ConvertParams {
  std::int64_t count;
  std::int32_t row;
  float factor;
  OutputRange range;
  ValueRows rows;
};

std::int64_t size_of_chunks(std::int64_t begin, std::int64_t end, std::int64_t count) {
  return (end * kChunk < count ? end * kChunk : count) - begin * kChunk;
}

}  // namespace

void run_quantize(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  const auto& params = io.as<ConvertParams>();
  quantize_rows().rows[params.row]->run(io.in<float>(0) + begin * kChunk, 1, io.out<std::int8_t>(0) + begin * kChunk, 1,
                                        size_of_chunks(begin, end, params.count), params.factor, params.range);
}

void run_dequantize(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  const auto& params = io.as<ConvertParams>();
  dequantize_rows().rows[params.row]->run(io.in<std::int8_t>(0) + begin * kChunk, 1, io.out<float>(0) + begin * kChunk,
                                          1, size_of_chunks(begin, end, params.count), params.factor,
                                          params.range.zero_point);
}

void run_requantize(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  const auto& params = io.as<ConvertParams>();
  table_i8_rows().rows[params.row]->run(reinterpret_cast<const std::int8_t*>(io.packed),
                                        io.in<std::int8_t>(0) + begin * kChunk, io.out<std::int8_t>(0) + begin * kChunk,
                                        size_of_chunks(begin, end, params.count));
}

extern const BandRunner kQuantizeBands = {[](const Io& io, const Band& band) noexcept {
                                            const auto& params = io.as<ConvertParams>();
                                            quantize_rows().rows[params.row]->run(
                                                io.in<float>(0), 1, io.out<std::int8_t>(0), 1,
                                                params.rows.elements(band), params.factor, params.range);
                                          },
                                          nullptr};
extern const BandRunner kDequantizeBands = {[](const Io& io, const Band& band) noexcept {
                                              const auto& params = io.as<ConvertParams>();
                                              dequantize_rows().rows[params.row]->run(
                                                  io.in<std::int8_t>(0), 1, io.out<float>(0), 1,
                                                  params.rows.elements(band), params.factor, params.range.zero_point);
                                            },
                                            nullptr};
extern const BandRunner kRequantizeBands = {
    [](const Io& io, const Band& band) noexcept {
      const auto& params = io.as<ConvertParams>();
      table_i8_rows().rows[params.row]->run(reinterpret_cast<const std::int8_t*>(io.packed), io.in<std::int8_t>(0),
                                            io.out<std::int8_t>(0), params.rows.elements(band));
    },
    nullptr};

namespace {

void finish(Prepare& p, ConvertParams params, const char* kernel, Runner runner) {
  params.rows = value_rows(p);
  p.step.kernel = kernel;
  p.step.tiles = (params.count + kChunk - 1) / kChunk;
  p.step.runner = index_of(runner);
  p.set_params(params);
}

}  // namespace

Status prepare_quantize(Prepare& p) {
  const Quant& quant = p.out(0).quant;
  const ConvertParams params{
      p.in(0).count(), choose_row(quantize_rows(), p.isa()), 1.0f / quant.scale, output_range(quant), {}};
  finish(p, params, quantize_rows().rows[params.row]->name, run_quantize);
  return {};
}

Status prepare_dequantize(Prepare& p) {
  const Quant& quant = p.in(0).quant;
  const ConvertParams params{
      p.in(0).count(), choose_row(dequantize_rows(), p.isa()), quant.scale, {0, 0, quant.zero_point}, {}};
  finish(p, params, dequantize_rows().rows[params.row]->name, run_dequantize);
  return {};
}

// Each of the 256 values goes to requantize(q - zero point, input scale / output scale): a table.
Status prepare_requantize(Prepare& p) {
  const Quant& from = p.in(0).quant;
  const OutputRange range = output_range(p.out(0).quant);
  std::vector<std::int8_t> table(256);
  for (int q = -128; q < 128; ++q) {
    table[static_cast<std::size_t>(q + 128)] =
        requantize(q - from.zero_point, from.scale / p.out(0).quant.scale, range);
  }
  p.step.packed = Bytes::from(table);
  const ConvertParams params{p.in(0).count(), choose_row(table_i8_rows(), p.isa()), 0, range, {}};
  finish(p, params, table_i8_rows().rows[params.row]->name, run_requantize);
  return {};
}

}  // namespace octet

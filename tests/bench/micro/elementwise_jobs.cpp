// Functions of one value and of two, tables, and the changes between float32 and int8.
#include <limits>
#include <string_view>

#include "micro/rows.h"

namespace octet::bench {
namespace {

constexpr std::int64_t kCount = 56 * 56 * 32;  // a middle layer, within the second cache
constexpr std::int64_t kPlane = 224 * 224;     // of an input image
constexpr std::int32_t kImageChannels[] = {1, 3, 4};
constexpr OutputRange kWhole{-127, 128, -1};

struct Function {
  UnaryKind kind;
  const char* name;
  float alpha, beta;
};
constexpr Function kFunctions[] = {
    {UnaryKind::relu, "relu", 0, 0},
    {UnaryKind::clip, "clip", 0, 6},
    {UnaryKind::leaky_relu, "leaky_relu", 0.1F, 0},
    {UnaryKind::hard_swish, "hard_swish", 0, 0},
    {UnaryKind::sigmoid, "sigmoid", 0, 0},
    {UnaryKind::tanh, "tanh", 0, 0},
    {UnaryKind::gelu, "gelu", 0, 0},
};

std::string counted(std::string_view name) { return std::string(name) + "_" + std::to_string(kCount); }

// A second operand of the same shape, or one value for all.
struct SecondOperand {
  const char* name;
  std::int64_t step;
};
constexpr SecondOperand kSecondOperands[] = {{"same_shape", 1}, {"one_value", 0}};

bool multiplies(std::string_view family) { return family.starts_with("mul"); }

}  // namespace

void add_jobs(const std::string& family, RowList<UnaryF32Row> rows, JobList& list) {
  list.for_rows(family, rows, [&](const UnaryF32Row& row) {
    for (const Function& f : kFunctions) {
      if (!row.supports(f.kind)) continue;
      list.add({"unary", counted(f.name), false, family, row.name, row.isa, 0, kCount * 8.0,
                [&row, &f]() -> std::function<void()> {
                  return [&row, &f, input = random_array<float>(kCount, 4), output = Array<float>(kCount)] {
                    row.run(f.kind, f.alpha, f.beta, input.data(), output.data(), kCount);
                  };
                }});
    }
  });
}

// A table serves every function alike.
void add_jobs(const std::string& family, RowList<TableI8Row> rows, JobList& list) {
  list.for_rows(family, rows, [&](const TableI8Row& row) {
    for (const Function& f : kFunctions) {
      list.add({"unary", counted(f.name), true, family, row.name, row.isa, 0, kCount * 2.0,
                [&row]() -> std::function<void()> {
                  return [&row, table = random_array<std::int8_t>(256), input = random_array<std::int8_t>(kCount),
                          output = Array<std::int8_t>(kCount)] {
                    row.run(table.data(), input.data(), output.data(), kCount);
                  };
                }});
    }
  });
}

void add_jobs(const std::string& family, RowList<BinaryF32Row> rows, JobList& list) {
  const bool is_prelu = family.starts_with("prelu");
  struct Operation {
    BinaryKind kind;
    const char* name;
  };
  const std::vector<Operation> operations =
      is_prelu ? std::vector<Operation>{{BinaryKind::add, "prelu"}}
               : std::vector<Operation>{{BinaryKind::add, "add"}, {BinaryKind::mul, "mul"}};
  list.for_rows(family, rows, [&](const BinaryF32Row& row) {
    for (const Operation& operation : operations) {
      for (const SecondOperand& second : kSecondOperands) {
        list.add({operation.name, counted(second.name), false, family, row.name, row.isa, 0,
                  kCount * (8.0 + 4.0 * static_cast<double>(second.step)),
                  [&row, &second, kind = operation.kind]() -> std::function<void()> {
                    return [&row, &second, kind, a = random_array<float>(kCount), b = random_array<float>(kCount),
                            output = Array<float>(kCount)] {
                      row.run({a.data(), b.data(), output.data(), 1, second.step, kCount, kind,
                               -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::infinity()});
                    };
                  }});
      }
    }
  });
}

void add_jobs(const std::string& family, RowList<BinaryI8Row> rows, JobList& list) {
  const float factor = multiplies(family) ? 0.01F : 0.5F;
  list.for_rows(family, rows, [&](const BinaryI8Row& row) {
    for (const SecondOperand& second : kSecondOperands) {
      list.add({multiplies(family) ? "mul" : "add", counted(second.name), true, family, row.name, row.isa, 0,
                kCount * (2.0 + static_cast<double>(second.step)), [&row, &second, factor]() -> std::function<void()> {
                  return [&row, &second, factor, a = random_array<std::int8_t>(kCount),
                          b = random_array<std::int8_t>(kCount), output = Array<std::int8_t>(kCount)] {
                    row.run({a.data(), b.data(), output.data(), 1, second.step, kCount, 3, -5, factor, factor, kWhole});
                  };
                }});
    }
  });
}

// The steps are those of an input image: planes to channels-last and back, or both dense.
void add_jobs(const std::string& family, RowList<QuantizeRow> rows, JobList& list) {
  list.for_rows(family, rows, [&](const QuantizeRow& row) {
    for (const std::int64_t step : {1, 3}) {
      list.add({"quantize", std::to_string(kPlane) + "_step" + std::to_string(step), true, family, row.name, row.isa, 0,
                kPlane * 5.0, [&row, step]() -> std::function<void()> {
                  return [&row, step, input = random_array<float>(kPlane),
                          output = Array<std::int8_t>(static_cast<std::size_t>(kPlane * step))] {
                    row.run(input.data(), 1, output.data(), step, kPlane, 100, kWhole);
                  };
                }});
    }
  });
}

// An input image from planes to channels-last, for int8 and for float32 networks.
void add_jobs(const std::string& family, RowList<QuantizePlanesRow> rows, JobList& list) {
  list.for_rows(family, rows, [&](const QuantizePlanesRow& row) {
    for (const std::int32_t channels : kImageChannels) {
      const auto count = static_cast<std::size_t>(kPlane * channels);
      list.add({"quantize_planes", std::to_string(kPlane) + "x" + std::to_string(channels), true, family, row.name,
                row.isa, 0, static_cast<double>(count) * 5, [&row, channels, count]() -> std::function<void()> {
                  return [&row, channels, input = random_array<float>(count), output = Array<std::int8_t>(count)] {
                    row.run(input.data(), kPlane, channels, output.data(), kPlane, 100, kWhole);
                  };
                }});
    }
  });
}

void add_jobs(const std::string& family, RowList<PixelsF32Row> rows, JobList& list) {
  list.for_rows(family, rows, [&](const PixelsF32Row& row) {
    for (const std::int32_t channels : kImageChannels) {
      const auto count = static_cast<std::size_t>(kPlane * channels);
      list.add({"planes_to_pixels", std::to_string(kPlane) + "x" + std::to_string(channels), false, family, row.name,
                row.isa, 0, static_cast<double>(count) * 8, [&row, channels, count]() -> std::function<void()> {
                  return [&row, channels, input = random_array<float>(count), output = Array<float>(count)] {
                    row.run(input.data(), kPlane, channels, output.data(), kPlane);
                  };
                }});
    }
  });
}

// A row of a camera's picture on its way into a network.
constexpr std::int32_t kPixels = 640;
constexpr std::int32_t kColumns = 224;

void add_jobs(const std::string& family, RowList<ImageRow> rows, JobList& list) {
  list.for_rows(family, rows, [&](const ImageRow& row) {
    for (const std::int32_t channels : kImageChannels) {
      list.add({"resize_row",
                std::to_string(kPixels) + "to" + std::to_string(kColumns) + "x" + std::to_string(channels), false,
                family, row.name, row.isa, 0, static_cast<double>(kPixels * channels + kColumns * channels * 4),
                [&row, channels]() -> std::function<void()> {
                  std::vector<std::int32_t> first;
                  for (std::int32_t i = 0; i < kColumns; ++i) first.push_back(i * (kPixels - 1) / kColumns * channels);
                  return [&row, channels, first, weights = std::vector<float>(kColumns, 0.4F),
                          pixels = std::vector<std::uint8_t>(static_cast<std::size_t>(kPixels * channels), 7),
                          output = Array<float>(static_cast<std::size_t>(kColumns * channels))] {
                    row.resize({pixels.data(),
                                kPixels * channels,
                                first.data(),
                                weights.data(),
                                kColumns,
                                channels,
                                channels,
                                {0, 1, 2, 3},
                                output.data()});
                  };
                }});
    }
    list.add({"blend_rows", std::to_string(kColumns), false, family, row.name, row.isa, 0, kColumns * 12.0,
              [&row]() -> std::function<void()> {
                return [&row, top = random_array<float>(kColumns), bottom = random_array<float>(kColumns),
                        output = Array<float>(kColumns)] {
                  row.blend({top.data(), bottom.data(), 0.3F, 127, 0.01F, kColumns, output.data()});
                };
              }});
  });
}

void add_jobs(const std::string& family, RowList<DequantizeRow> rows, JobList& list) {
  list.for_rows(family, rows, [&](const DequantizeRow& row) {
    for (const std::int64_t step : {1, 3}) {
      list.add({"dequantize", std::to_string(kPlane) + "_step" + std::to_string(step), true, family, row.name, row.isa,
                0, kPlane * 5.0, [&row, step]() -> std::function<void()> {
                  return [&row, step, input = random_array<std::int8_t>(static_cast<std::size_t>(kPlane * step)),
                          output = Array<float>(kPlane)] {
                    row.run(input.data(), step, output.data(), 1, kPlane, 0.01F, -1);
                  };
                }});
    }
  });
}

}  // namespace octet::bench

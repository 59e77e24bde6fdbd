// Pooling, reductions, softmax, resizing, copies and the product of two matrices.
#include <algorithm>
#include <memory>
#include <string_view>

#include "micro/rows.h"

namespace octet::bench {
namespace {

constexpr OutputRange kWhole{-127, 128, -1};

// Resizing, as in YOLO's neck: twice the height and the width.
constexpr std::int32_t kSide = 26;
constexpr std::int32_t kChannels = 128;
constexpr std::int64_t kResized = std::int64_t{kSide} * kSide * kChannels;

std::string joined(std::initializer_list<std::int64_t> numbers) {
  std::string text;
  for (const std::int64_t number : numbers) text += (text.empty() ? "" : "x") + std::to_string(number);
  return text;
}
bool is_int8_family(std::string_view family) { return family.find("_i8") != std::string_view::npos; }
Array<std::byte> zeros(std::int64_t count, bool int8) {
  return Array<std::byte>(static_cast<std::size_t>(count) * (int8 ? 1 : 4));
}

// Random elements of a type that only the family's name says.
Array<std::byte> elements(std::int64_t count, bool int8) {
  Array<std::byte> bytes = zeros(count, int8);
  if (int8) {
    const auto values = random_bytes(static_cast<std::size_t>(count));
    std::copy_n(reinterpret_cast<const std::byte*>(values.data()), bytes.size(), bytes.data());
  } else {
    const auto values = random_reals(static_cast<std::size_t>(count), 4);
    std::copy_n(reinterpret_cast<const std::byte*>(values.data()), bytes.size(), bytes.data());
  }
  return bytes;
}

struct PoolShape {
  std::int32_t h, w, channels, kernel, stride, pad;
};
constexpr PoolShape kPools[] = {
    {113, 113, 64, 3, 2, 0},                          // SqueezeNet 1.1
    {112, 112, 64, 3, 2, 1},                          // ResNet
    {28, 28, 256, 2, 2, 0},  {13, 13, 512, 5, 1, 2},  // spatial pyramids of detectors
    {14, 14, 256, 3, 1, 1},                           // Inception
    {7, 7, 1280, 7, 1, 0},                            // the whole image
    {15, 15, 37, 3, 2, 1},
};

PoolGeometry geometry_of(const PoolShape& shape) {
  PoolGeometry g{};
  g.batch = 1;
  g.in_h = shape.h, g.in_w = shape.w, g.channels = shape.channels;
  g.kernel_h = g.kernel_w = shape.kernel;
  g.stride_h = g.stride_w = shape.stride;
  g.dilation_h = g.dilation_w = 1;
  g.pad_top = g.pad_left = g.pad_bottom = g.pad_right = shape.pad;
  g.out_h = (shape.h + 2 * shape.pad - shape.kernel) / shape.stride + 1;
  g.out_w = (shape.w + 2 * shape.pad - shape.kernel) / shape.stride + 1;
  g.in_pixel_stride = g.out_pixel_stride = shape.channels;
  return g;
}

template <class Row, class T, class Args>
void add_pool_jobs(const std::string& family, RowList<Row> rows, JobList& list, Args defaults) {
  list.for_rows(family, rows, [&](const Row& row) {
    for (const PoolShape& shape : kPools) {
      const PoolGeometry g = geometry_of(shape);
      if (!row.supports(g)) continue;
      const std::int64_t in = std::int64_t{g.in_h} * g.in_w * g.channels;
      const std::int64_t out = std::int64_t{g.out_h} * g.out_w * g.channels;
      const std::string name = joined({g.kernel_h, g.kernel_w}) + "_" + joined({g.in_h, g.in_w, g.channels}) +
                               (g.stride_h == 1 ? "" : "_s" + std::to_string(g.stride_h));
      list.add({family.substr(0, family.rfind('_')), name, sizeof(T) == 1, family, row.name, row.isa, 0,
                static_cast<double>(in + out) * sizeof(T), [&row, g, in, out, defaults]() -> std::function<void()> {
                  Args args = defaults;
                  args.geometry = g;
                  return [&row, args, input = random_array<T>(static_cast<std::size_t>(in)),
                          output = Array<T>(static_cast<std::size_t>(out))]() mutable {
                    args.input = input.data(), args.output = output.data();
                    row.run(args, 0, args.geometry.out_h);
                  };
                }});
    }
  });
}

// The mean over the pixels of an image, channels-last.
struct MeanShape {
  std::int64_t pixels, channels;
};
constexpr MeanShape kMeans[] = {{49, 1280}, {49, 2048}, {256, 1000}, {196, 37}};

template <class Row, class T, class Out, class Args>
void add_mean_jobs(const std::string& family, RowList<Row> rows, JobList& list, Args defaults) {
  list.for_rows(family, rows, [&](const Row& row) {
    for (const MeanShape& shape : kMeans) {
      list.add({sizeof(T) == sizeof(Out) ? "mean" : "mean to float32", joined({shape.pixels, shape.channels}),
                sizeof(T) == 1, family, row.name, row.isa, 0,
                static_cast<double>(shape.channels) * (static_cast<double>(shape.pixels) * sizeof(T) + sizeof(Out)),
                [&row, &shape, defaults]() -> std::function<void()> {
                  Args args = defaults;
                  args.kept = {1, {shape.channels}, {1}};
                  args.reduced = {1, {shape.pixels}, {shape.channels}};
                  args.count = shape.pixels;
                  return [&row, args, channels = shape.channels,
                          input = random_array<T>(static_cast<std::size_t>(shape.pixels * shape.channels)),
                          output = Array<Out>(static_cast<std::size_t>(shape.channels))]() mutable {
                    args.input = input.data(), args.output = output.data();
                    row.run(args, 0, channels);
                  };
                }});
    }
  });
}

}  // namespace

void add_jobs(const std::string& family, RowList<PoolF32Row> rows, JobList& list) {
  add_pool_jobs<PoolF32Row, float>(family, rows, list, PoolF32Args{});
}
void add_jobs(const std::string& family, RowList<PoolI8Row> rows, JobList& list) {
  add_pool_jobs<PoolI8Row, std::int8_t>(family, rows, list, PoolI8Args{{}, nullptr, nullptr, 3, 0.1F, 0.1F, kWhole});
}

void add_jobs(const std::string& family, RowList<ReduceF32Row> rows, JobList& list) {
  ReduceF32Args args{};
  args.kind = ReduceKind::mean;
  add_mean_jobs<ReduceF32Row, float, float>(family, rows, list, args);
}
void add_jobs(const std::string& family, RowList<ReduceI8Row> rows, JobList& list) {
  ReduceI8Args args{};
  args.in_zero_point = 3, args.factor = 0.02F, args.range = kWhole;
  add_mean_jobs<ReduceI8Row, std::int8_t, std::int8_t>(family, rows, list, args);
}
void add_jobs(const std::string& family, RowList<ReduceI8F32Row> rows, JobList& list) {
  ReduceI8F32Args args{};
  args.in_zero_point = 3, args.factor = 0.02F;
  add_mean_jobs<ReduceI8F32Row, std::int8_t, float>(family, rows, list, args);
}

void add_jobs(const std::string& family, RowList<SoftmaxRow> rows, JobList& list) {
  const bool int8 = is_int8_family(family);
  const bool to_float = family.ends_with("_f32");
  struct Shape {
    std::int64_t vectors, count;
  };
  list.for_rows(family, rows, [&](const SoftmaxRow& row) {
    for (const Shape& shape : {Shape{1, 1000}, Shape{4420, 2}, Shape{197, 197}}) {
      const std::int64_t all = shape.vectors * shape.count;
      list.add({int8 && to_float ? "softmax to float32" : "softmax", joined({shape.vectors, shape.count}), int8, family,
                row.name, row.isa, 0, static_cast<double>(all) * ((int8 ? 1 : 4) + (to_float ? 4 : 1)),
                [&row, shape, all, int8, to_float]() -> std::function<void()> {
                  Array<std::uint32_t> table(256);
                  for (std::uint32_t i = 0; i < 256; ++i) table.data()[i] = 1 + ((255 - i) << 12);
                  SoftmaxArgs args{};
                  args.vectors = {1, {shape.vectors}, {shape.count}};
                  args.count = shape.count, args.stride = 1;
                  return [&row, args, table, vectors = shape.vectors, input = elements(all, int8),
                          output = zeros(all, !to_float)]() mutable {
                    args.table = table.data(), args.input = input.data(), args.output = output.data();
                    row.run(args, 0, vectors);
                  };
                }});
    }
  });
}

void add_jobs(const std::string& family, RowList<ResizeRow> rows, JobList& list) {
  const bool int8 = is_int8_family(family);
  list.for_rows(family, rows, [&](const ResizeRow& row) {
    for (const std::int32_t taps : {1, 2}) {
      list.add({"resize", std::string(taps == 1 ? "nearest_" : "linear_") + joined({kSide, kSide, kChannels}), int8,
                family, row.name, row.isa, 0, static_cast<double>(kResized * 5) * (int8 ? 1 : 4),
                [&row, taps, int8]() -> std::function<void()> {
                  const auto entries = static_cast<std::size_t>(2 * kSide * taps);
                  Array<std::int32_t> index(entries), fixed(entries);
                  Array<float> real(entries);
                  for (std::int32_t i = 0; i < static_cast<std::int32_t>(entries); ++i) {
                    index.data()[i] = std::min(i / taps / 2 + i % taps, kSide - 1);
                    fixed.data()[i] = 1024, real.data()[i] = 0.5F;
                  }
                  ResizeArgs args{};
                  args.batch = 1, args.in_h = args.in_w = kSide, args.out_h = args.out_w = 2 * kSide;
                  args.channels = kChannels, args.taps = taps;
                  args.in_zero_point = int8 ? 3 : 0, args.factor = 1.0F / 4194304.0F, args.range = kWhole;
                  return [&row, args, int8, index, fixed, real, input = elements(kResized, int8),
                          output = zeros(kResized * 4, int8)]() mutable {
                    const void* weights = int8 ? static_cast<const void*>(fixed.data()) : real.data();
                    args.rows = args.columns = index.data();
                    args.row_weights = args.column_weights = weights;
                    args.input = input.data(), args.output = output.data();
                    row.run(args, 0, 2 * kSide);
                  };
                }});
    }
  });
}

void add_jobs(const std::string& family, RowList<CopyRow> rows, JobList& list) {
  struct Shape {
    const char* name;
    Loops in, out;
    std::int64_t in_size, out_size;
  };
  static const Shape kCopies[] = {
      {"planes_to_pixels_3x224x224", {2, {224 * 224, 3}, {1, 224 * 224}}, {2, {224 * 224, 3}, {3, 1}}, 150528, 150528},
      {"pixels_to_planes_15x20x64", {2, {64, 300}, {1, 64}}, {2, {64, 300}, {300, 1}}, 19200, 19200},
      {"concat_56x56x64_of_128", {2, {3136, 64}, {64, 1}}, {2, {3136, 64}, {128, 1}}, 200704, 401408},
      {"shuffle_28x28x2x58", {3, {784, 58, 2}, {116, 1, 58}}, {3, {784, 58, 2}, {116, 2, 1}}, 90944, 90944},
  };
  list.for_rows(family, rows, [&](const CopyRow& row) {
    for (const Shape& shape : kCopies) {
      for (const bool int8 : {false, true}) {
        std::int64_t outer = 1;
        for (std::int32_t d = 0; d + 1 < shape.in.rank; ++d) outer *= shape.in.dims[d];
        const std::int64_t moved = outer * shape.in.dims[shape.in.rank - 1];
        list.add({"copy", shape.name, int8, family + (int8 ? " of int8" : " of float32"), row.name, row.isa, 0,
                  static_cast<double>(moved) * (int8 ? 2 : 8), [&row, &shape, int8, outer]() -> std::function<void()> {
                    return [&row, &shape, int8, outer, input = elements(shape.in_size, int8),
                            output = zeros(shape.out_size, int8)] {
                      row.run({shape.in, shape.out, int8 ? 1 : 4, input.data(), output.data()}, 0, outer);
                    };
                  }});
      }
    }
  });
}

void add_jobs(const std::string& family, RowList<MatMulF32Row> rows, JobList& list) {
  struct Shape {
    std::int64_t m, n, k;
  };
  list.for_rows(family, rows, [&](const MatMulF32Row& row) {
    for (const Shape& shape : {Shape{197, 197, 64}, Shape{197, 64, 197}, Shape{49, 33, 70}}) {
      const auto [m, n, k] = shape;
      list.add({"mat_mul", joined({m, n, k}), false, family, row.name, row.isa, static_cast<double>(m * n * k),
                static_cast<double>(m * k + k * n + m * n) * 4, [&row, shape]() -> std::function<void()> {
                  return [&row, shape, a = random_array<float>(static_cast<std::size_t>(shape.m * shape.k)),
                          b = random_array<float>(static_cast<std::size_t>(shape.k * shape.n)),
                          c = Array<float>(static_cast<std::size_t>(shape.m * shape.n))] {
                    row.run({shape.m, shape.n, shape.k, a.data(), b.data(), c.data()}, 0, shape.m);
                  };
                }});
    }
  });
}

}  // namespace octet::bench

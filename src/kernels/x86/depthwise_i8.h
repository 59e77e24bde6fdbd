// Depthwise convolution int8 on x86: what the rows of all instruction sets share. Included by depthwise_i8_<isa>.cpp
// alone; internal linkage.
//
// A tile is one or a few output rows of one block of channels, run in pieces along x. First the columns of input that a
// piece needs are interleaved into the scratch memory: the V::kTaps values of a channel that lie above each other
// become one 4-byte group, so that one multiply sums them. Then an output is the sum over kernel columns (and over
// further groups of rows, where the kernel is higher) of group times weights. Groups have room for more rows than the
// kernel has: where the stride is 1, the same columns give as many more output rows, with the weights moved down.
//
// Columns are kept by their phase, x modulo the stride: the columns that consecutive outputs meet are neighbours. In a
// narrow block, of 16 or 32 channels, a vector so holds several pixels.
#pragma once

#include "kernels/x86/depthwise_i8_direct.h"
#include "kernels/x86/packed_i8.h"
#include "kernels/x86/unrolled.h"

namespace octet {
namespace {

// A block of channels and how the scratch memory holds its columns.
struct DepthwisePlan {
  int32_t channels;       // of the block, at most `width`
  int32_t width;          // V::kBlock, or a narrower multiple of 16
  int32_t pixels;         // output pixels of a vector
  int32_t row_groups;     // of the kernel's rows
  int32_t rows;           // output rows of a tile
  int32_t piece;          // output pixels
  int64_t phase_columns;  // places for the columns of one phase
  int64_t plane, group;   // bytes: one vector of all columns; all vectors of one group of rows
};

// Multiplies of an output, for each vector of a block.
template <class V>
int64_t depthwise_steps(const ConvGeometry& g) {
  return ceil_div(g.kernel_h, V::kTaps) * g.kernel_w * depthwise_terms<V>(g);
}

constexpr int64_t kDepthwisePiece = 16 << 10;  // bytes of columns at a time

// Output rows that the same groups of input rows serve.
template <class V>
int64_t depthwise_rows(const ConvGeometry& g) {
  if (g.stride_h > 1 || g.dilation_h > 1) return 1;
  return ceil_div(g.kernel_h, V::kTaps) * V::kTaps - g.kernel_h + 1;
}

template <class V>
DepthwisePlan depthwise_plan(const ConvGeometry& g, int64_t first_channel) {
  constexpr int64_t kVectorBytes = sizeof(typename V::Int);
  DepthwisePlan p{};
  p.channels = (int32_t)least(g.out_c - first_channel, V::kBlock);
  p.width = V::kBlock;
  while (p.width > 16 && p.width / 2 >= p.channels) p.width /= 2;
  p.pixels = V::kBlock / p.width;
  p.row_groups = (int32_t)ceil_div(g.kernel_h, V::kTaps);
  p.rows = (int32_t)depthwise_rows<V>(g);
  const int64_t column_bytes = V::kVectors * kVectorBytes / p.pixels * p.row_groups;
  const int64_t most_outputs = kDepthwisePiece / column_bytes / g.stride_w;
  const int64_t wanted = least(g.out_w, most(most_outputs, 16));
  p.piece = (int32_t)ceil_div(g.out_w, ceil_div(g.out_w, wanted));
  // A vector is written and read whole, also where it reaches beyond the last column of its phase.
  p.phase_columns = ceil_div(span(p.piece, g.stride_w, g.kernel_w, g.dilation_w), g.stride_w) + p.pixels;
  p.plane = p.phase_columns * g.stride_w * (kVectorBytes / p.pixels);
  p.group = p.plane * V::kVectors;
  return p;
}

template <class V>
int64_t depthwise_blocks(const ConvGeometry& g) {
  return ceil_div(g.out_c, V::kBlock);
}

// Vectors of a block: weights [output row][row group][kernel column][term][vector], then bias and multiplier [vector].
template <class V>
int64_t depthwise_block_bytes(const ConvGeometry& g) {
  return (depthwise_steps<V>(g) * depthwise_rows<V>(g) + 2) * V::kVectors * (int64_t)sizeof(typename V::Int);
}

template <class V>
size_t depthwise_packed_bytes(const ConvGeometry& g) {
  return (size_t)(kHeaderBytes + depthwise_blocks<V>(g) * depthwise_block_bytes<V>(g));
}

// One lane of a block's vectors: all weights of `channel`, its bias and its multiplier.
template <class V>
void pack_depthwise_lane(const ConvGeometry& g, const ConvI8Constants& constants, int64_t channel, char* block,
                         int64_t lane) {
  constexpr int64_t kStep = V::kVectors * (int64_t)sizeof(typename V::Int);
  const int64_t rows = depthwise_rows<V>(g);
  const int64_t row_bytes = depthwise_steps<V>(g) * kStep, terms = depthwise_terms<V>(g);
  const int8_t* weights = constants.weight + channel * g.kernel_h * g.kernel_w;
  const int32_t zero_point = constants.weight_zero_point ? constants.weight_zero_point[channel] : 0;
  int32_t sum = 0;
  for (int64_t ky = 0; ky < g.kernel_h; ++ky) {
    for (int64_t kx = 0; kx < g.kernel_w; ++kx) {
      int32_t left = weights[ky * g.kernel_w + kx] - zero_point;
      sum += left;
      for (int64_t term = 0; term < terms; ++term) {
        const auto w = (typename V::Weight)(V::kWideWeights ? left : least(most(left, -128), 127));
        left -= w;
        for (int64_t r = 0; r < rows; ++r) {
          const int64_t tap = ky + r;
          char* step = block + r * row_bytes + ((tap / V::kTaps * g.kernel_w + kx) * terms + term) * kStep;
          ((typename V::Weight*)step)[lane * V::kTaps + tap % V::kTaps] = w;
        }
      }
    }
  }
  char* bias = block + rows * row_bytes;
  ((int32_t*)bias)[lane] =
      corrected_bias(constants.bias, channel, V::depthwise_correction(constants.in_zero_point), sum);
  ((float*)(bias + kStep))[lane] = constants.multiplier[channel];
}

template <class V>
void depthwise_pack(const ConvGeometry& g, const ConvI8Constants& constants, void* packed) {
  __builtin_memset(packed, 0, depthwise_packed_bytes<V>(g));
  for (int64_t b = 0; b < depthwise_blocks<V>(g); ++b) {
    const DepthwisePlan p = depthwise_plan<V>(g, b * V::kBlock);
    char* block = (char*)packed + kHeaderBytes + b * depthwise_block_bytes<V>(g);
    for (int v = 0; v < V::kVectors; ++v) {
      for (int lane = 0; lane < V::kLanes; ++lane) {
        // A narrow block repeats itself, for each pixel of the vector.
        const int64_t channel = V::channel(V::kVectors, v, lane) % p.width;
        if (channel < p.channels) {
          pack_depthwise_lane<V>(g, constants, b * V::kBlock + channel, block, v * V::kLanes + lane);
        }
      }
    }
  }
  for (int64_t o = 0; o < g.out_c; ++o) {
    if (!(constants.multiplier[o] < kSmallMultiplier)) ((PackedHeader*)packed)->clamp_float = 1;
  }
}

// Scratch memory: offsets of the steps, for whole blocks and for the last one, then the columns.
template <class V>
int64_t offsets_of(const ConvGeometry& g) {
  return ceil_div(depthwise_steps<V>(g), 8) * 8;
}
template <class V>
int64_t offsets_bytes(const ConvGeometry& g) {
  return 2 * offsets_of<V>(g) * (int64_t)sizeof(int64_t);
}

template <class V>
void make_offsets(const ConvGeometry& g, const DepthwisePlan& p, int64_t* offsets) {
  const int64_t place_bytes = (int64_t)sizeof(typename V::Int) / p.pixels;
  for (int64_t group = 0; group < p.row_groups; ++group) {
    for (int64_t kx = 0; kx < g.kernel_w; ++kx) {
      const int64_t column = kx * g.dilation_w;
      const int64_t place = column % g.stride_w * p.phase_columns + column / g.stride_w;
      for (int64_t term = 0; term < depthwise_terms<V>(g); ++term) *offsets++ = group * p.group + place * place_bytes;
    }
  }
}

template <class V>
size_t depthwise_scratch_bytes(const ConvGeometry& g) {
  int64_t bytes = 0;
  for (const int64_t block : {(int64_t)0, depthwise_blocks<V>(g) - 1}) {
    const DepthwisePlan p = depthwise_plan<V>(g, block * V::kBlock);
    bytes = most(bytes, p.group * p.row_groups);
  }
  return (size_t)(offsets_bytes<V>(g) + bytes + (int64_t)sizeof(typename V::Int));
}

// Where the columns of the piece that begins at output pixel `x` come from.
struct DepthwiseColumns {
  const int8_t* row[4];           // of the group, at image column 0
  int64_t step[4];                // to the next column: 0 where the row lies outside of the image
  int64_t before, inside, after;  // columns left of the image, in it, right of it
  int64_t first;                  // image column of the first one that is inside
};

// Where the next column goes: its phase's next place.
struct ColumnPlace {
  int64_t phase = 0, place = 0;

  int64_t offset(const DepthwisePlan& p, int64_t place_bytes) const {
    return (phase * p.phase_columns + place) * place_bytes;
  }
  void next(int64_t stride) {
    if (++phase == stride) phase = 0, ++place;
  }
};

// Interleaves the columns of one group of rows that lie inside the image. whole: all channels of the widest block.
// Narrow pixels without gaps between them, and neighbours in the scratch memory too, are taken a vector at a time.
// What the loop needs is copied first: for all that the compiler knows, the bytes that are stored change the plan.
template <class V, bool whole>
[[gnu::noinline]] ColumnPlace interleave_inside(const ConvGeometry& g, const DepthwisePlan& p,
                                                const DepthwiseColumns& columns, int32_t zero_point, ColumnPlace place,
                                                char* to) {
  using Int = typename V::Int;
  const int64_t place_bytes = (int64_t)sizeof(Int) / p.pixels, phase_bytes = p.phase_columns * place_bytes;
  const int64_t plane = p.plane, stride = g.stride_w, inside = columns.inside;
  const bool dense = !whole && stride == 1 && p.channels == p.width && g.in_pixel_stride == p.width;
  const int64_t at_once = dense ? p.pixels : 1;
  const int channels = p.channels;
  const int8_t* row[V::kTaps];
  int64_t step[V::kTaps];
  unrolled<V::kTaps>([&](auto r) __attribute__((always_inline)) {
    row[r] = columns.row[r] + columns.first * columns.step[r];
    step[r] = columns.step[r] * at_once;
  });
  for (int64_t x = 0; x < inside; x += at_once) {
    const int64_t pixels = least(at_once, inside - x);
    Int groups[V::kVectors];
    V::template interleave<whole>(row, (int)pixels * channels, zero_point, groups);
    char* at = to + place.phase * phase_bytes + place.place * place_bytes;
    unrolled<V::kVectors>([&](auto v) __attribute__((always_inline)) { V::keep(at + v * plane, groups[v]); });
    unrolled<V::kTaps>([&](auto r) __attribute__((always_inline)) { row[r] += step[r]; });
    if (dense) {
      place.place += pixels;
    } else {
      place.next(stride);
    }
  }
  return place;
}

template <class V>
void interleave_outside(const ConvGeometry& g, const DepthwisePlan& p, int64_t count, int32_t zero_point,
                        ColumnPlace& place, char* to) {
  const auto padding = V::padding_groups(zero_point);
  for (int64_t i = 0; i < count; ++i, place.next(g.stride_w)) {
    char* at = to + place.offset(p, (int64_t)sizeof padding / p.pixels);
    for (int v = 0; v < V::kVectors; ++v) V::keep(at + v * p.plane, padding);
  }
}

// Interleaves the columns of one group of rows.
template <class V>
void interleave_columns(const ConvGeometry& g, const DepthwisePlan& p, const DepthwiseColumns& columns,
                        int32_t zero_point, char* to) {
  ColumnPlace place;
  interleave_outside<V>(g, p, columns.before, zero_point, place, to);
  if (p.channels == V::kBlock) {
    place = interleave_inside<V, true>(g, p, columns, zero_point, place, to);
  } else {
    place = interleave_inside<V, false>(g, p, columns, zero_point, place, to);
  }
  interleave_outside<V>(g, p, columns.after, zero_point, place, to);
}

// Prepares the columns of `count` outputs from `x` on in the rows from `y` on.
template <class V>
void make_columns(const DepthwisePlan& p, const ConvI8Args& args, int64_t image, int64_t y, int64_t x, int64_t count,
                  int64_t first_channel, char* to) {
  const ConvGeometry& g = args.geometry;
  alignas(64) int8_t outside[64];
  __builtin_memset(outside, args.in_zero_point, sizeof outside);
  const int64_t begin = x * g.stride_w - g.pad_left;
  const int64_t total = span(count, g.stride_w, g.kernel_w, g.dilation_w);
  DepthwiseColumns columns{};
  columns.before = least(most(-begin, 0), total);
  columns.first = begin + columns.before;
  columns.inside = most(least(begin + total, g.in_w) - columns.first, 0);
  columns.after = total - columns.before - columns.inside;
  for (int32_t group = 0; group < p.row_groups; ++group) {
    for (int r = 0; r < V::kTaps; ++r) {
      const int64_t ky = group * V::kTaps + r;
      const int64_t in_y = y * g.stride_h - g.pad_top + ky * g.dilation_h;
      const bool inside = ky < g.kernel_h + p.rows - 1 && in_y >= 0 && in_y < g.in_h;
      columns.row[r] =
          inside ? args.input + (image * g.in_h + in_y) * g.in_w * g.in_pixel_stride + first_channel : outside;
      columns.step[r] = inside ? g.in_pixel_stride : 0;
    }
    interleave_columns<V>(g, p, columns, args.in_zero_point, to + group * p.group);
  }
}

template <class V>
struct DepthwiseOutput {
  const DepthwisePlan& plan;
  typename V::template Output<V::kVectors> values;
  const char* weights;
  const int32_t* bias;
  const int64_t* offsets;
  int64_t steps;
  int64_t pixel_stride;
  bool dense;  // the pixels of a vector follow each other without gaps
};

// `vectors` vectors of output pixels side by side; of the last one, `pixels` are stored.
// Not inlined: its registers are its own.
template <class V, int vectors, bool clamp_float>
[[gnu::noinline]] void depthwise_outputs(const DepthwiseOutput<V>& out, const char* columns, int64_t pixels,
                                         int8_t* to) {
  using Int = typename V::Int;
  Int sums[vectors][V::kVectors];
  unrolled<V::kVectors>([&](auto v) __attribute__((always_inline)) {
    const Int bias = V::load(out.bias + v * V::kLanes);
    unrolled<vectors>([&](auto i) __attribute__((always_inline)) { sums[i][v] = bias; });
  });
  const char* weights = out.weights;
  for (int64_t s = 0; s < out.steps; ++s) {
    const char* at = columns + out.offsets[s];
    unrolled<V::kVectors>([&](auto v) __attribute__((always_inline)) {
      const Int w = V::load(weights + v * (int64_t)sizeof(Int));
      unrolled<vectors>([&](auto i) __attribute__((always_inline)) {
        sums[i][v] = V::dot(sums[i][v], V::load(at + v * out.plan.plane + i * (int64_t)sizeof(Int)), w);
      });
    });
    weights += V::kVectors * sizeof(Int);
  }
  const int64_t vector_step = out.plan.pixels * out.pixel_stride;
  unrolled<vectors>([&](auto i) __attribute__((always_inline)) {
    const int64_t left = i + 1 < vectors ? out.plan.pixels : pixels;
    if (out.plan.pixels == 1) {
      V::template store<V::kVectors, clamp_float>(out.values, sums[i], to);
    } else {
      const auto y = V::template bytes<V::kVectors, clamp_float>(out.values, sums[i]);
      if (out.dense) {
        V::store_bytes(to, y, (int)(left * out.plan.width));
      } else {
        alignas(64) int8_t narrow[V::kBlock];
        __builtin_memcpy(narrow, &y, sizeof narrow);
        for (int64_t x = 0; x < left; ++x) {
          V::copy_bytes(to + x * out.pixel_stride, narrow + x * out.plan.width, out.plan.channels);
        }
      }
    }
    to += vector_step;
  });
}

// `count` output pixels of a row, as many vectors at a time as possible.
template <class V, bool clamp_float, int vectors = V::kOutputs>
void depthwise_piece(const DepthwiseOutput<V>& out, const char* columns, int64_t count, int8_t* to) {
  constexpr int64_t kBytes = vectors * sizeof(typename V::Int);
  const int64_t before_last = (vectors - 1) * out.plan.pixels;
  const int64_t all = vectors * out.plan.pixels;
  for (; count > before_last; count -= all, columns += kBytes, to += all * out.pixel_stride) {
    depthwise_outputs<V, vectors, clamp_float>(out, columns, least(out.plan.pixels, count - before_last), to);
  }
  if constexpr (vectors > 1) {
    if (count > 0) depthwise_piece<V, clamp_float, vectors / 2>(out, columns, count, to);
  }
}

inline bool depthwise_supports(const ConvGeometry& g) { return is_moderate(g, g.kernel_h, 256); }

// Output rows of a tile: those of the direct way let the narrowest block fill its vectors.
template <class V>
int64_t depthwise_tile_rows(const ConvGeometry& g) {
  return is_direct<V>(g) ? V::kBlock / 16 : depthwise_rows<V>(g);
}

template <class V>
int64_t depthwise_tiles(const ConvGeometry& g) {
  return g.batch * ceil_div(g.out_h, depthwise_tile_rows<V>(g)) * depthwise_blocks<V>(g);
}

// Columns of a row, from the left, of which `bytes` from `channel` on lie in the row.
inline int64_t readable_columns(const ConvGeometry& g, int64_t channel, int64_t bytes) {
  const int64_t room = (g.in_w - 1) * g.in_pixel_stride + g.in_c - channel - bytes;
  return room < 0 ? 0 : room / g.in_pixel_stride + 1;
}

// What all tiles of a layer that goes without scratch memory have in common.
template <class V>
void begin_direct(const ConvI8Args& args, DirectArgs* a) {
  const ConvGeometry& g = args.geometry;
  a->block_bytes = depthwise_block_bytes<V>(g);
  a->clamp_float = ((const PackedHeader*)args.packed)->clamp_float != 0;
  a->in_w = g.in_w;
  a->out_w = g.out_w;
  a->pad_left = g.pad_left;
  a->zero_point = args.in_zero_point;
  a->range = args.range;
  a->pixel_stride = g.out_pixel_stride;
  a->row_stride = g.out_w * g.out_pixel_stride;
  __builtin_memset(a->outside, args.in_zero_point, sizeof a->outside);
}

// The output rows from y on of one block.
template <class V>
void direct_rows(const DepthwisePlan& p, const ConvI8Args& args, int64_t image, int64_t y, int64_t rows, int64_t block,
                 DirectArgs* a) {
  constexpr int64_t kStep = V::kVectors * (int64_t)sizeof(typename V::Int);
  const ConvGeometry& g = args.geometry;
  const int64_t channel = block * V::kBlock;
  const int64_t first = y * g.stride_h - g.pad_top;
  const int64_t row_stride = g.in_w * g.in_pixel_stride;
  const int8_t* input = args.input + channel;
  for (int r = 0; r < (p.pixels - 1) * g.stride_h + 3; ++r) {
    const bool inside = first + r >= 0 && first + r < g.in_h;
    a->row[r] = inside ? input + (image * g.in_h + first + r) * row_stride : a->outside;
    a->step[r] = inside ? g.in_pixel_stride : 0;
  }
  a->channels = p.channels;
  a->rows = (int32_t)rows;
  a->weights = (const char*)args.packed + kHeaderBytes + block * a->block_bytes;
  a->bias = (const int32_t*)(a->weights + a->block_bytes - 2 * kStep);
  a->multiplier = (const float*)(a->weights + a->block_bytes - kStep);
  a->to = args.output + (image * g.out_h + y) * g.out_w * g.out_pixel_stride + channel;
  run_direct<V>(g, *a, p.pixels);
}

// The output rows from y on of one block, by columns in the scratch memory.
template <class V>
void interleaved_rows(const DepthwisePlan& p, const ConvI8Args& args, int64_t image, int64_t y, int64_t block,
                      const int64_t* offsets) {
  constexpr int64_t kStep = V::kVectors * (int64_t)sizeof(typename V::Int);
  const ConvGeometry& g = args.geometry;
  const int64_t channel = block * V::kBlock;
  const int64_t steps = depthwise_steps<V>(g);
  const char* weights = (const char*)args.packed + kHeaderBytes + block * depthwise_block_bytes<V>(g);
  const auto* bias = (const int32_t*)(weights + steps * p.rows * kStep);
  const auto* multiplier = (const float*)(weights + (steps * p.rows + 1) * kStep);
  const bool dense = p.pixels > 1 && p.channels == p.width && g.out_pixel_stride == p.width;
  DepthwiseOutput<V> out{p,
                         V::template output_of<V::kVectors>(multiplier, args.range, p.channels),
                         weights,
                         bias,
                         offsets,
                         steps,
                         g.out_pixel_stride,
                         dense};
  char* columns = (char*)args.scratch + offsets_bytes<V>(g);
  for (int64_t x = 0; x < g.out_w; x += p.piece) {
    const int64_t count = least(p.piece, g.out_w - x);
    make_columns<V>(p, args, image, y, x, count, channel, columns);
    for (int64_t r = 0; r < least(p.rows, g.out_h - y); ++r) {
      int8_t* to = args.output + ((image * g.out_h + y + r) * g.out_w + x) * g.out_pixel_stride + channel;
      out.weights = weights + r * steps * kStep;
      if (((const PackedHeader*)args.packed)->clamp_float) {
        depthwise_piece<V, true>(out, columns, count, to);
      } else {
        depthwise_piece<V, false>(out, columns, count, to);
      }
    }
  }
}

template <class V>
void depthwise_run(const ConvI8Args& args, int64_t tile_begin, int64_t tile_end) {
  const ConvGeometry& g = args.geometry;
  const int64_t blocks = depthwise_blocks<V>(g), tile_rows = depthwise_tile_rows<V>(g);
  const int64_t row_tiles = ceil_div(g.out_h, tile_rows);
  const DepthwisePlan whole = depthwise_plan<V>(g, 0), last = depthwise_plan<V>(g, (blocks - 1) * V::kBlock);
  const bool direct = is_direct<V>(g);
  DirectArgs direct_args;
  auto* offsets = (int64_t*)args.scratch;
  if (direct) {
    begin_direct<V>(args, &direct_args);
    direct_args.readable = readable_columns(g, (blocks - 1) * V::kBlock, V::kBlock / last.pixels);
  } else {
    make_offsets<V>(g, whole, offsets);
    make_offsets<V>(g, last, offsets + offsets_of<V>(g));
  }
  int64_t block = tile_begin % blocks, row_tile = tile_begin / blocks % row_tiles;
  int64_t image = tile_begin / blocks / row_tiles;
  for (int64_t tile = tile_begin; tile < tile_end; ++tile) {
    const DepthwisePlan& p = block + 1 < blocks ? whole : last;
    const int64_t y = row_tile * tile_rows, end = least(y + tile_rows, g.out_h);
    if (direct) {
      for (int64_t at = y; at < end; at += p.pixels) {
        direct_rows<V>(p, args, image, at, least(p.pixels, end - at), block, &direct_args);
      }
    } else {
      interleaved_rows<V>(p, args, image, y, block, offsets + (block + 1 < blocks ? 0 : offsets_of<V>(g)));
    }
    if (++block < blocks) continue;
    block = 0;
    if (++row_tile == row_tiles) row_tile = 0, ++image;
  }
}

}  // namespace
}  // namespace octet

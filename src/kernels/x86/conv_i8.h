// Convolution int8 on x86: what the rows of all instruction sets share. Included by conv_i8_<isa>.cpp alone, and all
// of it has internal linkage: each of these files compiles its own copy with its own flags.
//
// A tile is a block of output pixels times a range of output channels. Its input pixels are copied into the scratch
// memory once (the panel): converted to what the multiplier of the instruction set takes, without gaps between pixels,
// and with the zero point where the image is padded. Over the panel runs an implicit matrix product: an output pixel's
// inputs are `segments`, runs of panel elements that meet consecutive weights. Without dilation along x, all taps of a
// kernel row are one segment.
//
// The instruction set is a traits class V:
//   Element, kDepth  panel element, and how many of them one multiply takes from a 4-byte group
//   Int              a vector of kLanes int32
//   kMaxVectors      widest block of output channels, in vectors: 4 or 2
//   pixels(vectors)  pixels of a micro-kernel that many vectors wide, such that the sums stay in registers
//   correction       what to add to the bias for each unit of weight
//   kWideWeights     weights hold centred weights beyond int8; otherwise these are corrected by window_sum_i8.h
//   channel(...)     the order of channels inside a block that its stores undo
#pragma once

#include "kernels/x86/packed_i8.h"
#include "kernels/x86/unrolled.h"
#include "kernels/x86/weight_order.h"
#include "kernels/x86/window_sum_i8.h"

namespace octet {
namespace {

struct Range {
  int32_t begin, end;
};

// The geometry as the product sees it, and how it is cut into tiles.
struct ConvPlan {
  ConvGeometry g;  // a 1x1 convolution that reads all pixels in order has become one row of pixels
  int32_t in_per_group, out_per_group;
  int32_t segments_y, segments_x;  // of an output pixel
  int64_t segment_groups;          // 4-byte groups of a segment
  int64_t depth_groups;            // of all segments
  int64_t vectors;                 // of output channels, of a group
  int32_t tile_h, tile_w, tiles_h, tiles_w;
  int32_t channel_blocks, channel_tiles;
  int64_t panel_pitch;  // elements from a row of the panel to the next
  int64_t panel_rows;
};

ConvGeometry flattened(const ConvGeometry& g) {
  const bool pointwise = g.kernel_h == 1 && g.kernel_w == 1 && g.stride_h == 1 && g.stride_w == 1 && g.pad_top == 0 &&
                         g.pad_left == 0 && g.in_h == g.out_h && g.in_w == g.out_w;
  const int64_t pixels = (int64_t)g.batch * g.in_h * g.in_w;
  if (!pointwise || pixels > INT32_MAX) return g;
  ConvGeometry flat = g;
  flat.batch = flat.in_h = flat.out_h = 1;
  flat.in_w = flat.out_w = (int32_t)pixels;
  return flat;
}

template <class V>
int64_t panel_bytes(const ConvGeometry& g, int64_t tile_h, int64_t tile_w) {
  return span(tile_h, g.stride_h, g.kernel_h, g.dilation_h) * span(tile_w, g.stride_w, g.kernel_w, g.dilation_w) *
         g.in_c * (int64_t)sizeof(typename V::Element);
}

// Tiles: enough of them for a few threads, few enough pixels that the panel stays in the cache, but enough that
// fetching the weights pays. Where the image does not give enough tiles, the output channels are divided, too.
template <class V>
void plan_tiles(ConvPlan& p) {
  constexpr int64_t kTilesWanted = 8;
  constexpr int64_t kPixelsWanted = 48;
  const ConvGeometry& g = p.g;
  const int64_t weight_bytes = p.depth_groups * p.vectors * g.groups * V::kLanes * 4;
  const int64_t budget = weight_bytes > (512 << 10) ? 96 << 10 : 24 << 10;
  int64_t w = g.out_w;
  if ((int64_t)g.batch * g.out_h < kTilesWanted) {
    w = least(w, most(ceil_div(w * g.out_h * g.batch, kTilesWanted), kPixelsWanted));
  }
  while (w > kPixelsWanted && panel_bytes<V>(g, 1, w) > budget) w = ceil_div(w, 2);
  w = ceil_div(g.out_w, ceil_div(g.out_w, w));
  int64_t h =
      most(ceil_div((int64_t)g.batch * g.out_h * ceil_div(g.out_w, w), kTilesWanted), ceil_div(kPixelsWanted, w));
  h = least(h, g.out_h);
  while (h > 1 && panel_bytes<V>(g, h, w) > budget) --h;
  h = ceil_div(g.out_h, ceil_div(g.out_h, h));
  p.tile_w = (int32_t)w;
  p.tile_h = (int32_t)h;
  p.tiles_w = (int32_t)ceil_div(g.out_w, w);
  p.tiles_h = (int32_t)ceil_div(g.out_h, h);
  p.channel_blocks = (int32_t)ceil_div(p.vectors, V::kMaxVectors);
  const int64_t tiles = (int64_t)p.tiles_w * p.tiles_h * g.batch;
  p.channel_tiles = g.groups > 1 ? 1 : (int32_t)least(p.channel_blocks, ceil_div(kTilesWanted, tiles));
  p.panel_pitch = span(w, g.stride_w, g.kernel_w, g.dilation_w) * g.in_c;
  p.panel_rows = span(h, g.stride_h, g.kernel_h, g.dilation_h);
}

template <class V>
ConvPlan plan_of(const ConvGeometry& geometry) {
  ConvPlan p{};
  p.g = flattened(geometry);
  p.in_per_group = p.g.in_c / p.g.groups;
  p.out_per_group = p.g.out_c / p.g.groups;
  const bool joined = p.g.dilation_w == 1 && p.g.groups == 1;
  p.segments_y = p.g.kernel_h;
  p.segments_x = joined ? 1 : p.g.kernel_w;
  p.segment_groups = ceil_div((int64_t)p.in_per_group * (joined ? p.g.kernel_w : 1), V::kDepth);
  p.depth_groups = p.segment_groups * p.segments_x * p.segments_y;
  p.vectors = ceil_div(p.out_per_group, V::kLanes);
  plan_tiles<V>(p);
  return p;
}

// Whether outputs are corrected by the sums of their windows, because the packed weights still hold their zero points.
template <class V>
bool is_corrected(const ConvGeometry& g) {
  return !V::kWideWeights && g.extra_weights > 0;
}

// ---- Packing: [group][block][4-byte group of the depth][vector of the block][lane][kDepth], bias, multipliers,
// corrections.

template <class V>
size_t packed_bytes(const ConvGeometry& geometry) {
  const ConvPlan p = plan_of<V>(geometry);
  const int64_t lanes = p.g.groups * p.vectors * V::kLanes;
  return (size_t)(kHeaderBytes + lanes * 4 * (p.depth_groups + (is_corrected<V>(geometry) ? 3 : 2)));
}

// The vectors of the block that begins at vector `first`.
template <class V>
int block_vectors(int64_t vectors, int64_t first) {
  const int64_t left = vectors - first;
  return left >= V::kMaxVectors ? V::kMaxVectors : left >= 2 ? 2 : 1;
}

// The weights of `channel` less `zero_point`, in the order of its segments, as one lane of a block that is all 0;
// returns their sum.
template <class V>
int32_t pack_channel(const ConvPlan& p, const int8_t* channel, int32_t zero_point, const WeightOrder& order,
                     typename V::Weight* lane, int64_t group_step) {
  const int32_t columns = p.segments_x > 1 ? 1 : p.g.kernel_w;  // of a segment
  int32_t sum = 0;
  for (int32_t ky = 0; ky < p.segments_y; ++ky) {
    for (int32_t sx = 0; sx < p.segments_x; ++sx) {
      auto* group = lane;
      int in_group = 0;
      for (int32_t kx = sx; kx < sx + columns; ++kx) {
        const int8_t* tap = channel + ky * order.row + kx * order.column;
        for (int32_t c = 0; c < p.in_per_group; ++c) {
          const auto w = (typename V::Weight)(tap[c * order.input] - zero_point);
          group[in_group] = w;
          sum += w;
          if (++in_group == V::kDepth) in_group = 0, group += group_step;
        }
      }
      lane += p.segment_groups * group_step;
    }
  }
  return sum;
}

template <class V>
void pack_ordered(const ConvGeometry& geometry, const ConvI8Constants& constants, const WeightOrder& order,
                  void* packed) {
  const ConvPlan p = plan_of<V>(geometry);
  const int64_t lanes = p.g.groups * p.vectors * V::kLanes;
  auto* header = (PackedHeader*)packed;
  auto* weights = (typename V::Weight*)((char*)packed + kHeaderBytes);
  auto* init = (int32_t*)(weights + lanes * p.depth_groups * V::kDepth);
  auto* multiplier = (float*)(init + lanes);
  auto* correction = is_corrected<V>(p.g) ? (int32_t*)(multiplier + lanes) : nullptr;
  __builtin_memset(packed, 0, packed_bytes<V>(geometry));
  for (int32_t group = 0; group < p.g.groups; ++group) {
    for (int64_t v = 0; v < p.vectors;) {
      const int n = block_vectors<V>(p.vectors, v);
      for (int lane = 0; lane < n * V::kLanes; ++lane) {
        const int64_t in_group = v * V::kLanes + V::channel(n, lane / V::kLanes, lane % V::kLanes);
        if (in_group >= p.out_per_group) continue;
        const int64_t o = group * p.out_per_group + in_group;
        const int64_t at = (group * p.vectors + v) * V::kLanes;
        const int32_t zero_point = constants.weight_zero_point ? constants.weight_zero_point[o] : 0;
        if (correction) correction[at + lane] = correction_pair(zero_point);
        const int32_t sum = pack_channel<V>(
            p, constants.weight + group * order.group + in_group * order.output, correction ? 0 : zero_point, order,
            weights + (at * p.depth_groups + lane) * V::kDepth, (int64_t)n * V::kLanes * V::kDepth);
        init[at + lane] = corrected_bias(constants.bias, o, V::correction(constants.in_zero_point), sum);
        multiplier[at + lane] = constants.multiplier[o];
        if (!(constants.multiplier[o] < kSmallMultiplier)) header->clamp_float = 1;
      }
      v += n;
    }
  }
}

template <class V>
void pack(const ConvGeometry& geometry, const ConvI8Constants& constants, void* packed) {
  pack_ordered<V>(geometry, constants, canonical_order(geometry), packed);
}

// ---- The panel, and behind it the sums of windows.

template <class V>
int64_t padded_panel_bytes(const ConvPlan& p) {
  // The last group of a segment may be read beyond the last element.
  return (p.panel_pitch * p.panel_rows * (int64_t)sizeof(typename V::Element) + 127) / 64 * 64;
}

template <class V>
size_t scratch_bytes(const ConvGeometry& geometry) {
  const ConvPlan p = plan_of<V>(geometry);
  const int64_t sums = is_corrected<V>(geometry) ? p.g.groups * p.tile_h * room_for_sums(p.tile_w) : 0;
  return (size_t)(padded_panel_bytes<V>(p) + sums * (int64_t)sizeof(int32_t));
}

// Copies pixels [first, first + count) of an image row; those outside of it become the zero point. null: a row outside
// of the image.
template <class V>
void copy_row(const ConvPlan& p, const int8_t* row, int64_t first, int64_t count, int32_t zero_point,
              typename V::Element* to) {
  const int64_t c = p.g.in_c;
  if (row == nullptr) return V::fill(to, count * c, zero_point);
  const int64_t before = least(most(-first, 0), count);
  const int64_t inside = most(least(first + count, p.g.in_w) - (first + before), 0);
  V::fill(to, before * c, zero_point);
  to += before * c;
  if (p.g.in_pixel_stride == c) {
    V::convert(to, row + (first + before) * c, inside * c, zero_point);
  } else {
    for (int64_t x = 0; x < inside; ++x) {
      V::convert(to + x * c, row + (first + before + x) * p.g.in_pixel_stride, c, zero_point);
    }
  }
  V::fill(to + inside * c, (count - before - inside) * c, zero_point);
}

// The part of the output of one tile.
struct TilePlace {
  int32_t image;
  Range rows, columns;
};

template <class V>
void make_panel(const ConvPlan& p, const ConvI8Args& args, const TilePlace& place) {
  const ConvGeometry& g = p.g;
  const int64_t width = span(place.columns.end - place.columns.begin, g.stride_w, g.kernel_w, g.dilation_w);
  const int64_t height = span(place.rows.end - place.rows.begin, g.stride_h, g.kernel_h, g.dilation_h);
  const int64_t first_y = (int64_t)place.rows.begin * g.stride_h - g.pad_top;
  const int64_t first_x = (int64_t)place.columns.begin * g.stride_w - g.pad_left;
  auto* to = (typename V::Element*)args.scratch;
  for (int64_t r = 0; r < height; ++r) {
    const int64_t y = first_y + r;
    const int64_t pixel = ((int64_t)place.image * g.in_h + y) * g.in_w;
    const int8_t* row = y >= 0 && y < g.in_h ? args.input + pixel * g.in_pixel_stride : nullptr;
    copy_row<V>(p, row, first_x, width, args.in_zero_point, to + r * p.panel_pitch);
  }
}

template <class V>
int32_t* window_sums(const ConvPlan& p, const ConvI8Args& args) {
  return (int32_t*)((char*)args.scratch + padded_panel_bytes<V>(p));
}

// The sums of the windows of a tile, [group][row][column] of the tile.
template <class V>
void sum_windows(const ConvPlan& p, const ConvI8Args& args, const TilePlace& place) {
  const ConvGeometry& g = p.g;
  WindowSums w{};
  w.pixel_step = (int64_t)g.stride_w * g.in_c;
  w.segment_y_step = g.dilation_h * p.panel_pitch;
  w.segment_x_step = (int64_t)g.dilation_w * g.in_c;
  w.segments_y = p.segments_y;
  w.segments_x = p.segments_x;
  w.segment_bytes = (int64_t)p.in_per_group * (p.segments_x > 1 ? 1 : g.kernel_w);
  w.padding = args.in_zero_point + 128;
  const int64_t columns = place.columns.end - place.columns.begin;
  for (int32_t group = 0; group < g.groups; ++group) {
    for (int64_t y = 0; y < place.rows.end - place.rows.begin; ++y) {
      const auto* panel = (const char*)args.scratch + y * g.stride_h * p.panel_pitch + (int64_t)group * p.in_per_group;
      sum_windows<V>(w, panel, columns, window_sums<V>(p, args) + (group * p.tile_h + y) * room_for_sums(p.tile_w));
    }
  }
}

// ---- The product.

// Output pixels side by side times one block of output channels.
struct BlockArgs {
  const void* panel;   // of the first pixel
  int64_t pixel_step;  // bytes, in the panel
  int64_t segment_y_step, segment_x_step;
  int32_t segments_y, segments_x;
  int64_t segment_groups;
  const void* weights;
  const int32_t* init;
  const float* multiplier;
  const int32_t* correction;  // of the channels, and of the pixels; null: nothing is corrected
  const int32_t* window_sums;
  int8_t* output;
  int64_t output_step;
  int32_t channels;  // of the block, at most its lanes
  int32_t clamp_float;
  OutputRange range;
};

// `pixels` outputs of `vectors` x kLanes channels.
template <class V, int vectors, int pixels>
void block(const BlockArgs& args) {
  typename V::Int sums[pixels][vectors];
  unrolled<vectors>([&](auto v) __attribute__((always_inline)) {
    const auto init = V::load(args.init + v * V::kLanes);
    unrolled<pixels>([&](auto i) __attribute__((always_inline)) { sums[i][v] = init; });
  });
  const int64_t step = args.pixel_step;
  const char* weights = (const char*)args.weights;
  for (int32_t sy = 0; sy < args.segments_y; ++sy) {
    for (int32_t sx = 0; sx < args.segments_x; ++sx) {
      const char* segment = (const char*)args.panel + sy * args.segment_y_step + sx * args.segment_x_step;
      const char* at[(pixels + 2) / 3];  // each serves three pixels by addressing modes
      unrolled<(pixels + 2) / 3>([&](auto i) __attribute__((always_inline)) { at[i] = segment + 3 * i * step; });
      for (int64_t k = 0; k < args.segment_groups; ++k) {
        typename V::Int w[vectors];
        unrolled<vectors>([&](auto v) __attribute__((always_inline)) { w[v] = V::load(weights + v * V::kLanes * 4); });
        weights += vectors * V::kLanes * 4;
        unrolled<pixels>([&](auto i) __attribute__((always_inline)) {
          const auto x = V::broadcast(at[i / 3] + i % 3 * step);
          unrolled<vectors>([&](auto v) __attribute__((always_inline)) { sums[i][v] = V::dot(sums[i][v], x, w[v]); });
        });
        unrolled<(pixels + 2) / 3>([&](auto i) __attribute__((always_inline)) { at[i] += 4; });
      }
    }
  }
  if constexpr (!V::kWideWeights) {
    if (__builtin_expect(args.correction != nullptr, 0)) {
      unrolled<vectors>([&](auto v) __attribute__((always_inline)) {
        const auto correction = V::load(args.correction + v * V::kLanes);
        unrolled<pixels>([&](auto i) __attribute__((always_inline)) {
          sums[i][v] = V::correct(sums[i][v], args.window_sums[i], correction);
        });
      });
    }
  }
  const auto output = V::template output_of<vectors>(args.multiplier, args.range, args.channels);
  int8_t* to = args.output;
  if (args.clamp_float) {
    unrolled<pixels>([&](auto i) __attribute__((always_inline)) {
      V::template store<vectors, true>(output, sums[i], to + i * args.output_step);
    });
  } else {
    unrolled<pixels>([&](auto i) __attribute__((always_inline)) {
      V::template store<vectors, false>(output, sums[i], to + i * args.output_step);
    });
  }
}

using Block = void (*)(const BlockArgs& args);

// The micro-kernel for a count of pixels, from 1 to V::pixels(vectors).
template <class V, int vectors, int pixels = V::pixels(vectors)>
Block block_of(int64_t count) {
  if constexpr (pixels > 1) {
    if (count != pixels) return block_of<V, vectors, pixels - 1>(count);
  }
  return block<V, vectors, pixels>;
}

template <class V>
Block block_of(int vectors, int64_t pixels) {
  if constexpr (V::kMaxVectors >= 4) {
    if (vectors == 4) return block_of<V, 4>(pixels);
  }
  return vectors == 2 ? block_of<V, 2>(pixels) : block_of<V, 1>(pixels);
}

// One block of channels of a tile. Rows are cut into runs of pixels as equal as possible. window_sums: those of the
// tile, where the block is corrected.
template <class V>
void run_block(const ConvPlan& p, const TilePlace& place, const ConvI8Args& args, BlockArgs& b, int vectors,
               int64_t channel, int64_t panel_offset, const int32_t* window_sums) {
  constexpr int64_t kBytes = sizeof(typename V::Element);
  const ConvGeometry& g = p.g;
  const int64_t width = place.columns.end - place.columns.begin;
  const int64_t runs = ceil_div(width, V::pixels(vectors));
  const int64_t pixels = ceil_div(width, runs);
  const int64_t longer = width - runs * (pixels - 1);  // runs of `pixels`, then of pixels - 1
  const Block long_block = block_of<V>(vectors, pixels);
  const Block short_block = longer < runs ? block_of<V>(vectors, pixels - 1) : nullptr;
  for (int64_t y = place.rows.begin; y < place.rows.end; ++y) {
    const int64_t row = (y - place.rows.begin) * g.stride_h * p.panel_pitch + panel_offset;
    const char* panel = (const char*)args.scratch + row * kBytes;
    const int64_t out_pixel = ((int64_t)place.image * g.out_h + y) * g.out_w + place.columns.begin;
    int8_t* output = args.output + out_pixel * g.out_pixel_stride + channel;
    b.window_sums = b.correction ? window_sums + (y - place.rows.begin) * room_for_sums(p.tile_w) : nullptr;
    for (int64_t run = 0; run < runs; ++run) {
      const int64_t count = run < longer ? pixels : pixels - 1;
      b.panel = panel;
      b.output = output;
      (run < longer ? long_block : short_block)(b);
      panel += count * b.pixel_step;
      output += count * g.out_pixel_stride;
      if (b.window_sums != nullptr) b.window_sums += count;
    }
  }
}

template <class V>
void run_tile(const ConvPlan& p, const ConvI8Args& args, const TilePlace& place, int32_t channel_tile) {
  constexpr int64_t kBytes = sizeof(typename V::Element);
  const ConvGeometry& g = p.g;
  const int64_t lanes = g.groups * p.vectors * V::kLanes;
  const char* weights = (const char*)args.packed + kHeaderBytes;
  const auto* init = (const int32_t*)(weights + lanes * p.depth_groups * 4);
  const auto* multiplier = (const float*)(init + lanes);
  const auto* correction = is_corrected<V>(g) ? (const int32_t*)(multiplier + lanes) : nullptr;
  const int64_t first = (int64_t)p.channel_blocks * channel_tile / p.channel_tiles * V::kMaxVectors;
  const int64_t last =
      least((int64_t)p.channel_blocks * (channel_tile + 1) / p.channel_tiles * V::kMaxVectors, p.vectors);
  BlockArgs b{};
  b.pixel_step = g.stride_w * g.in_c * kBytes;
  b.segment_y_step = g.dilation_h * p.panel_pitch * kBytes;
  b.segment_x_step = (int64_t)g.dilation_w * g.in_c * kBytes;
  b.segments_y = p.segments_y;
  b.segments_x = p.segments_x;
  b.segment_groups = p.segment_groups;
  b.output_step = g.out_pixel_stride;
  b.clamp_float = ((const PackedHeader*)args.packed)->clamp_float;
  b.range = args.range;
  for (int32_t group = 0; group < g.groups; ++group) {
    for (int64_t v = first; v < last;) {
      const int n = block_vectors<V>(p.vectors, v);
      const int64_t at = (group * p.vectors + v) * V::kLanes;
      b.weights = weights + at * p.depth_groups * 4;
      b.init = init + at;
      b.multiplier = multiplier + at;
      b.channels = (int32_t)least(n * V::kLanes, p.out_per_group - v * V::kLanes);
      const int64_t channel = (int64_t)group * p.out_per_group + v * V::kLanes;
      const bool corrected = correction != nullptr && any_correction(correction + at, n * V::kLanes);
      b.correction = corrected ? correction + at : nullptr;
      run_block<V>(p, place, args, b, n, channel, (int64_t)group * p.in_per_group,
                   window_sums<V>(p, args) + group * p.tile_h * room_for_sums(p.tile_w));
      v += n;
    }
  }
}

template <class V>
bool supports(const ConvGeometry& g) {
  const double depth = (double)g.kernel_h * g.kernel_w * (g.in_c / g.groups);
  if (is_corrected<V>(g) && depth > kMostSummed) return false;
  return is_moderate(g, span(1, g.stride_h, g.kernel_h, g.dilation_h), g.in_c);
}

template <class V>
int64_t tiles(const ConvGeometry& geometry) {
  const ConvPlan p = plan_of<V>(geometry);
  return (int64_t)p.g.batch * p.tiles_h * p.tiles_w * p.channel_tiles;
}

template <class V>
void run(const ConvI8Args& args, int64_t tile_begin, int64_t tile_end) {
  const ConvPlan p = plan_of<V>(args.geometry);
  int64_t in_panel = -1;  // the block of pixels whose panel lies in the scratch memory
  for (int64_t tile = tile_begin; tile < tile_end; ++tile) {
    const int64_t pixels = tile / p.channel_tiles;
    const int64_t row_tile = pixels / p.tiles_w;
    TilePlace place{};
    place.image = (int32_t)(row_tile / p.tiles_h);
    place.rows.begin = (int32_t)(row_tile % p.tiles_h) * p.tile_h;
    place.rows.end = (int32_t)least((int64_t)place.rows.begin + p.tile_h, p.g.out_h);
    place.columns.begin = (int32_t)(pixels % p.tiles_w) * p.tile_w;
    place.columns.end = (int32_t)least((int64_t)place.columns.begin + p.tile_w, p.g.out_w);
    if (pixels != in_panel) {
      make_panel<V>(p, args, place);
      if constexpr (!V::kWideWeights) {
        if (is_corrected<V>(p.g)) sum_windows<V>(p, args, place);
      }
    }
    in_panel = pixels;
    run_tile<V>(p, args, place, (int32_t)(tile % p.channel_tiles));
  }
}

// What conv_transpose.h builds on.
template <class V>
struct ConvI8Of {
  using Args = ConvI8Args;
  using Constants = ConvI8Constants;
  static bool supports(const ConvGeometry& g) { return octet::supports<V>(g); }
  static size_t packed_bytes(const ConvGeometry& g) { return octet::packed_bytes<V>(g); }
  static size_t scratch_bytes(const ConvGeometry& g) { return octet::scratch_bytes<V>(g); }
  static int64_t tiles(const ConvGeometry& g) { return octet::tiles<V>(g); }
  static void pack(const ConvGeometry& g, const Constants& constants, const WeightOrder& order, void* packed) {
    pack_ordered<V>(g, constants, order, packed);
  }
  static void run(const Args& args, int64_t begin, int64_t end) { octet::run<V>(args, begin, end); }
};

}  // namespace
}  // namespace octet

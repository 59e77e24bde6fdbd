// Float convolution as a matrix product over windows (implicit GEMM), for any vector of vector_f32_*.h, which is
// included before this.
//
// A tile of work is some rows and columns of the output of one image times some blocks of output channels. A block is 1
// to 4 vectors wide; its weights lie together: [group][block][ky][kx][input channel][vectors of the block][lanes]. A
// window's row is read where it lies. Only where windows reach over the left or right edge, the rows of the tile are
// first copied into scratch, with zeros at both ends; rows above and below the image are left out of the sum.
#pragma once

#include <string.h>

#include "kernels/conv.h"
#include "kernels/x86/conv_f32_tile.h"
#include "kernels/x86/weight_order.h"
#include "kernels/x86/window.h"

namespace octet {
namespace {

constexpr int64_t kTileFloats = 32 * 1024;  // input of one tile of work: a part of the second-level cache
constexpr int32_t kMostColumns = 2048;      // output pixels of a tile of work in a row
constexpr int64_t kLeastTiles = 16;         // for threads to share, where the layer is large enough
constexpr int64_t kShortSum = 96;           // terms
constexpr size_t kMostScratch = 64 << 20;   // a dilation this large is left to the reference

int32_t divide_up(int64_t a, int64_t b) { return (int32_t)((a + b - 1) / b); }
int32_t smaller(int64_t a, int64_t b) { return (int32_t)(a < b ? a : b); }
int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

// Sizes of the parts when `size` is cut evenly into parts of at most `most`, most >= 1.
int32_t even_part(int32_t size, int64_t most) { return divide_up(size, divide_up(size, most)); }

struct ConvPlan {
  ConvGeometry g;                     // a 1x1 convolution that touches every pixel once is one long row
  int64_t in_channels, out_channels;  // of a group
  int32_t vectors, block, blocks;     // vectors of output channels and blocks of a group; vectors of a block
  int32_t tile_pixels;                // of a register tile
  int32_t seeing_begin, seeing_end;   // output columns whose windows are not wholly beside the image
  bool copies;                        // into scratch
  int32_t rows, columns;              // of the output, in a tile of work
  int32_t row_parts, column_parts;    // tiles of an image
  int32_t block_part, block_parts;    // blocks of a tile, over all groups; tiles side by side
  int32_t patch_rows, patch_columns;  // of the input, for a tile
};

bool is_pointwise(const ConvGeometry& g) {
  return g.kernel_h == 1 && g.kernel_w == 1 && g.stride_h == 1 && g.stride_w == 1 && g.pad_top == 0 &&
         g.pad_left == 0 && g.out_h == g.in_h && g.out_w == g.in_w;
}

// Columns of the input that `columns` neighbouring outputs see.
int64_t columns_seen(const ConvGeometry& g, int64_t columns) {
  return (columns - 1) * g.stride_w + (int64_t)(g.kernel_w - 1) * g.dilation_w + 1;
}
int64_t rows_seen(const ConvGeometry& g, int64_t rows) {
  return (rows - 1) * g.stride_h + (int64_t)(g.kernel_h - 1) * g.dilation_h + 1;
}

// Sets the register tile. A tile of few pixels and many vectors lets the end of one overlap with the beginning of the
// next, which is what counts for short sums, and has work enough where a row has few pixels; one of many pixels needs
// little of the weights, which is what counts where those are many.
void set_tile(ConvPlan& plan, int64_t terms, int32_t pixels) {
  constexpr int32_t kWide = Vector::kWideTile;
  const bool wide = terms <= kShortSum || pixels <= Vector::kTilePixels[kWide - 1];
  const int32_t most = wide ? kWide : plan.vectors == 3 ? Vector::kMostInTile : 2;
  plan.block = even_part(plan.vectors, most);
  plan.blocks = divide_up(plan.vectors, plan.block);
  plan.tile_pixels = Vector::kTilePixels[plan.block - 1];
  if (wide && plan.block > 1) plan.tile_pixels = smaller(plan.tile_pixels, Vector::kTilePixels[kWide - 1]);
}

// Sets which columns of the output see the image at all; where windows of those reach over an edge, rows are copied.
void set_columns(ConvPlan& plan) {
  const ConvGeometry& g = plan.g;
  const int64_t reach = (int64_t)(g.kernel_w - 1) * g.dilation_w;
  const int32_t blind = g.pad_left > reach ? divide_up(g.pad_left - reach, g.stride_w) : 0;
  plan.seeing_begin = smaller(blind, g.out_w);
  const int32_t end = smaller(((int64_t)g.in_w - 1 + g.pad_left) / g.stride_w + 1, g.out_w);
  plan.seeing_end = (int32_t)larger(end, plan.seeing_begin);
  const int64_t first = (int64_t)plan.seeing_begin * g.stride_w - g.pad_left;
  const int64_t last = ((int64_t)plan.seeing_end - 1) * g.stride_w - g.pad_left + reach;
  plan.copies = plan.seeing_begin < plan.seeing_end && (first < 0 || last >= g.in_w);
}

ConvPlan plan_of(const ConvGeometry& geometry) {
  ConvPlan plan{};
  plan.g = geometry;
  ConvGeometry& g = plan.g;
  const int64_t pixels = (int64_t)g.batch * g.in_h * g.in_w;
  if (is_pointwise(g) && pixels == (int32_t)pixels) {
    g.in_w = g.out_w = (int32_t)pixels;
    g.batch = g.in_h = g.out_h = 1;
  }
  plan.in_channels = g.in_c / g.groups;
  plan.out_channels = g.out_c / g.groups;
  plan.vectors = divide_up(plan.out_channels, Vector::kLanes);
  set_tile(plan, plan.in_channels * g.kernel_h * g.kernel_w, g.out_w);
  set_columns(plan);

  const int64_t pixel_floats = (int64_t)g.in_c * g.stride_w;
  const int64_t column_limit = larger(smaller(kTileFloats / pixel_floats, kMostColumns), 56);
  plan.columns = even_part(g.out_w, column_limit);
  plan.column_parts = divide_up(g.out_w, plan.columns);
  plan.rows = even_part(g.out_h, larger(kTileFloats / (pixel_floats * plan.columns * g.stride_h), 1));
  plan.row_parts = divide_up(g.out_h, plan.rows);
  const int64_t parts = (int64_t)g.batch * plan.row_parts * plan.column_parts;
  const int32_t all_blocks = g.groups * plan.blocks;
  plan.block_part = even_part(all_blocks, larger(all_blocks * parts / kLeastTiles, 1));
  plan.block_parts = divide_up(all_blocks, plan.block_part);
  plan.patch_rows = smaller(rows_seen(g, plan.rows), g.in_h);
  const int64_t patch_columns = columns_seen(g, plan.columns);
  plan.patch_columns = smaller(patch_columns, INT32_MAX);
  return plan;
}

// All weights of one block, before it in memory those of the blocks with a smaller number.
int64_t window_size(const ConvPlan& plan) { return plan.in_channels * plan.g.kernel_h * plan.g.kernel_w; }
int64_t block_offset(const ConvPlan& plan, int64_t group, int64_t block) {
  return (group * plan.vectors + block * plan.block) * Vector::kLanes * window_size(plan);
}

size_t packed_bytes(const ConvGeometry& geometry) {
  const ConvPlan plan = plan_of(geometry);
  return (size_t)block_offset(plan, geometry.groups, 0) * sizeof(float);
}

void pack_ordered(const ConvGeometry& geometry, const ConvF32Constants& constants, const WeightOrder& order,
                  void* packed) {
  const ConvPlan plan = plan_of(geometry);
  auto* out = (float*)packed;
  for (int32_t group = 0; group < geometry.groups; ++group) {
    for (int32_t block = 0; block < plan.blocks; ++block) {
      const int64_t first = (int64_t)block * plan.block * Vector::kLanes;
      const int64_t width = smaller(plan.block, plan.vectors - block * plan.block) * Vector::kLanes;
      const int64_t real = smaller(width, plan.out_channels - first);
      const float* weight = constants.weight + group * order.group + first * order.output;
      for (int32_t tap = 0; tap < geometry.kernel_h * geometry.kernel_w; ++tap) {
        const float* at = weight + tap / geometry.kernel_w * order.row + tap % geometry.kernel_w * order.column;
        for (int64_t i = 0; i < plan.in_channels; ++i) {
          for (int64_t o = 0; o < real; ++o) out[o] = at[o * order.output + i * order.input];
          for (int64_t o = real; o < width; ++o) out[o] = 0;
          out += width;
        }
      }
    }
  }
}

void pack(const ConvGeometry& geometry, const ConvF32Constants& constants, void* packed) {
  pack_ordered(geometry, constants, canonical_order(geometry), packed);
}

size_t patch_bytes(const ConvPlan& plan) {
  return (size_t)plan.patch_rows * (size_t)plan.patch_columns * (size_t)plan.g.in_c * sizeof(float);
}

size_t scratch_bytes(const ConvGeometry& geometry) {
  const ConvPlan plan = plan_of(geometry);
  return plan.copies ? patch_bytes(plan) : 0;
}

bool supports(const ConvGeometry& geometry) { return scratch_bytes(geometry) <= kMostScratch; }

int64_t tiles(const ConvGeometry& geometry) {
  const ConvPlan plan = plan_of(geometry);
  return (int64_t)plan.g.batch * plan.row_parts * plan.column_parts * plan.block_parts;
}

// Where a tile finds its input: the floats of input row `first_row` at the column that output column `first_column`
// begins with, and the ways from there.
struct ConvInput {
  const float* floats;
  int32_t first_row;
  int64_t row_step, pixel_step;
};

// The part of the output that a tile makes. Columns outside of [seeing_begin, seeing_end) see nothing of the image.
struct ConvPart {
  int32_t image, y_begin, y_end, x_begin, x_end, seeing_begin, seeing_end;
};

ConvPart part_of(const ConvPlan& plan, int64_t number) {
  ConvPart part{};
  part.image = (int32_t)(number / plan.column_parts / plan.row_parts);
  part.y_begin = (int32_t)(number / plan.column_parts % plan.row_parts) * plan.rows;
  part.y_end = smaller((int64_t)part.y_begin + plan.rows, plan.g.out_h);
  part.x_begin = (int32_t)(number % plan.column_parts) * plan.columns;
  part.x_end = smaller((int64_t)part.x_begin + plan.columns, plan.g.out_w);
  part.seeing_begin = smaller(larger(part.x_begin, plan.seeing_begin), part.x_end);
  part.seeing_end = (int32_t)larger(smaller(part.x_end, plan.seeing_end), part.seeing_begin);
  return part;
}

// Copies one row of the patch: `columns` pixels from column `first` of an input row on, zeros outside of the image.
void copy_row(const ConvPlan& plan, const float* row, int64_t first, int64_t columns, float* patch) {
  const int64_t depth = plan.g.in_c;
  const int64_t begin = first < 0 ? smaller(-first, columns) : 0;
  const int64_t end = larger(smaller(plan.g.in_w - first, columns), begin);
  memset(patch, 0, (size_t)(begin * depth) * sizeof(float));
  if (plan.g.in_pixel_stride == depth) {
    memcpy(patch + begin * depth, row + (first + begin) * depth, (size_t)((end - begin) * depth) * sizeof(float));
  } else {
    for (int64_t x = begin; x < end; ++x) {
      memcpy(patch + x * depth, row + (first + x) * plan.g.in_pixel_stride, (size_t)depth * sizeof(float));
    }
  }
  memset(patch + end * depth, 0, (size_t)((columns - end) * depth) * sizeof(float));
}

ConvInput input_of(const ConvPlan& plan, const ConvF32Args& args, const ConvPart& part) {
  const ConvGeometry& g = plan.g;
  const int64_t row_step = g.in_w * g.in_pixel_stride;
  const float* image = args.input + part.image * g.in_h * row_step;
  const int64_t first_column = (int64_t)part.seeing_begin * g.stride_w - g.pad_left;
  if (part.seeing_begin == part.seeing_end) return {image, 0, row_step, g.in_pixel_stride};
  if (!plan.copies) return {image + first_column * g.in_pixel_stride, 0, row_step, g.in_pixel_stride};
  const int64_t top = (int64_t)part.y_begin * g.stride_h - g.pad_top;
  const auto first_row = (int32_t)larger(top, 0);
  const int64_t last_row = smaller(top + rows_seen(g, part.y_end - part.y_begin), g.in_h);
  const int64_t columns = columns_seen(g, part.seeing_end - part.seeing_begin);
  auto* patch = (float*)args.scratch;
  for (int64_t row = first_row; row < last_row; ++row) {
    copy_row(plan, image + row * row_step, first_column, columns, patch + (row - first_row) * columns * g.in_c);
  }
  return {patch, first_row, columns * g.in_c, g.in_c};
}

// Neighbouring pixels of a row, the channels of one block: register tiles of about the same size, side by side.
void run_pixels(const ConvPlan& plan, ConvTile tile, int32_t vectors, int32_t pixels) {
  if (pixels == 0) return;
  const int32_t parts = divide_up(pixels, plan.tile_pixels);
  const int32_t large_parts = pixels % parts;
  int32_t size = pixels / parts + (large_parts > 0 ? 1 : 0);
  RunConvTile function = conv_tile_of(vectors, size);
  for (int32_t part = 0; part < parts; ++part) {
    if (part == large_parts && part > 0) function = conv_tile_of(vectors, --size);
    function(tile);
    tile.input += size * tile.pixel_step;
    tile.output += size * tile.output_step;
  }
}

void run_block(const ConvPlan& plan, const ConvF32Args& args, const ConvPart& part, const ConvInput& input,
               int32_t group, int32_t block) {
  const ConvGeometry& g = plan.g;
  const int32_t first_vector = block * plan.block;
  const int32_t vectors = smaller(plan.block, plan.vectors - first_vector);
  const int64_t channel = group * plan.out_channels + (int64_t)first_vector * Vector::kLanes;
  const int64_t channels_left = plan.out_channels - (int64_t)(first_vector + vectors - 1) * Vector::kLanes;
  const bool joined = g.dilation_w == 1 && input.pixel_step == plan.in_channels;  // a window's row is one run of floats
  const float* weights = (const float*)args.packed + block_offset(plan, group, block);
  ConvTile tile{};
  tile.pixel_step = g.stride_w * input.pixel_step;
  tile.row_step = g.dilation_h * input.row_step;
  tile.column_step = g.dilation_w * input.pixel_step;
  tile.columns = joined ? 1 : g.kernel_w;
  tile.depth = joined ? g.kernel_w * plan.in_channels : plan.in_channels;
  tile.bias = args.bias == nullptr ? nullptr : args.bias + channel;
  tile.output_step = g.out_pixel_stride;
  tile.last_lanes = Vector::first_lanes(channels_left);
  tile.low = args.low;
  tile.high = args.high;
  for (int32_t y = part.y_begin; y < part.y_end; ++y) {
    const int64_t top = (int64_t)y * g.stride_h - g.pad_top;
    const Span rows = inside(top, g.kernel_h, g.dilation_h, g.in_h);
    const int64_t row = top + (int64_t)rows.begin * g.dilation_h - input.first_row;
    tile.rows = rows.end - rows.begin;
    tile.input = tile.rows == 0 ? input.floats : input.floats + row * input.row_step + group * plan.in_channels;
    tile.weights = weights + (int64_t)rows.begin * g.kernel_w * plan.in_channels * vectors * Vector::kLanes;
    float* output = args.output + ((int64_t)part.image * g.out_h + y) * g.out_w * g.out_pixel_stride + channel;
    tile.output = output + part.seeing_begin * g.out_pixel_stride;
    run_pixels(plan, tile, vectors, part.seeing_end - part.seeing_begin);
    tile.rows = 0;
    tile.output = output + part.x_begin * g.out_pixel_stride;
    run_pixels(plan, tile, vectors, part.seeing_begin - part.x_begin);
    tile.output = output + part.seeing_end * g.out_pixel_stride;
    run_pixels(plan, tile, vectors, part.x_end - part.seeing_end);
  }
}

void run(const ConvF32Args& args, int64_t tile_begin, int64_t tile_end) {
  const ConvPlan plan = plan_of(args.geometry);
  int64_t part_number = -1;
  ConvPart part{};
  ConvInput input{};
  for (int64_t tile = tile_begin; tile < tile_end; ++tile) {
    if (tile / plan.block_parts != part_number) {
      part_number = tile / plan.block_parts;
      part = part_of(plan, part_number);
      input = input_of(plan, args, part);
    }
    const auto first = (int32_t)(tile % plan.block_parts) * plan.block_part;
    const int32_t last = smaller((int64_t)first + plan.block_part, (int64_t)plan.g.groups * plan.blocks);
    for (int32_t block = first; block < last; ++block) {
      run_block(plan, args, part, input, block / plan.blocks, block % plan.blocks);
    }
  }
}

// What conv_transpose.h builds on.
struct ConvF32 {
  using Args = ConvF32Args;
  using Constants = ConvF32Constants;
  static bool supports(const ConvGeometry& g) { return octet::supports(g); }
  static size_t packed_bytes(const ConvGeometry& g) { return octet::packed_bytes(g); }
  static size_t scratch_bytes(const ConvGeometry& g) { return octet::scratch_bytes(g); }
  static int64_t tiles(const ConvGeometry& g) { return octet::tiles(g); }
  static void pack(const ConvGeometry& g, const Constants& constants, const WeightOrder& order, void* packed) {
    pack_ordered(g, constants, order, packed);
  }
  static void run(const Args& args, int64_t begin, int64_t end) { octet::run(args, begin, end); }
};

}  // namespace
}  // namespace octet

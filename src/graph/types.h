// Element types, tensors, and the attributes of operators.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/kinds.h"

namespace octet {

// Values are stored in .octet files: never renumber.
enum class DType : std::uint8_t { f32 = 0, i8 = 1, u8 = 2, i32 = 3, i64 = 4, u32 = 5, boolean = 6 };

std::size_t size_of(DType dtype);  // bytes
const char* name_of(DType dtype);

using Dims = std::vector<std::int64_t>;  // -1: not known (symbolic), only before shapes are inferred

inline constexpr std::int64_t kMaxElements = std::int64_t{1} << 31;  // of one tensor
inline constexpr std::size_t kMaxRank = 8;                           // dimensions of one tensor

// Product of the dimensions; -1 when one is unknown, when it overflows or exceeds kMaxElements.
std::int64_t element_count(const Dims& dims);

// Per-tensor quantization of an activation: real = scale * (q - zero_point). scale 0: not quantized.
struct Quant {
  float scale = 0;
  std::int32_t zero_point = 0;
  friend bool operator==(const Quant&, const Quant&) = default;
};

// Activations of 4 dimensions are N, C, H, W in this order whatever the memory layout is at run time.
struct Tensor {
  std::string name;
  DType dtype = DType::f32;
  Dims dims;
  bool constant = false;
  Bytes data;   // constants: contiguous elements in the order of dims, aligned to 16 bytes, from 1 KiB on to kAlignment
  Quant quant;  // activations of type i8
  // Constants of type f32 that a quantized file gave as integers: each value is one of these scales times an integer.
  // One scale, or one for each element of dimension scale_axis; empty: not quantized. A pass that changes the values
  // drops them; fuse_quantized (passes) reads them, nothing behind it does.
  std::vector<float> scales;
  std::size_t scale_axis = 0;
};

enum class Op : std::uint8_t {
  // Executable. Inputs in brackets are optional (kNoTensor or absent).
  conv = 0,             // x, weight [O, I/groups, kh, kw], [bias O]; int8: x, weight, bias i32, multiplier f32 [O],
                        // [weight zero point i32 O, in -255..255]
  conv_transpose = 1,   // x, weight [I, O/groups, kh, kw], [bias O]; int8 likewise
  gemm = 2,             // x [..., K], weight [N, K], [bias N]; int8 likewise; contracts the last dimension
  mat_mul = 3,          // a [..., M, K], b [..., K, N], leading dimensions broadcast; float only
  max_pool = 4,         // x
  average_pool = 5,     // x
  reduce = 6,           // x, (axes i64 until resolved); int8: the mean, to int8 or float32
  unary = 7,            // x; Op::unary on int8: x, table i8 [256] indexed by q + 128
  prelu = 8,            // x, slope broadcast to x; int8: x, table i8 [C, 256]
  binary = 9,           // a, b, broadcast as NumPy does
  concat = 10,          // x0, x1, ...
  split = 11,           // x, (sizes i64 until resolved); several outputs
  slice = 12,           // x, (starts, ends, [axes], [steps] until resolved)
  pad = 13,             // x, (pads, [value], [axes] until resolved)
  reshape = 14,         // x, (shape until resolved)
  transpose = 15,       // x
  resize = 16,          // x [N, C, H, W], ([roi], [scales], [sizes] until resolved)
  depth_to_space = 17,  // x
  space_to_depth = 18,  // x
  softmax = 19,         // x; int8: x, table u32 [256] of exp(scale * -i), i = max - q
  gather = 20,          // x, indices i64 (constant)
  expand = 21,          // x, (shape until resolved)
  quantize = 22,        // f32 -> i8
  dequantize = 23,      // i8 -> f32
  requantize = 24,      // i8 -> i8 of another scale and zero point
  batch_norm = 25,      // x, scale [C], bias [C], mean [C], variance [C]; C is dimension 1. Lowered by a pass

  // Resolved by the pass fold_constants: none of these reaches the runtime or a .octet file.
  identity = 64,           // x (also Dropout in inference; only the first output is used)
  cast = 65,               // x
  shape = 66,              // x -> i64 [rank]
  constant_of_shape = 67,  // shape i64
  range = 68,              // start, limit, delta
  where = 69,              // condition, a, b
  compare = 70,            // a, b
  squeeze = 71,            // x, (axes)
  unsqueeze = 72,          // x, (axes)
  flatten = 73,            // x
  tile = 74,               // x, repeats
};

const char* name_of(Op op);

// Fused activation: the result is limited to [low, high].
struct Clamp {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  bool active() const {
    return low != -std::numeric_limits<float>::infinity() || high != std::numeric_limits<float>::infinity();
  }
  friend bool operator==(const Clamp&, const Clamp&) = default;
};

enum class AutoPad : std::uint8_t { none = 0, same_upper = 1, same_lower = 2, valid = 3 };

// Sliding window over H and W. Shape inference turns `auto_pad` into explicit pads; `same` stays where the window
// strides, since its pads then depend on the input's size.
struct Window {
  std::array<std::int64_t, 2> kernel{1, 1};
  std::array<std::int64_t, 2> stride{1, 1};
  std::array<std::int64_t, 2> dilation{1, 1};
  std::array<std::int64_t, 4> pads{0, 0, 0, 0};  // top, left, bottom, right
  AutoPad auto_pad = AutoPad::none;
  friend bool operator==(const Window&, const Window&) = default;
};

const char* name_of(UnaryKind kind);
const char* name_of(BinaryKind kind);
enum class CompareKind : std::uint8_t {
  equal = 0,
  less = 1,
  greater = 2,
  less_equal = 3,
  greater_equal = 4,
  logical_and = 5,
  logical_or = 6
};
enum class PadKind : std::uint8_t { constant = 0, reflect = 1, edge = 2 };
enum class ResizeKind : std::uint8_t { nearest = 0, linear = 1, cubic = 2 };
enum class CoordinateKind : std::uint8_t { half_pixel = 0, asymmetric = 1, align_corners = 2, pytorch_half_pixel = 3 };
enum class NearestKind : std::uint8_t { round_prefer_floor = 0, round_prefer_ceil = 1, floor = 2, ceil = 3 };

// One flat record: each operator reads the members named at its line and leaves the others at their default.
struct Attributes {
  Clamp clamp;                                       // conv, conv_transpose, gemm, binary
  Window window;                                     // conv, conv_transpose, max_pool, average_pool
  std::int64_t groups = 1;                           // conv, conv_transpose
  std::array<std::int64_t, 2> output_padding{0, 0};  // conv_transpose
  std::array<std::int64_t, 2> output_size{0, 0};     // conv_transpose; 0: by the formula. Resolved into pads
  bool ceil_mode = false;                            // max_pool, average_pool
  bool count_include_pad = false;                    // average_pool
  ReduceKind reduce = ReduceKind::mean;              // reduce
  UnaryKind unary = UnaryKind::relu;                 // unary
  BinaryKind binary = BinaryKind::add;               // binary
  CompareKind compare = CompareKind::equal;          // compare
  float alpha = 0;                                   // unary; batch_norm: epsilon; pad: value; constant_of_shape: value
  float beta = 0;                                    // unary
  std::int64_t axis = 0;    // concat, split, softmax, gather, flatten; may be negative until resolved
  bool keep_dims = true;    // reduce
  bool log = false;         // softmax: log-softmax
  bool allow_zero = false;  // reshape: 0 is a size of zero, not "copy the dimension"
  std::vector<std::int64_t>
      axes;  // reduce (empty: all), slice, squeeze (empty: all of 1), unsqueeze, transpose: permutation
  std::vector<std::int64_t> sizes;  // split: sizes; reshape, expand: shape; resize: output H, W (or N, C, H, W until
                                    // resolved); pad: begins then ends of all dimensions; slice: ends (-dim - 1: before
                                    // the first element); tile: repeats; constant_of_shape: shape;
                                    // shape: [end], may be absent
  std::vector<std::int64_t> starts;  // slice; shape: [start], may be absent; reshape: the shape as a pattern for any
                                     // input, 0: the dimension of the input, -1: what is left
  std::vector<std::int64_t> steps;   // slice
  std::vector<float> scales;         // resize: N, C, H, W or H, W; empty: from sizes. Kept after resolution as H, W
  PadKind pad = PadKind::constant;   // pad
  ResizeKind resize = ResizeKind::nearest;                 // resize
  CoordinateKind coordinate = CoordinateKind::half_pixel;  // resize
  NearestKind nearest = NearestKind::round_prefer_floor;   // resize
  float cubic_a = -0.75f;                                  // resize, cubic
  std::int64_t block = 1;                                  // depth_to_space, space_to_depth
  bool crd = false;                                        // depth_to_space: column-row-depth order
  DType to = DType::f32;                                   // cast; constant_of_shape: element type
  friend bool operator==(const Attributes&, const Attributes&) = default;
};

}  // namespace octet

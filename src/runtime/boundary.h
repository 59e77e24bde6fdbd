// The change between the caller's tensors and those of the arena: order of dimensions, strides, float32 or int8.
#pragma once

#include <span>

#include "ops/loops.h"
#include "runtime/plan.h"

namespace octet {

struct ImageAxes {
  std::size_t channels = 1, rows = 2, columns = 3;  // numbers of dimensions
};

// The copy of one tensor between the two sides: one pass, no allocation. It is cut into tiles that may run in any order
// and on any thread.
class Transfer {
 public:
  // `external` is in the order of dims with the given strides (null: contiguous) and of type f32 or the tensor's own;
  // `internal` has the plan's layout. The memory and the tensor must outlive the transfer.
  static Transfer inwards(const Tensor& tensor, Layout layout, Isa isa, const void* external, DType external_type,
                          const std::int64_t* strides, void* internal);
  static Transfer outwards(const Tensor& tensor, Layout layout, Isa isa, const void* internal, void* external,
                           DType external_type, const std::int64_t* strides);

  // One row of an image, float32, channel after channel, each dense: row `row` of an input of four dimensions with a
  // batch of 1. `axes`: where the input has its channels, rows and columns.
  static Transfer row_inwards(const Tensor& tensor, Layout layout, Isa isa, const float* planes, const ImageAxes& axes,
                              std::int64_t row, void* internal);

  std::int64_t tiles() const { return rows_ * pieces_; }
  void run(std::int64_t begin, std::int64_t end) const;

 private:
  enum class Kind : std::uint8_t { move, move_planes, quantize, quantize_planes, dequantize };
  Transfer() = default;
  void set_loops(std::span<const std::int64_t> dims, std::span<const std::int64_t> internal,
                 std::span<const std::int64_t> external);
  void take_planes_together();
  void set_pieces();
  void run_piece(std::int64_t row, std::int64_t first, std::int64_t count) const;

  Kind kind_ = Kind::move;
  bool inwards_ = true;
  Isa isa_ = Isa::ref;
  const Tensor* tensor_ = nullptr;
  const std::byte* from_ = nullptr;
  std::byte* to_ = nullptr;
  // Outer loops, and an inner one of `inner_` elements with a step on each side.
  Loops external_{}, internal_{};
  std::int64_t inner_ = 1, external_step_ = 1, internal_step_ = 1;
  std::int64_t rows_ = 1, pieces_ = 1;  // pieces of a row
  std::int64_t plane_step_ = 0;         // ..._planes: a row is all channels of `inner_` pixels
};

// Bytes from the first to behind the last element that such a tensor reaches; -1 where a stride is negative or the
// size overflows.
std::int64_t reach_bytes(const Dims& dims, DType dtype, const std::int64_t* strides);

}  // namespace octet

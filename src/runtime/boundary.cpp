#include "runtime/boundary.h"

#include <algorithm>
#include <array>

#include "base/checked.h"
#include "kernels/families.h"
#include "ops/loops.h"

namespace octet {
namespace {

constexpr std::int64_t kPiece = 8192;  // elements of a tile

using Strides = std::array<std::int64_t, kMaxLoops>;

Strides dense_strides(std::span<const std::int64_t> dims, Layout layout) {
  constexpr std::size_t kPlain[kMaxLoops] = {0, 1, 2, 3, 4, 5, 6, 7};
  constexpr std::size_t kChannelsLast[4] = {0, 2, 3, 1};
  const std::size_t* const order = layout == Layout::channels_last ? kChannelsLast : kPlain;
  Strides strides{};
  std::int64_t stride = 1;
  for (std::size_t i = dims.size(); i-- > 0;) {
    strides[order[i]] = stride;
    stride *= dims[order[i]];
  }
  return strides;
}

Strides external_strides(const Dims& dims, const std::int64_t* given) {
  if (given == nullptr) return dense_strides(dims, Layout::contiguous);
  Strides strides{};
  std::copy(given, given + dims.size(), strides.begin());
  return strides;
}

void remove_loop(Loops& loops, int which) {
  for (int i = which; i + 1 < loops.rank; ++i) {
    loops.dims[i] = loops.dims[i + 1];
    loops.strides[i] = loops.strides[i + 1];
  }
  --loops.rank;
}

}  // namespace

// Dimensions are merged where both sides allow; the longest becomes the innermost loop.
void Transfer::set_loops(std::span<const std::int64_t> dims, std::span<const std::int64_t> internal_strides,
                         std::span<const std::int64_t> external_strides) {
  Strides internal{};
  Strides external{};
  Strides sizes{};
  int rank = 0;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] == 1) continue;
    const auto r = static_cast<std::size_t>(rank);
    if (rank > 0 && external[r - 1] == external_strides[d] * dims[d] &&
        internal[r - 1] == internal_strides[d] * dims[d]) {
      sizes[r - 1] *= dims[d];
      external[r - 1] = external_strides[d];
      internal[r - 1] = internal_strides[d];
    } else {
      sizes[r] = dims[d];
      external[r] = external_strides[d];
      internal[r] = internal_strides[d];
      ++rank;
    }
  }
  int longest = 0;
  for (int r = 1; r < rank; ++r) {
    if (sizes[static_cast<std::size_t>(r)] >= sizes[static_cast<std::size_t>(longest)]) longest = r;
  }
  for (int r = 0; r < rank; ++r) {
    const auto i = static_cast<std::size_t>(r);
    if (r == longest) {
      inner_ = sizes[i];
      external_step_ = external[i];
      internal_step_ = internal[i];
      continue;
    }
    const int slot = external_.rank;
    external_.dims[slot] = internal_.dims[slot] = sizes[i];
    external_.strides[slot] = external[i];
    internal_.strides[slot] = internal[i];
    external_.rank = internal_.rank = slot + 1;
  }
}

// Planes of a few channels that become dense pixels are read side by side.
void Transfer::take_planes_together() {
  if (external_step_ != 1) return;
  for (int i = 0; i < internal_.rank; ++i) {
    const std::int64_t channels = internal_.dims[i];
    if (channels > kMostPlanes || internal_.strides[i] != 1 || internal_step_ != channels) continue;
    kind_ = kind_ == Kind::quantize ? Kind::quantize_planes : Kind::move_planes;
    plane_step_ = external_.strides[i];
    remove_loop(external_, i);
    remove_loop(internal_, i);
    return;
  }
}

void Transfer::set_pieces() {
  for (int i = 0; i < external_.rank; ++i) rows_ *= external_.dims[i];
  pieces_ = (inner_ + kPiece - 1) / kPiece;
}

Transfer Transfer::inwards(const Tensor& tensor, Layout layout, Isa isa, const void* external, DType external_type,
                           const std::int64_t* strides, void* internal) {
  Transfer transfer;
  transfer.kind_ = external_type == tensor.dtype ? Kind::move : Kind::quantize;
  transfer.isa_ = isa;
  transfer.tensor_ = &tensor;
  transfer.from_ = static_cast<const std::byte*>(external);
  transfer.to_ = static_cast<std::byte*>(internal);
  transfer.set_loops(tensor.dims, dense_strides(tensor.dims, layout), external_strides(tensor.dims, strides));
  if (external_type == DType::f32) transfer.take_planes_together();
  transfer.set_pieces();
  return transfer;
}

Transfer Transfer::row_inwards(const Tensor& tensor, Layout layout, Isa isa, const float* planes, const ImageAxes& axes,
                               std::int64_t row, void* internal) {
  Transfer transfer;
  transfer.kind_ = tensor.dtype == DType::f32 ? Kind::move : Kind::quantize;
  transfer.isa_ = isa;
  transfer.tensor_ = &tensor;
  const Strides strides = dense_strides(tensor.dims, layout);
  std::array<std::int64_t, 4> dims{1, 1, 1, 1};
  std::array<std::int64_t, 4> external{};
  dims[axes.channels] = tensor.dims[axes.channels];
  dims[axes.columns] = tensor.dims[axes.columns];
  external[axes.channels] = tensor.dims[axes.columns];
  external[axes.columns] = 1;
  transfer.from_ = reinterpret_cast<const std::byte*>(planes);
  transfer.to_ =
      static_cast<std::byte*>(internal) + row * strides[axes.rows] * static_cast<std::int64_t>(size_of(tensor.dtype));
  transfer.set_loops(dims, strides, external);
  transfer.take_planes_together();
  transfer.set_pieces();
  return transfer;
}

Transfer Transfer::outwards(const Tensor& tensor, Layout layout, Isa isa, const void* internal, void* external,
                            DType external_type, const std::int64_t* strides) {
  Transfer transfer;
  transfer.kind_ = external_type == tensor.dtype ? Kind::move : Kind::dequantize;
  transfer.inwards_ = false;
  transfer.isa_ = isa;
  transfer.tensor_ = &tensor;
  transfer.from_ = static_cast<const std::byte*>(internal);
  transfer.to_ = static_cast<std::byte*>(external);
  transfer.set_loops(tensor.dims, dense_strides(tensor.dims, layout), external_strides(tensor.dims, strides));
  transfer.set_pieces();
  return transfer;
}

void Transfer::run(std::int64_t begin, std::int64_t end) const {
  for (std::int64_t tile = begin; tile < end; ++tile) {
    const std::int64_t first = tile % pieces_ * kPiece;
    run_piece(tile / pieces_, first, std::min(kPiece, inner_ - first));
  }
}

void Transfer::run_piece(std::int64_t row, std::int64_t first, std::int64_t count) const {
  const std::int64_t external = offset_of(external_, row) + first * external_step_;
  const std::int64_t internal = offset_of(internal_, row) + first * internal_step_;
  const std::int64_t from = inwards_ ? external : internal;
  const std::int64_t to = inwards_ ? internal : external;
  const std::int64_t from_step = inwards_ ? external_step_ : internal_step_;
  const std::int64_t to_step = inwards_ ? internal_step_ : external_step_;
  const Quant& quant = tensor_->quant;
  switch (kind_) {
    case Kind::move: {
      const std::size_t size = size_of(tensor_->dtype);
      CopyArgs args{};
      args.in.rank = args.out.rank = 1;
      args.in.dims[0] = args.out.dims[0] = count;
      args.in.strides[0] = from_step;
      args.out.strides[0] = to_step;
      args.element_bytes = static_cast<std::int32_t>(size);
      args.input = from_ + static_cast<std::size_t>(from) * size;
      args.output = to_ + static_cast<std::size_t>(to) * size;
      copy_rows().rows[choose_row(copy_rows(), isa_)]->run(args, 0, 1);
      return;
    }
    case Kind::move_planes:
      pixels_f32_rows().rows[choose_row(pixels_f32_rows(), isa_)]->run(
          reinterpret_cast<const float*>(from_) + from, plane_step_, static_cast<std::int32_t>(internal_step_),
          reinterpret_cast<float*>(to_) + to, count);
      return;
    case Kind::quantize:
      quantize_rows().rows[choose_row(quantize_rows(), isa_)]->run(
          reinterpret_cast<const float*>(from_) + from, from_step, reinterpret_cast<std::int8_t*>(to_) + to, to_step,
          count, 1.0f / quant.scale, output_range(quant));
      return;
    case Kind::quantize_planes:
      quantize_planes_rows().rows[choose_row(quantize_planes_rows(), isa_)]->run(
          reinterpret_cast<const float*>(from_) + from, plane_step_, static_cast<std::int32_t>(internal_step_),
          reinterpret_cast<std::int8_t*>(to_) + to, count, 1.0f / quant.scale, output_range(quant));
      return;
    case Kind::dequantize:
      dequantize_rows().rows[choose_row(dequantize_rows(), isa_)]->run(
          reinterpret_cast<const std::int8_t*>(from_) + from, from_step, reinterpret_cast<float*>(to_) + to, to_step,
          count, quant.scale, quant.zero_point);
      return;
  }
}

std::int64_t reach_bytes(const Dims& dims, DType dtype, const std::int64_t* strides) {
  const auto size = static_cast<std::int64_t>(size_of(dtype));
  if (strides == nullptr) return element_count(dims) * size;
  std::int64_t last = 0;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    std::int64_t step = 0;
    if (strides[d] < 0 || !checked_mul(strides[d], dims[d] - 1, &step) || !checked_add(last, step, &last)) return -1;
  }
  std::int64_t bytes = 0;
  return checked_add(last, std::int64_t{1}, &last) && checked_mul(last, size, &bytes) ? bytes : -1;
}

}  // namespace octet

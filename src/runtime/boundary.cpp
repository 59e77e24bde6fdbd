#include "runtime/boundary.h"

#include <array>
#include <cstring>
#include <limits>

#include "base/checked.h"
#include "kernels/families.h"
#include "ops/loops.h"

namespace octet {
namespace {

// Loops over a tensor with strides on the caller's and on the arena's side; on the stack, since running allocates
// nothing.
struct Crossing {
  Loops external{}, internal{};
  std::int64_t inner = 1, external_step = 1, internal_step = 1;
  std::int64_t rows = 1;
};

using Strides = std::array<std::int64_t, kMaxLoops>;

void contiguous_strides(const Dims& dims, const int* order, Strides& strides) {
  std::int64_t stride = 1;
  for (std::size_t i = dims.size(); i-- > 0;) {
    const auto d = static_cast<std::size_t>(order[i]);
    strides[d] = stride;
    stride *= dims[d];
  }
}

// Dimensions are merged where both sides allow; the longest becomes the innermost loop.
Crossing make_crossing(const Dims& dims, Layout layout, const std::int64_t* external_strides) {
  constexpr int kPlain[kMaxLoops] = {0, 1, 2, 3, 4, 5, 6, 7};
  constexpr int kChannelsLast[4] = {0, 2, 3, 1};
  Strides external{};
  Strides internal{};
  contiguous_strides(dims, layout == Layout::channels_last ? kChannelsLast : kPlain, internal);
  if (external_strides != nullptr) {
    std::copy(external_strides, external_strides + dims.size(), external.begin());
  } else {
    contiguous_strides(dims, kPlain, external);
  }
  Strides sizes{};
  int rank = 0;
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] == 1) continue;
    const auto r = static_cast<std::size_t>(rank);
    if (rank > 0 && external[r - 1] == external[d] * dims[d] && internal[r - 1] == internal[d] * dims[d]) {
      sizes[r - 1] *= dims[d];
      external[r - 1] = external[d];
      internal[r - 1] = internal[d];
    } else {
      sizes[r] = dims[d];
      external[r] = external[d];
      internal[r] = internal[d];
      ++rank;
    }
  }
  int longest = 0;
  for (int r = 1; r < rank; ++r) {
    if (sizes[static_cast<std::size_t>(r)] >= sizes[static_cast<std::size_t>(longest)]) longest = r;
  }
  Crossing crossing;
  for (int r = 0; r < rank; ++r) {
    const auto i = static_cast<std::size_t>(r);
    if (r == longest) {
      crossing.inner = sizes[i];
      crossing.external_step = external[i];
      crossing.internal_step = internal[i];
      continue;
    }
    const int slot = crossing.external.rank;
    crossing.external.dims[slot] = crossing.internal.dims[slot] = sizes[i];
    crossing.external.strides[slot] = external[i];
    crossing.internal.strides[slot] = internal[i];
    crossing.external.rank = crossing.internal.rank = slot + 1;
    crossing.rows *= sizes[i];
  }
  return crossing;
}

// Copies elements of one type between the two sides.
void move_elements(const Crossing& c, Isa isa, std::size_t element_bytes, const void* from, bool inwards, void* to) {
  CopyArgs args{};
  Loops external = c.external;
  Loops internal = c.internal;
  for (Loops* loops : {&external, &internal}) {
    loops->dims[loops->rank] = c.inner;
    loops->strides[loops->rank] = loops == &external ? c.external_step : c.internal_step;
    ++loops->rank;
  }
  args.in = inwards ? external : internal;
  args.out = inwards ? internal : external;
  args.element_bytes = static_cast<std::int32_t>(element_bytes);
  args.input = from;
  args.output = to;
  const auto list = copy_rows();
  list.rows[choose_row(list, isa)]->run(args, 0, c.rows);
}

}  // namespace

void import_tensor(const Tensor& tensor, Layout layout, Isa isa, const void* external, DType external_type,
                   const std::int64_t* strides, void* internal) {
  const Crossing c = make_crossing(tensor.dims, layout, strides);
  if (external_type == tensor.dtype) {
    move_elements(c, isa, size_of(tensor.dtype), external, true, internal);
    return;
  }
  const auto list = quantize_rows();
  const auto* row = list.rows[choose_row(list, isa)];
  const OutputRange range = output_range(tensor.quant);
  for (std::int64_t i = 0; i < c.rows; ++i) {
    row->run(static_cast<const float*>(external) + offset_of(c.external, i), c.external_step,
             static_cast<std::int8_t*>(internal) + offset_of(c.internal, i), c.internal_step, c.inner,
             1.0f / tensor.quant.scale, range);
  }
}

void export_tensor(const Tensor& tensor, Layout layout, Isa isa, const void* internal, void* external,
                   DType external_type, const std::int64_t* strides) {
  const Crossing c = make_crossing(tensor.dims, layout, strides);
  if (external_type == tensor.dtype) {
    move_elements(c, isa, size_of(tensor.dtype), internal, false, external);
    return;
  }
  const auto list = dequantize_rows();
  const auto* row = list.rows[choose_row(list, isa)];
  for (std::int64_t i = 0; i < c.rows; ++i) {
    row->run(static_cast<const std::int8_t*>(internal) + offset_of(c.internal, i), c.internal_step,
             static_cast<float*>(external) + offset_of(c.external, i), c.external_step, c.inner, tensor.quant.scale,
             tensor.quant.zero_point);
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

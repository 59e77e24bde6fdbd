// The change between the caller's tensors and those of the arena: order of dimensions, strides, float32 or int8.
#pragma once

#include "runtime/plan.h"

namespace octet {

// `external` is in the order of dims with the given strides (null: contiguous) and of type f32 or the tensor's own;
// `internal` has the plan's layout. One pass, no allocation.
void import_tensor(const Tensor& tensor, Layout layout, Isa isa, const void* external, DType external_type,
                   const std::int64_t* strides, void* internal);
void export_tensor(const Tensor& tensor, Layout layout, Isa isa, const void* internal, void* external,
                   DType external_type, const std::int64_t* strides);

// Bytes from the first to behind the last element that such a tensor reaches; -1 where a stride is negative or the
// size overflows.
std::int64_t reach_bytes(const Dims& dims, DType dtype, const std::int64_t* strides);

}  // namespace octet

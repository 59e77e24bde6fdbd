#include <algorithm>

#include "import/strided_slice.h"
#include "import/tflite/convert.h"

namespace octet::tflite {
namespace {

Result<SliceEntries> read_entries(Emitter& e, bool ends_from_begins) {
  SliceEntries entries;
  OCTET_ASSIGN(entries.begin, e.integers(1, "its list of begins"));
  OCTET_ASSIGN(entries.end, e.integers(2, "its list of ends"));
  OCTET_ASSIGN(entries.step, e.integers(3, "its list of steps"));
  const std::size_t count = ends_from_begins ? std::min(entries.begin.size(), entries.end.size()) : 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (__builtin_add_overflow(entries.begin[i], entries.end[i], &entries.end[i])) {
      return fail(Code::shape, "it cuts too far");
    }
  }
  return entries;
}

}  // namespace

Status convert_strided_slice(Emitter& e) {
  OCTET_TRY(e.expect_inputs(4, 4));
  OCTET_ASSIGN(const auto* options, e.required_options<fb::StridedSliceOptions>());
  OCTET_ASSIGN(const SliceEntries entries, read_entries(e, options->offset()));
  const SliceMasks masks{options->begin_mask(), options->end_mask(), options->ellipsis_mask(), options->new_axis_mask(),
                         options->shrink_axis_mask()};
  OCTET_ASSIGN(StridedSlice slice, plan_strided_slice(entries, masks, e.rank(0)));
  // A result of fewer or more dimensions is no image.
  const bool same_rank = slice.dropped.empty() && slice.added.empty();
  const Order order = same_rank ? e.input_order(0) : Order::file;
  for (std::int64_t& axis : slice.cut.axes) {
    OCTET_ASSIGN(axis, e.place(axis, e.rank(0), order));
  }
  OCTET_ASSIGN(const TensorId x, e.input(0, order));
  return e.finish(emit_strided_slice(e, x, slice), order);
}

}  // namespace octet::tflite

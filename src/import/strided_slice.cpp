#include "import/strided_slice.h"

#include <limits>
#include <string>

namespace octet {
namespace {

constexpr std::int64_t kToTheEnd = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kPastTheStart = std::numeric_limits<std::int64_t>::min();
constexpr std::size_t kMaxEntries = 16;

bool bit(std::int32_t mask, std::size_t i) { return (static_cast<std::uint32_t>(mask) >> i & 1u) != 0; }

Status check_entries(const SliceEntries& entries) {
  const std::size_t count = entries.begin.size();
  if (entries.end.size() == count && entries.step.size() == count && count <= kMaxEntries) return {};
  return fail(Code::format, "it has " + std::to_string(count) + " begins, " + std::to_string(entries.end.size()) +
                                " ends and " + std::to_string(entries.step.size()) + " steps");
}

Status add_entry(const SliceEntries& entries, const SliceMasks& masks, std::size_t i, std::int64_t dim,
                 StridedSlice* slice) {
  const std::int64_t step = entries.step[i];
  if (step == 0) return fail(Code::format, "a step is 0");
  slice->cut.axes.push_back(dim);
  if (bit(masks.shrink_axis, i)) {
    const std::int64_t at = bit(masks.begin, i) ? 0 : entries.begin[i];
    if (at == kToTheEnd) return fail(Code::shape, "it cuts too far");
    slice->cut.starts.push_back(at);
    slice->cut.sizes.push_back(at == -1 ? kToTheEnd : at + 1);
    slice->cut.steps.push_back(1);
    slice->dropped.push_back(dim);
    return {};
  }
  const bool forwards = step > 0;
  slice->cut.starts.push_back(!bit(masks.begin, i) ? entries.begin[i] : forwards ? 0 : kToTheEnd);
  slice->cut.sizes.push_back(!bit(masks.end, i) ? entries.end[i] : forwards ? kToTheEnd : kPastTheStart);
  slice->cut.steps.push_back(step);
  return {};
}

}  // namespace

Result<StridedSlice> plan_strided_slice(const SliceEntries& entries, const SliceMasks& masks, int rank) {
  OCTET_TRY(check_entries(entries));
  const bool known = rank != kSliceOfUnknownRank;
  const std::size_t count = entries.begin.size();
  StridedSlice slice;
  std::int64_t consumed = 0;  // dimensions of the input that the entries take
  for (std::size_t i = 0; i < count; ++i) {
    if (!bit(masks.ellipsis, i) && !bit(masks.new_axis, i)) ++consumed;
  }
  if (known && consumed > rank) return fail(Code::shape, "it cuts more dimensions than there are");
  std::int64_t dim = 0, place = 0;  // in the input and in the result
  bool ellipsis = false;
  for (std::size_t i = 0; i < count; ++i) {
    if (bit(masks.ellipsis, i)) {
      if (ellipsis) return fail(Code::format, "it has two ellipses");
      if (!known) {
        return fail(Code::unsupported, "the number of dimensions of what it slices with an ellipsis is not known");
      }
      ellipsis = true;
      dim += rank - consumed;
      place += rank - consumed;
    } else if (bit(masks.new_axis, i)) {
      slice.added.push_back(place++);
    } else {
      OCTET_TRY(add_entry(entries, masks, i, dim, &slice));
      if (!bit(masks.shrink_axis, i)) ++place;
      ++dim;
    }
  }
  return slice;
}

}  // namespace octet

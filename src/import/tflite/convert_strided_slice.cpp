// StridedSlice with TensorFlow's masks: of each entry of its lists one bit.
#include <limits>
#include <string>
#include <utility>

#include "import/tflite/convert.h"

namespace octet::tflite {
namespace {

constexpr std::int64_t kToTheEnd = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kPastTheStart = std::numeric_limits<std::int64_t>::min();
constexpr std::size_t kMaxEntries = 16;

bool bit(std::int32_t mask, std::size_t i) { return (static_cast<std::uint32_t>(mask) >> i & 1u) != 0; }

// What it does in turn: cut, drop the cut dimensions of size 1, add new ones of size 1.
struct Plan {
  Attributes cut;                     // axes as the file counts them
  std::vector<std::int64_t> dropped;  // dimensions of the input
  std::vector<std::int64_t> added;    // dimensions of the result
};

struct Entries {
  std::vector<std::int64_t> begin, end, step;
};

Result<Entries> read_entries(Emitter& e, bool offset) {
  Entries entries;
  OCTET_ASSIGN(entries.begin, e.integers(1, "its list of begins"));
  OCTET_ASSIGN(entries.end, e.integers(2, "its list of ends"));
  OCTET_ASSIGN(entries.step, e.integers(3, "its list of steps"));
  const std::size_t count = entries.begin.size();
  if (entries.end.size() != count || entries.step.size() != count || count > kMaxEntries) {
    return fail(Code::format, "it has " + std::to_string(count) + " begins, " + std::to_string(entries.end.size()) +
                                  " ends and " + std::to_string(entries.step.size()) + " steps");
  }
  // The ends are counted from the begins.
  for (std::size_t i = 0; offset && i < count; ++i) {
    if (__builtin_add_overflow(entries.begin[i], entries.end[i], &entries.end[i])) {
      return fail(Code::shape, "it cuts too far");
    }
  }
  return entries;
}

Status add_entry(const fb::StridedSliceOptions& options, const Entries& entries, std::size_t i, std::int64_t dim,
                 Plan* plan) {
  const std::int64_t step = entries.step[i];
  if (step == 0) return fail(Code::format, "a step is 0");
  plan->cut.axes.push_back(dim);
  if (bit(options.shrink_axis_mask(), i)) {
    const std::int64_t at = bit(options.begin_mask(), i) ? 0 : entries.begin[i];
    if (at == kToTheEnd) return fail(Code::shape, "it cuts too far");
    plan->cut.starts.push_back(at);
    plan->cut.sizes.push_back(at == -1 ? kToTheEnd : at + 1);
    plan->cut.steps.push_back(1);
    plan->dropped.push_back(dim);
    return {};
  }
  const bool forwards = step > 0;
  plan->cut.starts.push_back(!bit(options.begin_mask(), i) ? entries.begin[i] : forwards ? 0 : kToTheEnd);
  plan->cut.sizes.push_back(!bit(options.end_mask(), i) ? entries.end[i] : forwards ? kToTheEnd : kPastTheStart);
  plan->cut.steps.push_back(step);
  return {};
}

Result<Plan> make_plan(const fb::StridedSliceOptions& options, const Entries& entries, int rank) {
  Plan plan;
  std::int64_t dim = 0, place = 0;  // in the input and in the result
  std::int64_t consumed = 0;        // dimensions of the input that the entries take
  bool ellipsis = false;
  for (std::size_t i = 0; i < entries.begin.size(); ++i) {
    if (!bit(options.ellipsis_mask(), i) && !bit(options.new_axis_mask(), i)) ++consumed;
  }
  if (consumed > rank) return fail(Code::shape, "it cuts more dimensions than there are");
  for (std::size_t i = 0; i < entries.begin.size(); ++i) {
    if (bit(options.ellipsis_mask(), i)) {
      if (ellipsis) return fail(Code::format, "it has two ellipses");
      ellipsis = true;
      dim += rank - consumed;
      place += rank - consumed;
    } else if (bit(options.new_axis_mask(), i)) {
      plan.added.push_back(place++);
    } else {
      OCTET_TRY(add_entry(options, entries, i, dim, &plan));
      if (!bit(options.shrink_axis_mask(), i)) ++place;
      ++dim;
    }
  }
  return plan;
}

}  // namespace

Status convert_strided_slice(Emitter& e) {
  OCTET_TRY(e.expect_inputs(4, 4));
  OCTET_ASSIGN(const auto* options, e.required_options<fb::StridedSliceOptions>());
  OCTET_ASSIGN(const Entries entries, read_entries(e, options->offset()));
  OCTET_ASSIGN(Plan plan, make_plan(*options, entries, e.rank(0)));
  // A result of fewer or more dimensions is no image.
  const bool same_rank = plan.dropped.empty() && plan.added.empty();
  const Order order = same_rank ? e.input_order(0) : Order::file;
  for (std::int64_t& axis : plan.cut.axes) {
    OCTET_ASSIGN(axis, e.place(axis, e.rank(0), order));
  }
  OCTET_ASSIGN(TensorId x, e.input(0, order));
  if (!plan.cut.axes.empty()) x = e.emit(octet::Op::slice, {x}, plan.cut);
  if (!plan.dropped.empty()) {
    Attributes attrs;
    attrs.axes = plan.dropped;
    x = e.emit(octet::Op::squeeze, {x}, attrs);
  }
  if (!plan.added.empty()) {
    Attributes attrs;
    attrs.axes = plan.added;
    x = e.emit(octet::Op::unsqueeze, {x}, attrs);
  }
  return e.finish(x, order);
}

}  // namespace octet::tflite

// StridedSlice, in the two forms that converters write: TensorFlow's with its masks, and ONNX' with axes and steps.
#include <limits>
#include <string>
#include <utility>

#include "import/mnn/convert.h"

namespace octet::mnn {
namespace {

constexpr std::int64_t kToTheEnd = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kMaxEntries = 16;

Status convert_onnx_form(Emitter& e) {
  std::vector<TensorId> inputs{e.input(0), e.input(1), e.input(2)};
  if (e.input_count() > 3) inputs.push_back(e.input(3));
  if (e.input_count() > 4) inputs.push_back(e.input(4));
  e.finish(e.emit(octet::Op::slice, std::move(inputs)));
  return {};
}

bool bit(std::int32_t mask, std::size_t i) { return (static_cast<std::uint32_t>(mask) >> i & 1u) != 0; }

// What a TensorFlow slice does in turn: cut, drop the cut dimensions of size 1, add new ones of size 1.
struct Plan {
  Attributes cut;
  std::vector<std::int64_t> dropped;  // dimensions of the input
  std::vector<std::int64_t> added;    // dimensions of the result
};

struct Entries {
  std::vector<std::int64_t> begin, end, step;
};

Status add_entry(const fb::StridedSliceParam& p, const Entries& entries, std::size_t i, std::int64_t dim, Plan* plan) {
  const std::int64_t step = entries.step[i];
  if (step == 0) return fail(Code::format, "a step is 0");
  plan->cut.axes.push_back(dim);
  if (bit(p.shrink_axis_mask(), i)) {
    const std::int64_t at = entries.begin[i];
    plan->cut.starts.push_back(at);
    plan->cut.sizes.push_back(at == -1 ? kToTheEnd : at + 1);
    plan->cut.steps.push_back(1);
    plan->dropped.push_back(dim);
    return {};
  }
  const std::int64_t first = step > 0 ? 0 : kToTheEnd;
  const std::int64_t past = step > 0 ? kToTheEnd : std::numeric_limits<std::int64_t>::min();
  plan->cut.starts.push_back(bit(p.begin_mask(), i) ? first : entries.begin[i]);
  plan->cut.sizes.push_back(bit(p.end_mask(), i) ? past : entries.end[i]);
  plan->cut.steps.push_back(step);
  return {};
}

Result<Plan> make_plan(const fb::StridedSliceParam& p, const Entries& entries, int rank) {
  Plan plan;
  std::int64_t dim = 0, place = 0;  // in the input and in the result
  bool ellipsis = false;
  std::int64_t consumed = 0;  // dimensions of the input that the entries take
  for (std::size_t i = 0; i < entries.begin.size(); ++i) {
    if (!bit(p.ellipsis_mask(), i) && !bit(p.new_axis_mask(), i)) ++consumed;
  }
  for (std::size_t i = 0; i < entries.begin.size(); ++i) {
    if (bit(p.ellipsis_mask(), i)) {
      if (ellipsis) return fail(Code::format, "it has two ellipses");
      if (rank == kUnknownRank) {
        return fail(Code::unsupported, "the number of dimensions of what it slices with an ellipsis is not known");
      }
      if (consumed > rank) return fail(Code::format, "it slices more dimensions than there are");
      ellipsis = true;
      dim += rank - consumed;
      place += rank - consumed;
    } else if (bit(p.new_axis_mask(), i)) {
      plan.added.push_back(place++);
    } else {
      OCTET_TRY(add_entry(p, entries, i, dim, &plan));
      if (!bit(p.shrink_axis_mask(), i)) ++place;
      ++dim;
    }
  }
  return plan;
}

Result<Entries> read_entries(Emitter& e) {
  Entries entries;
  OCTET_ASSIGN(entries.begin, e.integers(e.input(1), "its list of begins"));
  OCTET_ASSIGN(entries.end, e.integers(e.input(2), "its list of ends"));
  entries.step.assign(entries.begin.size(), 1);
  if (e.input(3) != kNoTensor) {
    OCTET_ASSIGN(entries.step, e.integers(e.input(3), "its list of steps"));
  }
  if (entries.end.size() != entries.begin.size() || entries.step.size() != entries.begin.size() ||
      entries.begin.size() > kMaxEntries) {
    return fail(Code::format, "it has " + std::to_string(entries.begin.size()) + " begins, " +
                                  std::to_string(entries.end.size()) + " ends and " +
                                  std::to_string(entries.step.size()) + " steps");
  }
  return entries;
}

Status convert_tensorflow_form(Emitter& e, const fb::StridedSliceParam& p) {
  OCTET_ASSIGN(const Entries entries, read_entries(e));
  const int rank = e.rank(e.input(0));
  OCTET_ASSIGN(Plan plan, make_plan(p, entries, rank));
  TensorId x = e.input(0);
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
  if (x == e.input(0)) x = e.emit(octet::Op::identity, {x});
  const int change = static_cast<int>(plan.added.size()) - static_cast<int>(plan.dropped.size());
  e.set_rank(x, rank == kUnknownRank || rank + change < 0 ? kUnknownRank : rank + change);
  e.finish(x);
  return {};
}

}  // namespace

Status convert_strided_slice(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::StridedSliceParam>());
  OCTET_TRY(e.expect_inputs(3, 5));
  if (parameters->from_type() == 1) return convert_onnx_form(e);
  if (e.input_count() == 5) return fail(Code::unsupported, "writing into a slice of a tensor is not supported");
  return convert_tensorflow_form(e, *parameters);
}

}  // namespace octet::mnn

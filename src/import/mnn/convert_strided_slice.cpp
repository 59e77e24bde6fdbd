// StridedSlice, in the two forms that converters write: TensorFlow's with its masks, and ONNX' with axes and steps.
#include <utility>
#include <vector>

#include "import/mnn/convert.h"
#include "import/strided_slice.h"

namespace octet::mnn {
namespace {

Status convert_onnx_form(Emitter& e) {
  std::vector<TensorId> inputs{e.input(0), e.input(1), e.input(2)};
  if (e.input_count() > 3) inputs.push_back(e.input(3));
  if (e.input_count() > 4) inputs.push_back(e.input(4));
  e.finish(e.emit(octet::Op::slice, std::move(inputs)));
  return {};
}

Result<SliceEntries> read_entries(Emitter& e) {
  SliceEntries entries;
  OCTET_ASSIGN(entries.begin, e.integers(e.input(1), "its list of begins"));
  OCTET_ASSIGN(entries.end, e.integers(e.input(2), "its list of ends"));
  entries.step.assign(entries.begin.size(), 1);
  if (e.input(3) != kNoTensor) {
    OCTET_ASSIGN(entries.step, e.integers(e.input(3), "its list of steps"));
  }
  return entries;
}

Status convert_tensorflow_form(Emitter& e, const fb::StridedSliceParam& p) {
  OCTET_ASSIGN(const SliceEntries entries, read_entries(e));
  SliceMasks masks{p.begin_mask(), p.end_mask(), p.ellipsis_mask(), p.new_axis_mask(), p.shrink_axis_mask()};
  masks.begin &= ~masks.shrink_axis;  // MNN takes the one place that the list names
  const int rank = e.rank(e.input(0));
  OCTET_ASSIGN(const StridedSlice slice,
               plan_strided_slice(entries, masks, rank == kUnknownRank ? kSliceOfUnknownRank : rank));
  TensorId x = emit_strided_slice(e, e.input(0), slice);
  if (x == e.input(0)) x = e.emit(octet::Op::identity, {x});
  const int change = static_cast<int>(slice.added.size()) - static_cast<int>(slice.dropped.size());
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

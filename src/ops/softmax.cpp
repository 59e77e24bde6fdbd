// softmax along one dimension; int8 by a table of exponentials that the model file holds.
#include "kernels/families.h"
#include "ops/loops.h"
#include "ops/runners.h"

namespace octet {
namespace {

struct SoftmaxParams {
  SoftmaxArgs args;
  std::int32_t row;
  DType in, out;
};

RowList<SoftmaxRow> rows_of(DType in, DType out) {
  return in == DType::f32 ? softmax_f32_rows() : out == DType::f32 ? softmax_i8_f32_rows() : softmax_i8_rows();
}

}  // namespace

void run_softmax(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  const auto& params = io.as<SoftmaxParams>();
  SoftmaxArgs args = params.args;
  args.input = io.in<void>(0);
  args.table = params.in == DType::f32 ? nullptr : io.in<std::uint32_t>(1);
  args.output = io.out<void>(0);
  rows_of(params.in, params.out).rows[params.row]->run(args, begin, end);
}

Status prepare_softmax(Prepare& p) {
  const TensorView& in = p.in(0);
  const auto axis = static_cast<std::size_t>(p.attrs().axis);
  const auto strides = strides_of(in.dims, in.layout);
  Dims others = in.dims;
  others[axis] = 1;
  const Walk walk = make_walk(others, in.layout, {strides});
  SoftmaxParams params{};
  params.args.vectors = walk.loops(0);
  params.args.count = in.dims[axis];
  params.args.stride = strides[axis];
  params.args.log = p.attrs().log;
  params.in = in.dtype;
  params.out = p.out(0).dtype;
  if (params.args.log && params.in != DType::f32) return p.unsupported("log-softmax has no int8 form");
  const auto list = rows_of(params.in, params.out);
  params.row = choose_row(list, p.isa());
  p.step.kernel = list.rows[params.row]->name;
  p.step.tiles = element_count(others);
  p.step.runner = index_of(run_softmax);
  p.set_params(params);
  return {};
}

}  // namespace octet

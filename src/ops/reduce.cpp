// reduce: mean, sum, max, ... over any set of dimensions.
#include "kernels/families.h"
#include "ops/loops.h"
#include "ops/runners.h"

namespace octet {
namespace {

template <class Args>
struct ReduceParams {
  Args args;
  std::int32_t row;
};

}  // namespace

void run_reduce_f32(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  const auto& params = io.as<ReduceParams<ReduceF32Args>>();
  ReduceF32Args args = params.args;
  args.input = io.in<float>(0);
  args.output = io.out<float>(0);
  reduce_f32_rows().rows[params.row]->run(args, begin, end);
}

void run_reduce_i8(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  const auto& params = io.as<ReduceParams<ReduceI8Args>>();
  ReduceI8Args args = params.args;
  args.input = io.in<std::int8_t>(0);
  args.output = io.out<std::int8_t>(0);
  reduce_i8_rows().rows[params.row]->run(args, begin, end);
}

void run_reduce_i8_f32(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  const auto& params = io.as<ReduceParams<ReduceI8F32Args>>();
  ReduceI8F32Args args = params.args;
  args.input = io.in<std::int8_t>(0);
  args.output = io.out<float>(0);
  reduce_i8_f32_rows().rows[params.row]->run(args, begin, end);
}

namespace {

struct Split {
  Loops kept{}, reduced{};
  std::int64_t results = 1, count = 1;
};

// Kept dimensions in the order in which the output lies in memory.
Split split_loops(const Prepare& p) {
  const TensorView& in = p.in(0);
  const auto strides = strides_of(in.dims, in.layout);
  std::vector<bool> is_reduced(in.dims.size(), p.attrs().axes.empty());
  for (const auto axis : p.attrs().axes) is_reduced[static_cast<std::size_t>(axis)] = true;
  Split split;
  Walk kept, reduced;
  kept.strides.resize(1);
  reduced.strides.resize(1);
  for (const int d : memory_order(in.dims.size(), p.out(0).layout)) {
    const auto axis = static_cast<std::size_t>(d);
    Walk& walk = is_reduced[axis] ? reduced : kept;
    walk.dims.push_back(in.dims[axis]);
    walk.strides[0].push_back(strides[axis]);
    (is_reduced[axis] ? split.count : split.results) *= in.dims[axis];
  }
  kept.collapse();
  reduced.collapse();
  split.kept = kept.loops(0);
  split.reduced = reduced.loops(0);
  return split;
}

template <class Args, class Row>
void finish(Prepare& p, Args args, RowList<Row> list, Runner runner) {
  const Split split = split_loops(p);
  args.kept = split.kept;
  args.reduced = split.reduced;
  args.count = split.count;
  const ReduceParams<Args> params{args, choose_row(list, p.isa())};
  p.step.kernel = list.rows[params.row]->name;
  p.step.tiles = split.results;
  p.step.runner = index_of(runner);
  p.set_params(params);
}

}  // namespace

Status prepare_reduce(Prepare& p) {
  if (p.in(0).dtype == DType::f32) {
    ReduceF32Args args{};
    args.kind = p.attrs().reduce;
    finish(p, args, reduce_f32_rows(), run_reduce_f32);
    return {};
  }
  if (p.out(0).dtype == DType::f32) {
    ReduceI8F32Args args{};
    args.in_zero_point = p.in(0).quant.zero_point;
    args.factor = p.in(0).quant.scale / static_cast<float>(split_loops(p).count);
    finish(p, args, reduce_i8_f32_rows(), run_reduce_i8_f32);
    return {};
  }
  ReduceI8Args args{};
  args.in_zero_point = p.in(0).quant.zero_point;
  args.factor = p.in(0).quant.scale / (p.out(0).quant.scale * static_cast<float>(split_loops(p).count));
  args.range = output_range(p.out(0).quant);
  finish(p, args, reduce_i8_rows(), run_reduce_i8);
  return {};
}

}  // namespace octet

// mat_mul: product of two activations, leading dimensions broadcast; float32. As in NumPy, a vector is one row on the
// left side and one column on the right side, and that dimension is missing in the result.
#include "kernels/families.h"
#include "ops/loops.h"
#include "ops/runners.h"

namespace octet {
namespace {

struct MatMulParams {
  Loops a, b;  // of the matrices
  std::int64_t m, n, k;
  std::int32_t row;
};

}  // namespace

// A tile is one row of one of the products.
void run_mat_mul(const Io& io, std::int64_t begin, std::int64_t end) noexcept {
  const auto& params = io.as<MatMulParams>();
  while (begin < end) {
    const std::int64_t matrix = begin / params.m;
    const std::int64_t first = begin % params.m;
    const std::int64_t last = end - matrix * params.m < params.m ? end - matrix * params.m : params.m;
    const MatMulF32Args args{params.m,
                             params.n,
                             params.k,
                             io.in<float>(0) + offset_of(params.a, matrix),
                             io.in<float>(1) + offset_of(params.b, matrix),
                             io.out<float>(0) + matrix * params.m * params.n};
    mat_mul_f32_rows().rows[params.row]->run(args, first, last);
    begin = matrix * params.m + last;
  }
}

namespace {

Dims without_matrix(const Dims& dims) { return {dims.begin(), dims.end() - 2}; }

// Offsets of the matrices of one operand, broadcast to the leading dimensions of the output.
Loops matrices(const Dims& dims, const Dims& leading) {
  const std::int64_t matrix = dims[dims.size() - 1] * dims[dims.size() - 2];
  Walk walk;
  walk.dims = leading;
  walk.strides.push_back(broadcast_strides(without_matrix(dims), Layout::contiguous, walk.dims));
  for (auto& stride : walk.strides[0]) stride *= matrix;
  walk.collapse();
  return walk.loops(0);
}

}  // namespace

Status prepare_mat_mul(Prepare& p) {
  Dims a = p.in(0).dims;
  Dims b = p.in(1).dims;
  Dims leading = p.out(0).dims;
  if (b.size() > 1) leading.pop_back();
  if (a.size() > 1) leading.pop_back();
  if (a.size() == 1) a.insert(a.begin(), 1);
  if (b.size() == 1) b.push_back(1);
  const MatMulParams params{matrices(a, leading),
                            matrices(b, leading),
                            a[a.size() - 2],
                            b.back(),
                            a.back(),
                            choose_row(mat_mul_f32_rows(), p.isa())};
  p.step.kernel = mat_mul_f32_rows().rows[params.row]->name;
  p.step.tiles = p.out(0).count() / params.n;
  p.step.runner = index_of(run_mat_mul);
  p.set_params(params);
  return {};
}

}  // namespace octet

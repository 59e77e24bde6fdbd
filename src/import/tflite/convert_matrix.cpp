// Products of matrices.
#include <numeric>
#include <string>
#include <utility>

#include "import/tflite/convert.h"

namespace octet::tflite {
namespace {

// Input `i`, its last two dimensions exchanged where `exchange` says so.
Result<TensorId> matrix(Emitter& e, std::size_t i, bool exchange) {
  const auto rank = static_cast<std::size_t>(e.rank(i));
  if (rank < 2) return fail(Code::shape, "its inputs have at least two dimensions");
  if (!exchange) return e.input(i);
  std::vector<std::int64_t> permutation(rank);
  std::iota(permutation.begin(), permutation.end(), 0);
  std::swap(permutation[rank - 1], permutation[rank - 2]);
  return e.permuted(i, permutation);
}

}  // namespace

Status convert_fully_connected(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 3));
  OCTET_ASSIGN(const auto* options, e.required_options<fb::FullyConnectedOptions>());
  if (options->weights_format() != fb::WeightsFormat::DEFAULT) {
    return fail(Code::unsupported, "its weights are shuffled for one kind of processor");
  }
  std::vector<TensorId> inputs(2);
  OCTET_ASSIGN(inputs[0], e.input(0));
  OCTET_ASSIGN(inputs[1], e.input(1));
  const Dims weight = e.dims(1);
  if (weight.size() != 2 || weight[1] <= 0) return fail(Code::shape, "its weights have the wrong number of dimensions");
  // Rows of as many values as the weights take, wherever the input's dimensions cut.
  const Dims x = e.dims(0);
  const bool rows = x.size() == 2 && x[1] == weight[1];
  if (!options->keep_num_dims() && !rows) inputs[0] = e.reshape(inputs[0], {-1, weight[1]});
  OCTET_ASSIGN(const TensorId bias, e.bias(2, 0, 1));
  if (bias != kNoTensor) inputs.push_back(bias);
  OCTET_ASSIGN(const TensorId y, e.activated(e.emit(octet::Op::gemm, inputs), options->fused_activation_function()));
  return e.finish(y);
}

Status convert_batch_mat_mul(Emitter& e) {
  OCTET_TRY(e.expect_inputs(2, 2));
  OCTET_ASSIGN(const auto* options, e.options<fb::BatchMatMulOptions>());
  OCTET_ASSIGN(const TensorId a, matrix(e, 0, options != nullptr && options->adj_x()));
  OCTET_ASSIGN(const TensorId b, matrix(e, 1, options != nullptr && options->adj_y()));
  return e.finish(e.emit(octet::Op::mat_mul, {a, b}));
}

}  // namespace octet::tflite

// Fully connected layers and products of matrices.
#include <numeric>
#include <string>
#include <utility>

#include "import/mnn/convert.h"
#include "import/mnn/weights.h"

namespace octet::mnn {
namespace {

// a [M, K] or [K, M] as the last two dimensions; swapped where `swap`.
Result<TensorId> with_swapped_ends(Emitter& e, TensorId x, bool swap) {
  if (!swap) return x;
  const int rank = e.rank(x);
  if (rank < 2) {
    return fail(Code::unsupported, "an operand to be transposed has a number of dimensions that is not known or is 1");
  }
  std::vector<std::int64_t> permutation(static_cast<std::size_t>(rank));
  std::iota(permutation.begin(), permutation.end(), 0);
  std::swap(permutation[permutation.size() - 1], permutation[permutation.size() - 2]);
  return e.transpose(x, permutation);
}

// The constant [K, N] as gemm's [N, K].
TensorId constant_weight(Emitter& e, TensorId b, bool transposed) {
  if (transposed) return b;
  const Tensor& tensor = e.graph().at(b);
  const auto rows = static_cast<std::size_t>(tensor.dims[0]), columns = static_cast<std::size_t>(tensor.dims[1]);
  const std::span<const float> values = tensor.data.as<float>();
  std::vector<float> turned(values.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) turned[c * rows + r] = values[r * columns + c];
  }
  return e.constant(turned, {tensor.dims[1], tensor.dims[0]});
}

Status convert_product(Emitter& e, bool transpose_a, bool transpose_b) {
  OCTET_TRY(e.expect_inputs(2, 3));
  const TensorId b = e.input(1);
  if (e.rank(e.input(0)) == 1 || e.rank(b) == 1) {
    return fail(Code::unsupported, "an operand has one dimension; give it two by a reshape before");
  }
  OCTET_ASSIGN(const TensorId a, with_swapped_ends(e, e.input(0), transpose_a));
  const bool fixed = e.graph().is_constant(b) && e.dtype(b) == DType::f32 && e.rank(b) == 2;
  TensorId result = kNoTensor;
  if (fixed) {
    result = e.emit(octet::Op::gemm, {a, constant_weight(e, b, transpose_b)});
  } else {
    OCTET_ASSIGN(const TensorId right, with_swapped_ends(e, b, transpose_b));
    result = e.emit(octet::Op::mat_mul, {a, right});
    if (e.rank(a) == kUnknownRank || e.rank(b) == kUnknownRank) {
      e.set_rank(result, kUnknownRank);
    } else {
      e.set_rank(result, std::max(e.rank(a), e.rank(b)));
    }
  }
  if (e.input(2) != kNoTensor) result = e.binary(BinaryKind::add, result, e.input(2));
  e.finish(result);
  return {};
}

}  // namespace

Status convert_inner_product(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::InnerProduct>());
  OCTET_TRY(e.expect_inputs(1, 1));
  if (parameters->transpose() || parameters->axis() > 1) {
    return fail(Code::unsupported,
                "a fully connected layer with transposed weights or an axis other than 1; "
                "convert the model again with a newer converter");
  }
  OCTET_ASSIGN(const Weights weights, read_weights(*parameters));
  const std::int64_t outputs = parameters->output_count();
  const auto count = static_cast<std::int64_t>(weights.weight.size());
  if (outputs < 1 || count == 0 || count % outputs != 0) {
    return fail(Code::format,
                "it has " + std::to_string(count) + " weights for " + std::to_string(outputs) + " outputs");
  }
  if (!weights.bias.empty() && static_cast<std::int64_t>(weights.bias.size()) != outputs) {
    return fail(Code::format, "it has " + std::to_string(weights.bias.size()) + " biases for " +
                                  std::to_string(outputs) + " outputs");
  }
  Attributes flat;
  flat.axis = 1;
  const TensorId x = e.emit(octet::Op::flatten, {e.input(0)}, flat);
  e.set_rank(x, 2);
  std::vector<TensorId> inputs{x, e.constant(weights.weight, {outputs, count / outputs})};
  if (!weights.bias.empty()) inputs.push_back(e.constant(weights.bias, {outputs}));
  e.finish(e.emit(octet::Op::gemm, std::move(inputs)));
  return {};
}

Status convert_mat_mul(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::MatMul>());
  if (e.input_count() == 1 && parameters->weight() != nullptr) {
    return fail(Code::unsupported,
                "a product with the weights inside the operator, as the first converters wrote it; "
                "convert the model again with a newer converter");
  }
  return convert_product(e, parameters->transpose_a(), parameters->transpose_b());
}

Status convert_batch_mat_mul(Emitter& e) {
  OCTET_ASSIGN(const auto* parameters, e.parameters<fb::BatchMatMulParam>());
  return convert_product(e, parameters->adjoint_x(), parameters->adjoint_y());
}

}  // namespace octet::mnn

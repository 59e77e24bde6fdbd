#include "graph/types.h"

#include <iterator>

#include "base/checked.h"

namespace octet {

std::size_t size_of(DType dtype) {
  switch (dtype) {
    case DType::f32:
    case DType::i32:
    case DType::u32:
      return 4;
    case DType::i64:
      return 8;
    case DType::i8:
    case DType::u8:
    case DType::boolean:
      return 1;
  }
  return 0;  // a number from a damaged file that names no type
}

const char* name_of(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return "float32";
    case DType::i8:
      return "int8";
    case DType::u8:
      return "uint8";
    case DType::i32:
      return "int32";
    case DType::i64:
      return "int64";
    case DType::u32:
      return "uint32";
    case DType::boolean:
      return "bool";
  }
  return "unknown type";
}

std::int64_t element_count(const Dims& dims) {
  bool empty = false;
  std::int64_t count = 1;
  for (const std::int64_t dim : dims) {
    if (dim < 0) return -1;
    if (dim == 0) {
      empty = true;
    } else if (!checked_mul(count, dim, &count) || count > kMaxElements) {
      return -1;
    }
  }
  return empty ? 0 : count;
}

const char* name_of(Op op) {
  switch (op) {
#define OCTET_OP(value) \
  case Op::value:       \
    return #value;
    OCTET_OP(conv)
    OCTET_OP(conv_transpose)
    OCTET_OP(gemm)
    OCTET_OP(mat_mul)
    OCTET_OP(max_pool)
    OCTET_OP(average_pool)
    OCTET_OP(reduce)
    OCTET_OP(unary)
    OCTET_OP(prelu)
    OCTET_OP(binary)
    OCTET_OP(concat)
    OCTET_OP(split)
    OCTET_OP(slice)
    OCTET_OP(pad)
    OCTET_OP(reshape)
    OCTET_OP(transpose)
    OCTET_OP(resize)
    OCTET_OP(depth_to_space)
    OCTET_OP(space_to_depth)
    OCTET_OP(softmax)
    OCTET_OP(gather)
    OCTET_OP(expand)
    OCTET_OP(quantize)
    OCTET_OP(dequantize)
    OCTET_OP(requantize)
    OCTET_OP(batch_norm)
    OCTET_OP(identity)
    OCTET_OP(cast)
    OCTET_OP(shape)
    OCTET_OP(constant_of_shape)
    OCTET_OP(range)
    OCTET_OP(where)
    OCTET_OP(compare)
    OCTET_OP(squeeze)
    OCTET_OP(unsqueeze)
    OCTET_OP(flatten)
    OCTET_OP(tile)
#undef OCTET_OP
  }
  return "unknown operator";
}

const char* name_of(UnaryKind kind) {
  static constexpr const char* kNames[] = {
      "relu",       "clip",      "leaky_relu", "sigmoid", "tanh",  "hard_sigmoid", "hard_swish", "silu",
      "gelu",       "gelu_tanh", "elu",        "exp",     "log",   "sqrt",         "neg",        "abs",
      "reciprocal", "floor",     "ceil",       "round",   "erf",   "softplus",     "softsign",   "selu",
      "mish",       "sin",       "cos",        "sign",    "rsqrt", "square",       "logical_not"};
  const auto index = static_cast<std::size_t>(kind);
  return index < std::size(kNames) ? kNames[index] : "unknown function";
}

const char* name_of(BinaryKind kind) {
  static constexpr const char* kNames[] = {"add", "sub", "mul", "div", "min", "max", "pow"};
  const auto index = static_cast<std::size_t>(kind);
  return index < std::size(kNames) ? kNames[index] : "unknown function";
}

}  // namespace octet

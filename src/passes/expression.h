// Reads arithmetic that several nodes spell out, backwards from a tensor. Every inner result must be used once: it
// disappears with the nodes that are matched.
#pragma once

#include <initializer_list>
#include <optional>
#include <vector>

#include "passes/rewrite.h"

namespace octet {

class Expression {
 public:
  explicit Expression(Rewriter& rewriter) : rewriter_(rewriter) {}

  // x, where `id` is f(x) and has no other reader.
  std::optional<TensorId> argument(TensorId id, UnaryKind kind);
  // Alpha and beta too, where the function has any.
  bool is_unary(TensorId id, UnaryKind kind, double alpha, double beta, TensorId x);

  // x, where `id` is x + value (x * value), with a constant of one value.
  std::optional<TensorId> plus(TensorId id, double value);
  std::optional<TensorId> times(TensorId id, double value);

  // `id` as a product: a factor and what remains, through multiplications and divisions by single values, up to a
  // few tensors. Division by a tensor ends the walk: the quotient is a tensor of the product.
  struct Product {
    double factor = 1;
    std::vector<TensorId> tensors;
  };
  Product product(const Node& node);

  // clip(x + 3, 0, 6), of which hard sigmoid and hard swish are made.
  std::optional<TensorId> shifted_relu6(TensorId id);

  // The operands of the inner binary node that makes `id`, nullptr where it is none, or is read elsewhere too.
  const Node* inner_binary(TensorId id, BinaryKind kind);

  // The constant and the other operand of add, sub, mul, div, min, max, pow. `constant_first`: of c - x, c / x.
  struct WithConstant {
    TensorId x;
    double value;
    bool constant_first;
  };
  std::optional<WithConstant> with_constant(const Node& node);

  static bool near(double a, double b);  // equal but for rounding to float32

 private:
  void multiply(const Node& node, Product* product, int depth);
  void multiply(TensorId id, Product* product, int depth);

  Rewriter& rewriter_;
};

}  // namespace octet

// Evaluates single nodes over constants: the arithmetic on shapes that exporters write, and what they compute from
// weights. Integers stay exact to 64 bits and wrap around; float32 is computed in double and rounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"

namespace octet {

// True for the operators that `evaluate` knows.
bool can_evaluate(Op op);

// Preconditions: all inputs are constant, infer_node has been called (but for range). The outputs become constants.
// `budget` is the number of bytes that all evaluations may still produce; what is used is taken from it.
Status evaluate(Graph& graph, const Node& node, std::size_t* budget);

// The elements of an int64 or int32 constant. `what` names the operand in messages.
Result<std::vector<std::int64_t>> read_integers(const Graph& graph, const Node& node, TensorId id,
                                                const std::string& what);

// evaluate_move.cpp: operators that move values, of any type.
Status evaluate_move(Graph& graph, const Node& node);
// evaluate_math.cpp: operators that compute.
Status evaluate_math(Graph& graph, const Node& node);

// Makes output `index` of the node a constant of its inferred type and shape.
void set_constant(Graph& graph, const Node& node, std::size_t index, Bytes data);

// Elements of a constant as numbers: int64 for the integer types and bool, double for float32.
struct Values {
  bool real = false;
  std::vector<std::int64_t> integers;
  std::vector<double> reals;
  std::size_t size() const { return real ? reals.size() : integers.size(); }
};
Values load_values(const Tensor& tensor);
Bytes store_values(const Values& values, DType dtype);

// integer_math.cpp
std::int64_t apply_binary(BinaryKind kind, std::int64_t a, std::int64_t b);  // b is not 0 for div

}  // namespace octet

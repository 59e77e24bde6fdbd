// What validation has to know of the values of a constant. Each constant is read once, however many nodes share it.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.h"

namespace octet {

struct ConstantFact {
  bool finite = true;                // no infinity, and nothing that is not a number
  bool negative = false;             // f32: there is a value below 0
  std::int64_t least = 0, most = 0;  // of integers
};

class ConstantFacts {
 public:
  explicit ConstantFacts(const Graph& graph) : graph_(graph), facts_(graph.tensors.size()) {}

  // Precondition: the tensor is a constant with at least one element.
  const ConstantFact& of(TensorId id);

 private:
  struct Entry {
    bool read = false;
    ConstantFact fact;
  };
  const Graph& graph_;
  std::vector<Entry> facts_;
};

}  // namespace octet

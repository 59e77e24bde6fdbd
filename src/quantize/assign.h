// Which nodes run in int8, and which tensors share one quantization.
//
// Convolutions, transposed convolutions and fully connected layers are what int8 is for ("heavy"). What lies between
// them follows. What only leads from them to an output stays float where that costs no speed and keeps accuracy:
// arithmetic with constants (the decoding of boxes, say), and moves, which then keep a scale for each of their inputs.
// A mean reads int8 there and gives float32, and so does a softmax where no mean came before.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "passes/int8_form.h"

namespace octet {

struct Assignment {
  std::vector<bool> int8_node;    // by node
  std::vector<bool> int8_tensor;  // by tensor: made or read as int8
  std::vector<int> group;         // by tensor: tensors of one group have one scale and zero point; -1: not int8
  int group_count = 0;
};

// `skip` names nodes or tensors made by nodes that stay float; a name that is neither is an error (Code::config) that
// names the nearest one.
Result<Assignment> assign_types(const Graph& graph, const std::vector<std::string>& skip);

}  // namespace octet

// Applies a rewrite and compares what the graph computes before and after.
#pragma once

#include "passes/passes.h"
#include "support/expect.h"
#include "support/graph_builder.h"
#include "support/interpreter.h"

namespace octet::test {

// The rewritten graph: valid, with the outputs' names, shapes and (but for rounding) values as before.
inline Graph rewritten(const Graph& given, Status (*pass)(Graph&), double tolerance = 1e-6) {
  Graph before = given;
  expect_ok(infer_shapes(before));
  Graph after = before;
  expect_ok(pass(after));
  expect_ok(validate(after));
  const double difference = largest_difference(before, after);
  if (!(difference <= tolerance)) print_error("the outputs differ by %g\n", difference);
  assert_true(difference <= tolerance);
  return after;
}

inline std::string output_name(const Graph& graph, const Node& node) { return graph.at(node.outputs[0]).name; }

}  // namespace octet::test

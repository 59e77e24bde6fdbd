// Checks that several test programs of the ONNX importer share.
#pragma once

#include <string>
#include <string_view>

#include "import/onnx/model_writer.h"
#include "support/cmocka.h"

namespace octet::test {

inline Graph import_ok(const OnnxModel& model) {
  auto graph = model.import();
  if (!graph.ok()) print_error("%s\n", graph.status().message().c_str());
  assert_true(graph.ok());
  return std::move(graph).value();
}

inline void expect_contains(const std::string& text, std::string_view part) {
  if (text.find(part) != std::string::npos) return;
  fail_msg("'%s' does not contain '%s'", text.c_str(), std::string(part).c_str());
}

inline void expect_error(const Result<Graph>& graph, Code code, std::initializer_list<std::string_view> parts) {
  assert_false(graph.ok());
  if (graph.status().code() != code) print_error("%s\n", graph.status().message().c_str());
  assert_int_equal(static_cast<int>(graph.status().code()), static_cast<int>(code));
  for (const auto part : parts) expect_contains(graph.status().message(), part);
}

inline void expect_error(const OnnxModel& model, Code code, std::initializer_list<std::string_view> parts) {
  expect_error(model.import("net.onnx"), code, parts);
}

// The operators of a graph in order: "conv, unary".
inline std::string ops_of(const Graph& graph) {
  std::string text;
  for (const Node& node : graph.nodes) text += (text.empty() ? "" : ", ") + std::string(name_of(node.op));
  return text;
}

inline void expect_ops(const Graph& graph, std::string_view expected) {
  assert_string_equal(ops_of(graph).c_str(), std::string(expected).c_str());
}

}  // namespace octet::test

// Graphs through a file and back: written by an exporter, read by the importer of the format, run.
#pragma once

#include "export/export.h"
#include "import/import.h"
#include "ops/run_graph.h"
#include "passes/passes.h"
#include "support/keep_file.h"

namespace octet::test {

inline std::string written(const Exporter& exporter, const Graph& graph) {
  expect_ok(validate(graph));
  const Result<std::string> file = exporter.write(graph);
  expect_ok(file.status());
  keep_file(exporter.name, *file);
  return *file;
}

inline Graph read_back(const Importer& importer, const std::string& file) {
  Result<Graph> graph = importer.import(Bytes::copy_of(file.data(), file.size()), "");
  expect_ok(graph.status());
  expect_ok(prepare_graph(*graph));
  return *graph;
}

// The outputs as floats, of inputs that depend on their positions alone.
inline std::vector<FloatVector> answers(const Graph& graph, unsigned seed = 1) {
  const auto session = session_of(plan_of(std::make_shared<const Graph>(graph)), {1, false, {}});
  std::vector<FloatVector> inputs, outputs;
  std::vector<Binding> in, out;
  for (const TensorId id : graph.inputs) inputs.push_back(interpreter_input(graph.at(id).dims, seed));
  for (FloatVector& v : inputs) in.push_back({v.data(), v.size() * sizeof(float), nullptr, DType::f32});
  for (const TensorId id : graph.outputs) {
    outputs.emplace_back(static_cast<std::size_t>(element_count(graph.at(id).dims)));
  }
  for (FloatVector& v : outputs) out.push_back({v.data(), v.size() * sizeof(float), nullptr, DType::f32});
  expect_ok(session->run(in, out));
  return outputs;
}

// Names of inputs and outputs come back, and so do the answers, to `tolerance`.
inline void expect_same(const Graph& before, const Graph& after, float tolerance) {
  assert_int_equal(after.inputs.size(), before.inputs.size());
  assert_int_equal(after.outputs.size(), before.outputs.size());
  for (std::size_t i = 0; i < before.inputs.size(); ++i) {
    assert_string_equal(after.at(after.inputs[i]).name.c_str(), before.at(before.inputs[i]).name.c_str());
  }
  const std::vector<FloatVector> expected = answers(before), actual = answers(after);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    assert_string_equal(after.at(after.outputs[i]).name.c_str(), before.at(before.outputs[i]).name.c_str());
    assert_true(after.at(after.outputs[i]).dims == before.at(before.outputs[i]).dims);
    for (std::size_t k = 0; k < expected[i].size(); ++k) {
      const float distance = std::fabs(expected[i][k] - actual[i][k]);
      if (!(distance <= tolerance * (1 + std::fabs(expected[i][k])))) {
        fail_msg("output %zu, element %zu: %g, not %g", i, k, static_cast<double>(actual[i][k]),
                 static_cast<double>(expected[i][k]));
      }
    }
  }
}

}  // namespace octet::test

// Graphs that go through a file of another format and come back.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "export/export.h"
#include "import/import.h"
#include "ops/run_graph.h"
#include "passes/int8_form.h"
#include "passes/passes.h"
#include "support/keep_file.h"

namespace octet::test {

inline Result<std::string> exported(const Graph& graph, const std::string& format) {
  for (const Exporter& exporter : exporters()) {
    if (format == exporter.name) return exporter.write(graph);
  }
  return fail(Code::argument, "no exporter " + format);
}

inline Graph imported(const std::string& bytes, const std::string& format, bool prepared = true) {
  const Bytes file = Bytes::copy_of(bytes.data(), bytes.size());
  keep_file(format.c_str(), bytes);
  for (const Importer& importer : importers()) {
    if (format != importer.name) continue;
    assert_true(importer.probe(file.span(), "network." + format));
    auto graph = importer.import(file, "");
    expect_ok(graph.status());
    if (prepared) expect_ok(prepare_graph(*graph));
    return *std::move(graph);
  }
  fail_msg("no importer %s", format.c_str());
  return {};
}

// The outputs for inputs that are always the same; both are float32 whatever the network computes in.
inline std::vector<FloatVector> answers(const Graph& graph, float spread = 1) {
  const auto plan = plan_of(std::make_shared<const Graph>(graph));
  std::vector<FloatVector> inputs;
  std::vector<FloatVector> outputs;
  std::vector<Binding> in;
  std::vector<Binding> out;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    inputs.push_back(interpreter_input(graph.at(graph.inputs[i]).dims, static_cast<unsigned>(i) + 1));
    for (float& value : inputs.back()) value *= spread;
  }
  for (const TensorId id : graph.outputs) {
    outputs.emplace_back(static_cast<std::size_t>(element_count(graph.at(id).dims)), NAN);
  }
  for (FloatVector& values : inputs) in.push_back({values.data(), values.size() * sizeof(float), nullptr, DType::f32});
  for (FloatVector& values : outputs)
    out.push_back({values.data(), values.size() * sizeof(float), nullptr, DType::f32});
  expect_ok(session_of(plan, {1, false, {}})->run(in, out));
  return outputs;
}

enum class Same { bytes, nearly };

// Written as `format` and read again, the network has the same interface and gives the same answers: to the byte, or,
// of float operators that the file says by others, to 1e-5 of the largest.
inline Graph check_round_trip(const Graph& graph, const std::string& format, Same same, const char* what,
                              float spread = 1) {
  print_message("  %s as .%s\n", what, format.c_str());
  const auto bytes = exported(graph, format);
  expect_ok(bytes.status());
  Graph again = imported(*bytes, format);
  assert_int_equal(again.inputs.size(), graph.inputs.size());
  assert_int_equal(again.outputs.size(), graph.outputs.size());
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    assert_string_equal(again.at(again.inputs[i]).name.c_str(), graph.at(graph.inputs[i]).name.c_str());
    assert_true(again.at(again.inputs[i]).dims == graph.at(graph.inputs[i]).dims);
  }
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    assert_string_equal(again.at(again.outputs[i]).name.c_str(), graph.at(graph.outputs[i]).name.c_str());
    assert_true(again.at(again.outputs[i]).dims == graph.at(graph.outputs[i]).dims);
  }
  const std::vector<FloatVector> expected = answers(graph, spread);
  const std::vector<FloatVector> found = answers(again, spread);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const FloatVector& a = expected[i];
    const FloatVector& b = found[i];
    assert_int_equal(a.size(), b.size());
    float largest = 1e-6F;
    for (const float value : a) largest = std::max(largest, std::fabs(value));
    for (std::size_t k = 0; k < a.size(); ++k) {
      const bool alike = same == Same::bytes ? std::memcmp(&a[k], &b[k], sizeof(float)) == 0
                                             : std::fabs(a[k] - b[k]) <= 1e-5F * largest;
      if (!alike) {
        fail_msg("%s as .%s: element %zu of output %zu is %.9g, not %.9g", what, format.c_str(), k, i,
                 static_cast<double>(b[k]), static_cast<double>(a[k]));
      }
    }
  }
  return again;
}

// A network of one operator on float32 inputs.
inline Graph float_network(const std::vector<Dims>& shapes, const Build& build) {
  GraphBuilder b;
  std::vector<TensorId> ids;
  for (const Dims& dims : shapes) ids.push_back(b.input("x" + std::to_string(ids.size()), dims));
  b.output(build(b, ids));
  expect_ok(prepare_graph(b.graph));
  return b.graph;
}

// A network whose operator is int8: `build` gets int8 tensors of quantization `in` and makes one of `out`.
inline Graph int8_network(const std::vector<Dims>& shapes, const Quant& in, const Quant& out, const Build& build) {
  GraphBuilder b;
  std::vector<TensorId> ids;
  for (const Dims& dims : shapes) {
    const TensorId x = b.input("x" + std::to_string(ids.size()), dims);
    const TensorId q = int8_result(b, b.add(Op::quantize, "q" + std::to_string(ids.size()), {x}), in);
    b.graph.at(q).dims = dims;
    ids.push_back(q);
  }
  const TensorId y = build(b, ids);
  if (b.graph.at(y).dtype == DType::i8 || b.graph.at(y).quant.scale == 0) int8_result(b, y, out);
  b.output(b.add(Op::dequantize, "result", {y}));
  expect_ok(infer_shapes(b.graph));
  expect_ok(validate(b.graph));
  return b.graph;
}

// An int8 conv, conv_transpose or gemm with weights and bias of random integers.
inline TensorId int8_linear(GraphBuilder& b, Op op, TensorId x, const Dims& weight, const Attributes& attrs,
                            bool one_scale = false) {
  const std::int64_t outputs = op == Op::conv_transpose ? weight[1] * attrs.groups : weight[0];
  std::vector<std::int32_t> bias;
  FloatVector factors;
  for (std::int64_t o = 0; o < outputs; ++o) {
    bias.push_back(static_cast<std::int32_t>(o * 37 % 101) - 50);
    factors.push_back(one_scale ? 0.0023F : 0.001F * static_cast<float>(o % 5 + 1) + 0.0001F * static_cast<float>(o));
  }
  const std::vector<TensorId> operands = {
      x,
      b.graph.add_constant("w", DType::i8, weight,
                           random_bytes(static_cast<std::size_t>(element_count(weight)), 5, -127)),
      b.graph.add_constant("bias", DType::i32, {outputs}, bias),
      b.graph.add_constant("multiplier", DType::f32, {outputs}, factors)};
  return b.add(op, "y", operands, [&](Attributes& a) { a = attrs; });
}

inline Attributes window(std::int64_t kernel, std::int64_t stride, std::array<std::int64_t, 4> pads,
                         std::int64_t groups = 1, std::int64_t dilation = 1) {
  Attributes attrs;
  attrs.window.kernel = {kernel, kernel};
  attrs.window.stride = {stride, stride};
  attrs.window.dilation = {dilation, dilation};
  attrs.window.pads = pads;
  attrs.groups = groups;
  return attrs;
}

}  // namespace octet::test

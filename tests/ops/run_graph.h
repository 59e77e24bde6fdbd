// Runs small graphs through plan and session and compares with what the interpreter computes in double.
#pragma once

#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/session.h"
#include "support/expect.h"
#include "support/graph_builder.h"
#include "support/interpreter.h"
#include "support/isa.h"

namespace octet::test {

using ByteVector = std::vector<std::int8_t>;
using FloatVector = std::vector<float>;

// Values of one tensor, in its own type and in the order of its dims.
struct Values {
  Values(FloatVector values) : reals(std::move(values)) {}
  Values(ByteVector values) : bytes(std::move(values)) {}
  FloatVector reals;
  ByteVector bytes;
  void* data() { return reals.empty() ? static_cast<void*>(bytes.data()) : static_cast<void*>(reals.data()); }
  std::size_t size_bytes() const { return reals.size() * sizeof(float) + bytes.size(); }
};

inline std::shared_ptr<const Graph> finish(GraphBuilder& b) {
  expect_ok(infer_shapes(b.graph));
  expect_ok(validate(b.graph));
  return std::make_shared<const Graph>(b.graph);
}

inline std::shared_ptr<const Plan> plan_of(const std::shared_ptr<const Graph>& graph) {
  auto plan = make_plan(graph, tested_isa());
  expect_ok(plan.status());
  return *plan;
}

// Runs the session on values for each input; returns those of each output.
inline std::vector<Values> run_session(Session& session, std::vector<Values> inputs) {
  const Graph& graph = *session.plan().graph;
  std::vector<Binding> in, out;
  std::vector<Values> outputs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    in.push_back({inputs[i].data(), inputs[i].size_bytes(), nullptr, graph.at(graph.inputs[i]).dtype});
  }
  for (const TensorId id : graph.outputs) {
    const auto count = static_cast<std::size_t>(element_count(graph.at(id).dims));
    if (graph.at(id).dtype == DType::f32) {
      outputs.emplace_back(FloatVector(count, NAN));
    } else {
      outputs.emplace_back(ByteVector(count, 99));
    }
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    out.push_back({outputs[i].data(), outputs[i].size_bytes(), nullptr, graph.at(graph.outputs[i]).dtype});
  }
  expect_ok(session.run(in, out));
  return outputs;
}

inline std::unique_ptr<Session> session_of(const std::shared_ptr<const Plan>& plan, const SessionOptions& options) {
  auto session = Session::create(plan, options);
  expect_ok(session.status());
  return std::move(*session);
}

// Runs the graph on values for each input; returns those of each output.
inline std::vector<Values> run_graph(GraphBuilder& b, std::vector<Values> inputs, int threads = 1) {
  return run_session(*session_of(plan_of(finish(b)), {threads, false, {}}), std::move(inputs));
}

// The values that Interpreter::run gives an input.
inline FloatVector interpreter_input(const Dims& dims, unsigned seed = 1) {
  std::uint32_t state = seed * 2654435761U + 12345U;
  FloatVector values(static_cast<std::size_t>(element_count(dims)));
  for (float& value : values) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<float>(static_cast<double>(state >> 8) / (1 << 22) - 2.0);
  }
  return values;
}

inline ByteVector random_bytes(std::size_t count, unsigned seed = 1, int low = -128, int high = 127) {
  std::uint32_t state = seed * 2654435761U + 12345U;
  ByteVector values(count);
  for (auto& value : values) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<std::int8_t>(low + static_cast<int>((state >> 8) % static_cast<unsigned>(high - low + 1)));
  }
  return values;
}

inline void expect_near(const std::vector<double>& expected, const FloatVector& actual, double relative,
                        const char* what) {
  assert_int_equal(expected.size(), actual.size());
  double scale = 1e-6;
  for (const double value : expected) scale = std::fmax(scale, std::fabs(value));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (std::fabs(expected[i] - static_cast<double>(actual[i])) <= relative * scale) continue;
    fail_msg("%s: element %zu is %.9g, not %.9g", what, i, static_cast<double>(actual[i]), expected[i]);
  }
}

inline void expect_bytes(const ByteVector& expected, const ByteVector& actual, const char* what) {
  assert_int_equal(expected.size(), actual.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (expected[i] == actual[i]) continue;
    fail_msg("%s: element %zu is %d, not %d", what, i, actual[i], expected[i]);
  }
}

using Build = std::function<TensorId(GraphBuilder&, std::vector<TensorId>)>;

// A reshape to the same shape: what comes out of it is contiguous, whatever its input was.
inline TensorId contiguous(GraphBuilder& b, TensorId x) {
  const Dims dims = b.graph.at(x).dims;
  const auto to_dims = [&](Attributes& attrs) { attrs.sizes = dims; };
  const TensorId id = b.add(Op::reshape, "contiguous" + std::to_string(x), {x}, to_dims);
  b.graph.at(id).dims = dims;
  return id;
}

// The operator on inputs of these shapes, in both layouts, on one and on three threads, equals the interpreter.
inline void check_float(const std::vector<Dims>& shapes, const Build& build, const char* what, double relative = 1e-5) {
  for (const bool plain : {false, true}) {
    GraphBuilder b;
    std::vector<TensorId> ids;
    std::vector<Values> inputs;
    for (const Dims& dims : shapes) {
      ids.push_back(b.input("x" + std::to_string(ids.size()), dims));
      inputs.emplace_back(interpreter_input(dims));
    }
    if (plain) {
      for (TensorId& id : ids) id = contiguous(b, id);
    }
    const TensorId out = build(b, ids);
    b.output(out);
    const auto one = run_graph(b, inputs);
    const auto expected = Interpreter(b.graph).run();
    expect_near(expected.at(b.graph.at(out).name).values, one[0].reals, relative, what);
    const auto three = run_graph(b, inputs, 3);
    assert_memory_equal(one[0].reals.data(), three[0].reals.data(), one[0].size_bytes());
  }
}

// The exact value of an operator on constants.
struct Operand {
  Dims dims;
  FloatVector values;
};
inline std::vector<double> exact(Op op, const Attributes& attrs, const std::vector<Operand>& operands) {
  GraphBuilder b;
  std::vector<TensorId> ids;
  for (const Operand& operand : operands) {
    ids.push_back(b.floats("c" + std::to_string(ids.size()), operand.dims, operand.values));
  }
  const TensorId out = b.add(op, "exact", ids, [&](Attributes& a) { a = attrs; });
  b.output(out);
  expect_ok(infer_shapes(b.graph));
  return Interpreter(b.graph).run().at("exact:0").values;
}

inline FloatVector centred(const ByteVector& bytes, std::int32_t zero_point) {
  FloatVector values;
  for (const std::int8_t q : bytes) values.push_back(static_cast<float>(q - zero_point));
  return values;
}

// The last step of the integer contract, computed in double.
inline std::int8_t to_int8(float y, const Quant& quant, std::int32_t low = -128, std::int32_t high = 127) {
  const double limited = std::fmin(std::fmax(y, low - quant.zero_point), high - quant.zero_point);
  return static_cast<std::int8_t>(std::nearbyint(limited) + quant.zero_point);
}
inline float fl(double exact_value) { return static_cast<float>(exact_value); }

// An int8 input whose scale and zero point are given.
inline TensorId int8_input(GraphBuilder& b, const std::string& name, Dims dims, Quant quant) {
  const TensorId id = b.input(name, std::move(dims), DType::i8);
  b.graph.at(id).quant = quant;
  return id;
}
inline TensorId int8_result(GraphBuilder& b, TensorId id, Quant quant) {
  b.graph.at(id).dtype = DType::i8;
  b.graph.at(id).quant = quant;
  return id;
}

// As check_float, for an operator that moves int8 values or looks them up: the expected bytes are given.
inline ByteVector run_int8(const std::vector<std::pair<Dims, Quant>>& shapes, const std::vector<ByteVector>& values,
                           const Build& build, bool plain, int threads) {
  GraphBuilder b;
  std::vector<TensorId> ids;
  std::vector<Values> inputs;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    TensorId id = int8_input(b, "x" + std::to_string(i), shapes[i].first, shapes[i].second);
    if (plain) id = int8_result(b, contiguous(b, id), shapes[i].second);
    ids.push_back(id);
    inputs.emplace_back(values[i]);
  }
  b.output(build(b, ids));
  return run_graph(b, inputs, threads)[0].bytes;
}
inline void check_int8(const std::vector<std::pair<Dims, Quant>>& shapes, const std::vector<ByteVector>& values,
                       const Build& build, const ByteVector& expected, const char* what) {
  for (const bool plain : {false, true}) {
    for (const int threads : {1, 3}) expect_bytes(expected, run_int8(shapes, values, build, plain, threads), what);
  }
}

}  // namespace octet::test

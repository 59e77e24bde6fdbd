// Small .tflite networks for tests, written with the generated FlatBuffers builder, and what they answer.
#pragma once

#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "import/import.h"
#include "passes/passes.h"
#include "runtime/session.h"
#include "support/expect.h"
#include "support/isa.h"
#include "support/keep_file.h"
#include "tflite_generated.h"

namespace octet::test {

namespace fb = octet::tflite_file;
using Ints = std::vector<std::int32_t>;
using Floats = std::vector<float>;
using Indices = std::vector<std::int32_t>;
using Kind = fb::BuiltinOperator;
using Type = fb::TensorType;

struct Scaled {
  Floats scale;
  std::vector<std::int64_t> zero_point;
  int axis = 0;
};

class Network {
 public:
  Network() { builder.ForceDefaults(keeps_files()); }

  flatbuffers::FlatBufferBuilder builder{1024};
  Ints inputs, outputs;
  Ints signature;  // of the tensors made from now on, where not empty: their shapes with -1 for open sizes
  std::uint32_t version = 3;
  bool old_codes = false;  // without the field of 2020

  // A tensor that an operator makes, or the network takes; returns its index.
  std::int32_t tensor(const std::string& name, const Ints& dims, Type type = Type::FLOAT32, const Scaled& scaled = {}) {
    return add_tensor(name, dims, type, scaled, 0);
  }
  std::int32_t input(const std::string& name, const Ints& dims, Type type = Type::FLOAT32, const Scaled& scaled = {}) {
    inputs.push_back(tensor(name, dims, type, scaled));
    return inputs.back();
  }
  std::int32_t output(const std::string& name, const Ints& dims, Type type = Type::FLOAT32, const Scaled& scaled = {}) {
    outputs.push_back(tensor(name, dims, type, scaled));
    return outputs.back();
  }
  template <class T>
  std::int32_t constant(const std::string& name, const Ints& dims, const std::vector<T>& values, Type type,
                        const Scaled& scaled = {}) {
    builder.ForceVectorAlignment(values.size() * sizeof(T), 1, 16);
    const auto data =
        builder.CreateVector(reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(T));
    buffers_.push_back(fb::CreateBuffer(builder, data));
    return add_tensor(name, dims, type, scaled, static_cast<std::uint32_t>(buffers_.size()));
  }
  // A constant whose bytes lie at `offset` of the file, behind what the builder makes.
  std::int32_t constant_at(const std::string& name, const Ints& dims, Type type, std::uint64_t offset,
                           std::uint64_t size) {
    buffers_.push_back(fb::CreateBuffer(builder, 0, offset, size));
    return add_tensor(name, dims, type, {}, static_cast<std::uint32_t>(buffers_.size()));
  }
  // A tensor of the data that buffer `number` (from 1 on, in the order of the constants) holds.
  std::int32_t alias(const std::string& name, const Ints& dims, Type type, const Scaled& scaled, std::uint32_t number) {
    return add_tensor(name, dims, type, scaled, number);
  }
  std::int32_t floats(const Ints& dims, const Floats& values) {
    return constant(fresh_name(), dims, values, Type::FLOAT32);
  }
  std::int32_t ints(const Ints& values) {
    return constant(fresh_name(), {static_cast<std::int32_t>(values.size())}, values, Type::INT32);
  }
  std::int32_t scalar(std::int32_t value) { return constant(fresh_name(), {}, Ints{value}, Type::INT32); }

  using Options = std::pair<fb::BuiltinOptions, flatbuffers::Offset<void>>;
  template <class T>
  static Options options(flatbuffers::Offset<T> table) {
    return {fb::BuiltinOptionsTraits<T>::enum_value, table.Union()};
  }
  void op(Kind kind, const Indices& in, const Indices& out, Options chosen = {}, int operator_version = 1) {
    const auto input_vector = builder.CreateVector(in);
    const auto output_vector = builder.CreateVector(out);
    operators_.push_back(fb::CreateOperator(builder, code_of(kind, "", operator_version), input_vector, output_vector,
                                            chosen.first, chosen.second));
  }
  void custom(const std::string& name, const Indices& in, const Indices& out) {
    const auto input_vector = builder.CreateVector(in);
    const auto output_vector = builder.CreateVector(out);
    operators_.push_back(fb::CreateOperator(builder, code_of(Kind::CUSTOM, name, 1), input_vector, output_vector));
  }

  // The file. Ends the building.
  std::string bytes() {
    std::vector<flatbuffers::Offset<fb::OperatorCode>> codes;
    for (const Code& code : codes_) {
      const auto name = builder.CreateString(code.custom);
      const auto old = static_cast<std::int8_t>(std::min(127, static_cast<int>(code.kind)));
      codes.push_back(fb::CreateOperatorCode(builder, old, name, code.version, old_codes ? Kind::ADD : code.kind));
    }
    std::vector<flatbuffers::Offset<fb::Buffer>> buffers{fb::CreateBuffer(builder)};
    buffers.insert(buffers.end(), buffers_.begin(), buffers_.end());
    const auto network = fb::CreateSubGraphDirect(builder, &tensors_, &inputs, &outputs, &operators_, "main");
    const std::vector<flatbuffers::Offset<fb::SubGraph>> networks{network};
    builder.Finish(fb::CreateModelDirect(builder, version, &codes, &networks, "test", &buffers), fb::ModelIdentifier());
    const std::string file(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
    keep_file("tflite", file);
    return file;
  }

 private:
  struct Code {
    Kind kind;
    std::string custom;
    int version;
  };

  std::string fresh_name() { return "constant" + std::to_string(tensors_.size()); }

  std::uint32_t code_of(Kind kind, const std::string& custom, int operator_version) {
    for (std::size_t i = 0; i < codes_.size(); ++i) {
      const Code& code = codes_[i];
      if (code.kind == kind && code.custom == custom && code.version == operator_version) {
        return static_cast<std::uint32_t>(i);
      }
    }
    codes_.push_back({kind, custom, operator_version});
    return static_cast<std::uint32_t>(codes_.size() - 1);
  }

  std::int32_t add_tensor(const std::string& name, const Ints& dims, Type type, const Scaled& scaled,
                          std::uint32_t buffer) {
    flatbuffers::Offset<fb::Quantization> quantization;
    if (!scaled.scale.empty()) {
      quantization =
          fb::CreateQuantizationDirect(builder, nullptr, nullptr, &scaled.scale, &scaled.zero_point, 0, scaled.axis);
    }
    tensors_.push_back(fb::CreateTensorDirect(builder, &dims, type, buffer, name.c_str(), quantization, false, 0,
                                              signature.empty() ? nullptr : &signature));
    return static_cast<std::int32_t>(tensors_.size()) - 1;
  }

  std::vector<flatbuffers::Offset<fb::Tensor>> tensors_;
  std::vector<flatbuffers::Offset<fb::Buffer>> buffers_;
  std::vector<flatbuffers::Offset<fb::Operator>> operators_;
  std::vector<Code> codes_;
};

inline Result<Graph> import_tflite(std::string_view file, const std::string& path = "") {
  return kTfliteImporter.import(Bytes::copy_of(file.data(), file.size()), path);
}

inline Graph imported(Network& network) {
  Result<Graph> graph = import_tflite(network.bytes());
  expect_ok(graph.status());
  return std::move(graph).value();
}

inline void expect_import_failure(Network& network, Code code, std::initializer_list<std::string_view> words) {
  expect_failure(import_tflite(network.bytes()).status(), code, words);
}

// What the network answers: imported, prepared and run; outputs behind each other.
inline Floats answer(const std::string& file, const std::vector<Floats>& inputs) {
  Result<Graph> graph = import_tflite(file);
  expect_ok(graph.status());
  expect_ok(prepare_graph(*graph));
  auto plan = make_plan(std::make_shared<const Graph>(std::move(graph).value()), tested_isa());
  expect_ok(plan.status());
  auto session = Session::create(*plan, {1, false, {}});
  expect_ok(session.status());
  const Graph& ready = *(*session)->plan().graph;
  assert_int_equal(ready.inputs.size(), inputs.size());
  std::vector<Floats> in = inputs, out;
  std::vector<Binding> from, to;
  for (std::size_t i = 0; i < in.size(); ++i) {
    assert_int_equal(in[i].size(), element_count(ready.at(ready.inputs[i]).dims));
    from.push_back({in[i].data(), in[i].size() * sizeof(float), nullptr, DType::f32});
  }
  for (const TensorId id : ready.outputs) {
    out.emplace_back(static_cast<std::size_t>(element_count(ready.at(id).dims)), NAN);
  }
  for (Floats& values : out) to.push_back({values.data(), values.size() * sizeof(float), nullptr, DType::f32});
  expect_ok((*session)->run(from, to));
  Floats all;
  for (const Floats& values : out) all.insert(all.end(), values.begin(), values.end());
  return all;
}

inline void expect_values(const Floats& actual, const Floats& expected, const char* what, float relative = 1e-5F) {
  assert_int_equal(actual.size(), expected.size());
  float scale = 1e-6F;
  for (const float value : expected) scale = std::fmax(scale, std::fabs(value));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (std::fabs(actual[i] - expected[i]) <= relative * scale) continue;
    fail_msg("%s: element %zu is %.9g, not %.9g", what, i, static_cast<double>(actual[i]),
             static_cast<double>(expected[i]));
  }
}

// Different values in -2...2, the same in every run.
inline Floats some_values(std::size_t count, unsigned seed = 1) {
  std::uint32_t state = seed * 2654435761U + 12345U;
  Floats values(count);
  for (float& value : values) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<float>(state >> 8) / static_cast<float>(1 << 22) - 2.0F;
  }
  return values;
}

inline std::size_t count_of(const Ints& dims) {
  std::size_t count = 1;
  for (const std::int32_t dim : dims) count *= static_cast<std::size_t>(dim);
  return count;
}

// The nodes of a kind.
inline std::vector<const Node*> nodes_of(const Graph& graph, Op op) {
  std::vector<const Node*> found;
  for (const Node& node : graph.nodes) {
    if (node.op == op) found.push_back(&node);
  }
  return found;
}

template <class T>
std::vector<T> values_of(const Tensor& tensor) {
  const std::span<const T> view = tensor.data.as<T>();
  return {view.begin(), view.end()};
}

}  // namespace octet::test

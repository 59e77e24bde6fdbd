// Small .mnn networks for tests, written with the generated FlatBuffers builder.
#pragma once

#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "import/import.h"
#include "mnn_generated.h"
#include "passes/passes.h"
#include "support/cmocka.h"
#include "support/keep_file.h"

namespace octet::test {

namespace fb = octet::mnn_file;
using Ints = std::vector<std::int32_t>;
using Floats = std::vector<float>;
using Names = std::vector<std::string>;

class Network {
 public:
  Network() { builder.ForceDefaults(keeps_files()); }

  flatbuffers::FlatBufferBuilder builder{1024};
  fb::NetSource source = fb::NetSource::ONNX;
  Names outputs;  // written as the network's output names where not empty
  std::vector<flatbuffers::Offset<fb::TensorDescribe>> describes;

  // An operator; tensors are named, an input "" is not given. Use main() for the parameters.
  void op(fb::OpType type, const Names& inputs, const Names& outputs_made,
          std::pair<fb::OpParameter, flatbuffers::Offset<void>> parameters = {},
          fb::DataFormat format = fb::DataFormat::NHWC) {
    const auto in = builder.CreateVector(indices(inputs));
    const auto out = builder.CreateVector(indices(outputs_made));
    const auto name = builder.CreateString(outputs_made.at(0));
    ops_.push_back(fb::CreateOp(builder, in, parameters.first, parameters.second, name, out, type, format));
  }
  template <class T>
  static std::pair<fb::OpParameter, flatbuffers::Offset<void>> main(flatbuffers::Offset<T> table) {
    constexpr fb::OpParameter kKind = fb::OpParameterTraits<T>::enum_value;
    return {kKind, table.Union()};
  }

  void input(const std::string& name, const Ints& dims, fb::DataFormat format = fb::DataFormat::NC4HW4) {
    const auto table = fb::CreateInputDirect(builder, &dims, fb::DataType::Float, format);
    op(fb::OpType::Input, {}, {name}, main(table));
  }
  void floats(const std::string& name, const Ints& dims, const Floats& values,
              fb::DataFormat format = fb::DataFormat::NCHW) {
    const auto table =
        fb::CreateBlobDirect(builder, &dims, format, fb::DataType::Float, nullptr, nullptr, nullptr, nullptr, &values);
    op(fb::OpType::Const, {}, {name}, main(table));
  }
  void ints(const std::string& name, const Ints& dims, const Ints& values,
            fb::DataFormat format = fb::DataFormat::NCHW) {
    const auto table = fb::CreateBlobDirect(builder, &dims, format, fb::DataType::Int32, nullptr, nullptr, &values);
    op(fb::OpType::Const, {}, {name}, main(table));
  }
  void ints(const std::string& name, const Ints& values, fb::DataFormat format = fb::DataFormat::NCHW) {
    ints(name, {static_cast<std::int32_t>(values.size())}, values, format);
  }

  // The file. Ends the building.
  std::string bytes() {
    std::vector<flatbuffers::Offset<flatbuffers::String>> names;
    for (const std::string& name : names_) names.push_back(builder.CreateString(name));
    std::vector<flatbuffers::Offset<flatbuffers::String>> output_names;
    for (const std::string& name : outputs) output_names.push_back(builder.CreateString(name));
    const auto ops = builder.CreateVector(ops_);
    const auto tensor_names = builder.CreateVector(names);
    const auto listed = builder.CreateVector(output_names);
    const auto described = builder.CreateVector(describes);
    fb::NetBuilder net(builder);
    net.add_ops(ops);
    net.add_tensor_names(tensor_names);
    net.add_source(source);
    if (!outputs.empty()) net.add_output_names(listed);
    if (!describes.empty()) net.add_extra_describe(described);
    builder.Finish(net.Finish());
    const std::string file(reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize());
    keep_file("mnn", file);
    return file;
  }

 private:
  std::vector<std::int32_t> indices(const Names& names) {
    std::vector<std::int32_t> result;
    for (const std::string& name : names) {
      if (name.empty()) {
        result.push_back(-1);
        continue;
      }
      const auto [place, added] = known_.try_emplace(name, static_cast<std::int32_t>(names_.size()));
      if (added) names_.push_back(name);
      result.push_back(place->second);
    }
    return result;
  }

  Names names_;
  std::map<std::string, std::int32_t> known_;
  std::vector<flatbuffers::Offset<fb::Op>> ops_;
};

inline Result<Graph> import_mnn(std::string_view file, const std::string& path = "") {
  return kMnnImporter.import(Bytes::copy_of(file.data(), file.size()), path);
}

inline Graph imported(Network& network, const std::string& path = "") {
  Result<Graph> graph = import_mnn(network.bytes(), path);
  if (!graph.ok()) fail_msg("%s", graph.status().message().c_str());
  return std::move(graph).value();
}

// Imported, with everything known about shapes and constants.
inline Graph folded(Network& network) {
  Graph graph = imported(network);
  const Status status = fold_constants(graph);
  if (!status.ok()) fail_msg("%s", status.message().c_str());
  return graph;
}

inline const Tensor& tensor_named(const Graph& graph, std::string_view name) {
  for (const Tensor& tensor : graph.tensors) {
    if (tensor.name == name) return tensor;
  }
  fail_msg("no tensor '%.*s'", static_cast<int>(name.size()), name.data());
  return graph.tensors.front();
}

// The node that makes the tensor.
inline const Node& maker_of(const Graph& graph, std::string_view name) {
  for (const Node& node : graph.nodes) {
    for (const TensorId id : node.outputs) {
      if (graph.at(id).name == name) return node;
    }
  }
  fail_msg("nothing makes '%.*s'", static_cast<int>(name.size()), name.data());
  return graph.nodes.front();
}

// The kinds of the nodes in order: "conv unary".
inline std::string kinds(const Graph& graph) {
  std::string text;
  for (const Node& node : graph.nodes) text += (text.empty() ? "" : " ") + std::string(name_of(node.op));
  return text;
}

template <class T>
std::vector<T> values_of(const Tensor& tensor) {
  const std::span<const T> view = tensor.data.as<T>();
  return {view.begin(), view.end()};
}

// The values of an output that folding has computed.
template <class T>
std::vector<T> computed(const Graph& graph, std::string_view name) {
  const Tensor& source = graph.at(maker_of(graph, name).inputs.at(0));
  assert_true(source.constant);
  return values_of<T>(source);
}

inline void assert_contains(const std::string& text, std::string_view part) {
  if (text.find(part) == std::string::npos) {
    fail_msg("'%s' lacks '%.*s'", text.c_str(), static_cast<int>(part.size()), part.data());
  }
}

inline void assert_fails(const Result<Graph>& graph, Code code, std::string_view part) {
  assert_false(graph.ok());
  assert_contains(graph.status().message(), part);
  assert_int_equal(static_cast<int>(graph.status().code()), static_cast<int>(code));
}

inline void assert_import_fails(Network& network, Code code, std::string_view part) {
  assert_fails(import_mnn(network.bytes()), code, part);
}

template <class T>
void assert_values(const std::vector<T>& actual, const std::vector<T>& expected) {
  assert_int_equal(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    if (actual[i] != expected[i]) {
      fail_msg("element %zu is %g, not %g", i, static_cast<double>(actual[i]), static_cast<double>(expected[i]));
    }
  }
}

}  // namespace octet::test

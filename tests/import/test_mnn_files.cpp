// Whole .mnn files: the published networks where they are at hand, quantized ones, damaged ones, and other kinds.
#include <cstdint>
#include <random>

#include "base/file.h"
#include "import/damaged.h"
#include "import/mnn/network.h"
#include "support/temporary.h"

namespace octet::test {
namespace {

const std::string kModels = std::string(OCTET_SOURCE_DIR) + "/../shared/models/";

bool present(const std::string& path) {
  if (is_file(path)) return true;
  print_message("skipped: %s is not there\n", path.c_str());
  return false;
}

Result<Graph> import_file(const Importer& importer, const std::string& path) {
  Result<Bytes> bytes = map_file(path);
  assert_true(bytes.ok());
  assert_true(importer.probe(bytes->span(), path));
  return importer.import(*bytes, path);
}

Graph prepared(const Importer& importer, const std::string& path) {
  Result<Graph> graph = import_file(importer, path);
  if (!graph.ok()) print_error("%s\n", graph.status().message().c_str());
  assert_true(graph.ok());
  const Status status = prepare_graph(*graph);
  if (!status.ok()) print_error("%s\n", status.message().c_str());
  assert_true(status.ok());
  return std::move(graph).value();
}

struct Summary {
  std::int64_t convolutions = 0, weights = 0, macs = 0;
  double weight_sum = 0;
};

Summary summary_of(const Graph& graph) {
  Summary s;
  for (const Node& node : graph.nodes) {
    s.macs += count_macs(graph, node);
    if (node.op != Op::conv) continue;
    ++s.convolutions;
    for (const float value : graph.at(node.inputs[1]).data.as<float>()) {
      ++s.weights;
      s.weight_sum += std::abs(value);
    }
  }
  return s;
}

// The network converted to MNN in 2019 is the one that was published as ONNX.
void check_twins(const std::string& mnn_path, const std::string& onnx_path) {
  if (!present(mnn_path)) return;
  const Graph graph = prepared(kMnnImporter, mnn_path);
  assert_string_equal(graph.source_format.c_str(), "mnn");
  assert_int_equal(graph.inputs.size(), 1);
  assert_true(graph.at(graph.inputs[0]).dims == Dims({1, 3, 240, 320}));
  assert_string_equal(graph.at(graph.inputs[0]).name.c_str(), "input");
  assert_int_equal(graph.outputs.size(), 2);
  assert_true(tensor_named(graph, "scores").dims == Dims({1, 4420, 2}));
  assert_true(tensor_named(graph, "boxes").dims == Dims({1, 4420, 4}));
  if (!present(onnx_path)) return;
  const Summary mine = summary_of(graph), twin = summary_of(prepared(kOnnxImporter, onnx_path));
  assert_int_equal(mine.convolutions, twin.convolutions);
  assert_int_equal(mine.weights, twin.weights);
  assert_int_equal(mine.macs, twin.macs);
  assert_true(std::abs(mine.weight_sum - twin.weight_sum) < 1e-4 * twin.weight_sum);
}

void test_ultraface_rfb(void**) {
  check_twins(kModels + "ultraface/RFB-320.mnn", kModels + "ultraface/version-RFB-320_simplified.onnx");
}

void test_ultraface_slim(void**) {
  check_twins(kModels + "ultraface/slim-320.mnn", kModels + "ultraface/version-slim-320_simplified.onnx");
}

// The int8 files of 2019: every convolution computes with the file's integers.
void test_old_quantized_files(void**) {
  for (const char* name : {"RFB-320-quant-KL-5792.mnn", "RFB-320-quant-ADMM-32.mnn", "slim-320-quant-ADMM-50.mnn"}) {
    const std::string path = kModels + "ultraface/" + name;
    if (!present(path)) continue;
    const Graph graph = prepared(kMnnImporter, path);
    for (const Node& node : graph.nodes) {
      if (node.op == Op::conv) assert_true(graph.at(node.inputs[1]).dtype == DType::i8);
    }
    const MacCount macs = count_macs(graph);
    assert_true(macs.all > 0 && macs.int8 == macs.all);
    assert_true(tensor_named(graph, "scores").dims == Dims({1, 4420, 2}));
    assert_true(tensor_named(graph, "boxes").dims == Dims({1, 4420, 4}));
  }
}

// A network with something of everything that a verifier has to look at.
std::string small_file() {
  Network n;
  n.input("x", {1, 2, 4, 4});
  const Floats weight{1, 2, 3, 4}, bias{0, 1};
  const auto common = fb::CreateConvolution2DCommon(n.builder, 0, 0, 1, 1, 1, 1, 1, 1, fb::PadMode::Explicit, 1, 2, 2);
  n.op(fb::OpType::Convolution, {"x"}, {"a"},
       Network::main(fb::CreateConvolution2DDirect(n.builder, common, &weight, &bias)));
  const std::vector<std::uint8_t> buffer{2, 2, 0, 2, 0, 3, 255, 0, 1, 0x64};
  const Floats alpha{1, 1};
  const auto packed = fb::CreatePackedWeightsDirect(n.builder, &buffer, &alpha, 1, 1.0f);
  n.op(fb::OpType::Convolution, {"a"}, {"b"}, Network::main(fb::CreateConvolution2D(n.builder, common, 0, 0, packed)));
  n.ints("shape", {2, 2, -1});
  n.op(fb::OpType::Reshape, {"b", "shape"}, {"c"}, Network::main(fb::CreateReshapeDirect(n.builder)));
  n.ints("begin", {0, 1});
  n.ints("end", {2, 2});
  n.ints("step", {1, 1});
  n.op(fb::OpType::StridedSlice, {"c", "begin", "end", "step"}, {"d"},
       Network::main(fb::CreateStridedSliceParam(n.builder)));
  n.op(fb::OpType::Softmax, {"d"}, {"y"}, Network::main(fb::CreateAxis(n.builder, -1)));
  n.outputs = {"y"};
  return n.bytes();
}

void test_small_file(void**) {
  const std::string file = small_file();
  const auto bytes = std::as_bytes(std::span(file));
  assert_true(kMnnImporter.probe(bytes, ""));
  assert_true(import_mnn(file).ok());
}

void test_every_truncation_fails(void**) {
  const std::string file = small_file();
  expect_survives_truncation(import_mnn, file);
  assert_fails(import_mnn(file.substr(0, file.size() / 2)), Code::format, "no MNN network");
  assert_fails(import_mnn(""), Code::format, "no MNN network");
}

void test_damaged_bytes_do_no_harm(void**) { expect_survives_other_bytes(import_mnn, small_file()); }

void test_published_file_damaged(void**) {
  const std::string path = kModels + "ultraface/slim-320.mnn";
  if (!present(path)) return;
  const Result<Bytes> bytes = map_file(path);
  assert_true(bytes.ok());
  for (std::size_t length = 0; length < bytes->size(); length += bytes->size() / 61) {
    assert_fails(kMnnImporter.import(bytes->slice(0, length), path), Code::format, "slim-320.mnn");
  }
  std::mt19937 random(7);
  const std::string good(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  for (int round = 0; round < 60; ++round) {
    std::string file = good;
    // Names, operators and shapes lie at both ends, weights in between.
    const std::size_t at = round % 2 == 0 ? random() % 20000 : file.size() - 1 - random() % 20000;
    for (std::size_t i = 0; i < 4; ++i) file[std::min(at + i, file.size() - 1)] = static_cast<char>(random());
    Result<Graph> graph = import_mnn(file, "damaged.mnn");
    if (!graph.ok()) assert_contains(graph.status().message(), "damaged.mnn");
  }
}

void test_unaligned_memory(void**) {
  const std::string file = small_file();
  for (std::size_t shift = 0; shift < 8; ++shift) {
    const std::string shifted = std::string(shift, ' ') + file;
    const Bytes bytes = Bytes::copy_of(shifted.data(), shifted.size()).slice(shift, file.size());
    assert_true(kMnnImporter.probe(bytes.span(), ""));
    assert_true(kMnnImporter.import(bytes, "").ok());
  }
}

void test_other_kinds_are_not_taken(void**) {
  std::vector<std::string> others{"",
                                  "\x89PNG\r\n\x1a\n0000IHDR",
                                  std::string(4096, '\0'),
                                  std::string(4096, '\xff'),
                                  "{\"format\": \"RGB\"}",
                                  std::string("\x08\x07\x12\x07pytorch", 11) + std::string(400, 'x')};
  // FlatBuffers of another schema: an empty table, and a table of one number.
  flatbuffers::FlatBufferBuilder empty;
  empty.Finish(fb::CreateAxis(empty));
  others.emplace_back(reinterpret_cast<const char*>(empty.GetBufferPointer()), empty.GetSize());
  flatbuffers::FlatBufferBuilder number;
  number.Finish(fb::CreateAxis(number, 77));
  others.emplace_back(reinterpret_cast<const char*>(number.GetBufferPointer()), number.GetSize());
  for (const std::string& other : others) {
    assert_false(kMnnImporter.probe(std::as_bytes(std::span(other)), "file.bin"));
    assert_fails(import_mnn(other, "file.mnn"), Code::format, "file.mnn");
  }
  for (const char* name : {"mlperf-tiny/kws_ref_model.tflite", "imagenet/squeezenet_v1.1.onnx"}) {
    const std::string path = kModels + name;
    if (!present(path)) continue;
    const Result<Bytes> bytes = map_file(path);
    assert_true(bytes.ok());
    assert_false(kMnnImporter.probe(bytes->span(), "model"));
    assert_fails(kMnnImporter.import(*bytes, path), Code::format, path);
  }
}

void test_all_unknown_operators_are_named(void**) {
  Network n;
  n.input("x", {1, 2});
  n.op(fb::OpType::LSTM, {"x"}, {"a"});
  n.op(fb::OpType::GridSample, {"a"}, {"b"});
  n.op(fb::OpType::LSTM, {"b"}, {"c"});
  n.op(static_cast<fb::OpType>(4711), {"c"}, {"y"});
  const Result<Graph> graph = import_mnn(n.bytes(), "net.mnn");
  assert_fails(graph, Code::unsupported, "net.mnn");
  for (const char* part : {"LSTM", "GridSample", "4711"}) assert_contains(graph.status().message(), part);
}

void test_outputs(void**) {
  const auto build = [](const Names& listed) {
    Network n;
    n.input("x", {1, 2});
    n.op(fb::OpType::Sigmoid, {"x"}, {"a"});
    n.op(fb::OpType::TanH, {"a"}, {"b"});
    n.op(fb::OpType::TanH, {"x"}, {"c"});
    n.op(fb::OpType::Identity, {"c"}, {"same"});
    n.outputs = listed;
    Graph graph = imported(n);
    const Status status = prepare_graph(graph);
    if (!status.ok()) fail_msg("%s", status.message().c_str());
    Names names;
    for (const TensorId id : graph.outputs) names.push_back(graph.at(id).name);
    return names;
  };
  assert_true(build({}) == Names({"b", "same"}));
  assert_true(build({"c", "a"}) == Names({"c", "a"}));
  assert_true(build({"a", "a"}) == Names({"a"}));
  assert_true(build({"c", "same"}) == Names({"c", "same"}));  // one tensor by two names
  assert_true(build({"elsewhere"}) == Names({"b", "same"}));
}

void test_structure_errors(void**) {
  Network unknown;
  unknown.input("x", {1, 2});
  unknown.op(fb::OpType::Sigmoid, {"never made"}, {"y"});
  assert_import_fails(unknown, Code::format, "never made");
  Network wrong;
  wrong.input("x", {1, 2});
  wrong.op(fb::OpType::Softmax, {"x"}, {"y"}, Network::main(fb::CreateRelu(wrong.builder, 0.5f)));
  assert_import_fails(wrong, Code::format, "Relu");
  Network bare;
  bare.input("x", {1, 2});
  bare.op(fb::OpType::Softmax, {"x"}, {"y"});
  assert_import_fails(bare, Code::format, "no parameters");
  Network more;
  more.input("x", {1, 2});
  more.op(fb::OpType::Sigmoid, {"x"}, {"y", "z"});
  assert_import_fails(more, Code::format, "more outputs");
  Network fewer;
  fewer.input("x", {1, 2});
  fewer.op(fb::OpType::BinaryOp, {"x"}, {"y"}, Network::main(fb::CreateBinaryOp(fewer.builder)));
  assert_import_fails(fewer, Code::format, "1 inputs");
  Network nothing;
  nothing.floats("c", {1}, {1});
  nothing.op(fb::OpType::Sigmoid, {"c"}, {"y"});
  assert_import_fails(nothing, Code::format, "no input");
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_ultraface_rfb),
      cmocka_unit_test(test_ultraface_slim),
      cmocka_unit_test(test_old_quantized_files),
      cmocka_unit_test(test_small_file),
      cmocka_unit_test(test_every_truncation_fails),
      cmocka_unit_test(test_damaged_bytes_do_no_harm),
      cmocka_unit_test(test_published_file_damaged),
      cmocka_unit_test(test_unaligned_memory),
      cmocka_unit_test(test_other_kinds_are_not_taken),
      cmocka_unit_test(test_all_unknown_operators_are_named),
      cmocka_unit_test(test_outputs),
      cmocka_unit_test(test_structure_errors),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

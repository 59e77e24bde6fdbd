// Whole .tflite files: what is taken for one, damaged ones, what is not supported, and the published networks.
#include <algorithm>
#include <cstdint>

#include "base/file.h"
#include "graph/rebind.h"
#include "import/damaged.h"
#include "import/tflite/network.h"

namespace octet::test {
namespace {

const std::string kModels = std::string(OCTET_SOURCE_DIR) + "/../shared/models/";

bool present(const std::string& path) {
  if (is_file(path)) return true;
  print_message("SKIPPED %s: it is not there\n", path.c_str());
  return false;
}

// A network with something of everything that a verifier has to look at.
std::string small_file() {
  Network n;
  auto& b = n.builder;
  const auto x = n.input("x", {1, 4, 4, 2}, Type::UINT8, {{0.1F}, {128}});
  const auto weight =
      n.constant("w", {2, 3, 3, 2}, std::vector<std::int8_t>(36, 5), Type::INT8, {{0.5F, 0.25F}, {0, 0}, 0});
  const auto bias = n.constant("b", {2}, Ints{100, -100}, Type::INT32, {{0.05F, 0.025F}, {0, 0}, 0});
  const auto y = n.tensor("y", {1, 2, 2, 2}, Type::INT8, {{0.2F}, {3}});
  n.op(Kind::CONV_2D, {x, weight, bias}, {y}, Network::options(fb::CreateConv2DOptions(b, fb::Padding::SAME, 2, 2)));
  const auto flat = n.tensor("flat", {1, 8}, Type::INT8, {{0.2F}, {3}});
  n.op(Kind::RESHAPE, {y, n.ints({1, 8})}, {flat});
  const auto cut = n.tensor("cut", {1, 4}, Type::INT8, {{0.2F}, {3}});
  n.op(Kind::STRIDED_SLICE, {flat, n.ints({0, 1}), n.ints({1, 8}), n.ints({1, 2})}, {cut},
       Network::options(fb::CreateStridedSliceOptions(b, 1, 2)));
  const auto dense = n.tensor("dense", {1, 3});
  n.op(Kind::FULLY_CONNECTED, {cut, n.floats({3, 4}, Floats(12, 0.5F)), -1}, {dense},
       Network::options(fb::CreateFullyConnectedOptions(b)));
  const auto z = n.output("z", {1, 3});
  n.op(Kind::SOFTMAX, {dense}, {z}, Network::options(fb::CreateSoftmaxOptions(b, 1.0F)));
  return n.bytes();
}

void test_small_file(void**) {
  const std::string file = small_file();
  assert_true(kTfliteImporter.probe(std::as_bytes(std::span(file)), ""));
  Result<Graph> graph = import_tflite(file);
  expect_ok(graph.status());
  assert_string_equal(graph->name.c_str(), "main");
  assert_string_equal(graph->source_format.c_str(), "tflite");
  assert_true(graph->at(graph->inputs[0]).dims == Dims({1, 4, 4, 2}));
  assert_string_equal(graph->at(graph->inputs[0]).name.c_str(), "x");
  assert_string_equal(graph->at(graph->outputs[0]).name.c_str(), "z");
  expect_ok(prepare_graph(*graph));
}

void test_every_truncation_fails(void**) {
  const std::string file = small_file();
  expect_survives_truncation(import_tflite, file);
  expect_failure(import_tflite(file.substr(0, file.size() / 2)).status(), Code::format, {"truncated"});
  expect_failure(import_tflite("").status(), Code::format, {"no TensorFlow Lite network"});
}

void test_damaged_bytes_do_no_harm(void**) { expect_survives_other_bytes(import_tflite, small_file()); }

void test_unaligned_memory(void**) {
  const std::string file = small_file();
  for (std::size_t shift = 0; shift < 16; ++shift) {
    const std::string shifted = std::string(shift, ' ') + file;
    const Bytes bytes = Bytes::copy_of(shifted.data(), shifted.size()).slice(shift, file.size());
    assert_true(kTfliteImporter.probe(bytes.span(), ""));
    expect_ok(kTfliteImporter.import(bytes, "").status());
  }
}

void test_other_kinds_are_not_taken(void**) {
  for (const std::string& other :
       {std::string(), std::string("\x89PNG\r\n\x1a\n0000IHDR"), std::string(4096, '\0'), std::string(4096, '\xff')}) {
    assert_false(kTfliteImporter.probe(std::as_bytes(std::span(other)), "file.bin"));
    expect_failure(import_tflite(other, "file.tflite").status(), Code::format, {"file.tflite"});
  }
  const std::string file = small_file();
  assert_false(kOnnxImporter.probe(std::as_bytes(std::span(file)), ""));
  assert_false(kMnnImporter.probe(std::as_bytes(std::span(file)), ""));
}

void test_all_unsupported_operators_are_named(void**) {
  Network n;
  const auto x = n.input("x", {1, 4, 4, 2}), a = n.tensor("a", {1, 4}), b = n.tensor("b", {1, 4}),
             c = n.tensor("c", {1, 4}), d = n.tensor("d", {1, 4, 4, 2}), y = n.output("y", {1, 4});
  n.op(Kind::CUMSUM, {x}, {a}, {}, 3);
  n.custom("TFLite_Detection_PostProcess", {a}, {b});
  n.op(Kind::CUMSUM, {b}, {c}, {}, 3);
  n.op(Kind::MIRROR_PAD, {x, n.constant("pads", {4, 2}, Ints{0, 0, 2, 2, 2, 2, 0, 0}, Type::INT32)}, {d},
       Network::options(fb::CreateMirrorPadOptions(n.builder, fb::MirrorPadMode::SYMMETRIC)));
  n.op(static_cast<Kind>(4711), {c}, {y});
  expect_failure(import_tflite(n.bytes(), "net.tflite").status(), Code::unsupported,
                 {"net.tflite", "CUMSUM, version 3 (node 'a' and 1 more)",
                  "custom operator 'TFLite_Detection_PostProcess', version 1 (node 'b')",
                  "MIRROR_PAD, version 1: a symmetric pad", "4711"});
}

void test_operators_of_old_files(void**) {
  Network n;
  n.old_codes = true;
  const auto x = n.input("x", {1, 3}), y = n.output("y", {1, 3});
  n.op(Kind::ABS, {x}, {y});
  expect_values(answer(n.bytes(), {{-1, 2, -3}}), {1, 2, 3}, "abs");
}

void test_structure_errors(void**) {
  const auto one = [](const auto& build, Code code, std::initializer_list<std::string_view> words) {
    Network n;
    build(n);
    expect_import_failure(n, code, words);
  };
  one([](Network& n) { n.op(Kind::ABS, {0}, {n.output("y", {1})}); }, Code::format, {"no input"});
  one([](Network& n) { n.input("x", {1}); }, Code::format, {"no operators"});
  one(
      [](Network& n) {
        n.input("x", {1});
        n.op(Kind::ABS, {7}, {n.output("y", {1})});
      },
      Code::format, {"tensor 7", "ABS", "'y'"});
  one(
      [](Network& n) {
        n.input("x", {1});
        const auto lost = n.tensor("lost", {1});
        n.op(Kind::ABS, {lost}, {n.output("y", {1})});
      },
      Code::format, {"'lost'", "no operator before"});
  one(
      [](Network& n) {
        const auto x = n.input("x", {1}), y = n.output("y", {1});
        n.op(Kind::ABS, {x}, {y});
        n.op(Kind::ABS, {x}, {y});
      },
      Code::format, {"made twice"});
  one(
      [](Network& n) {
        const auto x = n.input("x", {1});
        n.op(Kind::ABS, {x, x}, {n.output("y", {1})});
      },
      Code::format, {"2 inputs", "takes 1"});
  one(
      [](Network& n) {
        const auto x = n.input("x", {1});
        n.op(Kind::SOFTMAX, {x}, {n.output("y", {1})});
      },
      Code::format, {"no options"});
  one(
      [](Network& n) {
        const auto x = n.input("x", {1});
        n.op(Kind::SOFTMAX, {x}, {n.output("y", {1})}, Network::options(fb::CreateAddOptions(n.builder)));
      },
      Code::format, {"options are those of another"});
  one(
      [](Network& n) {
        const auto x = n.input("x", {1}), y = n.output("y", {2});
        n.op(Kind::ADD, {x, n.constant("c", {3}, Floats{1, 2}, Type::FLOAT32)}, {y});
      },
      Code::format, {"'c'", "needs 12 bytes", "has 8"});
  one(
      [](Network& n) {
        n.op(Kind::ABS, {n.input("x", {1, 0, 3})}, {n.output("y", {1})});
      },
      Code::shape, {"'x'", "fixed"});
  one([](Network& n) { n.op(Kind::ABS, {n.input("x", {1}, Type::INT32)}, {n.output("y", {1})}); }, Code::unsupported,
      {"'x'", "INT32"});
  one(
      [](Network& n) {
        n.version = 4;
        n.op(Kind::ABS, {n.input("x", {1})}, {n.output("y", {1})});
      },
      Code::version, {"version 4"});
}

using Names = std::vector<std::vector<std::string>>;

// An open batch is one sample; another open size is given when the model is loaded, unless the file says one.
void test_open_sizes(void**) {
  const auto network = [](const Ints& signature, const Ints& dims) {
    Network n;
    n.signature = signature;
    const auto x = n.input("x", dims);
    n.signature.clear();
    n.op(Kind::ABS, {x}, {n.output("y", dims)});
    return n.bytes();
  };
  expect_values(answer(network({-1, 2, 2}, {1, 2, 2}), {{-1, 2, -3, 4}}), {1, 2, 3, 4}, "open batch");
  Graph batch = std::move(import_tflite(network({-1, 2, 2}, {1, 2, 2}))).value();
  assert_true(batch.open_sizes == Names({{"?", "", ""}}));
  expect_ok(prepare_graph(batch));
  assert_true(batch.open_sizes == Names({{"?", "", ""}}));

  Graph rows = std::move(import_tflite(network({1, -1, 2}, {1, 1, 2}))).value();
  assert_true((rows.at(rows.inputs[0]).dims == Dims{1, -1, 2}));
  Graph unbound = rows;
  expect_failure(prepare_graph(unbound), Code::shape, {"'x'", "1x?x2", "--shape"});
  rows.at(rows.inputs[0]).dims = {1, 5, 2};
  expect_ok(prepare_graph(rows));
  assert_true((rows.at(rows.outputs[0]).dims == Dims{1, 5, 2}));
  assert_true(rows.open_sizes == Names({{"", "?", ""}}));

  Graph said = std::move(import_tflite(network({1, -1, 2}, {1, 7, 2}))).value();
  assert_true((said.at(said.inputs[0]).dims == Dims{1, 7, 2}));
  assert_true(std::move(import_tflite(network({1, 2, 2}, {1, 2, 2}))).value().open_sizes.empty());
}

// Images of any size, upsampled to the size of the first tensor, which the network computes.
void test_open_images(void**) {
  Network n;
  n.signature = {1, -1, -1, 1};
  const auto x = n.input("x", {1, 1, 1, 1});
  n.signature.clear();
  const auto small = n.tensor("small", {1, 1, 1, 1});
  n.op(Kind::MAX_POOL_2D, {x}, {small},
       Network::options(fb::CreatePool2DOptions(n.builder, fb::Padding::SAME, 2, 2, 2, 2)));
  const auto shape = n.tensor("shape", {4}, Type::INT32), size = n.tensor("size", {2}, Type::INT32);
  n.op(Kind::SHAPE, {x}, {shape});
  n.op(Kind::STRIDED_SLICE, {shape, n.ints({1}), n.ints({3}), n.ints({1})}, {size},
       Network::options(fb::CreateStridedSliceOptions(n.builder)));
  n.op(Kind::RESIZE_NEAREST_NEIGHBOR, {small, size}, {n.output("y", {1, 1, 1, 1})},
       Network::options(fb::CreateResizeNearestNeighborOptions(n.builder)));
  Graph graph = imported(n);
  assert_true((graph.at(graph.inputs[0]).dims == Dims{1, -1, -1, 1}));
  graph.at(graph.inputs[0]).dims = {1, 4, 6, 1};
  expect_ok(prepare_graph(graph));
  assert_true((graph.at(graph.outputs[0]).dims == Dims{1, 4, 6, 1}));
  const std::vector<Dims> larger{{1, 8, 10, 1}};
  expect_ok(rebind(graph, larger));
  assert_true((graph.at(graph.outputs[0]).dims == Dims{1, 8, 10, 1}));
}

// Large files keep their constants behind the tables.
void test_data_behind_the_tables(void**) {
  const Floats values{10, 20};
  const auto file_with = [](std::uint64_t offset, std::uint64_t size) {
    Network n;
    const auto x = n.input("x", {2}), c = n.constant_at("c", {2}, Type::FLOAT32, offset, size);
    n.op(Kind::ADD, {x, c}, {n.output("y", {2})}, Network::options(fb::CreateAddOptions(n.builder)));
    return n.bytes();
  };
  const std::size_t end = file_with(1, 8).size();
  std::string file = file_with(end, 8);
  assert_int_equal(file.size(), end);
  file.append(reinterpret_cast<const char*>(values.data()), 8);
  expect_values(answer(file, {{1, 2}}), {11, 22}, "data behind the tables");
  expect_failure(import_tflite(file.substr(0, end + 4)).status(), Code::format, {"'c'", "truncated"});
  expect_failure(import_tflite(file_with(end, ~std::uint64_t{0})).status(), Code::format, {"'c'", "truncated"});
  expect_failure(import_tflite(file_with(~std::uint64_t{0}, 8)).status(), Code::format, {"'c'", "truncated"});
}

// A buffer that many tensors name does not become as many times as large.
void test_shared_data_is_bounded(void**) {
  Network n;
  auto& b = n.builder;
  const auto x = n.input("x", {1, 64, 64, 16});
  const auto shared = n.constant("w0", {1, 64, 64, 16}, std::vector<std::int8_t>(65536, 1), Type::INT8, {{1}, {0}});
  (void)shared;
  std::int32_t sum = x;
  for (int i = 0; i < 40; ++i) {
    const auto y = i == 39 ? n.output("y", {1, 64, 64, 16}) : n.tensor("y" + std::to_string(i), {1, 64, 64, 16});
    n.op(Kind::ADD, {sum, n.alias("w", {1, 64, 64, 16}, Type::INT8, {{1}, {0}}, 1)}, {y},
         Network::options(fb::CreateAddOptions(b)));
    sum = y;
  }
  expect_import_failure(n, Code::format, {"share their data"});
}

void test_published_networks(void**) {
  for (const char* name : {"mlperf-tiny/ad01_fp32", "mlperf-tiny/ad01_int8", "mlperf-tiny/kws_ref_model",
                           "mlperf-tiny/kws_ref_model_float32", "mlperf-tiny/pretrainedResnet",
                           "mlperf-tiny/pretrainedResnet_quant", "mlperf-tiny/vww_96_float", "mlperf-tiny/vww_96_int8",
                           "imagenet/mobilenet_v2_1.0_224_int8", "imagenet/mobilenet_v2_1.0_224_uint8"}) {
    const std::string path = kModels + name + ".tflite";
    if (!present(path)) continue;
    const Result<Bytes> bytes = map_file(path);
    expect_ok(bytes.status());
    assert_true(kTfliteImporter.probe(bytes->span(), ""));
    Result<Graph> graph = kTfliteImporter.import(*bytes, path);
    expect_ok(graph.status());
    expect_ok(prepare_graph(*graph));
    for (std::size_t part = 0; part < 16; ++part) {
      const Bytes cut = bytes->slice(0, bytes->size() * part / 17);
      expect_failure(kTfliteImporter.import(cut, path).status(), Code::format, {path});
    }
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_small_file),
      cmocka_unit_test(test_every_truncation_fails),
      cmocka_unit_test(test_damaged_bytes_do_no_harm),
      cmocka_unit_test(test_unaligned_memory),
      cmocka_unit_test(test_other_kinds_are_not_taken),
      cmocka_unit_test(test_all_unsupported_operators_are_named),
      cmocka_unit_test(test_operators_of_old_files),
      cmocka_unit_test(test_structure_errors),
      cmocka_unit_test(test_open_sizes),
      cmocka_unit_test(test_open_images),
      cmocka_unit_test(test_data_behind_the_tables),
      cmocka_unit_test(test_shared_data_is_bounded),
      cmocka_unit_test(test_published_networks),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

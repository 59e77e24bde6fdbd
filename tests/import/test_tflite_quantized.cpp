// Quantized .tflite tensors: what they become in the graph, and that small networks answer as TensorFlow Lite does.
#include <algorithm>
#include <fstream>
#include <iterator>

#include "import/tflite/network.h"

namespace octet::test {
namespace {

using Bytes8 = std::vector<std::int8_t>;

// x -> ABS -> y of a type and scale.
Graph through(Type type, const Scaled& scaled) {
  Network n;
  const auto x = n.input("x", {1, 3}, type, scaled), y = n.output("y", {1, 3}, type, scaled);
  n.op(Kind::ABS, {x}, {y});
  return imported(n);
}

void test_activations(void**) {
  for (const bool is_unsigned : {false, true}) {
    const Graph graph = through(is_unsigned ? Type::UINT8 : Type::INT8, {{0.5F}, {is_unsigned ? 131 : 3}});
    std::string kinds;
    for (const Node& node : graph.nodes) kinds += std::string(name_of(node.op)) + " ";
    assert_string_equal(kinds.c_str(), "quantize dequantize unary quantize dequantize ");
    for (const Node* node : nodes_of(graph, Op::quantize)) {
      const Tensor& made = graph.at(node->outputs[0]);
      assert_true(made.dtype == DType::i8);
      assert_true((made.quant == Quant{0.5F, 3}));
    }
    assert_true(graph.at(graph.inputs[0]).dtype == DType::f32);
    assert_true(graph.at(graph.outputs[0]).dtype == DType::f32);
    assert_string_equal(graph.at(graph.outputs[0]).name.c_str(), "y");
  }
}

void test_bad_scales(void**) {
  const auto fails = [](Type type, const Scaled& scaled, Code code, std::initializer_list<std::string_view> words) {
    Network n;
    n.op(Kind::ABS, {n.input("x", {1, 3}, type, scaled)}, {n.output("y", {1, 3})});
    expect_import_failure(n, code, words);
  };
  fails(Type::INT8, {{-1.0F}, {0}}, Code::format, {"'x'", "scale"});
  fails(Type::INT8, {{NAN}, {0}}, Code::format, {"'x'", "scale"});
  fails(Type::INT8, {{1.0F}, {128}}, Code::format, {"'x'", "zero point 128"});
  fails(Type::UINT8, {{1.0F}, {-1}}, Code::format, {"'x'", "zero point -1"});
  fails(Type::INT8, {{1.0F, 1.0F, 1.0F}, {0, 0, 0}}, Code::unsupported, {"'x'", "3 scales"});
  fails(Type::INT16, {{1.0F}, {0}}, Code::unsupported, {"'x'", "INT16"});
}

// Weights [2, 1, 1, 2] with a scale for each output; one of them 0, which means zeros.
void test_weights_and_bias(void**) {
  Network n;
  auto& b = n.builder;
  const auto x = n.input("x", {1, 1, 1, 2}, Type::INT8, {{0.5F}, {0}});
  const auto weight =
      n.constant("w", {3, 1, 1, 2}, Bytes8{1, -2, 3, 4, 5, 6}, Type::INT8, {{2, 0.25F, 0}, {0, 0, 0}, 0});
  const auto bias = n.constant("b", {3}, Ints{10, 20, 30}, Type::INT32, {{1, 0.125F, 0}, {0, 0, 0}, 0});
  const auto y = n.output("y", {1, 1, 1, 3});
  n.op(Kind::CONV_2D, {x, weight, bias}, {y}, Network::options(fb::CreateConv2DOptions(b, fb::Padding::VALID, 1, 1)));
  const Graph graph = imported(n);
  const Node& conv = *nodes_of(graph, Op::conv).at(0);
  const Tensor& w = graph.at(conv.inputs[1]);
  assert_true(w.dims == Dims({3, 2, 1, 1}));
  assert_int_equal(w.scale_axis, 0);
  assert_true((w.scales == Floats{2, 0.25F, 1}));
  expect_values(values_of<float>(w), {2, -4, 0.75F, 1, 0, 0}, "weights");
  expect_values(values_of<float>(graph.at(conv.inputs[2])), {10, 2.5F, 0}, "bias");
}

// The dimension of the scales moves with the dimensions: that of a depthwise convolution is the last in the file.
void test_depthwise_scales(void**) {
  Network n;
  const auto x = n.input("x", {1, 2, 2, 2}, Type::INT8, {{1}, {0}});
  const auto weight = n.constant("w", {1, 1, 2, 2}, Bytes8{1, 2, 3, 4}, Type::INT8, {{1, 10}, {0, 0}, 3});
  n.op(Kind::DEPTHWISE_CONV_2D, {x, weight}, {n.output("y", {1, 2, 1, 2})},
       Network::options(fb::CreateDepthwiseConv2DOptions(n.builder, fb::Padding::VALID, 1, 1, 1)));
  const Graph graph = imported(n);
  const Tensor& w = graph.at(nodes_of(graph, Op::conv).at(0)->inputs[1]);
  assert_true(w.dims == Dims({2, 1, 1, 2}));
  assert_int_equal(w.scale_axis, 0);
  expect_values(values_of<float>(w), {1, 3, 20, 40}, "weights");
}

void test_wrong_numbers_of_scales(void**) {
  const auto fails = [](const Scaled& scaled, std::initializer_list<std::string_view> words) {
    Network n;
    const auto x = n.input("x", {1, 2});
    n.op(Kind::FULLY_CONNECTED, {x, n.constant("w", {2, 2}, Bytes8{1, 2, 3, 4}, Type::INT8, scaled)},
         {n.output("y", {1, 2})}, Network::options(fb::CreateFullyConnectedOptions(n.builder)));
    expect_import_failure(n, Code::format, words);
  };
  fails({{1, 1, 1}, {0, 0, 0}, 0}, {"'w'", "3 scales"});
  fails({{1, 1}, {0, 0}, 2}, {"'w'", "dimension 2"});
  fails({{1, 1}, {0, 0}, -1}, {"'w'", "dimension -1"});
  fails({{1, 1}, {0, 0, 0}, 0}, {"'w'", "3 zero points"});
  fails({{1}, {300}, 0}, {"'w'", "zero point 300"});
}

// Weights alone are integers, halves or packed: the network stays float.
void test_weight_only(void**) {
  const Floats x{1, -2, 3};
  const auto dense = [&](Network& n, std::int32_t weight) {
    const auto in = n.input("x", {1, 3});
    n.op(Kind::FULLY_CONNECTED, {in, weight, n.floats({2}, {0.5F, 0})}, {n.output("y", {1, 2})},
         Network::options(fb::CreateFullyConnectedOptions(n.builder)));
    expect_values(answer(n.bytes(), {x}), {0.5F + 0.25F * (1 - 4 + 9), 0.25F * (-4 + 10 - 18)}, "weights of integers");
  };
  Network bytes;
  dense(bytes, bytes.constant("w", {2, 3}, Bytes8{1, 2, 3, -4, -5, -6}, Type::INT8, {{0.25F}, {0}}));
  Network halves;  // 1, 2, 3, -4, -5, -6 times 0.25
  const auto packed = halves.constant(
      "w16", {2, 3}, std::vector<std::uint16_t>{0x3400, 0x3800, 0x3A00, 0xBC00, 0xBD00, 0xBE00}, Type::FLOAT16);
  const auto unpacked = halves.tensor("w", {2, 3});
  halves.op(Kind::DEQUANTIZE, {packed}, {unpacked});
  dense(halves, unpacked);
  Network nibbles;  // two in a byte, the first in its lower half
  dense(nibbles,
        nibbles.constant("w", {2, 3}, std::vector<std::uint8_t>{0x21, 0xC3, 0xAB}, Type::INT4, {{0.25F}, {0}}));
}

// uint8 pixels without a scale are plain numbers.
void test_plain_integers(void**) {
  Network n;
  const auto x = n.input("x", {1, 3}, Type::UINT8), real = n.tensor("real", {1, 3}), y = n.output("y", {1, 3});
  n.op(Kind::CAST, {x}, {real});
  n.op(Kind::MUL, {real, n.floats({}, {0.5F})}, {y}, Network::options(fb::CreateMulOptions(n.builder)));
  expect_values(answer(n.bytes(), {{0, 7, 255}}), {0, 3.5F, 127.5F}, "plain integers");
}

// QUANTIZE between scales, DEQUANTIZE to float.
void test_rescaling(void**) {
  Network n;
  const auto x = n.input("x", {1, 4}), a = n.tensor("a", {1, 4}, Type::INT8, {{1}, {0}}),
             b = n.tensor("b", {1, 4}, Type::UINT8, {{2}, {10}}), y = n.output("y", {1, 4});
  n.op(Kind::QUANTIZE, {x}, {a});
  n.op(Kind::QUANTIZE, {a}, {b});
  n.op(Kind::DEQUANTIZE, {b}, {y});
  // 3.4 -> 3 -> 1.5, to even 2 -> 4; -100 -> -20 is the least that b holds.
  expect_values(answer(n.bytes(), {{3.4F, -100, 500, 2}}), {4, -20, 128, 2}, "rescaled");
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Networks of make_networks.py: what reference.py computed by TensorFlow Lite's arithmetic, within one quantum.
void check_reference(const std::string& name, bool is_unsigned) {
  const std::string base = std::string(OCTET_SOURCE_DIR) + "/tests/import/tflite/data/" + name;
  const std::string file = read_file(base + ".tflite"), inputs = read_file(base + ".input.bin"),
                    expected = read_file(base + ".expected.bin");
  assert_false(file.empty());
  const fb::SubGraph& network = *fb::GetModel(file.data())->subgraphs()->Get(0);
  const auto describe = [&](std::uint32_t index) { return network.tensors()->Get(index)->quantization(); };
  const fb::Quantization& in = *describe(static_cast<std::uint32_t>(network.inputs()->Get(0)));
  const fb::Quantization& out = *describe(static_cast<std::uint32_t>(network.outputs()->Get(0)));
  const auto integer = [&](char byte) { return is_unsigned ? static_cast<std::uint8_t>(byte) : std::int8_t(byte); };
  constexpr std::size_t kSamples = 8;
  const std::size_t size = inputs.size() / kSamples, made = expected.size() / kSamples;
  assert_true(size > 0 && made > 0);
  for (std::size_t sample = 0; sample < kSamples; ++sample) {
    Floats x(size);
    for (std::size_t i = 0; i < size; ++i) {
      const int centred = integer(inputs[sample * size + i]) - static_cast<int>(in.zero_point()->Get(0));
      x[i] = in.scale()->Get(0) * static_cast<float>(centred);
    }
    const Floats y = answer(file, {x});
    assert_int_equal(y.size(), made);
    for (std::size_t i = 0; i < made; ++i) {
      const float quanta = y[i] / out.scale()->Get(0) + static_cast<float>(out.zero_point()->Get(0));
      const int want = integer(expected[sample * made + i]);
      if (std::fabs(quanta - static_cast<float>(want)) > 1.01F) {
        fail_msg("%s, sample %zu: output %zu is %g, not %d", name.c_str(), sample, i, static_cast<double>(quanta),
                 want);
      }
    }
  }
}

void test_reference_int8(void**) {
  check_reference("int8_residual", false);
  check_reference("int8_branches", false);
}

void test_reference_uint8(void**) {
  check_reference("uint8_residual", true);
  check_reference("uint8_branches", true);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_activations),
      cmocka_unit_test(test_bad_scales),
      cmocka_unit_test(test_weights_and_bias),
      cmocka_unit_test(test_depthwise_scales),
      cmocka_unit_test(test_wrong_numbers_of_scales),
      cmocka_unit_test(test_weight_only),
      cmocka_unit_test(test_plain_integers),
      cmocka_unit_test(test_rescaling),
      cmocka_unit_test(test_reference_int8),
      cmocka_unit_test(test_reference_uint8),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

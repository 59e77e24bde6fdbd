// Weights of .mnn files: plain, in half precision, packed in a few bits, sparse, and in a file beside the network.
#include <cmath>
#include <cstdint>

#include "import/mnn/network.h"
#include "support/temporary.h"

namespace octet::test {
namespace {

using Buffer = std::vector<std::uint8_t>;

// A 1x1 convolution over `inputs` channels with what `fill` adds to its parameters.
template <class Fill>
void convolution(Network& n, std::int32_t inputs, std::int32_t outputs, Fill fill) {
  n.input("x", {1, inputs, 2, 2});
  const auto common =
      fb::CreateConvolution2DCommon(n.builder, 0, 0, 1, 1, 1, 1, 1, 1, fb::PadMode::Explicit, 1, outputs, inputs);
  n.op(fb::OpType::Convolution, {"x"}, {"y"}, Network::main(fill(common)));
}

struct Packed {
  std::int32_t type = 1;
  Buffer buffer;
  Floats alpha;
  float factor = 1;
  std::int32_t minimum = 0;
  bool asymmetric = false;
  bool wide = false;
  std::vector<std::uint32_t> index;
  std::uint32_t dense = 0;
  std::vector<std::uint16_t> half_alpha;
  bool int_scales = false;
};

void packed_convolution(Network& n, std::int32_t inputs, std::int32_t outputs, const Packed& p) {
  convolution(n, inputs, outputs, [&](auto common) {
    const bool half = !p.half_alpha.empty();
    const auto packed = fb::CreatePackedWeightsDirect(
        n.builder, &p.buffer, half ? nullptr : &p.alpha, p.type, p.factor, 0, 0, 0, p.minimum, p.asymmetric ? 1 : 0,
        p.int_scales, p.wide, p.dense, p.index.empty() ? nullptr : &p.index, half ? &p.half_alpha : nullptr,
        half ? fb::ScaleStorage::FP16 : fb::ScaleStorage::FP32);
    return fb::CreateConvolution2D(n.builder, common, 0, 0, packed);
  });
}

Floats weights(const Graph& graph) { return values_of<float>(graph.at(maker_of(graph, "y").inputs.at(1))); }

Floats unpacked(std::int32_t inputs, std::int32_t outputs, const Packed& p) {
  Network n;
  packed_convolution(n, inputs, outputs, p);
  return weights(imported(n));
}

void assert_packed_fails(const Packed& p, Code code, std::string_view part, std::int32_t inputs = 2,
                         std::int32_t outputs = 2) {
  Network n;
  packed_convolution(n, inputs, outputs, p);
  assert_import_fails(n, code, part);
}

void put16(Buffer& buffer, unsigned value) {
  buffer.push_back(static_cast<std::uint8_t>(value & 255));
  buffer.push_back(static_cast<std::uint8_t>(value >> 8));
}

void put32(Buffer& buffer, std::uint32_t value) {
  put16(buffer, value & 0xffff);
  put16(buffer, value >> 16);
}

// Fields of `bits` bits, the most significant first.
void put_fields(Buffer& buffer, const std::vector<unsigned>& fields, unsigned bits) {
  std::vector<bool> stream;
  for (const unsigned field : fields) {
    for (unsigned b = bits; b-- > 0;) stream.push_back((field >> b & 1) != 0);
  }
  while (stream.size() % 8 != 0) stream.push_back(false);
  for (std::size_t i = 0; i < stream.size(); i += 8) {
    unsigned byte = 0;
    for (std::size_t b = 0; b < 8; ++b) byte = byte * 2 + (stream[i + b] ? 1 : 0);
    buffer.push_back(static_cast<std::uint8_t>(byte));
  }
}

void put_table(Buffer& buffer, const std::vector<int>& table) {
  buffer.push_back(static_cast<std::uint8_t>(table.size()));
  for (const int value : table) buffer.push_back(static_cast<std::uint8_t>(value));
}

Buffer table_buffer(unsigned rows, unsigned columns, const std::vector<int>& table, const std::vector<unsigned>& fields,
                    unsigned bits) {
  Buffer buffer{2};
  put16(buffer, rows);
  put16(buffer, columns);
  put_table(buffer, table);
  put_fields(buffer, fields, bits);
  return buffer;
}

void test_plain_weights_and_bias(void**) {
  Network n;
  const Floats weight{1, 2, 3, 4, 5, 6}, bias{7, 8};
  convolution(n, 3, 2, [&](auto common) { return fb::CreateConvolution2DDirect(n.builder, common, &weight, &bias); });
  const Graph graph = imported(n);
  const Node& conv = maker_of(graph, "y");
  assert_true(conv.op == Op::conv);
  assert_true(graph.at(conv.inputs.at(1)).dims == Dims({2, 3, 1, 1}));
  assert_values(weights(graph), weight);
  assert_values(values_of<float>(graph.at(conv.inputs.at(2))), bias);
}

void test_half_precision(void**) {
  Packed p;
  p.type = 3;
  for (const unsigned half : {0x3c00u, 0xc000u, 0x3800u, 0x0001u}) put16(p.buffer, half);
  assert_values(unpacked(2, 2, p), {1.0f, -2.0f, 0.5f, std::ldexp(1.0f, -24)});
}

void test_int8_with_scales(void**) {
  Packed p;
  p.type = 4;
  p.buffer = {1, 255, 128, 127};  // 1, -1, -128, 127
  p.alpha = {0.5f, 2.0f};
  assert_values(unpacked(2, 2, p), {0.5f, -0.5f, -256.0f, 254.0f});
  p.factor = 3;
  assert_values(unpacked(2, 2, p), {1.5f, -1.5f, -768.0f, 762.0f});
}

void test_first_int8_files_have_minimum_and_scale(void**) {
  Packed p;
  p.type = 4;
  p.factor = 0;
  p.buffer = {128, 130, 0, 127};  // -128, -126, 0, 127: above the minimum by 0, 2, 128, 255
  p.alpha = {-1.0f, 0.5f, 10.0f, 1.0f};
  assert_values(unpacked(2, 2, p), {-1.0f, 0.0f, 138.0f, 265.0f});
}

void test_table_of_odd_values(void**) {
  Packed p;  // three values, two bits each, and the file need not sort them
  p.buffer = table_buffer(2, 3, {5, -7, 0}, {0, 1, 2, 2, 1, 0}, 2);
  p.alpha = {1.0f, 0.5f};
  assert_values(unpacked(3, 2, p), {-7, 0, 5, 2.5f, 0, -3.5f});
}

void test_four_bits_with_groups(void**) {
  std::vector<int> table;
  for (int value = -8; value < 8; ++value) table.push_back(value);
  Packed p;  // two scales for each output: groups of two weights
  p.buffer = table_buffer(2, 4, table, {0, 15, 8, 9, 7, 8, 1, 2}, 4);
  p.alpha = {1, 10, 100, 1000};
  assert_values(unpacked(4, 2, p), {-8, 7, 0, 10, -100, 0, -7000, -6000});
}

void test_three_bits_straddle_bytes(void**) {
  std::vector<int> table;
  for (int value = -4; value < 4; ++value) table.push_back(value);
  Packed p;
  p.wide = true;
  p.buffer = {2};
  put32(p.buffer, 1);
  put32(p.buffer, 9);
  put_table(p.buffer, table);
  put_fields(p.buffer, {0, 1, 2, 3, 4, 5, 6, 7, 0}, 3);
  p.alpha = {1};
  assert_values(unpacked(9, 1, p), {-4, -3, -2, -1, 0, 1, 2, 3, -4});
}

void test_asymmetric_four_bits(void**) {
  std::vector<int> table;
  for (int value = -8; value < 8; ++value) table.push_back(value);
  Packed p;
  p.asymmetric = true;
  p.minimum = -8;
  p.buffer = table_buffer(1, 4, table, {0, 1, 8, 15}, 4);
  p.half_alpha = {0x3c00, 0x3800};  // minimum 1, scale 0.5
  assert_values(unpacked(4, 1, p), {1.0f, 1.5f, 5.0f, 8.5f});
}

void test_sparse_table(void**) {
  Packed p;
  p.type = 2;
  p.buffer = {2};
  put16(p.buffer, 2);
  put16(p.buffer, 4);
  put32(p.buffer, 3);
  p.buffer.push_back(3);               // bits of a step
  put_fields(p.buffer, {1, 4, 2}, 3);  // places 1, 5, 7
  put_table(p.buffer, {-3, 2});
  put_fields(p.buffer, {1, 0, 1}, 1);
  p.alpha = {1, 10};
  assert_values(unpacked(4, 2, p), {0, 2, 0, 0, 0, -30, 0, 20});
}

void test_indexed(void**) {
  Packed p;
  p.alpha = {5, 6};
  p.index = {3, 0};
  p.dense = 4;
  assert_values(unpacked(2, 2, p), {6, 0, 0, 5});
}

void test_damaged_packing(void**) {
  Packed good;
  good.buffer = table_buffer(2, 2, {-1, 0, 1}, {0, 1, 2, 1}, 2);
  good.alpha = {1, 1};
  assert_int_equal(unpacked(2, 2, good).size(), 4);
  for (std::size_t length = 0; length < good.buffer.size(); ++length) {
    Packed p = good;
    p.buffer.resize(length);
    assert_packed_fails(p, Code::format, "truncated");
  }
  Packed outside = good;
  outside.buffer = table_buffer(2, 2, {-1, 0, 1}, {0, 3, 2, 1}, 2);
  assert_packed_fails(outside, Code::format, "table");
  Packed scales = good;
  scales.alpha = {1, 1, 1};
  assert_packed_fails(scales, Code::format, "3 scales");
  Packed none = good;
  none.alpha.clear();
  assert_packed_fails(none, Code::format, "0 scales");
  Packed factor = good;
  factor.factor = 0;
  assert_packed_fails(factor, Code::format, "factor");
  Packed type = good;
  type.type = 9;
  assert_packed_fails(type, Code::unsupported, "type 9");
  Packed activations = good;
  activations.int_scales = true;
  assert_packed_fails(activations, Code::unsupported, "rounded as the operator runs");
}

void test_sparse_cannot_ask_for_memory(void**) {
  Packed p;
  p.type = 2;
  p.wide = true;
  p.buffer = {2};
  put32(p.buffer, 30000);
  put32(p.buffer, 60000);
  put32(p.buffer, 1);
  p.buffer.push_back(8);
  p.buffer.push_back(0);
  put_table(p.buffer, {1});
  p.buffer.push_back(0);
  p.alpha = {1};
  assert_packed_fails(p, Code::format, "of which only 1");
  Packed indexed;
  indexed.alpha = {1};
  indexed.index = {0};
  indexed.dense = 4000000000u;
  assert_packed_fails(indexed, Code::format, "of which only 1");
  Packed behind;
  behind.alpha = {1};
  behind.index = {4};
  behind.dense = 4;
  assert_packed_fails(behind, Code::format, "behind their end");
}

void test_wrong_numbers(void**) {
  const Floats five{1, 2, 3, 4, 5}, four{1, 2, 3, 4}, one{1};
  Network odd;
  convolution(odd, 2, 2, [&](auto c) { return fb::CreateConvolution2DDirect(odd.builder, c, &five); });
  assert_import_fails(odd, Code::format, "5 weights");
  Network bias;
  convolution(bias, 2, 2, [&](auto c) { return fb::CreateConvolution2DDirect(bias.builder, c, &four, &one); });
  assert_import_fails(bias, Code::format, "1 biases for 2");
  Network none;
  convolution(none, 2, 2, [&](auto c) { return fb::CreateConvolution2DDirect(none.builder, c); });
  assert_import_fails(none, Code::format, "0 weights");
  Network bare;
  bare.input("x", {1, 2, 2, 2});
  bare.op(fb::OpType::Convolution, {"x"}, {"y"}, Network::main(fb::CreateConvolution2DDirect(bare.builder)));
  assert_import_fails(bare, Code::format, "common");
}

std::string raw(const Floats& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

Network external_network(const std::vector<std::int64_t>& external) {
  Network n;
  convolution(n, 2, 2, [&](auto common) {
    return fb::CreateConvolution2DDirect(n.builder, common, nullptr, nullptr, 0, 0, &external);
  });
  return n;
}

void test_weights_in_a_separate_file(void**) {
  TemporaryFolder folder;
  const std::string path = folder.path("net.mnn");
  folder.write("net.mnn.weight", "0123" + raw({1, 2, 3, 4, 5, 6}));
  Network n = external_network({4, 16, 8});
  const Graph graph = imported(n, path);
  assert_values(weights(graph), {1, 2, 3, 4});
  assert_values(values_of<float>(graph.at(maker_of(graph, "y").inputs.at(2))), {5, 6});

  Network in_memory = external_network({4, 16, 8});
  assert_import_fails(in_memory, Code::unsupported, "separate file");
  Network beyond = external_network({8, 16, 8});
  assert_fails(import_mnn(beyond.bytes(), path), Code::format, "net.mnn.weight");
  for (const std::int64_t offset : {std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    Network wild = external_network({offset, 16, 8});
    assert_fails(import_mnn(wild.bytes(), path), Code::format, "net.mnn.weight");
  }
  Network missing = external_network({4, 16, 8});
  assert_fails(import_mnn(missing.bytes(), folder.path("other.mnn")), Code::io, "other.mnn.weight");
}

void test_packed_weights_in_a_separate_file(void**) {
  TemporaryFolder folder;
  const Buffer buffer = table_buffer(2, 2, {-1, 0, 1}, {0, 1, 2, 1}, 2);
  const std::string packed(buffer.begin(), buffer.end());
  folder.write("net.mnn.weight", packed + raw({2, 3}) + raw({7, 8}));
  const std::vector<std::int64_t> external{0, static_cast<std::int64_t>(packed.size()), 8, 8, 0};
  Network n;
  convolution(n, 2, 2, [&](auto common) {
    const auto table = fb::CreatePackedWeightsDirect(n.builder, nullptr, nullptr, 1, 1.0f);
    return fb::CreateConvolution2DDirect(n.builder, common, nullptr, nullptr, table, 0, &external);
  });
  const Graph graph = imported(n, folder.path("net.mnn"));
  assert_values(weights(graph), {-2, 0, 3, 0});
  assert_values(values_of<float>(graph.at(maker_of(graph, "y").inputs.at(2))), {7, 8});
}

void test_constants(void**) {
  Network n;
  n.input("x", {2});
  const Ints dims{2};
  const std::vector<std::uint8_t> halves{0x00, 0x3c, 0x00, 0xc0};
  n.op(fb::OpType::Const, {}, {"h"},
       Network::main(fb::CreateBlobDirect(n.builder, &dims, fb::DataFormat::NCHW, fb::DataType::Half, &halves)));
  n.op(fb::OpType::BinaryOp, {"x", "h"}, {"y"}, Network::main(fb::CreateBinaryOp(n.builder)));
  const Graph graph = imported(n);
  assert_values(values_of<float>(tensor_named(graph, "h")), {1.0f, -2.0f});

  Network wrong;
  wrong.input("x", {2});
  wrong.floats("c", {3}, {1, 2});
  assert_import_fails(wrong, Code::format, "3 elements");
  Network huge;
  huge.input("x", {2});
  huge.floats("c", {65536, 65536}, {1});
  assert_import_fails(huge, Code::format, "too large");
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_plain_weights_and_bias),
      cmocka_unit_test(test_half_precision),
      cmocka_unit_test(test_int8_with_scales),
      cmocka_unit_test(test_first_int8_files_have_minimum_and_scale),
      cmocka_unit_test(test_table_of_odd_values),
      cmocka_unit_test(test_four_bits_with_groups),
      cmocka_unit_test(test_three_bits_straddle_bytes),
      cmocka_unit_test(test_asymmetric_four_bits),
      cmocka_unit_test(test_sparse_table),
      cmocka_unit_test(test_indexed),
      cmocka_unit_test(test_damaged_packing),
      cmocka_unit_test(test_sparse_cannot_ask_for_memory),
      cmocka_unit_test(test_wrong_numbers),
      cmocka_unit_test(test_weights_in_a_separate_file),
      cmocka_unit_test(test_packed_weights_in_a_separate_file),
      cmocka_unit_test(test_constants),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// How the file is laid out: constants in place and aligned, little beside the weights, the same bytes each time.
#include <cstring>

#include "base/file.h"
#include "model/bytes.h"
#include "model/graphs.h"
#include "model/model.h"
#include "support/temporary.h"

namespace octet::test {
namespace {

bool lies_in(const Bytes& part, const Bytes& whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

void assert_aligned(const Graph& graph) {
  for (const Tensor& tensor : graph.tensors) {
    if (!tensor.constant) continue;
    const std::size_t alignment = tensor.data.size() >= 1024 ? 64 : 16;
    assert_int_equal(reinterpret_cast<std::uintptr_t>(tensor.data.data()) % alignment, 0);
  }
}

void test_constants_are_used_in_place(void**) {
  const auto bytes = octet_bytes(int8_graph());
  assert_true(bytes.ok());
  const auto graph = read_octet(bytes.value(), "");
  assert_true(graph.ok());
  assert_aligned(graph.value());
  for (const Tensor& tensor : graph->tensors) {
    if (tensor.constant) assert_true(lies_in(tensor.data, bytes.value()));
  }
}

void test_constants_outlive_the_bytes(void**) {
  auto graph = [] { return read_octet(octet_bytes(int8_graph()).value(), "").value(); }();
  assert_same_graph(int8_graph(), graph);
}

void test_unaligned_memory_is_copied_once(void**) {
  const auto bytes = octet_bytes(int8_graph());
  assert_true(bytes.ok());
  for (const std::size_t shift : {1, 4, 8, 32, 63}) {
    std::vector<std::byte> space(bytes->size() + 128);
    const std::size_t start = (64 - reinterpret_cast<std::uintptr_t>(space.data()) % 64) % 64 + shift;
    std::memcpy(space.data() + start, bytes->data(), bytes->size());
    const auto graph = read_octet(Bytes(nullptr, space.data() + start, bytes->size()), "");
    assert_true(graph.ok());
    space.assign(space.size(), std::byte{0xff});  // what was read stands on its own
    assert_aligned(graph.value());
    assert_same_graph(int8_graph(), graph.value());
  }
}

void test_same_graph_gives_same_bytes(void**) {
  const auto first = octet_bytes(float_graph());
  const std::vector<std::vector<char>> disturbance(100, std::vector<char>(1000, 'x'));
  const auto second = octet_bytes(float_graph());
  assert_true(first.ok() && second.ok() && disturbance.size() == 100);
  assert_int_equal(first->size(), second->size());
  assert_memory_equal(first->data(), second->data(), first->size());
  const TemporaryFolder folder;
  assert_true(write_octet(float_graph(), folder.path("a")).ok());
  const auto file = map_file(folder.path("a"));
  assert_true(file.ok());
  assert_int_equal(first->size(), file->size());
  assert_memory_equal(first->data(), file->data(), first->size());
}

// Constants of other content must not be able to shine through the gaps between constants.
void test_padding_is_zero(void**) {
  Graph graph = int8_graph();
  for (Tensor& tensor : graph.tensors) {
    if (!tensor.constant) continue;
    tensor.data = Bytes::from(std::vector<std::byte>(tensor.data.size(), std::byte{1}));
  }
  const FileBytes file(graph);
  const std::size_t weights = file.vector(kWeights);
  std::size_t zeros = 0;
  for (std::size_t i = 0; i < file.vector_size(kWeights); ++i) {
    const auto value = file.get<std::uint8_t>(weights + i);
    assert_true(value <= 1);
    zeros += value == 0;
  }
  assert_true(zeros > 0);
}

void test_equal_constants_are_stored_once(void**) {
  GraphBuilder b;
  TensorId x = b.input("x", {1, 64});
  for (const char* name : {"a", "b", "c"}) {
    const TensorId weight =
        b.graph.add_constant(std::string(name) + ".w", DType::f32, {64, 64}, std::vector<float>(64 * 64, 0.5F));
    x = b.node(Op::gemm, name, {x, weight});
  }
  b.graph.outputs = {x};
  const FileBytes file(b.graph);
  assert_true(file.bytes().size() < 64 * 64 * 4 + 2048);
  assert_true(file.read().ok());
  assert_same_graph(b.graph, file.read().value());
}

void test_kind_of_file_is_told_by_its_first_bytes(void**) {
  const auto bytes = octet_bytes(int8_graph());
  assert_true(bytes.ok());
  assert_true(is_octet(bytes->span()));
  assert_true(is_octet(bytes->span().first(8)));
  assert_false(is_octet(bytes->span().first(7)));
  assert_false(is_octet({}));
  const std::vector<std::byte> other(100, std::byte{8});
  assert_false(is_octet(other));
  const Status status = read_octet(Bytes::from(other), "picture.png").status();
  assert_failed(status, Code::format, "'picture.png': is not a .octet file");
}

// The layers of a detector of 320 x 240 pixels with 52 convolutions: as small as networks of some use become.
Graph small_detector() {
  GraphBuilder b;
  b.graph.source_format = "mnn";
  TensorId x = b.node(Op::quantize, "input/int8", {b.input("input", {1, 3, 240, 320})}, {}, {1.0F / 127, 0});
  int number = 245;
  const auto conv = [&](TensorId from, std::int64_t outputs, std::int64_t kernel, std::int64_t stride, bool depthwise) {
    Attributes attrs = window_of(kernel, stride, kernel / 2);
    attrs.clamp.low = 0;
    if (depthwise) attrs.groups = outputs;
    number += 3;
    const std::string name = "basenet.conv." + std::to_string(number) + "___tr";
    return b.int8_conv(name, from, outputs, kernel, attrs, {0.01F + static_cast<float>(number) / 4096, -128});
  };
  x = conv(x, 16, 3, 2, false);
  const std::int64_t widths[] = {32, 32, 32, 64, 64, 64, 64, 64, 64, 64, 64, 128, 128, 128, 128, 256, 256, 256};
  std::vector<TensorId> taps;
  for (std::size_t i = 0; i < std::size(widths); ++i) {
    const std::int64_t stride = i == 1 || i == 3 || i == 11 || i == 15 ? 2 : 1;
    x = conv(x, b.graph.at(x).dims[1], 3, stride, true);
    x = conv(x, widths[i], 1, 1, false);
    if (i == 7 || i == 10 || i == 14 || i == 17) taps.push_back(x);
  }
  for (const TensorId tap : taps) {
    for (const std::int64_t values : {8, 16}) {
      const TensorId head = conv(conv(tap, b.graph.at(tap).dims[1], 3, 1, true), values, 1, 1, false);
      Attributes attrs;
      attrs.axes = {0, 2, 3, 1};
      const Quant quant = b.graph.at(head).quant;
      const TensorId turned = b.node(Op::transpose, std::to_string(number) + "/t", {head}, attrs, quant);
      attrs = {};
      attrs.sizes = {1, -1, values / 4};
      const TensorId flat = b.node(Op::reshape, std::to_string(number) + "/r", {turned}, attrs, quant);
      b.graph.outputs.push_back(b.node(Op::dequantize, std::to_string(number), {flat}));
    }
  }
  return b.graph;
}

std::size_t constant_bytes(const Graph& graph) {
  std::size_t bytes = 0;
  for (const Tensor& tensor : graph.tensors) bytes += tensor.data.size();
  return bytes;
}

void test_structure_is_small(void**) {
  const Graph graph = small_detector();
  std::size_t convolutions = 0;
  std::size_t activation_names = 0;
  for (const Node& node : graph.nodes) convolutions += node.op == Op::conv;
  for (const Tensor& tensor : graph.tensors) activation_names += tensor.constant ? 0 : tensor.name.size();
  const auto bytes = octet_bytes(graph);
  assert_true(bytes.ok());
  const std::size_t weights = constant_bytes(graph);
  const std::size_t structure = bytes->size() - weights;
  print_message("%zu convolutions, %zu nodes, %zu bytes of constants, %zu bytes of structure (%zu of names): %.2f %%\n",
                convolutions, graph.nodes.size(), weights, structure, activation_names,
                100.0 * static_cast<double>(structure) / static_cast<double>(weights));
  assert_true(structure * 100 < weights * 3);
  assert_true(structure - activation_names < graph.nodes.size() * 80);
}

void test_failed_write_leaves_nothing(void**) {
  const TemporaryFolder folder;
  const std::string path = folder.write("model.octet", "what was there");
  Graph graph = int8_graph();
  graph.outputs = {99};
  assert_failed(write_octet(graph, path), Code::format, path);
  assert_int_equal(map_file(path)->size(), std::strlen("what was there"));
  assert_int_equal(write_octet(int8_graph(), folder.path("no/such/folder")).code(), Code::io);
  assert_int_equal(list_files(folder.path())->size(), 1);
}

void test_graph_that_cannot_be_executed_is_not_written(void**) {
  GraphBuilder b;
  b.graph.outputs = {b.node(Op::flatten, "flatten", {b.input("x", {1, 2, 3})})};
  const auto bytes = octet_bytes(b.graph);
  assert_failed(bytes.status(), Code::unsupported, "flatten");
  Graph graph = int8_graph();
  graph.recipe.center_crop_h = 0;
  assert_false(octet_bytes(graph).ok());
}

void test_what_does_not_fit_into_a_file_is_refused(void**) {
  GraphBuilder b;
  TensorId x = b.input("x", {1});
  for (int i = 0; i < 65535; ++i) x = b.node(Op::unary, "", {x});
  b.graph.outputs = {x};
  const auto bytes = octet_bytes(b.graph);
  assert_failed(bytes.status(), Code::unsupported, "65536 tensors");

  // Refused before a byte of it is read: there is none.
  Graph large = int8_graph();
  alignas(64) static const std::byte nothing[64] = {};
  const std::size_t size = std::size_t{1} << 31;
  large.add_constant("", DType::u8, {static_cast<std::int64_t>(size)}, Bytes(nullptr, nothing, size));
  assert_failed(octet_bytes(large).status(), Code::unsupported, "weights are larger");

  Graph graph = int8_graph();
  graph.name = std::string(std::size_t{1} << 25, 'n');
  assert_failed(octet_bytes(graph).status(), Code::unsupported, "bytes of names");
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_constants_are_used_in_place),
      cmocka_unit_test(test_constants_outlive_the_bytes),
      cmocka_unit_test(test_unaligned_memory_is_copied_once),
      cmocka_unit_test(test_same_graph_gives_same_bytes),
      cmocka_unit_test(test_padding_is_zero),
      cmocka_unit_test(test_equal_constants_are_stored_once),
      cmocka_unit_test(test_kind_of_file_is_told_by_its_first_bytes),
      cmocka_unit_test(test_structure_is_small),
      cmocka_unit_test(test_failed_write_leaves_nothing),
      cmocka_unit_test(test_graph_that_cannot_be_executed_is_not_written),
      cmocka_unit_test(test_what_does_not_fit_into_a_file_is_refused),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

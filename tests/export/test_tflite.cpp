// What .tflite files say: orders of dimensions, types, versions; and what is refused.
#include <map>

#include "export/through_file.h"
#include "tflite_generated.h"

namespace octet::test {
namespace {

namespace fb = tflite_file;

const Quant kIn{0.03F, -7};
const Quant kOut{0.05F, 11};

struct File {
  std::string bytes;
  const fb::Model* model = nullptr;

  const fb::SubGraph& graph() const { return *model->subgraphs()->Get(0); }
  fb::BuiltinOperator kind(const fb::Operator& op) const {
    return model->operator_codes()->Get(op.opcode_index())->builtin_code();
  }
  int count(fb::BuiltinOperator wanted) const {
    int found = 0;
    for (const fb::Operator* op : *graph().operators()) found += kind(*op) == wanted ? 1 : 0;
    return found;
  }
  int version(fb::BuiltinOperator wanted) const {
    for (const fb::OperatorCode* code : *model->operator_codes()) {
      if (code->builtin_code() == wanted) return code->version();
    }
    return 0;
  }
  const fb::Tensor& tensor(const std::string& name) const {
    for (const fb::Tensor* tensor : *graph().tensors()) {
      if (tensor->name()->str() == name) return *tensor;
    }
    fail_msg("there is no tensor '%s'", name.c_str());
    return *graph().tensors()->Get(0);
  }
};

File file_of(const Graph& graph) {
  auto bytes = exported(graph, "tflite");
  expect_ok(bytes.status());
  File file{*std::move(bytes), nullptr};
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(file.bytes.data()), file.bytes.size());
  assert_true(fb::VerifyModelBuffer(verifier));
  file.model = fb::GetModel(file.bytes.data());
  return file;
}

TensorId conv(GraphBuilder& b, const std::string& name, TensorId x, Attributes attrs = window(3, 1, {1, 1, 1, 1})) {
  return b.add(Op::conv, name, {x, b.noise(name + "/w", {3, 3, 3, 3})}, [&](Attributes& a) { a = attrs; });
}

void test_transposes_only_where_needed(void**) {
  // Two for an interface of N, C, H, W, whatever lies between.
  const Graph planes = float_network({{1, 3, 6, 6}}, [](GraphBuilder& b, std::vector<TensorId> in) {
    const TensorId x = b.unary(UnaryKind::relu, "r", conv(b, "a", in[0]));
    const TensorId both = b.add(Op::concat, "c", {x, conv(b, "b", x)}, [](Attributes& a) { a.axis = 1; });
    const TensorId part = b.add(Op::slice, "s", {both},
                                [](Attributes& a) { a.axes = {1}, a.starts = {2}, a.sizes = {5}, a.steps = {1}; });
    return b.binary(BinaryKind::add, "y", conv(b, "d", part), x);
  });
  assert_int_equal(file_of(planes).count(fb::BuiltinOperator::TRANSPOSE), 2);
  // None for one of N, H, W, C: those of the graph are names of what is there.
  const Graph pixels = float_network({{1, 6, 6, 3}}, [](GraphBuilder& b, std::vector<TensorId> in) {
    const TensorId x = b.add(Op::transpose, "in", {in[0]}, [](Attributes& a) { a.axes = {0, 3, 1, 2}; });
    return b.add(Op::transpose, "out", {conv(b, "a", x)}, [](Attributes& a) { a.axes = {0, 2, 3, 1}; });
  });
  assert_int_equal(file_of(pixels).count(fb::BuiltinOperator::TRANSPOSE), 0);
  // None where all but one dimension are 1.
  const Graph one = float_network({{1, 3, 1, 1}}, [](GraphBuilder& b, std::vector<TensorId> in) {
    const TensorId y = b.add(Op::conv, "a", {in[0], b.noise("w", {5, 3, 1, 1})});
    return b.add(Op::reshape, "y", {y}, [](Attributes& a) { a.sizes = {1, 5}; });
  });
  assert_int_equal(file_of(one).count(fb::BuiltinOperator::TRANSPOSE), 0);
  for (const Graph* graph : {&planes, &pixels, &one}) {
    check_round_trip(*graph, "tflite", Same::nearly, "orders of dimensions");
  }
}

void test_pads(void**) {
  const auto count = [](const Attributes& attrs, const Dims& dims) {
    const Graph graph =
        float_network({dims}, [&](GraphBuilder& b, std::vector<TensorId> in) { return conv(b, "y", in[0], attrs); });
    return file_of(graph).count(fb::BuiltinOperator::PAD);
  };
  assert_int_equal(count(window(3, 1, {1, 1, 1, 1}), {1, 3, 7, 7}), 0);  // SAME
  assert_int_equal(count(window(3, 2, {}), {1, 3, 7, 7}), 0);            // VALID
  assert_int_equal(count(window(3, 2, {1, 1, 1, 1}), {1, 3, 7, 7}), 0);  // SAME: an odd size
  assert_int_equal(count(window(3, 2, {1, 1, 1, 1}), {1, 3, 8, 8}), 1);  // SAME would begin at 0
}

void test_types_and_versions(void**) {
  const Graph graph = int8_network({{1, 2, 4, 4}}, kIn, kOut, [](GraphBuilder& b, std::vector<TensorId> in) {
    return int8_linear(b, Op::conv, in[0], {3, 2, 1, 1}, window(1, 1, {}));
  });
  const File file = file_of(graph);
  assert_int_equal(file.version(fb::BuiltinOperator::CONV_2D), 3);
  assert_int_equal(file.version(fb::BuiltinOperator::DEQUANTIZE), 2);
  const fb::Tensor& weight = file.tensor("w");
  assert_true(weight.type() == fb::TensorType::INT8);
  assert_int_equal(weight.quantization()->scale()->size(), 3);
  assert_int_equal(weight.quantization()->quantized_dimension(), 0);
  assert_int_equal(weight.quantization()->zero_point()->Get(2), 0);
  assert_true(file.tensor("bias").type() == fb::TensorType::INT32);
  const fb::Tensor& y = file.tensor("y:0");
  assert_true(y.type() == fb::TensorType::INT8);
  assert_int_equal(y.quantization()->zero_point()->Get(0), kOut.zero_point);
  assert_true(y.quantization()->scale()->Get(0) == kOut.scale);
  assert_int_equal(y.shape()->Get(3), 3);  // channels last
  for (const std::int32_t id : *file.graph().inputs()) {
    assert_true(file.graph().tensors()->Get(static_cast<unsigned>(id))->type() == fb::TensorType::FLOAT32);
  }
  // Buffer 0 is empty, and constants lie aligned.
  assert_null(file.model->buffers()->Get(0)->data());
  const auto* data = file.model->buffers()->Get(weight.buffer())->data();
  assert_int_equal((reinterpret_cast<const char*>(data->data()) - file.bytes.data()) % 16, 0);
}

// FULLY_CONNECTED has one scale: scales by output become a convolution of one pixel.
void test_matrices_of_int8(void**) {
  for (const bool one_scale : {true, false}) {
    const Graph graph = int8_network({{2, 8}}, kIn, kOut, [&](GraphBuilder& b, std::vector<TensorId> in) {
      return int8_linear(b, Op::gemm, in[0], {5, 8}, {}, one_scale);
    });
    const File file = file_of(graph);
    assert_int_equal(file.count(fb::BuiltinOperator::FULLY_CONNECTED), one_scale ? 1 : 0);
    assert_int_equal(file.count(fb::BuiltinOperator::CONV_2D), one_scale ? 0 : 1);
    assert_int_equal(file.tensor("w").quantization()->scale()->size(), one_scale ? 1 : 5);
  }
}

void test_all_that_is_refused_in_one_message(void**) {
  const Graph graph = float_network({{1, 8, 4, 4}}, [](GraphBuilder& b, std::vector<TensorId> in) {
    const TensorId x = b.add(Op::depth_to_space, "places", {in[0]}, [](Attributes& a) { a.block = 2, a.crd = true; });
    const TensorId y =
        b.add(Op::pad, "edges", {x}, [](Attributes& a) { a.sizes = {0, 0, 1, 1, 0, 0, 1, 1}, a.pad = PadKind::edge; });
    const TensorId z = b.add(Op::resize, "cubic", {y}, [](Attributes& a) {
      a.sizes = {20, 20}, a.resize = ResizeKind::cubic;
    });
    const TensorId pool = b.add(Op::max_pool, "holes", {z}, [](Attributes& a) { a = window(3, 1, {}, 1, 2); });
    const TensorId up = b.add(Op::conv_transpose, "groups", {pool, b.noise("w", {2, 1, 2, 2})},
                              [](Attributes& a) { a = window(2, 2, {}, 2); });
    return b.unary(UnaryKind::erf, "error", up);
  });
  expect_failure(exported(graph, "tflite").status(), Code::unsupported,
                 {".tflite cannot carry", "'places'", "'edges'", "'cubic'", "'holes'", "'groups'", "'error'"});
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_transposes_only_where_needed),
      cmocka_unit_test(test_pads),
      cmocka_unit_test(test_types_and_versions),
      cmocka_unit_test(test_matrices_of_int8),
      cmocka_unit_test(test_all_that_is_refused_in_one_message),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// Int8 networks as .mnn: the file says what MNN's quantizer would, and comes back as the same int8 operators with the
// same answers, to the last bit.
#include <limits>

#include "export/mnn_round_trip.h"
#include "mnn_generated.h"

namespace octet::test {
namespace {

namespace fb = octet::mnn_file;
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr Quant kIn{0.05F, 3};
constexpr Quant kMiddle{0.04F, -128};
constexpr Quant kOut{0.11F, -7};

// Networks in int8, built as quantized files say them and fused.
class Int8Network {
 public:
  GraphBuilder b;

  TensorId quantize(TensorId x, const Quant& quant) {
    const TensorId id = b.add(Op::quantize, "q" + std::to_string(++count_), {x});
    b.graph.at(id).quant = quant;
    b.graph.at(id).dtype = DType::i8;
    return id;
  }
  TensorId through(TensorId x, const Quant& quant) {
    return b.add(Op::dequantize, "d" + std::to_string(count_ + 1), {quantize(x, quant)});
  }
  // Weights with a scale for each element of dimension 0.
  TensorId weights(const std::string& name, Dims dims) {
    const auto count = static_cast<std::size_t>(element_count(dims));
    const ByteVector integers = random_bytes(count, 7, -127, 127);
    std::vector<float> scales, values(count);
    for (std::int64_t o = 0; o < dims[0]; ++o) scales.push_back(0.002F + 0.0005F * static_cast<float>(o));
    for (std::size_t i = 0; i < count; ++i) {
      values[i] = scales[i / (count / scales.size())] * static_cast<float>(integers[i]);
    }
    const TensorId id = b.floats(name, std::move(dims), values);
    b.graph.at(id).scales = scales;
    return id;
  }
  TensorId conv(const std::string& name, TensorId x, Dims dims, std::int64_t groups, Clamp clamp) {
    const TensorId weight = weights(name + "/w", dims), bias = b.noise(name + "/b", {dims[0]});
    return b.add(Op::conv, name, {x, weight, bias}, [&](Attributes& attrs) {
      attrs.window.kernel = {dims[2], dims[3]};
      attrs.window.pads = {dims[2] / 2, dims[3] / 2, dims[2] / 2, dims[3] / 2};
      attrs.groups = groups;
      attrs.clamp = clamp;
    });
  }
  Graph fused(TensorId output) {
    b.output(output);
    expect_ok(infer_shapes(b.graph));
    expect_ok(prepare_graph(b.graph));
    return b.graph;
  }

 private:
  int count_ = 0;
};

std::size_t count_of(const Graph& graph, Op op, DType dtype) {
  return static_cast<std::size_t>(std::count_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
    return node.op == op && graph.at(node.outputs[0]).dtype == dtype;
  }));
}

// The same answers from the same int8 nodes.
Graph expect_exact(const Graph& graph) {
  const Graph after = read_back(kMnnImporter, written(kMnnExporter, graph));
  expect_same(graph, after, 0);
  for (const Op op : {Op::binary, Op::max_pool, Op::concat}) {
    assert_int_equal(count_of(after, op, DType::i8), count_of(graph, op, DType::i8));
  }
  // A fully connected layer comes back as a 1x1 convolution.
  const std::size_t layers = count_of(graph, Op::conv, DType::i8) + count_of(graph, Op::gemm, DType::i8);
  assert_int_equal(count_of(after, Op::conv, DType::i8), layers);
  return after;
}

Graph chain(Clamp clamp) {
  Int8Network n;
  const TensorId x = n.through(n.b.input("x", {1, 4, 9, 11}), kIn);
  const TensorId a = n.through(n.conv("first", x, {6, 4, 3, 3}, 1, clamp), kMiddle);
  const TensorId c = n.through(n.conv("second", a, {6, 1, 3, 3}, 6, {0, kInfinity}), {0.07F, -128});
  return n.fused(n.through(n.conv("third", c, {5, 6, 1, 1}, 1, {}), kOut));
}

void test_convolutions(void**) {
  for (const Clamp clamp : {Clamp{0, kInfinity}, Clamp{0, 6}, Clamp{}, Clamp{-1, 2}}) {
    const Graph graph = chain(clamp);
    assert_int_equal(count_of(graph, Op::conv, DType::i8), 3);
    expect_exact(graph);
  }
}

// What MNN reads: int8 weights with a scale a channel, scales of tensors, no float weights.
void test_what_the_file_says(void**) {
  const Graph graph = chain({0, 6});
  const std::string file = written(kMnnExporter, graph);
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(file.data()), file.size());
  assert_true(fb::VerifyNetBuffer(verifier));
  const fb::Net* net = fb::GetNet(file.data());
  assert_int_equal(static_cast<std::size_t>(net->tensor_number()), net->tensor_names()->size());
  std::size_t convolutions = 0;
  for (const fb::Op* op : *net->ops()) {
    const fb::Convolution2D* convolution = op->main_as_Convolution2D();
    if (convolution == nullptr) continue;
    ++convolutions;
    const auto channels = static_cast<std::size_t>(convolution->common()->output_count());
    assert_null(convolution->weight());
    assert_int_equal(convolution->bias()->size(), channels);
    assert_int_equal(convolution->packed()->alpha()->size(), channels);
    assert_int_equal(convolution->packed()->type(), 4);
    assert_true(convolution->packed()->quant_scale() == 1);
    assert_true(convolution->packed()->scale_in() > 0 && convolution->packed()->scale_out() > 0);
    assert_int_equal(convolution->symmetric()->bits(), 8);
    assert_true((op->type() == fb::OpType::ConvolutionDepthwise) == (convolution->common()->group() == 6));
  }
  assert_int_equal(convolutions, 3);
  bool clamped = false;
  for (const fb::TensorDescribe* describe : *net->extra_describe()) {
    assert_true(describe->index() >= 0 && describe->index() < net->tensor_number());
    const fb::TensorQuantInfo* quant = describe->quant();
    assert_true(quant->type() == fb::DataType::Int8 && quant->scale() > 0);
    assert_true(quant->min() >= -128 && quant->max() <= 127);
    clamped = clamped || (quant->scale() == kMiddle.scale && quant->max() == 22);  // 6 / 0.04 - 128
  }
  assert_true(clamped);
}

void test_matrix(void**) {
  Int8Network n;
  const TensorId x = n.through(n.b.input("x", {3, 17}), kIn);
  const TensorId y = n.b.add(Op::gemm, "fc", {x, n.weights("w", {5, 17}), n.b.noise("b", {5})});
  expect_exact(n.fused(n.through(y, kOut)));
}

// A sum of two scales, clamped; pools; joined tensors, one of which has another scale.
void test_between_layers(void**) {
  for (const Clamp clamp : {Clamp{}, Clamp{0, kInfinity}, Clamp{-1, 1}}) {
    Int8Network n;
    const TensorId x = n.through(n.b.input("x", {1, 4, 8, 8}), kIn);
    const TensorId a = n.through(n.conv("a", x, {4, 4, 1, 1}, 1, {}), {0.09F, 5});
    const TensorId c = n.through(n.conv("c", x, {4, 4, 1, 1}, 1, {}), kMiddle);
    const TensorId sum = n.b.binary(BinaryKind::add, "sum", a, c);
    n.b.graph.nodes.back().attrs.clamp = clamp;
    const TensorId s = n.through(sum, kOut);
    const TensorId pool = n.through(n.b.add(Op::max_pool, "pool", {s},
                                            [](Attributes& attrs) {
                                              attrs.window.kernel = {3, 3};
                                              attrs.window.stride = {2, 2};
                                              attrs.window.pads = {1, 1, 1, 1};
                                            }),
                                    kOut);
    expect_exact(n.fused(n.through(n.conv("last", pool, {2, 4, 1, 1}, 1, {}), kIn)));
  }
}

void test_concat(void**) {
  Int8Network n;
  const TensorId x = n.through(n.b.input("x", {1, 4, 8, 8}), kIn);
  const TensorId a = n.through(n.conv("a", x, {4, 4, 1, 1}, 1, {}), kOut);
  const TensorId c = n.through(n.conv("c", x, {4, 4, 1, 1}, 1, {}), kOut);
  const TensorId both = n.b.add(Op::concat, "both", {a, c}, [](Attributes& attrs) { attrs.axis = 1; });
  expect_exact(n.fused(n.through(n.conv("last", n.through(both, kOut), {2, 8, 1, 1}, 1, {}), kIn)));
}

// int8 of one scale to another, and floats that int8 and float nodes read.
void test_boundaries(void**) {
  Int8Network n;
  const TensorId x = n.through(n.b.input("x", {1, 4, 8, 8}), kIn);
  const TensorId a = n.through(n.conv("a", x, {4, 4, 1, 1}, 1, {}), kOut);
  const TensorId again = n.through(a, kMiddle);  // requantize
  n.b.output(n.through(n.conv("c", again, {3, 4, 1, 1}, 1, {}), kIn));
  const TensorId floats = n.b.unary(UnaryKind::tanh, "t", a);
  n.b.output(n.b.unary(UnaryKind::neg, "read", floats));
  const Graph graph = n.fused(n.through(n.conv("d", n.through(floats, {0.01F, 0}), {2, 4, 1, 1}, 1, {}), kIn));
  assert_int_equal(count_of(graph, Op::requantize, DType::i8), 1);
  const Graph after = expect_exact(graph);
  assert_int_equal(count_of(after, Op::requantize, DType::i8), 1);
}

// A head that gives floats: MNN must not hand the scale of what it reads to it.
void test_float_head(void**) {
  Int8Network n;
  const TensorId x = n.through(n.b.input("x", {1, 4, 8, 8}), kIn);
  const TensorId a = n.through(n.conv("a", x, {5, 4, 1, 1}, 1, {}), kOut);
  const TensorId mean = n.b.add(Op::average_pool, "mean", {a}, [](Attributes& attrs) { attrs.window.kernel = {8, 8}; });
  const Graph graph = n.fused(mean);
  const std::string file = written(kMnnExporter, graph);
  expect_same(graph, read_back(kMnnImporter, file), 1e-6F);
  const fb::Net* net = fb::GetNet(file.data());
  for (const fb::Op* op : *net->ops()) {
    if (op->type() != fb::OpType::Pooling) continue;
    for (const fb::TensorDescribe* describe : *net->extra_describe()) {
      assert_true(describe->index() != op->inputs()->Get(0) && describe->index() != op->outputs()->Get(0));
    }
  }
}

// Grouped convolutions that are not depthwise: MNN has no int8 form, so that their weights are floats of the integers.
void test_grouped_convolution(void**) {
  Int8Network n;
  const TensorId x = n.through(n.b.input("x", {1, 4, 8, 8}), kIn);
  const Graph graph = n.fused(n.through(n.conv("a", x, {6, 2, 3, 3}, 2, {}), kOut));
  const Graph after = read_back(kMnnImporter, written(kMnnExporter, graph));
  expect_same(graph, after, 0.12F);  // a quantum: float sums round otherwise
}

// Scales of weights below what MNN's depthwise convolution takes.
void test_tiny_depthwise_scales(void**) {
  Int8Network n;
  const TensorId x = n.through(n.b.input("x", {1, 3, 6, 6}), kIn);
  const TensorId weight = n.weights("w", {3, 1, 1, 1});
  Tensor& tensor = n.b.graph.at(weight);
  tensor.scales[1] = 1e-8F;
  std::vector<float> values(tensor.data.as<float>().begin(), tensor.data.as<float>().end());
  values[1] = 1e-8F * 100;
  tensor.data = Bytes::from(values);
  const TensorId y = n.b.add(Op::conv, "tiny", {x, weight}, [](Attributes& attrs) { attrs.groups = 3; });
  const Graph graph = n.fused(n.through(y, kOut));
  const std::string file = written(kMnnExporter, graph);
  const fb::Net* net = fb::GetNet(file.data());
  for (const fb::Op* op : *net->ops()) {
    const fb::Convolution2D* convolution = op->main_as_Convolution2D();
    if (convolution == nullptr) continue;
    assert_true(convolution->packed()->alpha()->Get(1) == 1e-6F);
    assert_int_equal(static_cast<std::int8_t>(convolution->packed()->buffer()->Get(1)), 1);
  }
  expect_same(graph, read_back(kMnnImporter, file), 0.12F);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_convolutions),
      cmocka_unit_test(test_what_the_file_says),
      cmocka_unit_test(test_matrix),
      cmocka_unit_test(test_between_layers),
      cmocka_unit_test(test_concat),
      cmocka_unit_test(test_boundaries),
      cmocka_unit_test(test_float_head),
      cmocka_unit_test(test_grouped_convolution),
      cmocka_unit_test(test_tiny_depthwise_scales),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

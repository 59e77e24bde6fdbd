// Operators of .mnn files that reorder, cut and join tensors, and the order of dimensions that files keep them in.
#include "import/mnn/network.h"

namespace octet::test {
namespace {

using Parameters = std::pair<fb::OpParameter, flatbuffers::Offset<void>>;

const Dims& shape(const Graph& graph, std::string_view name = "y") { return tensor_named(graph, name).dims; }

// 0, 1, 2, ... of the shape through one operator, computed.
struct Computed {
  Dims dims;
  Floats values;
};

template <class Make>
Computed computed_by(const Ints& dims, fb::OpType type, Make make, const std::vector<Ints>& more = {}) {
  Network n;
  n.input("unused", {1});
  std::int32_t count = 1;
  for (const std::int32_t dim : dims) count *= dim;
  Floats values;
  for (std::int32_t i = 0; i < count; ++i) values.push_back(static_cast<float>(i));
  n.floats("c", dims, values);
  Names inputs{"c"};
  for (const Ints& list : more) {
    inputs.push_back("list" + std::to_string(inputs.size()));
    n.ints(inputs.back(), list);
  }
  n.op(type, inputs, {"y"}, make(n.builder));
  n.outputs = {"y"};
  const Graph graph = folded(n);
  return {shape(graph), computed<float>(graph, "y")};
}

using B = flatbuffers::FlatBufferBuilder;

void test_reshape(void**) {
  const auto reshape = [](const Ints& dims) {
    return [dims](B& b) { return Network::main(fb::CreateReshapeDirect(b, &dims, fb::DataFormat::NCHW)); };
  };
  assert_true(computed_by({2, 3, 4}, fb::OpType::Reshape, reshape({0, -1})).dims == Dims({2, 12}));
  assert_true(computed_by({1, 1}, fb::OpType::Reshape, reshape({})).dims.empty());
  const auto by_input = [](B& b) { return Network::main(fb::CreateReshapeDirect(b)); };
  assert_true(computed_by({2, 3, 4}, fb::OpType::Reshape, by_input, {{4, -1, 2}}).dims == Dims({4, 3, 2}));
}

// Old files reshape images in the order N, H, W, C although they keep them as N, C, H, W.
void test_reshape_by_nhwc(void**) {
  const auto build = [](bool by_input) {
    Network n;
    n.input("unused", {1});
    n.floats("c", {1, 2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7}, fb::DataFormat::NC4HW4);  // channel 0: 0..3, channel 1: 4..7
    const Ints sizes{1, 4, 1, 2};  // N, C, H, W: as the converter writes the list inside the operator
    Names inputs{"c"};
    if (by_input) {
      n.ints("size", {1, 1, 2, 4});
      inputs.emplace_back("size");
    }
    n.op(fb::OpType::Reshape, inputs, {"y"},
         Network::main(fb::CreateReshapeDirect(n.builder, by_input ? nullptr : &sizes, fb::DataFormat::NHWC)));
    n.outputs = {"y"};
    return folded(n);
  };
  for (const bool by_input : {false, true}) {
    const Graph graph = build(by_input);
    assert_true(shape(graph) == Dims({1, 4, 1, 2}));
    // In N, H, W, C order: 0 4 1 5 2 6 3 7; as 1x1x2x4 the pixels are (0 4 1 5) and (2 6 3 7).
    assert_values(computed<float>(graph, "y"), {0, 2, 4, 6, 1, 3, 5, 7});
  }
}

void test_flatten(void**) {
  const auto flatten = [](std::int32_t axis, std::int32_t end) {
    return [=](B& b) { return Network::main(fb::CreateFlatten(b, axis, end)); };
  };
  assert_true(computed_by({2, 3, 4, 5}, fb::OpType::Flatten, flatten(2, 0)).dims == Dims({6, 20}));
  assert_true(computed_by({2, 3, 4, 5}, fb::OpType::Flatten, flatten(1, -1)).dims == Dims({2, 60}));
  assert_true(computed_by({2, 3, 4, 5}, fb::OpType::Flatten, flatten(1, 2)).dims == Dims({2, 12, 5}));
  assert_true(computed_by({2, 3, 4, 5}, fb::OpType::Flatten, flatten(-3, -2)).dims == Dims({2, 12, 5}));
}

void test_squeeze_and_unsqueeze(void**) {
  const auto axes = [](const Ints& list) {
    return [list](B& b) { return Network::main(fb::CreateSqueezeParamDirect(b, list.empty() ? nullptr : &list)); };
  };
  assert_true(computed_by({1, 3, 1}, fb::OpType::Squeeze, axes({})).dims == Dims({3}));
  assert_true(computed_by({1, 3, 1}, fb::OpType::Squeeze, axes({-1})).dims == Dims({1, 3}));
  assert_true(computed_by({1, 3, 1}, fb::OpType::Squeeze, axes({}), {{0}}).dims == Dims({3, 1}));
  assert_true(computed_by({3, 2}, fb::OpType::Unsqueeze, axes({0, 3})).dims == Dims({1, 3, 2, 1}));
  assert_true(computed_by({3, 2}, fb::OpType::Unsqueeze, axes({}), {{1}}).dims == Dims({3, 1, 2}));
  const auto expand = [](B& b) { return Network::main(fb::CreateExpandDims(b, -1)); };
  assert_true(computed_by({3, 2}, fb::OpType::ExpandDims, expand).dims == Dims({3, 2, 1}));
  assert_true(computed_by({3, 2}, fb::OpType::ExpandDims, expand, {{0}}).dims == Dims({1, 3, 2}));
}

void test_permutations(void**) {
  const Ints order{1, 0};
  const Computed permuted =
      computed_by({2, 3}, fb::OpType::Permute, [&](B& b) { return Network::main(fb::CreatePermuteDirect(b, &order)); });
  assert_true(permuted.dims == Dims({3, 2}));
  assert_values(permuted.values, {0, 3, 1, 4, 2, 5});
  const Computed reversed =
      computed_by({2, 3, 1}, fb::OpType::Permute, [](B& b) { return Network::main(fb::CreatePermuteDirect(b)); });
  assert_true(reversed.dims == Dims({1, 3, 2}));
  const Computed transposed = computed_by({2, 3}, fb::OpType::Transpose, [](B&) { return Parameters(); }, {{1, 0}});
  assert_values(transposed.values, {0, 3, 1, 4, 2, 5});
}

void test_joining(void**) {
  Network n;
  n.input("unused", {1});
  n.floats("a", {2, 1}, {1, 2});
  n.floats("b", {2, 1}, {3, 4});
  n.op(fb::OpType::Concat, {"a", "b"}, {"joined"}, Network::main(fb::CreateAxis(n.builder, -1)));
  n.op(fb::OpType::Pack, {"a", "b"}, {"packed"}, Network::main(fb::CreatePackParam(n.builder, 0)));
  n.op(fb::OpType::Unpack, {"joined"}, {"first", "second"}, Network::main(fb::CreateAxis(n.builder, 1)));
  n.outputs = {"joined", "packed", "second"};
  const Graph graph = folded(n);
  assert_values(computed<float>(graph, "joined"), {1, 3, 2, 4});
  assert_true(shape(graph, "packed") == Dims({2, 2, 1}));
  assert_values(computed<float>(graph, "second"), {3, 4});
}

std::vector<Dims> cut(fb::NetSource source, const Ints& points, std::size_t parts, const Ints& input = {}) {
  Network n;
  n.input("x", {1, 10, 2, 2});
  Names inputs{"x"}, outputs;
  if (!input.empty()) {
    n.ints("sizes", input);
    inputs.emplace_back("sizes");
  }
  for (std::size_t i = 0; i < parts; ++i) outputs.push_back("part" + std::to_string(i));
  n.op(fb::OpType::Slice, inputs, outputs,
       Network::main(fb::CreateSliceDirect(n.builder, 1, points.empty() ? nullptr : &points, source)));
  n.outputs = outputs;
  const Graph graph = folded(n);
  std::vector<Dims> result;
  for (const std::string& name : outputs) result.push_back(shape(graph, name));
  return result;
}

void test_slice(void**) {
  const auto channels = [](std::vector<std::int64_t> sizes) {
    std::vector<Dims> dims;
    for (const std::int64_t size : sizes) dims.push_back({1, size, 2, 2});
    return dims;
  };
  assert_true(cut(fb::NetSource::Caffe, {3, 8}, 3) == channels({3, 5, 2}));
  assert_true(cut(fb::NetSource::TensorFlow, {3, 5, 2}, 3) == channels({3, 5, 2}));
  assert_true(cut(fb::NetSource::TensorFlow, {2}, 2) == channels({5, 5}));
  assert_true(cut(fb::NetSource::ONNX, {}, 5) == channels({2, 2, 2, 2, 2}));
  assert_true(cut(fb::NetSource::ONNX, {}, 2, {4, 6}) == channels({4, 6}));
  assert_true(cut(fb::NetSource::ONNX, {4, -1}, 2) == channels({4, 6}));
  assert_true(cut(fb::NetSource::Torch, {4}, 3) == channels({4, 4, 2}));
  Network n;
  n.input("x", {1, 10});
  const Ints points{1, 2, 3};
  n.op(fb::OpType::Slice, {"x"}, {"a", "b"}, Network::main(fb::CreateSliceDirect(n.builder, 1, &points)));
  assert_import_fails(n, Code::format, "2 outputs");
}

void test_slice_by_sizes(void**) {
  const auto none = [](B&) { return Parameters(); };
  const Computed part = computed_by({3, 4}, fb::OpType::SliceTf, none, {{1, 2}, {-1, 1}});
  assert_true(part.dims == Dims({2, 1}));
  assert_values(part.values, {6, 10});
  assert_values(computed_by({6}, fb::OpType::SliceTf, none, {{-2}, {2}}).values, {4, 5});
}

Computed strided(const Ints& dims, const Ints& begin, const Ints& end, const Ints& step, std::int32_t begin_mask = 0,
                 std::int32_t end_mask = 0, std::int32_t ellipsis = 0, std::int32_t new_axis = 0,
                 std::int32_t shrink = 0) {
  return computed_by(
      dims, fb::OpType::StridedSlice,
      [=](B& b) {
        return Network::main(fb::CreateStridedSliceParam(b, begin_mask, end_mask, ellipsis, new_axis, shrink, 0));
      },
      {begin, end, step});
}

void test_strided_slice_of_tensorflow(void**) {
  assert_values(strided({6}, {1}, {5}, {2}).values, {1, 3});
  assert_values(strided({6}, {-2}, {-1}, {1}).values, {4});
  assert_values(strided({4}, {9}, {9}, {-1}, 1, 1).values, {3, 2, 1, 0});        // x[::-1]
  assert_values(strided({4}, {2}, {9}, {1}, 0, 1).values, {2, 3});               // x[2:]
  const Computed row = strided({2, 3}, {-1, 0}, {0, 2}, {1, 1}, 0, 0, 0, 0, 1);  // x[-1, 0:2]
  assert_true(row.dims == Dims({2}));
  assert_values(row.values, {3, 4});
  const Computed last = strided({2, 3, 2}, {0, 1}, {0, 2}, {1, 1}, 0, 0, 1, 0, 2);  // x[..., 1]
  assert_true(last.dims == Dims({2, 3}));
  assert_values(last.values, {1, 3, 5, 7, 9, 11});
  const Computed widened = strided({2, 3}, {0, 1, 0}, {0, 2, 0}, {1, 1, 1}, 0, 0, 0, 5, 0);  // x[new, 1:2, new]
  assert_true(widened.dims == Dims({1, 1, 1, 3}));
  assert_values(widened.values, {3, 4, 5});
}

void test_strided_slice_of_onnx(void**) {
  const auto onnx = [](B& b) { return Network::main(fb::CreateStridedSliceParam(b, 0, 0, 0, 0, 0, 1)); };
  assert_values(computed_by({2, 3}, fb::OpType::StridedSlice, onnx, {{1}, {1000}, {-1}}).values, {1, 2, 4, 5});
  assert_values(computed_by({2, 3}, fb::OpType::StridedSlice, onnx, {{2}, {-1000}, {1}, {-2}}).values, {2, 0, 5, 3});
}

void test_padding(void**) {
  const auto none = [](B&) { return Parameters(); };
  const Computed padded = computed_by({1, 2}, fb::OpType::Padding, none, {{0, 1, 2, 0}});
  assert_true(padded.dims == Dims({2, 4}));
  Network n;
  n.input("x", {1, 2, 4, 4});
  n.ints("pads", {0, 0, 0, 0, 1, 2, 3, 3});
  n.floats("value", {}, {5});
  n.op(fb::OpType::Padding, {"x", "pads", "value"}, {"y"},
       Network::main(fb::CreatePadParam(n.builder, fb::PadValueMode::Constant)));
  const Graph graph = folded(n);
  assert_true(shape(graph) == Dims({1, 2, 7, 10}));
  assert_true(maker_of(graph, "y").attrs.sizes == Dims({0, 0, 1, 3, 0, 0, 2, 3}));
  assert_true(maker_of(graph, "y").attrs.alpha == 5);
  Network mirrored;
  mirrored.input("x", {1, 2, 4, 4});
  mirrored.ints("pads", {0, 0, 0, 0, 1, 2, 3, 3});
  mirrored.op(fb::OpType::Padding, {"x", "pads"}, {"y"},
              Network::main(fb::CreatePadParam(mirrored.builder, fb::PadValueMode::Symmetric)));
  assert_import_fails(mirrored, Code::unsupported, "mirroring");
}

// TensorFlow's converter picks the pads into another order first.
void test_padding_with_gathered_pads(void**) {
  Network n;
  n.input("x", {1, 2, 4, 4});
  n.ints("pads", {4, 2}, {0, 0, 1, 2, 3, 3, 0, 0});
  n.ints("order", {0, 3, 1, 2});
  n.op(fb::OpType::GatherV2, {"pads", "order"}, {"moved"});
  n.op(fb::OpType::Padding, {"x", "moved"}, {"y"}, Network::main(fb::CreatePadParam(n.builder)));
  assert_true(shape(folded(n)) == Dims({1, 2, 7, 10}));
}

void test_crop(void**) {
  Network n;
  n.input("x", {1, 3, 8, 8});
  n.input("model", {1, 1, 4, 5});
  const Ints offsets{1, 2};
  n.op(fb::OpType::Crop, {"x", "model"}, {"y"}, Network::main(fb::CreateCropDirect(n.builder, 2, &offsets)));
  n.outputs = {"y"};
  const Graph graph = folded(n);
  assert_true(shape(graph) == Dims({1, 3, 4, 5}));
  assert_true(maker_of(graph, "y").attrs.starts == Dims({1, 2}));
}

void test_repeating_and_picking(void**) {
  const auto none = [](B&) { return Parameters(); };
  assert_values(computed_by({2}, fb::OpType::Tile, none, {{2}}).values, {0, 1, 0, 1});
  assert_values(computed_by({2, 1}, fb::OpType::BroadcastTo, none, {{2, 2}}).values, {0, 0, 1, 1});
  const auto axis = [](B& b) { return Network::main(fb::CreateAxis(b, 1)); };
  assert_values(computed_by({2, 3}, fb::OpType::GatherV2, axis, {{2, 0}}).values, {2, 0, 5, 3});
  assert_values(computed_by({2, 3}, fb::OpType::GatherV2, none, {{1}, {1}}).values, {1, 4});

  Network n;
  n.input("x", {1, 2, 4, 4}, fb::DataFormat::NCHW);
  n.op(fb::OpType::Shape, {"x"}, {"size"}, {}, fb::DataFormat::NCHW);
  n.floats("seven", {}, {7});
  n.op(fb::OpType::Fill, {"size", "seven"}, {"filled"});
  n.op(fb::OpType::BinaryOp, {"x", "filled"}, {"y"}, Network::main(fb::CreateBinaryOp(n.builder)));
  n.ints("zero", {}, {0});
  n.op(fb::OpType::Rank, {"x"}, {"rank"});
  n.ints("one", {}, {1});
  n.op(fb::OpType::Range, {"zero", "rank", "one"}, {"range"});
  n.op(fb::OpType::Cast, {"range"}, {"numbers"}, Network::main(fb::CreateCastParam(n.builder, fb::DataType::Float)));
  n.op(fb::OpType::Size, {"x"}, {"count"});
  n.op(fb::OpType::Cast, {"count"}, {"elements"}, Network::main(fb::CreateCastParam(n.builder, fb::DataType::Float)));
  n.outputs = {"y", "numbers", "elements"};
  const Graph graph = folded(n);
  assert_true(shape(graph) == Dims({1, 2, 4, 4}));
  assert_values(computed<float>(graph, "numbers"), {0, 1, 2, 3});
  assert_values(computed<float>(graph, "elements"), {32});
}

void test_shape(void**) {
  const auto numbers = [](fb::DataFormat of, fb::DataFormat told, Parameters (*part)(B&)) {
    Network n;
    n.input("x", {1, 2, 3, 4}, of);
    n.op(fb::OpType::Shape, {"x"}, {"size"}, part(n.builder), told);
    n.op(fb::OpType::Cast, {"size"}, {"y"}, Network::main(fb::CreateCastParam(n.builder, fb::DataType::Float)));
    return computed<float>(folded(n), "y");
  };
  const auto whole = [](B&) { return Parameters(); };
  const auto end = [](B& b) { return Network::main(fb::CreateShapeParam(b, true, 2)); };
  assert_values(numbers(fb::DataFormat::NC4HW4, fb::DataFormat::NHWC, whole), {1, 3, 4, 2});
  assert_values(numbers(fb::DataFormat::NC4HW4, fb::DataFormat::NCHW, whole), {1, 2, 3, 4});
  assert_values(numbers(fb::DataFormat::NHWC, fb::DataFormat::NHWC, whole), {1, 2, 3, 4});
  assert_values(numbers(fb::DataFormat::NCHW, fb::DataFormat::NCHW, end), {3, 4});
}

void one_convolution(Network& n, const std::string& from, const std::string& to, std::int32_t channels,
                     std::int32_t outputs) {
  const auto common =
      fb::CreateConvolution2DCommon(n.builder, 0, 0, 1, 1, 1, 1, 1, 1, fb::PadMode::Explicit, 1, outputs, channels);
  const Floats weight(static_cast<std::size_t>(channels * outputs), 1.0f);
  n.op(fb::OpType::Convolution, {from}, {to}, Network::main(fb::CreateConvolution2DDirect(n.builder, common, &weight)));
}

// Today's converter puts the images of TensorFlow networks into MNN's own order and back.
void test_nhwc_with_conversions(void**) {
  Network n;
  n.source = fb::NetSource::TensorFlow;
  n.input("x", {1, 4, 6, 3}, fb::DataFormat::NHWC);
  const auto to = fb::CreateTensorConvertInfo(n.builder, fb::DataFormat::NHWC, fb::DataFormat::NC4HW4);
  n.op(fb::OpType::ConvertTensor, {"x"}, {"a"}, Network::main(to));
  one_convolution(n, "a", "b", 3, 5);
  const auto back = fb::CreateTensorConvertInfo(n.builder, fb::DataFormat::NC4HW4, fb::DataFormat::NHWC);
  n.op(fb::OpType::ConvertTensor, {"b"}, {"y"}, Network::main(back));
  const Graph graph = folded(n);
  assert_string_equal(kinds(graph).c_str(), "transpose conv transpose");
  assert_true(shape(graph, "x") == Dims({1, 4, 6, 3}));
  assert_true(shape(graph, "b") == Dims({1, 5, 4, 6}));
  assert_true(shape(graph) == Dims({1, 4, 6, 5}));
}

// Operators on images that stay in the order N, H, W, C.
void test_nhwc_without_conversions(void**) {
  Network n;
  n.source = fb::NetSource::TFLite;
  n.input("x", {1, 4, 6, 3}, fb::DataFormat::NHWC);
  one_convolution(n, "x", "a", 3, 5);
  n.op(fb::OpType::Pooling, {"a"}, {"b"},
       Network::main(fb::CreatePool(n.builder, 0, 0, false, 3, 2, 3, 2, fb::PoolType::Max, fb::PadMode::Valid)));
  const Floats scale(5, 2.0f);
  n.op(fb::OpType::Scale, {"b"}, {"c"}, Network::main(fb::CreateScaleDirect(n.builder, 5, &scale)));
  const Ints axes{1, 2};
  n.op(fb::OpType::Reduction, {"c"}, {"y"},
       Network::main(fb::CreateReductionParamDirect(n.builder, fb::ReductionType::Mean, &axes, false)));
  const Graph graph = folded(n);
  assert_true(shape(graph, "a") == Dims({1, 4, 6, 5}));
  assert_true(shape(graph, "b") == Dims({1, 2, 2, 5}));
  assert_true(shape(graph, "c") == Dims({1, 2, 2, 5}));
  assert_true(shape(graph) == Dims({1, 5}));
}

void test_conversions_between_equal_orders_vanish(void**) {
  Network n;
  n.input("x", {1, 3, 4, 6});
  const auto to = fb::CreateTensorConvertInfo(n.builder, fb::DataFormat::NC4HW4, fb::DataFormat::NCHW);
  n.op(fb::OpType::ConvertTensor, {"x"}, {"a"}, Network::main(to));
  n.op(fb::OpType::Softmax, {"a"}, {"y"}, Network::main(fb::CreateAxis(n.builder, 1)));
  assert_string_equal(kinds(folded(n)).c_str(), "softmax");
}

void test_blocks(void**) {
  Network n;
  n.input("x", {1, 8, 2, 3});
  n.op(fb::OpType::DepthToSpace, {"x"}, {"a"},
       Network::main(fb::CreateDepthSpaceParam(n.builder, 2, fb::DepthMode::CRD)));
  n.op(fb::OpType::SpaceToDepth, {"a"}, {"y"}, Network::main(fb::CreateDepthSpaceParam(n.builder, 2)));
  const Graph graph = folded(n);
  assert_true(shape(graph, "a") == Dims({1, 2, 4, 6}));
  assert_true(maker_of(graph, "a").attrs.crd);
  assert_true(shape(graph) == Dims({1, 8, 2, 3}));
}

void test_input_dimensions(void**) {
  for (const std::int32_t batch : {0, -1}) {
    Network n;
    n.input("x", {batch, 3, 4, 4});
    n.op(fb::OpType::Sigmoid, {"x"}, {"y"});
    assert_true(shape(folded(n), "x") == Dims({1, 3, 4, 4}));
  }
  Network open;
  open.input("x", {1, 3, 0, 4});
  open.op(fb::OpType::Sigmoid, {"x"}, {"y"});
  Graph graph = imported(open);
  assert_true(shape(graph, "x") == Dims({1, 3, -1, 4}));
  assert_true(graph.open_sizes == std::vector<std::vector<std::string>>({{"", "", "?", ""}}));
  graph.at(graph.inputs[0]).dims = {1, 3, 5, 4};
  assert_true(prepare_graph(graph).ok());
  assert_true(shape(graph, "x") == Dims({1, 3, 5, 4}));
  assert_true(graph.open_sizes == std::vector<std::vector<std::string>>({{"", "", "?", ""}}));
  Network none;
  none.input("x", {});
  none.op(fb::OpType::Sigmoid, {"x"}, {"y"});
  assert_import_fails(none, Code::unsupported, "0 dimensions");
  Network integers;
  const Ints dims{1, 3};
  integers.op(fb::OpType::Input, {}, {"x"},
              Network::main(fb::CreateInputDirect(integers.builder, &dims, fb::DataType::Int32)));
  integers.op(fb::OpType::Sigmoid, {"x"}, {"y"});
  assert_import_fails(integers, Code::unsupported, "Int32");
}

// In-place operators of the first files: an output with the number of the input.
void test_tensors_made_twice(void**) {
  Network n;
  n.input("x", {1, 3});
  n.op(fb::OpType::TanH, {"x"}, {"a"});
  n.op(fb::OpType::Sigmoid, {"a"}, {"a"});
  n.op(fb::OpType::Softmax, {"a"}, {"y"}, Network::main(fb::CreateAxis(n.builder, 1)));
  assert_string_equal(kinds(folded(n)).c_str(), "unary unary softmax");
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_reshape),
      cmocka_unit_test(test_reshape_by_nhwc),
      cmocka_unit_test(test_flatten),
      cmocka_unit_test(test_squeeze_and_unsqueeze),
      cmocka_unit_test(test_permutations),
      cmocka_unit_test(test_joining),
      cmocka_unit_test(test_slice),
      cmocka_unit_test(test_slice_by_sizes),
      cmocka_unit_test(test_strided_slice_of_tensorflow),
      cmocka_unit_test(test_strided_slice_of_onnx),
      cmocka_unit_test(test_padding),
      cmocka_unit_test(test_padding_with_gathered_pads),
      cmocka_unit_test(test_crop),
      cmocka_unit_test(test_repeating_and_picking),
      cmocka_unit_test(test_shape),
      cmocka_unit_test(test_nhwc_with_conversions),
      cmocka_unit_test(test_nhwc_without_conversions),
      cmocka_unit_test(test_conversions_between_equal_orders_vanish),
      cmocka_unit_test(test_blocks),
      cmocka_unit_test(test_input_dimensions),
      cmocka_unit_test(test_tensors_made_twice),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

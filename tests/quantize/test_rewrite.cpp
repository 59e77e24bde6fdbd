// The int8 form of a graph: what is stored, and that what it computes is what integer-contract.md says.
#include <cmath>

#include "kernels/elementwise.h"
#include "quantize/memory_source.h"
#include "quantize/networks.h"
#include "quantize/observe.h"
#include "quantize/rewrite.h"
#include "runtime/session.h"

using namespace octet;
using namespace octet::test;

namespace {

struct Rewritten {
  Graph source, graph;

  const Node& node(const std::string& name) const { return graph.nodes[index_of_node(graph, name)]; }
  const Tensor& tensor(const std::string& name) const { return tensor_of(graph, name); }
  template <class T>
  std::span<const T> operand(const std::string& name, std::size_t index) const {
    return graph.at(node(name).inputs[index]).data.as<T>();
  }
};

Assignment assignment_of(const Graph& graph, const std::vector<std::string>& skip) {
  auto assignment = assign_types(graph, skip);
  expect_ok(assignment.status());
  return *assignment;
}

// Each group has a quantization of its own that no formula gives by chance.
std::vector<Quant> made_up_quants(const Assignment& assignment) {
  std::vector<Quant> quants;
  for (int g = 0; g < assignment.group_count; ++g) {
    quants.push_back({0.0131F * static_cast<float>(g + 1), -20 + 11 * g});
  }
  return quants;
}

Rewritten rewritten(GraphBuilder& b, const std::vector<std::string>& skip = {}, std::vector<Quant> quants = {}) {
  Rewritten result{finished(b), {}};
  const Assignment assignment = assignment_of(result.source, skip);
  if (quants.empty()) quants = made_up_quants(assignment);
  auto graph = rewrite_int8(result.source, assignment, quants, {});
  expect_ok(graph.status());
  result.graph = std::move(*graph);
  expect_ok(validate(result.graph));
  return result;
}

// The one output, as it is stored, for inputs as they are stored.
template <class T>
std::vector<T> run(const Graph& graph, const std::vector<std::vector<std::int8_t>>& inputs, DType type) {
  auto session = Session::create(plan_of(graph), {});
  expect_ok(session.status());
  std::vector<Binding> in;
  for (const auto& input : inputs)
    in.push_back({const_cast<std::int8_t*>(input.data()), input.size(), nullptr, DType::i8});
  std::vector<T> output(static_cast<std::size_t>(element_count(graph.at(graph.outputs[0]).dims)));
  const Binding out{output.data(), output.size() * sizeof(T), nullptr, type};
  expect_ok((*session)->run(in, {&out, 1}));
  return output;
}

std::vector<float> run_floats(const Graph& graph, std::vector<float> input) {
  auto session = Session::create(plan_of(graph), {});
  expect_ok(session.status());
  const Binding in{input.data(), input.size() * sizeof(float), nullptr, DType::f32};
  std::vector<float> output(static_cast<std::size_t>(element_count(graph.at(graph.outputs[0]).dims)));
  const Binding out{output.data(), output.size() * sizeof(float), nullptr, DType::f32};
  expect_ok((*session)->run({&in, 1}, {&out, 1}));
  return output;
}

std::vector<std::int8_t> all_levels(std::size_t count) {
  std::vector<std::int8_t> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<std::int8_t>(static_cast<int>(i * 37 % 256) - 128);
  return values;
}

// A layer as the contract defines it: weights and bias quantized from the float ones of output channel `o`.
struct Channel {
  std::vector<double> weights;
  double bias = 0;
  float factor = 0;

  Channel(std::span<const float> floats, float float_bias, float in_scale, float out_scale) {
    float largest = 0;
    for (const float w : floats) largest = std::max(largest, std::fabs(w));
    const double scale = static_cast<float>(largest / 127.0);
    for (const float w : floats) weights.push_back(std::nearbyint(w / scale));
    bias = std::nearbyint(float_bias / (static_cast<double>(in_scale) * scale));
    factor = static_cast<float>(static_cast<double>(in_scale) * scale / out_scale);
  }
  int requantize(double sum, double low, double high, int zero_point) const {
    const double y = std::clamp<double>(static_cast<float>(sum) * factor, low - zero_point, high - zero_point);
    return static_cast<int>(std::nearbyint(y)) + zero_point;
  }
};

void test_convolution_is_what_the_contract_says(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 4, 7, 6});
  b.output(b.add(Op::conv, "conv", {x, b.noise("w", {6, 2, 3, 3}), b.noise("bias", {6})}, [](Attributes& a) {
    a.groups = 2;
    a.window.kernel = {3, 3};
    a.window.stride = {2, 1};
    a.window.pads = {1, 0, 1, 2};
    a.clamp = {0, 1.5F};
  }));
  const Quant in{0.02F, 13};
  const Quant out{0.0173F, -77};
  const Rewritten result = rewritten(b, {}, {in, out});
  const auto input = all_levels(4 * 7 * 6);
  const auto actual = run<std::int8_t>(result.graph, {input}, DType::i8);
  const auto weights = tensor_of(result.source, "w").data.as<float>();
  const auto bias = tensor_of(result.source, "bias").data.as<float>();
  const double low = std::nearbyint(0 / out.scale) + out.zero_point;
  const double high = std::nearbyint(1.5 / static_cast<double>(out.scale)) + out.zero_point;
  std::size_t index = 0;
  for (int o = 0; o < 6; ++o) {
    const Channel channel(weights.subspan(static_cast<std::size_t>(o * 18), 18), bias[static_cast<std::size_t>(o)],
                          in.scale, out.scale);
    for (int row = 0; row < 4; ++row) {
      for (int column = 0; column < 6; ++column) {
        double sum = channel.bias;
        for (int k = 0; k < 18; ++k) {
          const int y = row * 2 - 1 + k % 9 / 3;
          const int xx = column + k % 3;
          if (y < 0 || y >= 7 || xx >= 6) continue;  // padding contributes zero
          const int q = input[static_cast<std::size_t>(((o / 3 * 2 + k / 9) * 7 + y) * 6 + xx)];
          sum += (q - in.zero_point) * channel.weights[static_cast<std::size_t>(k)];
        }
        assert_int_equal(actual[index++], channel.requantize(sum, low, high, out.zero_point));
      }
    }
  }
  assert_int_equal(index, actual.size());
}

void test_fully_connected_is_what_the_contract_says(void**) {
  GraphBuilder b;
  b.output(b.add(Op::gemm, "gemm", {b.input("x", {3, 40}), b.noise("w", {5, 40}), b.noise("bias", {5})}));
  const Quant in{0.011F, -30};
  const Quant out{0.09F, 5};
  const Rewritten result = rewritten(b, {}, {in, out});
  const auto input = all_levels(120);
  const auto actual = run<std::int8_t>(result.graph, {input}, DType::i8);
  const auto weights = tensor_of(result.source, "w").data.as<float>();
  for (std::size_t o = 0; o < 5; ++o) {
    const Channel channel(weights.subspan(o * 40, 40), tensor_of(result.source, "bias").data.as<float>()[o], in.scale,
                          out.scale);
    for (std::size_t row = 0; row < 3; ++row) {
      double sum = channel.bias;
      for (std::size_t k = 0; k < 40; ++k) sum += (input[row * 40 + k] - in.zero_point) * channel.weights[k];
      assert_int_equal(actual[row * 5 + o], channel.requantize(sum, -128, 127, out.zero_point));
    }
  }
}

void test_transposed_convolution_has_a_scale_for_each_output_channel(void**) {
  GraphBuilder b;
  std::vector<float> weights;  // [I 4, O/groups 2, 1, 2], groups 2: channel o = group * 2 + second dimension
  for (int i = 0; i < 4; ++i) {
    for (int o = 0; o < 2; ++o) {
      for (int k = 0; k < 2; ++k) weights.push_back(static_cast<float>((i / 2 * 2 + o + 1) * (i % 2 == k ? 1 : -0.5)));
    }
  }
  const TensorId x = b.input("x", {1, 4, 3, 3});
  b.output(b.add(Op::conv_transpose, "up", {x, b.floats("w", {4, 2, 1, 2}, weights)}, [](Attributes& a) {
    a.groups = 2;
    a.window.kernel = {1, 2};
    a.window.stride = {1, 2};
  }));
  const Rewritten result = rewritten(b, {}, {{0.5F, 0}, {0.25F, 0}});
  const auto q = result.operand<std::int8_t>("up", 1);
  const auto factor = result.operand<float>("up", 3);
  assert_int_equal(factor.size(), 4);
  for (int o = 0; o < 4; ++o) {
    const double expected = (o + 1) / 127.0 * 0.5 / 0.25;
    assert_true(std::fabs(static_cast<double>(factor[static_cast<std::size_t>(o)]) - expected) < 1e-6 * expected);
  }
  for (std::size_t i = 0; i < q.size(); ++i) assert_true(q[i] == 127 || q[i] == -64 || q[i] == -63);
}

void test_names_stay(void**) {
  GraphBuilder b;
  b.graph.name = "network";
  TensorId t = conv1x1(b, "first", b.input("x", {1, 2, 4, 4}), 2, 3);
  t = b.unary(UnaryKind::sigmoid, "sigmoid", t);
  t = b.binary(BinaryKind::mul, "scaled", conv1x1(b, "last", t, 3, 2), b.scalar(2));
  b.output(t);
  const Rewritten result = rewritten(b);
  assert_string_equal(result.graph.name.c_str(), "network");
  for (const Node& node : result.source.nodes) {
    assert_string_equal(result.graph.at(result.node(node.name).outputs[0]).name.c_str(),
                        result.source.at(node.outputs[0]).name.c_str());
  }
  assert_string_equal(result.graph.at(result.graph.inputs[0]).name.c_str(), "x");
  assert_string_equal(result.graph.at(result.graph.outputs[0]).name.c_str(), "scaled:0");
  // The float weights are gone.
  for (const Tensor& tensor : result.graph.tensors) assert_string_not_equal(tensor.name.c_str(), "first/w");
}

void test_boundaries_are_explicit(void**) {
  GraphBuilder b;
  TensorId t = conv1x1(b, "first", b.input("x", {1, 2, 4, 4}), 2, 3);
  t = conv1x1(b, "second", t, 3, 3);
  b.output(conv1x1(b, "third", t, 3, 2));
  const Rewritten result = rewritten(b, {"second"});
  assert_int_equal(result.graph.nodes.size(), 5);
  assert_true(result.node("first:0/float").op == Op::dequantize);
  assert_true(result.node("second:0/int8").op == Op::quantize);
  assert_true(result.tensor("first:0").dtype == DType::i8);
  assert_true(result.tensor("second:0").dtype == DType::f32);
  // The float part is the float layer unchanged.
  assert_int_equal(result.node("second").inputs.size(), 3);
  assert_true(result.operand<float>("second", 1)[0] == tensor_of(result.source, "second/w").data.as<float>()[0]);
}

void test_each_tensor_is_converted_once(void**) {
  GraphBuilder b;
  const TensorId t = conv1x1(b, "conv", b.input("x", {1, 2, 4, 4}), 2, 2);
  b.output(b.unary(UnaryKind::exp, "exp", t));
  b.output(b.unary(UnaryKind::neg, "neg", t));
  b.output(conv1x1(b, "other", t, 2, 2));
  const Rewritten result = rewritten(b);
  assert_int_equal(count_nodes(result.graph, Op::dequantize), 1);
  assert_int_equal(count_nodes(result.graph, Op::quantize), 0);
}

void test_input_of_the_network_is_int8_unless_float_reads_it(void**) {
  for (const bool read_as_float : {false, true}) {
    GraphBuilder b;
    const TensorId x = b.input("x", {1, 2, 4, 4});
    b.output(conv1x1(b, "conv", x, 2, 2));
    if (read_as_float) b.output(b.unary(UnaryKind::exp, "exp", x));
    const Rewritten result = rewritten(b);
    assert_true(result.tensor("x").dtype == (read_as_float ? DType::f32 : DType::i8));
    assert_int_equal(count_nodes(result.graph, Op::quantize), read_as_float ? 1 : 0);
  }
}

void test_shared_weights(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 4, 4});
  const TensorId w = b.noise("w", {2, 2, 1, 1});
  TensorId t = b.add(Op::conv, "first", {x, w});
  t = b.add(Op::conv, "second", {t, w});
  b.output(b.add(Op::conv, "third", {t, w}));
  const Rewritten result = rewritten(b, {"second"});
  assert_true(result.tensor("w").dtype == DType::f32);  // the float layer keeps it
  const auto first = result.operand<std::int8_t>("first", 1);
  const auto third = result.operand<std::int8_t>("third", 1);
  assert_true(std::equal(first.begin(), first.end(), third.begin(), third.end()));
}

void test_tiny_weights_beside_a_large_bias(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 2, 2});
  const TensorId w = b.floats("w", {2, 2, 1, 1}, {1e-9F, -1e-9F, 1, 1});
  b.output(b.add(Op::conv, "conv", {x, w, b.floats("bias", {2}, {5, -5})}));
  const Rewritten result = rewritten(b, {}, {{0.01F, 0}, {0.05F, 0}});
  const auto bias = result.operand<std::int32_t>("conv", 2);
  assert_true(bias[0] > (1 << 29) && bias[0] <= (1 << 30));
  const auto output = run<std::int8_t>(result.graph, {std::vector<std::int8_t>(8, 100)}, DType::i8);
  assert_int_equal(output[0], 100);  // 5 / 0.05; the weights hardly matter
  assert_int_equal(output[4], -60);  // -5 + 2, as if the other channel were alone
}

void test_long_sum_leaves_room_for_the_bias(void**) {
  constexpr std::int64_t kDepth = 60000;  // 255 x 127 x depth leaves less than 2^30
  GraphBuilder b;
  const TensorId w = b.floats("w", {1, kDepth}, std::vector<float>(static_cast<std::size_t>(kDepth), 1e-9F));
  b.output(b.add(Op::gemm, "gemm", {b.input("x", {1, kDepth}), w, b.floats("bias", {1}, {5})}));
  const Rewritten result = rewritten(b, {}, {{0.01F, 0}, {0.05F, 0}});
  const auto output =
      run<std::int8_t>(result.graph, {std::vector<std::int8_t>(static_cast<std::size_t>(kDepth), 1)}, DType::i8);
  assert_int_equal(output[0], 100);
}

void test_table_of_a_function(void**) {
  for (const UnaryKind kind : {UnaryKind::sigmoid, UnaryKind::hard_swish, UnaryKind::tanh, UnaryKind::gelu}) {
    GraphBuilder b;
    const TensorId c = conv1x1(b, "conv", b.input("x", {1, 2, 4, 4}), 2, 2);
    b.output(b.unary(kind, "function", c));
    const Quant in{0.05F, 17};
    const Quant out{0.03F, -40};
    const Rewritten result = rewritten(b, {}, {{1, 0}, in, out});
    const auto table = result.operand<std::int8_t>("function", 1);
    assert_int_equal(table.size(), 256);
    for (int q = -128; q < 128; ++q) {
      const double x = static_cast<double>(in.scale) * (q - in.zero_point);
      const double y = kind == UnaryKind::sigmoid      ? 1 / (1 + std::exp(-x))
                       : kind == UnaryKind::tanh       ? std::tanh(x)
                       : kind == UnaryKind::hard_swish ? x * std::clamp(x / 6 + 0.5, 0.0, 1.0)
                                                       : x * 0.5 * (1 + std::erf(x / std::sqrt(2.0)));
      const double level = std::clamp(y / static_cast<double>(out.scale) + out.zero_point, -128.0, 127.0);
      // To the nearest level; where float32 falls on the other side of the middle, to its neighbour.
      assert_true(std::fabs(table[static_cast<std::size_t>(q + 128)] - level) <= 0.5001);
    }
  }
}

void test_table_of_a_slope_for_each_channel(void**) {
  GraphBuilder b;
  const TensorId c = conv1x1(b, "conv", b.input("x", {1, 2, 4, 4}), 2, 3);
  b.output(b.add(Op::prelu, "prelu", {c, b.floats("slope", {3, 1, 1}, {0.25F, -1, 0})}));
  const Quant same{0.1F, 0};
  const Rewritten result = rewritten(b, {}, {{1, 0}, same, same});
  const auto table = result.operand<std::int8_t>("prelu", 1);
  assert_int_equal(table.size(), 3 * 256);
  const auto at = [&](std::size_t channel, int q) { return table[channel * 256 + static_cast<std::size_t>(q + 128)]; };
  for (std::size_t channel = 0; channel < 3; ++channel) assert_int_equal(at(channel, 50), 50);
  assert_int_equal(at(0, -100), -25);
  assert_int_equal(at(1, -100), 100);
  assert_int_equal(at(2, -100), 0);
}

void test_softmax_at_the_end_gives_float(void**) {
  GraphBuilder b;
  const TensorId c = conv1x1(b, "conv", b.input("x", {1, 2, 1, 1}), 2, 5);
  b.output(b.add(Op::softmax, "softmax", {c}, [](Attributes& a) { a.axis = 1; }));
  const Quant logits{0.04F, 3};
  const Rewritten result = rewritten(b, {}, {{0.02F, 0}, logits});
  const auto table = result.operand<std::uint32_t>("softmax", 1);
  for (std::size_t i = 0; i < 256; ++i) {
    const double expected = 2147483648.0 * std::exp(-static_cast<double>(logits.scale) * static_cast<double>(i));
    assert_true(std::fabs(table[i] - expected) <= 0.51);
  }
  assert_true(result.tensor("softmax:0").dtype == DType::f32);
  const auto output = run<float>(result.graph, {{100, -90}}, DType::f32);
  float sum = 0;
  for (const float p : output) sum += p;
  assert_true(std::fabs(sum - 1) < 1e-6F);
}

void test_mean_at_the_end_gives_float(void**) {
  GraphBuilder b;
  const TensorId c = conv1x1(b, "conv", b.input("x", {1, 2, 2, 2}), 2, 3);
  b.output(b.add(Op::reduce, "mean", {c}, [](Attributes& a) { a.axes = {2, 3}; }));
  const Rewritten result = rewritten(b, {}, {{0.02F, 0}, {0.04F, 3}});
  assert_true(result.tensor("mean:0").dtype == DType::f32);
  assert_true(result.tensor("conv:0").dtype == DType::i8);
  expect_ok(validate(result.graph));
}

void test_softmax_inside_is_requantized_where_it_is_moved(void**) {
  GraphBuilder b;
  const TensorId c = conv1x1(b, "conv", b.input("x", {1, 2, 4, 4}), 2, 4);
  const TensorId s = b.add(Op::softmax, "softmax", {c}, [](Attributes& a) { a.axis = 1; });
  const TensorId joined = b.add(Op::concat, "join", {s, c}, [](Attributes& a) { a.axis = 1; });
  b.output(conv1x1(b, "last", joined, 8, 2));
  const Rewritten result = rewritten(b);
  assert_true(result.tensor("softmax:0").quant == (Quant{1.0F / 256, -128}));
  assert_true(result.node("softmax:0/requantized").op == Op::requantize);
  assert_int_equal(count_nodes(result.graph, Op::requantize), 1);
  assert_true(result.tensor("softmax:0/requantized").quant == result.tensor("join:0").quant);
}

void test_constant_operand_has_its_own_range(void**) {
  GraphBuilder b;
  const TensorId c = conv1x1(b, "conv", b.input("x", {1, 2, 2, 2}), 2, 2);
  const TensorId m = b.binary(BinaryKind::mul, "scale", c, b.floats("factor", {2, 1, 1}, {0.5F, 2}));
  b.output(conv1x1(b, "last", m, 2, 2));
  const Rewritten result = rewritten(b);
  const Tensor& factor = result.graph.at(result.node("scale").inputs[1]);
  assert_true(factor.constant && factor.dtype == DType::i8);
  const auto q = factor.data.as<std::int8_t>();
  for (std::size_t i = 0; i < 2; ++i) {
    const float real = factor.quant.scale * static_cast<float>(q[i] - factor.quant.zero_point);
    assert_true(std::fabs(real - (i == 0 ? 0.5F : 2.0F)) <= factor.quant.scale / 2);
  }
}

void test_nothing_int8_is_the_same_graph(void**) {
  GraphBuilder b;
  b.output(conv1x1(b, "conv", b.input("x", {1, 2, 4, 4}), 2, 2));
  const Rewritten result = rewritten(b, {"conv"});
  assert_int_equal(result.graph.nodes.size(), 1);
  for (const Tensor& tensor : result.graph.tensors) assert_true(tensor.dtype == DType::f32);
}

// A network with one of nearly everything, quantized by what its tensors hold.
void test_whole_network_stays_near_its_float_form(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 3, 12, 12});
  TensorId t = b.add(Op::conv, "stem", {x, b.noise("w0", {8, 3, 3, 3}), b.noise("b0", {8})}, [](Attributes& a) {
    a.window.kernel = {3, 3};
    a.window.stride = {2, 2};
    a.window.pads = {1, 1, 1, 1};
    a.clamp.low = 0;
  });
  const TensorId d =
      b.add(Op::conv, "depthwise", {t, b.noise("w1", {8, 1, 3, 3}), b.noise("b1", {8})}, [](Attributes& a) {
        a.groups = 8;
        a.window.kernel = {3, 3};
        a.window.pads = {1, 1, 1, 1};
      });
  t = b.binary(BinaryKind::add, "residual", t, b.unary(UnaryKind::silu, "silu", d));
  const TensorId pooled = b.add(Op::max_pool, "pool", {t}, [](Attributes& a) {
    a.window.kernel = {2, 2};
    a.window.stride = {2, 2};
  });
  const TensorId up = b.add(Op::resize, "up", {conv1x1(b, "low", pooled, 8, 8)}, [](Attributes& a) {
    a.sizes = {6, 6};
  });
  t = b.add(Op::concat, "join", {t, up}, [](Attributes& a) { a.axis = 1; });
  t = b.add(Op::prelu, "prelu", {conv1x1(b, "mix", t, 16, 8), b.noise("slope", {8, 1, 1})});
  t = b.add(Op::reduce, "mean", {t}, [](Attributes& a) { a.axes = {2, 3}; });
  t = b.add(Op::reshape, "flat", {t}, [](Attributes& a) { a.sizes = {1, 8}; });
  b.output(b.add(Op::gemm, "classes", {t, b.noise("wc", {5, 8}), b.noise("bc", {5})}));
  const Graph graph = finished(b);
  const Assignment assignment = assignment_of(graph, {});
  for (const bool is_int8 : assignment.int8_node) assert_true(is_int8);

  const MemorySource source(4);
  auto observation = observe(plan_of(graph), assignment, source, {0, 1, 2, 3}, {}, {});
  expect_ok(observation.status());
  std::vector<Quant> quants;
  for (const GroupStatistics& group : observation->groups) quants.push_back(minmax_quant(group.histogram));
  const auto int8 = rewrite_int8(graph, assignment, quants, {});
  expect_ok(int8.status());

  std::vector<float> values(3 * 12 * 12);
  const Dims dims{1, 3, 12, 12};
  const SampleInput input{"x", dims, TensorOrder::nchw, values};
  expect_ok(source.load(2, {&input, 1}));
  const auto expected = run_floats(graph, values);
  const auto actual = run_floats(int8.value(), values);
  float largest = 0;
  for (const float y : expected) largest = std::max(largest, std::fabs(y));
  for (std::size_t i = 0; i < expected.size(); ++i) assert_true(std::fabs(expected[i] - actual[i]) < 0.04F * largest);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_convolution_is_what_the_contract_says),
      cmocka_unit_test(test_fully_connected_is_what_the_contract_says),
      cmocka_unit_test(test_transposed_convolution_has_a_scale_for_each_output_channel),
      cmocka_unit_test(test_names_stay),
      cmocka_unit_test(test_boundaries_are_explicit),
      cmocka_unit_test(test_each_tensor_is_converted_once),
      cmocka_unit_test(test_input_of_the_network_is_int8_unless_float_reads_it),
      cmocka_unit_test(test_shared_weights),
      cmocka_unit_test(test_tiny_weights_beside_a_large_bias),
      cmocka_unit_test(test_long_sum_leaves_room_for_the_bias),
      cmocka_unit_test(test_table_of_a_function),
      cmocka_unit_test(test_table_of_a_slope_for_each_channel),
      cmocka_unit_test(test_softmax_at_the_end_gives_float),
      cmocka_unit_test(test_mean_at_the_end_gives_float),
      cmocka_unit_test(test_softmax_inside_is_requantized_where_it_is_moved),
      cmocka_unit_test(test_constant_operand_has_its_own_range),
      cmocka_unit_test(test_nothing_int8_is_the_same_graph),
      cmocka_unit_test(test_whole_network_stays_near_its_float_form),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

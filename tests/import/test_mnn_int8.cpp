// Quantized .mnn networks: the int8 operators of 2019, and today's float operators whose tensors have scales. What they
// give is compared with integer arithmetic written here from the definitions.
#include <cmath>
#include <limits>
#include <random>

#include "import/mnn/network.h"
#include "ops/run_graph.h"

namespace octet::test {
namespace {

using Bytes8 = std::vector<std::int8_t>;

// A tensor of [channels][height][width] integers.
struct Image {
  int channels = 0, height = 0, width = 0;
  std::vector<int> q;

  Image(int c, int h, int w) : channels(c), height(h), width(w), q(static_cast<std::size_t>(c * h * w)) {}
  int& at(int c, int y, int x) { return q[static_cast<std::size_t>((c * height + y) * width + x)]; }
  int get(int c, int y, int x, int outside) {
    return y < 0 || x < 0 || y >= height || x >= width ? outside : at(c, y, x);
  }
};

// Half to even; the data of these tests has no other ties.
int rounded(double value, double low, double high) {
  return static_cast<int>(std::nearbyint(std::min(std::max(value, low), high)));
}

// sum of (q - zero) * weight over 3x3 with padding 1, plus bias, times the factor of the channel.
Image convolved(Image in, int outputs, bool depthwise, const Bytes8& weight, const std::vector<std::int32_t>& bias,
                const Floats& factor, bool relu, int zero_in = 0, int zero_out = 0, int least = -128) {
  Image out(outputs, in.height, in.width);
  const int depth = depthwise ? 1 : in.channels;
  for (int o = 0; o < outputs; ++o) {
    for (int y = 0; y < in.height; ++y) {
      for (int x = 0; x < in.width; ++x) {
        std::int64_t sum = bias[static_cast<std::size_t>(o)];
        for (int i = 0; i < depth; ++i) {
          for (int k = 0; k < 9; ++k) {
            const int q = in.get(depthwise ? o : i, y + k / 3 - 1, x + k % 3 - 1, zero_in) - zero_in;
            sum += q * weight[static_cast<std::size_t>((o * depth + i) * 9 + k)];
          }
        }
        const double value = static_cast<double>(sum) * static_cast<double>(factor[static_cast<std::size_t>(o)]);
        out.at(o, y, x) = rounded(value + zero_out, relu ? std::max(zero_out, least) : least, 127);
      }
    }
  }
  return out;
}

constexpr int kHeight = 5, kWidth = 6;

Graph prepared(Network& network) {
  Graph graph = imported(network);
  expect_ok(prepare_graph(graph));
  return graph;
}

struct Run {
  FloatVector input, output;
};

Run run(const Graph& graph) {
  const auto session = session_of(plan_of(std::make_shared<const Graph>(graph)), {1, false, {}});
  Run result{interpreter_input(graph.at(graph.inputs[0]).dims),
             FloatVector(static_cast<std::size_t>(element_count(graph.at(graph.outputs[0]).dims)))};
  const Binding in{result.input.data(), result.input.size() * sizeof(float), nullptr, DType::f32};
  const Binding out{result.output.data(), result.output.size() * sizeof(float), nullptr, DType::f32};
  expect_ok(session->run({&in, 1}, {&out, 1}));
  return result;
}

Image quantized(const FloatVector& values, int channels, const Floats& per_unit, int zero = 0) {
  Image image(channels, kHeight, kWidth);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t c = i / (kHeight * kWidth);
    const double scaled = static_cast<double>(values[i]) * static_cast<double>(per_unit[c % per_unit.size()]);
    image.q[i] = rounded(scaled + zero, -128, 127);
  }
  return image;
}

void assert_is(const FloatVector& actual, const Image& expected, const Floats& scales, int zero = 0) {
  assert_int_equal(actual.size(), expected.q.size());
  for (std::size_t i = 0; i < actual.size(); ++i) {
    const std::size_t c = i / (kHeight * kWidth);
    const float wanted = scales[c % scales.size()] * static_cast<float>(expected.q[i] - zero);
    if (std::fabs(actual[i] - wanted) > 1e-4F * (1 + std::fabs(wanted))) {
      fail_msg("element %zu is %g, not %g", i, static_cast<double>(actual[i]), static_cast<double>(wanted));
    }
  }
}

bool all_layers_int8(const Graph& graph) {
  const MacCount macs = count_macs(graph);
  return macs.all > 0 && macs.all == macs.int8;
}

// The int8 operators of 2019.
class OldNetwork : public Network {
 public:
  Bytes8 last_weight;
  std::vector<std::int32_t> last_bias;

  flatbuffers::Offset<fb::QuantizedFloatParam> scales(const Floats& values, std::int8_t zero = 0) {
    return fb::CreateQuantizedFloatParamDirect(builder, nullptr, nullptr, nullptr, &values, 8, zero);
  }
  void to_int8(const std::string& from, const std::string& to, const Floats& per_unit, std::int8_t zero = 0) {
    op(fb::OpType::FloatToInt8, {from}, {to}, main(scales(per_unit, zero)));
  }
  void to_float(const std::string& from, const std::string& to, const Floats& values, std::int8_t zero = 0) {
    op(fb::OpType::Int8ToFloat, {from}, {to}, main(scales(values, zero)));
  }
  void conv(const std::string& from, const std::string& to, int inputs, int channels, bool depthwise,
            const Floats& factor, bool relu, std::int8_t zero_in = 0, std::int8_t zero_out = 0,
            fb::DataType type = fb::DataType::Int8) {
    const int depth = depthwise ? 1 : inputs;
    last_weight = random_bytes(static_cast<std::size_t>(channels * depth * 9), static_cast<unsigned>(channels), -127);
    last_bias.clear();
    for (int o = 0; o < channels; ++o) last_bias.push_back(900 * o - 1300);
    const auto common = fb::CreateConvolution2DCommon(builder, 1, 1, 3, 3, 1, 1, 1, 1, fb::PadMode::Explicit,
                                                      depthwise ? channels : 1, channels, inputs, relu);
    const auto symmetric = fb::CreateQuantizedFloatParamDirect(builder, &last_weight, &last_bias, &factor, nullptr, 8,
                                                               zero_in, zero_out, -128, 127, type);
    op(depthwise ? fb::OpType::DepthwiseConvInt8 : fb::OpType::ConvInt8, {from}, {to},
       main(fb::CreateConvolution2D(builder, common, 0, 0, 0, symmetric)));
  }
};

// Activations with one scale a channel at both ends: the graph has one scale a tensor, and the same integers.
void test_old_chain(void**) {
  const Floats per_unit{40.13F, 55.57F, 27.29F}, first_factor{0.004F, 0.0031F, 0.0052F, 0.0047F},
      second_factor{0.01F, 0.013F, 0.0071F, 0.009F}, out_scale{0.02F, 0.05F, 0.031F, 0.011F};
  OldNetwork n;
  n.input("x", {1, 3, kHeight, kWidth});
  n.to_int8("x", "xq", per_unit);
  n.conv("xq", "a", 3, 4, false, first_factor, true);
  const Bytes8 first_weight = n.last_weight;
  const std::vector<std::int32_t> first_bias = n.last_bias;
  n.conv("a", "b", 4, 4, true, second_factor, false);
  n.to_float("b", "y", out_scale);
  const Graph graph = prepared(n);
  assert_true(all_layers_int8(graph));
  const Run result = run(graph);
  const Image a =
      convolved(quantized(result.input, 3, per_unit), 4, false, first_weight, first_bias, first_factor, true);
  const Image b = convolved(a, 4, true, n.last_weight, n.last_bias, second_factor, false);
  assert_is(result.output, b, out_scale);
}

void test_old_zero_points(void**) {
  const Floats factor{0.004F, 0.0031F, 0.0052F, 0.0047F};
  OldNetwork n;
  n.input("x", {1, 3, kHeight, kWidth});
  n.to_int8("x", "xq", {60}, 7);
  n.conv("xq", "a", 3, 4, false, factor, true, 7, -20);
  n.to_float("a", "y", {0.02F}, -20);
  const Graph graph = prepared(n);
  assert_true(all_layers_int8(graph));
  const Run result = run(graph);
  const Image a =
      convolved(quantized(result.input, 3, {60}, 7), 4, false, n.last_weight, n.last_bias, factor, true, 7, -20);
  assert_is(result.output, a, {0.02F}, -20);
}

// A convolution may give floats itself.
void test_old_float_output(void**) {
  const Floats factor{0.004F, 0.0031F};
  OldNetwork n;
  n.input("x", {1, 3, kHeight, kWidth});
  n.to_int8("x", "xq", {60});
  n.conv("xq", "y", 3, 2, false, factor, false, 0, 0, fb::DataType::Float);
  const Run result = run(prepared(n));
  Image q = quantized(result.input, 3, {60});
  for (std::size_t i = 0; i < result.output.size(); ++i) {
    const auto o = i / (kHeight * kWidth);
    const int y = static_cast<int>(i / kWidth % kHeight), x = static_cast<int>(i % kWidth);
    double sum = n.last_bias[o];
    for (int c = 0; c < 3; ++c) {
      for (int k = 0; k < 9; ++k) {
        sum += q.get(c, y + k / 3 - 1, x + k % 3 - 1, 0) *
               n.last_weight[(o * 3 + static_cast<std::size_t>(c)) * 9 + static_cast<std::size_t>(k)];
      }
    }
    assert_true(std::fabs(result.output[i] - sum * factor[o]) < 1e-3);
  }
}

void test_old_sum(void**) {
  const Floats first{0.03F}, second{0.05F}, out_per_unit{16};
  for (const fb::EltwiseType type : {fb::EltwiseType::Sum, fb::EltwiseType::Prod}) {  // MNN adds either way
    OldNetwork n;
    n.input("x", {1, 2, kHeight, kWidth});
    n.to_int8("x", "a", {100});
    n.to_int8("x", "b", {70});
    const auto left = n.scales(first), right = n.scales(second), out = n.scales(out_per_unit);
    n.op(fb::OpType::EltwiseInt8, {"a", "b"}, {"s"},
         Network::main(fb::CreateEltwiseInt8(n.builder, type, left, right, out)));
    n.to_float("s", "y", {0.25F});
    const Run result = run(prepared(n));
    const Image a = quantized(result.input, 2, {100}), b = quantized(result.input, 2, {70});
    Image sum(2, kHeight, kWidth);
    for (std::size_t i = 0; i < sum.q.size(); ++i) {
      sum.q[i] = rounded((a.q[i] * 0.03 + b.q[i] * 0.05) * 16, -127, 127);
    }
    assert_is(result.output, sum, {0.25F});
  }
}

void test_old_pool(void**) {
  OldNetwork n;
  n.input("x", {1, 2, kHeight, kWidth});
  n.to_int8("x", "q", {100});
  fb::PoolBuilder pool(n.builder);
  pool.add_kernel_x(1);
  pool.add_kernel_y(1);
  pool.add_stride_x(1);
  pool.add_stride_y(1);
  const auto table = pool.Finish();
  n.op(fb::OpType::PoolInt8, {"q"}, {"p"}, Network::main(table));
  n.to_float("p", "y", {0.01F});
  const Run result = run(prepared(n));
  assert_is(result.output, quantized(result.input, 2, {100}), {0.01F});
}

void test_old_errors(void**) {
  const auto fails = [](Code code, std::string_view part, const std::function<void(OldNetwork&)>& build) {
    OldNetwork n;
    n.input("x", {1, 3, kHeight, kWidth});
    n.to_int8("x", "q", {60});
    build(n);
    assert_import_fails(n, code, part);
  };
  const Floats two{0.01F, 0.02F};
  fails(Code::format, "is no int8 tensor", [&](OldNetwork& n) { n.conv("x", "y", 3, 2, false, two, false); });
  fails(Code::format, "is no int8 tensor", [&](OldNetwork& n) { n.to_float("x", "y", {1}); });
  fails(Code::format, "zero point is 4", [&](OldNetwork& n) { n.conv("q", "y", 3, 2, false, two, false, 4); });
  fails(Code::format, "zero point is 4", [&](OldNetwork& n) { n.to_float("q", "y", {1}, 4); });
  fails(Code::format, "3 factors", [&](OldNetwork& n) { n.conv("q", "y", 3, 2, false, {1, 1, 1}, false); });
  fails(Code::format, "factors are positive", [&](OldNetwork& n) { n.conv("q", "y", 3, 2, false, {1, -1}, false); });
  fails(Code::format, "factors are positive", [&](OldNetwork& n) {
    n.conv("q", "y", 3, 2, false, {1, std::numeric_limits<float>::quiet_NaN()}, false);
  });
  fails(Code::format, "no scales", [&](OldNetwork& n) { n.to_float("q", "y", {}); });
  fails(Code::format, "all 0", [&](OldNetwork& n) { n.to_float("q", "y", {0}); });
  fails(Code::format, "scales are positive", [&](OldNetwork& n) { n.to_int8("x", "y", {-1}); });
  fails(Code::unsupported, "reads the int8 integers of 'q'", [&](OldNetwork& n) {
    n.op(fb::OpType::Concat, {"q", "q"}, {"y"}, Network::main(fb::CreateAxis(n.builder, 1)));
  });
  fails(Code::unsupported, "other than their sum", [&](OldNetwork& n) {
    const auto s = n.scales({1});
    n.op(fb::OpType::EltwiseInt8, {"q", "q"}, {"y"},
         Network::main(fb::CreateEltwiseInt8(n.builder, fb::EltwiseType::Maximum, s, s, s)));
  });
}

// Today's: float operators, scales at tensors.
class TodaysNetwork : public Network {
 public:
  Bytes8 last_weight;
  Floats last_bias;

  void describe(std::int32_t tensor, float scale, float zero, float least = -128, float most = 127,
                fb::DataType type = fb::DataType::Int8) {
    const auto quant = fb::CreateTensorQuantInfo(builder, scale, zero, least, most, type);
    describes.push_back(fb::CreateTensorDescribe(builder, tensor, 0, quant));
  }
  void conv(const std::string& from, const std::string& to, int inputs, int channels, const Floats& alpha, bool relu) {
    last_weight = random_bytes(static_cast<std::size_t>(channels * inputs * 9), 5, -127);
    last_bias.clear();
    for (int o = 0; o < channels; ++o) last_bias.push_back(0.2F * static_cast<float>(o) - 0.3F);
    std::vector<std::uint8_t> buffer(last_weight.size());
    for (std::size_t i = 0; i < buffer.size(); ++i) buffer[i] = static_cast<std::uint8_t>(last_weight[i]);
    const auto common = fb::CreateConvolution2DCommon(builder, 1, 1, 3, 3, 1, 1, 1, 1, fb::PadMode::Explicit, 1,
                                                      channels, inputs, relu);
    const auto packed = fb::CreatePackedWeightsDirect(builder, &buffer, &alpha, 4, 1.0F, 0.1F, 0.1F, 8);
    op(fb::OpType::Convolution, {from}, {to},
       main(fb::CreateConvolution2DDirect(builder, common, nullptr, &last_bias, packed)));
  }
};

void test_todays_convolution(void**) {
  const Floats alpha{0.004F, 0.0061F};
  TodaysNetwork n;
  n.input("x", {1, 3, kHeight, kWidth});
  n.conv("x", "y", 3, 2, alpha, true);
  n.describe(0, 0.015F, 4);
  n.describe(1, 0.05F, -100, -90);
  const Graph graph = prepared(n);
  assert_true(all_layers_int8(graph));
  const Run result = run(graph);
  Floats factor;
  std::vector<std::int32_t> bias;
  for (std::size_t o = 0; o < 2; ++o) {
    factor.push_back(alpha[o] * 0.015F / 0.05F);
    bias.push_back(static_cast<std::int32_t>(std::nearbyint(n.last_bias[o] / (0.015F * alpha[o]))));
  }
  const Image in = quantized(result.input, 3, {1 / 0.015F}, 4);
  assert_is(result.output, convolved(in, 2, false, n.last_weight, bias, factor, true, 4, -100, -90), {0.05F}, -100);
}

// Which operators MNN computes in int8: all of whose tensors have scales, and which have a form.
void test_todays_rule(void**) {
  TodaysNetwork n;
  n.input("x", {1, 3, kHeight, kWidth});
  n.conv("x", "a", 3, 3, {0.004F, 0.004F, 0.004F}, false);
  n.op(fb::OpType::ReLU6, {"a"}, {"b"}, Network::main(fb::CreateRelu6(n.builder, 0.0F, 2.5F)));  // no int8 form
  n.conv("b", "c", 3, 3, {0.004F, 0.004F, 0.004F}, false);                                       // "c" has no scale
  n.conv("c", "y", 3, 3, {0.004F, 0.004F, 0.004F}, false);
  n.describe(0, 0.015F, 4);
  n.describe(1, 0.05F, -100);
  n.describe(2, 0.04F, -128);
  n.describe(4, 0.04F, 0);
  n.describe(3, 0.04F, 0, -128, 127, fb::DataType::Invalid);  // a range of no type, as tools keep notes
  Graph graph = imported(n);
  assert_string_equal(kinds(graph).c_str(), "quantize dequantize conv quantize dequantize unary conv conv");
  expect_ok(prepare_graph(graph));
  std::size_t int8 = 0, layers = 0;
  for (const Node& node : graph.nodes) {
    if (node.op != Op::conv) continue;
    ++layers;
    int8 += graph.at(node.outputs[0]).dtype == DType::i8 ? 1 : 0;
  }
  assert_int_equal(layers, 3);
  assert_int_equal(int8, 1);
}

// Who reads a float tensor that has a scale gets its floats, unless it computes in int8.
void test_todays_readers(void**) {
  TodaysNetwork n;
  n.input("x", {1, 3, kHeight, kWidth});
  n.op(fb::OpType::TanH, {"x"}, {"t"});
  n.conv("t", "c", 3, 3, {0.004F, 0.004F, 0.004F}, false);
  n.op(fb::OpType::Sigmoid, {"t"}, {"y"});
  n.outputs = {"c", "y"};
  n.describe(1, 0.01F, 0);
  n.describe(2, 0.04F, 0);
  const Graph graph = imported(n);
  assert_true(graph.at(maker_of(graph, "y").inputs[0]).name == "t");
  assert_true(maker_of(graph, "t").op == Op::unary);
  assert_true(maker_of(graph, "c").op == Op::dequantize);
}

void test_todays_errors(void**) {
  struct Case {
    float scale, zero, least, most;
  };
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Case cases[] = {{-1, 0, -128, 127},  {nan, 0, -128, 127}, {1, 0.5F, -128, 127}, {1, nan, -128, 127},
                        {1, 200, -128, 127}, {1, 0, 5, -5},       {1, 0, nan, 127},     {1, 0, -128, nan}};
  for (const Case& c : cases) {
    TodaysNetwork n;
    n.input("x", {1, 2});
    n.op(fb::OpType::Sigmoid, {"x"}, {"named"});
    n.describe(1, c.scale, c.zero, c.least, c.most);
    assert_import_fails(n, Code::format, "tensor 'named'");
  }
  TodaysNetwork beyond;  // a tensor that is not there is nobody's
  beyond.input("x", {1, 2});
  beyond.op(fb::OpType::Sigmoid, {"x"}, {"y"});
  beyond.describe(99, 1, 0);
  beyond.describe(-5, 1, 0);
  assert_string_equal(kinds(imported(beyond)).c_str(), "unary");
}

// Whatever a byte is changed to: a graph or an error, and no graph that the passes choke on.
void damage(const std::string& file) {
  std::mt19937 random(3);
  for (int i = 0; i < 4000; ++i) {
    std::string damaged = file;
    const std::size_t changes = 1 + random() % 3;
    for (std::size_t k = 0; k < changes; ++k) {
      damaged[random() % damaged.size()] = static_cast<char>(random() % 4 == 0 ? 0xFF : random());
    }
    Result<Graph> graph = import_mnn(damaged);
    if (graph.ok()) {
      (void)prepare_graph(*graph).ok();
    } else {
      assert_true(!graph.status().message().empty());
    }
  }
}

void test_damaged_bytes_do_no_harm(void**) {
  OldNetwork old;
  old.input("x", {1, 3, kHeight, kWidth});
  old.to_int8("x", "xq", {40, 50, 60});
  old.conv("xq", "a", 3, 4, false, {0.004F, 0.0031F, 0.0052F, 0.0047F}, true);
  old.conv("a", "b", 4, 4, true, {0.01F, 0.013F, 0.0071F, 0.009F}, false);
  const auto left = old.scales({0.03F}), right = old.scales({0.05F}), out = old.scales({16});
  old.op(fb::OpType::EltwiseInt8, {"a", "b"}, {"s"},
         Network::main(fb::CreateEltwiseInt8(old.builder, fb::EltwiseType::Sum, left, right, out)));
  old.to_float("s", "y", {0.02F, 0.05F, 0.031F, 0.011F});
  damage(old.bytes());
  TodaysNetwork today;
  today.input("x", {1, 3, kHeight, kWidth});
  today.conv("x", "a", 3, 3, {0.004F, 0.004F, 0.004F}, true);
  today.op(fb::OpType::BinaryOp, {"a", "x"}, {"y"}, Network::main(fb::CreateBinaryOp(today.builder)));
  for (const std::int32_t tensor : {0, 1, 2}) today.describe(tensor, 0.05F, 3);
  damage(today.bytes());
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_old_chain),
      cmocka_unit_test(test_old_zero_points),
      cmocka_unit_test(test_old_float_output),
      cmocka_unit_test(test_old_sum),
      cmocka_unit_test(test_old_pool),
      cmocka_unit_test(test_old_errors),
      cmocka_unit_test(test_todays_convolution),
      cmocka_unit_test(test_todays_rule),
      cmocka_unit_test(test_todays_readers),
      cmocka_unit_test(test_todays_errors),
      cmocka_unit_test(test_damaged_bytes_do_no_harm),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// Graphs with one or more members changed at random, as a damaged or hostile file makes them: preparing and validating
// may fail, but neither crash nor hang, and what passes is valid.
#include <cmath>
#include <cstring>
#include <random>

#include "passes/same_values.h"

namespace octet::test {
namespace {

constexpr std::int64_t kExtremes[] = {0,       1,          2,         3,         -1,        -2,       7,
                                      1 << 20, -(1 << 20), 1LL << 31, 1LL << 32, INT64_MAX, INT64_MIN};

class Damage {
 public:
  explicit Damage(unsigned seed) : random_(seed) {}

  void apply(Graph& graph) {
    Node& node = graph.nodes[below(graph.nodes.size())];
    Tensor& tensor = graph.tensors[below(graph.tensors.size())];
    switch (below(9)) {
      case 0:
        if (!node.inputs.empty()) node.inputs[below(node.inputs.size())] = id(graph);
        break;
      case 1:
        node.outputs[below(node.outputs.size())] = id(graph);
        break;
      case 2:
        if (below(2) == 0) node.inputs.push_back(id(graph));
        if (!node.inputs.empty() && below(2) == 0) node.inputs.pop_back();
        break;
      case 3:
        node.op = static_cast<Op>(below(80));
        break;
      case 4:
        numbers(tensor.dims);
        break;
      case 5:
        tensor.dtype = static_cast<DType>(below(8));
        break;
      case 6:
        change_constant(tensor);
        break;
      default:
        attributes(node.attrs);
    }
  }

 private:
  std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_); }
  std::int64_t number() { return kExtremes[below(std::size(kExtremes))]; }
  TensorId id(const Graph& graph) { return static_cast<TensorId>(below(graph.tensors.size() + 2)) - 1; }

  void numbers(std::vector<std::int64_t>& values) {
    if (below(3) == 0) values.push_back(number());
    if (!values.empty() && below(3) == 0) values.pop_back();
    if (!values.empty()) values[below(values.size())] = number();
  }

  void change_constant(Tensor& tensor) {
    if (!tensor.constant || tensor.data.size() < 8) return;
    const auto old = tensor.data.span();
    std::vector<std::byte> bytes(old.begin(), old.end());
    const std::int64_t value = number();
    std::memcpy(bytes.data() + below(bytes.size() / 8) * 8, &value, 8);
    tensor.data = Bytes::from(bytes);
  }

  void attributes(Attributes& attrs) {
    switch (below(12)) {
      case 0:
        attrs.window.kernel[below(2)] = number();
        break;
      case 1:
        attrs.window.stride[below(2)] = number();
        attrs.window.dilation[below(2)] = number();
        break;
      case 2:
        attrs.window.pads[below(4)] = number();
        break;
      case 3:
        attrs.groups = number();
        break;
      case 4:
        attrs.axis = number();
        break;
      case 5:
        numbers(attrs.axes);
        break;
      case 6:
        numbers(attrs.sizes);
        break;
      case 7:
        numbers(attrs.starts);
        numbers(attrs.steps);
        break;
      case 8:
        attrs.scales = {static_cast<float>(number()), NAN};
        attrs.unary = static_cast<UnaryKind>(below(40));
        break;
      case 9:
        attrs.window.auto_pad = static_cast<AutoPad>(below(5));
        attrs.output_size = {number(), number()};
        break;
      case 10:
        attrs.block = number();
        attrs.alpha = static_cast<float>(number());
        attrs.pad = static_cast<PadKind>(below(4));
        break;
      default:
        attrs.reduce = static_cast<ReduceKind>(below(12));
        attrs.binary = static_cast<BinaryKind>(below(9));
        attrs.to = static_cast<DType>(below(9));
        attrs.keep_dims = below(2) == 0;
    }
  }

  std::mt19937 random_;
};

// A bit of everything: float operators, and shape arithmetic that is folded away.
Graph everything() {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 4, 6, 6});
  const TensorId conv = b.add(Op::conv, "conv", {x, b.noise("w", {4, 2, 3, 3}), b.noise("bias", {4})}, [](auto& a) {
    a.groups = 2;
    a.window.pads = {1, 1, 1, 1};
  });
  const TensorId scaled = b.binary(BinaryKind::mul, "scale", conv, b.noise("s", {4, 1, 1}));
  const TensorId gate = b.unary(UnaryKind::sigmoid, "gate", scaled);
  const TensorId swish = b.binary(BinaryKind::mul, "swish", scaled, gate);
  const TensorId padded = b.add(Op::pad, "pad", {swish, b.integers("pads", {8}, {0, 0, 1, 1, 0, 0, -1, 1})});
  const TensorId pool = b.add(Op::max_pool, "pool", {padded}, [](auto& a) { a.window.kernel = {2, 2}; });
  const TensorId up = b.add(Op::conv_transpose, "up", {pool, b.noise("wt", {4, 2, 2, 2})});
  const TensorId resized = b.add(Op::resize, "resize", {up, kNoTensor, b.floats("sc", {4}, {1, 1, 2, 2})});
  const TensorId shape = b.add(Op::shape, "shape", {resized});
  const TensorId part = b.add(Op::slice, "part", {shape, b.integers("st", {1}, {0}), b.integers("en", {1}, {2})});
  const TensorId product = b.add(Op::reduce, "product", {part}, [](auto& a) { a.reduce = ReduceKind::prod; });
  const TensorId to = b.add(Op::concat, "to", {product, b.integers("rest", {1}, {-1})});
  const TensorId flat = b.add(Op::reshape, "flat", {resized, to});
  const TensorId turned = b.add(Op::transpose, "turn", {flat}, [](auto& a) { a.axes = {1, 0}; });
  const TensorId tiled = b.add(Op::tile, "tile", {turned, b.integers("times", {2}, {1, 2})});
  b.add(
      Op::split, "split", {tiled}, [](auto& a) { a.axis = 1; }, 2);
  const Node split = b.graph.nodes.back();
  const TensorId gathered =
      b.add(Op::gather, "gather", {split.outputs[0], b.integers("i", {2}, {0, -1})}, [](auto& a) { a.axis = 1; });
  const TensorId wide = b.add(Op::expand, "expand", {gathered, b.integers("shape", {3}, {2, 1, 2})});
  const TensorId range =
      b.add(Op::range, "range", {b.integers("0", {}, {0}), b.integers("2", {}, {2}), b.integers("1", {}, {1})});
  const TensorId few = b.add(Op::cast, "cast", {range}, [](auto& a) { a.to = DType::f32; });
  b.output(b.add(Op::softmax, "softmax", {b.add(Op::mat_mul, "m", {wide, b.noise("wm", {2, 3})})}));
  b.output(b.binary(BinaryKind::add, "sum", few, split.outputs[1]));
  return b.graph;
}

void test_everything_is_valid_when_undamaged(void**) {
  Graph graph = everything();
  expect_ok(prepare_graph(graph));
}

void test_damage(void**) {
  const Graph whole = everything();
  std::size_t passed = 0;
  for (unsigned seed = 0; seed < 6000; ++seed) {
    Graph graph = whole;
    Damage damage(seed);
    for (unsigned i = 0; i <= seed % 3; ++i) damage.apply(graph);
    const Status status = prepare_graph(graph);
    if (status.ok()) {
      expect_ok(validate(graph));
      ++passed;
    } else {
      assert_true(status.code() != Code::internal);
      assert_false(status.message().empty());
    }
  }
  assert_true(passed > 100);  // the damage reaches beyond the first check
}

void test_damage_of_a_prepared_graph(void**) {
  Graph whole = everything();
  expect_ok(prepare_graph(whole));
  for (unsigned seed = 0; seed < 6000; ++seed) {
    Graph graph = whole;
    Damage damage(seed);
    damage.apply(graph);
    if (validate(graph).ok()) {
      for (const Node& node : graph.nodes) assert_true(count_macs(graph, node) >= 0);
    }
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_everything_is_valid_when_undamaged),
      cmocka_unit_test(test_damage),
      cmocka_unit_test(test_damage_of_a_prepared_graph),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

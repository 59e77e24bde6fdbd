// What is written comes back to the last bit.
#include <algorithm>
#include <limits>

#include "base/file.h"
#include "model/bytes.h"
#include "model/graphs.h"
#include "model/model.h"
#include "support/temporary.h"

namespace octet::test {
namespace {

Graph through_file(const Graph& graph) {
  const auto bytes = octet_bytes(graph);
  assert_ok(bytes.status());
  const auto read = read_octet(bytes.value(), "");
  assert_ok(read.status());
  return read.value();
}

void test_float_network_comes_back(void**) {
  const Graph graph = float_graph();
  std::vector<bool> used(26);
  for (const Node& node : graph.nodes) used[static_cast<std::size_t>(node.op)] = true;
  for (std::size_t op = 0; op < used.size(); ++op) {
    if (static_cast<Op>(op) == Op::requantize) continue;  // int8 only
    if (!used[op]) print_error("%s is not tested\n", name_of(static_cast<Op>(op)));
    assert_true(used[op]);
  }
  assert_same_graph(graph, through_file(graph));
}

void test_int8_network_comes_back(void**) { assert_same_graph(int8_graph(), through_file(int8_graph())); }

void test_open_sizes_come_back(void**) {
  Graph graph = open_sizes_graph();
  assert_same_graph(graph, through_file(graph));
  assert_int_equal(format::minimum_version(graph), 1);  // older readers may overlook them
  graph.open_sizes = {{"", "", std::string(256, 'x'), ""}};
  assert_same_graph(graph, through_file(graph));
  graph.open_sizes = {{"", "", std::string(257, 'x'), ""}};
  assert_int_equal(octet_bytes(graph).status().code(), Code::format);
  graph.open_sizes = {{"", "", "", "", "5"}};
  assert_int_equal(octet_bytes(graph).status().code(), Code::format);
}

// Readers of version 1 refuse what they do not understand, and go on reading all else.
void test_zero_points_need_version_2(void**) {
  assert_same_graph(zero_point_graph(), through_file(zero_point_graph()));
  assert_int_equal(format::minimum_version(zero_point_graph()), 2);
  assert_int_equal(format::minimum_version(int8_graph()), 1);
  assert_int_equal(format::minimum_version(float_graph()), 1);
  Graph lowest = int8_graph();
  const auto conv = std::ranges::find(lowest.nodes, Op::conv, &Node::op);
  Tensor& weight = lowest.at(conv->inputs[1]);
  std::vector<std::int8_t> values(weight.data.as<std::int8_t>().begin(), weight.data.as<std::int8_t>().end());
  values.back() = -128;
  weight.data = Bytes::from(values);
  assert_int_equal(format::minimum_version(lowest), 2);
  for (const Graph& graph : {int8_graph(), zero_point_graph()}) {
    const FileBytes file(graph);
    assert_int_equal(file.get<std::uint32_t>(file.field(kFormatVersion)), format::kVersion);
    assert_int_equal(file.get<std::uint32_t>(file.field(kMinimumReaderVersion)), format::minimum_version(graph));
  }
}

void test_file_comes_back(void**) {
  const TemporaryFolder folder;
  const std::string path = folder.path("model.octet");
  assert_true(write_octet(int8_graph(), path).ok());
  const auto bytes = map_file(path);
  assert_true(bytes.ok());
  const auto read = read_octet(bytes.value(), path);
  assert_true(read.ok());
  assert_same_graph(int8_graph(), read.value());
}

// Sets one attribute, the others at their default. Returns false behind the last one.
bool set_attribute(int which, Attributes& attrs) {
  switch (which) {
    case 0:
      return true;
    case 1:
      attrs.clamp.low = 0;
      return true;
    case 2:
      attrs.clamp.low = -0.0F;
      return true;
    case 3:
      attrs.clamp.high = 6;
      return true;
    case 4:
      attrs.window.kernel = {1, 2};
      return true;
    case 5:
      attrs.window.stride = {3, 1};
      return true;
    case 6:
      attrs.window.dilation = {1, 4};
      return true;
    case 7:
      attrs.window.pads = {1, 2, 3, std::numeric_limits<std::int64_t>::max()};
      return true;
    case 8:
      attrs.window.auto_pad = AutoPad::same_lower;
      return true;
    case 9:
      attrs.groups = std::numeric_limits<std::int64_t>::max();
      return true;
    case 10:
      attrs.output_padding = {0, 1};
      return true;
    case 11:
      attrs.output_size = {7, 9};
      return true;
    case 12:
      attrs.ceil_mode = true;
      return true;
    case 13:
      attrs.count_include_pad = true;
      return true;
    case 14:
      attrs.reduce = ReduceKind::log_sum_exp;
      return true;
    case 15:
      attrs.unary = UnaryKind::square;
      return true;
    case 16:
      attrs.binary = BinaryKind::pow;
      return true;
    case 17:
      attrs.compare = CompareKind::logical_or;
      return true;
    case 18:
      attrs.alpha = -0.0F;
      return true;
    case 19:
      attrs.alpha = std::numeric_limits<float>::denorm_min();
      return true;
    case 20:
      attrs.beta = -1.0F / 3;
      return true;
    case 21:
      attrs.axis = std::numeric_limits<std::int64_t>::min();
      return true;
    case 22:
      attrs.keep_dims = false;
      return true;
    case 23:
      attrs.log = true;
      return true;
    case 24:
      attrs.allow_zero = true;
      return true;
    case 25:
      attrs.axes = {0};
      return true;
    case 26:
      attrs.axes = {3, 2, 1, 0};
      return true;
    case 27:
      attrs.sizes = {3, 2, 1, 0};
      return true;
    case 28:
      attrs.starts = {std::numeric_limits<std::int64_t>::min(), -1, 0, 1};
      return true;
    case 29:
      attrs.steps = {-64, 63, 64, 1 << 20};
      return true;
    case 30:
      attrs.scales = {0.1F, -0.0F, std::numeric_limits<float>::infinity()};
      return true;
    case 31:
      attrs.scales = {0.1F};
      return true;
    case 32:
      attrs.pad = PadKind::edge;
      return true;
    case 33:
      attrs.resize = ResizeKind::cubic;
      return true;
    case 34:
      attrs.coordinate = CoordinateKind::align_corners;
      return true;
    case 35:
      attrs.nearest = NearestKind::ceil;
      return true;
    case 36:
      attrs.cubic_a = -0.5F;
      return true;
    case 37:
      attrs.block = 2;
      return true;
    case 38:
      attrs.crd = true;
      return true;
    case 39:
      attrs.to = DType::boolean;
      return true;
    default:
      return false;
  }
}

// One node for each attribute that differs: none is lost, and no two that differ are taken for the same. Twice, so
// that those that are the same meet each other too.
void test_every_attribute_comes_back(void**) {
  GraphBuilder b;
  TensorId x = b.input("x", {2});
  for (int round = 0; round < 2; ++round) {
    Attributes attrs;
    for (int which = 0; set_attribute(which, attrs); ++which, attrs = {}) {
      x = b.node(Op::unary, "node " + std::to_string(which) + "." + std::to_string(round), {x}, attrs);
    }
  }
  b.graph.outputs = {x};
  const Graph read = through_file(b.graph);
  assert_same_graph(b.graph, read);
  for (const std::size_t node : {std::size_t{30}, std::size_t{31}}) {
    const auto& scales = read.nodes[node].attrs.scales;
    for (std::size_t i = 0; i < scales.size(); ++i) assert_same_bits(scales[i], b.graph.nodes[node].attrs.scales[i]);
  }
}

void test_names_come_back(void**) {
  GraphBuilder b;
  const std::string zero("a\0b", 3);
  TensorId x = b.input("", {1, 4});
  x = b.node(Op::gemm, "same", {x, b.floats("same/weight", {4, 4}), b.floats("of its own", {4})});
  b.graph.nodes.back().name = zero;
  x = b.node(Op::gemm, "other", {x, b.floats("", {4, 4}), b.floats("other/bias", {4})});
  b.graph.nodes.back().name = "";
  x = b.node(Op::unary, std::string(300, 'n') + "\xff", {x});
  b.floats("nobody reads it", {2});
  b.floats("", {3});
  b.graph.outputs = {x};
  const Graph read = through_file(b.graph);
  assert_same_graph(b.graph, read);
  assert_true(read.nodes[0].name == zero);
}

// Names of weights are a good part of a small int8 file, and nobody asks for them.
void test_constants_of_int8_nodes_are_named_after_their_node(void**) {
  Graph graph = int8_graph();
  const Graph expected = graph;
  for (Tensor& tensor : graph.tensors) {
    if (tensor.constant) tensor.name = "a name of the source file";
  }
  assert_same_graph(expected, through_file(graph));
}

void test_recipe_that_is_not_there_stays_away(void**) {
  Graph graph = float_graph();
  assert_false(through_file(graph).recipe.present);
  graph.recipe.present = true;  // one that is default, but there
  assert_true(through_file(graph).recipe.present);
}

void test_writing_twice_changes_nothing(void**) {
  const auto first = octet_bytes(float_graph());
  const auto again = octet_bytes(through_file(float_graph()));
  assert_true(first.ok() && again.ok());
  assert_int_equal(first->size(), again->size());
  assert_memory_equal(first->data(), again->data(), first->size());
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_float_network_comes_back),
      cmocka_unit_test(test_int8_network_comes_back),
      cmocka_unit_test(test_open_sizes_come_back),
      cmocka_unit_test(test_zero_points_need_version_2),
      cmocka_unit_test(test_file_comes_back),
      cmocka_unit_test(test_every_attribute_comes_back),
      cmocka_unit_test(test_names_come_back),
      cmocka_unit_test(test_constants_of_int8_nodes_are_named_after_their_node),
      cmocka_unit_test(test_recipe_that_is_not_there_stays_away),
      cmocka_unit_test(test_writing_twice_changes_nothing),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

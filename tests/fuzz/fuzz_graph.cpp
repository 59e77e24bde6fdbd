// Graphs such as no importer may ever write, but each could: every operator over tensors of any shape and type with any
// attributes, spelled by the bytes. What the passes and everything behind them do with those is the same for each
// format.
#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "fuzz.h"
#include "graph/operands.h"

namespace octet::fuzz {
namespace {

constexpr std::array<std::int64_t, 12> kNumbers = {
    0, 1, -1, 2, -2, 3, 1000, 1LL << 31, (1LL << 31) - 1, 1LL << 40, INT64_MAX, INT64_MIN};
constexpr std::array<float, 10> kFloats = {0, 1, -1, 0.5F, 2, 6, 3e38F, 1e-40F, __builtin_inff(), __builtin_nanf("")};
constexpr std::size_t kMostNodes = 24;
constexpr std::size_t kMostConstant = 4096;  // elements

class Speller {
 public:
  explicit Speller(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  Graph graph() {
    for (std::size_t i = 1 + below(3); i > 0; --i) {
      const TensorId id = graph_.add_tensor("x" + std::to_string(i), below(8) == 0 ? DType::i8 : DType::f32, dims());
      quantize(graph_.at(id));
      graph_.inputs.push_back(id);
    }
    while (!rest_.empty() && graph_.nodes.size() < kMostNodes) add_node();
    graph_.outputs.push_back(static_cast<TensorId>(graph_.tensors.size()) - 1);
    if (below(4) == 0) graph_.outputs.push_back(any_tensor());
    return std::move(graph_);
  }

 private:
  std::size_t below(std::size_t limit) {
    if (rest_.empty()) return 0;
    const std::size_t value = rest_[0] % limit;
    rest_ = rest_.subspan(1);
    return value;
  }
  bool flag() { return below(2) == 1; }
  std::int64_t number() {
    const std::size_t kind = below(24);
    return kind < kNumbers.size() ? kNumbers[kind] : static_cast<std::int64_t>(below(9));
  }
  float real() { return kFloats[below(kFloats.size())]; }
  std::vector<std::int64_t> numbers() {
    std::vector<std::int64_t> values(below(6));
    for (std::int64_t& value : values) value = number();
    return values;
  }
  Dims dims() {
    Dims dims(below(6));
    for (std::int64_t& dim : dims) dim = static_cast<std::int64_t>(below(8)) + (dims.size() < 4 ? 1 : 0);
    for (std::int64_t& dim : dims) dim = std::max<std::int64_t>(dim, 1);
    return dims;
  }
  TensorId any_tensor() { return static_cast<TensorId>(below(graph_.tensors.size())); }

  void quantize(Tensor& tensor) {
    if (tensor.dtype != DType::i8) return;
    static constexpr float kScales[] = {0.5F, 0.02F, 1e-20F, 1e20F};
    tensor.quant = {kScales[below(4)], static_cast<std::int32_t>(below(256)) - 128};
  }

  TensorId constant() {
    static constexpr DType kTypes[] = {DType::f32, DType::f32, DType::f32, DType::i64,    DType::i64,
                                       DType::i32, DType::i8,  DType::u8,  DType::boolean};
    const DType dtype = kTypes[below(std::size(kTypes))];
    const Dims shape = dtype == DType::i64 ? Dims{static_cast<std::int64_t>(below(6))} : dims();
    const std::string name = "c" + std::to_string(graph_.tensors.size());
    const std::int64_t count = element_count(shape);
    if (count < 0 || count > static_cast<std::int64_t>(kMostConstant)) return kNoTensor;
    if (dtype == DType::i64) {
      std::vector<std::int64_t> values(static_cast<std::size_t>(count));
      for (std::int64_t& value : values) value = number();
      return graph_.add_constant(name, dtype, shape, values);
    }
    if (dtype == DType::f32) {
      std::vector<float> values(static_cast<std::size_t>(count));
      const float first = real();
      for (std::size_t i = 0; i < values.size(); ++i) values[i] = first + static_cast<float>(i % 7) * 0.25F;
      const TensorId id = graph_.add_constant(name, dtype, shape, values);
      if (below(4) == 0) graph_.at(id).scales = {0.25F};
      return id;
    }
    std::vector<std::byte> values(static_cast<std::size_t>(count) * size_of(dtype));
    for (std::size_t i = 0; i < values.size(); i += size_of(dtype)) values[i] = static_cast<std::byte>(below(2));
    return graph_.add_constant(name, dtype, shape, Bytes::from(values));
  }

  void add_node() {
    Node node;
    do {
      node.op = static_cast<Op>(below(75));
    } while (operand_rule(node.op) == nullptr && !rest_.empty());
    const OperandRule* rule = operand_rule(node.op);
    if (rule == nullptr) return;
    const auto most = static_cast<std::size_t>(std::min(rule->most, 5));
    const auto least = static_cast<std::size_t>(rule->required);
    const std::size_t count = least + below(std::max(most, least) - least + 1);
    for (std::size_t i = 0; i < count; ++i) {
      // The first operand mostly is what was just made, so that nodes follow each other.
      const std::size_t kind = below(i == 0 ? 4 : 8);
      TensorId id = kNoTensor;
      if (i == 0 ? kind != 0 : kind == 1) id = static_cast<TensorId>(graph_.tensors.size()) - 1;
      if (i == 0 ? kind == 0 : kind == 2) id = any_tensor();
      if (i != 0 && kind > 2) id = constant();
      if (id == kNoTensor && i < least) id = any_tensor();
      node.inputs.push_back(id);
    }
    for (std::size_t i = 1; i < 8 && flag(); ++i) attribute(node.attrs);
    node.name = "n" + std::to_string(graph_.nodes.size());
    const auto outputs = static_cast<std::size_t>(std::min(rule->most_outputs, 4));
    for (std::size_t i = 1 + below(outputs); i > 0; --i) {
      const bool int8 = node.op == Op::quantize || node.op == Op::requantize;
      const TensorId id = graph_.add_tensor(node.name + ":" + std::to_string(i), int8 ? DType::i8 : DType::f32, {});
      quantize(graph_.at(id));
      node.outputs.push_back(id);
    }
    graph_.nodes.push_back(std::move(node));
  }

  void attribute(Attributes& attrs) {
    switch (below(20)) {
      case 0:
        for (std::int64_t& value : attrs.window.kernel) value = number();
        break;
      case 1:
        for (std::int64_t& value : attrs.window.stride) value = number();
        break;
      case 2:
        for (std::int64_t& value : attrs.window.dilation) value = number();
        break;
      case 3:
        for (std::int64_t& value : attrs.window.pads) value = number();
        break;
      case 4:
        attrs.window.auto_pad = static_cast<AutoPad>(below(4));
        break;
      case 5:
        attrs.groups = number();
        break;
      case 6:
        attrs.output_padding = {number(), number()};
        attrs.output_size = {number(), number()};
        break;
      case 7:
        attrs.clamp = {real(), real()};
        break;
      case 8:
        attrs.axis = number();
        break;
      case 9:
        attrs.axes = numbers();
        break;
      case 10:
        attrs.sizes = numbers();
        break;
      case 11:
        attrs.starts = numbers();
        attrs.steps = numbers();
        break;
      case 12:
        attrs.scales.assign(below(5), real());
        break;
      case 13:
        attrs.alpha = real();
        attrs.beta = real();
        break;
      case 14:
        attrs.unary = static_cast<UnaryKind>(below(31));
        attrs.binary = static_cast<BinaryKind>(below(7));
        attrs.reduce = static_cast<ReduceKind>(below(10));
        attrs.compare = static_cast<CompareKind>(below(7));
        break;
      case 15:
        attrs.pad = static_cast<PadKind>(below(3));
        attrs.resize = static_cast<ResizeKind>(below(3));
        attrs.coordinate = static_cast<CoordinateKind>(below(4));
        attrs.nearest = static_cast<NearestKind>(below(4));
        attrs.cubic_a = real();
        break;
      case 16:
        attrs.block = number();
        attrs.crd = flag();
        break;
      case 17:
        attrs.to = static_cast<DType>(below(7));
        break;
      case 18:
        attrs.ceil_mode = flag();
        attrs.count_include_pad = flag();
        break;
      default:
        attrs.keep_dims = flag();
        attrs.log = flag();
        attrs.allow_zero = flag();
    }
  }

  std::span<const std::uint8_t> rest_;
  Graph graph_;
};

}  // namespace
}  // namespace octet::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octet;
  Graph graph = fuzz::Speller({data, size}).graph();
  if (!validate_structure(graph).ok()) return 0;
  fuzz::prepare_and_use(std::move(graph));
  return 0;
}

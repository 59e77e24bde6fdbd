#include "import/tflite/emitter.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "base/text.h"
#include "graph/open_sizes.h"

namespace octet::tflite {

namespace {

const std::vector<std::int64_t> kToImage{0, 3, 1, 2};
const std::vector<std::int64_t> kToFile{0, 2, 3, 1};

std::vector<std::int64_t> identity_permutation(std::size_t rank) {
  std::vector<std::int64_t> permutation(rank);
  std::iota(permutation.begin(), permutation.end(), 0);
  return permutation;
}

std::string tensor_text(const File& file, std::int32_t index) {
  return "tensor '" + printable(file.tensor_name(index)) + "'";
}

}  // namespace

Emitter::Emitter(const File& file)
    : file_(file),
      constants_(file),
      values_(file.tensor_count()),
      made_constants_(file.tensor_count()),
      size_(file.bytes().size()) {}

Status Emitter::wrong_options() { return fail(Code::format, "its options are those of another operator"); }

TensorId Emitter::add(const std::string& name, DType dtype) { return graph_.add_tensor(name, dtype, {}); }

std::string Emitter::fresh_name() {
  return derived_name(base_name_, graph_.tensors.size() - static_cast<std::size_t>(first_tensor_));
}

Status Emitter::add_inputs() {
  for (const std::int32_t index : span_of(file_.network().inputs())) {
    if (!file_.has_tensor(index)) {
      return fail(Code::format, "the network's input is tensor " + std::to_string(index) + ", which does not exist");
    }
    const fb::Tensor& tensor = file_.tensor(index);
    const fb::TensorType type = tensor.type();
    const std::string where = "input '" + printable(file_.tensor_name(index)) + "'";
    if (value(index).made) return fail(Code::format, where + " is listed twice");
    if (type != fb::TensorType::FLOAT32 && type != fb::TensorType::INT8 && type != fb::TensorType::UINT8) {
      return fail(Code::unsupported, where + " is " + type_text(type) + "; inputs may be FLOAT32, INT8 and UINT8");
    }
    Dims dims = file_.dims(index);
    begin_names(file_.tensor_name(index));
    const TensorId id = graph_.add_tensor(base_name_, DType::f32, dims);
    graph_.inputs.push_back(id);
    const std::span<const std::int32_t> signature = span_of(tensor.shape_signature());
    for (std::size_t i = 0; i < dims.size(); ++i) {
      if (dims[i] == 0) {
        return fail(Code::shape, where + ": dimension " + std::to_string(i) +
                                     " has the size 0; convert the network with fixed sizes");
      }
      if (dims[i] > 0 && (i >= signature.size() || signature[i] >= 0)) continue;
      // An open batch is one sample, and so is what converters put into the shape for other open sizes, for want of a
      // better number: these are given when the model is loaded.
      if (dims[i] <= 1) dims[i] = i == 0 ? 1 : -1;
      set_open(graph_, graph_.inputs.size() - 1, i, {});
    }
    graph_.at(id).dims = dims;
    Value& v = value(index);
    v.made = true;
    v.rank = static_cast<int>(dims.size());
    v.is_image = v.rank == 4;
    OCTET_ASSIGN(v.in_file, quantized(id, index));
  }
  if (graph_.inputs.empty()) return fail(Code::format, "the network has no input");
  return {};
}

Status Emitter::begin(const fb::Operator& op) {
  op_ = &op;
  const std::span<const std::int32_t> inputs = span_of(op.inputs()), outputs = span_of(op.outputs());
  inputs_.assign(inputs.begin(), inputs.end());
  outputs_.assign(outputs.begin(), outputs.end());
  named_.clear();
  begin_names(file_.node_name(op));
  if (outputs_.empty()) return fail(Code::format, "it has no output");
  for (const std::int32_t index : outputs_) {
    if (!file_.has_tensor(index)) {
      return fail(Code::format, "its output is tensor " + std::to_string(index) + ", which does not exist");
    }
    if (value(index).made) return fail(Code::format, "its output, " + tensor_text(file_, index) + ", is made twice");
  }
  for (const std::int32_t index : inputs_) {
    if (index == -1) continue;  // an optional input that is not given
    if (!file_.has_tensor(index)) {
      return fail(Code::format, "it reads tensor " + std::to_string(index) + ", which does not exist");
    }
    Value& v = value(index);
    if (v.made) continue;
    if (!file_.is_constant(index)) {
      return fail(Code::format, "it reads " + tensor_text(file_, index) + ", which no operator before it makes");
    }
    v.made = true;
    v.constant = index;
    v.rank = static_cast<int>(file_.dims(index).size());
  }
  return {};
}

Status Emitter::end() {
  for (const std::int32_t index : outputs_) {
    if (!value(index).made) {
      return fail(Code::format, "it has more outputs (" + std::to_string(outputs_.size()) + ") than its kind makes");
    }
  }
  return size_.count(graph_);
}

void Emitter::skip(const fb::Operator& op) {
  for (const std::int32_t index : span_of(op.outputs())) {
    if (!file_.has_tensor(index) || value(index).made) continue;
    Value& v = value(index);
    v.made = true;
    v.rank = static_cast<int>(file_.dims(index).size());
    v.in_file = add(file_.tensor_name(index), DType::f32);
  }
}

Status Emitter::expect_inputs(std::size_t least, std::size_t most) const {
  const std::size_t count = inputs_.size();
  const bool missing = std::find(inputs_.begin(), inputs_.begin() + static_cast<std::ptrdiff_t>(std::min(least, count)),
                                 -1) != inputs_.begin() + static_cast<std::ptrdiff_t>(std::min(least, count));
  if (count >= least && count <= most && !missing) return {};
  const std::string wanted = std::to_string(least) + (most != least ? " to " + std::to_string(most) : "");
  return fail(Code::format, "it has " + std::to_string(count) + " inputs" + (missing ? ", some of them absent" : "") +
                                ", but takes " + wanted);
}

bool Emitter::has_open_image() const {
  return std::any_of(graph_.open_sizes.begin(), graph_.open_sizes.end(), [](const std::vector<std::string>& names) {
    return std::any_of(names.begin() + (names.empty() ? 0 : 1), names.end(),
                       [](const std::string& name) { return !name.empty(); });
  });
}

bool Emitter::is_constant(std::size_t i) const { return has_input(i) && value(inputs_[i]).constant >= 0; }

int Emitter::rank(std::size_t i) const { return value(inputs_[i]).rank; }

Dims Emitter::dims(std::size_t i) const { return file_.dims(inputs_[i]); }

bool Emitter::input_is_integer(std::size_t i) const {
  const fb::TensorType type = input_type(i);
  return type == fb::TensorType::INT32 || type == fb::TensorType::INT64;
}

Order Emitter::preferred_order() const {
  bool image = false;
  for (const std::int32_t index : inputs_) {
    if (index < 0) continue;
    const Value& v = value(index);
    // What would have to broadcast, or has more dimensions than an image, keeps everything in the file's order.
    if (v.constant >= 0 ? v.rank > 4 : v.rank != 4) return Order::file;
    image = image || v.is_image;
  }
  return image ? Order::image : Order::file;
}

Order Emitter::input_order(std::size_t i) const {
  const Value& v = value(inputs_[i]);
  return v.rank == 4 && v.is_image ? Order::image : Order::file;
}

Result<std::int64_t> Emitter::place(std::int64_t axis, int rank, Order order) const {
  if (axis < -rank || axis >= rank) {
    return fail(Code::shape,
                "axis " + std::to_string(axis) + " does not exist in " + std::to_string(rank) + " dimensions");
  }
  if (axis < 0) axis += rank;
  constexpr std::array<std::int64_t, 4> kPlaces{0, 2, 3, 1};
  return order == Order::image ? kPlaces[static_cast<std::size_t>(axis)] : axis;
}

Result<TensorId> Emitter::constant_in(std::int32_t index, const std::vector<std::int64_t>& permutation,
                                      std::size_t leading) {
  std::vector<MadeConstant>& made = made_constants_[static_cast<std::size_t>(index)];
  for (const MadeConstant& one : made) {
    if (one.permutation == permutation) return one.id;
  }
  OCTET_ASSIGN(const TensorId id, constants_.add(graph_, index, permutation, leading));
  made.push_back({permutation, id});
  return id;
}

Result<TensorId> Emitter::materialize(std::int32_t index, Order order) {
  Value& v = value(index);
  if (v.constant >= 0) {
    const std::size_t rank = file_.dims(v.constant).size();
    const std::int64_t count = element_count(file_.dims(v.constant));
    if (order == Order::file || count == 1) return constant_in(v.constant, identity_permutation(rank), 0);
    if (rank > 4) return fail(Code::shape, tensor_text(file_, index) + " is no image");
    return constant_in(v.constant, kToImage, 4 - rank);
  }
  TensorId& wanted = order == Order::file ? v.in_file : v.in_image;
  if (wanted != kNoTensor) return wanted;
  if (v.rank != 4) {
    return fail(Code::shape, tensor_text(file_, index) + " has " + std::to_string(v.rank) +
                                 " dimensions where an image, N x H x W x C, is needed");
  }
  const TensorId given = order == Order::file ? v.in_image : v.in_file;
  wanted = transpose(given, order == Order::file ? kToFile : kToImage);
  graph_.at(wanted).name = file_.tensor_name(index) + (order == Order::file ? "/nhwc" : "/nchw");
  graph_.nodes.back().name = graph_.at(wanted).name;
  return wanted;
}

Result<TensorId> Emitter::input(std::size_t i, Order order) { return materialize(inputs_[i], order); }

Result<TensorId> Emitter::permuted(std::size_t i, const std::vector<std::int64_t>& permutation) {
  if (is_constant(i)) return constant_in(value(inputs_[i]).constant, permutation, 0);
  OCTET_ASSIGN(const TensorId x, input(i));
  return transpose(x, permutation);
}

Result<TensorId> Emitter::bias(std::size_t i, std::size_t x, std::size_t weights) {
  if (!has_input(i)) return kNoTensor;
  if (file_.tensor(inputs_[i]).type() != fb::TensorType::INT32) return input(i);
  const std::int32_t weight_index = value(inputs_[weights]).constant;
  if (!is_constant(i) || weight_index < 0 || !is_quantized(file_.tensor(weight_index)) ||
      !is_quantized(file_.tensor(inputs_[x]))) {
    return fail(Code::unsupported, "its bias is INT32, but its input or its weights have no scale");
  }
  OCTET_ASSIGN(const Quant quant, activation_quant(file_, inputs_[x]));
  return constants_.add_bias(graph_, value(inputs_[i]).constant, quant.scale, weight_index);
}

Result<std::vector<std::int64_t>> Emitter::integers(std::size_t i, const char* what) const {
  if (!is_constant(i)) {
    return fail(Code::unsupported, std::string(what) + (has_input(i) ? " is computed at run time" : " is missing") +
                                       "; it must be a constant of integers");
  }
  return constants_.integers(value(inputs_[i]).constant);
}

std::vector<TensorId> Emitter::emit_many(octet::Op kind, std::vector<TensorId> inputs, const Attributes& attrs,
                                         std::size_t outputs) {
  const DType dtype = graph_.at(inputs.at(0)).dtype;
  Node node;
  node.op = kind;
  node.inputs = std::move(inputs);
  node.attrs = attrs;
  for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(add(fresh_name(), dtype));
  node.name = derived_name(node_name_, static_cast<std::size_t>(node.outputs[0] - first_tensor_));
  graph_.nodes.push_back(node);
  return node.outputs;
}

TensorId Emitter::emit(octet::Op kind, std::vector<TensorId> inputs, const Attributes& attrs) {
  return emit_many(kind, std::move(inputs), attrs, 1)[0];
}

TensorId Emitter::constant(float value) {
  return graph_.add_constant(fresh_name(), DType::f32, {}, std::vector<float>{value});
}

TensorId Emitter::constant(const std::vector<std::int64_t>& values, Dims dims) {
  return graph_.add_constant(fresh_name(), DType::i64, std::move(dims), values);
}

TensorId Emitter::transpose(TensorId x, std::vector<std::int64_t> permutation) {
  Attributes attrs;
  attrs.axes = std::move(permutation);
  return emit(octet::Op::transpose, {x}, attrs);
}

TensorId Emitter::reshape(TensorId x, std::vector<std::int64_t> shape) {
  Attributes attrs;
  attrs.sizes = std::move(shape);
  attrs.allow_zero = true;  // the format knows no "copy the dimension"
  return emit(octet::Op::reshape, {x}, attrs);
}

TensorId Emitter::unary(UnaryKind kind, TensorId x, float alpha, float beta) {
  Attributes attrs;
  attrs.unary = kind;
  attrs.alpha = alpha;
  attrs.beta = beta;
  return emit(octet::Op::unary, {x}, attrs);
}

TensorId Emitter::binary(BinaryKind kind, TensorId a, TensorId b) {
  Attributes attrs;
  attrs.binary = kind;
  return emit(octet::Op::binary, {a, b}, attrs);
}

Result<TensorId> Emitter::activated(TensorId x, fb::Activation activation) {
  name_node(x);
  switch (activation) {
    case fb::Activation::NONE:
      return x;
    case fb::Activation::RELU:
      return unary(UnaryKind::relu, x);
    case fb::Activation::RELU_N1_TO_1:
      return unary(UnaryKind::clip, x, -1, 1);
    case fb::Activation::RELU6:
      return unary(UnaryKind::clip, x, 0, 6);
    case fb::Activation::TANH:
      return unary(UnaryKind::tanh, x);
    default:
      return fail(Code::unsupported, "its fused activation is number " + std::to_string(static_cast<int>(activation)));
  }
}

// Of the operator's nodes the one that makes the tensor has its name.
void Emitter::name_node(TensorId tensor) {
  for (std::size_t n = graph_.nodes.size(); !node_named_ && n-- > 0;) {
    Node& node = graph_.nodes[n];
    if (std::find(node.outputs.begin(), node.outputs.end(), tensor) == node.outputs.end()) continue;
    node.name = node_name_;
    node_named_ = true;
  }
}

// Converters join the names of everything that they fused, "last;first;second": the first of them tells enough where no
// other operator has it.
void Emitter::begin_names(const std::string& name) {
  base_name_ = name;
  const std::string brief = name.substr(0, name.find(';'));
  node_name_ = node_names_.insert(brief).second ? brief : name;
  node_named_ = false;
  first_tensor_ = static_cast<TensorId>(graph_.tensors.size());
}

// x as the file stores the tensor: through the integers of its scale.
Result<TensorId> Emitter::quantized(TensorId x, std::int32_t index) {
  const fb::Tensor& tensor = file_.tensor(index);
  if (tensor.type() != fb::TensorType::INT8 && tensor.type() != fb::TensorType::UINT8) return x;
  if (!is_quantized(tensor)) return x;  // plain numbers
  OCTET_ASSIGN(const Quant quant, activation_quant(file_, index));
  const TensorId integers = emit(octet::Op::quantize, {x});
  graph_.at(integers).name = file_.tensor_name(index) + "/integers";
  graph_.at(integers).dtype = DType::i8;
  graph_.at(integers).quant = quant;
  const TensorId real = emit(octet::Op::dequantize, {integers});
  graph_.at(real).dtype = DType::f32;
  return real;
}

Status Emitter::finish(TensorId tensor, Order order, std::size_t i) {
  const std::int32_t index = outputs_[i];
  const fb::Tensor& table = file_.tensor(index);
  switch (table.type()) {
    case fb::TensorType::FLOAT32:
    case fb::TensorType::FLOAT16:
    case fb::TensorType::INT8:
    case fb::TensorType::UINT8:
    case fb::TensorType::INT32:
    case fb::TensorType::INT64:
    case fb::TensorType::BOOL:
      break;
    default:
      return fail(Code::unsupported, "it makes " + tensor_text(file_, index) + " of the type " +
                                         type_text(table.type()) + "; activations may be FLOAT32, INT8 and UINT8");
  }
  // What is not the operator's own, or is an output of it already, keeps its name and is passed on.
  if (tensor < first_tensor_ || graph_.at(tensor).constant || named_.contains(tensor)) {
    tensor = emit(octet::Op::identity, {tensor});
  }
  named_.insert(tensor);
  const std::string name = file_.tensor_name(index);
  name_node(tensor);
  OCTET_ASSIGN(const TensorId stored, quantized(tensor, index));
  if (stored != tensor) graph_.at(tensor).name = name + "/float";
  tensor = stored;
  graph_.at(tensor).name = name;
  Value& v = value(index);
  v.made = true;
  v.rank = order == Order::image ? 4 : static_cast<int>(file_.dims(index).size());
  v.is_image = order == Order::image;
  (order == Order::image ? v.in_image : v.in_file) = tensor;
  return {};
}

Status Emitter::finish_as_input() {
  value(outputs_[0]) = value(inputs_[0]);
  return {};
}

Result<Graph> Emitter::finish_network() {
  std::unordered_set<TensorId> listed(graph_.inputs.begin(), graph_.inputs.end());
  for (const std::int32_t index : span_of(file_.network().outputs())) {
    if (!file_.has_tensor(index) || !value(index).made) {
      return fail(Code::format,
                  "the network's output is tensor " + std::to_string(index) +
                      (file_.has_tensor(index) ? " ('" + printable(file_.tensor_name(index)) + "')" : "") +
                      ", which no operator makes");
    }
    begin_names(file_.tensor_name(index));
    OCTET_ASSIGN(TensorId id, materialize(index, Order::file));
    if (graph_.at(id).dtype != DType::f32) {
      return fail(Code::unsupported, "output '" + printable(base_name_) + "' is " + name_of(graph_.at(id).dtype) +
                                         "; outputs may be FLOAT32, INT8 and UINT8");
    }
    if (!listed.insert(id).second || graph_.at(id).constant) {
      id = emit(octet::Op::identity, {id});
      listed.insert(id);
    }
    // The file's name is that of the tensor in the file's order.
    const TensorId image = value(index).in_image;
    if (image != kNoTensor && image != id) graph_.at(image).name = base_name_ + "/nchw";
    graph_.at(id).name = base_name_;
    graph_.outputs.push_back(id);
  }
  if (graph_.outputs.empty()) return fail(Code::format, "the network has no output");
  graph_.source_format = "tflite";
  return std::move(graph_);
}

}  // namespace octet::tflite

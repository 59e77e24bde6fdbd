#include "import/mnn/emitter.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/text.h"
#include "graph/open_sizes.h"
#include "import/mnn/convert.h"
#include "import/mnn/tensor_quant.h"
#include "import/quantized_constant.h"

namespace octet::mnn {

Layout layout_of(fb::DataFormat format) {
  switch (format) {
    case fb::DataFormat::NHWC:
    case fb::DataFormat::NHWC4:
      return Layout::nhwc;
    case fb::DataFormat::NC4HW4:
      return Layout::nc4hw4;
    default:
      return Layout::nchw;
  }
}

std::vector<std::int64_t> nhwc_to_nchw(int rank) {
  std::vector<std::int64_t> permutation(static_cast<std::size_t>(rank));
  std::iota(permutation.begin(), permutation.end(), 0);
  if (rank > 2) std::rotate(permutation.begin() + 1, permutation.end() - 1, permutation.end());
  return permutation;
}

std::vector<std::int64_t> nchw_to_nhwc(int rank) {
  std::vector<std::int64_t> permutation(static_cast<std::size_t>(rank));
  std::iota(permutation.begin(), permutation.end(), 0);
  if (rank > 2) std::rotate(permutation.begin() + 1, permutation.begin() + 2, permutation.end());
  return permutation;
}

std::string text_of(const flatbuffers::String* text) { return text == nullptr ? std::string() : text->str(); }

std::vector<std::int64_t> widened(const flatbuffers::Vector<std::int32_t>* values) {
  const std::span<const std::int32_t> narrow = span_of(values);
  return {narrow.begin(), narrow.end()};
}

namespace {

// What it makes of integers are integers of the same scale.
bool moves_values(octet::Op kind) {
  switch (kind) {
    case octet::Op::identity:
    case octet::Op::reshape:
    case octet::Op::transpose:
    case octet::Op::squeeze:
    case octet::Op::unsqueeze:
    case octet::Op::flatten:
    case octet::Op::slice:
    case octet::Op::split:
    case octet::Op::depth_to_space:
    case octet::Op::space_to_depth:
    case octet::Op::max_pool:
      return true;
    default:
      return false;
  }
}

}  // namespace

Emitter::Emitter(const fb::Net& net, std::size_t file_bytes, const std::string& path)
    : net_(net), external_(path), stated_scales_(stated_scales(net)), size_(file_bytes) {}

float Emitter::stated_scale(std::int32_t tensor) const {
  const auto found = stated_scales_.find(tensor);
  return found == stated_scales_.end() ? 0.0f : found->second;
}

std::string Emitter::tensor_name(std::int32_t index) const {
  const auto* names = net_.tensor_names();
  std::string name;
  if (names != nullptr && static_cast<std::uint32_t>(index) < names->size()) {
    name = text_of(names->Get(static_cast<std::uint32_t>(index)));
  }
  return name.empty() ? "tensor_" + std::to_string(index) : name;
}

std::string Emitter::output_name(std::size_t i) const {
  return tensor_name(op_->outputs()->Get(static_cast<std::uint32_t>(i)));
}

Status Emitter::begin(const fb::Op& op, const TensorQuants* int8) {
  op_ = &op;
  quants_ = int8;
  rounded_ = {};
  inputs_.clear();
  finished_.clear();
  named_.clear();
  const std::span<const std::int32_t> outputs = span_of(op.outputs());
  if (outputs.empty()) return fail(Code::format, "it has no output");
  for (const std::int32_t index : outputs) {
    if (index < 0) return fail(Code::format, "its output has the tensor index " + std::to_string(index));
  }
  base_name_ = text_of(op.name());
  if (base_name_.empty()) base_name_ = tensor_name(outputs[0]);
  for (const std::int32_t index : span_of(op.inputs())) {
    if (index < 0) {  // an optional input that is not given
      inputs_.push_back(kNoTensor);
      continue;
    }
    const auto found = current_.find(index);
    if (found == current_.end()) {
      return fail(Code::format, "it reads tensor " + std::to_string(index) + " ('" + printable(tensor_name(index)) +
                                    "'), which no operator before it makes");
    }
    inputs_.push_back(found->second);
    read_.insert(found->second);
    if (quants_ == nullptr || quants_->find(index) == nullptr || int8_.contains(index)) continue;
    // What another operator made as floats enters as integers; whoever reads the floats goes on to.
    auto [place, missing] = as_int8_.try_emplace(index, found->second);
    if (missing) place->second = through_int8(found->second, quants_->find(index)->quant, tensor_name(index) + "/read");
    inputs_.back() = place->second;
  }
  first_tensor_ = static_cast<TensorId>(graph_.tensors.size());
  first_node_ = graph_.nodes.size();
  return {};
}

const TensorQuant* Emitter::int8_input() const {
  return quants_ == nullptr ? nullptr : quants_->find(op_->inputs()->Get(0));
}

const TensorQuant* Emitter::int8_output() const {
  return quants_ == nullptr ? nullptr : quants_->find(op_->outputs()->Get(0));
}

Status Emitter::end() {
  for (const std::int32_t index : span_of(op_->outputs())) {
    if (!finished_.contains(index)) {
      return fail(Code::format, "it has more outputs (" + std::to_string(output_count()) + ") than its kind makes");
    }
  }
  size_.grant(external_.newly_mapped());
  return size_.count(graph_);
}

Status Emitter::expect_inputs(std::size_t least, std::size_t most) const {
  const std::size_t count = inputs_.size();
  const bool missing =
      std::any_of(inputs_.begin(), inputs_.begin() + static_cast<std::ptrdiff_t>(std::min(least, count)),
                  [](TensorId id) { return id == kNoTensor; });
  if (count >= least && count <= most && !missing) return {};
  std::string wanted = std::to_string(least);
  if (most != least) wanted += " to " + std::to_string(most);
  return fail(Code::format, "it has " + std::to_string(count) + " inputs" + (missing ? ", some of them absent" : "") +
                                ", but takes " + wanted);
}

Status Emitter::wrong_parameters() const {
  const char* found = fb::EnumNameOpParameter(op_->main_type());
  return fail(Code::format,
              op_->main() == nullptr
                  ? std::string("it has no parameters")
                  : "its parameters are of another kind (" +
                        (*found != 0 ? std::string(found) : std::to_string(static_cast<int>(op_->main_type()))) + ")");
}

TensorId Emitter::add(std::string name, DType dtype, const Note& note) {
  const TensorId id = graph_.add_tensor(std::move(name), dtype, {});
  notes_.resize(graph_.tensors.size());
  notes_.back() = note;
  return id;
}

std::string Emitter::fresh_name() {
  return derived_name(base_name_, graph_.tensors.size() - static_cast<std::size_t>(first_tensor_));
}

std::vector<TensorId> Emitter::emit_many(octet::Op kind, std::vector<TensorId> inputs, const Attributes& attrs,
                                         std::size_t outputs) {
  const TensorId like = inputs.at(0);
  Node node;
  node.op = kind;
  node.inputs = std::move(inputs);
  node.attrs = attrs;
  std::vector<TensorId> made;
  for (std::size_t i = 0; i < outputs; ++i) {
    Note described = notes_[static_cast<std::size_t>(like)];
    if (!moves_values(kind)) described.quant = {};
    made.push_back(add(fresh_name(), graph_.at(like).dtype, described));
  }
  node.outputs = made;
  node.name = graph_.at(made[0]).name;
  graph_.nodes.push_back(std::move(node));
  return made;
}

TensorId Emitter::emit(octet::Op kind, std::vector<TensorId> inputs, const Attributes& attrs) {
  return emit_many(kind, std::move(inputs), attrs, 1)[0];
}

TensorId Emitter::source(DType dtype, Dims dims, Layout layout) {
  const int rank = static_cast<int>(dims.size());
  const TensorId id = add(fresh_name(), dtype, {layout, rank, {}});
  graph_.at(id).dims = std::move(dims);
  return id;
}

TensorId Emitter::constant(DType dtype, Dims dims, Bytes data, Layout layout) {
  const int rank = static_cast<int>(dims.size());
  const TensorId id = graph_.add_constant(fresh_name(), dtype, std::move(dims), std::move(data));
  notes_.push_back({layout, rank, {}});
  return id;
}

TensorId Emitter::constant(const std::vector<float>& values, Dims dims) {
  return constant(DType::f32, std::move(dims), Bytes::from(values), Layout::nchw);
}

TensorId Emitter::constant(const std::vector<std::int64_t>& values) {
  return constant(DType::i64, {static_cast<std::int64_t>(values.size())}, Bytes::from(values), Layout::nchw);
}

TensorId Emitter::constant_scalar(float value) { return constant(std::vector<float>{value}, {}); }

Result<TensorId> Emitter::quantized_constant(Dims dims, std::span<const std::int32_t> values,
                                             const std::vector<float>& scales) {
  const int rank = static_cast<int>(dims.size());
  OCTET_ASSIGN(const TensorId id, add_quantized_constant(graph_, fresh_name(), dims, values, scales, 0));
  notes_.push_back({Layout::nchw, rank, {}});
  return id;
}

TensorId Emitter::transpose(TensorId x, std::vector<std::int64_t> permutation) {
  Attributes attrs;
  attrs.axes = std::move(permutation);
  return emit(octet::Op::transpose, {x}, attrs);
}

TensorId Emitter::unary(UnaryKind kind, TensorId x, float alpha, float beta) {
  Attributes attrs;
  attrs.unary = kind;
  attrs.alpha = alpha;
  attrs.beta = beta;
  return emit(octet::Op::unary, {x}, attrs);
}

TensorId Emitter::binary(BinaryKind kind, TensorId a, TensorId b, const Clamp& clamp) {
  Attributes attrs;
  attrs.binary = kind;
  attrs.clamp = clamp;
  const TensorId result = emit(octet::Op::binary, {a, b}, attrs);
  describe_broadcast(result, a, b);
  return result;
}

void Emitter::describe_broadcast(TensorId result, TensorId a, TensorId b) {
  // The operand of more dimensions gives their order; of two alike, the one that is no constant.
  const bool from_b = graph_.is_constant(a) ? rank(b) == kUnknownRank || rank(b) >= rank(a) : rank(b) > rank(a);
  note(result) = Note(note(from_b ? b : a));
  if (rank(a) == kUnknownRank || rank(b) == kUnknownRank) set_rank(result, kUnknownRank);
}

TensorId Emitter::cast(TensorId x, DType to) {
  if (dtype(x) == to) return x;
  Attributes attrs;
  attrs.to = to;
  const TensorId result = emit(octet::Op::cast, {x}, attrs);
  set_dtype(result, to);
  return result;
}

TensorId Emitter::through_int8(TensorId x, const Quant& quant, const std::string& name) {
  const Note described = Note(note(x));
  const auto append = [&](octet::Op kind, TensorId input, TensorId output) {
    Node node;
    node.op = kind;
    node.inputs = {input};
    node.outputs = {output};
    node.name = graph_.at(output).name;
    graph_.nodes.push_back(std::move(node));
  };
  const TensorId integers = add(name + "/int8", DType::i8, described);
  graph_.at(integers).quant = quant;
  append(octet::Op::quantize, x, integers);
  const TensorId back = add(name, DType::f32, described);
  append(octet::Op::dequantize, integers, back);
  return back;
}

TensorId Emitter::slice(TensorId x, std::int64_t axis, std::int64_t start, std::int64_t end) {
  Attributes attrs;
  attrs.axes = {axis};
  attrs.starts = {start};
  attrs.sizes = {end};
  attrs.steps = {1};
  return emit(octet::Op::slice, {x}, attrs);
}

Result<TensorId> Emitter::as_nchw(TensorId x, int assumed_rank) {
  if (layout(x) != Layout::nhwc) return x;
  const int dims = rank(x) == kUnknownRank ? assumed_rank : rank(x);
  if (dims == kUnknownRank) {
    return fail(Code::unsupported, "the number of dimensions of its NHWC input '" + printable(graph_.at(x).name) +
                                       "' is not known; convert the model from ONNX or Caffe instead");
  }
  const TensorId moved = dims > 2 ? transpose(x, nhwc_to_nchw(dims)) : emit(octet::Op::identity, {x});
  note(moved) = {Layout::nchw, dims, note(moved).quant};
  return moved;
}

TensorId Emitter::like(TensorId x, TensorId y) {
  const Layout wanted = layout(x);
  TensorId result = y;
  if (wanted == Layout::nhwc && rank(y) > 2) result = transpose(y, nchw_to_nhwc(rank(y)));
  if (result >= first_tensor_) set_layout(result, wanted);
  return result;
}

void Emitter::finish(TensorId tensor, std::size_t i) {
  const std::int32_t index = op_->outputs()->Get(static_cast<std::uint32_t>(i));
  // What is not the operator's own, or is an output of it already, keeps its name and is passed on.
  if (tensor < first_tensor_ || named_.contains(tensor)) tensor = emit(octet::Op::identity, {tensor});
  named_.insert(tensor);
  graph_.at(tensor).name = tensor_name(index);
  for (std::size_t n = first_node_; n < graph_.nodes.size(); ++n) {
    Node& node = graph_.nodes[n];
    if (std::find(node.outputs.begin(), node.outputs.end(), tensor) != node.outputs.end()) node.name = base_name_;
  }
  current_[index] = tensor;
  made_.push_back(index);
  finished_.insert(index);
  const TensorQuant* described = quants_ == nullptr ? nullptr : quants_->find(index);
  const Quant quant = described == nullptr ? rounded_ : described->quant;
  if (quant.scale == 0) return;
  graph_.at(tensor).name += "/float";
  const TensorId result = through_int8(tensor, quant, tensor_name(index));
  set_quant(result, rounded_);
  current_[index] = result;
  int8_.insert(index);
}

void Emitter::finish_input(TensorId tensor, std::span<const std::size_t> open) {
  graph_.inputs.push_back(tensor);
  for (const std::size_t dimension : open) set_open(graph_, graph_.inputs.size() - 1, dimension, {});
  finish(tensor);
}

Result<std::vector<std::int64_t>> Emitter::integers(TensorId id, const char* what) const {
  if (id == kNoTensor || !graph_.is_constant(id) || dtype(id) != DType::i64) {
    return fail(Code::unsupported, std::string(what) + (id == kNoTensor ? " is missing" : " is computed at run time") +
                                       "; it must be a constant of integers");
  }
  const std::span<const std::int64_t> values = graph_.at(id).data.as<std::int64_t>();
  return std::vector<std::int64_t>(values.begin(), values.end());
}

Result<Graph> Emitter::finish_network() {
  std::unordered_map<std::string, TensorId> by_name;
  for (const std::int32_t index : made_) by_name[tensor_name(index)] = current_[index];
  std::vector<TensorId> outputs;
  std::unordered_set<TensorId> listed;
  bool all_known = true;
  if (net_.output_names() != nullptr) {
    for (const flatbuffers::String* name : *net_.output_names()) {
      const auto found = by_name.find(text_of(name));
      all_known = all_known && found != by_name.end();
      if (found != by_name.end() && listed.insert(found->second).second) outputs.push_back(found->second);
    }
  }
  // Old files name no outputs: what no operator reads is one.
  if (outputs.empty() || !all_known) {
    outputs.clear();
    listed = read_;
    listed.insert(graph_.inputs.begin(), graph_.inputs.end());
    for (const std::int32_t index : made_) {
      const TensorId id = current_[index];
      if (!graph_.is_constant(id) && listed.insert(id).second) outputs.push_back(id);
    }
  }
  if (graph_.inputs.empty()) return fail(Code::format, "the network has no input");
  if (outputs.empty()) return fail(Code::format, "the network has no output");
  graph_.outputs = std::move(outputs);
  graph_.source_format = "mnn";
  return std::move(graph_);
}

}  // namespace octet::mnn

#include "export/tflite/emitter.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "export/open_shapes.h"

namespace octet::to_tflite {
namespace {

// Copies elements of `size` bytes from the graph's order to another.
Bytes permuted_bytes(const Bytes& data, const Dims& dims, const Order& order, std::size_t size) {
  std::vector<std::byte> result(data.size());
  std::vector<std::size_t> strides(dims.size(), size);
  for (std::size_t d = dims.size(); d-- > 1;) strides[d - 1] = strides[d] * static_cast<std::size_t>(dims[d]);
  std::vector<std::int64_t> at(dims.size(), 0);
  for (std::size_t out = 0; out < result.size(); out += size) {
    std::size_t from = 0;
    for (std::size_t k = 0; k < order.size(); ++k) {
      from += static_cast<std::size_t>(at[k]) * strides[static_cast<std::size_t>(order[k])];
    }
    std::memcpy(result.data() + out, data.data() + from, size);
    for (std::size_t k = order.size(); k-- > 0;) {
      if (++at[k] < dims[static_cast<std::size_t>(order[k])]) break;
      at[k] = 0;
    }
  }
  return Bytes::from(result);
}

// True where the dimensions that have more than one element come in the same sequence.
bool moves_nothing(const Dims& from, const Order& from_order, const Order& order) {
  const auto large = [&](const Order& which) {
    Order list;
    for (const std::int64_t d : which) {
      const auto place = std::find(from_order.begin(), from_order.end(), d) - from_order.begin();
      if (from[static_cast<std::size_t>(place)] != 1) list.push_back(d);
    }
    return list;
  };
  return large(from_order) == large(order);
}

}  // namespace

Order same_order(std::size_t rank) {
  Order order(rank);
  std::iota(order.begin(), order.end(), 0);
  return order;
}

Dims permuted(const Dims& dims, const Order& order) {
  Dims result;
  for (const std::int64_t d : order) result.push_back(dims[static_cast<std::size_t>(d)]);
  return result;
}

std::int32_t place_of(std::int64_t axis, const Order& order) {
  return static_cast<std::int32_t>(std::find(order.begin(), order.end(), axis) - order.begin());
}

Quantization per_tensor(const Quant& quant) { return {{quant.scale}, {quant.zero_point}, 0}; }

Emitter::Emitter(const Graph& graph, const Other& other)
    : graph_(graph),
      other_(other),
      placed_(graph.tensors.size()),
      placed_float_(graph.tensors.size()),
      is_interface_(graph.tensors.size()) {
  for (const TensorId id : graph.inputs) {
    is_interface_[index(id)] = true;
    const Tensor& input = graph.at(id);
    inputs_.push_back(file_.add_tensor(names_.take(input.name), fb::TensorType::FLOAT32, input.dims));
  }
  for (const TensorId id : graph.outputs) {
    is_interface_[index(id)] = true;
    output_names_.push_back(names_.take(graph.at(id).name));
  }
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const TensorId id = graph.inputs[i];
    if (graph.at(id).dtype == DType::i8) {
      written_float(id, inputs_[i], same_order(rank(id)));
    } else {
      placed_[index(id)].push_back({same_order(rank(id)), inputs_[i]});
    }
  }
}

std::string Emitter::name_for(TensorId id, const Order& order) {
  const Tensor& tensor = graph_.at(id);
  const bool plain = order == same_order(tensor.dims.size());
  for (std::size_t i = 0; i < graph_.outputs.size(); ++i) {
    const bool there = std::any_of(placed_[index(id)].begin(), placed_[index(id)].end(),
                                   [&](const Placed& placed) { return placed.order == order; });
    if (graph_.outputs[i] == id && plain && tensor.dtype == DType::f32 && !there && !output_names_[i].empty()) {
      return std::exchange(output_names_[i], std::string());
    }
  }
  if (!is_interface_[index(id)] && placed_[index(id)].empty()) return names_.take(tensor.name);
  if (tensor.dtype == DType::i8) return names_.take(tensor.name + "/quantized");
  return names_.take(tensor.name + (order == kImageOrder ? "/nhwc" : "/transposed"));
}

FileTensor Emitter::temporary(const std::string& name, const Dims& dims, const Quant* quant) {
  return file_.add_tensor(names_.take(name), quant != nullptr ? fb::TensorType::INT8 : fb::TensorType::FLOAT32, dims,
                          quant != nullptr ? per_tensor(*quant) : Quantization());
}

FileTensor Emitter::constant(const std::string& name, fb::TensorType type, Dims dims, Bytes data,
                             Quantization quantization) {
  return file_.add_constant(names_.take(name), type, std::move(dims), std::move(data), std::move(quantization));
}

FileTensor Emitter::ints(const std::string& name, const std::vector<std::int64_t>& values) {
  const std::vector<std::int32_t> narrow(values.begin(), values.end());
  return constant(name, fb::TensorType::INT32, {static_cast<std::int64_t>(values.size())}, Bytes::from(narrow), {});
}

FileTensor Emitter::scalar(const std::string& name, float value) {
  return constant(name, fb::TensorType::FLOAT32, {}, Bytes::copy_of(&value, sizeof value), {});
}

FileTensor Emitter::floats(const std::string& name, Dims dims, const std::vector<float>& values) {
  return constant(name, fb::TensorType::FLOAT32, std::move(dims), Bytes::from(values), {});
}

FileTensor Emitter::constant(TensorId id, const Order& order) {
  const Tensor& tensor = graph_.at(id);
  Bytes data = tensor.data;
  if (order != same_order(order.size())) data = permuted_bytes(data, tensor.dims, order, size_of(tensor.dtype));
  const Dims dims = permuted(tensor.dims, order);
  if (tensor.dtype == DType::i64) {
    const auto values = data.as<std::int64_t>();
    const std::vector<std::int32_t> narrow(values.begin(), values.end());
    return constant(tensor.name, fb::TensorType::INT32, dims, Bytes::from(narrow), {});
  }
  if (tensor.dtype == DType::i8)
    return constant(tensor.name, fb::TensorType::INT8, dims, data, per_tensor(tensor.quant));
  return constant(tensor.name, fb::TensorType::FLOAT32, dims, data, {});
}

// Whether the order of the elements stays, at all sizes, and a RESHAPE can say the shape: it has one open size at most.
bool Emitter::is_only_reshaped(TensorId id, const Order& from_order, const Order& order) const {
  const Dims& dims = graph_.at(id).dims;
  if (!moves_nothing(permuted(dims, from_order), from_order, order)) return false;
  if (other_.graph == nullptr) return true;
  std::size_t open = 0;
  for (std::size_t d = 0; d < dims.size(); ++d) open += is_open(id, d) ? 1 : 0;
  return open < 2 && moves_nothing(permuted(other_.graph->at(id).dims, from_order), from_order, order);
}

FileTensor Emitter::move(TensorId id, FileTensor from, const Order& from_order, const Order& order) {
  const Tensor& tensor = graph_.at(id);
  const bool int8 = tensor.dtype == DType::i8;
  const Dims dims = permuted(tensor.dims, order);
  const std::string name = name_for(id, order);
  const FileTensor to = file_.add_tensor(name, int8 ? fb::TensorType::INT8 : fb::TensorType::FLOAT32, dims,
                                         int8 ? per_tensor(tensor.quant) : Quantization());
  if (is_only_reshaped(id, from_order, order)) {
    reshape(from, to);
  } else {
    std::vector<std::int64_t> permutation;
    for (const std::int64_t d : order) permutation.push_back(place_of(d, from_order));
    op(fb::BuiltinOperator::TRANSPOSE, int8, {from, ints(name + "/permutation", permutation)}, {to});
  }
  return to;
}

FileTensor Emitter::read(TensorId id, const Order& order) {
  auto& placed = placed_[index(id)];
  const auto found = std::find_if(placed.begin(), placed.end(), [&](const Placed& p) { return p.order == order; });
  if (found != placed.end()) return found->tensor;
  const FileTensor made =
      graph_.at(id).constant ? constant(id, order) : move(id, placed.front().tensor, placed.front().order, order);
  placed.push_back({order, made});
  return made;
}

FileTensor Emitter::read_float(TensorId id, const Order& order) {
  const Tensor& tensor = graph_.at(id);
  if (tensor.dtype != DType::i8) return read(id, order);
  auto& placed = placed_float_[index(id)];
  const auto found = std::find_if(placed.begin(), placed.end(), [&](const Placed& p) { return p.order == order; });
  if (found != placed.end()) return found->tensor;
  const FileTensor q = read(id, order);
  const FileTensor real = temporary(tensor.name + "/float", permuted(tensor.dims, order));
  op(fb::BuiltinOperator::DEQUANTIZE, true, {q}, {real});
  placed.push_back({order, real});
  return real;
}

Order Emitter::order_of(TensorId id) const {
  const auto& placed = placed_[index(id)];
  return graph_.at(id).constant || placed.empty() ? same_order(rank(id)) : placed.front().order;
}

FileTensor Emitter::write(TensorId id, const Order& order) {
  const Tensor& tensor = graph_.at(id);
  const bool int8 = tensor.dtype == DType::i8;
  const FileTensor made =
      file_.add_tensor(name_for(id, order), int8 ? fb::TensorType::INT8 : fb::TensorType::FLOAT32,
                       permuted(tensor.dims, order), int8 ? per_tensor(tensor.quant) : Quantization());
  placed_[index(id)].push_back({order, made});
  return made;
}

FileTensor Emitter::write_float(TensorId id, const Order& order) {
  const Tensor& tensor = graph_.at(id);
  if (tensor.dtype != DType::i8) return write(id, order);
  return temporary(tensor.name + "/float", permuted(tensor.dims, order));
}

void Emitter::written_float(TensorId id, FileTensor real, const Order& order) {
  if (graph_.at(id).dtype != DType::i8) return;
  op(fb::BuiltinOperator::QUANTIZE, false, {real}, {write(id, order)});
}

void Emitter::alias(TensorId id, TensorId source, const std::vector<std::int64_t>& axes) {
  for (const Placed& placed : placed_[index(source)]) {
    Order order;
    for (const std::int64_t d : placed.order) order.push_back(place_of(d, axes));
    placed_[index(id)].push_back({order, placed.tensor});
  }
}

namespace {

// The version of an operator that first knew int8.
int int8_version(fb::BuiltinOperator kind) {
  switch (kind) {
    case fb::BuiltinOperator::BROADCAST_TO:
    case fb::BuiltinOperator::CONV_2D:
    case fb::BuiltinOperator::DEPTHWISE_CONV_2D:
      return 3;
    case fb::BuiltinOperator::FULLY_CONNECTED:
      return 4;
    case fb::BuiltinOperator::RESHAPE:
    case fb::BuiltinOperator::HARD_SWISH:
      return 1;
    default:
      return 2;
  }
}

}  // namespace

void Emitter::op(fb::BuiltinOperator kind, bool int8, std::vector<FileTensor> inputs, std::vector<FileTensor> outputs,
                 Options options) {
  int version = int8 ? int8_version(kind) : 1;
  if (kind == fb::BuiltinOperator::TRANSPOSE_CONV && inputs.size() > 3) version = 3;  // with a bias
  if (kind == fb::BuiltinOperator::BROADCAST_TO && !int8) version = 2;                // its first
  file_.add_operator(kind, version, std::move(inputs), std::move(outputs), std::move(options));
}

void Emitter::reshape(FileTensor from, FileTensor to) {
  Dims dims = file_.dims(to);
  if (other_.file != nullptr && other_.file->has(from) && other_.file->has(to)) {
    const auto list = open_reshape(file_.dims(from), other_.file->dims(from), dims, other_.file->dims(to), false);
    if (list) dims = *list;
  }
  const std::vector<std::int32_t> shape(dims.begin(), dims.end());
  // A constant without elements counts as no constant: the shape of a scalar is in the options alone.
  std::vector<FileTensor> inputs = {from};
  if (!dims.empty()) inputs.push_back(ints("shape", dims));
  op(fb::BuiltinOperator::RESHAPE, false, std::move(inputs), {to},
     options(fb::BuiltinOptions::ReshapeOptions,
             [shape](auto& builder) { return fb::CreateReshapeOptionsDirect(builder, &shape); }));
}

void Emitter::add_outputs() {
  for (std::size_t i = 0; i < graph_.outputs.size(); ++i) {
    const TensorId id = graph_.outputs[i];
    const Order order = same_order(rank(id));
    if (graph_.at(id).dtype == DType::i8) {
      const FileTensor q = read(id, order);
      outputs_.push_back(file_.add_tensor(output_names_[i], fb::TensorType::FLOAT32, graph_.at(id).dims));
      op(fb::BuiltinOperator::DEQUANTIZE, true, {q}, {outputs_.back()});
      continue;
    }
    FileTensor made = read(id, order);
    if (!output_names_[i].empty()) {  // it is another tensor too: an input, or one that was transposed
      const FileTensor named = file_.add_tensor(output_names_[i], fb::TensorType::FLOAT32, graph_.at(id).dims);
      reshape(made, named);
      made = named;
    }
    outputs_.push_back(made);
  }
}

Result<std::string> Emitter::finish() {
  if (other_.file != nullptr) file_.open_sizes_by(*other_.file);
  return file_.finish(graph_.name, inputs_, outputs_);
}

}  // namespace octet::to_tflite

#include <algorithm>
#include <cstring>

#include "base/text.h"
#include "import/onnx/context.h"

namespace octet::onnx {
namespace {

constexpr int kMaxRank = 64;  // beyond this a rank is nonsense from a damaged file

int checked_rank(std::int64_t rank) { return rank >= 0 && rank <= kMaxRank ? static_cast<int>(rank) : kUnknownRank; }

std::string quoted(std::string_view name) { return "'" + printable(name) + "'"; }

}  // namespace

void Builder::announce_value(const ValueInfo& info) {
  TypeInfo known;
  if (const auto dtype = storage_type(info.type); info.is_tensor && dtype.ok()) known.dtype = dtype.value();
  if (info.has_shape) known.rank = checked_rank(static_cast<std::int64_t>(info.dims.size()));
  infos_.emplace(info.name, known);
}

Result<TensorId> Builder::find(std::string_view name) {
  if (const auto found = values_.find(name); found != values_.end()) return found->second;
  const auto initializer = initializers_.find(name);
  if (initializer == initializers_.end()) {
    return fail(Code::format, "it reads " + quoted(name) + ", which no input, initializer or earlier node makes");
  }
  auto constant = reader_.read(initializer->second);
  if (!constant.ok()) return constant.status().within("initializer " + quoted(name));
  justify(constant->data.size());
  const TensorId id = add_constant(name, std::move(constant).value());
  values_.emplace(name, id);
  return id;
}

Status Builder::define(std::string_view name, TensorId id) {
  if (name.empty()) return {};
  if (initializers_.contains(name) || !values_.emplace(name, id).second) {
    return fail(Code::format, "value " + quoted(name) + " is made twice");
  }
  return {};
}

TensorId Builder::add_tensor(std::string_view name, DType dtype, int rank) {
  ranks_.push_back(rank);
  return graph_.add_tensor(std::string(name), dtype, {});
}

Status Builder::spend(std::size_t bytes) {
  if (bytes > budget_) {
    return fail(Code::unsupported,
                "its constants, dequantized again and again, would take much more memory than the "
                "file holds; dequantize each of them once");
  }
  budget_ -= bytes;
  return {};
}

TensorId Builder::add_constant(std::string_view name, Constant constant) {
  ranks_.push_back(static_cast<int>(std::min<std::size_t>(constant.dims.size(), kMaxRank)));
  return graph_.add_constant(std::string(name), constant.dtype, std::move(constant.dims), std::move(constant.data));
}

TensorId Builder::add_node(Op op, std::string_view name, std::vector<TensorId> inputs,
                           std::span<const std::string_view> outputs, Attributes attrs) {
  const DType inferred_dtype = infer_dtype(op, inputs, attrs);
  const int inferred_rank = infer_rank(op, inputs, attrs);
  Node node;
  node.op = op;
  node.name = name;
  node.inputs = std::move(inputs);
  node.attrs = std::move(attrs);
  for (const auto output : outputs) {
    DType dtype = inferred_dtype;
    int rank = inferred_rank;
    if (const auto info = infos_.find(output); info != infos_.end()) {
      // What is computed in real numbers stays that: the integers of a quantized file are not held as such.
      if (info->second.dtype.has_value() && inferred_dtype != DType::f32) dtype = *info->second.dtype;
      if (rank == kUnknownRank) rank = info->second.rank;
    }
    node.outputs.push_back(add_tensor(output, dtype, rank));
  }
  const TensorId first = node.outputs.front();
  graph_.nodes.push_back(std::move(node));
  return first;
}

std::optional<std::span<const std::int64_t>> Builder::ints_of(TensorId id) const {
  if (!graph_.is_constant(id) || tensor(id).dtype != DType::i64) return std::nullopt;
  return tensor(id).data.as<std::int64_t>();
}

std::optional<std::span<const float>> Builder::floats_of(TensorId id) const {
  if (!graph_.is_constant(id) || tensor(id).dtype != DType::f32) return std::nullopt;
  return tensor(id).data.as<float>();
}

TensorId Builder::transposed(TensorId matrix) {
  if (const auto found = transposed_.find(matrix); found != transposed_.end()) return found->second;
  const Tensor& source = tensor(matrix);
  const auto rows = static_cast<std::size_t>(source.dims[0]);
  const auto columns = static_cast<std::size_t>(source.dims[1]);
  const std::size_t size = size_of(source.dtype);
  auto memory = allocate_aligned(source.data.size());
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      std::memcpy(memory.get() + (column * rows + row) * size, source.data.data() + (row * columns + column) * size,
                  size);
    }
  }
  const std::byte* begin = memory.get();
  Bytes data(std::shared_ptr<const void>(std::move(memory), begin), begin, source.data.size());
  const Dims dims{source.dims[1], source.dims[0]};
  const std::vector<float> scales = source.scales;
  const std::size_t scale_axis = scales.size() > 1 ? 1 - source.scale_axis : 0;
  const TensorId id = add_constant(source.name + "/transposed", {source.dtype, dims, std::move(data)});
  graph_.at(id).scales = scales;
  graph_.at(id).scale_axis = scale_axis;
  transposed_.emplace(matrix, id);
  return id;
}

TensorId Builder::as_i64(TensorId id) {
  if (id == kNoTensor || tensor(id).dtype == DType::i64) return id;
  if (const auto found = as_i64_.find(id); found != as_i64_.end()) return found->second;
  const Tensor& source = tensor(id);
  TensorId converted = kNoTensor;
  if (source.constant && source.dtype == DType::i32) {
    const auto values = source.data.as<std::int32_t>();
    const std::vector<std::int64_t> wide(values.begin(), values.end());
    converted = add_constant(source.name + "/int64", {DType::i64, source.dims, Bytes::from(wide)});
  } else {
    Attributes attrs;
    attrs.to = DType::i64;
    const std::string name = source.name + "/int64";
    const std::string_view output = name;
    converted = add_node(Op::cast, name, {id}, {&output, 1}, attrs);
  }
  as_i64_.emplace(id, converted);
  return converted;
}

TensorId Builder::as_f32(TensorId id) {
  const DType dtype = tensor(id).dtype;
  if (!graph_.is_constant(id) || (dtype != DType::i64 && dtype != DType::i32 && dtype != DType::u32)) return id;
  if (const auto found = as_f32_.find(id); found != as_f32_.end()) return found->second;
  const Tensor& source = tensor(id);
  std::vector<float> values;
  const auto append = [&](auto elements) {
    for (const auto element : elements) values.push_back(static_cast<float>(element));
  };
  if (source.dtype == DType::i64) {
    append(source.data.as<std::int64_t>());
  } else if (source.dtype == DType::u32) {
    append(source.data.as<std::uint32_t>());
  } else {
    append(source.data.as<std::int32_t>());
  }
  const TensorId converted = add_constant(source.name + "/float32", {DType::f32, source.dims, Bytes::from(values)});
  as_f32_.emplace(id, converted);
  return converted;
}

TensorId Builder::reshaped(TensorId id, Dims dims) {
  const Tensor source = tensor(id);
  // A dimension's scales stay where it keeps its place.
  const auto prefix = static_cast<std::ptrdiff_t>(source.scale_axis) + 1;
  const bool kept =
      source.scales.size() <= 1 || (std::min(source.dims.size(), dims.size()) > source.scale_axis &&
                                    std::equal(source.dims.begin(), source.dims.begin() + prefix, dims.begin()));
  const TensorId shaped = add_constant(source.name, {source.dtype, std::move(dims), source.data});
  if (kept) {
    graph_.at(shaped).scales = source.scales;
    graph_.at(shaped).scale_axis = source.scale_axis;
  }
  return shaped;
}

DType Builder::infer_dtype(Op op, const std::vector<TensorId>& inputs, const Attributes& attrs) const {
  if (op == Op::shape) return DType::i64;
  if (op == Op::compare) return DType::boolean;
  if (op == Op::cast || op == Op::constant_of_shape) return attrs.to;
  const TensorId typed = op == Op::where ? inputs[1] : inputs[0];
  return typed == kNoTensor ? DType::f32 : tensor(typed).dtype;
}

int Builder::infer_rank(Op op, const std::vector<TensorId>& inputs, const Attributes& attrs) const {
  const int first = rank(inputs[0]);
  const auto length_of = [&](std::size_t i, const std::vector<std::int64_t>& attribute) -> std::int64_t {
    if (i >= inputs.size() || inputs[i] == kNoTensor) return static_cast<std::int64_t>(attribute.size());
    const auto values = ints_of(inputs[i]);
    return values.has_value() ? static_cast<std::int64_t>(values->size()) : -1;
  };
  const auto widest = [&] {
    int result = 0;
    for (const TensorId id : inputs) {
      if (rank(id) == kUnknownRank) return kUnknownRank;
      result = std::max(result, rank(id));
    }
    return result;
  };
  switch (op) {
    case Op::shape:
    case Op::range:
      return 1;
    case Op::flatten:
      return 2;
    case Op::binary:
    case Op::compare:
    case Op::where:
    case Op::mat_mul:
      return widest();
    case Op::constant_of_shape:
      return checked_rank(length_of(0, {}));
    case Op::reshape:
      return checked_rank(length_of(1, attrs.sizes));
    case Op::expand: {
      const std::int64_t length = length_of(1, attrs.sizes);
      return length < 0 || first == kUnknownRank ? kUnknownRank : checked_rank(std::max<std::int64_t>(first, length));
    }
    case Op::gather: {
      const int indices = rank(inputs[1]);
      return first == kUnknownRank || indices == kUnknownRank ? kUnknownRank : checked_rank(first + indices - 1);
    }
    case Op::reduce: {
      if (attrs.keep_dims || first == kUnknownRank) return first;
      const std::int64_t axes = length_of(1, attrs.axes);
      return axes < 0 ? kUnknownRank : axes == 0 ? 0 : checked_rank(first - axes);
    }
    case Op::squeeze:
    case Op::unsqueeze: {
      const std::int64_t axes = length_of(1, attrs.axes);
      if (axes < 0 || first == kUnknownRank || (axes == 0 && op == Op::squeeze)) return kUnknownRank;
      return checked_rank(op == Op::squeeze ? first - axes : first + axes);
    }
    default:
      return first;
  }
}

}  // namespace octet::onnx

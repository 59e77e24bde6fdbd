#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/text.h"
#include "graph/infer.h"
#include "passes/evaluate.h"

namespace octet {

namespace {

// A constant on the way from one step of an evaluation to the next.
struct Block {
  Dims dims;
  std::size_t element;  // bytes
  Bytes data;
};

std::size_t product(const Dims& dims, std::size_t begin, std::size_t end) {
  std::size_t result = 1;
  for (std::size_t i = begin; i < end; ++i) result *= static_cast<std::size_t>(dims[i]);
  return result;
}

Bytes share(const std::shared_ptr<std::byte[]>& memory, std::size_t size) {
  return {std::shared_ptr<const void>(memory, memory.get()), memory.get(), size};
}

// Along one axis, the elements at `indices` one after another; -1 takes `fill` (one element), or zeros.
Block take(const Block& from, std::size_t axis, const std::vector<std::int64_t>& indices, const void* fill = nullptr) {
  const std::size_t outer = product(from.dims, 0, axis);
  const std::size_t inner = product(from.dims, axis + 1, from.dims.size()) * from.element;
  const std::size_t source_stride = static_cast<std::size_t>(from.dims[axis]) * inner;
  const std::size_t size = outer * indices.size() * inner;
  const auto memory = allocate_aligned(size);
  std::byte* out = memory.get();
  for (std::size_t o = 0; o < outer && inner != 0; ++o) {
    const std::byte* source = from.data.data() + o * source_stride;
    for (const std::int64_t index : indices) {
      if (index >= 0) {
        std::memcpy(out, source + static_cast<std::size_t>(index) * inner, inner);
      } else if (fill != nullptr) {
        for (std::size_t i = 0; i < inner; i += from.element) std::memcpy(out + i, fill, from.element);
      }
      out += inner;
    }
  }
  Dims dims = from.dims;
  dims[axis] = static_cast<std::int64_t>(indices.size());
  return {std::move(dims), from.element, share(memory, size)};
}

std::vector<std::int64_t> counted(std::int64_t start, std::int64_t step, std::int64_t count) {
  std::vector<std::int64_t> indices(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) indices[static_cast<std::size_t>(i)] = start + i * step;
  return indices;
}

Block slice(Block block, const Node& node, const Dims& out) {
  for (std::size_t i = 0; i < node.attrs.axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(node.attrs.axes[i]);
    // A step beyond the dimension takes one element; the limit keeps its product within range.
    const std::int64_t step = std::clamp(node.attrs.steps[i], -kMaxElements, kMaxElements);
    block = take(block, axis, counted(node.attrs.starts[i], step, out[axis]));
  }
  return block;
}

// Index in the input of position `at`, which may lie outside [0, dim).
std::int64_t padded_index(PadKind kind, std::int64_t at, std::int64_t dim) {
  if (at >= 0 && at < dim) return at;
  if (kind == PadKind::constant) return -1;
  if (kind == PadKind::edge) return std::clamp(at, std::int64_t{0}, dim - 1);
  return at < 0 ? -at : 2 * (dim - 1) - at;
}

Status pad(Block& block, const Node& node, DType dtype) {
  if (dtype != DType::f32 && node.attrs.alpha != 0) {
    return shape_error(node, std::string("pads constants of ") + name_of(dtype) + " with a value that is not 0");
  }
  const std::size_t rank = block.dims.size();
  const void* fill = dtype == DType::f32 ? &node.attrs.alpha : nullptr;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const std::int64_t dim = block.dims[axis];
    const std::int64_t before = node.attrs.sizes[axis];
    std::vector<std::int64_t> indices = counted(-before, 1, dim + before + node.attrs.sizes[axis + rank]);
    for (std::int64_t& index : indices) index = padded_index(node.attrs.pad, index, dim);
    block = take(block, axis, indices, fill);
  }
  return {};
}

Block expand(Block block, const Dims& out) {
  block.dims.insert(block.dims.begin(), out.size() - block.dims.size(), 1);
  for (std::size_t axis = 0; axis < out.size(); ++axis) {
    if (block.dims[axis] == out[axis]) continue;
    block = take(block, axis, std::vector<std::int64_t>(static_cast<std::size_t>(out[axis]), 0));
  }
  return block;
}

Block tile(Block block, const Dims& out) {
  for (std::size_t axis = 0; axis < out.size(); ++axis) {
    if (block.dims[axis] == out[axis]) continue;
    std::vector<std::int64_t> indices = counted(0, 1, out[axis]);
    for (std::int64_t& index : indices) index %= block.dims[axis];
    block = take(block, axis, indices);
  }
  return block;
}

Status gather(const Graph& graph, Block& block, const Node& node) {
  OCTET_ASSIGN(auto indices, read_integers(graph, node, node.inputs[1], "index"));
  const auto axis = static_cast<std::size_t>(node.attrs.axis);
  for (std::int64_t& index : indices) {
    const std::int64_t dim = block.dims[axis];
    if (index < -dim || index >= dim) {
      return shape_error(node, "index " + std::to_string(index) + " is outside a dimension of " + std::to_string(dim));
    }
    if (index < 0) index += dim;
  }
  block = take(block, axis, indices);
  return {};
}

Block transpose(const Block& from, const std::vector<std::int64_t>& permutation) {
  const std::size_t rank = from.dims.size();
  std::vector<std::size_t> source_strides(rank, from.element);
  for (std::size_t i = rank; i-- > 1;) {
    source_strides[i - 1] = source_strides[i] * static_cast<std::size_t>(from.dims[i]);
  }
  Block to{Dims(rank), from.element, {}};
  std::vector<std::size_t> strides(rank);
  for (std::size_t i = 0; i < rank; ++i) {
    const auto axis = static_cast<std::size_t>(permutation[i]);
    to.dims[i] = from.dims[axis];
    strides[i] = source_strides[axis];
  }
  const auto memory = allocate_aligned(from.data.size());
  std::vector<std::int64_t> position(rank, 0);
  std::size_t source = 0;
  for (std::size_t out = 0; out < from.data.size(); out += from.element) {
    std::memcpy(memory.get() + out, from.data.data() + source, from.element);
    for (std::size_t i = rank; i-- > 0;) {  // the next position, and where its element lies
      source += strides[i];
      if (++position[i] < to.dims[i]) break;
      source -= strides[i] * static_cast<std::size_t>(to.dims[i]);
      position[i] = 0;
    }
  }
  to.data = share(memory, from.data.size());
  return to;
}

Status concat(Graph& graph, const Node& node) {
  const Tensor& out = graph.at(node.outputs[0]);
  const auto axis = static_cast<std::size_t>(node.attrs.axis);
  const std::size_t outer = product(out.dims, 0, axis);
  const std::size_t size = static_cast<std::size_t>(element_count(out.dims)) * size_of(out.dtype);
  const auto memory = allocate_aligned(size);
  std::size_t offset = 0;
  for (const TensorId id : node.inputs) {
    const Tensor& part = graph.at(id);
    if (part.dtype != out.dtype) return shape_error(node, "its inputs are of different types");
    const std::size_t bytes = outer == 0 ? 0 : part.data.size() / outer;
    for (std::size_t o = 0; o < outer && bytes != 0; ++o) {
      std::memcpy(memory.get() + o * (size / outer) + offset, part.data.data() + o * bytes, bytes);
    }
    offset += bytes;
  }
  set_constant(graph, node, 0, share(memory, size));
  return {};
}

void split(Graph& graph, const Node& node, const Block& block) {
  std::int64_t start = 0;
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const std::int64_t count = node.attrs.sizes[i];
    set_constant(graph, node, i, take(block, static_cast<std::size_t>(node.attrs.axis), counted(start, 1, count)).data);
    start += count;
  }
}

// Moved integers of a quantized file stay integers where it can still be told which scale is whose.
void keep_scales(const Tensor& x, const Node& node, Tensor& out) {
  if (x.scales.size() == 1) {
    out.scales = x.scales;
  } else if (node.op == Op::transpose && !x.scales.empty()) {
    const auto& axes = node.attrs.axes;
    out.scales = x.scales;
    out.scale_axis = static_cast<std::size_t>(
        std::find(axes.begin(), axes.end(), static_cast<std::int64_t>(x.scale_axis)) - axes.begin());
  }
}

}  // namespace

Status evaluate_move(Graph& graph, const Node& node) {
  if (node.op == Op::concat) return concat(graph, node);
  const Tensor& x = graph.at(node.inputs[0]);
  Block block{x.dims, size_of(x.dtype), x.data};
  const Dims& out = graph.at(node.outputs[0]).dims;
  switch (node.op) {
    case Op::split:
      split(graph, node, block);
      return {};
    case Op::slice:
      block = slice(std::move(block), node, out);
      break;
    case Op::pad:
      OCTET_TRY(pad(block, node, x.dtype));
      break;
    case Op::transpose:
      block = transpose(block, node.attrs.axes);
      break;
    case Op::gather:
      OCTET_TRY(gather(graph, block, node));
      break;
    case Op::expand:
      block = expand(std::move(block), out);
      break;
    case Op::tile:
      block = tile(std::move(block), out);
      break;
    default:  // only the shape changes: the bytes are shared
      break;
  }
  set_constant(graph, node, 0, std::move(block.data));
  const bool adds_values = node.op == Op::pad && node.attrs.alpha != 0;
  if (!adds_values) keep_scales(graph.at(node.inputs[0]), node, graph.at(node.outputs[0]));
  return {};
}

}  // namespace octet

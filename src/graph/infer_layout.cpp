// Shapes of operators that move values without computing.
#include <algorithm>
#include <limits>
#include <numeric>

#include "base/checked.h"
#include "base/text.h"
#include "graph/infer.h"

namespace octet {

Status infer_concat(Graph& graph, Node& node) {
  Dims out = input_dims(graph, node, 0);
  OCTET_TRY(resolve_axis(node, out.size(), &node.attrs.axis));
  const auto axis = static_cast<std::size_t>(node.attrs.axis);
  for (std::size_t i = 1; i < node.inputs.size(); ++i) {
    Dims other = input_dims(graph, node, i);
    const bool same_rank = other.size() == out.size();
    const std::int64_t added = same_rank ? other[axis] : 0;
    if (same_rank) other[axis] = out[axis];
    if (other != out || !checked_add(out[axis], added, &out[axis])) {
      return shape_error(node, "the inputs " + shape_text(input_dims(graph, node, 0)) + " and " +
                                   shape_text(input_dims(graph, node, i)) + " differ beside axis " +
                                   std::to_string(axis));
    }
  }
  return set_output(graph, node, 0, std::move(out));
}

Status infer_split(Graph& graph, Node& node) {
  const Dims x = input_dims(graph, node, 0);
  OCTET_TRY(resolve_axis(node, x.size(), &node.attrs.axis));
  const auto axis = static_cast<std::size_t>(node.attrs.axis);
  std::vector<std::int64_t>& sizes = node.attrs.sizes;
  const auto parts = static_cast<std::int64_t>(node.outputs.size());
  if (sizes.empty()) {  // equal parts; the last takes what is left
    const std::int64_t part = ceil_div(x[axis], parts);
    sizes.assign(node.outputs.size(), part);
    sizes.back() = x[axis] - part * (parts - 1);
  }
  std::int64_t sum = 0;
  bool valid = sizes.size() == node.outputs.size();
  for (const std::int64_t size : sizes) valid = valid && size >= 0 && checked_add(sum, size, &sum);
  if (!valid || sum != x[axis]) {
    return shape_error(node, "cannot split dimension " + std::to_string(axis) + " of " + shape_text(x) + " into " +
                                 std::to_string(parts) + " parts of the sizes " + shape_text(sizes));
  }
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    Dims out = x;
    out[axis] = sizes[i];
    OCTET_TRY(set_output(graph, node, i, std::move(out)));
  }
  return {};
}

namespace {

// Start and end of a slice within [0, dim]; returns the number of elements. An end before the first element, which
// only a negative step has, is -1 on the way and written as -dim - 1: read again it is the same.
std::int64_t resolve_slice(std::int64_t dim, std::int64_t step, std::int64_t* start, std::int64_t* end) {
  const std::int64_t lowest = step > 0 ? 0 : -1;
  const std::int64_t highest = step > 0 ? dim : dim - 1;
  const auto within = [&](std::int64_t value, std::int64_t low) {
    return std::clamp(value < 0 ? value + dim : value, low, std::max(low, highest));
  };
  *start = within(*start, 0);
  *end = within(*end, lowest);
  if (dim == 0) return *end = 0;
  std::int64_t count = 0;
  if (step > 0 && *end > *start) count = (*end - *start - 1) / step + 1;
  if (step < 0 && *end < *start) {
    // -(step + 1) + 1 cannot overflow where -step would.
    count = static_cast<std::int64_t>(static_cast<std::uint64_t>(*start - *end - 1) /
                                      (static_cast<std::uint64_t>(-(step + 1)) + 1)) +
            1;
  }
  if (*end < 0) *end = -dim - 1;
  return count;
}

}  // namespace

Status infer_slice(Graph& graph, Node& node) {
  Dims out = input_dims(graph, node, 0);
  Attributes& attrs = node.attrs;
  const std::size_t count = attrs.starts.size();
  if (attrs.axes.empty() && count <= out.size()) {
    attrs.axes.resize(count);
    std::iota(attrs.axes.begin(), attrs.axes.end(), 0);
  }
  if (attrs.steps.empty()) attrs.steps.assign(count, 1);
  if (attrs.sizes.size() != count || attrs.axes.size() != count || attrs.steps.size() != count) {
    return shape_error(node, "its starts, ends, axes and steps differ in number, or are more than the dimensions of " +
                                 shape_text(out));
  }
  std::vector<bool> cut(out.size(), false);
  for (std::size_t i = 0; i < count; ++i) {
    OCTET_TRY(resolve_axis(node, out.size(), &attrs.axes[i]));
    const auto axis = static_cast<std::size_t>(attrs.axes[i]);
    if (cut[axis]) return shape_error(node, "names an axis twice");
    if (attrs.steps[i] == 0) return shape_error(node, "its step is 0");
    cut[axis] = true;
    out[axis] = resolve_slice(out[axis], attrs.steps[i], &attrs.starts[i], &attrs.sizes[i]);
  }
  return set_output(graph, node, 0, std::move(out));
}

Status infer_pad(Graph& graph, Node& node) {
  Dims out = input_dims(graph, node, 0);
  const std::vector<std::int64_t>& pads = node.attrs.sizes;
  const std::size_t rank = out.size();
  if (pads.size() != 2 * rank) {
    return shape_error(
        node, "needs two pads for each dimension of " + shape_text(out) + ", but has " + std::to_string(pads.size()));
  }
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const std::int64_t before = pads[axis];
    const std::int64_t after = pads[axis + rank];
    const std::int64_t dim = out[axis];
    if (std::min(before, after) < -kMaxElements || std::max(before, after) > kMaxElements || dim + before + after < 0 ||
        dim + std::min(before, after) < 0) {
      return shape_error(node, "pads " + std::to_string(before) + " and " + std::to_string(after) +
                                   " do not fit dimension " + std::to_string(axis) + " of " + shape_text(out));
    }
    const std::int64_t mirrored = std::max(before, after);
    if (mirrored > 0 &&
        ((node.attrs.pad == PadKind::reflect && mirrored >= dim) || (node.attrs.pad == PadKind::edge && dim == 0))) {
      return shape_error(node, "dimension " + std::to_string(axis) + " of " + shape_text(out) +
                                   " is too small to fill a pad of " + std::to_string(mirrored) + " from it");
    }
    out[axis] = dim + before + after;
  }
  return set_output(graph, node, 0, std::move(out));
}

Status infer_reshape(Graph& graph, Node& node) {
  const Dims x = input_dims(graph, node, 0);
  Dims out = node.attrs.starts.empty() ? node.attrs.sizes : node.attrs.starts;
  const Status mismatch = shape_error(node, shape_text(x) + " cannot be reshaped to " + shape_text(out));
  if (out.size() > kMaxRank) return mismatch;
  std::size_t open = out.size();  // the dimension that is found from the others
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] == 0 && !node.attrs.allow_zero) {
      if (i >= x.size()) return mismatch;
      out[i] = x[i];
    }
    if (out[i] == -1) {
      if (open != out.size()) return mismatch;
      open = i;
    }
  }
  const std::int64_t count = element_count(x);
  if (open != out.size()) {
    out[open] = 1;
    const std::int64_t others = element_count(out);
    if (others <= 0 || count % others != 0) return mismatch;
    out[open] = count / others;
  }
  if (element_count(out) != count) return mismatch;
  node.attrs.sizes = out;
  // A copied dimension of zero stays a zero when it is read again.
  if (node.attrs.starts.empty()) node.attrs.allow_zero = std::find(out.begin(), out.end(), 0) != out.end();
  return set_output(graph, node, 0, std::move(out));
}

Status infer_transpose(Graph& graph, Node& node) {
  const Dims x = input_dims(graph, node, 0);
  std::vector<std::int64_t>& permutation = node.attrs.axes;
  if (permutation.empty()) {  // reversed, as ONNX means it
    permutation.resize(x.size());
    std::iota(permutation.rbegin(), permutation.rend(), 0);
  }
  std::vector<bool> seen(x.size(), false);
  Dims out;
  for (std::int64_t& axis : permutation) {
    OCTET_TRY(resolve_axis(node, x.size(), &axis));
    if (seen[static_cast<std::size_t>(axis)]) return shape_error(node, "its permutation names an axis twice");
    seen[static_cast<std::size_t>(axis)] = true;
    out.push_back(x[static_cast<std::size_t>(axis)]);
  }
  if (out.size() != x.size()) {
    return shape_error(node,
                       "its permutation of " + std::to_string(out.size()) + " axes does not fit " + shape_text(x));
  }
  return set_output(graph, node, 0, std::move(out));
}

Status infer_depth_to_space(Graph& graph, Node& node) {
  const Dims& x = input_dims(graph, node, 0);
  const std::int64_t block = node.attrs.block;
  if (x.size() != 4 || block < 1 || block > kMaxElements || x[1] % (block * block) != 0) {
    return shape_error(node, "blocks of " + std::to_string(block) + " do not fit the channels of " + shape_text(x));
  }
  // The product of all dimensions stays, so that a factor fits into the 64 bits.
  return set_output(graph, node, 0, {x[0], x[1] / (block * block), x[2] * block, x[3] * block});
}

Status infer_space_to_depth(Graph& graph, Node& node) {
  const Dims& x = input_dims(graph, node, 0);
  const std::int64_t block = node.attrs.block;
  if (x.size() != 4 || block < 1 || block > kMaxElements || x[2] % block != 0 || x[3] % block != 0) {
    return shape_error(node, "blocks of " + std::to_string(block) + " do not divide " + shape_text(x));
  }
  std::int64_t channels = 0;
  if (!checked_mul(x[1], block * block, &channels)) return shape_error(node, "its block is too large");
  return set_output(graph, node, 0, {x[0], channels, x[2] / block, x[3] / block});
}

Status infer_gather(Graph& graph, Node& node) {
  const Dims x = input_dims(graph, node, 0);
  OCTET_TRY(resolve_axis(node, x.size(), &node.attrs.axis));
  const auto axis = static_cast<std::ptrdiff_t>(node.attrs.axis);
  const Dims& indices = input_dims(graph, node, 1);
  Dims out(x.begin(), x.begin() + axis);
  out.insert(out.end(), indices.begin(), indices.end());
  out.insert(out.end(), x.begin() + axis + 1, x.end());
  return set_output(graph, node, 0, std::move(out));
}

Status infer_expand(Graph& graph, Node& node) {
  if (node.attrs.sizes.size() > kMaxRank || element_count(node.attrs.sizes) < 0) {
    return shape_error(node, "cannot expand to " + shape_text(node.attrs.sizes));
  }
  Dims out;
  OCTET_TRY(broadcast(node, input_dims(graph, node, 0), node.attrs.sizes, &out));
  node.attrs.sizes = out;
  return set_output(graph, node, 0, std::move(out));
}

Status infer_squeeze(Graph& graph, Node& node) {
  const Dims x = input_dims(graph, node, 0);
  std::vector<bool> dropped(x.size(), false);
  for (std::int64_t& axis : node.attrs.axes) {
    OCTET_TRY(resolve_axis(node, x.size(), &axis));
    if (x[static_cast<std::size_t>(axis)] != 1) {
      return shape_error(node, "dimension " + std::to_string(axis) + " of " + shape_text(x) + " is not 1");
    }
    dropped[static_cast<std::size_t>(axis)] = true;
  }
  Dims out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!(node.attrs.axes.empty() ? x[i] == 1 : dropped[i])) out.push_back(x[i]);
  }
  return set_output(graph, node, 0, std::move(out));
}

Status infer_unsqueeze(Graph& graph, Node& node) {
  const Dims x = input_dims(graph, node, 0);
  const std::size_t rank = x.size() + node.attrs.axes.size();
  if (rank > kMaxRank) return shape_error(node, "adds too many dimensions");
  std::vector<bool> added(rank, false);
  for (std::int64_t& axis : node.attrs.axes) {
    OCTET_TRY(resolve_axis(node, rank, &axis));
    if (added[static_cast<std::size_t>(axis)]) return shape_error(node, "names an axis twice");
    added[static_cast<std::size_t>(axis)] = true;
  }
  Dims out;
  auto next = x.begin();
  for (std::size_t i = 0; i < rank; ++i) out.push_back(added[i] ? 1 : *next++);
  return set_output(graph, node, 0, std::move(out));
}

Status infer_flatten(Graph& graph, Node& node) {
  const Dims& x = input_dims(graph, node, 0);
  const auto rank = static_cast<std::int64_t>(x.size());
  std::int64_t& axis = node.attrs.axis;
  if (axis < 0) axis += rank;
  if (axis < 0 || axis > rank) return shape_error(node, "its axis does not exist in " + shape_text(x));
  const auto middle = x.begin() + static_cast<std::ptrdiff_t>(axis);
  return set_output(graph, node, 0, {element_count(Dims(x.begin(), middle)), element_count(Dims(middle, x.end()))});
}

Status infer_tile(Graph& graph, Node& node) {
  Dims out = input_dims(graph, node, 0);
  const std::vector<std::int64_t>& repeats = node.attrs.sizes;
  bool valid = repeats.size() == out.size();
  for (std::size_t i = 0; valid && i < out.size(); ++i) {
    valid = repeats[i] >= 0 && checked_mul(out[i], repeats[i], &out[i]);
  }
  if (!valid) {
    return shape_error(node, "cannot repeat " + shape_text(input_dims(graph, node, 0)) + " by " + shape_text(repeats));
  }
  return set_output(graph, node, 0, std::move(out));
}

}  // namespace octet

#include "export/open_shapes.h"

#include <limits>

#include "base/text.h"
#include "graph/open_sizes.h"

namespace octet {

std::optional<Dims> open_reshape(const Dims& in, const Dims& in_other, const Dims& out, const Dims& out_other,
                                 bool zero_copies) {
  if (out.size() != out_other.size() || in.size() != in_other.size()) return std::nullopt;
  Dims list = out;
  bool found = false;  // the one that is found from the others
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] == out_other[i]) continue;
    if (zero_copies && i < in.size() && in[i] == out[i] && in_other[i] == out_other[i]) {
      list[i] = 0;
    } else if (!found) {
      list[i] = -1;
      found = true;
    } else {
      return std::nullopt;
    }
  }
  return list;
}

SliceLists open_slice(const Attributes& attrs, const Dims& in, const Dims& in_other) {
  constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
  SliceLists lists{attrs.starts, attrs.sizes};
  for (std::size_t i = 0; i < attrs.axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(attrs.axes[i]);
    if (in[axis] == in_other[axis]) continue;
    if (attrs.steps[i] > 0) {
      if (attrs.sizes[i] == in[axis]) lists.ends[i] = kEnd;
    } else {
      if (attrs.starts[i] == in[axis] - 1) lists.starts[i] = kEnd;
      if (attrs.sizes[i] == -in[axis] - 1) lists.ends[i] = -kEnd;
    }
  }
  return lists;
}

Status cannot_stay_open(const Graph& graph, const std::string& format, const std::string& why) {
  std::string inputs;
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    const Tensor& input = graph.at(graph.inputs[i]);
    std::string shape;
    bool open = false;
    for (std::size_t d = 0; d < input.dims.size(); ++d) {
      const std::string_view name = open_name(graph, i, d);
      open = open || !name.empty();
      shape += (d == 0 ? "" : "x") + (name.empty() ? std::to_string(input.dims[d]) : printable(name, 40));
    }
    if (open) inputs += (inputs.empty() ? "" : ", ") + ("'" + printable(input.name) + "' ") + shape;
  }
  return fail(Code::unsupported, format + " cannot carry the open sizes of " + inputs + ": " + why +
                                     "; fix them when the model is loaded (--fix-sizes)");
}

}  // namespace octet

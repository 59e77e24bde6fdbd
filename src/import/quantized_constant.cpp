#include "import/quantized_constant.h"

#include <cmath>

#include "base/text.h"

namespace octet {

Result<TensorId> add_quantized_constant(Graph& graph, const std::string& name, const Dims& dims,
                                        std::span<const std::int32_t> centred, const std::vector<float>& scales,
                                        std::size_t axis) {
  const std::string where = "quantized tensor '" + printable(name) + "' ";
  const std::int64_t count = element_count(dims);
  if (count < 0 || static_cast<std::size_t>(count) != centred.size()) {
    return fail(Code::format, where + "holds " + std::to_string(centred.size()) + " values where its shape needs " +
                                  std::to_string(count));
  }
  for (const float scale : scales) {
    if (!std::isfinite(scale) || scale <= 0) {
      return fail(Code::format, where + "has the scale " + std::to_string(scale) + "; scales are positive and finite");
    }
  }
  const bool per_channel = scales.size() != 1;
  if (per_channel && (axis >= dims.size() || static_cast<std::size_t>(dims[axis]) != scales.size())) {
    return fail(Code::format, where + "has " + std::to_string(scales.size()) + " scales for dimension " +
                                  std::to_string(axis) + ", which is of another size");
  }
  std::size_t inner = 1;
  for (std::size_t d = axis + 1; per_channel && d < dims.size(); ++d) inner *= static_cast<std::size_t>(dims[d]);
  std::vector<float> values(centred.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float scale = per_channel ? scales[i / inner % scales.size()] : scales[0];
    values[i] = scale * static_cast<float>(centred[i]);
  }
  const TensorId id = graph.add_constant(name, DType::f32, dims, values);
  graph.at(id).scales = scales;
  graph.at(id).scale_axis = per_channel ? axis : 0;
  return id;
}

}  // namespace octet

#include "import/onnx/operators.h"

#include <unordered_map>

namespace octet::onnx {

const Operator* find_operator(std::string_view name) {
  static const auto index = [] {
    std::unordered_map<std::string_view, const Operator*> rows;
    for (const auto list : {elementwise_operators(), activation_operators(), window_operators(), matrix_operators(),
                            normalization_operators(), reduction_operators(), shape_operators(), indexing_operators(),
                            resize_operators(), constant_operators()}) {
      for (const Operator& row : list) rows.emplace(row.name, &row);
    }
    return rows;
  }();
  const auto found = index.find(name);
  return found == index.end() ? nullptr : found->second;
}

bool is_quantized_operator(std::string_view name) {
  return name == "QuantizeLinear" || name == "DequantizeLinear" || name == "DynamicQuantizeLinear" ||
         name == "ConvInteger" || name == "MatMulInteger" || name.starts_with("QLinear");
}

}  // namespace octet::onnx

#include "import/onnx/operators.h"

#include <unordered_map>

namespace octet::onnx {

std::vector<std::span<const Operator>> all_operators() {
  return {elementwise_operators(),   activation_operators(), window_operators(),   matrix_operators(),
          normalization_operators(), reduction_operators(),  shape_operators(),    indexing_operators(),
          resize_operators(),        constant_operators(),   quantize_operators(), qlinear_operators()};
}

const Operator* find_operator(std::string_view name) {
  static const auto index = [] {
    std::unordered_map<std::string_view, const Operator*> rows;
    for (const auto list : all_operators()) {
      for (const Operator& row : list) rows.emplace(row.name, &row);
    }
    return rows;
  }();
  const auto found = index.find(name);
  return found == index.end() ? nullptr : found->second;
}

bool is_quantized_operator(const Operator& row) {
  const auto contains = [&](std::span<const Operator> list) {
    return &row >= list.data() && &row < list.data() + list.size();
  };
  return contains(quantize_operators()) || contains(qlinear_operators());
}

}  // namespace octet::onnx

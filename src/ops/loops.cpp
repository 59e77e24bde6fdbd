#include "ops/loops.h"

#include <algorithm>
#include <cmath>

namespace octet {

std::vector<int> memory_order(std::size_t rank, Layout layout) {
  if (layout == Layout::channels_last) return {0, 2, 3, 1};
  std::vector<int> order(rank);
  for (std::size_t i = 0; i < rank; ++i) order[i] = static_cast<int>(i);
  return order;
}

std::vector<std::int64_t> strides_of(const Dims& dims, Layout layout) {
  std::vector<std::int64_t> strides(dims.size());
  const auto order = memory_order(dims.size(), layout);
  std::int64_t stride = 1;
  for (auto d = order.rbegin(); d != order.rend(); ++d) {
    strides[static_cast<std::size_t>(*d)] = stride;
    stride *= dims[static_cast<std::size_t>(*d)];
  }
  return strides;
}

std::vector<std::int64_t> strides_of(const TensorView& view) {
  if (view.pixel_stride == 0) return strides_of(view.dims, view.layout);
  const std::int64_t row = view.pixel_stride * view.dims[3];
  return {row * view.dims[2], 1, row, view.pixel_stride};
}

std::vector<std::int64_t> broadcast_strides(const Dims& dims, Layout layout, const Dims& out) {
  const auto own = strides_of(dims, layout);
  std::vector<std::int64_t> strides(out.size(), 0);
  const std::size_t missing = out.size() - dims.size();
  for (std::size_t d = 0; d < dims.size(); ++d) strides[missing + d] = dims[d] == 1 ? 0 : own[d];
  return strides;
}

void Walk::collapse() {
  std::vector<std::int64_t> new_dims;
  std::vector<std::vector<std::int64_t>> new_strides(strides.size());
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (dims[d] == 1) continue;
    bool mergeable = !new_dims.empty();
    for (std::size_t o = 0; o < strides.size() && mergeable; ++o) {
      mergeable = new_strides[o].back() == strides[o][d] * dims[d];
    }
    if (mergeable) {
      new_dims.back() *= dims[d];
      for (std::size_t o = 0; o < strides.size(); ++o) new_strides[o].back() = strides[o][d];
    } else {
      new_dims.push_back(dims[d]);
      for (std::size_t o = 0; o < strides.size(); ++o) new_strides[o].push_back(strides[o][d]);
    }
  }
  if (new_dims.empty()) {
    new_dims.push_back(1);
    for (auto& s : new_strides) s.push_back(1);
  }
  dims = std::move(new_dims);
  strides = std::move(new_strides);
}

void Walk::prefer_long_inner() {
  if (dims.back() >= 16) return;
  bool all_contiguous = true;
  for (const auto& s : strides) all_contiguous = all_contiguous && s.back() == 1;
  if (all_contiguous && dims.back() > 4) return;
  const auto longest = static_cast<std::size_t>(std::max_element(dims.begin(), dims.end()) - dims.begin());
  std::swap(dims[longest], dims.back());
  for (auto& s : strides) std::swap(s[longest], s.back());
}

Loops Walk::loops(std::size_t operand) const {
  Loops loops{};
  loops.rank = static_cast<std::int32_t>(dims.size());
  std::copy(dims.begin(), dims.end(), loops.dims);
  std::copy(strides[operand].begin(), strides[operand].end(), loops.strides);
  return loops;
}

Loops Walk::outer(std::size_t operand) const {
  Loops result = loops(operand);
  --result.rank;
  return result;
}

std::int64_t Walk::outer_count() const {
  std::int64_t count = 1;
  for (std::size_t d = 0; d + 1 < dims.size(); ++d) count *= dims[d];
  return count;
}

Walk make_walk(const Dims& dims, Layout layout, std::vector<std::vector<std::int64_t>> strides) {
  Walk walk;
  const auto order = memory_order(dims.size(), layout);
  walk.strides.resize(strides.size());
  for (const int d : order) {
    walk.dims.push_back(dims[static_cast<std::size_t>(d)]);
    for (std::size_t o = 0; o < strides.size(); ++o) {
      walk.strides[o].push_back(strides[o][static_cast<std::size_t>(d)]);
    }
  }
  walk.collapse();
  return walk;
}

ValueRows value_rows(Prepare& p) {
  const TensorView& out = p.out(0);
  if (out.layout != Layout::channels_last || out.dims[0] != 1) return {};
  p.step.rows = {.span = 1, .stride = 1, .pad_top = 0, .inputs = 1, .pixels = true, .macs_per_element = 0};
  return {out.dims[1] * out.dims[3], out.dims[1]};
}

OutputRange output_range(const Quant& quant, const Clamp& clamp) {
  auto bound = [&](float real, std::int32_t limit) {
    const float q = real * (1.0f / quant.scale) + static_cast<float>(quant.zero_point);
    if (!(q > -128.0f)) return static_cast<std::int32_t>(std::isnan(q) ? limit : -128);
    if (!(q < 127.0f)) return static_cast<std::int32_t>(127);
    return static_cast<std::int32_t>(std::nearbyintf(real * (1.0f / quant.scale))) + quant.zero_point;
  };
  const std::int32_t low = bound(clamp.low, -128);
  const std::int32_t high = bound(clamp.high, 127);
  return {static_cast<float>(std::clamp(low, -128, 127) - quant.zero_point),
          static_cast<float>(std::clamp(high, -128, 127) - quant.zero_point), quant.zero_point};
}

}  // namespace octet

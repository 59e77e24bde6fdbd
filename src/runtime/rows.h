// Steps on some rows of their tensors: what chains and phases of rows have in common.
#pragma once

#include <algorithm>

#include "runtime/plan.h"

namespace octet {

struct RowRange {
  std::int32_t begin = 0, end = 0;
  bool empty() const { return begin >= end; }
};

// Rows of the input that exist and that rows [begin, end) of the output need.
inline RowRange rows_needed(const RowPart& part, RowRange out) {
  const std::int32_t top = out.begin * part.rows.stride - part.rows.pad_top;
  const std::int32_t bottom = (out.end - 1) * part.rows.stride - part.rows.pad_top + part.rows.span;
  return {std::max(top, 0), std::min(bottom, part.in_h)};
}

inline Band band_of(const RowPart& part, RowRange out, RowRange in) {
  const std::int32_t top = out.begin * part.rows.stride - part.rows.pad_top;
  return {in.end - in.begin, out.end - out.begin, in.begin - top, false};
}

inline std::size_t pixel_bytes(const Tensor& tensor, const Place& place) {
  const std::int64_t pixel = place.pixel_stride > 0 ? place.pixel_stride : tensor.dims[1];
  return static_cast<std::size_t>(pixel) * size_of(tensor.dtype);
}
inline std::size_t row_bytes(const Tensor& tensor, const Place& place) {
  return static_cast<std::size_t>(tensor.dims[3]) * pixel_bytes(tensor, place);
}

// A step of a plan that is being made, as something that runs on rows.
class RowStep {
 public:
  RowStep(const Plan& plan, int index) : plan_(plan), step_(plan.steps[static_cast<std::size_t>(index)]) {}

  const PlannedStep& planned() const { return step_; }
  const RowWindow& rows() const { return step_.step.rows; }
  const Node& node() const { return plan_.graph->nodes[static_cast<std::size_t>(step_.step.node)]; }
  const Tensor& output() const { return plan_.graph->at(node().outputs[0]); }
  const Tensor& input(std::size_t i) const { return plan_.graph->at(node().inputs[i]); }
  bool takes_by_rows(std::size_t i) const { return (rows().inputs >> i & 1) != 0; }

  // Whether it can run on rows, and every window sees at least one row of its input.
  bool has_bands() const {
    if (step_.step.node < 0 || band_runner_of(step_.step) == nullptr) return false;
    if (node().inputs.size() > kMostRowInputs) return false;
    return rows().pad_top < rows().span && (output().dims[2] - 1) * rows().stride - rows().pad_top < input(0).dims[2];
  }

  // What its rows are, without those inputs for which `outside` is false.
  template <class Outside>
  RowPart part(const Outside& outside) const {
    RowPart part;
    part.rows = rows();
    part.in_h = static_cast<std::int32_t>(input(0).dims[2]);
    part.input_count = node().inputs.size();
    for (std::size_t i = 0; i < part.input_count; ++i) {
      if (takes_by_rows(i) && outside(i)) part.in_row_bytes[i] = row_bytes(input(i), step_.inputs[i]);
    }
    part.out_row_bytes = row_bytes(output(), step_.outputs[0]);
    return part;
  }

  // What the step needs besides, for bands of up to so many rows.
  std::size_t scratch_bytes(std::int32_t most_rows, std::int64_t in_h, bool pixels) const {
    const BandRunner* bands = band_runner_of(step_.step);
    std::size_t most = 0;
    for (std::int32_t r = 1; r <= most_rows && bands->scratch_bytes != nullptr; ++r) {
      const auto in_rows =
          static_cast<std::int32_t>(std::min<std::int64_t>((r - 1) * rows().stride + rows().span, in_h));
      most = std::max(most, bands->scratch_bytes(step_.step.params.data(), {in_rows, r, 0, pixels}));
    }
    return most;
  }

 private:
  const Plan& plan_;
  const PlannedStep& step_;
};

}  // namespace octet

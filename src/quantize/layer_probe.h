// What the values of one tensor look like in the float and in the int8 network, over all measured samples: enough to
// say why the two differ (quantize/causes.h).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "graph/graph.h"
#include "quantize/histogram.h"
#include "quantize/report.h"

namespace octet {

// Error energy of one sample that the tensor's own quantization causes: the float values, quantized and back.
struct OwnError {
  double clipping = 0;  // of values outside the range
  double rounding = 0;  // of those inside
};

class LayerProbe {
 public:
  // `quant`: of the int8 tensor; nothing where both are float.
  LayerProbe(const Dims& dims, std::optional<Quant> quant);

  // Both in the order of the dims, as many as their product.
  OwnError add(std::span<const float> reference, std::span<const float> model);
  // Of a probe that was made alike. The result does not depend on the order.
  void merge(const LayerProbe& other);

  const Histogram& values() const { return values_; }
  // Extremes of each channel (dimension 1 of 4, else the last one).
  const std::vector<MinMax>& reference_channels() const { return reference_; }
  const std::vector<MinMax>& model_channels() const { return model_; }

 private:
  OwnError own_error(std::span<const float> reference) const;

  std::optional<Quant> quant_;
  std::size_t outer_ = 1, inner_ = 1;  // elements before and behind the dimension of the channels
  Histogram values_;                   // of the reference
  std::vector<MinMax> reference_, model_;
};

// For a picture, in `count` bins from the least value to the greatest; zeros are counted where they lie.
ValueHistogram picture_of(const Histogram& values, std::size_t count);

}  // namespace octet

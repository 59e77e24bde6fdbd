// Why each int8 layer differs from its float form, told from what was measured, and which key of the configuration
// changes it.
//
// The error energy of a layer's output is laid beside what is known to make such energy: clipping and rounding by the
// output's own range (measured: the float values, quantized and back), the rounding of the weights (their error energy,
// as a share of theirs, times that of the output), and the error that the inputs bring along (theirs likewise). Of a
// layer that adds something itself the largest of the first three names the cause, and what the values look like says
// how it came about; any other layer that is far from float inherits its error.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "quantize/config.h"
#include "quantize/layer_probe.h"

namespace octet {

// One layer that both networks have.
struct LayerEvidence {
  int node = -1;               // of the float network
  TensorId model = kNoTensor;  // its output in the int8 network
  const LayerProbe* probe = nullptr;
  OwnError own;
  double signal = 0, error = 0;  // energy of the float values and of the difference, over all samples
  double clipped_share = 0;
  std::int64_t samples = 0, tied_samples = 0;  // of a softmax: samples where several classes share the greatest value
  // By channel: what the float values were multiplied with for the scale of the int8 network; 0: not known. Empty: 1.
  std::span<const float> factors;
};

struct CauseContext {
  const Graph* reference = nullptr;
  const Graph* model = nullptr;
  // Of a quantization; nothing in a comparison, which does not know how the int8 network was made.
  const QuantizeConfig* config = nullptr;
};

// In the order of `layers`, which is that of execution. Empty for float layers and for those that are near enough.
std::vector<LayerCause> find_causes(const CauseContext& context, const std::vector<LayerEvidence>& layers);

}  // namespace octet

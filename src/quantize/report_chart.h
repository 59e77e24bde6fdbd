// The pictures of the report that hold all layers.
#pragma once

#include <string>
#include <vector>

#include "quantize/report.h"

namespace octet::html {

// Indices of `layers`, the least signal-to-quantization-noise ratio first; a layer without a number (NaN) before all.
std::vector<std::size_t> worst_first(const std::vector<LayerError>& layers);

// Bars of the layers' SQNR in order of execution, as an SVG that carries its own description. Precondition: not empty.
std::string sqnr_chart(const std::vector<LayerError>& layers);

// Two bars a layer, its time in float and in int8, in order of execution. "" where no time was measured.
std::string time_chart(const std::vector<LayerError>& layers);

}  // namespace octet::html

// The picture of the report: one bar a layer.
#pragma once

#include <string>
#include <vector>

#include "quantize/report.h"

namespace octet::html {

// Indices of `layers`, the least signal-to-quantization-noise ratio first; a layer without a number (NaN) before all.
std::vector<std::size_t> worst_first(const std::vector<LayerError>& layers);

// Bars of the layers' SQNR in order of execution, as an SVG that carries its own description. Precondition: not empty.
std::string sqnr_chart(const std::vector<LayerError>& layers);

}  // namespace octet::html

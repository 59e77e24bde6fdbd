#include <algorithm>
#include <cmath>

#include "quantize/html_text.h"
#include "quantize/report_chart.h"
#include "quantize/svg.h"

namespace octet::html {
namespace {

constexpr double kWidth = 1040;
constexpr double kHeight = 240;
constexpr double kLeft = 52;
constexpr double kTop = 22;
constexpr double kBottom = 30;
constexpr double kLeastSlot = 6;  // of one layer; a longer network makes a wider picture
constexpr double kMostSlot = 52;

// 1, 2 or 5 times a power of ten, so that four or so fit.
double step_of(double most) {
  const double rough = most / 4;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (rough <= factor * power) return factor * power;
  }
  return 10 * power;
}

std::string bar(const LayerError& layer, double ms, const char* type, double x, double width, double height) {
  return std::string("<rect class=\"") + type + "\"" + attribute("x", x) + attribute("y", kHeight - kBottom - height) +
         attribute("width", width) + attribute("height", std::max(height, 0.5)) + "><title>" + escaped(layer.name) +
         " (" + escaped(layer.op) + "), " + type + ": " + fixed(ms, 4) + " ms</title></rect>\n";
}

}  // namespace

std::string time_chart(const std::vector<LayerError>& layers) {
  double most = 0;
  for (const LayerError& layer : layers) most = std::max({most, layer.float_ms, layer.int8_ms});
  if (!(most > 0) || !std::isfinite(most)) return {};
  const auto count = static_cast<double>(layers.size());
  const double slot = std::clamp((kWidth - kLeft) / count, kLeastSlot, kMostSlot);
  const double width = std::max(kWidth, kLeft + slot * count);
  const double step = step_of(most);
  const double high = std::ceil(most / step) * step;
  const auto height_of = [&](double ms) { return ms / high * (kHeight - kBottom - kTop); };
  std::string svg = "<svg viewBox=\"0 0 " + fixed(width, 0) + " " + fixed(kHeight, 0) +
                    "\" style=\"min-width:" + fixed(width > kWidth ? width : 640, 0) +
                    "px\" role=\"img\" aria-labelledby=\"time-title\">\n"
                    "<title id=\"time-title\">Time of each layer, float and int8, in milliseconds</title>\n";
  const int digits = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  for (double ms = 0; ms <= high * 1.0001; ms += step) {
    const double y = kHeight - kBottom - height_of(ms);
    svg += line(kLeft, y, width, y, ms == 0 ? "zero" : "grid") + text_at(kLeft - 8, y + 4, "tick", fixed(ms, digits));
  }
  svg += text_at(kLeft - 8, 11, "tick", "ms") + text_at(kLeft, kHeight - 8, "axis", "first layer") +
         text_at(width, kHeight - 8, "axis end", "last layer");
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const double x = kLeft + slot * (static_cast<double>(i) + 0.1);
    const double half = slot * 0.4;
    svg += bar(layers[i], layers[i].float_ms, "float", x, half, height_of(layers[i].float_ms));
    svg += bar(layers[i], layers[i].int8_ms, "int8", x + half, half, height_of(layers[i].int8_ms));
  }
  return svg + "</svg>\n";
}

}  // namespace octet::html

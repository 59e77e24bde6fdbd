#include "quantize/report_chart.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "quantize/html_text.h"
#include "quantize/svg.h"

namespace octet::html {
namespace {

// All lengths in units of the picture's own coordinates.
constexpr double kWidth = 1040;
constexpr double kHeight = 300;
constexpr double kLeft = 44;      // numbers of the axis
constexpr double kTop = 26;       // ranks above full bars
constexpr double kBottom = 34;    // title of the axis
constexpr double kLeastSlot = 4;  // of one bar with its gap; a longer network makes a wider picture
constexpr double kMostSlot = 48;
constexpr std::size_t kRanked = 3;  // worst layers that carry their rank
constexpr double kNoError = 200;    // dB that stand for no error at all

struct Axis {
  double low, high, step;  // dB

  // Of finite numbers; what lies beyond is drawn to the edge.
  static Axis of(const std::vector<LayerError>& layers) {
    Axis axis{0, 40, 10};
    for (const LayerError& layer : layers) {
      const double sqnr = layer.error.sqnr_db;
      if (!(sqnr < kNoError)) continue;
      axis.low = std::min(axis.low, std::floor(sqnr / 10) * 10);
      axis.high = std::max(axis.high, std::ceil(sqnr / 10) * 10);
    }
    axis.low = std::max(axis.low, -40.0);
    axis.high = std::min(axis.high, 100.0);
    if (axis.high - axis.low > 80) axis.step = 20;
    return axis;
  }
  double y(double sqnr_db) const {
    const double share = (std::clamp(sqnr_db, low, high) - low) / (high - low);
    return kHeight - kBottom - share * (kHeight - kBottom - kTop);
  }
};

std::string grid(const Axis& axis, double width) {
  std::string svg;
  for (double db = axis.low; db <= axis.high + 0.5; db += axis.step) {
    const double y = axis.y(db);
    svg += "<line class=\"" + std::string(db == 0 ? "zero" : "grid") + "\"" + attribute("x1", kLeft) +
           attribute("x2", width) + attribute("y1", y) + attribute("y2", y) + "/>\n";
    svg += text_at(kLeft - 8, y + 4, "tick", fixed(db, 0));
  }
  svg += text_at(kLeft - 8, 12, "tick", "dB");
  svg += text_at(kLeft, kHeight - 8, "axis", "first layer");
  svg += text_at(width, kHeight - 8, "axis end", "last layer");
  return svg;
}

std::string bar(const LayerError& layer, const Axis& axis, double x, double width) {
  const double sqnr = std::isfinite(layer.error.sqnr_db) ? layer.error.sqnr_db : 0;
  const double zero = axis.y(0);
  const double value = axis.y(sqnr);
  constexpr double kLeastHeight = 1.5;  // a bar of no height would not be there
  const double top = std::min({zero, value, zero - kLeastHeight * (sqnr >= 0 ? 1 : 0)});
  const double bottom = std::max(zero, value);
  return "<rect class=\"" + std::string(layer.is_int8 ? "int8" : "float") + "\"" + attribute("x", x) +
         attribute("y", top) + attribute("width", width) + attribute("height", std::max(bottom - top, kLeastHeight)) +
         "><title>" + escaped(layer.name) + " (" + escaped(layer.op) + ", " + (layer.is_int8 ? "int8" : "float") +
         "): " + sqnr_text(layer.error.sqnr_db) + ", cosine " + fixed(layer.error.cosine, 5) + "</title></rect>\n";
}

std::string description(const std::vector<LayerError>& layers, const std::vector<std::size_t>& order) {
  std::string text = counted(static_cast<std::int64_t>(layers.size()), "layer") + " in order of execution. Lowest: ";
  for (std::size_t i = 0; i < std::min(kRanked, order.size()); ++i) {
    const LayerError& layer = layers[order[i]];
    text += (i == 0 ? "" : "; ") + escaped(layer.name) + ", " + sqnr_text(layer.error.sqnr_db);
  }
  return text + ". All numbers are in the table of layers.";
}

}  // namespace

std::vector<std::size_t> worst_first(const std::vector<LayerError>& layers) {
  std::vector<std::size_t> order(layers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto key = [&](std::size_t i) {
    return std::isnan(layers[i].error.sqnr_db) ? -kNoError * 2 : layers[i].error.sqnr_db;
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  return order;
}

std::string sqnr_chart(const std::vector<LayerError>& layers) {
  const auto count = static_cast<double>(layers.size());
  const double slot = std::clamp((kWidth - kLeft) / count, kLeastSlot, kMostSlot);
  const double width = std::max(kWidth, kLeft + slot * count);
  const Axis axis = Axis::of(layers);
  const std::vector<std::size_t> order = worst_first(layers);
  const std::string box = fixed(width, 0) + " " + fixed(kHeight, 0);
  std::string svg = "<svg viewBox=\"0 0 " + box + "\" style=\"min-width:" + fixed(width > kWidth ? width : 640, 0) +
                    "px\" role=\"img\" aria-labelledby=\"chart-title chart-text\">\n"
                    "<title id=\"chart-title\">Signal to quantization noise of each layer</title>\n"
                    "<desc id=\"chart-text\">" +
                    description(layers, order) + "</desc>\n" + grid(axis, width);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const double gap = slot * 0.18;
    svg += bar(layers[i], axis, kLeft + slot * static_cast<double>(i) + gap / 2, slot - gap);
  }
  for (std::size_t rank = 0; rank < std::min(kRanked, order.size()); ++rank) {
    const double sqnr = layers[order[rank]].error.sqnr_db;
    if (sqnr >= kNoError) break;
    const double x = kLeft + slot * (static_cast<double>(order[rank]) + 0.5);
    svg += text_at(x, axis.y(std::isfinite(sqnr) ? std::max(sqnr, 0.0) : 0) - 6, "rank", std::to_string(rank + 1));
  }
  return svg + "</svg>\n";
}

}  // namespace octet::html

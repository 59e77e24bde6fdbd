#include "quantize/report_histogram.h"

#include <algorithm>
#include <cmath>

#include "quantize/html_text.h"
#include "quantize/svg.h"

namespace octet::html {
namespace {

class Picture {
 public:
  Picture(const LayerError& layer, double width, double top, double bottom)
      : layer_(layer),
        width_(width),
        top_(top),
        bottom_(bottom),
        seen_low_(layer.values.low),
        seen_high_(layer.values.high) {
    low_ = seen_low_;
    high_ = seen_high_;
    if (layer.is_int8) {
      low_ = std::min(low_, static_cast<double>(layer.low));
      high_ = std::max(high_, static_cast<double>(layer.high));
    }
    if (!(high_ > low_)) {  // all values are the same
      low_ -= 1;
      high_ += 1;
    }
    for (const std::int64_t count : layer.values.counts) most_ = std::max(most_, height_of(count));
  }

  double x(double value) const { return std::clamp((value - low_) / (high_ - low_), 0.0, 1.0) * width_; }

  // Band of the range, its values, and those beyond its ends.
  std::string body() const {
    std::string svg;
    const double low = layer_.is_int8 ? static_cast<double>(layer_.low) : low_;
    const double high = layer_.is_int8 ? static_cast<double>(layer_.high) : high_;
    if (layer_.is_int8) {
      svg += "<rect class=\"range\"" + attribute("x", x(low)) + attribute("y", top_) +
             attribute("width", std::max(1.0, x(high) - x(low))) + attribute("height", bottom_ - top_) + "/>\n";
    }
    svg += area(low, high, layer_.is_int8 ? "inside" : "float");
    if (layer_.is_int8) {
      svg += area(low_, low, "outside") + area(high, high_, "outside");
      svg += line(x(low), top_, x(low), bottom_, "end") + line(x(high), top_, x(high), bottom_, "end");
    }
    return svg;
  }

 private:
  static double height_of(std::int64_t count) { return std::log1p(static_cast<double>(count)); }

  // The steps of the bins between two values. A bin is cut where the range ends in it.
  std::string area(double from, double to, const char* css) const {
    const auto& counts = layer_.values.counts;
    const double bin = (seen_high_ - seen_low_) / static_cast<double>(counts.size());
    std::string path;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const double left = std::max(from, seen_low_ + bin * static_cast<double>(i));
      const double right = std::min(to, seen_low_ + bin * static_cast<double>(i + 1));
      const bool point = bin == 0 && i + 1 == counts.size();  // all values are the same
      if (!(right > left) && !point) continue;
      const double y = bottom_ - (most_ > 0 ? height_of(counts[i]) / most_ : 0) * (bottom_ - top_ - 2);
      if (path.empty()) add_point(path, x(left), bottom_);
      add_point(path, x(left) - (point ? 1 : 0), y);
      add_point(path, x(right) + (point ? 1 : 0), y);
      last_ = x(right);
    }
    if (path.empty()) return {};
    add_point(path, last_, bottom_);
    return std::string("<path class=\"") + css + "\" d=\"" + path + "Z\"/>\n";
  }

  const LayerError& layer_;
  double width_, top_, bottom_;
  double seen_low_, seen_high_;
  double low_, high_;
  double most_ = 0;
  mutable double last_ = 0;
};

std::string description(const LayerError& layer) {
  std::string text = "Values of " + escaped(layer.name) + " from " +
                     short_number(static_cast<double>(layer.values.low)) + " to " +
                     short_number(static_cast<double>(layer.values.high));
  if (layer.is_int8) {
    text += "; range of int8 from " + short_number(static_cast<double>(layer.low)) + " to " +
            short_number(static_cast<double>(layer.high));
  }
  return text;
}

std::string begin(const LayerError& layer, const char* css, double width, double height) {
  return std::string("<svg class=\"") + css + "\" viewBox=\"0 0 " + fixed(width, 0) + " " + fixed(height, 0) +
         "\" role=\"img\"><title>" + description(layer) + "</title>\n";
}

bool drawable(const LayerError& layer) {
  return !layer.values.counts.empty() && std::isfinite(layer.values.low) && std::isfinite(layer.values.high) &&
         std::isfinite(layer.low) && std::isfinite(layer.high);
}

}  // namespace

std::string histogram_chart(const LayerError& layer) {
  if (!drawable(layer)) return {};
  constexpr double kWidth = 380;
  constexpr double kHeight = 118;
  constexpr double kBase = 92;
  const Picture picture(layer, kWidth, 4, kBase);
  std::string svg = begin(layer, "histogram", kWidth, kHeight) + picture.body() + line(0, kBase, kWidth, kBase, "zero");
  if (layer.is_int8) {
    const auto low = static_cast<double>(layer.low);
    const auto high = static_cast<double>(layer.high);
    const bool left = picture.x(low) > kWidth * 0.6;  // there is no room to the right of it
    const bool right = picture.x(high) < kWidth * 0.4;
    svg += text_at(picture.x(low), kBase + 16, left ? "stop" : "start", short_number(low));
    svg += text_at(picture.x(high), kBase + 16, right ? "start" : "stop", short_number(high));
  } else {
    svg += text_at(0, kBase + 16, "start", short_number(static_cast<double>(layer.values.low)));
    svg += text_at(kWidth, kBase + 16, "stop", short_number(static_cast<double>(layer.values.high)));
  }
  return svg + "</svg>\n";
}

std::string histogram_line(const LayerError& layer) {
  if (!drawable(layer)) return {};
  constexpr double kWidth = 120;
  constexpr double kHeight = 26;
  return begin(layer, "line", kWidth, kHeight) + Picture(layer, kWidth, 0, kHeight).body() + "</svg>";
}

}  // namespace octet::html

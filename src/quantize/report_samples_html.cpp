#include <algorithm>
#include <cmath>

#include "quantize/html_text.h"
#include "quantize/report_sections.h"

namespace octet::html {
namespace {

std::string share(float value) {
  const double inside = std::isfinite(value) ? std::clamp(static_cast<double>(value), 0.0, 1.0) : 0;
  return fixed(1000 * inside, 1);
}

// Boxes in thousandths of the picture's sides.
std::string boxes(const std::vector<FoundBox>& found, const char* type) {
  constexpr std::size_t kMost = 200;  // a network that calls everything an object makes no picture
  std::string svg;
  for (std::size_t i = 0; i < std::min(kMost, found.size()); ++i) {
    const FoundBox& box = found[i];
    const float width = std::clamp(box.x2, 0.0F, 1.0F) - std::clamp(box.x1, 0.0F, 1.0F);
    const float height = std::clamp(box.y2, 0.0F, 1.0F) - std::clamp(box.y1, 0.0F, 1.0F);
    svg += std::string("<rect class=\"box ") + type + (box.matched ? "" : " alone") + "\" x=\"" + share(box.x1) +
           "\" y=\"" + share(box.y1) + "\" width=\"" + share(width) + "\" height=\"" + share(height) + "\"/>";
  }
  return svg;
}

std::string picture(const WorstSample& sample) {
  if (sample.picture.empty()) return {};
  const std::string size = " width=\"" + std::to_string(sample.picture_width) + "\" height=\"" +
                           std::to_string(sample.picture_height) + "\"";
  std::string html =
      "<div class=\"photo\"><img alt=\"\"" + size + " src=\"data:image/jpeg;base64," + base64(sample.picture) + "\">";
  if (!sample.float_boxes.empty() || !sample.int8_boxes.empty()) {
    html += "<svg viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\">" + boxes(sample.float_boxes, "float") +
            boxes(sample.int8_boxes, "int8") + "</svg>";
  }
  return html + "</div>\n";
}

std::string answers(const WorstSample& sample, bool detector) {
  if (detector) {
    const auto alone = [](const std::vector<FoundBox>& found) {
      return std::count_if(found.begin(), found.end(), [](const FoundBox& box) { return !box.matched; });
    };
    const auto count = [](std::size_t boxes) { return std::to_string(boxes) + (boxes == 1 ? " box" : " boxes"); };
    std::string html = "<p class=\"answer\"><span class=\"key float\">float " + count(sample.float_boxes.size()) +
                       "</span> <span class=\"key\">int8 " + count(sample.int8_boxes.size()) + "</span></p>\n";
    const auto only_float = alone(sample.float_boxes);
    const auto only_int8 = alone(sample.int8_boxes);
    if (only_float > 0) html += "<p class=\"bad\">" + std::to_string(only_float) + " by float only</p>\n";
    if (only_int8 > 0) html += "<p class=\"bad\">" + std::to_string(only_int8) + " by int8 only</p>\n";
    return html;
  }
  if (sample.float_class < 0) return {};
  return "<p class=\"answer\"><span class=\"key float\">float " + std::to_string(sample.float_class) + " (" +
         short_number(sample.float_score) + ")</span> <span class=\"key\">int8 " + std::to_string(sample.int8_class) +
         " (" + short_number(sample.int8_score) + ")</span></p>\n" +
         (sample.same_answer ? "" : "<p class=\"bad\">another answer</p>\n");
}

std::string fact(const char* term, const std::string& value, const std::string& note) {
  return std::string("<div class=\"fact\"><dt>") + term + "</dt><dd class=\"value\">" + value +
         "</dd><dd class=\"note\">" + note + "</dd></div>\n";
}

}  // namespace

std::string detections_section(const Report& report) {
  if (!report.detections) return {};
  const DetectionReport& found = *report.detections;
  std::string html = "<section id=\"detections\">\n<h2>Boxes</h2>\n<dl class=\"facts\">\n";
  html += fact("Found by both", std::to_string(found.matched),
               "of " + std::to_string(found.float_boxes) + " by float and " + std::to_string(found.int8_boxes) +
                   " by int8, with a score above " + fixed(found.score_threshold, 1));
  html += fact("Samples with the same boxes",
               std::to_string(found.same_samples) + " of " + std::to_string(report.measured_samples),
               "a box is the same where it overlaps by half");
  if (found.matched > 0) {
    html += fact("Overlap", fixed(found.mean_iou, 3),
                 "mean intersection over union; the least is " + fixed(found.least_iou, 3));
    html += fact("Difference of scores", fixed(found.mean_score_error, 4),
                 "mean; the largest is " + fixed(found.max_score_error, 4));
  }
  return html + "</dl>\n<p class=\"soft\">The boxes were read as " +
         (found.raw ? "raw: offsets to priors" : "decoded: corners in shares of the input") +
         " (<code>--boxes</code>).</p>\n</section>\n";
}

std::string samples_section(const Report& report) {
  if (report.worst_samples.empty()) return {};
  const bool detector = report.detections.has_value();
  std::string html = "<section id=\"samples\">\n<h2>Samples that differ most</h2>\n<ul class=\"samples\">\n";
  for (const WorstSample& sample : report.worst_samples) {
    html += "<li>" + picture(sample) + "<p><b>" + name(sample.name) + "</b></p>\n" + answers(sample, detector) +
            "<p class=\"soft\">least cosine of the outputs " + fixed(sample.cosine, 5) + "</p></li>\n";
  }
  return html + "</ul>\n</section>\n";
}

}  // namespace octet::html

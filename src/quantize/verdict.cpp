#include "quantize/verdict.h"

#include <algorithm>
#include <cstdio>

#include "base/text.h"

namespace octet {
namespace {

std::string text(const char* format, double a, double b) {
  char buffer[160];
  std::snprintf(buffer, sizeof buffer, format, a, b);
  return buffer;
}

// "; the worst layers are 'a' (conv, 3.2 dB: clipping) ...: keep them float with ..."
std::string worst_layers(const Report& report) {
  constexpr std::size_t kNamed = 3;
  std::vector<const LayerError*> worst;
  for (const LayerError& layer : report.layers) {
    if (layer.is_int8) worst.push_back(&layer);
  }
  if (worst.empty()) return {};
  std::stable_sort(worst.begin(), worst.end(),
                   [](const LayerError* a, const LayerError* b) { return a->error.sqnr_db < b->error.sqnr_db; });
  worst.resize(std::min(worst.size(), kNamed));
  std::string described;
  std::string names;
  for (const LayerError* layer : worst) {
    const std::string name = printable(layer->name);
    described +=
        (described.empty() ? "'" : ", '") + name + "' (" + layer->op + text(", %.1f dB", layer->error.sqnr_db, 0);
    described += (layer->cause.kind.empty() ? "" : ": " + layer->cause.kind) + ")";
    names += (names.empty() ? "\"" : ", \"") + name + "\"";
  }
  return std::string("; the worst ") + (worst.size() == 1 ? "layer is " : "layers are ") + described + ": keep " +
         (worst.size() == 1 ? "it" : "them") + " float with \"skip_quant_op_names\": [" + names +
         "], or calibrate with more and more typical samples or another \"feature_quantize_method\"";
}

}  // namespace

void judge(Report& report) {
  using Limits = QualityLimits;
  std::vector<std::string> found;
  for (const OutputError& output : report.outputs) {
    if (output.error.sqnr_db >= Limits::kLeastSqnr && output.error.cosine >= Limits::kLeastCosine) continue;
    found.push_back("output '" + printable(output.name) + "' is far from the float network's" +
                    text(" (SQNR %.1f dB, cosine %.3f; limits 10 dB, 0.9)", output.error.sqnr_db, output.error.cosine));
  }
  if (report.agreement >= 0 && report.agreement < Limits::kLeastAgreement) {
    found.push_back(text("the int8 network gives the float answer for %.1f %% of the samples only (limit %.0f %%)",
                         100 * report.agreement, 100 * Limits::kLeastAgreement));
  }
  if (report.labelled_samples > 0 && report.float_top1 - report.int8_top1 > Limits::kMostTop1Loss) {
    found.push_back(text("top-1 accuracy falls by %.1f points (limit %.0f)",
                         100 * (report.float_top1 - report.int8_top1), 100 * Limits::kMostTop1Loss));
  }
  if (report.detections) {
    const DetectionReport& boxes = *report.detections;
    const auto matched = static_cast<double>(boxes.matched);
    const double all = static_cast<double>(boxes.float_boxes + boxes.int8_boxes) - matched;
    if (all > 0 && matched < Limits::kLeastMatched * all) {
      found.push_back(text("of the boxes that either network finds both find %.1f %% (limit %.0f %%)",
                           100 * matched / all, 100 * Limits::kLeastMatched));
    }
  }
  if (!found.empty()) found[0] += worst_layers(report);
  report.poor = !found.empty() || (report.mixed && !report.mixed->reached);
  for (std::string& warning : found) report.warnings.push_back(std::move(warning));
}

}  // namespace octet

#include "quantize/detections.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "base/text.h"

namespace octet {
namespace {

struct FeatureMap {
  int stride;  // pixels of the input a cell
  std::array<int, 3> box_sizes;
  std::size_t size_count;
};
constexpr FeatureMap kFeatureMaps[] = {
    {8, {10, 16, 24}, 3}, {16, {32, 48}, 2}, {32, {64, 96}, 2}, {64, {128, 192, 256}, 3}};

constexpr float kCentreVariance = 0.1F;
constexpr float kSizeVariance = 0.2F;
constexpr float kSuppressionIou = 0.3F;
constexpr std::size_t kMostCandidates = 2000;  // suppression is quadratic

int cells(int pixels, int stride) { return (pixels + stride - 1) / stride; }

struct Prior {  // all in shares of the input's width or height
  float x = 0, y = 0, width = 0, height = 0;
};

std::vector<Prior> make_priors(int input_width, int input_height) {
  const auto share = [](float value) { return std::clamp(value, 0.0F, 1.0F); };
  const auto width = static_cast<float>(input_width);
  const auto height = static_cast<float>(input_height);
  std::vector<Prior> priors;
  for (const FeatureMap& map : kFeatureMaps) {
    const auto stride = static_cast<float>(map.stride);
    for (int row = 0; row < cells(input_height, map.stride); ++row) {
      for (int column = 0; column < cells(input_width, map.stride); ++column) {
        for (std::size_t i = 0; i < map.size_count; ++i) {
          const auto size = static_cast<float>(map.box_sizes[i]);
          // The last cell may reach beyond the input, and a box may be larger than it.
          priors.push_back({share((static_cast<float>(column) + 0.5F) * stride / width),
                            share((static_cast<float>(row) + 0.5F) * stride / height), share(size / width),
                            share(size / height)});
        }
      }
    }
  }
  return priors;
}

// The N of a tensor that is N x `last` but for dimensions of 1.
std::optional<std::size_t> rows_of(const Dims& dims, std::int64_t last) {
  if (dims.size() < 2 || dims.back() != last) return std::nullopt;
  const bool flat = std::all_of(dims.begin(), dims.end() - 2, [](std::int64_t dim) { return dim == 1; });
  if (!flat) return std::nullopt;
  return static_cast<std::size_t>(dims[dims.size() - 2]);
}

bool set_input_size(const Dims& dims, Detector& detector) {
  constexpr std::int64_t kMostPixels = 1 << 15;
  const auto is_channels = [](std::int64_t dim) { return dim == 1 || dim == 3 || dim == 4; };
  if (dims.size() != 4 || dims[0] != 1) return false;
  const std::size_t first = is_channels(dims[1]) ? 2 : 1;  // channels before the pixels, or behind
  if (first == 1 && !is_channels(dims[3])) return false;
  const std::int64_t height = dims[first];
  const std::int64_t width = dims[first + 1];
  if (height < 1 || width < 1 || height > kMostPixels || width > kMostPixels) return false;
  detector.input_height = static_cast<int>(height);
  detector.input_width = static_cast<int>(width);
  return true;
}

std::optional<Detector> find_outputs(const Graph& graph) {
  if (graph.inputs.size() != 1 || graph.outputs.size() != 2) return std::nullopt;
  Detector detector;
  if (!set_input_size(graph.at(graph.inputs[0]).dims, detector)) return std::nullopt;
  for (std::size_t scores = 0; scores < 2; ++scores) {
    const auto score_rows = rows_of(graph.at(graph.outputs[scores]).dims, 2);
    const auto box_rows = rows_of(graph.at(graph.outputs[1 - scores]).dims, 4);
    if (!score_rows || score_rows != box_rows) continue;
    detector.scores = scores;
    detector.boxes = 1 - scores;
    detector.count = *score_rows;
    return detector;
  }
  return std::nullopt;
}

void decode(const Prior& prior, const float* offsets, FoundBox& box) {
  const float x = offsets[0] * kCentreVariance * prior.width + prior.x;
  const float y = offsets[1] * kCentreVariance * prior.height + prior.y;
  const float width = std::exp(offsets[2] * kSizeVariance) * prior.width;
  const float height = std::exp(offsets[3] * kSizeVariance) * prior.height;
  box.x1 = x - width / 2;
  box.y1 = y - height / 2;
  box.x2 = x + width / 2;
  box.y2 = y + height / 2;
}

bool is_finite(const FoundBox& box) {
  return std::isfinite(box.x1) && std::isfinite(box.y1) && std::isfinite(box.x2) && std::isfinite(box.y2);
}

std::vector<FoundBox> suppress(std::vector<FoundBox> candidates) {
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const FoundBox& a, const FoundBox& b) { return a.score > b.score; });
  if (candidates.size() > kMostCandidates) candidates.resize(kMostCandidates);
  std::vector<FoundBox> kept;
  for (const FoundBox& candidate : candidates) {
    const bool hidden = std::any_of(
        kept.begin(), kept.end(), [&](const FoundBox& better) { return overlap(better, candidate) > kSuppressionIou; });
    if (!hidden) kept.push_back(candidate);
  }
  return kept;
}

}  // namespace

std::size_t prior_count(int input_width, int input_height) {
  std::size_t count = 0;
  for (const FeatureMap& map : kFeatureMaps) {
    count += static_cast<std::size_t>(cells(input_width, map.stride)) *
             static_cast<std::size_t>(cells(input_height, map.stride)) * map.size_count;
  }
  return count;
}

Result<std::optional<Detector>> find_detector(const Graph& graph, BoxKind kind) {
  std::optional<Detector> detector = find_outputs(graph);
  if (!detector) {
    if (kind == BoxKind::automatic) return detector;
    return fail(Code::argument,
                "boxes are named raw or decoded, but the network is no detector with two outputs, scores 1xNx2 and "
                "boxes 1xNx4, for one image: leave the option out");
  }
  const std::size_t priors = prior_count(detector->input_width, detector->input_height);
  if (kind == BoxKind::raw && priors != detector->count) {
    return fail(Code::argument, "the network has " + std::to_string(detector->count) + " boxes, but an input of " +
                                    std::to_string(detector->input_width) + "x" +
                                    std::to_string(detector->input_height) + " has " + std::to_string(priors) +
                                    " priors: its boxes are not raw; decoded may be right");
  }
  const bool decodes = std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
    return node.op == Op::unary && node.attrs.unary == UnaryKind::exp;
  });
  detector->raw = kind == BoxKind::raw || (kind == BoxKind::automatic && priors == detector->count && !decodes);
  return detector;
}

std::vector<FoundBox> detect(const Detector& detector, std::span<const float> scores, std::span<const float> boxes) {
  const std::vector<Prior> priors =
      detector.raw ? make_priors(detector.input_width, detector.input_height) : std::vector<Prior>{};
  // A dequantized softmax may miss 0 and 1 by a step.
  const bool probabilities =
      std::all_of(scores.begin(), scores.end(), [](float score) { return score >= -0.02F && score <= 1.02F; });
  std::vector<FoundBox> candidates;
  for (std::size_t i = 0; i < detector.count; ++i) {
    const float background = scores[2 * i];
    const float object = scores[2 * i + 1];
    FoundBox box;
    box.score = probabilities ? object : 1 / (1 + std::exp(background - object));
    if (!(box.score > kScoreThreshold)) continue;
    const float* values = &boxes[4 * i];
    if (detector.raw) {
      decode(priors[i], values, box);
    } else {
      box.x1 = values[0];
      box.y1 = values[1];
      box.x2 = values[2];
      box.y2 = values[3];
    }
    if (is_finite(box)) candidates.push_back(box);
  }
  return suppress(std::move(candidates));
}

float overlap(const FoundBox& a, const FoundBox& b) {
  const auto area = [](float x1, float y1, float x2, float y2) {
    return std::max(0.0F, x2 - x1) * std::max(0.0F, y2 - y1);
  };
  const float shared = area(std::max(a.x1, b.x1), std::max(a.y1, b.y1), std::min(a.x2, b.x2), std::min(a.y2, b.y2));
  const float united = area(a.x1, a.y1, a.x2, a.y2) + area(b.x1, b.y1, b.x2, b.y2) - shared;
  return united > 0 ? shared / united : 0;
}

bool DetectionSums::add(std::vector<FoundBox>& reference, std::vector<FoundBox>& model) {
  sums_.float_boxes += static_cast<std::int64_t>(reference.size());
  sums_.int8_boxes += static_cast<std::int64_t>(model.size());
  for (FoundBox& box : reference) {
    FoundBox* best = nullptr;
    float best_iou = 0;
    for (FoundBox& other : model) {
      const float iou = overlap(box, other);
      if (other.matched || iou < kMatchIou || (best != nullptr && iou <= best_iou)) continue;
      best = &other;
      best_iou = iou;
    }
    if (best == nullptr) continue;
    box.matched = best->matched = true;
    const double iou = static_cast<double>(best_iou);
    const double score_error = std::fabs(static_cast<double>(box.score) - static_cast<double>(best->score));
    sums_.least_iou = sums_.matched == 0 ? iou : std::min(sums_.least_iou, iou);
    sums_.mean_iou += iou;
    sums_.mean_score_error += score_error;
    sums_.max_score_error = std::max(sums_.max_score_error, score_error);
    ++sums_.matched;
  }
  const auto is_matched = [](const FoundBox& box) { return box.matched; };
  const bool same = std::all_of(reference.begin(), reference.end(), is_matched) &&
                    std::all_of(model.begin(), model.end(), is_matched);
  sums_.same_samples += same ? 1 : 0;
  return same;
}

DetectionReport DetectionSums::report(const Detector& detector) const {
  DetectionReport report = sums_;
  report.raw = detector.raw;
  report.score_threshold = static_cast<double>(kScoreThreshold);
  if (report.matched > 0) {
    report.mean_iou /= static_cast<double>(report.matched);
    report.mean_score_error /= static_cast<double>(report.matched);
  }
  return report;
}

}  // namespace octet

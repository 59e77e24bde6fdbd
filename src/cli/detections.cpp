#include "cli/detections.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "cli/failure.h"
#include "cli/text.h"

namespace octet::cli {
namespace {

struct FeatureMap {
  int stride;  // pixels of the input a cell
  std::array<int, 3> box_sizes;
  int size_count;
};
constexpr FeatureMap kFeatureMaps[] = {
    {8, {10, 16, 24}, 3}, {16, {32, 48}, 2}, {32, {64, 96}, 2}, {64, {128, 192, 256}, 3}};

constexpr float kCentreVariance = 0.1f;
constexpr float kSizeVariance = 0.2f;

// Suppression is quadratic; a photograph has far fewer candidates, a network that calls everything a face does not
// matter.
constexpr std::size_t kMaxCandidates = 2000;

int cells(int pixels, int stride) { return (pixels + stride - 1) / stride; }

// The N of a tensor that is N x `last` but for dimensions of 1.
std::optional<std::size_t> rows_of(const q_tensor_info& tensor, std::int64_t last) {
  const int rank = std::clamp(tensor.rank, 0, Q_MAX_RANK);
  if (rank < 2 || tensor.dims[rank - 1] != last) return std::nullopt;
  for (int i = 0; i < rank - 2; ++i) {
    if (tensor.dims[i] != 1) return std::nullopt;
  }
  return static_cast<std::size_t>(tensor.dims[rank - 2]);
}

bool set_input_size(const q_tensor_info& input, DetectorLayout& layout) {
  static constexpr std::int64_t kMaxPixels = 1 << 15;
  const auto is_channels = [](std::int64_t dim) { return dim == 1 || dim == 3 || dim == 4; };
  if (input.rank != 4 || input.dims[0] != 1) return false;
  const int first = is_channels(input.dims[1]) ? 2 : 1;  // channels before the pixels, or behind
  if (first == 1 && !is_channels(input.dims[3])) return false;
  const std::int64_t height = input.dims[first], width = input.dims[first + 1];
  if (height < 1 || width < 1 || height > kMaxPixels || width > kMaxPixels) return false;
  layout.input_height = static_cast<int>(height);
  layout.input_width = static_cast<int>(width);
  return true;
}

Box decode(const Prior& prior, const float* offsets) {
  const float x = offsets[0] * kCentreVariance * prior.width + prior.x;
  const float y = offsets[1] * kCentreVariance * prior.height + prior.y;
  const float width = std::exp(offsets[2] * kSizeVariance) * prior.width;
  const float height = std::exp(offsets[3] * kSizeVariance) * prior.height;
  return {x - width / 2, y - height / 2, x + width / 2, y + height / 2};
}

bool is_finite(const Box& box) {
  return std::isfinite(box.x1) && std::isfinite(box.y1) && std::isfinite(box.x2) && std::isfinite(box.y2);
}

bool are_probabilities(std::span<const float> scores) {
  // A dequantized softmax may miss 0 and 1 by a step.
  return std::all_of(scores.begin(), scores.end(), [](float score) { return score >= -0.02f && score <= 1.02f; });
}

std::vector<Detection> suppress(std::vector<Detection> candidates, float iou_threshold) {
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Detection& a, const Detection& b) { return a.score > b.score; });
  if (candidates.size() > kMaxCandidates) candidates.resize(kMaxCandidates);
  std::vector<Detection> kept;
  for (const Detection& candidate : candidates) {
    const bool hidden = std::any_of(kept.begin(), kept.end(), [&](const Detection& better) {
      return overlap(better.box, candidate.box) > iou_threshold;
    });
    if (!hidden) kept.push_back(candidate);
  }
  return kept;
}

}  // namespace

std::optional<DetectorLayout> detector_layout(const Network& network) {
  if (network.inputs.size() != 1 || network.outputs.size() != 2) return std::nullopt;
  DetectorLayout layout;
  if (!set_input_size(network.inputs[0], layout)) return std::nullopt;
  for (std::size_t scores = 0; scores < 2; ++scores) {
    const auto score_rows = rows_of(network.outputs[scores], 2);
    const auto box_rows = rows_of(network.outputs[1 - scores], 4);
    if (!score_rows || score_rows != box_rows) continue;
    layout.scores = scores;
    layout.boxes = 1 - scores;
    layout.count = *score_rows;
    return layout;
  }
  return std::nullopt;
}

std::vector<Prior> make_priors(int input_width, int input_height) {
  const auto share = [](float value) { return std::clamp(value, 0.0f, 1.0f); };
  const float width = static_cast<float>(input_width), height = static_cast<float>(input_height);
  std::vector<Prior> priors;
  for (const FeatureMap& map : kFeatureMaps) {
    const float stride = static_cast<float>(map.stride);
    for (int row = 0; row < cells(input_height, map.stride); ++row) {
      for (int column = 0; column < cells(input_width, map.stride); ++column) {
        for (int i = 0; i < map.size_count; ++i) {
          const float size = static_cast<float>(map.box_sizes[static_cast<std::size_t>(i)]);
          // The last cell may reach beyond the input, and a box may be larger than it.
          priors.push_back({share((static_cast<float>(column) + 0.5f) * stride / width),
                            share((static_cast<float>(row) + 0.5f) * stride / height), share(size / width),
                            share(size / height)});
        }
      }
    }
  }
  return priors;
}

bool boxes_are_raw(const DetectorLayout& layout, std::span<const q_layer_info> layers) {
  std::size_t prior_count = 0;
  for (const FeatureMap& map : kFeatureMaps) {
    prior_count += static_cast<std::size_t>(cells(layout.input_width, map.stride)) *
                   static_cast<std::size_t>(cells(layout.input_height, map.stride)) *
                   static_cast<std::size_t>(map.size_count);
  }
  if (prior_count != layout.count) return false;
  return std::none_of(layers.begin(), layers.end(), [](const q_layer_info& layer) { return view(layer.op) == "exp"; });
}

std::vector<Detection> detect(const DetectorLayout& layout, std::span<const float> scores, std::span<const float> boxes,
                              const DetectionOptions& options) {
  std::vector<Prior> priors;
  if (options.raw) {
    priors = make_priors(layout.input_width, layout.input_height);
    if (priors.size() != layout.count) {
      throw Failure(Q_E_SHAPE, "the network has " + std::to_string(layout.count) + " boxes, but an input of " +
                                   std::to_string(layout.input_width) + "x" + std::to_string(layout.input_height) +
                                   " has " + std::to_string(priors.size()) + " priors; --boxes decoded may be right");
    }
  }
  const bool probabilities = are_probabilities(scores);
  std::vector<Detection> candidates;
  for (std::size_t i = 0; i < layout.count; ++i) {
    const float background = scores[2 * i], object = scores[2 * i + 1];
    const float score = probabilities ? object : 1 / (1 + std::exp(background - object));
    if (!(score > options.score_threshold)) continue;
    const float* values = &boxes[4 * i];
    Box box = options.raw ? decode(priors[i], values) : Box{values[0], values[1], values[2], values[3]};
    if (!is_finite(box)) continue;
    const float width = static_cast<float>(layout.input_width), height = static_cast<float>(layout.input_height);
    candidates.push_back({score, {box.x1 * width, box.y1 * height, box.x2 * width, box.y2 * height}});
  }
  return suppress(std::move(candidates), options.iou_threshold);
}

Box map_box(const Box& box, const q_mapping& mapping, int image_width, int image_height) {
  const auto x = [&](float value) {
    return std::clamp(mapping.scale_x * value + mapping.offset_x, 0.0f, static_cast<float>(image_width));
  };
  const auto y = [&](float value) {
    return std::clamp(mapping.scale_y * value + mapping.offset_y, 0.0f, static_cast<float>(image_height));
  };
  return {x(box.x1), y(box.y1), x(box.x2), y(box.y2)};
}

float overlap(const Box& a, const Box& b) {
  const auto area = [](const Box& box) { return std::max(0.0f, box.x2 - box.x1) * std::max(0.0f, box.y2 - box.y1); };
  const float shared = area({std::max(a.x1, b.x1), std::max(a.y1, b.y1), std::min(a.x2, b.x2), std::min(a.y2, b.y2)});
  const float united = area(a) + area(b) - shared;
  return united > 0 ? shared / united : 0;
}

}  // namespace octet::cli

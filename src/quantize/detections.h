// From the two outputs of an UltraFace-like detector (Ultra-Light-Fast-Generic-Face-Detector: an SSD, Liu et al., ECCV
// 2016) to boxes, and how the boxes of two networks fit. What `octet run` draws is found by the same rules.
#pragma once

#include <optional>
#include <span>

#include "graph/graph.h"
#include "quantize/config.h"
#include "quantize/report.h"

namespace octet {

// Where a network with two outputs, scores (1 x N x 2: background, object) and boxes (1 x N x 4), has what.
struct Detector {
  std::size_t scores = 0;  // index of the output
  std::size_t boxes = 0;
  std::size_t count = 0;  // N
  int input_width = 0;    // pixels
  int input_height = 0;
  bool raw = false;  // boxes are offsets to priors; else corners in shares of the input
};

inline constexpr float kScoreThreshold = 0.7F;
inline constexpr float kMatchIou = 0.5F;

// Nothing where the network is no such detector. `automatic` takes boxes for raw where their number is that of the
// priors and no layer is an exponential, which only the decoding needs. Errors: Code::argument where another kind is
// named for a network that is no detector, or raw for one whose boxes are not as many as priors.
Result<std::optional<Detector>> find_detector(const Graph& graph, BoxKind kind);

// Number of priors of an input of this size.
std::size_t prior_count(int input_width, int input_height);

// After non-maximum suppression, best first. Precondition: scores and boxes have 2 and 4 values for each of the count.
std::vector<FoundBox> detect(const Detector& detector, std::span<const float> scores, std::span<const float> boxes);

// Intersection over union.
float overlap(const FoundBox& a, const FoundBox& b);

// Sums over samples; the order of the samples is that of add().
class DetectionSums {
 public:
  // Marks the boxes that match. True: all do.
  bool add(std::vector<FoundBox>& reference, std::vector<FoundBox>& model);
  DetectionReport report(const Detector& detector) const;

 private:
  DetectionReport sums_;
};

}  // namespace octet

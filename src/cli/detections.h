// From the two outputs of an UltraFace-like detector (Ultra-Light-Fast-Generic-Face-Detector: an SSD, Liu et al., ECCV
// 2016) to boxes in pixels of the image.
#pragma once

#include <octet/octet.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/library.h"

namespace octet::cli {

struct Box {  // corners; what the unit is stands where it is used
  float x1 = 0, y1 = 0, x2 = 0, y2 = 0;
};

struct Detection {
  float score = 0;
  Box box;
};

// Where a network with two outputs, scores (1 x N x 2) and boxes (1 x N x 4), has what.
struct DetectorLayout {
  std::size_t scores = 0;  // index of the output
  std::size_t boxes = 0;
  std::size_t count = 0;  // N
  int input_width = 0;    // pixels
  int input_height = 0;
};
// Nothing where the network is not of this kind.
std::optional<DetectorLayout> detector_layout(const Network& network);

struct Prior {  // all in shares of the input's width or height
  float x = 0, y = 0, width = 0, height = 0;
};
// One for every box size of every cell, stride after stride, row after row.
std::vector<Prior> make_priors(int input_width, int input_height);

// Whether the boxes are offsets to priors: so where their number is that of the priors and no layer is an exponential,
// which only the decoding of boxes needs.
bool boxes_are_raw(const DetectorLayout& layout, std::span<const q_layer_info> layers);

struct DetectionOptions {
  bool raw = true;  // boxes are offsets to priors; else corners in shares of the input
  float score_threshold = 0.7f;
  float iou_threshold = 0.3f;
};

// The detections after non-maximum suppression, best first, in pixels of the network's input. `scores` are two a box
// (background, object), turned into probabilities where they are not. Failure where raw boxes do not fit the priors.
std::vector<Detection> detect(const DetectorLayout& layout, std::span<const float> scores, std::span<const float> boxes,
                              const DetectionOptions& options);

// Moves a box of the network's input to pixels of the image, cut at its borders.
Box map_box(const Box& box, const q_mapping& mapping, int image_width, int image_height);

// Intersection over union.
float overlap(const Box& a, const Box& b);

}  // namespace octet::cli

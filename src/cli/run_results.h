// What `octet run` makes of a network's outputs: classes, faces, or numbers about each output.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/detections.h"
#include "cli/json_writer.h"
#include "cli/library.h"

namespace octet::cli {

struct ClassScore {
  std::size_t index = 0;
  double probability = 0;
  float value = 0;  // as the network gave it
  std::string name;
};

// The number of classes where the network has one output that is a row of at least two for each sample.
std::optional<std::size_t> class_count(const Network& network);

// The `top` largest of one sample's values. Probabilities stay what they are; other values go through a softmax.
std::vector<ClassScore> best_classes(std::span<const float> values, std::size_t top,
                                     std::span<const std::string> names);

// One list for each sample of the batch.
using Classification = std::vector<std::vector<ClassScore>>;
Classification classify(const Network& network, const TensorBuffers& outputs, std::size_t top,
                        std::span<const std::string> names);
std::string classes_text(const Classification& samples);
void write_classes(JsonWriter& json, const Classification& samples);

std::string detections_text(std::span<const Detection> detections);
void write_detections(JsonWriter& json, std::span<const Detection> detections);

// Shape, least, largest and mean value of each output.
std::string outputs_text(const Network& network, const TensorBuffers& outputs);
void write_outputs(JsonWriter& json, const Network& network, const TensorBuffers& outputs);

// The files that the outputs go to: FILE.npy for one, FILE_<name>.npy for several. Failure where two would be the same.
std::vector<std::string> output_files(const Network& network, const std::string& path);

}  // namespace octet::cli

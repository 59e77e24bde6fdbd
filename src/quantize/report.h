// What a quantization or a comparison found; as data, as JSON and as one self-contained HTML page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace octet {

// Distance of a tensor's int8 values from the float ones over all measured samples.
struct TensorError {
  double cosine = 1;        // of all samples' values together
  double least_cosine = 1;  // of one sample
  double mean_cosine = 1;   // over the samples
  double sqnr_db = 0;       // 10 log10 (sum float^2 / sum (float - int8)^2); at most 200
  double max_abs_error = 0;
};

struct OutputError {
  std::string name;
  TensorError error;
};

// Values of a tensor in bins of equal width, for a picture. No counts: nothing was seen.
struct ValueHistogram {
  float low = 0, high = 0;  // edges of the first and the last bin: the least and the greatest value
  std::vector<std::int64_t> counts;
};

// Why a layer differs and what to do (quantize/causes.h). Texts are empty where there is nothing to say.
struct LayerCause {
  std::string kind;          // "clipping", "inherited", ...
  std::string text;          // with the numbers that show it
  std::string advice;        // what to change in the configuration
  double own_sqnr_db = 200;  // signal beside the error that the layer itself adds, as far as known; 200: none
};

struct LayerError {
  std::string name;
  std::string output, model_output;  // the tensors that were compared
  std::string op;
  bool is_int8 = false;
  // Its channels were scaled (quantize/equalize.h): error, range and values are in the scale of the int8 network. When
  // files are compared, the factors are those that fit best (quantize/channel_factors.h).
  bool is_equalized = false;
  std::string method;  // how the range was chosen; empty for a float layer and in a comparison
  TensorError error;
  double clipped_share = 0;  // of the float values that lie outside the range
  float low = 0, high = 0;   // the range; 0, 0 for a float layer
  // These with MeasureOptions::details alone.
  LayerCause cause;
  ValueHistogram values;             // of the float network
  double float_ms = 0, int8_ms = 0;  // of one run on this CPU; 0: not measured, or part of another layer's step
};

// An object that a detector found.
struct FoundBox {
  float score = 0;
  float x1 = 0, y1 = 0, x2 = 0, y2 = 0;  // corners in shares of the network's input
  bool matched = false;                  // the other network found it too
};

// A sample that the two networks see differently: another answer before all others, then the least cosine.
struct WorstSample {
  std::string name;
  double cosine = 1;      // the least of the outputs
  std::size_t index = 0;  // in the source
  bool same_answer = true;
  std::int64_t float_class = -1, int8_class = -1;  // of a classifier
  double float_score = 0, int8_score = 0;          // values of these classes
  std::vector<FoundBox> float_boxes, int8_boxes;   // of a detector, best first
  std::string picture;                             // JPEG of what the network saw, small; empty: none
  int picture_width = 0, picture_height = 0;       // pixels
};

// How the boxes of two detectors fit, over all measured samples. A box is matched with the one of the other network
// that overlaps it most, by an intersection over union of at least 0.5; each once, those with the best score first.
struct DetectionReport {
  bool raw = false;                                  // the boxes are offsets to priors
  double score_threshold = 0;                        // what is below is no detection
  std::int64_t float_boxes = 0, int8_boxes = 0;      // found by each
  std::int64_t matched = 0;                          // found by both
  std::int64_t same_samples = 0;                     // where all are matched
  double mean_iou = 0, least_iou = 0;                // of the matched boxes; 0: there are none
  double mean_score_error = 0, max_score_error = 0;  // magnitude of the difference, of the matched boxes
};

// A layer that stays float because it makes the network faster so on the machine that quantized it.
struct KeptFloat {
  std::string name;  // of the node or, where several nodes have that name, of its output
  std::string op;
  double float_ms = 0, int8_ms = 0;  // of the layer alone
};

// A layer that stays float because int8 would cost too much there (quantize/mixed.h).
struct MixedLayer {
  std::string name;  // of its output
  std::string op;
  std::int64_t macs = 0;
  double gained_db = 0;  // at the outputs, where this layer alone is kept
};

struct MixedReport {
  std::vector<MixedLayer> layers;      // what saves the most error for its work first
  double all_int8_sqnr_db = 0;         // at the outputs or before a final softmax, on calibration samples
  double sqnr_db = 0;                  // with these layers in float
  double all_int8_drop = 0, drop = 0;  // of a classifier: share of the answers that are expected to change
  double float_mac_share = 0;
  bool reached = true;  // the budget of the configuration holds
};

struct Report {
  std::string command;  // "quantize" or "compare"
  std::string model;    // name of the network
  std::string isa;
  std::vector<OutputError> outputs;
  std::vector<LayerError> layers;  // in the order of execution
  std::vector<WorstSample> worst_samples;
  std::vector<std::string> warnings;
  bool poor = false;  // the quality is below a limit of quantize/verdict.h, and a warning says which
  std::int64_t calibration_samples = 0;
  std::int64_t measured_samples = 0;
  std::int64_t skipped_files = 0;
  bool held_out = false;
  double agreement = -1;  // share of samples with the same largest output; -1: not a classifier
  std::int64_t labelled_samples = 0;
  double float_top1 = 0, int8_top1 = 0, float_top5 = 0, int8_top5 = 0;
  std::int64_t float_weight_bytes = 0, int8_weight_bytes = 0;
  std::int64_t macs = 0, int8_macs = 0;
  double seconds = 0;
  std::optional<MixedReport> mixed;
  std::vector<KeptFloat> kept_float;  // in the order of execution
  double int8_ms = 0, mixed_ms = 0;   // of a run without layers that were kept float, and with them; 0: not measured
  std::optional<DetectionReport> detections;
  double float_run_ms = 0, int8_run_ms = 0;  // of each network on one thread, the fastest run; 0: not measured
};

std::string report_json(const Report& report);
std::string report_html(const Report& report);

}  // namespace octet

// The JSON configuration of `octet quantize`: the keys of MNN's quantized.out unchanged, and Octet's own.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/recipe.h"
#include "base/status.h"

namespace octet {

// How the range of an activation is chosen (quantize/ranges.h).
enum class ActivationMethod : std::uint8_t { AUTO, KL, ADMM, EMA, MINMAX, PERCENTILE, MSE };
// How the scale of an output channel of weights is chosen (quantize/weights.h).
enum class WeightMethod : std::uint8_t { MAX_ABS, ADMM, MSE };
// What the boxes of a detector are (quantize/detections.h): automatic tells it from the graph.
enum class BoxKind : std::uint8_t { automatic = 0, raw = 1, decoded = 2 };
enum class InputType : std::uint8_t { image, sequence };

// As written in the configuration: "KL".
std::string_view name_of(ActivationMethod method);
std::string_view name_of(WeightMethod method);
// Errors (Code::config) name the nearest method and list them all.
Result<ActivationMethod> parse_activation_method(std::string_view name);
Result<WeightMethod> parse_weight_method(std::string_view name);

// How far a network with int8 layers may be from the float one (quantize/mixed.h).
struct MixedBudget {
  std::optional<double> max_drop;  // of a classifier: the share of answers that may change, [0, 1)
  std::optional<double> min_sqnr;  // dB, at the outputs or before a final softmax
  double max_float_macs = 0.1;     // the share of the multiply-accumulates that may stay float, (0, 1]
};

struct QuantizeConfig {
  PixelFormat format = PixelFormat::bgr;
  bool format_given = false;  // false: BGR as in MNN, which the caller says in a line
  std::array<float, 4> mean{0, 0, 0, 0};
  std::array<float, 4> normal{1, 1, 1, 1};
  std::int32_t width = 0;  // pixels; 0: the network's own
  std::int32_t height = 0;
  float center_crop_h = 1;  // (0, 1]
  float center_crop_w = 1;
  FitMode fit = FitMode::stretch;
  std::int32_t shorter_side = 0;  // pixels, FitMode::crop; 0: the shorter of width and height

  std::string path;               // folder of the samples as written (see resolve_path); "": not given
  std::string labels;             // likewise a file; "": not given
  std::int64_t used_samples = 0;  // 0: all
  InputType input_type = InputType::image;

  ActivationMethod activation_method = ActivationMethod::AUTO;
  bool activation_method_given = false;
  WeightMethod weight_method = WeightMethod::MAX_ABS;
  int feature_clamp_value = 127;          // 1..127
  int weight_clamp_value = 127;           // 1..127
  std::int64_t batch_size = 32;           // samples an EMA step, >= 1
  double percentile = 99.99;              // (50, 100], PERCENTILE
  std::optional<bool> equalize;           // quantize/equalize.h; not given: on with AUTO
  std::optional<bool> bias_correction;    // quantize/round_weights.h, likewise
  std::optional<bool> adaptive_rounding;  // likewise
  std::vector<std::string> skip_quant_op_names;
  std::optional<MixedBudget> mixed;
  bool debug = false;
  bool winograd_opt = false;           // accepted for MNN's files, changes nothing
  bool float_where_faster = false;     // no key: a file must not make the result depend on the machine
  bool report_details = false;         // no key: what a page shows beside the numbers, the time of each layer among it
  BoxKind boxes = BoxKind::automatic;  // no key

  bool equalizes() const { return equalize.value_or(activation_method == ActivationMethod::AUTO); }
  bool corrects_bias() const { return bias_correction.value_or(activation_method == ActivationMethod::AUTO); }
  bool rounds_adaptively() const { return adaptive_rounding.value_or(activation_method == ActivationMethod::AUTO); }

  // How samples are prepared; not present for InputType::sequence, whose tensors are taken as they are.
  ImageRecipe to_recipe() const;
};

// Errors name the file, the key, its line and, for an unknown key or word, the nearest known one: Code::config;
// Code::unsupported for what a later version will do (other quant_bits).
Result<QuantizeConfig> parse_config(std::string_view json, const std::string& file_name);
// The same for a file; Code::io where it cannot be read.
Result<QuantizeConfig> load_config(const std::string& file_name);

// A path of the configuration: relative to the folder of the configuration file, then to the working
// directory; the first that is a file or a folder. Code::data, naming both, where neither is.
Result<std::string> resolve_path(const std::string& path, const std::string& config_file);

}  // namespace octet

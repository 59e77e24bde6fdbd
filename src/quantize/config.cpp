#include "quantize/config.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <span>

#include "base/file.h"
#include "base/text.h"
#include "quantize/config_json.h"

namespace octet {
namespace {

constexpr std::string_view kActivationMethods[] = {"AUTO", "KL", "ADMM", "EMA", "MINMAX", "PERCENTILE", "MSE"};
constexpr std::string_view kWeightMethods[] = {"MAX_ABS", "ADMM", "MSE"};
constexpr std::string_view kFormats[] = {"RGB", "BGR", "RGBA", "BGRA", "GRAY"};
constexpr std::string_view kInputTypes[] = {"image", "sequence"};
constexpr std::string_view kFitModes[] = {"stretch", "crop", "letterbox"};

constexpr double kMaxPixels = 65535;        // of a side
constexpr double kMaxSamples = 1000000000;  // far beyond any folder, far below an overflow

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// `word` in the case that most of the candidates' letters have, so that "kl" finds "KL".
std::string in_case_of(std::string_view word, std::span<const std::string_view> candidates) {
  const bool upper = is_upper(candidates.front().front());
  std::string changed(word);
  for (char& c : changed) {
    if (upper && is_lower(c)) c = static_cast<char>(c - 'a' + 'A');
    if (!upper && is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
  }
  return changed;
}

std::string choices(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text.append(i == 0 ? "" : i + 1 == words.size() ? " or " : ", ").append(words[i]);
  }
  return text;
}

// Index of `word`, or an error that says what it could be.
Result<std::size_t> find_word(std::string_view word, std::span<const std::string_view> words) {
  const auto found = std::find(words.begin(), words.end(), word);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  std::string message = "unknown value '" + printable(word, 60) + "'";
  const std::string near = nearest_word(in_case_of(word.substr(0, 64), words), words);
  message += near.empty() ? "." : "; did you mean '" + near + "'?";
  return fail(Code::config, message + " It can be " + choices(words));
}

std::string where(const JsonMember& member) {
  return "key '" + printable(member.key, 60) + "' (line " + std::to_string(member.line) + ")";
}

Status wrong(const JsonMember& member, const std::string& what) {
  return fail(Code::config, where(member) + ": " + what);
}

Status not_built(const JsonMember& member, const std::string& what) {
  return fail(Code::unsupported, where(member) + ": " + what);
}

std::string number_text(double value) { return describe({.kind = JsonKind::number, .number = value}).substr(11); }

// The typed readers: the value of a member, or an error that says what it must be and what was found.

Result<std::int64_t> read_whole(const JsonMember& member, double low, double high) {
  const JsonValue& value = member.value;
  if (value.kind != JsonKind::number || value.number != std::floor(value.number)) {
    return wrong(member, "must be a whole number, found " + describe(value));
  }
  if (value.number < low || value.number > high) {
    return wrong(member, "must be a whole number from " + number_text(low) + " to " + number_text(high) + ", found " +
                             describe(value));
  }
  return static_cast<std::int64_t>(value.number);
}

Result<double> read_number_above(const JsonMember& member, double above, double high) {
  const JsonValue& value = member.value;
  if (value.kind != JsonKind::number) return wrong(member, "must be a number, found " + describe(value));
  if (!(value.number > above && value.number <= high)) {
    return wrong(member, "must be above " + number_text(above) + " and at most " + number_text(high) + ", found " +
                             describe(value));
  }
  return value.number;
}

Result<bool> read_bool(const JsonMember& member) {
  if (member.value.kind != JsonKind::boolean) {
    return wrong(member, "must be true or false, found " + describe(member.value));
  }
  return member.value.boolean;
}

Result<std::string> read_text(const JsonMember& member) {
  if (member.value.kind != JsonKind::string) {
    return wrong(member, "must be a string, found " + describe(member.value));
  }
  if (member.value.text.empty()) return wrong(member, "must not be empty");
  if (member.value.text.find('\0') != std::string::npos) return wrong(member, "must not contain the character NUL");
  return member.value.text;
}

Result<std::size_t> read_word(const JsonMember& member, std::span<const std::string_view> words) {
  if (member.value.kind != JsonKind::string) {
    return wrong(member, "must be a string (" + choices(words) + "), found " + describe(member.value));
  }
  auto found = find_word(member.value.text, words);
  if (!found.ok()) return found.status().within(where(member));
  return found;
}

// mean or normal.
Result<std::vector<float>> read_channels(const JsonMember& member) {
  const auto& items = member.value.items;
  if (member.value.kind != JsonKind::list) {
    return wrong(member, "must be a list of numbers, one a channel, found " + describe(member.value));
  }
  std::vector<float> values;
  for (const auto& item : items) {
    if (item.kind != JsonKind::number) return wrong(member, "must hold numbers only, found " + describe(item));
    if (std::abs(item.number) > std::numeric_limits<float>::max()) {
      return wrong(member, "holds a value beyond float32, " + describe(item));
    }
    values.push_back(static_cast<float>(item.number));
  }
  if (values.size() != 1 && values.size() != 3 && values.size() != 4) {
    return wrong(member, "must hold 1, 3 or 4 numbers, one a channel, found " + std::to_string(values.size()));
  }
  return values;
}

std::string unknown_key(const JsonMember& member, std::span<const std::string_view> known) {
  const std::string near = nearest_word(in_case_of(std::string_view(member.key).substr(0, 64), known), known);
  if (!near.empty()) return "unknown key; did you mean '" + near + "'?";
  const std::vector<std::string> names(known.begin(), known.end());
  return "unknown key; the keys are " + list_text(names, names.size());
}

// Reads one document: every key by itself, then what keys say about each other.
class ConfigReader {
 public:
  Result<QuantizeConfig> read(const JsonValue& root) {
    if (root.kind != JsonKind::object) {
      return fail(Code::config, "must be one JSON object { ... }, found " + describe(root));
    }
    for (const auto& member : root.members) OCTET_TRY(read_key(member));
    OCTET_TRY(check_samples());
    OCTET_TRY(check_channels());
    OCTET_TRY(check_resize());
    return std::move(config_);
  }

 private:
  using Read = Status (ConfigReader::*)(const JsonMember&);
  struct Key {
    std::string_view name;
    Read read;
  };
  static const Key kKeys[];
  static const Key kResizeKeys[];
  static const Key kMixedKeys[];

  Status read_key(const JsonMember& member);
  Status read_parts(const JsonMember& member, std::span<const Key> keys, const char* example);
  Status read_resize(const JsonMember& member);
  Status mixed(const JsonMember& member);

  Status format(const JsonMember& member) {
    constexpr PixelFormat kValues[] = {PixelFormat::rgb, PixelFormat::bgr, PixelFormat::rgba, PixelFormat::bgra,
                                       PixelFormat::gray};
    static_assert(std::size(kValues) == std::size(kFormats));
    OCTET_ASSIGN(const std::size_t index, read_word(member, kFormats));
    config_.format = kValues[index];
    config_.format_given = true;
    return {};
  }
  Status mean(const JsonMember& member) {
    OCTET_ASSIGN(mean_, read_channels(member));
    mean_key_ = &member;
    return {};
  }
  Status normal(const JsonMember& member) {
    OCTET_ASSIGN(normal_, read_channels(member));
    if (std::find(normal_.begin(), normal_.end(), 0.0f) != normal_.end()) {
      return wrong(member, "holds 0, which would make a channel constant: value = (pixel - mean) x normal");
    }
    normal_key_ = &member;
    return {};
  }
  Status width(const JsonMember& member) { return pixels(member, &config_.width); }
  Status height(const JsonMember& member) { return pixels(member, &config_.height); }
  Status center_crop_h(const JsonMember& member) { return share(member, &config_.center_crop_h); }
  Status center_crop_w(const JsonMember& member) { return share(member, &config_.center_crop_w); }
  Status path(const JsonMember& member) {
    OCTET_ASSIGN(config_.path, read_text(member));
    return {};
  }
  Status labels(const JsonMember& member) {
    OCTET_ASSIGN(config_.labels, read_text(member));
    return {};
  }
  Status used_image_num(const JsonMember& member) { return samples(member, &image_num_key_); }
  Status used_sample_num(const JsonMember& member) { return samples(member, &sample_num_key_); }
  Status feature_quantize_method(const JsonMember& member) {
    OCTET_ASSIGN(const std::size_t index, read_word(member, kActivationMethods));
    config_.activation_method = static_cast<ActivationMethod>(index);
    config_.activation_method_given = true;
    return {};
  }
  Status weight_quantize_method(const JsonMember& member) {
    OCTET_ASSIGN(const std::size_t index, read_word(member, kWeightMethods));
    config_.weight_method = static_cast<WeightMethod>(index);
    return {};
  }
  Status feature_clamp_value(const JsonMember& member) { return clamp(member, &config_.feature_clamp_value); }
  Status weight_clamp_value(const JsonMember& member) { return clamp(member, &config_.weight_clamp_value); }
  Status batch_size(const JsonMember& member) {
    OCTET_ASSIGN(config_.batch_size, read_whole(member, 1, kMaxSamples));
    return {};
  }
  Status quant_bits(const JsonMember& member) {
    OCTET_ASSIGN(const std::int64_t bits, read_whole(member, 1, 32));
    if (bits == 8) return {};
    return not_built(member, std::to_string(bits) + " bits are not built yet in this version; use 8");
  }
  Status skip_quant_op_names(const JsonMember& member) {
    if (member.value.kind != JsonKind::list) {
      return wrong(member, "must be a list of strings, found " + describe(member.value));
    }
    for (const auto& item : member.value.items) {
      if (item.kind != JsonKind::string) return wrong(member, "must hold strings only, found " + describe(item));
      if (item.text.empty()) return wrong(member, "holds an empty name");
      config_.skip_quant_op_names.push_back(item.text);
    }
    return {};
  }
  Status input_type(const JsonMember& member) {
    OCTET_ASSIGN(const std::size_t index, read_word(member, kInputTypes));
    config_.input_type = static_cast<InputType>(index);
    return {};
  }
  Status debug(const JsonMember& member) {
    OCTET_ASSIGN(config_.debug, read_bool(member));
    return {};
  }
  Status winograd_opt(const JsonMember& member) {
    OCTET_ASSIGN(config_.winograd_opt, read_bool(member));
    return {};
  }
  Status percentile(const JsonMember& member) {
    OCTET_ASSIGN(config_.percentile, read_number_above(member, 50, 100));
    return {};
  }
  Status resize_mode(const JsonMember& member) {
    OCTET_ASSIGN(const std::size_t index, read_word(member, kFitModes));
    config_.fit = static_cast<FitMode>(index);
    resize_mode_given_ = true;
    return {};
  }
  Status shorter_side(const JsonMember& member) {
    shorter_side_key_ = &member;
    return pixels(member, &config_.shorter_side);
  }
  Status equalize(const JsonMember& member) {
    OCTET_ASSIGN(config_.equalize, read_bool(member));
    return {};
  }
  Status bias_correction(const JsonMember& member) {
    OCTET_ASSIGN(config_.bias_correction, read_bool(member));
    return {};
  }
  Status adaptive_rounding(const JsonMember& member) {
    OCTET_ASSIGN(config_.adaptive_rounding, read_bool(member));
    return {};
  }
  Status max_drop(const JsonMember& member) {
    const JsonValue& value = member.value;
    if (value.kind != JsonKind::number || !(value.number >= 0 && value.number < 1)) {
      return wrong(member, "must be a share of the answers from 0 to below 1 (0.01: one of a hundred), found " +
                               describe(value));
    }
    config_.mixed->max_drop = value.number;
    return {};
  }
  Status min_sqnr(const JsonMember& member) {
    OCTET_ASSIGN(config_.mixed->min_sqnr, read_number_above(member, 0, 200));
    return {};
  }
  Status max_float_macs(const JsonMember& member) {
    OCTET_ASSIGN(config_.mixed->max_float_macs, read_number_above(member, 0, 1));
    return {};
  }
  Status inputs(const JsonMember& member) {
    return not_built(member,
                     "MNN's list of inputs is not built yet in this version; remove the key "
                     "(names and shapes come from the model, width and height set the size of an image)");
  }

  Status pixels(const JsonMember& member, std::int32_t* out) {
    OCTET_ASSIGN(const std::int64_t value, read_whole(member, 1, kMaxPixels));
    *out = static_cast<std::int32_t>(value);
    return {};
  }
  Status share(const JsonMember& member, float* out) {
    OCTET_ASSIGN(const double value, read_number_above(member, 0, 1));
    // The least float above 0 stands for what float32 would round to 0.
    *out = std::max(static_cast<float>(value), std::numeric_limits<float>::min());
    return {};
  }
  Status clamp(const JsonMember& member, int* out) {
    OCTET_ASSIGN(const std::int64_t value, read_whole(member, 1, 127));
    *out = static_cast<int>(value);
    return {};
  }
  Status samples(const JsonMember& member, const JsonMember** key) {
    OCTET_ASSIGN(config_.used_samples, read_whole(member, 0, kMaxSamples));
    *key = &member;
    return {};
  }

  Status check_samples() const {
    if (image_num_key_ == nullptr || sample_num_key_ == nullptr) return {};
    if (image_num_key_->value.number == sample_num_key_->value.number) return {};
    return wrong(*sample_num_key_, "contradicts " + where(*image_num_key_) + ": keep one of them");
  }

  // As in MNN, what a list has beyond the channels of the format is not used, and a missing fourth
  // channel has mean 0 and normal 1.
  Status check_channels() {
    const auto channels = static_cast<std::size_t>(channels_of(config_.format));
    const auto take = [&](const JsonMember* key, const std::vector<float>& values, std::array<float, 4>* out) {
      if (key == nullptr) return Status();
      if (values.size() == 1 && channels != 1) {
        const std::string format_name(kFormats[static_cast<std::size_t>(config_.format)]);
        return wrong(*key, "has 1 number, but format " + format_name + (config_.format_given ? "" : " (the default)") +
                               " has " + std::to_string(channels) + " channels: write one number a channel");
      }
      std::copy_n(values.begin(), std::min(values.size(), channels), out->begin());
      return Status();
    };
    OCTET_TRY(take(mean_key_, mean_, &config_.mean));
    return take(normal_key_, normal_, &config_.normal);
  }

  Status check_resize() const {
    if (shorter_side_key_ == nullptr) return {};
    if (config_.fit != FitMode::crop) return wrong(*shorter_side_key_, "belongs to the mode \"crop\" only");
    if (config_.width == 0 || config_.height == 0) return {};
    const std::int32_t least = std::min(config_.width, config_.height);
    if (config_.shorter_side >= least) return {};
    return wrong(*shorter_side_key_, "is " + std::to_string(config_.shorter_side) + ", too small to cut " +
                                         std::to_string(config_.width) + " x " + std::to_string(config_.height) +
                                         " from: use at least " + std::to_string(least));
  }

  QuantizeConfig config_;
  std::vector<float> mean_;
  std::vector<float> normal_;
  bool resize_mode_given_ = false;
  // Where keys that are checked against others stand; they point into the document.
  const JsonMember* mean_key_ = nullptr;
  const JsonMember* normal_key_ = nullptr;
  const JsonMember* image_num_key_ = nullptr;
  const JsonMember* sample_num_key_ = nullptr;
  const JsonMember* shorter_side_key_ = nullptr;
};

const ConfigReader::Key ConfigReader::kKeys[] = {
    {"format", &ConfigReader::format},
    {"mean", &ConfigReader::mean},
    {"normal", &ConfigReader::normal},
    {"width", &ConfigReader::width},
    {"height", &ConfigReader::height},
    {"center_crop_h", &ConfigReader::center_crop_h},
    {"center_crop_w", &ConfigReader::center_crop_w},
    {"path", &ConfigReader::path},
    {"used_image_num", &ConfigReader::used_image_num},
    {"used_sample_num", &ConfigReader::used_sample_num},
    {"feature_quantize_method", &ConfigReader::feature_quantize_method},
    {"weight_quantize_method", &ConfigReader::weight_quantize_method},
    {"feature_clamp_value", &ConfigReader::feature_clamp_value},
    {"weight_clamp_value", &ConfigReader::weight_clamp_value},
    {"batch_size", &ConfigReader::batch_size},
    {"quant_bits", &ConfigReader::quant_bits},
    {"skip_quant_op_names", &ConfigReader::skip_quant_op_names},
    {"input_type", &ConfigReader::input_type},
    {"debug", &ConfigReader::debug},
    {"winogradOpt", &ConfigReader::winograd_opt},
    {"resize", &ConfigReader::read_resize},
    {"percentile", &ConfigReader::percentile},
    {"labels", &ConfigReader::labels},
    {"equalize", &ConfigReader::equalize},
    {"bias_correction", &ConfigReader::bias_correction},
    {"adaptive_rounding", &ConfigReader::adaptive_rounding},
    {"mixed", &ConfigReader::mixed},
    {"inputs", &ConfigReader::inputs},
};

const ConfigReader::Key ConfigReader::kResizeKeys[] = {
    {"mode", &ConfigReader::resize_mode},
    {"shorter_side", &ConfigReader::shorter_side},
};

const ConfigReader::Key ConfigReader::kMixedKeys[] = {
    {"max_drop", &ConfigReader::max_drop},
    {"min_sqnr", &ConfigReader::min_sqnr},
    {"max_float_macs", &ConfigReader::max_float_macs},
};

Status ConfigReader::read_key(const JsonMember& member) {
  std::vector<std::string_view> names;
  for (const auto& key : kKeys) {
    if (key.name == member.key) return (this->*key.read)(member);
    names.push_back(key.name);
  }
  return wrong(member, unknown_key(member, names));
}

// The members of an object, each by its own reader.
Status ConfigReader::read_parts(const JsonMember& member, std::span<const Key> keys, const char* example) {
  if (member.value.kind != JsonKind::object) {
    return wrong(member, std::string("must be an object such as ") + example + ", found " + describe(member.value));
  }
  std::vector<std::string_view> names;
  for (const Key& key : keys) names.push_back(key.name);
  for (const auto& part : member.value.members) {
    const auto key = std::find_if(keys.begin(), keys.end(), [&](const Key& k) { return k.name == part.key; });
    if (key == keys.end()) return wrong(part, unknown_key(part, names)).within(member.key);
    if (Status status = (this->*key->read)(part); !status.ok()) return status.within(member.key);
  }
  return {};
}

Status ConfigReader::read_resize(const JsonMember& member) {
  OCTET_TRY(read_parts(member, kResizeKeys, "{\"mode\": \"crop\", \"shorter_side\": 256}"));
  if (!resize_mode_given_) return wrong(member, "needs a \"mode\": " + choices(kFitModes));
  return {};
}

Status ConfigReader::mixed(const JsonMember& member) {
  config_.mixed.emplace();
  OCTET_TRY(read_parts(member, kMixedKeys, "{\"max_drop\": 0.01}"));
  if (config_.mixed->max_drop || config_.mixed->min_sqnr) return {};
  return wrong(member, "needs a budget: \"max_drop\" (share of answers) or \"min_sqnr\" (dB)");
}

}  // namespace

std::string_view name_of(ActivationMethod method) { return kActivationMethods[static_cast<std::size_t>(method)]; }
std::string_view name_of(WeightMethod method) { return kWeightMethods[static_cast<std::size_t>(method)]; }

Result<ActivationMethod> parse_activation_method(std::string_view name) {
  OCTET_ASSIGN(const std::size_t index, find_word(name, kActivationMethods));
  return static_cast<ActivationMethod>(index);
}

Result<WeightMethod> parse_weight_method(std::string_view name) {
  OCTET_ASSIGN(const std::size_t index, find_word(name, kWeightMethods));
  return static_cast<WeightMethod>(index);
}

ImageRecipe QuantizeConfig::to_recipe() const {
  ImageRecipe recipe;
  if (input_type == InputType::sequence) return recipe;
  recipe.present = true;
  recipe.format = format;
  recipe.fit = fit;
  recipe.mean = mean;
  recipe.normal = normal;
  recipe.width = width;
  recipe.height = height;
  recipe.shorter_side = shorter_side;
  recipe.center_crop_h = center_crop_h;
  recipe.center_crop_w = center_crop_w;
  return recipe;
}

Result<QuantizeConfig> parse_config(std::string_view json, const std::string& file_name) {
  const auto root = parse_json(json);
  if (!root.ok()) return root.status().within(file_name);
  auto config = ConfigReader().read(*root);
  if (!config.ok()) return config.status().within(file_name);
  return config;
}

Result<QuantizeConfig> load_config(const std::string& file_name) {
  OCTET_ASSIGN(const Bytes bytes, map_file(file_name));
  return parse_config({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file_name);
}

Result<std::string> resolve_path(const std::string& path, const std::string& config_file) {
  const std::string beside = join_path(folder_of(config_file), path);
  if (is_folder(beside) || is_file(beside)) return beside;
  if (is_folder(path) || is_file(path)) return path;
  std::string message = "'" + printable(path) + "' is neither a file nor a folder";
  if (beside != path) message += ", nor is '" + printable(beside) + "', relative to the configuration file";
  return fail(Code::data, message);
}

}  // namespace octet

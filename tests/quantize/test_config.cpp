// The JSON configuration: every key, and every error with its line and the nearest known word.
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "quantize/config.h"
#include "support/cmocka.h"
#include "support/keep_file.h"
#include "support/temporary.h"

namespace octet {
namespace {

QuantizeConfig good(std::string_view json) {
  test::keep_file("config", json);
  auto config = parse_config(json, "face.json");
  if (!config.ok()) fail_msg("%s", config.status().message().c_str());
  return *config;
}

void assert_error(std::string_view json, std::string_view message, Code code = Code::config) {
  test::keep_file("config", json);
  const auto config = parse_config(json, "face.json");
  if (config.ok()) fail_msg("accepted: %.200s", std::string(json).c_str());
  assert_string_equal(config.status().message().c_str(), ("face.json: " + std::string(message)).c_str());
  assert_true(config.status().code() == code);
}

// For messages whose end is the parser's.
void assert_error_begins(std::string_view json, std::string_view message) {
  const auto config = parse_config(json, "face.json");
  if (config.ok()) fail_msg("accepted: %.200s", std::string(json).c_str());
  const std::string begin = "face.json: " + std::string(message);
  const std::string found = config.status().message().substr(0, begin.size());
  assert_string_equal(found.c_str(), begin.c_str());
  assert_true(config.status().code() == Code::config);
}

void defaults(void**) {
  const QuantizeConfig config = good("{}");
  assert_true(config.format == PixelFormat::bgr);
  assert_false(config.format_given);
  assert_true(config.activation_method == ActivationMethod::AUTO);
  assert_false(config.activation_method_given);
  assert_true(config.weight_method == WeightMethod::MAX_ABS);
  assert_int_equal(config.feature_clamp_value, 127);
  assert_int_equal(config.weight_clamp_value, 127);
  assert_int_equal(config.used_samples, 0);
  assert_int_equal(config.batch_size, 32);
  assert_true(config.input_type == InputType::image);
  assert_true(config.path.empty());
  const ImageRecipe recipe = config.to_recipe();
  assert_true(recipe.present);
  ImageRecipe expected;
  expected.present = true;
  assert_true(recipe == expected);
}

void a_file_of_mnn_works_unchanged(void**) {
  const QuantizeConfig config = good(R"({
    "format":"RGB",
    "mean":[
        127.5,
        127,
        126.5
    ],
    "normal":[
        0.00784314,
        0.0078125,
        0.5
    ],
    "center_crop_h":0.875,
    "center_crop_w":0.75,
    "width":224,
    "height":192,
    "path":"path/to/images/",
    "used_sample_num":500,
    "feature_quantize_method":"EMA",
    "weight_quantize_method":"ADMM",
    "feature_clamp_value":120,
    "weight_clamp_value":100.0,
    "winogradOpt": true,
    "batch_size":16,
    "quant_bits":8,
    "skip_quant_op_names":[
        "conv1", "a/b:0"
    ],
    "input_type":"image",
    "debug":true
})");
  assert_true(config.format == PixelFormat::rgb && config.format_given);
  assert_string_equal(config.path.c_str(), "path/to/images/");
  assert_int_equal(config.used_samples, 500);
  assert_true(config.activation_method == ActivationMethod::EMA && config.activation_method_given);
  assert_true(config.weight_method == WeightMethod::ADMM);
  assert_int_equal(config.feature_clamp_value, 120);
  assert_int_equal(config.weight_clamp_value, 100);
  assert_int_equal(config.batch_size, 16);
  assert_true(config.winograd_opt && config.debug);
  assert_true(config.skip_quant_op_names == (std::vector<std::string>{"conv1", "a/b:0"}));
  const ImageRecipe recipe = config.to_recipe();
  assert_true(recipe.mean == (std::array<float, 4>{127.5f, 127, 126.5f, 0}));
  assert_true(recipe.normal == (std::array<float, 4>{0.00784314f, 0.0078125f, 0.5f, 1}));
  assert_int_equal(recipe.width, 224);
  assert_int_equal(recipe.height, 192);
  assert_true(recipe.center_crop_h == 0.875f && recipe.center_crop_w == 0.75f);
  assert_true(recipe.fit == FitMode::stretch);
}

void keys_of_octet(void**) {
  const QuantizeConfig config = good(R"({"resize": {"mode": "crop", "shorter_side": 256}, "width": 224, "height": 224,
    "percentile": 99.9, "labels": "labels.tsv", "equalize": false, "bias_correction": false})");
  assert_true(config.to_recipe().fit == FitMode::crop);
  assert_int_equal(config.to_recipe().shorter_side, 256);
  assert_true(config.percentile == 99.9);
  assert_string_equal(config.labels.c_str(), "labels.tsv");
  assert_false(config.equalizes());
  assert_true(good(R"({"equalize": true, "feature_quantize_method": "KL"})").equalizes());
  assert_true(good("{}").equalizes());
  assert_false(good(R"({"feature_quantize_method": "KL"})").equalizes());
  assert_true(good(R"({"bias_correction": true, "feature_quantize_method": "KL"})").corrects_bias());
  assert_false(good(R"({"feature_quantize_method": "KL"})").corrects_bias());
  assert_true(good("{}").corrects_bias());
  assert_true(good(R"({"adaptive_rounding": true, "feature_quantize_method": "KL"})").rounds_adaptively());
  assert_false(good(R"({"adaptive_rounding": false})").rounds_adaptively());
  assert_true(good("{}").rounds_adaptively());
  assert_true(good(R"({"resize": {"mode": "stretch"}})").fit == FitMode::stretch);
  assert_true(good(R"({"resize": {"mode": "letterbox"}})").fit == FitMode::letterbox);
  assert_true(good(R"({"resize": {"mode": "crop"}})").fit == FitMode::crop);
}

void every_word(void**) {
  const char* formats[] = {"RGB", "BGR", "RGBA", "BGRA", "GRAY"};
  for (int i = 0; i < 5; ++i) {
    const QuantizeConfig config = good(std::string(R"({"format": ")") + formats[i] + "\"}");
    assert_int_equal(static_cast<int>(config.format), i);
  }
  for (const char* name : {"AUTO", "KL", "ADMM", "EMA", "MINMAX", "PERCENTILE", "MSE"}) {
    const QuantizeConfig config = good(std::string(R"({"feature_quantize_method": ")") + name + "\"}");
    assert_true(name_of(config.activation_method) == name);
    assert_true(parse_activation_method(name).ok());
  }
  for (const char* name : {"MAX_ABS", "ADMM", "MSE"}) {
    const QuantizeConfig config = good(std::string(R"({"weight_quantize_method": ")") + name + "\"}");
    assert_true(name_of(config.weight_method) == name);
    assert_true(parse_weight_method(name).ok());
  }
  const QuantizeConfig sequence = good(R"({"input_type": "sequence", "mean": [1, 2, 3]})");
  assert_true(sequence.input_type == InputType::sequence);
  assert_false(sequence.to_recipe().present);
}

void channels_match_the_format(void**) {
  assert_true(good(R"({"format": "RGBA", "mean": [1, 2, 3], "normal": [4, 5, 6]})").mean ==
              (std::array<float, 4>{1, 2, 3, 0}));
  assert_true(good(R"({"format": "RGBA", "normal": [4, 5, 6]})").normal == (std::array<float, 4>{4, 5, 6, 1}));
  assert_true(good(R"({"format": "BGRA", "mean": [1, 2, 3, 4]})").mean == (std::array<float, 4>{1, 2, 3, 4}));
  // What the format has no channel for is not used; the order of the keys does not matter.
  assert_true(good(R"({"mean": [1, 2, 3, 4], "format": "RGB"})").mean == (std::array<float, 4>{1, 2, 3, 0}));
  assert_true(good(R"({"mean": [7, 2, 3], "format": "GRAY"})").mean == (std::array<float, 4>{7, 0, 0, 0}));
  assert_true(good(R"({"mean": [7], "format": "GRAY"})").mean == (std::array<float, 4>{7, 0, 0, 0}));
  assert_error("{\"mean\": [7],\n\"format\": \"RGB\"}",
               "key 'mean' (line 1): has 1 number, but format RGB has 3 channels: write one number a channel");
  assert_error("{\n\"normal\": [7]}",
               "key 'normal' (line 2): has 1 number, but format BGR (the default) has 3 channels: "
               "write one number a channel");
}

void wrong_types(void**) {
  assert_error("{\n\n\n\n\"width\": \"320\"}",
               "key 'width' (line 5): must be a whole number, found the string \"320\"");
  assert_error("{\"height\": 1.5}", "key 'height' (line 1): must be a whole number, found the number 1.5");
  assert_error("{\"width\": null}", "key 'width' (line 1): must be a whole number, found null");
  assert_error("{\"path\": 3}", "key 'path' (line 1): must be a string, found the number 3");
  assert_error("{\"path\": [\"a\"]}", "key 'path' (line 1): must be a string, found a list");
  assert_error("{\"debug\": \"true\"}", "key 'debug' (line 1): must be true or false, found the string \"true\"");
  assert_error("{\"winogradOpt\": 1}", "key 'winogradOpt' (line 1): must be true or false, found the number 1");
  assert_error("{\"mean\": 127.5}",
               "key 'mean' (line 1): must be a list of numbers, one a channel, found the number 127.5");
  assert_error("{\"mean\": [1, \"2\", 3]}", "key 'mean' (line 1): must hold numbers only, found the string \"2\"");
  assert_error("{\"skip_quant_op_names\": \"a\"}",
               "key 'skip_quant_op_names' (line 1): must be a list of strings, found the string \"a\"");
  assert_error("{\"skip_quant_op_names\": [\"a\", false]}",
               "key 'skip_quant_op_names' (line 1): must hold strings only, found false");
  assert_error("{\"format\": 4}",
               "key 'format' (line 1): must be a string (RGB, BGR, RGBA, BGRA or GRAY), found the number 4");
  assert_error(
      "{\"resize\": \"crop\"}",
      "key 'resize' (line 1): must be an object such as {\"mode\": \"crop\", \"shorter_side\": 256}, found the "
      "string \"crop\"");
  assert_error("{\"center_crop_h\": true}", "key 'center_crop_h' (line 1): must be a number, found true");
  assert_error("{\"equalize\": 1}", "key 'equalize' (line 1): must be true or false, found the number 1");
}

void impossible_values(void**) {
  assert_error("{\"width\": 0}", "key 'width' (line 1): must be a whole number from 1 to 65535, found the number 0");
  assert_error("{\"height\": 65536}",
               "key 'height' (line 1): must be a whole number from 1 to 65535, found the number 65536");
  assert_error("{\"width\": 1e300}",
               "key 'width' (line 1): must be a whole number from 1 to 65535, found the number 1e+300");
  assert_error("{\"used_image_num\": -1}",
               "key 'used_image_num' (line 1): must be a whole number from 0 to 1000000000, found the number -1");
  assert_error("{\"batch_size\": 0}",
               "key 'batch_size' (line 1): must be a whole number from 1 to 1000000000, found the number 0");
  assert_error("{\"feature_clamp_value\": 128}",
               "key 'feature_clamp_value' (line 1): must be a whole number from 1 to 127, found the number 128");
  assert_error("{\"weight_clamp_value\": 0}",
               "key 'weight_clamp_value' (line 1): must be a whole number from 1 to 127, found the number 0");
  assert_error("{\"center_crop_w\": 0}",
               "key 'center_crop_w' (line 1): must be above 0 and at most 1, found the number 0");
  assert_error("{\"center_crop_h\": 1.01}",
               "key 'center_crop_h' (line 1): must be above 0 and at most 1, found the number 1.01");
  assert_error("{\"percentile\": 50}",
               "key 'percentile' (line 1): must be above 50 and at most 100, found the number 50");
  assert_error("{\"path\": \"\"}", "key 'path' (line 1): must not be empty");
  assert_error("{\"labels\": \"a\\u0000b\"}", "key 'labels' (line 1): must not contain the character NUL");
  assert_error("{\"mean\": [1, 2]}", "key 'mean' (line 1): must hold 1, 3 or 4 numbers, one a channel, found 2");
  assert_error("{\"mean\": []}", "key 'mean' (line 1): must hold 1, 3 or 4 numbers, one a channel, found 0");
  assert_error("{\"mean\": [1e39, 1, 1]}", "key 'mean' (line 1): holds a value beyond float32, the number 1e+39");
  for (const char* zero : {"0", "-0.0", "1e-50"}) {
    assert_error(
        std::string("{\"normal\": [1, ") + zero + ", 1]}",
        "key 'normal' (line 1): holds 0, which would make a channel constant: value = (pixel - mean) x normal");
  }
  assert_error("{\"skip_quant_op_names\": [\"\"]}", "key 'skip_quant_op_names' (line 1): holds an empty name");
  assert_true(good("{\"center_crop_h\": 1e-60}").center_crop_h > 0);
}

void keys_that_contradict(void**) {
  assert_error("{\"used_image_num\": 10,\n\"used_sample_num\": 20}",
               "key 'used_sample_num' (line 2): contradicts key 'used_image_num' (line 1): keep one of them");
  assert_int_equal(good("{\"used_image_num\": 10, \"used_sample_num\": 10}").used_samples, 10);
  assert_int_equal(good("{\"used_image_num\": 7}").used_samples, 7);
  assert_error("{\"resize\": {\"shorter_side\": 256}}",
               "key 'resize' (line 1): needs a \"mode\": stretch, crop or letterbox");
  assert_error("{\"resize\": {\n\"mode\": \"letterbox\",\n\"shorter_side\": 256}}",
               "key 'shorter_side' (line 3): belongs to the mode \"crop\" only");
  assert_error("{\"width\": 300, \"height\": 280, \"resize\": {\"mode\": \"crop\", \"shorter_side\": 256}}",
               "key 'shorter_side' (line 1): is 256, too small to cut 300 x 280 from: use at least 280");
}

void unknown_keys_and_words(void**) {
  assert_error("{\"format\": \"RGB\",\n \"widht\": 320}", "key 'widht' (line 2): unknown key; did you mean 'width'?");
  assert_error("{\"Used_Image_Num\": 3}", "key 'Used_Image_Num' (line 1): unknown key; did you mean 'used_image_num'?");
  assert_error_begins("{\"xyzzy\": 3}", "key 'xyzzy' (line 1): unknown key; the keys are format, mean, normal, ");
  assert_error_begins("{\"\": 3}", "key '' (line 1): unknown key; the keys are format, ");
  assert_error("{\"resize\": {\"mod\": \"crop\"}}", "resize: key 'mod' (line 1): unknown key; did you mean 'mode'?");
  assert_error("{\"resize\": {\"mode\": \"Crop\"}}",
               "resize: key 'mode' (line 1): unknown value 'Crop'; did you mean 'crop'? "
               "It can be stretch, crop or letterbox");
  assert_error("{\"feature_quantize_method\": \"kl\"}",
               "key 'feature_quantize_method' (line 1): unknown value 'kl'; did you mean 'KL'? "
               "It can be AUTO, KL, ADMM, EMA, MINMAX, PERCENTILE or MSE");
  assert_error("{\"weight_quantize_method\": \"max_abs\"}",
               "key 'weight_quantize_method' (line 1): unknown value 'max_abs'; did you mean 'MAX_ABS'? "
               "It can be MAX_ABS, ADMM or MSE");
  assert_error("{\"format\": \"rgb\"}",
               "key 'format' (line 1): unknown value 'rgb'; did you mean 'RGB'? "
               "It can be RGB, BGR, RGBA, BGRA or GRAY");
  assert_error("{\"input_type\": \"Images\"}",
               "key 'input_type' (line 1): unknown value 'Images'; did you mean 'image'? It can be image or sequence");
  assert_error("{\"input_type\": \"7777777777\"}",
               "key 'input_type' (line 1): unknown value '7777777777'. It can be image or sequence");
  const auto method = parse_activation_method("minmax");
  assert_false(method.ok());
  assert_string_equal(method.status().message().c_str(),
                      "unknown value 'minmax'; did you mean 'MINMAX'? "
                      "It can be AUTO, KL, ADMM, EMA, MINMAX, PERCENTILE or MSE");
  assert_false(parse_weight_method("KL").ok());
}

void mixed_precision_has_a_budget(void**) {
  assert_false(good("{}").mixed.has_value());
  const QuantizeConfig one = good(R"({"mixed": {"max_drop": 0.01}})");
  assert_true(one.mixed && one.mixed->max_drop == 0.01 && !one.mixed->min_sqnr && one.mixed->max_float_macs == 0.1);
  const QuantizeConfig all = good(R"({"mixed": {"max_drop": 0, "min_sqnr": 25, "max_float_macs": 1}})");
  assert_true(all.mixed->max_drop == 0.0 && all.mixed->min_sqnr == 25.0 && all.mixed->max_float_macs == 1);
  assert_error("{\"mixed\": 1}",
               "key 'mixed' (line 1): must be an object such as {\"max_drop\": 0.01}, found the number 1");
  assert_error("{\"mixed\": {}}",
               "key 'mixed' (line 1): needs a budget: \"max_drop\" (share of answers) or \"min_sqnr\" (dB)");
  assert_error("{\"mixed\": {\"max_float_macs\": 0.5}}",
               "key 'mixed' (line 1): needs a budget: \"max_drop\" (share of answers) or \"min_sqnr\" (dB)");
  assert_error("{\"mixed\": {\n\"max_drop\": 1}}",
               "mixed: key 'max_drop' (line 2): must be a share of the answers from 0 to below 1 (0.01: one of a "
               "hundred), found the number 1");
  assert_error("{\"mixed\": {\"min_sqnr\": 0}}",
               "mixed: key 'min_sqnr' (line 1): must be above 0 and at most 200, found the number 0");
  assert_error("{\"mixed\": {\"max_drops\": 0.1}}",
               "mixed: key 'max_drops' (line 1): unknown key; did you mean 'max_drop'?");
}

void what_is_not_built_says_so(void**) {
  assert_error("{\"quant_bits\": 4}", "key 'quant_bits' (line 1): 4 bits are not built yet in this version; use 8",
               Code::unsupported);
  assert_error("{\"inputs\": []}",
               "key 'inputs' (line 1): MNN's list of inputs is not built yet in this version; remove the key "
               "(names and shapes come from the model, width and height set the size of an image)",
               Code::unsupported);
}

void not_json(void**) {
  assert_error("", "line 1, column 1: not JSON: the file is empty");
  assert_error_begins(" \n ", "line 2, column 2: not JSON: the file is empty");
  assert_error("{\n  \"width\": 3, // pixels\n}", "line 2, column 15: not JSON: JSON has no comments: remove it");
  assert_error_begins("# a comment\n{}", "line 1, column 1: not JSON: JSON has no comments: remove it");
  assert_error("{\n  \"width\": 3,\n}", "line 3, column 1: not JSON: remove the comma before the bracket");
  assert_error("{\"mean\": [1, 2,]}", "line 1, column 16: not JSON: remove the comma before the bracket");
  assert_error("{'width': 3}", "line 1, column 2: not JSON: JSON strings stand in double quotation marks");
  assert_error_begins("{\"width\": 3", "line 1, column 12: not JSON: the text ends too early");
  assert_error_begins("{\"width", "line 1, column 8: not JSON: the text ends too early");
  assert_error_begins("{\n\"width\": 3\n\"height\": 4}", "line 3, column 8: not JSON: syntax error");
  assert_error_begins("{\"width\": 3} x", "line 1, column 14: not JSON: syntax error");
  assert_error_begins("{\"width\": 03}", "line 1, column 12: not JSON: ");
  assert_error_begins("{\"width\": NaN}", "line 1, column 11: not JSON: ");
  assert_error_begins("{\"width\": 1e999}", "line 1, column 15: not JSON: ");
  assert_error_begins("{\"path\": \"\xff\"}", "line 1, column 11: not JSON: ");
  assert_error_begins(std::string_view("{\0}", 3), "line 1, column 2: not JSON: ");
  assert_error_begins("\x89PNG\r\n\x1a\n", "line 1, column 1: not JSON: ");
  assert_error("[1]", "must be one JSON object { ... }, found a list");
  assert_error("3", "must be one JSON object { ... }, found the number 3");
}

void hostile_json(void**) {
  assert_error("{\"width\": 3,\n\n\"width\": 3}", "line 3, column 7: key 'width' is there twice (first in line 1)");
  assert_error_begins(std::string(100000, '['), "line 1, column 9: nested deeper than 8 levels");
  std::string nested;
  for (int i = 0; i < 50000; ++i) nested += "{\"a\":";
  assert_error_begins(nested, "line 1, column 41: nested deeper than 8 levels");
  std::string many = "{\"skip_quant_op_names\": [\"a\"";
  for (int i = 0; i < 70000; ++i) many += ",\"a\"";
  assert_error_begins(many + "]}", "line 1, column 262");
  std::string keys = "{\"k\": 0";
  for (int i = 0; i < 300; ++i) keys += ",\"k" + std::to_string(i) + "\": 0";
  const auto config = parse_config(keys + "}", "face.json");
  assert_non_null(std::strstr(config.status().message().c_str(), "more than 256 keys in one object"));
  assert_error("{\"path\": \"" + std::string(1 << 20, 'a') + "\"}",
               "larger than 1048576 bytes: this is no configuration");
  // A long or unprintable key is shortened in the message.
  const auto longest = parse_config("{\"" + std::string(100000, 'k') + "\\u0007\": 1}", "face.json");
  assert_false(longest.ok());
  assert_true(longest.status().message().size() < 1000);
  assert_error_begins("{\"a\\nb\\u001b\": 1}", "key 'a?b?' (line 1): unknown key");
}

void lines_are_counted_as_editors_do(void**) {
  assert_error("\xef\xbb\xbf{\r\n\"width\": 0}",
               "key 'width' (line 2): must be a whole number from 1 to 65535, found the number 0");
  // The list's numbers stand on lines of their own; the key's line is the one that is named.
  assert_error("{\n\"mean\": [\n1,\n2,3\n],\n\"width\":\n\n0\n}",
               "key 'width' (line 6): must be a whole number from 1 to 65535, found the number 0");
  assert_int_equal(good("\xef\xbb\xbf{\"width\": 5}").width, 5);
}

void every_cut_of_a_file_is_an_error(void**) {
  const std::string whole = R"({"format": "RGB", "mean": [1, 2.5, 3e2], "resize": {"mode": "crop"}, "debug": true})";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    assert_false(parse_config(std::string_view(whole).substr(0, size), "face.json").ok());
  }
  // A flipped bit gives a configuration or an error, nothing else.
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const auto config = parse_config(flipped, "face.json");
    assert_true(config.ok() || !config.status().message().empty());
  }
}

void files(void**) {
  const test::TemporaryFolder folder;
  const std::string file = folder.write("face.json", "{\"width\": 320}");
  const auto config = load_config(file);
  assert_true(config.ok());
  assert_int_equal(config->width, 320);
  const auto missing = load_config(folder.path("none.json"));
  assert_true(missing.status().code() == Code::io);
  assert_non_null(std::strstr(missing.status().message().c_str(), "none.json"));
  const std::string bad = folder.write("bad.json", "{\"width\": 0}");
  const std::string message = load_config(bad).status().message();
  assert_true(message.starts_with(bad + ": key 'width'"));
}

void paths_are_relative_to_the_file_then_to_here(void**) {
  const test::TemporaryFolder folder;
  const std::string config = folder.path("config/face.json");
  std::filesystem::create_directories(folder.path("config/images"));
  std::filesystem::create_directories(folder.path("here/images"));
  std::filesystem::create_directories(folder.path("here/other"));
  folder.write("config/labels.tsv", "file\tclass_index\n");
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path("here"));
  const auto beside = resolve_path("images", config);
  const auto here = resolve_path("other", config);
  const auto file = resolve_path("labels.tsv", config);
  const auto absolute = resolve_path(folder.path("here/other"), config);
  const auto none = resolve_path("none", config);
  const auto none_here = resolve_path("none", "face.json");
  std::filesystem::current_path(before);
  assert_string_equal(beside->c_str(), folder.path("config/images").c_str());
  assert_string_equal(here->c_str(), "other");
  assert_string_equal(file->c_str(), folder.path("config/labels.tsv").c_str());
  assert_string_equal(absolute->c_str(), folder.path("here/other").c_str());
  assert_true(none.status().code() == Code::data);
  assert_non_null(std::strstr(none.status().message().c_str(), "'none' is neither a file nor a folder, nor is '"));
  assert_string_equal(none_here.status().message().c_str(), "'none' is neither a file nor a folder");
}

}  // namespace
}  // namespace octet

int main() {
  using namespace octet;
  const CMUnitTest tests[] = {
      cmocka_unit_test(defaults),
      cmocka_unit_test(a_file_of_mnn_works_unchanged),
      cmocka_unit_test(keys_of_octet),
      cmocka_unit_test(every_word),
      cmocka_unit_test(channels_match_the_format),
      cmocka_unit_test(wrong_types),
      cmocka_unit_test(impossible_values),
      cmocka_unit_test(keys_that_contradict),
      cmocka_unit_test(unknown_keys_and_words),
      cmocka_unit_test(mixed_precision_has_a_budget),
      cmocka_unit_test(what_is_not_built_says_so),
      cmocka_unit_test(not_json),
      cmocka_unit_test(hostile_json),
      cmocka_unit_test(lines_are_counted_as_editors_do),
      cmocka_unit_test(every_cut_of_a_file_is_an_error),
      cmocka_unit_test(files),
      cmocka_unit_test(paths_are_relative_to_the_file_then_to_here),
  };
  return cmocka_run_group_tests_name("quantize/config", tests, nullptr, nullptr);
}

// Calls with NULL for one of their pointers, for test_nulls.cpp: what such a call can be given, and those of models and
// images.
#pragma once

#include <functional>

#include "abi/network.h"

namespace octet::test {

// Everything that a call can be given.
struct World {
  std::string bytes = small_network();
  Model model = load_bytes(bytes);
  Session session = make_session(model.get());
  Image image;
  Report report;
  q_pixels pixels = sized<q_pixels>();
  q_recipe recipe = sized<q_recipe>();
  std::vector<float> input = sample(0);
  std::vector<float> output = std::vector<float>(kOutputCount);
  q_tensor in = {input.data(), input.size() * sizeof(float), nullptr, Q_FLOAT32, 0};
  q_tensor out = {output.data(), output.size() * sizeof(float), nullptr, Q_FLOAT32, 0};
  q_calibration samples = calibration(2);
  q_quantize_options quantizing = sized<q_quantize_options>();
  q_compare_options comparing = sized<q_compare_options>();

  World() {
    const std::string file = std::string(OCTET_SOURCE_DIR) + "/examples/models/test/0001.png";
    Error error;
    q_image* decoded = nullptr;
    expect_ok(q_image_load(str(file), Q_PIXELS_RGB, &decoded, &error), error);
    image.reset(decoded);
    expect_ok(q_image_get_pixels(decoded, &pixels, &error), error);
    comparing.samples = &samples;
    quantizing.calibration = &samples;
    quantizing.feature_method = q_text("MINMAX");
    q_report* made = nullptr;
    expect_ok(q_compare(model.get(), model.get(), &comparing, &made, &error), error);
    report.reset(made);
  }
};

// What is passed where something has to be written: a failure puts NULL there.
struct Handles {
  q_model* model = reinterpret_cast<q_model*>(std::uintptr_t{16});
  q_session* session = reinterpret_cast<q_session*>(std::uintptr_t{16});
  q_image* image = reinterpret_cast<q_image*>(std::uintptr_t{16});
  q_report* report = reinterpret_cast<q_report*>(std::uintptr_t{16});
};

struct Call {
  const char* function;
  const char* argument;  // which is NULL
  std::function<q_status(World&, Handles&, q_error*)> call;
  q_status wanted = Q_E_ARGUMENT;
};

inline constexpr q_str kNowhere = {nullptr, 5};

template <class T, class Get>
q_status get(Get function, const q_model* model, q_error* e) {
  auto out = sized<T>();
  return function(model, 0, &out, e);
}

inline std::vector<Call> calls_of_models() {
  const auto write = [](void*, q_bytes) -> std::int32_t { return 0; };
  return {
      {"q_model_load", "path",
       [](World&, Handles& h, q_error* e) { return q_model_load(kNowhere, nullptr, &h.model, e); }},
      {"q_model_load", "out",
       [](World&, Handles&, q_error* e) { return q_model_load(q_text("x"), nullptr, nullptr, e); }},
      {"q_model_load_bytes", "bytes",
       [](World&, Handles& h, q_error* e) {
         return q_model_load_bytes({nullptr, 5}, q_text("x"), nullptr, &h.model, e);
       }},
      {"q_model_load_bytes", "name",
       [](World& w, Handles& h, q_error* e) {
         return q_model_load_bytes({w.bytes.data(), w.bytes.size()}, kNowhere, nullptr, &h.model, e);
       }},
      {"q_model_load_bytes", "out",
       [](World& w, Handles&, q_error* e) {
         return q_model_load_bytes({w.bytes.data(), w.bytes.size()}, q_text("x"), nullptr, nullptr, e);
       }},
      {"q_model_save", "model",
       [](World&, Handles&, q_error* e) { return q_model_save(nullptr, q_text("x.octet"), e); }},
      {"q_model_save", "path", [](World& w, Handles&, q_error* e) { return q_model_save(w.model.get(), kNowhere, e); }},
      {"q_model_write", "model",
       [=](World&, Handles&, q_error* e) { return q_model_write(nullptr, q_text("octet"), write, nullptr, e); }},
      {"q_model_write", "format",
       [=](World& w, Handles&, q_error* e) { return q_model_write(w.model.get(), kNowhere, write, nullptr, e); }},
      {"q_model_write", "write",
       [](World& w, Handles&, q_error* e) {
         return q_model_write(w.model.get(), q_text("octet"), nullptr, nullptr, e);
       }},
      {"q_model_get_info", "model",
       [](World&, Handles&, q_error* e) {
         auto out = sized<q_model_info>();
         return q_model_get_info(nullptr, &out, e);
       }},
      {"q_model_get_info", "out",
       [](World& w, Handles&, q_error* e) { return q_model_get_info(w.model.get(), nullptr, e); }},
      {"q_model_get_input", "model",
       [](World&, Handles&, q_error* e) { return get<q_tensor_info>(q_model_get_input, nullptr, e); }},
      {"q_model_get_input", "out",
       [](World& w, Handles&, q_error* e) { return q_model_get_input(w.model.get(), 0, nullptr, e); }},
      {"q_model_get_output", "model",
       [](World&, Handles&, q_error* e) { return get<q_tensor_info>(q_model_get_output, nullptr, e); }},
      {"q_model_get_output", "out",
       [](World& w, Handles&, q_error* e) { return q_model_get_output(w.model.get(), 0, nullptr, e); }},
      {"q_model_get_open_size", "model",
       [](World&, Handles&, q_error* e) {
         q_str out;
         return q_model_get_open_size(nullptr, 0, 0, &out, e);
       }},
      {"q_model_get_open_size", "out",
       [](World& w, Handles&, q_error* e) { return q_model_get_open_size(w.model.get(), 0, 0, nullptr, e); }},
      {"q_model_get_layer", "model",
       [](World&, Handles&, q_error* e) { return get<q_layer_info>(q_model_get_layer, nullptr, e); }},
      {"q_model_get_layer", "out",
       [](World& w, Handles&, q_error* e) { return q_model_get_layer(w.model.get(), 0, nullptr, e); }},
      {"q_model_get_recipe", "model",
       [](World& w, Handles&, q_error* e) { return q_model_get_recipe(nullptr, &w.recipe, e); }},
      {"q_model_get_recipe", "out, where there is nothing to write",
       [](World& w, Handles&, q_error* e) { return q_model_get_recipe(w.model.get(), nullptr, e); }, Q_E_DATA},
  };
}

inline std::vector<Call> calls_of_images() {
  const std::string png = content_of(std::string(OCTET_SOURCE_DIR) + "/examples/models/test/0001.png");
  return {
      {"q_recipe_from_config", "path",
       [](World& w, Handles&, q_error* e) { return q_recipe_from_config(kNowhere, {}, &w.recipe, e); }},
      {"q_recipe_from_config", "json",
       [](World& w, Handles&, q_error* e) { return q_recipe_from_config({}, kNowhere, &w.recipe, e); }},
      {"q_recipe_from_config", "path and json",
       [](World& w, Handles&, q_error* e) { return q_recipe_from_config({}, {}, &w.recipe, e); }},
      {"q_recipe_from_config", "out",
       [](World&, Handles&, q_error* e) {
         return q_recipe_from_config({}, q_text("{\"format\": \"RGB\"}"), nullptr, e);
       }},
      {"q_image_load", "path",
       [](World&, Handles& h, q_error* e) { return q_image_load(kNowhere, Q_PIXELS_RGB, &h.image, e); }},
      {"q_image_load", "out",
       [](World&, Handles&, q_error* e) { return q_image_load(q_text("x.png"), Q_PIXELS_RGB, nullptr, e); }},
      {"q_image_decode", "bytes",
       [](World&, Handles& h, q_error* e) {
         return q_image_decode({nullptr, 5}, q_text("x"), Q_PIXELS_RGB, &h.image, e);
       }},
      {"q_image_decode", "name",
       [=](World&, Handles& h, q_error* e) {
         return q_image_decode({png.data(), png.size()}, kNowhere, Q_PIXELS_RGB, &h.image, e);
       }},
      {"q_image_decode", "out",
       [=](World&, Handles&, q_error* e) {
         return q_image_decode({png.data(), png.size()}, q_text("x"), Q_PIXELS_RGB, nullptr, e);
       }},
      {"q_image_get_pixels", "image",
       [](World& w, Handles&, q_error* e) {
         q_pixels out = w.pixels;
         return q_image_get_pixels(nullptr, &out, e);
       }},
      {"q_image_get_pixels", "out",
       [](World& w, Handles&, q_error* e) { return q_image_get_pixels(w.image.get(), nullptr, e); }},
      {"q_pixels_to_input", "pixels",
       [](World& w, Handles&, q_error* e) {
         return q_pixels_to_input(nullptr, w.model.get(), 0, &w.recipe, w.input.data(), w.input.size(), e);
       }},
      {"q_pixels_to_input", "model",
       [](World& w, Handles&, q_error* e) {
         return q_pixels_to_input(&w.pixels, nullptr, 0, &w.recipe, w.input.data(), w.input.size(), e);
       }},
      {"q_pixels_to_input", "out",
       [](World& w, Handles&, q_error* e) {
         return q_pixels_to_input(&w.pixels, w.model.get(), 0, &w.recipe, nullptr, w.input.size(), e);
       }},
      {"q_pixels_to_input", "recipe, of a model without one",
       [](World& w, Handles&, q_error* e) {
         return q_pixels_to_input(&w.pixels, w.model.get(), 0, nullptr, w.input.data(), w.input.size(), e);
       },
       Q_E_DATA},
      {"q_pixels_get_mapping", "pixels",
       [](World& w, Handles&, q_error* e) {
         auto out = sized<q_mapping>();
         return q_pixels_get_mapping(nullptr, w.model.get(), 0, &w.recipe, &out, e);
       }},
      {"q_pixels_get_mapping", "model",
       [](World& w, Handles&, q_error* e) {
         auto out = sized<q_mapping>();
         return q_pixels_get_mapping(&w.pixels, nullptr, 0, &w.recipe, &out, e);
       }},
      {"q_pixels_get_mapping", "out",
       [](World& w, Handles&, q_error* e) {
         return q_pixels_get_mapping(&w.pixels, w.model.get(), 0, &w.recipe, nullptr, e);
       }},
  };
}

}  // namespace octet::test

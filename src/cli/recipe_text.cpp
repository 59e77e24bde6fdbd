#include "cli/recipe_text.h"

#include <span>

#include "cli/failure.h"
#include "cli/text.h"

namespace octet::cli {
namespace {

const char* format_name(std::int32_t format) {
  switch (format) {
    case Q_PIXELS_RGB:
      return "RGB";
    case Q_PIXELS_BGR:
      return "BGR";
    case Q_PIXELS_RGBA:
      return "RGBA";
    case Q_PIXELS_BGRA:
      return "BGRA";
    case Q_PIXELS_GRAY:
      return "GRAY";
    default:
      return "unknown";
  }
}

const char* fit_name(std::int32_t fit) {
  switch (fit) {
    case Q_FIT_STRETCH:
      return "stretch";
    case Q_FIT_CROP:
      return "crop";
    case Q_FIT_LETTERBOX:
      return "letterbox";
    default:
      return "unknown";
  }
}

std::size_t channels_of(std::int32_t format) {
  if (format == Q_PIXELS_GRAY) return 1;
  return format == Q_PIXELS_RGBA || format == Q_PIXELS_BGRA ? 4 : 3;
}

std::string list_text(const float* values, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += (i > 0 ? ", " : "") + shortest(values[i]);
  return "[" + text + "]";
}

}  // namespace

std::optional<q_recipe> stored_recipe(const Network& network) {
  auto recipe = sized<q_recipe>();
  auto error = sized<q_error>();
  const q_status status = q_model_get_recipe(network.model.get(), &recipe, &error);
  if (status == Q_E_DATA) return std::nullopt;
  check(status, error, network.path);
  return recipe;
}

std::string recipe_text(const q_recipe& recipe) {
  const std::size_t channels = channels_of(recipe.format);
  std::string text = format_name(recipe.format);
  if (recipe.width > 0) text += " " + std::to_string(recipe.width) + "x" + std::to_string(recipe.height);
  text += std::string(", ") + fit_name(recipe.fit);
  if (recipe.shorter_side > 0) text += " from a shorter side of " + std::to_string(recipe.shorter_side);
  return text + ", (pixel - " + list_text(recipe.mean, channels) + ") * " + list_text(recipe.normal, channels);
}

void write_recipe(JsonWriter& json, const q_recipe& recipe) {
  const std::size_t channels = channels_of(recipe.format);
  json.begin_object().field("format", format_name(recipe.format));
  json.field("width", recipe.width).field("height", recipe.height);
  json.key("resize").begin_object().field("mode", fit_name(recipe.fit)).field("shorter_side", recipe.shorter_side);
  json.end_object();
  json.field("center_crop_h", recipe.center_crop_h);
  json.field("center_crop_w", recipe.center_crop_w);
  json.key("mean").list(std::span<const float>(recipe.mean, channels));
  json.key("normal").list(std::span<const float>(recipe.normal, channels));
  json.end_object();
}

}  // namespace octet::cli

// q_image and q_recipe: pictures and how they become inputs.
#include <cmath>

#include "abi/abi.h"
#include "base/text.h"
#include "image/preprocess.h"
#include "image/samples.h"

namespace octet::abi {
namespace {

// The recipe to use for an image, with the size of the model's input, and that input.
struct Target {
  ImageRecipe recipe;
  SampleInput input;
};

Result<Target> target_of(const q_image* image, const q_model* model, std::int32_t index, const q_recipe* recipe,
                         std::span<float> values) {
  OCTET_TRY(not_null(image, "image"));
  OCTET_TRY(not_null(model, "model"));
  const Graph& graph = *model->graph;
  OCTET_TRY(check_index(index, graph.inputs.size(), "input"));
  const Tensor& tensor = graph.at(graph.inputs[static_cast<std::size_t>(index)]);
  Target target;
  target.input = {tensor.name, tensor.dims, image_order(tensor.dims), values};
  if (recipe == nullptr) {
    if (!graph.recipe.present) {
      return fail(Code::data, "the model holds no recipe for images; give one, or a configuration that has one");
    }
    target.recipe = graph.recipe;
  } else {
    q_recipe given{};
    OCTET_TRY(read_struct(recipe, "recipe", &given));
    OCTET_ASSIGN(target.recipe, recipe_of(given));
  }
  OCTET_ASSIGN(target.recipe, resolve_recipe(target.recipe, target.input));
  if (static_cast<std::int32_t>(target.recipe.format) != image->format) {
    return fail(Code::argument, "the image was loaded in another pixel format than the recipe's");
  }
  return target;
}

}  // namespace

Result<ImageRecipe> recipe_of(const q_recipe& given) {
  if (given.format < Q_PIXELS_RGB || given.format > Q_PIXELS_GRAY) {
    return fail(Code::argument, "recipe.format is " + std::to_string(given.format) + ", which is no pixel format");
  }
  if (given.fit < Q_FIT_STRETCH || given.fit > Q_FIT_LETTERBOX) {
    return fail(Code::argument, "recipe.fit is " + std::to_string(given.fit) + ", which is no way to fit");
  }
  ImageRecipe recipe;
  recipe.present = true;
  recipe.format = static_cast<PixelFormat>(given.format);
  recipe.fit = static_cast<FitMode>(given.fit);
  recipe.width = given.width;
  recipe.height = given.height;
  recipe.shorter_side = given.shorter_side;
  recipe.center_crop_h = given.center_crop_h == 0 ? 1 : given.center_crop_h;
  recipe.center_crop_w = given.center_crop_w == 0 ? 1 : given.center_crop_w;
  bool finite = true;
  for (std::size_t c = 0; c < 4; ++c) {
    recipe.mean[c] = given.mean[c];
    recipe.normal[c] = given.normal[c];
    finite = finite && std::isfinite(given.mean[c]) && std::isfinite(given.normal[c]);
  }
  const bool crops =
      recipe.center_crop_h > 0 && recipe.center_crop_h <= 1 && recipe.center_crop_w > 0 && recipe.center_crop_w <= 1;
  const auto side = [](std::int32_t value) { return value >= 0 && value <= 65535; };
  if (!finite || !crops || !side(given.width) || !side(given.height) || !side(given.shorter_side)) {
    return fail(Code::argument, "recipe: sizes must lie in 0..65535, crops in (0, 1], mean and normal be finite");
  }
  return recipe;
}

q_recipe recipe_to_c(const ImageRecipe& recipe) {
  q_recipe out{};
  out.format = static_cast<std::int32_t>(recipe.format);
  out.fit = static_cast<std::int32_t>(recipe.fit);
  out.width = recipe.width;
  out.height = recipe.height;
  out.shorter_side = recipe.shorter_side;
  out.center_crop_h = recipe.center_crop_h;
  out.center_crop_w = recipe.center_crop_w;
  for (std::size_t c = 0; c < 4; ++c) {
    out.mean[c] = recipe.mean[c];
    out.normal[c] = recipe.normal[c];
  }
  return out;
}

}  // namespace octet::abi

using namespace octet;
using namespace octet::abi;

OCTET_EXPORT q_status q_model_get_recipe(const q_model* model, q_recipe* out, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(model, "model"));
    if (!model->graph->recipe.present) return fail(Code::data, "the model holds no recipe for images");
    return write_struct(recipe_to_c(model->graph->recipe), "out", out);
  });
}

OCTET_EXPORT q_status q_recipe_from_config(q_str config_path, q_recipe* out, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_ASSIGN(const std::string file, text_of(config_path, "config_path"));
    OCTET_ASSIGN(const QuantizeConfig config, load_config(file));
    return write_struct(recipe_to_c(config.to_recipe()), "out", out);
  });
}

OCTET_EXPORT q_status q_image_load(q_str path, int32_t format, q_image** out, q_error* error) {
  if (out != nullptr) *out = nullptr;
  return guarded(error, [&]() -> Status {
    if (out == nullptr) return not_null(out, "out");
    OCTET_ASSIGN(const std::string file, text_of(path, "path"));
    if (format < Q_PIXELS_RGB || format > Q_PIXELS_GRAY) {
      return fail(Code::argument, "format is " + std::to_string(format) + ", which is no pixel format");
    }
    OCTET_ASSIGN(Image image, load_image(file, static_cast<PixelFormat>(format)));
    *out = new q_image{std::move(image), format};
    return {};
  });
}

OCTET_EXPORT q_status q_image_get_info(const q_image* image, q_image_info* out, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(image, "image"));
    q_image_info info{};
    info.width = image->image.width;
    info.height = image->image.height;
    info.channels = image->image.channels;
    info.pixels = image->image.pixels.data();
    return write_struct(info, "out", out);
  });
}

OCTET_EXPORT void q_image_free(q_image* image) { delete image; }

OCTET_EXPORT q_status q_image_to_input(const q_image* image, const q_model* model, int32_t input_index,
                                       const q_recipe* recipe, float* out, size_t count, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(out, "out"));
    OCTET_ASSIGN(const Target target, target_of(image, model, input_index, recipe, {out, count}));
    const std::int64_t needed = element_count({target.input.dims.begin(), target.input.dims.end()});
    if (static_cast<std::uint64_t>(needed) != count) {
      return fail(Code::argument, "the input of shape " + shape_text(target.input.dims) + " has " +
                                      std::to_string(needed) + " elements, `count` is " + std::to_string(count));
    }
    return preprocess(image->image, target.recipe, target.input.order, target.input.values);
  });
}

OCTET_EXPORT q_status q_image_get_mapping(const q_image* image, const q_model* model, int32_t input_index,
                                          const q_recipe* recipe, q_mapping* out, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_ASSIGN(const Target target, target_of(image, model, input_index, recipe, {}));
    OCTET_ASSIGN(const InputToImage mapping, input_to_image(image->image.width, image->image.height, target.recipe));
    q_mapping result{};
    result.scale_x = static_cast<float>(mapping.scale_x);
    result.scale_y = static_cast<float>(mapping.scale_y);
    result.offset_x = static_cast<float>(mapping.offset_x);
    result.offset_y = static_cast<float>(mapping.offset_y);
    return write_struct(result, "out", out);
  });
}

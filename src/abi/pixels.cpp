// q_pixels and q_recipe: pictures in memory and how they become inputs.
#include <cmath>

#include "abi/abi.h"
#include "base/text.h"

namespace octet::abi {

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

Result<ImageRecipe> recipe_for(const Graph& graph, std::int32_t index, const q_recipe* given) {
  OCTET_TRY(check_index(index, graph.inputs.size(), "input"));
  ImageRecipe recipe = graph.recipe;
  if (given != nullptr) {
    q_recipe known{};
    OCTET_TRY(read_struct(given, "recipe", &known));
    OCTET_ASSIGN(recipe, recipe_of(known));
  } else if (!recipe.present) {
    return fail(Code::data, "the model holds no recipe for images; give one, or a configuration that has one");
  }
  const Tensor& input = graph.at(graph.inputs[static_cast<std::size_t>(index)]);
  return resolve_recipe(recipe, input.name, input.dims, image_order(input.dims));
}

Result<PixelView> view_of(const q_pixels* pixels) {
  OCTET_TRY(not_null(pixels, "pixels"));
  q_pixels given{};
  OCTET_TRY(read_struct(pixels, "pixels", &given));
  if (given.format < Q_PIXELS_RGB || given.format > Q_PIXELS_GRAY) {
    return fail(Code::argument, "pixels.format is " + std::to_string(given.format) + ", which is no pixel format");
  }
  if (given.width < 1 || given.height < 1 || given.width > kMaxImageSide || given.height > kMaxImageSide) {
    return fail(Code::argument, "pixels: a picture of " + std::to_string(given.width) + " x " +
                                    std::to_string(given.height) + " pixels; 1 to " + std::to_string(kMaxImageSide) +
                                    " a side are possible");
  }
  PixelView view;
  view.data = given.data;
  view.size = std::min(given.size_bytes, static_cast<std::size_t>(PTRDIFF_MAX));
  view.width = given.width;
  view.height = given.height;
  view.format = static_cast<PixelFormat>(given.format);
  view.row_stride = given.row_stride != 0 ? given.row_stride : std::int64_t{given.width} * channels_of(view.format);
  return view;
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

OCTET_EXPORT q_status q_pixels_to_input(const q_pixels* pixels, const q_model* model, int32_t input_index,
                                        const q_recipe* recipe, float* out, size_t count, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_ASSIGN(const PixelView view, view_of(pixels));
    OCTET_TRY(not_null(view.data, "pixels.data"));
    OCTET_TRY(not_null(model, "model"));
    OCTET_TRY(not_null(out, "out"));
    const Graph& graph = *model->graph;
    OCTET_ASSIGN(const ImageRecipe resolved, recipe_for(graph, input_index, recipe));
    const Dims& dims = graph.at(graph.inputs[static_cast<std::size_t>(input_index)]).dims;
    const std::int64_t needed = element_count(dims);
    if (static_cast<std::uint64_t>(needed) != count) {
      return fail(Code::argument, "the input of shape " + shape_text(dims) + " has " + std::to_string(needed) +
                                      " elements, `count` is " + std::to_string(count));
    }
    return preprocess(view, resolved, image_order(dims), {out, count});
  });
}

OCTET_EXPORT q_status q_pixels_get_mapping(const q_pixels* pixels, const q_model* model, int32_t input_index,
                                           const q_recipe* recipe, q_mapping* out, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_ASSIGN(const PixelView view, view_of(pixels));
    OCTET_TRY(not_null(model, "model"));
    OCTET_ASSIGN(const ImageRecipe resolved, recipe_for(*model->graph, input_index, recipe));
    OCTET_ASSIGN(const InputToImage mapping, input_to_image(view.width, view.height, resolved));
    q_mapping result{};
    result.scale_x = static_cast<float>(mapping.scale_x);
    result.scale_y = static_cast<float>(mapping.scale_y);
    result.offset_x = static_cast<float>(mapping.offset_x);
    result.offset_y = static_cast<float>(mapping.offset_y);
    return write_struct(result, "out", out);
  });
}

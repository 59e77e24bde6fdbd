// q_image: decoded pictures; and the recipe of a configuration.
#include "image/image.h"

#include "abi/abi.h"
#include "abi/config.h"

struct q_image {
  octet::Image image;
  octet::PixelFormat format;
};

using namespace octet;
using namespace octet::abi;

namespace {

Result<PixelFormat> format_of(std::int32_t format) {
  if (format >= Q_PIXELS_RGB && format <= Q_PIXELS_GRAY) return static_cast<PixelFormat>(format);
  return fail(Code::argument, "format is " + std::to_string(format) + ", which is no pixel format");
}

}  // namespace

OCTET_EXPORT q_status q_recipe_from_config(q_str path, q_str json, q_recipe* out, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_ASSIGN(const GivenConfig given, config_from(path, "path", json, "json"));
    if (!given.given) return fail(Code::argument, "neither path nor json is given");
    return write_struct(recipe_to_c(given.config.to_recipe()), "out", out);
  });
}

OCTET_EXPORT q_status q_image_load(q_str path, int32_t format, q_image** out, q_error* error) {
  if (out != nullptr) *out = nullptr;
  return guarded(error, [&]() -> Status {
    if (out == nullptr) return not_null(out, "out");
    OCTET_ASSIGN(const std::string file, text_of(path, "path"));
    OCTET_ASSIGN(const PixelFormat wanted, format_of(format));
    OCTET_ASSIGN(Image image, load_image(file, wanted));
    *out = new q_image{std::move(image), wanted};
    return {};
  });
}

OCTET_EXPORT q_status q_image_decode(q_bytes bytes, q_str name, int32_t format, q_image** out, q_error* error) {
  if (out != nullptr) *out = nullptr;
  return guarded(error, [&]() -> Status {
    if (out == nullptr) return not_null(out, "out");
    OCTET_ASSIGN(const auto content, bytes_of(bytes, "bytes"));
    OCTET_ASSIGN(std::string file, text_of(name, "name"));
    if (file.empty()) file = "(memory)";
    OCTET_ASSIGN(const PixelFormat wanted, format_of(format));
    OCTET_ASSIGN(Image image, decode_image(content, wanted, file));
    *out = new q_image{std::move(image), wanted};
    return {};
  });
}

OCTET_EXPORT q_status q_image_get_pixels(const q_image* image, q_pixels* out, q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(image, "image"));
    const PixelView view = octet::view_of(image->image, image->format);
    q_pixels pixels{};
    pixels.format = static_cast<std::int32_t>(view.format);
    pixels.width = view.width;
    pixels.height = view.height;
    pixels.data = view.data;
    pixels.size_bytes = view.size;
    pixels.row_stride = view.row_stride;
    return write_struct(pixels, "out", out);
  });
}

OCTET_EXPORT void q_image_free(q_image* image) { delete image; }

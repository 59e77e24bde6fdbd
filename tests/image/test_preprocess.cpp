// Crop, resize and normalisation against the formulas of preprocess.h, computed in the plainest way.
#include <algorithm>
#include <array>
#include <cmath>

#include "image/preprocess.h"
#include "support/cmocka.h"

namespace {

using namespace octet;

Image noise_image(int width, int height, int channels) {
  Image image{width, height, channels, {}};
  std::uint32_t state = 99;
  for (int i = 0; i < width * height * channels; ++i) {
    state = state * 1664525u + 1013904223u;
    image.pixels.push_back(static_cast<std::uint8_t>(state >> 24));
  }
  return image;
}

ImageRecipe recipe_of(PixelFormat format, FitMode fit, int width, int height) {
  ImageRecipe recipe;
  recipe.present = true;
  recipe.format = format;
  recipe.fit = fit;
  recipe.width = width;
  recipe.height = height;
  recipe.mean = {103.94f, 116.78f, 123.68f, 1.0f};
  recipe.normal = {0.017f, 0.018f, 0.019f, 0.5f};
  return recipe;
}

std::vector<float> prepare(const Image& image, const ImageRecipe& recipe, TensorOrder order = TensorOrder::nchw) {
  std::vector<float> out(static_cast<std::size_t>(recipe.width * recipe.height * channels_of(recipe.format)),
                         -12345.0f);
  const Status status = preprocess(view_of(image, recipe.format), recipe, order, out);
  if (!status.ok()) fail_msg("%s", status.message().c_str());
  return out;
}

int pixel(const Image& image, int x, int y, int c) {
  return image.pixels[static_cast<std::size_t>((y * image.width + x) * image.channels + c)];
}

// The picture inside a rectangle of the image at a point in pixels from the rectangle's corner, centres at 0.5.
struct Rectangle {
  int x, y, width, height;
};
double sample(const Image& image, const Rectangle& area, double x, double y, int c) {
  const double px = std::clamp(x - 0.5, 0.0, area.width - 1.0), py = std::clamp(y - 0.5, 0.0, area.height - 1.0);
  const int x0 = static_cast<int>(px), y0 = static_cast<int>(py);
  const int x1 = std::min(x0 + 1, area.width - 1), y1 = std::min(y0 + 1, area.height - 1);
  const double wx = px - x0, wy = py - y0;
  const auto at = [&](int i, int j) { return pixel(image, area.x + i, area.y + j, c); };
  return (at(x0, y0) * (1 - wx) + at(x1, y0) * wx) * (1 - wy) + (at(x0, y1) * (1 - wx) + at(x1, y1) * wx) * wy;
}

// Compares with the rectangle resized to `resized_w` x `resized_h` and put at (left, top) of the input.
void assert_prepared(const Image& image, const ImageRecipe& recipe, const Rectangle& area, int resized_w, int resized_h,
                     int left, int top) {
  const auto planar = prepare(image, recipe, TensorOrder::nchw);
  const auto interleaved = prepare(image, recipe, TensorOrder::nhwc);
  const int channels = channels_of(recipe.format);
  for (int y = 0; y < recipe.height; ++y) {
    for (int x = 0; x < recipe.width; ++x) {
      const int rx = x - left, ry = y - top;
      const bool border = rx < 0 || ry < 0 || rx >= resized_w || ry >= resized_h;
      for (int c = 0; c < channels; ++c) {
        const auto k = static_cast<std::size_t>(c);
        const double value =
            border ? recipe.mean[k]
                   : sample(image, area, (rx + 0.5) * area.width / resized_w, (ry + 0.5) * area.height / resized_h, c);
        const double expected = (value - recipe.mean[k]) * recipe.normal[k];
        const float found = planar[static_cast<std::size_t>((c * recipe.height + y) * recipe.width + x)];
        if (std::abs(found - expected) > 2e-5) fail_msg("(%d, %d, %d): %g, not %g", x, y, c, double{found}, expected);
        assert_true(interleaved[static_cast<std::size_t>((y * recipe.width + x) * channels + c)] == found);
      }
    }
  }
}

void stretch_is_bilinear_with_half_pixel_centres(void**) {
  for (const PixelFormat format : {PixelFormat::bgr, PixelFormat::gray, PixelFormat::rgba}) {
    const Image image = noise_image(31, 22, channels_of(format));
    for (const auto& [width, height] : {std::pair{31, 22}, std::pair{10, 7}, std::pair{64, 100}, std::pair{1, 1},
                                        std::pair{62, 11}, std::pair{5, 90}}) {
      assert_prepared(image, recipe_of(format, FitMode::stretch, width, height), {0, 0, 31, 22}, width, height, 0, 0);
    }
  }
}

void equal_sizes_take_the_pixels_exactly(void**) {
  const Image image = noise_image(19, 13, 3);
  ImageRecipe recipe = recipe_of(PixelFormat::rgb, FitMode::stretch, 19, 13);
  recipe.mean = {};
  recipe.normal = {1, 1, 1, 1};
  for (const FitMode fit : {FitMode::stretch, FitMode::crop, FitMode::letterbox}) {
    recipe.fit = fit;
    const auto values = prepare(image, recipe, TensorOrder::nhwc);
    for (std::size_t i = 0; i < values.size(); ++i) assert_true(values[i] == static_cast<float>(image.pixels[i]));
  }
}

void one_pixel_fills_the_input(void**) {
  for (const FitMode fit : {FitMode::stretch, FitMode::crop}) {
    assert_prepared(noise_image(1, 1, 3), recipe_of(PixelFormat::rgb, fit, 9, 5), {0, 0, 1, 1}, 9, 9, 0, 0);
  }
  assert_prepared(noise_image(1, 1, 3), recipe_of(PixelFormat::rgb, FitMode::letterbox, 9, 5), {0, 0, 1, 1}, 5, 5, 2,
                  0);
}

void crop_takes_the_centre_of_the_resized_image(void**) {
  ImageRecipe recipe = recipe_of(PixelFormat::bgr, FitMode::crop, 24, 20);
  recipe.shorter_side = 32;
  assert_prepared(noise_image(80, 64, 3), recipe, {0, 0, 80, 64}, 40, 32, -8, -6);
  assert_prepared(noise_image(61, 99, 3), recipe, {0, 0, 61, 99}, 32, 51, -4, -15);  // 51.9 and 15.5 are rounded down
  recipe.shorter_side = 0;                                                           // the shorter of width and height
  assert_prepared(noise_image(80, 64, 3), recipe, {0, 0, 80, 64}, 25, 20, 0, 0);
}

void crop_enlarges_where_the_input_would_not_be_covered(void**) {
  ImageRecipe recipe = recipe_of(PixelFormat::bgr, FitMode::crop, 50, 20);
  recipe.shorter_side = 30;
  assert_prepared(noise_image(40, 40, 3), recipe, {0, 0, 40, 40}, 50, 50, 0, -15);
  recipe = recipe_of(PixelFormat::bgr, FitMode::crop, 20, 50);
  recipe.shorter_side = 10;
  assert_prepared(noise_image(40, 40, 3), recipe, {0, 0, 40, 40}, 50, 50, -15, 0);
  assert_prepared(noise_image(7, 3, 3), recipe, {0, 0, 7, 3}, 116, 50, -48, 0);
}

void letterbox_keeps_the_aspect_ratio_and_fills_with_the_mean(void**) {
  const ImageRecipe recipe = recipe_of(PixelFormat::rgb, FitMode::letterbox, 40, 30);
  assert_prepared(noise_image(100, 50, 3), recipe, {0, 0, 100, 50}, 40, 20, 0, 5);
  assert_prepared(noise_image(50, 100, 3), recipe, {0, 0, 50, 100}, 15, 30, 12, 0);
  assert_prepared(noise_image(8, 6, 3), recipe, {0, 0, 8, 6}, 40, 30, 0, 0);
  assert_prepared(noise_image(300, 1, 3), recipe, {0, 0, 300, 1}, 40, 1, 0, 14);
  const auto values = prepare(noise_image(100, 50, 3), recipe);
  assert_true(values[0] == 0.0f);
}

void centre_crop_comes_first(void**) {
  ImageRecipe recipe = recipe_of(PixelFormat::rgb, FitMode::stretch, 16, 12);
  recipe.center_crop_w = 0.5f;
  recipe.center_crop_h = 0.875f;
  assert_prepared(noise_image(40, 32, 3), recipe, {10, 2, 20, 28}, 16, 12, 0, 0);
  recipe.fit = FitMode::letterbox;
  assert_prepared(noise_image(40, 32, 3), recipe, {10, 2, 20, 28}, 9, 12, 3, 0);
  recipe.center_crop_w = recipe.center_crop_h = 1e-6f;  // one pixel remains
  recipe.fit = FitMode::stretch;
  assert_prepared(noise_image(5, 5, 3), recipe, {2, 2, 1, 1}, 16, 12, 0, 0);
}

void points_go_back_to_the_image(void**) {
  const auto map = [](int width, int height, const ImageRecipe& recipe) {
    const auto found = input_to_image(width, height, recipe);
    assert_true(found.ok());
    return *found;
  };
  ImageRecipe recipe = recipe_of(PixelFormat::rgb, FitMode::stretch, 320, 240);
  InputToImage m = map(640, 960, recipe);
  assert_true(m.scale_x == 2 && m.scale_y == 4 && m.offset_x == 0 && m.offset_y == 0);
  recipe.center_crop_w = 0.5f;
  m = map(640, 960, recipe);
  assert_true(m.scale_x == 1 && m.offset_x == 160 && m.scale_y == 4);
  recipe.center_crop_w = 1;
  recipe.fit = FitMode::letterbox;
  m = map(640, 960, recipe);  // 160 x 240 at x = 80
  assert_true(m.scale_x == 4 && m.scale_y == 4 && m.offset_x == -320 && m.offset_y == 0);
  recipe.fit = FitMode::crop;
  m = map(640, 960, recipe);  // 320 x 480, 120 rows cut above
  assert_true(m.scale_x == 2 && m.scale_y == 2 && m.offset_x == 0 && m.offset_y == 240);
}

void what_cannot_be_prepared_is_an_error(void**) {
  const Image image = noise_image(4, 4, 3);
  const ImageRecipe good = recipe_of(PixelFormat::rgb, FitMode::stretch, 2, 2);
  std::vector<float> out(12);
  const auto code = [&](const Image& i, const ImageRecipe& r, std::size_t room) {
    return static_cast<int>(preprocess(view_of(i, r.format), r, TensorOrder::nchw, std::span(out).first(room)).code());
  };
  const int argument = static_cast<int>(Code::argument);
  assert_int_equal(code(image, good, 12), 0);
  assert_int_equal(code(image, good, 11), argument);
  assert_int_equal(code(noise_image(4, 4, 1), good, 12), argument);  // too few bytes for RGB
  assert_int_equal(code(Image{4, 5, 3, image.pixels}, good, 12), argument);
  assert_int_equal(code(Image{}, good, 12), argument);
  ImageRecipe recipe = good;
  recipe.width = 0;
  assert_int_equal(code(image, recipe, 0), argument);
  recipe = good;
  recipe.center_crop_h = 0;
  assert_int_equal(code(image, recipe, 12), argument);
  recipe.center_crop_h = NAN;
  assert_int_equal(code(image, recipe, 12), argument);
  recipe = good;
  recipe.shorter_side = -1;
  assert_int_equal(code(image, recipe, 12), argument);
}

// Every pixel format of the picture against the picture converted beforehand.
void pixels_of_another_format_are_converted(void**) {
  constexpr PixelFormat kFormats[] = {PixelFormat::rgb, PixelFormat::bgr, PixelFormat::rgba, PixelFormat::bgra,
                                      PixelFormat::gray};
  // Red, green, blue and alpha of a pixel in that format.
  const auto colour = [](const Image& image, PixelFormat format, int i) {
    const std::uint8_t* p =
        image.pixels.data() + static_cast<std::size_t>(i) * static_cast<std::size_t>(image.channels);
    std::array<int, 4> c{p[0], p[0], p[0], 255};
    if (format == PixelFormat::rgb || format == PixelFormat::rgba) c = {p[0], p[1], p[2], 255};
    if (format == PixelFormat::bgr || format == PixelFormat::bgra) c = {p[2], p[1], p[0], 255};
    if (image.channels == 4) c[3] = p[3];
    return c;
  };
  for (const PixelFormat from : kFormats) {
    const Image source = noise_image(13, 9, channels_of(from));
    for (const PixelFormat to : kFormats) {
      Image converted{13, 9, channels_of(to), {}};
      for (int i = 0; i < 13 * 9; ++i) {
        const auto [r, g, b, a] = colour(source, from, i);
        std::array<int, 4> bytes{r, g, b, a};
        if (to == PixelFormat::bgr || to == PixelFormat::bgra) bytes = {b, g, r, a};
        if (to == PixelFormat::gray) {
          bytes[0] = from == PixelFormat::gray ? r : (299 * r + 587 * g + 114 * b + 500) / 1000;
        }
        for (int c = 0; c < converted.channels; ++c) {
          converted.pixels.push_back(static_cast<std::uint8_t>(bytes[static_cast<std::size_t>(c)]));
        }
      }
      const ImageRecipe recipe = recipe_of(to, FitMode::letterbox, 10, 11);
      std::vector<float> found(static_cast<std::size_t>(10 * 11 * channels_of(to)));
      assert_true(preprocess(view_of(source, from), recipe, TensorOrder::nchw, found).ok());
      assert_true(found == prepare(converted, recipe));
    }
  }
}

void rows_may_have_gaps_between_them(void**) {
  const Image image = noise_image(7, 5, 3);
  std::vector<std::uint8_t> spread;  // the last row ends with its last pixel
  for (std::size_t y = 0; y < 5; ++y) {
    const auto row = image.pixels.begin() + static_cast<std::ptrdiff_t>(y * 21);
    spread.insert(spread.end(), row, row + 21);
    if (y < 4) spread.resize(spread.size() + 11, 0xEE);
  }
  const ImageRecipe recipe = recipe_of(PixelFormat::rgb, FitMode::stretch, 6, 6);
  PixelView view = view_of(image, PixelFormat::rgb);
  view.data = spread.data();
  view.size = spread.size();
  view.row_stride = 32;
  std::vector<float> found(108);
  assert_true(preprocess(view, recipe, TensorOrder::nchw, found).ok());
  assert_true(found == prepare(image, recipe));
  const auto refused = [&](std::size_t size, std::int64_t stride) {
    PixelView wrong = view;
    wrong.size = size;
    wrong.row_stride = stride;
    return preprocess(wrong, recipe, TensorOrder::nchw, found).code() == Code::argument;
  };
  assert_true(refused(spread.size() - 1, 32));
  assert_true(refused(spread.size(), 33));
  assert_true(refused(spread.size(), 20));
  assert_true(refused(spread.size(), -32));
  assert_true(refused(spread.size(), INT64_MAX));
  assert_true(refused(0, 32));
}

void where_the_channels_of_an_image_are(void**) {
  const auto order = [](std::initializer_list<std::int64_t> dims) {
    return image_order(std::span(dims.begin(), dims.size()));
  };
  assert_true(order({1, 3, 240, 320}) == TensorOrder::nchw);
  assert_true(order({1, 240, 320, 3}) == TensorOrder::nhwc);
  assert_true(order({1, 28, 28, 1}) == TensorOrder::nhwc);
  assert_true(order({1, 1, 28, 28}) == TensorOrder::nchw);
  assert_true(order({1, 3, 3, 3}) == TensorOrder::nchw);
  assert_true(order({1, 10}) == TensorOrder::nchw);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(stretch_is_bilinear_with_half_pixel_centres),
      cmocka_unit_test(equal_sizes_take_the_pixels_exactly),
      cmocka_unit_test(one_pixel_fills_the_input),
      cmocka_unit_test(crop_takes_the_centre_of_the_resized_image),
      cmocka_unit_test(crop_enlarges_where_the_input_would_not_be_covered),
      cmocka_unit_test(letterbox_keeps_the_aspect_ratio_and_fills_with_the_mean),
      cmocka_unit_test(centre_crop_comes_first),
      cmocka_unit_test(points_go_back_to_the_image),
      cmocka_unit_test(pixels_of_another_format_are_converted),
      cmocka_unit_test(rows_may_have_gaps_between_them),
      cmocka_unit_test(where_the_channels_of_an_image_are),
      cmocka_unit_test(what_cannot_be_prepared_is_an_error),
  };
  return cmocka_run_group_tests_name("preprocess", tests, nullptr, nullptr);
}

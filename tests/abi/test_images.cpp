// Images and how they become inputs.
#include <cmath>

#include "abi/network.h"

namespace octet::test {
namespace {

const std::string kFolder = std::string(OCTET_SOURCE_DIR) + "/examples/models/";

Image load_image(std::int32_t format) {
  q_image* image = nullptr;
  Error e;
  expect_ok(q_image_load(str(kFolder + "test/0001.png"), format, &image, &e), e);
  return Image(image);
}

q_image_info info_of(const q_image* image) {
  auto info = sized<q_image_info>();
  Error e;
  expect_ok(q_image_get_info(image, &info, &e), e);
  return info;
}

void test_pixel_formats(void**) {
  const Image rgb = load_image(Q_PIXELS_RGB);
  const Image bgr = load_image(Q_PIXELS_BGR);
  const Image rgba = load_image(Q_PIXELS_RGBA);
  const Image gray = load_image(Q_PIXELS_GRAY);
  const q_image_info a = info_of(rgb.get());
  const q_image_info b = info_of(bgr.get());
  const q_image_info c = info_of(rgba.get());
  assert_int_equal(a.channels, 3);
  assert_int_equal(c.channels, 4);
  assert_int_equal(info_of(gray.get()).channels, 1);
  for (std::int64_t i = 0; i < std::int64_t{a.width} * a.height; ++i) {
    for (std::int64_t k = 0; k < 3; ++k) {
      assert_int_equal(a.pixels[i * 3 + k], b.pixels[i * 3 + 2 - k]);
      assert_int_equal(a.pixels[i * 3 + k], c.pixels[i * 4 + k]);
    }
  }
  q_image* image = nullptr;
  Error e;
  for (const std::int32_t format : {-1, 5, INT32_MAX}) {
    expect_failure(q_image_load(q_text("x.png"), format, &image, &e), Q_E_ARGUMENT, e, "pixel format");
  }
  expect_failure(q_image_load(str(kFolder + "labels.tsv"), Q_PIXELS_RGB, &image, &e), Q_E_FORMAT, e, "labels.tsv");
  expect_failure(q_image_load(str(kFolder), Q_PIXELS_RGB, &image, &e), Q_E_IO, e, "folder");
}

void test_image_to_input(void**) {
  const Model model = load_bytes(small_network());
  const Image image = load_image(Q_PIXELS_RGB);
  auto recipe = sized<q_recipe>();
  recipe.format = Q_PIXELS_RGB;
  recipe.normal[0] = recipe.normal[1] = recipe.normal[2] = 0.5F;
  recipe.mean[1] = 100;
  std::vector<float> input(kInputCount, NAN);
  Error e;
  expect_ok(q_image_to_input(image.get(), model.get(), 0, &recipe, input.data(), input.size(), &e), e);
  const q_image_info info = info_of(image.get());
  // Channels come first, each with its own mean; averages survive the resize roughly.
  for (std::size_t c = 0; c < 3; ++c) {
    double pixels = 0;
    double values = 0;
    for (std::int64_t i = 0; i < std::int64_t{info.width} * info.height; ++i) {
      pixels += info.pixels[i * 3 + static_cast<std::int64_t>(c)];
    }
    for (std::size_t i = 0; i < 144; ++i) values += static_cast<double>(input[c * 144 + i]);
    const double wanted = (pixels / (static_cast<double>(info.width) * info.height) - (c == 1 ? 100 : 0)) * 0.5;
    assert_true(std::fabs(values / 144 - wanted) < 6);
  }
  expect_failure(q_image_to_input(image.get(), model.get(), 0, &recipe, input.data(), 10, &e), Q_E_ARGUMENT, e,
                 "count");
  expect_failure(q_image_to_input(image.get(), model.get(), 0, &recipe, input.data(), SIZE_MAX, &e), Q_E_ARGUMENT, e,
                 "count");
  expect_failure(q_image_to_input(image.get(), model.get(), 1, &recipe, input.data(), kInputCount, &e), Q_E_ARGUMENT, e,
                 "input 1");
  expect_failure(q_image_to_input(image.get(), model.get(), 0, nullptr, input.data(), kInputCount, &e), Q_E_DATA, e,
                 "recipe");
  expect_failure(q_image_to_input(image.get(), model.get(), 0, &recipe, nullptr, kInputCount, &e), Q_E_ARGUMENT, e,
                 "NULL");
  const Image other = load_image(Q_PIXELS_BGR);
  expect_failure(q_image_to_input(other.get(), model.get(), 0, &recipe, input.data(), kInputCount, &e), Q_E_ARGUMENT, e,
                 "pixel format");
}

void test_recipes_that_make_no_sense(void**) {
  const Model model = load_bytes(small_network());
  const Image image = load_image(Q_PIXELS_RGB);
  auto mapping = sized<q_mapping>();
  const auto refused = [&](auto change) {
    auto recipe = sized<q_recipe>();
    change(recipe);
    Error e;
    const q_status status = q_image_get_mapping(image.get(), model.get(), 0, &recipe, &mapping, &e);
    assert_true(status == Q_E_ARGUMENT || status == Q_E_SHAPE);
    assert_true(e.message[0] != 0);
  };
  refused([](q_recipe& r) { r.format = 9; });
  refused([](q_recipe& r) { r.fit = -1; });
  refused([](q_recipe& r) { r.width = -5; });
  refused([](q_recipe& r) { r.height = 1 << 30; });
  refused([](q_recipe& r) { r.shorter_side = -1; });
  refused([](q_recipe& r) { r.center_crop_h = 1.5F; });
  refused([](q_recipe& r) { r.center_crop_w = NAN; });
  refused([](q_recipe& r) { r.mean[2] = NAN; });
  refused([](q_recipe& r) { r.normal[0] = INFINITY; });
  refused([](q_recipe& r) { r.width = 13; });  // not the network's
}

void test_mapping(void**) {
  const Model model = load_bytes(small_network());
  const Image image = load_image(Q_PIXELS_RGB);
  const q_image_info info = info_of(image.get());
  auto recipe = sized<q_recipe>();
  auto mapping = sized<q_mapping>();
  Error e;
  expect_ok(q_image_get_mapping(image.get(), model.get(), 0, &recipe, &mapping, &e), e);
  assert_true(std::fabs(mapping.scale_x - static_cast<float>(info.width) / 12) < 1e-3F);
  assert_true(std::fabs(mapping.scale_y - static_cast<float>(info.height) / 12) < 1e-3F);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {cmocka_unit_test(test_pixel_formats), cmocka_unit_test(test_image_to_input),
                              cmocka_unit_test(test_recipes_that_make_no_sense), cmocka_unit_test(test_mapping)};
  return cmocka_run_group_tests_name("images of the ABI", tests, nullptr, nullptr);
}

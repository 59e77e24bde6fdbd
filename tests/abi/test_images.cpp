// Images and how they become inputs.
#include <algorithm>
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

q_pixels pixels_of(const q_image* image) {
  auto pixels = sized<q_pixels>();
  Error e;
  expect_ok(q_image_get_pixels(image, &pixels, &e), e);
  return pixels;
}

std::vector<float> input_of(const q_pixels& pixels, const q_model* model, const q_recipe* recipe) {
  std::vector<float> input(kInputCount, NAN);
  Error e;
  expect_ok(q_pixels_to_input(&pixels, model, 0, recipe, input.data(), input.size(), &e), e);
  return input;
}

q_recipe plain_recipe(std::int32_t format = Q_PIXELS_RGB) {
  auto recipe = sized<q_recipe>();
  recipe.format = format;
  for (float& normal : recipe.normal) normal = 0.5F;
  recipe.mean[1] = 100;
  return recipe;
}

int channels_of(std::int32_t format) {
  if (format == Q_PIXELS_GRAY) return 1;
  return format == Q_PIXELS_RGBA || format == Q_PIXELS_BGRA ? 4 : 3;
}

void test_pixel_formats(void**) {
  const Image rgb = load_image(Q_PIXELS_RGB);
  const q_pixels a = pixels_of(rgb.get());
  assert_int_equal(a.format, Q_PIXELS_RGB);
  for (std::int32_t format = Q_PIXELS_RGB; format <= Q_PIXELS_GRAY; ++format) {
    const Image other = load_image(format);
    const q_pixels b = pixels_of(other.get());
    const auto channels = static_cast<std::size_t>(channels_of(format));
    assert_int_equal(b.format, format);
    assert_int_equal(b.width, a.width);
    assert_int_equal(b.height, a.height);
    const auto count = static_cast<std::size_t>(a.width) * static_cast<std::size_t>(a.height);
    assert_int_equal(b.size_bytes, count * channels);
    assert_true(b.row_stride == 0 || b.row_stride == b.width * channels_of(format));
    const bool backwards = format == Q_PIXELS_BGR || format == Q_PIXELS_BGRA;
    for (std::size_t i = 0; i < count && channels > 1; ++i) {
      for (std::size_t k = 0; k < 3; ++k) {
        assert_int_equal(a.data[i * 3 + k], b.data[i * channels + (backwards ? 2 - k : k)]);
      }
      if (channels == 4) assert_int_equal(b.data[i * 4 + 3], 255);
    }
    for (std::size_t i = 0; i < count && channels == 1; ++i) {
      const int grey = (299 * a.data[i * 3] + 587 * a.data[i * 3 + 1] + 114 * a.data[i * 3 + 2] + 500) / 1000;
      assert_int_equal(b.data[i], grey);
    }
  }
  q_image* image = nullptr;
  Error e;
  for (const std::int32_t format : {-1, 5, INT32_MAX}) {
    expect_failure(q_image_load(q_text("x.png"), format, &image, &e), Q_E_ARGUMENT, e, "pixel format");
    expect_failure(q_image_decode({"x", 1}, q_text("x.png"), format, &image, &e), Q_E_ARGUMENT, e, "pixel format");
  }
  expect_failure(q_image_load(str(kFolder + "labels.tsv"), Q_PIXELS_RGB, &image, &e), Q_E_FORMAT, e, "labels.tsv");
  expect_failure(q_image_load(str(kFolder), Q_PIXELS_RGB, &image, &e), Q_E_IO, e, "folder");
}

// From bytes, a picture is what it is from its file; cut anywhere, it is refused and named.
void test_decoding_bytes(void**) {
  for (const char* name : {"test/0001.png", "calibration/0017.jpg"}) {
    const std::string bytes = content_of(kFolder + name);
    q_image* out = nullptr;
    Error e;
    expect_ok(q_image_load(str(kFolder + name), Q_PIXELS_RGB, &out, &e), e);
    const Image from_file(out);
    expect_ok(q_image_decode({bytes.data(), bytes.size()}, q_text("bytes"), Q_PIXELS_RGB, &out, &e), e);
    const Image from_bytes(out);
    const q_pixels a = pixels_of(from_file.get());
    const q_pixels b = pixels_of(from_bytes.get());
    assert_int_equal(a.size_bytes, b.size_bytes);
    assert_memory_equal(a.data, b.data, a.size_bytes);
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{20}, bytes.size() / 2}) {
      const std::string part = bytes.substr(0, size);
      expect_failure(q_image_decode({part.data(), size}, q_text("camera 7"), Q_PIXELS_RGB, &out, &e), Q_E_FORMAT, e,
                     "camera 7");
      assert_null(out);
    }
  }
}

void test_pixels_to_input(void**) {
  const Model model = load_bytes(small_network());
  const Image image = load_image(Q_PIXELS_RGB);
  const q_pixels pixels = pixels_of(image.get());
  const q_recipe recipe = plain_recipe();
  std::vector<float> input = input_of(pixels, model.get(), &recipe);
  // Channels come first, each with its own mean; averages survive the resize roughly.
  const std::int64_t count = std::int64_t{pixels.width} * pixels.height;
  for (std::size_t c = 0; c < 3; ++c) {
    double sum = 0;
    double values = 0;
    for (std::int64_t i = 0; i < count; ++i) sum += pixels.data[i * 3 + static_cast<std::int64_t>(c)];
    for (std::size_t i = 0; i < 144; ++i) values += static_cast<double>(input[c * 144 + i]);
    const double wanted = (sum / static_cast<double>(count) - (c == 1 ? 100 : 0)) * 0.5;
    assert_true(std::fabs(values / 144 - wanted) < 6);
  }
  Error e;
  const auto refused = [&](std::int32_t index, const q_recipe* with, float* out, std::size_t size, q_status status,
                           const char* word) {
    expect_failure(q_pixels_to_input(&pixels, model.get(), index, with, out, size, &e), status, e, word);
  };
  refused(0, &recipe, input.data(), 10, Q_E_ARGUMENT, "count");
  refused(0, &recipe, input.data(), SIZE_MAX, Q_E_ARGUMENT, "count");
  refused(1, &recipe, input.data(), kInputCount, Q_E_ARGUMENT, "input 1");
  refused(0, nullptr, input.data(), kInputCount, Q_E_DATA, "recipe");
  refused(0, &recipe, nullptr, kInputCount, Q_E_ARGUMENT, "NULL");
}

// Pixels in whatever format and with whatever gap between rows give the values that the recipe's own format gives.
void test_formats_and_strides(void**) {
  const Model model = load_bytes(small_network());
  for (const std::int32_t wanted : {Q_PIXELS_RGB, Q_PIXELS_BGR}) {
    const q_recipe recipe = plain_recipe(wanted);
    const Image own = load_image(wanted);
    const std::vector<float> expected = input_of(pixels_of(own.get()), model.get(), &recipe);
    for (std::int32_t format = Q_PIXELS_RGB; format < Q_PIXELS_GRAY; ++format) {
      const Image image = load_image(format);
      const q_pixels pixels = pixels_of(image.get());
      assert_true(input_of(pixels, model.get(), &recipe) == expected);
      const auto row = static_cast<std::size_t>(pixels.width * channels_of(format));
      for (const std::size_t gap : {std::size_t{1}, std::size_t{13}, std::size_t{4096}}) {
        // The last row has no gap behind it: nothing there may be read.
        std::vector<std::uint8_t> frame((row + gap) * static_cast<std::size_t>(pixels.height) - gap, 0xEE);
        for (std::size_t y = 0; y < static_cast<std::size_t>(pixels.height); ++y) {
          std::memcpy(frame.data() + y * (row + gap), pixels.data + y * row, row);
        }
        q_pixels strided = pixels;
        strided.data = frame.data();
        strided.size_bytes = frame.size();
        strided.row_stride = static_cast<std::int64_t>(row + gap);
        assert_true(input_of(strided, model.get(), &recipe) == expected);
      }
    }
  }
}

// A session that takes pictures gives what the long way gives, to the bit, float or int8, and says the same of errors.
void test_run_image(void**) {
  const Model real = load_bytes(small_network());
  const Model int8 = quantize(real.get());
  const q_recipe recipe = plain_recipe();
  for (const q_model* model : {real.get(), int8.get()}) {
    for (std::int32_t format = Q_PIXELS_RGB; format <= Q_PIXELS_GRAY; ++format) {
      const Image image = load_image(format);
      const q_pixels pixels = pixels_of(image.get());
      for (const int threads : {1, 3}) {
        const Session session = make_session(model, threads);
        const std::vector<float> expected = run(session.get(), input_of(pixels, model, &recipe));
        std::vector<float> output(kOutputCount, -1);
        const q_tensor out = {output.data(), output.size() * 4, nullptr, Q_FLOAT32, 0};
        Error e;
        expect_ok(q_session_run_image(session.get(), &pixels, &recipe, &out, 1, &e), e);
        assert_true(output == expected);
        expect_failure(q_session_run_image(session.get(), &pixels, nullptr, &out, 1, &e), Q_E_DATA, e, "recipe");
        expect_failure(q_session_run_image(session.get(), &pixels, &recipe, &out, 2, &e), Q_E_ARGUMENT, e, "output");
        assert_true(output == expected);
      }
    }
  }
}

// Where there are two inputs, or none that is a picture, nothing runs.
void test_run_image_of_other_networks(void**) {
  const Image image = load_image(Q_PIXELS_RGB);
  const q_pixels pixels = pixels_of(image.get());
  const q_recipe recipe = plain_recipe();
  for (const bool two : {true, false}) {
    OnnxBytes net;
    const std::vector<std::int64_t> dims = two ? std::vector<std::int64_t>{1, 3, 12, 12} : std::vector<std::int64_t>{7};
    net.input("a", dims);
    if (two) net.input("b", dims);
    net.node("Add", {"a", two ? "b" : "a"}, "sum");
    net.output("sum");
    const Model model = load_bytes(net.bytes());
    const Session session = make_session(model.get());
    std::vector<float> output(two ? kInputCount : 7, -1);
    const q_tensor out = {output.data(), output.size() * 4, nullptr, Q_FLOAT32, 0};
    Error e;
    const q_status status = q_session_run_image(session.get(), &pixels, &recipe, &out, 1, &e);
    assert_true(status == Q_E_SHAPE || (two && status == Q_E_ARGUMENT));
    assert_true(e.message[0] != 0);
    assert_true(std::all_of(output.begin(), output.end(), [](float value) { return value == -1; }));
    if (two) continue;
    expect_failure(q_pixels_to_input(&pixels, model.get(), 0, &recipe, output.data(), 7, &e), Q_E_SHAPE, e, "");
  }
}

// Pixels that cannot be what they say.
void test_pixels_that_make_no_sense(void**) {
  const Model model = load_bytes(small_network());
  const Session session = make_session(model.get());
  const Image image = load_image(Q_PIXELS_RGB);
  const q_pixels good = pixels_of(image.get());
  const q_recipe recipe = plain_recipe();
  std::vector<float> input(kInputCount);
  std::vector<float> output(kOutputCount, -1);
  const q_tensor out = {output.data(), output.size() * 4, nullptr, Q_FLOAT32, 0};
  const auto refused = [&](auto change) {
    q_pixels pixels = good;
    change(pixels);
    Error e;
    expect_failure(q_pixels_to_input(&pixels, model.get(), 0, &recipe, input.data(), input.size(), &e), Q_E_ARGUMENT, e,
                   "");
    assert_true(e.message[0] != 0);
    expect_failure(q_session_run_image(session.get(), &pixels, &recipe, &out, 1, &e), Q_E_ARGUMENT, e, "");
    assert_true(e.message[0] != 0);
    assert_true(output == std::vector<float>(kOutputCount, -1));
  };
  refused([](q_pixels& p) { p.data = nullptr; });
  refused([](q_pixels& p) { p.size_bytes -= 1; });
  refused([](q_pixels& p) { p.size_bytes = 0; });
  refused([](q_pixels& p) { p.row_stride = 1; });
  refused([](q_pixels& p) { p.row_stride = -1; });
  refused([](q_pixels& p) { p.row_stride = INT64_MIN; });
  refused([](q_pixels& p) { p.row_stride = INT64_MAX; });
  refused([](q_pixels& p) { p.row_stride = INT64_MAX / p.height; });
  for (const std::int32_t value : {0, -1, 65536, INT32_MAX, INT32_MIN}) {
    refused([=](q_pixels& p) { p.width = value; });
    refused([=](q_pixels& p) { p.height = value; });
  }
  for (const std::int32_t value : {-1, 5, INT32_MAX, INT32_MIN}) refused([=](q_pixels& p) { p.format = value; });
  for (const std::uint32_t value : {0U, 3U, 0xFFFFFFFFU}) refused([=](q_pixels& p) { p.struct_size = value; });
}

void test_recipes_that_make_no_sense(void**) {
  const Model model = load_bytes(small_network());
  const Image image = load_image(Q_PIXELS_RGB);
  const q_pixels pixels = pixels_of(image.get());
  auto mapping = sized<q_mapping>();
  const auto refused = [&](auto change) {
    auto recipe = sized<q_recipe>();
    change(recipe);
    Error e;
    const q_status status = q_pixels_get_mapping(&pixels, model.get(), 0, &recipe, &mapping, &e);
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

// The picture's corners are where they should be; only the size of the pixels is looked at.
void test_mapping(void**) {
  const Model model = load_bytes(small_network());
  auto pixels = sized<q_pixels>();
  pixels.width = 320;
  pixels.height = 160;
  auto recipe = sized<q_recipe>();
  const auto mapping_of = [&] {
    auto mapping = sized<q_mapping>();
    Error e;
    expect_ok(q_pixels_get_mapping(&pixels, model.get(), 0, &recipe, &mapping, &e), e);
    return mapping;
  };
  const auto near = [](float value, float wanted) { assert_true(std::fabs(value - wanted) < 0.01F); };
  q_mapping mapping = mapping_of();  // stretched
  near(mapping.offset_x, 0);
  near(mapping.offset_y, 0);
  near(mapping.scale_x * 12, 320);
  near(mapping.scale_y * 12, 160);
  recipe.fit = Q_FIT_LETTERBOX;  // 12 x 6 in the middle
  mapping = mapping_of();
  near(mapping.offset_x, 0);
  near(mapping.scale_x * 12 + mapping.offset_x, 320);
  near(mapping.scale_y * 3 + mapping.offset_y, 0);
  near(mapping.scale_y * 9 + mapping.offset_y, 160);
  recipe.fit = Q_FIT_CROP;  // the middle 160 x 160
  recipe.shorter_side = 12;
  mapping = mapping_of();
  near(mapping.offset_x, 80);
  near(mapping.scale_x * 12 + mapping.offset_x, 240);
  near(mapping.scale_y * 12 + mapping.offset_y, 160);
  for (const std::int32_t width : {0, -1, 65536}) {
    pixels.width = width;
    Error e;
    expect_failure(q_pixels_get_mapping(&pixels, model.get(), 0, &recipe, &mapping, &e), Q_E_ARGUMENT, e, "pixels");
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_pixel_formats),
      cmocka_unit_test(test_decoding_bytes),
      cmocka_unit_test(test_pixels_to_input),
      cmocka_unit_test(test_formats_and_strides),
      cmocka_unit_test(test_run_image),
      cmocka_unit_test(test_run_image_of_other_networks),
      cmocka_unit_test(test_pixels_that_make_no_sense),
      cmocka_unit_test(test_recipes_that_make_no_sense),
      cmocka_unit_test(test_mapping),
  };
  return cmocka_run_group_tests_name("images of the ABI", tests, nullptr, nullptr);
}

// PNG files of every kind become exactly their pixels; broken ones become errors that say what is wrong.
#include <array>

#include "image/encoders.h"
#include "image/image.h"
#include "image/silence.h"
#include "support/cmocka.h"

namespace {

using namespace octet;
using namespace octet::test;
using Values = std::vector<std::uint8_t>;

Image decode(const FileBytes& file, PixelFormat format) {
  auto image = decode_image(as_span(file), format, "picture.png");
  if (!image.ok()) fail_msg("%s", image.status().message().c_str());
  return std::move(image).value();
}

void assert_contains(const std::string& text, const char* part) {
  if (text.find(part) == std::string::npos) fail_msg("'%s' is not in '%s'", part, text.c_str());
}

std::string error_of(const FileBytes& file) {
  const auto image = decode_image(as_span(file), PixelFormat::rgb, "picture.png");
  assert_false(image.ok());
  assert_int_equal(static_cast<int>(image.status().code()), static_cast<int>(Code::format));
  assert_contains(image.status().message(), "'picture.png'");
  return image.status().message();
}

void assert_values(const Image& image, int width, int height, const Values& expected) {
  assert_int_equal(image.width, width);
  assert_int_equal(image.height, height);
  assert_int_equal(image.pixels.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) assert_int_equal(image.pixels[i], expected[i]);
}

// Numbers without a pattern that filters or interlacing could hide.
Values noise(std::size_t count) {
  Values values(count);
  std::uint32_t state = 12345;
  for (auto& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<std::uint8_t>(state >> 24);
  }
  return values;
}

void rgb_is_exact_with_and_without_interlace(void**) {
  for (const auto& [width, height] : {std::pair{1, 1}, std::pair{37, 23}, std::pair{5, 1}, std::pair{1, 9}}) {
    for (const bool interlaced : {false, true}) {
      const Values pixels = noise(static_cast<std::size_t>(width * height * 3));
      PngOptions options;
      options.interlaced = interlaced;
      options.gamma = 1.0;  // has no effect
      const FileBytes file = encode_png(pixels, width, height, options);
      assert_values(decode(file, PixelFormat::rgb), width, height, pixels);
      Values swapped = pixels;
      for (std::size_t i = 0; i < swapped.size(); i += 3) std::swap(swapped[i], swapped[i + 2]);
      assert_values(decode(file, PixelFormat::bgr), width, height, swapped);
    }
  }
}

void sixteen_bits_are_rounded_to_eight(void**) {
  const std::array<int, 6> samples{0, 128, 129, 32896, 65406, 65535};
  Values rows;
  for (const int sample : samples) {
    rows.push_back(static_cast<std::uint8_t>(sample >> 8));
    rows.push_back(static_cast<std::uint8_t>(sample));
  }
  PngOptions options;
  options.bit_depth = 16;
  options.color_type = PNG_COLOR_TYPE_GRAY;
  Values expected;
  for (const int sample : samples) expected.push_back(static_cast<std::uint8_t>((sample * 255 + 32767) / 65535));
  assert_values(decode(encode_png(rows, 6, 1, options), PixelFormat::gray), 6, 1, expected);
  options.color_type = PNG_COLOR_TYPE_RGB;
  assert_values(decode(encode_png(rows, 2, 1, options), PixelFormat::rgb), 2, 1, expected);
}

void few_bits_of_grey_fill_the_range(void**) {
  PngOptions options;
  options.color_type = PNG_COLOR_TYPE_GRAY;
  for (const bool interlaced : {false, true}) {
    options.interlaced = interlaced;
    options.bit_depth = 1;
    assert_values(decode(encode_png({0xA0, 0x40}, 3, 2, options), PixelFormat::gray), 3, 2, {255, 0, 255, 0, 255, 0});
    options.bit_depth = 2;
    assert_values(decode(encode_png({0x1B}, 4, 1, options), PixelFormat::gray), 4, 1, {0, 85, 170, 255});
    options.bit_depth = 4;
    assert_values(decode(encode_png({0x0F, 0x70}, 3, 1, options), PixelFormat::rgb), 3, 1,
                  {0, 0, 0, 255, 255, 255, 119, 119, 119});
  }
}

void palettes_give_their_colours(void**) {
  PngOptions options;
  options.color_type = PNG_COLOR_TYPE_PALETTE;
  options.palette = {{10, 20, 30}, {40, 50, 60}, {70, 80, 90}};
  options.bit_depth = 2;
  const FileBytes opaque = encode_png({0x24}, 3, 1, options);  // 0, 2, 1
  assert_values(decode(opaque, PixelFormat::rgb), 3, 1, {10, 20, 30, 70, 80, 90, 40, 50, 60});
  assert_values(decode(opaque, PixelFormat::bgra), 3, 1, {30, 20, 10, 255, 90, 80, 70, 255, 60, 50, 40, 255});
  options.palette_alpha = {255, 7};
  options.bit_depth = 8;
  const FileBytes transparent = encode_png({0, 2, 1}, 3, 1, options);
  assert_values(decode(transparent, PixelFormat::rgba), 3, 1, {10, 20, 30, 255, 70, 80, 90, 255, 40, 50, 60, 7});
  assert_values(decode(transparent, PixelFormat::rgb), 3, 1, {10, 20, 30, 70, 80, 90, 40, 50, 60});
}

void alpha_is_kept_or_dropped_by_the_format(void**) {
  PngOptions options;
  options.color_type = PNG_COLOR_TYPE_RGBA;
  const FileBytes rgba = encode_png({1, 2, 3, 4, 50, 60, 70, 0}, 2, 1, options);
  assert_values(decode(rgba, PixelFormat::rgba), 2, 1, {1, 2, 3, 4, 50, 60, 70, 0});
  assert_values(decode(rgba, PixelFormat::bgra), 2, 1, {3, 2, 1, 4, 70, 60, 50, 0});
  assert_values(decode(rgba, PixelFormat::rgb), 2, 1, {1, 2, 3, 50, 60, 70});
  options.color_type = PNG_COLOR_TYPE_GRAY_ALPHA;
  const FileBytes gray_alpha = encode_png({9, 100, 200, 0}, 2, 1, options);
  assert_values(decode(gray_alpha, PixelFormat::gray), 2, 1, {9, 200});
  assert_values(decode(gray_alpha, PixelFormat::bgr), 2, 1, {9, 9, 9, 200, 200, 200});
  assert_values(decode(gray_alpha, PixelFormat::rgba), 2, 1, {9, 9, 9, 100, 200, 200, 200, 0});
}

void a_transparent_colour_becomes_alpha_where_wanted(void**) {
  PngOptions options;
  options.transparent_color = true;
  options.transparent.red = 1;
  options.transparent.green = 2;
  options.transparent.blue = 3;
  const FileBytes rgb = encode_png({1, 2, 3, 4, 5, 6}, 2, 1, options);
  assert_values(decode(rgb, PixelFormat::rgba), 2, 1, {1, 2, 3, 0, 4, 5, 6, 255});
  assert_values(decode(rgb, PixelFormat::rgb), 2, 1, {1, 2, 3, 4, 5, 6});
  options.color_type = PNG_COLOR_TYPE_GRAY;
  options.transparent.gray = 8;
  assert_values(decode(encode_png({8, 9}, 2, 1, options), PixelFormat::gray), 2, 1, {8, 9});
}

void grey_of_colours_is_weighted(void**) {
  const FileBytes file = encode_png({255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255}, 4, 1);
  assert_values(decode(file, PixelFormat::gray), 4, 1, {76, 150, 29, 255});
}

void exif_orientation_is_applied(void**) {
  // The upright picture is 3 wide and 2 high:  1 2 3 / 4 5 6.
  const std::array<Values, 9> stored{Values{},           {1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4},
                                     {6, 5, 4, 3, 2, 1}, {4, 5, 6, 1, 2, 3}, {1, 4, 2, 5, 3, 6},
                                     {3, 6, 2, 5, 1, 4}, {6, 3, 5, 2, 4, 1}, {4, 1, 5, 2, 6, 3}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const int width = orientation >= 5 ? 2 : 3;
    PngOptions options;
    options.color_type = PNG_COLOR_TYPE_GRAY;
    options.exif = exif_block(orientation, orientation % 2 == 0);
    const FileBytes file = encode_png(stored[static_cast<std::size_t>(orientation)], width, 6 / width, options);
    assert_values(decode(file, PixelFormat::gray), 3, 2, {1, 2, 3, 4, 5, 6});
    assert_values(decode(file, PixelFormat::rgb), 3, 2, {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6});
  }
}

void truncated_files_are_errors(void**) {
  for (const bool interlaced : {false, true}) {
    PngOptions options;
    options.interlaced = interlaced;
    const FileBytes file = encode_png(noise(20 * 20 * 3), 20, 20, options);
    for (std::size_t length = 0; length < file.size(); ++length) {
      const std::string error = error_of(FileBytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length)));
      if (length >= 33) assert_contains(error, "truncated");
    }
  }
}

void damaged_checksums_are_errors_and_no_flip_does_harm(void**) {
  PngOptions options;
  options.gamma = 0.45;
  options.exif = exif_block(6, true);
  options.compressed_text = "some text";
  const FileBytes file = encode_png(noise(16 * 16 * 3), 16, 16, options);
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (const int flip : {0x01, 0x20, 0x80, 0xFF}) {
      FileBytes damaged = file;
      damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ flip);
      // Each byte lies in the signature, or in a chunk whose length or checksum no longer fits.
      assert_false(decode_image(as_span(damaged), PixelFormat::rgba, "flipped.png").ok());
    }
  }
}

void put_u32(FileBytes* file, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) (*file)[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

// The header is changed together with its checksum (CRC-32 of name and data).
FileBytes with_size(FileBytes file, std::uint32_t width, std::uint32_t height) {
  put_u32(&file, 16, width);
  put_u32(&file, 20, height);
  std::uint32_t crc = 0xFFFFFFFFu;
  for (std::size_t at = 12; at < 29; ++at) {
    crc ^= file[at];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0);
  }
  put_u32(&file, 29, ~crc);
  return file;
}

void bombs_are_refused_by_size(void**) {
  const FileBytes file = encode_png(Values(64 * 64 * 3), 64, 64);
  const std::string huge = error_of(with_size(file, 60000, 60000));
  assert_contains(huge, "60000x60000 = 3600000000");
  assert_contains(huge, "100000000");
  assert_contains(error_of(with_size(file, 0x7FFFFFFF, 1)), "65535 a side");
  assert_contains(error_of(with_size(file, 1, 70000)), "70000");
  assert_contains(error_of(with_size(file, 0, 5)), "0x5");
  assert_contains(error_of(with_size(file, 10000, 10000)), "more than a PNG file of");
  assert_contains(error_of(with_size(file, 64, 65)), "damaged");  // fewer rows than the header says
}

void compressed_texts_are_not_unpacked(void**) {
  PngOptions options;
  options.compressed_text = std::string(std::size_t{64} << 20, 'a');
  const FileBytes file = encode_png({1, 2, 3}, 1, 1, options);
  assert_true(file.size() < (1u << 20));
  assert_values(decode(file, PixelFormat::rgb), 1, 1, {1, 2, 3});
}

void nothing_is_printed(void**) {
  PngOptions options;
  options.gamma = 0.45;
  const FileBytes file = encode_png(noise(10 * 10 * 3), 10, 10, options);
  CapturedStderr captured;
  for (std::size_t at = 0; at < file.size(); ++at) {
    FileBytes damaged = file;
    damaged[at] ^= 0x55;
    (void)decode_image(as_span(damaged), PixelFormat::bgr, "flipped.png");
    (void)decode_image(as_span(file).first(at), PixelFormat::bgr, "cut.png");
  }
  assert_int_equal(captured.printed(), 0);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(rgb_is_exact_with_and_without_interlace),
      cmocka_unit_test(sixteen_bits_are_rounded_to_eight),
      cmocka_unit_test(few_bits_of_grey_fill_the_range),
      cmocka_unit_test(palettes_give_their_colours),
      cmocka_unit_test(alpha_is_kept_or_dropped_by_the_format),
      cmocka_unit_test(a_transparent_colour_becomes_alpha_where_wanted),
      cmocka_unit_test(grey_of_colours_is_weighted),
      cmocka_unit_test(exif_orientation_is_applied),
      cmocka_unit_test(truncated_files_are_errors),
      cmocka_unit_test(damaged_checksums_are_errors_and_no_flip_does_harm),
      cmocka_unit_test(bombs_are_refused_by_size),
      cmocka_unit_test(compressed_texts_are_not_unpacked),
      cmocka_unit_test(nothing_is_printed),
  };
  return cmocka_run_group_tests_name("png", tests, nullptr, nullptr);
}

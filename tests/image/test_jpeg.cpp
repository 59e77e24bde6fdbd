// JPEG files of every kind become pixels; broken ones become errors that say what is wrong.
#include <algorithm>
#include <cstdlib>

#include "image/encoders.h"
#include "image/image.h"
#include "image/silence.h"
#include "support/cmocka.h"

namespace {

using namespace octet;
using namespace octet::test;

Image decode(const FileBytes& file, PixelFormat format = PixelFormat::rgb) {
  auto image = decode_image(as_span(file), format, "picture.jpg");
  if (!image.ok()) fail_msg("%s", image.status().message().c_str());
  return std::move(image).value();
}

void assert_contains(const std::string& text, const char* part) {
  if (text.find(part) == std::string::npos) fail_msg("'%s' is not in '%s'", part, text.c_str());
}

std::string error_of(const FileBytes& file) {
  const auto image = decode_image(as_span(file), PixelFormat::rgb, "picture.jpg");
  assert_false(image.ok());
  assert_int_equal(static_cast<int>(image.status().code()), static_cast<int>(Code::format));
  assert_contains(image.status().message(), "'picture.jpg'");
  return image.status().message();
}

int largest_difference(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  assert_int_equal(a.size(), b.size());
  int largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(int{a[i]} - int{b[i]}));
  return largest;
}

void decodes_every_coding_to_the_same_picture(void**) {
  const int width = 75, height = 53;  // no multiple of a block
  const auto pixels = smooth_pixels(width, height, 3);
  const int samplings[][2] = {{1, 1}, {2, 1}, {1, 2}, {2, 2}, {4, 1}, {4, 2}};
  for (const auto& sampling : samplings) {
    for (int coding = 0; coding < 4; ++coding) {
      JpegOptions options;
      options.h_samp = sampling[0];
      options.v_samp = sampling[1];
      options.progressive = coding == 1;
      options.arithmetic = coding == 2;
      options.scan_per_component = coding == 3;
      options.restart_interval = coding == 0 ? 2 : 0;
      const Image image = decode(encode_jpeg(pixels, width, height, options));
      assert_int_equal(image.width, width);
      assert_int_equal(image.height, height);
      assert_int_equal(image.channels, 3);
      assert_true(largest_difference(image.pixels, pixels) <= 8);
    }
  }
}

void rgb_without_a_colour_transform_is_decoded(void**) {
  const auto pixels = smooth_pixels(40, 30, 3);
  JpegOptions options;
  options.stored = JCS_RGB;
  options.h_samp = options.v_samp = 1;
  assert_true(largest_difference(decode(encode_jpeg(pixels, 40, 30, options)).pixels, pixels) <= 5);
}

void channels_follow_the_format(void**) {
  const FileBytes file = encode_jpeg(smooth_pixels(20, 10, 3), 20, 10);
  const Image rgb = decode(file, PixelFormat::rgb);
  const Image bgr = decode(file, PixelFormat::bgr);
  const Image rgba = decode(file, PixelFormat::rgba);
  const Image bgra = decode(file, PixelFormat::bgra);
  const Image gray = decode(file, PixelFormat::gray);
  assert_int_equal(gray.channels, 1);
  assert_int_equal(bgra.channels, 4);
  for (std::size_t i = 0; i < 200; ++i) {
    const int r = rgb.pixels[3 * i], g = rgb.pixels[3 * i + 1], b = rgb.pixels[3 * i + 2];
    assert_int_equal(bgr.pixels[3 * i], b);
    assert_int_equal(bgr.pixels[3 * i + 1], g);
    assert_int_equal(bgr.pixels[3 * i + 2], r);
    assert_int_equal(rgba.pixels[4 * i], r);
    assert_int_equal(rgba.pixels[4 * i + 3], 255);
    assert_int_equal(bgra.pixels[4 * i], b);
    assert_int_equal(bgra.pixels[4 * i + 2], r);
    assert_int_equal(bgra.pixels[4 * i + 3], 255);
    assert_int_equal(gray.pixels[i], (299 * r + 587 * g + 114 * b + 500) / 1000);
  }
}

void grey_files_fill_all_channels(void**) {
  const auto pixels = smooth_pixels(33, 17, 1);
  for (const bool progressive : {false, true}) {
    JpegOptions options;
    options.pixels = options.stored = JCS_GRAYSCALE;
    options.h_samp = options.v_samp = 1;
    options.progressive = progressive;
    const FileBytes file = encode_jpeg(pixels, 33, 17, options);
    const Image gray = decode(file, PixelFormat::gray);
    assert_true(largest_difference(gray.pixels, pixels) <= 4);
    const Image bgr = decode(file, PixelFormat::bgr);
    for (std::size_t i = 0; i < gray.pixels.size(); ++i) {
      for (std::size_t c = 0; c < 3; ++c) assert_int_equal(bgr.pixels[3 * i + c], gray.pixels[i]);
    }
  }
}

// `light`: 255 is no ink, as Adobe stores it.
std::vector<std::uint8_t> cmyk_pixels(int width, int height, bool light) {
  auto pixels = smooth_pixels(width, height, 4);
  if (!light) {
    for (auto& value : pixels) value = static_cast<std::uint8_t>(255 - value);
  }
  return pixels;
}

void cmyk_becomes_rgb(void**) {
  struct Case {
    J_COLOR_SPACE stored;
    bool adobe;
  };
  for (const Case c : {Case{JCS_CMYK, true}, Case{JCS_YCCK, true}, Case{JCS_CMYK, false}}) {
    for (const bool progressive : {false, true}) {
      JpegOptions options;
      options.pixels = JCS_CMYK;
      options.stored = c.stored;
      options.adobe_marker = c.adobe;
      options.progressive = progressive;
      options.h_samp = options.v_samp = c.stored == JCS_YCCK ? 2 : 1;
      const auto ink = cmyk_pixels(50, 40, c.adobe);
      const Image image = decode(encode_jpeg(ink, 50, 40, options));
      std::vector<std::uint8_t> expected = smooth_pixels(50, 40, 3);
      for (auto& value : expected) value = static_cast<std::uint8_t>(value * 200 / 255);
      assert_true(largest_difference(image.pixels, expected) <= 8);
    }
  }
}

void one_pixel_and_thin_images_are_decoded(void**) {
  for (const auto& [width, height] : {std::pair{1, 1}, std::pair{1, 100}, std::pair{300, 1}, std::pair{7, 9}}) {
    for (const int sampling : {1, 2}) {
      JpegOptions options;
      options.h_samp = options.v_samp = sampling;
      options.progressive = sampling == 1;
      const auto pixels = smooth_pixels(width, height, 3);
      const Image image = decode(encode_jpeg(pixels, width, height, options));
      assert_int_equal(image.width, width);
      assert_int_equal(image.height, height);
      // Few pixels change steeply, which coarser chroma blurs.
      assert_true(largest_difference(image.pixels, pixels) <= (sampling == 1 ? 8 : 32));
    }
  }
}

// Four corners of different grey: the upper left is 0, the upper right 80, the lower left 160, the lower right 240.
int corner_value(bool right, bool lower) { return (right ? 80 : 0) + (lower ? 160 : 0); }

// Stores the upright picture (48 wide, 32 high) as a camera held for `orientation` does. TIFF 6.0 says where the
// stored row 0 and column 0 lie in the upright picture.
FileBytes stored_for(int orientation, bool big_endian) {
  const bool transposed = orientation >= 5;
  const int width = transposed ? 32 : 48, height = transposed ? 48 : 32;
  static constexpr bool kFirstRowBelowOrRight[] = {false, false, false, true, true, false, true, true, false};
  static constexpr bool kFirstColumnBelowOrRight[] = {false, false, true, true, false, false, false, true, true};
  std::vector<std::uint8_t> pixels;
  for (int row = 0; row < height; ++row) {
    for (int column = 0; column < width; ++column) {
      const bool late_row = (row >= height / 2) != kFirstRowBelowOrRight[orientation];
      const bool late_column = (column >= width / 2) != kFirstColumnBelowOrRight[orientation];
      const bool right = transposed ? late_row : late_column;
      const bool lower = transposed ? late_column : late_row;
      pixels.push_back(static_cast<std::uint8_t>(corner_value(right, lower)));
    }
  }
  JpegOptions options;
  options.pixels = options.stored = JCS_GRAYSCALE;
  options.h_samp = options.v_samp = 1;
  options.exif = exif_block(orientation, big_endian);
  return encode_jpeg(pixels, width, height, options);
}

void exif_orientation_is_applied(void**) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const bool big_endian : {false, true}) {
      const Image image = decode(stored_for(orientation, big_endian), PixelFormat::gray);
      assert_int_equal(image.width, 48);
      assert_int_equal(image.height, 32);
      for (const bool right : {false, true}) {
        for (const bool lower : {false, true}) {
          const std::size_t at = (lower ? 24u : 8u) * 48 + (right ? 36u : 12u);
          assert_in_range(image.pixels[at] + 10, corner_value(right, lower) + 5, corner_value(right, lower) + 15);
        }
      }
    }
  }
}

void damaged_exif_leaves_the_picture_as_stored(void**) {
  const FileBytes whole = exif_block(6, false);
  const auto pixels = smooth_pixels(24, 16, 3);
  for (std::size_t length = 6; length < whole.size(); ++length) {
    JpegOptions options;
    options.exif.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    if (length >= 26) continue;  // the value is complete
    assert_int_equal(decode(encode_jpeg(pixels, 24, 16, options)).width, 24);
  }
  for (const int orientation : {0, 9, 255}) {
    JpegOptions options;
    options.exif = exif_block(orientation, true);
    assert_int_equal(decode(encode_jpeg(pixels, 24, 16, options)).width, 24);
  }
  JpegOptions options;
  options.exif = whole;
  std::fill(options.exif.begin() + 10, options.exif.begin() + 14, std::uint8_t{0xFF});  // directory far outside
  assert_int_equal(decode(encode_jpeg(pixels, 24, 16, options)).width, 24);
}

// A shorter file is an error, or (where only the end marker is lost) the whole picture: never half of one.
void truncated_files_are_errors(void**) {
  const auto pixels = smooth_pixels(64, 48, 3);
  for (int coding = 0; coding < 5; ++coding) {
    JpegOptions options;
    options.progressive = coding == 1;
    options.arithmetic = coding == 2;
    options.scan_per_component = coding == 3;
    options.restart_interval = coding == 4 ? 1 : 0;
    const FileBytes file = encode_jpeg(pixels, 64, 48, options);
    const Image whole = decode(file);
    for (std::size_t length = 0; length < file.size(); ++length) {
      const auto cut = decode_image(as_span(file).first(length), PixelFormat::rgb, "cut.jpg");
      if (!cut.ok()) {
        assert_int_equal(static_cast<int>(cut.status().code()), static_cast<int>(Code::format));
        continue;
      }
      assert_true(length + 2 >= file.size());
      assert_true(coding == 0 || coding == 4);
      assert_true(cut->pixels == whole.pixels);
    }
    assert_contains(error_of(FileBytes(file.begin(), file.end() - 40)), "truncated");
  }
}

void flipped_bytes_never_do_harm(void**) {
  for (int coding = 0; coding < 3; ++coding) {
    JpegOptions options;
    options.progressive = coding == 1;
    options.pixels = options.stored = coding == 2 ? JCS_CMYK : JCS_RGB;
    if (coding != 2) options.stored = JCS_YCbCr;
    options.exif = exif_block(3, true);
    const FileBytes file = encode_jpeg(smooth_pixels(24, 24, coding == 2 ? 4 : 3), 24, 24, options);
    for (std::size_t at = 0; at < file.size(); ++at) {
      for (const int flip : {0x01, 0x80, 0xFF}) {
        FileBytes damaged = file;
        damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ flip);
        const auto image = decode_image(as_span(damaged), PixelFormat::bgr, "flipped.jpg");
        if (image.ok()) {
          assert_int_equal(image->pixels.size(), image->width * image->height * 3);
        } else {
          assert_contains(image.status().message(), "'flipped.jpg'");
        }
      }
    }
  }
}

FileBytes with_size(FileBytes file, int width, int height) {
  for (std::size_t at = 2; at + 9 < file.size(); at += 2 + std::size_t{file[at + 2]} * 256 + file[at + 3]) {
    if (file[at + 1] != 0xC0 && file[at + 1] != 0xC2) continue;
    file[at + 5] = static_cast<std::uint8_t>(height >> 8);
    file[at + 6] = static_cast<std::uint8_t>(height);
    file[at + 7] = static_cast<std::uint8_t>(width >> 8);
    file[at + 8] = static_cast<std::uint8_t>(width);
    return file;
  }
  std::abort();
}

void bombs_are_refused_by_size(void**) {
  for (const bool progressive : {false, true}) {
    JpegOptions options;
    options.progressive = progressive;
    const FileBytes file = encode_jpeg(smooth_pixels(64, 64, 3), 64, 64, options);
    const std::string huge = error_of(with_size(file, 65500, 65500));
    assert_contains(huge, "65500x65500");
    assert_contains(huge, "100000000");
    assert_contains(error_of(with_size(file, 9999, 9999)), "more than a JPEG file of");
    assert_contains(error_of(with_size(file, 65535, 2)), "65500");
    error_of(with_size(file, 0, 64));
    error_of(with_size(file, 64, 0));
  }
}

void endless_scans_are_refused(void**) {
  JpegOptions options;
  options.scan_per_component = true;
  FileBytes file = encode_jpeg(smooth_pixels(64, 64, 3), 64, 64, options);
  std::size_t last_scan = 0;
  for (std::size_t at = 0; at + 1 < file.size(); ++at) {
    if (file[at] == 0xFF && file[at + 1] == 0xDA) last_scan = at;
  }
  const FileBytes scan(file.begin() + static_cast<std::ptrdiff_t>(last_scan), file.end() - 2);
  for (int i = 0; i < 200; ++i) file.insert(file.end() - 2, scan.begin(), scan.end());
  assert_contains(error_of(file), "scans");
}

void nothing_is_printed(void**) {
  const FileBytes file = encode_jpeg(smooth_pixels(32, 32, 3), 32, 32);
  CapturedStderr captured;
  for (std::size_t at = 0; at < file.size(); at += 3) {
    FileBytes damaged = file;
    damaged[at] ^= 0x55;
    (void)decode_image(as_span(damaged), PixelFormat::bgr, "flipped.jpg");
    (void)decode_image(as_span(file).first(at), PixelFormat::bgr, "cut.jpg");
  }
  assert_int_equal(captured.printed(), 0);
}

void other_files_are_named(void**) {
  const auto error = [](std::string_view text) { return error_of(FileBytes(text.begin(), text.end())); };
  assert_contains(error(""), "empty");
  assert_contains(error("GIF89a...."), "GIF");
  assert_contains(error(std::string_view("RIFF\0\0\0\0WEBPVP8 ", 16)), "WebP");
  assert_contains(error(std::string_view("II*\0\x08\0\0\0", 8)), "TIFF");
  assert_contains(error(std::string_view("BM\x36\0\0\0\0\0\0\0\x36\0\0\0", 14)), "BMP");
  assert_contains(error("version https://git-lfs.github.com/spec/v1\n"), "Git LFS");
  assert_contains(error("<!DOCTYPE html><html>"), "HTML");
  assert_contains(error("Hello"), "JPEG or PNG");
  assert_contains(error("\xFF\xD8\xFF"), "truncated");
}

void file_kinds_are_recognised_by_their_first_bytes(void**) {
  const FileBytes jpeg = encode_jpeg(smooth_pixels(8, 8, 3), 8, 8);
  assert_true(looks_like_image(as_span(jpeg).first(16)));
  assert_true(looks_like_image(std::as_bytes(std::span("GIF89a", 6))));
  assert_false(looks_like_image(std::as_bytes(std::span("{\"a\": 1}", 8))));
  assert_false(looks_like_image({}));
}

void a_missing_file_is_an_io_error(void**) {
  const auto image = load_image("/nonexistent/picture.jpg", PixelFormat::rgb);
  assert_int_equal(static_cast<int>(image.status().code()), static_cast<int>(Code::io));
  assert_contains(image.status().message(), "/nonexistent/picture.jpg");
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(decodes_every_coding_to_the_same_picture),
      cmocka_unit_test(rgb_without_a_colour_transform_is_decoded),
      cmocka_unit_test(channels_follow_the_format),
      cmocka_unit_test(grey_files_fill_all_channels),
      cmocka_unit_test(cmyk_becomes_rgb),
      cmocka_unit_test(one_pixel_and_thin_images_are_decoded),
      cmocka_unit_test(exif_orientation_is_applied),
      cmocka_unit_test(damaged_exif_leaves_the_picture_as_stored),
      cmocka_unit_test(truncated_files_are_errors),
      cmocka_unit_test(flipped_bytes_never_do_harm),
      cmocka_unit_test(bombs_are_refused_by_size),
      cmocka_unit_test(endless_scans_are_refused),
      cmocka_unit_test(nothing_is_printed),
      cmocka_unit_test(other_files_are_named),
      cmocka_unit_test(file_kinds_are_recognised_by_their_first_bytes),
      cmocka_unit_test(a_missing_file_is_an_io_error),
  };
  return cmocka_run_group_tests_name("jpeg", tests, nullptr, nullptr);
}

// Calibration folders as users have them: missing, empty, with unreadable files, with every kind of image.
#include <zlib.h>

#include "cli/workspace.h"

namespace octet::test {
namespace {

const FileBytes kGoodPng = encode_png(noisy_pixels(24, 24, 3, 1), 24, 24);
const FileBytes kGoodJpeg = encode_jpeg(smooth_pixels(64, 48, 3), 64, 48);

FileBytes first_half(const FileBytes& bytes) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() / 2)};
}

// A PNG that says it is as large as PNG allows; a few hundred bytes that would need terabytes.
FileBytes bomb() {
  FileBytes bytes = kGoodPng;
  for (const std::size_t position : {16u, 20u}) {  // width and height in IHDR, big-endian
    bytes[position] = 0x7F;
    bytes[position + 1] = bytes[position + 2] = bytes[position + 3] = 0xFF;
  }
  uLong crc = crc32(0, bytes.data() + 12, 17);  // of the chunk's type and content
  for (int i = 0; i < 4; ++i) bytes[static_cast<std::size_t>(29 + i)] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
  return bytes;
}

void a_missing_folder_is_named(void**) {
  const Workspace workspace;
  workspace.write("net.json", R"({"format": "RGB", "path": "no-such-folder/"})");
  const CommandResult result = workspace.quantize();
  assert_int_not_equal(result.status, 0);
  expect_contains(result.err, "no-such-folder");
  workspace.expect_nothing_written();
}

void a_configuration_without_a_path_is_refused(void**) {
  const Workspace workspace;
  workspace.write("net.json", R"({"format": "RGB"})");
  const CommandResult result = workspace.quantize();
  assert_int_not_equal(result.status, 0);
  expect_contains(result.err, "path");
  workspace.expect_nothing_written();
}

void an_empty_folder_is_named(void**) {
  const Workspace workspace(0);
  workspace.expect_quantize_fails(1, {"images"});
}

void a_folder_without_a_readable_image_names_each_file(void**) {
  const Workspace workspace(0);
  workspace.write_image("half.png", first_half(kGoodPng));
  workspace.write_image("half.jpg", first_half(first_half(kGoodJpeg)));
  workspace.write_image("notes.txt", {'h', 'e', 'l', 'l', 'o'});
  workspace.write_image("empty.png", {});
  const CommandResult result = workspace.quantize();
  expect_failure(result, 1, {"half.png", "half.jpg", "empty.png"});
  workspace.expect_nothing_written();
}

void a_few_bad_images_among_good_ones_are_warnings_and_counted(void**) {
  const Workspace workspace;
  workspace.write_image("half.png", first_half(kGoodPng));
  workspace.write_image("bomb.png", bomb());
  workspace.write_image("zero.jpg", {});
  const CommandResult result = workspace.quantize({"--json"});
  expect_status(result, 0);
  for (const char* name : {"half.png", "bomb.png", "zero.jpg"}) expect_contains(result.err, name);
  expect_contains(result.err, "octet: warning: ");
  expect_contains(result.out, R"("skipped_files": 3)");
  expect_contains(result.out, R"("calibration_samples": 4)");
  assert_true(file_exists(workspace.target()));
  expect_contains(workspace.quantize().out, "3 unreadable files");
}

void a_decompression_bomb_is_refused_by_its_size(void**) {
  const Workspace workspace(0);
  workspace.write_image("bomb.png", bomb());
  const CommandResult result = workspace.quantize();
  expect_failure(result, 1, {"bomb.png"});
  assert_true(result.peak_bytes < (std::int64_t{512} << 20));
  workspace.expect_nothing_written();
}

// Each as the only calibration image.
void expect_readable(const char* name, const FileBytes& bytes) {
  const Workspace workspace(0);
  workspace.write_image(name, bytes);
  const CommandResult result = workspace.quantize({"--json"});
  if (result.status != 0) print_error("%s\n", name);
  expect_status(result, 0);
  expect_contains(result.out, R"("skipped_files": 0)");
}

void every_kind_of_jpeg_works(void**) {
  JpegOptions cmyk;
  cmyk.pixels = cmyk.stored = JCS_CMYK;
  cmyk.h_samp = cmyk.v_samp = 1;
  JpegOptions grey;
  grey.pixels = grey.stored = JCS_GRAYSCALE;
  grey.h_samp = grey.v_samp = 1;
  JpegOptions progressive;
  progressive.progressive = true;
  JpegOptions rotated;
  rotated.exif = exif_block(6, true);
  expect_readable("plain.jpg", kGoodJpeg);
  expect_readable("cmyk.jpg", encode_jpeg(smooth_pixels(40, 30, 4), 40, 30, cmyk));
  expect_readable("grey.jpg", encode_jpeg(smooth_pixels(40, 30, 1), 40, 30, grey));
  expect_readable("progressive.jpg", encode_jpeg(smooth_pixels(40, 30, 3), 40, 30, progressive));
  expect_readable("rotated.jpeg", encode_jpeg(smooth_pixels(40, 30, 3), 40, 30, rotated));
  expect_readable("pixel.jpg", encode_jpeg(smooth_pixels(1, 1, 3), 1, 1));
}

void every_kind_of_png_works(void**) {
  PngOptions deep;
  deep.bit_depth = 16;
  PngOptions grey;
  grey.color_type = PNG_COLOR_TYPE_GRAY;
  PngOptions transparent;
  transparent.color_type = PNG_COLOR_TYPE_RGB_ALPHA;
  PngOptions interlaced;
  interlaced.interlaced = true;
  expect_readable("deep.png", encode_png(noisy_pixels(20, 20, 6, 3), 20, 20, deep));
  expect_readable("grey.png", encode_png(noisy_pixels(20, 20, 1, 3), 20, 20, grey));
  expect_readable("transparent.png", encode_png(noisy_pixels(20, 20, 4, 3), 20, 20, transparent));
  expect_readable("interlaced.png", encode_png(noisy_pixels(20, 20, 3, 3), 20, 20, interlaced));
  expect_readable("pixel.png", encode_png(noisy_pixels(1, 1, 3, 3), 1, 1));
  expect_readable("name-without-ending.PNG", kGoodPng);
}

void a_huge_image_works(void**) {
  PngOptions grey;
  grey.color_type = PNG_COLOR_TYPE_GRAY;
  expect_readable("huge.png", encode_png(std::vector<std::uint8_t>(6000 * 4000, 90), 6000, 4000, grey));
}

void the_order_of_the_folder_does_not_matter(void**) {
  const Workspace forward(0), backward(0);
  for (int i = 0; i < 6; ++i) forward.add_image("i" + std::to_string(i) + ".png", static_cast<unsigned>(i));
  for (int i = 5; i >= 0; --i) backward.add_image("i" + std::to_string(i) + ".png", static_cast<unsigned>(i));
  assert_true(read_file(forward.quantized()) == read_file(backward.quantized()));
}

void run_names_an_image_that_it_cannot_read(void**) {
  const Workspace workspace;
  const std::string half = workspace.write_image("half.png", first_half(kGoodPng));
  expect_failure(Command({"run", workspace.model(), "--image", half, "--config", workspace.config()}).run(), 1, {half});
  const std::string text = workspace.write("notes.txt", "hello");
  expect_failure(Command({"run", workspace.model(), "--image", text, "--config", workspace.config()}).run(), 1, {text});
  const std::string missing = workspace.path("missing.png");
  expect_failure(Command({"run", workspace.model(), "--image", missing, "--config", workspace.config()}).run(), 1,
                 {missing});
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(a_missing_folder_is_named),
      cmocka_unit_test(a_configuration_without_a_path_is_refused),
      cmocka_unit_test(an_empty_folder_is_named),
      cmocka_unit_test(a_folder_without_a_readable_image_names_each_file),
      cmocka_unit_test(a_few_bad_images_among_good_ones_are_warnings_and_counted),
      cmocka_unit_test(a_decompression_bomb_is_refused_by_its_size),
      cmocka_unit_test(every_kind_of_jpeg_works),
      cmocka_unit_test(every_kind_of_png_works),
      cmocka_unit_test(a_huge_image_works),
      cmocka_unit_test(the_order_of_the_folder_does_not_matter),
      cmocka_unit_test(run_names_an_image_that_it_cannot_read),
  };
  return cmocka_run_group_tests_name("cli/bad_images", tests, nullptr, nullptr);
}

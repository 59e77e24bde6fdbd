// Small pictures for reports.
#include "image/encoders.h"
#include "image/thumbnail.h"
#include "support/expect.h"

using namespace octet;
using namespace octet::test;

namespace {

void test_a_pixel_is_the_mean_of_its_block(void**) {
  const Image image{5, 2, 1, {0, 10, 20, 30, 99, 4, 6, 40, 50, 99}};
  const Image small = shrink(image, 3);
  assert_true(small.width == 2 && small.height == 1 && small.channels == 1);
  const std::vector<std::uint8_t> expected{5, 35};  // the fifth column fills no block
  assert_true(small.pixels == expected);
}

void test_what_is_small_enough_stays(void**) {
  const Image image{4, 3, 3, smooth_pixels(4, 3, 3)};
  assert_true(shrink(image, 4).pixels == image.pixels);
  const Image thin = shrink({1000, 1, 1, std::vector<std::uint8_t>(1000, 7)}, 10);
  assert_true(thin.width == 10 && thin.height == 1 && thin.pixels == std::vector<std::uint8_t>(10, 7));
}

void test_what_is_written_is_read_again(void**) {
  for (const int channels : {1, 3}) {
    const Image image{40, 30, channels, smooth_pixels(40, 30, channels)};
    const auto bytes = encode_jpeg(image);
    expect_ok(bytes.status());
    const auto read = decode_image(std::as_bytes(std::span(*bytes)),
                                   channels == 1 ? PixelFormat::gray : PixelFormat::rgb, "thumbnail");
    expect_ok(read.status());
    assert_true(read->width == 40 && read->height == 30 && read->channels == channels);
    int worst = 0;
    for (std::size_t i = 0; i < image.pixels.size(); ++i) {
      worst = std::max(worst, std::abs(int{image.pixels[i]} - int{read->pixels[i]}));
    }
    assert_true(worst < 25);
  }
}

void test_what_jpeg_cannot_hold_is_an_error(void**) {
  const Image image{65536, 1, 1, std::vector<std::uint8_t>(65536)};
  expect_failure(encode_jpeg(image).status(), Code::internal, {"libjpeg"});
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_a_pixel_is_the_mean_of_its_block),
      cmocka_unit_test(test_what_is_small_enough_stays),
      cmocka_unit_test(test_what_is_written_is_read_again),
      cmocka_unit_test(test_what_jpeg_cannot_hold_is_an_error),
  };
  return cmocka_run_group_tests_name("image/thumbnail", tests, nullptr, nullptr);
}

// Priors, decoding, suppression and mapping of boxes; drawing.
#include <cmath>

#include "cli/detections.h"
#include "cli/drawing.h"
#include "cli/failure.h"
#include "support/cmocka.h"
#include "support/temporary.h"

namespace octet::cli {
namespace {

void expect_near(float value, float expected) {
  if (std::abs(value - expected) <= 1e-3f) return;
  fail_msg("%g instead of %g", static_cast<double>(value), static_cast<double>(expected));
}

void expect_box(const Box& box, float x1, float y1, float x2, float y2) {
  expect_near(box.x1, x1);
  expect_near(box.y1, y1);
  expect_near(box.x2, x2);
  expect_near(box.y2, y2);
}

void priors_go_through_strides_rows_columns_and_sizes(void**) {
  const std::vector<Prior> priors = make_priors(320, 240);
  assert_int_equal(priors.size(), 4420);
  expect_near(priors[0].x, 4.0f / 320);
  expect_near(priors[0].width, 10.0f / 320);
  expect_near(priors[2].height, 24.0f / 240);
  expect_near(priors[3].x, 12.0f / 320);           // the next column
  expect_near(priors[40 * 3].y, 12.0f / 240);      // the next row
  expect_near(priors[40 * 30 * 3].x, 8.0f / 320);  // the next stride
  // The last row of stride 32 has its centre at 240 of 240 pixels, the last box is larger than the input.
  expect_near(priors[3600 + 600 + 159].y, 1);
  expect_near(priors.back().width, 256.0f / 320);
  expect_near(priors.back().height, 1);
}

DetectorLayout layout_of(std::size_t count) { return {0, 1, count, 64, 64}; }

// Scores that are background everywhere but in the boxes named.
std::vector<float> scores_with(std::size_t count, std::initializer_list<std::pair<std::size_t, float>> faces) {
  std::vector<float> scores(2 * count, 0);
  for (std::size_t i = 0; i < count; ++i) scores[2 * i] = 1;
  for (const auto& [index, score] : faces) {
    scores[2 * index] = 1 - score;
    scores[2 * index + 1] = score;
  }
  return scores;
}

void raw_boxes_are_decoded_around_their_priors(void**) {
  const std::size_t count = make_priors(64, 64).size();
  const std::size_t index = 192 + (1 * 4 + 2) * 2;  // stride 16, row 1, column 2, 32 pixels
  std::vector<float> boxes(4 * count, 0);
  const auto scores = scores_with(count, {{index, 0.9f}});
  const auto plain = detect(layout_of(count), scores, boxes, {});
  assert_int_equal(plain.size(), 1);
  expect_near(plain[0].score, 0.9f);
  expect_box(plain[0].box, 24, 8, 56, 40);
  boxes[4 * index] = 2.5f;                       // 2.5 * 0.1 of the prior's width to the right
  boxes[4 * index + 3] = std::log(0.5f) / 0.2f;  // half as high
  expect_box(detect(layout_of(count), scores, boxes, {})[0].box, 32, 16, 64, 32);
}

void decoded_boxes_are_shares_of_the_input(void**) {
  const std::vector<float> boxes = {0.25f, 0.5f, 0.75f, 1, NAN, 0, 1, 1};
  const auto found = detect(layout_of(2), scores_with(2, {{0, 0.8f}, {1, 0.9f}}), boxes, {.raw = false});
  assert_int_equal(found.size(), 1);  // a box that is not a number is none
  expect_box(found[0].box, 16, 32, 48, 64);
}

void raw_boxes_of_another_count_are_refused(void**) {
  try {
    detect(layout_of(7), scores_with(7, {}), std::vector<float>(28), {});
  } catch (const Failure& failure) {
    assert_int_equal(failure.code(), Q_E_SHAPE);
    return;
  }
  fail_msg("no failure");
}

void the_better_of_two_overlapping_boxes_stays(void**) {
  const std::vector<float> boxes = {0, 0, 0.5f, 0.5f, 0.05f, 0, 0.55f, 0.5f, 0.5f, 0.5f, 1, 1, 0, 0, 0.1f, 0.1f};
  const auto scores = scores_with(4, {{0, 0.8f}, {1, 0.95f}, {2, 0.9f}, {3, 0.6f}});
  const auto found = detect(layout_of(4), scores, boxes, {.raw = false});
  assert_int_equal(found.size(), 2);
  expect_near(found[0].score, 0.95f);
  expect_near(found[1].score, 0.9f);
  assert_int_equal(detect(layout_of(4), scores, boxes, {.raw = false, .score_threshold = 0.5f}).size(), 3);
  assert_int_equal(detect(layout_of(4), scores, boxes, {.raw = false, .iou_threshold = 0.9f}).size(), 3);
}

void scores_that_are_no_probabilities_go_through_a_softmax(void**) {
  const std::vector<float> scores = {-2, 2, 5, -5};
  const auto found = detect(layout_of(2), scores, std::vector<float>(8, 0.5f), {.raw = false});
  assert_int_equal(found.size(), 1);
  expect_near(found[0].score, 1 / (1 + std::exp(-4.0f)));
}

void boxes_are_moved_to_the_image_and_cut(void**) {
  q_mapping mapping{};
  mapping.scale_x = 2;
  mapping.scale_y = 4;
  mapping.offset_x = -8;
  mapping.offset_y = 10;
  expect_box(map_box({10, 10, 60, 60}, mapping, 100, 200), 12, 50, 100, 200);
  expect_box(map_box({0, 0, 1, 1}, mapping, 100, 200), 0, 10, 0, 14);
}

bool is(const Colour& a, const Colour& b) { return a.red == b.red && a.green == b.green && a.blue == b.blue; }

void frames_and_digits_are_cut_at_the_borders(void**) {
  const Colour red{255, 0, 0};
  Canvas canvas(20, 10, std::vector<std::uint8_t>(20 * 10 * 3, 0));
  canvas.frame(-5, 2, 8, 30, 2, red);
  assert_true(is(canvas.at(0, 2), red) && is(canvas.at(7, 9), red) && is(canvas.at(6, 5), red));
  assert_true(is(canvas.at(5, 5), {}) && is(canvas.at(8, 2), {}) && is(canvas.at(0, 1), {}));
  canvas.text(18, 3, "1", 1, red);
  assert_true(is(canvas.at(19, 3), red) && is(canvas.at(18, 3), {}) && is(canvas.at(18, 4), red));
}

void a_detection_is_drawn_with_its_score(void**) {
  Canvas canvas(100, 100, std::vector<std::uint8_t>(100 * 100 * 3, 0));
  const Detection detection{0.97f, {30, 40, 70, 90}};
  draw_detections(canvas, std::span(&detection, 1));
  const Colour frame = canvas.at(30, 60);
  assert_false(is(frame, {}));
  assert_true(is(canvas.at(31, 60), frame) && is(canvas.at(32, 60), {}) && is(canvas.at(69, 60), frame));
  assert_true(is(canvas.at(50, 60), {}));
  assert_true(is(canvas.at(31, 27), frame));  // the score's background above the frame
}

void a_drawing_that_cannot_be_written_is_a_failure(void**) {
  const test::TemporaryFolder folder;
  const Canvas canvas(4, 4, std::vector<std::uint8_t>(48, 100));
  write_png(folder.path("a.png"), canvas);
  assert_true(std::filesystem::file_size(folder.path("a.png")) > 0);
  try {
    write_png(folder.path("missing/a.png"), canvas);
  } catch (const Failure& failure) {
    assert_int_equal(failure.code(), Q_E_IO);
    assert_true(failure.message().find("missing/a.png") != std::string::npos);
    return;
  }
  fail_msg("no failure");
}

}  // namespace
}  // namespace octet::cli

int main() {
  using namespace octet::cli;
  const CMUnitTest tests[] = {
      cmocka_unit_test(priors_go_through_strides_rows_columns_and_sizes),
      cmocka_unit_test(raw_boxes_are_decoded_around_their_priors),
      cmocka_unit_test(decoded_boxes_are_shares_of_the_input),
      cmocka_unit_test(raw_boxes_of_another_count_are_refused),
      cmocka_unit_test(the_better_of_two_overlapping_boxes_stays),
      cmocka_unit_test(scores_that_are_no_probabilities_go_through_a_softmax),
      cmocka_unit_test(boxes_are_moved_to_the_image_and_cut),
      cmocka_unit_test(frames_and_digits_are_cut_at_the_borders),
      cmocka_unit_test(a_detection_is_drawn_with_its_score),
      cmocka_unit_test(a_drawing_that_cannot_be_written_is_a_failure),
  };
  return cmocka_run_group_tests_name("cli/detections", tests, nullptr, nullptr);
}

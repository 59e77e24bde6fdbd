// Boxes of detectors: who is one, what its outputs mean, and which boxes of two networks are the same.
#include <cmath>

#include "quantize/detections.h"
#include "quantize/networks.h"

using namespace octet;
using namespace octet::test;

namespace {

// A network of one input with two outputs of these shapes; `decodes`: there is an exponential in it.
Graph network(Dims input, Dims first, Dims second, bool decodes = false) {
  Graph graph;
  graph.inputs = {graph.add_tensor("x", DType::f32, std::move(input))};
  graph.outputs = {graph.add_tensor("a", DType::f32, std::move(first)),
                   graph.add_tensor("b", DType::f32, std::move(second))};
  if (decodes) {
    Node node;
    node.op = Op::unary;
    node.attrs.unary = UnaryKind::exp;
    graph.nodes.push_back(node);
  }
  return graph;
}

std::optional<Detector> found(const Graph& graph, BoxKind kind = BoxKind::automatic) {
  const auto detector = find_detector(graph, kind);
  expect_ok(detector.status());
  return *detector;
}

void test_who_is_a_detector(void**) {
  const Dims image{1, 3, 240, 320};
  const auto detector = found(network(image, {1, 4420, 2}, {1, 4420, 4}));
  assert_true(detector && detector->scores == 0 && detector->boxes == 1 && detector->count == 4420 && detector->raw);
  assert_true(detector->input_width == 320 && detector->input_height == 240);
  const auto turned = found(network({1, 240, 320, 3}, {4420, 4}, {4420, 2}, true));
  assert_true(turned && turned->scores == 1 && turned->boxes == 0 && !turned->raw && turned->input_width == 320);
  assert_true(!found(network(image, {1, 100, 2}, {1, 100, 4}))->raw);  // not as many as there are priors
  assert_false(found(network(image, {1, 100, 2}, {1, 99, 4})).has_value());
  assert_false(found(network(image, {1, 100, 3}, {1, 100, 4})).has_value());
  assert_false(found(network({2, 3, 240, 320}, {1, 100, 2}, {1, 100, 4})).has_value());
  assert_false(found(network({1, 7}, {1, 100, 2}, {1, 100, 4})).has_value());
  assert_false(found(network(image, {2, 50, 2}, {2, 50, 4})).has_value());
}

void test_what_boxes_are_can_be_said(void**) {
  const Dims image{1, 3, 240, 320};
  assert_true(!found(network(image, {1, 4420, 2}, {1, 4420, 4}), BoxKind::decoded)->raw);
  assert_true(found(network(image, {1, 4420, 2}, {1, 4420, 4}, true), BoxKind::raw)->raw);
  expect_failure(find_detector(network(image, {1, 100, 2}, {1, 100, 4}), BoxKind::raw).status(), Code::argument,
                 {"100 boxes", "4420 priors", "decoded"});
  expect_failure(find_detector(network(image, {1, 100, 5}, {1, 100, 4}), BoxKind::decoded).status(), Code::argument,
                 {"no detector"});
}

Detector decoded(std::size_t count) {
  Detector detector;
  detector.boxes = 1;
  detector.count = count;
  detector.input_width = detector.input_height = 32;
  return detector;
}

void test_the_best_of_boxes_that_overlap_stays(void**) {
  const std::vector<float> scores{0.2F, 0.8F, 0.05F, 0.95F, 0.25F, 0.75F, 0.4F, 0.6F};
  const std::vector<float> boxes{0, 0, 0.5F, 0.5F, 0.02F, 0, 0.5F, 0.5F, 0.6F, 0.6F, 0.9F, 0.9F, 0, 0.6F, 0.2F, 0.9F};
  const auto found_boxes = detect(decoded(4), scores, boxes);
  assert_int_equal(found_boxes.size(), 2);  // the last one is below 0.7
  assert_true(found_boxes[0].score == 0.95F && found_boxes[0].x1 == 0.02F);
  assert_true(found_boxes[1].score == 0.75F && found_boxes[1].y2 == 0.9F);
}

void test_scores_may_be_logits_and_nonsense_is_no_box(void**) {
  const float nan = std::nanf("");
  const std::vector<float> boxes{0, 0, 1, 1, nan, 0, 1, 1};
  const auto found_boxes = detect(decoded(2), std::vector<float>{-3, 3, -3, 3}, boxes);
  assert_int_equal(found_boxes.size(), 1);
  assert_true(std::fabs(found_boxes[0].score - 0.99753F) < 1e-4F);
  assert_true(detect(decoded(1), std::vector<float>{0, nan}, boxes).empty());
}

void test_raw_boxes_are_offsets_to_priors(void**) {
  Detector detector = decoded(prior_count(32, 32));
  detector.raw = true;
  assert_int_equal(detector.count, 16 * 3 + 4 * 2 + 2 + 3);
  std::vector<float> scores(2 * detector.count, 0);
  std::vector<float> boxes(4 * detector.count, 0);
  scores[3] = 1;  // the second size, 16 pixels, of the first cell, whose centre is at 4
  const auto found_boxes = detect(detector, scores, boxes);
  assert_int_equal(found_boxes.size(), 1);
  assert_true(found_boxes[0].x1 == (4 - 8) / 32.0F && found_boxes[0].y2 == (4 + 8) / 32.0F);
  boxes[4] = 10;                  // a whole width to the right, by variance 0.1
  boxes[6] = 5 * std::log(2.0F);  // twice as wide, by variance 0.2
  const auto moved = detect(detector, scores, boxes);
  assert_true(std::fabs(moved[0].x1 - (20 - 16) / 32.0F) < 1e-5F && std::fabs(moved[0].x2 - (20 + 16) / 32.0F) < 1e-5F);
}

FoundBox box(float score, float x1, float x2) { return {score, x1, 0, x2, 1, false}; }

void test_overlap(void**) {
  assert_true(overlap(box(1, 0, 1), box(1, 0, 1)) == 1);
  assert_true(overlap(box(1, 0, 1), box(1, 0.5F, 1.5F)) == 0.5F / 1.5F);
  assert_true(overlap(box(1, 0, 1), box(1, 1, 2)) == 0);
  assert_true(overlap(box(1, 1, 0), box(1, 0, 0)) == 0);
}

void test_each_box_is_matched_once(void**) {
  DetectionSums sums;
  std::vector<FoundBox> reference{box(0.9F, 0, 1), box(0.8F, 0.1F, 1.1F), box(0.75F, 5, 6)};
  std::vector<FoundBox> model{box(0.88F, 0, 1), box(0.7F, 9, 10)};
  assert_false(sums.add(reference, model));
  assert_true(reference[0].matched && !reference[1].matched && !reference[2].matched);
  assert_true(model[0].matched && !model[1].matched);
  std::vector<FoundBox> one{box(0.9F, 0, 1)};
  std::vector<FoundBox> near{box(0.8F, 0, 0.8F)};
  assert_true(sums.add(one, near));
  std::vector<FoundBox> none;
  std::vector<FoundBox> nothing;
  assert_true(sums.add(none, nothing));
  const DetectionReport report = sums.report(decoded(4));
  assert_true(report.float_boxes == 4 && report.int8_boxes == 3 && report.matched == 2 && report.same_samples == 2);
  assert_true(std::fabs(report.mean_iou - 0.9) < 1e-6 && std::fabs(report.least_iou - 0.8) < 1e-6);
  assert_true(std::fabs(report.mean_score_error - 0.06) < 1e-6 && std::fabs(report.max_score_error - 0.1) < 1e-6);
  assert_true(!report.raw && std::fabs(report.score_threshold - 0.7) < 1e-6);
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_who_is_a_detector),
      cmocka_unit_test(test_what_boxes_are_can_be_said),
      cmocka_unit_test(test_the_best_of_boxes_that_overlap_stays),
      cmocka_unit_test(test_scores_may_be_logits_and_nonsense_is_no_box),
      cmocka_unit_test(test_raw_boxes_are_offsets_to_priors),
      cmocka_unit_test(test_overlap),
      cmocka_unit_test(test_each_box_is_matched_once),
  };
  return cmocka_run_group_tests_name("quantize/detections", tests, nullptr, nullptr);
}

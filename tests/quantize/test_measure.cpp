// How far one network is from another: errors that are known give the numbers that are known.
#include <array>
#include <cmath>

#include "quantize/equalize.h"
#include "quantize/listed_source.h"
#include "quantize/measure.h"
#include "quantize/memory_source.h"
#include "quantize/networks.h"
#include "quantize/ranges.h"
#include "quantize/rewrite.h"

using namespace octet;
using namespace octet::test;

namespace {

bool near(double a, double b, double tolerance = 1e-9) { return std::fabs(a - b) <= tolerance; }

// y = W x over vectors of as many elements as W has rows.
Graph linear(const std::vector<float>& weights, std::int64_t size, const std::string& node = "layer") {
  GraphBuilder b;
  b.output(b.add(Op::gemm, node, {b.input("x", {1, size}), b.floats("w", {size, size}, weights)}));
  return finished(b);
}

std::vector<float> scaled_identity(std::int64_t size, float factor) {
  std::vector<float> weights(static_cast<std::size_t>(size * size), 0);
  for (std::int64_t i = 0; i < size; ++i) weights[static_cast<std::size_t>(i * size + i)] = factor;
  return weights;
}

Report measured(const Graph& reference, const Graph& model, const SampleSource& source,
                const std::vector<std::int64_t>& labels = {}, int threads = 1) {
  Report report;
  expect_ok(measure(plan_of(reference), plan_of(model), source, first(source.count()), {threads, labels}, {}, report));
  return report;
}

void test_equal_networks(void**) {
  const Graph graph = linear(scaled_identity(4, 1), 4);
  const Report report = measured(graph, graph, ListedSource({{1, 2, 3, 4}, {4, 3, 2, 1}}));
  const TensorError& error = report.outputs.at(0).error;
  assert_true(near(error.cosine, 1) && near(error.least_cosine, 1) && near(error.mean_cosine, 1));
  assert_true(error.sqnr_db == 200 && error.max_abs_error == 0);
  assert_true(report.agreement == 1);
  assert_int_equal(report.measured_samples, 2);
  assert_string_equal(report.outputs[0].name.c_str(), "layer:0");
}

void test_twice_the_values(void**) {
  const Report report = measured(linear(scaled_identity(4, 1), 4), linear(scaled_identity(4, 2), 4),
                                 ListedSource({{1, 2, 3, 4}, {0.5F, 0, 0, -7}}));
  const TensorError& error = report.outputs.at(0).error;
  assert_true(near(error.cosine, 1));
  assert_true(near(error.sqnr_db, 0));  // the error is as large as the signal
  assert_true(near(error.max_abs_error, 7));
}

void test_a_tenth_less_is_20_db(void**) {
  const Report report = measured(linear(scaled_identity(4, 1), 4), linear(scaled_identity(4, 0.9F), 4),
                                 ListedSource(std::vector<std::vector<float>>{{1, -2, 3, 4}}));
  assert_true(near(report.outputs.at(0).error.sqnr_db, 20, 1e-4));
  assert_true(near(report.outputs[0].error.max_abs_error, 0.4, 1e-6));
}

void test_opposite_and_orthogonal(void**) {
  const ListedSource source(std::vector<std::vector<float>>{{3, 4}});
  const Graph reference = linear({1, 0, 0, 1}, 2);
  assert_true(near(measured(reference, linear({-1, 0, 0, -1}, 2), source).outputs[0].error.cosine, -1));
  assert_true(near(measured(reference, linear({0, -1, 1, 0}, 2), source).outputs[0].error.cosine, 0));
  const TensorError nothing = measured(reference, linear({0, 0, 0, 0}, 2), source).outputs[0].error;
  assert_true(nothing.cosine == 0 && near(nothing.sqnr_db, 0));
  // Nothing where nothing should be is right.
  const Graph zero = linear({0, 0, 0, 0}, 2);
  assert_true(measured(zero, zero, source).outputs[0].error.cosine == 1);
  assert_true(measured(zero, reference, source).outputs[0].error.sqnr_db == -200);
}

void test_least_and_mean_cosine_are_over_samples(void**) {
  // The second element changes its sign: cosines 1, -1, and (9 - 16) / 25.
  const Report report =
      measured(linear({1, 0, 0, 1}, 2), linear({1, 0, 0, -1}, 2), ListedSource({{5, 0}, {0, 1}, {3, 4}}));
  const TensorError& error = report.outputs.at(0).error;
  assert_true(near(error.least_cosine, -1));
  assert_true(near(error.mean_cosine, (1 - 1 - 7.0 / 25) / 3));
  assert_true(near(error.cosine, (25.0 - 1 - 7) / (25 + 1 + 25)));
  assert_true(near(error.max_abs_error, 8));
  assert_string_equal(report.worst_samples.at(0).name.c_str(), "sample-1");
  assert_string_equal(report.worst_samples.at(1).name.c_str(), "sample-2");
  assert_true(near(report.worst_samples[1].cosine, -7.0 / 25));
}

// The model exchanges the first two classes.
Graph exchanging() {
  std::vector<float> weights = scaled_identity(6, 1);
  weights[0] = weights[7] = 0;
  weights[1] = weights[6] = 1;
  return linear(weights, 6);
}

void test_agreement_is_the_share_of_equal_classes(void**) {
  const Report report = measured(linear(scaled_identity(6, 1), 6), exchanging(),
                                 ListedSource({{9, 1, 2, 3, 4, 5},     // class 0, then 1
                                               {0, 1, 9, 3, 4, 5},     // class 2 twice
                                               {9, 9, 2, 3, 4, 5},     // equal values: the first class twice
                                               {0, 1, 2, 3, 4, 5}}));  // class 5 twice
  assert_true(near(report.agreement, 0.75));
  assert_int_equal(report.labelled_samples, 0);
}

void test_accuracy_counts_labelled_samples_only(void**) {
  const ListedSource source({{9, 8, 7, 6, 5, 4}, {9, 8, 7, 6, 5, 4}, {9, 8, 7, 6, 5, 4}, {4, 9, 8, 7, 6, 5}});
  // Ranks of float: class 0 first, 5 last; of int8: 1 first, then 0. The last sample ranks class 0 last, int8 class 1.
  const Report report = measured(linear(scaled_identity(6, 1), 6), exchanging(), source, {0, 5, -1, 0});
  assert_int_equal(report.labelled_samples, 3);
  assert_true(near(report.float_top1, 1.0 / 3));
  assert_true(near(report.int8_top1, 1.0 / 3));  // the last sample
  assert_true(near(report.float_top5, 1.0 / 3));
  assert_true(near(report.int8_top5, 2.0 / 3));
}

void test_equal_scores_count_for_the_lower_class(void**) {
  const Graph graph = linear(scaled_identity(6, 1), 6);
  const ListedSource source({{1, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1}});
  const Report report = measured(graph, graph, source, {0, 1, 5});
  assert_true(near(report.float_top1, 1.0 / 3));
  assert_true(near(report.float_top5, 2.0 / 3));
}

void test_label_beyond_the_classes_is_never_right(void**) {
  const Graph graph = linear(scaled_identity(6, 1), 6);
  const Report report = measured(graph, graph, ListedSource(std::vector<std::vector<float>>{{1, 2, 3, 4, 5, 6}}), {6});
  assert_int_equal(report.labelled_samples, 1);
  assert_true(report.float_top5 == 0);
}

void test_what_is_no_list_of_classes_has_no_agreement(void**) {
  GraphBuilder b;
  b.output(scale_by(b, "conv", b.input("x", {1, 1, 2, 2}), 1, 1));
  const Graph graph = finished(b);
  assert_true(measured(graph, graph, MemorySource(2)).agreement == -1);
  assert_int_equal(class_count({1, 1000}), 1000);
  assert_int_equal(class_count({1, 1000, 1, 1}), 1000);
  assert_int_equal(class_count({1, 2, 2}), 0);
  assert_int_equal(class_count({1, 1}), 0);
}

Graph chain(float first_factor, float second_factor) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 1, 2, 4});
  b.output(scale_by(b, "second", scale_by(b, "first", x, 1, first_factor), 1, second_factor));
  return finished(b);
}

void test_layers_are_compared_in_order(void**) {
  // The second layer takes back what the first did wrong.
  const Report report = measured(chain(1, 1), chain(2, 0.5F), MemorySource(3));
  assert_int_equal(report.layers.size(), 2);
  assert_string_equal(report.layers[0].name.c_str(), "first");
  assert_string_equal(report.layers[0].op.c_str(), "conv");
  assert_true(near(report.layers[0].error.sqnr_db, 0));
  assert_true(report.layers[1].error.sqnr_db == 200);
  assert_false(report.layers[0].is_int8);
  assert_true(report.layers[0].low == 0 && report.layers[0].high == 0);
}

void test_layers_of_other_names_are_left_out(void**) {
  const Graph reference = linear(scaled_identity(2, 1), 2, "one");
  const Graph model = linear(scaled_identity(2, 1), 2, "other");
  const Report report = measured(reference, model, ListedSource(std::vector<std::vector<float>>{{1, 2}}));
  assert_true(report.layers.empty());
  assert_int_equal(report.outputs.size(), 1);
}

void test_clipped_share_is_of_values_outside_the_range(void**) {
  const Graph reference = chain(1, 1);
  auto assignment = assign_types(reference, {});
  expect_ok(assignment.status());
  std::vector<Quant> quants(static_cast<std::size_t>(assignment->group_count), quant_from_range(-4, 4));
  const int group = assignment->group[index_of_tensor(reference, "first:0")];
  quants[static_cast<std::size_t>(group)] = quant_from_range(0, 1);
  const auto model = rewrite_int8(reference, *assignment, quants, {});
  expect_ok(model.status());
  const ListedSource source({{0, 0.25F, 0.5F, 0.75F, 1, 1.5F, 2, -1}, {0, 0, 0, 0, 0, 0, 0, 2}});
  const Report report = measured(reference, *model, source);
  const LayerError& layer = report.layers.at(0);
  assert_true(layer.is_int8);
  assert_true(near(static_cast<double>(layer.low), 0) && near(static_cast<double>(layer.high), 1, 1e-6));
  assert_true(near(layer.clipped_share, 4.0 / 16));
  assert_true(near(layer.error.max_abs_error, 1, 0.05));
  assert_true(report.layers.at(1).clipped_share == 0);
}

// x -> first -> second, two channels; `factors` of the channels between, `bias` in them, told by the name where
// `scaled`.
Graph scaled_chain(const std::array<float, 2>& factors, const std::array<float, 2>& bias, bool scaled) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 1, 4});
  const TensorId first =
      b.add(Op::conv, "first",
            {x, b.floats("w1", {2, 2, 1, 1}, {factors[0], 0, 0, factors[1]}), b.floats("b1", {2}, {bias[0], bias[1]})});
  if (scaled) b.graph.tensors[static_cast<std::size_t>(first)].name += kEqualizedSuffix;
  b.output(b.add(Op::conv, "second", {first, b.floats("w2", {2, 2, 1, 1}, {1 / factors[0], 0, 0, 1 / factors[1]})}));
  return finished(b);
}

// Channels of values whose mean is 0, so that no factor makes up for a bias.
void test_equalized_layers_are_compared_in_the_scale_of_the_model(void**) {
  const ListedSource source({{1, -1, 2, -2, 3, -3, 1, -1}, {2, -2, 2, -2, 1, -1, 3, -3}});
  const Graph reference = scaled_chain({1, 1}, {0, 0}, false);
  const Report exact = measured(reference, scaled_chain({4, 0.5F}, {0, 0}, true), source);
  assert_int_equal(exact.layers.size(), 2);
  assert_true(exact.layers[0].is_equalized && !exact.layers[1].is_equalized);
  assert_string_equal(exact.layers[0].output.c_str(), "first:0");
  assert_string_equal(exact.layers[0].model_output.c_str(), "first:0/equalized");
  assert_true(exact.layers[0].error.sqnr_db == 200 && exact.layers[1].error.sqnr_db == 200);
  // Without the name they are another network's values.
  const Report unnamed = measured(reference, scaled_chain({4, 0.5F}, {0, 0}, false), source);
  assert_true(!unnamed.layers[0].is_equalized && unnamed.layers[0].error.sqnr_db < 0);

  // 4 x (x + 0.1) and 0.5 x: the energy of the values is 16 x 26 + 0.25 x 40, that of the error 8 x 0.4^2.
  const Report biased = measured(reference, scaled_chain({4, 0.5F}, {0.4F, 0}, true), source);
  assert_true(near(biased.layers[0].error.max_abs_error, 0.4, 1e-5));
  assert_true(near(biased.layers[0].error.sqnr_db, 10 * std::log10((16 * 26 + 0.25 * 40) / (8 * 0.16)), 1e-4));
  assert_true(near(biased.layers[0].error.least_cosine, biased.layers[0].error.mean_cosine, 0.01));
}

// What a channel's factor is shows where its float values are not 0. Until then what int8 makes of it is error as it
// is, and beyond the samples that tell the factors it is left out.
void test_channels_that_are_always_0_have_no_factor(void**) {
  const Graph reference = scaled_chain({1, 1}, {0, 0}, false);
  const Graph model = scaled_chain({4, 2}, {0, 0.25F}, true);
  std::vector<std::vector<float>> samples(33, {1, -1, 1, -1, 0, 0, 0, 0});
  const Report silent = measured(reference, model, ListedSource(samples));
  assert_true(near(silent.layers[0].error.sqnr_db, 10 * std::log10(4 * 16 / (4 * 0.0625)), 1e-4));
  samples.push_back({1, -1, 1, -1, 9, 9, 9, 9});  // the last of 34: 32 of them do not reach it
  const Report left_out = measured(reference, model, ListedSource(samples));
  assert_true(near(left_out.layers[0].error.sqnr_db, 10 * std::log10(34 * 4 * 16 / (33 * 4 * 0.0625)), 1e-4));
}

void test_worst_ten_samples_are_kept_in_order(void**) {
  std::vector<std::vector<float>> samples;
  for (int i = 0; i < 30; ++i) samples.push_back({1, static_cast<float>(i * 7 % 30)});
  const Report report = measured(linear({1, 0, 0, 1}, 2), linear({1, 0, 0, 0}, 2), ListedSource(samples));
  assert_int_equal(report.worst_samples.size(), 10);
  for (int i = 0; i < 10; ++i) {
    const double second = 29 - i;
    assert_true(near(report.worst_samples[static_cast<std::size_t>(i)].cosine, 1 / std::sqrt(1 + second * second)));
  }
}

void test_several_outputs_count_by_the_worse(void**) {
  const auto network = [](float second) {
    GraphBuilder b;
    const TensorId x = b.input("x", {1, 1, 2, 2});
    b.output(scale_by(b, "good", x, 1, 1));
    b.output(scale_by(b, "bad", x, 1, second));
    return finished(b);
  };
  const Report report = measured(network(1), network(-1), MemorySource(1));
  assert_int_equal(report.outputs.size(), 2);
  assert_true(near(report.outputs[0].error.cosine, 1) && near(report.outputs[1].error.cosine, -1));
  assert_true(near(report.worst_samples.at(0).cosine, -1));
}

void test_unreadable_samples_are_counted_and_named(void**) {
  const Graph graph = linear(scaled_identity(2, 1), 2);
  ListedSource source({{1, 2}, {3, 4}, {5, 6}});
  source.failures[1] = fail(Code::format, "'sample-1' is truncated");
  Report report;
  report.skipped_files = 2;  // from before
  const auto plan = plan_of(graph);
  expect_ok(measure(plan, plan, source, {0, 1, 2}, {}, {}, report));
  assert_int_equal(report.measured_samples, 2);
  assert_int_equal(report.skipped_files, 3);
  assert_string_equal(report.warnings.at(0).c_str(), "skipped: 'sample-1' is truncated");
}

void test_threads_do_not_matter(void**) {
  const Graph reference = chain(1, 1.3F);
  const Graph model = chain(1.01F, 1.2F);
  const MemorySource source(23);
  const std::string one = report_json(measured(reference, model, source, {}, 1));
  for (const int threads : {2, 5}) {
    assert_string_equal(report_json(measured(reference, model, source, {}, threads)).c_str(), one.c_str());
  }
}

void test_networks_of_other_shapes_are_refused(void**) {
  const ListedSource source(std::vector<std::vector<float>>{{1, 2}});
  Report report;
  const auto status_of = [&](const Graph& a, const Graph& b) {
    return measure(plan_of(a), plan_of(b), source, {0}, {}, {}, report);
  };
  expect_failure(status_of(linear(scaled_identity(2, 1), 2), linear(scaled_identity(3, 1), 3)), Code::shape,
                 {"inputs", "1x2", "1x3"});
  GraphBuilder b;
  b.output(b.add(Op::gemm, "layer", {b.input("x", {1, 2}), b.noise("w", {5, 2})}));
  expect_failure(status_of(linear(scaled_identity(2, 1), 2), finished(b)), Code::shape, {"outputs", "1x2", "1x5"});
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_equal_networks),
      cmocka_unit_test(test_twice_the_values),
      cmocka_unit_test(test_a_tenth_less_is_20_db),
      cmocka_unit_test(test_opposite_and_orthogonal),
      cmocka_unit_test(test_least_and_mean_cosine_are_over_samples),
      cmocka_unit_test(test_agreement_is_the_share_of_equal_classes),
      cmocka_unit_test(test_accuracy_counts_labelled_samples_only),
      cmocka_unit_test(test_equal_scores_count_for_the_lower_class),
      cmocka_unit_test(test_label_beyond_the_classes_is_never_right),
      cmocka_unit_test(test_what_is_no_list_of_classes_has_no_agreement),
      cmocka_unit_test(test_layers_are_compared_in_order),
      cmocka_unit_test(test_layers_of_other_names_are_left_out),
      cmocka_unit_test(test_clipped_share_is_of_values_outside_the_range),
      cmocka_unit_test(test_equalized_layers_are_compared_in_the_scale_of_the_model),
      cmocka_unit_test(test_channels_that_are_always_0_have_no_factor),
      cmocka_unit_test(test_worst_ten_samples_are_kept_in_order),
      cmocka_unit_test(test_several_outputs_count_by_the_worse),
      cmocka_unit_test(test_unreadable_samples_are_counted_and_named),
      cmocka_unit_test(test_threads_do_not_matter),
      cmocka_unit_test(test_networks_of_other_shapes_are_refused),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

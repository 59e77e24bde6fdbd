// The whole job on a small network: from float to the bytes of the file, and its report.
#include <cmath>

#include "model/model.h"
#include "quantize/listed_source.h"
#include "quantize/memory_source.h"
#include "quantize/networks.h"
#include "quantize/quantizer.h"
#include "support/temporary.h"

using namespace octet;
using namespace octet::test;

namespace {

// Convolution, depthwise with a residual, and a classifier of 6 classes.
Graph classifier() {
  GraphBuilder b;
  b.graph.name = "small";
  const TensorId x = b.input("x", {1, 3, 10, 10});
  TensorId t = b.add(Op::conv, "stem", {x, b.noise("w0", {8, 3, 3, 3}), b.noise("b0", {8})}, [](Attributes& a) {
    a.window.kernel = {3, 3};
    a.window.pads = {1, 1, 1, 1};
    a.clamp.low = 0;
  });
  TensorId d = b.add(Op::conv, "expand", {t, b.noise("w1", {8, 8, 1, 1}), b.noise("b1", {8})},
                     [](Attributes& a) { a.clamp.low = 0; });
  d = b.add(Op::conv, "depthwise", {d, b.noise("w2", {8, 1, 3, 3}), b.noise("b2", {8})}, [](Attributes& a) {
    a.groups = 8;
    a.window.kernel = {3, 3};
    a.window.pads = {1, 1, 1, 1};
  });
  t = b.binary(BinaryKind::add, "residual", t, d);
  t = b.add(Op::reduce, "mean", {t}, [](Attributes& a) { a.axes = {2, 3}; });
  t = b.add(Op::reshape, "flat", {t}, [](Attributes& a) { a.sizes = {1, 8}; });
  t = b.add(Op::gemm, "classes", {t, b.noise("w3", {6, 8}), b.noise("b3", {6})});
  b.output(b.add(Op::softmax, "probabilities", {t}, [](Attributes& a) { a.axis = 1; }));
  return finished(b);
}

Samples samples_of(std::size_t count, std::int64_t used = 0) {
  return divide_samples(std::make_shared<const MemorySource>(count), used);
}

Result<Quantized> quantized(const Graph& graph, const QuantizeConfig& config, const Samples& samples, int threads = 1,
                            const Hooks& hooks = {}) {
  return quantize_graph(std::make_shared<const Graph>(graph), config, samples, threads, hooks);
}

QuantizeConfig with(ActivationMethod method) {
  QuantizeConfig config;
  config.activation_method = method;
  return config;
}

std::string bytes_of(const Graph& graph) {
  const auto bytes = octet_bytes(graph);
  expect_ok(bytes.status());
  return {reinterpret_cast<const char*>(bytes.value().data()), bytes.value().size()};
}

void test_threads_do_not_change_the_file(void**) {
  const Graph graph = classifier();
  for (const auto method : {ActivationMethod::AUTO, ActivationMethod::KL, ActivationMethod::EMA}) {
    std::string one;
    for (const int threads : {1, 2, 5}) {
      auto result = quantized(graph, with(method), samples_of(21, 15), threads);
      expect_ok(result.status());
      const std::string bytes = bytes_of(result.value().graph);
      if (threads == 1) one = bytes;
      assert_true(bytes == one);
      assert_true(is_int8(result.value().graph));
    }
  }
}

void test_every_method_gives_a_network_like_the_float_one(void**) {
  const Graph graph = classifier();
  for (const auto method : {ActivationMethod::AUTO, ActivationMethod::KL, ActivationMethod::ADMM, ActivationMethod::EMA,
                            ActivationMethod::MINMAX, ActivationMethod::PERCENTILE, ActivationMethod::MSE}) {
    for (const auto weights : {WeightMethod::MAX_ABS, WeightMethod::ADMM, WeightMethod::MSE}) {
      QuantizeConfig config = with(method);
      config.weight_method = weights;
      const auto result = quantized(graph, config, samples_of(20, 10), 2);
      expect_ok(result.status());
      expect_ok(validate(result.value().graph));
      assert_true(result.value().report.outputs.at(0).error.cosine > 0.99);
    }
  }
}

void test_report_tells_what_was_done(void**) {
  const Graph graph = classifier();
  const auto result = quantized(graph, with(ActivationMethod::MINMAX), samples_of(20, 12));
  expect_ok(result.status());
  const Report& report = result.value().report;
  assert_string_equal(report.command.c_str(), "quantize");
  assert_string_equal(report.model.c_str(), "small");
  assert_int_equal(report.calibration_samples, 12);
  assert_int_equal(report.measured_samples, 8);
  assert_true(report.held_out);
  assert_int_equal(report.macs, 8 * 100 * 27 + 8 * 100 * 8 + 8 * 100 * 9 + 48);
  assert_int_equal(report.int8_macs, report.macs);
  assert_true(report.int8_weight_bytes < report.float_weight_bytes);
  assert_int_equal(report.layers.size(), 7);  // not the reshape, which computes nothing
  for (const LayerError& layer : report.layers) {
    assert_string_equal(layer.method.c_str(), layer.is_int8 ? "MINMAX" : "");
    assert_true(layer.is_int8 ? layer.clipped_share < 0.05 : layer.clipped_share == 0);
  }
  assert_true(report.agreement >= 0 && report.agreement <= 1);
}

void test_without_other_samples_it_measures_the_same(void**) {
  const auto result = quantized(classifier(), {}, samples_of(8));
  expect_ok(result.status());
  assert_false(result.value().report.held_out);
  assert_int_equal(result.value().report.measured_samples, 8);
}

void test_division_of_samples(void**) {
  const Samples all = samples_of(120);
  assert_int_equal(all.calibration.size(), 120);
  assert_int_equal(all.measured.size(), 50);
  assert_false(all.held_out);
  assert_int_equal(all.measured.back(), 49 * 120 / 50);  // evenly spaced
  const Samples some = samples_of(120, 100);
  assert_int_equal(some.calibration.size(), 100);
  assert_int_equal(some.measured.size(), 20);
  assert_int_equal(some.measured[0], 100);
  assert_true(some.held_out);
  assert_int_equal(samples_of(120, 10).measured.size(), 50);
  assert_int_equal(samples_of(5, 10).calibration.size(), 5);
}

void test_skipped_layers_stay_float(void**) {
  for (const char* name : {"expand", "expand:0"}) {
    for (const auto method : {ActivationMethod::MINMAX, ActivationMethod::AUTO}) {
      QuantizeConfig config = with(method);
      config.skip_quant_op_names = {name};
      const auto result = quantized(classifier(), config, samples_of(6));
      expect_ok(result.status());
      const Node* node = find_node(result.value().graph, "expand");
      assert_true(result.value().graph.at(node->inputs[0]).dtype == DType::f32);
      assert_true(result.value().report.int8_macs < result.value().report.macs);
    }
  }
}

void test_a_name_to_skip_that_is_unknown_is_refused_at_once(void**) {
  QuantizeConfig config;
  config.skip_quant_op_names = {"expnd"};
  const auto source = std::make_shared<const ListedSource>(std::vector<std::vector<float>>(3, {1}));
  expect_failure(quantized(classifier(), config, divide_samples(source, 0)).status(), Code::config,
                 {"'expnd'", "'expand'"});
  assert_int_equal(source->loads, 0);
}

void test_int8_network_is_refused(void**) {
  const auto once = quantized(classifier(), {}, samples_of(4));
  expect_ok(once.status());
  expect_failure(quantized(once.value().graph, {}, samples_of(4)).status(), Code::argument, {"int8 already"});
}

void test_weights_that_are_not_finite_are_refused_by_name(void**) {
  for (const float bad : {NAN, INFINITY}) {
    GraphBuilder b;
    const TensorId w = b.floats("kernel", {1, 1, 1, 2}, {1, bad});
    const TensorId x = b.input("x", {1, 1, 2, 2});
    b.output(b.add(Op::conv, "conv", {x, w}, [](Attributes& a) { a.window.kernel = {1, 2}; }));
    expect_ok(infer_shapes(b.graph));
    expect_failure(quantized(b.graph, {}, samples_of(2)).status(), Code::data,
                   {"node 'conv'", "'kernel'", "NaN or infinite", "element 1"});
  }
}

void test_samples_that_are_not_finite_are_refused_by_name(void**) {
  std::vector<std::vector<float>> values(4, {0.5F});
  values[2] = {1, NAN};
  const auto source = std::make_shared<const ListedSource>(values);
  expect_failure(quantized(classifier(), with(ActivationMethod::MINMAX), divide_samples(source, 0)).status(),
                 Code::data, {"sample-2", "'x'"});
}

void test_unreadable_samples_are_warnings_counted_once(void**) {
  auto source = std::make_shared<ListedSource>(std::vector<std::vector<float>>{{1, 2}, {3, 4}, {5, -6}, {7, 8}});
  source->failures[1] = fail(Code::format, "'sample-1' is truncated");
  std::vector<std::string> warned;
  Hooks hooks;
  hooks.log = [&](LogLevel level, const std::string& line) {
    if (level == LogLevel::warning) warned.push_back(line);
  };
  const auto result = quantized(classifier(), {}, divide_samples(source, 0), 2, hooks);
  expect_ok(result.status());
  assert_int_equal(result.value().report.skipped_files, 1);
  assert_int_equal(result.value().report.calibration_samples, 3);
  assert_int_equal(result.value().report.measured_samples, 3);
  assert_int_equal(warned.size(), 1);
  assert_true(warned[0].find("'sample-1' is truncated") != std::string::npos);
}

void test_network_without_a_heavy_layer_is_refused(void**) {
  GraphBuilder b;
  b.output(b.unary(UnaryKind::sigmoid, "sigmoid", b.input("x", {1, 3, 4, 4})));
  expect_failure(quantized(finished(b), {}, samples_of(2)).status(), Code::argument, {"no layer"});
}

void test_cancelling(void**) {
  Hooks hooks;
  hooks.progress = [](const char*, std::int64_t, std::int64_t) { return false; };
  expect_failure(quantized(classifier(), {}, samples_of(30), 2, hooks).status(), Code::cancelled, {});
}

void test_recipe_goes_into_the_network(void**) {
  QuantizeConfig config;
  config.format = PixelFormat::rgb;
  config.mean = {1, 2, 3, 0};
  const auto result = quantized(classifier(), config, samples_of(3));
  expect_ok(result.status());
  assert_true(result.value().graph.recipe == config.to_recipe());
}

void test_samples_need_a_path(void**) {
  QuantizeConfig config;
  expect_failure(open_samples(classifier(), config, "face.json", "face.json", "").status(), Code::config,
                 {"face.json", "'path'", "images"});
  config.path = "/nowhere/at/all";
  expect_failure(open_samples(classifier(), config, "face.json", "face.json", "").status(), Code::data,
                 {"/nowhere/at/all"});
}

void test_images_fill_one_input(void**) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 3, 4, 4});
  b.output(b.binary(BinaryKind::add, "sum", conv1x1(b, "conv", x, 3, 3), b.input("y", {1, 3, 4, 4})));
  const TemporaryFolder folder;
  expect_failure(open_samples(finished(b), {}, "", "", folder.path()).status(), Code::config, {"2 inputs", "sequence"});
}

CompareRequest comparison(const Graph& a, const Graph& b) {
  CompareRequest request;
  request.reference = std::make_shared<const Graph>(a);
  request.model = std::make_shared<const Graph>(b);
  request.source = std::make_shared<const MemorySource>(4);
  return request;
}

void test_comparison(void**) {
  const Graph graph = classifier();
  const auto int8 = quantized(graph, with(ActivationMethod::MINMAX), samples_of(8));
  expect_ok(int8.status());
  CompareRequest request = comparison(graph, int8.value().graph);
  const TemporaryFolder folder;
  request.labels_file = folder.write("labels.tsv", "file\tclass_index\nmemory 1\t2\nmemory 3\t0\n");
  const auto report = compare_graphs(request, {});
  expect_ok(report.status());
  assert_string_equal(report.value().command.c_str(), "compare");
  assert_int_equal(report.value().measured_samples, 4);
  assert_int_equal(report.value().labelled_samples, 2);
  assert_true(report.value().outputs.at(0).error.cosine > 0.99);
  assert_true(report.value().int8_macs == report.value().macs && report.value().macs > 0);
}

// What equalization scaled is in both reports, of the quantization and of a comparison of the two files.
void test_all_layers_are_compared(void**) {
  const Graph graph = classifier();
  const auto int8 = quantized(graph, with(ActivationMethod::AUTO), samples_of(8));
  expect_ok(int8.status());
  CompareRequest request = comparison(graph, int8.value().graph);
  request.details = true;
  const auto report = compare_graphs(request, {});
  expect_ok(report.status());
  const std::vector<LayerError>& first = int8.value().report.layers;
  const std::vector<LayerError>& second = report.value().layers;
  assert_int_equal(first.size(), second.size());
  std::size_t scaled = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    assert_string_equal(first[i].name.c_str(), second[i].name.c_str());
    assert_true(first[i].is_equalized == second[i].is_equalized);
    assert_true(second[i].error.sqnr_db > 20);
    if (first[i].is_int8) assert_true(second[i].int8_ms > 0);
    scaled += first[i].is_equalized ? 1 : 0;
  }
  assert_true(scaled >= 2);
}

void test_labels_for_what_is_no_classifier(void**) {
  GraphBuilder b;
  b.output(conv1x1(b, "conv", b.input("x", {1, 3, 4, 4}), 3, 2));
  const Graph graph = finished(b);
  CompareRequest request = comparison(graph, graph);
  request.labels_file = "labels.tsv";
  expect_failure(compare_graphs(request, {}).status(), Code::argument, {"'conv:0'", "1x2x4x4"});
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_threads_do_not_change_the_file),
      cmocka_unit_test(test_every_method_gives_a_network_like_the_float_one),
      cmocka_unit_test(test_report_tells_what_was_done),
      cmocka_unit_test(test_without_other_samples_it_measures_the_same),
      cmocka_unit_test(test_division_of_samples),
      cmocka_unit_test(test_skipped_layers_stay_float),
      cmocka_unit_test(test_a_name_to_skip_that_is_unknown_is_refused_at_once),
      cmocka_unit_test(test_int8_network_is_refused),
      cmocka_unit_test(test_weights_that_are_not_finite_are_refused_by_name),
      cmocka_unit_test(test_samples_that_are_not_finite_are_refused_by_name),
      cmocka_unit_test(test_unreadable_samples_are_warnings_counted_once),
      cmocka_unit_test(test_network_without_a_heavy_layer_is_refused),
      cmocka_unit_test(test_cancelling),
      cmocka_unit_test(test_recipe_goes_into_the_network),
      cmocka_unit_test(test_samples_need_a_path),
      cmocka_unit_test(test_images_fill_one_input),
      cmocka_unit_test(test_comparison),
      cmocka_unit_test(test_all_layers_are_compared),
      cmocka_unit_test(test_labels_for_what_is_no_classifier),
  };
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}

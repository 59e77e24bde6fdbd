// The parts of the command that need no model: numbers, tables, JSON, names of twins, statistics of times.
#include <clocale>
#include <cmath>

#include "cli/console.h"
#include "cli/json_writer.h"
#include "cli/layer_times.h"
#include "cli/run_results.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/timing.h"
#include "cli/twins.h"
#include "support/cmocka.h"

namespace octet::cli {
namespace {

void expect_text(const std::string& text, const char* expected) { assert_string_equal(text.c_str(), expected); }

void numbers_have_a_point_in_every_locale(void**) {
  for (const char* locale : {"C", "de_DE.UTF-8", "C.UTF-8"}) {
    std::setlocale(LC_ALL, locale);
    expect_text(fixed(1.25, 2), "1.25");
    expect_text(percent(0.9734), "97.3 %");
    expect_text(size_text(1106864), "1.11 MB");
    expect_text(shortest(0.0078125f), "0.0078125");
  }
  std::setlocale(LC_ALL, "C");
  expect_text(fixed(NAN, 2), "-");
  expect_text(fixed(-1e300, 0).substr(0, 5), "-1000");
  expect_text(size_text(1), "1 byte");
  expect_text(size_text(316148), "316 kB");
}

void probabilities_stay_what_they_are(void**) {
  const auto best = [](std::vector<float> values) { return best_classes(values, 1, {}).at(0).probability; };
  assert_true(std::fabs(best({0.25F, 0.75F}) - 0.75) < 1e-6);
  // An int8 softmax of many classes, most of which round to 0.
  std::vector<float> steps(1001, 0.0F);
  steps[7] = 214.0F / 256;
  steps[9] = 4.0F / 256;
  assert_true(std::fabs(best(steps) - 214.0 / 256) < 1e-6);
  // Values that are no probabilities go through a softmax.
  assert_true(std::fabs(best({0.3F, 0.2F}) - 1 / (1 + std::exp(-0.1))) < 1e-6);
  assert_true(std::fabs(best({-1.0F, 1.0F}) - 1 / (1 + std::exp(-2.0))) < 1e-6);
}

void durations_are_short(void**) {
  expect_text(duration_text(0.84), "0.8 s");
  expect_text(duration_text(9.96), "10 s");
  expect_text(duration_text(185), "3 min 5 s");
  expect_text(duration_text(3720), "1 h 2 min");
  expect_text(duration_text(-1), "-");
  expect_text(duration_text(1e300), "100000 h 0 min");
}

void names_from_files_cannot_control_the_terminal(void**) {
  expect_text(printable("a\x1b[2Jb\n"), "a?[2Jb?");
  expect_text(printable("na\xc3\xafve \xff \xc3 \xed\xa0\x80"), "na\xc3\xafve ? ? ???");
  expect_text(printable("\xc2\x9bm"), "?m");  // a control character of two bytes
}

void nearest_word_finds_a_slip_and_nothing_far_away(void**) {
  const std::vector<std::string> words = {"quantize", "bench", "run"};
  expect_text(nearest_word("quantise", words), "quantize");
  expect_text(nearest_word("bnech", words), "bench");
  expect_text(nearest_word("xyzzyplugh", words), "");
  expect_text(nearest_word(std::string(100000, 'q'), words), "");
}

void paths_have_stems_and_endings(void**) {
  expect_text(stem_of("a.b/net.v2.ONNX"), "net.v2");
  expect_text(ending_of("a.b/net.v2.ONNX"), "onnx");
  expect_text(ending_of("a.b/net"), "");
  expect_text(ending_of("a/.octet"), "");
}

void json_escapes_and_indents(void**) {
  JsonWriter json;
  json.begin_object().field("text", "a\"b\\c\n\x01\xff\xc3\xa4").field("count", 3).field("share", 0.5);
  json.field("scale", 0.1f).field("yes", true).field("nan", static_cast<double>(NAN)).optional_field("none", "");
  const std::int64_t shape[] = {1, 3};
  json.key("shape").list(std::span<const std::int64_t>(shape)).key("empty").begin_array().end_array();
  json.key("objects").begin_array().begin_object().field("a", 1).end_object().end_array().end_object();
  expect_text(std::move(json).finish(),
              "{\n"
              "  \"text\": \"a\\\"b\\\\c\\n\\u0001\xEF\xBF\xBD\xc3\xa4\",\n"
              "  \"count\": 3,\n"
              "  \"share\": 0.5,\n"
              "  \"scale\": 0.1,\n"
              "  \"yes\": true,\n"
              "  \"nan\": null,\n"
              "  \"none\": null,\n"
              "  \"shape\": [1, 3],\n"
              "  \"empty\": [],\n"
              "  \"objects\": [\n"
              "    {\n"
              "      \"a\": 1\n"
              "    }\n"
              "  ]\n"
              "}\n");
}

void tables_print_in_three_forms(void**) {
  Table table({{"name", Align::left}, {"ms"}});
  table.add({"a,\"b\"|", "1.5"});
  table.add({"\xc3\xa4\x1b", "10.5"});
  expect_text(table.plain("> "),
              "> name      ms\n"
              "> a,\"b\"|   1.5\n"
              "> \xc3\xa4?      10.5\n");
  expect_text(table.csv(), "name,ms\n\"a,\"\"b\"\"|\",1.5\n\xc3\xa4?,10.5\n");
  expect_text(table.markdown(), "| name | ms |\n|---|---:|\n| a,\"b\"\\| | 1.5 |\n| \xc3\xa4? | 10.5 |\n");
}

void twins_have_the_same_name_without_its_marks(void**) {
  expect_text(twin_name("m/RFB-320-quant-KL-5792.mnn"), "rfb-320");
  expect_text(twin_name("RFB-320.mnn"), "rfb-320");
  expect_text(twin_name("net_int8.octet"), "net");
  expect_text(twin_name("mobilenet_v2_1.0_224_float.onnx"), "mobilenet_v2_1.0_224");
  expect_text(twin_name("int8.octet"), "int8");
  expect_text(twin_name("quantum-net.onnx"), "quantum-net");
}

void twins_are_found_by_name_then_by_being_alone(void**) {
  const std::string shapes = "1x3x4x4 > 1x2";
  const std::vector<TwinCandidate> named = {{"a/net.onnx", false, shapes},
                                            {"b/net.onnx", false, shapes},
                                            {"b/net-int8.octet", true, shapes},
                                            {"b/other-int8.octet", true, shapes},
                                            {"b/net_quant.octet", true, "another shape"}};
  const auto twins = find_float_twins(named);
  assert_false(twins[0].has_value());
  assert_int_equal(*twins[2], 1);  // the one in the same folder
  assert_false(twins[3].has_value());
  assert_false(twins[4].has_value());
  const std::vector<TwinCandidate> pair = {{"out.octet", true, shapes}, {"face.mnn", false, shapes}};
  assert_int_equal(*find_float_twins(pair)[0], 1);
  const std::vector<TwinCandidate> unlike = {{"out.octet", true, shapes}, {"face.mnn", false, "another shape"}};
  assert_false(find_float_twins(unlike)[0].has_value());
}

void statistics_are_order_statistics(void**) {
  const Statistics few = statistics_of({4, 1, 3, 2});
  assert_true(few.min_ms == 1 && few.median_ms == 2.5 && few.p95_ms == 4 && few.max_ms == 4);
  std::vector<double> hundred;
  for (int i = 100; i > 0; --i) hundred.push_back(100 + i * 0.01);
  assert_true(statistics_of(hundred).p95_ms == 100.95);
  assert_true(statistics_of({7}).median_ms == 7);
}

void noise_is_noticed(void**) {
  assert_true(statistics_of(std::vector<double>(20, 5.0)).noise.empty());
  std::vector<double> tail(20, 5.0);
  tail[3] = tail[8] = 9;
  assert_true(statistics_of(tail).noise.find("p95") != std::string::npos);
  std::vector<double> drift(10, 5.0);
  drift.resize(20, 6.0);
  assert_true(statistics_of(drift).noise.find("second half") != std::string::npos);
}

StepTime step(const std::string& name, const std::string& output = "", const std::string& op = "conv") {
  StepTime time;
  time.name = name;
  time.output = output;
  time.op = op;
  return time;
}

void expect_pairs(const std::vector<LayerPair>& pairs, const std::vector<std::pair<int, int>>& expected) {
  assert_int_equal(pairs.size(), expected.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    assert_int_equal(pairs[i].reference, expected[i].first);
    assert_int_equal(pairs[i].model, expected[i].second);
  }
}

void layers_of_twins_find_each_other(void**) {
  const std::vector<StepTime> real = {step("a"), step("(layout)", "", "layout"), step("only float"), step("b", "y"),
                                      step("c")};
  // Two steps more, a changed name with the same output, another order.
  const std::vector<StepTime> int8 = {step("(layout)", "", "layout"), step("a"), step("a/int8"), step("renamed", "y"),
                                      step("c")};
  expect_pairs(pair_layers(real, int8), {{-1, 0}, {0, 1}, {-1, 2}, {1, -1}, {2, -1}, {3, 3}, {4, 4}});
  expect_pairs(pair_layers(real, {}), {{0, -1}, {1, -1}, {2, -1}, {3, -1}, {4, -1}});
  expect_pairs(pair_layers({}, int8), {{-1, 0}, {-1, 1}, {-1, 2}, {-1, 3}, {-1, 4}});
  // Steps without an output are not the same for that, and equal names go by their order.
  expect_pairs(pair_layers(std::vector{step("p")}, std::vector{step("q")}), {{-1, 0}, {0, -1}});
  expect_pairs(pair_layers(std::vector{step("n"), step("n")}, std::vector{step("n"), step("n")}), {{0, 0}, {1, 1}});
  expect_pairs(pair_layers(std::vector{step("a"), step("b")}, std::vector{step("b"), step("a")}), {{1, 0}, {0, 1}});
}

void slower_is_more_than_chance(void**) {
  StepTime real = step("a"), int8 = step("a");
  real.median_ms = 1;
  int8.median_ms = 1.2;
  int8.lower_quartile_ms = 1.1;
  assert_true(is_slower(real, int8));
  int8.lower_quartile_ms = 0.95;
  assert_false(is_slower(real, int8));
  int8.median_ms = int8.lower_quartile_ms = 0.5;
  assert_false(is_slower(real, int8));
}

}  // namespace
}  // namespace octet::cli

int main() {
  using namespace octet::cli;
  const CMUnitTest tests[] = {
      cmocka_unit_test(numbers_have_a_point_in_every_locale),
      cmocka_unit_test(probabilities_stay_what_they_are),
      cmocka_unit_test(durations_are_short),
      cmocka_unit_test(names_from_files_cannot_control_the_terminal),
      cmocka_unit_test(nearest_word_finds_a_slip_and_nothing_far_away),
      cmocka_unit_test(paths_have_stems_and_endings),
      cmocka_unit_test(json_escapes_and_indents),
      cmocka_unit_test(tables_print_in_three_forms),
      cmocka_unit_test(twins_have_the_same_name_without_its_marks),
      cmocka_unit_test(twins_are_found_by_name_then_by_being_alone),
      cmocka_unit_test(statistics_are_order_statistics),
      cmocka_unit_test(noise_is_noticed),
      cmocka_unit_test(layers_of_twins_find_each_other),
      cmocka_unit_test(slower_is_more_than_chance),
  };
  return cmocka_run_group_tests_name("cli/pieces", tests, nullptr, nullptr);
}

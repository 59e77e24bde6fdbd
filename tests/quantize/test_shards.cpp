// Many machines observe, one quantizes: the same bytes as one machine gives, or an error that says what is wrong.
#include <algorithm>

#include "model/model.h"
#include "quantize/listed_source.h"
#include "quantize/memory_source.h"
#include "quantize/networks.h"
#include "quantize/quantizer.h"
#include "support/temporary.h"

using namespace octet;
using namespace octet::test;

namespace {

Graph classifier() {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 3, 8, 8});
  TensorId t = conv1x1(b, "first", x, 3, 6);
  t = b.binary(BinaryKind::add, "sum", t, conv1x1(b, "second", t, 6, 6));
  t = b.add(Op::reduce, "mean", {t}, [](Attributes& a) { a.axes = {2, 3}; });
  b.output(conv1x1(b, "last", t, 6, 4));
  return finished(b);
}

// Two inputs of different sizes.
Graph two_inputs() {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 3, 8, 8});
  const TensorId y = b.input("y", {1, 2, 8, 8});
  b.output(b.binary(BinaryKind::mul, "product", conv1x1(b, "left", x, 3, 4), conv1x1(b, "right", y, 2, 4)));
  return finished(b);
}

std::string bytes_of(const Graph& graph) {
  const auto bytes = octet_bytes(graph);
  expect_ok(bytes.status());
  return {reinterpret_cast<const char*>(bytes.value().data()), bytes.value().size()};
}

QuantizeConfig with(ActivationMethod method) {
  QuantizeConfig config;
  config.input_type = InputType::sequence;
  config.activation_method = method;
  return config;
}

StatisticsUse use_of(std::vector<std::string> files, const std::string& library = "1") {
  StatisticsUse use;
  use.files = std::move(files);
  use.library = library;
  use.digest_of = [](const Graph& graph) -> Result<Digest> {
    const std::string bytes = bytes_of(graph);
    return sha256(std::as_bytes(std::span(bytes)));
  };
  return use;
}

std::shared_ptr<const Graph> shared(const Graph& graph) { return std::make_shared<const Graph>(graph); }

// Files of shards, in a folder.
class Shards {
 public:
  explicit Shards(Graph graph, std::shared_ptr<const SampleSource> source = std::make_shared<const MemorySource>(21))
      : graph_(std::move(graph)), samples_(divide_samples(std::move(source), 17)) {}

  QuantizeConfig config = with(ActivationMethod::KL);
  std::string library = "1";

  std::string file(std::uint32_t number, std::uint32_t count, const std::string& name = "") const {
    auto statistics = observe_graph(shared(graph_), config, samples_, {number, count}, 2, use_of({}, library), {});
    expect_ok(statistics.status());
    const std::string path = folder_.path(name.empty() ? std::to_string(number) + "of" + std::to_string(count) : name);
    expect_ok(save_statistics(*statistics, path));
    return path;
  }
  std::vector<std::string> files(std::uint32_t count) const {
    std::vector<std::string> all;
    for (std::uint32_t number = 1; number <= count; ++number) all.push_back(file(number, count));
    return all;
  }
  Result<Quantized> quantize(const std::vector<std::string>& files, const Samples& samples) const {
    return quantize_graph(shared(graph_), config, samples, 2, {}, use_of(files));
  }
  Result<Quantized> quantize(const std::vector<std::string>& files) const { return quantize(files, samples_); }
  Status failure(const std::vector<std::string>& files) const { return quantize(files).status(); }

 private:
  Graph graph_;
  Samples samples_;
  TemporaryFolder folder_;
};

constexpr ActivationMethod kMethods[] = {ActivationMethod::KL, ActivationMethod::ADMM, ActivationMethod::MINMAX,
                                         ActivationMethod::PERCENTILE, ActivationMethod::MSE};

void test_shards_give_what_one_machine_gives(void**) {
  for (const Graph& graph : {classifier(), two_inputs()}) {
    Shards shards(graph);
    for (const std::uint32_t count : {1, 3, 8, 20}) {  // of 20 shards three have no sample
      std::vector<std::string> files = shards.files(count);
      std::rotate(files.begin(), files.begin() + count / 2, files.end());  // in any order
      for (const ActivationMethod method : kMethods) {
        shards.config = with(method);
        auto whole = shards.quantize({});
        auto merged = shards.quantize(files);
        expect_ok(whole.status());
        expect_ok(merged.status());
        assert_true(bytes_of(whole->graph) == bytes_of(merged->graph));
        assert_int_equal(merged->report.calibration_samples, 17);
        assert_int_equal(merged->report.measured_samples, 4);
        assert_true(merged->report.outputs[0].error.sqnr_db == whole->report.outputs[0].error.sqnr_db);
      }
    }
  }
}

void test_without_samples_nothing_is_measured(void**) {
  const Shards shards(classifier());
  auto whole = shards.quantize({});
  auto merged = shards.quantize(shards.files(2), Samples{});
  expect_ok(merged.status());
  assert_true(bytes_of(whole->graph) == bytes_of(merged->graph));
  assert_int_equal(merged->report.measured_samples, 0);
  assert_int_equal(merged->report.calibration_samples, 17);
  assert_int_equal(merged->report.warnings.size(), 1);
  assert_true(merged->report.warnings[0].find("nothing was measured") != std::string::npos);
  assert_true(report_json(merged->report).find("\"measured_samples\": 0") != std::string::npos);
  assert_true(report_html(merged->report).find("</html>") != std::string::npos);
}

void test_unreadable_samples_are_told_in_their_order(void**) {
  const auto source = std::make_shared<ListedSource>(std::vector<std::vector<float>>(17, {0.5F, -2, 1}));
  for (const std::size_t bad : {2, 9, 4}) {
    source->failures[bad] = fail(Code::format, "'" + std::to_string(bad) + "' is damaged");
  }
  const Shards shards(classifier(), source);
  auto merged = shards.quantize(shards.files(3));
  auto whole = shards.quantize({});
  expect_ok(merged.status());
  assert_true(merged->report.warnings == whole->report.warnings);
  assert_int_equal(merged->report.skipped_files, 3);
  assert_int_equal(merged->report.calibration_samples, 14);
  assert_true(bytes_of(whole->graph) == bytes_of(merged->graph));

  for (std::size_t i = 0; i < 17; ++i) source->failures[i] = fail(Code::format, "'x' is damaged");
  expect_failure(shards.failure(shards.files(3)), Code::data, {"none of the 17 samples", "damaged"});
}

void test_every_shard_once(void**) {
  const Shards shards(classifier());
  std::vector<std::string> files = shards.files(4);
  expect_failure(shards.failure({files[0], files[2]}), Code::data, {"of 4 shards 2 are missing (2 and 4)"});
  expect_failure(shards.failure({files[0], files[1], files[1], files[3]}), Code::data, {"both shard 2 of 4", "2of4"});
  expect_failure(shards.failure({files[0], shards.file(2, 5)}), Code::data, {"2of5", "one of 5 shards", "one of 4"});
  expect_failure(shards.failure({files[0], files[1] + "x"}), Code::io, {"2of4x"});
}

void test_what_does_not_belong_together(void**) {
  Shards shards(classifier());
  const std::string first = shards.file(1, 2);
  const Shards other(two_inputs());
  expect_failure(shards.failure({first, other.file(2, 2)}), Code::data, {"2of2", "another network"});

  shards.library = "0.9";
  expect_failure(shards.failure({first, shards.file(2, 2)}), Code::data, {"2of2", "octet 0.9", "this is 1"});
  shards.library = "1";
  shards.config.skip_quant_op_names = {"second"};
  const std::string skipping = shards.file(2, 2, "skipping");
  shards.config.skip_quant_op_names = {};
  expect_failure(shards.failure({first, skipping}), Code::data,
                 {"skipping", "another configuration", "'skip_quant_op_names second' where nothing more"});

  const Shards others(classifier(), std::make_shared<const MemorySource>(9));
  expect_failure(shards.failure({first, others.file(2, 2)}), Code::data, {"shard of 9 samples", "of 17"});
  // Samples here that are not those that were observed.
  const Samples few = divide_samples(std::make_shared<const MemorySource>(9), 0);
  expect_failure(shards.quantize(shards.files(2), few).status(), Code::data, {"17 samples, here 9"});
}

void test_instruction_sets_do_not_mix(void**) {
  const Shards shards(classifier());
  const std::string first = shards.file(1, 2);
  const std::string best(name_of(*choose_isa({})));
  if (best == "ref") {
    print_message("SKIPPED instruction sets that differ: this CPU, or OCTET_ISA, allows the reference alone\n");
    return;
  }
  const char* given = getenv("OCTET_ISA");
  const std::string before = given == nullptr ? "" : given;
  setenv("OCTET_ISA", "ref", 1);
  const std::string second = shards.file(2, 2);
  given == nullptr ? unsetenv("OCTET_ISA") : setenv("OCTET_ISA", before.c_str(), 1);
  expect_failure(shards.failure({first, second}), Code::data, {"2of2", "instruction set ref", best, "OCTET_ISA"});
}

void test_a_state_of_a_cache_is_no_shard(void**) {
  const Shards shards(classifier());
  auto statistics = observe_graph(shared(classifier()), shards.config,
                                  divide_samples(std::make_shared<const MemorySource>(21), 17), {}, 1, use_of({}), {});
  expect_ok(statistics.status());
  statistics->done = 5;
  const TemporaryFolder folder;
  expect_ok(save_statistics(*statistics, folder.path("state")));
  expect_failure(shards.failure({folder.path("state")}), Code::data, {"state", "5 of the shard's 17"});
  folder.write("text", "no statistics at all");
  expect_failure(shards.failure({folder.path("text")}), Code::format, {"text", "octet observe"});
}

void test_what_needs_the_samples_is_refused(void**) {
  const Shards shards(classifier());
  const std::vector<std::string> files = shards.files(2);
  const auto refused = [&](const char* word, auto change) {
    QuantizeConfig config = with(ActivationMethod::KL);
    change(config);
    const auto samples = divide_samples(std::make_shared<const MemorySource>(21), 17);
    expect_failure(quantize_graph(shared(classifier()), config, samples, 1, {}, use_of(files)).status(), Code::config,
                   {word, "MINMAX"});
    expect_failure(observe_graph(shared(classifier()), config, samples, {}, 1, use_of({}), {}).status(), Code::config,
                   {word, "MINMAX"});
  };
  refused("AUTO", [](QuantizeConfig& c) { c.activation_method = ActivationMethod::AUTO; });
  refused("EMA", [](QuantizeConfig& c) { c.activation_method = ActivationMethod::EMA; });
  refused("equalize", [](QuantizeConfig& c) { c.equalize = true; });
  refused("bias_correction", [](QuantizeConfig& c) { c.bias_correction = true; });
  refused("adaptive_rounding", [](QuantizeConfig& c) { c.adaptive_rounding = true; });
  refused("mixed", [](QuantizeConfig& c) { c.mixed = MixedBudget{}; });
  refused("speed", [](QuantizeConfig& c) { c.float_where_faster = true; });
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_shards_give_what_one_machine_gives),
      cmocka_unit_test(test_without_samples_nothing_is_measured),
      cmocka_unit_test(test_unreadable_samples_are_told_in_their_order),
      cmocka_unit_test(test_every_shard_once),
      cmocka_unit_test(test_what_does_not_belong_together),
      cmocka_unit_test(test_instruction_sets_do_not_mix),
      cmocka_unit_test(test_a_state_of_a_cache_is_no_shard),
      cmocka_unit_test(test_what_needs_the_samples_is_refused),
  };
  return cmocka_run_group_tests_name("shards", tests, nullptr, nullptr);
}

// Observing shards, quantizing with their statistics, the cache, and what progress tells of all of it.
#include <filesystem>

#include "abi/network.h"
#include "support/temporary.h"

namespace octet::test {
namespace {

constexpr std::int64_t kSamples = 11;

std::string bytes_of(const q_model* model) {
  std::string bytes;
  Error e;
  const auto append = [](void* user, q_bytes part) -> std::int32_t {
    static_cast<std::string*>(user)->append(static_cast<const char*>(part.data), part.size);
    return 0;
  };
  expect_ok(q_model_write(model, q_text("octet"), append, &bytes, &e), e);
  return bytes;
}

struct Job {
  Model model = load_bytes(small_network());
  q_calibration samples = calibration(kSamples);
  q_quantize_options options = sized<q_quantize_options>();
  TemporaryFolder folder;
  std::vector<std::string> files;
  std::vector<q_str> names;

  Job() {
    options.calibration = &samples;
    options.feature_method = q_text("KL");
    options.threads = 2;
  }
  q_status observe(std::int32_t shard, std::int32_t count, const std::string& path, Error& e) {
    return q_observe(model.get(), &options, shard, count, str(path), &e);
  }
  // All shards, given to `options`.
  void give_shards(std::int32_t count) {
    for (std::int32_t shard = 1; shard <= count; ++shard) {
      files.push_back(folder.path("part" + std::to_string(shard)));
      Error e;
      expect_ok(observe(shard, count, files.back(), e), e);
    }
    for (const std::string& file : files) names.push_back(str(file));
    options.statistics = names.data();
    options.statistics_count = names.size();
  }
  std::string quantized(q_report_info* info = nullptr) {
    q_model* out = nullptr;
    q_report* report = nullptr;
    Error e;
    expect_ok(q_quantize(model.get(), &options, &out, &report, &e), e);
    const Model int8(out);
    const Report owned(report);
    if (info != nullptr) {
      *info = sized<q_report_info>();
      expect_ok(q_report_get_info(report, info, &e), e);
    }
    return bytes_of(out);
  }
  void expect_quantize_fails(q_status status, const char* word) {
    q_model* out = nullptr;
    Error e;
    expect_failure(q_quantize(model.get(), &options, &out, nullptr, &e), status, e, word);
  }
};

void test_shards_give_the_bytes_of_one_call(void**) {
  Job job;
  const std::string whole = job.quantized();
  job.give_shards(3);
  q_report_info info;
  assert_true(job.quantized(&info) == whole);  // samples are here too
  assert_int_equal(info.calibration_samples, kSamples);
  assert_int_equal(info.measured_samples, kSamples);
  job.options.calibration = nullptr;  // and not: a configuration says what they are
  job.options.config_json = q_text(R"({"input_type": "sequence", "path": "nowhere"})");
  assert_true(job.quantized(&info) == whole);
  assert_int_equal(info.calibration_samples, kSamples);
  assert_int_equal(info.measured_samples, 0);
  assert_int_equal(info.warning_count, 1);
}

void test_what_observing_refuses(void**) {
  Job job;
  const std::string path = job.folder.path("part");
  const auto refuses = [&](std::int32_t shard, std::int32_t count, const std::string& file, q_status status,
                           const char* word) {
    Error e;
    expect_failure(job.observe(shard, count, file, e), status, e, word);
    assert_true(std::filesystem::is_empty(job.folder.path()));
  };
  refuses(0, 1, path, Q_E_ARGUMENT, "shard 0 of 1");
  refuses(3, 2, path, Q_E_ARGUMENT, "shard 3 of 2");
  refuses(-1, -1, path, Q_E_ARGUMENT, "shard -1");
  refuses(1, 1, "", Q_E_ARGUMENT, "path is empty");
  refuses(1, 1, job.folder.path("no/part"), Q_E_IO, "no/part");
  job.options.feature_method = q_text("AUTO");
  refuses(1, 1, path, Q_E_CONFIG, "AUTO");
  job.options.feature_method = q_text("MSE");
  job.options.float_where_faster = 1;
  refuses(1, 1, path, Q_E_CONFIG, "speed");
  job.options.float_where_faster = 0;
  job.options.config_json = q_text(R"({"adaptive_rounding": true})");
  refuses(1, 1, path, Q_E_CONFIG, "adaptive_rounding");
  job.options.config_json = {};
  const q_str file = str(path);
  job.options.statistics = &file;
  job.options.statistics_count = 1;
  refuses(1, 1, path, Q_E_ARGUMENT, "options.statistics");
  job.options.statistics_count = 0;
  job.options.progress = [](void*, const q_progress*) -> std::int32_t { return 1; };
  refuses(1, 1, path, Q_E_CANCELLED, "");
  job.options.progress = nullptr;
  const Model int8 = quantize(job.model.get());
  Error e;
  expect_failure(q_observe(int8.get(), &job.options, 1, 1, file, &e), Q_E_ARGUMENT, e, "int8 already");
}

void test_what_quantizing_with_statistics_refuses(void**) {
  Job job;
  job.give_shards(2);
  const q_str none{};
  job.options.cache = q_text("folder");
  job.expect_quantize_fails(Q_E_ARGUMENT, "give one");
  job.options.cache = none;
  job.options.statistics_count = SIZE_MAX;
  job.expect_quantize_fails(Q_E_ARGUMENT, "statistics_count");
  job.options.statistics_count = 1;
  job.expect_quantize_fails(Q_E_DATA, "of 2 shards 1 are missing");
  job.options.statistics_count = 2;
  job.options.feature_method = q_text("EMA");
  job.expect_quantize_fails(Q_E_CONFIG, "EMA");
  job.options.feature_method = q_text("KL");
  job.samples.count = kSamples - 1;
  job.expect_quantize_fails(Q_E_DATA, "11 samples, here 10");
  job.samples.count = kSamples;
  job.names[1] = q_text("/dev/null");
  job.expect_quantize_fails(Q_E_FORMAT, "/dev/null");
}

void test_a_cache_changes_nothing(void**) {
  Job job;
  const std::string cache = job.folder.path("cache");
  for (const char* method : {"AUTO", "EMA", "MSE"}) {
    job.options.feature_method = q_text(method);
    job.options.cache = {};
    const std::string without = job.quantized();
    job.options.cache = str(cache);
    assert_true(job.quantized() == without);
    assert_true(job.quantized() == without);
  }
  job.options.cache = q_text("/dev/null/cache");
  job.expect_quantize_fails(Q_E_IO, "/dev/null/cache");
}

struct Step {
  std::string stage;
  std::int64_t done, total;
};

// A stage begins once, goes forward, and says once that it is at its end. `stages` empty: any.
void expect_honest(const std::vector<Step>& steps, const std::vector<std::string>& stages) {
  std::vector<std::string> begun;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Step& step = steps[i];
    const bool first = i == 0 || steps[i - 1].stage != step.stage;
    const bool last = i + 1 == steps.size() || steps[i + 1].stage != step.stage;
    if (first) {
      if (std::find(begun.begin(), begun.end(), step.stage) != begun.end()) {
        fail_msg("stage '%s' is told twice", step.stage.c_str());
      }
      begun.push_back(step.stage);
    } else {
      assert_true(steps[i - 1].done <= step.done && steps[i - 1].total == step.total);
    }
    if (last != (step.done == step.total)) {
      fail_msg("stage '%s' says %d of %d %s its end", step.stage.c_str(), static_cast<int>(step.done),
               static_cast<int>(step.total), last ? "at" : "before");
    }
  }
  if (!stages.empty() && begun != stages) {
    std::string found;
    for (const std::string& stage : begun) found += stage + "; ";
    fail_msg("stages are %s", found.c_str());
  }
}

void test_progress_is_honest(void**) {
  Job job;
  std::vector<Step> steps;
  job.options.progress = [](void* user, const q_progress* p) -> std::int32_t {
    static_cast<std::vector<Step>*>(user)->push_back({text(p->stage), p->done, p->total});
    return 0;
  };
  job.options.progress_user = &steps;
  job.samples.count = 150;
  job.quantized();
  expect_honest(steps, {"observe", "measure the method", "measure AUTO", "measure"});

  steps.clear();
  const std::string cache = job.folder.path("cache");
  job.options.cache = str(cache);
  job.quantized();
  expect_honest(steps, {"read samples", "observe", "measure the method", "measure AUTO", "measure"});
  steps.clear();
  job.quantized();
  expect_honest(steps, {"read samples", "measure the method", "measure AUTO", "measure"});
  job.options.cache = {};

  steps.clear();
  job.options.config_json = q_text(R"({"mixed": {"min_sqnr": 60, "max_float_macs": 0.5}})");
  job.quantized();
  expect_honest(steps,
                {"observe", "sensitivity: float", "sensitivity", "measure the method", "measure AUTO", "measure"});
  job.options.config_json = {};

  steps.clear();
  job.options.feature_method = q_text("AUTO");
  job.quantized();
  expect_honest(steps, {});
  assert_true(steps.size() >= 4);
  job.options.feature_method = q_text("KL");

  steps.clear();
  Error e;
  expect_ok(job.observe(2, 3, job.folder.path("part"), e), e);
  expect_honest(steps, {"observe"});
  assert_int_equal(steps.back().total, 50);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_shards_give_the_bytes_of_one_call),
      cmocka_unit_test(test_what_observing_refuses),
      cmocka_unit_test(test_what_quantizing_with_statistics_refuses),
      cmocka_unit_test(test_a_cache_changes_nothing),
      cmocka_unit_test(test_progress_is_honest),
  };
  return cmocka_run_group_tests_name("observe", tests, nullptr, nullptr);
}

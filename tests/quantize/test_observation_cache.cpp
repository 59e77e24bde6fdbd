// What was observed once is read, what was killed goes on; neither changes a result.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/model.h"
#include "quantize/listed_source.h"
#include "quantize/memory_source.h"
#include "quantize/networks.h"
#include "quantize/quantizer.h"
#include "support/temporary.h"

using namespace octet;
using namespace octet::test;

namespace {

constexpr std::size_t kCount = 200;  // more than three times what is observed between two states

Graph network(float factor = 1) {
  GraphBuilder b;
  const TensorId x = b.input("x", {1, 2, 4, 4});
  b.output(conv1x1(b, "second", scale_by(b, "first", x, 2, factor), 2, 3));
  return finished(b);
}

std::vector<std::vector<float>> values(std::size_t count) {
  std::vector<std::vector<float>> samples;
  for (std::size_t i = 0; i < count; ++i) samples.push_back({std::sin(static_cast<float>(i)), -0.1F, 0, 1});
  return samples;
}

// Ends this process like a power cut when a sample is loaded a given number of times more.
class DeadlySource : public ListedSource {
 public:
  explicit DeadlySource(std::size_t count) : ListedSource(values(count)) {}
  int loads_to_live = 1 << 30;

  Status load(std::size_t index, std::span<const SampleInput> inputs) const override {
    if (loads >= loads_to_live) kill(getpid(), SIGKILL);
    return ListedSource::load(index, inputs);
  }
};

struct Observed {
  explicit Observed(const Graph& graph) : plan(plan_of(graph)) {
    auto made = assign_types(*plan->graph, {});
    expect_ok(made.status());
    assignment = *made;
  }

  Result<Statistics> observe(const SampleSource& source, const std::string& folder, const Hooks& hooks = {}) {
    ObserveJob job;
    job.plan = plan;
    job.assignment = &assignment;
    job.source = &source;
    samples = first(source.count());
    job.samples = samples;
    job.shard = shard;
    job.origin.isa = "ref";
    job.origin.settings = settings;
    job.threads = 2;
    job.ema_batch = 7;
    job.keep_every = {};
    return observe_shard(job, folder, hooks);
  }

  std::shared_ptr<const Plan> plan;
  Assignment assignment;
  std::vector<std::size_t> samples;
  Shard shard;
  std::string settings;
};

std::size_t files_in(const std::string& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

// All of it, moving averages too.
std::vector<std::byte> bytes_of(Result<Statistics> statistics) {
  expect_ok(statistics.status());
  return statistics_bytes(*statistics);
}

void test_what_was_observed_is_not_observed_again(void**) {
  const TemporaryFolder folder;
  Observed observed(network());
  const ListedSource source(values(kCount));
  const auto without = bytes_of(observed.observe(source, ""));
  assert_int_equal(source.loads, kCount);
  assert_true(bytes_of(observed.observe(source, folder.path("cache"))) == without);
  assert_int_equal(source.loads, 3 * kCount);  // read for their digest, then observed
  assert_int_equal(files_in(folder.path("cache")), 1);
  std::string said;
  Hooks hooks;
  hooks.log = [&](LogLevel, const std::string& line) { said += line; };
  assert_true(bytes_of(observed.observe(source, folder.path("cache"), hooks)) == without);
  assert_int_equal(source.loads, 4 * kCount);
  assert_true(said.find("200 of 200 samples were observed before") != std::string::npos);
}

void test_another_sample_network_or_setting_is_observed(void**) {
  const TemporaryFolder folder;
  Observed observed(network());
  const auto expect_new = [&](Observed& o, const SampleSource& source) {
    const std::size_t before = files_in(folder.path());
    const auto cached = bytes_of(o.observe(source, folder.path()));
    assert_int_equal(files_in(folder.path()), before + 1);
    assert_true(cached == bytes_of(o.observe(source, "")));
  };
  auto samples = values(9);
  expect_new(observed, ListedSource(samples));
  samples[4][3] = 1.0001F;
  expect_new(observed, ListedSource(samples));
  samples.pop_back();
  expect_new(observed, ListedSource(samples));
  ListedSource damaged(samples);
  damaged.failures[3] = fail(Code::format, "'x' is damaged");
  expect_new(observed, damaged);
  observed.settings = "other";
  expect_new(observed, ListedSource(samples));
  observed.shard = {1, 2};
  expect_new(observed, ListedSource(samples));
  observed.shard = {2, 2};
  expect_new(observed, ListedSource(samples));
}

void test_what_was_killed_goes_on(void**) {
  Observed observed(network());
  const ListedSource whole(values(kCount));
  const auto without = bytes_of(observed.observe(whole, ""));
  for (const int lived : {10, 70, 130, 199}) {  // samples that are observed, less than a block to nearly all
    const TemporaryFolder folder;
    const pid_t child = fork();
    if (child == 0) {
      DeadlySource deadly(kCount);
      deadly.loads_to_live = static_cast<int>(kCount) + lived;
      auto ignored = observed.observe(deadly, folder.path());
      _exit(ignored.ok() ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    const ListedSource source(values(kCount));
    assert_true(bytes_of(observed.observe(source, folder.path())) == without);
    assert_int_equal(source.loads, static_cast<int>(2 * kCount) - lived / 64 * 64);  // a state a block of 64
  }
}

void test_unreadable_samples_are_remembered(void**) {
  const TemporaryFolder folder;
  Observed observed(network());
  ListedSource source(values(10));
  source.failures[0] = fail(Code::io, "'first' is gone");
  source.failures[9] = fail(Code::format, "'last' is damaged");
  bytes_of(observed.observe(source, folder.path()));
  auto again = observed.observe(source, folder.path());
  expect_ok(again.status());
  const Observation observation = observation_of(std::move(*again), observed.samples);
  assert_int_equal(observation.samples.used.size(), 8);
  assert_int_equal(observation.samples.skipped.size(), 2);
  assert_string_equal(observation.samples.skipped[1].c_str(), "'last' is damaged");
  // What meets every sample is an error, as without a cache.
  source.failures[5] = fail(Code::shape, "another shape");
  expect_failure(observed.observe(source, folder.path()).status(), Code::shape, {"another shape"});
}

void test_a_damaged_file_is_told_and_made_anew(void**) {
  const TemporaryFolder folder;
  Observed observed(network());
  const ListedSource source(values(10));
  const auto without = bytes_of(observed.observe(source, folder.path()));
  const std::string file = std::filesystem::directory_iterator(folder.path())->path().filename();
  std::string said;
  Hooks hooks;
  hooks.log = [&](LogLevel level, const std::string& line) {
    if (level == LogLevel::warning) said += line;
  };
  for (const char* content : {"", "octetsta, but not for long", "something else"}) {
    folder.write(file, content);
    said.clear();
    assert_true(bytes_of(observed.observe(source, folder.path(), hooks)) == without);
    assert_true(said.find(file) != std::string::npos && said.find("observed anew") != std::string::npos);
    said.clear();
    assert_true(bytes_of(observed.observe(source, folder.path(), hooks)) == without);
    assert_string_equal(said.c_str(), "");
  }
}

void test_a_folder_that_cannot_be(void**) {
  const TemporaryFolder folder;
  Observed observed(network());
  const ListedSource source(values(3));
  folder.write("file", "");
  expect_failure(observed.observe(source, folder.path("file")).status(), Code::io, {"file", "cannot be made"});
  expect_failure(observed.observe(source, folder.path("a/b")).status(), Code::io, {"a/b"});
  assert_int_equal(source.loads, 0);
}

// Every method, through the whole job: equalized networks have digests of their own.
void test_quantizing_with_a_cache_changes_nothing(void**) {
  const TemporaryFolder folder;
  const auto graph = std::make_shared<const Graph>(network(3));
  StatisticsUse use;
  use.library = "1";
  use.digest_of = [](const Graph& of) -> Result<Digest> {
    OCTET_ASSIGN(const Bytes bytes, octet_bytes(of));
    return sha256(bytes.span());
  };
  const Samples samples = divide_samples(std::make_shared<const MemorySource>(40), 30);
  for (const auto method : {ActivationMethod::AUTO, ActivationMethod::KL, ActivationMethod::EMA}) {
    QuantizeConfig config;
    config.input_type = InputType::sequence;
    config.activation_method = method;
    const auto bytes = [&](const std::string& cache) {
      use.cache = cache;
      auto result = quantize_graph(graph, config, samples, 2, {}, use);
      expect_ok(result.status());
      const Bytes whole = *octet_bytes(result->graph);
      return std::string(reinterpret_cast<const char*>(whole.data()), whole.size());
    };
    const std::string without = bytes("");
    assert_true(bytes(folder.path()) == without);
    assert_true(bytes(folder.path()) == without);
  }
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_what_was_observed_is_not_observed_again),
      cmocka_unit_test(test_another_sample_network_or_setting_is_observed),
      cmocka_unit_test(test_what_was_killed_goes_on),
      cmocka_unit_test(test_unreadable_samples_are_remembered),
      cmocka_unit_test(test_a_damaged_file_is_told_and_made_anew),
      cmocka_unit_test(test_a_folder_that_cannot_be),
      cmocka_unit_test(test_quantizing_with_a_cache_changes_nothing),
  };
  return cmocka_run_group_tests_name("observation cache", tests, nullptr, nullptr);
}

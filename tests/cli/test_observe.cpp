// octet observe, and octet quantize with statistics and with a cache.
#include "cli/workspace.h"

namespace octet::test {
namespace {

constexpr int kImages = 7;

CommandResult observe(const Workspace& workspace, const std::string& shard, const std::string& out,
                      std::vector<std::string> more = {}) {
  std::vector<std::string> words = {"observe", workspace.model(), workspace.config(), "--shard", shard, "--out", out};
  words.insert(words.end(), more.begin(), more.end());
  return Command(words).run();
}

void shards_give_the_file_that_one_machine_writes(void**) {
  const Workspace workspace(kImages);
  workspace.write_config(R"(, "feature_quantize_method": "MINMAX")");
  const std::string whole = read_file(workspace.quantized());
  std::vector<std::string> more = {"--statistics"};
  for (const char* number : {"3", "1", "2"}) {
    const std::string part = workspace.path(std::string("part") + number + ".stats");
    const CommandResult result = observe(workspace, number + std::string("/3"), part);
    expect_status(result, 0);
    expect_contains(result.out, part + ": shard " + number + " of 3, ");
    assert_string_equal(result.err.c_str(), "");
    more.push_back(part);
  }
  std::filesystem::remove(workspace.target());
  const CommandResult with_samples = workspace.quantize(more);
  expect_status(with_samples, 0);
  assert_true(read_file(workspace.target()) == whole);
  expect_contains(with_samples.out, "7 samples of the calibration (not held out)");

  std::filesystem::rename(workspace.path("images"), workspace.path("elsewhere"));
  more.emplace_back("--json");
  const CommandResult without = workspace.quantize(more);
  expect_status(without, 0);
  assert_true(read_file(workspace.target()) == whole);
  expect_contains(without.out, "\"calibration_samples\": 7");
  expect_contains(without.out, "\"measured_samples\": 0");
  expect_contains(without.err, "warning: nothing was measured");
}

void json_says_what_was_written(void**) {
  const Workspace workspace;
  const CommandResult result =
      observe(workspace, "2/3", workspace.path("part"), {"--json", "--method", "MINMAX", "--threads", "1"});
  expect_status(result, 0);
  expect_contains(result.out, "\"command\": \"observe\"");
  expect_contains(result.out, "\"ok\": true");
  expect_contains(result.out, "\"shard\": 2");
  expect_contains(result.out, "\"shard_count\": 3");
  expect_contains(result.out, "\"bytes\": " + std::to_string(std::filesystem::file_size(workspace.path("part"))));
}

void what_cannot_be_is_said_before_the_work(void**) {
  const Workspace workspace;
  const std::string out = workspace.path("part");
  for (const char* shard : {"", "3", "0/2", "3/2", "1/", "/2", "-1/2", "1/2/3", "1/99999999999", "a/b"}) {
    expect_failure(observe(workspace, shard, out, {"--method", "KL"}), 2, {"--shard is '", "3/8"});
  }
  expect_failure(observe(workspace, "1/1", out), 2, {"AUTO", "MINMAX"});  // the configuration names no method
  expect_failure(observe(workspace, "1/1", out, {"--method", "EMA"}), 2, {"EMA"});
  expect_failure(observe(workspace, "1/1", workspace.model(), {"--method", "KL"}), 2, {"would replace the input"});
  expect_failure(observe(workspace, "1/1", workspace.path("no/part"), {"--method", "KL"}), 1, {"no/part"});
  expect_failure(Command{"observe", workspace.model(), workspace.config()}.run(), 2, {"--out is required"});
  workspace.expect_nothing_written();
  expect_failure(workspace.quantize({"--method", "KL", "--statistics", workspace.path("missing")}), 1, {"missing"});
  expect_failure(workspace.quantize({"--method", "KL", "--statistics", workspace.config()}), 1,
                 {"octet: error: '" + workspace.config() + "': these are no statistics"});
  workspace.expect_nothing_written();
}

void a_cache_is_made_and_used(void**) {
  const Workspace workspace(kImages);
  const std::string whole = read_file(workspace.quantized());
  const std::string cache = workspace.path("cache");
  const CommandResult first = workspace.quantize({"--cache", cache});
  expect_status(first, 0);
  assert_string_equal(first.err.c_str(), "");
  assert_true(read_file(workspace.target()) == whole);
  const CommandResult second = workspace.quantize({"--cache", cache});
  expect_status(second, 0);
  expect_contains(second.err, "7 of 7 samples were observed before: '" + cache);
  assert_true(read_file(workspace.target()) == whole);
  workspace.add_image("good3.png", 99);  // the same name with another content
  const CommandResult third = workspace.quantize({"--cache", cache});
  expect_status(third, 0);
  assert_string_equal(third.err.c_str(), "");
  const std::string changed = read_file(workspace.target());
  assert_true(changed != whole);
  assert_true(read_file(workspace.quantized()) == changed);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(shards_give_the_file_that_one_machine_writes),
      cmocka_unit_test(json_says_what_was_written),
      cmocka_unit_test(what_cannot_be_is_said_before_the_work),
      cmocka_unit_test(a_cache_is_made_and_used),
  };
  return cmocka_run_group_tests_name("octet observe", tests, nullptr, nullptr);
}

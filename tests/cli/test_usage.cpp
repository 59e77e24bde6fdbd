// How the command is called: help, versions, wrong words, JSON answers, a stdout that cannot take them.
#include "cli/workspace.h"

namespace octet::test {
namespace {

void version_and_help_go_to_stdout(void**) {
  const CommandResult version = Command({"--version"}).run();
  expect_status(version, 0);
  assert_string_equal(version.out.c_str(), "octet 0.1.0\n");
  assert_string_equal(version.err.c_str(), "");
  const CommandResult help = Command({"--help"}).run();
  expect_status(help, 0);
  for (const char* command : {"quantize", "bench", "run", "compare", "inspect"}) expect_contains(help.out, command);
}

void every_command_has_a_manual(void**) {
  for (const char* command : {"quantize", "bench", "run", "compare", "inspect"}) {
    const CommandResult help = Command({command, "--help"}).run();
    expect_status(help, 0);
    for (const char* part : {"Usage: octet ", command, "Example", "Exit status", "--json"}) {
      expect_contains(help.out, part);
    }
    assert_string_equal(Command({"help", command}).run().out.c_str(), help.out.c_str());
  }
  const std::string bench = Command({"bench", "--help"}).run().out;
  expect_contains(bench, "default 10");
  expect_contains(bench, "loop_count warmup forwardtype");
}

void unknown_words_name_the_nearest(void**) {
  expect_failure(Command({"quantise", "a", "b", "c"}).run(), 2, {"unknown command 'quantise'", "'quantize'"});
  expect_failure(Command({"inspect", "a", "--layer"}).run(), 2, {"unknown option '--layer'", "'--layers'"});
  expect_failure(Command({"zzzzzzzzzz"}).run(), 2, {"unknown command 'zzzzzzzzzz'", "octet --help"});
  expect_failure(Command({"--quiet"}).run(), 2, {"unknown option '--quiet'"});
  expect_failure(Command(std::vector<std::string>{}).run(), 2, {"no command"});
}

void missing_and_superfluous_arguments_are_wrong_usage(void**) {
  expect_failure(Command({"quantize", "a.onnx", "b.octet"}).run(), 2, {"config is required", "octet quantize --help"});
  expect_failure(Command({"inspect"}).run(), 2, {"model is required"});
  expect_failure(Command({"inspect", "a", "b"}).run(), 2, {"unexpected argument 'b'"});
  expect_failure(Command({"run", "net.onnx"}).run(), 2, {"--image FILE", "--input"});
  expect_failure(Command({"run", "net.onnx", "--image", "a.png", "--input", "b.npy"}).run(), 2, {"--input", "--image"});
  expect_status(Command({"bench", "m", "--json", "--csv"}).run(), 2);
}

void numbers_out_of_range_are_wrong_usage(void**) {
  expect_failure(Command({"run", "m", "--image", "i", "--threads", "0"}).run(), 2, {"--threads", "1 to 256"});
  expect_failure(Command({"run", "m", "--image", "i", "--threads", "many"}).run(), 2, {"--threads", "many"});
  expect_failure(Command({"run", "m", "--image", "i", "--top", "0"}).run(), 2, {"--top"});
  expect_failure(Command({"run", "m", "--image", "i", "--iou", "2"}).run(), 2, {"--iou"});
  expect_failure(Command({"run", "m", "--image", "i", "--boxes", "round"}).run(), 2, {"--boxes", "round"});
}

void a_json_error_is_one_object_on_stdout(void**) {
  const CommandResult missing = Command({"inspect", "/nowhere/net.onnx", "--json"}).run();
  expect_status(missing, 1);
  for (const char* part : {R"("octet": "0.1.0")", R"("command": "inspect")", R"("ok": false)", R"("code": "Q_E_IO")",
                           R"("file": "/nowhere/net.onnx")", R"("node": null)"}) {
    expect_contains(missing.out, part);
  }
  expect_contains(missing.err, "/nowhere/net.onnx");
  const CommandResult usage = Command({"quantize", "--json"}).run();
  expect_status(usage, 2);
  expect_contains(usage.out, R"("code": "Q_E_ARGUMENT")");
}

void a_stdout_that_takes_nothing_is_a_failure(void**) {
  const Workspace workspace;
  const CommandResult full = Command({"inspect", workspace.model()}).stdout_to("/dev/full").run();
  expect_status(full, 1);
  expect_contains(full.err, "No space left on device");
  const CommandResult closed = Command({"inspect", workspace.model()}).stdout_to("").run();
  expect_status(closed, 1);
  expect_contains(closed.err, "stdout cannot be written");
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(version_and_help_go_to_stdout),
      cmocka_unit_test(every_command_has_a_manual),
      cmocka_unit_test(unknown_words_name_the_nearest),
      cmocka_unit_test(missing_and_superfluous_arguments_are_wrong_usage),
      cmocka_unit_test(numbers_out_of_range_are_wrong_usage),
      cmocka_unit_test(a_json_error_is_one_object_on_stdout),
      cmocka_unit_test(a_stdout_that_takes_nothing_is_a_failure),
  };
  return cmocka_run_group_tests_name("cli/usage", tests, nullptr, nullptr);
}

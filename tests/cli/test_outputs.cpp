// Output files: refused before the work where they cannot be written, whole or not there at all, the same for every
// number of threads, and none after Ctrl-C.
#include <poll.h>
#include <pty.h>
#include <sys/mount.h>

#include "cli/workspace.h"

namespace octet::test {
namespace {

void another_ending_is_refused_before_the_work(void**) {
  const Workspace workspace;
  for (const char* name : {"out.pb", "out"}) {
    expect_failure(Command({"quantize", workspace.model(), workspace.path(name), workspace.config()}).run(), 2,
                   {name, ".octet, .onnx, .mnn or .tflite"});
    expect_failure(Command({"convert", workspace.model(), workspace.path(name)}).run(), 2,
                   {name, ".octet, .onnx, .mnn or .tflite"});
  }
  expect_failure(workspace.quantize({"--report", workspace.path("report.pdf")}), 2, {"report.pdf", ".html or .json"});
  workspace.expect_nothing_written();
}

void a_folder_that_is_missing_or_no_folder_is_named(void**) {
  const Workspace workspace;
  for (const std::string& target : {workspace.path("missing/out.octet"), workspace.path("net.json/out.octet")}) {
    expect_failure(Command({"quantize", workspace.model(), target, workspace.config()}).run(), 1, {target});
  }
  const std::string folder = workspace.path("folder.octet");
  std::filesystem::create_directory(folder);
  expect_failure(Command({"quantize", workspace.model(), folder, workspace.config()}).run(), 1, {folder, "folder"});
  expect_failure(workspace.quantize({"--report", workspace.path("missing/report.html")}), 1, {"missing/report.html"});
  assert_false(file_exists(workspace.target()));
}

void an_input_is_never_replaced(void**) {
  const Workspace workspace;
  const std::string model = workspace.path("net.octet");
  std::filesystem::copy(workspace.model(), model);
  std::filesystem::create_symlink(model, workspace.path("link.octet"));
  const std::string before = read_file(model);
  for (const std::string& target : {model, workspace.path("link.octet")}) {
    expect_failure(Command({"quantize", model, target, workspace.config()}).run(), 2, {target, "input"});
  }
  expect_failure(workspace.quantize({"--report", workspace.config()}), 2, {"net.json"});
  assert_true(read_file(model) == before);
}

void what_was_there_before_stays_after_a_failure(void**) {
  const Workspace workspace(0);
  workspace.write("out.octet", "old");
  expect_failure(workspace.quantize(), 1, {});
  assert_string_equal(read_file(workspace.target()).c_str(), "old");
}

// A file system of its own, as long as this lives.
class SmallDisk {
 public:
  SmallDisk(const std::string& folder, const char* options, unsigned long flags = 0) : folder_(folder) {
    std::filesystem::create_directory(folder);
    mounted_ = mount("tmpfs", folder.c_str(), "tmpfs", flags, options) == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) umount(folder_.c_str());
  }
  bool mounted() const { return mounted_; }

 private:
  std::string folder_;
  bool mounted_ = false;
};

// Whether this user may have one. Asked before a test makes anything: skip() jumps past destructors.
bool can_mount() {
  const TemporaryFolder folder;
  const bool mounted = SmallDisk(folder.path("disk"), "size=16k").mounted();
  if (!mounted) print_message("not tested: mounting a small file system is not allowed here\n");
  return mounted;
}

void a_full_disk_is_a_failure_that_leaves_nothing(void**) {
  if (!can_mount()) skip();
  const Workspace workspace;
  const SmallDisk disk(workspace.path("disk"), "size=16k");
  workspace.write("disk/filler", std::string(16384, 'x'));
  const std::string target = workspace.path("disk/out.octet");
  const CommandResult result = Command({"quantize", workspace.model(), target, workspace.config()}).run();
  expect_failure(result, 1, {"out.octet", "No space left on device"});
  expect_only(workspace.path("disk"), {"filler"});

  const std::string report = workspace.path("disk/report.html");
  expect_failure(workspace.quantize({"--report", report}), 1, {"report.html", "No space left on device"});
  expect_only(workspace.path("disk"), {"filler"});
  assert_false(file_exists(workspace.target()));

  const std::string array = workspace.path("disk/y.npy");
  const std::string image = workspace.path("images/good0.png");
  expect_failure(
      Command({"run", workspace.model(), "--image", image, "--config", workspace.config(), "--output", array}).run(), 1,
      {"y.npy", "No space left on device"});
  expect_only(workspace.path("disk"), {"filler"});
}

void a_failing_model_takes_its_report_with_it(void**) {
  if (!can_mount()) skip();
  const Workspace workspace;
  const SmallDisk disk(workspace.path("disk"), "size=16k");
  workspace.write("disk/filler", std::string(16384, 'x'));
  const std::string report = workspace.path("report.html");
  const std::string target = workspace.path("disk/out.octet");
  expect_status(Command({"quantize", workspace.model(), target, workspace.config(), "--report", report}).run(), 1);
  assert_false(file_exists(report));
}

void a_read_only_place_is_refused_before_the_work(void**) {
  if (!can_mount()) skip();
  const Workspace workspace;
  const SmallDisk disk(workspace.path("disk"), "size=16k", MS_RDONLY);
  const std::string target = workspace.path("disk/out.octet");
  expect_failure(Command({"quantize", workspace.model(), target, workspace.config()}).run(), 1,
                 {"out.octet", "Read-only file system"});
}

void threads_do_not_change_the_model(void**) {
  const Workspace workspace(9);
  std::vector<std::string> models;
  for (const char* threads : {"1", "2", "5"}) {
    expect_status(workspace.quantize({"--threads", threads}), 0);
    models.push_back(read_file(workspace.target()));
  }
  assert_true(!models[0].empty() && models[0] == models[1] && models[0] == models[2]);
}

void reports_are_written(void**) {
  const Workspace workspace;
  expect_status(workspace.quantize({"--report", workspace.path("report.html")}), 0);
  expect_contains(read_file(workspace.path("report.html")), "<html");
  expect_status(workspace.quantize({"--report", workspace.path("report.json")}), 0);
  expect_contains(read_file(workspace.path("report.json")), "\"outputs\"");
}

// Reads the terminal until `part` was seen or the command ended.
std::string read_until(int terminal, std::string_view part) {
  static constexpr int kPatienceMs = 120000;
  std::string seen;
  char buffer[4096];
  while (seen.find(part) == std::string::npos) {
    pollfd wanted{terminal, POLLIN, 0};
    if (poll(&wanted, 1, kPatienceMs) <= 0) break;
    const ssize_t count = read(terminal, buffer, sizeof buffer);
    if (count <= 0) break;
    seen.append(buffer, static_cast<std::size_t>(count));
  }
  return seen;
}

// Starts `quantize` on more images than it is done with soon, with a terminal as stderr, and sends the signal when the
// line of progress shows that it works.
CommandResult interrupted(const Workspace& workspace, int signal_number, bool twice) {
  setenv("TERM", "xterm", 1);
  int terminal = -1, slave = -1;
  assert_int_equal(openpty(&terminal, &slave, nullptr, nullptr, nullptr), 0);
  fcntl(terminal, F_SETFD, FD_CLOEXEC);
  const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  const pid_t child = Command({"quantize", workspace.model(), workspace.target(), workspace.config(), "--threads", "1"})
                          .start(null, slave);
  close(slave);
  close(null);
  const std::string progress = read_until(terminal, "/");
  kill(child, signal_number);
  if (twice) kill(child, signal_number);
  const std::string rest = read_until(terminal, "octet: error: interrupted");
  CommandResult result = Command::wait(child);
  close(terminal);
  result.err = progress + rest;
  return result;
}

void add_slow_images(const Workspace& workspace) {
  const FileBytes bytes = encode_png(noisy_pixels(400, 400, 3, 7), 400, 400);
  for (int i = 0; i < 300; ++i) workspace.write_image(std::to_string(i) + ".png", bytes);
}

void an_interruption_leaves_nothing(void**) {
  for (const int signal_number : {SIGINT, SIGTERM}) {
    const Workspace workspace(0);
    add_slow_images(workspace);
    const CommandResult result = interrupted(workspace, signal_number, false);
    expect_status(result, 130);
    expect_contains(result.err, "octet: error: interrupted");
    workspace.expect_nothing_written();
  }
}

void a_second_interruption_ends_at_once(void**) {
  const Workspace workspace(0);
  add_slow_images(workspace);
  expect_status(interrupted(workspace, SIGINT, true), 130);
  workspace.expect_nothing_written();
}

void a_pipe_gets_no_progress(void**) {
  const Workspace workspace;
  const CommandResult result = workspace.quantize();
  expect_status(result, 0);
  assert_true(result.err.find('\r') == std::string::npos);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(another_ending_is_refused_before_the_work),
      cmocka_unit_test(a_folder_that_is_missing_or_no_folder_is_named),
      cmocka_unit_test(an_input_is_never_replaced),
      cmocka_unit_test(what_was_there_before_stays_after_a_failure),
      cmocka_unit_test(a_full_disk_is_a_failure_that_leaves_nothing),
      cmocka_unit_test(a_failing_model_takes_its_report_with_it),
      cmocka_unit_test(a_read_only_place_is_refused_before_the_work),
      cmocka_unit_test(threads_do_not_change_the_model),
      cmocka_unit_test(reports_are_written),
      cmocka_unit_test(an_interruption_leaves_nothing),
      cmocka_unit_test(a_second_interruption_ends_at_once),
      cmocka_unit_test(a_pipe_gets_no_progress),
  };
  return cmocka_run_group_tests_name("cli/outputs", tests, nullptr, nullptr);
}

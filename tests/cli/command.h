// Runs the built `octet` and keeps what it printed.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "support/cmocka.h"
#include "support/temporary.h"

namespace octet::test {

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline bool file_exists(const std::string& path) { return std::filesystem::exists(path); }

struct CommandResult {
  int status = -1;  // exit status, or 128 + the signal that ended it
  std::string out;
  std::string err;
  std::int64_t peak_bytes = 0;  // of memory
};

class Command {
 public:
  explicit Command(std::vector<std::string> words) : words_(std::move(words)) {}
  Command(std::initializer_list<std::string> words) : words_(words) {}

  // Where stdout goes instead; "" closes it.
  Command& stdout_to(const std::string& path) {
    stdout_path_ = path;
    stdout_given_ = true;
    return *this;
  }

  // The descriptors that the command gets; its process id.
  pid_t start(int out, int err) const {
    std::vector<char*> arguments;
    std::string program = OCTET_COMMAND;
    std::vector<std::string> words = words_;
    arguments.push_back(program.data());
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
      signal(SIGINT, SIG_DFL);  // a test that runs in the background ignores it
      signal(SIGTERM, SIG_DFL);
      if (out >= 0) {
        dup2(out, STDOUT_FILENO);
      } else {
        close(STDOUT_FILENO);
      }
      dup2(err, STDERR_FILENO);
      execv(OCTET_COMMAND, arguments.data());
      _exit(127);
    }
    assert_true(child > 0);
    return child;
  }

  CommandResult run() const {
    const TemporaryFolder folder;
    const std::string out_path = stdout_given_ ? stdout_path_ : folder.path("out");
    const int out = out_path.empty() ? -1 : open(out_path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const int err = open(folder.path("err").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CommandResult result = wait(start(out, err));
    if (out >= 0) close(out);
    close(err);
    if (!stdout_given_) result.out = read_file(out_path);
    result.err = read_file(folder.path("err"));
    return result;
  }

  // Ends a command that hangs; the test fails then.
  static CommandResult wait(pid_t child) {
    static constexpr int kPollMicroseconds = 5000;
    static constexpr int kPolls = 600 * 1000000 / kPollMicroseconds;
    CommandResult result;
    int status = 0;
    rusage usage{};
    for (int i = 0; i < kPolls; ++i) {
      if (wait4(child, &status, WNOHANG, &usage) == child) {
        result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        result.peak_bytes = std::int64_t{usage.ru_maxrss} * 1024;
        return result;
      }
      usleep(kPollMicroseconds);
    }
    kill(child, SIGKILL);
    wait4(child, &status, 0, &usage);
    fail_msg("octet did not end within ten minutes");
    return result;
  }

 private:
  std::vector<std::string> words_;
  std::string stdout_path_;
  bool stdout_given_ = false;
};

inline void expect_contains(const std::string& text, std::string_view part) {
  if (text.find(part) != std::string::npos) return;
  fail_msg("'%s' does not contain '%s'", text.c_str(), std::string(part).c_str());
}

inline void expect_status(const CommandResult& result, int status) {
  if (result.status == status) return;
  fail_msg("exit status %d instead of %d\nstdout: %s\nstderr: %s", result.status, status, result.out.c_str(),
           result.err.c_str());
}

// Failed in an orderly way: a message that holds all of `parts`, nothing on stdout.
inline void expect_failure(const CommandResult& result, int status, std::initializer_list<std::string_view> parts) {
  expect_status(result, status);
  assert_string_equal(result.out.c_str(), "");
  expect_contains(result.err, "octet: error: ");
  for (const std::string_view part : parts) expect_contains(result.err, part);
}

// Nothing but the files named is in the folder: no output, no half-written file either.
inline void expect_only(const std::string& folder, std::vector<std::string> names) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    fail_msg("unexpected file '%s'", name.c_str());
  }
}

}  // namespace octet::test

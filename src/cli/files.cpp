#include "cli/files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "cli/failure.h"
#include "cli/text.h"

namespace octet::cli {
namespace {

[[noreturn]] void fail_io(const std::string& path, std::string_view what, int error_number) {
  throw Failure(Q_E_IO, path + ": cannot be " + std::string(what) + ": " + system_reason(error_number), path);
}

// A new empty file beside its target, removed again unless it was renamed to the target.
class FileBeside {
 public:
  explicit FileBeside(const std::string& target) : target_(target), path_(target + ".XXXXXX") {
    descriptor_ = mkostemp(path_.data(), O_CLOEXEC);
    if (descriptor_ >= 0) return;
    if (errno == ENOENT) {
      throw Failure(Q_E_IO, target + ": cannot be written: its folder does not exist; make it first", target);
    }
    fail_io(target, "written", errno);
  }
  FileBeside(const FileBeside&) = delete;
  FileBeside& operator=(const FileBeside&) = delete;
  ~FileBeside() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!renamed_) ::unlink(path_.c_str());
  }

  void write(std::string_view content) {
    while (!content.empty()) {
      const ssize_t written = ::write(descriptor_, content.data(), content.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail_io(target_, "written", errno);
      content.remove_prefix(static_cast<std::size_t>(written));
    }
  }

  void rename_to_target() {
    const mode_t mask = umask(0);
    umask(mask);
    if (fchmod(descriptor_, 0666 & ~mask) != 0) fail_io(target_, "written", errno);
    if (fsync(descriptor_) != 0 && errno != EINVAL) fail_io(target_, "written", errno);
    const int closed = ::close(descriptor_);
    descriptor_ = -1;
    if (closed != 0) fail_io(target_, "written", errno);
    if (::rename(path_.c_str(), target_.c_str()) != 0) fail_io(target_, "written", errno);
    renamed_ = true;
  }

 private:
  const std::string target_;
  std::string path_;
  int descriptor_ = -1;
  bool renamed_ = false;
};

bool same_file(const std::string& a, const std::string& b) {
  struct stat first {};
  struct stat second {};
  if (stat(a.c_str(), &first) != 0 || stat(b.c_str(), &second) != 0) return false;
  return first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

}  // namespace

void write_file(const std::string& path, std::string_view content) {
  FileBeside file(path);
  file.write(content);
  file.rename_to_target();
}

void check_can_write(const std::string& path, const std::vector<std::string>& inputs) {
  if (path.empty()) throw Failure(Q_E_ARGUMENT, "the name of an output file is empty");
  if (is_folder(path)) {
    throw Failure(Q_E_IO, path + ": cannot be written: it is a folder; name a file in it", path);
  }
  for (const std::string& input : inputs) {
    if (same_file(path, input)) {
      throw Failure(Q_E_ARGUMENT, path + ": the output would replace the input " + input + "; name another file", path);
    }
  }
  FileBeside probe(path);  // creating a file is the only test that knows read-only mounts, quotas and rights alike
}

void check_ending(const std::string& path, const std::vector<std::string>& endings, std::string_view what) {
  if (path.empty()) throw Failure(Q_E_ARGUMENT, "the name of an output file is empty");
  if (std::find(endings.begin(), endings.end(), ending_of(path)) != endings.end()) return;
  std::string known;
  for (std::size_t i = 0; i < endings.size(); ++i) {
    known += (i == 0 ? "." : i + 1 == endings.size() ? " or ." : ", .") + endings[i];
  }
  throw Failure(Q_E_UNSUPPORTED,
                path + ": " + std::string(what) + " can be written as " + known + " only; name it " + stem_of(path) +
                    "." + endings.front(),
                path)
      .as_usage();
}

void remove_file(const std::string& path) { ::unlink(path.c_str()); }

bool is_folder(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

std::int64_t file_size(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) fail_io(path, "read", errno);
  return status.st_size;
}

std::vector<std::string> files_in(const std::string& folder, const std::vector<std::string>& endings) {
  std::vector<std::string> files;
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string path = entry->path().string();
    std::error_code ignored;  // an entry that cannot be looked at is no model
    if (entry->is_regular_file(ignored) &&
        std::find(endings.begin(), endings.end(), ending_of(path)) != endings.end()) {
      files.push_back(path);
    }
  }
  if (error) fail_io(folder, "read", error.value());
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> read_lines(const std::string& path) {
  static constexpr std::int64_t kLimit = std::int64_t{64} << 20;
  if (is_folder(path)) fail_io(path, "read", EISDIR);
  if (file_size(path) > kLimit) throw Failure(Q_E_DATA, path + ": larger than 64 MiB: no list of names", path);
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) fail_io(path, "read", errno);
  std::string content;
  char buffer[65536];
  std::size_t count = 0;
  while (content.size() <= static_cast<std::size_t>(kLimit) &&
         (count = std::fread(buffer, 1, sizeof buffer, file)) > 0) {
    content.append(buffer, count);
  }
  const bool failed = std::ferror(file) != 0;
  std::fclose(file);
  if (failed) fail_io(path, "read", EIO);
  std::vector<std::string> lines;
  for (std::size_t start = 0; start < content.size();) {
    const std::size_t end = std::min(content.find('\n', start), content.size());
    std::string line = content.substr(start, end - start);
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(std::move(line));
    start = end + 1;
  }
  return lines;
}

}  // namespace octet::cli

#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace octet {
namespace {

constexpr std::size_t kMapFromBytes = 16 * 1024;  // smaller files are read: a page is not worth a mapping

std::string reason(int error) {
  char text[256] = "";
  // The XSI and the GNU strerror_r differ in what they return; the GNU one is what glibc gives C++.
  const char* message = strerror_r(error, text, sizeof text);
  return message;
}

Status io_error(const char* what, const std::string& path, int error) {
  return fail(Code::io, std::string("cannot ") + what + " '" + path + "': " + reason(error));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Result<Bytes> read_all(const std::string& path, int fd, std::size_t expected) {
  std::vector<std::byte> content;
  content.reserve(expected);
  std::byte block[65536];
  for (;;) {
    const ssize_t got = ::read(fd, block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error("read", path, errno);
    if (got == 0) return Bytes::from(content);
    content.insert(content.end(), block, block + got);
  }
}

Status write_all(int fd, const std::string& path, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return io_error("write", path, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

struct Unmap {
  std::size_t size;
  void operator()(const void* address) const { ::munmap(const_cast<void*>(address), size); }
};

Result<std::vector<std::string>> list(const std::string& folder, bool (*accept)(const std::string&)) {
  DIR* handle = ::opendir(folder.c_str());
  if (handle == nullptr) return io_error("open folder", folder, errno);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(handle)) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (accept(join_path(folder, name))) names.push_back(name);
  }
  ::closedir(handle);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Result<Bytes> map_file(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return io_error("open", path, errno);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return io_error("read", path, errno);
  if (S_ISDIR(info.st_mode)) return fail(Code::io, "cannot read '" + path + "': it is a folder");
  if (S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode)) {  // which may have no end, unless it is /dev/null
    char first = 0;
    if (::read(file.get(), &first, 1) == 0) return Bytes();
    return fail(Code::io, "cannot read '" + path + "': it is a device; name a file");
  }
  const auto size = static_cast<std::size_t>(info.st_size);
  if (!S_ISREG(info.st_mode) || size < kMapFromBytes) {
    return read_all(path, file.get(), S_ISREG(info.st_mode) ? size : 0);
  }
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (address == MAP_FAILED) return io_error("map", path, errno);
  std::shared_ptr<const void> owner(address, Unmap{size});
  return Bytes(std::move(owner), static_cast<const std::byte*>(address), size);
}

void let_pages_go(const Bytes& bytes) {
  if (std::get_deleter<Unmap>(bytes.owner()) == nullptr) return;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
  const std::size_t skipped = (page - begin % page) % page;
  if (bytes.size() < skipped + page) return;
  const std::size_t whole = (bytes.size() - skipped) / page * page;
  auto* first = const_cast<std::byte*>(bytes.data()) + skipped;
  static_cast<void>(::madvise(first, whole, MADV_DONTNEED));  // what cannot be given back does no harm
}

Status write_file_atomically(const std::string& path, std::span<const std::span<const std::byte>> pieces) {
  static std::atomic<unsigned> counter{0};
  const std::string temporary = path + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(counter++);
  Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (file.get() < 0) return io_error("write", path, errno);
  Status status;
  for (const auto& piece : pieces) {
    status = write_all(file.get(), path, piece);
    if (!status.ok()) break;
  }
  if (status.ok() && ::fsync(file.get()) != 0 && errno != EINVAL && errno != EROFS) {
    status = io_error("write", path, errno);
  }
  if (::close(file.release()) != 0 && status.ok()) status = io_error("write", path, errno);
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) != 0) status = io_error("write", path, errno);
  if (!status.ok()) ::unlink(temporary.c_str());
  return status;
}

Status write_file_atomically(const std::string& path, std::string_view text) {
  const std::span<const std::byte> piece = std::as_bytes(std::span(text.data(), text.size()));
  return write_file_atomically(path, {&piece, 1});
}

bool is_folder(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool is_file(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

Result<std::vector<std::string>> list_files(const std::string& folder) { return list(folder, is_file); }
Result<std::vector<std::string>> list_folders(const std::string& folder) { return list(folder, is_folder); }

std::string folder_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string() : std::string(path.substr(0, slash + 1));
}

std::string join_path(std::string_view folder, std::string_view path) {
  if (folder.empty() || (!path.empty() && path.front() == '/')) return std::string(path);
  std::string joined(folder);
  if (joined.back() != '/') joined += '/';
  return joined.append(path);
}

std::string ending_of(std::string_view path) {
  const auto name = path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos) return {};
  std::string ending(name.substr(dot + 1));
  for (char& c : ending) c = (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
  return ending;
}

}  // namespace octet

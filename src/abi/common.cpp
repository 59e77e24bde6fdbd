#include <algorithm>
#include <chrono>

#include "abi/abi.h"
#include "cpu/cpu.h"

namespace octet::abi {

static_assert(static_cast<q_status>(Code::ok) == Q_OK && static_cast<q_status>(Code::argument) == Q_E_ARGUMENT &&
              static_cast<q_status>(Code::memory) == Q_E_MEMORY && static_cast<q_status>(Code::io) == Q_E_IO &&
              static_cast<q_status>(Code::format) == Q_E_FORMAT &&
              static_cast<q_status>(Code::version) == Q_E_VERSION &&
              static_cast<q_status>(Code::unsupported) == Q_E_UNSUPPORTED &&
              static_cast<q_status>(Code::shape) == Q_E_SHAPE && static_cast<q_status>(Code::config) == Q_E_CONFIG &&
              static_cast<q_status>(Code::data) == Q_E_DATA &&
              static_cast<q_status>(Code::cancelled) == Q_E_CANCELLED &&
              static_cast<q_status>(Code::internal) == Q_E_INTERNAL);

namespace {

// Copies as much of the message as fits; what does not ends in "...", at the start of a character.
void copy_message(char* out, std::size_t capacity, const std::string& message) {
  if (message.size() < capacity) {
    std::memcpy(out, message.c_str(), message.size() + 1);
    return;
  }
  if (capacity < 4) {
    out[0] = '\0';
    return;
  }
  std::size_t end = capacity - 4;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;
  std::memcpy(out, message.data(), end);
  std::memcpy(out + end, "...", 4);
}

}  // namespace

q_status set_error(q_error* error, const Status& status) {
  const auto code = static_cast<q_status>(status.code());
  constexpr std::uint32_t kHeader = offsetof(q_error, message);
  if (error == nullptr || error->struct_size < kHeader) return code;
  error->code = code;
  const std::size_t room = std::min<std::size_t>(error->struct_size, sizeof *error) - kHeader;
  if (room > 0) copy_message(error->message, room, status.message());
  return code;
}

Result<std::string> text_of(q_str str, const char* name) {
  constexpr std::size_t kMaxText = 65536;  // of paths and names; what is longer is a length that went wrong
  if (str.size == 0) return std::string();
  if (str.size > kMaxText) {
    return fail(Code::argument, std::string(name) + " is " + std::to_string(str.size) + " bytes long; at most " +
                                    std::to_string(kMaxText) + " are possible");
  }
  if (str.data == nullptr) return fail(Code::argument, std::string(name) + ": data is NULL and size is not 0");
  if (std::memchr(str.data, 0, str.size) != nullptr) {
    return fail(Code::argument, std::string(name) + " contains a zero byte");
  }
  return std::string(str.data, str.size);
}

Status not_null(const void* pointer, const char* name) {
  return pointer != nullptr ? Status() : fail(Code::argument, std::string(name) + " is NULL");
}

Status check_index(std::int32_t index, std::size_t count, const char* what) {
  if (index >= 0 && static_cast<std::size_t>(index) < count) return {};
  return fail(Code::argument,
              std::string(what) + " " + std::to_string(index) + " does not exist: there are " + std::to_string(count));
}

Hooks make_hooks(q_progress_fn progress, void* progress_user, q_log_fn log, void* log_user) {
  Hooks hooks;
  if (log != nullptr) {
    hooks.log = [=](LogLevel level, const std::string& line) {
      log(log_user, static_cast<std::int32_t>(level), view_of(line));
    };
  }
  if (progress == nullptr) return hooks;
  using Clock = std::chrono::steady_clock;
  hooks.progress = [=, stage_seen = static_cast<const char*>(nullptr), start = Clock::time_point(), stopped = false](
                       const char* stage, std::int64_t done, std::int64_t total) mutable {
    if (stage != stage_seen) {
      stage_seen = stage;
      start = Clock::now();
    }
    const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    q_progress p{};
    p.struct_size = sizeof p;
    p.stage = q_text(stage);
    p.done = done;
    p.total = total;
    p.seconds_left = done > 0 ? elapsed / static_cast<double>(done) * static_cast<double>(total - done) : -1;
    stopped = stopped || progress(progress_user, &p) != 0;  // who has stopped it is not asked again
    return !stopped;
  };
  return hooks;
}

Result<int> thread_count(std::int32_t threads, int when_zero) {
  if (threads < 0 || threads > 256) {
    return fail(Code::argument, "threads is " + std::to_string(threads) + "; 0 to 256 are possible");
  }
  return threads == 0 ? when_zero : static_cast<int>(threads);
}

}  // namespace octet::abi

using namespace octet;

OCTET_EXPORT uint32_t q_abi_version(void) { return Q_ABI_VERSION; }

OCTET_EXPORT const char* q_version(void) { return OCTET_VERSION; }

OCTET_EXPORT const char* q_status_name(q_status status) {
  switch (status) {
    case Q_OK:
      return "Q_OK";
    case Q_E_ARGUMENT:
      return "Q_E_ARGUMENT";
    case Q_E_MEMORY:
      return "Q_E_MEMORY";
    case Q_E_IO:
      return "Q_E_IO";
    case Q_E_FORMAT:
      return "Q_E_FORMAT";
    case Q_E_VERSION:
      return "Q_E_VERSION";
    case Q_E_UNSUPPORTED:
      return "Q_E_UNSUPPORTED";
    case Q_E_SHAPE:
      return "Q_E_SHAPE";
    case Q_E_CONFIG:
      return "Q_E_CONFIG";
    case Q_E_DATA:
      return "Q_E_DATA";
    case Q_E_CANCELLED:
      return "Q_E_CANCELLED";
    case Q_E_INTERNAL:
      return "Q_E_INTERNAL";
    default:
      return "unknown status";
  }
}

#include "cli/console.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <new>

#include "cli/interrupt.h"
#include "cli/text.h"

namespace octet::cli {
namespace {

// A failure to write to stderr has nowhere to be reported.
void write_stderr(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

constexpr std::string_view kEraseLine = "\r\x1b[K";

}  // namespace

Console::Console() {
  const char* kind = std::getenv("TERM");
  terminal_ = isatty(STDERR_FILENO) != 0 && kind != nullptr && std::string_view(kind) != "dumb";
}

void Console::line(std::string_view prefix, std::string_view message) {
  clear_progress();
  // The lines of a message (a table of the library, say) stay lines; everything else that controls a terminal goes.
  while (message.ends_with('\n')) message.remove_suffix(1);
  std::string text(prefix);
  while (true) {
    const std::size_t end = message.find('\n');
    text += printable(message.substr(0, end)) + "\n";
    if (end == std::string_view::npos) break;
    message.remove_prefix(end + 1);
  }
  write_stderr(text);
}

void Console::progress(std::string_view stage, std::int64_t done, std::int64_t total, double seconds_left) {
  using namespace std::chrono_literals;
  if (!terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (shown_ && done < total && now - last_update_ < 100ms) return;
  last_update_ = now;
  std::string text(kEraseLine);
  text += printable(stage) + " " + std::to_string(done);
  if (total > 0) text += "/" + std::to_string(total);
  if (seconds_left >= 0 && done < total) text += ", " + duration_text(seconds_left) + " left";
  write_stderr(text);
  shown_ = true;
}

void Console::clear_progress() {
  if (!shown_) return;
  write_stderr(kEraseLine);
  shown_ = false;
}

std::int32_t Console::on_progress(void* user, const q_progress* progress) {
  try {
    static_cast<Console*>(user)->progress(view(progress->stage), progress->done, progress->total,
                                          progress->seconds_left);
  } catch (const std::bad_alloc&) {
    // No exception may pass through the library; a line of progress can be missed.
  }
  return interrupted() ? 1 : 0;
}

void Console::on_log(void* user, std::int32_t level, q_str message) {
  try {
    Console& console = *static_cast<Console*>(user);
    if (level == Q_LOG_ERROR) {
      console.long_message_ = view(message);
    } else {
      level >= Q_LOG_WARNING ? console.warning(view(message)) : console.note(view(message));
    }
  } catch (const std::bad_alloc&) {
    // As above: what needs memory next will fail and say so.
  }
}

std::string Console::whole_message(const q_error& error) {
  return long_message_.empty() ? error.message : std::exchange(long_message_, {});
}

void LoopProgress::show(std::int64_t done) {
  const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  const double left = done > 0 ? elapsed / static_cast<double>(done) * static_cast<double>(total_ - done) : -1;
  console_.progress(stage_, done, total_, left);
}

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "-";
  if (seconds < 9.95) return fixed(seconds, 1) + " s";
  const auto whole = static_cast<std::int64_t>(std::min(std::round(seconds), 3.6e8));
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole / 60 % 60) + " min";
}

}  // namespace octet::cli

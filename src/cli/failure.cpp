#include "cli/failure.h"

#include <system_error>

namespace octet::cli {
namespace {

// The library's messages write a node as: node 'name'. The ABI has no member of its own for it.
std::string node_in(std::string_view message) {
  static constexpr std::string_view kMark = "node '";
  const std::size_t start = message.find(kMark);
  if (start == std::string_view::npos) return {};
  const std::string_view rest = message.substr(start + kMark.size());
  const std::size_t end = rest.find('\'');
  return end == std::string_view::npos ? std::string() : std::string(rest.substr(0, end));
}

}  // namespace

Failure library_failure(q_status status, std::string message, std::string_view file) {
  if (status == Q_E_CANCELLED) return {status, "interrupted"};
  if (message.empty()) message = q_status_name(status);
  if (!file.empty() && message.find(file) == std::string::npos) message = std::string(file) + ": " + message;
  std::string node = node_in(message);
  return {status, std::move(message), std::string(file), std::move(node)};
}

std::string system_reason(int error_number) { return std::generic_category().message(error_number); }

}  // namespace octet::cli

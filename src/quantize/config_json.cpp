#include "quantize/config_json.h"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace octet {
namespace {

constexpr std::size_t kMaxDepth = 8;
constexpr std::size_t kMaxValues = 65536;
constexpr std::size_t kMaxMembers = 256;

// Tells how far the parser has read: its events carry no position of their own.
class TrackingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  TrackingIterator(const char* at, const char** read) : at_(at), read_(read) {}
  reference operator*() const { return *at_; }
  TrackingIterator& operator++() {
    *read_ = ++at_;
    return *this;
  }
  friend bool operator==(const TrackingIterator& a, const TrackingIterator& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  const char** read_;
};

std::string place(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(offset - start + 1);
}

// What people write most often that is not JSON, for the character at which the parser stopped.
std::string_view hint(std::string_view text, std::size_t offset) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return "the file is empty";
  if (offset >= text.size()) return "the text ends too early: a bracket or a quotation mark is not closed";
  const char c = text[offset];
  if (c == '/' || c == '#') return "JSON has no comments: remove it";
  if (c == '\'') return "JSON strings stand in double quotation marks";
  if (c == '}' || c == ']') {
    const std::size_t previous = offset == 0 ? std::string_view::npos : text.find_last_not_of(" \t\r\n", offset - 1);
    if (previous != std::string_view::npos && text[previous] == ',') return "remove the comma before the bracket";
  }
  return {};
}

// Builds the tree from the parser's events; an event answers false to stop, with the reason in status().
class TreeBuilder {
 public:
  TreeBuilder(std::string_view text, const char* const* read) : text_(text), read_(read) { open_.reserve(kMaxDepth); }

  JsonValue take() { return std::move(root_); }
  const Status& status() const { return status_; }

  bool null() { return add({}) != nullptr; }
  bool boolean(bool value) { return add({.kind = JsonKind::boolean, .boolean = value}) != nullptr; }
  bool number_integer(std::int64_t value) { return number(static_cast<double>(value)); }
  bool number_unsigned(std::uint64_t value) { return number(static_cast<double>(value)); }
  bool number_float(double value, const std::string&) { return number(value); }
  bool string(std::string& value) { return add({.kind = JsonKind::string, .text = std::move(value)}) != nullptr; }
  bool binary(nlohmann::json::binary_t&) { return stop("binary data"); }
  bool start_object(std::size_t) { return open(JsonKind::object); }
  bool start_array(std::size_t) { return open(JsonKind::list); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    auto& members = open_.back()->members;
    for (const auto& member : members) {
      if (member.key != name) continue;
      return stop("key '" + printable(name) + "' is there twice (first in line " + std::to_string(member.line) + ")");
    }
    if (members.size() == kMaxMembers) return stop("more than " + std::to_string(kMaxMembers) + " keys in one object");
    const auto line = 1 + std::count(text_.data(), *read_, '\n');
    members.push_back({std::move(name), static_cast<std::size_t>(line), {}});
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) {
    const std::size_t offset = std::min(position == 0 ? 0 : position - 1, text_.size());
    std::string_view why = hint(text_, offset);
    if (why.empty()) {
      // The library's message begins with its own name and place.
      why = error.what();
      const auto column = why.find("column ");
      const auto colon = why.find(": ", column == std::string_view::npos ? 0 : column);
      if (colon != std::string_view::npos) why.remove_prefix(colon + 2);
    }
    status_ = fail(Code::config, place(text_, offset) + ": not JSON: " + printable(why, 300));
    return false;
  }

 private:
  bool stop(const std::string& why) {
    const auto offset = static_cast<std::size_t>(*read_ - text_.data());
    status_ = fail(Code::config, place(text_, offset == 0 ? 0 : offset - 1) + ": " + why);
    return false;
  }

  bool number(double value) { return add({.kind = JsonKind::number, .number = value}) != nullptr; }

  // Where the value came to lie; null after stop().
  JsonValue* add(JsonValue value) {
    if (++values_ > kMaxValues) {
      stop("more than " + std::to_string(kMaxValues) + " values");
      return nullptr;
    }
    if (open_.empty()) return &(root_ = std::move(value));
    JsonValue& parent = *open_.back();
    if (parent.kind == JsonKind::object) return &(parent.members.back().value = std::move(value));
    return &parent.items.emplace_back(std::move(value));
  }

  // Only the innermost open value grows, so the pointers to those around it stay valid.
  bool open(JsonKind kind) {
    if (open_.size() == kMaxDepth) return stop("nested deeper than " + std::to_string(kMaxDepth) + " levels");
    JsonValue* value = add({.kind = kind});
    if (value == nullptr) return false;
    open_.push_back(value);
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  const char* const* read_;
  JsonValue root_;
  std::vector<JsonValue*> open_;
  std::size_t values_ = 0;
  Status status_;
};

}  // namespace

Result<JsonValue> parse_json(std::string_view text) {
  if (text.size() > kMaxJsonBytes) {
    return fail(Code::config, "larger than " + std::to_string(kMaxJsonBytes) + " bytes: this is no configuration");
  }
  if (text.empty()) return fail(Code::config, "line 1, column 1: not JSON: the file is empty");
  const char* read = text.data();
  TreeBuilder builder(text, &read);
  try {
    const TrackingIterator begin(text.data(), &read);
    const TrackingIterator end(text.data() + text.size(), &read);
    if (!nlohmann::json::sax_parse(begin, end, &builder)) return builder.status();
  } catch (const nlohmann::json::exception& error) {
    return fail(Code::config, std::string("not JSON: ") + printable(error.what(), 300));
  }
  return builder.take();
}

const JsonValue* JsonValue::find(std::string_view key) const {
  for (const JsonMember& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

std::string describe(const JsonValue& value) {
  switch (value.kind) {
    case JsonKind::null:
      return "null";
    case JsonKind::boolean:
      return value.boolean ? "true" : "false";
    case JsonKind::number: {
      char digits[32];
      std::snprintf(digits, sizeof digits, "%.10g", value.number);
      return std::string("the number ") + digits;
    }
    case JsonKind::string:
      return "the string \"" + printable(value.text, 60) + "\"";
    case JsonKind::list:
      return "a list";
    case JsonKind::object:
      return "an object";
  }
  return "a value";
}

}  // namespace octet

// Writes one JSON document, two spaces of indentation a level. Text that is not UTF-8 (a file's name may be anything)
// gets U+FFFD in place of the wrong bytes; a number that JSON cannot hold becomes null.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace octet::cli {

class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  // The name of the member that is written next.
  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(double number) { return real(number); }
  JsonWriter& value(float number) { return real(number); }  // the digits that a float has
  JsonWriter& value(bool flag);
  template <std::integral T>
  requires(!std::same_as<T, bool>) JsonWriter& value(T number) { return integer(static_cast<std::int64_t>(number)); }
  JsonWriter& null();

  // An array of numbers, on one line.
  template <class T>
  JsonWriter& list(std::span<const T> numbers) {
    begin_array();
    for (const T number : numbers) {
      on_one_line_ = true;
      value(number);
    }
    return end_array();
  }

  template <class T>
  JsonWriter& field(std::string_view name, const T& content) {
    return key(name).value(content);
  }
  // A text member that is null where `text` is empty.
  JsonWriter& optional_field(std::string_view name, std::string_view text);

  // The document, ended by a line feed.
  std::string finish() && { return std::move(text_) + "\n"; }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& integer(std::int64_t number);
  template <class T>
  JsonWriter& real(T number);
  void separate();
  void new_line();
  void quote(std::string_view text);

  std::string text_;
  int depth_ = 0;
  bool first_ = true;         // nothing stands in the innermost bracket yet
  bool on_one_line_ = false;  // of the value that comes next and the bracket behind it
  bool after_key_ = false;    // a member's name was written, its value follows
};

}  // namespace octet::cli

// A .octet file as bytes that tests may damage. Fields are found as FlatBuffers lays them out, by their numbers in
// octet.fbs, without the library's own code.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "model/assert_status.h"
#include "model/format.h"
#include "model/model.h"
#include "support/keep_file.h"

namespace octet::test {

// Numbers of fields in octet.fbs.
enum Field {
  kFormatVersion = 0,
  kMinimumReaderVersion = 1,
  kChecksum = 2,
  kRecipe = 5,
  kInputs = 6,
  kDtypes = 8,
  kFlags = 9,
  kShapes = 10,
  kOffsets = 11,
  kZeroPoints = 13,
  kOps = 14,
  kNodeAttributes = 15,
  kInputCounts = 16,
  kOutputCounts = 17,
  kOperands = 18,
  kNames = 20,
  kLists = 21,
  kWeights = 22
};

class FileBytes {
 public:
  explicit FileBytes(const Graph& graph) {
    const auto bytes = octet_bytes(graph);
    assert_ok(bytes.status());
    content_.assign(bytes->data(), bytes->data() + bytes->size());
    keep_file("octet", {reinterpret_cast<const char*>(content_.data()), content_.size()});
  }

  std::vector<std::byte>& content() { return content_; }
  Bytes bytes() const { return Bytes::from(content_); }

  template <class T>
  T get(std::size_t position) const {
    T value;
    std::memcpy(&value, content_.data() + position, sizeof value);
    return value;
  }
  template <class T>
  void set(std::size_t position, T value) {
    std::memcpy(content_.data() + position, &value, sizeof value);
  }

  // Where a field of the root table stands; 0 where it is absent.
  std::size_t field(Field number) const {
    const std::size_t table = get<std::uint32_t>(0);
    const std::size_t vtable = table - static_cast<std::size_t>(static_cast<std::int64_t>(get<std::int32_t>(table)));
    const std::size_t entry = 4 + 2 * static_cast<std::size_t>(number);
    if (entry >= get<std::uint16_t>(vtable)) return 0;
    const std::size_t offset = get<std::uint16_t>(vtable + entry);
    return offset == 0 ? 0 : table + offset;
  }
  // Where the elements of a vector of the root table begin, and how many there are.
  std::size_t vector(Field number) const { return field(number) + get<std::uint32_t>(field(number)) + 4; }
  std::size_t vector_size(Field number) const { return get<std::uint32_t>(vector(number) - 4); }

  // Makes the checksum right again, as someone who damages a file on purpose would.
  void repair() {
    const std::size_t structure = vector(kWeights);
    const std::span<const std::byte> all(content_);
    set(field(kChecksum), format::checksum(all.first(structure), field(kChecksum)));
  }

  Result<Graph> read() const { return read_octet(bytes(), "model.octet"); }

  // The file is refused with this code, and the message has these words in it.
  void assert_refused(Code code, std::string_view words) const {
    const auto graph = read();
    assert_failed(graph.status(), code, words);
    assert_failed(graph.status(), code, "'model.octet'");
  }

 private:
  std::vector<std::byte> content_;
};

}  // namespace octet::test

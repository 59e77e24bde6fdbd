// Lists of integers and attributes of nodes, as a .octet file holds them: equal ones once.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "graph/graph.h"
#include "model/format.h"
#include "octet_generated.h"

namespace octet::format {

// Gives numbers to lists, 0 to the empty one and the others in the order of their first use.
class ListWriter {
 public:
  std::uint32_t number_of(const std::vector<std::int64_t>& list);
  std::size_t size() const { return numbers_.size(); }
  // Elements that all users see together: of lists, and others that are told here.
  std::size_t listed() const { return listed_; }
  void count_listed(std::size_t count) { listed_ += count; }
  const std::vector<std::uint8_t>& bytes() const { return sink_.bytes(); }

 private:
  std::map<std::vector<std::int64_t>, std::uint32_t> numbers_;
  std::size_t listed_ = 0;
  ByteSink sink_;
};

class AttributesWriter {
 public:
  AttributesWriter(flatbuffers::FlatBufferBuilder& builder, ListWriter& lists) : builder_(builder), lists_(lists) {}

  // The number of the table that holds these attributes, written when they are new.
  std::uint32_t number_of(const octet::Attributes& attrs);
  const std::vector<flatbuffers::Offset<Attributes>>& tables() const { return tables_; }

 private:
  flatbuffers::FlatBufferBuilder& builder_;
  ListWriter& lists_;
  std::map<std::vector<std::int64_t>, std::uint32_t> numbers_;
  std::vector<flatbuffers::Offset<Attributes>> tables_;
};

// The lists of a file.
class ListReader {
 public:
  Status read(const flatbuffers::Vector<std::uint8_t>* bytes);
  // Copies list `number`; fails where there is none, or where too much has been copied in all.
  Status get(std::uint16_t number, std::vector<std::int64_t>* list);
  // Takes `count` elements from what may be copied in all.
  Status spend(std::size_t count);

 private:
  std::vector<std::vector<std::int64_t>> lists_;
  std::size_t left_ = kMaxListed;
};

// Whether a number is one that this version knows is checked for each enumeration.
Status read_attributes(const Attributes& table, ListReader& lists, octet::Attributes* attrs);

}  // namespace octet::format

#include "protobuf_tree.h"

#include <algorithm>
#include <array>

namespace octet::fuzz {
namespace {

constexpr int kMostDepth = 16;

struct Nested {
  Kind parent;
  std::uint32_t number;
  Kind kind;
};

constexpr std::array kNested = {
    Nested{Kind::model, 7, Kind::graph},       Nested{Kind::model, 8, Kind::opset},
    Nested{Kind::graph, 1, Kind::node},        Nested{Kind::graph, 5, Kind::tensor},
    Nested{Kind::graph, 11, Kind::value_info}, Nested{Kind::graph, 12, Kind::value_info},
    Nested{Kind::graph, 13, Kind::value_info}, Nested{Kind::node, 5, Kind::attribute},
    Nested{Kind::attribute, 5, Kind::tensor},  Nested{Kind::attribute, 6, Kind::graph},
    Nested{Kind::tensor, 13, Kind::entry},     Nested{Kind::value_info, 2, Kind::type},
    Nested{Kind::type, 1, Kind::tensor_type},  Nested{Kind::tensor_type, 2, Kind::shape},
    Nested{Kind::shape, 1, Kind::dimension},
};

Kind kind_in(Kind parent, std::uint32_t number) {
  const auto found = std::find_if(kNested.begin(), kNested.end(), [&](const Nested& nested) {
    return nested.parent == parent && nested.number == number;
  });
  return found == kNested.end() ? Kind::leaf : found->kind;
}

bool take(std::string_view& rest, std::uint64_t size, std::string_view* taken) {
  if (size > rest.size()) return false;
  *taken = rest.substr(0, size);
  rest.remove_prefix(size);
  return true;
}

bool parse_field(std::string_view& rest, Kind parent, ProtoField& field, int depth) {
  std::uint64_t key = 0;
  if (!read_varint(rest, &key)) return false;
  field.parent = parent;
  field.number = static_cast<std::uint32_t>(key >> 3);
  field.wire = static_cast<Wire>(key & 7);
  std::string_view content;
  switch (field.wire) {
    case Wire::varint:
      return read_varint(rest, &field.value);
    case Wire::fixed64:
    case Wire::fixed32:
      if (!take(rest, field.wire == Wire::fixed32 ? 4 : 8, &content)) return false;
      field.bytes = content;
      return true;
    case Wire::bytes:
      break;
    default:
      return false;
  }
  std::uint64_t size = 0;
  if (!read_varint(rest, &size) || !take(rest, size, &content)) return false;
  field.kind = kind_in(parent, field.number);
  if (field.kind != Kind::leaf && parse(content, field.kind, field.children, depth + 1)) return true;
  field.kind = Kind::leaf;
  field.children.clear();
  field.bytes = content;
  return true;
}

}  // namespace

bool read_varint(std::string_view& rest, std::uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64 && !rest.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(rest.front());
    rest.remove_prefix(1);
    *value |= static_cast<std::uint64_t>(byte & 127) << shift;
    if (byte < 128) return true;
  }
  return false;
}

void write_varint(std::uint64_t value, std::string& out) {
  for (; value >= 128; value >>= 7) out += static_cast<char>(value | 128);
  out += static_cast<char>(value);
}

bool parse(std::string_view bytes, Kind kind, std::vector<ProtoField>& fields, int depth) {
  if (depth > kMostDepth) return false;
  while (!bytes.empty()) {
    if (!parse_field(bytes, kind, fields.emplace_back(), depth)) return false;
  }
  return true;
}

std::string serialize(const std::vector<ProtoField>& fields) {
  std::string out;
  for (const ProtoField& field : fields) {
    write_varint(std::uint64_t{field.number} << 3 | static_cast<std::uint64_t>(field.wire), out);
    if (field.wire == Wire::varint) {
      write_varint(field.value, out);
    } else if (field.wire != Wire::bytes) {
      out += field.bytes;
    } else {
      const std::string content = field.kind == Kind::leaf ? field.bytes : serialize(field.children);
      write_varint(content.size(), out);
      out += content;
    }
  }
  return out;
}

std::size_t size_of(const ProtoField& field) {
  std::size_t size = 12 + field.bytes.size();
  for (const ProtoField& child : field.children) size += size_of(child);
  return size;
}

bool is_number_list(const ProtoField& field) {
  if (field.wire != Wire::bytes) return false;
  return (field.parent == Kind::tensor && (field.number == 1 || field.number == 5 || field.number == 7)) ||
         (field.parent == Kind::attribute && field.number == 8);
}

bool is_name(const ProtoField& field) {
  if (field.wire != Wire::bytes) return false;
  return (field.parent == Kind::node && (field.number <= 4 || field.number == 7)) ||
         (field.parent == Kind::attribute && (field.number == 1 || field.number == 4)) ||
         (field.parent == Kind::tensor && field.number == 8) || (field.parent == Kind::value_info && field.number == 1);
}

bool is_floats(const ProtoField& field) {
  return (field.parent == Kind::tensor && (field.number == 4 || field.number == 9)) ||
         (field.parent == Kind::attribute && (field.number == 2 || field.number == 7));
}

}  // namespace octet::fuzz

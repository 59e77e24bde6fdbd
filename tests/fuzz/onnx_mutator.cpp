// A mutator that knows how protobuf nests. Lengths stand before everything in it, so that a change of a single byte
// mostly makes a file that is refused at once; this one takes a file apart, changes a field and puts it together again.
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "protobuf_tree.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace octet::fuzz {
namespace {

using Random = std::minstd_rand;

constexpr std::array<std::int64_t, 22> kNumbers = {
    0,         1,         -1,       2, 3, 4, 5, 7, 8, 11, 13, 16, 64, 127, 128, 255, 65536, 1LL << 31, (1LL << 31) - 1,
    1LL << 40, INT64_MAX, INT64_MIN};
constexpr std::array<float, 9> kFloats = {0, 1, -1, 0.5F, 1e-30F, 3e38F, -2.5F, 127, 1e9F};
constexpr float kNotFinite[] = {__builtin_nanf(""), __builtin_inff()};

std::size_t below(Random& random, std::size_t limit) { return limit == 0 ? 0 : random() % limit; }

void change_number(std::uint64_t& value, Random& random) {
  switch (below(random, 4)) {
    case 0:
      value += 1;
      break;
    case 1:
      value -= 1;
      break;
    case 2:
      value = below(random, 32);
      break;
    default:
      value = static_cast<std::uint64_t>(kNumbers[below(random, kNumbers.size())]);
  }
}

// Lists of varints: a number is changed, added or taken away.
void change_list(std::string& bytes, Random& random) {
  std::vector<std::uint64_t> values;
  std::string_view rest = bytes;
  std::uint64_t value = 0;
  while (!rest.empty() && read_varint(rest, &value)) values.push_back(value);
  const std::size_t at = below(random, values.size());
  switch (below(random, 4)) {
    case 0:
      values.insert(values.begin() + static_cast<std::ptrdiff_t>(at), below(random, 9));
      break;
    case 1:
      if (!values.empty()) values.erase(values.begin() + static_cast<std::ptrdiff_t>(at));
      break;
    default:
      if (!values.empty()) change_number(values[at], random);
  }
  bytes.clear();
  for (const std::uint64_t number : values) write_varint(number, bytes);
}

void change_bytes(std::string& bytes, Random& random) {
  std::vector<std::uint8_t> memory(bytes.begin(), bytes.end());
  memory.resize(bytes.size() + 1 + below(random, 32));
  const std::size_t size = LLVMFuzzerMutate(memory.data(), bytes.size(), memory.size());
  bytes.assign(reinterpret_cast<const char*>(memory.data()), size);
}

void change_float(std::string& bytes, Random& random) {
  const std::size_t kind = below(random, kFloats.size() + 2);
  const float value = kind < kFloats.size() ? kFloats[kind] : kNotFinite[kind - kFloats.size()];
  if (bytes.size() >= sizeof value)
    std::memcpy(bytes.data() + below(random, bytes.size() / 4) * 4, &value, sizeof value);
}

// Fields of the same meaning, in this file or another one: names, nodes, attributes...
std::vector<const ProtoField*> like(const ProtoField& field, const std::vector<ProtoField*>& all) {
  std::vector<const ProtoField*> found;
  for (const ProtoField* other : all) {
    if (other != &field && other->parent == field.parent && other->number == field.number) found.push_back(other);
  }
  return found;
}

void change_leaf(ProtoField& field, const std::vector<ProtoField*>& all, Random& random) {
  if (field.wire == Wire::varint) return change_number(field.value, random);
  if (is_number_list(field) && below(random, 4) != 0) return change_list(field.bytes, random);
  if (is_floats(field) && below(random, 2) == 0) return change_float(field.bytes, random);
  if (is_name(field) && below(random, 8) != 0) {
    std::vector<const ProtoField*> names;
    for (const ProtoField* other : all) {
      if (is_name(*other)) names.push_back(other);
    }
    const auto same = like(field, all);
    const auto& from = same.empty() || below(random, 2) == 0 ? names : same;
    if (!from.empty()) field.bytes = from[below(random, from.size())]->bytes;
    return;
  }
  if (field.wire == Wire::fixed32 || field.wire == Wire::fixed64) {
    const std::size_t size = field.bytes.size();
    below(random, 2) == 0 ? change_float(field.bytes, random) : change_bytes(field.bytes, random);
    field.bytes.resize(size);
    return;
  }
  change_bytes(field.bytes, random);
}

void change_message(std::vector<ProtoField>& siblings, std::size_t at, const std::vector<ProtoField*>& all,
                    Random& random) {
  const auto place = siblings.begin() + static_cast<std::ptrdiff_t>(at);
  switch (below(random, 4)) {
    case 0:
      siblings.erase(place);
      break;
    case 1:
      if (const ProtoField copy = *place; size_of(copy) < 4096) siblings.insert(place, copy);
      break;
    case 2:
      std::swap(*place, siblings[below(random, siblings.size())]);
      break;
    default:
      if (const auto others = like(*place, all); !others.empty()) {
        const ProtoField copy = *others[below(random, others.size())];
        *place = copy;
      }
  }
}

struct Where {
  std::vector<ProtoField>* siblings;
  std::size_t at;
};

void list_places(std::vector<ProtoField>& fields, std::vector<Where>& places) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    places.push_back({&fields, i});
    list_places(fields[i].children, places);
  }
}

void change_once(std::vector<ProtoField>& fields, Random& random) {
  std::vector<Where> places;
  list_places(fields, places);
  if (places.empty()) return;
  std::vector<ProtoField*> all;
  for (const Where& where : places) all.push_back(&(*where.siblings)[where.at]);
  const Where where = places[below(random, places.size())];
  ProtoField& field = (*where.siblings)[where.at];
  if (field.kind != Kind::leaf || below(random, 8) == 0) {
    change_message(*where.siblings, where.at, all, random);
  } else {
    change_leaf(field, all, random);
  }
}

std::size_t put(const std::vector<ProtoField>& fields, std::uint8_t* data, std::size_t max_size) {
  const std::string bytes = serialize(fields);
  if (bytes.size() > max_size) return 0;
  std::copy(bytes.begin(), bytes.end(), data);
  return bytes.size();
}

}  // namespace
}  // namespace octet::fuzz

using namespace octet::fuzz;

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned int seed) {
  Random random(seed);
  std::vector<ProtoField> fields;
  if (below(random, 10) == 0 || !parse({reinterpret_cast<const char*>(data), size}, Kind::model, fields)) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  for (std::size_t changes = 1 + below(random, 3); changes > 0; --changes) change_once(fields, random);
  const std::size_t changed = put(fields, data, max_size);
  return changed != 0 ? changed : LLVMFuzzerMutate(data, size, max_size);
}

// Puts a node, an attribute, a weight, ... of the second file into the first.
extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data1, std::size_t size1,
                                                 const std::uint8_t* data2, std::size_t size2, std::uint8_t* out,
                                                 std::size_t max_out_size, unsigned int seed) {
  Random random(seed);
  std::vector<ProtoField> first;
  std::vector<ProtoField> second;
  if (!parse({reinterpret_cast<const char*>(data1), size1}, Kind::model, first) ||
      !parse({reinterpret_cast<const char*>(data2), size2}, Kind::model, second)) {
    return 0;
  }
  std::vector<Where> to;
  std::vector<Where> from;
  list_places(first, to);
  list_places(second, from);
  if (to.empty() || from.empty()) return 0;
  const Where source = from[below(random, from.size())];
  const ProtoField& given = (*source.siblings)[source.at];
  std::erase_if(to, [&](const Where& where) {
    const ProtoField& field = (*where.siblings)[where.at];
    return field.parent != given.parent || field.number != given.number;
  });
  if (to.empty()) return 0;
  const Where target = to[below(random, to.size())];
  if (below(random, 2) == 0) {
    (*target.siblings)[target.at] = given;
  } else {
    target.siblings->insert(target.siblings->begin() + static_cast<std::ptrdiff_t>(target.at), given);
  }
  return put(first, out, max_out_size);
}

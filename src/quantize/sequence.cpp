#include "quantize/sequence.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/file.h"
#include "base/text.h"
#include "image/in_quotes.h"
#include "image/tensor_file.h"
#include "quantize/config_json.h"

namespace octet {
namespace {

using Shape = std::vector<std::int64_t>;

constexpr const char* kDescription = "input.json";

struct DescribedInput {
  std::string name;
  std::optional<Shape> shape;
};

Status bad_description(const std::string& what) {
  return fail(Code::format, what + R"(: {"inputs": [{"name": "data", "shape": [1, 3, 224, 224]}]} is expected)");
}

// The name becomes a part of a path: it must stay inside the sample's folder.
bool stays_inside(std::string_view name) {
  if (name.empty() || name.front() == '/' || name.find('\0') != std::string_view::npos) return false;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('/', begin), name.size());
    if (name.substr(begin, end - begin) == "..") return false;
    begin = end + 1;
  }
  return true;
}

Result<Shape> parse_shape(const JsonValue& json, std::string_view name) {
  if (json.kind != JsonKind::list) return bad_description("\"shape\" of " + in_quotes(name) + " is no list");
  Shape shape;
  for (const JsonValue& dim : json.items) {
    if (dim.kind != JsonKind::number || dim.number < 0 || dim.number > INT32_MAX ||
        dim.number != std::floor(dim.number)) {
      return bad_description("\"shape\" of " + in_quotes(name) + " holds something else than sizes");
    }
    shape.push_back(static_cast<std::int64_t>(dim.number));
  }
  return shape;
}

Result<DescribedInput> parse_input(const JsonValue& json) {
  if (json.kind != JsonKind::object) return bad_description("an entry of \"inputs\" is no object");
  const JsonValue* name = json.find("name");
  if (name == nullptr || name->kind != JsonKind::string) {
    return bad_description("an entry of \"inputs\" has no \"name\"");
  }
  DescribedInput input;
  input.name = name->text;
  if (!stays_inside(input.name)) {
    return fail(Code::format, "the input name " + in_quotes(input.name) + " leads out of the sample's folder");
  }
  if (const JsonValue* shape = json.find("shape")) {
    OCTET_ASSIGN(input.shape, parse_shape(*shape, input.name));
  }
  return input;
}

Result<std::vector<DescribedInput>> parse_description(std::span<const std::byte> bytes) {
  auto json = parse_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!json.ok()) return fail(Code::format, json.status().message());
  const JsonValue* inputs = json->kind == JsonKind::object ? json->find("inputs") : nullptr;
  if (inputs == nullptr || inputs->kind != JsonKind::list || inputs->items.empty()) {
    return bad_description("it has no \"inputs\"");
  }
  std::vector<DescribedInput> described;
  for (const JsonValue& input : inputs->items) {
    OCTET_ASSIGN(DescribedInput one, parse_input(input));
    described.push_back(std::move(one));
  }
  return described;
}

Result<std::vector<DescribedInput>> read_description(const std::string& path) {
  OCTET_ASSIGN(const Bytes bytes, map_file(path));
  auto described = parse_description(bytes.span());
  if (!described.ok()) return described.status().within(in_quotes(path));
  return described;
}

// The entry for an input of the network.
Result<const DescribedInput*> find_input(const std::vector<DescribedInput>& described, std::string_view name,
                                         bool only_one) {
  for (const DescribedInput& input : described) {
    if (input.name == name) return &input;
  }
  if (only_one && described.size() == 1) return &described[0];
  std::vector<std::string> names;
  for (const DescribedInput& input : described) names.push_back(in_quotes(input.name, 60));
  return fail(Code::format, "no entry for the network's input " + in_quotes(name) + " among " + list_text(names));
}

Result<std::string> find_tensor_file(const std::string& folder, const std::string& name) {
  std::string tried;
  for (const std::string_view ending : kTensorFileEndings) {
    std::string path = join_path(folder, name).append(".").append(ending);
    if (is_file(path)) return path;
    tried.append(tried.empty() ? "." : ", .").append(ending);
  }
  return fail(Code::io, "the values of " + in_quotes(name) + " are missing: no file " +
                            in_quotes(join_path(folder, name)) + " with one of the endings " + tried);
}

Shape without_ones(std::span<const std::int64_t> dims) {
  Shape shape;
  std::ranges::copy_if(dims, std::back_inserter(shape), [](std::int64_t dim) { return dim != 1; });
  return shape;
}

Status wrong_shape(const std::string& path, std::span<const std::int64_t> found, const SampleInput& input) {
  return fail(Code::shape, in_quotes(path) + " has the shape " + shape_text(found) + ", but input " +
                               in_quotes(input.name) + " of the network is " + shape_text(input.dims));
}

Status load_input(const std::string& folder, const DescribedInput& described, const SampleInput& input) {
  if (described.shape && without_ones(*described.shape) != without_ones(input.dims)) {
    return wrong_shape(join_path(folder, kDescription), *described.shape, input);
  }
  OCTET_ASSIGN(const std::string path, find_tensor_file(folder, described.name));
  OCTET_ASSIGN(const FloatArray array, read_tensor_file(path));
  const bool knows_shape = ending_of(path) == "npy";
  if (knows_shape && without_ones(array.dims) != without_ones(input.dims)) return wrong_shape(path, array.dims, input);
  if (array.values.size() != input.values.size()) {
    return fail(Code::shape, in_quotes(path) + " holds " + std::to_string(array.values.size()) + " values, but input " +
                                 in_quotes(input.name) + " of the network is " + shape_text(input.dims) + " = " +
                                 std::to_string(input.values.size()));
  }
  std::ranges::copy(array.values, input.values.begin());
  return {};
}

Status nothing_usable(const std::string& folder, bool has_folders) {
  const std::string where = "folder " + in_quotes(folder);
  if (is_file(join_path(folder, kDescription))) {
    return fail(Code::data, where + " is itself a sample (it holds input.json): name the folder that contains it");
  }
  return fail(Code::data, where + (has_folders ? " holds no folder with an input.json" : " holds no folders") +
                              ": a sequence is a folder with input.json and a file for each input");
}

}  // namespace

Result<std::unique_ptr<SequenceSource>> SequenceSource::open(const std::string& folder, std::size_t limit) {
  OCTET_ASSIGN(const std::vector<std::string> folders, list_folders(folder));
  std::unique_ptr<SequenceSource> source(new SequenceSource(folder));
  for (const std::string& name : folders) {
    if (limit != 0 && source->names_.size() == limit) break;
    if (name.starts_with('.')) continue;
    if (is_file(join_path(join_path(folder, name), kDescription))) {
      source->names_.push_back(name);
    } else {
      source->warnings_.push_back("folder " + in_quotes(name) + " has no input.json");
    }
  }
  if (source->names_.empty()) return nothing_usable(folder, !source->warnings_.empty());
  return source;
}

Status SequenceSource::load(std::size_t index, std::span<const SampleInput> inputs) const {
  const std::string folder = join_path(folder_, names_[index]);
  const std::string description = join_path(folder, kDescription);
  OCTET_ASSIGN(const std::vector<DescribedInput> described, read_description(description));
  for (const SampleInput& input : inputs) {
    const auto found = find_input(described, input.name, inputs.size() == 1);
    if (!found.ok()) return found.status().within(in_quotes(description));
    OCTET_TRY(load_input(folder, **found, input));
  }
  return {};
}

}  // namespace octet

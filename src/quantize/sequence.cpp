#include "quantize/sequence.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/file.h"
#include "base/text.h"
#include "image/in_quotes.h"
#include "image/tensor_file.h"

namespace octet {
namespace {

using Json = nlohmann::json;
using Shape = std::vector<std::int64_t>;

constexpr const char* kDescription = "input.json";
constexpr std::size_t kMaxDescriptionBytes = 1 << 20;

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

Result<DescribedInput> parse_input(const Json& json) {
  if (!json.is_object()) return bad_description("an entry of \"inputs\" is no object");
  const auto name = json.find("name");
  if (name == json.end() || !name->is_string()) return bad_description("an entry of \"inputs\" has no \"name\"");
  DescribedInput input;
  input.name = name->get<std::string>();
  if (!stays_inside(input.name)) {
    return fail(Code::format, "the input name " + in_quotes(input.name) + " leads out of the sample's folder");
  }
  const auto shape = json.find("shape");
  if (shape == json.end()) return input;
  if (!shape->is_array()) return bad_description("\"shape\" of " + in_quotes(input.name) + " is no list");
  input.shape.emplace();
  for (const Json& dim : *shape) {
    if (!dim.is_number_unsigned() || dim.get<std::uint64_t>() > std::uint64_t{INT32_MAX}) {
      return bad_description("\"shape\" of " + in_quotes(input.name) + " holds something else than sizes");
    }
    input.shape->push_back(dim.get<std::int64_t>());
  }
  return input;
}

Result<std::vector<DescribedInput>> parse_description(std::span<const std::byte> bytes) {
  if (bytes.size() > kMaxDescriptionBytes) {
    return bad_description(std::to_string(bytes.size()) + " bytes are too many for the description of a sample");
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::exception& error) {
    return fail(Code::format, "it is not JSON (" + printable(error.what()) + ")");
  }
  const auto inputs = json.is_object() ? json.find("inputs") : json.end();
  if (inputs == json.end() || !inputs->is_array() || inputs->empty()) return bad_description("it has no \"inputs\"");
  std::vector<DescribedInput> described;
  for (const Json& input : *inputs) {
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

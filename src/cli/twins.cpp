#include "cli/twins.h"

#include <algorithm>

#include "cli/text.h"

namespace octet::cli {
namespace {

constexpr std::string_view kMarks[] = {"int8", "i8",    "q8",      "quant", "quantized",
                                       "qdq",  "float", "float32", "fp32",  "f32"};
constexpr std::string_view kSeparators = "-_.";

std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::optional<std::size_t> twin_by_name(std::span<const TwinCandidate> models, const TwinCandidate& model) {
  std::optional<std::size_t> twin;
  for (std::size_t i = 0; i < models.size(); ++i) {
    const TwinCandidate& other = models[i];
    if (other.is_int8 || other.shapes != model.shapes || twin_name(other.path) != twin_name(model.path)) continue;
    if (folder_of(other.path) == folder_of(model.path)) return i;
    if (!twin) twin = i;
  }
  return twin;
}

}  // namespace

std::string twin_name(std::string_view path) {
  const std::string name = lower(stem_of(path));
  std::size_t separator = name.find_first_of(kSeparators);
  while (separator != std::string::npos) {
    const std::size_t next = name.find_first_of(kSeparators, separator + 1);
    const std::string_view word = std::string_view(name).substr(separator + 1, next - separator - 1);
    if (separator > 0 && std::find(std::begin(kMarks), std::end(kMarks), word) != std::end(kMarks)) {
      return name.substr(0, separator);
    }
    separator = next;
  }
  return name;
}

std::vector<std::optional<std::size_t>> find_float_twins(std::span<const TwinCandidate> models) {
  std::vector<std::optional<std::size_t>> twins(models.size());
  const auto int8_count = std::count_if(models.begin(), models.end(), [](const auto& model) { return model.is_int8; });
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (!models[i].is_int8) continue;
    twins[i] = twin_by_name(models, models[i]);
    if (!twins[i] && models.size() == 2 && int8_count == 1 && models[1 - i].shapes == models[i].shapes)
      twins[i] = 1 - i;
  }
  return twins;
}

}  // namespace octet::cli

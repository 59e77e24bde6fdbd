#include "image/samples.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>

#include "base/file.h"
#include "base/text.h"
#include "image/in_quotes.h"
#include "image/magic.h"

namespace octet {
namespace {

constexpr std::string_view kImageEndings[] = {"jpg", "jpeg", "jpe",  "jfif", "png",  "gif", "webp", "bmp",
                                              "tif", "tiff", "avif", "heic", "heif", "jp2", "jxl"};

bool has_image_ending(std::string_view name) {
  return std::ranges::find(kImageEndings, ending_of(name)) != std::end(kImageEndings);
}

// The first bytes alone: a folder may hold thousands of large files.
Result<Magic> identify_file(const std::string& path) {
  std::array<char, 64> head{};
  // No stream of the C++ library: a library that it is linked into grows by a megabyte of locales.
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), std::fclose);
  if (file == nullptr) return fail(Code::io, "cannot be opened");
  const std::size_t got = std::fread(head.data(), 1, head.size(), file.get());
  if (std::ferror(file.get()) != 0) return fail(Code::io, "cannot be read");
  if (got == 0) return fail(Code::format, "is empty");
  return identify(std::as_bytes(std::span(head.data(), got)));
}

enum class Verdict { use, pass_over, warn };

Verdict judge(const std::string& folder, const std::string& name, std::string* reason) {
  if (name.starts_with('.')) return Verdict::pass_over;
  const bool claims = has_image_ending(name);
  const auto magic = identify_file(join_path(folder, name));
  if (!magic.ok()) {
    *reason = magic.status().message();
    return claims ? Verdict::warn : Verdict::pass_over;
  }
  switch (magic->kind) {
    case FileKind::jpeg:
    case FileKind::png:
      return Verdict::use;
    case FileKind::other_image:
      *reason = std::string("is ") + magic->description + "; only JPEG and PNG are read";
      return Verdict::warn;
    case FileKind::no_image:
      *reason = std::string("is ") + magic->description;
      return claims ? Verdict::warn : Verdict::pass_over;
    case FileKind::unknown:
      break;
  }
  *reason = "does not begin as an image does";
  return claims ? Verdict::warn : Verdict::pass_over;
}

Status nothing_usable(const std::string& folder, std::span<const std::string> files,
                      std::span<const std::string> warnings) {
  const std::string where = "folder " + in_quotes(folder);
  if (!warnings.empty()) return fail(Code::data, where + " holds no readable image: " + list_text(warnings, 20));
  if (files.empty()) return fail(Code::data, where + " is empty: put JPEG or PNG images there or name another folder");
  std::vector<std::string> names;
  for (const std::string& file : files) names.push_back(printable(file, 60));
  return fail(Code::data, where + " holds no JPEG or PNG image (but " + list_text(names, 4) +
                              "): put images there or name another folder");
}

}  // namespace

Status SampleSource::add_content(std::size_t index, std::span<const SampleInput> inputs, Sha256& hash) const {
  OCTET_TRY(load(index, inputs));
  for (const SampleInput& input : inputs) {
    hash.add_number(input.values.size());
    hash.add(std::as_bytes(input.values));
  }
  return {};
}

Result<std::unique_ptr<ImageSource>> ImageSource::open_folder(const std::string& folder, const ImageRecipe& recipe,
                                                              std::size_t limit) {
  OCTET_ASSIGN(const std::vector<std::string> files, list_files(folder));
  std::unique_ptr<ImageSource> source(new ImageSource(folder, recipe));
  for (const std::string& file : files) {
    if (limit != 0 && source->names_.size() == limit) break;
    std::string reason;
    const Verdict verdict = judge(folder, file, &reason);
    if (verdict == Verdict::use) source->names_.push_back(file);
    if (verdict == Verdict::warn) source->warnings_.push_back(in_quotes(file) + " " + reason);
  }
  if (source->names_.empty()) return nothing_usable(folder, files, source->warnings_);
  return source;
}

Result<std::unique_ptr<ImageSource>> ImageSource::open_files(std::vector<std::string> paths,
                                                             const ImageRecipe& recipe) {
  if (paths.empty()) return fail(Code::data, "the list of images is empty");
  std::unique_ptr<ImageSource> source(new ImageSource("", recipe));
  source->names_ = std::move(paths);
  return source;
}

std::string ImageSource::path(std::size_t index) const { return join_path(folder_, names_[index]); }

Status ImageSource::load(std::size_t index, std::span<const SampleInput> inputs) const {
  if (inputs.size() != 1) {
    return fail(Code::shape, "the network has " + std::to_string(inputs.size()) +
                                 " inputs and an image fills only one: give the samples as sequences "
                                 "(\"input_type\": \"sequence\", a folder a sample)");
  }
  const SampleInput& input = inputs[0];
  OCTET_ASSIGN(const ImageRecipe recipe, resolve_recipe(recipe_, input.name, input.dims, input.order));
  OCTET_ASSIGN(const Image image, load_image(path(index), recipe.format));
  return preprocess(view_of(image, recipe.format), recipe, input.order, input.values).within(in_quotes(path(index)));
}

Result<Image> ImageSource::picture(std::size_t index, const SampleInput& input) const {
  OCTET_ASSIGN(ImageRecipe recipe, resolve_recipe(recipe_, input.name, input.dims, input.order));
  recipe.format = channels_of(recipe.format) == 1 ? PixelFormat::gray : PixelFormat::rgb;
  recipe.mean = {0, 0, 0, 0};
  recipe.normal = {1, 1, 1, 1};
  OCTET_ASSIGN(const Image image, load_image(path(index), recipe.format));
  Image seen;
  seen.width = recipe.width;
  seen.height = recipe.height;
  seen.channels = channels_of(recipe.format);
  std::vector<float> values(static_cast<std::size_t>(std::int64_t{seen.width} * seen.height * seen.channels));
  OCTET_TRY(
      preprocess(view_of(image, recipe.format), recipe, TensorOrder::nhwc, values).within(in_quotes(path(index))));
  for (const float value : values) seen.pixels.push_back(static_cast<std::uint8_t>(value + 0.5F));
  return seen;
}

Status ImageSource::add_content(std::size_t index, std::span<const SampleInput>, Sha256& hash) const {
  OCTET_ASSIGN(const Bytes file, map_file(path(index)));
  hash.add_number(file.size());
  hash.add(file.span());
  return {};
}

}  // namespace octet

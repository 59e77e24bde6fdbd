#include "cli/run_inputs.h"

#include <algorithm>
#include <optional>

#include "cli/failure.h"
#include "cli/files.h"
#include "cli/npy.h"
#include "cli/recipe_text.h"
#include "cli/text.h"

namespace octet::cli {
namespace {

std::string input_names(const Network& network) {
  std::string names;
  for (const q_tensor_info& input : network.inputs) {
    names += (names.empty() ? "'" : ", '") + printable(view(input.name)) + "' (" + shape_text(input) + ")";
  }
  return names;
}

struct NamedArray {
  std::optional<std::size_t> input;  // where a name was given
  std::string file;
};

// Names of tensors may hold '=' themselves, and so may names of files.
NamedArray split_word(const std::string& word, const Network& network) {
  for (std::size_t i = 0; i < network.inputs.size(); ++i) {
    const std::string prefix = std::string(view(network.inputs[i].name)) + "=";
    if (word.starts_with(prefix)) return {i, word.substr(prefix.size())};
  }
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos || exists(word)) return {std::nullopt, word};
  throw Failure(Q_E_ARGUMENT,
                "no input is named '" + word.substr(0, equals) + "'; the model has " + input_names(network),
                network.path);
}

}  // namespace

q_recipe choose_recipe(const Network& network, const std::string& config) {
  if (config.empty()) {
    if (const auto stored = stored_recipe(network)) return *stored;
    throw Failure(Q_E_DATA,
                  network.path + ": the model does not say how an image becomes its input; give the configuration it " +
                      "is quantized with as --config config.json",
                  network.path);
  }
  auto recipe = sized<q_recipe>();
  auto error = sized<q_error>();
  check(q_recipe_from_config(text_of(config), {}, &recipe, &error), error, config);
  return recipe;
}

Image load_image(const std::string& path, std::int32_t format) {
  auto error = sized<q_error>();
  q_image* image = nullptr;
  check(q_image_load(text_of(path), format, &image, &error), error, path);
  return Image(image);
}

q_pixels pixels_of(const q_image* image) {
  auto pixels = sized<q_pixels>();
  auto error = sized<q_error>();
  check(q_image_get_pixels(image, &pixels, &error), error);
  return pixels;
}

q_mapping fill_from_image(const q_pixels& pixels, const std::string& path, const Network& network,
                          const q_recipe& recipe, TensorBuffers& inputs) {
  if (inputs.size() != 1) {
    throw Failure(Q_E_ARGUMENT, network.path + ": --image feeds one input, but the model has " + input_names(network) +
                                    "; give --input NAME=FILE.npy for each");
  }
  auto error = sized<q_error>();
  check(q_pixels_to_input(&pixels, network.model.get(), 0, &recipe, inputs[0].data(), inputs[0].size(), &error), error,
        path);
  auto mapping = sized<q_mapping>();
  check(q_pixels_get_mapping(&pixels, network.model.get(), 0, &recipe, &mapping, &error), error, path);
  return mapping;
}

void fill_from_arrays(const std::vector<std::string>& words, const Network& network, TensorBuffers& inputs) {
  std::vector<std::string> files(inputs.size());
  std::vector<std::string> unnamed;
  for (const std::string& word : words) {
    const NamedArray array = split_word(word, network);
    if (!array.input) {
      unnamed.push_back(array.file);
      continue;
    }
    std::string& file = files[*array.input];
    if (!file.empty()) throw Failure(Q_E_ARGUMENT, "input '" + word.substr(0, word.find('=')) + "' is given twice");
    file = array.file;
  }
  auto next = unnamed.begin();
  for (std::string& file : files) {
    if (file.empty() && next != unnamed.end()) file = *next++;
  }
  const bool one_is_missing = std::find(files.begin(), files.end(), std::string()) != files.end();
  if (next != unnamed.end() || one_is_missing) {
    throw Failure(Q_E_ARGUMENT,
                  counted(static_cast<std::int64_t>(words.size()), "array") + " given, but the model has " +
                      counted(static_cast<std::int64_t>(inputs.size()), "input") + ": " + input_names(network));
  }
  for (std::size_t i = 0; i < files.size(); ++i) read_npy(files[i], network.inputs[i], inputs[i]);
}

}  // namespace octet::cli

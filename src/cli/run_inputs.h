// What `octet run` feeds the network: an image, or arrays.
#pragma once

#include <octet/octet.h>

#include <string>
#include <vector>

#include "cli/library.h"

namespace octet::cli {

// The recipe of the configuration, else the stored one; Failure where there is neither.
q_recipe choose_recipe(const Network& network, const std::string& config);

Image load_image(const std::string& path, std::int32_t format);
q_pixels pixels_of(const q_image* image);  // valid as long as the image

// Writes the image into the network's only input and says where a point of the input lies in the image.
q_mapping fill_from_image(const q_pixels& pixels, const std::string& path, const Network& network,
                          const q_recipe& recipe, TensorBuffers& inputs);

// Each word is FILE.npy or NAME=FILE.npy; those without a name go, in order, to the inputs that no name took.
void fill_from_arrays(const std::vector<std::string>& words, const Network& network, TensorBuffers& inputs);

}  // namespace octet::cli

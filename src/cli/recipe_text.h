// How an image becomes an input, for people and as JSON.
#pragma once

#include <octet/octet.h>

#include <optional>
#include <string>

#include "cli/json_writer.h"
#include "cli/library.h"

namespace octet::cli {

// Nothing where the model has none.
std::optional<q_recipe> stored_recipe(const Network& network);

// "RGB 320x240, stretched, (pixel - [127, 127, 127]) * [0.0078125, ...]".
std::string recipe_text(const q_recipe& recipe);
// The value of a member: the keys are those of the configuration.
void write_recipe(JsonWriter& json, const q_recipe& recipe);

}  // namespace octet::cli

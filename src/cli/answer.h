// What all answers of --json have in common.
#pragma once

#include <string_view>

#include "cli/failure.h"
#include "cli/json_writer.h"

namespace octet::cli {

// {"octet": version, "command": name, "ok": ..., : the object is left open.
void begin_answer(JsonWriter& json, std::string_view command, bool ok);

// The same member where --strict refuses a result: the code is "quality".
void write_refusal(JsonWriter& json, std::string_view message);

// The member "error": {"code", "message", "file", "node"}, the last two null where they are not known.
void write_error(JsonWriter& json, const Failure& failure);

}  // namespace octet::cli

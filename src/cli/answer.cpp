#include "cli/answer.h"

namespace octet::cli {

void begin_answer(JsonWriter& json, std::string_view command, bool ok) {
  json.begin_object().field("octet", q_version()).field("command", command).field("ok", ok);
}

void write_error(JsonWriter& json, const Failure& failure) {
  json.key("error").begin_object();
  json.field("code", q_status_name(failure.code())).field("message", failure.message());
  json.optional_field("file", failure.file()).optional_field("node", failure.node());
  json.end_object();
}

void write_refusal(JsonWriter& json, std::string_view message) {
  json.key("error").begin_object().field("code", "quality").field("message", message);
  json.optional_field("file", "").optional_field("node", "").end_object();
}

}  // namespace octet::cli

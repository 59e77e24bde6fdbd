#include "abi/config.h"

#include "abi/abi.h"

namespace octet::abi {

Result<GivenConfig> config_from(q_str path, const char* path_name, q_str json, const char* json_name) {
  GivenConfig result;
  OCTET_ASSIGN(result.file, text_of(path, path_name));
  OCTET_ASSIGN(const auto text, bytes_of({json.data, json.size}, json_name));
  if (!text.empty() && !result.file.empty()) {
    return fail(Code::argument, std::string(path_name) + " and " + json_name + " are both given; give one");
  }
  if (!text.empty()) {
    result.name = json_name;
    OCTET_ASSIGN(result.config, parse_config({json.data, json.size}, result.name));
  } else if (!result.file.empty()) {
    result.name = result.file;
    OCTET_ASSIGN(result.config, load_config(result.file));
  }
  result.given = !result.name.empty();
  if (!result.config.labels.empty()) {
    OCTET_ASSIGN(result.config.labels, resolve_path(result.config.labels, result.file));
  }
  return result;
}

}  // namespace octet::abi

// The JSON configuration of a call: a file, or the text itself.
#pragma once

#include <string>

#include "octet/octet.h"
#include "quantize/config.h"

namespace octet::abi {

struct GivenConfig {
  QuantizeConfig config;
  std::string file;    // "": none, or the text itself; paths in it start at the working directory
  bool given = false;  // false: all defaults
  std::string name;    // for messages
};

// One of the two at most may be given; the names are those of the caller's members.
Result<GivenConfig> config_from(q_str path, const char* path_name, q_str json, const char* json_name);

}  // namespace octet::abi

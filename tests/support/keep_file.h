// Files that tests write in memory, kept as seeds for the fuzz targets (tests/fuzz/make_corpus.sh): where the
// environment names a folder in OCTET_TEST_FILES, each goes to <folder>/<target>/<hash of its content>.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace octet::test {

inline void keep_file(const char* target, std::string_view content) {
  const char* folder = std::getenv("OCTET_TEST_FILES");
  if (folder == nullptr || content.empty()) return;
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : content) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  char name[17];
  std::snprintf(name, sizeof name, "%016llx", static_cast<unsigned long long>(hash));
  const std::filesystem::path place = std::filesystem::path(folder) / target;
  std::filesystem::create_directories(place);
  std::ofstream(place / name, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
}

// Whether files are kept: those of FlatBuffers then hold every field, also those whose value is the default, so that
// there is something to change.
inline bool keeps_files() { return std::getenv("OCTET_TEST_FILES") != nullptr; }

}  // namespace octet::test

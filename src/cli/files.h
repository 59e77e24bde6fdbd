// Files of the command itself. What it writes is written beside the target and renamed: after a failure the target is
// as it was. Every failure is a Failure (Q_E_IO) that names the file and the reason.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace octet::cli {

void write_file(const std::string& path, std::string_view content);

// Refuses what could not be written after the long work before it begins: a folder that is missing or cannot be
// written, a target that is a folder, a target that is one of the `inputs`.
void check_can_write(const std::string& path, const std::vector<std::string>& inputs);

// Usage failure unless `path` ends in one of `endings` ("html"); `what` begins the message ("the report").
void check_ending(const std::string& path, const std::vector<std::string>& endings, std::string_view what);

// Removes a file that this run wrote; its absence is fine.
void remove_file(const std::string& path);

bool is_folder(const std::string& path);
bool exists(const std::string& path);
std::int64_t file_size(const std::string& path);

// Regular files directly in `folder` whose ending is one of `endings`, with the folder before them, in byte order.
std::vector<std::string> files_in(const std::string& folder, const std::vector<std::string>& endings);

// The lines of a text file without their ends; at most 64 MiB.
std::vector<std::string> read_lines(const std::string& path);

}  // namespace octet::cli

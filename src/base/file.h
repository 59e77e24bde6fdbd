// Files: mapped for reading, written beside their target and renamed, so that nothing is left half written.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"

namespace octet {

// The whole file, memory-mapped read-only where it is a regular file of some size. Errors (Code::io)
// name the path and the reason of the operating system; a directory is an error.
Result<Bytes> map_file(const std::string& path);

// Gives the memory of pages that lie inside `bytes` back to the system, where these are of a mapped file; whoever reads
// them later reads the file again. Other bytes stay as they are.
void let_pages_go(const Bytes& bytes);

// Writes the pieces one after another to a temporary file in the same folder, flushes it to the disk and
// renames it over `path`. After a failure `path` is as it was and the temporary file is gone.
Status write_file_atomically(const std::string& path, std::span<const std::span<const std::byte>> pieces);
Status write_file_atomically(const std::string& path, std::string_view text);

// Regular files directly inside `folder` (links followed), names without the folder, in byte order.
Result<std::vector<std::string>> list_files(const std::string& folder);
// Folders directly inside `folder`, likewise.
Result<std::vector<std::string>> list_folders(const std::string& folder);

bool is_folder(const std::string& path);
bool is_file(const std::string& path);

// The folder part of a path with its trailing '/', or "" where there is none.
std::string folder_of(std::string_view path);
// `path` when absolute, else base folder + path.
std::string join_path(std::string_view folder, std::string_view path);
// Lower-case ending without the dot: "onnx"; "" where there is none.
std::string ending_of(std::string_view path);

}  // namespace octet

// The file of weights beside a .mnn file that was converted with its weights stored apart: "<name>.mnn.weight".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/status.h"

namespace octet::mnn {

class ExternalData {
 public:
  // `model_path` is the .mnn file, "" for a model in memory.
  explicit ExternalData(const std::string& model_path) : model_path_(model_path) {}

  // A view of `size` bytes; the file is opened at the first call and stays mapped as long as this object lives.
  Result<std::span<const std::byte>> read(std::int64_t offset, std::int64_t size);

  // The size of the file at the first call after it was opened; else 0.
  std::size_t newly_mapped();

 private:
  std::string model_path_;
  std::optional<Bytes> file_;
  bool told_ = false;
};

// Reads consecutive pieces that one operator stores behind each other: [offset, size of 1st, size of 2nd, ...].
class ExternalPieces {
 public:
  // `description` is the operator's vector of offset and sizes, never empty.
  ExternalPieces(ExternalData& data, std::span<const std::int64_t> description)
      : data_(data), description_(description), offset_(description[0]) {}

  bool more() const { return next_ < description_.size(); }
  // The next piece; empty where the description lists no more.
  Result<std::span<const std::byte>> take();
  Result<std::vector<float>> take_floats();

 private:
  ExternalData& data_;
  std::span<const std::int64_t> description_;
  std::int64_t offset_;
  std::size_t next_ = 1;
};

}  // namespace octet::mnn

#include "import/mnn/external_data.h"

#include <cstring>
#include <vector>

#include "base/checked.h"
#include "base/file.h"

namespace octet::mnn {

Result<std::span<const std::byte>> ExternalData::read(std::int64_t offset, std::int64_t size) {
  if (model_path_.empty()) {
    return fail(
        Code::unsupported,
        "its weights lie in a separate file, which a model in memory does not have; load the model by its path");
  }
  const std::string path = model_path_ + ".weight";
  if (!file_) {
    Result<Bytes> mapped = map_file(path);
    if (!mapped.ok()) {
      return fail(mapped.status().code(),
                  "its weights lie in a separate file: " + mapped.status().message() + "; put it beside the model");
    }
    file_ = std::move(mapped).value();
  }
  std::int64_t end = 0;
  if (offset < 0 || size < 0 || !checked_add(offset, size, &end) || end > static_cast<std::int64_t>(file_->size())) {
    return fail(Code::format, "its weights are bytes " + std::to_string(offset) + " to " + std::to_string(end) +
                                  " of '" + path + "', which has " + std::to_string(file_->size()) +
                                  " bytes; the file is truncated or belongs to another model");
  }
  return file_->span().subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
}

std::size_t ExternalData::newly_mapped() {
  if (!file_ || told_) return 0;
  told_ = true;
  return file_->size();
}

Result<std::span<const std::byte>> ExternalPieces::take() {
  if (!more()) return std::span<const std::byte>();
  const std::int64_t size = description_[next_++];
  OCTET_ASSIGN(std::span<const std::byte> piece, data_.read(offset_, size));
  offset_ += size;  // cannot overflow: both ends lie inside the file
  return piece;
}

Result<std::vector<float>> ExternalPieces::take_floats() {
  OCTET_ASSIGN(std::span<const std::byte> piece, take());
  if (piece.size() % sizeof(float) != 0) {
    return fail(Code::format, "its external weights have " + std::to_string(piece.size()) +
                                  " bytes, which is no whole number of floats");
  }
  std::vector<float> values(piece.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), piece.data(), piece.size());
  return values;
}

}  // namespace octet::mnn

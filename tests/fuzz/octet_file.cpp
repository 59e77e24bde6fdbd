#include "octet_file.h"

#include <cstring>
#include <vector>

#include "base/checked.h"
#include "model/format.h"
#include "octet_generated.h"

namespace octet::fuzz {

Bytes with_checksum(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint8_t> file(data, data + size);
  file.resize(align_up(size, kAlignment));
  flatbuffers::Verifier verifier(file.data(), file.size(), 4, format::kMaxItems + 8);
  if (verifier.VerifyBuffer<format::Model>(nullptr)) {
    const format::Model* model = format::GetModel(file.data());
    if (model->weights() != nullptr && model->checksum() != nullptr) {
      const auto structure = static_cast<std::size_t>(model->weights()->data() - file.data());
      const auto place =
          static_cast<std::size_t>(reinterpret_cast<const std::uint8_t*>(model->checksum()) - file.data());
      if (place + sizeof(std::uint64_t) <= structure) {
        const std::uint64_t sum = format::checksum(std::as_bytes(std::span(file).first(structure)), place);
        std::memcpy(file.data() + place, &sum, sizeof sum);
      }
    }
  }
  return Bytes::from(file);
}

}  // namespace octet::fuzz

#include <algorithm>
#include <cstdio>

#include "abi/abi.h"
#include "base/text.h"
#include "cpu/cpu.h"

namespace octet::abi {

static_assert(static_cast<q_status>(Code::ok) == Q_OK && static_cast<q_status>(Code::argument) == Q_E_ARGUMENT &&
              static_cast<q_status>(Code::memory) == Q_E_MEMORY && static_cast<q_status>(Code::io) == Q_E_IO &&
              static_cast<q_status>(Code::format) == Q_E_FORMAT &&
              static_cast<q_status>(Code::version) == Q_E_VERSION &&
              static_cast<q_status>(Code::unsupported) == Q_E_UNSUPPORTED &&
              static_cast<q_status>(Code::shape) == Q_E_SHAPE && static_cast<q_status>(Code::config) == Q_E_CONFIG &&
              static_cast<q_status>(Code::data) == Q_E_DATA &&
              static_cast<q_status>(Code::cancelled) == Q_E_CANCELLED &&
              static_cast<q_status>(Code::internal) == Q_E_INTERNAL);

namespace {

// Where the first `room` bytes of a text may end so that no character is cut.
std::size_t whole_characters(const std::string& text, std::size_t room) {
  while (room > 0 && (static_cast<unsigned char>(text[room]) & 0xC0) == 0x80) --room;
  return room;
}

// Writes what fits into `room` bytes, the zero at the end counted: whole lines and "and N more", else the start and
// "...". Allocates nothing: memory may be what failed.
void write_shortened(const std::string& message, char* out, std::size_t room) {
  constexpr std::size_t kNote = 32;  // more than "\nand N more" takes
  std::size_t kept = message.size();
  char note[kNote] = "";
  if (kept >= room) {
    const std::size_t last = room > kNote ? message.rfind('\n', room - kNote) : std::string::npos;
    if (last != std::string::npos && last > 0) {
      const auto left = 1 + std::count(message.begin() + static_cast<std::ptrdiff_t>(last) + 1, message.end(), '\n');
      kept = last;
      std::snprintf(note, sizeof note, "\nand %td more", left);
    } else {
      kept = room < 4 ? 0 : whole_characters(message, room - 4);
      if (room >= 4) std::snprintf(note, sizeof note, "...");
    }
  }
  std::copy_n(message.data(), kept, out);
  std::copy_n(note, std::strlen(note) + 1, out + kept);
}

}  // namespace

q_status set_error(q_error* error, const Status& status) {
  const auto code = static_cast<q_status>(status.code());
  constexpr std::uint32_t kHeader = offsetof(q_error, message);
  if (error == nullptr || error->struct_size < kHeader) return code;
  error->code = code;
  const std::size_t room = std::min<std::size_t>(error->struct_size, sizeof *error) - kHeader;
  if (room > 0) write_shortened(status.message(), error->message, room);
  return code;
}

Status logged(Status status, const Log& log) {
  if (!status.ok() && status.message().size() >= sizeof(q_error{}.message)) log(Q_LOG_ERROR, status.message());
  return status;
}

Result<std::string> text_of(q_str str, const char* name) {
  constexpr std::size_t kMaxText = 65536;  // of paths and names; what is longer is a length that went wrong
  if (str.size == 0) return std::string();
  if (str.size > kMaxText) {
    return fail(Code::argument, std::string(name) + " is " + std::to_string(str.size) + " bytes long; at most " +
                                    std::to_string(kMaxText) + " are possible");
  }
  if (str.data == nullptr) return fail(Code::argument, std::string(name) + ": data is NULL and size is not 0");
  if (std::memchr(str.data, 0, str.size) != nullptr) {
    return fail(Code::argument, std::string(name) + " contains a zero byte");
  }
  return std::string(str.data, str.size);
}

Result<std::span<const std::byte>> bytes_of(q_bytes bytes, const char* name) {
  if (bytes.size != 0 && bytes.data == nullptr) {
    return fail(Code::argument, std::string(name) + ": data is NULL and size is not 0");
  }
  if (bytes.size > static_cast<std::size_t>(PTRDIFF_MAX)) {
    return fail(Code::argument,
                std::string(name) + ".size is " + std::to_string(bytes.size) + ", more than memory can hold");
  }
  return std::span(static_cast<const std::byte*>(bytes.data), bytes.size);
}

Status not_null(const void* pointer, const char* name) {
  return pointer != nullptr ? Status() : fail(Code::argument, std::string(name) + " is NULL");
}

Status check_index(std::int32_t index, std::size_t count, const char* what) {
  if (index >= 0 && static_cast<std::size_t>(index) < count) return {};
  return fail(Code::argument,
              std::string(what) + " " + std::to_string(index) + " does not exist: there are " + std::to_string(count));
}

Result<int> thread_count(std::int32_t threads, int when_zero) {
  if (threads < 0 || threads > 256) {
    return fail(Code::argument, "threads is " + std::to_string(threads) + "; 0 to 256 are possible");
  }
  return threads == 0 ? when_zero : static_cast<int>(threads);
}

Result<std::vector<Dims>> shapes_of(const q_shape* shapes, std::int32_t count, const Graph& graph) {
  if (shapes == nullptr && count == 0) return std::vector<Dims>();
  if (shapes == nullptr) return not_null(shapes, "options.input_shapes");
  if (count < 0 || static_cast<std::size_t>(count) != graph.inputs.size()) {
    return fail(Code::argument, "options.input_shape_count is " + std::to_string(count) + "; the network has " +
                                    std::to_string(graph.inputs.size()) + " inputs: give a shape for each (--shape)");
  }
  std::vector<Dims> result;
  for (std::int32_t i = 0; i < count; ++i) {
    const Tensor& input = graph.at(graph.inputs[static_cast<std::size_t>(i)]);
    Dims dims = input.dims;
    const q_shape& shape = shapes[i];
    if (shape.dims != nullptr) {
      if (shape.rank < 0 || static_cast<std::size_t>(shape.rank) != dims.size()) {
        return fail(Code::shape, "input '" + printable(input.name) + "' has " + std::to_string(dims.size()) +
                                     " dimensions, and " + std::to_string(shape.rank) + " are given");
      }
      for (std::size_t d = 0; d < dims.size(); ++d) {
        const std::int64_t size = shape.dims[d];
        if (size < -1 || size == 0) {
          return fail(Code::shape, "input '" + printable(input.name) + "': the size " + std::to_string(size) +
                                       " is impossible; sizes are positive, -1 is the model's own");
        }
        if (size > 0) dims[d] = size;
      }
    }
    result.push_back(std::move(dims));
  }
  return result;
}

q_tensor_info tensor_info(const Tensor& tensor) {
  q_tensor_info info{};
  info.struct_size = sizeof info;
  info.dtype = tensor.dtype == DType::i8 ? Q_INT8 : Q_FLOAT32;
  info.rank = static_cast<std::int32_t>(tensor.dims.size());
  info.scale = tensor.quant.scale;
  info.zero_point = tensor.quant.zero_point;
  for (std::size_t d = 0; d < tensor.dims.size() && d < Q_MAX_RANK; ++d) info.dims[d] = tensor.dims[d];
  info.element_count = element_count(tensor.dims);
  info.name = view_of(tensor.name);
  return info;
}

}  // namespace octet::abi

using namespace octet;

OCTET_EXPORT uint32_t q_abi_version(void) { return Q_ABI_VERSION; }

OCTET_EXPORT const char* q_version(void) { return OCTET_VERSION; }

OCTET_EXPORT const char* q_status_name(q_status status) {
  switch (status) {
    case Q_OK:
      return "Q_OK";
    case Q_E_ARGUMENT:
      return "Q_E_ARGUMENT";
    case Q_E_MEMORY:
      return "Q_E_MEMORY";
    case Q_E_IO:
      return "Q_E_IO";
    case Q_E_FORMAT:
      return "Q_E_FORMAT";
    case Q_E_VERSION:
      return "Q_E_VERSION";
    case Q_E_UNSUPPORTED:
      return "Q_E_UNSUPPORTED";
    case Q_E_SHAPE:
      return "Q_E_SHAPE";
    case Q_E_CONFIG:
      return "Q_E_CONFIG";
    case Q_E_DATA:
      return "Q_E_DATA";
    case Q_E_CANCELLED:
      return "Q_E_CANCELLED";
    case Q_E_INTERNAL:
      return "Q_E_INTERNAL";
    default:
      return "unknown status";
  }
}

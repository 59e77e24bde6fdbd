// What the exported functions share: the handles behind the opaque pointers, errors, and structs that grow.
#pragma once

#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <string>

#include "image/preprocess.h"
#include "octet/octet.h"
#include "runtime/float_environment.h"
#include "runtime/session.h"

#define OCTET_EXPORT extern "C" __attribute__((visibility("default")))

// A model shared by its handle and its sessions: the graph, and one plan an instruction set, made when first needed.
struct q_model {
  std::shared_ptr<const octet::Graph> graph;
  std::string source_format;
  std::int64_t file_bytes = 0;
  octet::MacCount macs;
  std::int64_t weight_bytes = 0;
  std::int32_t int8_layers = 0;

  struct Plans {
    std::mutex mutex;
    std::shared_ptr<const octet::Plan> by_isa[octet::kIsaCount];
    // For inputs of other sizes, as long as a session uses them.
    struct Other {
      octet::Isa isa;
      std::vector<octet::Dims> inputs;
      std::weak_ptr<const octet::Plan> plan;
    };
    std::vector<Other> others;
  };
  std::shared_ptr<Plans> plans = std::make_shared<Plans>();
};

struct q_session {
  std::unique_ptr<octet::Session> session;
  octet::ImageRecipe recipe;  // the model's, with the size of its input; not present where that is no such image
};

namespace octet::abi {

// Fills `error`, where it is given, and returns the code.
q_status set_error(q_error* error, const Status& status);

struct Log {
  q_log_fn log = nullptr;
  void* user = nullptr;
  void operator()(std::int32_t level, const std::string& line) const {
    if (log != nullptr) log(user, level, {line.data(), line.size()});
  }
};
// Gives the log the whole message of a failure that is longer than a q_error can say.
Status logged(Status status, const Log& log);

// Runs `body`, which returns a Status; nothing is thrown past here.
template <class Body>
q_status guarded(q_error* error, Body body) {
  const DefaultFloatEnvironment environment;  // the caller's rounding changes neither models nor results
  try {
    return set_error(error, body());
  } catch (const std::bad_alloc&) {
    return set_error(error, Status(Code::memory, "out of memory"));
  } catch (const std::exception& exception) {
    return set_error(error, Status(Code::internal, std::string("a defect of this library: ") + exception.what()));
  }
}

inline constexpr std::uint32_t kMaxStructSize = 4096;

// The size of a struct of whole members: one that ends inside a pointer is nobody's.
template <class T>
Status check_struct_size(const T& value, const char* name) {
  const std::uint32_t size = value.struct_size;
  if (size != 0 && size % alignof(T) == 0 && size <= kMaxStructSize) return {};
  return fail(Code::argument, std::string(name) + ".struct_size is " + std::to_string(size) +
                                  "; set it to sizeof the struct, " + std::to_string(sizeof value));
}

// Reads a struct of the caller, which may be shorter or longer than ours: members that it lacks are zero, members that
// this library does not know must be zero. `in` may be null: all zero.
template <class T>
Status read_struct(const T* in, const char* name, T* out) {
  std::memset(static_cast<void*>(out), 0, sizeof *out);
  if (in == nullptr) return {};
  OCTET_TRY(check_struct_size(*in, name));
  const std::uint32_t size = in->struct_size;
  const auto* bytes = reinterpret_cast<const unsigned char*>(in);
  for (std::uint32_t i = sizeof *out; i < size; ++i) {
    if (bytes[i] != 0) {
      return fail(Code::argument, std::string(name) + " has members that are newer than this library (" + q_version() +
                                      ") and not zero");
    }
  }
  std::memcpy(static_cast<void*>(out), in, size < sizeof *out ? size : sizeof *out);
  return {};
}

// Writes a struct for the caller, as much of it as the caller knows; what it has more becomes zero.
template <class T>
Status write_struct(const T& value, const char* name, T* out) {
  if (out == nullptr) return fail(Code::argument, std::string(name) + " is NULL");
  OCTET_TRY(check_struct_size(*out, name));
  const std::uint32_t size = out->struct_size;
  std::memset(static_cast<void*>(out), 0, size);
  std::memcpy(static_cast<void*>(out), &value, size < sizeof value ? size : sizeof value);
  out->struct_size = size;
  return {};
}

// The text of a q_str; an error where data is NULL and size is not 0.
Result<std::string> text_of(q_str str, const char* name);
// Likewise.
Result<std::span<const std::byte>> bytes_of(q_bytes bytes, const char* name);
inline q_str view_of(const std::string& text) { return {text.data(), text.size()}; }

// An error where a handle or pointer is NULL.
Status not_null(const void* pointer, const char* name);
Status check_index(std::int32_t index, std::size_t count, const char* what);

// 0: the CPUs that this process may use.
Result<int> thread_count(std::int32_t threads, int when_zero);

// The caller's shapes for `graph`'s inputs, with the graph's sizes where none is given; empty where the caller gives
// none at all.
Result<std::vector<Dims>> shapes_of(const q_shape* shapes, std::int32_t count, const Graph& graph);

// What the ABI says of a tensor; its name lives as long as the graph.
q_tensor_info tensor_info(const Tensor& tensor);

// The handle of a graph that is complete. `format`: what it was made from.
std::unique_ptr<q_model> make_model(Graph graph, std::string format, std::int64_t file_bytes);

// The view of the caller's pixels: sizes, format and memory are checked as far as they can be without a recipe.
Result<PixelView> view_of(const q_pixels* pixels);

// From and to the caller's recipe.
Result<ImageRecipe> recipe_of(const q_recipe& given);
q_recipe recipe_to_c(const ImageRecipe& recipe);
// The recipe for the tensor `index` of the model's inputs, with its size; `given` null: the stored one.
Result<ImageRecipe> recipe_for(const Graph& graph, std::int32_t index, const q_recipe* given);

}  // namespace octet::abi

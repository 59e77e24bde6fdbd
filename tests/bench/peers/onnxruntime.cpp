#include "peers/onnxruntime.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstddef>
#include <limits>

#include "measure.h"
#include "peers/fail.h"
#include "random.h"

namespace octet::bench {
namespace {

// The packages that hold the library come without its header. Its interface is a table of functions whose places never
// change: the places used here are those of version 1 of the interface.
constexpr std::uint32_t kApiVersion = 1;
enum Place : std::size_t {
  kGetErrorMessage = 2,
  kCreateEnv = 3,
  kCreateSession = 7,
  kRun = 9,
  kCreateSessionOptions = 10,
  kSetSessionGraphOptimizationLevel = 23,
  kSetIntraOpNumThreads = 24,
  kSetInterOpNumThreads = 25,
  kSessionGetInputCount = 30,
  kSessionGetOutputCount = 31,
  kSessionGetInputTypeInfo = 33,
  kSessionGetInputName = 36,
  kSessionGetOutputName = 37,
  kCreateTensorWithDataAsOrtValue = 49,
  kGetTensorMutableData = 51,
  kCastTypeInfoToTensorInfo = 55,
  kGetDimensionsCount = 61,
  kGetDimensions = 62,
  kGetTensorShapeElementCount = 64,
  kGetTensorTypeAndShape = 65,
  kCreateCpuMemoryInfo = 69,
  kAllocatorFree = 76,
  kGetAllocatorWithDefaultOptions = 78,
  kReleaseMemoryInfo = 94,
  kReleaseSession = 95,
  kReleaseValue = 96,
  kReleaseTypeInfo = 98,
  kReleaseTensorTypeAndShapeInfo = 99,
  kReleaseSessionOptions = 100,
};
constexpr int kEnableAllOptimizations = 99;
constexpr int kErrors = 3;
constexpr int kFloat = 1;
constexpr int kArenaAllocator = 1;
constexpr int kDefaultMemory = 0;

struct ApiBase {
  const void* const* (*get_api)(std::uint32_t version);
  const char* (*get_version)();
};

class Api {
 public:
  explicit Api(const std::string& library) {
    void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) fail(std::string("ONNX Runtime: ") + dlerror());
    const auto get_base = reinterpret_cast<const ApiBase* (*)()>(dlsym(handle, "OrtGetApiBase"));
    if (get_base == nullptr) fail("'" + library + "' is not ONNX Runtime's library");
    table_ = get_base()->get_api(kApiVersion);
    if (table_ == nullptr) fail("ONNX Runtime no longer has version 1 of its interface");
    call(kCreateEnv, kErrors, static_cast<const char*>("peers"), &environment_);
  }

  // A function that gives an error or null.
  template <class... Arguments>
  void call(Place place, Arguments... arguments) const {
    void* const status = function<void*(Arguments...)>(place)(arguments...);
    if (status != nullptr) {
      fail(std::string("ONNX Runtime: ") + function<const char*(const void*)>(kGetErrorMessage)(status));
    }
  }
  void release(Place place, void* object) const { function<void(void*)>(place)(object); }
  const void* environment() const { return environment_; }

 private:
  template <class Function>
  Function* function(Place place) const {
    return reinterpret_cast<Function*>(const_cast<void*>(table_[place]));
  }

  const void* const* table_ = nullptr;
  void* environment_ = nullptr;
};

const Api& api_of(const std::string& library) {
  static const Api api(library);
  return api;
}

}  // namespace

struct OnnxRuntimeNetwork::Parts {
  const Api& api;
  void* session = nullptr;
  void* memory_info = nullptr;
  void* allocator = nullptr;  // of the names; the library's own
  std::vector<char*> input_names, output_names;
  std::vector<std::vector<float>> data;
  std::vector<std::vector<std::int64_t>> shapes;
  std::vector<void*> inputs, outputs;

  void add_names() {
    api.call(kGetAllocatorWithDefaultOptions, &allocator);
    std::size_t input_count = 0;
    std::size_t output_count = 0;
    api.call(kSessionGetInputCount, static_cast<const void*>(session), &input_count);
    api.call(kSessionGetOutputCount, static_cast<const void*>(session), &output_count);
    input_names.resize(input_count);
    output_names.resize(output_count);
    outputs.resize(output_count);
    for (std::size_t i = 0; i < input_count; ++i) {
      api.call(kSessionGetInputName, static_cast<const void*>(session), i, allocator, &input_names[i]);
    }
    for (std::size_t i = 0; i < output_count; ++i) {
      api.call(kSessionGetOutputName, static_cast<const void*>(session), i, allocator, &output_names[i]);
    }
  }

  void free_names() {
    for (auto* names : {&input_names, &output_names}) {
      for (char* name : *names) api.call(kAllocatorFree, allocator, static_cast<void*>(name));
    }
  }

  void add_input(std::size_t index) {
    void* type = nullptr;
    const void* tensor = nullptr;
    std::size_t rank = 0;
    api.call(kSessionGetInputTypeInfo, static_cast<const void*>(session), index, &type);
    api.call(kCastTypeInfoToTensorInfo, static_cast<const void*>(type), &tensor);
    api.call(kGetDimensionsCount, tensor, &rank);
    std::vector<std::int64_t> shape(rank);
    api.call(kGetDimensions, tensor, shape.data(), rank);
    api.release(kReleaseTypeInfo, type);
    std::size_t count = 1;
    for (const std::int64_t dim : shape) {
      if (dim < 1) fail(std::string("ONNX Runtime: input '") + input_names[index] + "' has no fixed shape");
      count *= static_cast<std::size_t>(dim);
    }
    data.push_back(random_reals(count));
    shapes.push_back(std::move(shape));
    inputs.push_back(make_value(index, data.back()));
  }

  void* make_value(std::size_t index, std::vector<float>& values) const {
    void* value = nullptr;
    api.call(kCreateTensorWithDataAsOrtValue, static_cast<const void*>(memory_info), static_cast<void*>(values.data()),
             values.size() * sizeof(float), shapes[index].data(), shapes[index].size(), kFloat, &value);
    return value;
  }

  void run() {
    api.call(kRun, session, static_cast<const void*>(nullptr), input_names.data(), inputs.data(), inputs.size(),
             output_names.data(), output_names.size(), outputs.data());
  }

  void release_outputs() {
    for (void*& output : outputs) {
      api.release(kReleaseValue, output);
      output = nullptr;
    }
  }

  void widen(std::size_t index, OutputRange& range) const {
    void* info = nullptr;
    void* values = nullptr;
    std::size_t count = 0;
    api.call(kGetTensorTypeAndShape, static_cast<const void*>(outputs[index]), &info);
    api.call(kGetTensorShapeElementCount, static_cast<const void*>(info), &count);
    api.release(kReleaseTensorTypeAndShapeInfo, info);
    api.call(kGetTensorMutableData, outputs[index], &values);
    const auto* first = static_cast<const float*>(values);
    const auto [low, high] = std::minmax_element(first, first + count);
    range.low = std::min(range.low, *low);
    range.high = std::max(range.high, *high);
  }
};

OnnxRuntimeNetwork::OnnxRuntimeNetwork(const std::string& library, const std::string& path, int threads)
    : parts_(new Parts{api_of(library)}) {
  const Api& api = parts_->api;
  void* options = nullptr;
  const double start = now_ms();
  api.call(kCreateSessionOptions, &options);
  api.call(kSetSessionGraphOptimizationLevel, options, kEnableAllOptimizations);
  api.call(kSetIntraOpNumThreads, options, threads);
  api.call(kSetInterOpNumThreads, options, 1);
  api.call(kCreateSession, api.environment(), path.c_str(), static_cast<const void*>(options), &parts_->session);
  load_ms_ = now_ms() - start;
  api.release(kReleaseSessionOptions, options);

  api.call(kCreateCpuMemoryInfo, kArenaAllocator, kDefaultMemory, &parts_->memory_info);
  parts_->add_names();
  for (std::size_t i = 0; i < parts_->input_names.size(); ++i) parts_->add_input(i);
}

OnnxRuntimeNetwork::~OnnxRuntimeNetwork() {
  parts_->free_names();
  for (void* input : parts_->inputs) parts_->api.release(kReleaseValue, input);
  parts_->api.release(kReleaseMemoryInfo, parts_->memory_info);
  parts_->api.release(kReleaseSession, parts_->session);
}

void OnnxRuntimeNetwork::run() {
  parts_->run();
  parts_->release_outputs();
}

std::vector<OutputRange> OnnxRuntimeNetwork::ranges(const std::vector<std::vector<float>>& inputs) {
  std::vector<OutputRange> ranges;
  for (const char* name : parts_->output_names) {
    ranges.push_back({name, std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest()});
  }
  for (const auto& input : inputs) {
    if (input.size() != parts_->data[0].size()) fail("an input has another size than the network's");
    parts_->data[0] = input;
    parts_->api.release(kReleaseValue, parts_->inputs[0]);
    parts_->inputs[0] = parts_->make_value(0, parts_->data[0]);
    parts_->run();
    for (std::size_t i = 0; i < ranges.size(); ++i) parts_->widen(i, ranges[i]);
    parts_->release_outputs();
  }
  return ranges;
}

}  // namespace octet::bench

// mnn_runtime MODEL.octet MODEL.mnn CONFIG.json IMAGE...: the network by Octet and the file that Octet wrote of it by
// MNN's own runtime, on the same pictures. Prints how many have the same largest value in the first output, and the
// mean cosine of each output. Exit status 1 where an operator of MNN's refuses the file or the shapes differ, 2 for
// wrong usage. Built by mnn_runtime.sh, where MNN's header and library are at hand.
#include <octet/octet.h>

#include <MNN/Interpreter.hpp>
#include <MNN/Tensor.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace {

q_error g_error = {sizeof g_error, 0, ""};

void check(q_status status) {
  if (status == Q_OK) return;
  std::fprintf(stderr, "%s: %s\n", q_status_name(status), g_error.message);
  std::exit(1);
}

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

using Floats = std::vector<float>;

struct Output {
  std::string name;
  Floats values;
  double cosines = 0;
};

double cosine(const Floats& a, const Floats& b) {
  double dot = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return aa == 0 && bb == 0 ? 1 : dot / std::sqrt(aa * bb);
}

std::ptrdiff_t largest(const Floats& values) { return std::max_element(values.begin(), values.end()) - values.begin(); }

class Octet {
 public:
  Octet(const char* model, const char* config) {
    check(q_model_load(q_text(model), nullptr, &model_, &g_error));
    recipe_.struct_size = sizeof recipe_;
    check(q_recipe_from_config(q_text(config), q_text(nullptr), &recipe_, &g_error));
    check(q_session_create(model_, nullptr, &session_, &g_error));
    q_model_info info = {};
    info.struct_size = sizeof info;
    check(q_model_get_info(model_, &info, &g_error));
    q_tensor_info tensor = {};
    tensor.struct_size = sizeof tensor;
    check(q_model_get_input(model_, 0, &tensor, &g_error));
    input.resize(static_cast<std::size_t>(tensor.element_count));
    for (int i = 0; i < info.output_count; ++i) {
      check(q_model_get_output(model_, i, &tensor, &g_error));
      outputs.push_back(
          {std::string(tensor.name.data, tensor.name.size), Floats(static_cast<std::size_t>(tensor.element_count)), 0});
    }
  }
  ~Octet() {
    q_session_free(session_);
    q_model_free(model_);
  }
  Octet(const Octet&) = delete;
  Octet& operator=(const Octet&) = delete;

  void run(const char* path) {
    q_image* image = nullptr;
    q_pixels pixels = {};
    pixels.struct_size = sizeof pixels;
    check(q_image_load(q_text(path), Q_PIXELS_RGB, &image, &g_error));
    check(q_image_get_pixels(image, &pixels, &g_error));
    check(q_pixels_to_input(&pixels, model_, 0, &recipe_, input.data(), input.size(), &g_error));
    q_image_free(image);
    const q_tensor in = {input.data(), input.size() * sizeof(float), nullptr, Q_FLOAT32, 0};
    std::vector<q_tensor> out;
    for (Output& o : outputs) out.push_back({o.values.data(), o.values.size() * sizeof(float), nullptr, Q_FLOAT32, 0});
    check(q_session_run(session_, &in, 1, out.data(), static_cast<int32_t>(out.size()), &g_error));
  }

  Floats input;
  std::vector<Output> outputs;

 private:
  q_model* model_ = nullptr;
  q_session* session_ = nullptr;
  q_recipe recipe_ = {};
};

class Mnn {
 public:
  explicit Mnn(const char* file) : net_(MNN::Interpreter::createFromFile(file)) {
    if (!net_) give_up(std::string(file) + ": MNN does not load it");
    MNN::ScheduleConfig schedule;
    schedule.numThread = 1;
    MNN::BackendConfig precise;
    precise.precision = MNN::BackendConfig::Precision_High;
    schedule.backendConfig = &precise;
    session_ = net_->createSession(schedule);
    if (session_ == nullptr) give_up(std::string(file) + ": MNN makes no session of it");
  }

  void run(const Floats& input) {
    MNN::Tensor* tensor = net_->getSessionInput(session_, nullptr);
    const std::unique_ptr<MNN::Tensor> host(new MNN::Tensor(tensor, MNN::Tensor::CAFFE));
    if (host->elementSize() != static_cast<int>(input.size())) give_up("MNN's input is of another size");
    std::memcpy(host->host<float>(), input.data(), input.size() * sizeof(float));
    tensor->copyFromHostTensor(host.get());
    if (net_->runSession(session_) != MNN::NO_ERROR) give_up("MNN's run failed");
  }

  Floats output(const std::string& name, std::size_t size) {
    MNN::Tensor* tensor = net_->getSessionOutput(session_, name.c_str());
    if (tensor == nullptr) give_up("MNN has no output '" + name + "'");
    const std::unique_ptr<MNN::Tensor> host(new MNN::Tensor(tensor, MNN::Tensor::CAFFE));
    tensor->copyToHostTensor(host.get());
    if (host->elementSize() != static_cast<int>(size)) give_up("MNN's output '" + name + "' is of another size");
    return {host->host<float>(), host->host<float>() + size};
  }

 private:
  std::unique_ptr<MNN::Interpreter> net_;
  MNN::Session* session_ = nullptr;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: mnn_runtime MODEL.octet MODEL.mnn CONFIG.json IMAGE...\n");
    return 2;
  }
  Octet octet(argv[1], argv[3]);
  Mnn mnn(argv[2]);
  int agree = 0;
  const int images = argc - 4;
  for (int i = 0; i < images; ++i) {
    octet.run(argv[4 + i]);
    mnn.run(octet.input);
    bool first = true;
    for (Output& output : octet.outputs) {
      const Floats theirs = mnn.output(output.name, output.values.size());
      output.cosines += cosine(output.values, theirs);
      if (first) agree += largest(output.values) == largest(theirs) ? 1 : 0;
      first = false;
    }
  }
  std::printf("%d of %d", agree, images);
  for (const Output& output : octet.outputs) std::printf(" %s %.6f", output.name.c_str(), output.cosines / images);
  std::printf("\n");
}

#include "cli/library.h"

#include <algorithm>
#include <new>
#include <string_view>
#include <utility>

#include "cli/failure.h"
#include "cli/interrupt.h"
#include "cli/text.h"

namespace octet::cli {

const std::vector<std::string> kModelEndings = {"octet", "onnx", "mnn", "tflite"};

void save_model(const q_model* model, const std::string& path) {
  auto error = sized<q_error>();
  check(q_model_save(model, text_of(path), &error), error, path);
}

namespace {

std::vector<std::int64_t> sizes_of(const std::string& shape) {
  std::vector<std::int64_t> sizes;
  for (std::size_t begin = 0; begin <= shape.size();) {
    const std::size_t end = std::min(shape.find('x', begin), shape.size());
    const std::string size = shape.substr(begin, end - begin);
    const bool number = !size.empty() && size.size() < 10 && size.find_first_not_of("0123456789") == std::string::npos;
    if (!number && size != "?") {
      throw Failure(Q_E_ARGUMENT, "--shape " + shape + ": give sizes as in 1x3x224x224, with ? for those of the model");
    }
    sizes.push_back(number ? std::stoll(size) : -1);
    begin = end + 1;
  }
  return sizes;
}

}  // namespace

Network load_network(const std::string& path, Console& console, const std::vector<std::string>& shapes,
                     bool fix_sizes) {
  stop_if_interrupted();
  std::vector<std::vector<std::int64_t>> sizes;
  std::vector<q_shape> views;
  for (const std::string& shape : shapes) sizes.push_back(sizes_of(shape));
  for (const auto& dims : sizes) views.push_back({dims.data(), static_cast<std::int32_t>(dims.size()), 0});
  auto options = sized<q_load_options>();
  options.log = Console::on_log;
  options.log_user = &console;
  options.input_shapes = views.empty() ? nullptr : views.data();
  options.input_shape_count = static_cast<std::int32_t>(views.size());
  options.fix_sizes = fix_sizes ? 1 : 0;
  auto error = sized<q_error>();
  q_model* model = nullptr;
  const q_status status = q_model_load(text_of(path), &options, &model, &error);
  check(status, console.whole_message(error), path);
  return describe(Model(model), path);
}

std::vector<std::string> open_sizes_of(const Network& network, std::int32_t input) {
  std::vector<std::string> names;
  auto error = sized<q_error>();
  for (std::int32_t d = 0; d < network.inputs[static_cast<std::size_t>(input)].rank; ++d) {
    q_str name{};
    check(q_model_get_open_size(network.model.get(), input, d, &name, &error), error, network.path);
    names.emplace_back(view(name));
  }
  return names;
}

Network describe(Model model, const std::string& path) {
  Network network{path, std::move(model), sized<q_model_info>(), {}, {}};
  auto error = sized<q_error>();
  check(q_model_get_info(network.model.get(), &network.info, &error), error, path);
  for (std::int32_t i = 0; i < network.info.input_count; ++i) {
    network.inputs.push_back(sized<q_tensor_info>());
    check(q_model_get_input(network.model.get(), i, &network.inputs.back(), &error), error, path);
  }
  for (std::int32_t i = 0; i < network.info.output_count; ++i) {
    network.outputs.push_back(sized<q_tensor_info>());
    check(q_model_get_output(network.model.get(), i, &network.outputs.back(), &error), error, path);
  }
  return network;
}

std::vector<q_layer_info> layers_of(const Network& network) {
  std::vector<q_layer_info> layers;
  auto error = sized<q_error>();
  for (std::int32_t i = 0; i < network.info.layer_count; ++i) {
    layers.push_back(sized<q_layer_info>());
    check(q_model_get_layer(network.model.get(), i, &layers.back(), &error), error, network.path);
  }
  return layers;
}

Session create_session(const Network& network, int threads, const std::string& isa, bool profile) {
  stop_if_interrupted();
  auto options = sized<q_session_options>();
  options.threads = threads;
  options.isa = text_of(isa);
  options.profile = profile ? 1 : 0;
  auto error = sized<q_error>();
  q_session* session = nullptr;
  check(q_session_create(network.model.get(), &options, &session, &error), error, network.path);
  return Session(session);
}

q_session_info session_info(const q_session* session) {
  auto info = sized<q_session_info>();
  auto error = sized<q_error>();
  check(q_session_get_info(session, &info, &error), error);
  return info;
}

TensorBuffers::TensorBuffers(const std::vector<q_tensor_info>& tensors) {
  for (const q_tensor_info& tensor : tensors) {
    values_.emplace_back(static_cast<std::size_t>(std::max<std::int64_t>(tensor.element_count, 0)));
    std::vector<float>& values = values_.back();
    views_.push_back({values.data(), values.size() * sizeof(float), nullptr, Q_FLOAT32, 0});
  }
}

void run_session(q_session* session, const TensorBuffers& inputs, const TensorBuffers& outputs) {
  auto error = sized<q_error>();
  check(q_session_run(session, inputs.tensors(), inputs.count(), outputs.tensors(), outputs.count(), &error), error);
}

}  // namespace octet::cli

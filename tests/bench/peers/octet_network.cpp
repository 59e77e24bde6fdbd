#include "peers/octet_network.h"

#include <algorithm>
#include <cstdint>

#include "measure.h"
#include "peers/fail.h"
#include "random.h"

namespace octet::bench {
namespace {

void expect_ok(q_status status, const q_error& error) {
  if (status != Q_OK) fail(std::string("octet: ") + error.message);
}

std::string text_of(q_str text) { return {text.data, text.size}; }

}  // namespace

OctetNetwork::OctetNetwork(const std::string& path, int threads, const std::string& isa, bool profile) {
  q_error error = {sizeof error, 0, ""};
  q_session_options options = {};
  options.struct_size = sizeof options;
  options.threads = threads;
  options.isa = {isa.data(), isa.size()};
  options.profile = profile ? 1 : 0;
  const double start = now_ms();
  expect_ok(q_model_load({path.data(), path.size()}, nullptr, &model_, &error), error);
  expect_ok(q_session_create(model_, &options, &session_, &error), error);
  load_ms_ = now_ms() - start;

  q_model_info info = {};
  info.struct_size = sizeof info;
  expect_ok(q_model_get_info(model_, &info, &error), error);
  const auto add = [&](auto get, std::int32_t index, auto& tensors) {
    q_tensor_info tensor = {};
    tensor.struct_size = sizeof tensor;
    expect_ok(get(model_, index, &tensor, &error), error);
    tensors.push_back(random_reals(static_cast<std::size_t>(tensor.element_count)));
  };
  for (std::int32_t i = 0; i < info.input_count; ++i) add(q_model_get_input, i, inputs_);
  for (std::int32_t i = 0; i < info.output_count; ++i) add(q_model_get_output, i, outputs_);
  for (auto& data : inputs_) input_views_.push_back({data.data(), data.size() * sizeof(float), nullptr, Q_FLOAT32, 0});
  for (auto& data : outputs_)
    output_views_.push_back({data.data(), data.size() * sizeof(float), nullptr, Q_FLOAT32, 0});
}

OctetNetwork::~OctetNetwork() {
  q_session_free(session_);
  q_model_free(model_);
}

void OctetNetwork::run() {
  q_error error = {sizeof error, 0, ""};
  expect_ok(q_session_run(session_, input_views_.data(), static_cast<std::int32_t>(input_views_.size()),
                          output_views_.data(), static_cast<std::int32_t>(output_views_.size()), &error),
            error);
}

long long OctetNetwork::data_bytes() const {
  q_error error = {sizeof error, 0, ""};
  q_model_info info = {};
  info.struct_size = sizeof info;
  expect_ok(q_model_get_info(model_, &info, &error), error);
  return info.weight_bytes + session_info().arena_bytes;
}

q_session_info OctetNetwork::session_info() const {
  q_error error = {sizeof error, 0, ""};
  q_session_info info = {};
  info.struct_size = sizeof info;
  expect_ok(q_session_get_info(session_, &info, &error), error);
  return info;
}

long long OctetNetwork::caller_bytes() const {
  std::size_t bytes = 0;
  for (const auto* tensors : {&input_views_, &output_views_}) {
    for (const q_tensor& tensor : *tensors) bytes += tensor.size_bytes;
  }
  return static_cast<long long>(bytes);
}

int OctetNetwork::threads() const { return session_info().threads; }

std::vector<StepTime> OctetNetwork::profile(int runs) {
  std::vector<StepTime> steps;
  const std::int32_t count = session_info().step_count;
  for (int run_number = 0; run_number < runs; ++run_number) {
    run();
    for (std::int32_t i = 0; i < count; ++i) {
      q_error error = {sizeof error, 0, ""};
      q_step_info info = {};
      info.struct_size = sizeof info;
      expect_ok(q_session_get_step(session_, i, &info, &error), error);
      if (run_number == 0) {
        steps.push_back(
            {text_of(info.name), text_of(info.op), text_of(info.kernel), info.is_int8 != 0, info.macs, info.last_ms});
      }
      double& shortest = steps[static_cast<std::size_t>(i)].min_ms;
      shortest = std::min(shortest, info.last_ms);
    }
  }
  return steps;
}

}  // namespace octet::bench

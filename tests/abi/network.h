// What the tests of the C ABI share: a small network as ONNX bytes, handles that free themselves, and calls that must
// work. Nothing of src/ is included here: the library is used as any program uses it.
#pragma once

#include <octet/octet.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <vector>

#include "support/cmocka.h"

namespace octet::test {

struct Free {
  void operator()(q_model* p) const { q_model_free(p); }
  void operator()(q_session* p) const { q_session_free(p); }
  void operator()(q_report* p) const { q_report_free(p); }
  void operator()(q_image* p) const { q_image_free(p); }
};
using Model = std::unique_ptr<q_model, Free>;
using Session = std::unique_ptr<q_session, Free>;
using Report = std::unique_ptr<q_report, Free>;
using Image = std::unique_ptr<q_image, Free>;

struct Error : q_error {
  Error() : q_error{} { struct_size = sizeof(q_error); }
  bool says(const char* word) const { return std::strstr(message, word) != nullptr; }
};

// A struct of the ABI, zero but for its size.
template <class T>
T sized() {
  T value;
  std::memset(&value, 0, sizeof value);
  value.struct_size = sizeof value;
  return value;
}

inline void expect_ok(q_status status, const Error& error) {
  if (status != Q_OK) print_error("%s: %s\n", q_status_name(status), error.message);
  assert_int_equal(status, Q_OK);
}
inline void expect_failure(q_status status, q_status wanted, const Error& error, const char* word) {
  if (status != wanted || !error.says(word)) {
    fail_msg("%s (not %s): '%s' should say '%s'", q_status_name(status), q_status_name(wanted), error.message, word);
  }
  assert_int_equal(error.code, wanted);
}

inline std::string text(q_str str) { return std::string(str.data, str.size); }
inline q_str str(const std::string& value) { return {value.data(), value.size()}; }

// ONNX, as far as this network needs it: conv, relu, depthwise conv, add, pooling, gemm, softmax.
class OnnxBytes {
 public:
  std::string bytes(const std::string& graph_name = "small") {
    protozero::pbf_writer(graph_).add_string(2, graph_name);
    return message([&](protozero::pbf_writer& out) {
      out.add_int64(1, 8);
      out.add_message(7, graph_);
      out.add_message(8, message([](protozero::pbf_writer& id) { id.add_int64(2, 13); }));
    });
  }
  void tensor(const std::string& name, const std::vector<std::int64_t>& dims, float scale = 0.3F) {
    std::int64_t count = 1;
    for (const auto dim : dims) count *= dim;
    std::vector<float> values;
    for (std::int64_t i = 0; i < count; ++i) {
      state_ = state_ * 1664525U + 1013904223U;
      values.push_back((static_cast<float>(state_ >> 8) / 8388608.0F - 1.0F) * scale);
    }
    add(5, message([&](protozero::pbf_writer& out) {
          out.add_packed_int64(1, dims.begin(), dims.end());
          out.add_int32(2, 1);
          out.add_string(8, name);
          out.add_bytes(9, reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
        }));
  }
  void external_tensor(const std::string& name, std::int64_t count, const std::string& file) {
    add(5, message([&](protozero::pbf_writer& out) {
          out.add_packed_int64(1, &count, &count + 1);
          out.add_int32(2, 1);
          out.add_string(8, name);
          out.add_message(13, message([&](protozero::pbf_writer& entry) {
                            entry.add_string(1, "location");
                            entry.add_string(2, file);
                          }));
          out.add_int32(14, 1);
        }));
  }
  void node(const std::string& op, const std::vector<std::string>& inputs, const std::string& output,
            const std::vector<std::string>& attributes = {}) {
    add(1, message([&](protozero::pbf_writer& out) {
          for (const auto& input : inputs) out.add_string(1, input);
          out.add_string(2, output);
          out.add_string(3, op + "_" + output);
          out.add_string(4, op);
          for (const auto& attribute : attributes) out.add_message(5, attribute);
        }));
  }
  static std::string ints(const std::string& name, const std::vector<std::int64_t>& values) {
    return message([&](protozero::pbf_writer& out) {
      out.add_string(1, name);
      for (const auto value : values) out.add_int64(8, value);
      out.add_int32(20, 7);
    });
  }
  static std::string integer(const std::string& name, std::int64_t value) {
    return message([&](protozero::pbf_writer& out) {
      out.add_string(1, name);
      out.add_int64(3, value);
      out.add_int32(20, 2);
    });
  }
  void input(const std::string& name, const std::vector<std::int64_t>& dims) { add(11, value_info(name, dims)); }
  void output(const std::string& name) {
    add(12, message([&](protozero::pbf_writer& out) { out.add_string(1, name); }));
  }

 private:
  template <class F>
  static std::string message(F fill) {
    std::string buffer;
    protozero::pbf_writer writer(buffer);
    fill(writer);
    return buffer;
  }
  static std::string value_info(const std::string& name, const std::vector<std::int64_t>& dims) {
    const std::string shape = message([&](protozero::pbf_writer& out) {
      for (const auto dim : dims) {
        out.add_message(1, message([&](protozero::pbf_writer& field) { field.add_int64(1, dim); }));
      }
    });
    const std::string type = message([&](protozero::pbf_writer& out) {
      out.add_int32(1, 1);
      out.add_message(2, shape);
    });
    return message([&](protozero::pbf_writer& out) {
      out.add_string(1, name);
      out.add_message(2, message([&](protozero::pbf_writer& field) { field.add_message(1, type); }));
    });
  }
  void add(std::uint32_t field, const std::string& content) {
    protozero::pbf_writer(graph_).add_message(field, content);
  }

  std::string graph_;
  std::uint32_t state_ = 1;
};

inline constexpr std::size_t kInputCount = 3 * 12 * 12;
inline constexpr std::size_t kOutputCount = 5;

// image [1, 3, 12, 12] -> probabilities [1, 5]; sizes of 0 are left open
inline std::string small_network(const std::vector<std::int64_t>& image = {1, 3, 12, 12}) {
  OnnxBytes net;
  net.input("image", image);
  net.tensor("w1", {16, 3, 3, 3});
  net.tensor("b1", {16});
  net.tensor("w2", {16, 1, 3, 3});
  net.tensor("w3", {16, 16, 1, 1});
  net.tensor("w4", {5, 16}, 3);
  net.tensor("b4", {5});
  const auto pads = OnnxBytes::ints("pads", {1, 1, 1, 1});
  net.node("Conv", {"image", "w1", "b1"}, "a", {pads});
  net.node("Relu", {"a"}, "b");
  net.node("Conv", {"b", "w2"}, "c", {pads, OnnxBytes::integer("group", 16)});
  net.node("Conv", {"c", "w3"}, "d");
  net.node("Add", {"d", "b"}, "e");
  net.node("GlobalAveragePool", {"e"}, "f");
  net.node("Flatten", {"f"}, "g");
  net.node("Gemm", {"g", "w4", "b4"}, "h", {OnnxBytes::integer("transB", 1)});
  net.node("Softmax", {"h"}, "probabilities", {OnnxBytes::integer("axis", 1)});
  net.output("probabilities");
  return net.bytes();
}

inline Model load_bytes(const std::string& bytes, const char* name = "small.onnx") {
  q_model* model = nullptr;
  Error error;
  expect_ok(q_model_load_bytes({bytes.data(), bytes.size()}, q_text(name), nullptr, &model, &error), error);
  assert_non_null(model);
  return Model(model);
}
inline Model load_file(const std::string& path) {
  q_model* model = nullptr;
  Error error;
  expect_ok(q_model_load(str(path), nullptr, &model, &error), error);
  return Model(model);
}
inline Session make_session(const q_model* model, int threads = 1) {
  auto options = sized<q_session_options>();
  options.threads = threads;
  q_session* session = nullptr;
  Error error;
  expect_ok(q_session_create(model, &options, &session, &error), error);
  return Session(session);
}

inline std::vector<float> sample(std::int64_t index) {
  std::vector<float> values(kInputCount);
  std::uint32_t state = 12345U + static_cast<std::uint32_t>(index) * 7919U;
  for (float& value : values) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<float>(state >> 8) / 8388608.0F - 1.0F;
  }
  return values;
}

inline std::vector<float> run(q_session* session, std::vector<float> input) {
  std::vector<float> output(kOutputCount, -1);
  const q_tensor in = {input.data(), input.size() * sizeof(float), nullptr, Q_FLOAT32, 0};
  const q_tensor out = {output.data(), output.size() * sizeof(float), nullptr, Q_FLOAT32, 0};
  Error error;
  expect_ok(q_session_run(session, &in, 1, &out, 1, &error), error);
  return output;
}

// Calibration samples from this program, and a record of who asked for them.
inline std::int32_t load_sample(void*, std::int64_t index, const q_tensor* inputs, std::int32_t input_count) {
  if (input_count != 1 || inputs[0].size_bytes != kInputCount * sizeof(float)) return 1;
  const auto values = sample(index);
  std::memcpy(inputs[0].data, values.data(), inputs[0].size_bytes);
  return 0;
}
inline q_calibration calibration(std::int64_t count) {
  auto value = sized<q_calibration>();
  value.count = count;
  value.load = load_sample;
  return value;
}
inline Model quantize(const q_model* model, const char* method = "MINMAX", int threads = 1) {
  const q_calibration samples = calibration(6);
  auto options = sized<q_quantize_options>();
  options.calibration = &samples;
  options.feature_method = q_text(method);
  options.threads = threads;
  q_model* out = nullptr;
  Error error;
  expect_ok(q_quantize(model, &options, &out, nullptr, &error), error);
  return Model(out);
}

inline std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace octet::test

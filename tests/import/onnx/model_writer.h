// Writes small ONNX models for tests: the same wire format as the real exporters, field by field.
#pragma once

#include <cstdint>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "import/import.h"
#include "support/keep_file.h"

namespace octet::test {

enum OnnxType {
  kFloat = 1,
  kUint8 = 2,
  kInt8 = 3,
  kInt32 = 6,
  kInt64 = 7,
  kString = 8,
  kBool = 9,
  kHalf = 10,
  kDouble = 11,
  kBfloat16 = 16
};

template <class F>
std::string message(F fill) {
  std::string buffer;
  protozero::pbf_writer writer(buffer);
  fill(writer);
  return buffer;
}

template <class T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// A serialized TensorProto with raw data.
inline std::string tensor(const std::string& name, const std::vector<std::int64_t>& dims, int type,
                          const std::string& data) {
  return message([&](protozero::pbf_writer& out) {
    out.add_packed_int64(1, dims.begin(), dims.end());
    out.add_int32(2, type);
    out.add_string(8, name);
    out.add_bytes(9, data);
  });
}

// Serialized AttributeProtos.
inline std::string attr(const std::string& name, std::int64_t value) {
  return message([&](protozero::pbf_writer& out) {
    out.add_string(1, name);
    out.add_int64(3, value);
    out.add_int32(20, 2);
  });
}
inline std::string attr(const std::string& name, int value) { return attr(name, std::int64_t{value}); }
inline std::string attr(const std::string& name, float value) {
  return message([&](protozero::pbf_writer& out) {
    out.add_string(1, name);
    out.add_float(2, value);
    out.add_int32(20, 1);
  });
}
inline std::string attr(const std::string& name, const char* value) {
  return message([&](protozero::pbf_writer& out) {
    out.add_string(1, name);
    out.add_string(4, value);
    out.add_int32(20, 3);
  });
}
inline std::string attr(const std::string& name, const std::vector<std::int64_t>& values) {
  return message([&](protozero::pbf_writer& out) {
    out.add_string(1, name);
    for (const auto value : values) out.add_int64(8, value);
    out.add_int32(20, 7);
  });
}
inline std::string attr(const std::string& name, const std::vector<float>& values) {
  return message([&](protozero::pbf_writer& out) {
    out.add_string(1, name);
    for (const auto value : values) out.add_float(7, value);
    out.add_int32(20, 6);
  });
}
inline std::string tensor_attr(const std::string& name, const std::string& tensor_message) {
  return message([&](protozero::pbf_writer& out) {
    out.add_string(1, name);
    out.add_message(5, tensor_message);
    out.add_int32(20, 4);
  });
}

class OnnxModel {
 public:
  explicit OnnxModel(int opset_version = 13) : opset(opset_version) {}

  int opset;
  std::int64_t ir_version = 8;

  // Dimensions: a number, or a name where it is symbolic ("" for none at all).
  struct Dim {
    Dim(int number) : value(number) {}
    Dim(const char* symbol) : value(-1), name(symbol) {}
    std::int64_t value;
    std::string name;
  };

  OnnxModel& input(const std::string& name, const std::vector<Dim>& dims, int type = kFloat) {
    return add(11, value_info(name, dims, type));
  }
  OnnxModel& output(const std::string& name) {
    return add(12, message([&](protozero::pbf_writer& out) { out.add_string(1, name); }));
  }
  OnnxModel& info(const std::string& name, const std::vector<Dim>& dims, int type = kFloat) {
    return add(13, value_info(name, dims, type));
  }
  OnnxModel& initializer(const std::string& tensor_message) { return add(5, tensor_message); }
  OnnxModel& floats(const std::string& name, const std::vector<std::int64_t>& dims, const std::vector<float>& values) {
    return initializer(tensor(name, dims, kFloat, raw(values)));
  }
  // A weight of small numbers that are all different.
  OnnxModel& weight(const std::string& name, const std::vector<std::int64_t>& dims) {
    std::int64_t count = 1;
    for (const auto dim : dims) count *= dim;
    std::vector<float> values;
    for (std::int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>(i) * 0.125f);
    return floats(name, dims, values);
  }
  OnnxModel& ints(const std::string& name, const std::vector<std::int64_t>& values) {
    return initializer(tensor(name, {static_cast<std::int64_t>(values.size())}, kInt64, raw(values)));
  }
  OnnxModel& node(const std::string& op, const std::vector<std::string>& inputs,
                  const std::vector<std::string>& outputs, const std::vector<std::string>& attributes = {},
                  const std::string& name = "", const std::string& domain = "") {
    return add(1, message([&](protozero::pbf_writer& out) {
                 for (const auto& input_name : inputs) out.add_string(1, input_name);
                 for (const auto& output_name : outputs) out.add_string(2, output_name);
                 out.add_string(3, name.empty() ? op + "_node" : name);
                 out.add_string(4, op);
                 for (const auto& attribute : attributes) out.add_message(5, attribute);
                 out.add_string(7, domain);
               }));
  }

  std::string bytes() const {
    const std::string file = message([&](protozero::pbf_writer& out) {
      out.add_int64(1, ir_version);
      out.add_string(2, "octet-tests");
      out.add_message(7, graph_);
      out.add_message(8, message([&](protozero::pbf_writer& id) { id.add_int64(2, opset); }));
    });
    keep_file("onnx", file);
    return file;
  }

  Result<Graph> import(const std::string& path = "") const {
    const std::string content = bytes();
    return kOnnxImporter.import(Bytes::copy_of(content.data(), content.size()), path);
  }

 private:
  OnnxModel& add(std::uint32_t field, const std::string& content) {
    protozero::pbf_writer(graph_).add_message(field, content);
    return *this;
  }
  static std::string value_info(const std::string& name, const std::vector<Dim>& dims, int type) {
    const std::string shape = message([&](protozero::pbf_writer& out) {
      for (const Dim& dim : dims) {
        out.add_message(1, message([&](protozero::pbf_writer& field) {
                          if (!dim.name.empty()) field.add_string(2, dim.name);
                          if (dim.value >= 0) field.add_int64(1, dim.value);
                        }));
      }
    });
    const std::string tensor_type = message([&](protozero::pbf_writer& out) {
      out.add_int32(1, type);
      out.add_message(2, shape);
    });
    return message([&](protozero::pbf_writer& out) {
      out.add_string(1, name);
      out.add_message(2, message([&](protozero::pbf_writer& field) { field.add_message(1, tensor_type); }));
    });
  }

  std::string graph_;
};

}  // namespace octet::test

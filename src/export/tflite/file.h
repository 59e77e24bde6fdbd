// The tables of a .tflite file, gathered and then written as one FlatBuffer.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "graph/types.h"
#include "tflite_generated.h"

namespace octet::to_tflite {

namespace fb = octet::tflite_file;

using FileTensor = std::int32_t;  // index of a tensor in the file
inline constexpr FileTensor kAbsent = -1;

// Per tensor (one scale), or for each element of dimension `axis`; no scale: not quantized.
struct Quantization {
  std::vector<float> scales;
  std::vector<std::int64_t> zero_points;
  std::int32_t axis = 0;
};

// The options of an operator, written when the file is.
struct Options {
  fb::BuiltinOptions type = fb::BuiltinOptions::NONE;
  std::function<flatbuffers::Offset<void>(flatbuffers::FlatBufferBuilder&)> write;
};

template <class Create>
Options options(fb::BuiltinOptions type, Create create) {
  return {type, [create](flatbuffers::FlatBufferBuilder& builder) { return create(builder).Union(); }};
}

class FileWriter {
 public:
  FileTensor add_tensor(std::string name, fb::TensorType type, Dims dims, Quantization quantization = {});
  // `data` has as many bytes as type and dims say.
  FileTensor add_constant(std::string name, fb::TensorType type, Dims dims, Bytes data, Quantization quantization = {});
  // `version`: that of the operator's definition which first has the types that it is used with.
  void add_operator(fb::BuiltinOperator kind, int version, std::vector<FileTensor> inputs,
                    std::vector<FileTensor> outputs, Options options = {});

  const Dims& dims(FileTensor tensor) const { return tensors_[static_cast<std::size_t>(tensor)].dims; }
  bool has(FileTensor tensor) const { return static_cast<std::size_t>(tensor) < tensors_.size(); }

  // Sizes in which the tensors of `other` differ are open: the same network, written at other open sizes.
  void open_sizes_by(const FileWriter& other);
  // Names of the results of the operators that differ in `other` in more than the shapes of tensors.
  std::vector<std::string> differences(const FileWriter& other) const;

  // The file. Errors: Code::unsupported beyond 2 GiB, where FlatBuffers end.
  Result<std::string> finish(const std::string& name, const std::vector<FileTensor>& inputs,
                             const std::vector<FileTensor>& outputs);

 private:
  struct TensorRow {
    std::string name;
    fb::TensorType type;
    Dims dims;
    Quantization quantization;
    std::uint32_t buffer;  // 0: no data
    Dims signature = {};   // the shape with -1 for open sizes; empty where there are none
  };
  struct OperatorRow {
    std::uint32_t code;
    std::vector<FileTensor> inputs, outputs;
    Options options;
  };

  bool same(const OperatorRow& op, const FileWriter& other, const OperatorRow& other_op) const;
  flatbuffers::Offset<fb::Tensor> write(flatbuffers::FlatBufferBuilder& builder, const TensorRow& tensor) const;
  flatbuffers::Offset<fb::Operator> write(flatbuffers::FlatBufferBuilder& builder, const OperatorRow& op) const;

  std::vector<TensorRow> tensors_;
  std::vector<OperatorRow> operators_;
  std::vector<Bytes> buffers_;
  std::vector<std::pair<fb::BuiltinOperator, int>> codes_;
  std::map<std::pair<fb::BuiltinOperator, int>, std::uint32_t> code_index_;
};

}  // namespace octet::to_tflite

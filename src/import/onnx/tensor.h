// TensorProto -> constant: every way in which ONNX stores elements, checked against the dims.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "import/onnx/proto.h"

namespace octet::onnx {

struct Constant {
  DType dtype = DType::f32;
  Dims dims;
  Bytes data;  // aligned to kAlignment
};

// The type in which Octet holds an ONNX type: itself, or float32 for the other floating types.
Result<DType> storage_type(ElementType type);

class TensorReader {
 public:
  // `file`: the model's bytes, in which the messages lie. `path`: the model's file, "" for bytes in memory; external
  // data is looked for in its folder.
  TensorReader(Bytes file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  // Uses the bytes of the file in place where type and alignment allow.
  Result<Constant> read(std::string_view message);

 private:
  Result<Bytes> external(const ExternalData& where, std::size_t size);

  Bytes file_;
  std::string path_;
  std::map<std::string, Bytes, std::less<>> external_files_;  // by location, mapped once
};

}  // namespace octet::onnx

// Turns one .tflite operator after another into nodes of a Graph. It knows which tensor of the graph a tensor of the
// file stands for, and in which order its dimensions are: TensorFlow's images are N, H, W, C, those of the Graph's
// operators N, C, H, W. A value of four dimensions may exist in both orders; what moves it from one to the other is
// made where an operator asks for it, and once.
//
// Integers: a quantized tensor of the file is float32 here, and behind whatever makes it stand a quantize and a
// dequantize node with its scale and zero point. int32 and int64 are int64.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/status.h"
#include "graph/graph.h"
#include "import/justified.h"
#include "import/tflite/constants.h"
#include "import/tflite/file.h"

namespace octet::tflite {

enum class Order : std::uint8_t {
  file,   // as in the file
  image,  // N, C, H, W; of tensors with four dimensions alone
};

class Emitter {
 public:
  explicit Emitter(const File& file);

  // The network's inputs, before the first operator.
  Status add_inputs();
  // Around each operator: begin finds its inputs, end checks that every output has been made.
  Status begin(const fb::Operator& op);
  Status end();
  // Instead of both: the operator is not supported. Its outputs stand for nothing, so that the rest can be looked at.
  void skip(const fb::Operator& op);
  // After the last one.
  Result<Graph> finish_network();

  // The operator at hand.
  const File& file() const { return file_; }
  std::size_t input_count() const { return inputs_.size(); }
  std::size_t output_count() const { return outputs_.size(); }
  bool has_input(std::size_t i) const { return i < inputs_.size() && inputs_[i] >= 0; }
  Status expect_inputs(std::size_t least, std::size_t most) const;
  bool is_constant(std::size_t i) const;
  int rank(std::size_t i) const;   // of input i
  Dims dims(std::size_t i) const;  // of input i, as the file declares them
  Dims output_dims(std::size_t i = 0) const { return file_.dims(outputs_[i]); }
  // Some input has another open size than its batch: what the file declares of activations is of no use.
  bool has_open_image() const;
  fb::TensorType output_type(std::size_t i = 0) const { return file_.tensor(outputs_[i]).type(); }
  fb::BuiltinOperator kind() const { return file_.kind(*op_); }
  fb::TensorType input_type(std::size_t i) const { return file_.tensor(inputs_[i]).type(); }
  bool input_is_integer(std::size_t i) const;  // int32 or int64: arithmetic on shapes

  // Its options as table T. Null where the file has none, an error where it has those of another operator.
  template <class T>
  Result<const T*> options() const {
    const T* table = op_->builtin_options_as<T>();
    if (table == nullptr && op_->builtin_options() != nullptr) return wrong_options();
    return table;
  }
  template <class T>
  Result<const T*> required_options() const {
    OCTET_ASSIGN(const T* table, options<T>());
    if (table == nullptr) return fail(Code::format, "it has no options");
    return table;
  }

  // The order in which operators that can do either shall work: that in which the images among their inputs are.
  Order preferred_order() const;
  // The same by input `i` alone.
  Order input_order(std::size_t i) const;
  // The axis in that order; negative ones count from the end. An error outside the dimensions.
  Result<std::int64_t> place(std::int64_t axis, int rank, Order order) const;

  // Input `i` in an order of dimensions. Constants of fewer dimensions than an image broadcast to one.
  Result<TensorId> input(std::size_t i, Order order = Order::file);
  // Input `i` with dimension permutation[k] in the place k.
  Result<TensorId> permuted(std::size_t i, const std::vector<std::int64_t>& permutation);
  // The bias `i` of an operator with weights `weights`; kNoTensor where it has none.
  Result<TensorId> bias(std::size_t i, std::size_t x, std::size_t weights);
  // The integers of a constant input; an error that names `what` where it is not one.
  Result<std::vector<std::int64_t>> integers(std::size_t i, const char* what) const;

  // A node with one output.
  TensorId emit(octet::Op kind, std::vector<TensorId> inputs, const Attributes& attrs = {});
  std::vector<TensorId> emit_many(octet::Op kind, std::vector<TensorId> inputs, const Attributes& attrs,
                                  std::size_t outputs);
  TensorId constant(float value);
  TensorId constant(const std::vector<std::int64_t>& values, Dims dims);
  TensorId transpose(TensorId x, std::vector<std::int64_t> permutation);
  TensorId reshape(TensorId x, std::vector<std::int64_t> shape);
  TensorId unary(UnaryKind kind, TensorId x, float alpha = 0, float beta = 0);
  TensorId binary(BinaryKind kind, TensorId a, TensorId b);
  void set_dtype(TensorId id, DType dtype) { graph_.at(id).dtype = dtype; }
  Result<TensorId> activated(TensorId x, fb::Activation activation);

  // The tensor becomes output `i` of the operator, quantized as the file says.
  Status finish(TensorId tensor, Order order = Order::file, std::size_t i = 0);
  // The output stands for constant input 0: whoever reads it reads the file's values.
  Status finish_as_input();

 private:
  struct Value {
    bool made = false;
    int rank = 0;
    std::int32_t constant = -1;  // tensor of the file that holds the values
    TensorId in_file = kNoTensor, in_image = kNoTensor;
    bool is_image = false;  // an image that operators prefer in the order of images
  };

  static Status wrong_options();
  TensorId add(const std::string& name, DType dtype);
  std::string fresh_name();
  Value& value(std::int32_t index) { return values_[static_cast<std::size_t>(index)]; }
  const Value& value(std::int32_t index) const { return values_[static_cast<std::size_t>(index)]; }
  Result<TensorId> materialize(std::int32_t index, Order order);
  Result<TensorId> constant_in(std::int32_t index, const std::vector<std::int64_t>& permutation, std::size_t leading);
  Result<TensorId> quantized(TensorId x, std::int32_t index);
  void begin_names(const std::string& name);
  void name_node(TensorId tensor);

  const File& file_;
  Constants constants_;
  Graph graph_;
  std::vector<Value> values_;  // of the file's tensors
  struct MadeConstant {
    std::vector<std::int64_t> permutation;
    TensorId id;
  };
  std::vector<std::vector<MadeConstant>> made_constants_;  // by tensor of the file

  const fb::Operator* op_ = nullptr;
  std::vector<std::int32_t> inputs_, outputs_;
  std::string base_name_;
  TensorId first_tensor_ = 0;           // the operator's own tensors begin here
  std::unordered_set<TensorId> named_;  // own tensors that are an output already
  std::string node_name_;               // base_name_, shortened
  bool node_named_ = false;             // one of the operator's nodes has the name
  std::unordered_set<std::string> node_names_;
  JustifiedSize size_;
};

}  // namespace octet::tflite

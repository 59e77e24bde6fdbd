#include "export/mnn/writer.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace octet::mnn {

std::vector<std::int32_t> narrowed(const std::vector<std::int64_t>& values) {
  std::vector<std::int32_t> result;
  for (const std::int64_t value : values) {
    result.push_back(static_cast<std::int32_t>(
        std::clamp<std::int64_t>(value, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<int>::max())));
  }
  return result;
}

Writer::Writer(const Graph& graph, const Graph* other) : graph_(graph), other_(other), uses_(count_uses(graph)) {
  builder_.ForceDefaults(false);
  // The network's own names come first: what the writer adds takes others. MNN finds inputs and outputs by name.
  for (const std::vector<TensorId>* list : {&graph.inputs, &graph.outputs}) {
    for (const TensorId id : *list) {
      if (reserved_.count(id) == 0) reserved_[id] = fresh(graph.at(id).name);
    }
  }
}

std::string Writer::name_of(TensorId id) {
  const auto found = reserved_.extract(id);
  return found.empty() ? fresh(graph_.at(id).name) : found.mapped();
}

std::string Names::unused(const std::string& name) {
  if (taken_.insert(name).second) return name;
  for (int& next = next_.try_emplace(name, 1).first->second;; ++next) {
    std::string result = name + "/" + std::to_string(next);
    if (taken_.insert(result).second) return result;
  }
}

std::int32_t Writer::add(const std::string& name, const Dims& dims, fb::DataFormat format) {
  tensors_.push_back({name, dims, format, std::nullopt});
  return static_cast<std::int32_t>(tensors_.size() - 1);
}

std::int32_t Writer::read(TensorId id) {
  const auto found = current_.find(id);
  if (found != current_.end()) return found->second;
  const Tensor& source = graph_.at(id);
  std::vector<float> values;
  if (source.dtype == DType::i8) {
    for (const std::int8_t q : source.data.as<std::int8_t>()) {
      values.push_back(source.quant.scale * static_cast<float>(q - source.quant.zero_point));
    }
  } else {
    const auto view = source.data.as<float>();
    values.assign(view.begin(), view.end());
  }
  const std::int32_t index = constant(source.dims, values, source.name);
  if (source.dtype == DType::i8) set_range(index, {source.quant});
  current_[id] = index;
  return index;
}

std::int32_t Writer::make(TensorId id, fb::DataFormat format) {
  const Tensor& made = graph_.at(id);
  const std::int32_t index = add(name_of(id), made.dims, format);
  if (made.dtype == DType::i8) set_range(index, {made.quant});
  current_[id] = index;
  return index;
}

std::int32_t Writer::between(TensorId id, const Dims& dims, fb::DataFormat format) {
  const Tensor& like = graph_.at(id);
  const std::int32_t index = add(fresh(like.name), dims, format);
  if (like.dtype == DType::i8) set_range(index, {like.quant});
  return index;
}

std::int32_t Writer::add_float(std::int32_t index) {
  const Entry source = tensors_[at(index)];
  return add(fresh(source.name), source.dims, source.format);
}

std::int32_t Writer::as(std::int32_t index, fb::DataFormat format) {
  if (tensors_[at(index)].format == format) return index;
  const auto found = converted_.find({index, format});
  if (found != converted_.end()) return found->second;
  const Entry source = tensors_[at(index)];
  const std::int32_t result = add(fresh(source.name), source.dims, format);
  tensors_[at(result)].range = source.range;
  op(fb::OpType::ConvertTensor, tensors_[at(result)].name, {index}, {result},
     main(fb::CreateTensorConvertInfo(builder_, source.format, format)));
  converted_[{index, format}] = result;
  return result;
}

void Writer::limit(std::int32_t index, const Clamp& clamp) {
  std::optional<TensorRange>& range = tensors_[at(index)].range;
  if (!range) return;
  const auto level = [&](float value) {
    const double q = std::nearbyint(static_cast<double>(value) / range->quant.scale) + range->quant.zero_point;
    return static_cast<std::int32_t>(std::clamp(q, -128.0, 127.0));
  };
  range->least = std::max(range->least, level(clamp.low));
  range->most = std::min(range->most, level(clamp.high));
}

std::int32_t Writer::constant(const Dims& dims, const std::vector<float>& values, const std::string& name) {
  const std::int32_t index = add(fresh(name), dims, fb::DataFormat::NCHW);
  const std::vector<std::int32_t> sizes = narrowed(dims);
  op(fb::OpType::Const, tensors_[at(index)].name, {}, {index},
     main(fb::CreateBlobDirect(builder_, &sizes, fb::DataFormat::NCHW, fb::DataType::Float, nullptr, nullptr, nullptr,
                               nullptr, &values)));
  return index;
}

std::int32_t Writer::constant(const std::vector<std::int64_t>& values, const std::string& name) {
  const std::int32_t index = add(fresh(name), {static_cast<std::int64_t>(values.size())}, fb::DataFormat::NCHW);
  const std::vector<std::int32_t> sizes{static_cast<std::int32_t>(values.size())}, narrow = narrowed(values);
  op(fb::OpType::Const, tensors_[at(index)].name, {}, {index},
     main(
         fb::CreateBlobDirect(builder_, &sizes, fb::DataFormat::NCHW, fb::DataType::Int32, nullptr, nullptr, &narrow)));
  return index;
}

void Writer::op(fb::OpType type, const std::string& name, const std::vector<std::int32_t>& inputs,
                const std::vector<std::int32_t>& outputs, Main main) {
  const auto in = inputs.empty() ? 0 : builder_.CreateVector(inputs);
  const auto out = builder_.CreateVector(outputs);
  const auto text = builder_.CreateString(name);
  ops_.push_back(fb::CreateOp(builder_, in, main.first, main.second, text, out, type, fb::DataFormat::NCHW));
}

void Writer::input(TensorId id) {
  const Tensor& source = graph_.at(id);
  const bool image = source.dims.size() == 4;
  const fb::DataFormat format = image ? fb::DataFormat::NC4HW4 : fb::DataFormat::NCHW;
  const std::int32_t index = add(name_of(id), source.dims, format);
  if (source.dtype == DType::i8) set_range(index, {source.quant});
  current_[id] = index;
  std::vector<std::int32_t> dims = narrowed(source.dims);
  for (std::size_t d = 0; d < dims.size(); ++d) {
    if (is_open(id, d)) dims[d] = -1;
  }
  op(fb::OpType::Input, tensors_[at(index)].name, {}, {index},
     main(fb::CreateInputDirect(builder_, &dims, fb::DataType::Float, format)));
}

std::string Writer::finish(const std::vector<std::int32_t>& outputs) {
  std::vector<flatbuffers::Offset<flatbuffers::String>> names, output_names;
  std::vector<flatbuffers::Offset<fb::TensorDescribe>> describes;
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const Entry& entry = tensors_[i];
    names.push_back(builder_.CreateString(entry.name));
    if (!entry.range) continue;
    const TensorRange& range = *entry.range;
    const auto quant =
        fb::CreateTensorQuantInfo(builder_, range.quant.scale, static_cast<float>(range.quant.zero_point),
                                  static_cast<float>(range.least), static_cast<float>(range.most), fb::DataType::Int8);
    fb::TensorDescribeBuilder describe(builder_);
    describe.add_index(static_cast<std::int32_t>(i));
    describe.add_quant(quant);
    describes.push_back(describe.Finish());
  }
  for (const std::int32_t index : outputs) output_names.push_back(builder_.CreateString(tensors_[at(index)].name));
  const auto all_ops = builder_.CreateVector(ops_);
  const auto all_names = builder_.CreateVector(names);
  const auto all_outputs = builder_.CreateVector(output_names);
  const auto all_describes = describes.empty() ? 0 : builder_.CreateVector(describes);
  fb::NetBuilder net(builder_);
  if (!describes.empty()) net.add_extra_describe(all_describes);
  net.add_ops(all_ops);
  net.add_output_names(all_outputs);
  net.add_source(fb::NetSource::ONNX);
  net.add_tensor_names(all_names);
  net.add_tensor_number(static_cast<std::int32_t>(tensors_.size()));
  builder_.Finish(net.Finish());
  return {reinterpret_cast<const char*>(builder_.GetBufferPointer()), builder_.GetSize()};
}

}  // namespace octet::mnn

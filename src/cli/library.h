// The C ABI with C++ ownership: handles free themselves, failures are thrown as Failure.
#pragma once

#include <octet/octet.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/console.h"

namespace octet::cli {

struct Freer {
  void operator()(q_model* model) const { q_model_free(model); }
  void operator()(q_session* session) const { q_session_free(session); }
  void operator()(q_report* report) const { q_report_free(report); }
  void operator()(q_image* image) const { q_image_free(image); }
};
using Model = std::unique_ptr<q_model, Freer>;
using Session = std::unique_ptr<q_session, Freer>;
using Report = std::unique_ptr<q_report, Freer>;
using Image = std::unique_ptr<q_image, Freer>;

// A struct of the ABI with everything zero but its size.
template <class T>
T sized() {
  T value{};
  value.struct_size = sizeof(T);
  return value;
}

// A loaded model and what is asked about it everywhere.
struct Network {
  std::string path;
  Model model;
  q_model_info info;
  std::vector<q_tensor_info> inputs;
  std::vector<q_tensor_info> outputs;

  bool is_int8() const { return info.int8_layer_count > 0; }
  // Of the multiply-accumulates; 0 where there are none.
  double int8_share() const {
    return info.macs > 0 ? static_cast<double>(info.int8_macs) / static_cast<double>(info.macs) : 0;
  }
};
// The endings of the files that models are written to.
extern const std::vector<std::string> kModelEndings;
// Writes a model; the file's ending chooses the format.
void save_model(const q_model* model, const std::string& path);

// `shapes`: sizes of the inputs as --shape has them, "1x3x224x224", one for each; empty: the model's own. `fix_sizes`:
// none of them is open.
Network load_network(const std::string& path, Console& console, const std::vector<std::string>& shapes = {},
                     bool fix_sizes = false);
// Of each dimension of an input the name of a size that is open, "?" where it has none, "" where it is fixed.
std::vector<std::string> open_sizes_of(const Network& network, std::int32_t input);
Network describe(Model model, const std::string& path);
std::vector<q_layer_info> layers_of(const Network& network);

// `threads` 0: one. `isa` empty: the default.
Session create_session(const Network& network, int threads, const std::string& isa, bool profile);
q_session_info session_info(const q_session* session);

// Memory for all the tensors of one side of a network.
class TensorBuffers {
 public:
  explicit TensorBuffers(const std::vector<q_tensor_info>& tensors);
  TensorBuffers(TensorBuffers&&) = default;
  TensorBuffers& operator=(TensorBuffers&&) = default;

  std::vector<float>& operator[](std::size_t index) { return values_[index]; }
  const std::vector<float>& operator[](std::size_t index) const { return values_[index]; }
  std::size_t size() const { return values_.size(); }
  const q_tensor* tensors() const { return views_.data(); }
  std::int32_t count() const { return static_cast<std::int32_t>(views_.size()); }

 private:
  std::vector<std::vector<float>> values_;
  std::vector<q_tensor> views_;
};

void run_session(q_session* session, const TensorBuffers& inputs, const TensorBuffers& outputs);

}  // namespace octet::cli

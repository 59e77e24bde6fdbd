// Samples of any number of inputs, in MNN's layout ("input_type": "sequence").
#pragma once

#include "image/samples.h"

namespace octet {

// A folder of folders; each is one sample and holds `input.json`,
//   {"inputs": [{"name": "data", "shape": [1, 3, 224, 224]}, ...], "outputs": [...]}
// and for each input a file <name>.txt, .npy, .bin or .raw (the first of these that exists; see tensor_file.h).
// "shape" may be left out; "outputs" is not used here.
class SequenceSource : public SampleSource {
 public:
  // The sample folders directly inside `folder` in byte order of their names, at most `limit` (0: all). One without
  // `input.json` goes to warnings(); names that begin with '.' are passed over. An error when nothing is left
  // (Code::data).
  static Result<std::unique_ptr<SequenceSource>> open(const std::string& folder, std::size_t limit = 0);

  std::size_t count() const override { return names_.size(); }
  std::string name(std::size_t index) const override { return names_[index]; }
  // An input of the network is found by its name (a single one also where names differ). The sample's shape must be the
  // input's, dimensions of 1 aside.
  Status load(std::size_t index, std::span<const SampleInput> inputs) const override;
  const std::vector<std::string>& warnings() const override { return warnings_; }

 private:
  explicit SequenceSource(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
  std::vector<std::string> names_;
  std::vector<std::string> warnings_;
};

}  // namespace octet

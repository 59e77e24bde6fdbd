// Samples for calibration and comparison: what fills the inputs of a network, one sample at a time.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/recipe.h"
#include "base/sha256.h"
#include "base/status.h"
#include "image/preprocess.h"

namespace octet {

// One input of the network, to be filled by a source. All dimensions are known (> 0).
struct SampleInput {
  std::string_view name;
  std::span<const std::int64_t> dims;
  TensorOrder order = TensorOrder::nchw;  // of `dims`, where they are those of an image
  std::span<float> values;                // product of dims, contiguous
};

// A fixed, ordered list of samples. Its members are const and may be called by several threads at the same time,
// also `load` for different indices into different inputs.
class SampleSource {
 public:
  virtual ~SampleSource() = default;

  virtual std::size_t count() const = 0;
  // How messages and reports call the sample: its file or folder, relative to what was opened.
  virtual std::string name(std::size_t index) const = 0;
  // Where the sample lies, for matching labels; its name where it is no file.
  virtual std::string path(std::size_t index) const { return name(index); }
  // Fills all `inputs`, or says why not; after a failure their contents are undefined. Messages name the sample.
  virtual Status load(std::size_t index, std::span<const SampleInput> inputs) const = 0;
  // What the network sees of a sample whose `input` is one image: grey where it has one channel, else RGB, as large as
  // the input. An image without pixels where the sample is no image. Errors: those of load(). `input.values` is not
  // used.
  virtual Result<Image> picture(std::size_t index, const SampleInput& input) const {
    (void)index;
    (void)input;
    return Image{};
  }
  // Adds what load() depends on to `hash`, as a file's bytes; here the values themselves, for which `inputs` are
  // filled. Errors: those of load().
  virtual Status add_content(std::size_t index, std::span<const SampleInput> inputs, Sha256& hash) const;
  // One line for each entry that looked like a sample, but was left out when the source was opened.
  virtual const std::vector<std::string>& warnings() const = 0;
  // True: load() may be called on the thread that started the job only, by one caller at a time.
  virtual bool on_caller_thread() const { return false; }
};

// Whether a failure of load() concerns this sample alone (a file that cannot be opened, or is damaged): the others
// may still be used, and the message is a warning to be counted. Any other failure would meet every sample.
inline bool is_unreadable_sample(const Status& status) {
  return status.code() == Code::io || status.code() == Code::format;
}

// Image files for networks with one input of dimensions 1 x C x H x W (or 1 x H x W x C by its order).
// Images go through preprocess(); a width and height of 0 in the recipe become those of the input.
class ImageSource : public SampleSource {
 public:
  // The images directly inside `folder` in byte order of their names, at most `limit` (0: all). A file is an image by
  // its ending or by its first bytes; others and those whose name begins with '.' are passed over. What has the ending
  // of an image but not the bytes of a JPEG or PNG goes to warnings(). An error when nothing is left (Code::data).
  static Result<std::unique_ptr<ImageSource>> open_folder(const std::string& folder, const ImageRecipe& recipe,
                                                          std::size_t limit = 0);
  // Exactly these files in this order; none of them is looked at before load().
  static Result<std::unique_ptr<ImageSource>> open_files(std::vector<std::string> paths, const ImageRecipe& recipe);

  std::size_t count() const override { return names_.size(); }
  std::string name(std::size_t index) const override { return names_[index]; }
  std::string path(std::size_t index) const override;
  Status load(std::size_t index, std::span<const SampleInput> inputs) const override;
  Result<Image> picture(std::size_t index, const SampleInput& input) const override;
  // Of the file: the recipe is not in it.
  Status add_content(std::size_t index, std::span<const SampleInput> inputs, Sha256& hash) const override;
  const std::vector<std::string>& warnings() const override { return warnings_; }

 private:
  ImageSource(std::string folder, const ImageRecipe& recipe) : folder_(std::move(folder)), recipe_(recipe) {}

  std::string folder_;  // empty: names_ are paths
  ImageRecipe recipe_;
  std::vector<std::string> names_;
  std::vector<std::string> warnings_;
};

}  // namespace octet

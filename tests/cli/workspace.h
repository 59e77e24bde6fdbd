// Small networks, pictures and configurations that the tests of the command work on.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "cli/command.h"
#include "image/encoders.h"
#include "import/onnx/model_writer.h"

namespace octet::test {

constexpr int kSide = 16;  // of the small classifier's input

// Numbers between -0.5 and 0.5 without a pattern that quantization likes.
inline std::vector<float> varied(std::size_t count) {
  std::vector<float> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(0.5f * std::sin(static_cast<float>(i) * 1.7f + 0.3f));
  return values;
}

// Conv, Relu, GlobalAveragePool, Gemm: 1x3x16x16 to three classes. `weights` are the convolution's 108.
inline OnnxModel classifier(const std::vector<float>& weights = varied(108)) {
  OnnxModel model;
  model.input("x", {1, 3, kSide, kSide}).output("y");
  model.floats("w", {4, 3, 3, 3}, weights).floats("b", {4}, varied(4));
  model.floats("fc_w", {3, 4}, varied(12)).floats("fc_b", {3}, varied(3));
  model.node("Conv", {"x", "w", "b"}, {"c"}, {attr("pads", std::vector<std::int64_t>{1, 1, 1, 1})}, "conv_1");
  model.node("Relu", {"c"}, {"r"}, {}, "relu_1");
  model.node("GlobalAveragePool", {"r"}, {"p"}, {}, "pool_1");
  model.node("Flatten", {"p"}, {"f"}, {attr("axis", 1)}, "flatten_1");
  model.node("Gemm", {"f", "fc_w", "fc_b"}, {"y"}, {attr("transB", 1)}, "fc_1");
  return model;
}

inline std::vector<std::uint8_t> noisy_pixels(int width, int height, int channels, unsigned seed) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width * height * channels));
  for (auto& pixel : pixels) {
    seed = seed * 1664525u + 1013904223u;
    pixel = static_cast<std::uint8_t>(seed >> 24);
  }
  return pixels;
}

// A folder with a float model, a configuration and good calibration images; the commands get paths in it.
class Workspace {
 public:
  explicit Workspace(int image_count = 4) {
    folder_.write("net.onnx", classifier().bytes());
    std::filesystem::create_directory(folder_.path("images"));
    for (int i = 0; i < image_count; ++i) add_image("good" + std::to_string(i) + ".png", static_cast<unsigned>(i));
    write_config();
  }

  std::string path(std::string_view name = "") const { return folder_.path(name); }
  std::string write(std::string_view name, std::string_view content) const { return folder_.write(name, content); }
  std::string write_image(const std::string& name, const FileBytes& bytes) const {
    return folder_.write("images/" + name, as_text(bytes));
  }
  void add_image(const std::string& name, unsigned seed) const {
    write_image(name, encode_png(noisy_pixels(kSide, kSide, 3, seed), kSide, kSide));
  }
  // `more`: further members, beginning with a comma.
  std::string write_config(const std::string& more = "") const {
    return write("net.json",
                 R"({"format": "RGB", "mean": [127, 127, 127], "normal": [0.0078, 0.0078, 0.0078], "path": "images/")" +
                     more + "}");
  }

  std::string model() const { return path("net.onnx"); }
  std::string config() const { return path("net.json"); }
  std::string target() const { return path("out.octet"); }

  CommandResult quantize(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"quantize", model(), target(), config()};
    words.insert(words.end(), more.begin(), more.end());
    return Command(words).run();
  }
  // The int8 model of this workspace, made now.
  std::string quantized() const {
    expect_status(quantize(), 0);
    return target();
  }
  // quantize fails, says all of `parts`, and leaves nothing behind.
  void expect_quantize_fails(int status, std::initializer_list<std::string_view> parts) const {
    expect_failure(quantize(), status, parts);
    expect_nothing_written();
  }
  void expect_nothing_written() const { expect_only(path(), {"net.onnx", "net.json", "images"}); }

 private:
  TemporaryFolder folder_;
};

}  // namespace octet::test

// Calibration samples from folders of images, lists of files, and folders of tensors.
#include <array>
#include <filesystem>
#include <thread>

#include "image/encoders.h"
#include "image/samples.h"
#include "quantize/sequence.h"
#include "support/cmocka.h"
#include "support/temporary.h"

namespace {

using namespace octet;
using namespace octet::test;

void assert_contains(const std::string& text, const char* part) {
  if (text.find(part) == std::string::npos) fail_msg("'%s' is not in '%s'", part, text.c_str());
}

void assert_failure(const Status& status, Code code, std::initializer_list<const char*> parts) {
  assert_int_equal(static_cast<int>(status.code()), static_cast<int>(code));
  for (const char* part : parts) assert_contains(status.message(), part);
}

template <class T>
T opened(Result<T> result) {
  if (!result.ok()) fail_msg("%s", result.status().message().c_str());
  return std::move(result).value();
}

// An input with room for its values.
struct Input {
  explicit Input(std::vector<std::int64_t> d, std::string n = "data") : name(std::move(n)), dims(std::move(d)) {
    std::size_t count = 1;
    for (const auto dim : dims) count *= static_cast<std::size_t>(dim);
    values.resize(count);
  }
  SampleInput view(TensorOrder order = TensorOrder::nchw) { return {name, dims, order, values}; }

  std::string name;
  std::vector<std::int64_t> dims;
  std::vector<float> values;
};

Status load(const SampleSource& source, std::size_t index, Input& input, TensorOrder order = TensorOrder::nchw) {
  const SampleInput view = input.view(order);
  return source.load(index, {&view, 1});
}

// A PNG of one colour.
std::string png_of(std::uint8_t value, int width = 4, int height = 4) {
  return as_text(
      encode_png(std::vector<std::uint8_t>(static_cast<std::size_t>(width * height * 3), value), width, height));
}

void a_folder_gives_its_images_in_the_order_of_their_names(void**) {
  const TemporaryFolder folder;
  folder.write("b.png", png_of(2));
  folder.write("a.jpg", as_text(encode_jpeg(std::vector<std::uint8_t>(48, 1), 4, 4)));
  folder.write("B.png", png_of(3));
  folder.write("no_ending", png_of(4));
  folder.write("notes.txt", "text");
  folder.write("labels.json", "{}");
  folder.write(".hidden.png", png_of(9));
  folder.write(".DS_Store", "x");
  std::filesystem::create_directory(folder.path("folder.png"));
  const auto source = opened(ImageSource::open_folder(folder.path(), {}));
  assert_int_equal(source->count(), 4);
  assert_int_equal(source->warnings().size(), 0);
  const std::array<const char*, 4> names{"B.png", "a.jpg", "b.png", "no_ending"};
  const std::array<float, 4> colours{3, 1, 2, 4};
  for (std::size_t i = 0; i < 4; ++i) {
    assert_string_equal(source->name(i).c_str(), names[i]);
    Input input({1, 3, 2, 2});
    assert_true(load(*source, i, input).ok());
    for (const float value : input.values) assert_true(value == colours[i]);
  }
  assert_int_equal(opened(ImageSource::open_folder(folder.path(), {}, 2))->count(), 2);
}

void files_that_only_claim_to_be_images_are_warnings(void**) {
  const TemporaryFolder folder;
  folder.write("a.jpg", "this is no image");
  folder.write("b.webp", std::string("RIFF\0\0\0\0WEBPVP8 ", 16));
  folder.write("c.png", "");
  folder.write("d.png", png_of(1));
  folder.write("e.png", png_of(1).substr(0, 60));
  const auto source = opened(ImageSource::open_folder(folder.path(), {}));
  assert_int_equal(source->warnings().size(), 3);
  assert_contains(source->warnings()[0], "'a.jpg'");
  assert_contains(source->warnings()[1], "WebP");
  assert_contains(source->warnings()[2], "'c.png' is empty");
  assert_int_equal(source->count(), 2);
  Input input({1, 3, 2, 2});
  assert_true(load(*source, 0, input).ok());
  const Status damaged = load(*source, 1, input);
  assert_true(is_unreadable_sample(damaged));
  assert_contains(damaged.message(), "e.png");
}

void folders_without_a_readable_image_are_errors(void**) {
  const TemporaryFolder folder;
  const auto status = [&] { return ImageSource::open_folder(folder.path(), {}).status(); };
  assert_failure(status(), Code::data, {folder.path().c_str(), "empty"});
  folder.write("notes.txt", "text");
  assert_failure(status(), Code::data, {folder.path().c_str(), "notes.txt"});
  folder.write("a.jpg", "no image");
  folder.write("b.gif", "GIF89a");
  assert_failure(status(), Code::data, {folder.path().c_str(), "'a.jpg'", "'b.gif' is a GIF"});
  assert_failure(ImageSource::open_folder(folder.path("missing"), {}).status(), Code::io, {"missing"});
  assert_failure(ImageSource::open_files({}, {}).status(), Code::data, {"empty"});
}

void a_list_of_files_is_taken_as_it_is(void**) {
  const TemporaryFolder folder;
  const std::string second = folder.write("b.png", png_of(2)), first = folder.write("z.png", png_of(1));
  const auto source = opened(ImageSource::open_files({first, second, folder.path("gone.png")}, {}));
  Input input({1, 3, 1, 1});
  assert_true(load(*source, 0, input).ok());
  assert_true(input.values[0] == 1);
  assert_true(load(*source, 1, input).ok());
  assert_true(input.values[0] == 2);
  const Status gone = load(*source, 2, input);
  assert_failure(gone, Code::io, {"gone.png"});
  assert_true(is_unreadable_sample(gone));
}

void recipes_are_applied_in_the_order_of_the_input(void**) {
  const TemporaryFolder folder;
  folder.write("a.png", as_text(encode_png({10, 20, 30, 40, 50, 60}, 2, 1)));
  ImageRecipe recipe;
  recipe.format = PixelFormat::bgr;
  recipe.mean = {10, 0, 0, 0};
  recipe.normal = {1, 1, 0.5f, 1};
  const auto source = opened(ImageSource::open_folder(folder.path(), recipe));
  Input planar({1, 3, 1, 2});
  assert_true(load(*source, 0, planar).ok());
  assert_true((planar.values == std::vector<float>{20, 50, 20, 50, 5, 20}));
  Input interleaved({1, 1, 2, 3});
  assert_true(load(*source, 0, interleaved, TensorOrder::nhwc).ok());
  assert_true((interleaved.values == std::vector<float>{20, 20, 5, 50, 50, 20}));
}

void inputs_that_no_image_fits_are_errors_for_every_sample(void**) {
  const TemporaryFolder folder;
  folder.write("a.png", png_of(1));
  const auto status = [&](std::vector<std::int64_t> dims, int width = 0) {
    ImageRecipe recipe;
    recipe.width = width;
    Input input(std::move(dims));
    return load(*opened(ImageSource::open_folder(folder.path(), recipe)), 0, input);
  };
  assert_true(status({1, 3, 4, 4}, 4).ok());
  assert_failure(status({1, 1, 4, 4}), Code::shape, {"'data'", "1x1x4x4", "format"});
  assert_failure(status({2, 3, 4, 4}), Code::shape, {"2x3x4x4", "batch"});
  assert_failure(status({3, 4, 4}), Code::shape, {"3x4x4"});
  assert_failure(status({1, 3, 4, 4}, 8), Code::shape, {"1x3x4x4", "width", "8"});
  assert_false(is_unreadable_sample(status({3, 4, 4})));

  const auto source = opened(ImageSource::open_folder(folder.path(), {}));
  Input a({1, 3, 4, 4}, "a"), b({1, 3, 4, 4}, "b");
  const std::array<SampleInput, 2> two{a.view(), b.view()};
  assert_failure(source->load(0, two), Code::shape, {"2 inputs", "sequence"});
}

void samples_load_on_several_threads(void**) {
  const TemporaryFolder folder;
  for (int i = 0; i < 24; ++i)
    folder.write(std::to_string(100 + i) + ".png", png_of(static_cast<std::uint8_t>(i), 30, 20));
  const auto source = opened(ImageSource::open_folder(folder.path(), {}));
  std::vector<Input> inputs(24, Input({1, 3, 8, 8}));
  std::array<int, 24> good{};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = t; i < 24; i += 4) good[i] = load(*source, i, inputs[i]).ok() ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  for (std::size_t i = 0; i < 24; ++i) {
    assert_true(good[i] == 1);
    for (const float value : inputs[i].values) assert_true(value == static_cast<float>(i));
  }
}

// A folder of one sample whose single input, "data", is 1 x 2 x 1 x 2.
struct SequenceFolder {
  explicit SequenceFolder(std::string_view description) {
    std::filesystem::create_directory(folder.path("one"));
    folder.write("one/input.json", description);
  }
  Status load(std::initializer_list<std::int64_t> dims = {1, 2, 1, 2}) {
    const auto source = opened(SequenceSource::open(folder.path()));
    input = Input(dims);
    return ::load(*source, 0, input);
  }
  TemporaryFolder folder;
  Input input{{1, 2, 1, 2}};
};

constexpr std::string_view kDescription =
    R"({"inputs": [{"name": "data", "shape": [1, 2, 1, 2]}], "outputs": ["prob"]})";

void sequences_are_read_from_text_npy_and_raw(void**) {
  const std::vector<float> expected{1, 2, 3, 4};
  SequenceFolder sequence(kDescription);
  sequence.folder.write("one/data.raw", std::string(reinterpret_cast<const char*>(expected.data()), 16));
  assert_true(sequence.load().ok() && sequence.input.values == expected);
  std::string npy =
      std::string("\x93NUMPY\1\0\x3C\0", 10) + "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }";
  npy.resize(70, ' ');
  sequence.folder.write("one/data.npy", npy + std::string("\5\6\7\x08"));
  assert_true(sequence.load().ok());
  assert_true((sequence.input.values == std::vector<float>{5, 6, 7, 8}));
  sequence.folder.write("one/data.txt", "9\n8\n7\n6\n");
  assert_true(sequence.load().ok());
  assert_true((sequence.input.values == std::vector<float>{9, 8, 7, 6}));
  assert_true(sequence.load({2, 2}).ok());  // dimensions of 1 do not matter
}

void sequences_fill_several_inputs_by_name(void**) {
  const TemporaryFolder folder;
  for (const char* name : {"s2", "s1", ".git", "other"}) std::filesystem::create_directory(folder.path(name));
  for (const char* name : {"s1", "s2"}) {
    const std::string base = std::string(name) + "/";
    folder.write(base + "input.json", R"({"inputs": [{"name": "left", "shape": [2]}, {"name": "right"}]})");
    folder.write(base + "left.txt", base == "s1/" ? "1 2" : "10 20");
    folder.write(base + "right.txt", "3");
  }
  const auto source = opened(SequenceSource::open(folder.path()));
  assert_int_equal(source->count(), 2);
  assert_string_equal(source->name(0).c_str(), "s1");
  assert_int_equal(source->warnings().size(), 1);
  assert_contains(source->warnings()[0], "'other'");
  Input right({1, 1}, "right"), left({1, 2}, "left");
  const std::array<SampleInput, 2> views{right.view(), left.view()};
  assert_true(source->load(1, views).ok());
  assert_true(right.values[0] == 3 && left.values[0] == 10 && left.values[1] == 20);
  assert_int_equal(opened(SequenceSource::open(folder.path(), 1))->count(), 1);

  Input middle({1}, "middle");
  const std::array<SampleInput, 2> unknown{right.view(), middle.view()};
  assert_failure(source->load(0, unknown), Code::format, {"s1/input.json", "'middle'", "'left' and 'right'"});
}

void broken_sequences_say_what_is_wrong(void**) {
  const auto failure = [](std::string_view description, const char* values) {
    SequenceFolder sequence(description);
    if (values != nullptr) sequence.folder.write("one/data.txt", values);
    return sequence.load();
  };
  assert_true(failure(kDescription, "1 2 3 4").ok());
  assert_failure(failure(kDescription, nullptr), Code::io, {"'data'", ".txt, .npy, .bin, .raw"});
  assert_failure(failure(kDescription, "1 2 3"), Code::shape, {"3 values", "1x2x1x2 = 4"});
  assert_failure(failure(kDescription, "1 2 3 nan"), Code::data, {"data.txt", "value 4"});
  assert_failure(failure(kDescription, "1 2 3 x"), Code::format, {"data.txt", "'x'"});
  assert_failure(failure("{\"inputs\": [", ""), Code::format, {"one/input.json", "not JSON"});
  assert_failure(failure("[]", ""), Code::format, {"one/input.json", "\"inputs\""});
  assert_failure(failure("3", ""), Code::format, {"\"inputs\""});
  assert_failure(failure(R"({"inputs": []})", ""), Code::format, {"\"inputs\""});
  assert_failure(failure(R"({"inputs": [3]})", ""), Code::format, {"no object"});
  assert_failure(failure(R"({"inputs": [{"shape": [1]}]})", ""), Code::format, {"\"name\""});
  assert_failure(failure(R"({"inputs": [{"name": 5}]})", ""), Code::format, {"\"name\""});
  assert_failure(failure(R"({"inputs": [{"name": "data", "shape": 4}]})", ""), Code::format, {"\"shape\""});
  assert_failure(failure(R"({"inputs": [{"name": "data", "shape": [-1]}]})", ""), Code::format, {"\"shape\""});
  assert_failure(failure(R"({"inputs": [{"name": "data", "shape": [1.5]}]})", ""), Code::format, {"\"shape\""});
  assert_failure(failure(R"({"inputs": [{"name": "data", "shape": [4]}]})", "1 2 3 4"), Code::shape,
                 {"input.json", "4"});
  for (const char* name : {"../data", "/etc/passwd", "a/../../data", "..", ""}) {
    const std::string description = std::string(R"({"inputs": [{"name": ")") + name + R"("}]})";
    assert_failure(failure(description, "1 2 3 4"), Code::format, {"leads out"});
  }
  assert_failure(failure(std::string(100000, '['), ""), Code::format, {"nested deeper than"});
}

void folders_without_a_sequence_are_errors(void**) {
  const TemporaryFolder folder;
  const auto status = [&] { return SequenceSource::open(folder.path()).status(); };
  assert_failure(status(), Code::data, {folder.path().c_str(), "no folders"});
  std::filesystem::create_directory(folder.path("a"));
  assert_failure(status(), Code::data, {"no folder with an input.json"});
  folder.write("input.json", "{}");
  assert_failure(status(), Code::data, {"itself a sample"});
  assert_failure(SequenceSource::open(folder.path("missing")).status(), Code::io, {"missing"});
}

}  // namespace

int main() {
  const CMUnitTest tests[] = {
      cmocka_unit_test(a_folder_gives_its_images_in_the_order_of_their_names),
      cmocka_unit_test(files_that_only_claim_to_be_images_are_warnings),
      cmocka_unit_test(folders_without_a_readable_image_are_errors),
      cmocka_unit_test(a_list_of_files_is_taken_as_it_is),
      cmocka_unit_test(recipes_are_applied_in_the_order_of_the_input),
      cmocka_unit_test(inputs_that_no_image_fits_are_errors_for_every_sample),
      cmocka_unit_test(samples_load_on_several_threads),
      cmocka_unit_test(sequences_are_read_from_text_npy_and_raw),
      cmocka_unit_test(sequences_fill_several_inputs_by_name),
      cmocka_unit_test(broken_sequences_say_what_is_wrong),
      cmocka_unit_test(folders_without_a_sequence_are_errors),
  };
  return cmocka_run_group_tests_name("samples", tests, nullptr, nullptr);
}

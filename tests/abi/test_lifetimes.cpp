// Handles that are freed in every order, and what getters gave while their handle lives. A program that uses memory
// after its end shows here under AddressSanitizer.
#include <algorithm>

#include "abi/network.h"
#include "support/temporary.h"

namespace octet::test {
namespace {

// The model of a file that is mapped, one of bytes, one that a quantization made.
std::vector<Model> models_of_every_kind(const TemporaryFolder& folder) {
  std::vector<Model> models;
  const std::string file = folder.path("mapped.octet");
  const Model made = quantize(load_bytes(small_network()).get());
  Error e;
  expect_ok(q_model_save(made.get(), str(file), &e), e);
  models.push_back(load_file(file));
  models.push_back(load_bytes(small_network()));
  models.push_back(load_bytes(content_of(file), "bytes"));
  models.push_back(quantize(models[1].get()));
  // The names go; mapped memory stays.
  std::filesystem::remove(file);
  return models;
}

void test_sessions_outlive_models(void**) {
  const TemporaryFolder folder;
  for (Model& model : models_of_every_kind(folder)) {
    Session first = make_session(model.get());
    Session second = make_session(model.get(), 2);
    const auto before = run(first.get(), sample(3));
    model.reset();
    first.reset();
    assert_true(run(second.get(), sample(3)) == before);
    auto step = sized<q_step_info>();
    auto info = sized<q_session_info>();
    Error e;
    expect_ok(q_session_get_info(second.get(), &info, &e), e);
    for (std::int32_t i = 0; i < info.step_count; ++i) {
      expect_ok(q_session_get_step(second.get(), i, &step, &e), e);
      assert_true(!text(step.name).empty() || text(step.op) == "layout");
    }
  }
}

// An int8 model does not need the float one, a report neither of the two.
void test_results_outlive_their_sources(void**) {
  const TemporaryFolder folder;
  Model real = load_bytes(small_network());
  const q_calibration samples = calibration(4);
  auto options = sized<q_quantize_options>();
  options.calibration = &samples;
  options.feature_method = q_text("MINMAX");
  q_model* quantized = nullptr;
  q_report* made = nullptr;
  Error e;
  expect_ok(q_quantize(real.get(), &options, &quantized, &made, &e), e);
  Model int8(quantized);
  const Report of_quantizing(made);
  auto comparing = sized<q_compare_options>();
  comparing.samples = &samples;
  expect_ok(q_compare(real.get(), int8.get(), &comparing, &made, &e), e);
  const Report of_comparing(made);
  real.reset();
  run(make_session(int8.get()).get(), sample(0));
  int8.reset();
  for (const q_report* report : {of_quantizing.get(), of_comparing.get()}) {
    auto info = sized<q_report_info>();
    expect_ok(q_report_get_info(report, &info, &e), e);
    auto layer = sized<q_layer_error>();
    for (std::int32_t i = 0; i < info.layer_count; ++i) {
      expect_ok(q_report_get_layer(report, i, &layer, &e), e);
      assert_true(!text(layer.name).empty() && !text(layer.op).empty());
    }
    auto output = sized<q_output_error>();
    expect_ok(q_report_get_output(report, 0, &output, &e), e);
    assert_true(text(output.name) == "probabilities");
    const std::string file = folder.path("report.html");
    expect_ok(q_report_save(report, str(file), &e), e);
  }
}

// What is borrowed from a handle stays where it is, whatever else is done with the handle.
void test_what_getters_give_stays(void**) {
  const Model model = load_bytes(small_network());
  auto first = sized<q_model_info>();
  auto input = sized<q_tensor_info>();
  Error e;
  expect_ok(q_model_get_info(model.get(), &first, &e), e);
  expect_ok(q_model_get_input(model.get(), 0, &input, &e), e);
  for (int i = 0; i < 3; ++i) {
    const Session session = make_session(model.get(), 1 + i);
    run(session.get(), sample(i));
    quantize(model.get());
  }
  auto again = sized<q_model_info>();
  expect_ok(q_model_get_info(model.get(), &again, &e), e);
  assert_ptr_equal(again.name.data, first.name.data);
  assert_true(text(first.name) == "small" && text(input.name) == "image");
}

// Pixels of the caller and of an image are borrowed by a call, no longer.
void test_pixels_may_go_after_the_call(void**) {
  const Model model = load_bytes(small_network());
  const Session session = make_session(model.get());
  auto recipe = sized<q_recipe>();
  recipe.normal[0] = recipe.normal[1] = recipe.normal[2] = 0.01F;
  std::vector<float> output(kOutputCount);
  const q_tensor out = {output.data(), output.size() * 4, nullptr, Q_FLOAT32, 0};
  std::vector<float> first;
  for (int i = 0; i < 3; ++i) {
    std::vector<std::uint8_t> frame(24 * 24 * 3);
    for (std::size_t k = 0; k < frame.size(); ++k) frame[k] = static_cast<std::uint8_t>(k * 7);
    auto pixels = sized<q_pixels>();
    pixels.width = pixels.height = 24;
    pixels.data = frame.data();
    pixels.size_bytes = frame.size();
    Error e;
    expect_ok(q_session_run_image(session.get(), &pixels, &recipe, &out, 1, &e), e);
    if (first.empty()) first = output;
    assert_true(output == first);
    std::fill(frame.begin(), frame.end(), std::uint8_t{0});
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_sessions_outlive_models),
      cmocka_unit_test(test_results_outlive_their_sources),
      cmocka_unit_test(test_what_getters_give_stays),
      cmocka_unit_test(test_pixels_may_go_after_the_call),
  };
  return cmocka_run_group_tests_name("lifetimes of the ABI", tests, nullptr, nullptr);
}

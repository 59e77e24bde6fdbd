// Structs that grow: what a caller of another version of the header passes is understood or refused.
#include <cstddef>
#include <cstdlib>

#include "abi/network.h"

namespace octet::test {
namespace {

// A struct of the caller with room behind it, as a newer header would have.
template <class T>
union Longer {
  T value;
  unsigned char bytes[sizeof(T) + 64];
};

template <class T>
Longer<T> longer() {
  Longer<T> result;
  std::memset(&result, 0, sizeof result);
  result.value.struct_size = sizeof result.bytes;
  return result;
}

// Sizes that no header has.
constexpr std::uint32_t kNonsense[] = {0, 1, 3, 7, 4097, 1U << 30, 0xFFFFFFFFU};

// `call(pointer to struct, error)` reads the struct; `good` is one that it takes. `optional`: zero means the default
// for all of its members, so that a struct of no more than the first two is good too.
template <class T, class Call>
void check_read(Call call, const T& good = sized<T>(), bool optional = true) {
  T value = good;
  Error error;
  expect_ok(call(&value, &error), error);
  for (const std::uint32_t size : kNonsense) {
    value.struct_size = size;
    expect_failure(call(&value, &error), Q_E_ARGUMENT, error, "struct_size");
  }
  auto newer = longer<T>();
  newer.value = good;
  newer.value.struct_size = sizeof newer.bytes;
  expect_ok(call(&newer.value, &error), error);
  newer.bytes[sizeof newer.bytes - 1] = 1;  // a member that this library does not know
  expect_failure(call(&newer.value, &error), Q_E_ARGUMENT, error, "newer than this library");
  if (!optional) return;
  value.struct_size = alignof(T) < 8 ? 8 : alignof(T);  // an old header's: the rest is not looked at
  std::memset(reinterpret_cast<unsigned char*>(&value) + value.struct_size, 0xFF, sizeof value - value.struct_size);
  expect_ok(call(&value, &error), error);
}

// `call(pointer to struct, error)` writes the struct.
template <class T, class Call>
void check_write(Call call) {
  T value = sized<T>();
  Error error;
  expect_ok(call(&value, &error), error);
  assert_int_equal(value.struct_size, sizeof value);
  expect_failure(call(static_cast<T*>(nullptr), &error), Q_E_ARGUMENT, error, "NULL");
  for (const std::uint32_t size : kNonsense) {
    T other = value;
    other.struct_size = size;
    expect_failure(call(&other, &error), Q_E_ARGUMENT, error, "struct_size");
  }
  auto newer = longer<T>();
  std::memset(newer.bytes + sizeof(T), 0xAB, 64);
  expect_ok(call(&newer.value, &error), error);
  assert_int_equal(newer.value.struct_size, sizeof newer.bytes);
  for (std::size_t i = sizeof(T); i < sizeof newer.bytes; ++i) assert_int_equal(newer.bytes[i], 0);
  // A shorter struct gets its members and nothing behind them.
  Longer<T> shorter;
  std::memset(&shorter, 0xCD, sizeof shorter);
  shorter.value.struct_size = alignof(T) < 8 ? 8 : alignof(T);
  expect_ok(call(&shorter.value, &error), error);
  for (std::size_t i = shorter.value.struct_size; i < sizeof shorter.bytes; ++i)
    assert_int_equal(shorter.bytes[i], 0xCD);
  assert_memory_equal(reinterpret_cast<unsigned char*>(&value) + 4, shorter.bytes + 4, shorter.value.struct_size - 4);
}

void test_options(void**) {
  const std::string bytes = small_network();
  const Model model = load_bytes(bytes);
  check_read<q_load_options>([&](const q_load_options* options, Error* error) {
    q_model* out = nullptr;
    const q_status status = q_model_load_bytes({bytes.data(), bytes.size()}, q_text("x"), options, &out, error);
    assert_true((out != nullptr) == (status == Q_OK));
    q_model_free(out);
    return status;
  });
  check_read<q_session_options>([&](const q_session_options* options, Error* error) {
    q_session* out = nullptr;
    const q_status status = q_session_create(model.get(), options, &out, error);
    assert_true((out != nullptr) == (status == Q_OK));
    q_session_free(out);
    return status;
  });
  check_read<q_session_options>([&](const q_session_options* options, Error* error) {
    auto info = sized<q_session_info>();
    return q_session_measure(model.get(), options, &info, error);
  });
  auto allocator = sized<q_allocator>();
  allocator.allocate = [](void*, std::size_t size, std::size_t alignment) {
    return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  };
  allocator.release = [](void*, void* memory, std::size_t) { std::free(memory); };
  check_read<q_allocator>(
      [&](const q_allocator* given, Error* error) {
        auto options = sized<q_session_options>();
        options.allocator = given;
        const Model fresh = load_bytes(bytes);
        q_session* out = nullptr;
        const q_status status = q_session_create(fresh.get(), &options, &out, error);
        assert_true((out != nullptr) == (status == Q_OK));
        q_session_free(out);
        return status;
      },
      allocator, false);
  const q_calibration two = calibration(2);
  check_read<q_calibration>(
      [&](const q_calibration* given, Error* error) {
        auto options = sized<q_quantize_options>();
        options.calibration = given;
        options.feature_method = q_text("MINMAX");
        q_model* out = nullptr;
        const q_status status = q_quantize(model.get(), &options, &out, nullptr, error);
        assert_true((out != nullptr) == (status == Q_OK));
        q_model_free(out);
        return status;
      },
      two, false);
  check_read<q_calibration>(
      [&](const q_calibration* given, Error* error) {
        auto options = sized<q_compare_options>();
        options.samples = given;
        q_report* out = nullptr;
        const q_status status = q_compare(model.get(), model.get(), &options, &out, error);
        assert_true((out != nullptr) == (status == Q_OK));
        q_report_free(out);
        return status;
      },
      two, false);
  // Options that name where samples come from, as they have to.
  auto quantizing = sized<q_quantize_options>();
  quantizing.calibration = &two;
  quantizing.feature_method = q_text("MINMAX");
  check_read<q_quantize_options>(
      [&](const q_quantize_options* options, Error* error) {
        q_model* out = nullptr;
        const q_status status = q_quantize(model.get(), options, &out, nullptr, error);
        assert_true((out != nullptr) == (status == Q_OK));
        q_model_free(out);
        return status;
      },
      quantizing, false);
  auto comparing = sized<q_compare_options>();
  comparing.samples = &two;
  check_read<q_compare_options>(
      [&](const q_compare_options* options, Error* error) {
        q_report* out = nullptr;
        const q_status status = q_compare(model.get(), model.get(), options, &out, error);
        assert_true((out != nullptr) == (status == Q_OK));
        q_report_free(out);
        return status;
      },
      comparing, false);
}

// A program of the first header, before members were added at the end: what it does not know is the default.
void test_options_of_an_old_header(void**) {
  const Model model = load_bytes(small_network());
  const q_calibration two = calibration(2);
  auto options = sized<q_quantize_options>();
  std::memset(static_cast<void*>(&options), 0xFF, sizeof options);
  options.struct_size = offsetof(q_quantize_options, progress);
  options.threads = 1;
  options.config_path = {};
  options.calibration = &two;
  options.feature_method = q_text("MINMAX");
  options.weight_method = {};
  q_model* out = nullptr;
  Error error;
  expect_ok(q_quantize(model.get(), &options, &out, nullptr, &error), error);
  q_model_free(out);
}

// Sizes are looked at in structs inside of options too, and are named as what they are.
void test_structs_inside_options(void**) {
  const Model model = load_bytes(small_network());
  for (const std::uint32_t size : kNonsense) {
    q_calibration samples = calibration(2);
    samples.struct_size = size;
    auto options = sized<q_quantize_options>();
    options.calibration = &samples;
    q_model* out = nullptr;
    Error error;
    expect_failure(q_quantize(model.get(), &options, &out, nullptr, &error), Q_E_ARGUMENT, error,
                   "calibration.struct_size");
    assert_null(out);
    options.struct_size = size;
    expect_failure(q_quantize(model.get(), &options, &out, nullptr, &error), Q_E_ARGUMENT, error,
                   "options.struct_size");
    auto compare = sized<q_compare_options>();
    compare.struct_size = size;
    q_report* report = nullptr;
    expect_failure(q_compare(model.get(), model.get(), &compare, &report, &error), Q_E_ARGUMENT, error, "struct_size");
    assert_null(report);
  }
}

void test_what_getters_fill(void**) {
  const Model model = load_bytes(small_network());
  const Session session = make_session(model.get());
  check_write<q_model_info>([&](q_model_info* out, Error* error) { return q_model_get_info(model.get(), out, error); });
  check_write<q_tensor_info>(
      [&](q_tensor_info* out, Error* error) { return q_model_get_input(model.get(), 0, out, error); });
  check_write<q_tensor_info>(
      [&](q_tensor_info* out, Error* error) { return q_model_get_output(model.get(), 0, out, error); });
  check_write<q_layer_info>(
      [&](q_layer_info* out, Error* error) { return q_model_get_layer(model.get(), 0, out, error); });
  check_write<q_session_info>(
      [&](q_session_info* out, Error* error) { return q_session_get_info(session.get(), out, error); });
  check_write<q_session_info>(
      [&](q_session_info* out, Error* error) { return q_session_measure(model.get(), nullptr, out, error); });
  check_write<q_step_info>(
      [&](q_step_info* out, Error* error) { return q_session_get_step(session.get(), 0, out, error); });
}

void test_what_reports_fill(void**) {
  const Model model = load_bytes(small_network());
  const q_calibration samples = calibration(4);
  auto options = sized<q_quantize_options>();
  options.calibration = &samples;
  options.feature_method = q_text("MINMAX");
  q_model* quantized = nullptr;
  q_report* made = nullptr;
  Error error;
  expect_ok(q_quantize(model.get(), &options, &quantized, &made, &error), error);
  const Model owned(quantized);
  const Report report(made);
  check_write<q_report_info>([&](q_report_info* out, Error* e) { return q_report_get_info(report.get(), out, e); });
  check_write<q_output_error>(
      [&](q_output_error* out, Error* e) { return q_report_get_output(report.get(), 0, out, e); });
  check_write<q_sample_error>(
      [&](q_sample_error* out, Error* e) { return q_report_get_sample(report.get(), 0, out, e); });
  check_write<q_layer_error>([&](q_layer_error* out, Error* e) { return q_report_get_layer(report.get(), 0, out, e); });
}

void test_what_images_fill(void**) {
  const std::string folder = std::string(OCTET_SOURCE_DIR) + "/examples/models/";
  q_image* loaded = nullptr;
  Error error;
  expect_ok(q_image_load(str(folder + "test/0001.png"), Q_PIXELS_RGB, &loaded, &error), error);
  const Image image(loaded);
  const Model model = load_bytes(small_network());
  const Session session = make_session(model.get());
  check_write<q_pixels>([&](q_pixels* out, Error* e) { return q_image_get_pixels(image.get(), out, e); });
  const std::string config = folder + "quantize.json";
  check_write<q_recipe>([&](q_recipe* out, Error* e) { return q_recipe_from_config(str(config), {}, out, e); });
  auto recipe = sized<q_recipe>();
  auto pixels = sized<q_pixels>();
  expect_ok(q_image_get_pixels(image.get(), &pixels, &error), error);
  check_write<q_mapping>(
      [&](q_mapping* out, Error* e) { return q_pixels_get_mapping(&pixels, model.get(), 0, &recipe, out, e); });
  std::vector<float> input(kInputCount);
  std::vector<float> output(kOutputCount);
  const q_tensor out = {output.data(), output.size() * 4, nullptr, Q_FLOAT32, 0};
  check_read<q_recipe>([&](const q_recipe* in, Error* e) {
    auto mapping = sized<q_mapping>();
    return q_pixels_get_mapping(&pixels, model.get(), 0, in, &mapping, e);
  });
  check_read<q_recipe>([&](const q_recipe* in, Error* e) {
    return q_pixels_to_input(&pixels, model.get(), 0, in, input.data(), input.size(), e);
  });
  check_read<q_recipe>(
      [&](const q_recipe* in, Error* e) { return q_session_run_image(session.get(), &pixels, in, &out, 1, e); });
  check_read<q_pixels>(
      [&](const q_pixels* in, Error* e) {
        auto mapping = sized<q_mapping>();
        return q_pixels_get_mapping(in, model.get(), 0, &recipe, &mapping, e);
      },
      pixels, false);
  check_read<q_pixels>(
      [&](const q_pixels* in, Error* e) {
        return q_pixels_to_input(in, model.get(), 0, &recipe, input.data(), input.size(), e);
      },
      pixels, false);
  check_read<q_pixels>(
      [&](const q_pixels* in, Error* e) { return q_session_run_image(session.get(), in, &recipe, &out, 1, e); }, pixels,
      false);
}

// Errors of any size, also too small for code or message; without one, the status is all that is told.
void test_errors_of_any_size(void**) {
  const auto fail_with = [](q_error* error) { return q_model_get_info(nullptr, nullptr, error); };
  assert_int_equal(fail_with(nullptr), Q_E_ARGUMENT);
  q_error error;
  for (std::uint32_t size = 0; size <= sizeof error + 100; ++size) {
    std::memset(&error, 0x77, sizeof error);
    error.struct_size = size;
    assert_int_equal(fail_with(&error), Q_E_ARGUMENT);
    const auto* bytes = reinterpret_cast<const unsigned char*>(&error);
    for (std::size_t i = std::max<std::size_t>(size, 4); i < sizeof error; ++i) assert_int_equal(bytes[i], 0x77);
    if (size < 8) continue;
    assert_int_equal(error.code, Q_E_ARGUMENT);
    if (size > 8) assert_true(std::strlen(error.message) < std::min<std::size_t>(size, sizeof error) - 8);
  }
  error.struct_size = 8 + 10;
  fail_with(&error);
  assert_string_equal(error.message, "model ...");
  // Success clears what an earlier failure left.
  const Model model = load_bytes(small_network());
  auto info = sized<q_model_info>();
  error.struct_size = sizeof error;
  assert_int_equal(q_model_get_info(model.get(), &info, &error), Q_OK);
  assert_int_equal(error.code, Q_OK);
  assert_string_equal(error.message, "");
}

// A message that does not fit is cut at the start of a character; the log callback gets all of it.
void test_long_messages(void**) {
  std::string name;
  while (name.size() < 3000) name += "ä";
  std::string logged;
  auto options = sized<q_load_options>();
  options.log = [](void* user, std::int32_t level, q_str message) {
    if (level == Q_LOG_ERROR) *static_cast<std::string*>(user) = text(message);
  };
  options.log_user = &logged;
  for (const std::size_t shift : {0, 1}) {
    q_model* out = nullptr;
    Error error;
    const std::string shifted = std::string(shift, 'x') + name;
    assert_int_equal(q_model_load_bytes({"abc", 3}, str(shifted), &options, &out, &error), Q_E_FORMAT);
    const std::string message = error.message;
    assert_true(message.size() >= sizeof error.message - 5);
    assert_true(message.substr(message.size() - 3) == "...");
    assert_true(static_cast<unsigned char>(message[message.size() - 4]) == 0xA4);  // the second half of an a-umlaut
    assert_true(logged.find(shifted) != std::string::npos);
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_options),
      cmocka_unit_test(test_options_of_an_old_header),
      cmocka_unit_test(test_structs_inside_options),
      cmocka_unit_test(test_what_getters_fill),
      cmocka_unit_test(test_what_reports_fill),
      cmocka_unit_test(test_what_images_fill),
      cmocka_unit_test(test_errors_of_any_size),
      cmocka_unit_test(test_long_messages),
  };
  return cmocka_run_group_tests_name("structs of the ABI", tests, nullptr, nullptr);
}

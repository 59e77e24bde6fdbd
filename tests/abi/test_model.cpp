// Loading, looking inside, saving, running.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <thread>

#include "abi/network.h"
#include "support/temporary.h"

namespace octet::test {
namespace {

void test_inspection(void**) {
  const std::string bytes = small_network();
  const Model model = load_bytes(bytes);
  auto info = sized<q_model_info>();
  Error e;
  expect_ok(q_model_get_info(model.get(), &info, &e), e);
  assert_int_equal(info.input_count, 1);
  assert_int_equal(info.output_count, 1);
  assert_int_equal(info.int8_layer_count, 0);
  assert_int_equal(info.int8_macs, 0);
  // 144 pixels: 16 x 27, 16 x 9 and 16 x 16 products each; then 5 x 16.
  assert_int_equal(info.macs, 144 * (16 * 27 + 16 * 9 + 16 * 16) + 5 * 16);
  assert_int_equal(info.file_bytes, bytes.size());
  assert_true(text(info.name) == "small");
  assert_true(text(info.source_format) == "onnx");
  auto tensor = sized<q_tensor_info>();
  expect_ok(q_model_get_input(model.get(), 0, &tensor, &e), e);
  assert_true(text(tensor.name) == "image");
  assert_int_equal(tensor.rank, 4);
  const std::int64_t dims[] = {1, 3, 12, 12};
  assert_memory_equal(tensor.dims, dims, sizeof dims);
  assert_int_equal(tensor.element_count, kInputCount);
  assert_int_equal(tensor.dtype, Q_FLOAT32);
  expect_ok(q_model_get_output(model.get(), 0, &tensor, &e), e);
  assert_true(text(tensor.name) == "probabilities");
  std::string ops;
  std::int64_t macs = 0;
  for (std::int32_t i = 0; i < info.layer_count; ++i) {
    auto layer = sized<q_layer_info>();
    expect_ok(q_model_get_layer(model.get(), i, &layer, &e), e);
    ops += text(layer.op) + ";";
    macs += layer.macs;
    assert_int_equal(layer.is_int8, 0);
    assert_int_equal(layer.output.struct_size, sizeof(q_tensor_info));
    assert_true(!text(layer.name).empty());
  }
  assert_int_equal(macs, info.macs);
  assert_true(ops.rfind("conv;depthwise conv;conv;add;", 0) == 0);
  auto recipe = sized<q_recipe>();
  expect_failure(q_model_get_recipe(model.get(), &recipe, &e), Q_E_DATA, e, "recipe");
}

void test_running(void**) {
  const Model model = load_bytes(small_network());
  const Session session = make_session(model.get());
  const auto first = run(session.get(), sample(0));
  float sum = 0;
  for (const float p : first) sum += p;
  assert_true(std::fabs(sum - 1) < 1e-5F);
  assert_true(run(session.get(), sample(1)) != first);
  assert_true(run(session.get(), sample(0)) == first);
  for (const int threads : {2, 3}) assert_true(run(make_session(model.get(), threads).get(), sample(0)) == first);
  auto info = sized<q_session_info>();
  Error e;
  expect_ok(q_session_get_info(session.get(), &info, &e), e);
  assert_int_equal(info.threads, 1);
  assert_true(info.step_count > 0 && info.arena_bytes > 0 && info.packed_bytes > 0);
}

void test_sessions_outlive_their_model(void**) {
  Model model = load_bytes(small_network());
  const Session session = make_session(model.get(), 2);
  const auto before = run(session.get(), sample(3));
  model.reset();
  assert_true(run(session.get(), sample(3)) == before);
}

void test_bytes_are_copied(void**) {
  std::string bytes = small_network();
  const Model model = load_bytes(bytes);
  const auto expected = run(make_session(model.get()).get(), sample(0));
  std::memset(bytes.data(), 0xFF, bytes.size());
  assert_true(run(make_session(model.get()).get(), sample(0)) == expected);
}

void test_profile_of_steps(void**) {
  const Model model = load_bytes(small_network());
  auto options = sized<q_session_options>();
  options.profile = 1;
  options.isa = q_text("ref");
  q_session* out = nullptr;
  Error e;
  expect_ok(q_session_create(model.get(), &options, &out, &e), e);
  const Session session(out);
  run(session.get(), sample(0));
  run(session.get(), sample(0));
  auto info = sized<q_session_info>();
  expect_ok(q_session_get_info(session.get(), &info, &e), e);
  assert_true(text(info.isa) == "ref");
  for (std::int32_t i = 0; i < info.step_count; ++i) {
    auto step = sized<q_step_info>();
    expect_ok(q_session_get_step(session.get(), i, &step, &e), e);
    assert_true(step.total_ms >= step.last_ms && step.last_ms >= 0);
    assert_true(text(step.kernel).find("ref") != std::string::npos);
  }
}

// The names that src/cpu/isa.inc lists, as far as this CPU has them; the others are named.
std::vector<std::string> instruction_sets(const q_model* model) {
  std::ifstream file(std::string(OCTET_SOURCE_DIR) + "/src/cpu/isa.inc");
  std::vector<std::string> names;
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("OCTET_ISA_PACKAGE(", 0) != 0) continue;
    const auto begin = line.find('"') + 1;
    const std::string name = line.substr(begin, line.find('"', begin) - begin);
    auto options = sized<q_session_options>();
    options.isa = str(name);
    q_session* session = nullptr;
    Error e;
    const q_status status = q_session_create(model, &options, &session, &e);
    q_session_free(session);
    if (status == Q_E_UNSUPPORTED) {
      print_message("SKIPPED: %s\n", e.message);
      continue;
    }
    expect_ok(status, e);
    names.push_back(name);
  }
  assert_true(names.size() >= 1 && names[0] == "ref");
  return names;
}

void test_int8_is_the_same_with_every_instruction_set(void**) {
  const Model source = load_bytes(small_network());
  const Model int8 = quantize(source.get());
  const auto expected = run(make_session(int8.get()).get(), sample(3));
  for (const std::string& name : instruction_sets(int8.get())) {
    for (const std::int32_t threads : {1, 2}) {
      auto options = sized<q_session_options>();
      options.isa = str(name);
      options.threads = threads;
      q_session* out = nullptr;
      Error e;
      expect_ok(q_session_create(int8.get(), &options, &out, &e), e);
      const Session session(out);
      if (run(session.get(), sample(3)) != expected) fail_msg("%s, %d threads: other values", name.c_str(), threads);
    }
  }
}

// Saved and loaded again, from a file or from bytes, a model is the same: its bytes, and what it computes.
void test_save_and_load(void**) {
  const TemporaryFolder folder;
  const Model source = load_bytes(small_network());
  const Model int8 = quantize(source.get());
  Error e;
  for (const q_model* model : {source.get(), int8.get()}) {
    const std::string first = folder.path("first.octet");
    const std::string second = folder.path("second.octet");
    expect_ok(q_model_save(model, str(first), &e), e);
    const Model loaded = load_file(first);
    expect_ok(q_model_save(loaded.get(), str(second), &e), e);
    const std::string bytes = content_of(first);
    assert_true(!bytes.empty() && bytes == content_of(second));
    const Model from_bytes = load_bytes(bytes, "copy");
    const auto expected = run(make_session(model).get(), sample(5));
    assert_true(run(make_session(loaded.get()).get(), sample(5)) == expected);
    assert_true(run(make_session(from_bytes.get()).get(), sample(5)) == expected);
    auto info = sized<q_model_info>();
    expect_ok(q_model_get_info(loaded.get(), &info, &e), e);
    assert_true(text(info.source_format) == "octet");
    assert_int_equal(info.file_bytes, bytes.size());
    // Damaged anywhere in the structure, it is refused or still a sound model; nothing worse.
    for (std::size_t at = 0; at < bytes.size(); at += 97) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
      q_model* out = nullptr;
      if (q_model_load_bytes({damaged.data(), damaged.size()}, q_text("damaged"), nullptr, &out, &e) != Q_OK) {
        assert_null(out);
        continue;
      }
      q_model_free(out);
    }
  }
}

void test_save_refuses(void**) {
  const TemporaryFolder folder;
  const Model model = load_bytes(small_network());
  Error e;
  expect_failure(q_model_save(model.get(), str(folder.path("x.pb")), &e), Q_E_UNSUPPORTED, e,
                 "models are written as .octet, .mnn, .onnx or .tflite; .pb is none of them");
  expect_failure(q_model_save(model.get(), str(folder.path("none/x.octet")), &e), Q_E_IO, e, "none/x.octet");
  expect_failure(q_model_save(model.get(), q_text(""), &e), Q_E_UNSUPPORTED, e, "ending");
  expect_failure(q_model_save(model.get(), str(folder.path("none/x.onnx")), &e), Q_E_IO, e, "none/x.onnx");
  assert_true(std::filesystem::is_empty(folder.path()));
  const auto ignore = [](void*, q_bytes) -> int32_t { return 0; };
  expect_failure(q_model_write(model.get(), q_text("pb"), ignore, nullptr, &e), Q_E_UNSUPPORTED, e,
                 "\"octet\", \"mnn\", \"onnx\" or \"tflite\"; \"pb\" is none of them");
}

// The ending, or the format's name, chooses what is written; what is read again gives the same answers.
void test_other_formats(void**) {
  const TemporaryFolder folder;
  const Model source = load_bytes(small_network());
  const Model int8 = quantize(source.get());
  Error e;
  for (const q_model* model : {source.get(), int8.get()}) {
    const auto expected = run(make_session(model).get(), sample(5));
    for (const std::string format : {"onnx", "tflite"}) {
      const std::string path = folder.path("model." + format);
      expect_ok(q_model_save(model, str(path), &e), e);
      const Model loaded = load_file(path);
      auto info = sized<q_model_info>();
      expect_ok(q_model_get_info(loaded.get(), &info, &e), e);
      assert_true(text(info.source_format) == format);
      const auto found = run(make_session(loaded.get()).get(), sample(5));
      assert_int_equal(found.size(), expected.size());
      for (std::size_t i = 0; i < found.size(); ++i) assert_true(std::fabs(found[i] - expected[i]) <= 1e-5F);
      std::string written;
      const auto append = [](void* user, q_bytes part) -> int32_t {
        static_cast<std::string*>(user)->append(static_cast<const char*>(part.data), part.size);
        return 0;
      };
      expect_ok(q_model_write(model, str(format), append, &written, &e), e);
      assert_true(written == content_of(path));
    }
  }
}

// The bytes of a model come without the folder that its file lay in: nothing beside it is read, whatever its name is.
void test_external_data_needs_a_path(void**) {
  const TemporaryFolder folder;
  folder.write("weights.bin", std::string(16, '\0'));
  OnnxBytes net;
  net.input("x", {1, 4});
  net.external_tensor("w", 4, "weights.bin");
  net.node("Add", {"x", "w"}, "y");
  net.output("y");
  const std::string bytes = net.bytes();
  const std::string path = folder.write("external.onnx", bytes);
  assert_non_null(load_file(path).get());
  q_model* out = nullptr;
  Error e;
  expect_failure(q_model_load_bytes({bytes.data(), bytes.size()}, str(path), nullptr, &out, &e), Q_E_UNSUPPORTED, e,
                 "weights.bin");
  assert_true(e.says("external.onnx"));
}

void test_raw_int8_of_a_quantized_model(void**) {
  const Model source = load_bytes(small_network());
  const Model int8 = quantize(source.get());
  auto info = sized<q_model_info>();
  auto tensor = sized<q_tensor_info>();
  Error e;
  expect_ok(q_model_get_info(int8.get(), &info, &e), e);
  assert_true(info.int8_layer_count > 0 && info.int8_macs > 0);
  expect_ok(q_model_get_input(int8.get(), 0, &tensor, &e), e);
  const auto real = sample(2);
  // float32 goes in and out unchanged from the float model, close to it.
  const auto expected = run(make_session(source.get()).get(), real);
  const auto found = run(make_session(int8.get()).get(), real);
  for (std::size_t i = 0; i < found.size(); ++i) assert_true(std::fabs(found[i] - expected[i]) < 0.1F);
  if (tensor.dtype != Q_INT8) return;
  assert_true(tensor.scale > 0 && tensor.zero_point >= -128 && tensor.zero_point <= 127);
  std::vector<std::int8_t> raw;
  for (const float value : real) {
    const double q = std::nearbyint(static_cast<double>(value * (1.0F / tensor.scale)));
    raw.push_back(static_cast<std::int8_t>(std::fmin(127, std::fmax(-128, q + tensor.zero_point))));
  }
  const Session session = make_session(int8.get());
  std::vector<float> output(kOutputCount);
  const q_tensor in = {raw.data(), raw.size(), nullptr, Q_INT8, 0};
  const q_tensor out = {output.data(), output.size() * 4, nullptr, Q_FLOAT32, 0};
  expect_ok(q_session_run(session.get(), &in, 1, &out, 1, &e), e);
  assert_true(output == found);
}

// One model, many sessions, several threads that load, run, look and free at the same time.
void test_many_threads(void**) {
  const std::string bytes = small_network();
  const Model model = load_bytes(bytes);
  const auto expected = run(make_session(model.get()).get(), sample(0));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        auto options = sized<q_session_options>();
        options.threads = 1 + (t + i) % 3;
        options.isa = q_text(i % 2 == 0 ? "ref" : "");
        q_session* session = nullptr;
        if (q_session_create(model.get(), &options, &session, nullptr) != Q_OK) ++wrong;
        auto input = sample(0);
        std::vector<float> output(kOutputCount);
        const q_tensor in = {input.data(), input.size() * 4, nullptr, Q_FLOAT32, 0};
        const q_tensor out = {output.data(), output.size() * 4, nullptr, Q_FLOAT32, 0};
        if (q_session_run(session, &in, 1, &out, 1, nullptr) != Q_OK) ++wrong;
        for (std::size_t k = 0; k < output.size(); ++k) {
          if (std::fabs(output[k] - expected[k]) > 1e-5F) ++wrong;
        }
        auto layer = sized<q_layer_info>();
        if (q_model_get_layer(model.get(), i % 4, &layer, nullptr) != Q_OK || layer.op.size == 0) ++wrong;
        q_session_free(session);
        q_model* other = nullptr;
        if (q_model_load_bytes({bytes.data(), bytes.size()}, q_text("x"), nullptr, &other, nullptr) != Q_OK) ++wrong;
        q_model_free(other);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  assert_int_equal(wrong.load(), 0);
}

struct Logged {
  std::vector<std::int32_t> levels;
  std::string text;
  static void write(void* user, std::int32_t level, q_str message) {
    auto& logged = *static_cast<Logged*>(user);
    logged.levels.push_back(level);
    logged.text.assign(message.data, message.size);
  }
};

// What does not fit into q_error ends with a whole line and a count; the log has all of it.
void test_messages_that_do_not_fit(void**) {
  OnnxBytes model;
  model.input("x", {1, 2});
  model.output("t59");
  for (int i = 0; i < 60; ++i) {
    model.node("Unknown" + std::to_string(i), {i == 0 ? "x" : "t" + std::to_string(i - 1)}, "t" + std::to_string(i));
  }
  const std::string bytes = model.bytes();
  Logged logged;
  auto options = sized<q_load_options>();
  options.log = Logged::write;
  options.log_user = &logged;
  q_model* out = nullptr;
  Error error;
  const q_status status = q_model_load_bytes({bytes.data(), bytes.size()}, q_text("net"), &options, &out, &error);
  expect_failure(status, Q_E_UNSUPPORTED, error, "Unknown0 ");
  const std::string kept = error.message;
  assert_true(kept.size() < sizeof error.message && kept.size() > sizeof error.message / 2);
  const std::size_t count = kept.rfind("\nand ");
  assert_true(count != std::string::npos && kept.ends_with(" more"));
  const int more = std::atoi(kept.c_str() + count + 5);
  assert_int_equal(more + std::count(kept.begin(), kept.end(), '\n') - 1, 60);
  assert_true(logged.levels == std::vector<std::int32_t>{Q_LOG_ERROR});
  assert_true(logged.text.compare(0, count, kept, 0, count) == 0);
  for (int i = 0; i < 60; ++i) {
    assert_true(logged.text.find("Unknown" + std::to_string(i) + " (") != std::string::npos);
  }
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {
      cmocka_unit_test(test_messages_that_do_not_fit),
      cmocka_unit_test(test_inspection),
      cmocka_unit_test(test_running),
      cmocka_unit_test(test_sessions_outlive_their_model),
      cmocka_unit_test(test_bytes_are_copied),
      cmocka_unit_test(test_int8_is_the_same_with_every_instruction_set),
      cmocka_unit_test(test_profile_of_steps),
      cmocka_unit_test(test_save_and_load),
      cmocka_unit_test(test_save_refuses),
      cmocka_unit_test(test_other_formats),
      cmocka_unit_test(test_external_data_needs_a_path),
      cmocka_unit_test(test_raw_int8_of_a_quantized_model),
      cmocka_unit_test(test_many_threads),
  };
  return cmocka_run_group_tests_name("models and sessions of the ABI", tests, nullptr, nullptr);
}

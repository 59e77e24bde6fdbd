// Nothing is printed, whatever is called and however it ends: stdout and stderr of the process go to a file meanwhile.
#include <fcntl.h>
#include <unistd.h>

#include "abi/network.h"
#include "support/temporary.h"

namespace octet::test {
namespace {

// While this lives, what the process prints goes to a file.
class Captured {
 public:
  explicit Captured(const std::string& path) : out_(dup(1)), err_(dup(2)) {
    std::fflush(nullptr);
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(file, 1);
    dup2(file, 2);
    close(file);
  }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;
  ~Captured() {
    std::fflush(nullptr);
    dup2(out_, 1);
    dup2(err_, 2);
    close(out_);
    close(err_);
  }

 private:
  int out_, err_;
};

void test_failures_print_nothing(void**) {
  const TemporaryFolder folder;
  const std::string log = folder.path("log");
  const std::string png = std::string("\x89PNG\r\n\x1a\n") + std::string(100, 'x');
  const std::string bad_png = folder.write("bad.png", png);
  const std::string bad_jpeg = folder.write("bad.jpg", "\xFF\xD8\xFF\xE0" + std::string(100, 'x'));
  const std::string bad_model = folder.write("bad.onnx", small_network().substr(0, 300));
  const std::string bad_json = folder.write("bad.json", "{\"format\": 7");
  const Model model = load_bytes(small_network());
  const Session session = make_session(model.get());
  int failures = 0;
  {
    const Captured captured(log);
    q_image* image = nullptr;
    q_model* out = nullptr;
    q_report* report = nullptr;
    q_session* other = nullptr;
    auto recipe = sized<q_recipe>();
    auto pixels = sized<q_pixels>();
    auto options = sized<q_quantize_options>();
    auto comparing = sized<q_compare_options>();
    options.config_path = str(bad_json);
    comparing.config_json = q_text("{]");
    failures += q_image_load(str(bad_png), Q_PIXELS_RGB, &image, nullptr) != Q_OK;
    failures += q_image_load(str(bad_jpeg), Q_PIXELS_RGB, &image, nullptr) != Q_OK;
    failures += q_image_decode({png.data(), png.size()}, q_text("x"), Q_PIXELS_RGB, &image, nullptr) != Q_OK;
    failures += q_model_load(str(bad_model), nullptr, &out, nullptr) != Q_OK;
    failures += q_model_load(str(bad_png), nullptr, &out, nullptr) != Q_OK;
    failures += q_recipe_from_config(str(bad_json), {}, &recipe, nullptr) != Q_OK;
    failures += q_quantize(model.get(), &options, &out, nullptr, nullptr) != Q_OK;
    failures += q_compare(model.get(), model.get(), &comparing, &report, nullptr) != Q_OK;
    failures += q_model_save(model.get(), q_text("/does/not/exist.octet"), nullptr) != Q_OK;
    failures += q_session_create(nullptr, nullptr, &other, nullptr) != Q_OK;
    failures += q_session_run(session.get(), nullptr, 0, nullptr, 0, nullptr) != Q_OK;
    failures += q_session_run_image(session.get(), &pixels, &recipe, nullptr, 0, nullptr) != Q_OK;
  }
  assert_int_equal(failures, 12);
  assert_string_equal(content_of(log).c_str(), "");
}

// The whole job, with pictures of which some are damaged (libjpeg and libpng print such things if they are let), and
// configurations that bring warnings.
void test_success_prints_nothing(void**) {
  const TemporaryFolder folder;
  const std::string log = folder.path("log");
  const std::string models = std::string(OCTET_SOURCE_DIR) + "/examples/models/";
  std::filesystem::create_directory(folder.path("images"));
  for (const char* name : {"0001.png", "0002.png", "0017.jpg", "0018.jpg"}) {
    const std::string bytes = content_of(models + "calibration/" + name);
    folder.write(std::string("images/") + name, bytes);
    folder.write(std::string("images/cut-") + name, bytes.substr(0, bytes.size() * 2 / 3));
  }
  const std::string images = folder.path("images");
  const std::string int8_file = folder.path("x.octet");
  const std::string json = "{\"format\": \"RGB\", \"width\": 64, \"height\": 64, \"winogradOpt\": true}";
  const std::string html_file = folder.path("x.html");
  q_status statuses[6];
  std::int32_t warnings = 0;
  {
    const Captured captured(log);
    const Model model = load_file(models + "shapes.onnx");
    auto options = sized<q_quantize_options>();
    options.images = str(images);
    options.config_json = str(json);
    options.threads = 2;
    q_model* out = nullptr;
    q_report* report = nullptr;
    Error e;
    statuses[0] = q_quantize(model.get(), &options, &out, &report, &e);
    const Model int8(out);
    const Report owned(report);
    auto info = sized<q_report_info>();
    q_report_get_info(report, &info, nullptr);
    warnings = info.warning_count;
    statuses[1] = q_model_save(out, str(int8_file), &e);
    statuses[2] = q_report_save(report, str(html_file), &e);
    auto comparing = sized<q_compare_options>();
    comparing.images = str(images);
    comparing.config_json = str(json);
    q_report* compared = nullptr;
    statuses[3] = q_compare(model.get(), out, &comparing, &compared, &e);
    q_report_free(compared);
    q_session* session = nullptr;
    statuses[4] = q_session_create(out, nullptr, &session, &e);
    const Session owned_session(session);
    q_image* image = nullptr;
    const std::string picture = models + "calibration/0017.jpg";
    q_image_load(str(picture), Q_PIXELS_RGB, &image, nullptr);
    const Image owned_image(image);
    auto pixels = sized<q_pixels>();
    q_image_get_pixels(image, &pixels, nullptr);
    const q_tensor unwanted = {nullptr, 0, nullptr, Q_FLOAT32, 0};
    statuses[5] = q_session_run_image(session, &pixels, nullptr, &unwanted, 1, &e);
  }
  for (const q_status status : statuses) assert_int_equal(status, Q_OK);
  assert_true(warnings > 0);
  assert_string_equal(content_of(log).c_str(), "");
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {cmocka_unit_test(test_failures_print_nothing),
                              cmocka_unit_test(test_success_prints_nothing)};
  return cmocka_run_group_tests_name("the library is quiet", tests, nullptr, nullptr);
}

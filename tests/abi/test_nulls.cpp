// Every function of the header, with NULL for each of its pointers in turn; with somebody to tell and without. A
// function that is missing here fails the test.
#include <regex>
#include <set>

#include "abi/null_calls.h"

namespace octet::test {
namespace {

std::vector<Call> calls_of_sessions() {
  return {
      {"q_session_create", "model",
       [](World&, Handles& h, q_error* e) { return q_session_create(nullptr, nullptr, &h.session, e); }},
      {"q_session_create", "out",
       [](World& w, Handles&, q_error* e) { return q_session_create(w.model.get(), nullptr, nullptr, e); }},
      {"q_session_create", "options.isa.data",
       [](World& w, Handles& h, q_error* e) {
         auto options = sized<q_session_options>();
         options.isa = kNowhere;
         return q_session_create(w.model.get(), &options, &h.session, e);
       }},
      {"q_session_create", "allocator.allocate",
       [](World& w, Handles& h, q_error* e) {
         auto options = sized<q_session_options>();
         auto allocator = sized<q_allocator>();
         allocator.release = [](void*, void*, std::size_t) {};
         options.allocator = &allocator;
         return q_session_create(w.model.get(), &options, &h.session, e);
       }},
      {"q_session_create", "allocator.release",
       [](World& w, Handles& h, q_error* e) {
         auto options = sized<q_session_options>();
         auto allocator = sized<q_allocator>();
         allocator.allocate = [](void*, std::size_t, std::size_t) -> void* { return nullptr; };
         options.allocator = &allocator;
         return q_session_create(w.model.get(), &options, &h.session, e);
       }},
      {"q_session_measure", "model",
       [](World&, Handles&, q_error* e) {
         auto out = sized<q_session_info>();
         return q_session_measure(nullptr, nullptr, &out, e);
       }},
      {"q_session_measure", "out",
       [](World& w, Handles&, q_error* e) { return q_session_measure(w.model.get(), nullptr, nullptr, e); }},
      {"q_session_run", "session",
       [](World& w, Handles&, q_error* e) { return q_session_run(nullptr, &w.in, 1, &w.out, 1, e); }},
      {"q_session_run", "inputs",
       [](World& w, Handles&, q_error* e) { return q_session_run(w.session.get(), nullptr, 1, &w.out, 1, e); }},
      {"q_session_run", "outputs",
       [](World& w, Handles&, q_error* e) { return q_session_run(w.session.get(), &w.in, 1, nullptr, 1, e); }},
      {"q_session_run", "inputs[0].data",
       [](World& w, Handles&, q_error* e) {
         q_tensor in = w.in;
         in.data = nullptr;
         return q_session_run(w.session.get(), &in, 1, &w.out, 1, e);
       }},
      {"q_session_run_image", "session",
       [](World& w, Handles&, q_error* e) { return q_session_run_image(nullptr, &w.pixels, &w.recipe, &w.out, 1, e); }},
      {"q_session_run_image", "pixels",
       [](World& w, Handles&, q_error* e) {
         return q_session_run_image(w.session.get(), nullptr, &w.recipe, &w.out, 1, e);
       }},
      {"q_session_run_image", "recipe, of a model without one",
       [](World& w, Handles&, q_error* e) {
         return q_session_run_image(w.session.get(), &w.pixels, nullptr, &w.out, 1, e);
       },
       Q_E_DATA},
      {"q_session_run_image", "outputs",
       [](World& w, Handles&, q_error* e) {
         return q_session_run_image(w.session.get(), &w.pixels, &w.recipe, nullptr, 1, e);
       }},
      {"q_session_get_info", "session",
       [](World&, Handles&, q_error* e) {
         auto out = sized<q_session_info>();
         return q_session_get_info(nullptr, &out, e);
       }},
      {"q_session_get_info", "out",
       [](World& w, Handles&, q_error* e) { return q_session_get_info(w.session.get(), nullptr, e); }},
      {"q_session_get_input", "session",
       [](World&, Handles&, q_error* e) {
         auto out = sized<q_tensor_info>();
         return q_session_get_input(nullptr, 0, &out, e);
       }},
      {"q_session_get_input", "out",
       [](World& w, Handles&, q_error* e) { return q_session_get_input(w.session.get(), 0, nullptr, e); }},
      {"q_session_get_output", "session",
       [](World&, Handles&, q_error* e) {
         auto out = sized<q_tensor_info>();
         return q_session_get_output(nullptr, 0, &out, e);
       }},
      {"q_session_get_output", "out",
       [](World& w, Handles&, q_error* e) { return q_session_get_output(w.session.get(), 0, nullptr, e); }},
      {"q_session_get_step", "session",
       [](World&, Handles&, q_error* e) {
         auto out = sized<q_step_info>();
         return q_session_get_step(nullptr, 0, &out, e);
       }},
      {"q_session_get_step", "out",
       [](World& w, Handles&, q_error* e) { return q_session_get_step(w.session.get(), 0, nullptr, e); }},
      {"q_measure_peak", "isa",
       [](World&, Handles&, q_error* e) {
         double out = 0;
         return q_measure_peak(kNowhere, Q_INT8, 1, &out, e);
       }},
      {"q_measure_peak", "gmacs_per_second",
       [](World&, Handles&, q_error* e) { return q_measure_peak({}, Q_INT8, 1, nullptr, e); }},
  };
}

// A quantization or comparison whose options lack one thing each.
template <class Change>
Call quantizing(const char* argument, Change change) {
  return {"q_quantize", argument, [=](World& w, Handles& h, q_error* e) {
            q_calibration samples = w.samples;
            q_quantize_options options = w.quantizing;
            options.calibration = &samples;
            change(options, samples);
            return q_quantize(w.model.get(), &options, &h.model, &h.report, e);
          }};
}
template <class Change>
Call comparing(const char* argument, Change change) {
  return {"q_compare", argument, [=](World& w, Handles& h, q_error* e) {
            q_calibration samples = w.samples;
            q_compare_options options = w.comparing;
            options.samples = &samples;
            change(options, samples);
            return q_compare(w.model.get(), w.model.get(), &options, &h.report, e);
          }};
}

std::vector<Call> calls_of_jobs() {
  using Q = q_quantize_options;
  using C = q_compare_options;
  return {
      {"q_observe", "model",
       [](World& w, Handles&, q_error* e) { return q_observe(nullptr, &w.quantizing, 1, 1, q_text("x.stats"), e); }},
      {"q_observe", "options",
       [](World& w, Handles&, q_error* e) { return q_observe(w.model.get(), nullptr, 1, 1, q_text("x.stats"), e); }},
      {"q_observe", "path",
       [](World& w, Handles&, q_error* e) { return q_observe(w.model.get(), &w.quantizing, 1, 1, kNowhere, e); }},
      quantizing("options.cache", [](Q& o, auto&) { o.cache = kNowhere; }),
      quantizing("options.statistics", [](Q& o, auto&) { o.statistics_count = 1; }),
      quantizing("options.statistics[0]",
                 [](Q& o, auto&) {
                   o.statistics = &kNowhere;
                   o.statistics_count = 1;
                 }),
      {"q_quantize", "model",
       [](World& w, Handles& h, q_error* e) { return q_quantize(nullptr, &w.quantizing, &h.model, &h.report, e); }},
      {"q_quantize", "options",
       [](World& w, Handles& h, q_error* e) { return q_quantize(w.model.get(), nullptr, &h.model, &h.report, e); }},
      {"q_quantize", "out",
       [](World& w, Handles& h, q_error* e) {
         return q_quantize(w.model.get(), &w.quantizing, nullptr, &h.report, e);
       }},
      quantizing("every source of samples", [](Q& o, q_calibration&) { o.calibration = nullptr; }),
      quantizing("calibration.load", [](Q&, q_calibration& s) { s.load = nullptr; }),
      quantizing("config_path.data", [](Q& o, q_calibration&) { o.config_path = kNowhere; }),
      quantizing("config_json.data", [](Q& o, q_calibration&) { o.config_json = kNowhere; }),
      quantizing("feature_method.data", [](Q& o, q_calibration&) { o.feature_method = kNowhere; }),
      quantizing("weight_method.data", [](Q& o, q_calibration&) { o.weight_method = kNowhere; }),
      quantizing("images.data", [](Q& o, q_calibration&) { o.calibration = nullptr, o.images = kNowhere; }),
      quantizing("image_files", [](Q& o, q_calibration&) { o.calibration = nullptr, o.image_file_count = 2; }),
      quantizing("image_files[0].data",
                 [](Q& o, q_calibration&) {
                   o.calibration = nullptr;
                   o.image_files = &kNowhere;
                   o.image_file_count = 1;
                 }),
      {"q_compare", "reference",
       [](World& w, Handles& h, q_error* e) { return q_compare(nullptr, w.model.get(), &w.comparing, &h.report, e); }},
      {"q_compare", "model",
       [](World& w, Handles& h, q_error* e) { return q_compare(w.model.get(), nullptr, &w.comparing, &h.report, e); }},
      {"q_compare", "options",
       [](World& w, Handles& h, q_error* e) { return q_compare(w.model.get(), w.model.get(), nullptr, &h.report, e); }},
      {"q_compare", "out",
       [](World& w, Handles&, q_error* e) {
         return q_compare(w.model.get(), w.model.get(), &w.comparing, nullptr, e);
       }},
      comparing("every source of samples", [](C& o, q_calibration&) { o.samples = nullptr; }),
      comparing("samples.load", [](C&, q_calibration& s) { s.load = nullptr; }),
      comparing("config_path.data", [](C& o, q_calibration&) { o.samples = nullptr, o.config_path = kNowhere; }),
      comparing("config_json.data", [](C& o, q_calibration&) { o.samples = nullptr, o.config_json = kNowhere; }),
      comparing("images.data", [](C& o, q_calibration&) { o.samples = nullptr, o.images = kNowhere; }),
      comparing("labels.data", [](C& o, q_calibration&) { o.samples = nullptr, o.labels = kNowhere; }),
  };
}

// Functions that give part `index` of a report.
template <class T, q_status (*Get)(const q_report*, std::int32_t, T*, q_error*)>
void add_getter(const char* name, std::vector<Call>& calls) {
  calls.push_back({name, "report", [](World&, Handles&, q_error* e) {
                     T out{};
                     std::memset(static_cast<void*>(&out), 0, sizeof out);
                     const std::uint32_t size = sizeof out;
                     std::memcpy(static_cast<void*>(&out), &size, sizeof size);
                     return Get(nullptr, 0, &out, e);
                   }});
  calls.push_back({name, "out", [](World& w, Handles&, q_error* e) { return Get(w.report.get(), 0, nullptr, e); }});
}

std::vector<Call> calls_of_reports() {
  std::vector<Call> calls = {
      {"q_report_get_info", "report",
       [](World&, Handles&, q_error* e) {
         auto out = sized<q_report_info>();
         return q_report_get_info(nullptr, &out, e);
       }},
      {"q_report_get_info", "out",
       [](World& w, Handles&, q_error* e) { return q_report_get_info(w.report.get(), nullptr, e); }},
      {"q_report_get_json", "report",
       [](World&, Handles&, q_error* e) {
         q_str out = {};
         return q_report_get_json(nullptr, &out, e);
       }},
      {"q_report_get_json", "out",
       [](World& w, Handles&, q_error* e) { return q_report_get_json(w.report.get(), nullptr, e); }},
      {"q_report_get_detections", "report",
       [](World&, Handles&, q_error* e) {
         auto out = sized<q_detection_error>();
         return q_report_get_detections(nullptr, &out, e);
       }},
      {"q_report_get_detections", "out",
       [](World& w, Handles&, q_error* e) { return q_report_get_detections(w.report.get(), nullptr, e); }},
      {"q_report_save", "report",
       [](World&, Handles&, q_error* e) { return q_report_save(nullptr, q_text("x.json"), e); }},
      {"q_report_save", "path",
       [](World& w, Handles&, q_error* e) { return q_report_save(w.report.get(), kNowhere, e); }},
  };
  add_getter<q_output_error, q_report_get_output>("q_report_get_output", calls);
  add_getter<q_layer_error, q_report_get_layer>("q_report_get_layer", calls);
  add_getter<q_kept_float, q_report_get_kept_float>("q_report_get_kept_float", calls);
  add_getter<q_mixed_layer, q_report_get_mixed_layer>("q_report_get_mixed_layer", calls);
  add_getter<q_sample_error, q_report_get_sample>("q_report_get_sample", calls);
  add_getter<q_str, q_report_get_warning>("q_report_get_warning", calls);
  return calls;
}

// These take no pointer that may be wrong.
const char* const kFree[] = {"q_model_free",     "q_session_free", "q_report_free", "q_image_free",
                             "q_session_cancel", "q_abi_version",  "q_version",     "q_status_name"};

std::set<std::string> declared_functions() {
  const std::string header = content_of(OCTET_SOURCE_DIR "/include/octet/octet.h");
  const std::regex pattern("\n[a-z][a-z0-9_ ]*[ *](q_[a-z0-9_]+)\\(");
  std::set<std::string> names;
  for (std::sregex_iterator i(header.begin(), header.end(), pattern), end; i != end; ++i) names.insert((*i)[1]);
  names.erase("q_text");  // defined in the header
  return names;
}

void test_every_null(void**) {
  World world;
  std::set<std::string> missing = declared_functions();
  assert_true(missing.size() >= 39);
  for (const char* name : kFree) assert_int_equal(missing.erase(name), 1);
  for (const auto& calls :
       {calls_of_models(), calls_of_images(), calls_of_sessions(), calls_of_jobs(), calls_of_reports()}) {
    for (const Call& one : calls) {
      missing.erase(one.function);
      for (const bool told : {true, false}) {
        Error error;
        Handles handles;
        const Handles before;
        const q_status status = one.call(world, handles, told ? &error : nullptr);
        if (status != one.wanted || (told && (error.code != status || error.message[0] == 0))) {
          fail_msg("%s, %s is NULL: %s '%s'", one.function, one.argument, q_status_name(status), error.message);
        }
        // What the call was given to write to holds nothing now.
        assert_true(handles.model == nullptr || handles.model == before.model);
        assert_true(handles.session == nullptr || handles.session == before.session);
        assert_true(handles.image == nullptr || handles.image == before.image);
        assert_true(handles.report == nullptr || handles.report == before.report);
      }
    }
  }
  for (const std::string& name : missing) fail_msg("%s is not tried with NULL", name.c_str());
  q_model_free(nullptr);
  q_session_free(nullptr);
  q_image_free(nullptr);
  q_report_free(nullptr);
  q_session_cancel(nullptr, 1);
}

// What may be NULL.
void test_what_may_be_null(void**) {
  World world;
  Error error;
  q_model* model = nullptr;
  expect_ok(q_model_load_bytes({world.bytes.data(), world.bytes.size()}, {}, nullptr, &model, &error), error);
  q_model_free(model);
  const q_tensor unwanted = {nullptr, 0, nullptr, Q_FLOAT32, 0};
  expect_ok(q_session_run(world.session.get(), &world.in, 1, &unwanted, 1, &error), error);
  expect_ok(q_session_run_image(world.session.get(), &world.pixels, &world.recipe, &unwanted, 1, &error), error);
  expect_ok(q_quantize(world.model.get(), &world.quantizing, &model, nullptr, &error), error);
  q_model_free(model);
}

}  // namespace
}  // namespace octet::test

int main() {
  using namespace octet::test;
  const CMUnitTest tests[] = {cmocka_unit_test(test_every_null), cmocka_unit_test(test_what_may_be_null)};
  return cmocka_run_group_tests_name("NULL arguments of the ABI", tests, nullptr, nullptr);
}

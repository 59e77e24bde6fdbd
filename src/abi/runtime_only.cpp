// With OCTET_RUNTIME_ONLY: stands for image.cpp, config.cpp, export.cpp, import.cpp, quantize.cpp and report.cpp, so
// that a program finds every function of octet.h and learns from the message why this library does not have it. There
// are no q_image and no q_report here: whatever handle a getter is given, none is ours.
#include "abi/abi.h"
#include "abi/export.h"
#include "abi/import.h"

namespace octet::abi {
namespace {

Status not_built(const char* what) {
  return fail(Code::unsupported,
              std::string("this library was built with OCTET_RUNTIME_ONLY: it runs .octet models and ") + what +
                  "; use the whole library");
}

q_status no_configuration(q_error* error) {
  return guarded(error, [] { return not_built("reads no JSON configuration"); });
}
q_status no_image(q_error* error) {
  return guarded(error, [] { return not_built("decodes no images; pixels of the program's own can be run"); });
}
q_status no_quantizer(q_error* error) {
  return guarded(error, [] { return not_built("neither quantizes nor compares them, so that there are no reports"); });
}

}  // namespace

Result<Imported> import_model(const Bytes& bytes, const std::string& name, const std::string&, const q_load_options&) {
  return fail(Code::format,
              "'" + name + "' is no .octet model, and this library, built with OCTET_RUNTIME_ONLY, reads " +
                  (bytes.empty() ? "no other; the file is empty" : "no other; 'octet quantize' makes one"));
}

std::span<const char* const> export_formats() { return {}; }

Result<std::string> export_model(const Graph&, const std::string&) { return not_built("writes no others"); }

}  // namespace octet::abi

using namespace octet::abi;

OCTET_EXPORT q_status q_recipe_from_config(q_str, q_str, q_recipe*, q_error* error) { return no_configuration(error); }

OCTET_EXPORT q_status q_image_load(q_str, int32_t, q_image** out, q_error* error) {
  if (out != nullptr) *out = nullptr;
  return no_image(error);
}

OCTET_EXPORT q_status q_image_decode(q_bytes, q_str, int32_t, q_image** out, q_error* error) {
  if (out != nullptr) *out = nullptr;
  return no_image(error);
}

OCTET_EXPORT q_status q_image_get_pixels(const q_image*, q_pixels*, q_error* error) { return no_image(error); }

OCTET_EXPORT void q_image_free(q_image*) {}

OCTET_EXPORT q_status q_quantize(const q_model*, const q_quantize_options*, q_model** out, q_report** report,
                                 q_error* error) {
  if (out != nullptr) *out = nullptr;
  if (report != nullptr) *report = nullptr;
  return no_quantizer(error);
}

OCTET_EXPORT q_status q_observe(const q_model*, const q_quantize_options*, int32_t, int32_t, q_str, q_error* error) {
  return no_quantizer(error);
}

OCTET_EXPORT q_status q_compare(const q_model*, const q_model*, const q_compare_options*, q_report** out,
                                q_error* error) {
  if (out != nullptr) *out = nullptr;
  return no_quantizer(error);
}

OCTET_EXPORT void q_report_free(q_report*) {}

OCTET_EXPORT q_status q_report_get_info(const q_report*, q_report_info*, q_error* error) { return no_quantizer(error); }

OCTET_EXPORT q_status q_report_get_output(const q_report*, int32_t, q_output_error*, q_error* error) {
  return no_quantizer(error);
}

OCTET_EXPORT q_status q_report_get_layer(const q_report*, int32_t, q_layer_error*, q_error* error) {
  return no_quantizer(error);
}

OCTET_EXPORT q_status q_report_get_kept_float(const q_report*, int32_t, q_kept_float*, q_error* error) {
  return no_quantizer(error);
}

OCTET_EXPORT q_status q_report_get_mixed_layer(const q_report*, int32_t, q_mixed_layer*, q_error* error) {
  return no_quantizer(error);
}

OCTET_EXPORT q_status q_report_get_sample(const q_report*, int32_t, q_sample_error*, q_error* error) {
  return no_quantizer(error);
}

OCTET_EXPORT q_status q_report_get_detections(const q_report*, q_detection_error*, q_error* error) {
  return no_quantizer(error);
}

OCTET_EXPORT q_status q_report_get_warning(const q_report*, int32_t, q_str*, q_error* error) {
  return no_quantizer(error);
}

OCTET_EXPORT q_status q_report_get_json(const q_report*, q_str*, q_error* error) { return no_quantizer(error); }

OCTET_EXPORT q_status q_report_save(const q_report*, q_str, q_error* error) { return no_quantizer(error); }

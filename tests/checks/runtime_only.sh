#!/bin/sh
# runtime_only.sh BUILD PREFIX: a library built with OCTET_RUNTIME_ONLY (preset "runtime") in BUILD beside the whole one that
# is installed in PREFIX: it gives the same bytes, refuses with a message what it does not have, needs libc and libm alone,
# and was made without the headers of what it leaves out.
set -eu
build=$(realpath "$1")
prefix=$(realpath "$2")
here=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() {
  echo "$*"
  exit 1
}

cmake --install "$build" --prefix "$folder/runtime" >install.log
libdir_of() {
  realpath "$(dirname "$(find "$1/" -name octet.pc)")/.."
}
small=$(libdir_of "$folder/runtime")
whole=$(libdir_of "$prefix")
PKG_CONFIG_PATH=$small/pkgconfig
export PKG_CONFIG_PATH
LD_LIBRARY_PATH=$whole "$prefix/bin/octet" quantize "$here/examples/models/shapes.onnx" shapes.octet \
  "$here/examples/models/quantize.json" >quantize.log

cat >run.c <<'C'
// Puts a picture that is counted out here into the network, with one thread and two, as a tensor and as a picture, and
// prints what comes out to the last bit.
#include <octet/octet.h>
#include <stdio.h>
#include <stdlib.h>
#define W 201
#define H 150
static unsigned char pixels[W * H * 4];
static float input[1 << 16], output[1 << 12];
static q_error error = {sizeof error, 0, ""};
static void check(q_status status) {
  if (status == Q_OK) return;
  printf("%s: %s\n", q_status_name(status), error.message);
  exit(1);
}
int main(int argc, char **argv) {
  q_model *model = NULL;
  q_session *session = NULL;
  q_session_options options = {sizeof options};
  q_tensor_info in = {sizeof in}, out = {sizeof out};
  q_pixels picture = {sizeof picture, Q_PIXELS_BGRA, W, H, pixels, sizeof pixels, 0};
  q_recipe recipe = {sizeof recipe};
  q_mapping mapping = {sizeof mapping};
  unsigned state = 1;
  for (int i = 0; i < (int)sizeof pixels; ++i) pixels[i] = (unsigned char)((state = state * 1664525u + 1013904223u) >> 24);
  check(q_model_load(q_text(argc > 1 ? argv[1] : ""), NULL, &model, &error));
  check(q_model_get_input(model, 0, &in, &error));
  check(q_model_get_output(model, 0, &out, &error));
  check(q_model_get_recipe(model, &recipe, &error));
  check(q_pixels_get_mapping(&picture, model, 0, NULL, &mapping, &error));
  printf("%a %a %a %a\n", mapping.scale_x, mapping.scale_y, mapping.offset_x, mapping.offset_y);
  check(q_pixels_to_input(&picture, model, 0, &recipe, input, (size_t)in.element_count, &error));
  for (int64_t i = 0; i < in.element_count; ++i) printf("%a\n", input[i]);
  q_tensor x = {input, (size_t)in.element_count * sizeof(float), NULL, Q_FLOAT32, 0};
  q_tensor y = {output, (size_t)out.element_count * sizeof(float), NULL, Q_FLOAT32, 0};
  for (int threads = 1; threads <= 2; ++threads) {
    options.threads = threads;
    check(q_session_create(model, &options, &session, &error));
    for (int way = 0; way < 2; ++way) {
      check(way == 0 ? q_session_run(session, &x, 1, &y, 1, &error)
                     : q_session_run_image(session, &picture, NULL, &y, 1, &error));
      for (int64_t i = 0; i < out.element_count; ++i) printf("%a\n", output[i]);
    }
    q_session_free(session);
  }
  check(q_model_save(model, q_text("again.octet"), &error));
  q_model_free(model);
  return 0;
}
C
cat >refuse.c <<'C'
// Every function that this library does not have refuses, and says why.
#include <octet/octet.h>
#include <stdio.h>
#include <string.h>
static int failures;
static q_error error = {sizeof error, 0, ""};
static void refuses(const char *call, q_status status, q_status expected) {
  if (status == expected && error.code == expected && strstr(error.message, "OCTET_RUNTIME_ONLY")) {
    memset(&error, 0, sizeof error);
    error.struct_size = sizeof error;
    return;
  }
  printf("%s: %s '%s'\n", call, q_status_name(status), error.message);
  ++failures;
}
#define REFUSES(call) refuses(#call, call, Q_E_UNSUPPORTED)
int main(int argc, char **argv) {
  char somewhere = 0;
  q_model *none = (q_model *)&somewhere;
  q_report *report = (q_report *)&somewhere;
  q_image *image = (q_image *)&somewhere;
  q_recipe recipe = {sizeof recipe};
  q_pixels pixels = {sizeof pixels};
  q_quantize_options quantize = {sizeof quantize};
  q_compare_options compare = {sizeof compare};
  q_report_info info = {sizeof info};
  q_output_error output = {sizeof output};
  q_layer_error layer = {sizeof layer};
  q_kept_float kept = {sizeof kept};
  q_mixed_layer mixed = {sizeof mixed};
  q_sample_error worst = {sizeof worst};
  q_detection_error boxes = {sizeof boxes};
  q_str text;
  q_model *model = NULL;
  if (argc != 3 || q_model_load(q_text(argv[1]), NULL, &model, &error) != Q_OK) return puts(error.message), 1;
  REFUSES(q_recipe_from_config(q_text(""), q_text("{}"), &recipe, &error));
  REFUSES(q_image_load(q_text("picture.png"), Q_PIXELS_RGB, &image, &error));
  if (image != NULL) return puts("q_image_load leaves a handle"), 1;
  image = (q_image *)&somewhere;
  REFUSES(q_image_decode((q_bytes){"x", 1}, q_text(""), Q_PIXELS_RGB, &image, &error));
  if (image != NULL) return puts("q_image_decode leaves a handle"), 1;
  REFUSES(q_image_get_pixels(NULL, &pixels, &error));
  REFUSES(q_quantize(model, &quantize, &none, &report, &error));
  if (none != NULL || report != NULL) return puts("q_quantize leaves a handle"), 1;
  report = (q_report *)&somewhere;
  REFUSES(q_compare(model, model, &compare, &report, &error));
  if (report != NULL) return puts("q_compare leaves a handle"), 1;
  REFUSES(q_report_get_info(NULL, &info, &error));
  REFUSES(q_report_get_output(NULL, 0, &output, &error));
  REFUSES(q_report_get_layer(NULL, 0, &layer, &error));
  REFUSES(q_report_get_kept_float(NULL, 0, &kept, &error));
  REFUSES(q_report_get_mixed_layer(NULL, 0, &mixed, &error));
  REFUSES(q_report_get_sample(NULL, 0, &worst, &error));
  REFUSES(q_report_get_detections(NULL, &boxes, &error));
  REFUSES(q_report_get_warning(NULL, 0, &text, &error));
  REFUSES(q_report_get_json(NULL, &text, &error));
  REFUSES(q_report_save(NULL, q_text("report.html"), &error));
  q_image_free(NULL);
  q_report_free(NULL);
  refuses("another format", q_model_load(q_text(argv[2]), NULL, &none, &error), Q_E_FORMAT);
  refuses("an empty file", q_model_load(q_text("/dev/null"), NULL, &none, &error), Q_E_FORMAT);
  q_model_free(model);
  return failures != 0;
}
C
# shellcheck disable=SC2046  # lists of flags
{
  cc -std=c11 -Wall -Wextra -Werror -Wno-missing-field-initializers -o run run.c $(pkg-config --cflags --libs octet)
  cc -std=c11 -Wall -Wextra -Werror -Wno-missing-field-initializers -o refuse refuse.c $(pkg-config --cflags --libs octet)
  cc -std=c11 -static -o run_static run.c $(pkg-config --cflags --static --libs octet)
}
LD_LIBRARY_PATH=$whole ./run shapes.octet >whole.txt
cmp again.octet shapes.octet
rm again.octet
LD_LIBRARY_PATH=$small ./run shapes.octet >small.txt || { cat small.txt; fail "the small library fails"; }
cmp again.octet shapes.octet
./run_static shapes.octet >static.txt
[ "$(wc -l <whole.txt)" -gt 100 ] || fail "the program prints too little"
cmp whole.txt small.txt
cmp whole.txt static.txt
LD_LIBRARY_PATH=$small ./refuse shapes.octet "$here/examples/models/shapes.onnx"

needed=$(readelf -d "$small/liboctet.so" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | sort | xargs)
[ "$needed" = "libc.so.6 libm.so.6" ] || fail "needs more than libc and libm: $needed"
exports() {
  nm -D --defined-only "$1/liboctet.so" | awk '{print $3}' | sort
}
exports "$whole" >whole.exports
exports "$small" | diff whole.exports - || fail "the small library does not have every function of the whole one"
extra=$(pkg-config --static --libs octet | grep -oE -e '-l(jpeg|png|z)\b' || true)
[ -z "$extra" ] || fail "octet.pc lists $extra"
used=$(ninja -C "$build" -t deps | grep -oE '(jpeglib|png|protozero/[a-z_]+|nlohmann/json|CLI/CLI)\.h(pp)?$' |
  sort -u | xargs)
[ -z "$used" ] || fail "building the small library takes $used"
[ "$(ninja -C "$build" -t deps | wc -l)" -gt 100 ] || fail "ninja does not know what the library was made of"
strip -o stripped.so "$small/liboctet.so"
size=$(stat -c %s stripped.so)
echo "liboctet.so with OCTET_RUNTIME_ONLY, stripped: $size bytes"
[ "$size" -le 1363149 ] || fail "the small library has grown beyond 1.3 MiB"
echo "the small library runs what the whole one makes"

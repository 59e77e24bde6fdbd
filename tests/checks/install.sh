#!/bin/sh
# install.sh PREFIX: programs in another folder build against an installed tree, with pkg-config and with CMake, shared and
# static, and run, those that the README shows among them; the libraries are what they should be: they export q_* alone,
# need nothing unexpected, are small, and name no folder of the build. manual.sh then looks at the command.
set -eu
prefix=$(realpath "$1")
here=$(cd "$(dirname "$0")/../.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() {
  echo "$*"
  exit 1
}

# Moved, to see that nothing holds the path of the installation.
moved=$folder/moved
cp -r "$prefix" "$moved"
libdir=$(realpath "$(dirname "$(find "$moved" -name octet.pc)")/..")
PKG_CONFIG_PATH=$libdir/pkgconfig
export PKG_CONFIG_PATH
named=$(grep -rlF -e "$here" -e "$prefix" "$moved" || true)
[ -z "$named" ] || fail "these installed files name the folder of the source, the build or the installation: $named"

model=$here/examples/models/shapes.onnx
abi=$(sed -nE 's/^#define Q_ABI_VERSION 0x(....)(....)u$/printf %d.%d.0 0x\1 0x\2/p' "$moved/include/octet/octet.h")
abi=$(eval "$abi")
major=${abi%%.*}
cat >program.c <<'C'
#include <octet/octet.h>
#include <stdio.h>
int main(int argc, char **argv) {
  q_error error = {sizeof error, 0, ""};
  q_model *model = NULL;
  if (argc != 2 || q_model_load(q_text(argv[1]), NULL, &model, &error) != Q_OK) {
    puts(error.message);
    return 1;
  }
  q_model_info info = {0};
  info.struct_size = sizeof info;
  q_model_get_info(model, &info, &error);
  printf("%s: %d layers\n", q_version(), info.layer_count);
  q_model_free(model);
  return q_model_load_bytes((q_bytes){"nonsense", 8}, q_text("nonsense"), NULL, &model, &error) != Q_E_FORMAT;
}
C
# The program's own C++, with names that the library has inside, and exceptions, which must not meet the library's.
cat >program.cpp <<'CPP'
#include <octet/octet.h>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>
namespace octet {
struct Graph { int nodes = 7; };
std::string printable(std::string_view, std::size_t) { return "the program's own"; }
Graph read_octet() { throw std::runtime_error("thrown by the program"); }
}
int main(int argc, char **argv) {
  q_error error = {sizeof error, 0, ""};
  q_model *model = nullptr;
  std::vector<std::string> words(argv, argv + argc);
  for (int round = 0; round < 2; ++round) {
    if (q_model_load(q_text(words.at(1).c_str()), nullptr, &model, &error) != Q_OK) return std::puts(error.message), 1;
    q_model_free(model);
    if (q_model_load(q_text("no such file"), nullptr, &model, &error) != Q_E_IO) return 2;
    try {
      octet::read_octet();
      return 3;
    } catch (const std::runtime_error &) {
    }
  }
  return octet::printable("", 0) == "the program's own" ? 0 : 4;
}
CPP

# Loaded late, as C# and Python do it, into threads that were there before, and unloaded; with an exception inside.
cat >late.c <<'C'
#include <dlfcn.h>
#include <octet/octet.h>
#include <pthread.h>
#include <stdio.h>
static pthread_barrier_t loaded, used;
static q_status (*load)(q_str, const q_load_options *, q_model **, q_error *);
static q_status (*recipe_from)(q_str, q_str, q_recipe *, q_error *);
static int use(void) {
  q_error error = {sizeof error, 0, ""};
  q_recipe recipe = {.struct_size = sizeof recipe};
  q_model *model = NULL;
  int wrong = load(q_text("no such file"), NULL, &model, &error) != Q_E_IO;
  wrong |= recipe_from(q_text(""), q_text("{\"mean\": [1, \"\xff\"]}"), &recipe, &error) != Q_E_CONFIG;
  if (wrong) puts(error.message);
  return wrong;
}
static void *earlier(void *result) {
  for (int round = 0; round < 2; ++round) {
    pthread_barrier_wait(&loaded);
    *(int *)result |= use();
    pthread_barrier_wait(&used);
  }
  return NULL;
}
int main(int argc, char **argv) {
  pthread_t thread;
  int wrong = argc != 2, wrong_earlier = 0;
  pthread_barrier_init(&loaded, NULL, 2);
  pthread_barrier_init(&used, NULL, 2);
  pthread_create(&thread, NULL, earlier, &wrong_earlier);
  for (int round = 0; round < 2; ++round) {
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (!library) return puts(dlerror()), 1;
    *(void **)&load = dlsym(library, "q_model_load");
    *(void **)&recipe_from = dlsym(library, "q_recipe_from_config");
    pthread_barrier_wait(&loaded);
    wrong |= use();
    pthread_barrier_wait(&used);
    wrong |= dlclose(library);
    wrong |= dlopen(argv[1], RTLD_NOW | RTLD_NOLOAD) != NULL;
  }
  pthread_join(thread, NULL);
  return wrong | wrong_earlier;
}
C

# shellcheck disable=SC2046,SC2086  # lists of flags
pkg_config() {
  c_flags="-std=c11 -Wall -Wextra -Werror $(pkg-config --cflags octet)"
  static_libraries=$(pkg-config --static --libs-only-l --libs-only-other octet | sed 's/-loctet\b//')
  cc $c_flags -o shared program.c $(pkg-config --libs octet)
  LD_LIBRARY_PATH=$libdir ./shared "$model"
  cc -std=gnu11 -Wall -Wextra -Werror $(pkg-config --cflags octet) -pthread -o late late.c
  ./late "$libdir/liboctet.so.$major" || fail "a program that loads the library late fails"
  # Wholly static; then octet alone static, for which the linker has to be told the archive itself.
  cc $c_flags -static -o static program.c $(pkg-config --static --libs octet)
  ./static "$model"
  cc $c_flags -o mixed program.c "$libdir/liboctet.a" $static_libraries
  ! readelf -d mixed | grep -q liboctet || fail "a program that links liboctet.a needs liboctet.so"
  ./mixed "$model"
  cxx_flags="-std=c++17 $(pkg-config --cflags octet)"
  c++ $cxx_flags -o shared_cpp program.cpp $(pkg-config --libs octet)
  LD_LIBRARY_PATH=$libdir ./shared_cpp "$model"
  c++ $cxx_flags -o static_cpp program.cpp "$libdir/liboctet.a" $static_libraries
  ./static_cpp "$model"
  echo "pkg-config: shared, --static and mixed, in C and C++; dlopen"
}

cmake_package() {
  mkdir consumer
  cat >consumer/CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.22)
project(consumer LANGUAGES C)
find_package(octet 0.1 REQUIRED COMPONENTS ${PARTS})
add_executable(shared ../program.c)
target_link_libraries(shared PRIVATE octet::octet)
if(TARGET octet::octet_static)
  add_executable(static ../program.c)
  target_link_libraries(static PRIVATE octet::octet_static)
endif()
CMAKE
  cmake -S consumer -B both -DPARTS="shared;static" -DCMAKE_PREFIX_PATH="$moved" >cmake.log
  cmake --build both >>cmake.log
  ./both/shared "$model"
  ./both/static "$model"
  ! readelf -d both/static | grep -q liboctet || fail "octet::octet_static needs liboctet.so"
  cmake -S consumer -B one -DPARTS=shared -DCMAKE_PREFIX_PATH="$moved" >>cmake.log
  [ -z "$(grep -l octet_static one/CMakeFiles/*/build.make one/build.ninja 2>/dev/null)" ] || fail "static comes unasked"
  ! cmake -S consumer -B none -DPARTS=nonsense -DCMAKE_PREFIX_PATH="$moved" >>cmake.log 2>&1 || fail "component 'nonsense'"
  sed -i 's/octet 0.1 /octet 9 /' consumer/CMakeLists.txt
  ! cmake -S consumer -B later -DPARTS=shared -DCMAKE_PREFIX_PATH="$moved" >>cmake.log 2>&1 || fail "version 9 is found"
  echo "CMake package: octet::octet and octet::octet_static"
}

# Each ```c block of the README is a whole program, which finds shapes.octet beside it.
readme_programs() {
  "$moved/bin/octet" quantize "$model" shapes.octet "$here/examples/models/quantize.json" >quantize.log
  awk '/^```c$/ { inside = 1; file = "readme" ++count ".c"; next }
       /^```/ { inside = 0 }
       inside { print >file }' "$here/README.md"
  [ -f readme1.c ] || fail "the README shows no C program"
  for source in readme*.c; do
    # shellcheck disable=SC2046  # a list of flags
    cc -std=c11 -Wall -Wextra -Werror -o readme "$source" $(pkg-config --cflags --libs octet)
    LD_LIBRARY_PATH=$libdir ./readme >readme.out || { cat "$source"; fail "this program of the README fails"; }
    grep -qE '^[0-9.]+(e-[0-9]+)?$' readme.out || { cat readme.out; fail "the README's program prints no probability"; }
    echo "the README's program in C prints $(cat readme.out)"
  done
}

# The program in the header's overview does the main job, beside the files of examples/models.
header_program() {
  mkdir overview
  ln -s "$here"/examples/models/shapes.onnx "$here"/examples/models/quantize.json "$here"/examples/models/calibration overview
  sed -n '/^ \*   #include <octet\/octet.h>/,/^ \*   }$/s/^ \*   //p' "$moved/include/octet/octet.h" >overview/main.c
  # shellcheck disable=SC2046  # a list of flags
  cc -std=c11 -Wall -Wextra -Werror -o overview/main overview/main.c $(pkg-config --cflags --libs octet)
  said=$(cd overview && LD_LIBRARY_PATH=$libdir ./main) || fail "the header's program fails: $said"
  [ "$said" = done ] && [ -s overview/shapes.octet ] || fail "the header's program makes no model: $said"
  echo "the program in the header's overview works"
}

# The functions that the header declares, but for the one that it defines.
declared_functions() {
  sed -nE 's/^[a-z][a-z0-9_ ]*[ *](q_[a-z0-9_]+)\(.*/\1/p' "$moved/include/octet/octet.h" | grep -v '^q_text$' | sort
}

libraries() {
  library=$(find "$libdir/" -name 'liboctet.so.*.*.*')
  [ "$(basename "$library")" = "liboctet.so.$abi" ] || fail "$library is not named by the ABI's version, $abi"
  readelf -d "$library" | grep -q "SONAME.*\[liboctet.so.$major\]" || fail "SONAME is not liboctet.so.$major"
  strip -o stripped.so "$library"
  size=$(stat -c %s stripped.so)
  echo "liboctet.so stripped: $size bytes"
  [ "$size" -le 3145728 ] || fail "the library has grown beyond 3 MiB (aim: 1.5 MB)"
  # Each with the version node that it came with; the nodes are symbols, too.
  nm -D --defined-only "$library" | awk '{print $3}' | grep -v "^OCTET_$major\.[0-9]*$" | sort >exported
  declared_functions >expected
  sed "s/@@OCTET_$major\.[0-9]*\$//" exported | diff expected - ||
    fail "what the shared library exports is not what the header declares"
  needed=$(readelf -d "$library" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' |
    grep -vE '^(libc|libm|libjpeg|libpng16)\.so' || true)
  [ -z "$needed" ] || fail "needs more than libc, libm, libjpeg and libpng: $needed"
  nm --defined-only --extern-only "$libdir/liboctet.a" | awk 'NF == 3 {print $3}' | sort >global
  declared_functions | diff - global || fail "what the static library defines is not what the header declares"
}

pkg_config
cmake_package
"$moved/bin/octet" --version
readme_programs
header_program
libraries
sh "$here/tests/checks/manual.sh" "$moved"
echo "an installed tree works"

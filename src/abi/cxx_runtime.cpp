// Two parts of the C++ runtime, of which liboctet.so holds its own copy, in a form that suits a library. In liboctet.a
// the program's runtime serves, and this file is not part of it.
#include <cstdlib>

// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): names of the C++ runtime
namespace __cxxabiv1 {

// State of the exceptions of a thread, as the Itanium C++ ABI, 2.2.2, lays it out. libstdc++.a addresses it through
// __tls_get_addr, with which the library would need ld.so as a library of its own; this model does not, and a pointer
// and a number fit what glibc keeps free for libraries that are loaded late.
struct __cxa_eh_globals {
  void* caught_exceptions;
  unsigned int uncaught_exceptions;
};

namespace {
__attribute__((tls_model("initial-exec"))) thread_local __cxa_eh_globals eh_globals;
}  // namespace

extern "C" __cxa_eh_globals* __cxa_get_globals_fast() noexcept { return &eh_globals; }
extern "C" __cxa_eh_globals* __cxa_get_globals() noexcept { return &eh_globals; }

// What std::terminate calls. The one of libstdc++ prints the exception's name, for which it takes 50 KB with it; a
// library prints nothing.
extern void (*__terminate_handler)();
void (*__terminate_handler)() = std::abort;

}  // namespace __cxxabiv1
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

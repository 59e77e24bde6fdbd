// Default rounding to nearest, and denormal numbers as numbers, for a while; the caller's settings and flags
// afterwards. Results do not depend on what the program around the library has set.
#pragma once

#include <cfenv>

namespace octet {

class DefaultFloatEnvironment {
 public:
  DefaultFloatEnvironment() {
    std::fegetenv(&saved_);
    std::fesetenv(FE_DFL_ENV);  // also clears "flush to zero" and "denormals are zero" where a CPU has them
  }
  DefaultFloatEnvironment(const DefaultFloatEnvironment&) = delete;
  DefaultFloatEnvironment& operator=(const DefaultFloatEnvironment&) = delete;
  ~DefaultFloatEnvironment() { std::fesetenv(&saved_); }

 private:
  std::fenv_t saved_;
};

}  // namespace octet

// q_measure_peak: what the machine's multipliers can do.
#include "cpu/peak.h"

#include <algorithm>

#include "abi/abi.h"

using namespace octet;
using namespace octet::abi;

OCTET_EXPORT q_status q_measure_peak(q_str isa, q_dtype dtype, int32_t threads, double* gmacs_per_second,
                                     q_error* error) {
  return guarded(error, [&]() -> Status {
    OCTET_TRY(not_null(gmacs_per_second, "gmacs_per_second"));
    *gmacs_per_second = 0;
    OCTET_ASSIGN(const std::string name, text_of(isa, "isa"));
    OCTET_ASSIGN(const Isa chosen, choose_isa(name));
    OCTET_ASSIGN(const int count, thread_count(threads, 1));
    if (dtype != Q_FLOAT32 && dtype != Q_INT8) {
      return fail(Code::argument, "dtype " + std::to_string(dtype) + " is neither Q_FLOAT32 nor Q_INT8");
    }
    OCTET_ASSIGN(*gmacs_per_second, measure_peak(chosen, dtype == Q_INT8 ? Multiplier::int8 : Multiplier::float32,
                                                 std::min(count, usable_cpu_count())));
    return {};
  });
}

// What this CPU can do and how much of it this process may use.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace octet {

enum class Isa : std::uint8_t {
#define OCTET_ISA_PACKAGE(identifier, name) identifier,
#include "cpu/isa.inc"
#undef OCTET_ISA_PACKAGE
};

inline constexpr int kIsaCount = 0
#define OCTET_ISA_PACKAGE(identifier, name) +1
#include "cpu/isa.inc"
#undef OCTET_ISA_PACKAGE
    ;

const char* name_of(Isa isa);

// Whether CPU and operating system support a package.
bool is_available(Isa isa);

// The most capable package here.
Isa best_isa();

// The package that caps the choice of kernels: `name`, else the environment's OCTET_ISA, else best_isa(). An unknown
// name is an error that lists the known ones; a package that this CPU lacks is an error too (Code::unsupported).
Result<Isa> choose_isa(std::string_view name);

// CPUs that this process may keep busy: the affinity mask, limited by the cgroup's CPU quota (rounded up). At least 1.
int usable_cpu_count();

}  // namespace octet

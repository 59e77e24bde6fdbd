// The instruction set that the tests use: the best of this CPU, or what the environment's OCTET_ISA says.
#pragma once

#include "cpu/cpu.h"
#include "support/expect.h"

namespace octet::test {

inline Isa tested_isa() {
  const auto isa = choose_isa("");
  expect_ok(isa.status());
  return *isa;
}

}  // namespace octet::test

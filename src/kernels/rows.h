// Rows and how one is chosen. A row is a constant object in the file of its kernel: it owns the function, the packing
// of the weights, the tile and the instruction set together. families.inc lists the rows of each family.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "cpu/cpu.h"

namespace octet {

// The rows of a family, reference first.
template <class Row>
struct RowList {
  const Row* const* rows;
  int count;
};

// Number of the last row in the list that the cap allows, this CPU has and `supports(row)` accepts. The reference, row
// 0, supports everything that its family is for.
template <class Row, class Supports>
int choose_row(RowList<Row> list, Isa cap, Supports supports) {
  for (int i = list.count - 1; i > 0; --i) {
    const Row* row = list.rows[i];
    if (row->isa <= cap && is_available(row->isa) && supports(*row)) return i;
  }
  return 0;
}

template <class Row>
int choose_row(RowList<Row> list, Isa cap) {
  return choose_row(list, cap, [](const Row&) { return true; });
}

}  // namespace octet

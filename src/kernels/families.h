// All kernel families: their contracts, and <family>_rows() for each line of families.inc.
#pragma once

#include "kernels/conv.h"
#include "kernels/elementwise.h"
#include "kernels/image.h"
#include "kernels/pool.h"
#include "kernels/reduce.h"

namespace octet {

#define OCTET_FAMILY(Row, family, ...) RowList<Row> family##_rows();
#include "kernels/families.inc"
#undef OCTET_FAMILY

}  // namespace octet

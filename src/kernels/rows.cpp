#include "kernels/families.h"

namespace octet {

#define OCTET_FAMILY(Row, family, ...) extern const Row __VA_ARGS__;
#include "kernels/families.inc"
#undef OCTET_FAMILY

namespace {

template <class Row, const Row&... rows>
RowList<Row> list_of() {
  static const Row* const list[] = {&rows...};
  return {list, (int)sizeof...(rows)};
}

}  // namespace

#define OCTET_FAMILY(Row, family, ...) \
  RowList<Row> family##_rows() { return list_of<Row, __VA_ARGS__>(); }
#include "kernels/families.inc"
#undef OCTET_FAMILY

}  // namespace octet

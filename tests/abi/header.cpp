// Compiled, not run, as C++17: the header comes first and alone, twice.
#include <octet/octet.h>

q_status use_of_the_header(q_error& error);
q_status use_of_the_header(q_error& error) {
  error = {sizeof(q_error), Q_OK, {}};
  return q_text(nullptr).size == 0 ? Q_OK : Q_E_INTERNAL;
}

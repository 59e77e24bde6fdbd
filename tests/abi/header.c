/* Compiled, not run, under each C standard that the header promises: it comes first and alone. */
#include <octet/octet.h>

q_status use_of_the_header(q_error* error, q_tensor* tensor);
q_status use_of_the_header(q_error* error, q_tensor* tensor) {
  q_error fresh = {sizeof fresh, 0, {0}};
  *error = fresh;
  tensor->strides = 0;
  return q_text("text").size == 4 ? Q_OK : Q_E_INTERNAL;
}

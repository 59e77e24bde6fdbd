#include "micro/job.h"

#include "micro/rows.h"

namespace octet::bench {

std::vector<Job> all_jobs(std::vector<std::string>& skipped) {
  std::vector<Job> jobs;
  JobList list(jobs, skipped);
#define OCTET_FAMILY(Row, family, ...) add_jobs(#family, family##_rows(), list);
#include "kernels/families.inc"
#undef OCTET_FAMILY
  return jobs;
}

}  // namespace octet::bench

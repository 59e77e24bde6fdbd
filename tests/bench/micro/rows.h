// Jobs of a family, by the type of its rows: families.inc decides which overload serves which family.
#pragma once

#include <string>
#include <vector>

#include "kernels/families.h"
#include "micro/job.h"

namespace octet::bench {

// Where jobs go, and the names of rows that this CPU cannot run.
class JobList {
 public:
  JobList(std::vector<Job>& jobs, std::vector<std::string>& skipped) : jobs_(jobs), skipped_(skipped) {}

  // Calls add(row) for each row that can run here.
  template <class Row, class Add>
  void for_rows(const std::string& family, RowList<Row> list, Add add) {
    for (int i = 0; i < list.count; ++i) {
      const Row& row = *list.rows[i];
      if (is_available(row.isa)) {
        add(row);
      } else {
        skip(family + "/" + row.name + " needs " + octet::name_of(row.isa) + ", which this CPU does not have");
      }
    }
  }
  void add(Job job) { jobs_.push_back(std::move(job)); }
  void skip(std::string what) { skipped_.push_back(std::move(what)); }

 private:
  std::vector<Job>& jobs_;
  std::vector<std::string>& skipped_;
};

void add_jobs(const std::string& family, RowList<ConvF32Row> rows, JobList& list);
void add_jobs(const std::string& family, RowList<ConvI8Row> rows, JobList& list);
void add_jobs(const std::string& family, RowList<PoolF32Row> rows, JobList& list);
void add_jobs(const std::string& family, RowList<PoolI8Row> rows, JobList& list);
void add_jobs(const std::string& family, RowList<ReduceF32Row> rows, JobList& list);
void add_jobs(const std::string& family, RowList<ReduceI8Row> rows, JobList& list);
void add_jobs(const std::string& family, RowList<ReduceI8F32Row> rows, JobList& list);
void add_jobs(const std::string& family, RowList<UnaryF32Row> rows, JobList& list);
void add_jobs(const std::string& family, RowList<TableI8Row> rows, JobList& list);
void add_jobs(const std::string& family, RowList<BinaryF32Row> rows, JobList& list);
void add_jobs(const std::string& family, RowList<BinaryI8Row> rows, JobList& list);
void add_jobs(const std::string& family, RowList<QuantizeRow> rows, JobList& list);
void add_jobs(const std::string& family, RowList<QuantizePlanesRow> rows, JobList& list);
void add_jobs(const std::string& family, RowList<PixelsF32Row> rows, JobList& list);
void add_jobs(const std::string& family, RowList<ImageRow> rows, JobList& list);
void add_jobs(const std::string& family, RowList<DequantizeRow> rows, JobList& list);
void add_jobs(const std::string& family, RowList<SoftmaxRow> rows, JobList& list);
void add_jobs(const std::string& family, RowList<ResizeRow> rows, JobList& list);
void add_jobs(const std::string& family, RowList<CopyRow> rows, JobList& list);
void add_jobs(const std::string& family, RowList<MatMulF32Row> rows, JobList& list);

// A family whose rows are of a type that has no overload above is named, not forgotten.
template <class Row>
void add_jobs(const std::string& family, RowList<Row>, JobList& list) {
  list.skip("family " + family + ": tests/bench/micro has no shapes for it");
}

}  // namespace octet::bench

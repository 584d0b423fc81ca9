// The state of the aggregates that keep rows: the SQL type icp_sample.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "icp/dataset.hpp"
#include "icp/sample.hpp"

#include "pg/expanded.hpp"
#include "pg/row.hpp"

namespace icp::pg {

struct SampleState {
  explicit SampleState(std::pmr::memory_resource* memory) : memory(memory), sample(memory) {}
  SampleState(Sample&& read, std::pmr::memory_resource* memory) : memory(memory), sample(std::move(read)) {}

  std::string to_bytes() const { return sample.to_bytes(); }
  static SampleState from_bytes(std::string_view bytes, const char* type, std::pmr::memory_resource* memory) {
    return SampleState(Sample::from_bytes(bytes, type, memory), memory);
  }

  std::pmr::memory_resource* memory;
  Sample sample;
  // How rows are read; none in a state that has been read back.
  std::unique_ptr<RowReader> reader;
  Sample::Binding binding;
  std::size_t bound = 0;   // the columns of the reader that the binding knows
  std::string target;      // that came with the first row
  std::string options;     // the bytes of the jsonb value that came with the first row
};

// The rows of a finished sample and the time zone of its options.
struct SampleRows {
  explicit SampleRows(Datum datum);
  const Sample& sample;
  Zone zone;
};

}  // namespace icp::pg

ICP_TYPE_NAME(icp::pg::SampleState, "icp_sample")

// How much memory learning takes, summed up before any of it is taken: too little is one error at the start.
//
// The sums are upper bounds within about a third (test/unit/memory.cpp holds them against what is allocated), from the sizes
// of what src/core keeps at its fullest moments. Rows that an aggregate keeps are its own and not among them.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "icp/options.hpp"
#include "icp/sample.hpp"
#include "icp/stop.hpp"

namespace icp {

inline constexpr std::uint64_t no_memory_limit = std::numeric_limits<std::uint64_t>::max();

// Throws Error(out_of_memory) with both numbers when `need` is more than `limit` bytes; `what` needs them.
void require_memory(const std::string& what, std::uint64_t need, std::uint64_t limit);

// The size of a dataset before it is read.
struct Extent {
  struct Column {
    std::string name;
    std::uint64_t values = 0;            // known ones
    bool wide = false;                   // some are numbers or moments, or look like it
    std::uint64_t texts = 0, text_bytes = 0;  // distinct ones
    std::uint64_t items = 0;             // of sets
  };
  std::uint64_t rows = 0;                // identical rows of one company or deal are one
  std::uint64_t seen = 0;                // all rows
  std::vector<Column> columns;           // as the sample's
};
Extent measure(const Sample& sample, const Options& options, const Stop& stop);

// Into how many rows of a dataset that has `rows` so far one entry of a sample is spread, of whose `count` rows nothing is
// named, neither the deal nor the company: each is of a company of its own, beyond the option sample in proportion.
std::uint64_t spread_rows(std::uint64_t count, std::uint64_t rows, std::uint64_t rows_seen, const Options& options);

std::uint64_t dataset_memory(const Extent& extent);                          // of reading it
std::uint64_t fit_memory(const Extent& extent, const Options& options);      // of icp_fit and icp_check
std::uint64_t rules_memory(const Extent& extent, const Options& options);    // of icp_discover
std::uint64_t associations_memory(const Extent& extent, const Options& options);  // of icp_associations
std::uint64_t wallet_memory(const Extent& extent, const Options& options);   // of potential_fit

// The same error, "`doing` 5000 rows needs ...", for what such a sum says of the sample.
void require_memory(const char* doing, std::uint64_t (*need)(const Extent&, const Options&), const Sample& sample, const Options& options,
                    const Stop& stop, std::uint64_t limit);

}  // namespace icp

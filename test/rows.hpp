// Samples made of a few columns, for tests.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "icp/dataset.hpp"
#include "icp/options.hpp"
#include "icp/sample.hpp"

namespace icp::test {

class Rows {
 public:
  Rows(const std::string& options, std::vector<std::string_view> names) {
    const Options parsed = parse_options(options);
    sample.start(options, parsed.column_of("deal_id"), parsed.sample, parsed.seed);
    binding_ = sample.bind(names);
  }
  void add(std::initializer_list<Value> values) { sample.add(binding_, std::span<const Value>(values.begin(), values.size())); }
  void add(std::span<const Value> values) { sample.add(binding_, values); }
  Sample sample;

 private:
  Sample::Binding binding_;
};

inline Value text(std::string_view t) { return Value::of(t); }
inline Value won(bool is) { return text(is ? "won" : "lost"); }

// What is said about a column.
inline std::vector<const Finding*> about(const std::vector<Finding>& findings, const std::string& column) {
  std::vector<const Finding*> out;
  for (const Finding& f : findings)
    if (f.column == column) out.push_back(&f);
  return out;
}

}  // namespace icp::test

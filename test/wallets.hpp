// Figures of clients in tests of potentials.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "icp/wallet.hpp"
#include "rows.hpp"

namespace icp::test {

// Of a row whose values stand in those columns; what a model asks for beyond them, and those that the row is too short for, are not known.
inline PotentialFigure ask(const WalletScorer& scorer, WalletBuffer& buffer, const std::vector<std::string_view>& columns, const std::vector<Value>& row) {
  std::vector<Value> values;
  for (const std::string& name : scorer.columns()) {
    const auto at = static_cast<std::size_t>(std::find(columns.begin(), columns.end(), name) - columns.begin());
    values.push_back(at < row.size() ? row[at] : Value{});
  }
  return scorer.estimate(values, buffer);
}

}  // namespace icp::test

// Deals and leads made of planted groups, for tests: each group has a win rate and a quality of its own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "icp/model.hpp"
#include "icp/sample.hpp"
#include "icp/score.hpp"
#include "planted.hpp"

namespace icp::planted {

// One row as raw values, with the memory that they view.
struct RawRow {
  std::vector<std::unique_ptr<std::string>> texts;
  std::vector<std::unique_ptr<std::vector<std::string_view>>> sets;
  std::vector<Value> values;
  std::string_view keep(std::string text) {
    texts.push_back(std::make_unique<std::string>(std::move(text)));
    return *texts.back();
  }
};

inline std::string feature_name(std::size_t f) { return "f" + std::string(f < 10 ? "0" : "") + std::to_string(f); }

// Row `r` of a table as raw values, one a column.
inline RawRow raw_row(const Table& t, std::size_t r) {
  RawRow out;
  for (const TableColumn& c : t.columns) {
    if (c.missing(r)) {
      out.values.emplace_back();
    } else if (c.kind == Kind::numeric) {
      out.values.push_back(Value::of(c.numbers[r]));
    } else if (c.kind == Kind::binary) {
      out.values.push_back(Value::of(c.codes[r] == 1));
    } else if (c.kind == Kind::categorical) {
      out.values.push_back(Value::of(out.keep("category " + std::to_string(c.codes[r]))));
    } else {
      auto items = std::make_unique<std::vector<std::string_view>>();
      for (const auto i : c.set_of(r)) items->push_back(out.keep("item " + std::to_string(i)));
      out.values.push_back(Value::of_set(*items));
      out.sets.push_back(std::move(items));
    }
  }
  return out;
}

// A sample of deals: the table's columns, `outcome` and `dqs` (of won deals; normal around the group's mean, SD 8).
inline Sample deals(const Law::Rows& rows, const std::vector<double>& win_rate, const std::vector<double>& dqs, Random& random,
                    const std::string& options = "{}") {
  Sample s;
  const Options parsed = parse_options(options);
  s.start(options, "deal_id", parsed.sample, parsed.seed);
  std::vector<std::string> names;
  for (std::size_t f = 0; f < rows.table.columns.size(); ++f) names.push_back(feature_name(f));
  for (const char* role : {"deal_id", "outcome", "dqs"}) names.emplace_back(role);
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto binding = s.bind(views);
  for (std::size_t r = 0; r < rows.table.rows; ++r) {
    RawRow raw = raw_row(rows.table, r);
    const auto g = static_cast<std::size_t>(rows.truth[r]);
    const bool won = random.uniform() < win_rate[g];
    raw.values.push_back(Value::of(static_cast<double>(r)));
    raw.values.push_back(Value::of(std::string_view(won ? "won" : "lost")));
    raw.values.push_back(won && !dqs.empty() ? Value::of(std::clamp(dqs[g] + 8 * random.normal(), 0.0, 100.0)) : Value{});
    s.add(binding, raw.values);
  }
  return s;
}

// The values of a lead in the order that a scorer wants.
inline std::vector<Value> lead_values(const Scorer& scorer, const RawRow& raw) {
  std::vector<Value> out;
  for (const auto name : scorer.columns()) {
    Value v;
    for (std::size_t f = 0; f < raw.values.size(); ++f)
      if (feature_name(f) == name) v = raw.values[f];
    out.push_back(v);
  }
  return out;
}

}  // namespace icp::planted

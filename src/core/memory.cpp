#include "icp/memory.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "icp/error.hpp"
#include "icp/estimate.hpp"
#include "icp/hash.hpp"
#include "icp/mixture.hpp"

namespace icp {

namespace {

std::string megabytes(std::uint64_t bytes) { return fmt::format("{} MB", (bytes + (1 << 20) - 1) >> 20); }

// The distinct texts of a column, by hash, and their length.
class Distinct {
 public:
  void add(std::string_view text, const Stop& stop) {
    texts_.emplace_back(hash64(text), static_cast<std::uint32_t>(text.size()));
    if (texts_.size() >= 2 * distinct_ + 1024) compact(stop);
  }
  void total(Extent::Column& c, const Stop& stop) {
    compact(stop);
    c.texts = distinct_;
    for (const auto& [hash, length] : texts_) c.text_bytes += length;
    texts_ = {};
  }

 private:
  void compact(const Stop& stop) {
    sort(texts_.begin(), texts_.end(), stop);
    texts_.erase(std::unique(texts_.begin(), texts_.end()), texts_.end());
    distinct_ = texts_.size();
  }
  std::vector<std::pair<std::uint64_t, std::uint32_t>> texts_;
  std::uint64_t distinct_ = 0;
};

// A word beyond the 15 bytes that a string holds itself.
std::uint64_t words_memory(const Extent::Column& c) {
  return c.texts * sizeof(std::string) + (c.text_bytes > 15 * c.texts ? c.text_bytes + 24 * c.texts : 0);
}

std::uint64_t column_memory(const Extent& e, const Extent::Column& c) { return e.rows * (c.wide ? 9 : 5) + c.items * 4 + words_memory(c); }

// Columns and roles, and what prepare_training() adds.
std::uint64_t kept_memory(const Extent& e) {
  std::uint64_t sum = e.rows * (8 + 1 + 4 + 4 + 12 * 8 + 4 + 8 + 2);
  for (const Extent::Column& c : e.columns) sum += column_memory(e, c);
  return sum;
}

bool may_be_feature(const Extent::Column& c, const Options& o) {
  return (!o.is_role(c.name) || o.features.count(c.name) > 0) && o.ignore.count(c.name) == 0 && o.metrics.count(c.name) == 0;
}

// Learning the encoding of one column: sorted copies of numbers; categories with their companies.
std::uint64_t encoder_memory(const Extent& e, const Options& o) {
  std::uint64_t most = 0;
  for (const Extent::Column& c : e.columns)
    if (may_be_feature(c, o)) most = std::max({most, c.wide ? e.rows * 40 : 0, c.texts * 320 + 3 * words_memory(c)});
  return most;
}

// fit_mixture(): see mixture_data.hpp and mixture_fit.hpp.
std::uint64_t mixture_memory(const Extent& e, const Options& o) {
  const std::uint64_t rows = std::min<std::uint64_t>(e.rows, MixtureOptions{}.fit_rows);
  std::uint64_t cells = 0, numbers = 0, levels = 0;
  for (const Extent::Column& c : e.columns) {
    if (!may_be_feature(c, o)) continue;
    cells += std::min(c.values, rows) + (e.rows > 0 ? c.items * rows / e.rows : 0);
    numbers += c.wide ? 1 : 0;
    levels += c.wide ? 64 : std::min<std::uint64_t>(c.texts, 1000) + 2;
  }
  const auto top = static_cast<std::uint64_t>(o.k > 0 ? o.k : o.k_max), groups = top + std::max<std::uint64_t>(3, top / 2) + 3;
  return rows * (64 + 16 + 4 + 8 + 16) + cells * 4 + rows * numbers         // the rows
         + levels * groups * groups * 4                                     // a state for each number of groups
         + levels * groups * 8 * 4 + numbers * numbers / 2 * groups * 48 * 2;  // counts
}

std::uint64_t table_memory(const Extent& e, const Options& o) {
  std::uint64_t sum = 0;
  for (const Extent::Column& c : e.columns)
    if (may_be_feature(c, o)) sum += e.rows * (c.wide ? 8 : 5) + c.items * 4;
  return sum;
}

// judge_cohorts(): the known figures of every deal, as they grow, and their companies.
std::uint64_t judging_memory(const Extent& e, const Options& o) {
  std::uint64_t figures = 0, cycles = 0;
  for (const Extent::Column& c : e.columns) {
    for (const char* role : {"ltv", "cac", "retention", "effort", "calls", "meetings", "emails", "hours"})
      if (c.name == o.column_of(role)) figures += c.values;
    if (c.name == o.column_of("closed_at") || c.name == o.column_of("cycle_days")) cycles = std::max(cycles, c.values);
  }
  figures = e.rows + std::min(e.rows, figures) + cycles + std::min(figures, 4 * e.rows);   // won, dqs, cycle, the others
  return figures * sizeof(Observation) * 3 / 2 + e.rows * (8 + sizeof(Observation) + 64);
}

}  // namespace

void require_memory(const std::string& what, std::uint64_t need, std::uint64_t limit) {
  if (need <= limit) return;
  throw Error(ErrorCode::out_of_memory, fmt::format("{} needs more memory than allowed", what),
              fmt::format("It needs {}; maintenance_work_mem is {}.", megabytes(need), megabytes(limit)),
              "Increase maintenance_work_mem, or lower the option sample.");
}

void require_memory(const char* doing, std::uint64_t (*need)(const Extent&, const Options&), const Sample& sample, const Options& options,
                    const Stop& stop, std::uint64_t limit) {
  if (limit == no_memory_limit) return;
  const Extent extent = measure(sample, options, stop);
  require_memory(fmt::format("{} {} rows", doing, extent.rows), need(extent, options), limit);
}

std::uint64_t spread_rows(std::uint64_t count, std::uint64_t rows, std::uint64_t rows_seen, const Options& options) {
  const std::uint64_t most = 2 * options.sample, room = most > rows ? most - rows : 0;
  const double share = std::min(1.0, static_cast<double>(options.sample) / static_cast<double>(std::max<std::uint64_t>(1, rows_seen)));
  const std::uint64_t wanted = share < 1 ? static_cast<std::uint64_t>(static_cast<double>(count) * share) : count;
  return std::max<std::uint64_t>(1, std::min(wanted, room + 1));
}

Extent measure(const Sample& sample, const Options& options, const Stop& stop) {
  Extent e;
  const auto& names = sample.columns();
  for (const std::string& name : names) {
    e.columns.emplace_back();
    e.columns.back().name = name;
  }
  std::vector<Distinct> distinct(names.size());
  const std::string deal = options.column_of("deal_id"), company = options.column_of("company_id");
  std::vector<std::uint16_t> row;   // the columns of the row being read
  std::uint64_t count = 0;
  bool named = false;
  const auto end = [&] {
    if (count == 0) return;
    const std::uint64_t copies = named || count < 2 ? 1 : spread_rows(count, e.rows + 1, sample.rows_seen(), options);
    e.rows += copies;
    e.seen += count;
    for (const std::uint16_t c : row) e.columns[c].values += copies;
  };
  Pace pace(stop);
  sample.for_each(
      stop,
      [&](std::size_t, std::uint64_t n) {
        pace.step();
        end();
        row.clear();
        named = false;
        count = n;
      },
      [&](std::uint16_t column, const Value& v) {
        Extent::Column& c = e.columns[column];
        row.push_back(column);
        named = named || c.name == deal || c.name == company;
        if (v.type == ValueType::text) {
          distinct[column].add(v.text, stop);
          c.wide = c.wide || (!v.text.empty() && v.text[0] >= '0' && v.text[0] <= '9');
        } else if (v.type == ValueType::set) {
          c.items += v.items.size();
          for (const std::string_view item : v.items) distinct[column].add(item, stop);
        } else {
          c.wide = c.wide || v.type == ValueType::number || v.type == ValueType::moment;
        }
      });
  end();
  for (std::size_t i = 0; i < names.size(); ++i) distinct[i].total(e.columns[i], stop);
  return e;
}

std::uint64_t dataset_memory(const Extent& e) {
  // Every value as it came, and every distinct text; then column by column gives up the one for the other.
  std::uint64_t now = e.rows * 16, most = 0;
  for (const Extent::Column& c : e.columns) now += c.values * 16 + c.items * 4 + c.texts * 56 + c.text_bytes;
  for (const Extent::Column& c : e.columns) {
    const std::uint64_t texts = c.texts * 44 + words_memory(c);
    now += column_memory(e, c);
    most = std::max(most, now + (c.texts == 0 ? c.values * 8 : (c.values + c.items) * 16 + texts));
    now -= std::min(now, c.values * 16 + c.items * 4);
  }
  // Then the roles.
  return std::max(most, kept_memory(e) + e.rows * 24);
}

namespace {

// Attributes of rules and associations: each item of a set is one.
std::uint64_t attributes_of(const Extent& e, const Options& o) {
  std::uint64_t attributes = 0;
  for (const Extent::Column& c : e.columns)
    if (may_be_feature(c, o)) attributes += c.items > 0 ? std::min<std::uint64_t>(c.texts, 1000) : 1;
  return attributes;
}

// Rows of the population one by one with a cell of each attribute, once whole and once parted; 32 permuted targets.
std::uint64_t search_memory(const Extent& e, const Options& o) {
  const std::uint64_t attributes = attributes_of(e, o);
  const std::uint64_t rows = std::max(e.rows, e.seen);
  return rows * (2 * (16 + 2 * attributes) + 8 + 4 * 5 + 2 * 8 + 32 * 4);
}

}  // namespace

namespace {

// Points of a scorecard with its interactions.
std::uint64_t scorecard_points(const Extent& e, const Options& o) {
  std::uint64_t points = 1, few = 0, many = 0;
  for (const Extent::Column& c : e.columns) {
    if (!may_be_feature(c, o)) continue;
    if (c.items > 0) {
      points += 3 * std::min<std::uint64_t>(c.texts, 40);
    } else {
      points += c.wide ? 34 : 1;
      few += std::min<std::uint64_t>(c.texts, 64);
      many += std::min(c.texts, std::clamp<std::uint64_t>(e.rows / 50, 64, 250));
    }
  }
  points += std::max(few, std::min<std::uint64_t>(many, 600));
  points = std::min<std::uint64_t>(points, 1000);
  return o.scorecard.pairs > 0 ? std::max<std::uint64_t>(points, std::min<std::uint64_t>(900, points + 49 * static_cast<std::uint64_t>(o.scorecard.pairs))) : points;
}

// A scorecard: the bins of every row, those of the terms solved for, and two matrices of all points.
std::uint64_t scorecard_memory(const Extent& e, const Options& o) {
  std::uint64_t columns = 0;
  for (const Extent::Column& c : e.columns)
    if (may_be_feature(c, o)) columns += c.items > 0 ? std::min<std::uint64_t>(c.texts, 40) : 1;
  const std::uint64_t points = scorecard_points(e, o);
  const std::uint64_t sampled = std::min<std::uint64_t>(e.rows, 30000);
  // While rows are put in bins there is the table; then there are the terms and what is solved.
  return e.rows * columns * 2 + std::max(table_memory(e, o) + e.rows * 24, e.rows * (columns * 2 + 10 * 4 + 12 * 8 + (o.scorecard.weighs() ? 8 : 0)) + sampled * 6 * 32 + 2 * 8 * points * points);
}

}  // namespace

std::uint64_t fit_memory(const Extent& e, const Options& o) {
  // Cohorts: the encoded rows with their weights, groups and cohorts, sorted copies of one number; what validation and resampling keep.
  const std::uint64_t learning = table_memory(e, o) + e.rows * (8 + 8 + 16 + 32 + 24 + 80) + mixture_memory(e, o);
  return std::max(dataset_memory(e), kept_memory(e) + std::max({encoder_memory(e, o), scorecard_memory(e, o), learning, judging_memory(e, o), search_memory(e, o)}));
}

std::uint64_t associations_memory(const Extent& e, const Options& o) {
  // Rows of the population one by one, the target's bins and ranks, 16 permutations of it; two cells and a rank of each attribute.
  const std::uint64_t rows = std::max(e.rows, e.seen), measuring = rows * (16 + 1 + 8 + 8 + 16 * 4 + attributes_of(e, o) * (2 + 8));
  return std::max(dataset_memory(e), kept_memory(e) + std::max(encoder_memory(e, o), table_memory(e, o) + measuring));
}

std::uint64_t wallet_memory(const Extent& e, const Options& o) {
  // Once the roles of deals are given up. Of columns that become features nothing stays when they are encoded, once for all rows and
  // once for those that buy, which may be all.
  std::uint64_t columns = 0, numbers = 0, raw = 0, largest = 0;
  for (const Extent::Column& c : e.columns) {
    raw += column_memory(e, c);
    largest = std::max(largest, column_memory(e, c));
    if (!may_be_feature(c, o)) continue;
    columns += c.items > 0 ? std::min<std::uint64_t>(c.texts, 40) : 1;
    numbers += c.wide ? 1 : 0;
  }
  const std::uint64_t kept = e.rows * (8 + 8 + 8 + 4 + 4 + 8) + largest;   // the cohort
  const std::uint64_t table = table_memory(e, o), points = scorecard_points(e, o), folds = 6;
  // Bins of both sorts and places within them; cells of the terms solved for and seven figures of each row; what is kept of each
  // row that buys, and two models of it; trees.
  const std::uint64_t purchases = e.rows * (columns * (2 + 1 + 2) + numbers * 4 + 10 * (2 + 2) + 7 * 8 + 4 + 36 + 12 * 8) + 2 * 8 * points * points +
                                  std::min<std::uint64_t>(e.rows, 20000) * (folds * (8 + 4 + 4) + 5 * 8);
  return std::max({dataset_memory(e), kept + raw + std::max(encoder_memory(e, o), 2 * table), kept + table + scorecard_memory(e, o) + e.rows * 20, kept + purchases});
}

std::uint64_t rules_memory(const Extent& e, const Options& o) {
  return std::max(dataset_memory(e), kept_memory(e) + std::max(encoder_memory(e, o), search_memory(e, o)));
}

}  // namespace icp

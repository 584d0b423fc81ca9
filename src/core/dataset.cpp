#include "icp/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <unordered_map>

#include <fmt/format.h>

#include "icp/deal.hpp"
#include "icp/error.hpp"
#include "icp/text.hpp"

namespace icp {

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

// A column while its type is not yet decided: every value as it came, owned.
struct Cell {
  std::uint32_t row;
  ValueType type;
  bool boolean;
  double number;
  std::int64_t microseconds;
  std::uint32_t text, texts;  // text: its id in the pool; set: where its items begin in Raw::items, and how many
};

struct Raw {
  std::vector<Cell> cells;
  std::vector<std::uint32_t> items;
  std::size_t counts[8] = {};
  std::size_t special = 0;    // texts "NaN", "Infinity", "-Infinity"
  std::size_t moments = 0;    // texts that are ISO 8601
};

// Interns texts by bytes.
class Pool {
 public:
  std::uint32_t add(std::string_view text) {
    const auto it = index_.find(text);
    if (it != index_.end()) return it->second;
    texts_.push_back(std::make_unique<std::string>(text));
    const auto id = static_cast<std::uint32_t>(texts_.size() - 1);
    index_.emplace(*texts_.back(), id);
    return id;
  }
  const std::string& operator[](std::uint32_t id) const { return *texts_[id]; }

 private:
  std::vector<std::unique_ptr<std::string>> texts_;
  std::unordered_map<std::string_view, std::uint32_t> index_;
};

bool special_number(std::string_view t) { return t == "NaN" || t == "Infinity" || t == "-Infinity"; }

ColumnType decide(const Raw& raw) {
  const auto n = [&](ValueType t) { return raw.counts[static_cast<std::size_t>(t)]; };
  const std::size_t all = raw.cells.size();
  if (all == 0 || raw.special == all) return ColumnType::empty;  // "NaN" in jsonb is missing, as NaN is in a record
  if (raw.counts[7] > 0) return ColumnType::free_text;
  if (n(ValueType::other) > 0) return ColumnType::other;
  if (n(ValueType::set) > 0) return n(ValueType::set) == all ? ColumnType::set : ColumnType::other;
  if (n(ValueType::boolean) == all) return ColumnType::boolean;
  if (n(ValueType::moment) + raw.moments == all) return ColumnType::moment;
  if (n(ValueType::number) > 0 && n(ValueType::number) + raw.special == all) return ColumnType::number;
  return ColumnType::text;
}

std::string text_of(const Cell& c, const Pool& pool) {
  switch (c.type) {
    case ValueType::text: return pool[c.text];
    case ValueType::number: return number_text(c.number);
    case ValueType::boolean: return c.boolean ? "true" : "false";
    default: return number_text(static_cast<double>(c.microseconds));
  }
}

std::optional<Moment> moment_of(const Cell& c, const Pool& pool) {
  if (c.type == ValueType::text) return parse_moment(pool[c.text]);
  if (c.type != ValueType::moment) return std::nullopt;
  return Moment{c.microseconds, c.boolean};
}

// Gives each row the index of its word among the sorted distinct words.
void intern(const std::vector<std::string>& texts, std::vector<std::string>& words, std::vector<std::int32_t>& codes) {
  words = texts;
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  codes.clear();
  codes.reserve(texts.size());
  for (const std::string& t : texts)
    codes.push_back(static_cast<std::int32_t>(std::lower_bound(words.begin(), words.end(), t) - words.begin()));
}

std::uint64_t count_distinct(std::vector<double> v) {
  std::erase_if(v, [](double x) { return std::isnan(x); });
  std::sort(v.begin(), v.end());
  return static_cast<std::uint64_t>(std::unique(v.begin(), v.end()) - v.begin());
}

DataColumn settle(const std::string& name, const Raw& raw, const Pool& pool, const Zone& zone, std::size_t rows,
                  const std::string& kind) {
  DataColumn c;
  c.name = name;
  c.type = decide(raw);
  if (kind == "date" && c.type == ColumnType::text) c.type = ColumnType::moment;
  if ((kind == "categorical") && (c.type == ColumnType::number || c.type == ColumnType::boolean)) c.type = ColumnType::text;
  c.known.assign(rows, 0);
  const bool numbers_in_text = c.type == ColumnType::text && kind == "numeric";
  if (numbers_in_text) c.type = ColumnType::number;
  if (c.type == ColumnType::number || c.type == ColumnType::moment) {
    c.numbers.assign(rows, nan_value);
    c.integral = c.type == ColumnType::number;
    for (const Cell& cell : raw.cells) {
      double v = nan_value;
      if (c.type == ColumnType::moment) {
        if (const auto m = moment_of(cell, pool)) {
          v = static_cast<double>(m->local ? zone(m->microseconds) : m->microseconds) / microseconds_a_day;
          c.local = c.local || m->local;
        }
      } else if (cell.type == ValueType::number) {
        v = cell.number;
      } else if (numbers_in_text && cell.type == ValueType::text) {
        v = parse_number(pool[cell.text]).value_or(nan_value);
      }
      if (!std::isfinite(v)) continue;
      c.numbers[cell.row] = v;
      c.known[cell.row] = 1;
      c.integral = c.integral && v == std::floor(v);
    }
    c.distinct = count_distinct(c.numbers);
  } else if (c.type == ColumnType::boolean) {
    c.codes.assign(rows, -1);
    bool seen[2] = {};
    for (const Cell& cell : raw.cells) {
      c.codes[cell.row] = cell.boolean ? 1 : 0;
      c.known[cell.row] = 1;
      seen[cell.boolean ? 1 : 0] = true;
    }
    c.distinct = static_cast<std::uint64_t>(seen[0]) + seen[1];
  } else if (c.type == ColumnType::text) {
    std::vector<std::string> texts;
    for (const Cell& cell : raw.cells) texts.push_back(text_of(cell, pool));
    std::vector<std::int32_t> codes;
    intern(texts, c.words, codes);
    std::vector<std::string> folded;
    for (const std::string& w : c.words) folded.push_back(fold(w));
    c.codes.assign(rows, -1);
    for (std::size_t i = 0; i < raw.cells.size(); ++i) {
      const auto word = static_cast<std::size_t>(codes[i]);
      if (folded[word].empty()) continue;  // blank text says nothing
      c.codes[raw.cells[i].row] = codes[i];
      c.known[raw.cells[i].row] = 1;
      if (parse_number(c.words[word])) ++c.numeric_texts;
    }
    std::sort(folded.begin(), folded.end());
    c.distinct = static_cast<std::uint64_t>(std::unique(folded.begin(), folded.end()) - folded.begin());
  } else if (c.type == ColumnType::set) {
    std::vector<std::string> texts;
    std::vector<std::uint32_t> sizes(rows, 0);
    for (const Cell& cell : raw.cells) {
      c.known[cell.row] = 1;
      for (std::uint32_t i = 0; i < cell.texts; ++i) {
        const std::string& t = pool[raw.items[cell.text + i]];
        if (!fold(t).empty()) { texts.push_back(t); ++sizes[cell.row]; }
      }
    }
    // Cells are in row order, so the items follow one another as the offsets say.
    intern(texts, c.words, c.items);
    c.offsets.assign(rows + 1, 0);
    for (std::size_t r = 0; r < rows; ++r) c.offsets[r + 1] = c.offsets[r] + sizes[r];
    std::vector<std::string> folded;
    for (const std::string& w : c.words) folded.push_back(fold(w));
    std::sort(folded.begin(), folded.end());
    c.distinct = static_cast<std::uint64_t>(std::unique(folded.begin(), folded.end()) - folded.begin());
  } else if (c.type != ColumnType::empty) {
    for (const Cell& cell : raw.cells) c.known[cell.row] = 1;
  }
  for (const auto k : c.known) c.known_rows += k;
  return c;
}

}  // namespace

const DataColumn* Dataset::find(const std::string& name) const {
  const auto it = std::lower_bound(columns.begin(), columns.end(), name,
                                   [](const DataColumn& c, const std::string& n) { return c.name < n; });
  return it != columns.end() && it->name == name ? &*it : nullptr;
}

namespace {

class RoleReader {
 public:
  RoleReader(Dataset& data, const Options& options, const Zone& zone, bool lenient)
      : d_(data), o_(options), zone_(zone), lenient_(lenient) {}

  void read() {
    identity();
    company();
    outcome();
    d_.first_contact = number("first_contact_at", ColumnType::moment);
    d_.closed = number("closed_at", ColumnType::moment);
    d_.created = number("created_at", ColumnType::moment);
    d_.amount = number("amount");
    d_.ltv = number("ltv");
    d_.cac = number("cac");
    d_.retention = number("retention");
    d_.dqs = number("dqs");
    d_.hours = number("hours");
    d_.weight = number("weight");
    for (std::size_t r = 0; r < d_.rows; ++r)
      if (!(d_.weight[r] > 0)) d_.weight[r] = std::isnan(d_.weight[r]) ? 1 : 0;
    cycle();
    effort();
    currency();
    as_of();
  }

 private:
  const DataColumn* column(const char* role) const { return d_.find(o_.column_of(role)); }

  void find(std::string severity, std::string col, std::int64_t rows, std::string message, std::string hint) {
    d_.findings.push_back({std::move(severity), std::move(col), rows, std::move(message), std::move(hint)});
  }

  std::vector<double> number(const char* role, ColumnType type = ColumnType::number) {
    std::vector<double> out(d_.rows, nan_value);
    const DataColumn* c = column(role);
    if (c == nullptr || c->type == ColumnType::empty) return out;
    if (c->type == type) return c->numbers;
    if (type == ColumnType::number && c->type == ColumnType::text) {
      std::int64_t bad = 0;
      for (std::size_t r = 0; r < d_.rows; ++r) {
        if (c->codes[r] < 0) continue;
        const auto v = parse_number(c->words[static_cast<std::size_t>(c->codes[r])]);
        if (v && std::isfinite(*v)) out[r] = *v; else ++bad;
      }
      find("warning", c->name, bad, fmt::format("{} is text, read as a number", c->name), "cast it in the view");
      return out;
    }
    const std::string want = type == ColumnType::moment ? "a date or a timestamp" : "a number";
    if (!lenient_)
      throw Error(ErrorCode::wrong_type, fmt::format("column \"{}\" cannot play the role \"{}\"", c->name, role),
                  fmt::format("It must be {}.", want), "Cast it in the view, or name another column in the option roles.");
    find("error", c->name, -1, fmt::format("{} cannot play the role {}: it must be {}", c->name, role, want),
         "cast it in the view, or name another column in the option roles");
    return out;
  }

  // A value as text, for identities and messages.
  static std::string text_at(const DataColumn& c, std::size_t r) {
    if (c.known[r] == 0) return {};
    switch (c.type) {
      case ColumnType::number:
      case ColumnType::moment: return number_text(c.numbers[r]);
      case ColumnType::boolean: return c.codes[r] == 1 ? "true" : "false";
      case ColumnType::text: return c.words[static_cast<std::size_t>(c.codes[r])];
      default: return {};
    }
  }

  void identity() {
    const DataColumn* c = column("deal_id");
    if (c == nullptr) return;
    std::size_t worst = d_.rows;
    std::int64_t repeated = 0;
    for (std::size_t r = 0; r < d_.rows; ++r) {
      if (c->known[r] == 0 || d_.count[r] < 2) continue;
      repeated += static_cast<std::int64_t>(d_.count[r]);
      if (worst == d_.rows || d_.count[r] > d_.count[worst]) worst = r;
    }
    if (worst == d_.rows) return;
    const std::string message = fmt::format("deal {} occurs {} times", text_at(*c, worst), d_.count[worst]);
    if (!lenient_)
      throw Error(ErrorCode::cardinality, message, fmt::format("{} rows repeat the {} of another.", repeated, c->name),
                  "A join multiplies deals: aggregate the joined table first.");
    find("error", c->name, repeated, message, "a join multiplies deals");
  }

  void company() {
    d_.company.assign(d_.rows, no_company);
    const DataColumn* c = column("company_id");
    d_.has_company = c != nullptr && c->known_rows > 0;
    std::int32_t next = 0;
    if (d_.has_company) {
      std::map<std::string, std::int32_t> seen;
      for (std::size_t r = 0; r < d_.rows; ++r)
        if (c->known[r] != 0) seen.emplace(text_at(*c, r), 0);
      for (auto& [id, index] : seen) index = next++;
      for (std::size_t r = 0; r < d_.rows; ++r)
        if (c->known[r] != 0) d_.company[r] = seen.at(text_at(*c, r));
    } else {
      find("info", o_.column_of("company_id"), -1, "no company_id: each row counts as a company of its own",
           "name the column in roles.company_id");
    }
    for (std::size_t r = 0; r < d_.rows; ++r)
      if (d_.company[r] == no_company) d_.company[r] = next++;
    d_.companies = static_cast<std::size_t>(next);
  }

  void outcome() {
    d_.outcome.assign(d_.rows, Outcome::unknown);
    const std::string name = o_.column_of("outcome");
    const DataColumn* c = column("outcome");
    d_.has_outcome = c != nullptr;
    if (c == nullptr) {
      if (!lenient_)
        throw Error(ErrorCode::undefined_column, fmt::format("column \"{}\" does not exist in the deals", name),
                    "The role \"outcome\" is required.", "Name the column: {\"roles\": {\"outcome\": \"deal_stage\"}}.");
      find("error", name, -1, "the column of the role outcome does not exist", "name it in roles.outcome");
      return;
    }
    std::map<std::string, std::int64_t> unlisted;
    for (std::size_t r = 0; r < d_.rows; ++r) {
      if (c->known[r] == 0) {
        d_.outcome[r] = Outcome::open;
        continue;
      }
      const std::string word = fold(text_at(*c, r));
      d_.outcome[r] = outcome_of(word, c->type == ColumnType::boolean, c->type == ColumnType::number, o_);
      if (d_.outcome[r] == Outcome::unknown) unlisted[text_at(*c, r)] += static_cast<std::int64_t>(d_.count[r]);
    }
    // A column that is not the outcome may hold a word a row: the most frequent ones tell.
    constexpr std::size_t most = 20;
    std::vector<std::pair<std::string, std::int64_t>> words(unlisted.begin(), unlisted.end());
    if (words.size() > most)
      std::stable_sort(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    std::int64_t others = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (i < most)
        find("error", name, words[i].second, fmt::format("'{}' is neither won, lost nor open", words[i].first),
             "set roles.won, roles.lost or roles.open");
      else others += words[i].second;
    }
    if (others > 0)
      find("error", name, others, fmt::format("{} more words are neither won, lost nor open", words.size() - most),
           "name the column of the outcome in roles.outcome");
  }

  void cycle() {
    d_.cycle = number("cycle_days");
    std::int64_t negative = 0;
    for (std::size_t r = 0; r < d_.rows; ++r) {
      d_.cycle[r] = cycle_of(d_.cycle[r], d_.first_contact[r], d_.closed[r]);
      if (d_.cycle[r] < 0) {
        ++negative;
        d_.cycle[r] = nan_value;
      }
    }
    if (negative > 0)
      find("warning", o_.column_of("closed_at"), negative, "closed before the first contact: the cycle is unknown",
           "check the dates");
  }

  void effort() {
    d_.effort = number("effort");
    const std::vector<double> calls = number("calls"), meetings = number("meetings"), emails = number("emails");
    for (std::size_t r = 0; r < d_.rows; ++r)
      d_.effort[r] = effort_of(d_.effort[r], calls[r], meetings[r], emails[r], d_.hours[r], o_.effort_unit == "hours");
  }

  void currency() {
    d_.currency.assign(d_.rows, -1);
    const DataColumn* c = column("currency");
    if (c == nullptr || c->type != ColumnType::text) return;
    std::vector<std::string> folded;
    for (const std::string& w : c->words) folded.push_back(fold(w));
    std::vector<std::string> distinct = folded;
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    for (std::size_t r = 0; r < d_.rows; ++r)
      if (c->codes[r] >= 0)
        d_.currency[r] = static_cast<std::int32_t>(
            std::lower_bound(distinct.begin(), distinct.end(), folded[static_cast<std::size_t>(c->codes[r])]) - distinct.begin());
    d_.currencies = std::move(distinct);
    std::erase(d_.currencies, "");
    if (d_.currencies.size() > 1) {
      std::string list;
      for (const auto& s : d_.currencies) list += (list.empty() ? "" : ", ") + s;
      find("warning", c->name, static_cast<std::int64_t>(d_.rows), fmt::format("{} currencies: {}", d_.currencies.size(), list),
           "convert amounts to one currency in the view; until then sums of money are left out");
    }
  }

  void as_of() {
    d_.as_of = nan_value;
    if (o_.as_of) {
      const Moment m = *parse_moment(*o_.as_of);
      d_.as_of = static_cast<double>(m.local ? zone_(m.microseconds) : m.microseconds) / microseconds_a_day;
      return;
    }
    for (const auto* dates : {&d_.first_contact, &d_.closed, &d_.created})
      for (const double day : *dates)
        if (!std::isnan(day) && !(d_.as_of >= day)) d_.as_of = day;
  }

  Dataset& d_;
  const Options& o_;
  const Zone& zone_;
  bool lenient_;
};

}  // namespace

Dataset read_dataset(const Sample& sample, const Options& options, const Zone& zone, const Stop& stop, bool lenient) {
  Dataset d;
  d.rows_seen = sample.rows_seen();
  Pool pool;
  std::vector<Raw> raw(sample.columns().size());
  // Rows that nothing names, neither a deal nor a company, are each of a company of their own: what the sample has
  // collapsed is spread out again, beyond the option sample in proportion.
  const auto place = [&](const char* role) {
    const auto& names = sample.columns();
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), options.column_of(role)) - names.begin());
  };
  const std::size_t deal = place("deal_id"), company = place("company_id");
  struct Mark {
    std::uint16_t column;
    std::uint8_t type;
    bool special, moment;
  };
  std::vector<Mark> marks;  // of the row being read
  bool named = false;
  const auto spread = [&] {
    if (d.rows == 0 || named || d.count.back() < 2) return;
    const std::uint64_t count = d.count.back(), most = 2 * options.sample, room = most > d.rows ? most - d.rows : 0;
    const double share = std::min(1.0, static_cast<double>(options.sample) / static_cast<double>(std::max<std::uint64_t>(1, d.rows_seen)));
    const std::uint64_t wanted = share < 1 ? static_cast<std::uint64_t>(static_cast<double>(count) * share) : count;
    const std::uint64_t copies = std::max<std::uint64_t>(1, std::min(wanted, room + 1));
    for (std::uint64_t i = 0; i < copies; ++i) {
      const std::uint64_t n = count / copies + (i < count % copies ? 1 : 0);
      if (i == 0) {
        d.count.back() = n;
        continue;
      }
      if (i % 1024 == 0) stop.poll();
      d.count.push_back(n);
      ++d.rows;
      for (const Mark& m : marks) {
        Raw& c = raw[m.column];
        Cell cell = c.cells.back();
        cell.row = static_cast<std::uint32_t>(d.rows - 1);
        c.cells.push_back(cell);
        ++c.counts[m.type];
        c.special += m.special ? 1 : 0;
        c.moments += m.moment ? 1 : 0;
      }
    }
  };
  sample.for_each(
      [&](std::size_t row, std::uint64_t count) {
        if (row % 1024 == 0) stop.poll();
        spread();
        marks.clear();
        named = false;
        ++d.rows;
        d.count.push_back(count);
      },
      [&](std::uint16_t column, const Value& v) {
        Raw& c = raw[column];
        Cell cell{static_cast<std::uint32_t>(d.rows - 1), v.type, v.boolean, v.number, v.microseconds, 0, 0};
        const bool free_text = v.type == ValueType::other && v.text == "long";
        Mark m{column, free_text ? std::uint8_t{7} : static_cast<std::uint8_t>(v.type), false, false};
        if (v.type == ValueType::text) {
          m.special = special_number(v.text);
          m.moment = parse_moment(v.text).has_value();
          cell.text = pool.add(v.text);
        } else if (v.type == ValueType::set) {
          cell.text = static_cast<std::uint32_t>(c.items.size());
          cell.texts = static_cast<std::uint32_t>(v.items.size());
          for (const std::string_view item : v.items) c.items.push_back(pool.add(item));
        }
        ++c.counts[m.type];
        c.special += m.special ? 1 : 0;
        c.moments += m.moment ? 1 : 0;
        c.cells.push_back(cell);
        marks.push_back(m);
        named = named || column == deal || column == company;
      });
  spread();
  std::vector<std::size_t> order(raw.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return sample.columns()[a] < sample.columns()[b]; });
  for (const std::size_t i : order) {
    stop.poll();
    const std::string& name = sample.columns()[i];
    const auto kind = options.kinds.find(name);
    d.columns.push_back(settle(name, raw[i], pool, zone, d.rows, kind == options.kinds.end() ? "" : kind->second));
    raw[i] = Raw{};
  }
  RoleReader(d, options, zone, lenient).read();
  return d;
}

}  // namespace icp

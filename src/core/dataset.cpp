#include "icp/dataset.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "icp/error.hpp"
#include "icp/hash.hpp"
#include "icp/memory.hpp"
#include "icp/text.hpp"
#include "dataset_roles.hpp"

namespace icp {

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

// A column while its type is not yet decided: every value as it came, owned.
struct Cell {
  std::uint32_t row;
  ValueType type;
  bool boolean;
  union {
    double number;
    std::int64_t microseconds;
    struct {
      std::uint32_t first, count;  // text: its id in the pool; set: where its items begin in Raw::items, and how many
    } text;
  };
};
static_assert(sizeof(Cell) == 16);

struct Raw {
  std::vector<Cell> cells;
  std::vector<std::uint32_t> items;
  std::size_t counts[8] = {};
  std::size_t special = 0;    // texts "NaN", "Infinity", "-Infinity"
  std::size_t moments = 0;    // texts that are ISO 8601
};

// Interns texts by bytes: they stand one after the other in blocks, and ids are looked up by hash.
class Pool {
 public:
  std::uint32_t add(std::string_view text) {
    if (2 * texts_.size() >= slots_.size()) grow();
    std::size_t at = hash64(text) & (slots_.size() - 1);
    for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1))
      if (texts_[slots_[at] - 1] == text) return slots_[at] - 1;
    if (blocks_.empty() || blocks_.back().size() + text.size() > blocks_.back().capacity()) {
      blocks_.emplace_back();
      blocks_.back().reserve(std::max(block, text.size()));
    }
    std::string& store = blocks_.back();
    texts_.emplace_back(store.data() + store.size(), text.size());
    store.append(text);
    slots_[at] = static_cast<std::uint32_t>(texts_.size());
    return slots_[at] - 1;
  }
  std::string_view operator[](std::uint32_t id) const { return texts_[id]; }

 private:
  static constexpr std::size_t block = 32768;
  void grow() {
    slots_.assign(std::max<std::size_t>(64, 2 * slots_.size()), 0);
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      std::size_t at = hash64(texts_[i]) & (slots_.size() - 1);
      while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = static_cast<std::uint32_t>(i + 1);
    }
  }
  std::vector<std::string> blocks_;        // never grown beyond what they reserved, so texts stay where they are
  std::vector<std::string_view> texts_;
  std::vector<std::uint32_t> slots_;       // id + 1; 0: free
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
    case ValueType::text: return std::string(pool[c.text.first]);
    case ValueType::number: return number_text(c.number);
    case ValueType::boolean: return c.boolean ? "true" : "false";
    default: return number_text(static_cast<double>(c.microseconds));
  }
}

double days_of(const Cell& c, const Pool& pool, const Zone& zone) {
  if (c.type == ValueType::text) return day_of(Value::of(pool[c.text.first]), zone);
  return c.type == ValueType::moment ? day_of(Value::of_moment(c.microseconds, c.boolean), zone) : nan_value;
}

// Whether a moment is wall-clock time.
bool is_local(const Cell& c, const Pool& pool) {
  if (c.type != ValueType::text) return c.type == ValueType::moment && c.boolean;
  const auto moment = parse_moment(pool[c.text.first]);
  return moment && moment->local;
}

// The distinct words among texts of the pool, sorted, and for each text the index of its word.
void intern(const std::vector<std::uint32_t>& ids, const Pool& pool, std::vector<std::string>& words, std::vector<std::int32_t>& codes,
            const Stop& stop) {
  std::vector<std::uint32_t> by_id = ids;
  sort(by_id.begin(), by_id.end(), stop);
  by_id.erase(std::unique(by_id.begin(), by_id.end()), by_id.end());
  std::vector<std::uint32_t> by_text = by_id;
  sort(by_text.begin(), by_text.end(), stop, [&](auto a, auto b) { return pool[a] < pool[b]; });
  const auto place = [&](std::uint32_t id) { return static_cast<std::size_t>(std::lower_bound(by_id.begin(), by_id.end(), id) - by_id.begin()); };
  Pace pace(stop);
  std::vector<std::int32_t> code(by_id.size());
  words.clear();
  words.reserve(by_text.size());
  for (const std::uint32_t id : by_text) {
    pace.step();
    code[place(id)] = static_cast<std::int32_t>(words.size());
    words.emplace_back(pool[id]);
  }
  codes.clear();
  codes.reserve(ids.size());
  for (const std::uint32_t id : ids) {
    pace.step();
    codes.push_back(code[place(id)]);
  }
}

template <class T>
std::uint64_t count_distinct(std::vector<T> values, const Stop& stop) {
  sort(values.begin(), values.end(), stop);
  return static_cast<std::uint64_t>(std::unique(values.begin(), values.end()) - values.begin());
}

DataColumn settle(const std::string& name, const Raw& raw, Pool& pool, const Zone& zone, std::size_t rows, const std::string& kind,
                  const Stop& stop) {
  Pace pace(stop);
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
    std::vector<double> finite;
    finite.reserve(raw.cells.size());
    for (const Cell& cell : raw.cells) {
      pace.step();
      double v = nan_value;
      if (c.type == ColumnType::moment) {
        v = days_of(cell, pool, zone);
        c.local = c.local || is_local(cell, pool);
      } else if (cell.type == ValueType::number) {
        v = cell.number;
      } else if (numbers_in_text && cell.type == ValueType::text) {
        v = parse_number(pool[cell.text.first]).value_or(nan_value);
      }
      if (!std::isfinite(v)) {
        // NaN, the infinities and blank text are missing; what is neither was not meant to be.
        const bool missing = cell.type == ValueType::text && (special_number(pool[cell.text.first]) || fold(pool[cell.text.first]).empty());
        if (!missing) ++c.unread;
        continue;
      }
      c.numbers[cell.row] = v;
      c.known[cell.row] = 1;
      finite.push_back(v);
      c.integral = c.integral && v == std::floor(v);
    }
    c.distinct = count_distinct(std::move(finite), stop);
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
    std::vector<std::uint32_t> ids;
    ids.reserve(raw.cells.size());
    for (const Cell& cell : raw.cells) {
      pace.step();
      ids.push_back(cell.type == ValueType::text ? cell.text.first : pool.add(text_of(cell, pool)));
    }
    std::vector<std::int32_t> codes;
    intern(ids, pool, c.words, codes, stop);
    std::vector<std::string> folded = fold_all(c.words, stop);
    std::vector<std::uint8_t> numeric;
    numeric.reserve(c.words.size());
    for (const std::string& w : c.words) {
      pace.step();
      numeric.push_back(parse_number(w) ? 1 : 0);
    }
    c.codes.assign(rows, -1);
    for (std::size_t i = 0; i < raw.cells.size(); ++i) {
      pace.step();
      const auto word = static_cast<std::size_t>(codes[i]);
      if (folded[word].empty()) continue;  // blank text says nothing
      c.codes[raw.cells[i].row] = codes[i];
      c.known[raw.cells[i].row] = 1;
      c.numeric_texts += numeric[word];
    }
    c.distinct = count_distinct(std::move(folded), stop);
  } else if (c.type == ColumnType::set) {
    // Blank items say nothing; whether an item is blank is asked once for each text.
    std::vector<std::uint32_t> ids, blank = raw.items;
    sort(blank.begin(), blank.end(), stop);
    blank.erase(std::unique(blank.begin(), blank.end()), blank.end());
    std::erase_if(blank, [&](std::uint32_t id) {
      pace.step();
      return !fold(pool[id]).empty();
    });
    ids.reserve(raw.items.size());
    c.offsets.assign(rows + 1, 0);
    for (const Cell& cell : raw.cells) {
      c.known[cell.row] = 1;
      for (std::uint32_t i = 0; i < cell.text.count; ++i) {
        pace.step();
        const std::uint32_t id = raw.items[cell.text.first + i];
        if (std::binary_search(blank.begin(), blank.end(), id)) continue;
        ids.push_back(id);
        ++c.offsets[cell.row + 1];
      }
    }
    // Cells are in row order, so the items follow one another as the offsets say.
    intern(ids, pool, c.words, c.items, stop);
    for (std::size_t r = 0; r < rows; ++r) c.offsets[r + 1] += c.offsets[r];
    c.distinct = count_distinct(fold_all(c.words, stop), stop);
  } else if (c.type != ColumnType::empty) {
    for (const Cell& cell : raw.cells) c.known[cell.row] = 1;
  }
  for (const auto k : c.known) c.known_rows += k;
  return c;
}

// Where the sample has a column; the number of its columns where it has none.
std::size_t place_of(const Sample& sample, const std::string& column) {
  const auto& names = sample.columns();
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), column) - names.begin());
}

// Rows of the sample begun after the as-of time of the options: they were not there yet. Empty where there are none.
std::vector<std::uint8_t> rows_begun_later(const Sample& sample, const Options& options, const Zone& zone, const Stop& stop) {
  std::vector<std::uint8_t> later;
  const auto as_of = as_of_day(options, zone);
  if (!as_of) return later;
  const std::size_t contact = place_of(sample, options.column_of("first_contact_at")), created = place_of(sample, options.column_of("created_at"));
  bool contacted = false;  // the first contact is known: creation does not count
  sample.for_each(
      stop,
      [&](std::size_t row, std::uint64_t) {
        if (row % 1024 == 0) stop.poll();
        contacted = false;
        later.push_back(0);
      },
      [&](std::uint16_t column, const Value& v) {
        if (column != contact && column != created) return;
        const double day = day_of(v, zone);
        if (std::isnan(day) || (column == created && contacted)) return;
        contacted = contacted || column == contact;
        later.back() = day > *as_of ? 1 : 0;
      });
  return later;
}

}  // namespace

const DataColumn* Dataset::find(const std::string& name) const {
  const auto it = std::lower_bound(columns.begin(), columns.end(), name,
                                   [](const DataColumn& c, const std::string& n) { return c.name < n; });
  return it != columns.end() && it->name == name ? &*it : nullptr;
}

std::vector<std::string> fold_all(const std::vector<std::string>& words, const Stop& stop) {
  Pace pace(stop);
  std::vector<std::string> folded;
  folded.reserve(words.size());
  for (const std::string& w : words) {
    pace.step();
    folded.push_back(fold(w));
  }
  return folded;
}

double day_of(const Value& v, const Zone& zone) {
  std::optional<Moment> m;
  if (v.type == ValueType::moment) m = Moment{v.microseconds, v.boolean};
  else if (v.type == ValueType::text) m = parse_moment(v.text);
  return m ? static_cast<double>(m->local ? zone(m->microseconds) : m->microseconds) / microseconds_a_day : nan_value;
}

Dataset read_dataset(const Sample& sample, const Options& options, const Zone& zone, const Stop& stop, bool lenient) {
  Dataset d;
  d.rows_seen = sample.rows_seen();
  const std::vector<std::uint8_t> later = rows_begun_later(sample, options, zone, stop);
  std::uint64_t left_out = 0, twins = 0;
  Pool pool;
  std::vector<Raw> raw(sample.columns().size());
  {
    const Extent extent = measure(sample, options, stop);
    for (std::size_t i = 0; i < raw.size(); ++i) raw[i].cells.reserve(extent.columns[i].values);
    d.count.reserve(extent.rows);
  }
  // Rows that nothing names are what the sample has collapsed: they are spread out again.
  const std::size_t deal = place_of(sample, options.column_of("deal_id")), company = place_of(sample, options.column_of("company_id"));
  struct Mark {
    std::uint16_t column;
    std::uint8_t type;
    bool special, moment;
  };
  std::vector<Mark> marks;  // of the row being read
  bool named = false, there = false;
  const auto spread = [&] {
    if (!there || named || d.count.back() < 2) return;
    twins += d.count.back();
    const std::uint64_t count = d.count.back(), copies = spread_rows(count, d.rows, d.rows_seen, options);
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
      stop,
      [&](std::size_t row, std::uint64_t count) {
        if (row % 128 == 0) stop.poll();
        spread();
        marks.clear();
        named = false;
        there = later.empty() || later[row] == 0;
        if (!there) {
          left_out += count;
          return;
        }
        ++d.rows;
        d.count.push_back(count);
      },
      [&](std::uint16_t column, const Value& v) {
        if (!there) return;
        Raw& c = raw[column];
        Cell cell{static_cast<std::uint32_t>(d.rows - 1), v.type, v.boolean, {.number = v.number}};
        if (v.type == ValueType::moment) cell.microseconds = v.microseconds;
        const bool free_text = v.type == ValueType::other && v.text == "long";
        Mark m{column, free_text ? std::uint8_t{7} : static_cast<std::uint8_t>(v.type), false, false};
        if (v.type == ValueType::text) {
          m.special = special_number(v.text);
          m.moment = parse_moment(v.text).has_value();
          cell.text = {pool.add(v.text), 0};
        } else if (v.type == ValueType::set) {
          cell.text = {static_cast<std::uint32_t>(c.items.size()), static_cast<std::uint32_t>(v.items.size())};
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
  d.rows_seen -= left_out;
  std::vector<std::size_t> order(raw.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return sample.columns()[a] < sample.columns()[b]; });
  for (const std::size_t i : order) {
    stop.poll();
    const std::string& name = sample.columns()[i];
    const auto kind = options.kinds.find(name);
    d.columns.push_back(settle(name, raw[i], pool, zone, d.rows, kind == options.kinds.end() ? "" : kind->second, stop));
    raw[i] = Raw{};
  }
  pool = Pool{};
  read_roles(d, options, zone, stop, lenient);
  if (left_out > 0)
    d.findings.push_back({"info", options.column_of("first_contact_at"), static_cast<std::int64_t>(left_out),
                          "begun after the as-of date: left out, of predicate_n too", ""});
  if (twins > 0)
    d.findings.push_back({"info", "", static_cast<std::int64_t>(twins), "rows that are the same as another in every column: each counts as a deal of its own",
                          "name deal_id and company_id; where a join has multiplied the deals, aggregate the joined table first"});
  return d;
}

}  // namespace icp

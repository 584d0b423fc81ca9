#include "icp/width.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "icp/error.hpp"
#include "icp/language.hpp"
#include "icp/matcher.hpp"
#include "icp/text.hpp"
#include "icp/training.hpp"

namespace icp {

namespace {

struct Widest {
  std::string words;
  double share = 0;
};

struct Taken {
  double by_definition = 0, by_cohort = 0;     // rows, as counted in the sample
  bool defined = true;                         // every column of the definition is in the base
  Widest widest;
  std::vector<std::string> missing;            // columns of the definition that are not
};

}  // namespace

Report report_width(const Model& m, const Sample& base, const Zone& zone, const WidthLimits& limits, const std::string& language, const Stop& stop) {
  const bool ru = russian(language);
  if (!(limits.rows >= 0) || !(limits.share >= 0 && limits.share <= 1))
    throw Error(ErrorCode::invalid_parameter, "invalid limit of width", "most_rows must be 0 or more, most_share a number from 0 to 1.");
  const Options options = parse_options(m.options);
  Dataset d = read_dataset(base, parse_options(base.options()), zone, stop, true);
  if (!m.encoder.features.empty() && std::none_of(m.encoder.features.begin(), m.encoder.features.end(), [&](const Feature& f) { return d.find(f.name) != nullptr; })) {
    std::vector<std::string> names;
    for (const Feature& f : m.encoder.features) names.push_back(f.name);
    throw Error(ErrorCode::undefined_column, "the base has none of the features of the model", {}, fmt::format("The features are {}.", fmt::join(names, ", ")));
  }
  for (std::size_t r = 0; r < d.rows; ++r)
    if (std::isnan(d.first_contact[r])) d.first_contact[r] = d.created[r];
  Encoder encoder = m.encoder;
  encoder.prepare();
  std::vector<std::uint32_t> rows(d.rows);
  double counted = 0;
  for (std::size_t r = 0; r < d.rows; ++r) {
    rows[r] = static_cast<std::uint32_t>(r);
    counted += static_cast<double>(d.count[r]);
  }
  std::vector<Taken> taken(m.cohorts.size());
  Taken gold;
  const auto add = [&](std::size_t r, double& n) { n += static_cast<double>(d.count[r]); };
  // Definitions, and how much of the base each condition of one would take in alone.
  for (std::size_t c = 0; c < m.cohorts.size(); ++c) {
    Taken& t = taken[c];
    for (const Condition& one : m.cohorts[c].predicate.conditions) {
      stop.poll();
      const DataColumn* column = d.find(one.column);
      if (column == nullptr) {
        t.defined = false;
        t.missing.push_back(one.column);
        continue;
      }
      const Predicate alone{{one}};
      double n = 0;
      for (std::size_t r = 0; r < d.rows; ++r)
        if (alone.holds(d, r)) add(r, n);
      if (t.widest.words.empty() || n / counted > t.widest.share) t.widest = {alone.words(language), counted > 0 ? n / counted : 0};
    }
  }
  const bool any_gold = std::any_of(m.cohorts.begin(), m.cohorts.end(), [](const Cohort& c) { return c.grade == "A"; });
  for (std::size_t c = 0; c < m.cohorts.size(); ++c)
    if (m.cohorts[c].grade == "A") {
      gold.defined = gold.defined && taken[c].defined;
      if (taken[c].widest.share > gold.widest.share) gold.widest = taken[c].widest;
    }
  if (!m.cohorts.empty()) {
    const Table table = encoder.encode(d, rows, stop);
    const Matcher matcher(encoder, m.mixture, m.cohorts, options);
    EncodedBuffer buffer;
    encoder.resize(buffer);
    std::vector<double> joint;
    for (std::size_t r = 0; r < d.rows; ++r) {
      if (r % 1024 == 0) stop.poll();
      load_row(table, r, buffer);
      const int cohort = matcher.assign(buffer.row(), joint);
      if (cohort >= 0) {
        add(r, taken[static_cast<std::size_t>(cohort)].by_cohort);
        if (m.cohorts[static_cast<std::size_t>(cohort)].grade == "A") add(r, gold.by_cohort);
      }
      bool in_gold = false;
      for (std::size_t c = 0; c < m.cohorts.size(); ++c) {
        if (!taken[c].defined || !m.cohorts[c].predicate.holds(d, r)) continue;
        add(r, taken[c].by_definition);
        in_gold = in_gold || m.cohorts[c].grade == "A";
      }
      if (in_gold) add(r, gold.by_definition);
    }
  }
  const auto seen = static_cast<double>(d.rows_seen);
  const double scale = counted > 0 ? seen / counted : 1;
  const bool exact = seen == counted;
  Report r;
  r.columns = {"cohort", "title", "grade", "base", "n", "share", "similar_n", "similar_share", "too_wide", "widest", "widest_share", "exact", "note"};
  const auto row = [&](Cell key, Cell title, Cell grade, const Taken& t) {
    const auto n = static_cast<std::int64_t>(std::llround(t.by_definition * scale)), similar = static_cast<std::int64_t>(std::llround(t.by_cohort * scale));
    const double share = counted > 0 ? t.by_definition / counted : 0, similar_share = counted > 0 ? t.by_cohort / counted : 0;
    // What the definition takes in; where it cannot be read off the base, what the cohort does.
    const double judged = static_cast<double>(t.defined ? n : similar), judged_share = t.defined ? share : similar_share;
    std::string note;
    const auto say = [&](const std::string& words) { note += (note.empty() ? "" : "; ") + words; };
    if (judged > limits.rows) say(fmt::format(fmt::runtime(ru ? "больше {} строк" : "more than {} rows"), number_text(limits.rows)));
    if (judged_share > limits.share) say(fmt::format(fmt::runtime(ru ? "больше {} % базы" : "more than {} % of the base"), number_text(100 * limits.share)));
    if (!t.missing.empty()) say(fmt::format(fmt::runtime(ru ? "в базе нет: {}" : "not in the base: {}"), fmt::join(t.missing, ", ")));
    if (!exact) say(fmt::format(fmt::runtime(ru ? "оценка по {} строкам" : "estimated from {} rows"), number_text(counted)));
    r.rows.push_back({std::move(key), std::move(title), std::move(grade), static_cast<std::int64_t>(d.rows_seen), t.defined ? Cell(n) : Cell(), t.defined ? Cell(share) : Cell(),
                      similar, similar_share, judged > limits.rows || judged_share > limits.share, t.widest.words.empty() ? Cell() : Cell(t.widest.words),
                      t.widest.words.empty() ? Cell() : Cell(t.widest.share), exact, note.empty() ? Cell() : Cell(note)});
  };
  if (any_gold) row(Cell(), std::string(ru ? "Все когорты A" : "All A cohorts"), std::string("A"), gold);
  const Report cohorts = report_cohorts(m, language);   // titles, and the order in which cohorts are shown
  for (const auto& shown : cohorts.rows)
    for (std::size_t c = 0; c < m.cohorts.size(); ++c)
      if (shown[0] == Cell(m.cohorts[c].key)) row(shown[0], shown[1], shown[2], taken[c]);
  return r;
}

}  // namespace icp

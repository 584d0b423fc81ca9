// Scorecards in words: the table that can be hung on a wall, and the parts of one lead's score.
#include "icp/scorecard_report.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "icp/language.hpp"
#include "icp/text.hpp"

namespace icp {

namespace {

std::string tidy(double v) { return number_text(parse_number(fmt::format("{:.6g}", v)).value_or(v)); }

// The bins of a column that make up one group, in words.
std::string group_words(const Encoder& encoder, const CardColumn& c, const std::vector<std::uint16_t>& group, std::uint16_t g, bool ru) {
  const Feature& f = encoder.features[c.feature];
  const char* unknown = ru ? "неизвестно" : "not known";
  if (f.kind == Kind::set) {
    const std::string& item = f.categories[static_cast<std::size_t>(c.item)].title();
    if (group.back() == g) return fmt::format("{} ({})", unknown, item);   // each item has a line of its own
    return g == group[0] ? fmt::format(fmt::runtime(ru ? "без {}" : "without {}"), item) : fmt::format(fmt::runtime(ru ? "есть {}" : "with {}"), item);
  }
  if (group.back() == g) return unknown;
  if (f.kind == Kind::numeric) {
    // Groups of numbers are runs of bins.
    std::size_t first = 0;
    while (group[first] != g) ++first;
    std::size_t last = first;
    while (last + 1 < c.bins && group[last + 1] == g) ++last;
    if (first == 0 && last + 1 == c.bins) return ru ? "известно" : "known";
    if (first == 0) return "< " + tidy(f.raw(c.edges[last]));
    if (last + 1 == c.bins) return "≥ " + tidy(f.raw(c.edges[first - 1]));
    return tidy(f.raw(c.edges[first - 1])) + "–" + tidy(f.raw(c.edges[last]));
  }
  std::string out;
  std::size_t n = 0;
  for (std::size_t k = 0; k < c.category_bin.size(); ++k) {
    if (group[c.category_bin[k]] != g) continue;
    if (++n > 5) return ru ? "прочие" : "others";
    out += (out.empty() ? "" : ", ") + f.categories[k].title();
  }
  return out;
}

std::string cell_words(const Model& m, const Scorecard& card, const CardTerm& t, std::size_t column, std::size_t cell, bool ru) {
  const std::size_t g = t.columns.size() == 1 ? cell : column == 0 ? cell / t.width : cell % t.width;
  return group_words(m.encoder, card.columns[t.columns[column]], t.group[column], static_cast<std::uint16_t>(g), ru);
}

const std::string& name_of(const Model& m, const Scorecard& card, const CardTerm& t, std::size_t column) {
  return m.encoder.features[card.columns[t.columns[column]].feature].name;
}

std::string points_words(const Scorecard& card, double points, double error, bool ru) {
  if (card.target == "won") {
    const double times = std::exp(std::abs(points));
    if (times < 1.005) return ru ? "шансы как в среднем" : "odds as on average";
    return points > 0 ? fmt::format(fmt::runtime(ru ? "шансы в {:.2f} раза выше ({:.2f}–{:.2f})" : "odds {:.2f} times higher ({:.2f}–{:.2f})"), times, std::exp(points - 1.96 * error),
                                    std::exp(points + 1.96 * error))
                      : fmt::format(fmt::runtime(ru ? "шансы в {:.2f} раза ниже ({:.2f}–{:.2f})" : "odds {:.2f} times lower ({:.2f}–{:.2f})"), times, std::exp(-points - 1.96 * error),
                                    std::exp(-points + 1.96 * error));
  }
  return fmt::format(fmt::runtime(ru ? "{:+.1f} к DQS (± {:.1f})" : "{:+.1f} DQS (± {:.1f})"), points, 1.96 * error);
}

std::string base_words(const Scorecard& card, bool ru) {
  if (card.target == "won") return fmt::format(fmt::runtime(ru ? "с этого начинают все: {:.1f} %" : "what every lead starts from: {:.1f} %"), 100 * probability_of(card.intercept));
  return fmt::format(fmt::runtime(ru ? "с этого начинают все: {:.1f}" : "what every lead starts from: {:.1f}"), card.intercept);
}

}  // namespace

Report report_scorecard(const Model& m, const std::string& language) {
  const bool ru = russian(language);
  Report r;
  r.columns = {"target", "rank", "feature", "value", "with_feature", "with_value", "points", "error", "n", "importance", "text"};
  for (const Scorecard& card : m.scorecards) {
    r.rows.push_back({card.target, std::int64_t{0}, Cell(), Cell(), Cell(), Cell(), card.intercept, Cell(), card.n, Cell(), base_words(card, ru)});
    std::int64_t rank = 0;
    for (const CardTerm& t : card.terms) {
      ++rank;
      const bool pair = t.columns.size() == 2;
      for (std::size_t c = 0; c < t.points.size(); ++c) {
        if (!(t.n[c] > 0)) continue;
        r.rows.push_back({card.target, rank, name_of(m, card, t, 0), cell_words(m, card, t, 0, c, ru), pair ? Cell(name_of(m, card, t, 1)) : Cell(),
                          pair ? Cell(cell_words(m, card, t, 1, c, ru)) : Cell(), t.points[c], t.error[c], std::llround(t.n[c]), t.importance,
                          points_words(card, t.points[c], t.error[c], ru)});
      }
    }
  }
  return r;
}

Report report_reach(const Model& m) {
  Report r;
  r.columns = {"share", "threshold", "precision", "lo", "hi", "lift", "n", "pilot"};
  for (const CardReach& c : m.reach)
    r.rows.push_back({c.share, probability_of(c.threshold), c.precision, c.low, c.high, c.lift, c.n, c.pilot > 0 ? Cell(c.pilot) : Cell()});
  return r;
}

Report report_range(const ScoreRange& s) {
  Report r;
  r.columns = {"win_probability", "win_lo", "win_hi", "expected_dqs", "dqs_lo", "dqs_hi", "unknown"};
  r.rows.push_back({cell(s.win_probability), cell(s.win_low), cell(s.win_high), cell(s.expected_dqs), cell(s.dqs_low), cell(s.dqs_high), json_list(s.unknown)});
  return r;
}

Report report_questions(const std::vector<Question>& questions) {
  Report r;
  r.columns = {"rank", "feature", "changes", "labels", "grades", "narrowing", "weight", "text"};
  std::int64_t rank = 0;
  for (const Question& q : questions)
    r.rows.push_back({++rank, q.feature, q.changes, json_list(q.labels), json_list(q.grades), q.narrowing, q.weight, q.text});
  return r;
}

Report report_checklist(const Model& m, const std::string& cohort, const std::string& language) {
  constexpr std::size_t most = 7;
  const std::string code = language_code(language);
  Report r;
  r.columns = {"rank", "feature", "good", "weight", "points"};
  const std::vector<Criterion>& criteria = cohort_named(m, cohort).criteria;
  std::vector<std::size_t> order(criteria.size());
  for (std::size_t f = 0; f < order.size(); ++f) order[f] = f;
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return criteria[a].weight > criteria[b].weight; });
  for (const std::size_t f : order) {
    const Criterion& c = criteria[f];
    if (r.rows.size() == most || !(c.weight > 0)) break;
    Cell points;
    for (const Scorecard& card : m.scorecards) {
      if (card.target != "won") continue;
      double span = 0;
      for (const CardTerm& t : card.terms) {
        if (t.columns.size() != 1 || card.columns[t.columns[0]].feature != f) continue;
        double least = INFINITY, largest = -INFINITY;
        for (std::uint16_t b = 0; b < card.columns[t.columns[0]].bins; ++b) {
          least = std::min(least, t.points[t.group[0][b]]);
          largest = std::max(largest, t.points[t.group[0][b]]);
        }
        span += largest - least;
      }
      points = span;
    }
    r.rows.push_back({static_cast<std::int64_t>(r.rows.size()) + 1, m.encoder.features[f].name, usual(m.encoder.features[f], c, code), c.weight, points});
  }
  return r;
}

void explain_card(const Model& m, const Scorecard& card, std::span<const std::uint16_t> bins, const std::vector<std::optional<std::string>>& values, bool ru,
                  std::vector<Explanation>& out) {
  const std::string score = card.target == "won" ? "win_probability" : "expected_dqs";
  Explanation base;
  base.score = score;
  base.points = card.intercept;
  base.text = base_words(card, ru);
  out.push_back(std::move(base));
  double sum = card.intercept, size = 0;
  for (const CardTerm& t : card.terms) size += t.importance;
  for (const CardTerm& t : card.terms) {
    const std::size_t cell = t.cell(bins);
    Explanation e;
    e.score = score;
    for (std::size_t i = 0; i < t.columns.size(); ++i) {
      const auto& value = values[card.columns[t.columns[i]].feature];
      e.feature += (i == 0 ? "" : " × ") + name_of(m, card, t, i);
      e.usual += (i == 0 ? "" : " × ") + cell_words(m, card, t, i, cell, ru);
      if (t.columns.size() == 1) e.value = value;
      else e.value = (i == 0 ? "" : *e.value + " × ") + value.value_or(ru ? "неизвестно" : "not known");
    }
    e.weight = size > 0 ? t.importance / size : 0;
    e.points = t.points[cell];
    e.text = points_words(card, e.points, t.error[cell], ru);
    sum += e.points;
    out.push_back(std::move(e));
  }
  // A DQS ends at 0 and 100.
  const double end = std::clamp(sum, 0.0, 100.0);
  if (card.target == "won" || end == sum) return;
  Explanation e;
  e.score = score;
  e.points = end - sum;
  e.text = ru ? "не ниже 0 и не выше 100" : "no less than 0 and no more than 100";
  out.push_back(std::move(e));
}

}  // namespace icp

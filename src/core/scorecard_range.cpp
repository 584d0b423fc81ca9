#include "icp/scorecard_range.hpp"

#include <algorithm>
#include <map>

namespace icp {

namespace {

constexpr std::size_t most_cells = 1u << 20;

// A table of points over some unknown columns, in the order of `columns`, the last one fastest.
struct Factor {
  std::vector<std::uint32_t> columns;
  std::vector<double> points;
};

class Eliminator {
 public:
  Eliminator(const Scorecard& card, std::span<const std::uint16_t> bins, double sign) : card_(card), bins_(bins.begin(), bins.end()), sign_(sign) {
    for (const CardTerm& t : card.terms) add(t);
  }

  // The largest sum of `sign` times the points. Eliminates one column after the other (Bertelè & Brioschi 1972), the one
  // whose neighbours have the fewest values first.
  double run() {
    while (!factors_.empty()) {
      std::uint32_t best = 0;
      std::size_t least = 0;
      for (const Factor& f : factors_)
        for (const auto c : f.columns) {
          const std::size_t cells = size(neighbours(c));
          if (least == 0 || cells < least || (cells == least && c < best)) {
            least = cells;
            best = c;
          }
        }
      eliminate(best, least > most_cells);
    }
    return sum_;
  }

 private:
  std::size_t values(std::uint32_t column) const { return card_.columns[column].bins; }
  bool unknown(std::uint32_t column) const { return bins_[column] == card_.columns[column].bins; }

  void add(const CardTerm& t) {
    Factor f;
    for (const auto c : t.columns)
      if (unknown(c)) f.columns.push_back(c);
    for_cells(f.columns, [&] { f.points.push_back(sign_ * Scorecard::points(t, bins_)); });
    for (const auto c : f.columns) bins_[c] = static_cast<std::uint16_t>(values(c));
    take(std::move(f));
  }

  void take(Factor f) {
    if (f.columns.empty()) sum_ += f.points[0];
    else factors_.push_back(std::move(f));
  }

  // Calls `visit` with bins_ set to every combination of values of the columns.
  template <class F>
  void for_cells(const std::vector<std::uint32_t>& columns, F&& visit) {
    for (const auto c : columns) bins_[c] = 0;
    for (;;) {
      visit();
      std::size_t i = columns.size();
      while (i > 0 && ++bins_[columns[i - 1]] == values(columns[i - 1])) bins_[columns[--i]] = 0;
      if (i == 0) return;
    }
  }

  double at(const Factor& f) const {
    std::size_t place = 0;
    for (const auto c : f.columns) place = place * values(c) + bins_[c];
    return f.points[place];
  }

  std::vector<std::uint32_t> neighbours(std::uint32_t column) const {
    std::vector<std::uint32_t> out;
    for (const Factor& f : factors_)
      if (std::find(f.columns.begin(), f.columns.end(), column) != f.columns.end()) out.insert(out.end(), f.columns.begin(), f.columns.end());
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }
  std::size_t size(const std::vector<std::uint32_t>& columns) const {
    std::size_t n = 1;
    for (const auto c : columns) n = n > most_cells ? n : n * values(c);
    return n;
  }

  void eliminate(std::uint32_t column, bool apart) {
    std::vector<Factor> with, rest;
    for (Factor& f : factors_) (std::find(f.columns.begin(), f.columns.end(), column) != f.columns.end() ? with : rest).push_back(std::move(f));
    factors_ = std::move(rest);
    // Where all together are too many, each factor takes the best by itself: a bound that is never too narrow.
    for (std::size_t i = 0; i < with.size(); i = apart ? i + 1 : with.size()) {
      Factor out;
      for (std::size_t k = i; k < (apart ? i + 1 : with.size()); ++k) out.columns.insert(out.columns.end(), with[k].columns.begin(), with[k].columns.end());
      std::sort(out.columns.begin(), out.columns.end());
      out.columns.erase(std::unique(out.columns.begin(), out.columns.end()), out.columns.end());
      out.columns.erase(std::find(out.columns.begin(), out.columns.end(), column));
      for_cells(out.columns, [&] {
        double best = 0;
        for (bins_[column] = 0; bins_[column] < values(column); ++bins_[column]) {
          double sum = 0;
          for (std::size_t k = i; k < (apart ? i + 1 : with.size()); ++k) sum += at(with[k]);
          if (bins_[column] == 0 || sum > best) best = sum;
        }
        out.points.push_back(best);
      });
      take(std::move(out));
    }
  }

  const Scorecard& card_;
  std::vector<std::uint16_t> bins_;
  double sign_;
  double sum_ = 0;
  std::vector<Factor> factors_;
};

}  // namespace

CardRange score_range(const Scorecard& card, std::span<const std::uint16_t> bins) {
  return {card.intercept - Eliminator(card, bins, -1).run(), card.intercept + Eliminator(card, bins, 1).run()};
}

std::vector<CardQuestion> questions(const Scorecard& card, std::span<const std::uint16_t> bins) {
  const CardRange now = score_range(card, bins);
  const bool chance = card.target == "won";
  const auto width = [&](const CardRange& r) { return chance ? probability_of(r.high) - probability_of(r.low) : r.high - r.low; };
  // What is asked is a feature: of a set, all its items at once; each then counts as an answer by itself.
  std::map<std::uint32_t, CardQuestion> by;
  std::vector<std::uint16_t> asked(bins.begin(), bins.end());
  for (std::uint32_t c = 0; c < card.columns.size(); ++c) {
    const CardColumn& column = card.columns[c];
    if (bins[c] != column.bins) continue;
    double n = 0;
    for (std::uint16_t b = 0; b < column.bins; ++b) n += column.n[b];
    if (!(n > 0)) continue;
    double expected = 0;
    for (std::uint16_t b = 0; b < column.bins; ++b) {
      asked[c] = b;
      expected += column.n[b] / n * width(score_range(card, asked));
    }
    asked[c] = bins[c];
    CardQuestion& q = by.try_emplace(column.feature, CardQuestion{column.feature, 0}).first->second;
    q.narrowing += width(now) - expected;
  }
  std::vector<CardQuestion> out;
  for (const auto& [feature, q] : by) out.push_back(q);
  std::stable_sort(out.begin(), out.end(), [](const CardQuestion& a, const CardQuestion& b) { return a.narrowing > b.narrowing; });
  return out;
}

}  // namespace icp

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "icp/hash.hpp"
#include "icp/scorecard.hpp"

#include "scorecard_terms.hpp"
#include "scorecard_validate.hpp"

namespace icp {

namespace {

using card::Scored;

constexpr int folds = 5;
constexpr int steps = 40;                         // of the variances, from nothing
constexpr int near_steps = 8;                     // ... from those of nearly the same rows
constexpr std::size_t naive_cells = 5;            // of a number, in naive Bayes
constexpr std::size_t near_rows = 5000;           // from which a fifth less makes no difference to the variances
constexpr std::size_t learned_rows = 30000;      // variances, interactions and validation need no more
constexpr std::size_t most_parameters = 900, pair_cells = 36;
constexpr double fewest_of_either = 10;          // won and lost rows
constexpr std::size_t fewest_companies = 20, few_companies = 100;
constexpr double freedom_share = 0.1;            // below few_companies: effective terms for each row of the rarer outcome
constexpr double smallest = 0.01;                // mean absolute points, of the target's unit, below which a term goes
constexpr double recent_share = 0.2;

using card::rounded;

// Terms with their solution.
struct Fitted {
  std::vector<card::Term> terms;
  card::Solution solution;
  double shift = 0;                              // from the intercept learned to that of the population
  std::vector<const card::Term*> view() const {
    std::vector<const card::Term*> out;
    for (const card::Term& t : terms) out.push_back(&t);
    return out;
  }
};

class Learner {
 public:
  Learner(CardData d, const CardOptions& o, const Stop& stop) : d_(std::move(d)), o_(o), stop_(stop), binned_(card::bin_rows(d_.table, d_.encoder, stop)) {
    raw_ = binned_;
    all_.resize(d_.table.rows);
    d_.table = Table{};
    held_.logistic = o.logistic;
    held_.stop = stop;
    std::iota(all_.begin(), all_.end(), 0u);
    // Rows come in the order of a hash: the first are as good a sample as any.
    sample_.assign(all_.begin(), all_.begin() + static_cast<std::ptrdiff_t>(std::min(all_.size(), learned_rows)));
    find_units();
    weigh();
    for (std::uint32_t c = 0; c < binned_.columns.size(); ++c) {
      for (double& z : raw_.middle[c]) z = d_.encoder.features[binned_.columns[c].feature].raw(z);
      const auto it = o.monotone.find(feature(c));
      speaks_.push_back(o.silent.count(feature(c)) == 0);
      direction_.push_back(it == o.monotone.end() || binned_.middle[c].empty() ? 0 : it->second);
    }
  }

  LearnedCard learn() {
    LearnedCard out;
    Scorecard& card = out.card;
    card.target = o_.logistic ? "won" : "dqs";
    double n = 0, sum = 0, squares = 0, deals = 0;
    std::vector<std::uint8_t> seen(units_, 0);
    for (const std::uint32_t r : all_) {
      n += d_.weight[r];
      sum += d_.weight[r] * d_.target[r];
      squares += d_.weight[r] * d_.target[r] * d_.target[r];
      deals += d_.count[r];
      seen[static_cast<std::size_t>(unit_[r])] = 1;
    }
    card.n = std::llround(deals);
    out.effective = n;
    card.companies = std::count(seen.begin(), seen.end(), 1);
    if (!(n > 0)) return out;
    const double mean = sum / n, variance = squares / n - mean * mean, rarer = o_.logistic ? std::min(won_.effective(), lost_.effective()) : n;
    const double base = o_.logistic ? std::log((sum + 0.5) / (n - sum + 0.5)) : mean;
    card.intercept = rounded(base);
    out.chance = true;
    if (binned_.columns.empty() || rarer < fewest_of_either || static_cast<std::size_t>(card.companies) < fewest_companies || !(variance > 0)) return out;
    unit_of_target_ = o_.logistic ? 1 : std::sqrt(variance);
    if (static_cast<std::size_t>(card.companies) < few_companies) freedom_share_ = freedom_share;

    measure_within();
    Fitted full = fit(sample_, steps);
    Fitted with = with_pairs(full, sample_, 20);
    cross_validate(full, with);
    const bool pays = with.terms.size() > full.terms.size() && held_.pairs_pay();
    Fitted& chosen = pays ? with : full;
    if (!held_.holds(pays)) {
      held_.report(out, pays);
      return out;
    }
    if (sample_.size() < all_.size()) solve(chosen, all_, chosen.solution.precision, 0, &chosen.solution);
    build(card, chosen);
    out.chance = card.terms.empty();
    held_.report(out, pays);
    if (o_.logistic) {
      held_.reach(out, pays);
      recent(out, pays);
    }
    return out;
  }

 private:
  const std::string& feature(std::uint32_t column) const { return d_.encoder.features[binned_.columns[column].feature].name; }

  // What folds keep together and what residuals are alike in: companies, else rows of the same attributes where most rows
  // differ, so that such twins are probably one deal twice.
  void find_units() {
    if (d_.companies) {
      std::map<std::int32_t, std::int32_t> index;
      for (const std::uint32_t r : all_) unit_.push_back(index.emplace(d_.company[r], static_cast<std::int32_t>(index.size())).first->second);
      units_ = index.size();
      return;
    }
    std::map<std::uint64_t, std::int32_t> index;
    std::string bins;
    for (const std::uint32_t r : all_) {
      if (r % 1024 == 0) stop_.poll();
      bins.clear();
      for (const auto& bin : binned_.bin) bins.append(reinterpret_cast<const char*>(&(*bin)[r]), sizeof(std::uint16_t));
      unit_.push_back(index.emplace(hash64(bins), static_cast<std::int32_t>(index.size())).first->second);
    }
    units_ = index.size();
    if (2 * units_ >= all_.size()) return;
    units_ = all_.size();
    std::iota(unit_.begin(), unit_.end(), 0);
  }

  // Rows as if of equal weight: how many of those there would be (Kish 1965).
  struct Weights {
    double sum = 0, square = 0;
    void add(double weight, double count) {
      sum += weight;
      square += weight * weight / count;
    }
    double effective() const { return square > 0 ? sum * sum / square : 0; }
    double unit() const { return square > 0 ? sum / square : 0; }
  };

  // What each row counts in the population, and in learning.
  void weigh() {
    Weights all, learned;
    for (const std::uint32_t r : all_) {
      const bool won = o_.logistic && d_.target[r] > 0.5;
      all.add(d_.weight[r], d_.count[r]);
      learned.add(d_.weight[r] * (won ? o_.odds : 1), d_.count[r]);
      (won ? won_ : lost_).add(d_.weight[r], d_.count[r]);
    }
    tilt_ = o_.logistic ? std::log(o_.odds) : 0;
    if (tilt_ != 0) {
      learning_.reserve(all_.size());
      for (const std::uint32_t r : all_) learning_.push_back(d_.weight[r] * (d_.target[r] > 0.5 ? o_.odds : 1) * learned.unit());
    }
    for (double& w : d_.weight) w *= all.unit();
  }

  std::span<const double> learned_weight() const { return tilt_ == 0 ? d_.weight : learning_; }

  card::Problem problem(const Fitted& f, std::span<const std::uint32_t> rows) const {
    card::Problem p;
    p.terms = f.view();
    p.rows = rows;
    p.target = d_.target;
    p.weight = learned_weight();
    p.count = d_.count;
    p.company = unit_;
    p.logistic = o_.logistic;
    p.tilt = tilt_;
    p.within = within_;
    p.freedom_share = freedom_share_;
    return p;
  }

  void solve(Fitted& f, std::span<const std::uint32_t> rows, std::span<const double> start, int steps, const card::Solution* near = nullptr) const {
    f.solution = card::solve(problem(f, rows), start, steps, stop_, near);
    f.shift = 0;
    if (tilt_ == 0) return;
    // The intercept of the population: the prior correction, and then its estimate with the points as they are.
    std::vector<Scored> now;
    const auto terms = f.view();
    for (const std::uint32_t r : rows) now.push_back(scored(r, f.solution.at(terms, r) - tilt_));
    f.shift = card::calibration_shift(now, stop_) - tilt_;
  }

  Fitted fit(std::span<const std::uint32_t> rows, int steps, const card::Solution* near = nullptr) const {
    Fitted f;
    for (std::uint32_t c = 0; c < binned_.columns.size(); ++c) f.terms.push_back(card::main_term(binned_, c, speaks_[c]));
    solve(f, rows, near != nullptr ? std::span<const double>(near->precision) : std::span<const double>(), steps, near);
    // Bins that break the order asked for are pooled with their neighbours, and the card is fitted again.
    for (std::size_t round = 0; round < 64 && pool(f, rows); ++round) solve(f, rows, std::vector(f.solution.precision), 4);
    return f;
  }

  // Pools adjacent violators (Ayer et al. 1955) of monotone terms; false where there are none.
  bool pool(Fitted& f, std::span<const std::uint32_t> rows) const {
    bool changed = false;
    for (std::size_t t = 0; t < f.terms.size(); ++t) {
      card::Term& term = f.terms[t];
      const int direction = term.columns.size() == 1 ? direction_[term.columns[0]] : 0;
      if (direction == 0) continue;
      const std::size_t known = term.middle.size();
      std::vector<double> n(known, 0);
      const auto weight = learned_weight();
      for (const std::uint32_t r : rows)
        if ((*term.cell)[r] < known) n[(*term.cell)[r]] += weight[r];
      struct Block {
        double sum, n, middle;
        std::size_t cells;
      };
      std::vector<Block> blocks;
      for (std::size_t c = 0; c < known; ++c) {
        const double w = std::max(n[c], 1e-9);
        blocks.push_back({w * direction * f.solution.effect[t][c], w, w * term.middle[c], 1});
        while (blocks.size() > 1 && blocks.back().sum / blocks.back().n < blocks[blocks.size() - 2].sum / blocks[blocks.size() - 2].n) {
          const Block last = blocks.back();
          blocks.pop_back();
          blocks.back() = {blocks.back().sum + last.sum, blocks.back().n + last.n, blocks.back().middle + last.middle, blocks.back().cells + last.cells};
        }
      }
      if (blocks.size() == known) continue;
      changed = true;
      std::vector<std::uint16_t> to;
      std::vector<double> middle;
      for (const Block& b : blocks) {
        to.insert(to.end(), b.cells, static_cast<std::uint16_t>(middle.size()));
        middle.push_back(b.middle / b.n);
      }
      to.push_back(static_cast<std::uint16_t>(middle.size()));
      for (auto& g : term.group[0]) g = to[g];
      std::vector<std::uint16_t> cell = *term.cell;
      for (auto& c : cell) c = to[c];
      term.cell = std::make_shared<const std::vector<std::uint16_t>>(std::move(cell));
      term.middle = std::move(middle);
      term.cells = blocks.size() + 1;
      const std::uint8_t mute = term.mute.back();
      term.mute.assign(term.cells, 0);
      term.mute.back() = mute;
    }
    return changed;
  }

  Fitted with_pairs(const Fitted& main, std::span<const std::uint32_t> rows, int steps) const {
    Fitted f = main;
    std::size_t cells = 1;
    for (const card::Term& t : f.terms) cells += t.cells;
    const std::size_t room = cells < most_parameters ? (most_parameters - cells) / pair_cells : 0;
    const auto pairs = card::find_pairs(binned_, problem(main, rows), main.solution, std::min(o_.pairs, room), speaks_, stop_);
    for (const auto& [a, b] : pairs)
      if (direction_[a] == 0 && direction_[b] == 0) f.terms.push_back(card::pair_term(binned_, a, b, speaks_));
    if (f.terms.size() > main.terms.size()) solve(f, rows, main.solution.precision, steps, &main.solution);
    return f;
  }

  // The units of each fold, in an order of their own.
  std::vector<std::uint8_t> folds_of(int repeat) const {
    std::vector<std::uint32_t> order(units_);
    std::iota(order.begin(), order.end(), 0u);
    Random random(o_.seed * 1000003 + static_cast<std::uint64_t>(repeat) + 1);
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
    std::vector<std::uint8_t> fold(units_);
    for (std::size_t i = 0; i < order.size(); ++i) fold[order[i]] = static_cast<std::uint8_t>(i % folds);
    return fold;
  }

  // How alike the deals of a company are in what attributes do not foretell of them: by the residuals of deals that had no say. Of
  // those learned from, few companies with many deals would leave next to nothing, and every chance would look like a rule.
  void measure_within() {
    if (!d_.companies && units_ == all_.size()) {
      within_ = 0;
      return;
    }
    if (std::accumulate(d_.count.begin(), d_.count.end(), std::size_t{0}) == units_) return;
    const std::vector<std::uint8_t> fold = folds_of(0);
    std::vector<double> residual, count;
    std::vector<std::uint32_t> unit;
    for (int k = 0; k < folds; ++k) {
      std::vector<std::uint32_t> train, held;
      if (!part(fold, k, train, held)) continue;
      const Fitted f = fit(train, near_steps);
      const auto terms = f.view();
      for (const std::uint32_t r : held) {
        const double score = f.solution.at(terms, r) + f.shift, p = o_.logistic ? probability_of(score) : score;
        residual.push_back((d_.target[r] - p) / (o_.logistic ? std::sqrt(std::max(1e-4, p * (1 - p))) : 1));
        count.push_back(d_.count[r]);
        unit.push_back(static_cast<std::uint32_t>(unit_[r]));
      }
    }
    if (!residual.empty()) within_ = card::correlation_within(residual, count, unit, units_);
  }

  // The rows of a fold, and the others; false where these cannot be learned from.
  bool part(const std::vector<std::uint8_t>& fold, int k, std::vector<std::uint32_t>& train, std::vector<std::uint32_t>& held) const {
    double n = 0, sum = 0;
    for (const std::uint32_t r : sample_) {
      const bool out = fold[static_cast<std::size_t>(unit_[r])] == k;
      (out ? held : train).push_back(r);
      if (out) continue;
      n += d_.weight[r];
      sum += d_.weight[r] * d_.target[r];
    }
    return !held.empty() && n > 0 && (!o_.logistic || (sum > 0 && sum < n));
  }

  Scored scored(std::uint32_t r, double score) const { return {score, d_.target[r], d_.weight[r], unit_[r]}; }

  void cross_validate(const Fitted& full, const Fitted& with) {
    const int repeats = sample_.size() < 2000 ? 4 : sample_.size() < near_rows ? 2 : 1;
    // The variances of few rows would tell a fold what the rows held out have shown.
    const bool near = sample_.size() >= near_rows;
    for (int repeat = 0; repeat < repeats; ++repeat) {
      const std::vector<std::uint8_t> fold = folds_of(repeat);
      for (int k = 0; k < folds; ++k) {
        std::vector<std::uint32_t> train, held;
        if (!part(fold, k, train, held)) continue;
        const Fitted main = fit(train, near ? near_steps : steps, near ? &full.solution : nullptr);
        add(main, held, repeat, held_.main, held_.main_area);
        if (with.terms.size() > full.terms.size()) add(with_pairs(main, train, near_steps), held, repeat, held_.pairs, held_.pairs_area);
        if (repeat > 0) continue;
        base(train, held);
        if (!o_.logistic || !o_.compare) continue;
        add(plain(train), held, repeat, held_.plain, held_.plain_area);
        naive_bayes(train, held);
      }
    }
  }

  // Everyone at the mean of the others.
  void base(std::span<const std::uint32_t> train, std::span<const std::uint32_t> held) {
    double n = 0, sum = 0;
    for (const std::uint32_t r : train) {
      n += d_.weight[r];
      sum += d_.weight[r] * d_.target[r];
    }
    for (const std::uint32_t r : held) held_.base.push_back(scored(r, o_.logistic ? std::log(sum / (n - sum)) : sum / n));
  }

  void add(const Fitted& f, std::span<const std::uint32_t> held, int repeat, std::vector<Scored>& rows, std::vector<double>& areas) const {
    std::vector<Scored> now;
    const auto terms = f.view();
    for (const std::uint32_t r : held) now.push_back(scored(r, f.solution.at(terms, r) + f.shift));
    if (o_.logistic)
      if (const auto a = card::area(now, stop_)) areas.push_back(a->value);
    if (repeat == 0) rows.insert(rows.end(), now.begin(), now.end());
  }

  // Logistic regression as commonly done, to compare with: lines and categories, all shrunk by one fixed variance of 1.
  Fitted plain(std::span<const std::uint32_t> rows) const {
    Fitted f;
    std::vector<double> start;
    for (std::uint32_t c = 0; c < binned_.columns.size(); ++c) {
      f.terms.push_back(card::main_term(raw_, c, true));
      if (!binned_.middle[c].empty()) start.insert(start.end(), {1e7, 1});
      start.push_back(1);
    }
    card::Problem p = problem(f, rows);
    p.weight = d_.weight;
    p.tilt = p.within = p.freedom_share = 0;
    f.solution = card::solve(p, start, 0, stop_);
    return f;
  }

  // Naive Bayes as CRMs do it: a tenth of a deal added to every count, unknown values left out.
  void naive_bayes(std::span<const std::uint32_t> train, std::span<const std::uint32_t> held) {
    std::vector<double> score(all_.size(), 0);
    double all[2] = {0, 0};
    for (const std::uint32_t r : train) all[d_.target[r] > 0.5 ? 1 : 0] += d_.weight[r];
    for (std::size_t c = 0; c < binned_.columns.size(); ++c) {
      stop_.poll();
      std::vector<double> n[2];
      // Numbers in fifths: of the fine bins of a card it would count too few.
      const std::size_t bins = binned_.columns[c].bins, cells = binned_.middle[c].empty() ? bins : std::min(bins, naive_cells);
      if (bins == 0) continue;
      const auto cell = [&](std::uint32_t r) { return static_cast<std::size_t>((*binned_.bin[c])[r]) * cells / bins; };
      for (auto& v : n) v.assign(cells + 1, 0.1);
      for (const std::uint32_t r : train) n[d_.target[r] > 0.5 ? 1 : 0][cell(r)] += d_.weight[r];
      for (const std::uint32_t r : held) {
        const std::size_t b = cell(r);
        if (b < cells) score[r] += std::log(n[1][b] / all[1]) - std::log(n[0][b] / all[0]);
      }
    }
    std::vector<Scored> now;
    for (const std::uint32_t r : held) now.push_back(scored(r, std::log(all[1] / all[0]) + score[r]));
    if (const auto a = card::area(now, stop_)) held_.bayes_area.push_back(a->value);
    held_.bayes.insert(held_.bayes.end(), now.begin(), now.end());
  }

  // Number of rows in the cells that have points, and their mean.
  static std::pair<double, double> mean_points(const CardTerm& t) {
    double n = 0, sum = 0;
    for (std::size_t c = 0; c < t.points.size(); ++c) {
      if (std::isnan(t.points[c])) continue;
      n += t.n[c];
      sum += t.n[c] * t.points[c];
    }
    return {n, n > 0 ? sum / n : 0};
  }

  // Moves what an interaction says of one column alone into that column's own term (Lengerich et al. 2020), so that the
  // points of a column are its whole mean effect, and a pair of which one side is unknown stands at the mean, which is 0.
  void purify(std::vector<CardTerm>& terms) const {
    for (std::size_t p = binned_.columns.size(); p < terms.size(); ++p) {
      CardTerm& pair = terms[p];
      for (int round = 0; round < 100; ++round) {
        stop_.poll();
        double moved = 0;
        for (std::size_t side = 0; side < 2; ++side) {
          CardTerm& own = terms[pair.columns[side]];
          std::vector<double> n(pair.groups(side), 0), sum(n.size(), 0), variance(n.size(), 0);
          const auto group = [&](std::size_t cell) { return side == 0 ? cell / pair.width : cell % pair.width; };
          for (std::size_t c = 0; c < pair.points.size(); ++c) {
            if (std::isnan(pair.points[c])) continue;
            n[group(c)] += pair.n[c];
            sum[group(c)] += pair.n[c] * pair.points[c];
            variance[group(c)] += pair.n[c] * pair.n[c] * pair.error[c] * pair.error[c];
          }
          for (std::size_t c = 0; c < pair.points.size(); ++c)
            if (n[group(c)] > 0) pair.points[c] -= sum[group(c)] / n[group(c)];
          for (std::size_t bin = 0; bin < pair.group[side].size(); ++bin) {
            const std::size_t g = pair.group[side][bin], cell = own.group[0][bin];
            if (!(n[g] > 0) || std::isnan(own.points[cell])) continue;
            own.points[cell] += sum[g] / n[g];
            moved = std::max(moved, std::abs(sum[g] / n[g]));
            if (round == 0) own.error[cell] = std::sqrt(own.error[cell] * own.error[cell] + variance[g] / (n[g] * n[g]));
          }
        }
        if (moved < 1e-12 * unit_of_target_) break;
      }
    }
  }

  void count_deals(std::vector<double>& n, const std::vector<std::uint16_t>& cell) const {
    std::fill(n.begin(), n.end(), 0.0);
    for (const std::uint32_t r : all_) n[cell[r]] += d_.count[r];
  }

  void build(Scorecard& card, const Fitted& f) {
    const card::Solution& s = f.solution;
    double intercept = s.intercept + f.shift;
    std::vector<std::int32_t> place(binned_.columns.size(), -1);
    std::vector<CardTerm> all, terms;
    card.within = s.within;
    card.effective_terms = 0;
    for (std::size_t t = 0; t < f.terms.size(); ++t) {
      stop_.poll();
      const card::Term& term = f.terms[t];
      CardTerm& out = all.emplace_back();
      out.columns = term.columns;
      out.group = term.group;
      out.width = term.width;
      out.n.assign(term.cells, 0);
      for (const std::uint32_t r : all_) out.n[(*term.cell)[r]] += d_.weight[r];
      out.points = s.effect[t];
      out.error = s.error[t];
      // Cells that say nothing, and those that no row is in, stand at the mean of the others.
      for (std::size_t c = 0; c < term.cells; ++c)
        if (term.mute[c] != 0 || !(out.n[c] > 0)) out.points[c] = out.error[c] = NAN;
    }
    purify(all);
    for (std::size_t t = 0; t < all.size(); ++t) {
      CardTerm& out = all[t];
      const auto [n, mean] = mean_points(out);
      intercept += mean;
      double size = 0;
      for (std::size_t c = 0; c < out.points.size(); ++c) {
        if (std::isnan(out.points[c])) {
          out.points[c] = out.error[c] = 0;
          continue;
        }
        out.points[c] = rounded(out.points[c] - mean);
        size += out.n[c] * std::abs(out.points[c]);
      }
      out.importance = n > 0 ? size / n : 0;
      count_deals(out.n, *f.terms[t].cell);
      if (out.importance < smallest * unit_of_target_) continue;
      card.effective_terms += s.effective[t];
      terms.push_back(std::move(out));
    }
    std::stable_sort(terms.begin(), terms.end(), [](const CardTerm& a, const CardTerm& b) { return a.importance > b.importance; });
    for (CardTerm& t : terms)
      for (auto& c : t.columns) {
        if (place[c] < 0) {
          place[c] = static_cast<std::int32_t>(card.columns.size());
          CardColumn& column = card.columns.emplace_back(binned_.columns[c]);
          column.n.assign(static_cast<std::size_t>(column.bins) + 1, 0);
          for (const std::uint32_t r : all_) column.n[(*binned_.bin[c])[r]] += d_.weight[r];
        }
        c = static_cast<std::uint32_t>(place[c]);
      }
    card.terms = std::move(terms);
    card.intercept = rounded(intercept);
  }

  // The most recent fifth of the deals, scored by a card that is learned from those before.
  void recent(LearnedCard& out, bool pays) const {
    std::vector<std::uint32_t> dated;
    for (const std::uint32_t r : sample_)
      if (!d_.begun.empty() && !std::isnan(d_.begun[r])) dated.push_back(r);
    if (dated.size() * 10 < sample_.size() * 9 || dated.size() < 100) return;
    sort(dated.begin(), dated.end(), stop_, [&](auto a, auto b) { return d_.begun[a] != d_.begun[b] ? d_.begun[a] < d_.begun[b] : a < b; });
    const double bound = d_.begun[dated[static_cast<std::size_t>((1 - recent_share) * static_cast<double>(dated.size()))]];
    std::vector<std::uint32_t> train, held;
    for (const std::uint32_t r : dated) (d_.begun[r] < bound ? train : held).push_back(r);
    double n = 0, sum = 0;
    for (const std::uint32_t r : train) {
      n += d_.weight[r];
      sum += d_.weight[r] * d_.target[r];
    }
    if (std::min(sum, n - sum) < fewest_of_either) return;
    std::sort(train.begin(), train.end());
    Fitted f = fit(train, 30);
    if (pays) f = with_pairs(f, train, 12);
    const auto terms = f.view();
    std::vector<Scored> rows, before;
    for (const std::uint32_t r : held) rows.push_back(scored(r, f.solution.at(terms, r) + f.shift));
    const auto a = card::area(rows, stop_);
    if (!a) return;
    const std::string note = "of the most recent fifth of the deals, scored by a card learned from those before";
    out.metrics.push_back(card::area_metric("win_auc_recent", a->value, a->error, rows, "how often a won deal scores above a lost one, " + note));
    out.metrics.push_back(card::metric("win_calibration_recent", card::calibration_shift(rows, stop_), rows, "shift of the log-odds that would make the mean probability true, " + note));
    // The intercept brought up to date with the last fifth of the deals learned from.
    std::vector<double> days;
    for (const std::uint32_t r : train) days.push_back(d_.begun[r]);
    std::sort(days.begin(), days.end());
    const double late = days[static_cast<std::size_t>((1 - recent_share) * static_cast<double>(days.size()))];
    for (const std::uint32_t r : train)
      if (d_.begun[r] >= late) before.push_back(scored(r, f.solution.at(terms, r) + f.shift));
    const double shift = card::calibration_shift(before, stop_);
    for (Scored& r : rows) r.score += shift;
    out.metrics.push_back(card::metric("win_calibration_recent_updated", card::calibration_shift(rows, stop_), rows, "the same once the intercept is brought up to date with the last fifth of the deals before"));
  }

  CardData d_;
  const CardOptions& o_;
  const Stop& stop_;
  card::Binned binned_, raw_;        // raw_: with the numbers of bins as they came, for the plain model
  std::vector<std::uint32_t> all_, sample_;
  std::vector<std::int32_t> unit_;
  std::vector<double> learning_;            // by row: what it counts in learning, where that is not what it counts in the population
  Weights won_, lost_;                      // without class weights, whatever the unit
  double tilt_ = 0;                         // by which class weights raise the log-odds
  std::size_t units_ = 0;
  std::vector<int> direction_;       // by column
  std::vector<bool> speaks_;         // by column: "not known" has points
  double freedom_share_ = 0, unit_of_target_ = 1, within_ = NAN;
  card::Validation held_;
};

}  // namespace

LearnedCard learn_scorecard(CardData data, const CardOptions& options, const Stop& stop) { return Learner(std::move(data), options, stop).learn(); }

}  // namespace icp

// Scorecards: the probability of winning, and the quality to expect, as a sum of points that anyone can add up.
//
// A generalised additive model with interactions of pairs (GA2M: Lou, Caruana, Gehrke & Hooker 2013) on binned features. Every
// term is a table of points; a row's score is the intercept plus one look-up a term. The points of a term are a random effect:
// those of neighbouring bins of a number a random walk about a line, those of categories independent. How far each is shrunk
// is its variance, estimated by restricted maximum likelihood (generalised Fellner–Schall steps: Wood & Fasiolo 2017), so that
// fifty deals give few and small points and fifty thousand as many as the data hold. Deals of one company are alike: a deal
// weighs as the design effect of the residuals says (Kish 1965).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "icp/encoder.hpp"
#include "icp/stop.hpp"
#include "icp/table.hpp"

namespace icp {

// Where a value of one feature stands: a bin of numbers or a category; of a set, whether it holds one item.
struct CardColumn {
  std::uint32_t feature = 0;                // of the encoder
  std::int32_t item = -1;                   // set: the item; bin 0 without it, bin 1 with it
  std::vector<double> edges;                // numeric, scaled: bin b holds edges[b - 1] <= z < edges[b]
  std::vector<std::uint16_t> category_bin;  // categorical, binary: the bin of each category
  std::uint16_t bins = 0;                   // of known values; bin number `bins` is "not known"
  std::vector<double> n;                    // of the population in each bin, those not known last

  // The bin of row `r` of a table, or of one encoded row.
  std::uint16_t bin(const TableColumn& column, std::size_t r) const;
  std::uint16_t bin(const EncodedRow& row) const;

  template <class A>
  void describe(A& a) {
    a.field("feature", feature); a.field("item", item); a.field("edges", edges); a.field("category_bin", category_bin); a.field("bins", bins);
    a.field("n", n);
  }
};

// Throws where a column is not one of the encoder's features.
void validate_columns(std::span<const CardColumn> columns, const Encoder& encoder);

// A table of points over the bins of one column, or over groups of the bins of two.
struct CardTerm {
  std::vector<std::uint32_t> columns;            // one or two
  std::vector<std::vector<std::uint16_t>> group; // of each column: the group of each of its bins, "not known" included
  std::vector<double> points;                    // multiples of 2^-32; of two columns row by row
  std::vector<double> error;                     // their standard errors
  std::vector<double> n;                         // deals behind each
  double importance = 0;                         // mean absolute points of the rows learned from

  std::uint32_t width = 0;                       // of two columns: groups of the second

  std::size_t groups(std::size_t column) const;
  std::size_t cell(std::span<const std::uint16_t> bins) const {
    const std::size_t first = group[0][bins[columns[0]]];
    return columns.size() == 1 ? first : first * width + group[1][bins[columns[1]]];
  }

  template <class A>
  void describe(A& a) {
    a.field("columns", columns); a.field("group", group); a.field("points", points); a.field("error", error); a.field("n", n);
    a.field("importance", importance); a.field("width", width);
  }
};

struct Scorecard {
  std::string target;                  // won: points are log-odds; dqs: points of the score; of wallets (wallet.hpp) buys, purchases, spread
  double intercept = 0;                // a multiple of 2^-32
  std::vector<CardColumn> columns;
  std::vector<CardTerm> terms;         // the most important first; none: there is nothing that tells rows apart
  double effective_terms = 0;          // effective degrees of freedom of the terms
  double within = 0;                   // correlation of the residuals of two deals of one company
  std::int64_t n = 0, companies = 0;

  // Bins of one row, one a column; then its score.
  void bins(const EncodedRow& row, std::span<std::uint16_t> out) const;
  double score(std::span<const std::uint16_t> bins) const;
  static double points(const CardTerm& term, std::span<const std::uint16_t> bins);

  template <class A>
  void describe(A& a) {
    a.field("target", target); a.field("intercept", intercept); a.field("columns", columns); a.field("terms", terms);
    a.field("effective_terms", effective_terms); a.field("within", within); a.field("n", n); a.field("companies", companies);
  }
  // Throws where a part refers to what is not there; `encoder` is that of the model.
  void validate(const Encoder& encoder) const;
};

// The logistic function: of log-odds, the probability.
double probability_of(double log_odds);

struct CardOptions {
  bool logistic = true;                     // the target is 0 or 1; else any number
  std::set<std::string> silent;             // features of which "not known" says nothing; of the others it has points of its own
  std::size_t pairs = 10;                   // at most so many interactions
  std::map<std::string, int> monotone;      // feature → 1 where points must not fall as it grows, -1 where they must not rise
  // Class weights: what a won deal weighs in learning, of what a lost one weighs. They say which errors matter, not how many
  // deals are won: the intercept is put back to the population (prior correction: King & Zeng 2001) and estimated once more
  // with the points as they are, so that probabilities total what was won.
  double odds = 1;
  std::uint64_t seed = 0;
  bool compare = true;                      // with what is commonly done: a plain logistic regression, naive Bayes
};

// What a card is learned from: rows of a table with a target, what each counts in the population (in any unit) and the deals
// that it is, a company, and where they are known the days on which the deals began. Rows of unlike weight tell less than as
// many of equal weight: all together weigh as many as tell as much (Kish 1965).
struct CardData {
  Table table;                              // given up once its rows are in bins
  const Encoder& encoder;
  std::span<const double> target;
  std::vector<double> weight;
  std::span<const std::uint32_t> count;
  std::span<const std::int32_t> company;
  std::span<const double> begun;
  bool companies = false;                   // companies are named; else rows of the same attributes may be one deal repeated
};

// How good a share of a list is that a card puts first, told by rows that it had not seen.
struct CardReach {
  double share = 0;                         // of the list
  double threshold = 0;                     // the least score in it
  double precision = 0, low = 0, high = 0;  // won among them
  double lift = 0;                          // against all
  std::int64_t n = 0;                       // rows behind it
  std::int64_t pilot = 0;                   // leads that would show the lift (one-sided 5 %, power 80 %); 0: there is none to show
  template <class A>
  void describe(A& a) {
    a.field("share", share); a.field("threshold", threshold); a.field("precision", precision); a.field("low", low); a.field("high", high);
    a.field("lift", lift); a.field("n", n); a.field("pilot", pilot);
  }
};

// A figure about a card on rows that it had not seen.
struct CardMetric {
  std::string name;
  std::optional<double> value, low, high;
  std::int64_t n = 0, companies = 0;
  std::string note;
};

struct LearnedCard {
  Scorecard card;
  std::vector<CardMetric> metrics;          // logistic: of win_probability; else of expected_dqs
  std::vector<CardReach> reach;             // logistic alone
  bool chance = false;                      // nothing held on rows that it had not seen: the card is empty
  double effective = 0;                     // deals of equal weight that would tell as much
};

// Learns a card and judges it by cross-validation whose folds keep companies (or rows of the same attributes) together.
// Interactions stay only where they lower the loss of rows that had no say; a card that does no better than chance on such
// rows has no terms. One target alone, or too few rows of either: an intercept alone.
LearnedCard learn_scorecard(CardData data, const CardOptions& options, const Stop& stop);

}  // namespace icp

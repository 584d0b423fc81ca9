// What the scores of rows that a card had not seen say of it.
#pragma once

#include <string>
#include <vector>

#include "icp/scorecard.hpp"

#include "scorecard_judge.hpp"

namespace icp::card {

// Held-out rows as several cards score them, and whether the one with interactions is worth keeping.
struct Validation {
  bool logistic = true;
  Stop stop;
  std::vector<Scored> main, pairs, plain, bayes, base;                          // of every row once, in the first repeat
  std::vector<double> main_area, pairs_area, plain_area, bayes_area;            // of every fold

  // Scores of the card with or without interactions.
  const std::vector<Scored>& rows(bool with_pairs) const { return with_pairs ? pairs : main; }
  // Whether interactions lower the loss.
  bool pairs_pay() const;
  // Whether the card does better than chance on rows that it had not seen.
  bool holds(bool with_pairs) const;
  // Adds what is to be known of a card to its metrics; then, of a logistic one, the shares of a list that it puts first.
  void report(LearnedCard& out, bool with_pairs) const;
  void reach(LearnedCard& out, bool with_pairs) const;

 private:
  double loss(const Scored& row) const;
  double better(const std::vector<Scored>& a, const std::vector<Scored>& b) const;
  void deciles(const std::vector<Scored>& rows, std::vector<CardMetric>& out) const;
};

CardMetric metric(std::string name, double value, const std::vector<Scored>& rows, std::string note);
// Of an area: with its interval.
CardMetric area_metric(std::string name, double value, double error, const std::vector<Scored>& rows, std::string note);

}  // namespace icp::card

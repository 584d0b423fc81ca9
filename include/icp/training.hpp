// What learning works on: the closed deals of a dataset with the quality of the won ones, and the steps that turn
// groups of them into cohorts.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "icp/dataset.hpp"
#include "icp/encoder.hpp"
#include "icp/estimate.hpp"
#include "icp/matcher.hpp"
#include "icp/mixture.hpp"
#include "icp/model.hpp"
#include "icp/options.hpp"

namespace icp {

struct Training {
  const Dataset& data;
  const Options& options;
  std::vector<std::uint32_t> closed;     // rows won or lost, of a known outcome
  std::vector<double> dqs;               // by row of the data: of won deals old enough; NaN elsewhere
  std::vector<std::uint8_t> immature;    // by row: won, but younger than the age at which DQS is observed
  std::vector<std::uint8_t> rated;       // by row: closed, and created early enough for its rate to count
  bool judged_by_dqs = false;            // enough companies have a DQS; else by win rate
  bool has_lost = false;
  double maturity_days = 0;
  double share = error_budget;           // of the error budget of the fit, for each family of tests
  Stop stop;

  Observation observe(std::uint32_t row, double value) const { return {value, data.weight_of(row), data.company[row]}; }
};

// Reads quality and maturity off the dataset; what it notices goes to `findings`.
Training prepare_training(const Dataset& data, const Options& options, std::vector<Finding>& findings, const Stop& stop);

// Weights with which rows enter a mixture: a company counts once however many deals it has.
std::vector<double> company_weights(const Dataset& data, std::span<const std::uint32_t> rows);

// Copies row `r` of a table into a buffer.
void load_row(const Table& table, std::size_t r, EncodedBuffer& buffer);

// Where the known numbers of a column are cut into tenths, without repetition; nothing for other kinds.
std::vector<double> tenths(const TableColumn& column, const Stop& stop);

// The criteria of each cluster from its members: `cluster` holds one cluster or -1 for each row of the table.
std::vector<std::vector<Criterion>> learn_criteria(const Table& table, const Encoder& encoder, std::span<const std::int32_t> cluster,
                                                   int clusters, const Stop& stop);

// Sizes, outcomes, intervals and grades of the cohorts, given the cohort of each of `rows` (-1 none).
void judge_cohorts(std::vector<Cohort>& cohorts, const Training& training, std::span<const std::uint32_t> rows,
                   std::span<const std::int32_t> cohort);

// What the options margin, touch_cost and hour_cost make of a cohort: cac and value_per_lead.
void price_cohort(Cohort& cohort, const Options& options);

// Title and key from what unites a cohort: "wholesale · employees 32–64 · owner", wholesale_owner. Keys are made unique in
// order.
void name_cohorts(std::vector<Cohort>& cohorts, const Encoder& encoder);

// Rules for winning among mature closed deals (target won), and for the DQS of won deals (target dqs), each with `share` of
// the error budget.
std::vector<DealRules> find_deal_rules(const Training& training, const Encoder& encoder, const Zone& zone, double share, const Stop& stop);

// The cards for winning (of mature closed deals) and for the DQS (of won deals that have one), with what they are worth on
// deals that they had not seen: scorecards, reach, metrics and findings of the model.
void find_scorecards(Model& model, const Training& training, const Stop& stop);

// Words of reliability (DESIGN: floors), from the number of companies and the smaller outcome; `limited` below 100 ...
std::string reliability_word(std::int64_t companies, std::int64_t won, std::int64_t lost, bool won_only);

}  // namespace icp

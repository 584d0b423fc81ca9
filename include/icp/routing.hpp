// What can be expected of each manager in each cohort, from the deals that he has closed.
//
// A manager's record in a cohort is small and his mix of cohorts is his own, so the expectation is built in three steps, on
// the log-odds scale for winning and on its own for the DQS:
//     cohort   what the cohort gives whoever sells, shrunk towards all deals
//     manager  what he adds to that over all his cohorts: observed against expected there, so his mix does not count
//     cell     what he adds in this cohort beyond both
// Each step is an empirical Bayes estimate (Morris 1983): a random effect whose variance is estimated by moments
// (DerSimonian & Laird 1986), for winning in the logistic model (Breslow & Clayton 1993). Managers are held to differ, or to
// differ by cohort, only where the dispersion is more than chance (Cochran's Q at 5 % over all of its tests, with the
// binomial's own variance of Q: Haldane 1940): a record that tells nobody apart must not send every lead to one. Deals of one
// company count for fewer, by how alike they come out (design effect: Kish 1965).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "icp/estimate.hpp"
#include "icp/report.hpp"
#include "icp/sample.hpp"
#include "icp/stop.hpp"

namespace icp {

// The record of one manager in one cohort.
struct ManagerRecord {
  std::string manager, cohort;                // cohort "": none
  std::int64_t closed = 0, won = 0;           // deals whose win rate counts
  std::vector<Observation> wins, quality;     // of each deal: 1 or 0; of won ones of known DQS: it
};

struct ManagerExpectation {
  ManagerRecord record;                       // manager "": one of whom nothing is known
  std::optional<double> win_rate, dqs;
  std::optional<double> value;                // win rate times DQS / 100; where one is not known, the other alone
};

struct ManagerExpectations {
  std::vector<ManagerExpectation> cells;      // every manager, and "", in every cohort, and ""
  std::optional<double> p_managers, p_cohorts;  // of no differences between managers; of none by cohort; adjusted
};

// Without `companies` each row is one by itself.
ManagerExpectations expect_managers(const std::vector<ManagerRecord>& records, bool companies, const Stop& stop);

// icp_measure_managers: the deals by the role `owner` and the cohort in which the model puts them. An error
// (undefined_column) where the rows have no owner.
Report report_managers(const Model& model, const Sample& deals, const Zone& zone, const Stop& stop);

}  // namespace icp

// The four levels of segmentation, each with more precision and more need of data than the one before: who customers are
// (firmographic), what they use (technographic), what happens to them now (situational), how they think and decide
// (psychographic).
#pragma once

#include <array>
#include <string>

#include "icp/model.hpp"
#include "icp/report.hpp"
#include "icp/stop.hpp"
#include "icp/training.hpp"

namespace icp {

inline constexpr std::array<const char*, 4> level_names = {"firmographic", "technographic", "situational", "psychographic"};

// The level of a column by words in its name, in English, Russian or Russian in Latin letters; a date that no word places
// is an event, hence situational; what is left is firmographic. The option `levels` overrides the guess.
std::string guess_level(const std::string& column, bool date = false);

// What each level alone, and with the levels before it, says of winning and of DQS, as metrics of the model
// ("win_gain_firmographic", "dqs_gain_up_to_situational" ...): the share of the outcome's squared error that an additive
// model of the level's features saves on companies that it has not seen (five folds). Its interval is that of the mean
// saving by company.
void measure_levels(Model& model, const Training& training, const Stop& stop);

// The depth that the profile reaches, among the findings: a warning where it rests on the first level alone.
void report_depth(Model& model);

Report report_levels(const Model& model, const std::string& language);   // icp_levels

}  // namespace icp

// A few deals of every type of column, and everything that is done with a stored model: for bytes from outside.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "icp/completeness.hpp"
#include "icp/hash.hpp"
#include "icp/levels.hpp"
#include "icp/report.hpp"
#include "icp/sample.hpp"
#include "icp/score.hpp"

namespace icp::test {

inline Sample small_market(std::size_t rows) {
  Random random(5);
  Sample s;
  s.start("{}", "deal_id", 1000, 0);
  const std::vector<std::string_view> names = {"deal_id", "company_id", "outcome", "dqs", "industry", "employees", "cloud", "tools", "closed_at", "founded"};
  const auto binding = s.bind(names);
  const std::string_view industries[] = {"wholesale", "retail", "software"};
  const std::string_view tools[] = {"crm", "erp", "shop"};
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t g = random.below(3);
    const bool won = random.uniform() < (g == 0 ? 0.6 : 0.2);
    const Value values[] = {Value::of(static_cast<double>(i)), Value::of(static_cast<double>(i / 2)), Value::of(won ? std::string_view("won") : std::string_view("lost")),
                            won ? Value::of(80.0 - 20 * static_cast<double>(g)) : Value{}, random.uniform() < 0.1 ? Value{} : Value::of(industries[g]),
                            Value::of(static_cast<double>(10 + 50 * g + random.below(30))), Value::of(random.below(3) < g),
                            Value::of_set(std::span(tools).first(1 + g)), Value::of_moment(static_cast<std::int64_t>(i) * 86'400'000'000, i % 2 == 0),
                            Value::of(static_cast<double>(1990 + random.below(30)))};
    s.add(binding, values);
  }
  return s;
}

// Everything that a stored model is used for.
inline void use(const Model& m, const Model& good, Random& random) {
  for (const char* language : {"en", "ru"}) {
    report_cohorts(m, language);
    report_traits(m, language);
    report_levels(m, language);
    report_completeness(m, {}, language);
    report_anti_icp(m, language);
  }
  report_metrics(m);
  report_label_results(m);
  report_diagnostics(m);
  report_training(m);
  report_diff(good, m);
  report_diff(m, good);
  stamp_model(good, "x", 2, &m);
  stamp_model(m, "x", 2, &good);
  change_model(m, R"({"gold_similarity": 0.9})");
  const Scorer scorer(m);
  auto buffer = scorer.buffer();
  const std::string_view words[] = {"wholesale", "software", "crm", ""};
  for (int i = 0; i < 4; ++i) {
    std::vector<Value> values;
    for (std::size_t c = 0; c < scorer.columns().size(); ++c) switch (random.below(5)) {
        case 0: values.push_back(Value::of(1e3 * random.normal())); break;
        case 1: values.push_back(Value::of(random.below(2) == 0)); break;
        case 2: values.push_back(Value::of(words[random.below(4)])); break;
        case 3: values.push_back(Value::of_set(std::span(words).first(random.below(4)))); break;
        default: values.emplace_back();
      }
    scorer.cohort(values, buffer);
    scorer.score(values, buffer);
    scorer.explain(values, buffer, "en");
    if (!m.cohorts.empty()) scorer.similarity(values, buffer, m.cohorts.front().key);
    scorer.similarity(values, values, buffer);
  }
}

}  // namespace icp::test

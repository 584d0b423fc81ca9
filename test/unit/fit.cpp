// The main job without a database: deals in, cohorts out, leads scored.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "deals.hpp"
#include "icp/archive.hpp"
#include "icp/error.hpp"
#include "icp/report.hpp"
#include "icp/stability.hpp"

namespace {

using namespace icp;

// A small market: four kinds of customers that differ in industry, size and who decides.
struct Kind4 {
  const char *industry, *decider;
  double low, high, win_rate, dqs;
};
constexpr Kind4 kinds[] = {{"Wholesale", "owner", 30, 70, 0.5, 82},
                           {"E-commerce", "marketing", 10, 30, 0.45, 76},
                           {"Manufacturing", "committee", 100, 300, 0.35, 62},
                           {"IT", "founder", 1, 10, 0.25, 33}};

struct Options4 {
  std::string options = "{}";
  int deals = 1200, deals_a_company = 1;
  bool lost = true, won = true, dqs = true, shuffled = false, leak = false;
  std::uint64_t seed = 1;
};

Sample market(const Options4& o) {
  Random random(o.seed);
  Sample s;
  const Options parsed = parse_options(o.options);
  s.start(o.options, "deal_id", parsed.sample, parsed.seed);
  const std::vector<std::string_view> names = {"deal_id", "company_id", "outcome", "dqs", "industry", "employees", "decider", "paid", "noise"};
  const auto binding = s.bind(names);
  struct Row { double id, company, employees, dqs, noise; bool won; std::size_t kind; bool known[3]; };
  std::vector<Row> rows;
  for (int i = 0; i < o.deals; ++i) {
    Row r{};
    r.id = i;
    r.company = i / o.deals_a_company;
    Random mine(static_cast<std::uint64_t>(r.company) * 977 + o.seed);
    r.kind = mine.below(4);
    const Kind4& k = kinds[r.kind];
    r.employees = std::floor(k.low + (k.high - k.low) * mine.uniform());
    r.won = random.uniform() < k.win_rate;
    r.dqs = std::clamp(k.dqs + 7 * random.normal(), 0.0, 100.0);
    r.noise = random.normal();
    for (bool& known : r.known) known = random.uniform() > 0.1;
    if ((r.won && o.won) || (!r.won && o.lost)) rows.push_back(r);
  }
  if (o.shuffled) std::reverse(rows.begin(), rows.end());
  for (const Row& r : rows) {
    const Value values[] = {Value::of(r.id), Value::of(r.company), Value::of(std::string_view(r.won ? "Won" : "Lost")),
                            r.won && o.dqs ? Value::of(r.dqs) : Value{},
                            r.known[0] ? Value::of(std::string_view(kinds[r.kind].industry)) : Value{},
                            r.known[1] ? Value::of(r.employees) : Value{},
                            r.known[2] ? Value::of(std::string_view(kinds[r.kind].decider)) : Value{},
                            o.leak && r.won ? Value::of(r.employees * 10 + 1) : Value{}, Value::of(r.noise)};
    s.add(binding, values);
  }
  return s;
}

Model fit(const Options4& o) { return fit_model(market(o), Zone{}, Stop{}); }

// The cohort whose usual industry this is.
const Cohort* cohort_of(const Model& m, const std::string& industry) {
  const auto f = static_cast<std::size_t>(std::find_if(m.encoder.features.begin(), m.encoder.features.end(), [](const Feature& x) { return x.name == "industry"; }) - m.encoder.features.begin());
  for (const Cohort& c : m.cohorts) {
    const auto& share = c.criteria[f].share;
    const auto top = static_cast<std::size_t>(std::max_element(share.begin(), share.end()) - share.begin());
    if (m.encoder.features[f].categories[top].name == industry) return &c;
  }
  return nullptr;
}

bool says(const Model& m, const std::string& words) {
  return std::any_of(m.findings.begin(), m.findings.end(), [&](const Finding& f) { return (f.column + ": " + f.message).find(words) != std::string::npos; });
}

TEST(Fit, FindsNamesAndGradesTheCohorts) {
  const Model m = fit({});
  ASSERT_EQ(m.cohorts.size(), 4u);
  const std::map<std::string, std::string> grades = {{"wholesale", "A"}, {"e-commerce", "A"}, {"manufacturing", "B"}, {"it", "C"}};
  for (const auto& [word, grade] : grades) {
    const Cohort* c = cohort_of(m, word);
    ASSERT_NE(c, nullptr) << word;
    EXPECT_EQ(c->grade, grade) << word;
    EXPECT_FALSE(c->key.empty() || c->title.empty());
    EXPECT_TRUE(c->grade_sure) << word;
    EXPECT_GT(c->precision, 0.9) << word;
    EXPECT_GT(c->recall, 0.7) << word;
    EXPECT_GT(*c->stability, 0.9) << word;
  }
  EXPECT_EQ(m.reliability, "normal");
}

TEST(Fit, IsTheSameForAnyOrderOfRowsAndPartition) {
  const std::string once = to_binary(fit({}));
  EXPECT_EQ(to_binary(fit({.shuffled = true})), once);
  // Two partial samples, one through its binary form, merged.
  Options4 even;
  const Sample all = market(even);
  Sample left, right;
  left.start("{}", "deal_id", 100000, 0);
  right.start("{}", "deal_id", 100000, 0);
  std::vector<std::string_view> names(all.columns().begin(), all.columns().end());
  const auto lb = left.bind(names), rb = right.bind(names);
  std::vector<Value> row(names.size());
  std::size_t index = 0;
  bool begun = false;
  const auto flush = [&] {
    if (begun) (index % 3 == 0 ? left : right).add(index % 3 == 0 ? lb : rb, row);
    std::fill(row.begin(), row.end(), Value{});
  };
  std::vector<std::unique_ptr<std::string>> texts;
  all.for_each([&](std::size_t i, std::uint64_t) { flush(); index = i; begun = true; },
               [&](std::uint16_t c, const Value& v) {
                 row[c] = v;
                 if (v.type == ValueType::text) {
                   texts.push_back(std::make_unique<std::string>(v.text));
                   row[c].text = *texts.back();
                 }
               });
  flush();
  Sample merged = Sample::from_bytes(right.to_bytes(), "icp_sample");
  merged.merge(left);
  EXPECT_EQ(to_binary(fit_model(merged, Zone{}, Stop{})), once);
}

TEST(Fit, SurvivesBothForms) {
  const Model m = fit({});
  EXPECT_EQ(to_binary(from_binary<Model>(to_binary(m), "icp_model")), to_binary(m));
  EXPECT_EQ(to_binary(from_json<Model>(to_json(m), "icp_model")), to_binary(m));
  std::string bytes = to_binary(m);
  Random random(3);
  for (int i = 0; i < 300; ++i) {
    std::string bad = bytes;
    for (int j = 0; j < 3; ++j) bad[random.below(bad.size())] = static_cast<char>(random.next());
    try {
      const Scorer scorer(from_binary<Model>(bad, "icp_model"));
      auto b = scorer.buffer();
      scorer.score(std::vector<Value>(scorer.columns().size()), b);
    } catch (const Error&) {
    }
  }
}

TEST(Fit, PredicatesReturnWhatIsReported) {
  const Sample s = market({});
  const Model m = fit_model(s, Zone{}, Stop{});
  const Dataset d = read_dataset(s, parse_options("{}"), Zone{}, Stop{});
  for (const Cohort& c : m.cohorts) {
    std::int64_t n = 0;
    for (std::size_t r = 0; r < d.rows; ++r) n += c.predicate.holds(d, r);
    EXPECT_EQ(n, c.predicate_n) << c.predicate.sql();
    EXPECT_GT(n, 0);
  }
}

TEST(Fit, WithoutQualityGradesByWinRate) {
  const Model m = fit({.deals = 3000, .dqs = false});
  ASSERT_EQ(m.cohorts.size(), 4u);
  EXPECT_EQ(cohort_of(m, "wholesale")->grade, "A");
  EXPECT_EQ(cohort_of(m, "it")->grade, "C");
  EXPECT_TRUE(says(m, "graded by win rate"));
}

TEST(Fit, WonDealsAloneGiveCohortsWithoutWinRates) {
  const Model m = fit({.deals = 2000, .lost = false});
  ASSERT_EQ(m.cohorts.size(), 4u);
  EXPECT_FALSE(m.win_rate.value);
  for (const Cohort& c : m.cohorts) EXPECT_FALSE(c.win_rate.value);
  EXPECT_TRUE(says(m, "no lost deals"));
}

TEST(Fit, SaysWhyThereAreNoCohorts) {
  EXPECT_TRUE(fit({.deals = 15}).cohorts.empty());
  EXPECT_TRUE(says(fit({.deals = 15}), "too few closed deals"));
  const Model one = fit({.deals = 1000, .lost = false, .dqs = false});
  EXPECT_TRUE(one.cohorts.empty());
  EXPECT_TRUE(says(one, "one outcome only"));
  EXPECT_TRUE(says(fit({.deals = 1000, .won = false}), "no won deals"));
}

TEST(Fit, LeavesLeaksOut) {
  const Model m = fit({.leak = true});
  EXPECT_TRUE(says(m, "paid: left out, probably known only after the outcome"));
  for (const Feature& f : m.encoder.features) EXPECT_NE(f.name, "paid");
  const Model kept = fit({.options = R"({"keep": ["paid"]})", .leak = true});
  EXPECT_TRUE(std::any_of(kept.encoder.features.begin(), kept.encoder.features.end(), [](const Feature& f) { return f.name == "paid"; }));
}

TEST(Fit, CompaniesAreTheUnit) {
  const Model m = fit({.deals = 1200, .deals_a_company = 10});
  EXPECT_EQ(m.companies, 120);
  for (const Cohort& c : m.cohorts) EXPECT_LE(c.n_companies, 60);
  // The same deals as if each were a company of its own look surer than they are.
  const Model rows = fit({.options = R"({"roles": {"company_id": "none"}})", .deals = 1200, .deals_a_company = 10});
  double clustered = 0, naive = 0;
  for (const Cohort& c : m.cohorts) clustered = std::max(clustered, *c.win_rate.high - *c.win_rate.low);
  for (const Cohort& c : rows.cohorts) naive = std::max(naive, *c.win_rate.high - *c.win_rate.low);
  EXPECT_GT(clustered, 0);
  EXPECT_GT(naive, 0);
}

TEST(Fit, RefusesRepeatedDeals) {
  Sample s;
  s.start("{}", "deal_id", 1000, 0);
  const std::vector<std::string_view> names = {"deal_id", "outcome", "x"};
  const auto b = s.bind(names);
  for (int i = 0; i < 3; ++i) {
    const Value row[] = {Value::of(4711.0), Value::of(std::string_view("won")), Value::of(static_cast<double>(i))};
    s.add(b, row);
  }
  try {
    fit_model(s, Zone{}, Stop{});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::cardinality);
    EXPECT_STREQ(e.what(), "deal 4711 occurs 3 times");
  }
}

TEST(Fit, StopsWhenAsked) {
  const Sample s = market({});
  int polls = 0;
  const Stop stop([](void* n) { return ++*static_cast<int*>(n) > 50; }, &polls);
  EXPECT_THROW(fit_model(s, Zone{}, stop), Cancelled);
}

TEST(Fit, KeysAreCarriedToTheNextVersion) {
  const Model first = stamp_model(fit({}), "main", 1, nullptr);
  Model renamed = rename_cohort(first, cohort_of(first, "wholesale")->key, "Fast distributors", "en");
  Model fresh = fit({.seed = 2});
  for (Cohort& c : fresh.cohorts) c.key = "other_" + c.key;
  const Model second = stamp_model(fresh, "main", 2, &renamed);
  for (const Cohort& c : first.cohorts)
    EXPECT_TRUE(std::any_of(second.cohorts.begin(), second.cohorts.end(), [&](const Cohort& d) { return d.key == c.key; })) << c.key;
  EXPECT_EQ(second.number, 2);
  const Report r = report_cohorts(second, "en");
  EXPECT_TRUE(std::any_of(r.rows.begin(), r.rows.end(), [](const auto& row) { return std::get<std::string>(row[1]) == "Fast distributors"; }));
}

TEST(Fit, ATitleTakenAwayStaysAway) {
  const Model first = stamp_model(fit({}), "main", 1, nullptr);
  const std::string key = first.cohorts[0].key;
  const auto title = [&](const Model& m) {
    for (const auto& row : report_cohorts(m, "en").rows)
      if (std::get<std::string>(row[0]) == key) return std::get<std::string>(row[1]);
    return std::string();
  };
  EXPECT_EQ(title(rename_cohort(first, key, "", "en")), title(first));
  const Model renamed = stamp_model(rename_cohort(first, key, "Ours", "en"), "main", 2, &first);
  EXPECT_EQ(title(renamed), "Ours");
  const Model plain = stamp_model(rename_cohort(renamed, key, "", "en"), "main", 3, &renamed);
  EXPECT_EQ(title(plain), title(first));
}

TEST(Fit, OptionsThatNeedAFitCannotBeTakenAway) {
  const Model m = stamp_model(fit({}), "main", 1, nullptr);
  EXPECT_THROW(change_model(m, R"({"roles": null})"), Error);
  EXPECT_THROW(change_model(m, R"({"titles": )" + std::string(100, '[') + std::string(100, ']') + "}"), Error);
}

TEST(Fit, RowsThatNothingNamesAreCompaniesOfTheirOwn) {
  for (const bool named : {false, true}) {
    Sample s;
    s.start("{}", "deal_id", 100000, 0);
    std::vector<std::string_view> names = {"outcome", "tags"};
    if (named) names.push_back("company_id");
    const auto binding = s.bind(names);
    const std::string_view tags[] = {"a", "b"};
    for (int i = 0; i < 100; ++i) {
      const Value values[] = {Value::of(std::string_view("won")), Value::of_set(tags), Value::of(std::string_view("c"))};
      s.add(binding, std::span<const Value>(values).first(names.size()));
    }
    const Dataset d = read_dataset(s, parse_options(s.options()), Zone{}, Stop{});
    EXPECT_EQ(d.rows, named ? 1u : 100u);
    EXPECT_EQ(d.companies, named ? 1u : 100u);
    EXPECT_EQ(d.find("tags")->offsets.back(), 2 * d.rows);
  }
}

TEST(Score, LabelsExplainsAndAddsUp) {
  const Scorer scorer(stamp_model(fit({}), "main", 1, nullptr));
  auto buffer = scorer.buffer();
  const auto lead = [&](const char* industry, double employees, const char* decider) {
    std::vector<Value> out;
    for (const auto name : scorer.columns()) {
      if (name == "industry" && industry != nullptr) out.push_back(Value::of(std::string_view(industry)));
      else if (name == "employees" && employees > 0) out.push_back(Value::of(employees));
      else if (name == "decider" && decider != nullptr) out.push_back(Value::of(std::string_view(decider)));
      else out.emplace_back();
    }
    return out;
  };
  const LeadScore gold = scorer.score(lead(" wholesale", 45, "Owner"), buffer);
  EXPECT_EQ(gold.label, "gold");
  EXPECT_EQ(gold.priority, "high");
  EXPECT_EQ(gold.grade, "A");
  EXPECT_EQ(scorer.score(lead("IT", 5, "founder"), buffer).label, "non_target");
  EXPECT_EQ(scorer.score(lead(nullptr, -1, nullptr), buffer).label, "unknown");
  EXPECT_EQ(scorer.score(lead("Manufacturing", 150, "committee"), buffer).label, "ordinary");
  for (const auto& values : {lead("wholesale", 400, "owner"), lead("IT", -1, "owner"), lead(nullptr, 85, "committee"), lead("wholesale", 85, nullptr)}) {
    const LeadScore s = scorer.score(values, buffer);
    auto parts = scorer.explain(values, buffer, "ru");
    parts.erase(std::remove_if(parts.begin(), parts.end(), [](const Explanation& e) { return e.score != "similarity"; }), parts.end());
    double sum = 0, weight = 0, backwards = 0;
    for (const Explanation& e : parts) { sum += e.points; weight += e.weight; }
    for (auto it = parts.rbegin(); it != parts.rend(); ++it) backwards += it->points;
    EXPECT_EQ(sum, *s.similarity);
    EXPECT_EQ(backwards, sum);
    EXPECT_NEAR(weight, 1, 1e-9);
    EXPECT_EQ(parts.size(), scorer.feature_count());
  }
}

// What the label promises: attributes drawn apart from one another, and leads of other cohorts, are called gold at most
// one time in twenty, at any share of missing values; real members of a gold cohort much more often.
TEST(Score, GoldIsRareAmongStrangers) {
  for (const auto family : {planted::Family::market, planted::Family::prototypes}) {
    Random random(11);
    planted::Law law = planted::random_law(family, 3, 3, true, Random(5));
    const auto rows = law.draw(900, random);
    const Scorer scorer(fit_model(planted::deals(rows, {0.5, 0.4, 0.3}, {85, 55, 30}, random), Zone{}, Stop{}));
    auto buffer = scorer.buffer();
    law.missing = 0;
    const auto fresh = law.draw(1500, random);
    std::vector<planted::RawRow> raws;
    for (std::size_t r = 0; r < fresh.table.rows; ++r) raws.push_back(planted::raw_row(fresh.table, r));
    for (const double missing : {0.0, 0.3, 0.7}) {
      double strangers = 0, others = 0, others_n = 0, own = 0, own_n = 0;
      for (std::size_t r = 0; r < raws.size(); ++r) {
        planted::RawRow mixed, one;
        for (std::size_t f = 0; f < law.kinds.size(); ++f) {
          mixed.values.push_back(random.uniform() < missing ? Value{} : raws[random.below(raws.size())].values[f]);
          one.values.push_back(random.uniform() < missing ? Value{} : raws[r].values[f]);
        }
        strangers += scorer.score(planted::lead_values(scorer, mixed), buffer).label == "gold";
        const bool gold = scorer.score(planted::lead_values(scorer, one), buffer).label == "gold";
        (fresh.truth[r] == 0 ? own : others) += gold;
        (fresh.truth[r] == 0 ? own_n : others_n) += 1;
      }
      EXPECT_LE(strangers / static_cast<double>(raws.size()), 0.05) << missing;
      EXPECT_LE(others / others_n, 0.05) << missing;
      if (missing == 0) {
        EXPECT_GT(own / own_n, 0.3);
      }
    }
  }
}

// A group that is there comes back from every resample. Found from random starts alone, this one came back from 11 of 25:
// the others had ended in local optima, far worse than where the group is.
TEST(Stability, GroupsThatAreThereComeBack) {
  const planted::Law law = planted::separable_law(planted::Family::gaussian, 3, false, 0.975, 70001);
  Random random(70002);
  const auto rows = law.draw(607, random);
  const Mixture m = fit_mixture(rows.table, {}, Stop());
  ASSERT_EQ(m.clusters(), 3);
  std::vector<std::int32_t> cluster = assign_clusters(m, rows.table, Stop()), company(rows.table.rows);
  for (std::int32_t& c : cluster) --c;
  std::iota(company.begin(), company.end(), 0);
  for (const auto& s : bootstrap_stability(rows.table, company, cluster, 3, {}, Stop())) EXPECT_GE(s.value_or(0), 0.9);
}

TEST(Options, NameWhatIsWrong) {
  const auto message = [](const char* json) {
    try {
      parse_options(json);
    } catch (const Error& e) {
      return std::string(e.what()) + " | " + e.detail() + " | " + e.hint();
    }
    return std::string();
  };
  EXPECT_NE(message(R"({"kay": 3})").find("unknown option \"kay\""), std::string::npos);
  EXPECT_NE(message(R"({"kay": 3})").find("min_similarity"), std::string::npos);
  EXPECT_NE(message(R"({"k": 0})").find("whole number"), std::string::npos);
  EXPECT_NE(message(R"({"dqs": {"wieghts": 1}})").find("dqs.wieghts"), std::string::npos);
  EXPECT_NE(message(R"([1])").find("JSON object"), std::string::npos);
  EXPECT_NE(message(R"({"roles": {"won": ["a"], "lost": ["A"]}})").find("listed twice"), std::string::npos);
  EXPECT_EQ(merge_options(R"({"a": {"b": 1, "c": 2}, "d": 3})", R"({"a": {"c": null, "e": 4}})"), R"({"a":{"b":1,"e":4},"d":3})");
}

}  // namespace

#include "icp/profile.hpp"

#include <cmath>
#include <numeric>
#include <unordered_map>

#include <gtest/gtest.h>

#include "icp/archive.hpp"

namespace {

using icp::Profile;
using icp::Random;
using icp::Value;

struct Row {
  double number;
  double wide;
  bool flag;
  std::string city, word;
  std::vector<std::string> tags;
  int missing;  // the column that is not known
};

constexpr const char* names[] = {"number", "wide", "flag", "city", "word", "tags"};

Row random_row(Random& r, int words) {
  Row row;
  row.number = static_cast<double>(r.below(200)) / 4;
  row.wide = std::exp(3 * r.normal()) * (r.below(2) == 0 ? 1 : -1);
  row.flag = r.below(3) == 0;
  row.city = r.below(5) < 2 ? "Moscow" : "city " + std::to_string(r.below(40));
  row.word = r.below(4) == 0 ? "frequent" : "word " + std::to_string(r.below(static_cast<std::uint64_t>(words)));
  for (std::uint64_t i = r.below(4); i > 0; --i) row.tags.push_back("tag " + std::to_string(r.below(12)));
  row.missing = static_cast<int>(r.below(12));
  return row;
}

void add(Profile& p, const Row& row) {
  if (!p.started()) p.start({});
  std::vector<std::int32_t> columns;
  for (const char* name : names) columns.push_back(p.column(name));
  std::vector<std::string_view> tags(row.tags.begin(), row.tags.end());
  std::vector<Value> values = {Value::of(row.number), Value::of(row.wide), Value::of(row.flag), Value::of(std::string_view(row.city)),
                               Value::of(std::string_view(row.word)), Value::of_set(tags)};
  if (row.missing < 6) values[static_cast<std::size_t>(row.missing)] = Value{};
  p.add(columns, values);
}

icp::ProfileFeature feature(const Profile& p, std::string_view name) {
  for (auto& f : icp::profile_features(p, {}))
    if (f.feature == name) return f;
  ADD_FAILURE() << "no feature " << name;
  return {};
}

Profile of_numbers(const std::vector<double>& v) {
  Profile p;
  p.start({});
  const std::int32_t column[] = {p.column("x")};
  for (const double x : v) {
    const Value value[] = {Value::of(x)};
    p.add(column, value);
  }
  return p;
}

TEST(Profile, SumsAreExact) {
  // 1 is lost in 1e300 by any ordinary sum.
  const Profile p = of_numbers({1e300, 1, -1e300, 1e-300, 3, -1e-300});
  EXPECT_EQ(feature(p, "x").mean, 4.0 / 6);
  const Profile small = of_numbers({5e-324, 5e-324, 5e-324});
  EXPECT_EQ(feature(small, "x").mean, 5e-324);
  EXPECT_EQ(feature(small, "x").sd, 0);
  // The spread of numbers far from 0, where the textbook formula loses all digits.
  EXPECT_EQ(feature(of_numbers({1e15 + 1, 1e15 + 2, 1e15 + 3}), "x").sd, 1);
  EXPECT_EQ(feature(of_numbers({-1, 1}), "x").sd, std::sqrt(2.0));
  const double big = 1.7e308;
  EXPECT_EQ(feature(of_numbers({big, -big}), "x").mean, 0);
  EXPECT_NEAR(*feature(of_numbers({big / 2, -big / 2}), "x").sd / (big / std::sqrt(2.0)), 1, 1e-15);
  EXPECT_FALSE(feature(of_numbers({7}), "x").sd.has_value());
}

TEST(Profile, SumsAgreeWithLongDouble) {
  Random r(5);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<double> v;
    for (int i = 0; i < 50; ++i) v.push_back(r.normal() * std::ldexp(1.0, static_cast<int>(r.below(20))));
    long double sum = 0, squares = 0;
    for (const double x : v) sum += x;
    for (const double x : v) squares += (x - sum / 50) * (x - sum / 50);
    const auto f = feature(of_numbers(v), "x");
    EXPECT_NEAR(*f.mean, static_cast<double>(sum / 50), 1e-15 * std::fabs(*f.mean) + 1e-18 * 1e6);
    EXPECT_NEAR(*f.sd, static_cast<double>(std::sqrt(squares / 49)), 1e-15 * *f.sd * 4);
  }
}

TEST(Profile, NegativeSumsSurviveWritingAndMerging) {
  Random r(6);
  for (int trial = 0; trial < 300; ++trial) {
    icp::ExactSum whole, a, b;
    for (int i = 0; i < 20; ++i) {
      const double x = r.normal() * std::ldexp(1.0, static_cast<int>(r.below(2000)) - 1000);
      whole.add(x);
      (i % 3 == 0 ? a : b).add(x);
    }
    icp::ExactSum merged;
    merged.assign(a.number());
    merged.merge(b);
    EXPECT_EQ(merged.number(), whole.number());
  }
}

// Few distinct words (exact), many (sketched), and so many that numbers are collapsed in some parts only.
TEST(Profile, AnyOrderAndSplitGivesTheSameBytes) {
  for (const auto& [rows, words] : {std::pair{300, 50}, std::pair{4000, 1500}, std::pair{6000, 100000}}) {
    Random r(static_cast<std::uint64_t>(rows));
    std::vector<Row> all;
    for (int i = 0; i < rows; ++i) all.push_back(random_row(r, words));
    Profile whole;
    for (const Row& row : all) add(whole, row);
    const std::string expected = icp::to_binary(whole);
    for (int trial = 0; trial < 12; ++trial) {
      for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[r.below(i)]);
      const std::size_t parts = 1 + r.below(7);
      std::vector<Profile> profiles(parts);
      for (const Row& row : all) add(profiles[r.below(r.below(parts) + 1)], row);
      Profile merged;
      while (!profiles.empty()) {
        const std::size_t i = r.below(profiles.size());
        // Half of the parts travel through bytes.
        if (r.below(2) == 0) merged.merge(icp::from_binary<Profile>(icp::to_binary(profiles[i]), "t"));
        else merged.merge(profiles[i]);
        std::vector<Profile> rest;
        for (std::size_t j = 0; j < profiles.size(); ++j)
          if (j != i) rest.push_back(std::move(profiles[j]));
        profiles = std::move(rest);
      }
      if (merged.rows() == whole.rows()) EXPECT_EQ(icp::to_binary(merged) == expected, true) << rows << " rows, trial " << trial;
      else ADD_FAILURE() << "rows were lost";
    }
    EXPECT_EQ(icp::to_binary(icp::from_binary<Profile>(expected, "t")) == expected, true);
    EXPECT_EQ(icp::to_binary(icp::from_json<Profile>(icp::to_json(whole), "t")) == expected, true);
  }
}

TEST(Profile, QuantilesAreExactOrWithinTheStatedError) {
  Random r(9);
  const auto draw = [&r](int kind) -> double {
    switch (kind) {
      case 0: return static_cast<double>(r.below(1000));             // exact
      case 1: return r.uniform();
      case 2: return std::exp(2 * r.normal());
      case 3: return 1e6 + r.normal();
      case 4: return r.normal() * 1e-200;
      case 5: return -1 / (1e-9 + r.uniform());
      default: return std::ldexp(r.normal(), static_cast<int>(r.below(2000)) - 1000);
    }
  };
  for (int kind = 0; kind < 7; ++kind) {
    std::vector<double> v;
    for (int i = 0; i < 50001; ++i) v.push_back(draw(kind));
    const auto f = feature(of_numbers(v), "x");
    std::sort(v.begin(), v.end());
    EXPECT_EQ(f.low, v.front());
    EXPECT_EQ(f.high, v.back());
    const double expected[] = {0, 0.016, 0.032, 2e-8, 0.064, 0.032, 16};
    EXPECT_LE(*f.quantile_error, expected[kind]) << kind;
    for (const auto& [share, q] : {std::pair{0.1, *f.q10}, {0.25, *f.q25}, {0.5, *f.median}, {0.75, *f.q75}, {0.9, *f.q90}}) {
      const double truth = v[static_cast<std::size_t>(share * 50000)];
      EXPECT_LE(std::fabs(q - truth), *f.quantile_error * std::fabs(truth) * (1 + 1e-12)) << "kind " << kind << " at " << share;
    }
  }
}

TEST(Profile, MillionsOfDistinctValuesStayBounded) {
  Profile p;
  p.start({});
  const std::int32_t columns[] = {p.column("word"), p.column("x")};
  std::size_t at_ten_thousand = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const std::string word = i % 10 == 3 ? "Frequent" : i % 10 == 4 ? " frequent " : "word " + std::to_string(i);
    const Value values[] = {Value::of(std::string_view(word)), Value::of(i * 0.37)};
    p.add(columns, values);
    if (i == 10'000) at_ten_thousand = icp::to_binary(p).size();
  }
  const std::string bytes = icp::to_binary(p);
  EXPECT_LE(bytes.size(), at_ten_thousand + 1000);
  EXPECT_LE(bytes.size(), 80'000u);
  const auto f = feature(p, "word");
  EXPECT_EQ(f.known, 1'000'000u);
  EXPECT_NEAR(static_cast<double>(*f.distinct), 800'001, 3 * 800'001 * *f.distinct_error);
  EXPECT_EQ(f.top_value, "frequent");
  EXPECT_NEAR(*f.top_share, 0.2, 0.001);
  const auto x = feature(p, "x");
  EXPECT_NEAR(static_cast<double>(*x.distinct), 1e6, 3 * 1e6 * *x.distinct_error);
  EXPECT_EQ(*x.mean, 0.37 * 999'999 / 2);
}

TEST(Profile, FrequentCategoriesAreFoundAmongMany) {
  int found = 0, wrong = 0, trials = 60;
  for (int trial = 0; trial < trials; ++trial) {
    Random r(static_cast<std::uint64_t>(trial) + 77);
    icp::Categories c;
    std::unordered_map<std::string, std::uint64_t> truth;
    for (int i = 0; i < 20000; ++i) {
      const std::uint64_t u = r.below(100);
      const std::string v = "trial " + std::to_string(trial) + (u < 30 ? " a" : u < 45 ? " b" : u < 53 ? " c" : " rare " + std::to_string(r.below(8000)));
      ++truth[v];
      c.add(v);
    }
    EXPECT_FALSE(c.exact());
    for (const auto& category : c.categories()) {
      const auto n = static_cast<double>(truth[category.name]);
      if (n > 1000) ++found;
      if (std::fabs(static_cast<double>(category.count) - n) > 0.06 * n) ++wrong;
    }
  }
  EXPECT_GE(found, 3 * trials - 4);
  EXPECT_EQ(wrong, 0);
}

TEST(Profile, CategoriesAreFolded) {
  Profile p;
  p.start({});
  const std::int32_t columns[] = {p.column("c")};
  for (const char* word : {"Retail", "retail", " RETAIL ", "retail", "\xd0\x9c\xd0\xbe\xd1\x81\xd0\xba\xd0\xb2\xd0\xb0", "\xd0\xbc\xd0\xbe\xd1\x81\xd0\xba\xd0\xb2\xd0\xb0"}) {
    const Value values[] = {Value::of(std::string_view(word))};
    p.add(columns, values);
  }
  const auto f = feature(p, "c");
  EXPECT_EQ(f.distinct, 2u);
  EXPECT_EQ(f.top_value, "retail");
  EXPECT_EQ(f.top_share, 4.0 / 6);
}

TEST(Profile, MomentsInTextAreMoments) {
  Profile a, b;
  a.start({});
  b.start({});
  const std::int32_t ca[] = {a.column("d")}, cb[] = {b.column("d")};
  const Value text[] = {Value::of(std::string_view("2024-02-29"))};
  const Value moment[] = {Value::of_moment(icp::parse_moment("2024-02-29")->microseconds, true)};
  a.add(ca, text);
  b.add(cb, moment);
  EXPECT_EQ(icp::to_binary(a), icp::to_binary(b));
  Profile c;
  c.start(icp::parse_profile_options(R"({"kinds":{"d":"categorical"}})"));
  const std::int32_t cc[] = {c.column("d")};
  c.add(cc, text);
  EXPECT_EQ(feature(c, "d").kind, "categorical");
}

TEST(Profile, OptionsAreCheckedAndKept) {
  EXPECT_THROW(icp::parse_profile_options(R"({"seed":1})"), icp::Error);
  EXPECT_THROW(icp::parse_profile_options(R"({"kinds":{"a":"round"}})"), icp::Error);
  EXPECT_THROW(icp::parse_profile_options("[]"), icp::Error);
  Profile a, b;
  a.start(icp::parse_profile_options(R"({"ignore":["x"]})"));
  b.start(icp::parse_profile_options("{}"));
  EXPECT_EQ(a.column("x"), Profile::left_out);
  EXPECT_GE(a.column("y"), 0);
  EXPECT_THROW(a.merge(b), icp::Error);
}

TEST(Profile, TooManyColumnsAreRefused) {
  Profile p;
  p.start({});
  for (std::size_t i = 0; i < Profile::most_columns; ++i) p.column("c" + std::to_string(i));
  EXPECT_THROW(p.column("one more"), icp::Error);
}

TEST(Profile, SimilarityIsHighInsideAndFallsOutside) {
  Random r(3);
  Profile p;
  p.start({});
  const std::int32_t columns[] = {p.column("employees"), p.column("industry"), p.column("tags"), p.column("id")};
  for (int i = 0; i < 2000; ++i) {
    const std::string_view tags[] = {"crm", r.below(2) == 0 ? "erp" : "web"};
    const std::string_view industry = r.below(10) < 8 ? "Wholesale" : "retail";
    const Value values[] = {Value::of(30 + 40 * r.uniform()), Value::of(industry), Value::of_set(tags), Value::of(static_cast<double>(i))};
    p.add(columns, values);
  }
  icp::ProfileSimilarity s(p);
  ASSERT_EQ(s.columns(), (std::vector<std::string>{"employees", "industry", "tags"}));
  const std::string_view tags[] = {"CRM"}, foreign[] = {"fax"};
  const Value best[] = {Value::of(50.0), Value::of(std::string_view("wholesale ")), Value::of_set(tags)};
  EXPECT_EQ(s(best), 1);
  const Value worst[] = {Value::of(1e9), Value::of(std::string_view("mining")), Value::of_set(foreign)};
  EXPECT_LT(*s(worst), 1e-9);
  double before = 1;
  for (double x = 60; x < 1e6; x *= 1.7) {
    const Value row[] = {Value::of(x), Value{}, Value{}};
    EXPECT_LE(*s(row), before);
    before = *s(row);
  }
  const Value nothing[] = {Value{}, Value{}, Value::of(1.0)};
  EXPECT_FALSE(s(nothing).has_value());
  const Value second[] = {Value{}, Value::of(std::string_view("retail")), Value{}};
  EXPECT_NEAR(*s(second), 0.25, 0.04);
}

TEST(Profile, ForeignBytesAreRefusedOrHarmless) {
  Random r(11);
  Profile p;
  for (int i = 0; i < 40; ++i) add(p, random_row(r, 30));
  Profile wide;
  for (int i = 0; i < 3000; ++i) add(wide, random_row(r, 100000));
  const std::string seeds[] = {icp::to_binary(p), icp::to_binary(wide)};
  int accepted = 0;
  const auto attempt = [&](const std::string& bytes) {
    try {
      Profile read = icp::from_binary<Profile>(bytes, "t");
      if (++accepted % 50 == 0) {
        icp::profile_features(read, {});
        icp::ProfileSimilarity similarity(read);
        read.merge(p);
        icp::to_json(read);
      }
    } catch (const icp::Error& e) {
      EXPECT_TRUE(e.code() == icp::ErrorCode::invalid_binary || e.code() == icp::ErrorCode::invalid_parameter ||
                  e.code() == icp::ErrorCode::too_large) << e.what();
    }
  };
  for (int i = 0; i < 1'000'000; ++i) {
    std::string bytes;
    if (i % 25 != 0) {
      bytes.resize(r.below(60));
      for (char& c : bytes) c = static_cast<char>(r.next());
      if (bytes.size() > 2 && i % 2 == 0) bytes[0] = 1, bytes[1] = 0;
    } else {
      bytes = i % 1000 == 0 ? seeds[1] : seeds[0];
      for (std::uint64_t n = 1 + r.below(3); n > 0; --n) {
        char& c = bytes[r.below(bytes.size())];
        c = static_cast<char>(r.below(3) == 0 ? r.next() : static_cast<std::uint64_t>(c) ^ (1u << r.below(8)));
      }
      if (r.below(10) == 0) bytes.resize(r.below(bytes.size()));
    }
    attempt(bytes);
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace

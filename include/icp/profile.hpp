// The mergeable statistical summary of a set of rows, column by column.
//
// Its size is bounded whatever the number of rows and distinct values (at most 25 kB a column of numbers, 120 kB a column
// of texts, at most 1,600 columns). Counts, mean, variance, minimum and maximum are exact; quantiles, categories and
// the number of distinct values are exact up to 1,024 distinct values of a column and sketches beyond (sketch.hpp has
// their errors). The same rows in any order, split and merged in any way, give the same bytes.
#pragma once

#include <cstdint>
#include <map>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "icp/exact.hpp"
#include "icp/sketch.hpp"
#include "icp/stop.hpp"
#include "icp/value.hpp"

namespace icp {

// One column. Values are counted by type, since a column of jsonb may hold several.
struct ProfileColumn {
  explicit ProfileColumn(std::pmr::memory_resource* memory = std::pmr::get_default_resource())
      : moments(memory), numbers(memory), texts(memory), items(memory) {}

  std::string name;
  std::uint64_t falses = 0, trues = 0;
  ExactMoments moments;                        // numbers: mean and variance
  double low = 0, high = 0;                    // numbers: smallest and largest; 0 where there are none
  Numbers numbers;
  Categories texts;
  std::uint64_t sets = 0, empty_sets = 0;
  Categories items;                            // sets: an item counts once a set
  std::uint64_t dates = 0, local_dates = 0;    // dates and timestamps; those without a zone
  std::int64_t earliest = 0, latest = 0;       // microseconds since 2000-01-01; 0 where there are none
  std::uint64_t others = 0;                    // known, of a type that no feature can have

  void add(const Value& value);
  void merge(const ProfileColumn& other);
  std::uint64_t known() const { return falses + trues + moments.n() + texts.n() + sets + dates + others; }

  // The type of most values; of equally many, the first in ValueType.
  ValueType main_type() const;

  template <class A>
  void describe(A& a) {
    a.field("name", name); a.field("falses", falses); a.field("trues", trues); a.field("moments", moments);
    a.field("low", low); a.field("high", high); a.field("numbers", numbers); a.field("texts", texts);
    a.field("sets", sets); a.field("empty_sets", empty_sets); a.field("items", items); a.field("dates", dates);
    a.field("local_dates", local_dates); a.field("earliest", earliest); a.field("latest", latest);
    a.field("others", others);
    if constexpr (A::reading) {
      if (const char* wrong = contradiction()) a.fail(wrong);
    }
  }
  // What cannot be true of a column, or null.
  const char* contradiction() const;
};

// What is profiled; a profile keeps it, and only profiles made alike can be merged.
struct ProfileOptions {
  std::vector<std::string> features, ignore;  // sorted; no features: all columns
  std::map<std::string, std::string> kinds;   // column → numeric, binary, categorical, set, date

  bool takes(std::string_view column) const;
  template <class A>
  void describe(A& a) { a.field("features", features); a.field("ignore", ignore); a.field("kinds", kinds); }
  // What no parsed options hold, or null.
  const char* contradiction() const;
  friend bool operator==(const ProfileOptions&, const ProfileOptions&) = default;
};
// Parses {"features": […], "ignore": […], "kinds": {…}}; an unknown key is an error that lists these.
ProfileOptions parse_profile_options(std::string_view json);

class Profile {
 public:
  static constexpr std::uint16_t version = 1;
  static constexpr std::size_t most_columns = 1600;
  static constexpr std::int32_t left_out = -1;

  explicit Profile(std::pmr::memory_resource* memory = std::pmr::get_default_resource()) : memory_(memory) {}
  Profile(Profile&&) = default;

  // Once, before the first row.
  void start(ProfileOptions options);
  bool started() const { return started_; }
  const ProfileOptions& options() const { return options_; }

  // The place of a column, made where it is new; left_out where the options leave it out.
  std::int32_t column(std::string_view name);
  // A row: values[i] belongs to columns[i].
  void add(std::span<const std::int32_t> columns, std::span<const Value> values);
  void merge(const Profile& other);

  std::uint64_t rows() const { return rows_; }
  std::vector<const ProfileColumn*> columns() const;  // by name
  // The value as the options say that the column is to be read.
  // A kind of null: as it comes, but text in the form of ISO 8601 is a moment, and "NaN" and "Infinity" are missing, so
  // that a record and its jsonb agree. What a kind cannot read is `other`.
  struct Scratch {
    std::string text;
    std::string_view item;
  };
  static Value read_as(const std::string* kind, const Value& value, Scratch& memory);

  template <class A>
  void describe(A& a) {
    a.field("rows", rows_);
    a.field("options", options_);
    if constexpr (A::reading) {
      a.field("columns", columns_);
      started_ = true;
      if (const char* wrong = contradiction()) a.fail(wrong);
      index();
    } else {
      struct Reference {
        ProfileColumn* column = nullptr;
        void describe(A& archive) { column->describe(archive); }
      };
      std::vector<Reference> list;
      for (const ProfileColumn* c : columns()) list.push_back({const_cast<ProfileColumn*>(c)});
      a.field("columns", list);
    }
  }

 private:
  const char* contradiction() const;
  struct Text {
    std::size_t operator()(std::string_view s) const { return static_cast<std::size_t>(hash64(s)); }
    using is_transparent = void;
  };
  void index();

  std::pmr::memory_resource* memory_;
  bool started_ = false;
  ProfileOptions options_;
  std::uint64_t rows_ = 0;
  std::vector<ProfileColumn> columns_;
  std::vector<const std::string*> kinds_;  // of columns_; null: as it comes
  std::unordered_map<std::string, std::int32_t, Text, std::equal_to<>> by_name_;
  Scratch scratch_;
};

// What there is to say of one column, for reading. A figure that its kind does not have is absent.
struct ProfileFeature {
  std::string feature;
  std::string kind;  // numeric, binary, categorical, set, date, other; empty where nothing is known
  std::uint64_t rows = 0, known = 0;
  double known_share = 0;
  std::optional<std::uint64_t> distinct;
  std::optional<double> distinct_error;  // relative standard error; 0 where exact
  std::optional<double> mean, sd, low, q10, q25, median, q75, q90, high, quantile_error;
  std::optional<std::string> top_value;
  std::optional<double> top_share;       // of the known values
  std::optional<std::int64_t> earliest, latest;
  std::string detail;                    // JSON
};
std::vector<ProfileFeature> profile_features(const Profile& profile, const Stop& stop);

// How alike a row and the rows of a profile are: the weighted share of the row's known features that are met.
//
//   met     numbers: 1 from the 10th to the 90th percentile; d beyond them 1 / (1 + (d / w)²), w = the distance of the
//           two percentiles, at least a tenth of the median. On logarithms where all numbers of the profile are
//           positive and the upper half of that range is more than twice the lower.
//           booleans, categories: the value's share among the profile's rows relative to the most common value's.
//           sets: the sum of the items' shares relative to the largest sum that as many items can have; an empty set:
//           the share of empty sets relative to the larger of it and its complement.
//   weight  known share × concentration. Numbers: 1 / (1 + (q90 − q10) / (|q10| + |q90|)), 0.5 to 1. Booleans,
//           categories: the sum of squared shares (Simpson 1949), the chance that two rows agree. Sets: the mean share
//           of an item, weighted by its share.
// Left out: what is missing in the row or of another type than in the profile, dates, other types, and numbers in
// columns named like identifiers.
class ProfileSimilarity {
 public:
  explicit ProfileSimilarity(const Profile& profile);
  ProfileSimilarity(const ProfileSimilarity&) = delete;
  ProfileSimilarity& operator=(const ProfileSimilarity&) = delete;
  const std::vector<std::string>& columns() const { return columns_; }  // that it needs, by name
  // 0 to 1; nothing where no feature is known on both sides. values[i] belongs to columns()[i].
  std::optional<double> operator()(std::span<const Value> values);

 private:
  struct Criterion {
    ValueType type = ValueType::missing;
    const std::string* kind = nullptr;  // of the options
    double weight = 0;
    bool logarithm = false;
    double low = 0, high = 0, width = 0;                 // numbers
    double shares[2] = {0, 0};                           // booleans: relative; sets: empty, relative
    std::unordered_map<std::string, double> categories;  // folded → share; categories: relative
    double rest = 0;                                     // of a category not listed
    std::vector<double> best;                            // sets: the largest sum of i + 1 items
  };
  double met(const Criterion& c, const Value& v);
  double share_of(const Criterion& c, std::string_view raw);

  std::map<std::string, std::string> kinds_;
  std::vector<std::string> columns_;
  std::vector<Criterion> criteria_;
  Profile::Scratch scratch_;
  std::string spelling_;
  std::vector<std::string_view> items_;
};

}  // namespace icp

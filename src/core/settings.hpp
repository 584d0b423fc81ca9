// Reading options out of JSON, and the settings of functions that keep them to themselves.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace icp::settings {

using Json = nlohmann::json;

// Errors: a value out of its domain, which must be `must`; a key that is not among the known ones (`where` ends in a dot).
[[noreturn]] void refuse(const std::string& key, const std::string& must, std::string hint = {});
[[noreturn]] void unknown(const std::string& where, const std::string& key, std::vector<std::string> known);

Json parse_object(std::string_view text, const char* what);
std::string read_string(const std::string& key, const Json& j);
double read_number(const std::string& key, const Json& j, double low, double high);
std::uint64_t read_integer(const std::string& key, const Json& j, std::uint64_t low, std::uint64_t high);

// The value of one option of an options object; null where it is not given.
Json option(std::string_view options, const char* key);

// Each reads the value of the option of its name (null: the defaults) and throws as above.

struct Tess {
  std::int64_t min_companies = 5;                         // fewest companies of a segment that counts
};
Tess tess(const Json& value);

struct QuickStart {
  int n = 20, k = 3;                                      // the best deals, the attributes named
  double share = 0.2;                                     // of top_margin
  std::string margin = "margin", nps = "nps", activity = "activity";  // the columns of the ready targets
};
QuickStart quick_start(const Json& value);

struct Attractiveness {
  std::map<std::string, double> weights;                  // criterion → weight; where none are given all count alike
  std::map<std::string, std::pair<double, double>> scales;  // criterion → the values that mean 0 and 10
  int choose = 0;                                         // segments to choose; 0: two or three
};
Attractiveness attractiveness(const Json& value);

struct Potential {
  double quantile = 0.8;
  std::string purchases = "purchases", cohort = "cohort"; // columns
  bool cohort_named = false;                              // else the column need not exist
  struct Evidence {
    std::string kind, column, source, dated;
  };
  std::vector<Evidence> evidence;                         // in the order of the kinds' names
};
Potential potential(const Json& value);

// Metric → its significance, by the options significance (medium, high, very high, or a number) and significance_scale
// (other numbers for the words) of an options object.
std::map<std::string, double> significance(const Json& options);

}  // namespace icp::settings

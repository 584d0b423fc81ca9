#include "icp/cac.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include <boost/multiprecision/cpp_int.hpp>
#include <fmt/format.h>

#include "icp/error.hpp"

namespace icp {

namespace {

using Integer = boost::multiprecision::cpp_int;

// -12.50: digits 1250, scale 2, negative.
struct Decimal {
  Integer digits;
  std::size_t scale = 0;
  bool negative = false;
};

Decimal parse(std::string_view text, const char* what) {
  const auto refuse = [&] {
    throw Error(ErrorCode::invalid_parameter, fmt::format("{} must be a finite number", what), fmt::format("It is {}.", text), "Give NULL where it is not known.");
  };
  Decimal d;
  std::string_view rest = text;
  if (rest.starts_with('-')) {
    d.negative = true;
    rest.remove_prefix(1);
  }
  const auto point = rest.find('.');
  std::string all(rest.substr(0, point));
  if (point != std::string_view::npos) {
    d.scale = rest.size() - point - 1;
    all += rest.substr(point + 1);
  }
  if (all.empty() || all.find_first_not_of("0123456789") != std::string::npos) refuse();
  // A leading zero would make it octal.
  all.erase(0, std::min(all.find_first_not_of('0'), all.size() - 1));
  d.digits = Integer(all);
  return d;
}

Integer power_of_ten(std::size_t exponent) { return boost::multiprecision::pow(Integer(10), static_cast<unsigned>(exponent)); }

std::string text_of(const Integer& units, std::size_t scale, bool negative) {
  std::string s = units.str();
  if (s.size() <= scale) s.insert(0, scale + 1 - s.size(), '0');
  if (scale > 0) s.insert(s.size() - scale, 1, '.');
  return negative && units != 0 ? "-" + s : s;
}

// The weights as whole numbers of one unit; all 1 where none is above 0.
std::vector<Integer> whole_weights(const std::vector<std::string>& weights, Pace& pace) {
  std::vector<Decimal> parsed;
  std::size_t scale = 0;
  bool any = false;
  for (const std::string& w : weights) {
    pace.step();
    parsed.push_back(parse(w, "weight"));
    scale = std::max(scale, parsed.back().scale);
    if (parsed.back().digits == 0) continue;
    any = true;
    if (parsed.back().negative)
      throw Error(ErrorCode::invalid_parameter, "a weight must not be negative", fmt::format("It is {}.", w), "Give 0 or NULL to rows that shall bear nothing.");
  }
  std::vector<Integer> out;
  for (Decimal& d : parsed) {
    pace.step();
    out.push_back(any ? Integer(d.digits * power_of_ten(scale - d.scale)) : Integer(1));
  }
  return out;
}

}  // namespace

std::vector<std::string> allocate(std::string_view total, const std::vector<std::string>& weights, int digits, const Stop& stop) {
  if (digits < 0 || digits > 30)
    throw Error(ErrorCode::invalid_parameter, "digits must be 0 to 30", fmt::format("They are {}.", digits), "2 are cents.");
  if (weights.empty()) return {};
  Pace pace(stop);
  const Decimal sum = parse(total, "total");
  const std::size_t scale = std::max(static_cast<std::size_t>(digits), sum.scale);
  const Integer units = sum.digits * power_of_ten(scale - sum.scale);
  const std::vector<Integer> whole = whole_weights(weights, pace);
  const Integer all = std::accumulate(whole.begin(), whole.end(), Integer(0));
  std::vector<Integer> share(whole.size()), remainder(whole.size());
  Integer given = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    pace.step();
    boost::multiprecision::divide_qr(Integer(units * whole[i]), all, share[i], remainder[i]);
    given += share[i];
  }
  std::vector<std::size_t> order(whole.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    pace.step();
    return remainder[a] > remainder[b];
  });
  // Fewer units are left than rows: each remainder is below one unit.
  for (std::size_t i = 0; given < units; ++i, ++given) ++share[order[i]];
  std::vector<std::string> out;
  for (const Integer& s : share) {
    pace.step();
    out.push_back(text_of(s, scale, sum.negative));
  }
  return out;
}

}  // namespace icp

#include "icp/attractiveness.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "icp/error.hpp"
#include "icp/text.hpp"

#include "settings.hpp"

namespace icp {

namespace {

// The name of a row's segment; "" where it has none.
std::string segment_of(const DataColumn& c, std::size_t row) {
  if (c.known[row] == 0) return {};
  switch (c.type) {
    case ColumnType::text: return c.words[static_cast<std::size_t>(c.codes[row])];
    case ColumnType::number: return number_text(c.numbers[row]);
    case ColumnType::boolean: return c.codes[row] == 1 ? "true" : "false";
    default:
      throw Error(ErrorCode::wrong_type, "the column \"segment\" is neither text nor a number", {}, "Give each segment a name.");
  }
}

double mark_of(const settings::Attractiveness& settings, const char* criterion, const std::string& segment, double value) {
  const auto scale = settings.scales.find(criterion);
  if (scale != settings.scales.end()) {
    const auto [zero, ten] = scale->second;
    return std::clamp(10 * ((value - zero) / (ten - zero)), 0.0, 10.0);
  }
  if (!(value >= 0 && value <= 10))
    throw Error(ErrorCode::invalid_parameter, fmt::format("the {} of segment \"{}\" is {}", criterion, segment, number_text(value)),
                "A mark must be a number from 0 to 10.",
                fmt::format("Say which values mean 0 and 10: {{\"attractiveness\": {{\"scales\": {{\"{}\": [{}, {}]}}}}}}.", criterion, value < 0 ? number_text(value) : "0",
                            value > 0 ? number_text(value) : "10"));
  return value;
}

// Whole units shared out in proportion to `share` (which total `all`): largest remainders, the first of equal ones.
std::vector<std::int64_t> apportion(const std::vector<double>& share, double all, std::int64_t units) {
  std::vector<std::int64_t> out;
  std::vector<double> rest;
  std::int64_t given = 0;
  for (const double s : share) {
    const double exact = s / all * static_cast<double>(units);
    out.push_back(static_cast<std::int64_t>(std::floor(exact)));
    rest.push_back(exact - std::floor(exact));
    given += out.back();
  }
  std::vector<std::size_t> order(share.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return rest[a] > rest[b]; });
  for (std::size_t i = 0; given < units; ++given, ++i) ++out[order[i % order.size()]];
  return out;
}

}  // namespace

std::vector<SegmentScore> rank_segments(const Sample& sample, const Zone& zone, const Stop& stop) {
  const Options options = parse_options(sample.options());
  const settings::Attractiveness settings = settings::attractiveness(settings::option(sample.options(), "attractiveness"));
  const Dataset data = read_dataset(sample, options, zone, stop, true);
  const DataColumn* name = data.find("segment");
  if (name == nullptr)
    throw Error(ErrorCode::undefined_column, "column \"segment\" does not exist in the rows", {},
                "Each row is a segment with the columns segment, volume, competition, fit, speed.");
  if (data.rows_seen > options.sample)
    throw Error(ErrorCode::too_large, fmt::format("more than {} segments", options.sample), {}, "Each row is one segment: aggregate the rows first.");
  std::array<const DataColumn*, 4> columns{};
  std::array<double, 4> weight{};
  for (std::size_t k = 0; k < 4; ++k) {
    columns[k] = data.find(attractiveness_criteria[k]);
    const auto w = settings.weights.find(attractiveness_criteria[k]);
    weight[k] = settings.weights.empty() ? 1 : w == settings.weights.end() ? 0 : w->second;
    if (columns[k] != nullptr && columns[k]->type != ColumnType::number && columns[k]->type != ColumnType::empty)
      throw Error(ErrorCode::wrong_type, fmt::format("column \"{}\" is not a number", attractiveness_criteria[k]), {}, "Cast it in the query.");
  }
  const double total = weight[0] + weight[1] + weight[2] + weight[3];
  std::vector<SegmentScore> out;
  std::set<std::string> seen;
  for (std::size_t r = 0; r < data.rows; ++r) {
    SegmentScore s;
    s.segment = segment_of(*name, r);
    if (s.segment.empty()) throw Error(ErrorCode::invalid_parameter, "a segment has no name", {}, "Leave out the rows whose segment is NULL.");
    if (data.count[r] > 1 || !seen.insert(s.segment).second)
      throw Error(ErrorCode::cardinality, fmt::format("segment \"{}\" occurs more than once", s.segment), {}, "Each row is one segment: aggregate the rows first.");
    double known = 0;
    std::vector<double> share;
    for (std::size_t k = 0; k < 4; ++k) {
      share.push_back(0);
      if (columns[k] == nullptr || columns[k]->known[r] == 0) continue;
      double mark = mark_of(settings, attractiveness_criteria[k], s.segment, columns[k]->numbers[r]);
      if (k == 1) mark = 10 - mark;
      s.marks[k] = mark;
      known += weight[k];
      share[k] = weight[k] * mark;
    }
    s.coverage = known / total;
    if (s.coverage >= 0.5) {
      const double sum = share[0] + share[1] + share[2] + share[3];
      const auto units = static_cast<std::int64_t>(std::llround(sum / known * 0x1p32));
      s.score = units;
      if (sum > 0) {
        const auto parts = apportion(share, sum, units);
        std::copy(parts.begin(), parts.end(), s.parts.begin());
      }
    }
    out.push_back(std::move(s));
  }
  std::sort(out.begin(), out.end(), [](const SegmentScore& a, const SegmentScore& b) {
    if (a.score.has_value() != b.score.has_value()) return a.score.has_value();
    if (a.score && *a.score != *b.score) return *a.score > *b.score;
    return a.segment < b.segment;
  });
  std::int64_t scored = 0;
  for (SegmentScore& s : out)
    if (s.score) s.rank = ++scored;
  // Two or three, and never all of three.
  const std::int64_t choose = settings.choose > 0 ? settings.choose : scored > 3 ? 3 : 2;
  for (SegmentScore& s : out) s.choose = s.rank > 0 && s.rank <= choose;
  return out;
}

Report report_attractiveness(const std::vector<SegmentScore>& segments) {
  Report r;
  r.columns = {"rank", "segment", "score", "volume", "competition", "fit", "speed", "coverage", "choose"};
  for (const SegmentScore& s : segments) {
    std::vector<Cell> row{s.rank > 0 ? Cell(s.rank) : Cell(), s.segment, s.score ? Cell(static_cast<double>(*s.score) * 0x1p-32) : Cell()};
    for (std::size_t k = 0; k < 4; ++k) row.push_back(s.score && s.marks[k] ? Cell(static_cast<double>(s.parts[k]) * 0x1p-32) : Cell());
    row.emplace_back(s.coverage);
    row.emplace_back(s.choose);
    r.rows.push_back(std::move(row));
  }
  return r;
}

}  // namespace icp

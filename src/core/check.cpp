// What icp_check says of a view before anything is learned from it, or of leads before they are scored.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "icp/antiicp.hpp"
#include "icp/leak.hpp"
#include "icp/training.hpp"

namespace icp {

namespace {

void find(std::vector<Finding>& findings, std::string severity, std::string column, std::int64_t rows, std::string message, std::string hint) {
  findings.push_back({std::move(severity), std::move(column), rows, std::move(message), std::move(hint)});
}

std::vector<std::uint32_t> all_rows(const Dataset& d) {
  std::vector<std::uint32_t> rows(d.rows);
  for (std::size_t r = 0; r < d.rows; ++r) rows[r] = static_cast<std::uint32_t>(r);
  return rows;
}

}  // namespace

std::vector<Finding> check_deals(const Sample& sample, const Zone& zone, const Stop& stop, std::uint64_t memory) {
  const Options options = parse_options(sample.options());
  require_memory("checking", fit_memory, sample, options, stop, memory);
  const Dataset d = read_dataset(sample, options, zone, stop, true);
  std::vector<Finding> findings = d.findings;
  const Training t = prepare_training(d, options, findings, stop);
  std::int64_t won = 0, lost = 0, open = 0, old = 0;
  std::vector<bool> seen(d.companies, false);
  std::int64_t companies = 0;
  for (std::size_t r = 0; r < d.rows; ++r) {
    const auto n = static_cast<std::int64_t>(d.count[r]);
    won += d.outcome[r] == Outcome::won ? n : 0;
    lost += d.outcome[r] == Outcome::lost ? n : 0;
    open += d.outcome[r] == Outcome::open ? n : 0;
    if (!d.is_closed(r)) continue;
    if (d.as_of - d.closed[r] > 730) old += n;
    if (!seen[static_cast<std::size_t>(d.company[r])]) {
      seen[static_cast<std::size_t>(d.company[r])] = true;
      ++companies;
    }
  }
  const std::string word = reliability_word(companies, won, lost, lost == 0);
  if (d.has_outcome) find(findings, word == "normal" ? "info" : "warning", "", won + lost + open,
       fmt::format("{} won, {} lost, {} open deals; {} companies with closed ones: reliability {}", won, lost, open, companies, word),
       word == "normal" ? "" : "at least 100 companies with 50 won and 50 lost deals make it normal");
  if (old > 0) find(findings, "warning", options.column_of("closed_at"), old, "closed deals are older than two years", "train on the last one or two years");
  // Roles that are mostly empty say little.
  for (const char* role : {"first_contact_at", "closed_at", "ltv", "cac", "retention", "amount"}) {
    const DataColumn* c = d.find(options.column_of(role));
    if (c == nullptr || d.rows == 0) continue;
    std::int64_t unknown = 0;
    for (std::size_t r = 0; r < d.rows; ++r)
      if (d.outcome[r] == Outcome::won && c->known[r] == 0) unknown += static_cast<std::int64_t>(d.count[r]);
    if (won > 0 && unknown * 2 > won) find(findings, "warning", c->name, unknown, "unknown in more than half of the won deals", "fill it, or leave the column out");
  }
  const auto rows = t.closed.empty() ? all_rows(d) : t.closed;
  Encoder encoder = learn_encoder(d, rows, options, findings, stop);
  for (const Feature& f : encoder.features)
    if (f.known_share < 0.5 && f.known_share >= Encoder::nearly_empty && d.find(f.name)->unread == 0)
      find(findings, "warning", f.name, static_cast<std::int64_t>(std::llround((1 - f.known_share) * static_cast<double>(rows.size()))),
           fmt::format("unknown in {:.0f} % of closed deals", 100 * (1 - f.known_share)), "");
  if (won > 0 && lost > 0) find_leaks(t, encoder, findings, stop);
  check_loss_reasons(d, options, findings);
  check_exclusions(d, options, false, findings, stop);
  return findings;
}

std::vector<Finding> check_leads(const Sample& sample, const Model& model, const Zone& zone, const Stop& stop,
                                 std::uint64_t memory) {
  Options options = parse_options(model.options);
  require_memory("checking", fit_memory, sample, options, stop, memory);
  const Dataset d = read_dataset(sample, options, zone, stop, true);
  std::vector<Finding> findings;
  const auto rows = all_rows(d);
  Encoder encoder = model.encoder;
  encoder.prepare();
  const Table table = encoder.encode(d, rows, stop);
  std::size_t present = 0;
  for (std::size_t f = 0; f < encoder.features.size(); ++f) {
    stop.poll();
    const Feature& feature = encoder.features[f];
    const DataColumn* c = d.find(feature.name);
    if (c == nullptr) {
      find(findings, "warning", feature.name, -1, "a feature of the model is absent: it lowers coverage", "add the column under this name");
      continue;
    }
    ++present;
    std::int64_t given = 0, unseen = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (c->known[i] == 0) continue;
      given += static_cast<std::int64_t>(d.count[i]);
      if (table.columns[f].missing(i)) unseen += static_cast<std::int64_t>(d.count[i]);
    }
    const double all = static_cast<double>(d.rows);
    if (c->unread > 0)
      find(findings, "warning", feature.name, static_cast<std::int64_t>(c->unread),
           fmt::format("declared {}, but {} of {} values are not: they count as unknown", options.kinds.at(feature.name), c->unread, c->known_rows + c->unread),
           "cast the column in the view as in the deals");
    const double known = static_cast<double>(c->known_rows);
    if (d.rows > 0 && ((known < 0.5 * all && feature.known_share >= 0.5) || known < Encoder::nearly_empty * all))
      find(findings, "warning", feature.name, static_cast<std::int64_t>(d.rows) - static_cast<std::int64_t>(c->known_rows),
           fmt::format("unknown in {:.0f} % of the rows, in {:.0f} % of the training deals", 100 * (1 - static_cast<double>(c->known_rows) / all),
                       100 * (1 - feature.known_share)), "scores rest on fewer features here");
    if (unseen > 0)
      find(findings, unseen * 5 > given ? "warning" : "info", feature.name, unseen, "values that training has not seen: they count as unknown",
           feature.kind == Kind::numeric ? "cast the column to a number" : "map them to the categories of the deals");
    if (feature.kind == Kind::numeric && given >= 20) {
      std::vector<double> z;
      for (const double x : table.columns[f].numbers)
        if (!std::isnan(x)) z.push_back(x);
      sort(z.begin(), z.end(), stop);
      if (z.empty()) continue;
      const double median = feature.raw(z[z.size() / 2]);
      const double usual = feature.raw(0);
      if (std::fabs(z[z.size() / 2]) > 2)
        find(findings, "warning", feature.name, given, fmt::format("the median is {:.4g}, about {:.4g} in training", median, usual),
             usual != 0 && (median / usual > 300 || median / usual < 1.0 / 300) ? "thousands against units?" : "check the unit");
    }
  }
  check_exclusions(d, options, true, findings, stop);
  if (present == 0) find(findings, "error", "", static_cast<std::int64_t>(d.rows), "the rows have none of the model's features", "name the columns as in the deals view");
  if (findings.empty()) find(findings, "info", "", static_cast<std::int64_t>(d.rows), "every feature of the model is there", "");
  return findings;
}

}  // namespace icp

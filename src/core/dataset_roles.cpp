#include "dataset_roles.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "icp/deal.hpp"
#include "icp/error.hpp"
#include "icp/text.hpp"

namespace icp {

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

class RoleReader {
 public:
  RoleReader(Dataset& data, const Options& options, const Zone& zone, const Stop& stop, bool lenient)
      : d_(data), o_(options), zone_(zone), stop_(stop), pace_(stop), lenient_(lenient) {}

  void read() {
    named();
    identity();
    company();
    outcome();
    d_.first_contact = number("first_contact_at", ColumnType::moment);
    d_.closed = number("closed_at", ColumnType::moment);
    d_.created = number("created_at", ColumnType::moment);
    d_.amount = number("amount");
    d_.ltv = number("ltv");
    d_.cac = number("cac");
    d_.retention = number("retention");
    d_.dqs = number("dqs");
    d_.hours = number("hours");
    weights();
    as_of();
    later();
    cycle();
    effort();
    currency();
  }

 private:
  const DataColumn* column(const char* role) const { return d_.find(o_.column_of(role)); }

  void find(std::string severity, std::string col, std::int64_t rows, std::string message, std::string hint) {
    d_.findings.push_back({std::move(severity), std::move(col), rows, std::move(message), std::move(hint)});
  }

  std::vector<double> number(const char* role, ColumnType type = ColumnType::number) {
    std::vector<double> out(d_.rows, nan_value);
    const DataColumn* c = column(role);
    if (c == nullptr || c->type == ColumnType::empty) return out;
    if (c->type == type) return c->numbers;
    if (type == ColumnType::number && c->type == ColumnType::text) {
      std::int64_t bad = 0;
      for (std::size_t r = 0; r < d_.rows; ++r) {
        pace_.step();
        if (c->codes[r] < 0) continue;
        const auto v = parse_number(c->words[static_cast<std::size_t>(c->codes[r])]);
        if (v && std::isfinite(*v)) out[r] = *v; else ++bad;
      }
      find("warning", c->name, bad, fmt::format("{} is text, read as a number", c->name), "cast it in the view");
      return out;
    }
    const std::string want = type == ColumnType::moment ? "a date or a timestamp" : "a number";
    if (!lenient_)
      throw Error(ErrorCode::wrong_type, fmt::format("column \"{}\" cannot play the role \"{}\"", c->name, role),
                  fmt::format("It must be {}.", want), "Cast it in the view, or name another column in the option roles.");
    find("error", c->name, -1, fmt::format("{} cannot play the role {}: it must be {}", c->name, role, want),
         "cast it in the view, or name another column in the option roles");
    return out;
  }

  // A value as text, for identities and messages.
  static std::string text_at(const DataColumn& c, std::size_t r) {
    if (c.known[r] == 0) return {};
    switch (c.type) {
      case ColumnType::number:
      case ColumnType::moment: return number_text(c.numbers[r]);
      case ColumnType::boolean: return c.codes[r] == 1 ? "true" : "false";
      case ColumnType::text: return c.words[static_cast<std::size_t>(c.codes[r])];
      default: return {};
    }
  }

  // A column that was named and is not there is a slip of the pen; the roles that nobody named are optional.
  void named() {
    for (const auto& [role, name] : o_.roles)
      if (role != "outcome" && d_.find(name) == nullptr)
        find("warning", name, -1, fmt::format("the role {} names a column that does not exist", role), "check the spelling");
  }

  void identity() {
    const DataColumn* c = column("deal_id");
    if (c == nullptr) return;
    std::size_t worst = d_.rows;
    std::int64_t repeated = 0;
    for (std::size_t r = 0; r < d_.rows; ++r) {
      if (c->known[r] == 0 || d_.count[r] < 2) continue;
      repeated += static_cast<std::int64_t>(d_.count[r]);
      if (worst == d_.rows || d_.count[r] > d_.count[worst]) worst = r;
    }
    if (worst == d_.rows) return;
    const std::string message = fmt::format("deal {} occurs {} times", text_at(*c, worst), d_.count[worst]);
    if (!lenient_)
      throw Error(ErrorCode::cardinality, message, fmt::format("{} rows repeat the {} of another.", repeated, c->name),
                  "A join multiplies deals: aggregate the joined table first.");
    find("error", c->name, repeated, message, "a join multiplies deals");
  }

  void company() {
    d_.company.assign(d_.rows, no_company);
    const DataColumn* c = column("company_id");
    d_.has_company = c != nullptr && c->known_rows > 0;
    std::int32_t next = 0;
    if (d_.has_company && c->type == ColumnType::text) {
      // Words are sorted, and those that are blank are of no row.
      std::vector<std::int32_t> index(c->words.size(), no_company);
      for (std::size_t r = 0; r < d_.rows; ++r)
        if (c->known[r] != 0) index[static_cast<std::size_t>(c->codes[r])] = 0;
      for (std::int32_t& i : index)
        if (i == 0) i = next++;
      for (std::size_t r = 0; r < d_.rows; ++r)
        if (c->known[r] != 0) d_.company[r] = index[static_cast<std::size_t>(c->codes[r])];
      stop_.poll();
    } else if (d_.has_company) {
      std::map<std::string, std::int32_t> seen;
      for (std::size_t r = 0; r < d_.rows; ++r) {
        pace_.step();
        if (c->known[r] != 0) seen.emplace(text_at(*c, r), 0);
      }
      for (auto& [id, index] : seen) index = next++;
      for (std::size_t r = 0; r < d_.rows; ++r) {
        pace_.step();
        if (c->known[r] != 0) d_.company[r] = seen.at(text_at(*c, r));
      }
    } else {
      find("info", o_.column_of("company_id"), -1, "no company_id: each row counts as a company of its own",
           "name the column in roles.company_id");
    }
    for (std::size_t r = 0; r < d_.rows; ++r)
      if (d_.company[r] == no_company) d_.company[r] = next++;
    d_.companies = static_cast<std::size_t>(next);
  }

  void outcome() {
    d_.outcome.assign(d_.rows, Outcome::unknown);
    const std::string name = o_.column_of("outcome");
    const DataColumn* c = column("outcome");
    d_.has_outcome = c != nullptr;
    if (c == nullptr) {
      if (!lenient_)
        throw Error(ErrorCode::undefined_column, fmt::format("column \"{}\" does not exist in the deals", name),
                    "The role \"outcome\" is required.", "Name the column: {\"roles\": {\"outcome\": \"deal_stage\"}}.");
      find("error", name, -1, "the column of the role outcome does not exist", "name it in roles.outcome");
      return;
    }
    std::map<std::string, std::int64_t> unlisted;
    for (std::size_t r = 0; r < d_.rows; ++r) {
      pace_.step();
      if (c->known[r] == 0) {
        d_.outcome[r] = Outcome::open;
        continue;
      }
      const std::string word = fold(text_at(*c, r));
      d_.outcome[r] = outcome_of(word, c->type == ColumnType::boolean, c->type == ColumnType::number, o_);
      if (d_.outcome[r] == Outcome::unknown) unlisted[text_at(*c, r)] += static_cast<std::int64_t>(d_.count[r]);
    }
    // A column that is not the outcome may hold a word a row: the most frequent ones tell.
    constexpr std::size_t most = 20;
    std::vector<std::pair<std::string, std::int64_t>> words(unlisted.begin(), unlisted.end());
    if (words.size() > most)
      std::stable_sort(words.begin(), words.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    std::int64_t others = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (i < most)
        find("error", name, words[i].second, fmt::format("'{}' is neither won, lost nor open", words[i].first),
             "set roles.won, roles.lost or roles.open");
      else others += words[i].second;
    }
    if (others > 0)
      find("error", name, others, fmt::format("{} more words are neither won, lost nor open", words.size() - most),
           "name the column of the outcome in roles.outcome");
  }

  // How much each row counts, in any unit: 0 leaves it out, and where it is not known it is 1.
  void weights() {
    d_.weight = number("weight");
    // In any unit: one so large that sums overflow, or so small that they vanish, becomes another.
    double most = 0;
    for (const double w : d_.weight)
      if (w > most) most = w;
    if (most > 1e100 || (most > 0 && most < 1e-100))
      for (double& w : d_.weight) {
        w = std::ldexp(w, -std::ilogb(most));
        if (w > 0 && w < 1e-100) w = 0;
      }
    const std::string name = o_.column_of("weight");
    std::int64_t negative = 0, nothing = 0, unknown = 0;
    for (std::size_t r = 0; r < d_.rows; ++r) {
      const auto n = static_cast<std::int64_t>(d_.count[r]);
      if (std::isnan(d_.weight[r])) {
        unknown += n;
        d_.weight[r] = 1;
      } else if (d_.weight[r] <= 0) {
        (d_.weight[r] < 0 ? negative : nothing) += n;
        d_.weight[r] = 0;
      }
    }
    if (negative > 0) {
      const std::string hint = "A weight of 0 leaves a row out.";
      if (!lenient_)
        throw Error(ErrorCode::invalid_parameter, fmt::format("a weight in the column \"{}\" is negative", name), fmt::format("{} rows have one.", negative), hint);
      find("error", name, negative, fmt::format("{} is negative: a row cannot count less than nothing", name), "a weight of 0 leaves a row out");
    }
    if (nothing > 0) find("info", name, nothing, "a weight of 0: nothing is learned from these rows", "");
    if (unknown > 0 && column("weight") != nullptr) find("info", name, unknown, "the weight is not known: it counts as 1", "");
  }

  void cycle() {
    d_.cycle = number("cycle_days");
    std::int64_t negative = 0;
    for (std::size_t r = 0; r < d_.rows; ++r) {
      d_.cycle[r] = cycle_of(d_.cycle[r], d_.first_contact[r], d_.closed[r]);
      if (d_.cycle[r] < 0) {
        ++negative;
        d_.cycle[r] = nan_value;
      }
    }
    if (negative > 0)
      find("warning", o_.column_of("closed_at"), negative, "closed before the first contact: the cycle is unknown",
           "check the dates");
  }

  void effort() {
    d_.effort = number("effort");
    const std::vector<double> calls = number("calls"), meetings = number("meetings"), emails = number("emails");
    for (std::size_t r = 0; r < d_.rows; ++r)
      d_.effort[r] = effort_of(d_.effort[r], calls[r], meetings[r], emails[r], d_.hours[r], o_.effort_unit == "hours");
  }

  void currency() {
    d_.currency.assign(d_.rows, -1);
    const DataColumn* c = column("currency");
    if (c == nullptr || c->type != ColumnType::text) return;
    const std::vector<std::string> folded = fold_all(c->words, stop_);
    std::vector<std::string> distinct = folded;
    sort(distinct.begin(), distinct.end(), stop_);
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    for (std::size_t r = 0; r < d_.rows; ++r, pace_.step())
      if (c->codes[r] >= 0)
        d_.currency[r] = static_cast<std::int32_t>(
            std::lower_bound(distinct.begin(), distinct.end(), folded[static_cast<std::size_t>(c->codes[r])]) - distinct.begin());
    d_.currencies = std::move(distinct);
    std::erase(d_.currencies, "");
    if (d_.currencies.size() > 1) {
      std::string list;
      for (const auto& s : d_.currencies) list += (list.empty() ? "" : ", ") + s;
      find("warning", c->name, static_cast<std::int64_t>(d_.rows), fmt::format("{} currencies: {}", d_.currencies.size(), list),
           "convert amounts to one currency in the view; until then sums of money are left out");
    }
  }

  void as_of() {
    d_.as_of = as_of_day(o_, zone_).value_or(nan_value);
    if (o_.as_of) return;
    for (const auto* dates : {&d_.first_contact, &d_.closed, &d_.created})
      for (const double day : *dates)
        if (!std::isnan(day) && !(d_.as_of >= day)) d_.as_of = day;
  }

  // What was closed after the as-of time was open then.
  void later() {
    std::int64_t reopened = 0;
    for (std::size_t r = 0; r < d_.rows; ++r) {
      if (!(d_.closed[r] > d_.as_of)) continue;
      d_.closed[r] = nan_value;
      if (!d_.is_closed(r)) continue;
      d_.outcome[r] = Outcome::open;
      reopened += static_cast<std::int64_t>(d_.count[r]);
    }
    if (reopened > 0)
      find("info", o_.column_of("closed_at"), reopened, "closed after the as-of date: open as of then", "");
  }

  Dataset& d_;
  const Options& o_;
  const Zone& zone_;
  const Stop& stop_;
  Pace pace_;
  bool lenient_;
};

}  // namespace

std::optional<double> as_of_day(const Options& options, const Zone& zone) {
  if (!options.as_of) return std::nullopt;
  const Moment m = *parse_moment(*options.as_of);
  return static_cast<double>(m.local ? zone(m.microseconds) : m.microseconds) / microseconds_a_day;
}

void read_roles(Dataset& data, const Options& options, const Zone& zone, const Stop& stop, bool lenient) {
  RoleReader(data, options, zone, stop, lenient).read();
}

}  // namespace icp

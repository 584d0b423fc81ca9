#include "icp/antiicp.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "icp/text.hpp"
#include "icp/training.hpp"
#include "rule_search.hpp"

namespace icp {

namespace {

constexpr int fifths = 5;                    // bins of a number in the vocabulary
constexpr int conjuncts = 2;                 // of a rule for losing
constexpr int permutations = 199;
constexpr double rule_work = 4e8;            // rows looked at and rules tried over all permutations, for rules of two conditions
constexpr std::size_t unpermuted = 20000;    // rows from which find_rules() confirms on the other half instead
constexpr double suspected = 0.75, confirmed = 0.95;
constexpr double most_lost = 0.5;            // a segment drops out after a stage: at least this share of its losses ...
constexpr double more_than_elsewhere = 0.1;  // ... and so much more than of the other losses
constexpr std::int64_t fewest_companies = 10, fewest_a_half = 5, fewest_named = 5;

// Words of a column as people mean them: its lost deals' reasons, or stages.
struct Named {
  std::vector<std::int32_t> of_row;          // index into keys; -1 none
  std::vector<std::string> keys, titles;     // what tells them apart; how they are mostly written
};

// Underscores and hyphens are spaces.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : fold(text)) {
    const bool gap = c == '_' || c == '-' || c == ' ';
    if (!gap) out += c;
    else if (!out.empty() && out.back() != ' ') out += ' ';
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// What few companies are behind is not kept by name: it is `rest`, or nothing.
Named read_names(const Training& t, const char* role, const LossReasons* reasons, const std::string& rest) {
  const Dataset& d = t.data;
  Named out;
  out.of_row.assign(d.rows, -1);
  const DataColumn* column = d.find(t.options.column_of(role));
  if (column == nullptr || column->type != ColumnType::text) return out;
  struct Key {
    bool coded = false;
    std::set<std::int32_t> companies;
    std::map<std::string, std::uint64_t> spelled;
  };
  std::map<std::string, Key> keys;
  std::vector<std::string> key_of_word;
  for (const std::string& word : column->words) {
    const std::string code = reasons != nullptr ? reasons->code_of(word) : "";
    key_of_word.push_back(code.empty() ? plain(word) : code);
    keys[key_of_word.back()].coded = !code.empty();
  }
  for (const std::uint32_t r : t.closed) {
    if (d.outcome[r] != Outcome::lost || column->known[r] == 0) continue;
    const auto word = static_cast<std::size_t>(column->codes[r]);
    Key& key = keys[key_of_word[word]];
    key.companies.insert(d.company[r]);
    key.spelled[column->words[word]] += d.count[r];
  }
  std::map<std::string, std::int32_t> index;
  for (const auto& [name, key] : keys) {
    if (!key.coded && key.companies.size() < static_cast<std::size_t>(fewest_named)) continue;
    index[name] = static_cast<std::int32_t>(out.keys.size());
    out.keys.push_back(name);
    const auto often = std::max_element(key.spelled.begin(), key.spelled.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    out.titles.push_back(often == key.spelled.end() ? name : often->first);
  }
  if (!rest.empty() && index.emplace(rest, static_cast<std::int32_t>(out.keys.size())).second) {
    out.keys.push_back(rest);
    out.titles.push_back(rest);
  }
  for (const std::uint32_t r : t.closed) {
    if (d.outcome[r] != Outcome::lost || column->known[r] == 0) continue;
    const auto it = index.find(key_of_word[static_cast<std::size_t>(column->codes[r])]);
    out.of_row[r] = it != index.end() ? it->second : rest.empty() ? -1 : index.at(rest);
  }
  return out;
}

// Letters and digits of any script joined by "_", for the name of a verdict.
std::string stage_word(const std::string& stage) {
  std::string out = plain(stage);
  std::replace(out.begin(), out.end(), ' ', '_');
  return out;
}

class Finder {
 public:
  Finder(const Training& t, const Encoder& encoder, double level, const Stop& stop)
      : t_(t), d_(t.data), encoder_(encoder), level_(level), stop_(stop), reasons_(t.options) {
    reason_ = read_names(t, "loss_reason", &reasons_, "other");
    stage_ = read_names(t, "lost_stage", nullptr, "");
    const DataColumn* meetings = d_.find(t.options.column_of("meetings"));
    if (meetings != nullptr && meetings->type == ColumnType::number) meetings_ = meetings;
    for (const std::uint32_t r : t.closed)
      if (t.rated[r] != 0) {
        rated_.push_back(r);
        won_.push_back(d_.outcome[r] == Outcome::won ? 1 : 0);
      }
  }

  AntiIcp find() {
    AntiIcp out;
    out.all = measure(Predicate{}).segment;
    const auto wins = std::count(won_.begin(), won_.end(), 1.0);
    if (wins == 0 || wins == static_cast<std::ptrdiff_t>(won_.size())) return out;
    vocabulary();
    sift();
    rules();
    drop_outs();
    std::stable_sort(drafts_.begin(), drafts_.end(), before);
    for (Draft& draft : drafts_)
      if (draft.listed || !draft.segment.verdict.empty()) out.segments.push_back(std::move(draft.segment));
    return out;
  }

 private:
  struct Draft {
    AntiSegment segment;
    std::vector<std::uint32_t> rows;  // closed
    std::int32_t stage = -1;
    double number = 0, rated = 0;     // independent mature deals, mature deals
    bool listed = false;
  };

  static int rank(const std::string& verdict) {
    if (verdict == "black_hole") return 0;
    if (verdict == "black_hole_suspected") return 1;
    if (verdict == "at_limit") return 2;
    return verdict.empty() ? 4 : 3;
  }
  static bool before(const Draft& a, const Draft& b) {
    const int x = rank(a.segment.verdict), y = rank(b.segment.verdict);
    if (x != y) return x < y;
    const double h = a.segment.hours.value_or(0), i = b.segment.hours.value_or(0);
    if (h != i) return h > i;
    if (a.segment.n != b.segment.n) return a.segment.n > b.segment.n;
    return a.segment.predicate.words() < b.segment.predicate.words();
  }

  double hours_of(std::uint32_t r) const {
    const auto known = [](double x) { return x >= 0 && std::isfinite(x); };
    if (known(d_.hours[r])) return d_.hours[r];
    if (!known(d_.effort[r])) return missing_number;
    if (t_.options.effort_unit == "hours") return d_.effort[r];
    return t_.options.anti_icp.hours_per_touch ? d_.effort[r] * *t_.options.anti_icp.hours_per_touch : missing_number;
  }

  static void add(std::optional<double>& total, double x) {
    if (!std::isnan(x)) total = total.value_or(0) + x;
  }

  Draft measure(const Predicate& predicate) {
    Draft draft;
    AntiSegment& s = draft.segment;
    s.predicate = predicate;
    std::set<std::int32_t> companies;
    std::vector<Observation> rated, hours, touches, ltv;
    const bool touched = t_.options.effort_unit != "hours", one_currency = d_.currencies.size() <= 1;
    std::vector<std::int64_t> reason(reason_.keys.size(), 0), stage(stage_.keys.size(), 0);
    double with_hours = 0;
    for (std::size_t i = 0; i < t_.closed.size(); ++i) {
      if (i % 1024 == 0) stop_.poll();
      const std::uint32_t r = t_.closed[i];
      if (!predicate.holds(d_, r)) continue;
      draft.rows.push_back(r);
      const auto n = static_cast<std::int64_t>(d_.count[r]);
      const auto times = static_cast<double>(d_.count[r]);
      const bool won = d_.outcome[r] == Outcome::won;
      s.n += n;
      companies.insert(d_.company[r]);
      if (t_.rated[r] != 0) {
        rated.push_back(t_.observe(r, won ? 1 : 0));
        draft.rated += times;
      }
      const double h = hours_of(r), e = touched && d_.effort[r] >= 0 ? d_.effort[r] : missing_number;
      const double m = meetings_ != nullptr && meetings_->known[r] != 0 && meetings_->numbers[r] >= 0 ? meetings_->numbers[r] : missing_number;
      add(s.hours, times * h);
      add(s.touches, times * e);
      add(s.meetings, times * m);
      if (!std::isnan(h)) {
        hours.push_back(t_.observe(r, h));
        with_hours += times;
      }
      if (!std::isnan(e)) touches.push_back(t_.observe(r, e));
      if (won) {
        s.won += n;
        if (one_currency && !std::isnan(d_.ltv[r])) ltv.push_back(t_.observe(r, d_.ltv[r]));
        continue;
      }
      add(s.lost_hours, times * h);
      add(s.lost_touches, times * e);
      add(s.lost_meetings, times * m);
      if (reason_.of_row[r] >= 0) reason[static_cast<std::size_t>(reason_.of_row[r])] += n;
      else s.without_reason += n;
      if (stage_.of_row[r] >= 0) stage[static_cast<std::size_t>(stage_.of_row[r])] += n;
    }
    s.companies = static_cast<std::int64_t>(companies.size());
    s.win_rate = share_estimate(rated, stop_);
    draft.number = rated.empty() ? 0 : effective_number(rated, stop_);
    if (s.win_rate.value) s.at_most = share_at_most(*s.win_rate.value, draft.number, t_.options.anti_icp.win_rate);
    s.hours_known = s.n > 0 ? with_hours / static_cast<double>(s.n) : 0;
    s.deal_hours = mean_estimate(hours, stop_);
    s.deal_touches = mean_estimate(touches, stop_);
    s.ltv = company_mean_estimate(ltv, stop_);
    const auto lost = static_cast<double>(s.n - s.won);
    if (const auto most = std::max_element(reason.begin(), reason.end()); most != reason.end() && *most > 0) {
      const auto k = static_cast<std::size_t>(most - reason.begin());
      s.main_reason = reason_.keys[k];
      s.reason_text = reason_.titles[k];
      s.main_reason_share = static_cast<double>(*most) / lost;
    }
    if (const auto most = std::max_element(stage.begin(), stage.end()); most != stage.end() && *most > 0) {
      draft.stage = static_cast<std::int32_t>(most - stage.begin());
      s.lost_stage = stage_.titles[static_cast<std::size_t>(draft.stage)];
      s.lost_stage_share = static_cast<double>(*most) / lost;
    }
    return draft;
  }

  // Whether there can be a verdict: so few of the mature deals are won, or so many of the losses come after one stage.
  bool worth_measuring(const Predicate& predicate) const {
    double rated = 0, won = 0, lost = 0;
    std::vector<double> stage(stage_.keys.size(), 0);
    for (std::size_t i = 0; i < t_.closed.size(); ++i) {
      if (i % 1024 == 0) stop_.poll();
      const std::uint32_t r = t_.closed[i];
      if (!predicate.holds(d_, r)) continue;
      const double w = d_.weight_of(r);
      if (t_.rated[r] != 0) {
        rated += w;
        won += d_.outcome[r] == Outcome::won ? w : 0;
      }
      if (stage_.of_row[r] >= 0) {
        lost += w;
        stage[static_cast<std::size_t>(stage_.of_row[r])] += w;
      }
    }
    if (won <= t_.options.anti_icp.win_rate * rated * (1 + 1e-9)) return true;
    return std::any_of(stage.begin(), stage.end(), [&](double w) { return w > 0 && w >= most_lost * lost * (1 - 1e-9); });
  }

  // Whether each won deal costs as many hours as the limit says; a segment that won nothing must have cost them altogether.
  bool costly(const AntiSegment& s) const {
    return s.hours && *s.hours >= t_.options.anti_icp.hours_per_win * static_cast<double>(std::max<std::int64_t>(1, s.won));
  }

  void judge(Draft& draft) {
    AntiSegment& s = draft.segment;
    if (!costly(s) || !s.at_most || !s.win_rate.value) return;
    const double share = s.rule && s.holdout_value ? *s.holdout_value : *s.win_rate.value;
    if (share > t_.options.anti_icp.win_rate) return;
    const bool vouched = !s.rule || s.holdout_value;
    const bool sure = *s.at_most >= confirmed && s.companies >= fewest_companies && s.p_adjusted.value_or(1) <= error_budget;
    s.verdict = sure && vouched ? "black_hole" : *s.at_most >= suspected ? "black_hole_suspected" : "at_limit";
  }

  RuleOptions rule_options() const {
    RuleOptions o;
    o.depth = conjuncts;
    o.direction = Direction::low;
    o.refine = false;  // the probability of a black hole stands on the held-out deals: none of them may have chosen it
    o.permutations = permutations;
    o.min_companies = fewest_companies;
    o.level = level_;
    o.seed = t_.options.seed;
    return o;
  }

  void vocabulary() {
    RuleOptions o = rule_options();
    o.direction = Direction::both;
    rules::Space space = rules::make_space(d_, encoder_, rated_, won_, o, fifths, stop_);
    // Single categories and bins only.
    std::vector<rules::Selector> single;
    for (rules::Attribute& a : space.attributes) {
      const auto first = static_cast<std::uint32_t>(single.size());
      for (std::uint32_t s = a.first_selector; s < a.last_selector; ++s)
        if (space.selectors[s].second < 0 && space.selectors[s].last - space.selectors[s].first == 1) single.push_back(space.selectors[s]);
      a.first_selector = first;
      a.last_selector = static_cast<std::uint32_t>(single.size());
    }
    space.selectors = std::move(single);
    if (space.selectors.empty()) return;
    const rules::Largest largest = rules::permute_largest(space, o, 1, stop_);
    const rules::Found found = rules::search_all(space, o, 1, rules::no_budget, stop_);
    looked_at_ = found.best.size();
    for (const rules::Candidate& c : found.best) {
      const auto above = largest.low.end() - std::lower_bound(largest.low.begin(), largest.low.end(), static_cast<float>(-c.statistic));
      const double p = static_cast<double>(1 + above) / static_cast<double>(1 + largest.low.size());
      const Predicate predicate = rules::predicate_of(space, encoder_, c.path);
      if (p > level_ && !worth_measuring(predicate)) continue;
      Draft draft = measure(predicate);
      draft.segment.p_adjusted = std::min(1.0, p * error_budget / level_);
      draft.listed = p <= level_;
      judge(draft);
      drafts_.push_back(std::move(draft));
    }
  }

  // Two conditions where trying all of them, again for every permutation, does not take long; else one.
  RuleOptions affordable() const {
    RuleOptions o = rule_options();
    const rules::Space space = rules::make_space(d_, encoder_, rated_, won_, o, 10, stop_);
    const auto selectors = static_cast<double>(space.selectors.size());
    const double work = selectors * selectors / 2 + selectors * static_cast<double>(space.rows());
    if (work * permutations > rule_work && space.rows() < unpermuted) o.depth = 1;
    return o;
  }

  // Of the rows that no confirmed black hole has: whether there are any, and the probability of their win rate.
  struct Rest {
    bool any = false;
    std::optional<double> at_most;
  };
  Rest rest_of(const Draft& draft) const {
    Rest rest;
    std::vector<Observation> rated;
    for (const std::uint32_t r : draft.rows) {
      if (swallowed_[r] != 0) continue;
      rest.any = true;
      if (t_.rated[r] != 0) rated.push_back(t_.observe(r, d_.outcome[r] == Outcome::won ? 1 : 0));
    }
    if (!rated.empty()) rest.at_most = share_at_most(*share_estimate(rated, stop_).value, effective_number(rated, stop_), t_.options.anti_icp.win_rate);
    return rest;
  }

  // A segment that is bad only by a worse one within it is suspected at most: the surest come first, and what they leave of
  // the others must itself rather be a black hole than not.
  void sift() {
    swallowed_.assign(d_.rows, 0);
    std::vector<Draft*> holes;
    for (Draft& draft : drafts_)
      if (draft.segment.verdict == "black_hole") holes.push_back(&draft);
    std::stable_sort(holes.begin(), holes.end(), [](const Draft* a, const Draft* b) {
      return a->segment.win_rate.high.value_or(1) < b->segment.win_rate.high.value_or(1);
    });
    for (Draft* draft : holes) {
      if (const Rest rest = rest_of(*draft); rest.at_most && *rest.at_most < 0.5) {
        draft->segment.verdict = "black_hole_suspected";
        continue;
      }
      for (const std::uint32_t r : draft->rows) swallowed_[r] = 1;
    }
  }

  void rules() {
    const RuleList list = find_rules(d_, encoder_, rated_, won_, affordable(), stop_);
    for (const Rule& rule : list.rules) {
      Draft draft = measure(rule.predicate);
      // Said already by a segment that nothing chose.
      const auto same = std::find_if(drafts_.begin(), drafts_.end(), [&](const Draft& o) { return o.rows == draft.rows; });
      if (same != drafts_.end()) {
        same->listed = true;
        continue;
      }
      const Rest rest = rest_of(draft);
      if (!rest.any) continue;
      AntiSegment& s = draft.segment;
      s.rule = draft.listed = true;
      s.p_adjusted = rule.p_adjusted;
      s.holdout_n = rule.holdout_n;
      s.holdout_value = rule.holdout_value;
      s.win_rate.low = rule.low;
      s.win_rate.high = rule.high;
      // Deals held out are as many companies' worth as all of the segment's.
      if (rule.holdout_value && draft.rated > 0)
        s.at_most = share_at_most(*rule.holdout_value, static_cast<double>(rule.holdout_n) * draft.number / draft.rated, t_.options.anti_icp.win_rate);
      judge(draft);
      if (s.verdict == "black_hole" && rest.at_most.value_or(0) < confirmed) s.verdict = "black_hole_suspected";
      drafts_.push_back(std::move(draft));
    }
  }

  struct Share {
    double value = 0, number = 0;     // number: of independent lost deals
    std::int64_t companies = 0;
    // Half a deal is added to each side, so that none and all are not certain.
    double variance() const {
      const double p = (value * number + 0.5) / (number + 1);
      return p * (1 - p) / number;
    }
  };
  // Of lost deals whose stage is known, those lost at `stage`.
  Share share(std::span<const std::uint32_t> rows, std::int32_t stage) const {
    std::vector<Observation> seen;
    std::set<std::int32_t> companies;
    for (const std::uint32_t r : rows)
      if (d_.outcome[r] == Outcome::lost && stage_.of_row[r] >= 0) {
        seen.push_back(t_.observe(r, stage_.of_row[r] == stage ? 1 : 0));
        companies.insert(d_.company[r]);
      }
    Share s;
    if (seen.empty()) return s;
    s.value = *share_estimate(seen, stop_).value;
    s.number = effective_number(seen, stop_);
    s.companies = static_cast<std::int64_t>(companies.size());
    return s;
  }

  // Where more of a segment's losses come after one stage than of the other losses, in the earlier half of them and in the
  // later one. Tested over all segments and stages (Bonferroni). The most striking is named first and then no longer
  // belongs to what others are compared with: else the rest would seem to drop out elsewhere because it does here. Deals
  // in a confirmed black hole count on neither side: it has its own verdict.
  void drop_outs() {
    if (stage_.keys.empty() || drafts_.empty()) return;
    const double needed = normal_quantile(1 - level_ / static_cast<double>((looked_at_ + drafts_.size()) * stage_.keys.size()));
    std::map<std::int32_t, Share> all;
    for (const Draft& draft : drafts_) {
      stop_.poll();
      if (draft.stage >= 0 && !all.contains(draft.stage)) all[draft.stage] = share(t_.closed, draft.stage);
    }
    double lost = 0;
    for (const std::uint32_t r : t_.closed) lost += stage_.of_row[r] >= 0 ? d_.weight_of(r) : 0;
    std::vector<Share> here;
    for (const Draft& draft : drafts_) {
      stop_.poll();
      std::vector<std::uint32_t> rows;
      std::copy_if(draft.rows.begin(), draft.rows.end(), std::back_inserter(rows), [&](std::uint32_t r) { return swallowed_[r] == 0; });
      here.push_back(draft.stage >= 0 ? share(rows, draft.stage) : Share{});
    }
    std::vector<std::uint8_t> named = swallowed_, inside(d_.rows, 0);
    for (;;) {
      Draft* best = nullptr;
      double best_excess = 0;
      for (std::size_t i = 0; i < drafts_.size(); ++i) {
        Draft& draft = drafts_[i];
        if (!draft.segment.verdict.empty() || here[i].companies < fewest_companies || here[i].value < most_lost) continue;
        stop_.poll();
        for (const std::uint32_t r : draft.rows) inside[r] = 1;
        double rest = 0, hits = 0;
        for (const std::uint32_t r : t_.closed) {
          if (stage_.of_row[r] < 0 || inside[r] != 0 || named[r] != 0) continue;
          rest += d_.weight_of(r);
          if (stage_.of_row[r] == draft.stage) hits += d_.weight_of(r);
        }
        for (const std::uint32_t r : draft.rows) inside[r] = 0;
        // As many independent deals as their share of all.
        Share elsewhere;
        elsewhere.number = all[draft.stage].number * rest / lost;
        if (elsewhere.number < static_cast<double>(fewest_companies)) continue;
        elsewhere.value = hits / rest;
        const double more = here[i].value - elsewhere.value;
        const double excess = more - needed * std::sqrt(here[i].variance() + elsewhere.variance());
        if (more < more_than_elsewhere || excess <= best_excess || !steady(draft, elsewhere.value)) continue;
        best = &draft;
        best_excess = excess;
      }
      if (best == nullptr) return;
      best->segment.verdict = "drops_after_" + stage_word(stage_.keys[static_cast<std::size_t>(best->stage)]);
      for (const std::uint32_t r : best->rows) named[r] = 1;
    }
  }

  bool steady(const Draft& draft, double elsewhere) const {
    std::vector<std::pair<double, std::uint32_t>> dated;
    for (const std::uint32_t r : draft.rows) {
      if (d_.outcome[r] != Outcome::lost || stage_.of_row[r] < 0 || swallowed_[r] != 0) continue;
      const double day = !std::isnan(d_.first_contact[r]) ? d_.first_contact[r] : !std::isnan(d_.created[r]) ? d_.created[r] : d_.closed[r];
      if (!std::isnan(day)) dated.emplace_back(day, r);
    }
    if (dated.empty()) return true;  // no dates, no halves
    std::sort(dated.begin(), dated.end());
    for (const bool later : {false, true}) {
      std::vector<std::uint32_t> half;
      for (std::size_t i = later ? dated.size() / 2 : 0; i < (later ? dated.size() : dated.size() / 2); ++i) half.push_back(dated[i].second);
      if (half.size() < static_cast<std::size_t>(fewest_a_half) || share(half, draft.stage).value <= elsewhere) return false;
    }
    return true;
  }

  const Training& t_;
  const Dataset& d_;
  const Encoder& encoder_;
  double level_;
  const Stop& stop_;
  LossReasons reasons_;
  Named reason_, stage_;
  const DataColumn* meetings_ = nullptr;
  std::vector<std::uint32_t> rated_;
  std::vector<double> won_;
  std::vector<Draft> drafts_;
  std::size_t looked_at_ = 0;                 // segments of the vocabulary
  std::vector<std::uint8_t> swallowed_;       // by row: in a confirmed black hole of the vocabulary
};

}  // namespace

LossReasons::LossReasons(const Options& options) {
  for (const auto& [code, reason] : options.loss_reasons) {
    for (const std::string& text : reason.matches) by_text_.emplace(plain(text), code);
    for (const auto& [language, title] : reason.titles) by_text_.emplace(plain(title), code);
  }
  // A code means itself, whatever another lists.
  for (const auto& [code, reason] : options.loss_reasons) by_text_[plain(code)] = code;
  by_text_.erase("");
}

std::string LossReasons::code_of(std::string_view text) const {
  const auto it = by_text_.find(plain(text));
  return it == by_text_.end() ? "" : it->second;
}

AntiIcp find_anti_icp(const Training& training, const Encoder& encoder, double share, const Stop& stop) {
  return Finder(training, encoder, share, stop).find();
}

std::string black_hole_name(const AntiSegment& segment) { return segment.predicate.words(); }

}  // namespace icp

// What is usual in each cohort and how much it tells the cohort from the rest; names from it.
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "icp/language.hpp"
#include "icp/text.hpp"
#include "icp/training.hpp"

namespace icp {

namespace {

// Jensen–Shannon divergence (Lin 1991) of two distributions over cells given by counts, less its expected value where
// both are samples of one law (a chi-square's expectation); at least 0, at most log 2.
double divergence(const std::vector<double>& a, const std::vector<double>& b) {
  double na = 0, nb = 0, cells = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    na += a[i];
    nb += b[i];
    if (a[i] + b[i] > 0) cells += 1;
  }
  if (na <= 0 || nb <= 0) return 0;
  double js = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double p = a[i] / na, q = b[i] / nb, m = (p + q) / 2;
    if (p > 0) js += 0.5 * p * std::log(p / m);
    if (q > 0) js += 0.5 * q * std::log(q / m);
  }
  return std::max(0.0, js - (cells - 1) / 8 * (1 / na + 1 / nb));
}

// The rows of a table by whether they are of one cluster.
struct Members {
  const Table& table;
  std::span<const std::int32_t> cluster;
  std::int32_t one;
  const Stop& stop;
  template <class In, class Out>
  void each(In&& in, Out&& out) const {
    Pace pace(stop);
    for (std::size_t r = 0; r < table.rows; ++r) {
      pace.step();
      if (cluster[r] == one) in(r, table.weight_of(r));
      else out(r, table.weight_of(r));
    }
  }
};

double weighted_quantile(const std::vector<std::pair<double, double>>& sorted, double q) {
  double total = 0, sum = 0;
  for (const auto& [x, w] : sorted) total += w;
  for (const auto& [x, w] : sorted) {
    sum += w;
    if (sum >= q * total) return x;
  }
  return sorted.back().first;
}

Criterion numeric(const Feature& feature, const TableColumn& c, const Members& m, const std::vector<double>& cuts) {
  Criterion out;
  std::vector<double> a(cuts.size() + 1, 0), b = a;
  std::vector<std::pair<double, double>> in, all;
  const auto cell = [&](double x) { return static_cast<std::size_t>(std::upper_bound(cuts.begin(), cuts.end(), x) - cuts.begin()); };
  in.reserve(m.table.rows);
  all.reserve(m.table.rows);
  double total = 0, known = 0;
  m.each(
      [&](std::size_t r, double w) {
        total += w;
        if (c.missing(r)) return;
        known += w;
        a[cell(c.numbers[r])] += w;
        in.emplace_back(c.numbers[r], w);
      },
      [&](std::size_t r, double w) {
        if (c.missing(r)) return;
        b[cell(c.numbers[r])] += w;
        all.emplace_back(c.numbers[r], w);
      });
  out.known = total > 0 ? known / total : 0;
  all.insert(all.end(), in.begin(), in.end());
  sort(in.begin(), in.end(), m.stop);
  sort(all.begin(), all.end(), m.stop);
  if (!all.empty()) out.median_all = feature.raw(weighted_quantile(all, 0.5));
  if (in.empty()) {
    out.usual_low = feature.raw(feature.low);
    out.usual_high = feature.raw(feature.high);
    return out;
  }
  out.median = feature.raw(weighted_quantile(in, 0.5));
  out.usual_low = feature.raw(weighted_quantile(in, 0.1));
  out.usual_high = feature.raw(weighted_quantile(in, 0.9));
  double mean = 0, variance = 0;
  for (const auto& [x, w] : in) mean += w * x / known;
  for (const auto& [x, w] : in) variance += w * (x - mean) * (x - mean) / known;
  out.spread = std::max(0.1, std::sqrt(variance));
  out.weight = divergence(a, b);
  return out;
}

Criterion categorical(const TableColumn& c, const Members& m) {
  Criterion out;
  std::vector<double> a(static_cast<std::size_t>(c.categories), 0), b = a;
  double total = 0, known = 0, known_all = 0;
  m.each(
      [&](std::size_t r, double w) {
        total += w;
        if (c.missing(r)) return;
        known += w;
        a[static_cast<std::size_t>(c.codes[r])] += w;
      },
      [&](std::size_t r, double w) {
        if (!c.missing(r)) b[static_cast<std::size_t>(c.codes[r])] += w;
      });
  out.weight = divergence(a, b);
  out.known = total > 0 ? known / total : 0;
  for (std::size_t k = 0; k < a.size(); ++k) known_all += a[k] + b[k];
  const double most = a.empty() ? 0 : *std::max_element(a.begin(), a.end());
  for (std::size_t k = 0; k < a.size(); ++k) {
    out.match.push_back(most > 0 ? (a[k] + 0.5) / (most + 0.5) : 1);
    out.share.push_back(known > 0 ? a[k] / known : 0);
    out.share_all.push_back(known_all > 0 ? (a[k] + b[k]) / known_all : 0);
  }
  return out;
}

Criterion set(const TableColumn& c, const Members& m) {
  Criterion out;
  const auto items = static_cast<std::size_t>(c.categories);
  std::vector<double> a(items, 0), b(items, 0);
  double total = 0, na = 0, nb = 0;
  m.each(
      [&](std::size_t r, double w) {
        total += w;
        if (c.missing(r)) return;
        na += w;
        for (const auto i : c.set_of(r)) a[static_cast<std::size_t>(i)] += w;
      },
      [&](std::size_t r, double w) {
        if (c.missing(r)) return;
        nb += w;
        for (const auto i : c.set_of(r)) b[static_cast<std::size_t>(i)] += w;
      });
  out.known = total > 0 ? na / total : 0;
  for (std::size_t i = 0; i < items; ++i) {
    const double w = divergence({a[i], na - a[i]}, {b[i], nb - b[i]});
    out.item_weight.push_back(w);
    out.weight += w;
    out.match.push_back((a[i] + 0.5) / (na + 1));
    out.share.push_back(na > 0 ? a[i] / na : 0);
    out.share_all.push_back(na + nb > 0 ? (a[i] + b[i]) / (na + nb) : 0);
  }
  return out;
}

// Letters and digits of any script, folded, joined by "_".
std::string slug(const std::string& text) {
  std::string out;
  std::string plain = fold(text);
  for (std::size_t dash = 0; (dash = plain.find("–")) != std::string::npos;) plain.replace(dash, std::string("–").size(), "_");
  for (const char c : plain) {
    const auto u = static_cast<unsigned char>(c);
    const bool letter = u >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (letter) out += c;
    else if (!out.empty() && out.back() != '_') out += '_';
  }
  while (!out.empty() && out.back() == '_') out.pop_back();
  return out;
}

// What unites a cohort in one feature, in a word or two: "wholesale", "employees 32–64"; "" where nothing does. The
// category alone where it cannot be mistaken, else with the feature: "client: New", "rfp: No".
std::string trait(const Encoder& encoder, std::size_t f, const Criterion& c) {
  const Feature& feature = encoder.features[f];
  if (feature.kind == Kind::numeric) return feature.name + " " + usual(feature, c, "en");
  if (c.share.empty()) return {};
  const auto top = static_cast<std::size_t>(std::max_element(c.share.begin(), c.share.end()) - c.share.begin());
  if (c.share[top] < 0.5) return {};
  if (feature.kind == Kind::binary) return feature.name + (top == 1 ? ": yes" : ": no");
  const Category& category = feature.categories[top];
  bool mistaken = category.name.size() <= 3;
  for (std::size_t g = 0; g < encoder.features.size(); ++g)
    for (const Category& other : encoder.features[g].categories) mistaken = mistaken || (g != f && other.name == category.name);
  return mistaken ? feature.name + ": " + category.title() : category.title();
}

}  // namespace

std::vector<std::vector<Criterion>> learn_criteria(const Table& table, const Encoder& encoder, std::span<const std::int32_t> cluster,
                                                   int clusters, const Stop& stop) {
  const auto groups = static_cast<std::size_t>(clusters);
  std::vector<std::vector<Criterion>> out(groups, std::vector<Criterion>(encoder.features.size()));
  for (std::size_t f = 0; f < encoder.features.size(); ++f) {
    stop.poll();
    const TableColumn& c = table.columns[f];
    const std::vector<double> cuts = tenths(c, stop);
    for (std::size_t k = 0; k < groups; ++k) {
      const Members members{table, cluster, static_cast<std::int32_t>(k), stop};
      out[k][f] = c.kind == Kind::numeric ? numeric(encoder.features[f], c, members, cuts)
                  : c.kind == Kind::set   ? set(c, members)
                                          : categorical(c, members);
    }
  }
  for (auto& criteria : out) {
    double total = 0;
    for (const Criterion& c : criteria) total += c.weight;
    // Where nothing tells the cohort from the rest (a single one, say) all features count alike.
    for (Criterion& c : criteria) c.weight = total > 0 ? c.weight / total : 1.0 / static_cast<double>(criteria.size());
  }
  return out;
}

std::string usual(const Feature& feature, const Criterion& c, const std::string& language) {
  const bool ru = russian(language);
  if (feature.kind == Kind::numeric) {
    const auto tidy = [](double v) { return number_text(parse_number(fmt::format("{:.4g}", v)).value_or(v)); };
    const std::string low = tidy(c.usual_low), high = tidy(c.usual_high);
    return low == high ? low : low + "–" + high;
  }
  std::vector<std::size_t> order(c.share.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return c.share[a] > c.share[b]; });
  std::string out;
  double covered = 0;
  for (std::size_t i = 0; i < order.size() && i < 3; ++i) {
    const double share = c.share[order[i]];
    if (share < 0.05 || (feature.kind != Kind::set && covered >= 0.8)) break;
    covered += share;
    std::string name = feature.categories[order[i]].title();
    if (feature.kind == Kind::binary) name = order[i] == 1 ? (ru ? "да" : "yes") : (ru ? "нет" : "no");
    out += fmt::format("{}{} {:.0f} %", out.empty() ? "" : ", ", name, 100 * share);
  }
  return out.empty() ? (ru ? "по-разному" : "varied") : out;
}

void name_cohorts(std::vector<Cohort>& cohorts, const Encoder& encoder) {
  std::set<std::string> used;
  for (Cohort& c : cohorts) {
    std::string key, numbers;
    c.title.clear();
    std::vector<std::size_t> order(c.criteria.size());
    for (std::size_t f = 0; f < order.size(); ++f) order[f] = f;
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return c.criteria[a].weight > c.criteria[b].weight; });
    int parts = 0, words = 0;
    for (const std::size_t f : order) {
      if (cohorts.size() == 1 || parts == 4 || (parts > 0 && c.criteria[f].weight < 0.1)) break;
      const std::string part = trait(encoder, f, c.criteria[f]);
      if (part.empty()) continue;
      ++parts;
      c.title += (c.title.empty() ? "" : " · ") + part;
      // Categories name a cohort better than ranges do.
      if (encoder.features[f].kind == Kind::numeric) numbers += (numbers.empty() ? "" : "_") + slug(part);
      else if (words++ < 2) key += (key.empty() ? "" : "_") + slug(part);
    }
    if (key.empty()) key = numbers;
    if (c.title.empty() && cohorts.size() > 1) c.title = c.predicate.words();
    if (key.empty() && cohorts.size() > 1) key = slug(c.title);
    if (key.empty()) {
      key = cohorts.size() == 1 ? "all" : "group";
      c.title = cohorts.size() == 1 ? "All customers" : "No common attribute";
    }
    if (key.size() > 60) {
      std::size_t end = 60;
      while (end > 0 && (static_cast<unsigned char>(key[end]) & 0xc0) == 0x80) --end;
      key.resize(end);
    }
    std::string unique = key;
    for (int i = 2; !used.insert(unique).second; ++i) unique = fmt::format("{}_{}", key, i);
    c.key = unique;
  }
}

}  // namespace icp

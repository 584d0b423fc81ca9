#include "icp/dqs.hpp"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "icp/text.hpp"

namespace icp {

namespace {

using Json = nlohmann::json;

constexpr const char* weights_hint =
    "Write the four weights as ltv_cac=30,speed=25,retention=25,effort=20, or one of default, saas, project.";
constexpr const char* scale_hint =
    "Write anchors as {\"ltv_cac\": [[0,0],[3,60],[10,100]], \"speed\": […], \"retention\": […], \"effort\": […]}, or one of "
    "default, hours, identity.";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n\f\v";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

[[noreturn]] void bad_text(const char* type, std::string detail, const char* hint) {
  throw Error(ErrorCode::invalid_text, std::string("invalid input syntax for type ") + type, std::move(detail), hint);
}

[[noreturn]] void bad_scale(std::string message, std::string detail = {}, std::string hint = {}) {
  throw Error(ErrorCode::invalid_parameter, std::move(message), std::move(detail), std::move(hint));
}

// Quoted, and cut where it is long.
std::string shown(std::string_view text) {
  std::string out = "\"" + clean(text.substr(0, 60));
  if (text.size() > 60) out += "…";
  return out + "\"";
}

std::size_t component_of(std::string_view name) {
  for (std::size_t c = 0; c < dqs_components; ++c)
    if (name == dqs_component_names[c]) return c;
  return dqs_components;
}

double slope_of(const DqsAnchor& a, const DqsAnchor& b) { return (b.second - a.second) / (b.first - a.first); }

void validate_anchors(const std::vector<DqsAnchor>& anchors, const std::string& name) {
  if (anchors.size() > DqsScale::max_anchors)
    bad_scale("the scale of " + name + " has too many anchors",
              "It has " + std::to_string(anchors.size()) + "; at most " + std::to_string(DqsScale::max_anchors) + " are allowed.");
  bool rises = false, falls = false;
  for (std::size_t i = 0; i < anchors.size(); ++i) {
    const auto& [raw, score] = anchors[i];
    if (!(raw >= -DqsScale::max_raw && raw <= DqsScale::max_raw))
      bad_scale("an anchor of " + name + " is out of range", "Its raw value is " + number_text(raw) + ".",
                "Raw values are finite numbers from -1e100 to 1e100.");
    if (!(score >= 0 && score <= 100))
      bad_scale("a score of " + name + " is out of range", "It is " + number_text(score) + ".", "Scores are from 0 to 100.");
    if (i == 0) continue;
    if (!(raw > anchors[i - 1].first))
      bad_scale("the raw values of the scale of " + name + " do not rise",
                number_text(raw) + " follows " + number_text(anchors[i - 1].first) + ".", "Sort the anchors by their raw value.");
    if (!std::isfinite(slope_of(anchors[i - 1], anchors[i])))
      bad_scale("two anchors of " + name + " are too close",
                number_text(raw) + " follows " + number_text(anchors[i - 1].first) + ".", "Leave one of them out.");
    rises |= score > anchors[i - 1].second;
    falls |= score < anchors[i - 1].second;
  }
  if (rises && falls)
    bad_scale("the scores of the scale of " + name + " both rise and fall", {},
              "A scale is monotone: scores only rise with the raw value, or only fall.");
}

}  // namespace

void DqsWeights::validate() const {
  double total = 0;
  for (std::size_t c = 0; c < dqs_components; ++c) {
    if (!std::isfinite(points[c]) || points[c] < 0)
      throw Error(ErrorCode::invalid_parameter, std::string("the weight of ") + dqs_component_names[c] + " must be a number of at least 0",
                  "It is " + number_text(points[c]) + ".", weights_hint);
    total += points[c];
  }
  if (!(std::abs(total - 100) <= 1e-9))
    throw Error(ErrorCode::invalid_parameter, "weights must total 100", "They total " + number_text(total) + ".", weights_hint);
}

DqsWeights parse_dqs_weights(std::string_view text) {
  text = trimmed(text);
  if (text == "default") return {};
  if (text == "saas") return {.points = {30, 15, 40, 15}};
  if (text == "project") return {.points = {30, 35, 10, 25}};
  constexpr const char* type = "dqs_weights";
  DqsWeights weights;
  weights.points.fill(0);
  std::array<bool, dqs_components> seen{};
  if (text.find('=') == std::string_view::npos) bad_text(type, "There is no preset " + shown(text) + ".", weights_hint);
  for (bool more = true; more;) {
    const auto comma = text.find(',');
    const auto pair = trimmed(text.substr(0, comma));
    more = comma != std::string_view::npos;
    if (more) text.remove_prefix(comma + 1);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) bad_text(type, shown(pair) + " is not of the form component=points.", weights_hint);
    const auto name = trimmed(pair.substr(0, equals));
    const auto value = parse_number(pair.substr(equals + 1));
    const auto c = component_of(name);
    if (c == dqs_components) bad_text(type, "There is no component " + shown(name) + ".", weights_hint);
    if (!value) bad_text(type, shown(trimmed(pair.substr(equals + 1))) + " is not a number.", weights_hint);
    if (std::exchange(seen[c], true)) bad_text(type, "The component " + shown(name) + " occurs twice.", weights_hint);
    weights.points[c] = *value == 0 ? 0 : *value;  // no negative zero
  }
  weights.validate();
  return weights;
}

std::string dqs_weights_text(const DqsWeights& weights) {
  std::string out;
  for (std::size_t c = 0; c < dqs_components; ++c) {
    if (c > 0) out.push_back(',');
    out.append(dqs_component_names[c]).push_back('=');
    append_number(out, weights.points[c]);
  }
  return out;
}

void DqsScale::validate() const {
  for (std::size_t c = 0; c < dqs_components; ++c) validate_anchors(anchors[c], dqs_component_names[c]);
  if (!(bands[0] >= 0 && bands[0] <= bands[1] && bands[1] <= 100))
    bad_scale("the bands of a scale must be two rising scores from 0 to 100",
              "They are " + number_text(bands[0]) + " and " + number_text(bands[1]) + ".");
  if (!relative && (bands[0] != 40 || bands[1] != 70 || n != 0))
    bad_scale("only a relative scale has bands or a number of deals of its own",
              "On an absolute scale deals below 40 are a problem and above 70 gold.", "Leave out \"bands\" and \"n\".");
}

DqsScale parse_dqs_scale(std::string_view text) {
  text = trimmed(text);
  DqsScale scale;
  const std::vector<DqsAnchor> identity = {{0, 0}, {100, 100}};
  if (text == "identity") {
    scale.anchors.fill(identity);
    return scale;
  }
  if (text == "default" || text == "hours") {
    scale.anchors[dqs_ltv_cac] = {{0, 0}, {1, 20}, {3, 60}, {5, 80}, {10, 100}};
    scale.anchors[dqs_speed] = {{0, 100}, {14, 90}, {30, 70}, {90, 40}, {180, 15}, {365, 0}};
    scale.anchors[dqs_retention] = {{0, 0}, {1, 100}};
    if (text == "default")
      scale.anchors[dqs_effort] = {{0, 100}, {5, 90}, {15, 60}, {30, 30}, {60, 0}};
    else
      scale.anchors[dqs_effort] = {{0, 100}, {4, 90}, {12, 60}, {24, 30}, {50, 0}};
    return scale;
  }

  constexpr const char* type = "dqs_scale";
  if (text.empty() || text.front() != '{') bad_text(type, "There is no preset " + shown(text) + ".", scale_hint);
  std::set<std::string> keys;
  std::string twice;
  const Json document = Json::parse(
      text.begin(), text.end(),
      [&](int depth, Json::parse_event_t event, Json& parsed) {
        if (event == Json::parse_event_t::key && depth == 1 && !keys.insert(parsed.get<std::string>()).second) twice = parsed.get<std::string>();
        return true;
      },
      false);
  if (document.is_discarded() || !document.is_object()) bad_text(type, "It is not valid JSON.", scale_hint);
  if (!twice.empty()) bad_text(type, "The key " + shown(twice) + " occurs twice.", scale_hint);

  const auto number = [&](const Json& node, const std::string& key) {
    if (!node.is_number()) bad_text(type, "A value of " + key + " is not a number.", scale_hint);
    const auto value = node.get<double>();
    return value == 0 ? 0.0 : value;
  };
  std::array<bool, dqs_components> seen{};
  bool bands = false;
  for (const auto& [key, node] : document.items()) {
    const auto c = component_of(key);
    if (c < dqs_components) {
      if (!node.is_array()) bad_text(type, "The anchors of " + key + " are not an array.", scale_hint);
      for (const auto& anchor : node) {
        if (!anchor.is_array() || anchor.size() != 2) bad_text(type, "An anchor of " + key + " is not of the form [raw, score].", scale_hint);
        scale.anchors[c].emplace_back(number(anchor[0], key), number(anchor[1], key));
      }
      seen[c] = true;
    } else if (key == "relative") {
      if (!node.is_boolean()) bad_text(type, "\"relative\" is neither true nor false.", scale_hint);
      scale.relative = node.get<bool>();
    } else if (key == "bands") {
      if (!node.is_array() || node.size() != 2) bad_text(type, "\"bands\" is not of the form [score, score].", scale_hint);
      scale.bands = {number(node[0], key), number(node[1], key)};
      bands = true;
    } else if (key == "n") {
      if (!node.is_number_unsigned()) bad_text(type, "\"n\" is not a whole number of at least 0.", scale_hint);
      scale.n = node.get<std::uint64_t>();
    } else if (key == "version") {
      if (node != Json(DqsScale::version)) bad_text(type, "Its version is not one that this release reads.", scale_hint);
    } else {
      bad_text(type, "There is no key " + shown(key) + ".", scale_hint);
    }
  }
  for (std::size_t c = 0; c < dqs_components; ++c)
    if (!seen[c]) bad_text(type, std::string("The key \"") + dqs_component_names[c] + "\" is missing.", scale_hint);
  if (scale.relative && !bands) bad_text(type, "A relative scale needs the key \"bands\".", scale_hint);
  scale.validate();
  return scale;
}

DqsScorer::DqsScorer(const DqsWeights& weights, const DqsScale& scale) {
  for (std::size_t c = 0; c < dqs_components; ++c) {
    const auto& anchors = scale.anchors[c];
    for (std::size_t i = 0; i < anchors.size(); ++i) {
      curves_[c].raw.push_back(anchors[i].first);
      curves_[c].score.push_back(anchors[i].second);
      if (i > 0) curves_[c].slope.push_back(slope_of(anchors[i - 1], anchors[i]));
    }
  }
  const auto& retention = scale.anchors[dqs_retention];
  retention_most_ = retention.empty() || retention.back().first > 1 ? std::numeric_limits<double>::infinity() : 1.0;

  double total = 0;
  for (const double points : weights.points) total += points;
  for (unsigned known = 0; known < masks_.size(); ++known) {
    double sum = 0;
    for (std::size_t c = 0; c < dqs_components; ++c)
      if (known >> c & 1) sum += weights.points[c];
    // The total is 100 only within a rounding error, and half of the weight is enough.
    if (known == 0 || sum < total / 2 * (1 - 1e-12)) continue;
    Mask& mask = masks_[known];
    mask.enough = true;
    // What the parts can contribute at most are multiples of 2^-32 that total 100 exactly (largest remainders), so that
    // no sum of rounded contributions passes 100.
    std::array<double, dqs_components> most{}, rest{};
    double left = 0x1p32 * 100;
    for (std::size_t c = 0; c < dqs_components; ++c) {
      if (!(known >> c & 1)) continue;
      mask.weight[c] = 100 * weights.points[c] / sum;
      most[c] = std::floor(0x1p32 * mask.weight[c]);
      rest[c] = 0x1p32 * mask.weight[c] - most[c];
      left -= most[c];
    }
    for (; left > 0; --left) {
      const auto c = static_cast<std::size_t>(std::max_element(rest.begin(), rest.end()) - rest.begin());
      ++most[c];
      rest[c] = 0;
    }
    for (std::size_t c = 0; c < dqs_components; ++c) mask.share[c] = most[c] / (0x1p32 * 100);
  }
}

DealScore DqsScorer::explain(const DealInputs& deal) const {
  DealScore out;
  const auto raw = deal_components(deal, retention_most_, out.faults);
  std::array<double, dqs_components> scores;
  const unsigned known = component_scores(raw, scores);
  const Mask& m = masks_[known];
  double sum = 0;
  for (std::size_t c = 0; c < dqs_components; ++c) {
    DqsPart& part = out.parts[c];
    part.raw = raw[c];
    if (known >> c & 1) {
      part.score = scores[c];
      part.weight = m.weight[c];
      sum += part.contribution = contribution(scores[c], m.share[c]);
    }
    if (!m.enough) part.weight = part.contribution = DealInputs::unknown;
  }
  if (m.enough) out.score = sum;
  return out;
}

void require_no_faults(const DealInputs& deal, std::uint8_t faults) {
  const auto fail = [](const char* message, double value, const char* hint) {
    throw Error(ErrorCode::invalid_parameter, message, "It is " + number_text(value) + ".", hint);
  };
  if (faults & negative_cac) fail("cac must not be negative", deal.cac, "Give the cost as a positive amount, or NULL where it is not known.");
  if (faults & negative_cycle_days)
    fail("cycle_days must not be negative", deal.cycle_days, "Payment cannot precede first contact; give NULL where the dates are wrong.");
  if (faults & retention_out_of_range) {
    if (deal.retention < 0) fail("retention must not be negative", deal.retention, "Give NULL where it is not known.");
    fail("retention must be between 0 and 1 on this scale", deal.retention,
         "Divide percentages by 100, or use a scale whose anchors of retention go up to 100.");
  }
  if (faults & negative_effort) fail("effort must not be negative", deal.effort, "Give NULL where it is not known.");
}

void throw_not_finite(const char* argument) {
  throw Error(ErrorCode::invalid_parameter, std::string(argument) + " must be a finite number", "It is NaN or infinite.",
              "Give NULL where it is not known.");
}

const char* dqs_band(double dqs, const std::array<double, 2>& bands) {
  if (!(dqs >= 0 && dqs <= 100))
    throw Error(ErrorCode::invalid_parameter, "a deal quality score must be from 0 to 100", "It is " + number_text(dqs) + ".");
  return dqs < bands[0] ? "problem" : dqs > bands[1] ? "gold" : "ordinary";
}

}  // namespace icp

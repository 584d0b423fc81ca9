#include "icp/score.hpp"
#include "icp/text.hpp"

#include "pg/lead.hpp"
#include "pg/memory.hpp"

namespace icp::pg {

std::optional<std::size_t> lead_field(std::string_view name) {
  for (std::size_t i = 0; i < lead_field_names.size(); ++i)
    if (name == lead_field_names[i]) return i;
  return std::nullopt;
}

bool lead_field_decided(std::size_t field) {
  const std::string_view name = lead_field_names[field];
  return name == "label" || name == "priority" || name == "priority_rank" || name == "exclusion";
}
bool lead_field_forecast(std::size_t field) {
  const std::string_view name = lead_field_names[field];
  return name == "win_probability" || name == "expected_dqs";
}

namespace {

LeadField text(std::string_view value) {
  if (value.empty()) return {};
  return {LeadField::Kind::text, value, 0};
}
LeadField number(std::optional<double> value) {
  if (!value) return {};
  return {LeadField::Kind::number, {}, *value};
}
LeadField integer(std::int32_t value) { return {LeadField::Kind::integer, {}, static_cast<double>(value)}; }

}  // namespace

std::string LeadField::str() const {
  switch (kind) {
    case Kind::text: return std::string(text);
    case Kind::number:
    case Kind::integer: return number_text(number);
    case Kind::missing: break;
  }
  return {};
}

LeadField field_of(const LeadScore& s, const Model& model, std::size_t field) {
  switch (field) {
    case 0: return text(s.cohort);
    case 1: return text(s.grade);
    case 2: return number(s.similarity);
    case 3: return text(s.label);
    case 4: return text(s.priority);
    case 5: return integer(s.priority_rank);
    case 6: return number(s.win_probability);
    case 7: return number(s.expected_dqs);
    case 8: return number(s.coverage);
    case 9: return text(s.exclusion);
    case 10: return model.name ? text(*model.name) : LeadField{};
    case 11: return model.number ? integer(*model.number) : LeadField{};
    default: return {};
  }
}

namespace {

std::vector<RowReader::Column> wanted(const Scorer& scorer) {
  std::vector<RowReader::Column> out;
  for (const std::string_view name : scorer.columns()) out.push_back({std::string(name), false});
  return out;
}

}  // namespace

LeadReader::LeadReader(MemoryContext memory, SharedScorer scorer)
    : scorer_(std::move(scorer)), reader_(memory, wanted(*scorer_)), buffer_(scorer_->buffer()) {}

void LeadReader::check() {
  const std::size_t n = scorer_->feature_count();
  bool any = n == 0;
  for (std::size_t f = 0; f < n && !any; ++f) any = reader_.present(f);
  if (!any) scorer_->no_features();
  binding_ = reader_.binding();
}

}  // namespace icp::pg

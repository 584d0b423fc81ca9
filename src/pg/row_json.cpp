// Rows that are jsonb.
#include "icp/error.hpp"
#include "icp/value.hpp"

#include "pg/memory.hpp"
#include "pg/row.hpp"

namespace icp::pg {

// jsonb is walked as it is stored (utils/jsonb.h): a header with the count, then one entry per element (in objects all
// keys, by length and bytes, then all values), each with its length or now and then its end; then the data.
namespace {

struct Entries {
  const JsonbContainer* container;
  const char* base;
  std::uint32_t index;
  std::uint32_t offset;

  Entries(const JsonbContainer* c, const char* b, std::uint32_t first)
      : container(c), base(b), index(first), offset(first == 0 ? 0 : getJsonbOffset(c, static_cast<int>(first))) {}
  JEntry entry() const { return container->children[index]; }
  std::uint32_t length() const {
    const JEntry e = entry();
    return JBE_HAS_OFF(e) ? JBE_OFFLENFLD(e) - offset : JBE_OFFLENFLD(e);
  }
  std::string_view string() const { return {base + offset, length()}; }
  const char* inside() const { return base + INTALIGN(offset); }
  void next() {
    offset += length();
    ++index;
  }
};

}  // namespace

std::span<const Value> RowReader::read_json(Datum datum) {
  begin();
  auto* json = reinterpret_cast<Jsonb*>(DatumGetPointer(datum));
  if (VARATT_IS_EXTENDED(json)) {
    scratch_used_ = true;
    const InContext in(scratch_);
    json = pg_call([&] { return DatumGetJsonbP(datum); });
  }
  if (!JB_ROOT_IS_OBJECT(json))
    throw Error(ErrorCode::wrong_type, "the row must be a JSON object",
                std::string("It is a JSON ") + (JB_ROOT_IS_SCALAR(json) ? "scalar." : "array."));
  // The next record binds anew, since present() now speaks of this object.
  bound_type_ = InvalidOid;
  values_.assign(columns_.size(), Value{});
  present_.assign(columns_.size(), 0);
  const JsonbContainer* object = &json->root;
  const std::uint32_t n = JsonContainerSize(object);
  const auto* base = reinterpret_cast<const char*>(object->children + 2 * static_cast<std::size_t>(n));
  Entries keys(object, base, 0), values(object, base, n);
  std::size_t at = 0;  // in by_name_, which has the order of the keys
  for (std::uint32_t i = 0; i < n; ++i, keys.next(), values.next()) {
    const std::string_view key = keys.string();
    const auto name = [this](std::size_t k) -> const std::string& { return server_names_[static_cast<std::size_t>(by_name_[k])]; };
    while (at < by_name_.size() && key_before(name(at), key)) ++at;
    if (at == by_name_.size() && !all_) break;
    if (at == by_name_.size() || name(at) != key) {
      if (!all_) continue;
      add_column(key);
    }
    current_ = by_name_[at];
    const auto column = static_cast<std::size_t>(current_);
    present_[column] = 1;
    values_[column] = json_value(object, base, values.index, values.offset, values.length(), columns_[column].identity);
  }
  return finish();
}

Value RowReader::json_value(const JsonbContainer* container, const char* base, std::uint32_t index, std::uint32_t offset,
                            std::uint32_t length, bool identity) {
  const JEntry entry = container->children[index];
  if (JBE_ISSTRING(entry)) return Value::of(core_text({base + offset, length}));
  const char* inside = base + INTALIGN(offset);
  if (JBE_ISNUMERIC(entry)) {
    if (identity) return Value::of(number_text(inside));
    const auto v = number(inside);
    return v ? Value::of(*v) : Value{};
  }
  if (JBE_ISBOOL(entry)) {
    if (identity) return Value::of(JBE_ISBOOL_TRUE(entry) ? std::string_view("true") : std::string_view("false"));
    return Value::of(static_cast<bool>(JBE_ISBOOL_TRUE(entry)));
  }
  if (JBE_ISNULL(entry)) return {};
  const auto* nested = reinterpret_cast<const JsonbContainer*>(inside);
  if (JsonContainerIsArray(nested)) return json_set(nested);
  Value other;
  other.type = ValueType::other;
  return other;
}

Value RowReader::json_set(const JsonbContainer* array) {
  const std::uint32_t n = JsonContainerSize(array);
  const auto* base = reinterpret_cast<const char*>(array->children + n);
  const std::size_t first = items_.size();
  Entries e(array, base, 0);
  for (std::uint32_t i = 0; i < n; ++i, e.next()) {
    const JEntry entry = e.entry();
    if (JBE_ISSTRING(entry)) {
      items_.push_back(core_text(e.string()));
    } else if (JBE_ISNUMERIC(entry)) {
      items_.push_back(number_text(e.inside()));
    } else if (JBE_ISBOOL(entry)) {
      items_.push_back(JBE_ISBOOL_TRUE(entry) ? "true" : "false");
    } else if (!JBE_ISNULL(entry)) {
      items_.resize(first);
      Value other;
      other.type = ValueType::other;
      return other;
    }
  }
  sets_.push_back({static_cast<std::size_t>(current_), first, items_.size() - first});
  return Value::of_set({});
}

}  // namespace icp::pg

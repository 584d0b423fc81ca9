#include "icp/archive.hpp"

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "icp/text.hpp"

namespace icp {

using Json = nlohmann::json;

void JsonWriter::number(double value) {
  if (std::isfinite(value)) {
    append_number(out_, value);
    if (value == 0 && std::signbit(value)) out_.append(".0");  // "-0" would be read as an integer, without its sign
  } else {
    out_.push_back('"');
    append_number(out_, value);
    out_.push_back('"');
  }
}

void JsonWriter::text(std::string_view value) { append_json_string(out_, value); }

JsonReader::JsonReader(std::string_view text, const char* type) : type_(type) {
  auto document = Json::parse(text, nullptr, false);
  if (document.is_discarded())
    throw Error(ErrorCode::invalid_text, std::string("invalid input syntax for type ") + type_, "It is not valid JSON.");
  document_ = new Json(std::move(document));
  node_ = document_;
}

JsonReader::~JsonReader() { delete static_cast<Json*>(document_); }

void JsonReader::fail(const char* why) const {
  throw Error(ErrorCode::invalid_text, std::string("invalid input syntax for type ") + type_, why);
}

namespace {
const Json& json(const void* node) { return *static_cast<const Json*>(node); }
}  // namespace

const void* JsonReader::member(const void* node, const char* name) const {
  if (!json(node).is_object()) fail("an object was expected");
  const auto it = json(node).find(name);
  if (it == json(node).end()) fail((std::string("the key \"") + name + "\" is missing").c_str());
  return &*it;
}

const void* JsonReader::element(const void* node, std::size_t index) const { return &json(node)[index]; }

std::size_t JsonReader::length() const {
  if (!json(node_).is_array()) fail("an array was expected");
  return json(node_).size();
}

void JsonReader::object() const {
  if (!json(node_).is_object()) fail("an object was expected");
}

bool JsonReader::null() const { return json(node_).is_null(); }

bool JsonReader::boolean() const {
  if (!json(node_).is_boolean()) fail("a boolean was expected");
  return json(node_).get<bool>();
}

double JsonReader::number() const {
  const Json& node = json(node_);
  if (node.is_number()) return node.get<double>();
  if (node.is_string()) {
    const auto& s = node.get_ref<const std::string&>();
    if (s == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (s == "Infinity") return std::numeric_limits<double>::infinity();
    if (s == "-Infinity") return -std::numeric_limits<double>::infinity();
  }
  fail("a number was expected");
}

std::int64_t JsonReader::integer() const {
  const Json& node = json(node_);
  if (node.is_number_unsigned()) {
    const auto v = node.get<std::uint64_t>();
    if (v <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return static_cast<std::int64_t>(v);
  } else if (node.is_number_integer()) {
    return node.get<std::int64_t>();
  }
  fail("an integer was expected");
}

std::uint64_t JsonReader::natural() const {
  const Json& node = json(node_);
  if (!node.is_number_unsigned()) fail("a whole number of at least 0 was expected");
  return node.get<std::uint64_t>();
}

std::string JsonReader::text() const {
  const Json& node = json(node_);
  if (!node.is_string()) fail("a string was expected");
  const auto& value = node.get_ref<const std::string&>();
  if (!is_text(value)) fail("a string holds a NUL character");
  return value;
}

}  // namespace icp

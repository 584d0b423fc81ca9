#include "icp/exclusion.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include <fmt/format.h>

#include "icp/encoder.hpp"
#include "icp/error.hpp"
#include "icp/text.hpp"

namespace icp {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::size_t longest = 4096;  // bytes of a condition
constexpr int deepest = 32;            // parentheses and negations within one another

void sort_out(std::vector<std::string>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

}  // namespace

class Expression::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Expression run() {
    if (text_.size() > longest) throw Error(ErrorCode::invalid_parameter, "a condition is too long", fmt::format("It has more than {} bytes.", longest));
    next();
    out_.root_ = either(0);
    if (token_.kind != Token::Kind::end) expected("\"and\", \"or\" or the end");
    return std::move(out_);
  }

 private:
  struct Token {
    enum class Kind : std::uint8_t { end, word, quoted, column, symbol } kind = Kind::end;
    std::string text;
    std::size_t at = 0;
  };

  [[noreturn]] void fail(std::size_t at, const std::string& why) const {
    std::size_t position = 1;
    for (std::size_t i = 0; i < at; ++i)
      if ((static_cast<unsigned char>(text_[i]) & 0xc0) != 0x80) ++position;
    throw Error(ErrorCode::invalid_parameter, fmt::format("invalid condition \"{}\"", text_), fmt::format("At character {}: {}.", position, why),
                "For example: industry = public; employees < 10; readiness < 5 and decision_days > 90; region in (North, 'Far East'); "
                "tech_stack includes SAP; budget is missing; blacklisted.");
  }
  [[noreturn]] void expected(const char* what) const {
    fail(token_.at, token_.kind == Token::Kind::end ? fmt::format("{} is expected, not the end", what)
                                                    : fmt::format("{} is expected, not \"{}\"", what, token_.text));
  }

  void next() {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    while (at_ < text_.size() && blank(text_[at_])) ++at_;
    token_ = {};
    token_.at = at_;
    if (at_ == text_.size()) return;
    const char c = text_[at_];
    constexpr std::string_view special = "(),=<>!'\"";
    if (c == '\'' || c == '"') {
      token_.kind = c == '"' ? Token::Kind::column : Token::Kind::quoted;
      for (++at_;; ++at_) {
        if (at_ == text_.size()) fail(token_.at, "the quote is not closed");
        if (text_[at_] == c) {
          if (at_ + 1 == text_.size() || text_[at_ + 1] != c) break;
          ++at_;
        }
        token_.text += text_[at_];
      }
      ++at_;
      if (token_.text.empty()) fail(token_.at, "nothing stands between the quotes");
    } else if (special.find(c) != std::string_view::npos) {
      token_.kind = Token::Kind::symbol;
      token_.text = c;
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '=' ? c == '<' || c == '>' || c == '!' : text_[at_] == '>' && c == '<')) token_.text += text_[at_++];
    } else {
      token_.kind = Token::Kind::word;
      while (at_ < text_.size() && !blank(text_[at_]) && special.find(text_[at_]) == std::string_view::npos) token_.text += text_[at_++];
    }
  }

  bool is(const char* word) const { return token_.kind == Token::Kind::word && fold(token_.text) == word; }
  bool symbol(const char* s) const { return token_.kind == Token::Kind::symbol && token_.text == s; }
  bool take(const char* word) {
    if (!is(word)) return false;
    next();
    return true;
  }
  void need(const char* s) {
    if (!symbol(s)) expected(fmt::format("\"{}\"", s).c_str());
    next();
  }

  std::uint32_t join(Kind kind, std::uint32_t left, std::uint32_t right) {
    Node n;
    n.kind = kind;
    n.left = left;
    n.right = right;
    return out_.add(std::move(n));
  }
  std::uint32_t opposite(std::uint32_t node) { return join(Kind::opposite, node, 0); }

  std::uint32_t either(int depth) {
    std::uint32_t left = both(depth);
    while (take("or")) {
      const std::uint32_t right = both(depth);
      left = join(Kind::either, left, right);
    }
    return left;
  }
  std::uint32_t both(int depth) {
    std::uint32_t left = one(depth);
    while (take("and")) {
      const std::uint32_t right = one(depth);
      left = join(Kind::both, left, right);
    }
    return left;
  }
  std::uint32_t one(int depth) {
    if (depth > deepest) fail(token_.at, "conditions are nested too deep");
    if (take("not")) return opposite(one(depth + 1));
    if (symbol("(")) {
      next();
      const std::uint32_t inside = either(depth + 1);
      need(")");
      return inside;
    }
    return condition();
  }

  std::uint32_t condition() {
    if (token_.kind != Token::Kind::word && token_.kind != Token::Kind::column) expected("a column");
    if (is("and") || is("or") || is("in") || is("between") || is("includes") || is("is")) expected("a column");
    const std::uint32_t column = out_.column(token_.text);
    next();
    if (token_.kind == Token::Kind::symbol && !symbol("(") && !symbol(")") && !symbol(",")) return compared(column);
    if (take("is")) return is_what(column);
    const bool negated = take("not");
    std::uint32_t node = 0;
    if (take("in")) {
      need("(");
      std::vector<std::string> words{value()};
      while (symbol(",")) {
        next();
        words.push_back(value());
      }
      need(")");
      node = out_.list(column, std::move(words));
    } else if (take("includes")) {
      node = out_.list(column, {value()});
    } else if (take("between")) {
      const double low = number();
      if (!take("and")) expected("\"and\"");
      const std::size_t at = token_.at;
      const double high = number();
      if (high < low) fail(at, "the range is empty");
      node = range(column, low, high, false, true);
    } else if (negated) {
      expected("\"in\", \"includes\" or \"between\"");
    } else {
      Node n;
      n.column = column;
      return out_.add(std::move(n));
    }
    return negated ? opposite(node) : node;
  }

  std::uint32_t is_what(std::uint32_t column) {
    const bool negated = take("not");
    Node n;
    n.column = column;
    if (take("missing")) n.kind = Kind::missing;
    else if (take("false")) n.truth = false;
    else if (!take("true")) expected("\"missing\", \"true\" or \"false\"");
    const std::uint32_t node = out_.add(std::move(n));
    return negated ? opposite(node) : node;
  }

  std::uint32_t compared(std::uint32_t column) {
    const std::string sign = token_.text;
    if (sign == "!") expected("a comparison");
    next();
    if (sign == "=") return out_.list(column, {value()});
    if (sign == "!=" || sign == "<>") return opposite(out_.list(column, {value()}));
    const double bound = number();
    if (sign == "<" || sign == "<=") return range(column, -infinity, bound, false, sign == "<=");
    return range(column, bound, infinity, sign == ">", true);
  }

  std::uint32_t range(std::uint32_t column, double low, double high, bool above, bool upto) {
    Node n;
    n.kind = Kind::range;
    n.column = column;
    n.low = low;
    n.high = high;
    n.above = above;
    n.upto = upto;
    return out_.add(std::move(n));
  }

  double number() {
    if (token_.kind == Token::Kind::word || token_.kind == Token::Kind::quoted)
      if (const auto v = parse_number(token_.text); v && std::isfinite(*v)) {
        next();
        return *v;
      }
    expected("a number");
  }

  std::string value() {
    if (token_.kind == Token::Kind::quoted || token_.kind == Token::Kind::column) {
      std::string text = std::move(token_.text);
      next();
      return text;
    }
    if (token_.kind != Token::Kind::word || is("and") || is("or")) expected("a value");
    std::string text = std::move(token_.text);
    for (next(); token_.kind == Token::Kind::word && !is("and") && !is("or"); next()) text += " " + token_.text;
    return text;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Token token_;
  Expression out_;
};

Expression Expression::parse(std::string_view text) { return Parser(text).run(); }

std::uint32_t Expression::column(std::string name) {
  const auto it = std::find(columns_.begin(), columns_.end(), name);
  if (it != columns_.end()) return static_cast<std::uint32_t>(it - columns_.begin());
  columns_.push_back(std::move(name));
  return static_cast<std::uint32_t>(columns_.size() - 1);
}

std::uint32_t Expression::add(Node node) {
  nodes_.push_back(std::move(node));
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

std::uint32_t Expression::list(std::uint32_t column, std::vector<std::string> words) {
  Node n;
  n.kind = Kind::listed;
  n.column = column;
  for (const std::string& w : words) {
    n.folded.push_back(fold(w));
    if (const auto v = parse_number(w); v && std::isfinite(*v)) n.numbers.push_back(*v);
    if (const auto t = icp::truth(w); t != missing_category) n.booleans.push_back(t == 1);
  }
  n.spellings = std::move(words);
  sort_out(n.spellings);
  sort_out(n.folded);
  return add(std::move(n));
}

Expression Expression::of(const Predicate& predicate) {
  Expression e;
  for (const Condition& c : predicate.conditions) {
    const std::uint32_t column = e.column(c.column);
    Node n;
    n.column = column;
    std::uint32_t node = 0;
    if (c.missing) {
      n.kind = Kind::missing;
      node = e.add(std::move(n));
    } else if (c.kind == icp::Kind::numeric) {
      n.kind = Kind::range;
      n.low = c.low;
      n.high = c.high;
      n.upto = std::isinf(c.high);
      node = e.add(std::move(n));
    } else if (c.kind == icp::Kind::binary) {
      n.truth = c.truth;
      node = e.add(std::move(n));
    } else {
      node = e.list(column, c.values);
    }
    if (&c == &predicate.conditions.front()) {
      e.root_ = node;
      continue;
    }
    Node and_so;
    and_so.kind = Kind::both;
    and_so.left = e.root_;
    and_so.right = node;
    e.root_ = e.add(std::move(and_so));
  }
  return e;
}

Expression::Truth Expression::test(const Node& n, const Value& v) {
  const auto is = [](bool b) { return b ? Truth::yes : Truth::no; };
  const bool known = v.type != ValueType::missing;
  if (n.kind == Kind::missing) return is(!known || (v.type == ValueType::text && fold(v.text).empty()));
  if (!known || v.type == ValueType::other || v.type == ValueType::moment) return Truth::unknown;
  if (n.kind == Kind::truth) {
    std::int32_t t = missing_category;
    if (v.type == ValueType::boolean) t = v.boolean ? 1 : 0;
    else if (v.type == ValueType::number) t = v.number == 1 ? 1 : v.number == 0 ? 0 : missing_category;
    else if (v.type == ValueType::text) t = icp::truth(v.text);
    return t == missing_category ? Truth::unknown : is((t == 1) == n.truth);
  }
  if (n.kind == Kind::range) {
    std::optional<double> x;
    if (v.type == ValueType::number) x = v.number;
    else if (v.type == ValueType::text) x = parse_number(v.text);
    if (!x || !std::isfinite(*x)) return Truth::unknown;
    return is((n.above ? *x > n.low : *x >= n.low) && (n.upto ? *x <= n.high : *x < n.high));
  }
  const auto word = [&](std::string_view text) {
    if (std::binary_search(n.spellings.begin(), n.spellings.end(), text)) return Truth::yes;
    const std::string folded = fold(text);
    if (folded.empty()) return Truth::unknown;
    if (std::binary_search(n.folded.begin(), n.folded.end(), folded)) return Truth::yes;
    if (n.numbers.empty()) return Truth::no;
    const auto x = parse_number(text);
    return is(x && std::find(n.numbers.begin(), n.numbers.end(), *x) != n.numbers.end());
  };
  switch (v.type) {
    case ValueType::number: return is(std::find(n.numbers.begin(), n.numbers.end(), v.number) != n.numbers.end());
    case ValueType::boolean: return is(std::find(n.booleans.begin(), n.booleans.end(), v.boolean) != n.booleans.end());
    case ValueType::text: return word(v.text);
    default:
      for (const std::string_view item : v.items)
        if (word(item) == Truth::yes) return Truth::yes;
      return Truth::no;
  }
}

template <class Get>
Expression::Truth Expression::evaluate(std::uint32_t at, const Get& get) const {
  const Node& n = nodes_[at];
  if (n.kind == Kind::opposite) {
    const Truth t = evaluate(n.left, get);
    return t == Truth::unknown ? t : t == Truth::yes ? Truth::no : Truth::yes;
  }
  if (n.kind == Kind::both || n.kind == Kind::either) {
    const Truth decides = n.kind == Kind::both ? Truth::no : Truth::yes;
    const Truth left = evaluate(n.left, get);
    if (left == decides) return left;
    const Truth right = evaluate(n.right, get);
    return right == decides ? right : left == Truth::unknown ? left : right;
  }
  return test(n, get(n.column));
}

bool Expression::holds(std::span<const Value> values, std::span<const std::uint32_t> place) const {
  return !nodes_.empty() && evaluate(root_, [&](std::uint32_t c) -> const Value& { return values[place[c]]; }) == Truth::yes;
}

bool Expression::holds(const Dataset& data, std::size_t row) const {
  std::vector<std::string_view> items;
  const auto get = [&](std::uint32_t c) {
    const DataColumn* column = data.find(columns_[c]);
    if (column == nullptr || column->known[row] == 0) return Value{};
    const auto text = [&](std::int32_t word) { return std::string_view(column->words[static_cast<std::size_t>(word)]); };
    switch (column->type) {
      case ColumnType::number: return Value::of(column->numbers[row]);
      case ColumnType::boolean: return Value::of(column->codes[row] == 1);
      case ColumnType::text: return Value::of(text(column->codes[row]));
      case ColumnType::set:
        items.clear();
        for (std::uint32_t i = column->offsets[row]; i < column->offsets[row + 1]; ++i) items.push_back(text(column->items[i]));
        return Value::of_set(items);
      default: {
        Value other;
        other.type = ValueType::other;
        return other;
      }
    }
  };
  return !nodes_.empty() && evaluate(root_, get) == Truth::yes;
}

}  // namespace icp

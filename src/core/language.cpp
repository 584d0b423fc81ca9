#include "icp/language.hpp"

#include <string>

#include "icp/error.hpp"
#include "icp/text.hpp"
#include "settings.hpp"

namespace icp {

Language parse_language(std::string_view text) {
  const auto is = [&](const char* code) {
    return text.size() == 2 && (text[0] | 0x20) == code[0] && (text[1] | 0x20) == code[1];
  };
  if (is("en")) return Language::en;
  if (is("ru")) return Language::ru;
  throw Error(ErrorCode::invalid_parameter, "unknown language \"" + clean(text.substr(0, 40)) + "\"", {},
              "The known languages are en and ru.");
}

std::string language_option(std::string_view options) {
  const auto given = settings::option(options, "language");
  return given.is_null() ? "en" : language_code(settings::read_string("language", given));
}

}  // namespace icp

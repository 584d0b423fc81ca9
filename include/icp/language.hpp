// The languages in which readers return words. Keys, labels and priorities never depend on a language.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace icp {

enum class Language { en = 0, ru = 1 };
inline constexpr std::size_t languages = 2;

// `en` or `ru`, any case; another is an error that lists the known ones.
Language parse_language(std::string_view text);
inline bool russian(std::string_view text) { return parse_language(text) == Language::ru; }
// The same as the code by which texts are kept: en, ru.
inline std::string language_code(std::string_view text) { return russian(text) ? "ru" : "en"; }
// The option `language` of aggregates whose result has words; en where it is not given.
std::string language_option(std::string_view options);

}  // namespace icp

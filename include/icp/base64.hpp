// Base64 (RFC 4648, with padding, no line breaks): the text form of bytes that have no other.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace icp {

std::string to_base64(std::string_view bytes);
// Nothing where the text is not exactly what to_base64() writes.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace icp

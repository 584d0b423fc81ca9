#include "icp/dataset.hpp"
#include "icp/error.hpp"

#include "pg/varlena.hpp"
#include "pg/zone.hpp"

namespace icp::pg {

Zone zone_of(std::string_view name) {
  const char* server_name = make_cstring(name);
  pg_tz* zone = pg_call([&]() -> pg_tz* {
    pg_tz* tz = pg_tzset(server_name);
    return tz != nullptr && pg_tz_acceptable(tz) ? tz : nullptr;
  });
  if (zone == nullptr)
    throw Error(ErrorCode::invalid_parameter, "time zone \"" + std::string(name) + "\" is not known", {},
                "The view pg_timezone_names lists the names.");
  // As timestamp2timestamptz() does; none of these functions raises an error.
  const auto to_utc = [](void* context, std::int64_t local) -> std::int64_t {
    pg_tm tm{};
    fsec_t fraction = 0;
    if (timestamp2tm(local, nullptr, &tm, &fraction, nullptr, nullptr) != 0) return local;
    const std::int64_t seconds = DetermineTimeZoneOffset(&tm, static_cast<pg_tz*>(context));
    return local + seconds * USECS_PER_SEC;
  };
  return Zone{to_utc, zone};
}

}  // namespace icp::pg

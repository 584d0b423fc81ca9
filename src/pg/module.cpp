#include "pg/compat.hpp"

extern "C" {
ICP_MODULE_MAGIC("icp", ICP_VERSION);
}

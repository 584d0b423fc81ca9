// Histories, models of purchases and of spend: published figures, derivatives, recovery of known parameters, extremes.
#include "icp/ltv.hpp"
#include "core/ltv_family.hpp"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "icp/archive.hpp"
#include "icp/hash.hpp"

namespace {

using namespace icp;

std::string data_file(const char* name) {
  const char* directory = std::getenv("ICP_DATA");
  return directory == nullptr ? std::string() : std::string(directory) + "/cdnow/" + name;
}

std::vector<std::vector<double>> read_numbers(const std::string& path) {
  std::ifstream in(path);
  std::vector<std::vector<double>> rows;
  std::string line, field;
  for (std::getline(in, line); std::getline(in, line);) {
    std::istringstream fields(line);
    auto& row = rows.emplace_back();
    while (std::getline(fields, field, ',')) row.push_back(std::strtod(field.c_str(), nullptr));
  }
  return rows;
}


LtvSample cdnow(const char* options) {
  LtvSample sample;
  sample.start(options);
  for (const auto& r : read_numbers(data_file("cdnow_summary_monetary.csv"))) sample.add(ltv_history_of(r[1], r[2], r[3], r[4], 1));
  return sample;
}

TEST(Ltv, Cdnow) {
  if (data_file("").empty()) GTEST_SKIP() << "ICP_DATA is not set";
  for (const char* o : {"bg_nbd", "mbg_nbd", "pareto_nbd"}) {
    const auto m = fit_ltv(cdnow((std::string("{\"model\":\"") + o + "\"}").c_str()));
    printf("%s", o);
    for (double v : m->purchases.values) printf(" %.6f", v);
    printf(" ll %.4f it %u conv %d | ", m->purchases.log_likelihood, m->purchases.iterations, m->purchases.converged);
    for (double v : m->spend.values) printf(" %.6f", v);
    printf(" ll %.4f\n", m->spend.log_likelihood);
  }
}

}  // namespace

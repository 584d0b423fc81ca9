# Tables with two outcomes that Debian's R packages ship, for bench/scorecard.sh: NAME.csv with the outcome, 1 or 0, in the
# column target. Tables of a package that is not installed are left out and named.
out <- commandArgs(TRUE)[1]
put <- function(package, name, target, won, drop = c(), make = identity, file = name) {
  e <- new.env()
  if (!requireNamespace(package, quietly = TRUE)) return(cat("not installed, left out:", package, name, "\n"))
  suppressWarnings(data(list = file, package = package, envir = e))
  d <- make(as.data.frame(e[[name]]))
  d <- d[!is.na(d[[target]]), ]
  x <- d[, setdiff(names(d), c(target, drop)), drop = FALSE]
  x <- x[, !sapply(x, inherits, c("Date", "POSIXt")), drop = FALSE]
  for (n in names(x)[!sapply(x, is.numeric)]) x[[n]] <- as.character(x[[n]])
  names(x) <- make.unique(tolower(gsub("[^A-Za-z0-9]+", "_", names(x))), sep = "_")
  x$target <- as.integer(as.character(d[[target]]) %in% won)
  write.csv(x, file.path(out, paste0(package, "_", name, ".csv")), row.names = FALSE, na = "")
}
above <- function(column, as) function(d) { d[[as]] <- d[[column]] > 0; d }
put("AER", "Affairs", "any", "TRUE", "affairs", above("affairs", "any"))
put("AER", "BankWages", "job", "manage")
put("AER", "CreditCard", "card", "yes", c("expenditure", "share"))
put("AER", "HMDA", "deny", "yes")
put("AER", "HealthInsurance", "insurance", "yes")
put("AER", "NMES1988", "stay", "TRUE", "hospital", above("hospital", "stay"))
put("AER", "PSID1976", "participation", "yes", c("hours", "wage", "tax"))
put("AER", "ResumeNames", "call", "yes", "name")
put("AER", "SmokeBan", "smoker", "yes")
put("AER", "SwissLabor", "participation", "yes")
put("MASS", "birthwt", "low", "1", "bwt")
put("carData", "Chile", "vote", "Y")
put("carData", "MplsStops", "problem", "traffic", c("idNum", "MDC", "citationIssued", "lat", "long", "policePrecinct"))
put("carData", "Mroz", "lfp", "yes")
put("carData", "TitanicSurvival", "survived", "yes")
put("caret", "GermanCredit", "Class", "Bad")
put("kernlab", "income", "INCOME", c("[30.000-40.000)", "[40.000-50.000)", "[50.000-75.000)", "[75.000-"))
put("kernlab", "spam", "type", "spam")
put("kernlab", "ticdata", "CARAVAN", "insurance")
put("mlbench", "BreastCancer", "Class", "malignant", "Id")
put("mlbench", "HouseVotes84", "Class", "democrat")
put("mlbench", "Ionosphere", "Class", "good")
put("mlbench", "PimaIndiansDiabetes2", "diabetes", "pos")
put("mlbench", "Sonar", "Class", "M")
put("modeldata", "ad_data", "Class", "Impaired")
put("modeldata", "attrition", "Attrition", "Yes")
put("modeldata", "cells", "class", "PS", "case")
# What icp would take for the sum of the deal is an attribute here.
put("modeldata", "credit_data", "Status", "bad", make = function(d) { names(d)[names(d) == "Amount"] <- "asked"; d })
put("modeldata", "lending_club", "Class", "bad")
put("modeldata", "mlc_churn", "churn", "yes")
put("modeldata", "stackoverflow", "Remote", "Remote")
put("modeldata", "two_class_dat", "Class", "Class1")

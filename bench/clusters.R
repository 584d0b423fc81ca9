# Mixed and other tables with known classes that Debian's R packages ship, for bench/clusters.sh: NAME.csv, the class last,
# and NAME.numbers, the numeric columns. Tables of a package that is not installed are left out and named.
out <- commandArgs(TRUE)[1]
source(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), "tables.R"))
put <- function(package, name, class, drop = c(), make = identity, file = name) {
  d <- shipped(package, name, file)
  if (is.null(d)) return()
  d <- make(d)
  d <- d[!is.na(d[[class]]), ]
  x <- attributes_of(d, c(class, drop))
  numeric <- sapply(x, is.numeric)
  x$known_class <- as.character(d[[class]])
  frequent <- names(which(table(x$known_class) >= 4))
  x <- x[x$known_class %in% frequent, ]
  if (nrow(x) > 3000) { set.seed(1); x <- x[sample(nrow(x), 3000), ] }
  write.csv(x, file.path(out, paste0(package, "_", name, ".csv")), row.names = FALSE, na = "")
  writeLines(paste(names(x)[-ncol(x)][numeric], collapse = ","), file.path(out, paste0(package, "_", name, ".numbers")))
}
factors <- function(...) function(d) { for (n in c(...)) d[[n]] <- factor(d[[n]]); d }
put("modeldata", "penguins", "species")
put("modeldata", "scat", "Species")
put("modeldata", "credit_data", "Status")
put("modeldata", "attrition", "Attrition")
put("modeldata", "ad_data", "Class")
put("modeldata", "hpc_data", "class", "protocol")
put("modeldata", "oils", "class")
put("modeldata", "mlc_churn", "churn", "state")
put("modeldata", "Sacramento", "type", c("city", "zip"))
put("MASS", "birthwt", "low", "bwt", factors("race", "smoke", "ht", "ui"))
put("MASS", "crabs", "kind", c("sp", "sex", "index"), function(d) { d$kind <- paste(d$sp, d$sex); d })
put("MASS", "Cars93", "Type", c("Manufacturer", "Model", "Make"))
put("MASS", "biopsy", "class", "ID")
put("MASS", "survey", "Sex")
put("rpart", "stagec", "pgstat", "pgtime", factors("pgstat"))
put("rpart", "cu.summary", "Type")
put("mclust", "thyroid", "Diagnosis")
put("mclust", "banknote", "Status")
put("mclust", "diabetes", "class")
put("gclus", "wine", "Class")
put("mlbench", "HouseVotes84", "Class")
put("mlbench", "Soybean", "Class")
put("mlbench", "Glass", "Type")
put("mlbench", "Ionosphere", "Class")
put("mlbench", "Vehicle", "Class")
put("mlbench", "Vowel", "Class")
put("mlbench", "PimaIndiansDiabetes2", "diabetes")

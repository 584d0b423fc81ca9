# A data frame that a package ships, for bench/clusters.R and bench/scorecard.R; NULL, and a word, where the package is not installed.
shipped <- function(package, name, file = name) {
  if (!requireNamespace(package, quietly = TRUE)) {
    cat("not installed, left out:", package, name, "\n")
    return(NULL)
  }
  e <- new.env()
  suppressWarnings(data(list = file, package = package, envir = e))
  as.data.frame(e[[name]])
}
# Its attributes, named as columns of SQL; what is not a number as text.
attributes_of <- function(d, without) {
  x <- d[, setdiff(names(d), without), drop = FALSE]
  for (n in names(x)[!sapply(x, is.numeric)]) x[[n]] <- as.character(x[[n]])
  names(x) <- make.unique(tolower(gsub("[^A-Za-z0-9]", "_", names(x))), sep = "_")
  x
}

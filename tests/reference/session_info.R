# Writes session_info.txt: the versions of R and of the packages that made the reference numbers.
packages <- c("lavaan", "semTools", "psych", "GPArotation", "survival")
versions <- vapply(packages, function(p) {
  if (requireNamespace(p, quietly = TRUE)) as.character(packageVersion(p)) else NA_character_
}, "")
versions <- versions[!is.na(versions)]
lines <- c(paste("R", getRversion()), paste(names(versions), versions))
writeLines(lines, "tests/reference/session_info.txt")

# Power of a path: Satorra and Saris (1985) through semTools' SSpower, on the moments that a fitted
# model implies with one parameter at a chosen value. Its noncentrality comes from a tighter search.
# Run from the repository root: Rscript tests/reference/path_power.R
source("tests/reference/sem_tools.R")
suppressMessages(library(semTools))

hs <- read.csv("tests/reference/sem__hs_data.csv")
pd <- read.csv("tests/reference/sem__pd_data.csv")
hs3 <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
tight <- function(syntax, S, n) {
  for (tolerance in c(1e-13, 1e-11, 1e-10)) {
    fit <- suppressWarnings(sem(
      syntax, sample.cov = S, sample.nobs = n, sample.cov.rescale = FALSE,
      se = "none", control = list(rel.tol = tolerance, iter.max = 5000)))
    if (lavInspect(fit, "converged")) return(fit)
  }
  stop("no optimum")
}
pd_syntax <- paste(
  "ind60 =~ x1 + x2 + x3", "dem60 =~ y1 + y2 + y3 + y4", "dem65 =~ y5 + y6 + y7 + y8",
  "dem60 ~ ind60", "dem65 ~ ind60 + dem60", sep = "\n")
hs_paths <- paste(hs3, "speed ~ visual + textual", "textual ~ visual", sep = "\n")
power_cases <- list(
  list(case = "pd", data = pd, syntax = pd_syntax, path = "dem65 ~ ind60",
       restricted = sub("dem65 ~ ind60", "dem65 ~ %s*ind60", pd_syntax, fixed = TRUE)),
  list(case = "hs", data = hs, syntax = hs_paths, path = "speed ~ textual",
       restricted = sub("speed ~ visual + textual", "speed ~ visual + %s*textual", hs_paths, fixed = TRUE)),
  list(case = "hs", data = hs, syntax = hs_paths, path = "speed ~ visual",
       restricted = sub("speed ~ visual + textual", "speed ~ %s*visual + textual", hs_paths, fixed = TRUE)),
  list(case = "hs3", data = hs, syntax = hs3, path = "visual ~~ speed",
       restricted = paste(hs3, "visual ~~ %s*speed", sep = "\n"))
)
rows <- list()
for (item in power_cases) {
  fit <- polish(sem(item$syntax, item$data))
  part <- strsplit(item$path, " ")[[1]]
  for (value in list(NA, 0.1)) for (null in c(0, 0.05)) for (n in c(75, 300)) {
    table <- parTable(fit)
    here <- table$lhs == part[1] & table$op == part[2] & table$rhs == part[3]
    population <- table
    if (!is.na(value)) population$est[here] <- value
    population$ustart <- population$est; population$free <- 0L
    Sigma <- unclass(fitted(lavaan(population, do.fit = FALSE))$cov)
    restricted <- sprintf(item$restricted, null)
    power <- SSpower(powerModel = restricted, n = n, nparam = 1, Sigma = Sigma, alpha = 0.05,
                     sample.cov.rescale = FALSE, control = list(rel.tol = 1e-10))
    ncp <- fitMeasures(tight(restricted, Sigma, n), "chisq")
    rows[[length(rows) + 1]] <- data.frame(
      case = item$case, path = item$path, estimate = table$est[here], value = value, null = null,
      n = n, power = as.numeric(power), ncp = as.numeric(ncp), syntax = item$syntax)
  }
}
write_case("values", do.call(rbind, rows), "path_power")
print(do.call(rbind, rows)[c("case", "path", "estimate", "value", "null", "n", "power", "ncp")], row.names = FALSE)

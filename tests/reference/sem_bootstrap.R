# Bootstrap refits on stored rows, and Bollen-Stine's transformation.
# Run from the repository root after sem.R: Rscript tests/reference/sem_bootstrap.R
source("tests/reference/sem_tools.R")
cases <- read.csv("tests/reference/sem__cases.csv", colClasses = "character")
set.seed(2024)
load_case <- function(name) {
  row <- cases[cases$case == name, ]
  file <- if (row$data == "mobi") "data/ecsi-mobile/mobi.csv" else
    sprintf("tests/reference/sem__%s_data.csv", row$data)
  list(syntax = row$syntax, data = read.csv(file))
}
chisq_of <- function(fit) as.numeric(fitMeasures(fit, "chisq"))

# Every draw polished: estimates, standardised solution, chi-square.
for (name in c("hs", "chain", "six")) {
  case <- load_case(name)
  n <- nrow(case$data)
  rows <- t(replicate(60, sample.int(n, replace = TRUE)))
  out <- lapply(seq_len(nrow(rows)), function(r) {
    fit <- suppressWarnings(sem(case$syntax, case$data[rows[r, ], ], se = "none"))
    if (!lavInspect(fit, "converged")) return(NULL)
    fit <- tryCatch(suppressWarnings(polish(fit)), error = function(e) NULL)
    if (is.null(fit)) return(NULL)
    table <- parameterEstimates(fit, se = FALSE, remove.nonfree = FALSE)
    std <- standardizedSolution(fit, se = FALSE)
    data.frame(draw = r, row = seq_len(nrow(table)), est = table$est, std = std$est.std,
               chisq = chisq_of(fit))
  })
  cat(name, sum(!sapply(out, is.null)), "of", nrow(rows), "\n")
  write_case(paste0(name, "_bootstrap_rows"), as.data.frame(rows - 1L))
  write_case(paste0(name, "_bootstrap"), do.call(rbind, out))
}

# Difficult models: what lavaan reaches, and whether it says it converged.
for (name in c("loyalty", "ecsi")) {
  case <- load_case(name)
  n <- nrow(case$data)
  rows <- t(replicate(60, sample.int(n, replace = TRUE)))
  out <- lapply(seq_len(nrow(rows)), function(r) {
    fit <- suppressWarnings(sem(case$syntax, case$data[rows[r, ], ], se = "none"))
    done <- lavInspect(fit, "converged")
    data.frame(draw = r, converged = done, fmin = if (done) as.numeric(fitMeasures(fit, "fmin")) else NA)
  })
  write_case(paste0(name, "_bootstrap_rows"), as.data.frame(rows - 1L))
  write_case(paste0(name, "_bootstrap"), do.call(rbind, out))
}

# Bootstrap intervals as lavaan and boot have them, on stored draws.
draws <- read.csv("tests/reference/sem__hs_bootstrap.csv")
t_draws <- draws$est[draws$row == 2]
t0 <- coef(fit)[1]
inter <- function(alpha) unname(boot:::norm.inter(t_draws, alpha)[, 2])
z0 <- qnorm(mean(t_draws < t0))
bc <- pnorm(2 * z0 + qnorm(c(0.025, 0.975)))
leave <- sapply(seq_len(nrow(case$data)), function(i)
  coef(polish(cfa(case$syntax, case$data[-i, ], se = "none")))[1])
away <- mean(leave) - leave
a <- sum(away^3) / (6 * sum(away^2)^1.5)
bca <- pnorm(z0 + (z0 + qnorm(c(0.025, 0.975))) / (1 - a * (z0 + qnorm(c(0.025, 0.975)))))
write_case("hs_intervals", data.frame(
  kind = c("percentile", "percentile", "bc", "bca"), rule = c("normal", "linear", "normal", "normal"),
  low = c(inter(0.025), quantile(t_draws, 0.025), inter(bc[1]), inter(bca[1])),
  high = c(inter(0.975), quantile(t_draws, 0.975), inter(bc[2]), inter(bca[2]))
))

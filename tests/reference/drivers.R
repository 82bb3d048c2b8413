# Reference values for importance of drivers: data that ship with R, shares of R-squared by lm()
# over all subsets (LMG) and by the symmetric root of the correlations (Genizi 1993, Johnson 2000).
# Run from the repository root: Rscript tests/reference/drivers.R
options(digits = 17)

lmg <- function(data, weights = NULL) {
  y <- names(data)[1]; x <- names(data)[-1]; p <- length(x)
  if (is.null(weights)) weights <- rep(1, nrow(data))
  r2 <- function(set) {
    if (!length(set)) return(0)
    summary(lm(reformulate(set, y), data, weights = weights))$r.squared
  }
  share <- setNames(numeric(p), x)
  for (j in x) {
    others <- setdiff(x, j)
    for (code in 0:(2^(p - 1) - 1)) {
      set <- others[bitwAnd(code, 2^(seq_along(others) - 1)) > 0]
      w <- factorial(length(set)) * factorial(p - length(set) - 1) / factorial(p)
      share[j] <- share[j] + w * (r2(c(set, j)) - r2(set))
    }
  }
  share
}

genizi <- function(data, weights = NULL) {
  if (is.null(weights)) weights <- rep(1, nrow(data))
  R <- cov.wt(data, weights, cor = TRUE)$cor
  e <- eigen(R[-1, -1])
  root <- e$vectors %*% diag(sqrt(e$values)) %*% t(e$vectors)
  drop(root^2 %*% solve(root, R[-1, 1])^2)
}

report <- function(name, data, weights = NULL) {
  fit <- lm(reformulate(names(data)[-1], names(data)[1]), data, weights = weights)
  sds <- sqrt(diag(cov.wt(data, if (is.null(weights)) rep(1, nrow(data)) else weights)$cov))
  out <- data.frame(
    driver = names(data)[-1], lmg = lmg(data, weights), genizi = genizi(data, weights),
    slope = coef(fit)[-1] * sds[-1] / sds[1], r_squared = summary(fit)$r.squared
  )
  write.csv(out, paste0("tests/reference/drivers__", name, ".csv"), row.names = FALSE)
}

write.csv(attitude, "tests/reference/drivers__attitude_data.csv", row.names = FALSE)
write.csv(swiss, "tests/reference/drivers__swiss_data.csv", row.names = FALSE)
report("attitude", attitude)
report("swiss", swiss)
report("attitude_weighted", attitude, rep(1:3, length.out = nrow(attitude)))
gaps <- attitude
gaps[3, 2] <- gaps[8, 5] <- gaps[20, 1] <- NA
write.csv(gaps, "tests/reference/drivers__gaps_data.csv", row.names = FALSE)
report("gaps", na.omit(gaps))

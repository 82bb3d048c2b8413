# References for tests/measure/test_reliability.py. Run from the repository root:
#   Rscript tests/reference/measure_data.R && Rscript tests/reference/reliability.R
suppressMessages({library(psych); library(lavaan)})
source(file.path("tests", "reference", "measure_data.R"))

splits_of <- function(covariance) {
  # Every split into halves as equal as can be, each counted once.
  k <- ncol(covariance); half <- k %/% 2
  chosen <- combn(k, half)
  if (k %% 2 == 0) chosen <- chosen[, chosen[1, ] == 1, drop = FALSE]
  apply(chosen, 2, function(a) 4 * sum(covariance[a, -a]) / sum(covariance))
}

odd_even <- function(x) {
  a <- seq(1, ncol(x), 2); b <- setdiff(seq_len(ncol(x)), a)
  c(r = cor(rowSums(x[, a, drop = FALSE]), rowSums(x[, b, drop = FALSE])),
    share = length(a) / ncol(x))
}

# Horst (1951), Psychometrika 16: halves of unequal length; Spearman-Brown where they are equal.
stepped_up <- function(r, share) {
  f <- 4 * share * (1 - share)
  r * (sqrt(r^2 + f * (1 - r^2)) - r) / (f / 2 * (1 - r^2))
}

one_factor <- function(x, std = FALSE) {
  syntax <- paste("f =~", paste(names(x), collapse = " + "))
  fit <- fit_tight(syntax, data = x, std.lv = TRUE)
  est <- lavInspect(fit, if (std) "std" else "est")
  lambda <- abs(sum(est$lambda)); theta <- sum(diag(est$theta))
  lambda^2 / (lambda^2 + theta)
}

ordinal_omega <- function(r, n) {
  syntax <- paste("f =~", paste(colnames(r), collapse = " + "))
  fit <- fit_tight(syntax, sample.cov = r, sample.nobs = n, estimator = "ULS", std.lv = TRUE,
                   sample.cov.rescale = FALSE)
  lambda <- lavInspect(fit, "est")$lambda
  sum(lambda)^2 / (sum(lambda)^2 + sum(1 - lambda^2))
}

scale_row <- function(case, construct) {
  x <- na.omit(cases[[case]]$data[, cases[[case]]$scales[[construct]]])
  k <- ncol(x); n <- nrow(x); s <- cov(x); r <- cor(x)
  a <- suppressWarnings(psych::alpha(x, check.keys = FALSE, warnings = FALSE))
  interval <- alpha.ci(a$total$raw_alpha, n, k)
  splits <- splits_of(s); half <- odd_even(x)
  ordinal <- case == "hs_ordinal"
  rho <- if (ordinal) lavCor(as.data.frame(lapply(x, ordered)), ordered = names(x)) else r
  class(rho) <- "matrix"
  data.frame(
    construct, k_items = k, n_used = n, n_dropped = nrow(cases[[case]]$data) - n,
    alpha = a$total$raw_alpha, alpha_ci_low = interval$lower.ci,
    alpha_ci_high = interval$upper.ci, alpha_standardised = a$total$std.alpha,
    mean_inter_item = a$total$average_r,
    omega = if (k > 2) one_factor(x) else NA,
    composite_reliability = if (k > 2) one_factor(x, std = TRUE) else NA,
    split_half = unname(stepped_up(half["r"], half["share"])), split_half_min = min(splits),
    split_half_mean = mean(splits), split_half_max = max(splits),
    ordinal_alpha = if (ordinal) psych::alpha(rho, check.keys = FALSE, warnings = FALSE)$total$raw_alpha else NA,
    ordinal_omega = if (ordinal && k > 2) ordinal_omega(rho, n) else NA)
}

item_rows <- function(case, construct) {
  x <- na.omit(cases[[case]]$data[, cases[[case]]$scales[[construct]]])
  a <- suppressWarnings(psych::alpha(x, check.keys = FALSE, warnings = FALSE))
  deleted <- if (ncol(x) > 2) a$alpha.drop$raw_alpha else NA
  data.frame(construct, item = names(x), n_used = nrow(x), mean = a$item.stats$mean,
             sd = a$item.stats$sd, item_rest = a$item.stats$r.drop, alpha_if_deleted = deleted)
}

for (case in names(cases)) {
  constructs <- names(cases[[case]]$scales)
  write_reference(do.call(rbind, lapply(constructs, scale_row, case = case)),
                  paste0("reliability__", case, "_scales"))
  write_reference(do.call(rbind, lapply(constructs, item_rows, case = case)),
                  paste0("reliability__", case, "_items"))
}

# psych::splitHalf itself, where its enumeration is complete (an even number of items).
even <- lapply(list(hs6 = hs[, 1:6], perq6 = mobi[, paste0("PERQ", 1:6)]), function(x) {
  s <- splitHalf(x, covar = TRUE, check.keys = FALSE)
  data.frame(split_half_min = s$minrb, split_half_mean = s$meanr, split_half_max = s$maxrb)
})
write_reference(cbind(case = names(even), do.call(rbind, even)), "reliability__split_half_psych")

# Omega of resampled rows, one replicate a row.
draws <- do.call(rbind, lapply(1:12, function(d) {
  x <- hs[resampled_rows(nrow(hs), d), ]
  data.frame(draw = d, visual = one_factor(x[, 1:3]), textual = one_factor(x[, 4:6]),
             first_six = one_factor(x[, 1:6]))
}))
write_reference(draws, "reliability__omega_draws")

# Test-retest: Shrout & Fleiss (1979), table 2, and two columns of unequal means with holes.
shrout_fleiss <- matrix(c(9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7),
                        ncol = 4, byrow = TRUE)
icc_rows <- function(x, name) {
  x <- na.omit(x)
  r <- ICC(x, lmer = FALSE)$results
  data.frame(case = name, n_used = nrow(x), type = r$type, icc = r$ICC, f = r$F, df1 = r$df1,
             df2 = r$df2, p = r$p, ci_low = r[["lower bound"]], ci_high = r[["upper bound"]])
}
write_reference(as.data.frame(shrout_fleiss), "reliability__shrout_fleiss_data")
write_reference(rbind(icc_rows(shrout_fleiss, "shrout_fleiss"),
                      icc_rows(hs[, c("x7", "x8")], "hs"),
                      icc_rows(hs_missing[, c("x7", "x8")], "hs_missing")), "reliability__icc")

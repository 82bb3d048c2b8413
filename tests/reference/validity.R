# References for tests/measure/test_validity.py. Run from the repository root:
#   Rscript tests/reference/measure_data.R && Rscript tests/reference/validity.R
suppressMessages({library(lavaan); library(semTools)})
source(file.path("tests", "reference", "measure_data.R"))
used <- c("hs", "hs_missing", "mobi", "mobi_missing")

# AVE and composite reliability of standardised loadings, with delta intervals: lavaan's covariance
# matrix of the standardised loadings, derivatives by central differences.
mean_square <- function(l) mean(l^2)
composite <- function(l) sum(l)^2 / (sum(l)^2 + sum(1 - l^2))
delta <- function(f, l, v) {
  step <- 1e-5
  g <- sapply(seq_along(l), function(i) {
    e <- replace(numeric(length(l)), i, step); (f(l + e) - f(l - e)) / (2 * step) })
  se <- sqrt(drop(g %*% v %*% g)); c(f(l), se, f(l) - qnorm(.975) * se, f(l) + qnorm(.975) * se)
}
for (case in used) {
  data <- na.omit(cases[[case]]$data[, unlist(cases[[case]]$scales)])
  scales <- cases[[case]]$scales
  fit <- fit_tight(measurement_syntax(scales), data = data, std.lv = TRUE)
  std <- standardizedSolution(fit); loads <- subset(std, op == "=~")
  v <- lavInspect(fit, "vcov.std.all")
  at <- lapply(names(scales), function(f) paste0(f, "=~", scales[[f]]))
  l <- lapply(names(scales), function(f) loads$est.std[loads$lhs == f])
  ave <- t(mapply(function(l, i) delta(mean_square, l, v[i, i]), l, at))
  cr <- t(mapply(function(l, i) delta(composite, l, v[i, i]), l, at))
  rel <- suppressWarnings(suppressMessages(semTools::reliability(fit)))
  write_reference(data.frame(
    construct = names(scales), n_used = nrow(data),
    ave = ave[, 1], ave_se = ave[, 2], ave_ci_low = ave[, 3], ave_ci_high = ave[, 4],
    cr = cr[, 1], cr_se = cr[, 2], cr_ci_low = cr[, 3], cr_ci_high = cr[, 4],
    semtools_alpha = rel["alpha", names(scales)], semtools_omega = rel["omega", names(scales)],
    semtools_ave = rel["avevar", names(scales)]), paste0("validity__", case, "_convergent"))
  write_reference(data.frame(construct = loads$lhs, item = loads$rhs, loading = loads$est.std, se = loads$se,
                             z = loads$z, ci_low = loads$ci.lower, ci_high = loads$ci.upper),
                  paste0("validity__", case, "_loadings"))
  latent <- unclass(lavInspect(fit, "cor.lv"))
  write_reference(data.frame(construct = rownames(latent), latent, check.names = FALSE), paste0("validity__", case, "_latent"))
  syntax <- measurement_syntax(scales)
  h <- unclass(htmt(syntax, data, htmt2 = FALSE, absolute = TRUE))
  signed <- unclass(htmt(syntax, data, htmt2 = FALSE, absolute = FALSE))
  h2 <- unclass(htmt(syntax, data, htmt2 = TRUE))
  pairs <- which(lower.tri(h), arr.ind = TRUE)
  write_reference(data.frame(construct_1 = rownames(h)[pairs[, 2]], construct_2 = rownames(h)[pairs[, 1]], htmt = h[pairs],
                             htmt_signed = signed[pairs], htmt2 = h2[pairs]), paste0("validity__", case, "_htmt"))
  draws <- do.call(rbind, lapply(1:25, function(d) {
    x <- data[resampled_rows(nrow(data), d), ]
    data.frame(draw = d, t(unclass(htmt(syntax, x, htmt2 = FALSE))[pairs]))
  }))
  write_reference(draws, paste0("validity__", case, "_htmt_draws"))
  scores <- sapply(scales, function(x) rowMeans(data[, x]))
  r <- cor(scores); pairs <- which(lower.tri(r), arr.ind = TRUE)
  tests <- apply(pairs, 1, function(ij) {
    t <- cor.test(scores[, ij[1]], scores[, ij[2]]); c(t$estimate, t$conf.int, t$p.value) })
  write_reference(data.frame(construct_1 = rownames(r)[pairs[, 2]], construct_2 = rownames(r)[pairs[, 1]], r = tests[1, ],
                             ci_low = tests[2, ], ci_high = tests[3, ], p = tests[4, ]), paste0("validity__", case, "_correlations"))
  write_reference(data.frame(construct = names(scales), mean = colMeans(scores), sd = apply(scores, 2, sd)), paste0("validity__", case, "_scores"))
}

# References for tests/measure/test_available.py: statistics that use every answer, and weights.
# Run from the repository root:
#   Rscript tests/reference/measure_data.R && Rscript tests/reference/available.R
# Moments: lavaan's saturated full-information estimates; on them psych's α, KMO, Bartlett, fa.
# HTMT: semTools on pairwise correlations. Weights: cov.wt, and repeated rows where whole.
suppressMessages({library(lavaan); library(semTools); library(psych)})
source(file.path("tests", "reference", "measure_data.R"))
set.seed(1)
fiml <- function(x) {
  x <- as.matrix(x); x <- x[rowSums(!is.na(x)) > 0, , drop = FALSE]
  patterns <- lavaan:::lav_data_missing_patterns(x)
  m <- lavaan:::lav_mvnorm_missing_h1_estimate_moments(Y = x, Mp = patterns, max.iter = 20000L, tol = 1e-13)
  s <- m$Sigma; dimnames(s) <- list(colnames(x), colnames(x)); list(cov = s, n = nrow(x))
}
alphas <- function(s, scales) sapply(scales, function(b) {
  c <- s[b, b]; k <- length(b); k / (k - 1) * (1 - sum(diag(c)) / sum(c)) })
out <- list(); scalar <- list(); pairs_out <- list()
for (case in c("hs_missing", "mobi_missing")) {
  scales <- cases[[case]]$scales; items <- unlist(scales, use.names = FALSE)
  data <- cases[[case]]$data[, items]
  for (name in names(scales)) {
    m <- fiml(data[, scales[[name]]]); a <- suppressWarnings(psych::alpha(cov2cor(m$cov), n.obs = m$n))
    omega <- NA
    if (length(scales[[name]]) > 2) {
      fit <- fit_tight(measurement_syntax(scales[name]), data = data[, scales[[name]]], std.lv = TRUE, missing = "fiml")
      e <- parameterEstimates(fit); l <- e$est[e$op == "=~"]; t <- e$est[e$op == "~~" & e$lhs == e$rhs & e$lhs != name]
      if (all(t > 0)) omega <- sum(l)^2 / (sum(l)^2 + sum(t))
    }
    out[[length(out) + 1]] <- data.frame(case = case, construct = name, n_used = m$n,
      alpha = alphas(m$cov, scales[name]), alpha_standardised = a$total$std.alpha, omega = omega)
  }
  m <- fiml(data); r <- cov2cor(m$cov); b <- cortest.bartlett(r, n = m$n)
  f <- suppressWarnings(suppressMessages(fa(r, 2, n.obs = m$n, fm = "ml", rotate = "none")))
  means <- sapply(scales, function(x) as.numeric(items %in% x) / length(x)); vif <- diag(solve(cov2cor(t(means) %*% m$cov %*% means)))
  scalar[[case]] <- data.frame(case = case, n = m$n, kmo = KMO(r)$MSA, bartlett = b$chisq, first = eigen(r)$values[1],
    efa_chisq = f$STATISTIC, efa_share = sum(f$communality) / length(items), vif_first = vif[1], vif_last = vif[length(vif)])
  p <- cor(data, use = "pairwise.complete.obs"); syntax <- measurement_syntax(scales)
  grab <- function(...) unclass(htmt(syntax, sample.cov = p, ...))
  h <- grab(htmt2 = FALSE, absolute = FALSE); hp <- grab(htmt2 = FALSE, absolute = TRUE); h2 <- grab(htmt2 = TRUE)
  at <- which(lower.tri(h), arr.ind = TRUE)
  pairs_out[[case]] <- data.frame(case = case, construct_1 = rownames(h)[at[, 2]], construct_2 = rownames(h)[at[, 1]],
    htmt = h[at], htmt_plus = hp[at], htmt2 = h2[at])
}
write_reference(do.call(rbind, out), "available__scales")
write_reference(do.call(rbind, scalar), "available__factors")
write_reference(do.call(rbind, pairs_out), "available__htmt")

# Weights 1, 2, 3 by rule. Complete data: cov.wt; with gaps: the rows repeated.
weights_of <- function(n) (seq_len(n) * 7) %% 3 + 1
out <- list(); pairs_out <- list()
for (case in c("hs", "hs_missing")) {
  scales <- cases[[case]]$scales; items <- unlist(scales, use.names = FALSE); data <- cases[[case]]$data[, items]
  w <- weights_of(nrow(data)); long <- data[rep(seq_len(nrow(data)), w), ]
  s <- if (case == "hs") cov.wt(data, w / sum(w), method = "ML")$cov else fiml(long)$cov
  for (name in names(scales)) {
    block <- scales[[name]]; own <- if (case == "hs") s[block, block] else fiml(long[, block])$cov
    fit <- fit_tight(measurement_syntax(scales[name]), data = long, std.lv = TRUE, missing = "fiml")
    e <- parameterEstimates(fit); l <- e$est[e$op == "=~"]; t <- e$est[e$op == "~~" & e$lhs == e$rhs & e$lhs != name]
    out[[length(out) + 1]] <- data.frame(case = case, construct = name, alpha = alphas(own, scales[name]),
      omega = sum(l)^2 / (sum(l)^2 + sum(t)), kmo = KMO(cov2cor(s))$MSA, n_effective = sum(w)^2 / sum(w^2))
  }
  p <- cor(long, use = "pairwise.complete.obs"); syntax <- measurement_syntax(scales)
  h <- unclass(htmt(syntax, sample.cov = p, htmt2 = FALSE, absolute = FALSE)); at <- which(lower.tri(h), arr.ind = TRUE)
  scores <- sapply(scales, function(x) rowMeans(long[, x])); r <- cor(scores, use = "pairwise.complete.obs")
  pairs_out[[case]] <- data.frame(case = case, construct_1 = rownames(h)[at[, 2]], construct_2 = rownames(h)[at[, 1]], htmt = h[at], r = r[at])
}
write_reference(do.call(rbind, out), "available__weighted")
write_reference(do.call(rbind, pairs_out), "available__weighted_pairs")

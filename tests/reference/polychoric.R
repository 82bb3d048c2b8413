# Reference for analysis/sem/polychoric.py: thresholds, polychoric and polyserial correlations and
# their asymptotic covariance, from lavaan. Correlations between two ordinal items are driven to the
# root of the score (uniroot, tol 1e-15) because lavaan's nlminb stops near 1e-7.
# Run from the repository root: Rscript tests/reference/polychoric.R
suppressMessages({library(lavaan); library(psych); library(pbivnorm)})
out <- "tests/reference/polychoric__"
items <- paste0("x", 1:9)
store <- function(x, name) write.csv(format(as.data.frame(x), digits = 17, trim = TRUE),
                                     paste0(out, name, ".csv"), row.names = FALSE, quote = FALSE)
equal_width <- function(x, k) as.integer(cut(x, k))
quantiles <- function(x, k) {
  as.integer(cut(x, quantile(x, (0:k) / k), include.lowest = TRUE))
}
hs <- HolzingerSwineford1939[, items]
hs4 <- as.data.frame(lapply(hs, equal_width, k = 4))
hs5 <- as.data.frame(lapply(hs, quantiles, k = 5))
hs10 <- as.data.frame(lapply(hs, equal_width, k = 10))       # many empty cells
hs4_missing <- hs4
for (j in 1:9) hs4_missing[seq(j, 301, by = 11 + j), j] <- NA
hs2 <- as.data.frame(lapply(hs, function(x) as.integer(x > quantile(x, 0.6)) + 1L))
mixed <- hs; for (j in c(1, 4, 5, 7, 8)) mixed[[j]] <- hs4[[j]]
mixed_missing <- mixed; mixed_missing[is.na(hs4_missing)] <- NA
bfi_part <- bfi[seq(1, 2800, by = 5), 1:25]                  # 560 rows, 6 categories, real gaps

polish <- function(a, b, start) {
  prob <- function(x) cumsum(table(x)) / sum(!is.na(x))
  freq <- table(a, b)
  ta <- qnorm(head(prob(a), -1)); tb <- qnorm(head(prob(b), -1))
  ra <- c(-Inf, ta, Inf); rb <- c(-Inf, tb, Inf)
  phi2 <- function(x, y, r) ifelse(is.finite(x) & is.finite(y),
    exp(-(x^2 - 2 * r * x * y + y^2) / (2 * (1 - r^2))) / (2 * pi * sqrt(1 - r^2)), 0)
  big2 <- function(x, y, r) {
    x <- pmax(pmin(x, 40), -40); y <- pmax(pmin(y, 40), -40)
    pbivnorm(x, y, r)
  }
  rect <- function(f, r) {
    g <- outer(ra, rb, function(x, y) f(x, y, r)); dim(g) <- c(length(ra), length(rb))
    g[-1, -1] - g[-nrow(g), -1] - g[-1, -ncol(g)] + g[-nrow(g), -ncol(g)]
  }
  score <- function(r) {
    d <- rect(phi2, r); p <- rect(big2, r); used <- freq > 0
    sum(freq[used] * d[used] / p[used])
  }
  uniroot(score, start + c(-1e-3, 1e-3), tol = 1e-15)$root
}

write_case <- function(data, name, ordered, missing, gamma = TRUE) {
  write.csv(data, paste0(out, name, "_data.csv"), row.names = FALSE, quote = FALSE)
  fit <- lavCor(data, ordered = ordered, missing = missing, output = "fit",
                se = if (gamma) "robust.sem" else "none",
                estimator = if (gamma) "WLSMV" else "two.step")
  cor <- cov2cor(unclass(lavInspect(fit, "sampstat")$cov))
  rows <- if (missing == "listwise") complete.cases(data) else rep(TRUE, nrow(data))
  for (i in 2:ncol(data)) for (j in seq_len(i - 1)) {
    names <- colnames(data)[c(i, j)]
    two_by_two <- all(sapply(data[rows, names], function(x) length(unique(na.omit(x)))) == 2)
    if (all(names %in% ordered) && !two_by_two) {
      cor[i, j] <- cor[j, i] <- polish(data[rows, i], data[rows, j], cor[i, j])
    }
  }
  store(cor, paste0(name, "_cor"))
  th <- lavInspect(fit, "sampstat")$th
  th <- th[grepl("|", names(th), fixed = TRUE)]
  write.csv(data.frame(name = names(th), value = format(unclass(th), digits = 17)),
            paste0(out, name, "_th.csv"), row.names = FALSE, quote = FALSE)
  if (gamma) {
    g <- lavInspect(fit, "gamma"); names <- rownames(g)
    store(unclass(g), paste0(name, "_gamma"))
  }
}
write_case(hs4, "hs4", items, "listwise")
write_case(hs5, "hs5", items, "listwise")
write_case(hs2, "hs2", items, "listwise")
write_case(hs10, "hs10", items, "listwise", gamma = FALSE)
write_case(hs4_missing, "hs4_pairwise", items, "pairwise")
write_case(mixed, "mixed", items[c(1, 4, 5, 7, 8)], "listwise")
write_case(mixed_missing, "mixed_pairwise", items[c(1, 4, 5, 7, 8)], "pairwise", gamma = FALSE)
write_case(bfi_part, "bfi", colnames(bfi_part), "pairwise", gamma = FALSE)

# Second witness: psych::polychoric without continuity correction (its own stopping rule, ~1e-4).
store(polychoric(hs4, correct = 0)$rho, "hs4_psych")

# References for item statistics, multivariate normality and missing data (tests/study/test_sample.py).
# Run from the repository root: Rscript tests/reference/sample.R
# Item statistics and Mardia: psych. Saturated moments with missing answers: lavaan's EM, run to
# 1e-13. Little's test: written here from Little (1988, eq. 5) on those moments.
suppressPackageStartupMessages({library(psych); library(lavaan)})
options(digits = 17, warn = -1)
folder <- "tests/reference"
save <- function(x, case, ...) write.csv(format(x, digits = 16, trim = TRUE),
  file.path(folder, paste0("sample__", case, ".csv")), row.names = FALSE, quote = FALSE, na = "")

bfi <- psychTools::bfi[1:500, c(paste0("A", 1:5), paste0("C", 1:5), paste0("N", 1:5))]
write.csv(bfi, file.path(folder, "sample__bfi_data.csv"), row.names = FALSE, na = "", quote = FALSE)
mobi <- read.csv("data/ecsi-mobile/mobi.csv")
enders <- data.frame(  # Enders (2010), Table 1.1: the employee selection data
  IQ = c(78,84,84,85,87,91,92,94,94,96,99,105,105,106,108,112,113,115,118,134),
  WB = c(13,9,10,10,NA,3,12,3,13,NA,6,12,14,10,NA,10,14,14,12,11),
  JP = c(rep(NA,10),7,10,11,15,10,10,12,14,16,12))
write.csv(enders, file.path(folder, "sample__enders_data.csv"), row.names = FALSE, na = "", quote = FALSE)
write.csv(airquality, file.path(folder, "sample__airquality_data.csv"), row.names = FALSE, na = "", quote = FALSE)

statistics <- function(x, case) {
  d <- describe(x, type = 3)
  save(data.frame(item = colnames(x), n = d$n, mean = d$mean, sd = d$sd, skew = d$skew,
    kurtosis = d$kurtosis, minimum = d$min, maximum = d$max, missing = colSums(is.na(x)),
    # the lowest and highest answer in all items: the ends of the scale, 1-10 and 1-6
    floor = colMeans(x == min(x, na.rm = TRUE), na.rm = TRUE),
    ceiling = colMeans(x == max(x, na.rm = TRUE), na.rm = TRUE)), case)
}
statistics(mobi, "mobi_items"); statistics(bfi, "bfi_items")

normality <- function(x) {
  m <- mardia(x, plot = FALSE)
  data.frame(n = m$n.obs, b1p = m$b1p, skew = m$skew, skew_p = m$p.skew, small_skew = m$small.skew,
    small_skew_p = m$p.small, b2p = m$b2p, kurtosis = m$kurtosis, kurtosis_p = m$p.kurt)
}
save(cbind(case = c("mobi", "bfi", "csr"), rbind(normality(mobi), normality(bfi),
  normality(mobi[, 1:3]))), "mardia")

moments <- function(x) {
  x <- as.matrix(x); x <- x[rowSums(!is.na(x)) > 0, , drop = FALSE]
  scale <- apply(x, 2, sd, na.rm = TRUE)  # lavaan dislikes variances of very different size
  z <- sweep(x, 2, scale, "/")
  patterns <- lavaan:::lav_data_missing_patterns(z)
  m <- lavaan:::lav_mvnorm_missing_h1_estimate_moments(Y = z, Mp = patterns, max.iter = 20000L, tol = 1e-13)
  list(mean = as.vector(m$Mu) * scale, cov = m$Sigma * outer(scale, scale), x = x)
}
little <- function(x) {
  m <- moments(x); x <- m$x
  pattern <- apply(!is.na(x), 1, function(r) paste(which(r), collapse = ","))
  d2 <- 0; df <- -ncol(x)
  for (p in unique(pattern)) {
    o <- as.integer(strsplit(p, ",")[[1]]); r <- which(pattern == p)
    gap <- colMeans(x[r, o, drop = FALSE]) - m$mean[o]
    d2 <- d2 + length(r) * sum(gap * solve(m$cov[o, o, drop = FALSE], gap)); df <- df + length(o)
  }
  data.frame(statistic = d2, df = df, p = pchisq(d2, df, lower.tail = FALSE),
    patterns = length(unique(pattern)))
}
save(cbind(case = c("enders", "airquality", "bfi"), rbind(little(enders), little(airquality), little(bfi))), "little")

for (case in c("enders", "airquality", "bfi")) {
  m <- moments(get(case))
  save(cbind(data.frame(variable = colnames(m$x), mean = m$mean), as.data.frame(m$cov)),
    paste0(case, "_moments"))
}

weights <- (seq_len(nrow(mobi)) %% 7) / 3 + 0.2
weighted <- function(x) {
  m <- weighted.mean(x, weights); c(m, sqrt(sum(weights * (x - m)^2) / (sum(weights) * (1 - 1 / nrow(mobi)))))
}
w <- t(sapply(mobi, weighted))
save(data.frame(item = colnames(mobi), mean = w[, 1], sd = w[, 2]), "mobi_weighted")

# Mardia (1970, 1974) as he wrote it: S divides by n, all n² inner products.
mardia_n <- function(x) {
  x <- as.matrix(na.omit(x)); n <- nrow(x); p <- ncol(x)
  z <- scale(x, scale = FALSE); d <- z %*% solve(crossprod(z) / n) %*% t(z)
  b1 <- sum(d^3) / n^2; b2 <- mean(diag(d)^2); df <- p * (p + 1) * (p + 2) / 6
  k <- (p + 1) * (n + 1) * (n + 3) / (n * ((n + 1) * (p + 1) - 6))
  m <- p * (p + 2) * (n - 1) / (n + 1)
  v <- 8 * p * (p + 2) * (n - 3) * (n - p - 1) * (n - p + 1) / ((n + 1)^2 * (n + 3) * (n + 5))
  data.frame(n = n, b1p = b1, skew_chisq = n * b1 / 6, skew_chisq_small = n * b1 * k / 6, skew_df = df,
    skew_p_small = pchisq(n * b1 * k / 6, df, lower.tail = FALSE), b2p = b2,
    kurtosis_z = (b2 - p * (p + 2)) / sqrt(8 * p * (p + 2) / n), kurtosis_z_small = (b2 - m) / sqrt(v))
}
save(cbind(case = c("mobi", "bfi", "csr"), rbind(mardia_n(mobi), mardia_n(bfi), mardia_n(mobi[, 1:3]))),
  "mardia_n")
# Little's test without the respondents of the pattern that adds most to it.
little_without <- function(x) {
  m <- moments(x); x <- m$x
  pattern <- apply(!is.na(x), 1, function(r) paste(which(r), collapse = ","))
  part <- sapply(unique(pattern), function(p) {
    o <- as.integer(strsplit(p, ",")[[1]]); r <- which(pattern == p)
    gap <- colMeans(x[r, o, drop = FALSE]) - m$mean[o]
    length(r) * sum(gap * solve(m$cov[o, o, drop = FALSE], gap)) })
  top <- names(which.max(part))
  data.frame(pattern_n = sum(pattern == top), pattern_share = max(part) / sum(part),
    p_without = little(x[pattern != top, , drop = FALSE])$p)
}
save(cbind(case = c("airquality", "bfi"), rbind(little_without(airquality), little_without(bfi))),
  "little_without")

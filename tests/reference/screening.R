# References for careless responding (tests/study/test_screening.py).
# Run from the repository root: Rscript tests/reference/screening.R
# Longest run of one answer, spread within a person (sd), Mahalanobis distance (stats::mahalanobis),
# with missing answers on the observed part of the EM moments (lavaan, run to 1e-13).
suppressPackageStartupMessages(library(lavaan))
options(digits = 17, warn = -1)
folder <- "tests/reference"
longest <- function(x) max(c(0, unlist(lapply(split(x, cumsum(is.na(x))), function(part) {
  part <- part[!is.na(part)]; if (length(part)) max(rle(part)$lengths) else 0 }))))
distance <- function(x) {
  x <- as.matrix(x)
  if (!anyNA(x)) { mean <- colMeans(x); cov <- cov(x) } else {
    m <- lavaan:::lav_mvnorm_missing_h1_estimate_moments(Y = x,
      Mp = lavaan:::lav_data_missing_patterns(x), max.iter = 20000L, tol = 1e-13)
    mean <- as.vector(m$Mu); cov <- m$Sigma * nrow(x) / (nrow(x) - 1)
  }
  t(apply(x, 1, function(r) { o <- !is.na(r)
    d <- stats::mahalanobis(r[o], mean[o], cov[o, o, drop = FALSE])
    c(d, sum(o), pchisq(d, sum(o), lower.tail = FALSE)) }))
}
screen <- function(x, case) {
  d <- distance(x)
  out <- data.frame(row = seq_len(nrow(x)), long_string = apply(x, 1, longest),
    irv = apply(x, 1, sd, na.rm = TRUE), mahalanobis = d[, 1], mahalanobis_df = d[, 2],
    mahalanobis_p = d[, 3], missing_share = rowMeans(is.na(x)))
  write.csv(format(out, digits = 16, trim = TRUE), file.path(folder, paste0("screening__", case, ".csv")),
    row.names = FALSE, quote = FALSE)
}
screen(read.csv("data/ecsi-mobile/mobi.csv"), "mobi")
bfi <- read.csv("tests/reference/sample__bfi_data.csv")
screen(bfi, "bfi")

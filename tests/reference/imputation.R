# Rubin's rules on the same imputed estimates: mitools 2.4 MIcombine (estimates, errors, df without
# complete-data df, missing information), and the degrees of freedom of Barnard & Rubin (1999),
# eq. 3, written out. Run from the repository root: Rscript tests/reference/imputation.R
suppressMessages(library(mitools))
OUT <- "tests/reference"
set.seed(20260101)
n <- 200; m <- 7
x <- matrix(rnorm(3 * n), n); y <- drop(x %*% c(.5, .2, 0)) + rnorm(n)
gone <- runif(n) < .3
sets <- lapply(1:m, function(i) {
  x1 <- x[, 1]
  b <- lm(x[!gone, 1] ~ x[!gone, 2] + y[!gone])
  x1[gone] <- drop(cbind(1, x[gone, 2], y[gone]) %*% coef(b)) + rnorm(sum(gone), sd = sigma(b))
  data.frame(set = i, y = y, x1 = x1, x2 = x[, 2], x3 = x[, 3])
})
fits <- lapply(sets, function(d) lm(y ~ x1 + x2 + x3, d))
est <- t(sapply(fits, coef)); var <- t(sapply(fits, function(f) diag(vcov(f))))
write.csv(cbind(est = as.data.frame(est), var = as.data.frame(var)),
          file.path(OUT, "imputation__sets.csv"), row.names = FALSE)
found <- MIcombine(lapply(fits, coef), lapply(fits, function(f) diag(diag(vcov(f)))))
u <- colMeans(var); b <- apply(est, 2, var_of <- stats::var); t <- u + (1 + 1 / m) * b
l <- (1 + 1 / m) * b / t; nc <- n - 4
old <- (m - 1) / l^2; obs <- (nc + 1) / (nc + 3) * nc * (1 - l)
write.csv(data.frame(term = colnames(est), estimate = coef(found), error = sqrt(diag(found$variance)),
                     df = found$df, missing_information = found$missinfo,
                     df_barnard_rubin = old * obs / (old + obs)),
          file.path(OUT, "imputation__pooled.csv"), row.names = FALSE)

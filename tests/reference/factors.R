# References for tests/measure/test_factors.py. Run from the repository root:
#   Rscript tests/reference/measure_data.R && Rscript tests/reference/factors.R
suppressMessages({library(psych); library(GPArotation)})
source(file.path("tests", "reference", "measure_data.R"))

columns <- list(hs = names(hs), hs_missing = names(hs), mobi = setdiff(names(mobi), "CUSCO"),
                mobi_missing = setdiff(names(mobi), "CUSCO"))
complete <- function(case) na.omit(cases[[case]]$data[, columns[[case]]])

adequacy <- do.call(rbind, lapply(names(columns), function(case) {
  x <- complete(case); r <- cor(x); k <- KMO(r); b <- cortest.bartlett(r, n = nrow(x))
  data.frame(case, n_used = nrow(x), kmo = k$MSA, chisq = b$chisq, df = b$df, p = b$p.value)
}))
write_reference(adequacy, "factors__adequacy")
msa <- do.call(rbind, lapply(names(columns), function(case) {
  k <- KMO(cor(complete(case)))$MSAi
  data.frame(case, item = names(k), msa = unname(k))
}))
write_reference(msa, "factors__msa")

# Minimum average partial (Velicer 1976; fourth power: Velicer, Eaton & Fava 2000), from its
# definition; the squared one is psych's own as well.
average_partial <- function(r, power) {
  p <- ncol(r); e <- eigen(r)
  sapply(0:(p - 2), function(m) {
    a <- e$vectors[, seq_len(m), drop = FALSE] %*% diag(sqrt(e$values[seq_len(m)]), m)
    partial <- cov2cor(r - a %*% t(a))
    mean(partial[lower.tri(partial)]^power)
  })
}
eigenvalues <- do.call(rbind, lapply(names(columns), function(case) {
  x <- complete(case); r <- cor(x); p <- ncol(r); reduced <- r; diag(reduced) <- smc(r)
  map <- suppressWarnings(suppressMessages(VSS(r, n = p - 2, n.obs = nrow(x), fm = "pc", plot = FALSE)$map))
  data.frame(case, number = seq_len(p), component = eigen(r)$values, common = eigen(reduced)$values,
             map_squared = c(average_partial(r, 2), NA), map_fourth = c(average_partial(r, 4), NA),
             map_psych = c(NA, map[seq_len(p - 2)], NA)[seq_len(p)])
}))
write_reference(eigenvalues, "factors__eigenvalues")

# Parallel analysis: normal data only, 2,000 draws, so that a quantile is known to about 1 per cent.
set.seed(20260101)
parallel <- do.call(rbind, lapply(c("hs", "mobi"), function(case) {
  x <- complete(case); n <- nrow(x); p <- ncol(x)
  draws <- replicate(2000, {
    r <- cor(matrix(rnorm(n * p), n)); reduced <- r; diag(reduced) <- smc(r)
    c(eigen(r, TRUE, TRUE)$values, eigen(reduced, TRUE, TRUE)$values)
  })
  data.frame(case, number = seq_len(p),
             component_mean = rowMeans(draws)[1:p], common_mean = rowMeans(draws)[p + 1:p],
             component_p95 = apply(draws, 1, quantile, .95)[1:p],
             common_p95 = apply(draws, 1, quantile, .95)[p + 1:p])
}))
write_reference(parallel, "factors__parallel")
decisions <- do.call(rbind, lapply(c("hs", "mobi"), function(case) {
  x <- complete(case)
  set.seed(20260101)
  pdf(NULL)
  d <- suppressMessages(suppressWarnings(fa.parallel(cor(x), n.obs = nrow(x), n.iter = 500, SMC = TRUE,
                                    quant = .95, plot = FALSE)))
  data.frame(case, components = d$ncomp, factors = d$nfact)
}))
write_reference(decisions, "factors__parallel_psych")

long <- function(m, case, method, rotation, what) {
  m <- unclass(m)
  data.frame(case, method, rotation, what, row = rep(seq_len(nrow(m)), ncol(m)),
             column = rep(seq_len(ncol(m)), each = nrow(m)), value = as.numeric(m))
}

# The optimum itself: extraction and rotation driven far below psych's stops, in psych's
# conventions (varimax and promax Kaiser-normalised, promax power 4, oblimin not normalised).
extract <- function(r, m, method) {
  if (method == "paf") return(unclass(fa(r, m, fm = "pa", rotate = "none", min.err = 1e-11,
                                         max.iter = 5000, warnings = FALSE)$loadings))
  unclass(factanal(covmat = r, factors = m, rotation = "none",
                   control = list(nstart = 1, opt = list(factr = 10, maxit = 5000)))$loadings)
}
rotate <- function(a, rotation) {
  m <- ncol(a)
  if (m == 1 || rotation == "none") return(list(loadings = a, phi = diag(m)))
  if (rotation == "oblimin") {
    z <- oblimin(a, eps = 1e-8, maxit = 5000)
    return(list(loadings = z$loadings, phi = z$Phi))
  }
  h <- sqrt(rowSums(a^2))
  v <- unclass(varimax(a / h, normalize = FALSE, eps = 1e-16)$loadings)
  if (rotation == "varimax") return(list(loadings = v * h, phi = diag(m)))
  z <- Promax(v)
  list(loadings = unclass(z$loadings) * h, phi = z$Phi)
}
solution <- function(case, m) {
  x <- complete(case); r <- cor(x)
  cbind(factors = m, do.call(rbind, lapply(c("ml", "paf"), function(method) {
    a <- extract(r, m, method)
    do.call(rbind, lapply(c("none", "varimax", "promax", "oblimin"), function(rotation) {
      z <- rotate(a, rotation)
      rbind(long(z$loadings, case, method, rotation, "loading"),
            long(z$phi, case, method, rotation, "correlation"))
    }))
  })))
}
write_reference(rbind(solution("hs", 3), solution("hs", 1), solution("hs_missing", 3)), "factors__hs_solutions")
write_reference(rbind(solution("mobi", 3), solution("mobi_missing", 3)), "factors__mobi_solutions")

# psych::fa as called by an analyst, with its fit (principal axes: not stopped at .001).
called <- function(case, m, fm, rotation) {
  x <- complete(case)
  f <- suppressWarnings(fa(x, m, fm = fm, rotate = rotation, alpha = 0.1, min.err = 1e-11, max.iter = 5000))
  phi <- if (is.null(f$Phi)) diag(m) else f$Phi
  list(solution = rbind(long(f$loadings, case, sub("pa", "paf", fm), rotation, "loading"),
                        long(phi, case, sub("pa", "paf", fm), rotation, "correlation"),
                        long(matrix(f$communality), case, sub("pa", "paf", fm), rotation, "communality"),
                        long(f$Vaccounted[1:2, , drop = FALSE], case, sub("pa", "paf", fm), rotation, "variance")),
       fit = data.frame(case, factors = m, method = sub("pa", "paf", fm), n_used = nrow(x), chisq = f$STATISTIC,
                        df = f$dof, p = f$PVAL, rmsea = unname(f$RMSEA[1]), rmsea_ci_low = unname(f$RMSEA[2]),
                        rmsea_ci_high = unname(f$RMSEA[3]), tli = f$TLI, bic = f$BIC, rmsr = f$rms))
}
runs <- list(called("hs", 3, "ml", "oblimin"), called("hs", 3, "ml", "promax"), called("hs", 3, "pa", "oblimin"),
             called("hs_missing", 3, "ml", "oblimin"), called("mobi", 3, "ml", "oblimin"))
write_reference(do.call(rbind, lapply(runs, `[[`, "solution")), "factors__psych_solutions")
write_reference(do.call(rbind, lapply(runs, `[[`, "fit")), "factors__psych_fit")

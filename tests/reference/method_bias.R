# References for tests/measure/test_method_bias.py. Run from the repository root:
#   Rscript tests/reference/measure_data.R && Rscript tests/reference/method_bias.R
suppressMessages({library(lavaan); library(psych)})
source(file.path("tests", "reference", "measure_data.R"))

# Unmeasured latent method factor: every item also loads, equally, on one factor orthogonal to
# the constructs. Items enter as they are or standardised; equal loadings are of the metric given.
method_factor <- function(scales) paste(measurement_syntax(scales),
  paste("METHOD =~", paste0("m*", unlist(scales), collapse = " + ")),
  paste("METHOD ~~", paste0("0*", names(scales), collapse = " + ")), sep = "\n")

for (case in c("hs", "hs_missing", "hs_reversed", "mobi", "mobi_missing")) {
  scales <- cases[[case]]$scales; items <- unlist(scales)
  data <- na.omit(cases[[case]]$data[, items]); r <- cor(data)
  paf <- fa(r, 1, fm = "pa", rotate = "none", min.err = 1e-11, max.iter = 5000, warnings = FALSE)
  one <- fit_tight(paste("g =~", paste(items, collapse = " + ")), data = data, std.lv = TRUE)
  base <- fit_tight(measurement_syntax(scales), data = data, std.lv = TRUE)
  standard <- as.data.frame(scale(data) * sqrt(nrow(data) / (nrow(data) - 1)))
  ulmc <- fit_tight(method_factor(scales), data = standard, std.lv = TRUE)
  std <- if (lavInspect(ulmc, "converged")) subset(standardizedSolution(ulmc), op == "=~" & lhs == "METHOD") else list(est.std = NA)
  index <- function(f, v) if (lavInspect(f, "converged")) unname(fitMeasures(f, v)) else NA
  scores <- sapply(scales, function(x) rowMeans(data[, x]))
  write_reference(data.frame(
    n_used = nrow(data), harman_component = eigen(r)$values[1] / ncol(r), harman_factor = sum(paf$loadings^2) / ncol(r),
    one_chisq = index(one, "chisq"), one_df = index(one, "df"), one_cfi = index(one, "cfi"), one_rmsea = index(one, "rmsea"),
    base_chisq = index(base, "chisq"), base_df = index(base, "df"), base_cfi = index(base, "cfi"),
    ulmc_converged = lavInspect(ulmc, "converged"), ulmc_chisq = index(ulmc, "chisq"), ulmc_df = index(ulmc, "df"),
    ulmc_cfi = index(ulmc, "cfi"), ulmc_variance = mean(std$est.std^2),
    ulmc_admissible = suppressWarnings(lavInspect(ulmc, "post.check"))), paste0("method_bias__", case))
  write_reference(data.frame(construct = names(scales), vif = diag(solve(cor(scores)))), paste0("method_bias__", case, "_vif"))
}

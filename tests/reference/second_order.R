# A factor of second order above four constructs (corporate reputation, seminr's corp_rep data):
# loadings with errors, R², fit, the test against freely correlated constructs. Run from the
# repository root: Rscript tests/reference/second_order.R   (lavaan 0.6-14)
suppressMessages(library(lavaan))
OUT <- "tests/reference"
answers <- read.csv(file.path(OUT, "pls__corp_rep_data.csv"), na.strings = c("NA", "-99"))
blocks <- "
QUAL =~ qual_1 + qual_2 + qual_3 + qual_4 + qual_5 + qual_6 + qual_7 + qual_8
PERF =~ perf_1 + perf_2 + perf_3 + perf_4 + perf_5
CSOR =~ csor_1 + csor_2 + csor_3 + csor_4 + csor_5
ATTR =~ attr_1 + attr_2 + attr_3
"
above <- paste0(blocks, "REPUTATION =~ QUAL + PERF + CSOR + ATTR\n")
for (estimator in c("ML", "MLR")) {
  first <- cfa(blocks, answers, estimator = estimator)
  second <- cfa(above, answers, estimator = estimator)
  std <- standardizedSolution(second)
  own <- std[std$op == "=~" & std$lhs == "REPUTATION", ]
  r2 <- lavInspect(second, "rsquare")[own$rhs]
  write.csv(
    data.frame(construct = own$rhs, loading = own$est.std, se = own$se, ci_low = own$ci.lower,
               ci_high = own$ci.upper, r_squared = unname(r2)),
    file.path(OUT, sprintf("second_order__%s_loadings.csv", tolower(estimator))),
    row.names = FALSE)
  l <- own$est.std
  test <- lavTestLRT(first, second, method = if (estimator == "ML") "default" else "satorra.bentler.2001")
  keys <- if (estimator == "ML") c("chisq", "cfi") else c("chisq.scaled", "cfi.robust")
  f1 <- fitMeasures(first, keys); f2 <- fitMeasures(second, keys)
  write.csv(
    data.frame(n = nobs(second), ave = mean(l^2), cr = sum(l)^2 / (sum(l)^2 + sum(1 - l^2)),
               d_chisq = test[2, "Chisq diff"], d_df = test[2, "Df diff"], p = test[2, "Pr(>Chisq)"],
               target = unname(f1[1] / f2[1]), cfi_first = unname(f1[2]), cfi = unname(f2[2])),
    file.path(OUT, sprintf("second_order__%s_fit.csv", tolower(estimator))), row.names = FALSE)
}

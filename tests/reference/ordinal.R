# Reference for analysis/sem/ordinal.py: WLSMV and its kin from lavaan 0.6-14, driven to the optimum
# (until a further search moves nothing by 1e-7). Data are those of polychoric.R, which must have run before.
# Run from the repository root: Rscript tests/reference/ordinal.R
suppressMessages(library(lavaan))
items <- paste0("x", 1:9)
some <- items[c(1, 4, 5, 7, 8)]
read <- function(name) read.csv(paste0("tests/reference/polychoric__", name, "_data.csv"))
full <- function(x) format(x, digits = 17, trim = TRUE)

cfa3 <- "visual =~ x1 + x2 + x3
         textual =~ x4 + x5 + x6
         speed =~ x7 + x8 + x9"
sem3 <- "visual =~ x1 + x2 + x3
         textual =~ x4 + b*x5 + b*x6
         speed =~ x7 + x8 + x9
         textual ~ a*visual
         speed ~ c*textual + visual
         x7 ~~ x8
         indirect := a*c"
one <- "f =~ x4 + x5 + x6"
paths <- "textual =~ x4 + x5 + x6
          x7 ~ textual
          x8 ~ x7 + textual"
second <- "visual =~ x1 + x2 + x3
           textual =~ x4 + x5 + x6
           speed =~ x7 + x8 + x9
           g =~ visual + textual + speed"

write_fit <- function(fit, case, residuals = TRUE) {
  pe <- parameterEstimates(fit, standardized = TRUE, remove.eq = TRUE)
  for (extra in c("group", "label")) if (is.null(pe[[extra]])) pe[[extra]] <- if (extra == "group") 1 else ""
  keep <- c("lhs", "op", "rhs", "group", "label", "est", "se", "z", "pvalue", "ci.lower", "ci.upper", "std.all")
  out <- as.data.frame(pe)[, keep]
  for (j in 6:12) out[[j]] <- full(out[[j]])
  write.csv(out, paste0("tests/reference/ordinal__", case, "_par.csv"), row.names = FALSE, quote = FALSE)
  fm <- fitMeasures(fit)
  write.csv(data.frame(name = names(fm), value = full(unclass(fm))),
            paste0("tests/reference/ordinal__", case, "_fit.csv"), row.names = FALSE, quote = FALSE)
}
# nlminb stops early, so lavaan's own Gauss-Newton search finishes from there, twice: the second
# search must not move.
run <- function(case, model, data, ordered = items, estimator = "WLSMV", ...) {
  tight <- list(rel.tol = 1e-15, x.tol = 1e-15, abs.tol = 0, iter.max = 5000, eval.max = 10000)
  search <- if (grepl("ULS", estimator)) "nlminb" else "gn"    # lavaan has no "gn" for ULS
  again <- function(start) suppressWarnings(sem(
    model, data, ordered = ordered, estimator = estimator, start = start, optim.method = search,
    control = if (search == "nlminb") tight else list(), optim.gn.tol.x = 1e-13,
    optim.gn.iter.max = 1000L, optim.force.converged = TRUE, ...))
  near <- suppressWarnings(sem(model, data, ordered = ordered, estimator = estimator, ...))
  once <- again(near)
  fit <- again(once)
  moved <- max(abs(coef(fit) - coef(once)))
  cat(sprintf("%-20s moved %.1e then %.1e\n", case, max(abs(coef(once) - coef(near))), moved))
  stopifnot(moved < 1e-7)
  write_fit(fit, case)
  invisible(fit)
}
hs4 <- read("hs4"); hs5 <- read("hs5"); hs2 <- read("hs2"); gaps <- read("hs4_pairwise")
mixed <- read("mixed"); mixed_gaps <- read("mixed_pairwise")
school <- HolzingerSwineford1939$school
hs3 <- as.data.frame(lapply(HolzingerSwineford1939[, items], function(x)
  as.integer(cut(x, quantile(x, c(0, .35, .7, 1)), include.lowest = TRUE))))
write.csv(cbind(school = school, hs3), "tests/reference/ordinal__hs3_data.csv", row.names = FALSE, quote = FALSE)
grouped <- cbind(school = school, hs3)
weighted <- cbind(hs4, w = 0.5 + (seq_len(301) %% 5) / 2)

run("hs4_wlsmv", cfa3, hs4)
run("hs5_wlsmv", cfa3, hs5)
run("hs2_wlsmv", cfa3, hs2)
run("hs4_theta", cfa3, hs4, parameterization = "theta")
run("hs4_stdlv", cfa3, hs4, std.lv = TRUE)
run("hs4_wlsm", cfa3, hs4, estimator = "WLSM")
run("hs4_dwls", cfa3, hs4, estimator = "DWLS")
run("hs4_wlsmvs", cfa3, hs4, estimator = "WLSMVS")
run("hs4_ulsmv", cfa3, hs4, estimator = "ULSMV")
run("hs4_uls", cfa3, hs4, estimator = "ULS")
run("hs4_gaps", cfa3, gaps, missing = "pairwise")
run("hs4_listwise", cfa3, gaps)
run("hs4_weights", cfa3, weighted, sampling.weights = "w")
run("hs4_weighted_gaps", cfa3, cbind(gaps, w = weighted$w), missing = "pairwise", sampling.weights = "w")
run("hs4_sem", sem3, hs4)
run("hs4_sem_theta", sem3, hs4, parameterization = "theta")
run("hs4_second", second, hs4)
run("hs4_one", one, hs4[, 4:6], ordered = items[4:6])
run("hs4_paths", paths, hs4[, 4:8], ordered = items[4:8])
run("hs4_paths_theta", paths, hs4[, 4:8], ordered = items[4:8], parameterization = "theta")
run("mixed_wlsmv", cfa3, mixed, ordered = some)
run("mixed_gaps", cfa3, mixed_gaps, ordered = some, missing = "pairwise")
run("mixed_theta", cfa3, mixed, ordered = some, parameterization = "theta")
# Continuous predictors, fitted jointly with the responses.
predicted <- cbind(hs4, age = HolzingerSwineford1939$ageyr, month = HolzingerSwineford1939$agemo)
write.csv(predicted, "tests/reference/ordinal__predicted_data.csv", row.names = FALSE, quote = FALSE)
run("predicted", "visual =~ x1 + x2 + x3
                  speed =~ x7 + x8 + x9
                  visual ~ age + month
                  speed ~ visual + age", predicted, ordered = items[c(1:3, 7:9)],
    conditional.x = FALSE, fixed.x = FALSE)
run("group_configural", cfa3, grouped, group = "school")
run("group_loadings", cfa3, grouped, group = "school", group.equal = "loadings")
run("group_thresholds", cfa3, grouped, group = "school", group.equal = c("thresholds", "loadings"))
run("group_strict", cfa3, grouped, group = "school", group.equal = c("thresholds", "loadings", "residuals"), parameterization = "theta")
run("group_theta", cfa3, grouped, group = "school", group.equal = c("thresholds", "loadings"), parameterization = "theta")
run("group_means", cfa3, grouped, group = "school", group.equal = c("thresholds", "loadings", "means"))
# Nested models: scaled-shifted difference test (Satorra, 2000).
tau <- sub("textual =~ x4 + x5 + x6", "textual =~ x4 + 1*x5 + 1*x6", cfa3, fixed = TRUE)
refit <- function(model, data, ...) {
  near <- suppressWarnings(sem(model, data, ordered = items, estimator = "WLSMV", ...))
  suppressWarnings(sem(model, data, ordered = items, estimator = "WLSMV", start = near,
                       optim.method = "gn", optim.gn.tol.x = 1e-13, optim.gn.iter.max = 1000L,
                       optim.force.converged = TRUE, ...))
}
ladder <- list(NULL, "loadings", c("thresholds", "loadings"), c("thresholds", "loadings", "means"))
steps <- lapply(ladder, function(e) {
  if (is.null(e)) refit(cfa3, grouped, group = "school")
  else refit(cfa3, grouped, group = "school", group.equal = e)
})
pairs <- list(loadings = steps[1:2], thresholds = steps[2:3], means = steps[3:4],
              all = steps[c(1, 3)], tau = list(refit(cfa3, hs4), refit(tau, hs4)))
lrt <- do.call(rbind, lapply(names(pairs), function(name) {
  test <- suppressWarnings(lavTestLRT(pairs[[name]][[1]], pairs[[name]][[2]]))
  data.frame(name = name, chisq = full(test[2, "Chisq diff"]), df = test[2, "Df diff"],
             pvalue = full(test[2, "Pr(>Chisq)"]))
}))
write.csv(lrt, "tests/reference/ordinal__lrt.csv", row.names = FALSE, quote = FALSE)
# Bootstrap, draw by draw: rows from zero, then free loadings and covariances of each refit.
set.seed(20260101)
rows <- t(sapply(1:20, function(i) sample(301, replace = TRUE)))
write.csv(rows - 1, "tests/reference/ordinal__bootstrap_rows.csv", row.names = FALSE, quote = FALSE)
draws <- t(sapply(1:20, function(i) {
  pe <- parameterEstimates(refit(cfa3, hs5[rows[i, ], ]), standardized = TRUE)
  pe <- pe[pe$op %in% c("=~", "|") | (pe$op == "~~" & pe$se > 0), ]
  setNames(c(pe$est, pe$std.all), rep(paste(pe$lhs, pe$op, pe$rhs), 2))
}))
half <- ncol(draws) / 2
for (part in c("est", "std")) {
  at <- if (part == "est") 1:half else half + 1:half
  write.csv(format(as.data.frame(draws[, at], check.names = FALSE), digits = 17),
            paste0("tests/reference/ordinal__bootstrap_", part, ".csv"), row.names = FALSE, quote = FALSE)
}
# Factor scores: posterior modes. Only where every scale is 1 (delta, one group): elsewhere lavaan
# 0.6-14 sets scaled thresholds against unscaled responses, so that delta and theta disagree.
for (case in c("hs4", "mixed", "gaps")) {
  found <- switch(case,
    hs4 = refit(cfa3, hs4),
    gaps = refit(cfa3, gaps, missing = "pairwise"),
    mixed = suppressWarnings(sem(cfa3, mixed, ordered = some, estimator = "WLSMV")))
  eta <- lavPredict(found, method = "EBM", optim.method = "bfgs")
  write.csv(format(as.data.frame(unclass(eta)), digits = 17),
            paste0("tests/reference/ordinal__", case, "_scores.csv"), row.names = FALSE, quote = FALSE)
}
# Modification indices on the expected information.
mi <- modindices(refit(cfa3, hs4))
write.csv(data.frame(mi[, c("lhs", "op", "rhs")], lapply(mi[, c("mi", "epc", "sepc.all")], full)),
          "tests/reference/ordinal__hs4_mi.csv", row.names = FALSE, quote = FALSE)
# Residual correlations with their z values.
for (case in c("hs4", "gaps")) {
  left <- lavResiduals(if (case == "hs4") refit(cfa3, hs4) else refit(cfa3, gaps, missing = "pairwise"))
  for (part in c("cov", "cov.z")) {
    write.csv(format(as.data.frame(unclass(left[[part]])), digits = 17),
              paste0("tests/reference/ordinal__", case, "_", sub(".", "_", part, fixed = TRUE), ".csv"),
              row.names = FALSE, quote = FALSE)
  }
}
hs <- HolzingerSwineford1939
for (estimator in c("ULS", "DWLS", "WLSMV", "ULSMV")) {
  run(paste0("continuous_", tolower(estimator)), cfa3, hs, ordered = NULL, estimator = estimator)
}
run("continuous_means", cfa3, hs, ordered = NULL, estimator = "WLSMV", meanstructure = TRUE)
write.csv(hs[, c("school", items)], "tests/reference/ordinal__hs_data.csv", row.names = FALSE, quote = FALSE)
# 24 five-point items, n = 1000: the speed case, with estimates.
set.seed(20260101)
f <- matrix(rnorm(4000), 1000) %*% chol(0.4 + 0.6 * diag(4))
big <- as.data.frame(lapply(1:24, function(j)
  as.integer(cut(0.7 * f[, (j - 1) %/% 6 + 1] + sqrt(0.51) * rnorm(1000), c(-Inf, -1.5, -.5, .5, 1.3, Inf)))))
names(big) <- paste0("y", 1:24)
write.csv(big, "tests/reference/ordinal__big_data.csv", row.names = FALSE, quote = FALSE)
model <- paste(sapply(1:4, function(k) paste0("f", k, " =~ ", paste0("y", (6 * k - 5):(6 * k), collapse = " + "))), collapse = "\n")
print(system.time(run("big", model, big, ordered = names(big))))

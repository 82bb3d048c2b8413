# Reference for analysis/sem/moderation.py: paths held equal across groups one at a time and all
# together, by labels, against the model with equal loadings and free paths; differences as := .
# Run from the repository root after sem.R and ordinal.R: Rscript tests/reference/moderation.R
source("tests/reference/sem_tools.R")
hs <- read.csv("tests/reference/sem__hs_data.csv")
gaps <- read.csv("tests/reference/sem__hs_missing_data.csv")
hs3 <- read.csv("tests/reference/ordinal__hs3_data.csv")
corp <- read.csv("tests/reference/pls__corp_rep_data.csv")
corp[corp == -99] <- NA
measures <- "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9
"
corp_measures <- "COMP =~ comp_1 + comp_2 + comp_3
LIKE =~ like_1 + like_2 + like_3
CUSL =~ cusl_1 + cusl_2 + cusl_3
"
hs_paths <- list(c("textual", "visual"), c("speed", "textual"), c("speed", "visual"))
corp_paths <- list(c("CUSL", "COMP"), c("CUSL", "LIKE"))
full <- function(x) format(x, digits = 16, trim = TRUE)

# One label a group sets a path free, the same label in all groups holds it equal.
write_paths <- function(paths, equal, groups) paste(sapply(seq_along(paths), function(i) {
  suffix <- if (i %in% equal) rep(0, groups) else seq_len(groups)
  sprintf("%s ~ c(%s)*%s", paths[[i]][1], paste0("p", i, "_", suffix, collapse = ", "), paths[[i]][2])
}), collapse = "\n")
differences <- function(paths, groups) {
  pairs <- combn(groups, 2)
  paste(unlist(lapply(seq_along(paths), function(i) apply(pairs, 2, function(g)
    sprintf("d%d_%d_%d := p%d_%d - p%d_%d", i, g[1], g[2], i, g[1], i, g[2])))), collapse = "\n")
}
tight <- list(rel.tol = 1e-15, x.tol = 1e-15, abs.tol = 0, iter.max = 5000, eval.max = 10000)
run <- function(model, data, group, equal, partial, ordinal, ...) {
  equal <- if (is.null(equal)) "" else equal
  once <- function(start) suppressWarnings(sem(
    model, data, group = group, group.equal = equal, group.partial = partial, start = start,
    control = if (ordinal) list() else tight, optim.force.converged = TRUE,
    optim.method = if (ordinal && !identical(start, "default")) "gn" else "nlminb",
    optim.gn.tol.x = 1e-13, optim.gn.iter.max = 1000L, ...))
  fit <- once("default")
  if (ordinal) once(fit) else suppressWarnings(polish(fit))
}
# lavTestLRT reads options that a polished fit has lost: the difference of chi-square from the fit
# measures, scaled as Satorra and Bentler (2001, eq. 9) where there is a scaling factor.
difference <- function(large, small, ordinal) {
  if (ordinal) {
    out <- suppressWarnings(lavTestLRT(large, small))
    return(c(out[2, "Chisq diff"], out[2, "Df diff"], out[2, "Pr(>Chisq)"]))
  }
  a <- fitMeasures(large); b <- fitMeasures(small)
  df <- unname(b["df"] - a["df"])
  factor <- 1
  if ("chisq.scaling.factor" %in% names(a)) {
    factor <- (b["df"] * b["chisq.scaling.factor"] - a["df"] * a["chisq.scaling.factor"]) / df
  }
  chisq <- unname((b["chisq"] - a["chisq"]) / factor)
  c(chisq, df, pchisq(chisq, df, lower.tail = FALSE))
}
case <- function(name, measures, paths, data, group, equal = "loadings", partial = "", ordinal = FALSE, ...) {
  groups <- length(unique(data[[group]][!is.na(data[[group]])]))
  fitted <- function(held, extra = "", with = equal) run(
    paste0(measures, write_paths(paths, held, groups), "\n", extra), data, group, with, partial, ordinal, ...)
  free <- fitted(integer(0), differences(paths, groups))
  base <- fitted(integer(0))
  sets <- c(as.list(seq_along(paths)), list(seq_along(paths)))
  tests <- do.call(rbind, lapply(sets, function(held) {
    out <- difference(base, fitted(held), ordinal)
    data.frame(lhs = if (length(held) == 1) paths[[held]][1] else "",
               rhs = if (length(held) == 1) paths[[held]][2] else "",
               d_chisq = out[1], d_df = out[2], p = out[3])
  }))
  k <- length(paths)
  tests$p_holm <- c(p.adjust(tests$p[1:k], "holm"), NA)
  for (j in c(3, 5, 6)) tests[[j]] <- full(tests[[j]])
  write.csv(tests, paste0("tests/reference/moderation__", name, "_tests.csv"), row.names = FALSE, na = "")
  pe <- parameterEstimates(free, standardized = TRUE)
  std <- standardizedSolution(free)
  keep <- pe$op %in% c("~", ":=")
  out <- pe[keep, c("lhs", "op", "rhs", "group", "est", "se", "z", "pvalue", "ci.lower", "ci.upper", "std.all")]
  out$std_low <- std$ci.lower[keep]; out$std_high <- std$ci.upper[keep]
  for (j in 5:13) out[[j]] <- full(out[[j]])
  write.csv(out, paste0("tests/reference/moderation__", name, "_estimates.csv"), row.names = FALSE)
  metric <- difference(fitted(integer(0), with = NULL), base, ordinal)
  write.csv(data.frame(d_chisq = full(metric[1]), d_df = metric[2], p = full(metric[3])),
            paste0("tests/reference/moderation__", name, "_metric.csv"), row.names = FALSE)
  cat(name, "\n")
}
case("school", measures, hs_paths, hs, "school")
case("school_mlr", measures, hs_paths, hs, "school", estimator = "MLR")
case("school_partial", measures, hs_paths, hs, "school", partial = c("visual=~x2", "speed=~x8"))
case("school_scalar", measures, hs_paths, hs, "school", equal = c("loadings", "intercepts"))
case("school_fiml", measures, hs_paths, gaps, "school", missing = "fiml", em.h1.tol = 1e-13, em.h1.iter.max = 20000L)
case("school_ordinal", measures, hs_paths, hs3, "school", equal = c("thresholds", "loadings"),
     ordinal = TRUE, ordered = paste0("x", 1:9), estimator = "WLSMV")
hs$third <- paste0("g", (seq_len(301) - 1) %% 3)
case("thirds", measures, hs_paths, hs, "third", estimator = "MLR")
case("corp", corp_measures, corp_paths, corp, "servicetype", estimator = "MLR")

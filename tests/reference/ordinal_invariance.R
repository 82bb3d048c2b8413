# Reference for invariance of ordinal items: semTools' measEq.syntax() with the identification of Wu
# and Estabrook (2016), fitted by lavaan and driven to the optimum, with difference tests between the
# levels and score tests of the equalities; direct and indirect effects of an ordinal model.
# Run from the repository root after polychoric.R and ordinal.R:
# Rscript tests/reference/ordinal_invariance.R
suppressMessages({library(lavaan); library(semTools)})
items <- paste0("x", 1:9)
full <- function(x) format(x, digits = 17, trim = TRUE)
write_case <- function(frame, name) write.csv(
  frame, paste0("tests/reference/ordinal_invariance__", name, ".csv"), row.names = FALSE, na = "")
school <- read.csv("tests/reference/ordinal__hs3_data.csv")$school
four <- cbind(school = school, read.csv("tests/reference/polychoric__hs4_data.csv"))
three <- read.csv("tests/reference/ordinal__hs3_data.csv")
# Binary items: the halved items of Holzinger and Swineford do not determine the scales of the second
# group (lavaan gives negative ones), so these are drawn: 500 rows a group, other scales and means.
RNGversion("3.6.0"); set.seed(271, kind = "Mersenne-Twister", normal.kind = "Inversion")
draw <- function(mean, spread) {
  f <- matrix(rnorm(1500), 500) %*% chol(0.4 + 0.6 * diag(3)) + mean
  as.data.frame(lapply(setNames(1:9, items), function(j) as.integer(
    0.8 * f[, (j - 1) %/% 3 + 1] + spread * 0.6 * rnorm(500) > c(-0.3, 0.1, 0.5)[(j - 1) %% 3 + 1])))
}
two <- rbind(cbind(school = "one", draw(0, 1)), cbind(school = "other", draw(0.4, 1.3)))
write_case(two, "two_data")
model <- "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9"

refine <- function(syntax, data, parameterization, ...) {
  run <- function(start, ...) suppressWarnings(lavaan(
    syntax, data, ordered = items, group = "school", parameterization = parameterization,
    estimator = "WLSMV", start = start, ...))
  again <- function(start) run(start, optim.method = "gn", optim.gn.tol.x = 1e-13,
                               optim.gn.iter.max = 1000L, optim.force.converged = TRUE)
  once <- again(run("default"))
  fit <- again(once)
  stopifnot(max(abs(coef(fit) - coef(once))) < 1e-7)
  fit
}
steps <- list(configural = "", thresholds = "thresholds", metric = c("thresholds", "loadings"),
              scalar = c("thresholds", "loadings", "intercepts"),
              strict = c("thresholds", "loadings", "intercepts", "residuals"))
levels <- function(data, name, parameterization, kept) {
  fits <- lapply(steps[kept], function(equal) {
    text <- measEq.syntax(model, data, ordered = items, parameterization = parameterization,
                          ID.fac = "std.lv", ID.cat = "Wu.Estabrook.2016", group = "school",
                          group.equal = equal)
    refine(as.character(text), data, parameterization)
  })
  indices <- do.call(rbind, lapply(names(fits), function(level) {
    measures <- fitMeasures(fits[[level]])
    data.frame(level = level, name = names(measures), value = full(unclass(measures)))
  }))
  write_case(indices, paste0(name, "_indices"))
  tests <- do.call(rbind, lapply(seq_along(fits)[-1], function(i) {
    out <- suppressWarnings(lavTestLRT(fits[[i - 1]], fits[[i]]))
    data.frame(level = names(fits)[i], chisq = full(out[2, "Chisq diff"]), df = out[2, "Df diff"],
               p = full(out[2, "Pr(>Chisq)"]))
  }))
  write_case(tests, paste0(name, "_tests"))
  estimates <- do.call(rbind, lapply(names(fits), function(level) {
    pe <- parameterEstimates(fits[[level]])
    pe <- pe[, c("lhs", "op", "rhs", "group", "est", "se", "ci.lower", "ci.upper")]
    for (j in 5:8) pe[[j]] <- full(pe[[j]])
    cbind(level = level, pe)
  }))
  write_case(estimates, paste0(name, "_estimates"))
  cat(name, "\n")
  invisible(fits)
}
fits <- levels(four, "four", "delta", 1:4)
levels(four, "theta", "theta", 1:5)
levels(three, "three", "delta", c(1, 3, 4))
levels(two, "two", "delta", c(1, 4))

# Score tests of equality constraints, and of intercepts held at zero.
for (level in c("thresholds", "metric", "scalar")) {
  table <- parTable(fits[[level]])
  uni <- as.data.frame(unclass(suppressWarnings(lavTestScore(fits[[level]]))$uni))
  at <- match(uni$rhs, table$plabel)
  write_case(data.frame(lhs = table$lhs[at], op = table$op[at], rhs = table$rhs[at], X2 = full(uni$X2)),
             paste0("score_", level))
}
held <- suppressWarnings(modindices(fits$scalar, op = "~1"))
held <- held[held$group == 2 & held$lhs %in% items, ]
write_case(data.frame(lhs = held$lhs, mi = full(held$mi), epc = full(held$epc)), "score_intercepts")

# Modification indices and residuals by group.
mi <- suppressWarnings(modindices(fits$configural, op = c("=~", "~~")))
write_case(data.frame(mi[, c("lhs", "op", "rhs", "group")], lapply(mi[, c("mi", "epc", "sepc.all")], full)),
           "modification")
residuals_of <- function(level) do.call(rbind, lapply(1:2, function(g) {
  left <- lavResiduals(fits[[level]])[[g]]
  m <- unclass(left$cov); z <- unclass(left$cov.z)
  data.frame(level = level, group = g, row = rownames(m)[row(m)], col = colnames(m)[col(m)],
             raw = full(as.numeric(m)), z = full(as.numeric(z)))
}))
write_case(rbind(residuals_of("configural"), residuals_of("scalar")), "residuals")

# Effects: standardised and indirect ones with delta-method errors, one group and two.
paths <- "textual ~ a*visual
speed ~ c*textual + b*visual
indirect := a*c
total := a*c + b"
again <- function(text, data, ...) {
  fit <- suppressWarnings(sem(text, data, ordered = items, ...))
  for (i in 1:2) fit <- suppressWarnings(sem(
    text, data, ordered = items, start = fit, optim.method = "gn", optim.gn.tol.x = 1e-13,
    optim.gn.iter.max = 1000L, optim.force.converged = TRUE, ...))
  fit
}
effects <- function(fit, name) {
  pe <- parameterEstimates(fit); std <- standardizedSolution(fit)
  keep <- pe$op %in% c("~", ":=")
  out <- data.frame(pe[keep, c("lhs", "op", "rhs")], group = if (is.null(pe$group)) 1 else pe$group[keep],
                    est = full(pe$est[keep]), se = full(pe$se[keep]), low = full(pe$ci.lower[keep]),
                    high = full(pe$ci.upper[keep]), std = full(std$est.std[keep]),
                    std_se = full(std$se[keep]), std_low = full(std$ci.lower[keep]),
                    std_high = full(std$ci.upper[keep]))
  write_case(out, name)
}
grouped <- "textual ~ c(a1, a2)*visual
speed ~ c(c1, c2)*textual + c(b1, b2)*visual
indirect_1 := a1*c1
total_1 := a1*c1 + b1
indirect_2 := a2*c2
total_2 := a2*c2 + b2"
effects(again(paste0(model, "\n", paths), four), "effects")
effects(again(paste0(model, "\n", paths), four, parameterization = "theta"), "effects_theta")
effects(again(paste0(model, "\n", grouped), three, group = "school",
              group.equal = c("thresholds", "loadings")), "effects_school")

# Factor scores without the prior (what lavaan calls ML and Bartlett for categorical items).
eta <- lavPredict(again(model, four[, items]), method = "ML", optim.method = "bfgs")
write_case(data.frame(row = seq_len(nrow(eta)), apply(unclass(eta), 2, full)), "scores_ml")

# Latent interactions by product indicators: semTools' indProd for the products, lavaan (polished to
# its optimum) for the fits, probe2WayMC and probe2WayRC for the simple slopes, and the ends of the
# Johnson-Neyman region by a root search on lavaan's own slope and covariance matrix.
# Run from the repository root: Rscript tests/reference/interaction.R
source("tests/reference/sem_tools.R")
suppressMessages(library(semTools))
RNGversion("3.6.0"); set.seed(20231, kind = "Mersenne-Twister", normal.kind = "Inversion")

write_frame <- function(frame, name) write_case(name, frame, "interaction")

# Simulated: a true interaction of .30 between correlated predictors, five-item scales cut to three.
n <- 400
x <- rnorm(n); m <- 0.4 * x + sqrt(1 - 0.4^2) * rnorm(n)
y <- 0.5 * x + 0.2 * m + 0.3 * x * m + rnorm(n, sd = 0.7)
items <- function(f, stem, loadings) {
  out <- sapply(loadings, function(l) 4 + l * f + rnorm(n, sd = 0.6))
  colnames(out) <- paste0(stem, seq_along(loadings)); out
}
simulated <- round(as.data.frame(cbind(
  items(x, "a", c(1, .8, .9)), items(m, "b", c(1, 1.1, .7)), items(y, "y", c(1, .9, 1.2))
)), 4)
write_frame(simulated, "simulated_data")

hs <- read.csv("tests/reference/sem__hs_data.csv")
gaps <- read.csv("tests/reference/sem__hs_missing_data.csv")
hs_syntax <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
sim_syntax <- "A =~ a1 + a2 + a3\nB =~ b1 + b2 + b3\nY =~ y1 + y2 + y3"

# name, data, syntax, outcome, predictor, moderator, pairs, centring, estimator, missing
cases <- rbind(
  c("hs_matched_double", "hs", "matched", "double_mean", "ml", "listwise"),
  c("hs_matched_mean", "hs", "matched", "mean", "mlr", "listwise"),
  c("hs_all_double", "hs", "all", "double_mean", "mlr", "listwise"),
  c("hs_matched_residual", "hs", "matched", "residual", "ml", "listwise"),
  c("hs_all_residual", "hs", "all", "residual", "mlr", "listwise"),
  c("hs_gaps_double", "gaps", "matched", "double_mean", "mlr", "fiml"),
  c("hs_gaps_listwise", "gaps", "matched", "double_mean", "mlr", "listwise"),
  c("sim_matched_double", "simulated", "matched", "double_mean", "mlr", "listwise"),
  c("sim_all_double", "simulated", "all", "double_mean", "mlr", "listwise"),
  c("sim_matched_residual", "simulated", "matched", "residual", "mlr", "listwise")
)
cases <- as.data.frame(cases)
names(cases) <- c("case", "data", "pairs", "centring", "estimator", "missing")
cases$syntax <- ifelse(cases$data == "simulated", sim_syntax, hs_syntax)
cases$outcome <- ifelse(cases$data == "simulated", "Y", "textual")
cases$predictor <- ifelse(cases$data == "simulated", "A", "visual")
cases$moderator <- ifelse(cases$data == "simulated", "B", "speed")
write_frame(cases, "cases")

shared <- function(products) {
  out <- character()
  for (i in seq_along(products)) for (j in seq_len(i - 1)) {
    both <- intersect(strsplit(products[i], ".", fixed = TRUE)[[1]],
                      strsplit(products[j], ".", fixed = TRUE)[[1]])
    if (length(both)) out <- c(out, sprintf("%s ~~ %s", products[j], products[i]))
  }
  out
}

region <- function(b1, b3, V, level = 0.95) {
  crit <- qnorm(0.5 + level / 2)
  excess <- function(w) abs(b1 + b3 * w) - crit * sqrt(V[1, 1] + 2 * w * V[1, 2] + w^2 * V[2, 2])
  grid <- seq(-400, 400, length.out = 80001)
  change <- which(diff(sign(excess(grid))) != 0)
  sapply(change, function(i) uniroot(excess, grid[c(i, i + 1)], tol = 1e-14)$root)
}

for (k in seq_len(nrow(cases))) {
  case <- cases[k, ]
  data <- get(case$data)
  if (case$data == "simulated") {
    first <- paste0("a", 1:3); second <- paste0("b", 1:3)
  } else {
    first <- paste0("x", 1:3); second <- paste0("x", 7:9)
  }
  used <- c(first, second, if (case$data == "simulated") paste0("y", 1:3) else paste0("x", 4:6))
  if (case$missing == "listwise") data <- na.omit(data[used])
  extended <- indProd(
    data, var1 = first, var2 = second, match = case$pairs == "matched", meanC = TRUE,
    residualC = case$centring == "residual", doubleMC = case$centring == "double_mean"
  )
  products <- setdiff(names(extended), names(data))
  write_frame(extended[products], paste0(case$case, "_products"))
  name <- paste0(case$predictor, "_x_", case$moderator)
  model <- c(
    case$syntax,
    paste(name, "=~", paste(products, collapse = " + ")),
    sprintf("%s ~ %s + %s + %s", case$outcome, case$predictor, case$moderator, name),
    if (case$pairs == "all") shared(products),
    if (case$centring == "residual")
      sprintf("%s ~~ 0*%s", name, c(case$predictor, case$moderator))
  )
  # Polishing takes the gradient of plain ML; the robust errors are then computed at the optimum.
  fit <- polish(sem(
    paste(model, collapse = "\n"), extended, estimator = case$estimator, meanstructure = TRUE,
    missing = if (case$missing == "fiml") "fiml.x" else "listwise"
  ))
  estimates <- parameterEstimates(fit, remove.nonfree = FALSE)
  write_frame(
    as.data.frame(unclass(estimates)[c("lhs", "op", "rhs", "est", "se", "ci.lower", "ci.upper")]),
    paste0(case$case, "_estimates")
  )
  spread <- sqrt(diag(lavInspect(fit, "cov.lv")))[c(case$predictor, case$moderator, case$outcome)]
  values <- c(-1, 0, 1, 2.5) * spread[[2]]
  probe <- if (case$centring == "residual") probe2WayRC else probe2WayMC
  probed <- probe(
    fit, nameX = c(case$predictor, case$moderator, name), nameY = case$outcome,
    modVar = case$moderator, valProbe = values
  )$SimpleSlope
  rows <- paste0(case$outcome, "~", c(case$predictor, name))
  b <- coef(fit)[rows]; V <- vcov(fit)[rows, rows]
  delta <- sqrt(V[1, 1] + 2 * values * V[1, 2] + values^2 * V[2, 2])
  # probe2WayRC gets its errors by rescaling with normal-theory moments; ours are the delta method's.
  se <- if (case$centring == "residual") delta else as.numeric(probed$se)
  stopifnot(case$centring == "residual" || max(abs(se - delta)) < 1e-10)
  write_frame(
    data.frame(value = values, est = as.numeric(probed$est), se = se, sd_predictor = spread[[1]],
               sd_moderator = spread[[2]], sd_outcome = spread[[3]]),
    paste0(case$case, "_slopes")
  )
  ends <- region(b[[1]], b[[2]], V)
  write_frame(data.frame(end = ends), paste0(case$case, "_region"))
  cat(case$case, "chisq", round(fitMeasures(fit, "chisq"), 3), "region", round(ends, 3), "\n")
}

# Shared by the sem*.R scripts: polishing a lavaan fit to its optimum and writing it down.
suppressMessages(library(lavaan))

# lavaan stops up to 2e-4 short of the optimum. Newton steps on its own gradient close the gap;
# the last call computes standard errors and tests there.
polish <- function(fit, steps = 8L) {
  model <- fit@Model
  objective_gradient <- function(x) {
    m <- lavaan:::lav_model_set_parameters(model, x = x)
    as.numeric(lavaan:::lav_model_gradient(
      lavmodel = m, lavsamplestats = fit@SampleStats, lavdata = fit@Data,
      lavcache = fit@Cache, type = "free",
      # With missing data lavaan's gradient would count the groups' shares twice.
      group.weight = fit@Options$missing == "listwise"
    ))
  }
  free <- fit@ParTable$free > 0
  x <- fit@ParTable$est[free]
  K <- if (model@eq.constraints) model@eq.constraints.K else diag(length(x))
  for (i in seq_len(steps)) {
    g <- crossprod(K, objective_gradient(x))
    h <- 1e-5 * pmax(1, abs(x))
    H <- sapply(seq_along(x), function(j) {
      up <- down <- x
      up[j] <- x[j] + h[j]; down[j] <- x[j] - h[j]
      (objective_gradient(up) - objective_gradient(down)) / (2 * h[j])
    })
    H <- crossprod(K, ((H + t(H)) / 2) %*% K)
    x <- x - as.numeric(K %*% solve(H, g))
  }
  if (max(abs(crossprod(K, objective_gradient(x)))) > 1e-7) stop("not at the optimum")
  table <- parTable(fit)
  table$ustart[free] <- x[table$free[free]]
  table$start[free] <- table$est[free] <- x[table$free[free]]
  options <- fit@Options
  # lavaan cannot take constrained parameters as they are; its search then starts at the optimum.
  options$optim.method <- if (model@eq.constraints) "nlminb" else "none"
  options$start <- "default"
  options$baseline <- TRUE
  out <- lavaan(
    slotParTable = as.list(table), slotOptions = options, slotData = fit@Data,
    slotSampleStats = fit@SampleStats
  )
  moved <- max(abs(out@ParTable$est[free] - x[table$free[free]]))
  if (moved > 1e-7) cat("moved", moved, "\n")
  stopifnot(moved < 1e-5)
  out
}

write_case <- function(name, frame, topic = "sem") {
  write.csv(
    format(frame, digits = 16, trim = TRUE, na.encode = FALSE),
    sprintf("tests/reference/%s__%s.csv", topic, name),
    row.names = FALSE, quote = TRUE, na = ""
  )
}

# Every parameter (with std.all) and every fit measure of a fit.
write_fit <- function(fit, name, topic = "sem", standardised = TRUE) {
  estimates <- parameterEstimates(fit, standardized = TRUE, remove.nonfree = FALSE)
  keep <- intersect(
    c("lhs", "op", "rhs", "group", "label", "est", "se", "z", "pvalue", "ci.lower", "ci.upper",
      "std.all"), names(estimates))
  out <- as.data.frame(unclass(estimates)[keep])
  if (standardised) {
    std <- standardizedSolution(fit)
    out$std.se <- std$se[seq_len(nrow(out))]
    stopifnot(all(std$lhs == out$lhs), all(std$rhs == out$rhs))
  }
  write_case(paste0(name, "_estimates"), out, topic)
  measures <- fitMeasures(fit)
  write_case(
    paste0(name, "_indices"), data.frame(name = names(measures), value = as.numeric(measures)), topic
  )
}

# Dynamic fit-index cutoffs (McNeish and Wolf 2023a, b) by lavaan alone: what is misspecified is
# written out by hand for each case, populations come from lavaan's implied matrix of a model with
# every parameter fixed, samples from stats::rWishart, fit indices from lavaan on those matrices.
# Run from the repository root: Rscript tests/reference/dynamic_cutoffs.R
source("tests/reference/sem_tools.R")
RNGversion("3.6.0"); set.seed(4711, kind = "Mersenne-Twister", normal.kind = "Inversion")
REPLICATIONS <- 40

hs <- read.csv("tests/reference/sem__hs_data.csv")
hs3 <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
# Weakest loadings: x2 (visual, .42), x7 (speed, .57); textual has the largest coefficient H.
# One factor of nine: x7 < x8 < x2 < x3 < x9 < x1 < x6 < x5 < x4.
# Five items: x2 < x1 < x6 < x4 < x5. Two factors of three items: x2 < x3 < x1, but x2 has a residual
# covariance, so x3 it is.
cases <- list(
  hs3 = list(syntax = hs3, n = 301, levels = list(
    c("textual =~ x2"), c("textual =~ x2", "textual =~ x7"))),
  one = list(syntax = paste("g =~", paste0("x", 1:9, collapse = " + ")), n = 301, levels = list(
    "x7 ~~ x8", c("x7 ~~ x8", "x2 ~~ x3"),
    c("x7 ~~ x8", "x2 ~~ x3", "x9 ~~ x1", "x6 ~~ x5"))),
  five = list(syntax = "g =~ x1 + x2 + x4 + x5 + x6", n = 200, levels = list(
    "x2 ~~ x1", c("x2 ~~ x1", "x6 ~~ x4"))),
  four = list(syntax = "g =~ x1 + x4 + x5 + x6", n = 90, levels = list("x1 ~~ x6")),
  two = list(syntax = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nx2 ~~ x5", n = 150,
             levels = list("textual =~ x3"))
)

implied_population <- function(std, extra) {
  std <- std[std$op %in% c("=~", "~~"), c("lhs", "op", "rhs", "est.std")]
  latent <- unique(std$lhs[std$op == "=~"])
  own <- function(item) std[std$op == "=~" & std$rhs == item, ]
  phi <- function(a, b) if (a == b) 1 else
    std$est.std[std$op == "~~" & ((std$lhs == a & std$rhs == b) | (std$lhs == b & std$rhs == a))]
  loadings <- std[std$op == "=~", ]
  correlations <- std[std$op == "~~" & std$lhs != std$rhs & std$lhs %in% latent, ]
  residual <- std[std$op == "~~" & std$lhs != std$rhs & !(std$lhs %in% latent), ]
  size <- numeric()
  for (line in extra) {
    part <- strsplit(line, " ")[[1]]
    if (part[2] == "=~") {
      first <- own(part[3]); r <- phi(first$lhs, part[1]); L <- first$est.std
      value <- min(L, 0.95 * (sqrt(L^2 * r^2 + 1 - L^2) - L * r))
      loadings <- rbind(loadings, data.frame(lhs = part[1], op = "=~", rhs = part[3], est.std = value))
    } else {
      value <- 0.3
      residual <- rbind(residual, data.frame(lhs = part[1], op = "~~", rhs = part[3], est.std = value))
    }
    size <- c(size, value)
  }
  items <- unique(loadings$rhs)
  communality <- sapply(items, function(item) {
    mine <- loadings[loadings$rhs == item, ]
    sum(outer(mine$est.std, mine$est.std) * outer(mine$lhs, mine$lhs, Vectorize(phi)))
  })
  left <- 1 - communality
  covariance <- residual$est.std * sqrt(left[residual$lhs] * left[residual$rhs])
  model <- c(
    sprintf("%s =~ %.17g*%s", loadings$lhs, loadings$est.std, loadings$rhs),
    sprintf("%s ~~ 1*%s", latent, latent),
    if (nrow(correlations)) sprintf("%s ~~ %.17g*%s", correlations$lhs, correlations$est.std, correlations$rhs),
    sprintf("%s ~~ %.17g*%s", items, left, items),
    if (nrow(residual)) sprintf("%s ~~ %.17g*%s", residual$lhs, covariance, residual$rhs)
  )
  fixed <- lavaan(paste(model, collapse = "\n"), do.fit = FALSE)
  list(covariance = unclass(fitted(fixed)$cov)[items, items], size = size)
}

# The tightest stop that lavaan's search takes for convergence.
refit <- function(syntax, S, n) {
  for (tolerance in c(1e-13, 1e-11, 1e-10)) {
    fit <- suppressWarnings(sem(
      syntax, sample.cov = S, sample.nobs = n, sample.cov.rescale = FALSE,
      se = "none", control = list(rel.tol = tolerance, iter.max = 5000)))
    if (lavInspect(fit, "converged")) return(fit)
  }
  stop("no optimum")
}

index_rows <- list(); population_rows <- list(); draw_rows <- list(); cutoff_rows <- list()
for (name in names(cases)) {
  case <- cases[[name]]
  fit <- polish(cfa(case$syntax, hs))
  std <- standardizedSolution(fit)
  indices <- list()
  for (level in 0:length(case$levels)) {
    extra <- if (level) case$levels[[level]] else character()
    population <- implied_population(std, extra)
    S <- population$covariance; p <- nrow(S); lower <- lower.tri(S, diag = TRUE)
    population_rows[[length(population_rows) + 1]] <- data.frame(
      case = name, level = level, row = rownames(S)[row(S)[lower]], column = colnames(S)[col(S)[lower]],
      value = S[lower], sizes = paste(sprintf("%.15g", population$size), collapse = " "))
    draws <- rWishart(REPLICATIONS, case$n - 1, S) / case$n
    indices[[level + 1]] <- t(sapply(seq_len(REPLICATIONS), function(r) {
      D <- draws[, , r]; dimnames(D) <- dimnames(S)
      fitMeasures(refit(case$syntax, D, case$n), c("cfi", "rmsea", "srmr", "chisq"))
    }))
    index_rows[[length(index_rows) + 1]] <- data.frame(
      case = name, level = level, replication = seq_len(REPLICATIONS) - 1, indices[[level + 1]])
    draw_rows[[length(draw_rows) + 1]] <- data.frame(
      case = name, level = level, replication = rep(seq_len(REPLICATIONS) - 1, each = sum(lower)),
      value = as.numeric(apply(draws, 3, function(D) D[lower])))
    right <- indices[[1]]; wrong <- indices[[level + 1]]
    if (level) for (index in c("cfi", "rmsea", "srmr")) {
      sign <- if (index == "cfi") -1 else 1
      found <- NA; at <- NA
      for (error in c(0.10, 0.05)) {
        bad <- sign * quantile(sign * wrong[, index], error)
        good <- sign * quantile(sign * right[, index], 1 - error)
        if (sign * good < sign * bad) { found <- bad; at <- error }
      }
      cutoff_rows[[length(cutoff_rows) + 1]] <-
        data.frame(case = name, level = level, index = index, cutoff = found, error = at)
    }
  }
}
save <- function(rows, name) write_case(name, do.call(rbind, rows), "dynamic_cutoffs")
save(lapply(names(cases), function(k) data.frame(case = k, n = cases[[k]]$n, syntax = cases[[k]]$syntax)), "cases")
save(population_rows, "populations"); save(draw_rows, "draws")
save(index_rows, "indices"); save(cutoff_rows, "cutoffs")
print(do.call(rbind, cutoff_rows), row.names = FALSE)

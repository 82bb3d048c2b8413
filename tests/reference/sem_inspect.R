# References for what is asked of a fitted model: residuals, modification indices, score tests,
# factor scores, nested tests, bootstrap draws on stored rows, Bollen-Stine.
# Run from the repository root after sem.R: Rscript tests/reference/sem_inspect.R
source("tests/reference/sem_tools.R")
cases <- read.csv("tests/reference/sem__cases.csv", colClasses = "character")
read_data <- function(name) {
  if (name == "mobi") return(read.csv("data/ecsi-mobile/mobi.csv"))
  if (name == "corp") {
    corp <- read.csv("tests/reference/pls__corp_rep_data.csv")
    corp[corp == -99] <- NA
    return(corp)
  }
  read.csv(sprintf("tests/reference/sem__%s_data.csv", name))
}
refit <- function(name, finish = polish) {
  row <- cases[cases$case == name, ]
  words <- function(x) if (nzchar(x)) strsplit(x, " ")[[1]] else ""
  fit <- suppressWarnings(sem(
    row$syntax, read_data(row$data), estimator = toupper(row$estimator), missing = row$missing,
    group = if (nzchar(row$group)) row$group else NULL, group.equal = words(row$equal),
    group.partial = words(row$partial), em.h1.tol = 1e-13, em.h1.iter.max = 20000L,
    std.lv = row$std_lv == "true", orthogonal = row$orthogonal == "true",
    meanstructure = if (row$meanstructure == "true" || nzchar(row$group)) TRUE else "default"
  ))
  suppressWarnings(finish(fit))
}

# Residuals
for (name in c("hs", "pd", "chain", "hs_means", "school_configural", "school_scalar", "corp",
               "corp_configural", "bifactor", "second_order", "corp_mlm", "hs_fiml", "hs_fiml_mlr")) {
  fit <- refit(name)
  for (type in c("raw", "cor.bentler", "normalized", "standardized")) {
    res <- residuals(fit, type = type)
    if (!is.null(res$cov)) res <- list(res)
    rows <- do.call(rbind, lapply(seq_along(res), function(g) {
      m <- res[[g]]$cov
      data.frame(group = g, row = rownames(m)[row(m)], col = colnames(m)[col(m)],
                 value = as.numeric(m))
    }))
    write_case(paste0(name, "_residual_", gsub(".", "_", type, fixed = TRUE)), rows)
    mean_rows <- do.call(rbind, lapply(seq_along(res), function(g) {
      m <- res[[g]]$mean
      if (is.null(m)) NULL else data.frame(group = g, row = names(m), value = as.numeric(m))
    }))
    if (!is.null(mean_rows)) write_case(paste0(name, "_residual_mean_", gsub(".", "_", type, fixed = TRUE)), mean_rows)
  }
}

# Modification indices
for (name in c("hs", "pd", "chain", "hs_mlr", "hs_fiml", "school_configural", "mixed", "corp",
               "corp_fiml", "pd_fiml", "bifactor")) {
  mi <- modificationIndices(refit(name))
  keep <- intersect(c("lhs", "op", "rhs", "group", "mi", "epc", "sepc.lv", "sepc.all"), names(mi))
  write_case(paste0(name, "_modification"), as.data.frame(unclass(mi)[keep]))
}

# Score tests of equality constraints across groups
for (name in c("school_metric", "school_scalar", "corp_scalar")) {
  fit <- refit(name)
  table <- parTable(fit)
  out <- lavTestScore(fit)
  uni <- as.data.frame(unclass(out$uni)[c("lhs", "op", "rhs", "X2", "df", "p.value")])
  at <- match(uni$lhs, table$plabel)
  uni <- data.frame(lhs = table$lhs[at], op = table$op[at], rhs = table$rhs[at], X2 = uni$X2)
  write_case(paste0(name, "_score"), uni)
  write_case(paste0(name, "_score_total"), as.data.frame(unclass(out$test)[c("X2", "df", "p.value")]))
}

# Factor scores
for (name in c("hs", "hs_means", "pd", "hs_fiml", "school_scalar", "chain", "corp_fiml", "pd_fiml",
               "corp_configural")) {
  fit <- refit(name)
  for (method in c("regression", "Bartlett")) {
    scores <- lavPredict(fit, method = method)
    index <- lavInspect(fit, "case.idx")
    if (!is.list(scores)) { scores <- list(scores); index <- list(index) }
    rows <- do.call(rbind, lapply(seq_along(scores), function(g)
      data.frame(row = index[[g]], scores[[g]])))
    write_case(paste0(name, "_scores_", tolower(method)), rows)
  }
}

# Nested tests
# lavTestLRT reads options that a polished fit has lost, so these are lavaan's own fits.
nested <- function(name, small, large, method) {
  out <- lavTestLRT(refit(large, identity), refit(small, identity), method = method)
  data.frame(case = name, small = small, large = large, method = method,
             chisq_diff = out[2, "Chisq diff"], df_diff = out[2, "Df diff"],
             p = out[2, "Pr(>Chisq)"])
}
write_case("nested", rbind(
  nested("plain", "school_metric", "school_configural", "default"),
  nested("plain", "school_scalar", "school_metric", "default"),
  nested("sb2001", "school_metric_mlr", "school_configural_mlr", "satorra.bentler.2001"),
  nested("sb2001", "school_scalar_mlr", "school_metric_mlr", "satorra.bentler.2001"),
  nested("sb2001", "school_strict_mlr", "school_scalar_mlr", "satorra.bentler.2001"),
  nested("sb2010", "school_metric_mlr", "school_configural_mlr", "satorra.bentler.2010"),
  nested("sb2010", "school_scalar_mlr", "school_metric_mlr", "satorra.bentler.2010"),
  nested("sb2010", "school_strict_mlr", "school_configural_mlr", "satorra.bentler.2010"),
  nested("sb2001", "corp_metric", "corp_configural", "satorra.bentler.2001"),
  nested("sb2001", "corp_scalar", "corp_metric", "satorra.bentler.2001")
))

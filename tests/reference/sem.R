# References for analysis/sem: estimates, standard errors, standardised solution and fit measures.
# Run from the repository root: Rscript tests/reference/sem.R
source("tests/reference/sem_tools.R")

hs <- HolzingerSwineford1939
hs_missing <- hs
set.seed(42)
# x3 is lost where x1 is low (at random given x1), the rest completely at random.
hs_missing$x3[hs$x1 < 4.2 & runif(301) < 0.6] <- NA
for (v in c("x2", "x5", "x6", "x8", "x9")) hs_missing[runif(301) < 0.08, v] <- NA
hs_missing[c(7, 120), paste0("x", 1:9)] <- NA
hs$w <- hs_missing$w <- round(exp(0.5 * scale(hs$ageyr)[, 1]), 3)
mobi <- read.csv("data/ecsi-mobile/mobi.csv")
mobi_missing <- mobi
for (v in c("PERQ2", "PERQ5", "PERV1", "CUSA2", "CUSL1")) mobi_missing[runif(250) < 0.1, v] <- NA
corp <- read.csv("tests/reference/pls__corp_rep_data.csv")
corp[corp == -99] <- NA
pd_missing <- PoliticalDemocracy
set.seed(7)
for (v in c("x2", "y2", "y4", "y6", "y8")) pd_missing[runif(75) < 0.12, v] <- NA
data <- list(pd_missing = pd_missing, hs = hs, hs_missing = hs_missing, pd = PoliticalDemocracy, mobi = mobi,
             mobi_missing = mobi_missing, corp = corp)
for (name in c("hs", "hs_missing", "pd", "pd_missing", "mobi_missing")) {
  write_case(paste0(name, "_data"), data[[name]])
}

HS <- "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9"
PD <- "ind60 =~ x1 + x2 + x3
dem60 =~ y1 + y2 + y3 + y4
dem65 =~ y5 + y6 + y7 + y8
dem60 ~ ind60
dem65 ~ ind60 + dem60
y1 ~~ y5
y2 ~~ y4 + y6
y3 ~~ y7
y4 ~~ y8
y6 ~~ y8"
PD_EQUAL <- "ind60 =~ x1 + x2 + x3
dem60 =~ y1 + a*y2 + b*y3 + c*y4
dem65 =~ y5 + a*y6 + b*y7 + c*y8
dem60 ~ p1*ind60
dem65 ~ p2*ind60 + p3*dem60
indirect := p1*p3
total := p2 + p1*p3
share := indirect/total"
LINEAR <- "visual =~ NA*x1 + l1*x1 + l2*x2 + l3*x3
textual =~ x4 + start(0.9)*x5 + 0.8*x6
visual ~~ 1*visual
textual ~ b*visual
l1 + l2 + l3 == 2
x4 ~~ e*x4
x5 ~~ e*x5"
SECOND <- "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9
general =~ visual + textual + speed"
BIFACTOR <- "general =~ x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9"
MIXED <- "f =~ x1 + x2 + x3
g =~ x4 + x5
x7 ~ f + ageyr
x8 ~ x7 + sex
x9 ~ x7
g ~ sex"
PATHS <- "x7 ~ a*ageyr + x1
x8 ~ b*x7 + sex
x9 ~ x7 + x8
ab := a*b"
BLOCKS <- "PERQ =~ PERQ1 + PERQ2 + PERQ3 + PERQ4 + PERQ5 + PERQ6 + PERQ7
PERV =~ PERV1 + PERV2
CUSA =~ CUSA1 + CUSA2 + CUSA3
CUSL =~ CUSL1 + CUSL2 + CUSL3
"
CHAIN <- paste0(BLOCKS, "PERV ~ a*PERQ
CUSA ~ d*PERQ + b*PERV
CUSL ~ c*CUSA
indirect := a*b*c
total := (a*b + d)*c")
LOYALTY <- paste0(BLOCKS, "PERV ~ PERQ
CUSA ~ PERQ + PERV
CUSL ~ CUSA + PERQ")
SIX <- paste0(BLOCKS, "IMAG =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
CUEX =~ CUEX1 + CUEX2 + CUEX3")
ECSI <- paste0(SIX, "
COMP =~ CUSCO
CUEX ~ IMAG
PERQ ~ CUEX
PERV ~ CUEX + PERQ
CUSA ~ IMAG + CUEX + PERQ + PERV
COMP ~ CUSA
CUSL ~ IMAG + CUSA + COMP")
CORP <- "COMP =~ comp_1 + comp_2 + comp_3
LIKE =~ like_1 + like_2 + like_3
CUSL =~ cusl_1 + cusl_2 + cusl_3
CUSL ~ COMP + LIKE"

HS_ZERO <- paste0(HS, "
visual + textual + speed ~ 0*1")
syntax <- list(HS = HS, HS_ZERO = HS_ZERO, PD = PD, PD_EQUAL = PD_EQUAL, LINEAR = LINEAR, SECOND = SECOND, BIFACTOR = BIFACTOR,
               MIXED = MIXED, PATHS = PATHS, CHAIN = CHAIN, LOYALTY = LOYALTY, SIX = SIX,
               ECSI = ECSI, CORP = CORP)
cases <- data.frame()
case <- function(name, model, set, estimator = "ML", missing = "listwise", group = NULL,
                 equal = "", partial = "", ...) {
  words <- if (nzchar(equal)) strsplit(equal, " ")[[1]] else ""
  freed <- if (nzchar(partial)) strsplit(partial, " ")[[1]] else ""
  extra <- list(...)
  fit <- suppressWarnings(sem(
    syntax[[model]], data[[set]], estimator = estimator, missing = missing, group = group,
    group.equal = words, group.partial = freed, em.h1.tol = 1e-13, em.h1.iter.max = 20000L, ...
  ))
  stopifnot(lavInspect(fit, "converged"))
  fit <- suppressWarnings(polish(fit))
  suppressWarnings(write_fit(fit, name))
  flag <- function(key) if (is.null(extra[[key]])) "" else tolower(as.character(extra[[key]]))
  cases <<- rbind(cases, data.frame(
    case = name, data = set, estimator = tolower(estimator), missing = missing,
    group = if (is.null(group)) "" else group, equal = equal, partial = partial,
    std_lv = flag("std.lv"), meanstructure = flag("meanstructure"),
    orthogonal = flag("orthogonal"), weights = flag("sampling.weights"), syntax = syntax[[model]]
  ))
  cat(name, "\n")
}

case("hs", "HS", "hs")
case("hs_std_lv", "HS", "hs", std.lv = TRUE)
case("hs_means", "HS", "hs", meanstructure = TRUE)
case("hs_orthogonal", "HS", "hs", orthogonal = TRUE)
case("hs_listwise", "HS", "hs_missing")
case("second_order", "SECOND", "hs")
case("linear", "LINEAR", "hs")
case("pd", "PD", "pd")
case("pd_means", "PD", "pd", meanstructure = TRUE)
case("pd_equal", "PD_EQUAL", "pd")
case("mixed", "MIXED", "hs")
case("mixed_means", "MIXED", "hs", meanstructure = TRUE)
case("paths", "PATHS", "hs")
case("chain", "CHAIN", "mobi")
case("loyalty", "LOYALTY", "mobi")
case("six", "SIX", "mobi")
case("ecsi", "ECSI", "mobi")
case("corp", "CORP", "corp")

case("hs_mlr", "HS", "hs", "MLR")
case("hs_means_mlr", "HS", "hs", "MLR", meanstructure = TRUE)
case("pd_mlr", "PD", "pd", "MLR")
case("pd_equal_mlr", "PD_EQUAL", "pd", "MLR")
case("mixed_mlr", "MIXED", "hs", "MLR")
case("mixed_means_mlr", "MIXED", "hs", "MLR", meanstructure = TRUE)
case("chain_mlr", "CHAIN", "mobi", "MLR")
case("six_mlr", "SIX", "mobi", "MLR")
case("hs_mlm", "HS", "hs", "MLM")
case("hs_means_mlm", "HS", "hs", "MLM", meanstructure = TRUE)
case("pd_equal_mlm", "PD_EQUAL", "pd", "MLM")
case("mixed_mlm", "MIXED", "hs", "MLM")
case("chain_mlm", "CHAIN", "mobi", "MLM")

case("hs_fiml", "HS", "hs_missing", missing = "fiml")
case("hs_fiml_mlr", "HS", "hs_missing", "MLR", missing = "fiml")
case("mixed_fiml", "MIXED", "hs_missing", missing = "fiml")
case("mixed_fiml_mlr", "MIXED", "hs_missing", "MLR", missing = "fiml")
case("chain_fiml", "CHAIN", "mobi_missing", missing = "fiml")
case("chain_fiml_mlr", "CHAIN", "mobi_missing", "MLR", missing = "fiml")

levels <- c("", "loadings", "loadings intercepts", "loadings intercepts residuals")
for (i in seq_along(levels)) {
  kind <- c("configural", "metric", "scalar", "strict")[i]
  case(paste0("school_", kind), "HS", "hs", group = "school", equal = levels[i])
  case(paste0("school_", kind, "_mlr"), "HS", "hs", "MLR", group = "school", equal = levels[i])
}
case("school_scalar_mlm", "HS", "hs", "MLM", group = "school", equal = levels[3])
case("school_metric_std_lv", "HS", "hs", group = "school", equal = "loadings", std.lv = TRUE)
case("school_partial", "HS", "hs", group = "school", equal = levels[3], partial = "x3~1 x7~1")
# Equal latent means: lavaan frees and equates them, which leaves its Hessian singular; fixing both
# at zero is the same model.
case("school_means", "HS_ZERO", "hs", group = "school", equal = "loadings intercepts")
case("school_fiml", "HS", "hs_missing", missing = "fiml", group = "school", equal = levels[3])
case("school_fiml_mlr", "HS", "hs_missing", "MLR", missing = "fiml", group = "school",
     equal = levels[3])
case("school_mixed", "MIXED", "hs", group = "school", equal = "loadings regressions")
case("corp_regressions", "CORP", "corp", group = "servicetype", equal = "loadings regressions")

case("hs_weights", "HS", "hs", "MLR", sampling.weights = "w")
# No FIML case with weights: lavaan 0.6-14 leaves them out of its saturated moments.
case("school_weights", "HS", "hs", "MLR", group = "school", equal = "loadings",
     sampling.weights = "w")
case("second_order_mlr", "SECOND", "hs", "MLR")
case("second_order_fiml", "SECOND", "hs_missing", missing = "fiml")
case("bifactor", "BIFACTOR", "hs", std.lv = TRUE, orthogonal = TRUE)
case("bifactor_mlr", "BIFACTOR", "hs", "MLR", std.lv = TRUE, orthogonal = TRUE)
case("pd_fiml", "PD", "pd_missing", missing = "fiml")
case("pd_fiml_mlr", "PD", "pd_missing", "MLR", missing = "fiml")
case("corp_mlr", "CORP", "corp", "MLR")
case("corp_mlm", "CORP", "corp", "MLM")
case("corp_fiml", "CORP", "corp", missing = "fiml")
case("corp_fiml_mlr", "CORP", "corp", "MLR", missing = "fiml")
for (i in seq_along(levels)) {
  case(paste0("corp_", c("configural", "metric", "scalar", "strict")[i]), "CORP", "corp", "MLR",
       group = "servicetype", equal = levels[i])
}
write_case("cases", cases)

# Structural models of ecsi-mobile with lavaan, for recompute.py: `Rscript recompute.R mobi.csv out.csv`
suppressMessages(library(lavaan))
given <- commandArgs(trailingOnly = TRUE)
d <- read.csv(given[1])
measurement <- "
 IMAG =~ IMAG1+IMAG2+IMAG3+IMAG4+IMAG5
 CUEX =~ CUEX1+CUEX2+CUEX3
 PERQ =~ PERQ1+PERQ2+PERQ3+PERQ4+PERQ5+PERQ6+PERQ7
 PERV =~ PERV1+PERV2
 CUSA =~ CUSA1+CUSA2+CUSA3
 CUSL =~ CUSL1+CUSL2+CUSL3
"
reduced <- "
 CUEX =~ CUEX1+CUEX2+CUEX3
 PERQ =~ PERQ1+PERQ2+PERQ3+PERQ4+PERQ5+PERQ6+PERQ7
 PERV =~ PERV1+PERV2
 CUSA =~ CUSA1+CUSA2+CUSA3
 CUSL =~ CUSL1+CUSL2+CUSL3
 CUSCO =~ 1*CUSCO0
 CUSCO0 ~~ 0*CUSCO0
 PERQ ~ CUEX
 PERV ~ PERQ
 CUSA ~ PERQ + PERV
 CUSCO ~ CUSA
 CUSL ~ CUSA + CUSCO
"
d$CUSCO0 <- d$CUSCO
names(d)[names(d) == "CUSCO"] <- "CUSCOx"
rows <- list()
add <- function(what, value) rows[[length(rows) + 1]] <<- data.frame(what = what, value = value)
for (name in c("measurement", "reduced")) {
  f <- sem(get(name), d, estimator = "MLR")
  m <- fitMeasures(f)
  for (k in c("chisq.scaled", "df", "cfi.robust", "tli.robust", "rmsea.robust", "srmr"))
    add(paste(name, k), m[[k]])
  p <- parameterEstimates(f, standardized = TRUE)
  for (i in which(p$op == "~")) {
    add(paste(name, "B", p$rhs[i], p$lhs[i]), p$est[i])
    add(paste(name, "SE", p$rhs[i], p$lhs[i]), p$se[i])
    add(paste(name, "beta", p$rhs[i], p$lhs[i]), p$std.all[i])
  }
  if (name == "measurement") for (i in which(p$op == "=~"))
    add(paste(name, "loading", p$lhs[i], p$rhs[i]), p$std.all[i])
}
write.csv(do.call(rbind, rows), given[2], row.names = FALSE)

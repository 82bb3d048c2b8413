# References for respondents sampled in clusters: robust errors and tests of lavaan's cluster=.
# Run from the repository root: Rscript tests/reference/sem_clusters.R
source("tests/reference/sem_tools.R")

read <- function(name) read.csv(sprintf("tests/reference/sem__%s_data.csv", name))
hs <- read("hs")
hs_missing <- read("hs_missing")
# lavaan counts the cluster of a respondent without any answer; here it is no cluster.
hs_missing <- hs_missing[rowSums(!is.na(hs_missing[paste0("x", 1:9)])) > 0, ]
clustered <- function(d) { d$class <- paste(d$school, d$ageyr, d$agemo); d }
HS <- "visual =~ x1 + x2 + x3
textual =~ x4 + x5 + x6
speed =~ x7 + x8 + x9
textual ~ a*visual
speed ~ b*textual + visual
indirect := a*b"

fit <- function(d, ...) sem(HS, clustered(d), estimator = "MLR", cluster = "class", ...)
write_fit(polish(fit(hs)), "complete", "sem_clusters")
write_fit(polish(fit(hs_missing, missing = "fiml")), "fiml", "sem_clusters")
cat(length(unique(clustered(hs)$class)), "clusters\n")

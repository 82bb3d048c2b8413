# A survey as haven writes it for SAS: twelve items of three constructs, a weight, a region.
# readers__iris.sas7bdat is haven's own example, written by SAS.
library(haven)
set.seed(11)
n <- 150
quality <- rnorm(n)
satisfaction <- 0.6 * quality + 0.8 * rnorm(n)
loyalty <- 0.6 * satisfaction + 0.8 * rnorm(n)
item <- function(trait) pmin(pmax(round(4 + 1.2 * trait + 0.8 * rnorm(n)), 1), 7)
survey <- data.frame(sapply(1:4, function(k) item(quality)), sapply(1:4, function(k) item(satisfaction)),
                     sapply(1:4, function(k) item(loyalty)))
names(survey) <- paste0(rep(c("QUAL", "SATI", "LOYA"), each = 4), 1:4)
survey[cbind(sample(n, 20), sample(12, 20, TRUE))] <- NA
survey$REGION <- sample(c("north", "south"), n, TRUE)
survey$WEIGHT <- round(runif(n, 0.5, 1.5), 2)
attr(survey$QUAL1, "label") <- "Staff answer quickly"
write_sas(survey, "readers__survey.sas7bdat")
write.csv(survey, "readers__survey.csv", row.names = FALSE, na = "")

# Raked weights by R's survey::rake (Lumley), with base weights, and Kish's design effect.
# Run from the repository root: Rscript tests/reference/raking.R
suppressMessages(library(survey))
options(digits = 17)
n <- 60
data <- data.frame(
  gender = rep(c("f", "m", "f"), length.out = n),
  age = rep(c("young", "middle", "old", "middle", "old"), length.out = n),
  base = 0.5 + (seq_len(n) %% 7) / 6
)
data$age[c(4, 9, 30, 31)] <- "young"
design <- svydesign(ids = ~1, weights = ~base, data = data)
total <- sum(data$base)
raked <- rake(design, list(~gender, ~age), list(
  data.frame(gender = c("f", "m"), Freq = total * c(0.52, 0.48)),
  data.frame(age = c("middle", "old", "young"), Freq = total * c(0.40, 0.35, 0.25))
), control = list(maxit = 500, epsilon = 1e-12, verbose = FALSE))
data$raked <- weights(raked)
write.csv(data, "tests/reference/raking__weights.csv", row.names = FALSE)

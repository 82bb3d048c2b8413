# Rates of two groups and the slope of a rate, weighted, with errors that hold under weights and
# overdispersion: Poisson regression and the HC0 sandwich, in base R.
set.seed(41)
n <- 300
d <- data.frame(
  satisfaction = round(100 * rbeta(n, 3, 2), 1),
  age = round(runif(n, 40, 104), 1),
  weight = round(runif(n, 0.5, 2), 3)
)
rate <- 0.05 * exp(0.012 * (d$satisfaction - 60)) * rgamma(n, 1.2, 1.2)
d$frequency <- rpois(n, rate * d$age)
d$spend <- round((d$frequency + 1) * rgamma(n, 4, 4 / 100), 2)
d$loyalty <- pmin(100, pmax(0, round(d$satisfaction + rnorm(n, 0, 15), 1)))
d$complained <- rbinom(n, 1, plogis(-0.5 - 0.03 * (d$satisfaction - 60)))
d$customer <- sprintf("C%03d", seq_len(n))

sandwich_fit <- function(y, x, exposure, w) {
  fit <- suppressWarnings(glm(
    y ~ x + offset(log(exposure)), family = quasipoisson, weights = w,
    control = glm.control(epsilon = 1e-14, maxit = 200)
  ))
  X <- model.matrix(fit)
  mu <- fitted(fit)
  bread <- solve(crossprod(X, X * (w * mu)))
  meat <- crossprod(X * (w * (y - mu)))
  V <- bread %*% meat %*% bread
  c(coef(fit)[[2]], sqrt(V[2, 2]))
}
satisfied <- as.numeric(d$satisfaction >= 60)
loyal <- as.numeric(d$loyalty >= 80)
one <- rep(1, n)
rows <- list(
  repurchase_per_satisfaction_point = sandwich_fit(d$frequency, d$satisfaction, d$age, d$weight),
  satisfied_repurchase_ratio = sandwich_fit(d$frequency, satisfied, d$age, d$weight),
  loyal_profit_ratio = sandwich_fit(d$spend, loyal, d$age, d$weight),
  satisfied_loyal_ratio = sandwich_fit(loyal, satisfied, one, d$weight),
  satisfied_complaint_ratio = sandwich_fit(d$complained, satisfied, one, d$weight)
)
out <- data.frame(
  quantity = names(rows),
  log_estimate = vapply(rows, `[`, 0, 1),
  std_error = vapply(rows, `[`, 0, 2)
)
write.csv(d, "tests/reference/claims__data.csv", row.names = FALSE, quote = FALSE)
out$log_estimate <- format(out$log_estimate, digits = 16)
out$std_error <- format(out$std_error, digits = 16)
write.csv(out, "tests/reference/claims__rates.csv", row.names = FALSE, quote = FALSE)

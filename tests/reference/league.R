# Units compared with the mix of respondents allowed for: least squares with HC1 errors, Holm,
# limits of a funnel at three standard errors. Base R.
# Run from the repository root: Rscript tests/reference/league.R
set.seed(4)
n <- 480
age <- sample(c("young", "middle", "old"), n, TRUE)
sex <- sample(c("f", "m"), n, TRUE)
unit <- ifelse(runif(n) < .35 + .3 * (age == "old"), "A", sample(c("B", "C", "D"), n, TRUE, c(5, 3, 1)))
weight <- round(runif(n, .5, 2), 2)
score <- round(55 + 6 * (age == "old") - 3 * (sex == "m") + 4 * (unit == "D") + rnorm(n, 0, 12 + 4 * (unit == "C")), 1)
data <- data.frame(unit, age, sex, weight, score)
write.csv(data, "tests/reference/league__answers.csv", row.names = FALSE)
rows <- list()
for (weighted in c(FALSE, TRUE)) {
  w <- if (weighted) weight else rep(1, n)
  mix <- model.matrix(~ age + sex)[, -1]
  mix <- sweep(mix, 2, colSums(mix * w) / sum(w))
  own <- model.matrix(~ 0 + unit)
  fit <- lm(score ~ 0 + own + mix, weights = w)
  x <- cbind(own, mix)
  bread <- solve(t(x) %*% (x * w))
  meat <- t(x * (w * residuals(fit))) %*% (x * (w * residuals(fit)))
  cov <- (n / fit$df.residual * bread %*% meat %*% bread)[1:4, 1:4]
  share <- colSums(own * w) / sum(w)
  contrast <- diag(4) - matrix(share, 4, 4, byrow = TRUE)
  difference <- as.vector(contrast %*% coef(fit)[1:4])
  error <- sqrt(diag(contrast %*% cov %*% t(contrast)))
  p <- 2 * pnorm(-abs(difference / error))
  rows[[length(rows) + 1]] <- data.frame(
    weighted, unit = LETTERS[1:4], adjusted = coef(fit)[1:4], difference,
    diff_low = difference - qnorm(.975) * error, diff_high = difference + qnorm(.975) * error,
    p, p_holm = p.adjust(p, "holm"))
  if (!weighted) {
    sizes <- as.vector(table(unit))
    within <- sqrt(sum(tapply(score, unit, var) * sizes) / n)
    rows[[1]]$lower <- mean(score) - 3 * within / sqrt(sizes)
    rows[[1]]$upper <- mean(score) + 3 * within / sqrt(sizes)
  } else rows[[2]]$lower <- rows[[2]]$upper <- NA
}
options(digits = 15)
write.csv(do.call(rbind, rows), "tests/reference/league__units.csv", row.names = FALSE)

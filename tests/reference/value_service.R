# Shares of service cases as ratio estimates over customers (Cochran 1977, eq. 2.39), the design
# effect against independent cases, and Wilson's interval of the effective size, all by base R;
# the standard error once more as that of a linear model's residuals clustered by customer.
# Run from the repository root: Rscript tests/reference/value_service.R
options(digits = 17)
set.seed(20)
n <- 240
customer <- sample(1:70, n, replace = TRUE, prob = rexp(70))
temper <- rbinom(70, 1, .3)
cases <- data.frame(
  customer, channel = sample(c("app", "hotline", "branch"), n, replace = TRUE),
  minutes = round(rgamma(n, 2, .1), 1),
  first_contact = rbinom(n, 1, .6), complaint = rbinom(n, 1, .05 + .6 * temper[customer]))
cases$minutes[c(5, 17, 140)] <- NA
cases$first_contact[c(9, 30)] <- NA
write.csv(cases, "tests/reference/value_service__cases.csv", row.names = FALSE)
share <- function(data, column, group) {
  data <- data[!is.na(data[[column]]), ]
  yes <- tapply(data[[column]], data$customer, sum)
  size <- tapply(data[[column]], data$customer, length)
  m <- length(yes); total <- sum(size); p <- sum(yes) / total
  fit <- lm(data[[column]] ~ 1)
  by_customer <- tapply(residuals(fit), data$customer, sum)
  se <- sqrt(m / (m - 1) * sum(by_customer^2)) / total  # sandwich, clustered
  effect <- max(1, se^2 / (p * (1 - p) / total))
  size <- total / effect
  z <- qnorm(.975); middle <- (p + z^2 / (2 * size)) / (1 + z^2 / size)
  half <- z / (1 + z^2 / size) * sqrt(p * (1 - p) / size + z^2 / (4 * size^2))
  data.frame(metric = paste0(column, "_rate"), group = group, estimate = p, std_error = se,
             ci_low = middle - half, ci_high = middle + half, n = total)
}
rows <- list()
for (group in c("", "app", "branch", "hotline")) {
  own <- if (group == "") cases else cases[cases$channel == group, ]
  for (column in c("complaint", "first_contact")) rows[[length(rows) + 1]] <- share(own, column, group)
}
ever <- tapply(cases$complaint, cases$customer, max)
limits <- prop.test(sum(ever), 200, correct = FALSE)$conf.int
rows[[length(rows) + 1]] <- data.frame(
  metric = "complaint_rate", group = "customers", estimate = sum(ever) / 200,
  std_error = sqrt(mean(c(rep(1, sum(ever)), rep(0, 200 - sum(ever)))) *
                     (1 - sum(ever) / 200) / 200),
  ci_low = limits[1], ci_high = limits[2], n = 200)
write.csv(do.call(rbind, rows), "tests/reference/value_service__shares.csv", row.names = FALSE)

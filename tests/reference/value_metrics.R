# Intervals of the core metrics by base R: prop.test without correction is Wilson's, t.test
# Student's, and the sign test's ranks bound the median.
# Run from the repository root: Rscript tests/reference/value_metrics.R
options(digits = 17)
shares <- expand.grid(n = c(1, 7, 40, 2357), share = c(0, .1, .5, .93, 1), level = c(.95, .9))
shares$x <- round(shares$n * shares$share)
limits <- suppressWarnings(t(mapply(function(x, n, l)
  prop.test(x, n, conf.level = l, correct = FALSE)$conf.int, shares$x, shares$n, shares$level)))
write.csv(data.frame(x = shares$x, n = shares$n, level = shares$level,
                     low = limits[, 1], high = limits[, 2]),
          "tests/reference/value_metrics__wilson.csv", row.names = FALSE)
# Answers to two items, with missing ones (fixed, not drawn)
csat <- c(5, 4, 4, 3, NA, 5, 2, 1, 4, 5, 5, NA, 3, 4, 4, 5)
nps <- c(10, 9, 8, 3, NA, 0, 6, 7, 10, 10, 9, 5, 8, NA, 9, 10)
score <- ifelse(nps >= 9, 100, ifelse(nps <= 6, -100, 0))
times <- c(3.5, 1.2, 8, 0.4, 2.2, 5.1, 12, 0.9, 2.8, 4.4, 1.1, 30, 2.5)
write.csv(data.frame(csat, nps), "tests/reference/value_metrics__answers.csv", row.names = FALSE)
row <- function(name, v) {
  v <- v[!is.na(v)]; t <- t.test(v)
  data.frame(metric = name, estimate = mean(v), std_error = sd(v) / sqrt(length(v)),
             ci_low = t$conf.int[1], ci_high = t$conf.int[2], n = length(v))
}
k <- qbinom(.025, length(times), .5)
s <- sort(times)
write.csv(rbind(row("csat_mean", csat), row("nps", score),
                data.frame(metric = "service_time_median", estimate = median(times),
                           std_error = NA, ci_low = s[k], ci_high = s[length(s) + 1 - k],
                           n = length(times))),
          "tests/reference/value_metrics__means.csv", row.names = FALSE)

# Change between two waves: paired t, Wilcoxon, McNemar (exact), Welch, Agresti & Min's interval.
# Rscript tests/reference/tracking.R tests/reference   (base R 4.2)
to <- commandArgs(TRUE)[1]
set.seed(11)
n <- 180
before <- pmin(pmax(round(5 + rnorm(n, 0, 1.4)), 1), 7)
after <- pmin(pmax(round(before * .6 + 2.3 + rnorm(n, 0, 1.1)), 1), 7)
before[c(4, 9)] <- NA; after[c(9, 20, 77)] <- NA
write.csv(data.frame(before, after), file.path(to, "tracking__pairs.csv"), row.names = FALSE)
both <- complete.cases(before, after); b <- before[both]; a <- after[both]
row <- function(case, estimate, low, high, p, p_rank = NA)
  data.frame(case, estimate, low, high, p, p_rank)
t <- t.test(a, b, paired = TRUE)
w <- suppressWarnings(wilcox.test(a, b, paired = TRUE, exact = FALSE, correct = TRUE))
out <- row("paired", t$estimate[[1]], t$conf.int[1], t$conf.int[2], t$p.value, w$p.value)
x <- b >= 6; y <- a >= 6
up <- sum(!x & y); down <- sum(x & !y); m <- length(b)
centre <- (up - down) / (m + 2)
se <- sqrt(((up + .5 + down + .5) - (up - down)^2 / (m + 2))) / (m + 2)
out <- rbind(out, row("shares", mean(y) - mean(x), centre - qnorm(.975) * se, centre + qnorm(.975) * se,
                      binom.test(up, up + down)$p.value))
u <- t.test(after, before)   # Welch, every answer of either wave
out <- rbind(out, row("apart", u$estimate[[1]] - u$estimate[[2]], u$conf.int[1], u$conf.int[2], u$p.value))
options(digits = 17)
write.csv(out, file.path(to, "tracking__changes.csv"), row.names = FALSE, quote = FALSE)

# References for tests/evaluate/test_differences.py. Run from the repository root:
#   Rscript tests/reference/differences.R
# Tests of base R on Holzinger & Swineford's scores (measure_data__hs_missing.csv), groups by rule.
d <- read.csv("tests/reference/measure_data__hs_missing.csv")
y <- round(rowMeans(d[, c("x1", "x2", "x3")]), 8); i <- seq_along(y)
two <- ifelse(i %% 3 == 0, "b", "a"); three <- c("a", "b", "c")[(i * 7) %% 5 %/% 2 + 1]
y2 <- round(y + (two == "b") * .4, 8); y3 <- round(y + (three == "b") * .5, 8)
num <- function(x) sprintf("%.17g", x)
eta <- function(f, a, b, conf) { end <- function(q) if (pf(f, a, b) <= q) 0 else {
  l <- uniroot(function(v) pf(f, a, b, v) - q, c(0, 10 * f * a + 100), tol = 1e-12)$root; l / (l + a + b + 1) }
  c(end(.5 + conf / 2), end(.5 - conf / 2)) }
t1 <- t.test(y2 ~ two, var.equal = TRUE); t2 <- t.test(y2 ~ two)
a1 <- oneway.test(y3 ~ three, var.equal = TRUE); a2 <- oneway.test(y3 ~ three); k <- kruskal.test(y3 ~ factor(three))
e <- eta(a1$statistic, a1$parameter[1], a1$parameter[2], .95)
g <- { x <- split(y2[!is.na(y2)], two[!is.na(y2)]); n1 <- length(x$a); n2 <- length(x$b); df <- n1 + n2 - 2
  s <- sqrt(((n1 - 1) * var(x$a) + (n2 - 1) * var(x$b)) / df); j <- exp(lgamma(df / 2) - lgamma((df - 1) / 2)) / sqrt(df / 2)
  t <- (mean(x$a) - mean(x$b)) / s * sqrt(n1 * n2 / (n1 + n2)); r <- sqrt(1 / n1 + 1 / n2)
  end <- function(q) uniroot(function(v) pt(t, df, v) - q, c(t - 20, t + 20), tol = 1e-12)$root * r * j
  c((mean(x$a) - mean(x$b)) / s * (1 - 3 / (4 * df - 1)), end(.975), end(.025)) }
out <- data.frame(test = c("t", "welch_t", "anova", "welch_anova", "kruskal"),
  statistic = num(c(t1$statistic, t2$statistic, a1$statistic, a2$statistic, k$statistic)),
  p = num(c(t1$p.value, t2$p.value, a1$p.value, a2$p.value, k$p.value)),
  size_ci_low = num(c(g[2], g[2], e[1], e[1], NA)), size_ci_high = num(c(g[3], g[3], e[2], e[2], NA)))
write.csv(out, "tests/reference/differences__tests.csv", row.names = FALSE, quote = FALSE, na = "")
h <- TukeyHSD(aov(y3 ~ factor(three)))[[1]]
write.csv(data.frame(pair = rownames(h), difference = num(h[, "diff"]), p = num(h[, "p adj"])),
  "tests/reference/differences__tukey.csv", row.names = FALSE, quote = FALSE)

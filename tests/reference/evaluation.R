# Concordance of raters and paired gaps. Run: Rscript tests/reference/evaluation.R
here <- "tests/reference/"
raters <- list(
  plain = rbind(c(1, 2, 3, 4, 5), c(1, 3, 2, 4, 5), c(2, 1, 3, 5, 4), c(1, 2, 4, 3, 5)),
  ties = rbind(
    c(3, 3, 3, 4, 5, 5, 2, 3, 5, 2, 2, 6, 1, 5, 2, 2, 1, 2, 4, 3),
    c(3, 6, 4, 6, 2, 4, 2, 4, 3, 3, 2, 3, 3, 3, 2, 2, 1, 3, 3, 4),
    c(2, 1, 4, 4, 3, 2, 1, 6, 1, 1, 1, 2, 3, 3, 1, 1, 3, 3, 2, 2)))
rows <- do.call(rbind, lapply(names(raters), function(case) {
  m <- raters[[case]]
  test <- friedman.test(m)
  data.frame(case = case, raters = nrow(m), objects = ncol(m), chi_squared = test$statistic,
             df = test$parameter, p = test$p.value,
             w = test$statistic / (nrow(m) * (ncol(m) - 1)))
}))
write.csv(rows, paste0(here, "evaluation__concordance.csv"), row.names = FALSE)

set.seed(20261128)
n <- 120
expected <- round(pmin(pmax(rnorm(n, 5.8, 1), 1), 7))
answers <- data.frame(
  e1 = expected, p1 = round(pmin(pmax(0.5 * expected + rnorm(n, 1.9, 1), 1), 7)),
  e2 = round(pmin(pmax(rnorm(n, 5.2, 1), 1), 7)), p2 = round(pmin(pmax(rnorm(n, 5.2, 1), 1), 7)),
  e3 = round(pmin(pmax(rnorm(n, 4.9, 1), 1), 7)), p3 = round(pmin(pmax(rnorm(n, 5.5, 1), 1), 7)))
answers$p2[c(3, 40, 77)] <- NA
answers$e3[c(5, 6)] <- NA
write.csv(answers, paste0(here, "evaluation__gap_answers.csv"), row.names = FALSE)
gaps <- do.call(rbind, lapply(1:3, function(k) {
  p <- answers[[paste0("p", k)]]; e <- answers[[paste0("e", k)]]
  test <- t.test(p, e, paired = TRUE)
  both <- complete.cases(p, e)
  d <- (p - e)[both]
  rpp <- .8; ree <- .7
  data.frame(item = k, n = sum(both), gap = mean(d), t = test$statistic, df = test$parameter,
             p = test$p.value, low = test$conf.int[1], high = test$conf.int[2],
             d_z = mean(d) / sd(d))
}))
gaps$p_holm <- p.adjust(gaps$p, "holm")
write.csv(gaps, paste0(here, "evaluation__gaps.csv"), row.names = FALSE)

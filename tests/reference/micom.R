# MICOM (Henseler, Ringle & Sarstedt, 2016), steps 2 and 3, written out from the paper: PLS by mode A
# and the path weighting scheme, Holzinger & Swineford by school, the permutations stored so that
# another program can take the same.   Rscript tests/reference/micom.R tests/reference   (lavaan)
to <- commandArgs(TRUE)[1]
data(HolzingerSwineford1939, package = "lavaan")
hs <- HolzingerSwineford1939
x <- as.matrix(hs[paste0("x", 1:9)])
first <- hs$school == "Grant-White"
blocks <- list(visual = 1:3, textual = 4:6, speed = 7:9)
arrows <- matrix(0, 3, 3); arrows[1, 2] <- arrows[1, 3] <- arrows[2, 3] <- 1   # from row to column

pls <- function(x) {                       # outer weights of standardised items
  z <- scale(x); w <- matrix(0, 9, 3)
  for (j in 1:3) w[blocks[[j]], j] <- 1
  standard <- function(w) sapply(1:3, function(j) w[, j] / sd(z %*% w[, j]))
  w <- standard(w)
  repeat {
    y <- z %*% w; e <- matrix(0, 3, 3)     # inner weights: regression on causes, correlation with effects
    for (j in 1:3) {
      causes <- which(arrows[, j] == 1); effects <- which(arrows[j, ] == 1)
      if (length(causes)) e[causes, j] <- coef(lm.fit(y[, causes, drop = FALSE], y[, j]))
      e[effects, j] <- cor(y[, effects, drop = FALSE], y[, j])
    }
    inner <- y %*% e; new <- matrix(0, 9, 3)
    for (j in 1:3) new[blocks[[j]], j] <- cor(z[, blocks[[j]]], inner[, j])
    new <- standard(new)
    if (max(abs(new - w)) < 1e-12) return(new)
    w <- new
  }
}
z <- scale(x)
compositional <- function(first) diag(cor(z %*% pls(x[first, ]), z %*% pls(x[!first, ])))
y <- z %*% pls(x)
means <- function(first) colMeans(y[first, ]) - colMeans(y[!first, ])
spread <- function(first) log(apply(y[first, ], 2, var) / apply(y[!first, ], 2, var))

set.seed(1); draws <- 99
orders <- t(replicate(draws, sample(nrow(x))[seq_len(sum(first))]))
sides <- lapply(seq_len(draws), function(k) { s <- logical(nrow(x)); s[orders[k, ]] <- TRUE; s })
permuted <- list(c = sapply(sides, compositional), mean = sapply(sides, means),
                 variance = sapply(sides, spread))
observed <- list(c = compositional(first), mean = means(first), variance = spread(first))
out <- data.frame(construct = names(blocks), c = observed$c,
  c_quantile = apply(permuted$c, 1, quantile, .05, names = FALSE),
  c_p = (rowSums(permuted$c <= observed$c) + 1) / (draws + 1))
for (s in c("mean", "variance")) {
  out[[s]] <- observed[[s]]
  out[[paste0(s, "_low")]] <- apply(permuted[[s]], 1, quantile, .025, names = FALSE)
  out[[paste0(s, "_high")]] <- apply(permuted[[s]], 1, quantile, .975, names = FALSE)
  out[[paste0(s, "_p")]] <- (rowSums(abs(permuted[[s]]) >= abs(observed[[s]])) + 1) / (draws + 1)
}
options(digits = 17)
write.csv(out, file.path(to, "micom__schools.csv"), row.names = FALSE, quote = FALSE)
write.table(orders - 1L, file.path(to, "micom__permutations.csv"), sep = ",",
            row.names = FALSE, col.names = FALSE)

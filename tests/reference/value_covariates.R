# BG/NBD with covariates on the 1/10 sample of CDNOW, by base R alone: the likelihood of
# Fader & Hardie (2007, brucehardie.com/notes/019) written out plainly and maximised by optim.
# The purchase covariate scales alpha by exp(-g z), the drop-out covariate a by exp(g z).
# Run from the repository root: Rscript tests/reference/value_covariates.R

tx <- read.csv("data/cdnow/transactions.csv", colClasses = c(customer = "character"))
ids <- read.csv("data/cdnow/sample.csv", colClasses = "character")
tx <- tx[tx$customer %in% ids$customer, ]
tx$date <- as.Date(tx$date)
end <- as.Date("1997-09-30")
first <- tapply(tx$date, tx$customer, min)
day <- aggregate(amount ~ customer + date, tx[tx$date <= end, ], sum)
day <- day[order(day$customer, day$date), ]
x <- as.vector(tapply(day$date, day$customer, length)) - 1
last <- as.vector(tapply(day$date, day$customer, max))
start <- as.vector(first)
tx_ <- (last - start) / 7
age <- (as.numeric(end) - start) / 7
first_spend <- log1p(as.vector(tapply(day$amount, day$customer, function(v) v[1])))
cohort <- as.numeric(start - as.numeric(as.Date("1997-01-01"))) / 7
customers <- data.frame(customer = names(first), frequency = x, recency = tx_, age = age,
                        first_spend = first_spend, cohort = cohort)

bg <- function(theta, z) {
  k <- ncol(z)
  r <- exp(theta[1]); b <- exp(theta[4])
  alpha <- exp(theta[2] - z %*% theta[4 + 1:k])
  a <- exp(theta[3] + z %*% theta[4 + k + 1:k])
  stay <- -(r + x) * log(alpha + age)
  leave <- ifelse(x > 0, log(a) - log(b + x - 1) - (r + x) * log(alpha + tx_), -Inf)
  top <- pmax(stay, leave)
  -sum(lgamma(r + x) - lgamma(r) + r * log(alpha) + lbeta(a, b + x) - lbeta(a, b) +
         top + log(exp(stay - top) + exp(leave - top)))
}
fit <- function(f, start, z) {
  best <- optim(start, f, z = z, method = "Nelder-Mead",
                control = list(maxit = 20000, reltol = 1e-14))
  for (i in 1:3) best <- optim(best$par, f, z = z, method = "BFGS",
                               control = list(maxit = 2000, reltol = 1e-15, ndeps = rep(1e-5, length(start))))
  h <- optimHess(best$par, f, z = z, control = list(ndeps = rep(1e-4, length(start))))
  se <- sqrt(diag(solve(h)))
  list(par = best$par, se = se, ll = -best$value)
}
z <- scale(cbind(first_spend, cohort), scale = FALSE)
m <- fit(bg, c(log(c(.25, 4.5, .8, 2.4)), 0, 0, 0, 0), z)
terms <- c("r", "alpha", "a", "b", "purchase:first_spend", "purchase:cohort",
           "dropout:first_spend", "dropout:cohort")
q <- qnorm(.975)
own <- function(v) c(exp(v[1:4]), v[5:8])
write.csv(data.frame(term = terms, estimate = own(m$par),
                     std_error = m$se * c(exp(m$par[1:4]), rep(1, 4)),
                     ci_low = own(m$par - q * m$se), ci_high = own(m$par + q * m$se),
                     log_likelihood = m$ll),
          "tests/reference/value_covariates__bg_nbd.csv", row.names = FALSE)
write.csv(customers[, c("customer", "first_spend", "cohort")],
          "tests/reference/value_covariates__customers.csv", row.names = FALSE)

# Prices named (van Westendorp, 1976) and offered (Gabor & Granger, 1966), and the opportunity score
# (Ulwick, 2002), by R's own empirical distribution functions and prop.test. Run from the repository
# root: Rscript tests/reference/prices.R   (R 4.2.2)
OUT <- "tests/reference"
set.seed(42)                       # the demonstration data of R's pricesensitivitymeter package
n <- 250
named <- data.frame(
  too_cheap = round(rnorm(n, 5, .5), 2), cheap = round(rnorm(n, 8.5, .5), 2),
  expensive = round(rnorm(n, 13, .75), 2), too_expensive = round(rnorm(n, 17, 1), 2))
# Closer prices, so that all four curves overlap.
wide <- data.frame(too_cheap = round(rnorm(n, 8.5, 1), 2), cheap = round(rnorm(n, 10, 1), 2),
                   expensive = round(rnorm(n, 12, .75), 2), too_expensive = round(rnorm(n, 13, 1), 2))
points <- function(d) {
  d <- d[d$too_cheap <= d$cheap & d$cheap <= d$expensive & d$expensive <= d$too_expensive, ]
  at_most <- function(x) { f <- ecdf(x); function(p) f(p) }            # share that named <= p
  at_least <- function(x) { f <- ecdf(-x); function(p) f(-p) }         # share that named >= p
  tc <- at_least(d$too_cheap); ch <- at_least(d$cheap)
  ex <- at_most(d$expensive); te <- at_most(d$too_expensive)
  grid <- sort(unique(unlist(d)))
  meet <- function(falling, rising) {
    gap <- approxfun(grid, falling(grid) - rising(grid))
    first <- which(falling(grid) - rising(grid) <= 0)[1]
    if (first == 1) return(grid[1])
    if (gap(grid[first]) == gap(grid[first - 1])) return(grid[first])
    uniroot(gap, c(grid[first - 1], grid[first]), tol = 1e-12)$root
  }
  c(n = nrow(d),
    lower = meet(tc, function(p) 1 - ch(p)), upper = meet(function(p) 1 - ex(p), te),
    optimal = meet(tc, te), indifference = meet(ch, ex))
}
write.csv(rbind(cbind(case = "apart", named), cbind(case = "close", wide)),
          file.path(OUT, "prices__named.csv"), row.names = FALSE)
write.csv(rbind(data.frame(case = "apart", t(points(named))), data.frame(case = "close", t(points(wide)))),
          file.path(OUT, "prices__points.csv"), row.names = FALSE)
worth <- rnorm(n, 9, 3)
prices <- c(5, 8, 12); cost <- 3
bought <- sapply(prices, function(p) as.integer(worth > p)); bought[1:20, 2] <- NA
asked <- colSums(!is.na(bought)); yes <- colSums(bought, na.rm = TRUE)
limits <- t(mapply(function(y, m) prop.test(y, m, correct = FALSE)$conf.int, yes, asked))
colnames(bought) <- paste0("p", prices)
write.csv(bought, file.path(OUT, "prices__offers.csv"), row.names = FALSE)
write.csv(data.frame(price = prices, n = asked, share = yes / asked, low = limits[, 1],
                     high = limits[, 2], revenue = prices * yes / asked,
                     profit = (prices - cost) * yes / asked),
          file.path(OUT, "prices__demand.csv"), row.names = FALSE)

# Kaplan-Meier and Weibull churn by R's survival package (survfit, survreg) on its `veteran` and
# `lung` data. Run from the repository root: Rscript tests/reference/value_survival.R
suppressMessages(library(survival))
options(digits = 17)
d <- data.frame(duration = lung$time, churned = as.integer(lung$status == 2))
write.csv(d, "tests/reference/value_survival__lung.csv", row.names = FALSE)
km <- survfit(Surv(duration, churned) ~ 1, d, conf.type = "log-log")
write.csv(data.frame(time = km$time, at_risk = km$n.risk, churned = km$n.event,
                     survival = km$surv, std_error = km$surv * km$std.err,
                     ci_low = km$lower, ci_high = km$upper),
          "tests/reference/value_survival__kaplan_meier.csv", row.names = FALSE)
w <- survreg(Surv(duration, churned) ~ 1, d, dist = "weibull",
             control = survreg.control(rel.tolerance = 1e-13, maxiter = 100))
v <- w$var; mu <- unname(coef(w)); ls <- log(w$scale); q <- qnorm(.975)
se <- sqrt(diag(v))
# scale lambda = exp(mu), shape k = exp(-log scale)
write.csv(data.frame(term = c("scale", "shape"), estimate = c(exp(mu), exp(-ls)),
                     std_error = c(exp(mu) * se[1], exp(-ls) * se[2]),
                     ci_low = c(exp(mu - q * se[1]), exp(-ls - q * se[2])),
                     ci_high = c(exp(mu + q * se[1]), exp(-ls + q * se[2])),
                     log_likelihood = w$loglik[2]),
          "tests/reference/value_survival__weibull.csv", row.names = FALSE)
med <- quantile(km, probs = .5)
write.csv(data.frame(median = unname(med$quantile), low = unname(med$lower), high = unname(med$upper)),
          "tests/reference/value_survival__median.csv", row.names = FALSE)

# Latent profiles by mclust (model VVI: a variance of its own in every class and column).
# Run from the repository root: Rscript tests/reference/segments.R
suppressMessages(library(mclust))
data <- faithful
write.csv(data, "tests/reference/segments__faithful_data.csv", row.names = FALSE)
rows <- list()
shares <- list()
for (k in 1:3) {
  name <- if (k == 1) "XXI" else "VVI"
  set.seed(1)
  fit <- Mclust(data, G = k, modelNames = name, verbose = FALSE,
                control = emControl(tol = c(1e-12, 1e-12), itmax = c(5000, 5000)))
  rows[[k]] <- data.frame(classes = k, log_likelihood = fit$loglik, parameters = fit$df,
                          bic = -fit$bic)
  order <- order(-fit$parameters$pro)
  mean <- matrix(fit$parameters$mean, ncol = k)
  shares[[k]] <- data.frame(classes = k, class = seq_len(k),
                            share = if (k == 1) 1 else fit$parameters$pro[order],
                            eruptions = mean[1, order], waiting = mean[2, order])
}
write.csv(do.call(rbind, rows), "tests/reference/segments__profiles.csv", row.names = FALSE)
write.csv(do.call(rbind, shares), "tests/reference/segments__profile_means.csv", row.names = FALSE)

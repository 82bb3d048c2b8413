# Data shared by the references of reliability, factors, validity and method bias.
# Run from the repository root: Rscript tests/reference/measure_data.R
# Holzinger & Swineford (1939) comes with lavaan; the holes and the categories are cut by rule,
# so that every run, on any machine, makes the same rows.
suppressMessages(library(lavaan))

write_reference <- function(frame, name) {
  file <- file.path("tests", "reference", paste0(name, ".csv"))
  for (j in seq_along(frame)) if (is.double(frame[[j]]))
    frame[[j]] <- ifelse(is.na(frame[[j]]), NA, sprintf("%.17g", frame[[j]]))
  write.csv(frame, file, row.names = FALSE, na = "", quote = FALSE)
}

hs <- HolzingerSwineford1939[, paste0("x", 1:9)]

punch_holes <- function(frame) {
  hole <- outer(seq_len(nrow(frame)), seq_along(frame), function(i, j) (7 * i + 13 * j) %% 41 == 0)
  frame[hole] <- NA
  frame
}
hs_missing <- punch_holes(hs)

categorise <- function(x, cuts) as.integer(cut(as.numeric(scale(x)), c(-Inf, cuts, Inf)))
cuts <- list(c(-1.2, -0.4, 0.4, 1.2), c(-0.8, 0.1, 0.9), c(-1.5, -0.9, -0.2, 0.6))
hs_ordinal <- as.data.frame(mapply(
  function(x, j) categorise(x, cuts[[(j - 1) %% 3 + 1]]), hs, seq_along(hs)))

hs_reversed <- hs
hs_reversed$x2 <- 10 - hs_reversed$x2

mobi <- read.csv(file.path("data", "ecsi-mobile", "mobi.csv"))
mobi_missing <- punch_holes(mobi)

hs_scales <- list(visual = paste0("x", 1:3), textual = paste0("x", 4:6), speed = paste0("x", 7:9))
mobi_scales <- list(
  CUEX = paste0("CUEX", 1:3), CUSA = paste0("CUSA", 1:3), CUSL = paste0("CUSL", 1:3),
  IMAG = paste0("IMAG", 1:5), PERQ = paste0("PERQ", 1:7), PERV = paste0("PERV", 1:2))
cases <- list(
  hs = list(data = hs, scales = hs_scales),
  hs_missing = list(data = hs_missing, scales = hs_scales),
  hs_ordinal = list(data = hs_ordinal, scales = hs_scales),
  hs_reversed = list(data = hs_reversed, scales = hs_scales),
  mobi = list(data = mobi, scales = mobi_scales),
  mobi_missing = list(data = mobi_missing, scales = mobi_scales))

measurement_syntax <- function(scales) paste(
  mapply(function(f, x) paste(f, "=~", paste(x, collapse = " + ")), names(scales), scales),
  collapse = "\n")

# lavaan stops up to 1e-4 short of the optimum by default. These stops come within about 1e-6 of it;
# tighter ones make nlminb report "false convergence", and lavaan then withholds the standard errors.
tight <- list(eval.max = 20000, iter.max = 20000, rel.tol = 1e-10, x.tol = 1e-12)
fit_tight <- function(syntax, ...) suppressWarnings(cfa(syntax, ..., control = tight))

# Resampled rows by rule, so that replicates can be compared one by one without sharing a
# generator of random numbers: row of replicate d at place i (both from 1).
resampled_rows <- function(n, d) ((seq_len(n)^2 + 7 * d * seq_len(n) + 3 * d) %% n) + 1

if (sys.nframe() == 0)
  for (case in names(cases)) write_reference(cases[[case]]$data, paste0("measure_data__", case))

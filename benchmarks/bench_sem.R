# lavaan's side of bench_sem.py: seconds for bootstrap refits, started from the fitted model as
# lavaan's own bootstrap does. Called by bench_sem.py with a folder, a case and a number of draws.
arguments <- commandArgs(trailingOnly = TRUE)
suppressMessages(library(lavaan))
data <- read.csv(file.path(arguments[1], "data.csv"))
syntax <- paste(readLines(file.path(arguments[1], "model.txt")), collapse = "\n")
fit <- suppressWarnings(sem(syntax, data, se = "none"))
set.seed(1)
start <- proc.time()[["user.self"]]
draws <- suppressWarnings(bootstrapLavaan(fit, R = as.integer(arguments[2]), FUN = coef))
spent <- proc.time()[["user.self"]] - start
cat(spent, sum(stats::complete.cases(draws)), "\n")

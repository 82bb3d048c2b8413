# lavaan's side of bench_sem.py, one task a process. Called with a task, a folder that holds
# data.csv and model.txt, and a number of draws; the last line printed is CPU seconds and details.
arguments <- commandArgs(trailingOnly = TRUE)
task <- arguments[1]; folder <- arguments[2]; draws <- as.integer(arguments[3])
suppressMessages(library(lavaan))
data <- read.csv(file.path(folder, "data.csv"))
syntax <- paste(readLines(file.path(folder, "model.txt")), collapse = "\n")
clock <- function() sum(proc.time()[c("user.self", "sys.self")])
write <- function(x, name) write.csv(x, file.path(folder, name), row.names = FALSE)
quiet <- function(...) suppressWarnings(sem(syntax, ...))

if (task == "refits") {
  # Its own bootstrap, which starts every refit at the full sample's solution and skips all tests.
  fit <- quiet(data, se = "none")
  start <- clock()
  found <- suppressWarnings(
    bootstrapLavaan(fit, R = draws, FUN = "coef", iseed = 1, keep.idx = TRUE)
  )
  spent <- clock() - start
  write(attr(found, "boot.idx")[[1]] - 1L, "rows.csv")
  write(unclass(found)[seq_len(draws), , drop = FALSE], "boot.csv")
} else if (task == "afresh") {
  # The same draws, each fitted like a new data set: several attempts from lavaan's own start.
  rows <- as.matrix(read.csv(file.path(folder, "rows.csv"))) + 1L
  start <- clock()
  found <- lapply(seq_len(nrow(rows)), function(r) {
    fit <- tryCatch(
      quiet(data[rows[r, ], ], se = "none", test = "none", baseline = FALSE),
      error = function(e) NULL
    )
    if (is.null(fit) || !lavInspect(fit, "converged")) NULL else fit@optim$x
  })
  spent <- clock() - start
  size <- max(lengths(found))
  write(do.call(rbind, lapply(found, function(x) if (is.null(x)) rep(NA, size) else x)),
        "afresh.csv")
} else if (task == "large bootstrap") {
  fit <- quiet(data, se = "none")
  start <- clock()
  found <- suppressWarnings(bootstrapLavaan(fit, R = draws, FUN = "coef", iseed = 1))
  spent <- clock() - start
} else {
  start <- clock()
  fit <- switch(task,
    "large ml" = quiet(data), "large mlr" = quiet(data, estimator = "MLR"),
    "wlsmv" = quiet(data, ordered = names(data))
  )
  spent <- clock() - start
}
cat("\n", spent, "\n", sep = "")

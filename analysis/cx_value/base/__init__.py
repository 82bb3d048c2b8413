"""What every room stands on: errors, results, rules, formulas, words and numbers as printed."""

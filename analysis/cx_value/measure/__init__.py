"""Does the instrument measure what it claims to? Reliability, factors, validity, method bias.

=====================  ==========================================================================
``reliability``        ``reliability_of_scales``: α, ω, item tables, split halves
``stability``          ``test_retest``: two waves
``retention``          ``factor_adequacy``, ``factor_retention``: KMO, Bartlett, parallel analysis
``factors``            ``fit_factors``: exploratory factor analysis
``validity``           ``convergent_validity``: loadings, AVE, composite reliability
``discriminant``       ``fornell_larcker``, ``heterotrait_monotrait_ratios``
``correlations``       ``score_correlations``: M, SD, r, α on the diagonal
``method_bias``        ``method_bias``: Harman, latent method factor, full-collinearity VIF
``formulas``           the textbook formulas on arrays alone
=====================  ==========================================================================
"""

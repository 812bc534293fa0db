"""Cases for experiment_peers.t with what scipy and statsmodels say of them, as tab-separated files in a directory."""
import sys
import numpy as np
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

directory = sys.argv[1]
random = np.random.default_rng(20251101)


def write(name, rows):
    with open(f"{directory}/{name}", "w") as out:
        for row in rows:
            out.write("\t".join("\\N" if isinstance(v, float) and not np.isfinite(v) else repr(v.item() if hasattr(v, "item") else v) for v in row) + "\n")


def rates(hits_a, n_a, hits_b, n_b, confidence):
    alpha = 1 - confidence
    low, high = confint_proportions_2indep(hits_a, n_a, hits_b, n_b, method="newcomb", compare="diff", alpha=alpha)
    if hits_a and hits_b:
        ratio = confint_proportions_2indep(hits_a, n_a, hits_b, n_b, method="log", compare="ratio", alpha=alpha)
    else:
        ratio = (np.nan, np.nan)
    some = 0 < hits_a + hits_b < n_a + n_b
    p = proportions_ztest([hits_a, hits_b], [n_a, n_b])[1] if some else np.nan
    rate = hits_b / n_b
    found = (stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(0.8)) * np.sqrt(rate * (1 - rate) * (1 / n_a + 1 / n_b)) if 0 < hits_b < n_b else np.nan
    return hits_a, n_a, hits_b, n_b, confidence, low, high, ratio[0] - 1, ratio[1] - 1, p, found


def means(n_a, mean_a, variance_a, n_b, mean_b, variance_b, confidence):
    test = stats.ttest_ind_from_stats(mean_a, np.sqrt(variance_a), n_a, mean_b, np.sqrt(variance_b), n_b, equal_var=False)
    parts = variance_a / n_a, variance_b / n_b
    error = np.sqrt(sum(parts))
    df = sum(parts) ** 2 / (parts[0] ** 2 / (n_a - 1) + parts[1] ** 2 / (n_b - 1))
    half = stats.t.isf((1 - confidence) / 2, df) * error
    spread = stats.norm.isf((1 - confidence) / 2) * np.sqrt(parts[0] / mean_a ** 2 + parts[1] / mean_b ** 2)
    ratio = mean_a / mean_b
    return (n_a, mean_a, variance_a, n_b, mean_b, variance_b, confidence, mean_a - mean_b - half, mean_a - mean_b + half,
            ratio * np.exp(-spread) - 1, ratio * np.exp(spread) - 1, test.pvalue)


cases = [(56, 70, 48, 80, 0.95), (0, 10, 0, 20, 0.95), (10, 10, 20, 20, 0.9), (0, 10, 5, 20, 0.95), (5, 10, 0, 20, 0.99), (1, 1, 0, 1, 0.95)]
for _ in range(300):
    n_a, n_b = (int(10 ** random.uniform(0.5, 7)) for _ in range(2))
    rate = random.beta(1, 8)
    cases.append((int(random.binomial(n_a, rate)), n_a, int(random.binomial(n_b, rate)), n_b, float(random.choice([0.8, 0.9, 0.95, 0.99, 0.999]))))
write("rates", [rates(*case) for case in cases])

cases = []
for _ in range(300):
    n_a, n_b = (int(10 ** random.uniform(0.31, 7)) for _ in range(2))
    mean, spread = 10 ** random.uniform(-1, 4), 10 ** random.uniform(-2, 1)
    variances = [float((mean * spread * random.uniform(0.3, 3)) ** 2) for _ in range(2)]
    near = abs(mean + random.normal() * np.sqrt(variances[0] / n_a + variances[1] / n_b))
    cases.append((n_a, float(near), variances[0], n_b, float(mean), variances[1], float(random.choice([0.8, 0.95, 0.999]))))
write("means", [means(*case) for case in cases])

cases = []
for _ in range(200):
    share, n = float(random.uniform(0.01, 0.99)), int(10 ** random.uniform(1, 8))
    n_a = int(random.binomial(n, share))
    cases.append((n_a, n - n_a, share, stats.chisquare([n_a, n - n_a], [n * share, n * (1 - share)]).pvalue))
write("ratios", cases)

# two scores of the same rows, with ties, and DeLong's covariance from all pairs
label = random.random(600) < 0.2
a = np.round(random.normal(size=600) + label, 1)
b = np.round(0.7 * a + 0.7 * random.normal(size=600) + 0.4 * label, 1)
a, b = (1 / (1 + np.exp(-s)) for s in (a, b))
write("pair", [(float(x), float(y), bool(l)) for x, y, l in zip(a, b, label)])
above = [(s[label][:, None] > s[~label][None, :]) + 0.5 * (s[label][:, None] == s[~label][None, :]) for s in (a, b)]
across, down = (np.cov([p.mean(axis=axis) for p in above]) for axis in (1, 0))
covariance = across / label.sum() + down / (~label).sum()
error = np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
loss = (b - label) ** 2 - (a - label) ** 2
write("pair_figures", [("auc", float(above[1].mean() - above[0].mean()), float(error)),
                       ("brier", float(loss.mean()), float(loss.std(ddof=1) / np.sqrt(len(loss)))),
                       ("rank_correlation", float(stats.spearmanr(a, b).statistic), float("nan")),
                       ("level_changes", float(((a >= 0.7) != (b >= 0.7)).mean()), float("nan"))])

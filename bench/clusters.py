"""Groups of a mixed table as one would make them in Python: what bench/clusters.sh compares icp_cluster() with.

clusters.py FILE K NUMBER,…: the last column is the known class, NUMBER are the numeric columns, the rest categories.
Prints one line a method: name, adjusted Rand index. Missing values are filled with medians and most frequent categories
where a method needs it. Each method has ten starts and its usual settings.
"""
import sys
import numpy
import pandas
from scipy.stats import gaussian_kde
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

STARTS = 10


def read(path, numbers):
    frame = pandas.read_csv(path, dtype=str, keep_default_na=False, na_values=["", "?", "NA"])
    truth = frame.pop(frame.columns[-1])
    x = frame[[c for c in frame.columns if c in numbers]].astype(float)
    codes = pandas.DataFrame({c: pandas.factorize(frame[c], sort=True)[0] for c in frame.columns if c not in numbers}, index=frame.index)
    return x, codes, truth


def filled(x, codes):
    x = x.fillna(x.median()).fillna(0)
    for c in codes.columns:
        known = codes[c][codes[c] >= 0]
        codes = codes.assign(**{c: codes[c].where(codes[c] >= 0, known.mode().iloc[0] if len(known) else 0)})
    z = StandardScaler().fit_transform(x) if x.shape[1] else numpy.zeros((len(codes), 0))
    return z, codes.to_numpy(int).reshape(len(codes), -1)


def one_hot_k_means(x, codes, k):
    z, c = filled(x, codes)
    parts = [z] + [numpy.eye(c[:, j].max() + 1)[c[:, j]] for j in range(c.shape[1])]
    return KMeans(n_clusters=k, n_init=STARTS, random_state=0).fit_predict(numpy.hstack(parts))


def k_prototypes(x, codes, k):
    """Huang (1998); the weight of a category is half the standard deviation of the numbers, as in its R and Python forms."""
    z, c = filled(x, codes)
    weight = 0.5 if z.shape[1] else 1.0
    best, least = None, numpy.inf
    for start in range(STARTS):
        random = numpy.random.default_rng(start)
        seeds = random.choice(len(z), k, replace=False)
        centre, mode, label = z[seeds].copy(), c[seeds].copy(), None
        for _ in range(100):
            d = ((z[:, None] - centre) ** 2).sum(2) + weight * (c[:, None] != mode).sum(2)
            new = d.argmin(1)
            if label is not None and (new == label).all():
                break
            label = new
            for g in range(k):
                rows = label == g
                if rows.any():
                    centre[g] = z[rows].mean(0)
                    mode[g] = [numpy.bincount(c[rows, j]).argmax() for j in range(c.shape[1])]
        cost = d.min(1).sum()
        if cost < least:
            best, least = label, cost
    return best


def gower_pam(x, codes, k):
    """Gower's distance (1971), missing values left out of a pair; Kaufman & Rousseeuw's PAM: build, then swap."""
    n = len(codes)
    total, weight = numpy.zeros((n, n)), numpy.zeros((n, n))
    for values in x.to_numpy(float).T:
        known = ~numpy.isnan(values)
        width = values[known].max() - values[known].min() if known.any() else 0
        if width == 0:
            continue
        d = numpy.abs(values[:, None] - values) / width
        both = known[:, None] & known
        total += numpy.where(both, d, 0)
        weight += both
    for values in codes.to_numpy(int).T:
        both = (values >= 0)[:, None] & (values >= 0)
        total += both & (values[:, None] != values)
        weight += both
    d = numpy.where(weight > 0, total / numpy.maximum(weight, 1), 1.0)
    medoids = [int(d.sum(0).argmin())]
    while len(medoids) < k:
        near = d[:, medoids].min(1)
        medoids.append(int(numpy.maximum(near[:, None] - d, 0).sum(0).argmax()))
    for _ in range(100):
        cost, change = d[:, medoids].min(1).sum(), None
        for i in range(k):
            others = d[:, medoids[:i] + medoids[i + 1:]].min(1) if k > 1 else numpy.full(n, numpy.inf)
            costs = numpy.minimum(others[:, None], d).sum(0)
            j = int(costs.argmin())
            if costs[j] < cost - 1e-9:
                cost, change = costs[j], (i, j)
        if change is None:
            break
        medoids[change[0]] = change[1]
    return d[:, medoids].argmin(1)


def kamila(x, codes, k):
    """Foss, Markatou, Ray & Heching (2016): a kernel estimate of the radial density of numbers, multinomials of categories."""
    z, c = filled(x, codes)
    levels, p = c.max(0) + 1 if c.shape[1] else [], z.shape[1]
    best, most = None, -numpy.inf
    for start in range(STARTS):
        random = numpy.random.default_rng(start)
        centre = z[random.choice(len(z), k, replace=False)].copy()
        share = [random.dirichlet(numpy.ones(m), k) for m in levels]
        label = None
        for _ in range(25):
            score = sum((numpy.log(s)[:, c[:, j]].T for j, s in enumerate(share)), numpy.zeros((len(z), k)))
            if p:
                d = numpy.sqrt(((z[:, None] - centre) ** 2).sum(2))
                near = d.min(1)
                kernel = gaussian_kde(near + 1e-9 * random.standard_normal(len(near)))
                grid = numpy.linspace(0, d.max() + 1e-9, 300)
                value = numpy.log(numpy.maximum(kernel(grid), 1e-12)) - (p - 1) * numpy.log(numpy.maximum(grid, grid[1]))
                score = score + numpy.interp(d, grid, value)
            new = score.argmax(1)
            if label is not None and (new == label).all():
                break
            label = new
            for g in range(k):
                rows = label == g
                if not rows.any():
                    continue
                centre[g] = z[rows].mean(0)
                for j, m in enumerate(levels):
                    share[j][g] = (numpy.bincount(c[rows, j], minlength=m) + 0.1) / (rows.sum() + 0.1 * m)
        objective = score.max(1).sum()
        if objective > most:
            best, most = label, objective
    return best


def latent_classes(x, codes, k):
    """A plain mixture: independent normals and multinomials, expectation-maximisation, missing values left out."""
    values, c = x.to_numpy(float), codes.to_numpy(int).reshape(len(codes), -1)
    values = (values - numpy.nanmean(values, 0)) / numpy.maximum(numpy.nanstd(values, 0), 1e-9) if x.shape[1] else values
    known = ~numpy.isnan(values)
    values = numpy.where(known, values, 0)
    hot = [numpy.eye(c[:, j].max() + 1)[c[:, j]] * (c[:, j] >= 0)[:, None] for j in range(c.shape[1])]
    best, most = None, -numpy.inf
    for start in range(STARTS):
        p = numpy.random.default_rng(start).dirichlet(numpy.ones(k), len(c))
        last = -numpy.inf
        for _ in range(300):
            score = numpy.log((p.sum(0) + 1) / (len(p) + k)) + numpy.zeros((len(p), k))
            n = known.T @ p + 1e-9
            mean = (known * values).T @ p / n
            for j in range(values.shape[1]):
                square = (values[:, j, None] - mean[j]) ** 2
                variance = ((known[:, j, None] * square * p).sum(0) + 0.1) / (n[j] + 1)
                score += known[:, j, None] * -0.5 * (square / variance + numpy.log(variance))
            for h in hot:
                s = h.T @ p + 1.0 / h.shape[1]
                score += h @ numpy.log(s / s.sum(0))
            top = score.max(1, keepdims=True)
            p = numpy.exp(score - top)
            whole = (top[:, 0] + numpy.log(p.sum(1))).sum()
            p /= p.sum(1, keepdims=True)
            if whole - last < 1e-6 * abs(whole):
                break
            last = whole
        if whole > most:
            best, most = p.argmax(1), whole
    return best


if __name__ == "__main__":
    x, codes, truth = read(sys.argv[1], set(sys.argv[3].split(",")))
    for method in (kamila, k_prototypes, one_hot_k_means, gower_pam, latent_classes):
        print(method.__name__, f"{adjusted_rand_score(truth, method(x, codes, int(sys.argv[2]))):.3f}", flush=True)

"""Called by bench/wallet.sh with the directory of the data sets and the number of splits."""
import io
import sys
import time

import numpy as np
import pandas as pd
import psycopg2
from scipy.stats import binomtest
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import QuantileRegressor
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

data, splits = sys.argv[1], int(sys.argv[2])
LEVEL = 0.8


def market(shape, n, seed):
    """spread: an additive wallet of which a random share is bought here, the spread differing by industry. shape: many buy nearly
    all here and the others a small part, how many by the attributes."""
    r = np.random.RandomState(seed)
    industry = r.choice(['retail', 'wholesale', 'it', 'build', 'public', 'food'], n, p=[.3, .2, .15, .15, .1, .1])
    employees = np.exp(r.normal(3.8, 1.2, n)).round() + 1
    region = r.choice([f'r{i}' for i in range(15)], n)
    age, erp = r.gamma(3, 5, n), r.rand(n) < .4
    by_industry = pd.Series(industry).map({'retail': 0, 'wholesale': .8, 'it': -.3, 'build': .4, 'public': -.6, 'food': .2}).to_numpy()
    by_region = pd.Series(region).map({f'r{i}': .15 * ((i * 7) % 5 - 2) for i in range(15)}).to_numpy()
    size = np.log(employees)
    if shape:
        middle = 8 + by_industry + .8 * size - .5 * ((size > 4.5) & (industry == 'retail'))
        nearly_all = r.rand(n) < np.where(erp, .8, np.where(industry == 'wholesale', .25, .5))
        y = middle + np.where(nearly_all, .15 * r.normal(size=n), -2.2 + .8 * r.normal(size=n))
    else:
        middle = 7 + by_industry + .7 * size + by_region + .3 * erp * (industry == 'it') + .02 * age
        y = middle + (np.where(industry == 'public', .3, .6) + .1 * erp) * r.normal(size=n) + np.log(r.beta(2, 2, n) * .98 + .02)
    x = pd.DataFrame({'industry': industry, 'employees': employees, 'region': region, 'age': age, 'erp': erp.astype(float),
                      **{f'noise{i}': r.normal(size=n) for i in range(3)}})
    x.loc[r.rand(n) < .1, 'employees'] = np.nan
    return x, np.exp(y)


def inc5000(split):
    d = pd.read_csv(f'{data}/inc5000/inc5000.csv')
    x = d[['growth_pct_3y', 'employees', 'state', 'founded', 'industry']].astype({'growth_pct_3y': float, 'employees': float, 'founded': float})
    return x, d.revenue_usd.to_numpy(float)


SETS = [  # name, rows and purchases of a split, rows learned from, cohort
    ('inc5000', lambda s: inc5000(s), 4000, 'industry'),
    ('spread', lambda s: market(False, 6000, 1000 + s), 4000, 'industry'),
    ('shape', lambda s: market(True, 6000, 2000 + s), 4000, 'industry'),
    ('small', lambda s: market(False, 3000, 3000 + s), 500, 'industry'),
]


def pinball(y, q):
    return np.mean(np.maximum(LEVEL * (y - q), (LEVEL - 1) * (y - q)))


connection = psycopg2.connect('')
connection.autocommit = True
sql = connection.cursor()


def load(x, y, held):
    words = [c for c in x if x[c].dtype == object]
    columns = ', '.join(f'"{c}" {"text" if c in words else "double precision"}' for c in x)
    sql.execute(f'DROP TABLE IF EXISTS client, wallet; CREATE TABLE client (client_id int, held boolean, purchases double precision, {columns})')
    rows = x.copy()
    rows.insert(0, 'purchases', y)
    rows.insert(0, 'held', held)
    text = io.StringIO()
    rows.to_csv(text, header=False)
    text.seek(0)
    sql.copy_expert('COPY client FROM STDIN CSV', text)
    sql.execute('ANALYZE client')


def icp(x, y, held, options='{}'):
    load(x, y, held)
    features = ', '.join(f'"{c}"' for c in x)
    started = time.perf_counter()
    sql.execute(f"CREATE TABLE wallet AS SELECT potential_fit(c, '{options}') AS model FROM (SELECT client_id, purchases, {features} FROM client WHERE NOT held) c")
    fit = time.perf_counter() - started
    started = time.perf_counter()
    sql.execute(f"""SELECT f.potential, f.q95 FROM (SELECT client_id, {features} FROM client WHERE held) c
        CROSS JOIN LATERAL potential_estimate(c, (SELECT model FROM wallet)) f ORDER BY client_id""")
    out = np.array(sql.fetchall(), float)
    return out[:, 0], out[:, 1], fit, (time.perf_counter() - started) / held.sum()


def one_hot(x, train):
    wide = pd.get_dummies(x, columns=[c for c in x if x[c].dtype == object]).astype(float)
    return wide.fillna(wide[train].median()).to_numpy()


def coded(x):
    out, words = x.copy(), []
    for i, c in enumerate(x):
        if x[c].dtype == object:
            out[c] = pd.Series(pd.factorize(x[c])[0], index=x.index).astype(float).replace(-1, np.nan)
            words.append(i)
    return out.to_numpy(float), words


def peers(x, y, held):
    """name → (estimates of the held rows, seconds of the fit)"""
    train, out = ~held, {}
    wide = one_hot(x, train)
    narrow, words = coded(x)

    def fitted(name, model, table, logarithms=True):
        started = time.perf_counter()
        model.fit(table[train], np.log(y[train]) if logarithms else y[train])
        seconds = time.perf_counter() - started
        q = model.predict(table[held])
        out[name] = np.exp(q) if logarithms else np.maximum(q, 1e-9), seconds
    fitted('GradientBoosting', GradientBoostingRegressor(loss='quantile', alpha=LEVEL), wide)
    fitted('GradientBoosting of money', GradientBoostingRegressor(loss='quantile', alpha=LEVEL), wide, False)
    fitted('HistGradientBoosting', HistGradientBoostingRegressor(loss='quantile', quantile=LEVEL, categorical_features=words), narrow)
    return out


def other_methods(x, y, held):
    """Those that were tried and not taken: linear quantile regression, a quantile regression forest, nearest neighbours."""
    train, out = ~held, {}
    positive = x.assign(**{c: np.log1p(x[c]) for c in ('employees', 'growth_pct_3y') if c in x})
    scaled = StandardScaler().fit(one_hot(positive, train)[train]).transform(one_hot(positive, train))
    logs = np.log(y)
    out['linear quantile regression'] = QuantileRegressor(quantile=LEVEL, alpha=1e-3, solver='highs').fit(scaled[train], logs[train]).predict(scaled[held])
    near = NearestNeighbors(n_neighbors=50).fit(scaled[train]).kneighbors(scaled[held])[1]
    out['50 nearest neighbours'] = np.quantile(logs[train][near], LEVEL, axis=1)
    wide = one_hot(x, train)
    forest = RandomForestRegressor(100, min_samples_leaf=20, max_features=.4, random_state=0).fit(wide[train], logs[train])
    order, leaves, asked = np.argsort(logs[train]), forest.apply(wide[train]), forest.apply(wide[held])
    sizes = [np.bincount(leaves[:, t]) for t in range(leaves.shape[1])]
    quantiles = []
    for row in asked:
        weight = sum((leaves[:, t] == row[t]) / sizes[t][row[t]] for t in range(len(row)))[order]
        quantiles.append(logs[train][order][np.searchsorted(np.cumsum(weight), LEVEL * weight.sum())])
    out['quantile regression forest'] = np.array(quantiles)
    return out


def tests(below, cohort, level):
    """Smallest p by Holm over all and the cohorts of at least 100: above .01, all pass. Of held-out rows a quarter as many as were
    learned from: of more, the tests would find that those which calibrate are a sample too."""
    groups = [below] + [below[cohort == c] for c in np.unique(cohort) if (cohort == c).sum() >= 100]
    return min(1, len(groups) * min(binomtest(int(g.sum()), len(g), level).pvalue for g in groups)), len(groups) - 1


def spread(values):
    return f'{np.mean(values):.3f} ({np.min(values):.3f}–{np.max(values):.3f})'


for name, make, learned, cohort in SETS:
    log_ratio, money_ratio, times, others, shares, p80, p95, fits, each = {}, {}, {}, {}, [], [], [], [], []
    cohorts = 0
    for split in range(splits):
        x, y = make(split)
        held = np.ones(len(x), bool)
        held[np.random.RandomState(500 + split).permutation(len(x))[:learned]] = False
        options = '{"potential": {"cohort": "%s"}}' % cohort
        q, q95, seconds, scoring = icp(x, y, held, options)
        fits.append(seconds)
        each.append(1e6 * scoring)
        here = y[held]
        shares.append(np.mean(here <= q))
        group = x[cohort][held].to_numpy()
        few = np.arange(len(here)) < learned // 4
        p, cohorts = tests((here <= q)[few], group[few], LEVEL)
        p80.append(p)
        p95.append(tests((here <= q95)[few], group[few], 0.95)[0])
        q = icp(x, y, held)[0]   # calibrated by all, as the peers are fitted to all
        for peer, (guess, peer_seconds) in peers(x, y, held).items():
            log_ratio.setdefault(peer, []).append(pinball(np.log(here), np.log(q)) / pinball(np.log(here), np.log(guess)))
            money_ratio.setdefault(peer, []).append(pinball(here, q) / pinball(here, guess))
            times.setdefault(peer, []).append(seconds / peer_seconds)
        if split < 2:
            for method, guess in other_methods(x, y, held).items():
                others.setdefault(method, []).append(pinball(np.log(here), np.log(q)) / pinball(np.log(here), guess))
    print(f'{name}: {learned} of {len(x)} rows × {x.shape[1]} columns, {splits} splits; fit {np.mean(fits):.2f} s, an estimate read back {np.mean(each):.1f} µs')
    print(f'  held-out share at or below the .8 quantile {spread(shares)}; tests over all and up to {cohorts} cohorts, smallest p by Holm: '
          f'{np.min(p80):.3f} (.95 quantile: {np.min(p95):.3f}), p > .01 in {sum(v > .01 for v in p80)} and {sum(v > .01 for v in p95)} of {splits}')
    for peer in log_ratio:
        print(f'  icp / {peer:26} loss of logarithms {spread(log_ratio[peer])}  of money {spread(money_ratio[peer])}  time {np.mean(times[peer]):.2f}')
    for method, values in others.items():
        print(f'  icp / {method:26} loss of logarithms {spread(values)}', flush=True)

# Those who calibrate are a sample too: of many small markets, how far the share among others strays beside what their number makes.
strays, failed, markets = [], 0, 10 * splits
for seed in range(markets):
    x, y = market(False, 3500, 70_000 + seed)
    held = np.arange(len(x)) >= 500
    below = y[held] <= icp(x, y, held, '{"potential": {"cohort": "industry"}}')[0]
    strays.append(below.mean())
    failed += tests(below[:125], x['industry'][held].to_numpy()[:125], LEVEL)[0] <= .01
print(f'small, {markets} other markets: share at or below the .8 quantile {np.mean(strays):.4f} with a deviation of {np.std(strays):.4f}; that of a share of 500 is '
      f'{(LEVEL * (1 - LEVEL) / 500) ** .5:.4f}; p <= .01 in {failed}', flush=True)

r = np.random.RandomState(0)
n = 100_000
wide = pd.concat([market(False, n, 1)[0], pd.DataFrame({f'more{i}': r.normal(size=n) for i in range(8)}),
                  pd.DataFrame({f'word{i}': r.choice(list('abcdefgh'), n) for i in range(4)})], axis=1)
y = market(False, n, 1)[1]
narrow, words = coded(wide)
bought = r.rand(n) < .7
load(wide, np.where(bought, y, 0), np.zeros(n, bool))
started = time.perf_counter()
HistGradientBoostingRegressor(loss='quantile', quantile=LEVEL, categorical_features=words).fit(narrow[bought], np.log(y[bought]))
peer = time.perf_counter() - started
sql.execute('SHOW maintenance_work_mem')
memory = sql.fetchone()[0]
for what, where in (('with those that buy nothing', 'true'), ('buyers alone', 'purchases > 0')):
    started = time.perf_counter()
    sql.execute(f"SELECT potential_fit(c, '{{}}') FROM (SELECT * FROM client WHERE {where}) c")
    seconds = time.perf_counter() - started
    print(f'fit of 100,000 × {wide.shape[1]}, {what}, within {memory}: {seconds:.1f} s, {seconds / peer:.1f} times one fit of HistGradientBoosting to the buyers')

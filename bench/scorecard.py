"""Called by bench/scorecard.sh with the directory of the data sets, the number of repeats and, where it is to look at more tables, their directory."""
import glob
import io
import os
import sys
import time

import numpy as np
import pandas as pd
import psycopg2
from scipy import stats
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import BernoulliNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, StandardScaler

try:
    from xgboost import XGBClassifier
except ImportError:
    XGBClassifier = None
try:
    from interpret.glassbox import ExplainableBoostingClassifier
except ImportError:
    ExplainableBoostingClassifier = None

data, repeats = sys.argv[1], int(sys.argv[2])
LEAKS = ['tags', 'lead_quality', 'lead_profile', 'last_activity', 'last_notable_activity', 'asymmetrique_activity_index',
         'asymmetrique_profile_index', 'asymmetrique_activity_score', 'asymmetrique_profile_score']
SETS = [  # name, file, target, won, left out, rows of the same attributes kept together
    ('salvirt_b2b', 'salvirt_b2b/salvirt_b2b.csv', 'status', 'Won', [], True),
    ('salvirt_b2b, distinct', 'salvirt_b2b/salvirt_b2b.csv', 'status', 'Won', [], True),
    ('telco_churn', 'telco_churn/telco_churn.csv', 'churn', 'Yes', ['customer_id'], False),
    ('xeducation', 'xeducation/leads_clean.csv.gz', 'converted', '1', ['prospect_id', 'lead_number'] + LEAKS, False),
]
REPEATS_OF_SMALL = 10  # times `repeats`, below 2,000 rows
if len(sys.argv) > 3:
    SETS = [(os.path.basename(f)[:-4], f, 'target', '1', [], False) for f in sorted(glob.glob(sys.argv[3] + '/*.csv'), key=os.path.getsize)]
    REPEATS_OF_SMALL = 4


def peers(numbers, words):
    one_hot = OneHotEncoder(handle_unknown='ignore')
    fill = SimpleImputer(strategy='median', add_indicator=True)
    out = {
        'logistic': make_pipeline(make_column_transformer((make_pipeline(fill, StandardScaler()), numbers), (one_hot, words)), LogisticRegression(max_iter=2000)),
        'naive Bayes': make_pipeline(make_column_transformer((make_pipeline(fill, KBinsDiscretizer(10)), numbers), (one_hot, words)), BernoulliNB(alpha=0.1)),
        'boosting': HistGradientBoostingClassifier(learning_rate=0.05, early_stopping=True),
    }
    if XGBClassifier:
        out['XGBoost'] = XGBClassifier(n_estimators=200, max_depth=4, learning_rate=0.06, n_jobs=1)
    if ExplainableBoostingClassifier:
        out['EBM'] = ExplainableBoostingClassifier(n_jobs=1)
    return out


connection = psycopg2.connect('')
connection.autocommit = True
sql = connection.cursor()
for name, file, target, won, left_out, grouped in SETS:
    frame = pd.read_csv(os.path.join(data, file))
    if name.endswith(', distinct'):
        frame = frame.drop_duplicates(ignore_index=True)
    y = (frame[target].astype(str) == won).astype(int).to_numpy()
    x = frame.drop(columns=[target] + left_out)
    x = x[[c for c in x if x[c].nunique() > 1]]
    numbers, words = [c for c in x if x[c].dtype != object], [c for c in x if x[c].dtype == object]
    coded = x.copy()
    for c in words:
        coded[c] = pd.factorize(x[c])[0]
    group = pd.factorize(x.astype(str).agg('|'.join, axis=1))[0] if grouped else np.arange(len(x))
    columns = ', '.join(f'"{c}" {"text" if c in words else "double precision"}' for c in x)
    sql.execute(f'DROP TABLE IF EXISTS lead, fold; CREATE TABLE lead (row_no int PRIMARY KEY, outcome boolean, {columns}); CREATE TABLE fold (row_no int PRIMARY KEY, k int)')
    rows = x.assign(**{c: x[c].where(x[c].notna(), None) for c in words})
    rows.insert(0, 'outcome', y == 1)
    text = io.StringIO()
    rows.to_csv(text, header=False)
    text.seek(0)
    sql.copy_expert('COPY lead FROM STDIN CSV', text)
    fitted = peers(numbers, words)
    auc, seconds, scoring = {}, {}, 0.0
    feature_list = ', '.join(f'"{c}"' for c in x)
    for repeat in range(repeats * (REPEATS_OF_SMALL if len(x) < 2000 else 1)):
        fold = np.random.RandomState(repeat).randint(0, 5, group.max() + 1)[group]
        sql.execute('TRUNCATE fold')
        sql.copy_expert('COPY fold FROM STDIN CSV', io.StringIO(''.join(f'{i},{k}\n' for i, k in enumerate(fold))))
        sql.execute('ANALYZE lead, fold')
        for k in range(5):
            train, held = fold != k, fold == k
            started = time.perf_counter()
            sql.execute(f"""DROP TABLE IF EXISTS card; CREATE TABLE card AS SELECT icp_fit(d, '{{"k": 1, "rules": {{"top": 0}}}}') AS model
                FROM (SELECT outcome, {feature_list} FROM lead JOIN fold USING (row_no) WHERE k <> {k}) d""")
            seconds.setdefault('icp', []).append(time.perf_counter() - started)
            started = time.perf_counter()
            sql.execute(f"""SELECT l.row_no, s.win_probability FROM (SELECT row_no, {feature_list} FROM lead JOIN fold USING (row_no) WHERE k = {k}) l
                CROSS JOIN LATERAL icp_score(l, (SELECT model FROM card)) s ORDER BY 1""")
            scored = sql.fetchall()
            scoring += time.perf_counter() - started
            auc.setdefault('icp', []).append(roc_auc_score(y[[i for i, _ in scored]], [p for _, p in scored]))
            for peer, model in fitted.items():
                table = coded if peer in ('boosting', 'XGBoost') else x
                started = time.perf_counter()
                model.fit(table[train], y[train])
                seconds.setdefault(peer, []).append(time.perf_counter() - started)
                auc.setdefault(peer, []).append(roc_auc_score(y[held], model.predict_proba(table[held])[:, 1]))
    print(f'{name}: {len(x)} rows, {x.shape[1]} columns, {len(auc["icp"])} folds; scoring and reading back {1e6 * scoring / len(x) / len(auc["icp"]) * 5:.1f} µs a lead')
    for peer, values in auc.items():
        line = f'  {peer:12} AUC {np.mean(values):.4f}  fit {np.mean(seconds[peer]):.2f} s'
        if peer != 'icp':
            difference = np.array(auc['icp']) - np.array(values)
            n = len(difference)
            error = np.sqrt((1 / n + 1 / 4) * difference.var(ddof=1))
            line += f'  icp ahead by {difference.mean():+.4f} (p {2 * stats.t.sf(abs(difference.mean()) / error, n - 1):.2f}), time ratio {np.mean(seconds["icp"]) / np.mean(seconds[peer]):.2f}'
        print(line)

"""Scores exported leads in pandas: what bench/score.sh compares icp_cohort() with."""
import sys
import numpy
import pandas

deals, leads = pandas.read_csv(sys.argv[1]), pandas.read_csv(sys.argv[2])
numbers, booleans = ["employees", "revenue", "years"], ["uses_erp"]
words = ["industry", "region", "source", "decision_maker", "country", "erp", "entry"]
deals = deals.dropna(subset=["cohort"])
classes = sorted(deals.cohort.unique())
total = numpy.zeros((len(leads), len(classes)))
for k, cohort in enumerate(classes):
    members = deals[deals.cohort == cohort]
    total[:, k] += numpy.log(len(members) / len(deals))
    for name in numbers:
        z = numpy.log1p(members[name])
        m, s = z.mean(), z.std()
        total[:, k] += numpy.nan_to_num(-0.5 * ((numpy.log1p(leads[name]) - m) / s) ** 2 - numpy.log(s))
    for name in words + booleans:
        share = (members[name].value_counts() + 1) / (len(members) + deals[name].nunique())
        total[:, k] += numpy.log(leads[name].map(share).fillna(1.0).to_numpy(dtype=float))
best = pandas.Series(numpy.array(classes)[total.argmax(axis=1)])
print("# pandas:", best.value_counts().to_dict())

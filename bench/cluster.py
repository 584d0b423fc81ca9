"""Clusters an exported table as one would in Python: what bench/cluster.sh compares icp_cluster() with."""
import io
import resource
import sys
import time
import pandas
import psycopg2
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.preprocessing import StandardScaler

connection = psycopg2.connect("")
cursor = connection.cursor()
started, processor = time.perf_counter(), time.process_time()
file = io.BytesIO()
cursor.copy_expert("COPY (SELECT * FROM bench_input) TO STDOUT CSV HEADER", file)
file.seek(0)
frame = pandas.read_csv(file)
file.close()
ids = frame.pop("id")
exported = time.perf_counter()
numbers = ["employees", "revenue", "years", "visits", "discount", "offices"]
words = ["industry", "region", "source", "decision_maker", "uses_erp", "exports"]
frame[numbers] = StandardScaler().fit_transform(frame[numbers].fillna(frame[numbers].median()))
frame = pandas.get_dummies(frame, columns=words)
encoded = time.perf_counter()
labels = KMeans(n_clusters=8, n_init=1, random_state=0).fit_predict(frame)
ended = time.perf_counter()
processor = time.process_time() - processor
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # before anything below
cursor.execute('SELECT id, truth, coalesce("group", 0) FROM bench_rows JOIN bench_group USING (id)')
known = pandas.DataFrame(cursor.fetchall(), columns=["id", "truth", "group"]).set_index("id").loc[ids]
print(f"{ended - started:.3f} {processor:.3f} {peak:.0f} {exported - started:.3f} {encoded - exported:.3f} {ended - encoded:.3f} "
      f"{adjusted_rand_score(known.truth, labels):.3f} {adjusted_rand_score(known.truth, known.group):.3f}")

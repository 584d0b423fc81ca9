"""The Python half of bench/ltv.sh: the package lifetimes on the same customers.

ltv.py speed FILE   prints seconds of the processor for reading, learning, scoring and valuing
ltv.py error FILE   prints the purchases expected and the mean absolute error of a customer, for each model
"""
import sys
import time

import pandas
from lifetimes import BetaGeoFitter, GammaGammaFitter, ModifiedBetaGeoFitter, ParetoNBDFitter


def speed(path):
    times = [time.process_time()]
    c = pandas.read_csv(path)
    times.append(time.process_time())
    purchases, spend = BetaGeoFitter(), GammaGammaFitter()
    repeat = c[(c.frequency > 0) & (c.spend > 0)]
    purchases.fit(c.frequency, c.recency, c.age)
    spend.fit(repeat.frequency, repeat.spend)
    times.append(time.process_time())
    purchases.conditional_probability_alive(c.frequency, c.recency, c.age)
    purchases.conditional_expected_number_of_purchases_up_to_time(52.18, c.frequency, c.recency, c.age)
    spend.conditional_expected_average_profit(c.frequency, c.spend)
    times.append(time.process_time())
    spend.customer_lifetime_value(purchases, c.frequency, c.recency, c.age, c.spend, time=12, freq="W", discount_rate=0.0095)
    times.append(time.process_time())
    print(*("%.2f" % (b - a) for a, b in zip(times, times[1:])))


def error(path):
    c = pandas.read_csv(path)
    for name, model in (("bg_nbd", BetaGeoFitter()), ("mbg_nbd", ModifiedBetaGeoFitter()), ("pareto_nbd", ParetoNBDFitter())):
        model.fit(c.frequency, c.recency, c.age)
        expected = model.conditional_expected_number_of_purchases_up_to_time(39, c.frequency, c.recency, c.age)
        print("lifetimes  %-10s %8.1f  %.5f" % (name, expected.sum(), (expected - c.later).abs().mean()))


{"speed": speed, "error": error}[sys.argv[1]](sys.argv[2])

"""Figures of this example by scikit-learn and statsmodels, on the same split and with the same bins.

pip install scikit-learn==1.9.1 statsmodels==0.15.0; python reference.py <DATA_DIR>/artifacts/<chain_id> prints what reference.figures.json holds: IV of each
column on the training rows, AUC and KS on the test rows, and p of each column. Bins are those of the run; rows are counted here anew.
"""

import csv
import json
import math
import sys
from pathlib import Path

import numpy as np
import statsmodels.api as sm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve

RUN = Path(sys.argv[1])
PARTIES = ("alice", "bob")


def table(task, party, name):
    with open(RUN / task / party / name, newline="") as file:
        return list(csv.DictReader(file))


def holds(bin_, field):
    """Whether a bin of bins.json has this value: a number above `above` and up to `up_to`, one of its categories, or a missing value."""
    if field == "":
        return bin_["missing"]
    if "categories" in bin_:
        return field in bin_["categories"]
    if "up_to" not in bin_:
        return False
    low, high = bin_["above"], bin_["up_to"]
    return (low is None or float(field) > low) and (high is None or float(field) <= high)


def bins_of(bins, rows, name):
    return [next(at for at, each in enumerate(bins) if holds(each, row[name])) for row in rows]


train = {party: table("split", party, "train.csv") for party in PARTIES}
test = {party: table("split", party, "test.csv") for party in PARTIES}
y, y_test = (np.array([int(row["bad"]) for row in part["alice"]]) for part in (train, test))
iv, columns, columns_test, names = {}, [], [], []
for party in PARTIES:
    for name, column in json.loads((RUN / "woe" / party / "bins.json").read_text())["columns"].items():
        bins = column["bins"]
        of = np.array(bins_of(bins, train[party], name))
        weights = []
        iv[name] = 0
        for at in range(len(bins)):
            ones, zeros = ((of == at) & (y == 1)).sum(), ((of == at) & (y == 0)).sum()
            share = (ones / (y == 1).sum(), zeros / (y == 0).sum())
            weights.append(math.log(share[0] / share[1]))
            iv[name] += (share[0] - share[1]) * weights[-1]
        names.append(name)
        columns.append([weights[at] for at in of])
        columns_test.append([weights[at] for at in bins_of(bins, test[party], name)])
x, x_test = np.array(columns).T, np.array(columns_test).T
scores = LogisticRegression(C=np.inf, max_iter=1000).fit(x, y).predict_proba(x_test)[:, 1]
false_rate, true_rate, _ = roc_curve(y_test, scores, drop_intermediate=False)
fit = sm.Logit(y, sm.add_constant(x)).fit(disp=0)
print(
    json.dumps(
        {
            "rows": {"train": len(y), "test": len(y_test)},
            "iv": {name: round(value, 5) for name, value in iv.items()},
            "auc": round(roc_auc_score(y_test, scores), 5),
            "ks": round(float((true_rate - false_rate).max()), 5),
            "p": {name: round(float(p), 5) for name, p in zip(["intercept", *names], fit.pvalues)},
        },
        indent=2,
    )
)

"""Figures that ss-pvalue.spec.ts and scorecard.spec.ts expect, by statsmodels: pip install statsmodels==0.15.0; python statsmodels-for-tests.py

Reads the tables of examples/, and prints weight, z and p of each column and of the intercept (const), as statsmodels-for-tests.json holds them.
"""

import csv
import json
from pathlib import Path

import numpy as np
import statsmodels.api as sm

EXAMPLES = Path(__file__).parents[4] / "examples"


def table(example, party, name):
    with open(EXAMPLES / example / party / name, newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def case(kind, alice, bob, label, features):
    ids = sorted(set(alice) & set(bob))
    columns = [[float(alice[each][name]) for each in ids] for name in features["alice"]]
    columns += [[float(bob[each][name]) for each in ids] for name in features["bob"]]
    y = np.array([float(alice[each][label]) for each in ids])
    x = sm.add_constant(np.array(columns).T)
    fit = sm.OLS(y, x).fit() if kind == "linear" else sm.Logit(y, x).fit(disp=0, maxiter=100)
    names = ["const", *features["alice"], *features["bob"]]
    tests = {
        name: {"w": round(float(w), 8), "z": round(float(z), 4), "p": round(float(p), 5)}
        for name, w, z, p in zip(names, fit.params, fit.tvalues, fit.pvalues)
    }
    return {"kind": kind, "label": label, "features": features, "rows": len(ids), "tests": tests}


cancer = [table("breast-cancer", party, "breast-cancer.csv") for party in ("alice", "bob")]
credit = [table("credit-scoring", "alice", "bank.csv"), table("credit-scoring", "bob", "registry.csv")]
print(
    json.dumps(
        {
            "breast-cancer": case(
                "logistic",
                *cancer,
                "y",
                {
                    "alice": ["radius_mean", "texture_mean", "smoothness_mean", "concavity_mean"],
                    "bob": ["radius_worst", "texture_worst", "symmetry_worst", "concave_points_worst"],
                },
            ),
            "german-credit": case(
                "logistic",
                *credit,
                "bad",
                {
                    "alice": ["duration", "installment_commitment", "existing_credits"],
                    "bob": ["residence_since", "num_dependents"],
                },
            ),
            "scorecard": case(
                "logistic",
                *credit,
                "bad",
                {
                    "alice": ["installment_commitment", "existing_credits"],
                    "bob": ["residence_since", "num_dependents"],
                },
            ),
            "linear": case(
                "linear",
                *cancer,
                "texture_se",
                {
                    "alice": ["radius_mean", "smoothness_mean", "symmetry_mean"],
                    "bob": ["concavity_worst", "symmetry_worst", "area_worst"],
                },
            ),
        },
        indent=2,
    )
)

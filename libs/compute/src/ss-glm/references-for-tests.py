"""Figures that ss-glm.spec.ts expects: pip install scikit-learn==1.9.1 statsmodels==0.15.0; python references-for-tests.py

Reads the tables of examples/credit-scoring, and prints coefficients, the intercept, the explained deviance and some predictions of each fit, as
references-for-tests.json holds them. Coefficients are those of the columns as they are in the tables.
"""

import csv
import json
from pathlib import Path

import numpy as np
import statsmodels.api as sm
from sklearn.linear_model import GammaRegressor, PoissonRegressor, TweedieRegressor
from sklearn.preprocessing import StandardScaler

EXAMPLES = Path(__file__).parents[4] / "examples" / "credit-scoring"


def table(path):
    with open(EXAMPLES / path, newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


BANK, REGISTRY = table("alice/bank.csv"), table("bob/registry.csv")
# Rows of both parties in which nothing is missing that is fitted.
IDS = sorted(each for each in set(BANK) & set(REGISTRY) if BANK[each]["credit_amount"] and REGISTRY[each]["age"])
ROWS = [BANK[each] | REGISTRY[each] for each in IDS]
for row in ROWS:
    row["loss"] = float(row["credit_amount"]) * float(row["bad"])
    row["log_duration"] = float(np.log(float(row["duration"])))


def column(name):
    return np.array([float(row[name]) for row in ROWS])


def case(fit, label, alice, bob, **more):
    x = np.column_stack([column(name) for name in alice + bob])
    coefficients, intercept, explained, means = fit(x, column(label), **more)
    names = dict(zip(alice + bob, (round(float(each), 10) for each in coefficients)))
    first = {IDS[at]: round(float(means[at]), 6) for at in range(0, len(IDS), 97)}
    return {
        "features": {"alice": alice, "bob": bob},
        "label": label,
        "coefficients": names,
        "intercept": round(float(intercept), 8),
        "explained": None if explained is None else round(float(explained), 6),
        "predictions": first,
    }


def scikit(regressor):
    """Penalties are on columns of variance 1, as those of ss_glm are."""

    def fit(x, y):
        scaler = StandardScaler().fit(x)
        model = regressor.set_params(max_iter=10000, tol=1e-9, solver="newton-cholesky").fit(scaler.transform(x), y)
        w = model.coef_ / scaler.scale_
        means = model.predict(scaler.transform(x))
        return w, model.intercept_ - w @ scaler.mean_, model.score(scaler.transform(x), y), means

    return fit


def statsmodels(family):
    def fit(x, y, offset=None, weight=None):
        model = sm.GLM(
            y,
            sm.add_constant(x),
            family=family,
            offset=None if offset is None else column(offset),
            var_weights=None if weight is None else column(weight),
        ).fit(maxiter=100, tol=1e-12)
        return model.params[1:], model.params[0], None, model.fittedvalues

    return fit


ALICE, BOB = ["duration", "installment_commitment"], ["age", "residence_since", "num_dependents"]
print(
    json.dumps(
        {
            "poisson": case(scikit(PoissonRegressor(alpha=0)), "existing_credits", ALICE, BOB),
            "gamma": case(scikit(GammaRegressor(alpha=0)), "credit_amount", ALICE, BOB),
            "tweedie": case(scikit(TweedieRegressor(power=1.5, alpha=0.5, link="log")), "loss", ALICE, BOB),
            "exposure": case(
                statsmodels(sm.families.Poisson()),
                "existing_credits",
                ["installment_commitment"],
                BOB,
                offset="log_duration",
                weight="credit_amount",
            ),
            "bernoulli": case(statsmodels(sm.families.Binomial()), "bad", ALICE, BOB),
        },
        indent=2,
    )
)

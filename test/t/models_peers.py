# The Python side of models_peers.t: data, models of XGBoost, LightGBM and scikit-learn, and what they say of ours.
import json, os, re, sys

import lightgbm
import numpy
import xgboost
from sklearn import calibration, isotonic, linear_model, metrics, preprocessing

step, work = sys.argv[1], sys.argv[2]
FEATURES = 8


def path(name):
    return os.path.join(work, name)


def write(name, columns):
    """Rows as text for COPY: floats with all their digits, NaN as NULL."""
    with open(path(name), "w") as out:
        for row in zip(*columns):
            out.write("\t".join("\\N" if value != value else repr(value) if isinstance(value, float) else str(value) for value in row) + "\n")


def data(n, seed):
    random = numpy.random.default_rng(seed)
    x = random.normal(size=(n, FEATURES)).astype(numpy.float32)
    x[:, 1] = random.integers(0, 5, n)
    x[:, 2] = numpy.round(x[:, 2], 1)
    margin = 1.5 * x[:, 0] + (x[:, 1] == 2) - numpy.abs(x[:, 2]) + x[:, 3] * x[:, 4]
    x[random.random((n, FEATURES)) < 0.08] = numpy.nan
    y = (random.random(n) < 1 / (1 + numpy.exp(-margin))).astype(int)
    return x, y


def hostile(x, cuts):
    """The same rows with values exactly at cuts, zeros of both signs, very small and very large ones."""
    x = x.copy()
    random = numpy.random.default_rng(5)
    extreme = numpy.array([0.0, -0.0, 1e-45, -1e-45, 1e30, -1e30, 3e38], dtype=numpy.float32)
    for column in range(FEATURES):
        rows = random.integers(0, len(x), 60)
        x[rows, column] = random.choice(cuts, 60)
        rows = random.integers(0, len(x), 20)
        x[rows, column] = random.choice(extreme, 20)
    return x


def floats(values):
    return [[float(v) for v in column] for column in values]


def make():
    x, y = data(6000, 1)
    booster = xgboost.train({"objective": "binary:logistic", "max_depth": 6, "eta": 0.2, "nthread": 1, "seed": 1}, xgboost.DMatrix(x, y), 40)
    document = booster.save_raw("json").decode()
    open(path("xgboost.json"), "w").write(document)
    # base_score is a vector in a string since 3.1 and a number in a string before
    other = re.sub(r'"base_score":"\[?([^"\]]*)\]?"', lambda m: '"base_score":"%s"' % m[1] if "[" in m[0] else '"base_score":"[%s]"' % m[1], document)
    assert other != document
    open(path("xgboost_other.json"), "w").write(other)
    cuts = numpy.array(sorted({c for t in json.loads(document)["learner"]["gradient_booster"]["model"]["trees"] for c in t["split_conditions"]}), dtype=numpy.float32)
    scored = hostile(data(2000, 2)[0], cuts)
    matrix = xgboost.DMatrix(scored)
    shap = booster.predict(matrix, pred_contribs=True)[:200]
    light = lightgbm.train({"objective": "binary", "num_leaves": 31, "verbose": -1, "num_threads": 1, "deterministic": True, "sigmoid": 1.5}, lightgbm.Dataset(x, y), 40)
    light.save_model(path("lightgbm.txt"))
    none = lightgbm.train({"objective": "binary", "verbose": -1, "num_threads": 1, "use_missing": False}, lightgbm.Dataset(numpy.nan_to_num(x), y), 5)
    none.save_model(path("lightgbm_none.txt"))
    forest = lightgbm.train({"objective": "binary", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5, "verbose": -1}, lightgbm.Dataset(x, y), 2)
    forest.save_model(path("lightgbm_forest.txt"))
    write("rows", [list(range(len(scored))), *floats(scored.T), booster.predict(matrix, output_margin=True).astype(float).tolist(),
                   light.predict(scored, raw_score=True).tolist(), none.predict(scored, raw_score=True).tolist(), light.predict(scored).tolist()])
    write("shap", [list(range(200)), ["{" + ",".join(repr(float(v)) for v in row) + "}" for row in shap]])
    write("train", [list(range(len(y))), *floats(x.T), y.tolist()])
    test, outcomes = data(6000, 3)
    write("test", [list(range(len(outcomes))), *floats(test.T), outcomes.tolist()])
    booster = xgboost.train({"objective": "binary:logistic", "max_depth": 5, "eta": 0.1, "nthread": 1}, xgboost.DMatrix(x, y), 100)
    print(metrics.roc_auc_score(outcomes, booster.predict(xgboost.DMatrix(test))))
    filled = preprocessing.StandardScaler().fit_transform(numpy.where(numpy.isnan(x), numpy.nanmean(x.astype(float), axis=0), x))
    # the same scale as ours: deviations over the values that are there
    filled *= numpy.std(numpy.where(numpy.isnan(x), numpy.nanmean(x.astype(float), axis=0), x), axis=0) / numpy.nanstd(x.astype(float), axis=0)
    fitted = linear_model.LogisticRegression(C=1.0, tol=1e-10, max_iter=1000).fit(filled, y)
    write("logistic", [list(range(FEATURES)), (fitted.coef_[0] / numpy.nanstd(x.astype(float), axis=0)).tolist()])
    random = numpy.random.default_rng(4)
    # ties, but none at the border of a bin, which scikit-learn counts to the lower one
    score = numpy.round(random.random(5000), 3) * 0.998 + 0.0007
    label = (random.random(5000) < score**1.5).astype(int)
    step = isotonic.IsotonicRegression(out_of_bounds="clip").fit(score, label)
    curve_true, curve_mean = calibration.calibration_curve(label, score, n_bins=10)
    write("metric", [["auc", "pr_auc", "log_loss", "brier", "isotonic", "calibration"],
                     [float(v) for v in (metrics.roc_auc_score(label, score), metrics.average_precision_score(label, score), metrics.log_loss(label, numpy.clip(score, 1e-15, 1 - 1e-15)),
                      metrics.brier_score_loss(label, score), sum(step.y_thresholds_ * step.X_thresholds_), sum(curve_true * curve_mean))]])
    write("score", [score.tolist(), label.tolist()])


def judge():
    """Loads the document that SQL exported into XGBoost and compares margins and SHAP values."""
    booster = xgboost.Booster()
    booster.load_model(path("ours.json"))
    rows = numpy.genfromtxt(path("ours.rows"), delimiter="\t", missing_values="\\N", filling_values=numpy.nan, dtype=numpy.float64)
    matrix = xgboost.DMatrix(rows[:, 1 : FEATURES + 1].astype(numpy.float32), feature_names=booster.feature_names)
    theirs = booster.predict(matrix, output_margin=True)
    ours = rows[:, FEATURES + 1].astype(numpy.float32)
    print("margins", int((theirs != ours).sum()), len(ours))


def warehouse():
    """Trains on a table of the warehouse, given with its names, and says what each row gets."""
    with open(path("warehouse.csv")) as rows:
        names = rows.readline().strip().split(",")[2:]
        data = numpy.genfromtxt(rows, delimiter=",", dtype=numpy.float64)
    matrix = xgboost.DMatrix(data[:, 2:].astype(numpy.float32), data[:, 1], feature_names=names)
    booster = xgboost.train({"objective": "binary:logistic", "max_depth": 4, "eta": 0.2, "nthread": 1}, matrix, 30)
    booster.save_model(path("warehouse.json"))
    write("warehouse.rows", [data[:, 0].astype(int).tolist(), booster.predict(matrix).astype(float).tolist()])


{"make": make, "judge": judge, "warehouse": warehouse}[step]()
